"""Rows are counted by bits as a loop over them counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_np.questions import counting
from made_np.questions.conditions import Condition, all_of, any_of
from made_np.questions.conditions import test as on
from made_np.questions.counting import Counted
from made_np.questions.regions import Region


def rows(n: int) -> Any:
    """Few values, some gaps; many values; more values than bitmaps are kept."""
    rng = np.random.default_rng(n)
    x = np.stack([rng.integers(0, 4, n), rng.normal(size=n), rng.integers(0, 200, n)], axis=1).astype(float)
    x[rng.random(n) < 0.2, 0] = np.nan
    return x


ends = st.one_of(st.integers(-1, 5), st.floats(-2, 2), st.integers(0, 200), st.sampled_from([-np.inf, np.inf]))
regions = st.builds(Region.of, st.lists(st.tuples(ends, ends), max_size=3), st.booleans())
tests = st.builds(on, st.integers(0, 2), regions)
conditions = st.recursive(
    tests, lambda parts: st.one_of(st.lists(parts, max_size=4).map(all_of), st.lists(parts, max_size=4).map(any_of))
)
TABLES = {n: Counted(rows(n)) for n in (1, 63, 64, 65, 1000)}


@pytest.mark.parametrize("has_popcount", [True, False])
@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(TABLES)), conditions)
def test_the_count_is_that_of_a_loop(has_popcount: bool, n: int, condition: Condition) -> None:
    table = TABLES[n]
    with pytest.MonkeyPatch.context() as patch:
        if not has_popcount:
            patch.delattr(counting.np, "bitwise_count", raising=False)
        assert table.count(condition) == condition.holds(table.x).sum()


def test_no_more_bitmaps_are_kept_than_said() -> None:
    table = TABLES[1000]
    for low in range(200):
        table.count(on(2, Region.of([(low, low + 3)])))
        table.count(on(1, Region.of([(-np.inf, low / 100)])))
    for column in (1, 2):
        assert len(table._columns[column]._beginnings) <= counting.CUTS + 2
