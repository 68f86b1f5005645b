"""How each value of a row fits the rest of it, in nats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from made_np.cells import Name, as_source
from made_np.masks.paths import leads, path_of
from made_np.model.gaps import check_gaps, gap_patterns
from made_np.questions.conditional import of_rows
from made_np.questions.filling import spread_of_gap
from made_np.questions.subject import Subject
from made_np.typing import Bools, Floats, Ints

__all__ = ["Explanation", "explain", "score_columns"]


class Explanation(NamedTuple):
    """How each value fits the rest of its row; all arrays are (n, D).

    Attributes
    ----------
    log_prob : ndarray
        log p(x_d | all others that are known), in nats; NaN at gaps.
    expected : ndarray
        What the others let expect, as numbers: of words and codes the likeliest, else the mean.
    rank : ndarray of int
        1 for the value that is furthest below what was likeliest there, in nats, 2 for the next; 0 at gaps.
    """

    log_prob: Floats
    expected: Floats
    rank: Ints


def score_columns(subject: Subject, x: Floats, name: Name = "X") -> Floats:
    """Return terms (n, D) that sum over columns to the log-probability of what is known in each row, in nats.

    Under one order they are log p(x_d | what is known before d). Of a mixture of K orders they are the means of such
    over orders, by how likely each finds the row, and what is left of the sum is shared out evenly. Columns that are
    one-hot together have their term at the first of them. Gaps have 0, and columns of context.
    """
    z = subject.columns.encode(x, name)
    subject = subject.told(x, name)
    terms = np.zeros(z.shape)
    for known, rows in gap_patterns(subject.columns.known(x, z)):
        asked = subject.take(rows)
        each = np.stack([asked.log_probs(z[rows], order) for order in _orders(subject, known)])
        sums = each.sum(axis=2)
        top = sums.max(axis=0)
        weights = np.exp(sums - top)
        mixture = top + np.log(weights.mean(axis=0))
        weights /= weights.sum(axis=0)
        means = (weights[:, :, None] * each).sum(axis=0)
        left = (mixture - means.sum(axis=1)) / max(int(known.sum()), 1)
        terms[rows] = np.where(known, means + left[:, None], 0.0)
    return _by_column(subject, x, terms)


def _orders(subject: Subject, known: Bools) -> Iterator[int | Ints]:
    """Yield the mask sets whose mixture scores rows in which these features are known."""
    made = subject.made
    order = subject.order(known)  # which raises where there is none
    if made.mask_sets.has_paths:
        yield from subject.ways(order, known)
        return
    for k in made.mask_sets.mixed:
        order = made.mask_sets[k].order
        if made.n_masks is not None:
            if leads(order, known):
                yield k
        elif k == 0 or known.any():
            yield k if known.all() else path_of(order, known)


def _by_column(subject: Subject, x: Floats, terms: Floats) -> Floats:
    """Return terms of features, with those of the codings, as terms of columns."""
    found = np.zeros(x.shape)
    logs = subject.columns.log_term(x)
    for feature, (start, _) in enumerate(subject.columns.spans):
        found[:, start] = terms[:, feature] + logs[:, feature]
    for d in subject.columns.constants:
        found[:, d] = subject.columns.each[d].log_term(x[:, d])
    return found


def explain(subject: Subject, x: Floats, name: Name = "X") -> Explanation:
    """Return how each value of rows of numbers `x` (n, D) fits what is known of the rest of its row.

    Columns that are one-hot together are left out together: each is expected from those of other groups. What is
    expected where a value is missing is exact, but for a model of fixed orders that has other gaps before it: see
    `impute`.

    Raises
    ------
    ValueError
        What is known leads in no order of the model.
    """
    source = as_source(name)
    z = subject.columns.encode(x, source)
    check_gaps(subject.made, ~np.isnan(z), subject.columns.label, source)
    subject = subject.told(x, name)
    log_prob = np.full(x.shape, np.nan)
    expected = np.full(x.shape, np.nan)
    lack = np.full(x.shape, np.nan)
    for d, feature in subject.feature_of.items():
        column = subject.columns.each[d]
        is_state = subject.literals.levels(d) is not None or subject.columns.features[feature].output.has_states  # type: ignore[union-attr]
        is_gap = np.isnan(z[:, feature])
        for rows in filter(len, (np.flatnonzero(~is_gap), np.flatnonzero(is_gap))):
            if is_gap[rows[0]]:
                spread = spread_of_gap(subject.take(rows), d, z[rows], source.take(rows))
            else:
                spread = of_rows(subject.take(rows), d, z[rows]).spread
            mode = spread.mode()
            expected[rows, d] = mode if is_state else spread.mean()
            own = spread.log_prob(x[rows, d])
            if column.other:
                own = np.where(column.unknown(x[rows, d]), column.log_term(x[rows, d]), own + np.log1p(-column.other))
            log_prob[rows, d] = own
            lack[rows, d] = own - spread.log_prob(mode)
    log_prob[np.isnan(x)] = np.nan
    lack[np.isnan(x)] = np.nan
    order = np.argsort(np.where(np.isnan(lack), np.inf, lack), axis=1, kind="stable")
    rank = np.empty(x.shape, dtype=np.int64)
    np.put_along_axis(rank, order, np.arange(1, x.shape[1] + 1)[None], axis=1)
    rank[np.isnan(lack)] = 0
    return Explanation(log_prob, expected, rank)
