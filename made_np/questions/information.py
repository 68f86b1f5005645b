"""Entropy, mutual information: how uncertain columns are, what some of them say of others, in nats.

All of these are means of sums of log p(some columns, what is given). Where the columns have few values in all, their
joint table is summed; else the mean is that over rows drawn from the model, and has a standard error.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from functools import reduce
from itertools import product
from typing import Any

import numpy as np

from made_np.model.scoring import log_mean_exp
from made_np.questions.conditions import ALWAYS, Condition
from made_np.questions.contexts import under
from made_np.questions.given import draw_given, propose_rest
from made_np.questions.predicates import as_condition
from made_np.questions.sampling import sample_of
from made_np.questions.subject import Subject
from made_np.typing import Floats
from made_np.values import show

__all__ = ["entropy", "mutual_information"]

N_ROWS = 1 << 13
REPEATS = 16
"""So many draws are averaged for the mass of a range that is given and not among the columns."""
FEW = 1 << 14
"""A joint table of so many values is summed."""
FEW_COUNTED = 1 << 11
"""One that is counted in the sample may have so many: the rest has an error of about its size by twice the rows."""
PARTS = (np.arange(64) + 0.5) / 64

INFORMATION = 4
"""What is drawn, by its own generator."""

Features = frozenset[int]


def entropy(subject: Subject, columns: Any = None, given: Any = None) -> tuple[float, float]:
    """Return the entropy of some columns, H = -E log p, in nats, with its standard error.

    Of real columns it is the differential entropy in their units.

    Parameters
    ----------
    subject : Subject
    columns : str, int, or a list of these; optional
        Names or places. None: all that are not given.
    given : dict or str, or a list of columns; optional
        A condition: the entropy of rows that hold it. Columns: the mean entropy given their values, H(columns | given).

    Raises
    ------
    ValueError, TypeError
        No such columns, or a condition without mass.
    """
    subject, event, assumed = _given(subject, given)
    if columns is None:
        asked = frozenset(range(subject.made.n_features)) - assumed
    else:
        asked = _features(subject, columns, "columns")
    return _mean(subject, event, [(asked | assumed, -1), (assumed, 1)])


def mutual_information(subject: Subject, a: Any, b: Any, given: Any = None) -> tuple[float, float]:
    """Return what columns `a` say of columns `b`, I = H(a) + H(b) - H(a, b), in nats, with its standard error.

    Parameters
    ----------
    subject : Subject
    a, b : str, int, or lists of these
        Names or places of columns.
    given : dict or str, or a list of columns; optional
        As in `entropy`.
    """
    subject, event, assumed = _given(subject, given)
    one = _features(subject, a, "a") | assumed
    two = _features(subject, b, "b") | assumed
    return _mean(subject, event, [(one | two, 1), (assumed, 1), (one, -1), (two, -1)])


def _given(subject: Subject, given: Any) -> tuple[Subject, Condition, Features]:
    """Return the subject under the context that is given, what else is as a condition, and columns whose values are."""
    is_columns = isinstance(given, (str, int)) and given in subject.literals.names
    if given is None or (isinstance(given, (str, Mapping, Condition)) and not is_columns):
        own, event, _ = under(subject, as_condition(given, subject.literals, "given"))
        return own, event, frozenset()
    return under(subject, ALWAYS)[0], ALWAYS, _features(subject, given, "given")


def _features(subject: Subject, columns: Any, name: str) -> Features:
    """Return the features that some columns belong to."""
    is_one = isinstance(columns, (str, int, np.integer))
    if not is_one and (not isinstance(columns, Collection) or (isinstance(columns, np.ndarray) and not columns.ndim)):
        raise TypeError(f"{name}={show(columns)} is a {type(columns).__name__}: name a column, or give a list of names")
    places = [subject.literals.column(key, name) for key in ([columns] if is_one else columns)]
    return frozenset(subject.feature_of[d] for d in places if d in subject.feature_of)


def _mean(subject: Subject, event: Condition, parts: list[tuple[Features, int]]) -> tuple[float, float]:
    """Return the mean of the sum of ``sign * log p(features, event)``, over rows that hold the event."""
    everything: Features = reduce(frozenset.union, (features for features, _ in parts))
    outputs = subject.made.outputs.feature_outputs
    sizes = [outputs[feature].n_values or FEW + 1 for feature in everything]
    if event == ALWAYS and np.prod(sizes, dtype=float) <= FEW:
        found = _summed(subject, sorted(everything), parts)
        if found is not None:
            return found
    rng = subject.rng(INFORMATION)
    log_event = 0.0
    error = 0.0
    if event == ALWAYS:
        known = np.isin(np.arange(subject.made.n_features), list(everything))
        empty = np.full((N_ROWS, len(known)), np.nan)
        x = subject.columns.decode(subject.draw(empty, subject.order(known), rng), rng)
    else:
        drawn = draw_given(subject, event, N_ROWS, rng)
        x = drawn.x
        log_event = drawn.log_mass
        error = drawn.error * abs(sum(sign for features, sign in parts if not features))
    total = np.zeros(len(x))
    for features, sign in parts:
        total += sign * (_log_prob(subject, x, features, event, rng) if features else log_event)
    return float(total.mean()), float(np.hypot(total.std() / np.sqrt(len(total)), error))


def _log_prob(subject: Subject, x: Floats, features: Features, event: Condition, rng: np.random.Generator) -> Floats:
    """Return log p(the features of each row, the event), shape (n,)."""
    z = subject.columns.encode(x)
    is_asked = np.isin(np.arange(z.shape[1]), list(features))
    z[:, ~is_asked] = np.nan
    terms = subject.columns.log_term(x)[:, :-1][:, is_asked].sum(axis=1)
    others = event.columns - {d for d, feature in subject.feature_of.items() if feature in features}
    if not others:
        return subject.log_prob(z, is_asked) + terms
    each = np.stack([propose_rest(subject, event, z, rng, turn) for turn in range(REPEATS)])
    return log_mean_exp(each) + terms


def _summed(subject: Subject, features: list[int], parts: list[tuple[Features, int]]) -> tuple[float, float] | None:
    """Return the mean by the table of all values of some features, with its standard error; None: it is too large."""
    outputs = subject.made.outputs.feature_outputs
    values = [outputs[feature].values(outputs[feature].n_values or 0) for feature in features]
    known = np.isin(np.arange(subject.made.n_features), features)
    is_exact = subject.is_one_distribution(known)
    size = math.prod(len(each) for each in values)
    if not is_exact and size > FEW_COUNTED:
        return None
    p = _table(subject, features, values) if is_exact else _counted(subject, features, values)
    each = np.zeros(p.shape)
    terms = 0.0
    for asked, sign in parts:
        marginal = p.sum(
            axis=tuple(axis for axis, feature in enumerate(features) if feature not in asked), keepdims=True
        )
        each += sign * np.log(np.where(marginal > 0, marginal, 1.0))
        for axis, feature in enumerate(features):
            if feature in asked:
                single = p.sum(axis=tuple(other for other in range(len(features)) if other != axis))
                terms += sign * float(single @ _term_of_codes(subject, feature, values[axis]))
    mean = float((p * each).sum())
    variance = max(float((p * each**2).sum()) - mean**2, 0.0)
    return mean + terms, 0.0 if is_exact else float(np.sqrt(variance / len(sample_of(subject).rows)))


def _table(subject: Subject, features: list[int], values: list[Floats]) -> Floats:
    """Return the probability of each combination of values, one axis for each feature."""
    z = np.full((math.prod(len(each) for each in values), subject.made.n_features), np.nan)
    if features:
        z[:, features] = list(product(*values))
    known = np.isin(np.arange(z.shape[1]), features)
    p = np.exp(subject.log_prob(z, known)).reshape([len(each) for each in values])
    return p / p.sum()


def _counted(subject: Subject, features: list[int], values: list[Floats]) -> Floats:
    """Return the share of the sample that has each combination of values, one axis for each feature."""
    z = subject.columns.encode(sample_of(subject).rows.x)
    shape = [len(each) for each in values]
    places = [np.searchsorted(each, z[:, feature]) for each, feature in zip(values, features, strict=True)]
    cells = np.ravel_multi_index(places, shape)
    return np.bincount(cells, minlength=math.prod(shape)).reshape(shape) / len(z)


def _term_of_codes(subject: Subject, feature: int, values: Floats) -> Floats:
    """Return for each code the mean of what log p(x) has on top of log p(z)."""
    column = subject.columns.features[feature]
    shape = (len(values), len(PARTS))
    x = column.coding.decode(np.broadcast_to(values[:, None], shape), np.broadcast_to(PARTS, shape))
    return column.log_term(x).mean(axis=1)
