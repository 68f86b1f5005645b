"""Cells in the gaps of others leave those exactly as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np.table.casting import filled
from made_np.table.raw import RawColumn


def cells(values: Any, *gaps: int, **about: Any) -> RawColumn:
    """Some cells, with gaps at these places."""
    array = np.array(values)
    return RawColumn(array, np.isin(np.arange(len(array)), gaps), **about)


@pytest.mark.parametrize(
    ("raw", "other", "values"),
    [
        (cells([1, 0, 3], 1), cells([9.0, 2.0, 9.0]), [1, 2, 3]),
        (cells([1, 0, 3], 1), cells([9.0, 2.5, 9.0]), [1.0, 2.5, 3.0]),
        (cells([2**60 + 1, 0], 1), cells([9.0, 2.5]), [2**60 + 1, 2.5]),
        (cells([True, False], 1), cells([0.0, 1.0]), [True, True]),
        (cells([0.1, 0.0], 1), cells([5, 3]), [0.1, 3.0]),
        (cells(np.array(["a", None], object), 1), cells(np.array(["b", "c"], object)), ["a", "c"]),
        (cells(np.array(["a", None], object), 1), cells([0, 1], levels=("a", "b")), ["a", "b"]),
        (
            cells(np.array(["2024-01-01", "NaT"], "M8[D]"), 1),
            cells(np.array([0, 1], "M8[s]")),
            ["2024-01-01", "1970-01-01T00:00:01"],
        ),
    ],
)
def test_gaps_take_the_cells_of_another_column(raw: RawColumn, other: RawColumn, values: list[Any]) -> None:
    made = filled(raw, other)
    if made.values.dtype.kind == "M":
        assert made.values.tolist() == np.array(values, dtype="M8[s]").tolist()
    else:
        assert made.values.tolist() == values
        assert [type(each) for each in made.values.tolist()] == [type(each) for each in values]
    assert not made.gaps.any()


def test_levels_stay_levels_and_a_gap_of_both_is_one() -> None:
    made = filled(cells([0, 0, 0], 1, 2, levels=("a", "b"), ordered=True), cells([0, 1, 0], 2, levels=("a", "b")))
    assert (made.levels, made.ordered, made.values.tolist()[:2]) == (("a", "b"), True, [0, 1])
    assert made.gaps.tolist() == [False, False, True]
