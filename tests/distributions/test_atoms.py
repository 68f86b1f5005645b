"""Atoms have a mass, the rest has a density, and both together make one distribution."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from made_np import MADE, Gaussian, MixtureOfGaussians, MixtureOfLogistics, WithAtoms, fit
from made_np.distributions.atoms import find_atoms
from made_np.distributions.distribution import Distribution
from made_np.distributions.plain import softmax
from made_np.distributions.proving import prove
from made_np.testing import check_vjp

OUTPUTS = [
    WithAtoms(),
    WithAtoms(Gaussian(0.1), (-1.0, 0.25, 3.0)),
    WithAtoms(MixtureOfGaussians(3, 0.1), (0.0, 1.0)),
    WithAtoms(MixtureOfLogistics(2, 0.1), (-0.5,)),
]
every = pytest.mark.parametrize("output", OUTPUTS)


def raws(output: Distribution, n: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=(n, output.n_raw))


def values(output: WithAtoms, n: int, seed: int = 0) -> Any:
    """Return numbers of which half are atoms."""
    rng = np.random.default_rng(seed)
    return np.where(rng.random(n) < 0.5, rng.choice(output.places, n), rng.normal(0, 2, n))


@every
def test_it_keeps_to_what_a_distribution_promises(output: WithAtoms) -> None:
    prove(output)


@every
def test_masses_and_density_are_one_in_all(output: WithAtoms) -> None:
    for raw in raws(output, 4):
        mass = sum(np.exp(output.log_prob(raw, np.array(place))) for place in output.places)
        knots = output.base.knots(raw[None, len(output.places) + 1 :])[0]
        nodes, weights = np.polynomial.legendre.leggauss(40)
        total = 0.0
        for low, high in pairwise(knots):
            x = low + (high - low) * (nodes + 1) / 2
            total += (weights * np.exp(output.log_prob(np.tile(raw, (40, 1)), x))).sum() * (high - low) / 2
        assert mass + total == pytest.approx(1, abs=1e-9)
        assert mass == pytest.approx(softmax(raw[: len(output.places) + 1])[:-1].sum(), abs=1e-12)


@every
def test_the_gradient_is_that_of_the_nll(output: WithAtoms) -> None:
    raw, x = raws(output, 40, 1), values(output, 40, 1)
    report = check_vjp(
        lambda raw: output.nll_and_grad(raw, x)[0], lambda dy, raw: dy[:, None] * output.nll_and_grad(raw, x)[1], (raw,)
    )
    assert report.ok, report


@every
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_draws_have_the_masses_and_rise_with_u(output: WithAtoms, dtype: Any) -> None:
    n = 4000
    u = (np.arange(n) + 0.5) / n
    for raw in raws(output, 3, 2).astype(dtype):
        drawn = output.inverse_cdf(np.tile(raw, (n, 1)), u)
        assert drawn.dtype == dtype
        assert (np.diff(drawn) >= 0).all()
        w = softmax(raw[: len(output.places) + 1].astype(float))
        for k, place in enumerate(output.places):
            assert (drawn == dtype(place)).mean() == pytest.approx(w[k], abs=2 / n)
        low, high = output.cdf_bounds(np.tile(raw, (n, 1)).astype(np.float64), drawn.astype(np.float64))
        assert (low <= u + 1e-5).all()
        assert (u <= high + 1e-5).all()


@every
def test_the_mean_is_that_of_many_draws(output: WithAtoms) -> None:
    n = 20_000
    u = (np.arange(n) + 0.5) / n
    for raw in raws(output, 3, 3):
        drawn = output.inverse_cdf(np.tile(raw, (n, 1)), u)
        assert output.mean(raw) == pytest.approx(drawn.mean(), abs=2e-2)


def test_the_centre_is_an_atom_that_holds_half_of_the_mass() -> None:
    output = WithAtoms(Gaussian(), (0.0,))
    assert output.centre(np.array([2.0, 0.0, 5.0, 0.0])) == 0
    assert output.centre(np.array([0.0, 2.0, 5.0, 0.0])) == output.mean(np.array([0.0, 2.0, 5.0, 0.0])) > 4


@every
def test_the_network_sees_atoms_one_hot(output: WithAtoms) -> None:
    x = np.array([output.places[0], 7.5], dtype=np.float32)
    units = output.encode(x)
    assert units.shape == (2, output.n_inputs)
    assert units.dtype == np.float32
    assert_array_equal(units[0], np.eye(output.n_inputs)[0])
    assert_array_equal(units[1], [0] * len(output.places) + [7.5])


@given(st.integers(0, 99))
@settings(max_examples=10, deadline=None)
def test_the_marginal_has_the_shares_of_the_column(seed: int) -> None:
    output = OUTPUTS[seed % len(OUTPUTS)]
    x = values(output, 500, seed)
    raw = output.marginal(x)
    for place in output.places:
        p = float(np.exp(output.log_prob(raw, np.array(place))))
        assert p == pytest.approx((x == place).mean(), abs=0.01)
    assert np.isfinite(output.marginal(np.full(5, output.places[0]))).all()
    assert not output.far_out(np.full(5, output.places[0])).any()


@every
def test_a_config_survives_json(output: WithAtoms) -> None:
    assert WithAtoms.from_config(json.loads(json.dumps(output.config()))) == output


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: WithAtoms("gaussian"), r"WithAtoms\(base\)"),  # type: ignore[arg-type]
        (lambda: WithAtoms(WithAtoms()), r"WithAtoms\(base\)"),
        (lambda: WithAtoms(Gaussian(), ()), r"WithAtoms\(places\)"),
        (lambda: WithAtoms(Gaussian(), (1.0, 1.0)), r"WithAtoms\(places\)"),
        (lambda: WithAtoms(Gaussian(), (np.nan,)), r"WithAtoms\(places\[0\]\)"),
        (lambda: WithAtoms(Gaussian(), 3), r"WithAtoms\(places\)"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_meant(make: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        make()


def atoms_of(values: Any) -> list[float]:
    distinct, counts = np.unique(values, return_counts=True)
    return list(distinct[find_atoms(counts)])


def test_zeros_among_amounts_are_an_atom_and_rounded_numbers_have_none() -> None:
    rng = np.random.default_rng(0)
    zeros = np.where(rng.random(3000) < 0.5, 0, rng.lognormal(0, 1, 3000))
    assert atoms_of(zeros) == [0]
    assert atoms_of(np.append(zeros, np.full(200, -999.0))) == [-999, 0]
    assert atoms_of(np.where(rng.random(3000) < 0.5, 0, np.round(rng.lognormal(5, 1, 3000)))) == [0]
    rounded = np.round(rng.normal(10, 1, 3000), 1)
    assert atoms_of(rounded) == []
    some_finer = np.where(rng.random(3000) < 0.05, np.round(rng.normal(10, 1, 3000) + 0.05, 2), rounded)
    assert atoms_of(some_finer) == []
    heaped = np.where(rng.random(3000) < 0.5, np.round(rng.normal(50, 20, 3000), -1), rng.normal(50, 20, 3000))
    assert len(atoms_of(heaped)) <= 12  # tens that half of the rows were rounded to are atoms indeed
    assert atoms_of([1.0, 1, 2, 2]) == []
    assert WithAtoms.from_column(zeros).places == (0,)
    assert WithAtoms.from_column(np.array([1.0, 2, 2, 3])).places == (2,)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_a_model_learns_when_a_value_is_an_atom(backend: str) -> None:
    if backend == "numba":
        pytest.importorskip("numba")
    rng = np.random.default_rng(0)
    first = rng.integers(0, 2, 2000).astype(float)
    second = np.where(first == 0, 0, rng.normal(3, 0.5, 2000))
    x = np.stack([first, second], axis=1)
    made = MADE(2, (8,), ["bernoulli", WithAtoms()], backend=backend)
    theta = fit(made, x, max_epochs=40, learning_rate=0.02, rng=0).theta
    # log 2 for the bit, and half of the entropy of a normal density
    assert -made.log_prob(theta, x).mean() == pytest.approx(np.log(2) + 0.7258 / 2, abs=0.05)
    drawn = made.sample(theta, 1000, rng=0)
    assert ((drawn[:, 1] == 0) == (drawn[:, 0] == 0)).mean() > 0.99
