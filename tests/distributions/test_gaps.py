"""NaN costs nothing and is seen as zeros, and no distribution is asked about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from own_distributions import Poisson
from strategies import EVERY, random_column, with_gaps

from made_np.distributions import gaps
from made_np.distributions.distribution import Distribution
from made_np.distributions.plain import Categorical, Gaussian
from made_np.distributions.together import Outputs

Array = NDArray[Any]


@dataclass(frozen=True)
class NeverNaN(Poisson):
    """One of somebody's own that does not know what to do with NaN."""

    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        assert not np.isnan(x).any()
        return super().nll_and_grad(raw, x)

    def encode(self, x: Array) -> Array:
        assert not np.isnan(x).any()
        return super().encode(x)

    def marginal(self, x: Array) -> Array:
        assert not np.isnan(x).any()
        return super().marginal(x)


def values(output: Distribution, rng: np.random.Generator) -> Array:
    return rng.poisson(2.0, 60).astype(float) if isinstance(output, Poisson) else random_column(output, 60, rng)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", [*EVERY, NeverNaN()], ids=repr)
def test_gaps_are_zeros_and_the_rest_has_the_bits_of_what_it_was(output: Distribution, dtype: str) -> None:
    rng = np.random.default_rng(0)
    whole = values(output, rng).reshape(20, 3).astype(dtype)
    raw = rng.standard_normal((20, 3, output.n_raw)).astype(dtype)
    x = with_gaps(whole, rng)
    gap = np.isnan(x)
    assert gap.any()
    nll, d_raw = gaps.nll_and_grad(output, raw, x)
    want, d_want = output.nll_and_grad(raw, whole)
    for got, old in (
        (nll, want),
        (d_raw, d_want),
        (gaps.nll(output, raw, x), output.nll(raw, whole)),
        (gaps.encode(output, x), output.encode(whole)),
    ):
        assert (got.shape, got.dtype) == (old.shape, np.dtype(dtype))
        np.testing.assert_array_equal(got[~gap], old[~gap])
        assert not got[gap].any()


@pytest.mark.parametrize("output", [*EVERY, NeverNaN()], ids=repr)
def test_a_column_of_nothing_but_gaps(output: Distribution) -> None:
    outputs = Outputs((output, Gaussian()))
    x = np.stack([np.full(4, np.nan), np.arange(4.0)], axis=1)
    raw = np.ones((4, outputs.n_raw))
    nll, d_raw = outputs.nll_and_grad(raw, x)
    assert not nll[:, 0].any()
    assert not d_raw[:, outputs.slices[0]].any()
    assert nll[:, 1].all()
    np.testing.assert_array_equal(outputs.nll(raw, x), nll)
    assert not outputs.encode(x)[:, outputs.input_slices[0]].any()
    start = outputs.marginal(x)
    assert not start[outputs.slices[0]].any()
    np.testing.assert_array_equal(start[outputs.slices[1]], Gaussian().marginal(x[:, 1]))


def test_the_start_of_a_column_is_that_of_its_known_values() -> None:
    outputs = Outputs((Categorical(3), NeverNaN()))
    x = np.array([[0, np.nan], [np.nan, 4], [2, 5], [2, np.nan]])
    want = [Categorical(3).marginal(np.array([0.0, 2, 2])), Poisson().marginal(np.array([4.0, 5]))]
    np.testing.assert_array_equal(outputs.marginal(x), np.concatenate(want))
