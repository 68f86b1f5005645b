"""Exponentials and logarithms of the kernels: their errors against twice the precision, and what is no number."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from .problems import Array

pytest.importorskip("numba")

from made_np.backends._numba import elementary
from made_np.backends._numba.compiling import JIT, once
from made_np.normal import normal_cdf, normal_pdf

pytestmark = pytest.mark.filterwarnings("error" if JIT else "ignore::RuntimeWarning")

NAMES = ("exp", "log", "log1p", "sigmoid", "softplus", "tanh", "expm1", "gelu", "gelu_slope")
RISING = NAMES[:-2]
N = 200_000 if JIT else 300
DTYPES = ["float32", "float64"]


@once
def apply_all(x: Any, y: Any) -> None:
    """Write f(x) of each function to its row of y, in one compilation."""
    for i in range(x.shape[1]):
        y[0, i] = elementary.exp(x[0, i])
        y[1, i] = elementary.log(x[1, i])
        y[2, i] = elementary.log1p(x[2, i])
        y[3, i] = elementary.sigmoid(x[3, i])
        y[4, i] = elementary.softplus(x[4, i])
        y[5, i] = elementary.tanh(x[5, i])
        y[6, i] = elementary.expm1(x[6, i])
        y[7, i] = elementary.gelu(x[7, i])
        y[8, i] = elementary.gelu_slope(x[8, i])


def values(name: str, x: Array) -> Array:
    """One function of any number of numbers."""
    rows = np.ones((len(NAMES), len(x)), x.dtype)
    rows[NAMES.index(name)] = x
    found = np.empty_like(rows)
    apply_all(rows, found)
    return found[NAMES.index(name)]


TRUE: dict[str, Callable[[Array], Array]] = {
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "softplus": lambda z: np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))),
    "tanh": np.tanh,
    "expm1": np.expm1,
    # Of `normal` the twin in NumPy, which is held to 50 digits: there are no wider numbers for it.
    "gelu": lambda z: z * normal_cdf(z.astype(np.float64)),
    "gelu_slope": lambda z: normal_cdf(z.astype(np.float64)) + z * normal_pdf(z.astype(np.float64)),
}
ABSOLUTE = ("tanh", "gelu_slope")
"""Functions whose error is absolute: it does not shrink where they cross 0."""
BOUNDS = {
    "float32": {
        **{"exp": 1e-7, "log": 2e-7, "log1p": 2e-7, "sigmoid": 3e-7, "softplus": 3e-7, "tanh": 2e-7},
        **{"expm1": 2e-7, "gelu": 5e-7, "gelu_slope": 3e-7},
    },
    "float64": {
        **{"exp": 4e-16, "log": 5e-16, "log1p": 5e-16, "sigmoid": 1e-15, "softplus": 1e-15, "tanh": 4e-16},
        **{"expm1": 5e-16, "gelu": 2e-15, "gelu_slope": 1e-15},
    },
}


@cache
def points(name: str, dtype: str) -> Array:
    """Numbers from all over where a function is meant to be used, dense where it is steep or crosses 0."""
    rng, info = np.random.default_rng(0), np.finfo(dtype)
    if name == "log":
        far = np.exp(rng.uniform(np.log(float(info.tiny)) * 0.999, np.log(float(info.max)) * 0.999, N))
        x = np.concatenate([far, rng.uniform(0.5, 2, N), 1 + 1e-3 * rng.standard_normal(N), [info.tiny, 1, info.max]])
    elif name == "log1p":
        x = np.concatenate([rng.random(N), 10.0 ** rng.uniform(-30, 0, N), [0, 1]])
    elif name in ("gelu", "gelu_slope"):  # below, the tail is no normal number
        low = -13 if dtype == "float32" else -37
        near = np.concatenate([10.0 ** rng.uniform(-12, 1, N), np.clip(rng.standard_normal(N) * 3, low, 40)])
        x = np.concatenate([rng.uniform(low, 40, N), near, [0, low]])
    else:
        low, high = (-87, 88) if dtype == "float32" else (-708, 709)
        ends = [low, high, 0, info.tiny, -info.tiny]
        x = np.concatenate([rng.uniform(low, high, N), 10.0 ** rng.uniform(-12, 1, N), rng.standard_normal(N), ends])
    return x.astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_the_largest_error_is_what_is_stated(name: str, dtype: str) -> None:
    wider: Any = np.float64 if dtype == "float32" else np.longdouble
    if np.finfo(wider).eps > np.finfo(dtype).eps / 100:
        pytest.skip("this machine has no wider numbers to compare with")
    x = points(name, dtype)
    got, want = values(name, x), TRUE[name](x.astype(wider))
    assert got.dtype == dtype
    error = np.abs(got - want)
    if name not in ABSOLUTE:
        error = np.divide(error, np.abs(want), out=error, where=want != 0)
    assert error.max() <= BOUNDS[dtype][name]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_nan_stays_nan(name: str, dtype: str) -> None:
    assert np.isnan(values(name, np.array([np.nan, -np.nan], dtype))).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_far_out_nothing_overflows_and_nothing_turns_round(dtype: str) -> None:
    huge = np.array([1e3, 1e10, 1e30, np.finfo(dtype).max, np.inf], dtype)
    top = np.array([88 if dtype == "float32" else 709], dtype)
    np.testing.assert_array_equal(values("exp", -huge), 0)
    np.testing.assert_array_equal(values("exp", huge), values("exp", top)[0])
    assert np.isfinite(values("exp", top)).all()
    np.testing.assert_array_equal(values("sigmoid", huge), 1)
    np.testing.assert_array_equal(values("sigmoid", -huge), 0)
    np.testing.assert_array_equal(values("softplus", huge), huge)
    np.testing.assert_array_equal(values("softplus", -huge), 0)
    np.testing.assert_array_equal(values("tanh", huge), 1)
    np.testing.assert_array_equal(values("tanh", -huge), -1)
    np.testing.assert_array_equal(values("expm1", -huge), -1)
    np.testing.assert_array_equal(values("expm1", huge), values("exp", top)[0])
    finite = huge[:-1]
    np.testing.assert_array_equal(values("gelu", finite), finite)
    np.testing.assert_array_equal(values("gelu", -finite), 0)
    np.testing.assert_array_equal(values("gelu_slope", finite), 1)
    np.testing.assert_array_equal(values("gelu_slope", -finite), 0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_exact_values(dtype: str) -> None:
    zero = np.zeros(1, dtype)
    assert values("exp", zero) == 1
    for name in ("log1p", "tanh", "expm1", "gelu"):
        assert values(name, zero) == 0
    assert values("log", zero + 1) == 0
    assert values("sigmoid", zero) == values("gelu_slope", zero) == 0.5
    np.testing.assert_array_equal(values("tanh", -points("tanh", dtype)), -values("tanh", points("tanh", dtype)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", RISING)
def test_no_function_ever_falls(name: str, dtype: str) -> None:
    """They grow with x; rounding may take back an error's worth, no more."""
    y = values(name, np.sort(points(name, dtype)))
    assert (np.diff(y) >= -2 * BOUNDS[dtype][name] * np.maximum(np.abs(y[1:]), 1 if name == "tanh" else 0)).all()


@pytest.mark.parametrize("name", NAMES)
def test_any_number_of_neighbours_gives_the_same_bits(name: str) -> None:
    """Whether a compiler does many at a time or one."""
    x = points(name, "float32")[:100]
    want = values(name, x)
    for n in (1, 3, 7, 8, 9, 33):
        np.testing.assert_array_equal(values(name, x[:n]), want[:n])
