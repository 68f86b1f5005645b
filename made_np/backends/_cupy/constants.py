"""The numbers that kernels share with the rest of made_np, as C text: so each is written once."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from math import log, pi

import numpy as np

from made_np.distributions import logistic_sum
from made_np.distributions.mixtures import (
    BROAD_BITS,
    BROAD_FAR,
    BROAD_KNOTS,
    SPARE_BITS,
    MixtureOfGaussians,
    MixtureOfLogistics,
)
from made_np.distributions.plain import LOG_LIMIT, MOST_DOUBLE, MOST_SINGLE
from made_np.layers import LEAK, SELU_ALPHA, SELU_SCALE
from made_np.normal import CENTRE, FAR_TAIL, FARTHEST, MILLS, TAIL
from made_np.typing import Array

__all__ = ["constants"]

REALS = {
    "LEAK": LEAK,
    "SELU_ALPHA": SELU_ALPHA,
    "SELU_SCALE": SELU_SCALE,
    "LOG_LIMIT": LOG_LIMIT,
    "HALF_LOG_2PI": log(2 * pi) / 2,
    "BROAD_FAR": BROAD_FAR,
}
"""Numbers in the dtype of the program, by the name that kernels call them."""
DOUBLES = {
    "FARTHEST": FARTHEST,
    "MOST_SINGLE": MOST_SINGLE,
    "MOST_DOUBLE": MOST_DOUBLE,
    "WIDEST": sys.float_info.max,
    "WIDEST_SINGLE": float(np.finfo(np.float32).max),
    "GAUSSIAN_REACH": MixtureOfGaussians.reach,
    "LOGISTIC_REACH": MixtureOfLogistics.reach,
    "BROADEST": BROAD_KNOTS[-1],
    "NARROW": logistic_sum.NARROW,
    "CURVE_REACH": logistic_sum.REACH,
}
"""In double precision, whatever that dtype is."""
COUNTS = {"SPARE_BITS": SPARE_BITS, "BROAD_BITS": BROAD_BITS, "N_CORRECTIONS": len(logistic_sum.MIDPOINT)}


def constants() -> str:
    """Return macros for single numbers, and arrays of double precision for coefficients, highest power first.

    Examples
    --------
    >>> constants().splitlines()[0]
    '#define LEAK ((real)0.01)'
    """
    lines = [f"#define {name} ((real){float(number)!r})" for name, number in REALS.items()]
    lines += [f"#define {name} {float(number)!r}" for name, number in DOUBLES.items()]
    lines += [f"#define {name} {number}" for name, number in COUNTS.items()]
    lines += [_array("MILLS", MILLS), _array("MIDPOINT", logistic_sum.MIDPOINT)]
    lines += [_matrix(name, rows) for name, rows in (("CENTRE", CENTRE), ("TAIL", TAIL), ("FAR_TAIL", FAR_TAIL))]
    lines.append(_matrix("DERIVATIVES", [each.coef[::-1] for each in logistic_sum.DERIVATIVES]))
    return "\n".join(lines) + "\n"


def _array(name: str, numbers: Iterable[float]) -> str:
    """Return the declaration of an array."""
    return f"__device__ const double {name}[] = {_listed(numbers)};"


def _matrix(name: str, rows: Sequence[Sequence[float] | Array]) -> str:
    """Return the declaration of an array of rows; shorter ones begin with zeros, for powers that they do not have."""
    width = max(len(row) for row in rows)
    filled = [_listed([0.0] * (width - len(row)) + list(row)) for row in rows]
    return f"__device__ const double {name}[][{width}] = {{{', '.join(filled)}}};"


def _listed(numbers: Iterable[float]) -> str:
    """Return numbers as C lists them, with all their digits."""
    return f"{{{', '.join(repr(float(number)) for number in numbers)}}}"
