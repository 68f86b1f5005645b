"""What a column is taken for, where it is told and where it is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np import Categorical
from made_np.columns.columns import Columns
from made_np.columns.kinds import as_kinds, kind_names


def test_one_kind_is_that_of_every_column() -> None:
    assert as_kinds("auto", 2) == ["auto", "auto"]
    assert as_kinds(Categorical(3), 1) == [Categorical(3)]
    assert as_kinds(kind_names(), len(kind_names())) == list(kind_names())


@pytest.mark.parametrize("bad", [None, 3, b"auto", np.array(["auto"]), {0: None}, iter(["auto"]), [None], [["auto"]]])
def test_what_is_no_kind_is_named(bad: Any) -> None:
    with pytest.raises(TypeError, match=r"^columns"):
        as_kinds(bad, 1)


@pytest.mark.parametrize("values", [[-1, 0, 1], [-1, 0], [-1, 2, 0, 1], [-1, 1, 2, 3, 4, 5], [-1, 31]])
def test_codes_with_a_minus_one_among_them_are_pointed_out(values: list[float]) -> None:
    x = np.column_stack([np.arange(len(values)), np.array(values) * 1.0])
    with pytest.warns(UserWarning, match=r"-1 among them in column 1 \('colour'\).*stands for a gap"):
        Columns.learn(x, names=["a", "colour"])


@pytest.mark.parametrize("values", [[-1, 1], [-2, -1, 0, 1], [-1, 0.5, 1], [-1, 0, 32], [-1.5, -1, 0], [0, 1, 2]])
def test_real_numbers_spins_and_sound_codes_are_not(values: list[float]) -> None:
    Columns.learn(np.array(values, dtype=float)[:, None])  # a warning would be an error


def test_who_says_what_a_column_is_hears_nothing() -> None:
    x = np.array([[-1.0, -1], [0, 0], [2, 2]])
    Columns.learn(x, "gaussian")
    with pytest.warns(UserWarning, match=r"in column 0 are") as caught:
        Columns.learn(x, ["auto", "gaussian"])
    assert len(caught) == 1


def test_many_columns_are_one_warning() -> None:
    x = np.tile(np.array([[-1.0], [0], [2]]), 9)
    with pytest.warns(UserWarning, match=r"in column 0, .*column 4 and 4 more") as caught:
        Columns.learn(x)
    assert len(caught) == 1


@pytest.mark.parametrize("values", [[0, 1], [0, 1, 2]])
def test_a_minus_one_that_comes_later_is_told_from_a_wrong_code(values: list[float]) -> None:
    columns = Columns.learn(np.array(values, dtype=float)[:, None], handle_unknown="error")
    with pytest.raises(ValueError, match=r"X\[0, 0\] = -1: .*Where -1 stands for a missing value, give NaN"):
        columns.encode(np.array([[-1.0]]))
