"""What kernels draw is what the distributions decide, for any uniform number."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from installed import needs_numba
from numpy.typing import NDArray
from strategies import EVERY, n_values, seeds

from made_np.backends._cupy.wiring import Wiring
from made_np.distributions.distribution import Distribution
from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.mixtures import MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import Bernoulli, Categorical, Gaussian
from made_np.model.made import MADE

from .emulation import Emulated, missing

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

Array = NDArray[Any]
SOURCE = """
// A thread draws one row of a feature, or a warp does. Its raw outputs are every `stride`-th number, those of the next
// row `apart` on.
extern "C" __global__ void draw_rows(
        const real* raw, int stride, int apart, const int* feature, const double* numbers, const double* u, int means,
        int lanes, int n, real* x) {
    const int row = (blockIdx.x * blockDim.x + threadIdx.x) / lanes;
    if (row >= n) return;
    const real* own = raw + row * apart;
    real value;
    if (means) {
        value = centre(own, stride, feature, numbers);
    } else if (lanes == 1) {
        value = draw(own, stride, feature, numbers, u[row]);
    } else {
        value = draw_by_warp(own, stride, feature, numbers, u[row]);
    }
    if (threadIdx.x % lanes == lanes - 1) x[row] = value;
}
"""
OUTPUTS: tuple[Distribution, ...] = (
    *EVERY,
    *(Categorical(1), Categorical(17), Categorical(40)),
    *(MixtureOfGaussians(1), MixtureOfGaussians(12), MixtureOfLogistics(9, reserve=0.01)),
    *(DiscretizedLogistic(256, 10), DiscretizedLogistic(2), DiscretizedLogistic(70_000), DiscretizedLogistic(37, 2)),
)
every_output = pytest.mark.parametrize("output", OUTPUTS, ids=repr)
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
TAILS = np.concatenate([[0, 1e-300, 1e-17], np.logspace(-16, -1, 20), [0.3, 0.425, 0.5]])
UNIFORMS = np.concatenate([TAILS, 1 - TAILS[:2:-1], [1 - 2.0**-53]])
"""Rising; both tails to their ends."""


def is_real(output: Distribution) -> bool:
    return n_values(output) is None


def run(output: Distribution, raw: Array, u: Array | None) -> Array:
    """Draw rows by their uniforms (n,), or take their centres, in every way that kernels can; `raw` is (n, K)."""
    device = Emulated(extra=SOURCE)
    made = MADE(2, (), [Gaussian(), output], dtype=raw.dtype)
    wiring = Wiring(made.network, made.mask_sets[0], device)
    own = wiring.features[1], wiring.numbers[1]
    n, k = raw.shape
    uniforms = device.put(np.zeros(n) if u is None else u)
    results = []
    for laid, stride, apart, lanes in ((raw, 1, k, 1), (raw.T, n, 1, 1), (raw, 1, k, 32)):
        x = device.empty(n, raw.dtype)
        given = device.put(np.ascontiguousarray(laid)), stride, apart, *own, uniforms, u is None, lanes, n, x
        device.launch("draw_rows", raw.dtype, -(-n * lanes // 64), 64, *given)
        results.append(device.get(x))
    for each in results[1:]:
        np.testing.assert_array_equal(each, results[0])
    return results[0]


def random_raw(output: Distribution, n: int, seed: int, dtype: str, scale: float = 1.5) -> Array:
    return (scale * np.random.default_rng(seed).standard_normal((n, output.n_raw))).astype(dtype)


def assert_decided(output: Distribution, raw: Array, u: Array, x: Array) -> None:
    """Each x is what the distribution decides for a uniform no further from u than rounding may move it."""
    double = raw.astype(np.float64)
    slack = 1e-6 if raw.dtype == np.float32 and output.is_binary else 1e-12  # that of its probability
    ends = [output.inverse_cdf(double, np.clip(u + each, 0, 1 - 2.0**-53)) for each in (-slack, slack)]
    assert np.all((np.minimum(*ends) <= x) & (x <= np.maximum(*ends)))


@every_dtype
@every_output
def test_every_distribution_at_every_quantile(output: Distribution, dtype: str) -> None:
    raw = np.repeat(random_raw(output, 3, 0, dtype), len(UNIFORMS), axis=0)
    u = np.tile(UNIFORMS, 3)
    x = run(output, raw, u)
    assert np.isfinite(x).all()
    if is_real(output):
        want = output.inverse_cdf(raw.astype(np.float64) if isinstance(output, Gaussian) else raw, u)
        np.testing.assert_allclose(x, want, rtol=1e-12 if dtype == "float64" else 1e-6, atol=1e-11)
    else:
        assert_decided(output, raw, u, x)
    steps = np.diff(x.reshape(3, -1), axis=1)
    assert (steps <= 0 if output == Bernoulli() else steps >= 0).all()


@settings(max_examples=60)
@given(
    st.sampled_from(["float32", "float64"]),
    *(st.sampled_from([each for each in OUTPUTS if not is_real(each)]), seeds, st.sampled_from([0.3, 3.0, 40.0])),
)
def test_discrete_features_at_random(dtype: str, output: Distribution, seed: int, scale: float) -> None:
    raw = random_raw(output, 40, seed, dtype, scale)
    u = np.random.default_rng(seed).random(40)
    assert_decided(output, raw, u, run(output, raw, u))


@settings(max_examples=60)
@given(
    st.sampled_from(["float32", "float64"]),
    *(st.sampled_from([each for each in OUTPUTS if is_real(each)]), seeds, st.sampled_from([0.3, 3.0, 40.0])),
)
def test_real_features_at_random(dtype: str, output: Distribution, seed: int, scale: float) -> None:
    raw = random_raw(output, 20, seed, dtype, scale)
    u = np.random.default_rng(seed).random(20)
    x = run(output, raw, u).astype(np.float64)
    below = output.cdf_bounds(raw.astype(np.float64), x)[0]
    # what rounding of x alone may move the mass by
    eps = 8 * np.abs(x) * float(np.finfo(dtype).eps)
    beyond = [output.cdf_bounds(raw.astype(np.float64), x + each)[0] for each in (-eps, eps)]
    slack = 1e-11 + beyond[1] - beyond[0]
    assert np.all(np.abs(below - u) <= slack + (1e-9 if dtype == "float32" else 0))


@cache
def one_draw() -> Callable[..., Any]:
    """What numba draws, as a function that Python calls, compiled once for all distributions of a dtype."""
    from made_np.backends._numba.compiling import once
    from made_np.backends._numba.draws import draw

    @once
    def draw_one(acts: Any, one_row: Any, numbers: Any, u: float) -> Any:
        return draw(acts, one_row, numbers, np.empty(0), u)

    return draw_one


@needs_numba
@every_dtype
@pytest.mark.parametrize("output", [each for each in OUTPUTS if not each.is_binary], ids=repr)
def test_numba_draws_the_same(output: Distribution, dtype: str) -> None:
    from made_np.backends._numba.compiling import width

    raw = np.repeat(random_raw(output, 2, 1, dtype), len(UNIFORMS), axis=0)
    u = np.tile(UNIFORMS, 2)
    x = run(output, raw, u)
    made = MADE(1, (), output, dtype=dtype)
    tables = Wiring(made.network, made.mask_sets[0], Emulated()).tables
    _, kind, _, n_raw, _, _, n, _ = tables.features[0].tolist()
    numbers = tuple(tables.numbers[0].tolist())
    lanes = np.zeros((n_raw, width(raw)), dtype)
    want = np.empty_like(x)
    for row in range(len(u)):
        lanes[:, 0] = raw[row]
        want[row] = one_draw()(lanes.ravel(), (0, kind, n_raw, n), numbers, u[row])
    np.testing.assert_allclose(x, want, rtol=1e-13 if dtype == "float64" else 1e-7, atol=1e-12)


@every_dtype
@every_output
def test_centres(output: Distribution, dtype: str) -> None:
    for scale in (0.5, 4.0, 40.0):
        raw = random_raw(output, 30, 3, dtype, scale)
        want = output.centre(raw.astype(np.float64))
        tolerance = 2e-6 if dtype == "float32" else 1e-12
        np.testing.assert_allclose(run(output, raw, None), want, rtol=tolerance, atol=tolerance)


def test_the_likeliest_of_equals_is_the_first() -> None:
    raw = np.array([[0, 1, 1], [2, 2, 2], [-1, -2, 0]], "float32")
    np.testing.assert_array_equal(run(Categorical(3), raw, None), [1, 0, 2])


@every_dtype
@every_output
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_nothing_is_drawn_where_the_network_has_overflowed(output: Distribution, dtype: str, odd: float) -> None:
    raw = random_raw(output, output.n_raw + 1, 4, dtype)
    np.fill_diagonal(raw, odd)
    for u in (np.full(len(raw), 0.7), None):
        x = run(output, raw, u)
        assert np.isnan(x[:-1]).all()
        assert np.isfinite(x[-1])


@every_dtype
def test_no_normal_is_infinite(dtype: str) -> None:
    raw = np.zeros((2, 2), dtype)
    low, high = run(Gaussian(), raw, np.array([0.0, 1.0]))
    assert -7 < low < high < 7


@every_dtype
@every_output
def test_far_out(output: Distribution, dtype: str) -> None:
    """Raw outputs of ten thousands draw numbers."""
    raw = random_raw(output, 12, 5, dtype, 1e4)
    assert np.isfinite(run(output, raw, np.linspace(0, 1 - 2.0**-53, 12))).all()
