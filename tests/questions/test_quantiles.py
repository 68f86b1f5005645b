"""Quantiles that are near enough, many for each row at once."""

from __future__ import annotations

import numpy as np
import pytest

from made_np.distributions.atoms import WithAtoms
from made_np.distributions.distribution import Distribution
from made_np.distributions.mixtures import MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import Gaussian
from made_np.questions import quantiles
from made_np.questions.quantiles import near_quantiles

OUTPUTS = [
    Gaussian(),
    MixtureOfGaussians(3),
    MixtureOfLogistics(10, reserve=0.001),
    MixtureOfGaussians(2, reserve=0.1),
    WithAtoms(MixtureOfGaussians(2), (-0.5, 0.25)),
]


def drawn(output: Distribution, dtype: str, spread: float, n: int = 7, q: int = 128) -> tuple[np.ndarray, np.ndarray]:
    """Raw outputs of n rows, and q shares that rise from near 0 to near 1."""
    rng = np.random.default_rng(0)
    raw = (spread * rng.standard_normal((n, output.n_raw))).astype(dtype)
    return raw, np.sort(rng.random((n, q)) ** 3, axis=1)


@pytest.mark.parametrize("output", OUTPUTS, ids=repr)
@pytest.mark.parametrize("spread", [0.5, 8.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_mass_below_is_as_near_as_asked(output: Distribution, spread: float, dtype: str) -> None:
    raw, u = drawn(output, dtype, spread)
    slack = np.full(u.shape, 1e-3)
    x = near_quantiles(output, raw, u, slack)
    assert x.shape == u.shape
    assert x.dtype == raw.dtype
    assert (np.diff(x, axis=1) >= 0).all()
    low, high = output.cdf_bounds(raw[:, None], x)
    assert (low <= u + 1.01e-3).all()
    assert (high >= u - 1.01e-3).all()


@pytest.mark.parametrize("output", OUTPUTS, ids=repr)
def test_what_no_try_finds_is_exact(output: Distribution, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantiles, "TRIES", 1)
    raw, u = drawn(output, "float64", 2.0)
    exact = output.inverse_cdf(np.repeat(raw[:, None], u.shape[1], axis=1), u)
    np.testing.assert_allclose(near_quantiles(output, raw, u, np.zeros(u.shape)), exact, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("output", OUTPUTS, ids=repr)
def test_each_row_is_up_to_itself(output: Distribution) -> None:
    raw, u = drawn(output, "float32", 3.0)
    slack = np.full(u.shape, 1e-4)
    alone = [near_quantiles(output, raw[k : k + 1], u[k : k + 1], slack[:1])[0] for k in range(len(u))]
    np.testing.assert_array_equal(near_quantiles(output, raw, u, slack), alone)


def test_no_rows() -> None:
    assert near_quantiles(Gaussian(), np.empty((0, 2)), np.empty((0, 9)), np.empty((0, 9))).shape == (0, 9)
