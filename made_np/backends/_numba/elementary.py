"""Exponentials and logarithms that a compiler can turn into vector instructions.

Each is a polynomial on a short interval, reached by an exact change of variable. Largest relative errors, measured
against twice the precision: `exp` 1.0e-7 in float32 and 4e-16 in float64; `log` and `log1p` 2e-7 and 5e-16.
NaN stays NaN. Below about -87 (-708 in float64) `exp` is 0, and above 88 (709) it stays at what it is there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.backends._numba.compiling import by_dtype, exact, inlined
from made_np.normal import FARTHEST, MILLS

f32 = np.float32
f64 = np.float64


@exact
def _exp_parts_single(x: Any) -> Any:
    # e^x = 2^n e^r with n the nearest integer to x / ln 2, so |r| <= ln(2) / 2. The first term that the Taylor
    # polynomial leaves out is r^8 / 8!, below 6e-9. ln 2 in two parts: n times the first is exact.
    # Added to 1.5 2^23, x / ln 2 loses its fraction, and leaves n in the last bits: not every processor can round.
    x = f32(88.0) if x > f32(88.0) else x
    shifted = f32(x * f32(1.4426950408889634) + f32(12582912.0))
    n = shifted - f32(12582912.0)
    r = (x - n * f32(0.693359375)) - n * f32(-2.12194440e-4)
    p = r * f32(1 / 5040) + f32(1 / 720)
    p = p * r + f32(1 / 120)
    p = p * r + f32(1 / 24)
    p = p * r + f32(1 / 6)
    p = p * r + f32(1 / 2)
    p = p * r + f32(1.0)
    # 2^n, by moving n into the exponent's bits; whatever else is there moves out of the number
    power = np.int32(np.int32(shifted.view(np.int32) << 23) + 1065353216).view(np.float32)
    return power, r, p


@exact
def _exp_parts_double(x: Any) -> Any:
    # As above, with 1.5 2^52; the first term left out is r^14 / 14!, below 5e-18.
    x = 709.0 if x > 709.0 else x
    shifted = f64(x * 1.4426950408889634 + 6755399441055744.0)
    n = shifted - 6755399441055744.0
    r = (x - n * 0.693145751953125) - n * 1.42860682030941723212e-6
    p = r * (1 / 6227020800) + 1 / 479001600
    p = p * r + 1 / 39916800
    p = p * r + 1 / 3628800
    p = p * r + 1 / 362880
    p = p * r + 1 / 40320
    p = p * r + 1 / 5040
    p = p * r + 1 / 720
    p = p * r + 1 / 120
    p = p * r + 1 / 24
    p = p * r + 1 / 6
    p = p * r + 0.5
    p = p * r + 1.0
    power = np.int64(np.int64(shifted.view(np.int64) << 52) + 4607182418800017408).view(np.float64)
    return power, r, p


@exact
def _exp_single(x: Any) -> Any:
    (power, r, p) = _exp_parts_single(x)
    return f32(0.0) if x < f32(-87.0) else (p * r + f32(1.0)) * power


@exact
def _exp_double(x: Any) -> Any:
    (power, r, p) = _exp_parts_double(x)
    return 0.0 if x < -708.0 else (p * r + 1.0) * power


@exact
def _expm1_single(x: Any) -> Any:
    # 2^n (1 + p r) - 1: near 0, where n is 0, the 1 is never added, and takes no digits from p r.
    (power, r, p) = _exp_parts_single(x)
    return f32(-1.0) if x < f32(-30.0) else power * (p * r) + (power - f32(1.0))


@exact
def _expm1_double(x: Any) -> Any:
    (power, r, p) = _exp_parts_double(x)
    return -1.0 if x < -60.0 else power * (p * r) + (power - 1.0)


@exact
def _atanh_twice_single(s: Any) -> Any:
    # 2 atanh(s) = 2 (s + s^3/3 + s^5/5 + ...); for |s| <= 1/3 the first term left out is below 2e-9 of the sum.
    q = s * s
    p = q * f32(1 / 15) + f32(1 / 13)
    p = p * q + f32(1 / 11)
    p = p * q + f32(1 / 9)
    p = p * q + f32(1 / 7)
    p = p * q + f32(1 / 5)
    p = p * q + f32(1 / 3)
    return f32(2.0) * s + f32(2.0) * s * q * p


@exact
def _atanh_twice_double(s: Any) -> Any:
    q = s * s
    p = q * (1 / 33) + 1 / 31
    p = p * q + 1 / 29
    p = p * q + 1 / 27
    p = p * q + 1 / 25
    p = p * q + 1 / 23
    p = p * q + 1 / 21
    p = p * q + 1 / 19
    p = p * q + 1 / 17
    p = p * q + 1 / 15
    p = p * q + 1 / 13
    p = p * q + 1 / 11
    p = p * q + 1 / 9
    p = p * q + 1 / 7
    p = p * q + 1 / 5
    p = p * q + 1 / 3
    return 2.0 * s + 2.0 * s * q * p


@exact
def _log1p_single(x: Any) -> Any:
    return _atanh_twice_single(x / (f32(2.0) + x))


@exact
def _log1p_double(x: Any) -> Any:
    return _atanh_twice_double(x / (2.0 + x))


@exact
def _log_single(x: Any) -> Any:
    # x = 2^n m with m between sqrt(1/2) and sqrt(2): n is read from the exponent's bits, and log m = 2 atanh(...).
    bits = np.int32(f32(x).view(np.int32) - 1060439283)  # less the bits of sqrt(1/2)
    n = np.int32(bits >> 23)
    m = np.int32(np.int32(bits - np.int32(n << 23)) + 1060439283).view(np.float32)
    s = (m - f32(1.0)) / (m + f32(1.0))
    # x - x is 0, or NaN where x is not finite
    return (f32(n) * f32(0.6931471805599453) + _atanh_twice_single(s)) + (x - x)


@exact
def _log_double(x: Any) -> Any:
    bits = np.int64(f64(x).view(np.int64) - 4604544271217802189)
    n = np.int64(bits >> 52)
    m = np.int64(np.int64(bits - np.int64(n << 52)) + 4604544271217802189).view(np.float64)
    s = (m - 1.0) / (m + 1.0)
    return (f64(n) * 0.6931471805599453 + _atanh_twice_double(s)) + (x - x)


exp = by_dtype(_exp_single, _exp_double)
expm1 = by_dtype(_expm1_single, _expm1_double)
"""e^x - 1, with all digits near 0."""
log1p = by_dtype(_log1p_single, _log1p_double)
"""log(1 + x) for 0 <= x <= 1."""
log = by_dtype(_log_single, _log_double)
"""log x for normal x > 0."""


def _of_one_dtype(real: Any, exp: Any, log1p: Any) -> tuple[Any, Any, Any]:
    """Return sigmoid, softplus and tanh of numbers of the type `real`."""
    one = real(1)
    zero = real(0)
    two = real(2)

    @exact
    def sigmoid(z: Any) -> Any:
        e = exp(-abs(z))
        r = one / (one + e)
        return e * r if z < zero else r

    @exact
    def softplus(z: Any) -> Any:
        tail = log1p(exp(-abs(z)))
        return tail if z < zero else z + tail

    @exact
    def tanh(z: Any) -> Any:
        e = exp(-two * abs(z))
        y = (one - e) / (one + e)
        return -y if z < zero else y

    return sigmoid, softplus, tanh


_single = _of_one_dtype(f32, _exp_single, _log1p_single)
_double = _of_one_dtype(f64, _exp_double, _log1p_double)

sigmoid = by_dtype(_single[0], _double[0])
"""1 / (1 + e^-z), relative error 3e-7 in float32 and 1e-15 in float64."""
softplus = by_dtype(_single[1], _double[1])
"""log(1 + e^z), relative error as that of `sigmoid`."""
tanh = by_dtype(_single[2], _double[2])
"""(e^z - e^-z) / (e^z + e^-z), absolute error 2e-7 in float32 and 4e-16 in float64."""


def _normal(real: Any, exp: Any, steps: float, farthest: float, coefficients: Any) -> tuple[Any, Any]:
    """Return gelu and its slope of numbers of the type `real`, by the formulas of `made_np.normal`.

    Added to `steps`, a number loses what is below 1/64; beyond `farthest` nothing is left of the tail.
    """
    one = real(1)
    zero = real(0)
    half = real(0.5)
    five = real(5)
    step = real(steps)
    last = real(farthest)
    peak = real(1 / np.sqrt(2 * np.pi))
    highest = real(coefficients[0])
    others = np.array(coefficients[1:], dtype=real)
    n_others = len(others)  # a number that the compiler knows: it then unrolls the loop

    @inlined
    def parts(z: Any) -> Any:
        x = min(abs(z), last)
        nearest = (x + step) - step
        first = -nearest * nearest * half
        rest = -(x - nearest) * (x + nearest) * half
        total = first + rest
        bell = exp(total) * (one + ((first - total) + rest))
        t = (x - five) / (x + five)
        p = highest
        for k in range(n_others):
            p = p * t + others[k]
        tail = bell * p / (one + x)
        return bell * peak, (tail if z < zero else one - tail)

    @inlined
    def gelu(z: Any) -> Any:
        (_, below) = parts(z)
        return z * below

    @inlined
    def gelu_slope(z: Any) -> Any:
        (density, below) = parts(z)
        return below + z * density

    return gelu, gelu_slope


# Of the polynomial's coefficients the first four are below what float32 can tell.
_single_gelu = _normal(f32, _exp_single, 1.5 * 2**17, 14.0, MILLS[4:])
_double_gelu = _normal(f64, _exp_double, 1.5 * 2**46, FARTHEST, MILLS)

gelu = by_dtype(_single_gelu[0], _double_gelu[0])
"""z times the mass of the normal below it, relative error 5e-7 in float32 (0 below -13) and 2e-15 in float64."""
gelu_slope = by_dtype(_single_gelu[1], _double_gelu[1])
"""The slope of `gelu`, absolute error 3e-7 in float32 and 1e-15 in float64."""
