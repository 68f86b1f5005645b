"""Gaps are filled by the statistic that is asked for, where a column has such a one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from made_np import MADEDensity

N = 400
STARS = (1.0, 2.0, 3.0, 4.0, 5.0)
"""So few numbers that each has a probability of its own, but numbers on a scale."""


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    """Stars that follow a bit, classes 0, 1, 2 of which the middle one is the rarest, and the bit."""
    rng = np.random.default_rng(0)
    bit = rng.random(N) < 0.5
    stars = np.clip(np.round(rng.normal(np.where(bit, 3.6, 2.4), 0.8)), 1, 5)
    return np.column_stack([stars, rng.choice(3, N, p=[0.45, 0.1, 0.45]), bit]).astype(float)


@pytest.fixture(scope="module")
def fitted(rows: np.ndarray) -> MADEDensity:
    return MADEDensity((16,), order="natural", answers="any", max_epochs=20, random_state=0, weight_decay=0.0).fit(rows)


@pytest.mark.parametrize("statistic", ["mean", "median", "mode"])
def test_numbers_of_a_few_values_are_filled_as_numbers_and_classes_by_the_likeliest(
    statistic: str, fitted: MADEDensity, rows: np.ndarray
) -> None:
    assert [column.kind for column in fitted.columns_.each] == ["ordinal", "categorical", "binary"]
    for d in range(3):
        gaps = rows[:60].copy()
        gaps[:, d] = np.nan
        filled = fitted.impute(gaps, statistic=statistic)[:, d]
        said: Any = fitted.conditional(d, gaps)
        assert_array_equal(filled, getattr(said, statistic if d == 0 else "mode")())


def test_a_mean_of_stars_is_nearer_in_squares_and_their_likeliest_is_no_mean(
    fitted: MADEDensity, rows: np.ndarray
) -> None:
    gaps = rows.copy()
    gaps[:, 0] = np.nan
    mean = fitted.impute(gaps)[:, 0]
    mode = fitted.impute(gaps, statistic="mode")[:, 0]
    assert set(mode) <= set(STARS)
    assert not set(mean) & set(STARS)
    assert ((mean - rows[:, 0]) ** 2).mean() < ((mode - rows[:, 0]) ** 2).mean()
