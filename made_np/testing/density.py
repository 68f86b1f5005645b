"""Does it sum to one?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from .answers import WrongAnswer, as_answer
from .arrays import as_features
from .compare import Floats, Ints, call_line, callable_name, seed_of
from .points import Interval, Support, columns_of
from .report import Failure, Report, number
from .values import as_callable, as_number, show

MOST_ROWS = 2**22
CHUNK = 2**14
PANELS = 32
NODES = 16


def check_normalised(
    log_prob: Callable[[Floats], Any],
    n_features: int,
    *,
    support: Support = (0, 1),
    atol: float = 1e-9,
    rng: int | np.random.Generator = 0,
) -> Report:
    r"""Add up ``exp(log_prob(x))`` over every possible x and compare the sum with 1.

    Discrete columns are enumerated; up to two continuous ones are integrated by Gauss-Legendre
    quadrature (32 panels of 16 nodes each, and again with half as many panels: if the two differ by
    more than atol, the report says so). The rule is :math:`|\sum_x p(x) - 1| \le atol`; besides, no
    log-probability may be NaN or plus infinity, nor above 0 where all columns are discrete.

    It is the strongest single check of a density: no leak survives it but one that is a density of
    another kind, and averages of logits or of log-probabilities over several orders fail it.

    Parameters
    ----------
    log_prob : callable
        (B, D) -> (B,), in nats.
    n_features : int
        D.
    support : optional
        The values of every column, or a list with the values, or an `Interval`, of each.
    atol : float
        See the rule. With float32 inside, 1e-5.
    rng : int or Generator
        Nothing is drawn; accepted so that all checks are called alike.

    Raises
    ------
    TypeError, ValueError
        If there are more than 4 million rows to add up, or more than two continuous columns, or for a bad option.

    Examples
    --------
    >>> import numpy as np
    >>> fair = np.log(0.5)
    >>> check_normalised(lambda x: np.full(len(x), 3 * fair), 3).ok
    True
    >>> print(check_normalised(lambda x: np.full(len(x), fair), 3).failures[0].got)
    4.0
    >>> def gaussian(x):
    ...     return -0.5 * x[:, 0] ** 2 - 0.5 * np.log(2 * np.pi)
    >>> check_normalised(gaussian, 1, support=Interval(-9, 9)).ok
    True
    """
    as_callable(log_prob, "log_prob", "x -> nats")
    n_features = as_features(n_features)
    columns = columns_of(support, n_features)
    atol = as_number(atol, "atol", "[0, inf)")
    intervals = sum(isinstance(column, Interval) for column in columns)
    n_rows = grid_size(columns)
    if intervals > 2 or n_rows > MOST_ROWS:
        raise ValueError(
            f"support: {show(n_rows)} rows and {intervals} continuous columns are too many to add up; check a smaller "
            "model of the same kind"
        )
    line = call_line("check_normalised", callable_name(log_prob, "log_prob"), str(n_features), atol=atol)
    rule = f"|sum of p(x) - 1| <= {atol:g}"
    base = Report("check_normalised", rule=rule, seed=seed_of(rng), reproduce=line)
    try:
        fine = _Sum.over(log_prob, columns, PANELS)
        coarse = _Sum.over(log_prob, columns, PANELS // 2) if intervals else None
    except WrongAnswer as wrong:
        return wrong.report(base.but(n_checked=n_rows))
    failures = _failures(fine, coarse, atol)
    settled = coarse is None or abs(coarse.total - fine.total) <= max(atol, 1e-12)
    hint = "p(x) is narrow, jumps, or reaches beyond the interval"
    if settled:
        hint = _hint(fine, n_features, real=intervals > 0)
    return base.but(
        failures=tuple(failures),
        n_failed=len(failures),
        n_checked=n_rows,
        n_exercised=int(np.sum(fine.values > -np.inf)),
        worst_error=abs(fine.total - 1),
        worst_where="the total",
        hint=hint if failures else "",
        notes=(f"with half as many panels the integral is {number(coarse.total)}",) if coarse else (),
    )


def grid_size(columns: list[Interval | Floats]) -> int:
    """Rows that `check_normalised` adds up: the points of every real column times the values of every other.

    >>> grid_size([Interval(-1, 1), np.array([0.0, 1.0])])
    1024
    """
    return prod(PANELS * NODES if isinstance(column, Interval) else len(column) for column in columns)


def _failures(fine: _Sum, coarse: _Sum | None, atol: float) -> list[Failure]:
    failures = []
    error = abs(fine.total - 1)
    if not error <= atol:
        what = "sum of p(x)" if coarse is None else "integral of p(x)"
        failures.append(Failure(what, fine.total, 1.0, error))
    top = float(fine.values.max())
    if coarse is None and top > atol:
        failures.append(Failure("largest log_prob", top, "at most 0", top))
    return failures


@dataclass(frozen=True)
class _Sum:
    """log_prob on a grid of every x, with the weight of each point."""

    values: Floats
    weights: Floats

    @property
    def total(self) -> float:
        return self.of(self.values)

    def of(self, values: Floats) -> float:
        """What the probabilities would add up to, were these their logarithms."""
        with np.errstate(all="ignore"):
            return float(np.sum(self.weights * np.exp(values)))

    @staticmethod
    def over(log_prob: Callable[[Floats], Any], columns: list[Interval | Floats], panels: int) -> _Sum:
        axes = [_nodes(column, panels) for column in columns]
        shape = [len(points) for points, _ in axes]
        values = np.zeros(prod(shape))
        weights = np.ones(prod(shape))
        for start in range(0, len(values), CHUNK):
            part = slice(start, min(start + CHUNK, len(values)))
            places = _places(np.arange(part.start, part.stop), shape)
            rows = np.stack([axis[0][place] for axis, place in zip(axes, places, strict=True)], axis=1)
            values[part] = _answers(log_prob, rows)
            for axis, place in zip(axes, places, strict=True):
                weights[part] *= axis[1][place]
        return _Sum(values, weights)


def _nodes(column: Interval | Floats, panels: int) -> tuple[Floats, Floats]:
    """Points of one column and the weight of each."""
    if not isinstance(column, Interval):
        return column, np.ones(len(column))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    edges = np.linspace(column.low, column.high, panels + 1)
    half = (column.high - column.low) / panels / 2
    points = (edges[:-1, None] + half) + half * nodes
    return points.ravel(), np.tile(half * weights, panels)


def _places(row: Ints, shape: list[int]) -> list[Ints]:
    """Of each row of the grid its place on each axis; `numpy.unravel_index` knows no more than 32 axes."""
    places = []
    for n in reversed(shape):
        places.append(row % n)
        row = row // n
    return places[::-1]


def _answers(log_prob: Callable[[Floats], Any], rows: Floats) -> Floats:
    """Logarithms of the probabilities of these rows; a `WrongAnswer` if one cannot be added up."""
    hint = "one number per row, summed over features"
    got = as_answer(log_prob(rows.copy()), "log_prob(x)", (len(rows),), hint).astype(np.float64)
    wrong = np.isnan(got) | (got == np.inf)
    if wrong.any():
        k = int(np.argmax(wrong))
        raise WrongAnswer(Failure(f"log_prob({rows[k].tolist()})", float(got[k]), "a number below infinity"))
    return got


def _hint(found: _Sum, n_features: int, *, real: bool) -> str:
    """What the sum would be, had log_prob meant something else."""

    def is_one(factor: float) -> bool:
        with np.errstate(all="ignore"):
            return abs(found.of(found.values * factor) - 1) < 1e-6

    if is_one(np.log(2)):
        return "it is normalised in bits: log_prob must be in nats (natural logarithm)"
    if is_one(-1):
        return "it is normalised with the sign flipped: this is the negative log-likelihood"
    if n_features > 1 and is_one(n_features):
        return "it is normalised when multiplied by D: the mean over features was taken, not the sum"
    # A leak, and averaged logits, put the sum on either side of 1: one number does not tell them apart.
    leak = "a leak (check_autoregressive tells)"
    if found.total > 1:
        return f"above 1: {leak}, averaged logits of several orders, or a missing term?"
    outside = ", or mass beyond the interval" if real else ""
    return f"below 1: {leak}, averaged logits or log-probabilities of several orders, or a term counted twice{outside}?"
