"""The standard normal's distribution function, and its inverse, which turns a uniform number into a Gaussian draw."""

from __future__ import annotations

import numpy as np

from made_np.typing import Array

# Numerator and denominator, highest power first, of the three rational approximations of
# Wichura (1988), "Algorithm AS 241: The Percentage Points of the Normal Distribution", routine PPND16.
CENTRE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
TAIL = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
)  # fmt: skip
FAR_TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
     0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
     0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0),
)  # fmt: skip

# (1 + x) e^(x^2 / 2) Phi(-x) as a polynomial in t = (x - 5) / (x + 5), highest power first. All x >= 0 lie within
# -1 <= t < 1, a variable that Shepherd and Laframboise (1981, Math. Comp. 36, 249-253) use for erfc. Coefficients: the
# first 24 of the Chebyshev series, from interpolation at 80 nodes in 60 digits; what they leave out is below 1e-16.
MILLS = (
    -3.815816262632663e-10, -2.8220772290628403e-10, 4.401159622759766e-9, 3.6273731634011242e-9,
    -3.095201755804169e-8, -2.6286205089898581e-8, 1.9627809920091134e-7, 1.278782218209368e-7,
    -1.3074486019237583e-6, -7.0346446835370845e-8, 9.0598246812566382e-6, -9.896097759279782e-6,
    -5.36075811148722e-5, 0.00018233414511643844, 7.7915974093389983e-6, -0.00167607234455447,
    0.0065220006677838963, -0.015170415402514863, 0.024536963243678653, -0.026401042966308308,
    0.010002352385229383, 0.031030368425963709, -0.091552281834009036, 0.46151582985003777,
)  # fmt: skip
FARTHEST = 40.0
"""Beyond it Phi(-x) is less than the smallest number there is."""


def normal_cdf(z: Array) -> Array:
    """Return ``Phi(z)``, the mass of the standard normal below z, with all digits in the lower tail too.

    The relative error is below 1e-15 for ``|z| <= 3``, 5e-15 for ``|z| <= 8.3`` and 1e-13 down to -37.5, where
    Phi leaves the range of normal numbers. For the upper tail ask for ``normal_cdf(-z)``: near 1 there are no digits
    left for it.

    Parameters
    ----------
    z : ndarray
        Of any real numbers, infinite ones too; NaN gives NaN.

    Returns
    -------
    ndarray of float64, the shape of `z`

    Notes
    -----
    ``Phi(-x) = e^(-x^2 / 2) P(t) / (1 + x)`` for x >= 0, with one polynomial P for all of them; and
    ``Phi(x) = 1 - Phi(-x)``.

    Examples
    --------
    >>> normal_cdf(np.array([-1.959964, 0.0, np.inf])).round(6)
    array([0.025, 0.5  , 1.   ])
    """
    x = np.minimum(np.abs(np.asarray(z, dtype=np.float64)), FARTHEST)
    t = (x - 5) / (x + 5)
    polynomial = np.full(x.shape, MILLS[0])
    for coefficient in MILLS[1:]:  # Horner's rule in place: np.polyval takes twice as long
        polynomial *= t
        polynomial += coefficient
    tail = np.exp(-x * x / 2) * polynomial / (1 + x)
    return np.asarray(np.where(np.asarray(z) < 0, tail, 1 - tail))


def inverse_normal_cdf(u: Array) -> Array:
    """Return q with ``Phi(q) = u``, the standard normal's quantile, to about 1e-16 relative error.

    Parameters
    ----------
    u : ndarray
        Probabilities in [0, 1]. 0 and 1 themselves are moved inwards by 2^-54, so that every draw is finite.

    Returns
    -------
    ndarray of float64, the shape of `u`

    Notes
    -----
    Rational approximations of Wichura (1988), AS 241: one in ``(u - 1/2)^2`` for the middle 85 %, two in
    ``sqrt(-log(tail probability))`` beyond.

    Examples
    --------
    >>> inverse_normal_cdf(np.array([0.5, 0.975])).round(6)
    array([0.      , 1.959964])
    """
    u = np.clip(np.asarray(u, dtype=np.float64), 2.0**-54, 1 - 2.0**-53)
    centred = u - 0.5
    r = 0.180625 - centred * centred
    middle = centred * np.polyval(CENTRE[0], r) / np.polyval(CENTRE[1], r)
    t = np.sqrt(-np.log(np.minimum(u, 1 - u)))
    near = np.polyval(TAIL[0], t - 1.6) / np.polyval(TAIL[1], t - 1.6)
    far = np.polyval(FAR_TAIL[0], t - 5) / np.polyval(FAR_TAIL[1], t - 5)
    tail = np.copysign(np.where(t <= 5, near, far), centred)
    return np.asarray(np.where(np.abs(centred) <= 0.425, middle, tail))
