"""A monotone curve makes a column about normal, comes back to rounding, and knows its slope."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from made_np.columns.atoms import Atoms
from made_np.columns.bending import learn_monotone, normal_log_prob
from made_np.columns.coding import Affine
from made_np.columns.codings import coding_from_config
from made_np.columns.monotone import Monotone
from made_np.testing import check_gradient

DRAWS: dict[str, tuple[Any, dict[str, float]]] = {
    "normal": (lambda rng, n: rng.normal(7, 3, n), {}),
    "lognormal": (lambda rng, n: rng.lognormal(0, 2, n), {"low": 0.0}),
    "lognormal, said to be real": (lambda rng, n: rng.lognormal(0, 2, n), {}),
    "its mirror": (lambda rng, n: 3 - rng.lognormal(0, 1, n), {"high": 3.0}),
    "cauchy": (lambda rng, n: rng.standard_cauchy(n), {}),
    "beta": (lambda rng, n: rng.beta(0.7, 2, n), {"low": 0.0, "high": 1.0}),
    "two peaks": (lambda rng, n: rng.normal(rng.choice([-2, 2], n), 0.3), {}),
    "small units": (lambda rng, n: 1e-9 * rng.normal(1, 0.1, n), {}),
}
every = pytest.mark.parametrize("name", DRAWS)
CURVES = {name: learn_monotone(draw(np.random.default_rng(1), 1500), **ends) for name, (draw, ends) in DRAWS.items()}


def fresh(name: str, n: int = 4000) -> Any:
    return DRAWS[name][0](np.random.default_rng(2), n)


@every
def test_it_rises_and_comes_back_to_rounding(name: str) -> None:
    x = np.sort(fresh(name))
    curve = CURVES[name]
    z = curve.encode(x)
    assert (np.diff(z) >= 0).all()
    assert_allclose(curve.decode(z), x, rtol=1e-12, atol=1e-13 * np.abs(x).max())
    assert not curve.unknown(x).any()
    far = curve.decode(np.linspace(-40, 40, 99))
    assert np.isfinite(far).all()
    assert (np.diff(far) >= 0).all()
    assert not curve.unknown(far).any()


def test_two_knots_on_a_straight_line_are_that_line() -> None:
    line = Monotone("linear", 1.0, 2.0, (-1.0, 3.0), (-2.0, 0.0), (0.5, 0.5))
    bent = Monotone("linear", 1.0, 2.0, (-1.0, 3.0), (-2.0, 0.0), (0.5, 0.5 + 1e-9))  # as good as the same
    assert line._is_straight
    assert not bent._is_straight
    x = np.append(np.linspace(-9, 9, 50), np.nan)
    assert_allclose(line.encode(x), bent.encode(x), rtol=0, atol=1e-8)
    assert_allclose(line.log_term(x), bent.log_term(x), rtol=0, atol=1e-8)
    assert_allclose(line.decode(line.encode(x)), x, rtol=0, atol=1e-14)


@every
def test_the_term_is_the_logarithm_of_the_slope(name: str) -> None:
    curve = CURVES[name]
    middle = np.quantile(fresh(name), np.linspace(0.05, 0.95, 30))
    report = check_gradient(lambda x: float(curve.encode(x).sum()), lambda x: np.exp(curve.log_term(x)), middle)
    assert report.ok, report


@every
def test_the_density_integrates_to_one(name: str) -> None:
    curve = CURVES[name]
    nodes, weights = np.polynomial.legendre.leggauss(20)
    ends = np.unique(np.concatenate([np.linspace(-9, 9, 181), curve.values]))
    total = 0.0
    for low, high in zip(curve.decode(ends[:-1]), curve.decode(ends[1:]), strict=True):
        x = low + (high - low) * (nodes + 1) / 2
        total += (weights * np.exp(normal_log_prob(curve, x))).sum() * (high - low) / 2
    assert total == pytest.approx(1, abs=1e-9)


@every
def test_new_values_of_the_column_are_about_normal(name: str) -> None:
    z = CURVES[name].encode(fresh(name))
    assert_allclose([z.mean(), z.std()], [0, 1], atol=0.08)
    assert np.quantile(z, [0.02, 0.25, 0.75, 0.98]) == pytest.approx([-2.054, -0.674, 0.674, 2.054], abs=0.3)


@pytest.mark.parametrize(
    ("name", "entropy"), [("normal", 1.419 + np.log(3)), ("lognormal", 2.112), ("lognormal, said to be real", 2.112)]
)
def test_the_density_is_nearly_the_true_one(name: str, entropy: float) -> None:
    assert normal_log_prob(CURVES[name], fresh(name, 50_000)).mean() == pytest.approx(-entropy, abs=0.03)


@every
def test_a_config_survives_json(name: str) -> None:
    for curve in (CURVES[name], Atoms(CURVES[name], (0.0, 0.5))):
        config = {"name": curve.name, **curve.config()}
        assert coding_from_config(json.loads(json.dumps(config, allow_nan=False))) == curve


rising = st.lists(st.floats(0.01, 5), min_size=2, max_size=6).map(lambda steps: tuple(np.cumsum(steps).tolist()))


@settings(deadline=None, max_examples=50)
@given(rising, rising, st.floats(0.05, 9), st.floats(0.05, 9), st.sampled_from(["linear", "asinh"]))
def test_any_knots_make_a_rising_curve(knots: Any, values: Any, one: float, other: float, shape: str) -> None:
    size = min(len(knots), len(values))
    slopes = tuple(np.linspace(one, other, size).tolist())
    curve = Monotone(shape, 0.5, 2.0, knots[:size], values[:size], slopes)
    x = np.linspace(-20, 60, 400)
    z = curve.encode(x)
    assert (np.diff(z) > 0).all()
    assert_allclose(curve.decode(z), x, rtol=1e-9, atol=1e-9)
    assert_allclose(curve.encode(curve._unshaped(np.array(knots[:size]))), values[:size], rtol=1e-9)


def test_what_is_outside_is_unknown_and_gaps_pass() -> None:
    curve = CURVES["beta"]
    assert_array_equal(curve.unknown(np.array([0.0, 1.0, 0.5, np.nan, -1.0])), [True, True, False, False, True])
    assert_array_equal(CURVES["its mirror"].unknown(np.array([3.0, 2.9, -1e9])), [True, False, False])
    assert not CURVES["cauchy"].unknown(np.array([1e300, -1e300])).any()
    for each in CURVES.values():
        assert np.isnan(each.encode(np.array([np.nan])))[0]
        assert each.log_term(np.array([np.nan]))[0] == 0


@pytest.mark.parametrize(
    ("values", "ends", "words"),
    [
        ([1.0, 1.0], {}, "constant"),
        ([np.nan], {}, "constant"),
        ([0.0, 1.0], {"low": 0.0}, "low=0"),
        ([0.0, 1.0], {"high": 0.5}, "high=0.5"),
    ],
)
def test_columns_that_have_no_curve(values: list[float], ends: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        learn_monotone(np.array(values), **ends)


@pytest.mark.parametrize("values", [[0.0, 1.0], [1.0, 2, 3], [-1e300, 1e300], [0.1, 0.1, 0.1, 0.2], [5e-324, 1.0]])
def test_the_smallest_columns_have_a_curve(values: list[float]) -> None:
    x = np.array(values)
    curve = learn_monotone(x)
    assert np.isfinite(curve.encode(x)).all()
    assert_allclose(curve.decode(curve.encode(x)), x, rtol=1e-9, atol=1e-9 * np.abs(x).max())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shape": "cubic"}, "shape='cubic'"),
        ({"scale": 0.0}, "scale=0.0"),
        ({"scale": -1.0}, "scale=-1.0"),
        ({"knots": (1.0, 0.0)}, "knots makes no rising curve"),
        ({"values": (0.0, 0.0)}, "values makes no rising curve"),
        ({"slopes": (0.0, 1.0)}, "slopes makes no rising curve"),
        ({"slopes": (1.0,)}, "slopes has 1 entries"),
        ({"knots": (0.0,), "values": (0.0,), "slopes": (1.0,)}, "at least two numbers"),
    ],
)
def test_curves_that_cannot_be_meant(change: dict[str, Any], words: str) -> None:
    line: dict[str, Any] = {"knots": (0.0, 1.0), "values": (0.0, 1.0), "slopes": (1.0, 1.0)}
    with pytest.raises(ValueError, match=words):
        Monotone(**{"shape": "linear", "place": 0.0, "scale": 1.0, **line, **change})


@pytest.mark.parametrize("base", [Affine(5.0, 3.0), CURVES["lognormal"], CURVES["beta"], CURVES["cauchy"]])
def test_atoms_are_masses_and_come_back_to_the_last_bit(base: Any) -> None:
    atoms = Atoms(base, (0.0, 0.1, 0.3))
    x = np.array([0.0, 0.05, 0.1, 0.2, 0.3, 0.7, np.nan])
    z = atoms.encode(x)
    assert (np.diff(z[:-1]) > 0).all()
    assert_array_equal(np.isin(z, atoms.places), [True, False, True, False, True, False, False])
    at = [0, 2, 4]
    assert_array_equal(atoms.decode(z.astype(np.float32))[at], x[at])
    assert_allclose(atoms.decode(z), x, rtol=1e-9)
    assert_array_equal(atoms.log_term(x)[at], 0)
    assert_array_equal(atoms.log_term(x)[[1, 3, 5, 6]], base.log_term(x)[[1, 3, 5, 6]])
    assert not atoms.unknown(x).any()


@pytest.mark.parametrize("values", [(), (1.0, 1.0), (1.0, 1.0 + 1e-15), (np.inf,)])
def test_atoms_that_cannot_be_meant(values: Any) -> None:
    with pytest.raises(ValueError, match="values"):
        Atoms(Affine(), values)


def test_without_a_spline_it_is_a_line_through_mean_and_deviation_without_end() -> None:
    x = np.random.default_rng(3).normal(40, 5, 500)
    far = np.array([-1e4, x.mean() - 50, x.mean(), x.mean() + 50, 1e4])
    line = learn_monotone(x, most_knots=2)
    assert line.shape == "linear"
    assert_allclose(line.encode(far), (far - x.mean()) / x.std(), rtol=1e-9, atol=1e-9)


def test_an_end_above_is_the_mirror_of_an_end_below() -> None:
    x = np.random.default_rng(4).lognormal(1, 1, 500)
    up = learn_monotone(x, low=0.0)
    down = learn_monotone(-x, high=0.0)
    assert_allclose(down.encode(-x), -up.encode(x), rtol=1e-6, atol=1e-6)
    assert_allclose(down.log_term(-x), up.log_term(x), rtol=1e-6, atol=1e-6)


def test_many_ties_leave_knots_that_rise() -> None:
    rng = np.random.default_rng(5)
    curve = learn_monotone(np.concatenate([np.zeros(700), rng.normal(size=300)]))
    assert len(curve.knots) > 2
    assert (np.diff(curve.knots) > 0).all()
