"""Numbers on a lattice are counted, and come back to the last bit."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from made_np.columns.codings import coding_from_config
from made_np.columns.lattice import Lattice


@settings(deadline=None)
@given(st.integers(-(10**6), 10**6), st.integers(0, 6), st.sampled_from([1, 2, 5]), st.integers(0, 10**6))
def test_decimals_come_back_to_the_last_bit(start: int, decimals: int, step: int, seed: int) -> None:
    resolution = float(f"{step}e-{decimals}")
    lattice = Lattice(float(f"{start}e-{decimals}"), resolution)
    k = np.random.default_rng(seed).integers(-1000, 1000, 50)
    x = np.array([float(f"{start + step * each}e-{decimals}") for each in k.tolist()])
    assert not lattice.unknown(x).any()
    assert_array_equal(lattice.encode(x), k)
    assert_array_equal(lattice.decode(k * 1.0), x)
    assert lattice.unknown(x + 0.3 * resolution).all()
    assert_array_equal(lattice.log_term(x), 0)


@pytest.mark.parametrize(("offset", "resolution"), [(0.0, 86400.0), (-7.0, 0.125), (1 / 3, 1 / 7), (2.0**53 - 9, 1.0)])
def test_other_lattices_come_back_to_rounding(offset: float, resolution: float) -> None:
    lattice = Lattice(offset, resolution)
    k = np.arange(9.0)
    x = lattice.decode(k)
    assert_array_equal(lattice.encode(x), k)
    assert not lattice.unknown(x).any()
    assert coding_from_config(json.loads(json.dumps({"name": "lattice", **lattice.config()}))) == lattice


def test_an_interval_holds_the_points_at_its_ends() -> None:
    tenths = Lattice(0.0, 0.1)
    assert tenths.interval(0.3, 0.7) == (3, 7)
    assert tenths.interval(0.31, 0.69) == (4, 6)
    assert tenths.interval(-np.inf, np.inf) == (-np.inf, np.inf)


def test_gaps_pass_and_infinity_is_unknown() -> None:
    x = np.array([np.nan, np.inf, -np.inf])
    assert_array_equal(Lattice().unknown(x), [False, True, True])
    assert np.isnan(Lattice().encode(x)[0])


@pytest.mark.parametrize(("offset", "resolution"), [(np.nan, 1.0), (0.0, 0.0), (0.0, -1.0), (0.0, np.inf)])
def test_lattices_that_cannot_be_meant(offset: float, resolution: float) -> None:
    with pytest.raises(ValueError, match=r"offset=nan|resolution="):
        Lattice(offset, resolution)
