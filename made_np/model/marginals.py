"""The marginal of what is known in a row under home itself, to any accuracy that is paid for.

`observed_log_prob` scores a row with gaps by one pass of a network that has learned to be told less. What it learned
agrees only nearly with the sum of home over the gaps, so two questions about overlapping columns contradict each other
a little. Here that sum is taken, by draws: the path of what is known fills the gaps, and each completion z counts by
how much likelier home finds it than the path does::

    p(known) = E_z[p_home(known, z) / q(z given known)]    z drawn from q, the path

This is unbiased for whatever the network has learned, and the nearer both are, the less it scatters. The uniform
numbers that decide a feature are spread over the draws, one in each of `n_draws` equal parts of [0, 1) (McKay, Beckman
and Conover 1979), so that what a single feature makes of the ratio hardly scatters at all. Gaps behind all that is
known in home order cancel out: they are neither drawn nor scored. Of several homes it is the mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from made_np.cells import Name
from made_np.model.gaps import gap_patterns
from made_np.typing import Array, Bools, Ints
from made_np.validation import undrawn
from made_np.values import as_count, as_generator

if TYPE_CHECKING:
    from made_np.model.made import MADE

__all__ = ["home_log_prob"]

Doubles = NDArray[np.float64]

AT_ONCE = 1 << 21
"""Numbers that a layer holds for the completions that are drawn together."""


def home_log_prob(
    made: MADE,
    theta: Array,
    x: Any,
    n_draws: int = 32,
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
        NaN where a feature is not known. Where the known features lead in home order there is nothing to be drawn, and
        the standard error is 0.
    n_draws : int
        Completions of each row, for each home. The error falls with the root of their number. It is that of draws
        that know nothing of each other, which is at least as large as that of these.
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
    >>> log_prob, error = home_log_prob(made, theta, [[np.nan, 1, 1]], 1000)
    >>> bool(abs(log_prob[0] - np.log(both)) < 4 * error[0])
    True
    """
    theta = made.hold(theta)
    n_draws = as_count(n_draws, "n_draws", 2)
    rows = made.check_rows(x, name, gaps=True)
    y = made.check_context(context, len(rows))
    asked = ~np.isnan(rows) if known is None else known
    generator = as_generator(rng)
    with undrawn(generator):
        made.mask_sets.for_known(np.ones(made.n_features, dtype=bool))  # which only a model with paths has
        uniforms = _spread(n_draws, made.n_features, generator)
    log_prob = np.empty(len(rows))
    error = np.empty(len(rows))
    step = max(1, AT_ONCE // (n_draws * max(made.network.n_inputs, made.outputs.n_raw, *made.hidden)))
    for pattern, members in gap_patterns(asked):
        for first in range(0, len(members), step):
            some = members[first : first + step]
            given = rows[some], None if y is None else y[some]
            homes = [_mean_of(_log_ratios(made, theta, *given, pattern, uniforms, k)) for k in range(made.n_mixed)]
            log_prob[some], error[some] = _mixed(*map(np.array, zip(*homes, strict=True)))
    return log_prob, error


def _spread(n: int, n_features: int, rng: np.random.Generator) -> Doubles:
    """Return uniform numbers (n, D), in each column one from each of n equal parts of [0, 1), in random order."""
    places = rng.permuted(np.tile(np.arange(n), (n_features, 1)), axis=1).T
    return np.asarray(np.minimum((places + rng.random((n, n_features))) / n, np.nextafter(1.0, 0.0)))


def _log_ratios(
    made: MADE, theta: Array, x: Array, y: Array | None, known: Bools, uniforms: Array, home: int
) -> Doubles:
    """Return log of p_home(known, z) / q(z given known) for each row and draw, (n, n_draws); (n, 1) without draws."""
    at_home = made.bound[made.mask_sets.mixed[home]]
    within = _within(at_home.mask_set.order, known)
    if (known == within).all():
        return -at_home.row_nll(theta, x, y)[:, None].astype(np.float64)
    n = len(x)
    k = len(uniforms)
    path = made.bound.for_known(known, home)
    told = within & ~(known & np.isnan(x))
    given = np.repeat(np.where(told, x, x.dtype.type(np.inf)), k, axis=0)  # inf: neither drawn nor told
    own = None if y is None else np.repeat(y, k, axis=0)
    z = path.sample(theta, np.tile(uniforms, (n, 1)), given, own)
    q = path.nll(theta, z, own)[:, within & ~known].sum(axis=1, dtype=np.float64)
    return (q - at_home.row_nll(theta, z, own)).reshape(n, k)


def _within(home: Ints, known: Bools) -> Bools:
    """Return which features (D,) are known, or are gaps that something known follows in home order."""
    within = np.zeros(len(home), dtype=bool)
    places = np.flatnonzero(known[home])
    within[home[: places[-1] + 1 if len(places) else 0]] = True
    return within


def _mean_of(ratios: Doubles) -> tuple[Doubles, Doubles]:
    """Return ``log mean exp`` over each row, and its standard error: that of the mean, divided by the mean."""
    top = ratios.max(axis=1)
    shares = np.exp(ratios - top[:, None])
    mean = shares.mean(axis=1)
    n = ratios.shape[1]
    error = shares.std(axis=1, ddof=1) / (np.sqrt(n) * mean) if n > 1 else np.zeros(len(ratios))
    return top + np.log(mean), error


def _mixed(log_probs: Doubles, errors: Doubles) -> tuple[Doubles, Doubles]:
    """Return the log of the mean over homes (k, n) of p, with its standard error, where each home has its own."""
    top = log_probs.max(axis=0)
    shares = np.exp(log_probs - top)
    total = shares.sum(axis=0)
    return top + np.log(total / len(shares)), np.sqrt(((shares * errors) ** 2).sum(axis=0)) / total
