"""The marginal of what is known in a row under home itself, to any accuracy that is paid for.

`observed_log_prob` scores a row with gaps by one pass of a network that has learned to be told less. What it learned
agrees only nearly with the sum of home over the gaps, so two questions about overlapping columns contradict each other
a little. Here that sum is taken. Gaps behind all that is known in home order cancel out: they are neither drawn nor
scored. Where the others have few states together, all of them are added up. Else it is done by draws: each completion
z of a row counts by how much likelier home finds it than it was to be drawn::

    p(known) = E_z[p_home(known, z) / q(z given known)]    z drawn from q

This is unbiased for whatever the network has learned, and the nearer q is to home, the less it scatters. Where all gaps
have few values each, they are drawn one after the other in home order, and each is *guided* by all that is known, by
Bayes' rule: a value is as likely as it, what was drawn before and all that is known are together, by one pass at home
for each of them. The ratio then is the product, over gaps, of what the answers of one pass contradict each other by.
Other gaps, such as real numbers, are drawn along the path of what is known.

The uniform numbers that decide a feature are spread over the draws, one in each of `n_draws` equal parts of [0, 1)
(McKay, Beckman and Conover 1979), so that what a single feature makes of the ratio hardly scatters at all. Some rows
need more draws than others: "auto" doubles those of a row until its own standard error is small. Of several homes it is
the mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from made_np.backends.bound import Bound
from made_np.cells import Name
from made_np.distributions.distribution import Distribution
from made_np.model.gaps import gap_patterns
from made_np.typing import Array, Bools, Ints
from made_np.validation import undrawn
from made_np.values import as_choice, as_count, as_generator

if TYPE_CHECKING:
    from made_np.model.made import MADE

__all__ = ["as_draws", "home_log_prob"]

Doubles = NDArray[np.float64]

AUTO = "auto"
AT_ONCE = 1 << 21
"""Numbers that a layer holds for the completions that are scored together."""
GUIDED = 16, 1 << 10
ON_PATH = 256, 1 << 14
ENOUGH = 0.03
"""Where nothing is said of them, each row gets so many draws, then twice as many each time while its standard error is
above the last number, in nats, up to so many.
"""
UNSEEN = 0.05
"""What is rarer than one in all draws may not have come up, and weigh otherwise: it counts as one draw that is off by
so much.
"""
STATES = 1 << 10
"""Gaps with at most so many states together are added up: that costs no more than draws would."""
VALUES = 1 << 9
"""Gaps with at most so many values each are drawn by what home says of each of them."""


def home_log_prob(
    made: MADE,
    theta: Array,
    x: Any,
    n_draws: int | str = "auto",
    *,
    known: Bools | None = None,
    context: Any = None,
    rng: int | np.random.Generator = 0,
    name: Name = "x",
) -> tuple[Doubles, Doubles]:
    """Return log p of what is known in each row under home, in nats, with its standard error: twice (n,).

    Parameters
    ----------
    made : MADE
        A model with paths (``n_masks=None``, and an `order` that is not "random").
    theta : ndarray, shape (P,)
    x : array (n, D)
        NaN where a feature is not known. Where the known features lead in home order, or the gaps between them have few
        states (at most 1024 together), nothing is drawn, and the standard error is 0.
    n_draws : int or "auto"
        Completions of each row, for each home. The error falls with the root of their number. It is that of draws
        that know nothing of each other, which is at least as large as that of these, with .05 / n for what none of n
        draws has met. "auto": 16, then twice as many
        each time for the rows whose error is above .03 nats, up to 1024; 256 and up to 16 384 for rows whose gaps are
        drawn along a path, since they are real numbers, or have more than 512 values.
    known : ndarray of bool, shape (n, D), optional
        What counts as known; by default, what is not NaN in `x`. What is known and NaN is not told to the network, and
        costs nothing (see `observed_log_prob`).
    context : array (n, C) or (C,), optional
        For a model with ``n_context``.
    rng : int or numpy.random.Generator
        All rows get the same uniform numbers, so that questions about one row differ by less than their errors.
    name : str or Source
        What messages call the rows.

    Raises
    ------
    ValueError, TypeError
        The model has no paths, or an argument that cannot be meant.

    Examples
    --------
    >>> from made_np.model.made import MADE
    >>> made = MADE(3, hidden=(8,), n_masks=None, dtype="float64")
    >>> theta = made.init(rng=0)
    >>> both = np.exp(made.log_prob(theta, [[0, 1, 1], [1, 1, 1]])).sum()
    >>> log_prob, error = home_log_prob(made, theta, [[np.nan, 1, 1]])
    >>> bool(np.isclose(log_prob[0], np.log(both))), float(error[0])
    (True, 0.0)
    """
    theta = made.hold(theta)
    n_draws = as_draws(n_draws)
    rows = made.check_rows(x, name, gaps=True)
    y = made.check_context(context, len(rows))
    asked = ~np.isnan(rows) if known is None else known
    generator = as_generator(rng)
    with undrawn(generator):
        made.mask_sets.for_known(np.ones(made.n_features, dtype=bool))  # which only a model with paths has
        seed = int(generator.integers(1 << 62))
    log_prob = np.empty(len(rows))
    error = np.empty(len(rows))
    for pattern, members in gap_patterns(asked):
        plan = [_Sum.of(made, theta, pattern, k) for k in range(made.n_mixed)]
        draws = _Draws.of(n_draws, all(each.is_guided for each in plan), made.n_features, seed)
        step = max(1, _at_once(made) // draws.first)
        for first in range(0, len(members), step):
            some = members[first : first + step]
            log_prob[some], error[some] = _mean(plan, rows[some], None if y is None else y[some], draws)
    return log_prob, error


def as_draws(value: Any) -> Any:
    """Return `value` if it can be meant as `n_draws` of a sum over gaps: a count of at least 2, or "auto"."""
    if isinstance(value, str):
        return as_choice(value, "n_draws", (AUTO,))
    return as_count(value, "n_draws", 2)


def _at_once(made: MADE) -> int:
    """Return how many rows may be scored together."""
    return max(1, AT_ONCE // max(made.network.n_inputs, made.outputs.n_raw, *made.hidden))


@dataclass(frozen=True)
class _Draws:
    """How many completions a row gets, and the uniform numbers that decide them.

    Attributes
    ----------
    first, most : int
        Draws of a row to begin with, and at most.
    enough : float
        The standard error at which there are no more, in nats.
    n_features : int
    seed : int
    """

    first: int
    most: int
    enough: float
    n_features: int
    seed: int

    @classmethod
    def of(cls, n_draws: int | str, is_guided: bool, n_features: int, seed: int) -> _Draws:
        """Return those of an argument."""
        if isinstance(n_draws, str):
            return cls(*(GUIDED if is_guided else ON_PATH), ENOUGH, n_features, seed)
        return cls(n_draws, n_draws, np.inf, n_features, seed)

    def rounds(self) -> Iterator[list[Doubles]]:
        """Yield uniform numbers, each (first, D): one array of them, then always as many as there were before."""
        end = 1
        while end * self.first <= self.most:
            begin = end // 2
            yield [
                _spread(self.first, self.n_features, np.random.default_rng([self.seed, k])) for k in range(begin, end)
            ]
            end *= 2


def _mean(plan: list[_Sum], x: Array, y: Array | None, draws: _Draws) -> tuple[Doubles, Doubles]:
    """Return log p with its standard error, of rows in which the same is known; each row stops when it is sure."""
    log_prob = np.empty(len(x))
    error = np.empty(len(x))
    n_draws = np.empty(len(x))
    rows = np.arange(len(x))
    ratios = np.empty((len(plan), len(x), 0))
    for batches in draws.rounds():
        for uniforms in batches:
            homes = [each.log_ratios(x[rows], None if y is None else y[rows], uniforms) for each in plan]
            ratios = np.concatenate([ratios, np.stack(np.broadcast_arrays(*homes))], axis=2)
        log_prob[rows], error[rows] = _mixed(*_mean_of(ratios))
        n_draws[rows] = ratios.shape[2]
        is_open = error[rows] > draws.enough
        rows = rows[is_open]
        ratios = ratios[:, is_open]
        if not len(rows):
            break
    return log_prob, np.where(n_draws > 1, np.hypot(error, UNSEEN / n_draws), 0.0)


def _spread(n: int, n_features: int, rng: np.random.Generator) -> Doubles:
    """Return uniform numbers (n, D), in each column one from each of n equal parts of [0, 1), in random order."""
    places = rng.permuted(np.tile(np.arange(n), (n_features, 1)), axis=1).T
    return np.asarray(np.minimum((places + rng.random((n, n_features))) / n, np.nextafter(1.0, 0.0)))


@dataclass(frozen=True)
class _Sum:
    """How home is summed over the gaps of rows in which the same features are known.

    Attributes
    ----------
    made : MADE
    theta : ndarray, shape (P,)
    known : ndarray of bool, shape (D,)
    k : int
        Which of the homes it is.
    within : ndarray of bool, shape (D,)
        What is known, and the gaps that something known follows.
    gaps : ndarray of int
        The latter, in home order.
    outputs : list of Distribution
        Of these.
    """

    made: MADE
    theta: Array
    known: Bools
    k: int
    within: Bools
    gaps: Ints
    outputs: list[Distribution]

    @classmethod
    def of(cls, made: MADE, theta: Array, known: Bools, k: int) -> _Sum:
        """Return that of one of the homes."""
        order = made.mask_sets[made.mask_sets.mixed[k]].order
        within = _within(order, known)
        gaps = order[(within & ~known)[order]]
        return cls(made, theta, known, k, within, gaps, [made.outputs.feature_outputs[d] for d in gaps])

    @property
    def home(self) -> Bound:
        """The network at home."""
        return self.made.bound[self.made.mask_sets.mixed[self.k]]

    @property
    def is_guided(self) -> bool:
        """Whether gaps are drawn by what home says of each of their values."""
        return all((output.n_values or VALUES + 1) <= VALUES for output in self.outputs)

    def log_ratios(self, x: Array, y: Array | None, uniforms: Array) -> Doubles:
        """Return log of p_home(known, z) / q(z given known) for each row and draw, (n, k); (n, 1) without draws."""
        x = np.where(self.known, x, x.dtype.type(np.nan))
        if prod(output.n_values or STATES + 1 for output in self.outputs) <= STATES:
            states = np.array(list(product(*map(_values, self.outputs))))
            return np.logaddexp.reduce(self._log_prob(x, y, self.gaps, states), axis=1, keepdims=True)
        return self._guided(x, y, uniforms) if self.is_guided else self._on_path(x, y, uniforms)

    def _log_prob(self, x: Array, y: Array | None, features: Ints, states: Array) -> Doubles:
        """Return log p at home of each row with each of the `states` (k, f) of some features, shape (n, k)."""
        k = len(states)
        log_p = np.empty(len(x) * k)
        step = _at_once(self.made)
        for first in range(0, len(log_p), step):
            each = np.arange(first, min(first + step, len(log_p)))
            z = x[each // k]
            z[:, features] = states[each % k]
            log_p[each] = -self.home.row_nll(self.theta, z, None if y is None else y[each // k])
        return log_p.reshape(-1, k)

    def _guided(self, x: Array, y: Array | None, uniforms: Array) -> Doubles:
        """Return the ratios where each gap is drawn by Bayes' rule at home; draws that are alike so far share it."""
        n = len(x)
        alike = np.repeat(np.arange(n), len(uniforms))
        log_q: Doubles = np.zeros(len(alike))
        log_joint = log_q
        for feature, output in zip(self.gaps, self.outputs, strict=True):
            values = _values(output)
            log_p = self._log_prob(x, y, np.array([feature]), values[:, None])
            top = log_p.max(axis=1)
            below = np.exp(log_p - top[:, None]).cumsum(axis=1)
            total = below[:, -1]
            u = np.minimum(np.tile(uniforms[:, feature], n), 1 - 1e-12) * total[alike]
            code = (below[alike] <= u[:, None]).sum(axis=1)
            log_joint = log_p[alike, code]
            log_q += log_joint - top[alike] - np.log(total[alike])
            key, alike = np.unique(alike * len(values) + code, return_inverse=True)
            before = key // len(values)
            x = x[before]
            x[:, feature] = values[key % len(values)]
            y = None if y is None else y[before]
        return (log_joint - log_q).reshape(n, -1)

    def _on_path(self, x: Array, y: Array | None, uniforms: Array) -> Doubles:
        """Return the ratios where gaps are drawn along the path of what is known."""
        n = len(x)
        k = len(uniforms)
        path = self.made.bound.for_known(self.known, self.k)
        told = self.within & ~(self.known & np.isnan(x))
        given = np.repeat(np.where(told, x, x.dtype.type(np.inf)), k, axis=0)  # inf: neither drawn nor told
        own = None if y is None else np.repeat(y, k, axis=0)
        z = path.sample(self.theta, np.tile(uniforms, (n, 1)), given, own)
        q = path.nll(self.theta, z, own)[:, self.gaps].sum(axis=1, dtype=np.float64)
        return (q - self.home.row_nll(self.theta, z, own)).reshape(n, k)


def _values(output: Distribution) -> Doubles:
    """Return all values of a distribution with finitely many."""
    return np.asarray(output.values(output.n_values or 0), dtype=np.float64)


def _within(home: Ints, known: Bools) -> Bools:
    """Return which features (D,) are known, or are gaps that something known follows in home order."""
    within = np.zeros(len(home), dtype=bool)
    places = np.flatnonzero(known[home])
    within[home[: places[-1] + 1 if len(places) else 0]] = True
    return within


def _mean_of(ratios: Doubles) -> tuple[Doubles, Doubles]:
    """Return ``log mean exp`` along the last axis, and its standard error: that of the mean, divided by the mean."""
    top = ratios.max(axis=-1)
    shares = np.exp(ratios - top[..., None])
    mean = shares.mean(axis=-1)
    n = ratios.shape[-1]
    error = shares.std(axis=-1, ddof=1) / (np.sqrt(n) * mean) if n > 1 else np.zeros(top.shape)
    return top + np.log(mean), error


def _mixed(log_probs: Doubles, errors: Doubles) -> tuple[Doubles, Doubles]:
    """Return the log of the mean over homes (k, n) of p, with its standard error, where each home has its own."""
    top = log_probs.max(axis=0)
    shares = np.exp(log_probs - top)
    total = shares.sum(axis=0)
    return top + np.log(total / len(shares)), np.sqrt(((shares * errors) ** 2).sum(axis=0)) / total
