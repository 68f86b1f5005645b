"""One feature given any others, by Bayes' rule along one order of the model.

Of the features that are given, some come before the asked one in the order, and tell its prior by the conditional of
the model; the others come after it, and their conditionals are the likelihood of each of its values. So all
questions about the same features, whichever of them is asked, are answered by one distribution. Where that is a mixture
over several orders, the first of them tells the prior, and the likelihood is what makes that prior the mixture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from made_np.distributions.distribution import Distribution
from made_np.model.gaps import gap_patterns
from made_np.model.scoring import log_mean_exp
from made_np.normal import normal_cdf
from made_np.questions.limits import code_masses
from made_np.questions.quantiles import near_quantiles
from made_np.questions.subject import Subject
from made_np.typing import Bools, Floats, Ints

__all__ = ["Cells", "Codes", "posterior", "summed"]

N_CELLS = 128
FARTHEST = 7.0
"""Cells are placed on the scale of a standard normal, so that the tails of the prior have some too, so far out."""
ROUNDS = 3
"""So often the cells are placed anew, where the mass has been found."""
WITHIN = 8
"""The value that stands for a cell lies so near to its middle: within one part in so many of it."""
VALUES_AT_ONCE = 1 << 16


@dataclass(frozen=True, eq=False)
class Codes:
    """The posterior of a feature with finitely many values.

    Attributes
    ----------
    log_p : ndarray (n, K)
    log_evidence : ndarray (n,)
        Log of the likelihood, averaged over the prior.
    """

    log_p: Floats
    log_evidence: Floats


@dataclass(frozen=True, eq=False)
class Cells:
    """The posterior of a feature with a distribution function F: the prior, with a mass for each cell of ``u = F(z)``.

    Attributes
    ----------
    raw : ndarray (n, K)
        Raw outputs of the prior.
    edges : ndarray (n, Q + 1)
        Of the cells, from 0 to 1.
    masses : ndarray (n, Q)
        Of the cells in the posterior; each is spread as evenly over its u as the prior is.
    log_evidence : ndarray (n,)
    """

    raw: Floats
    edges: Floats
    masses: Floats
    log_evidence: Floats


def posterior(subject: Subject, feature: int, z: Floats) -> Codes | Cells:
    """Return the distribution of one feature given what is not NaN in each row of `z` (n, F), but for itself.

    Raises
    ------
    ValueError
        A model of fixed orders has none that the given features and this one lead.
    """
    output = subject.made.outputs.feature_outputs[feature]
    known = ~np.isnan(z)
    known[:, feature] = True
    parts = [
        (rows, _along(subject.take(rows), feature, output, z[rows], pattern)) for pattern, rows in gap_patterns(known)
    ]
    if not parts:
        empty = z.copy()
        return _along(subject, feature, output, empty, np.isin(np.arange(z.shape[1]), feature))
    if len(parts) == 1:
        return parts[0][1]
    back = np.argsort(np.concatenate([rows for rows, _ in parts]))
    return _stacked([part for _, part in parts], back)


def summed(subject: Subject, feature: int, z: Floats, known: Bools, n_draws: int | str) -> Codes:
    """Return the posterior of a feature with finitely many values, with all that is not known summed over.

    Parameters
    ----------
    subject : Subject
    feature : int
    z : ndarray (n, F)
    known : ndarray of bool (n, F)
        The feature itself is known in no row.
    n_draws : int or "auto"
        As `home_log_prob` takes it. All values of a row get the same draws of what is to be summed over.
    """
    output = subject.made.outputs.feature_outputs[feature]
    values = output.values(output.n_values or 0)
    k = len(values)
    each = np.repeat(z, k, axis=0)
    each[:, feature] = np.tile(values, len(z))
    asked = np.repeat(known, k, axis=0)
    asked[:, feature] = True
    joint = subject.repeat(k).summed_log_prob(each, asked, n_draws).reshape(-1, k)
    log_evidence = np.logaddexp.reduce(joint, axis=1)
    return Codes(joint - log_evidence[:, None], log_evidence)


def _along(subject: Subject, feature: int, output: Distribution, z: Floats, asked: Bools) -> Codes | Cells:
    """Return the posterior of rows in which the same features are known; of these and itself, `asked` (F,) says."""
    order = subject.order(asked)
    sequence = subject.sequence(order, asked)
    later = sequence[int(np.flatnonzero(sequence == feature)[0]) + 1 :]
    raw = subject.raw(z, order, feature)
    ways = subject.ways(order, asked)
    is_prior = not len(later) and len(ways) == 1
    if output.n_values is None:
        return _cells(subject, feature, output, z, raw, None if is_prior else later, ways)
    with np.errstate(divide="ignore"):
        log_p = np.log(code_masses(output, raw))
    if not is_prior:
        values = np.broadcast_to(output.values(output.n_values), log_p.shape)
        log_p = log_p + _log_likelihood(subject, feature, z, values, later, ways)
    top = log_p.max(axis=1, keepdims=True, initial=-np.inf)
    log_evidence = top + np.log(np.exp(log_p - top).sum(axis=1, keepdims=True))
    return Codes(log_p - log_evidence, log_evidence[:, 0])


def _log_likelihood(
    subject: Subject, feature: int, z: Floats, values: Floats, later: Ints, ways: list[int | Ints]
) -> Floats:
    """Return log p(later features), shape (n, K), where the feature has each of the `values` (n, K).

    Of a mixture of several `ways` it is log p(all that is given, and the value), less the prior of the value.
    """
    n, k = values.shape
    found = np.empty((n, k))
    step = max(1, VALUES_AT_ONCE // max(k, 1))
    for first in range(0, n, step):
        rows = slice(first, first + step)
        each = np.repeat(z[rows], k, axis=0)
        each[:, feature] = values[rows].ravel()
        asked = subject.take(rows).repeat(k)
        own = asked.log_probs(each, ways[0])
        log_p = own[:, later].sum(axis=1)
        if len(ways) > 1:
            others = [asked.log_probs(each, one).sum(axis=1) for one in ways[1:]]
            log_p = log_mean_exp(np.stack([own.sum(axis=1), *others])) - own[:, feature]
        found[rows] = log_p.reshape(-1, k)
    return found


def _cells(
    subject: Subject,
    feature: int,
    output: Distribution,
    z: Floats,
    raw: Floats,
    later: Ints | None,
    ways: list[int | Ints],
) -> Cells:
    """Return the posterior of a feature with a distribution function; without `later` features it is the prior."""
    n = len(z)
    if later is None:
        return Cells(raw, np.tile([0.0, 1.0], (n, 1)), np.ones((n, 1)), np.zeros(n))
    places = np.tile(np.linspace(-FARTHEST, FARTHEST, N_CELLS + 1), (n, 1))
    for last in range(ROUNDS):
        edges = normal_cdf(places)
        edges[:, 0] = 0.0
        edges[:, -1] = 1.0
        middles = normal_cdf((places[:, 1:] + places[:, :-1]) / 2)
        at = near_quantiles(output, raw, middles, np.diff(edges, axis=1) / WITHIN)
        with np.errstate(divide="ignore"):
            # The first way shows well enough where the mass is.
            own = ways if last == ROUNDS - 1 else ways[:1]
            log_masses = np.log(np.diff(edges, axis=1)) + _log_likelihood(subject, feature, z, at, later, own)
        top = log_masses.max(axis=1, keepdims=True, initial=-np.inf)
        masses = np.exp(log_masses - top)
        total = masses.sum(axis=1, keepdims=True)
        masses /= total
        if last < ROUNDS - 1:
            places = _placed(places, masses)
    return Cells(raw, edges, masses, (top + np.log(total))[:, 0])


def _placed(places: Floats, masses: Floats) -> Floats:
    """Return new edges: half of the cells go where the mass is, the others lie evenly between the farthest edges."""
    even = np.linspace(0.0, 1.0, N_CELLS + 1)
    shares = (masses + np.diff(places, axis=1) / (2 * FARTHEST)) / 2
    below = np.concatenate([np.zeros((len(masses), 1)), np.cumsum(shares, axis=1)], axis=1)
    found = [np.interp(even * sums[-1], sums, own) for sums, own in zip(below, places, strict=True)]
    return np.stack(found).reshape(places.shape) if found else places


def _stacked(parts: list[Codes | Cells], back: Ints) -> Codes | Cells:
    """Return the posteriors of all rows in their order."""
    codes = [part for part in parts if isinstance(part, Codes)]
    if codes:
        log_p = np.concatenate([part.log_p for part in codes])[back]
        return Codes(log_p, np.concatenate([part.log_evidence for part in codes])[back])
    cells = [_as_many(part) for part in parts if isinstance(part, Cells)]
    each = [np.concatenate([getattr(part, name) for part in cells])[back] for name in vars(cells[0])]
    return Cells(*each)


def _as_many(cells: Cells) -> Cells:
    """Return the same posterior in as many cells as others have."""
    if cells.masses.shape[1] == N_CELLS:
        return cells
    n = len(cells.raw)
    even = np.tile(np.linspace(0.0, 1.0, N_CELLS + 1), (n, 1))
    return Cells(cells.raw, even, np.full((n, N_CELLS), 1 / N_CELLS), cells.log_evidence)
