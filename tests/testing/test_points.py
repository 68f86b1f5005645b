"""Rows to try a model on: within the support, and different enough to show something."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np.testing import Interval
from made_np.testing.points import change_column, columns_of, draw_rows

SUPPORT: list[Any] = [(0, 1), (5, 3, 9), (7,), Interval(-1, 2)]
COLUMNS = columns_of(SUPPORT, 4)


@pytest.mark.parametrize("seed", range(20))
def test_rows_lie_in_their_support_and_the_first_two_differ(seed: int) -> None:
    x = draw_rows(COLUMNS, 6, np.random.default_rng(seed))
    assert x.shape == (6, 4)
    for d, values in enumerate(SUPPORT[:3]):
        assert set(x[:, d]) <= set(values)
    assert ((x[:, 3] >= -1) & (x[:, 3] < 2)).all()
    np.testing.assert_array_equal(x[0] != x[1], [True, True, False, True])


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_rows_will_do(n: int) -> None:
    assert draw_rows(COLUMNS, n, np.random.default_rng(0)).shape == (n, 4)


@pytest.mark.parametrize("d", range(4))
def test_a_changed_column_has_another_value_everywhere_and_the_others_none(d: int) -> None:
    rng = np.random.default_rng(0)
    x = draw_rows(COLUMNS, 50, rng)
    before = x.copy()
    moved = change_column(x, d, COLUMNS[d], rng)
    np.testing.assert_array_equal(x, before)
    changed = moved != x
    assert changed[:, d].all() == (d != 2)
    assert not np.delete(changed, d, axis=1).any()
    if d < 3:
        assert set(moved[:, d]) == set(SUPPORT[d])
    else:
        assert np.abs(moved - x)[:, d].min() >= 0.5


def test_one_support_serves_all_columns_and_none_means_any_number() -> None:
    assert [column.tolist() for column in columns_of((1, 0), 2)] == [[0, 1], [0, 1]]  # type: ignore[union-attr]
    assert columns_of(Interval(0, 1), 2) == [Interval(0, 1)] * 2
    assert columns_of(None, 1) == [Interval(-2, 2)]
    assert [column.tolist() for column in columns_of([(0, 1), (2,)], 2)] == [[0, 1], [2]]  # type: ignore[union-attr]
