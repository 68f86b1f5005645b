"""Columns of any magnitude that float64 has: what is said of them is what is said of others, but for their unit."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose
from small import small

from made_np import MADEDensity

N = 200
SHAPE = np.random.default_rng(0).normal(size=(N, 3)) * [1.0, 2.0, 0.5] + [0.0, 3.0, -1.0]


@cache
def fitted(unit: float) -> MADEDensity:
    """The estimator of the shape in a unit. Warnings are errors, here as everywhere."""
    return small(max_epochs=2).fit(SHAPE * unit)


@pytest.mark.parametrize(
    ("unit", "other"), [(1e-300, 1.0), (1e-150, 1.0), (1e-20, 1.0), (1e20, 1.0), (1e300, 1e150), (1e200, 1e150)]
)
def test_a_row_in_another_unit_costs_the_units_logarithm_more(unit: float, other: float) -> None:
    density = fitted(unit)
    plain = fitted(other)
    jacobian = SHAPE.shape[1] * (np.log(unit) - np.log(other))
    each = density.score_samples(SHAPE * unit)
    assert_allclose(each, plain.score_samples(SHAPE * other) - jacobian, rtol=0, atol=1e-9)
    assert density.score(SHAPE * unit) == pytest.approx(plain.score(SHAPE * other) - jacobian, abs=1e-9)
    assert density.evaluate(SHAPE * unit).nll == pytest.approx(-density.score(SHAPE * unit), abs=1e-9)

    drawn = density.sample(50, random_state=1) / unit
    assert_allclose(drawn, plain.sample(50, random_state=1) / other, rtol=1e-9, atol=1e-12)
    assert (np.abs(drawn) < 100).all()

    gaps = SHAPE[:20].copy()
    gaps[:, 2] = np.nan
    whole = density.impute(gaps * unit, random_state=2) / unit
    assert_allclose(whole, plain.impute(gaps * other, random_state=2) / other, rtol=1e-9, atol=1e-12)


def test_columns_of_all_magnitudes_in_one_table() -> None:
    units = np.array([1e-300, 1.0, 1e300])
    rows = SHAPE * units
    density = small(max_epochs=2).fit(rows)
    assert np.isfinite(density.score_samples(rows)).all()
    assert np.isfinite(density.evaluate(rows).per_feature).all()
    assert (np.abs(density.sample(50, random_state=1)) < 100 * units).all()
    gaps = rows[:20].copy()
    gaps[:, 2] = np.nan
    assert (np.abs(density.impute(gaps, random_state=2)) < 100 * units).all()


def test_one_column_holds_numbers_of_all_magnitudes() -> None:
    rng = np.random.default_rng(3)
    rows = np.stack([rng.normal(size=N), 10 ** rng.uniform(-300, 300, N) * rng.choice([-1, 1], N)], axis=1)
    density = small(max_epochs=2).fit(rows)
    assert np.isfinite(density.score_samples(rows)).all()
    assert np.isfinite(density.score(rows))
    assert np.isfinite(density.sample(50, random_state=1)).all()
    gaps = rows[:20].copy()
    gaps[:, 1] = np.nan
    assert np.isfinite(density.impute(gaps, random_state=2)).all()
