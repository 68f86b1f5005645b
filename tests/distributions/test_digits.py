"""Each distribution to twelve digits: log p, gradients and draws against formulas in 100 digits, on every backend."""

from __future__ import annotations

from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
import references
from installed import needs_numba
from mpmath import mpf
from numpy.typing import NDArray

from made_np.distributions.atoms import WithAtoms
from made_np.distributions.distribution import Distribution
from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.mixtures import MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import Bernoulli, Categorical, Gaussian
from made_np.distributions.registry import BUILT_IN, name_of
from made_np.model.made import MADE

Array = NDArray[Any]

OUTPUTS: tuple[Distribution, ...] = (
    *(Bernoulli(), Categorical(1), Categorical(4)),
    *(Gaussian(), Gaussian(scale="exp"), Gaussian(0, scale="exp")),
    *(DiscretizedLogistic(2), DiscretizedLogistic(9), DiscretizedLogistic(256, 3)),
    *(MixtureOfGaussians(1), MixtureOfGaussians(3), MixtureOfGaussians(2, reserve=1e-3)),
    *(MixtureOfLogistics(1), MixtureOfLogistics(3), MixtureOfLogistics(2, reserve=1e-3)),
    *(WithAtoms(Gaussian(), (0.0, 1.0)), WithAtoms(MixtureOfLogistics(2), (0.0,))),
    *(WithAtoms(Gaussian(scale="exp"), (0.0,)), WithAtoms(MixtureOfGaussians(2, reserve=1e-3), (0.0, 1.0))),
)
RELATIVE = {"float64": 1e-12, "float32": 1e-5}
"""Of a number's size: see `references`."""
SMALLEST = {"float64": 1e-280, "float32": 1e-20}
"""Less than this may be 0: e^-708 (e^-87), where exponentials end, times the square of 1e7 scales."""
SPECIAL = [0.0, 1e-12, 1e-8, 1e-4, 0.5, 1, 3, 17, 30, 36, 80, 700, 1e4]
BEYOND = [1e5, 1e10, 1e18, 1e19, 1e20, 1e38, 1e100, 1e154, 1e155, 1e200, 1e300, 1e308]
TAILS = [0.0, 1e-300, 1e-17, 2.0**-53, 1e-15, 1e-12, 1e-6, 1e-3]

each_output = pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: f"{output!r}"[:60])
each_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])
each_backend = pytest.mark.parametrize("backend", ["numpy", pytest.param("numba", marks=needs_numba)])


def signed(rng: np.random.Generator, sizes: Array) -> Array:
    """Some are negative."""
    return np.asarray(sizes * rng.choice([-1, 1], np.shape(sizes)))


def values(output: Distribution, raw: Array, rng: np.random.Generator, sizes: Any) -> Array:
    """(n,) legal values: both ends of the support, those at the first mean, beside it, and anywhere."""
    n = len(raw)
    if output.n_values is not None:
        all_values = output.values(0)
        return np.asarray(rng.choice(np.concatenate([all_values, all_values[[0, -1]].repeat(5)]), n))
    x = signed(rng, rng.choice(sizes, n))
    mean = raw[:, output.locations][:, 0] if output.locations else raw[:, -2]
    kind = rng.integers(5, size=n)
    apart = rng.choice([1e-12, 1e-9, 1e-6, 1e-3, 0.1, 1], n) * rng.standard_normal(n)
    x = np.where(kind == 0, mean, np.where(kind <= 2, mean + apart, x))
    return np.where(kind == 3, getattr(output, "places", x[:1])[0], x)


@cache
def points(output: Distribution, dtype: str) -> tuple[Array, Array]:
    """Raw outputs (n, K) and values (n,): of the size of 1, of any magnitude, and special ones with ties."""
    rng = np.random.default_rng(5)
    moderate = rng.standard_normal((30, output.n_raw)) * rng.choice([1, 3, 10], (30, 1))
    any_size = signed(rng, 10 ** rng.uniform(-12, 4, (30, output.n_raw)))
    special = signed(rng, rng.choice(SPECIAL, (40, output.n_raw)))
    raw = np.concatenate([moderate, any_size, special]).astype(dtype)
    return raw, values(output, raw, rng, SPECIAL).astype(dtype)


@cache
def known(output: Distribution, dtype: str) -> list[references.Known]:
    """What is to be said of the points."""
    with mpmath.workdps(references.DIGITS):
        return [reference(output, raw, x) for raw, x in zip(*points(output, dtype), strict=True)]


def reference(output: Distribution, raw: Array, x: Any) -> references.Known:
    return references.KNOWN[name_of(type(output))](output, [mpf(float(each)) for each in raw], mpf(float(x)))


def model(raw: Array, output: Distribution, backend: str) -> tuple[MADE, Array]:
    """A feature for each row of raw outputs, which are its biases."""
    return MADE(len(raw), (), output, direct=False, dtype=raw.dtype, backend=backend), raw.ravel()


def said(output: Distribution, backend: str, raw: Array, x: Array) -> tuple[Array, Array]:
    """Nll and gradient of each value, as a model computes them."""
    made, theta = model(raw, output, backend)
    return -made.feature_log_prob(theta, x), made.loss_and_grad(theta, x[None])[1].reshape(raw.shape)


def assert_digits(got: Any, want: Any, size: Any, dtype: str, what: str) -> None:
    """To so many digits of its size."""
    assert np.isfinite(got), what
    error = abs(mpf(float(got)) - want)
    assert error <= RELATIVE[dtype] * max(size, abs(want)) + SMALLEST[dtype], (
        f"{what}: {got!r} is not {mpmath.nstr(want, 20)}, its size is {mpmath.nstr(size, 3)}"
    )


def test_there_is_a_reference_for_every_distribution() -> None:
    assert set(references.KNOWN) == set(references.MASSES) == set(BUILT_IN)
    assert {name_of(type(output)) for output in OUTPUTS} == set(BUILT_IN)


@each_output
def test_the_references_gradients_are_differences_of_their_nll(output: Distribution) -> None:
    with mpmath.workdps(references.DIGITS):
        for k in range(3):
            raw = [mpf(float(each)) for each in points(output, "float64")[0][k]]
            x = mpf(float(points(output, "float64")[1][k]))
            find = references.KNOWN[name_of(type(output))]
            for i, want in enumerate(find(output, raw, x).d_raw):
                step = mpf(10) ** -30
                ends = [find(output, [*raw[:i], raw[i] + side * step, *raw[i + 1 :]], x).nll for side in (-1, 1)]
                assert abs((ends[1] - ends[0]) / (2 * step) - want) < mpf(10) ** -25 * (1 + abs(want))


@each_backend
@each_dtype
@each_output
def test_log_p_and_its_gradient_have_all_digits(output: Distribution, dtype: str, backend: str) -> None:
    raw, x = points(output, dtype)
    nll, d_raw = said(output, backend, raw, x)
    for i, want in enumerate(known(output, dtype)):
        at = f"raw = {raw[i].tolist()}, x = {x[i]!r}"
        assert_digits(nll[i], want.nll, want.nll_size, dtype, f"nll at {at}")
        for k in range(output.n_raw):
            assert_digits(d_raw[i, k], want.d_raw[k], want.d_size[k], dtype, f"d_raw[{k}] at {at}")


def test_what_a_sure_model_leaves_is_not_0() -> None:
    """The size of what is expected in such places is the value itself."""
    for output, raw, x in (
        (Categorical(3), [50.0, 1, 0], 0.0),
        (DiscretizedLogistic(9, 2), [0.0, 0, 0, 0, -9, -9], 4.0),
        (WithAtoms(Gaussian(), (0.0,)), [40.0, 0, 0, 0], 0.0),
    ):
        want = reference(output, np.array(raw), x)
        assert 0 < want.nll < 1e-10
        assert want.nll_size < 1e-8
        assert output.nll(np.array(raw), np.array(x)) == pytest.approx(float(want.nll), rel=1e-12, abs=0)


@each_backend
@each_dtype
@each_output
def test_beyond_all_bounds_numbers_are_finite_or_infinities_of_the_right_sign(
    output: Distribution, dtype: str, backend: str
) -> None:
    rng = np.random.default_rng(6)
    sizes = np.array([size for size in (*SPECIAL, *BEYOND) if size < float(np.finfo(dtype).max)])
    raw = signed(rng, rng.choice(sizes, (150, output.n_raw))).astype(dtype)
    raw[:12] = signed(rng, np.full((12, output.n_raw), np.finfo(dtype).max))
    x = values(output, raw, rng, sizes).astype(dtype)
    with np.errstate(over="ignore"):
        nll, d_raw = said(output, backend, raw, x)
        made, theta = model(raw, output, backend)
        drawn = made.sample(theta, 1, uniforms=rng.random((1, len(raw))))[0]
    assert not np.isnan(nll).any()
    assert not np.isnan(d_raw).any()
    assert not np.isnan(drawn).any()
    assert (nll[np.isinf(nll)] > 0).all()
    with mpmath.workdps(references.DIGITS):
        for i, k in np.argwhere(np.isinf(d_raw)):
            want = reference(output, raw[i], x[i]).d_raw[k]
            assert mpmath.sign(want) == np.sign(d_raw[i, k]), f"raw = {raw[i].tolist()}, x = {x[i]!r}"


@each_backend
@each_dtype
@each_output
def test_draws_are_quantiles_to_all_digits(output: Distribution, dtype: str, backend: str) -> None:
    rng = np.random.default_rng(7)
    raw = points(output, dtype)[0][rng.permutation(100)[:48]]
    u = np.concatenate([TAILS, 1 - np.array(TAILS[3:]), rng.random(len(raw) - 2 * len(TAILS) + 3)])
    made, theta = model(raw, output, backend)
    drawn = made.sample(theta, 1, uniforms=u[None])[0]
    with mpmath.workdps(references.DIGITS):
        for i in range(len(u)):
            assert_quantile(output, raw[i], float(u[i]), float(drawn[i]), dtype)


def assert_quantile(output: Distribution, raw: Array, u: float, x: float, dtype: str) -> None:
    """Between the masses below x and up to x lies u; and 1 - u between those above.

    A draw of u has 12 digits, or u has of the draw; sums of probabilities, which decide states, have the digits of 1.
    """
    find = references.MASSES[name_of(type(output))]
    place = [mpf(float(each)) for each in raw]
    is_stepped = output.n_values is not None or hasattr(output, "places")
    width = 0.0
    if output.n_values is None:
        largest = float(np.abs(raw).max())  # means and scales; a bracket is 80 of these wide, and has 12 spare bits
        last = float(np.finfo(dtype).eps)
        width = 4 * last * abs(x) + last * largest * (1 if dtype == "float64" else 4)
        width = 1e-13 * abs(x) + width if dtype == "float64" else width
    low = find(output, place, mpf(x) - width)
    high = find(output, place, mpf(x) + width)
    u = u if output.n_values is not None else max(u, 2.0**-54)
    spare = 1e-12 * min(u, 1 - u) + (1e-15 if is_stepped else 0)
    at = f"raw = {raw.tolist()}, u = {u!r}, x = {x!r}"
    if u < 0.5:
        assert low.below <= u + spare, at
        assert high.up_to >= u - spare, at
    else:
        assert high.above <= 1 - u + spare, at
        assert low.from_here >= 1 - u - spare, at


@each_backend
def test_what_is_impossible_is_never_drawn(backend: str) -> None:
    """In float32, too, whose shares add up to a little less than 1 here."""
    logits = np.array([*np.random.default_rng(8).standard_normal(40), -1e4], dtype=np.float32)
    made, theta = model(np.tile(logits, (3, 1)), Categorical(41), backend)
    u = np.array([[1 - 1e-7, 1 - 1e-9, 1 - 1e-12]])
    assert (made.sample(theta, 1, uniforms=u) < 40).all()


@each_backend
@each_dtype
def test_the_reserve_explains_a_value_however_far_away(dtype: str, backend: str) -> None:
    output = MixtureOfGaussians(2, reserve=1e-3)
    far = [1e12, 1e25, -3e38] if dtype == "float32" else [1e12, 1e25, -1e155, 1e300]
    raw = np.zeros((len(far), output.n_raw), dtype=dtype)
    with np.errstate(over="ignore"):
        nll, d_raw = said(output, backend, raw, np.array(far, dtype=dtype))
    np.testing.assert_allclose(nll, np.log(1e3) + 3 * np.log(np.abs(far)), rtol=1e-6 if dtype == "float32" else 1e-14)
    assert not d_raw.any()
    below = output.cdf_bounds(raw, np.array(far, dtype=dtype))[0]
    np.testing.assert_allclose(below, np.array(far) > 0, rtol=1e-12, atol=1e-20)
