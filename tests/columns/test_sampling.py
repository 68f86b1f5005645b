"""Some of the values of a column stand for all of them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from made_np.columns.sampling import ENOUGH, FOLDS, counted, held_out, sampled


def test_values_are_drawn_without_replacement_as_often_as_they_are_there() -> None:
    distinct, counts = np.array([-1.0, 2.0, 7.5]), np.array([10_000, 30_000, 7])
    assert_array_equal(sampled(distinct, counts, 50_000), np.repeat(distinct, counts))
    few = sampled(distinct, counts, 4_000)
    assert len(few) == 4_000
    assert (np.diff(few) >= 0).all()
    found, times = counted(few)
    assert_array_equal(found[:2], distinct[:2])
    assert times[1] == pytest.approx(3_000, abs=100)
    assert times[2:].sum() <= counts[2]
    each = np.arange(5_000.0)
    assert len(np.unique(sampled(each, np.ones(5_000, dtype=int), 4_999))) == 4_999


@pytest.mark.parametrize("n", [2, 3, 50, 2 * ENOUGH, 2 * FOLDS * ENOUGH])
def test_no_value_is_learned_from_and_held_out(n: int) -> None:
    x = np.arange(float(n))
    parts = held_out(x)
    assert 1 <= len(parts) <= min(n, FOLDS)
    for rest, out in parts:
        assert len(out) >= 1
        assert_array_equal(np.sort(np.concatenate([rest, out])), x)
        assert (np.diff(rest) > 0).all()
        assert (np.diff(out) > 0).all()
    every = np.concatenate([out for _, out in parts])
    assert len(np.unique(every)) == len(every)
    assert len(every) == n or len(every) >= ENOUGH  # of few, each is held out once
