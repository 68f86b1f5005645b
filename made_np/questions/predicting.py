"""One column from the rest of each row."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.cells import Name
from made_np.columns.coding import PLAIN
from made_np.questions.by_codes import ByCodes
from made_np.questions.conditional import Conditional, of_rows, of_summed_rows, values_of
from made_np.questions.subject import Subject
from made_np.typing import Array, Floats

__all__ = ["classes", "is_class", "predict", "predict_proba"]


def _target(subject: Subject, target: Any) -> int:
    """Return the place of the column that is to be predicted."""
    d = subject.literals.column(target, "target")
    if d not in subject.feature_of:
        raise ValueError(f"target: {subject.literals.called(d)} has one value only: there is nothing to predict")
    return d


def _given_rest(subject: Subject, x: Floats, d: int, name: Name, n_draws: int | str | None = None) -> Conditional:
    """Return the distributions of column d given the rest of each row."""
    rest = x.copy()
    start, stop = subject.columns.spans[subject.feature_of[d]]
    rest[:, start:stop] = np.nan
    z = subject.encode(rest, name)
    told = subject.told(x, name)
    if n_draws is None or not subject.made.mask_sets.has_paths:
        return of_rows(told, d, z)
    return of_summed_rows(told, d, z, subject.columns.known(rest, z), n_draws)


def is_class(subject: Subject, d: int) -> bool:
    """Return whether the values of a column are classes: words, or codes that are no numbers on a scale."""
    column = subject.columns.each[d]
    output = subject.made.outputs.feature_outputs[subject.feature_of[d]]
    if subject.literals.levels(d) is not None or column.kind in ("binary", "categorical", "ordinal"):
        return True
    return output.has_states and column.coding == PLAIN


def classes(subject: Subject, target: Any) -> Array:
    """Return the values of the target column, in the order of the columns of `predict_proba`.

    Raises
    ------
    ValueError, TypeError
        No such column, or one whose values are numbers on a scale.
    """
    d = _target(subject, target)
    if not is_class(subject, d):
        raise ValueError(
            f"target: {subject.literals.called(d)} has numbers on a scale, and no classes: ask for predict, or for "
            "conditional"
        )
    numbers = _numbers(subject, d)
    reading = subject.columns.each[d].reading
    return values_of(reading, numbers)


def _numbers(subject: Subject, d: int) -> Floats:
    """Return the numbers of a column of classes, in rising order of their codes; a gap is none."""
    feature = subject.feature_of[d]
    start, stop = subject.columns.spans[feature]
    if stop > start + 1:
        return np.array([0.0, 1.0])
    output = subject.made.outputs.feature_outputs[feature]
    numbers = subject.columns.each[d].coding.decode(output.values(output.n_values or 0))
    return numbers[~np.isnan(numbers)]


def predict_proba(
    subject: Subject, x: Floats, target: Any, name: Name = "X", n_draws: int | str | None = None
) -> Floats:
    """Return the probability of each of `classes`, shape (n, K), given what is known of the rest of each row.

    What `x` (n, D) says of the target does not matter. That is Bayes' rule: p(class | rest) = p(class, rest) / p(rest).
    With `n_draws`, other gaps of a row are summed over as `home_log_prob` does.
    """
    classes(subject, target)
    spread = _given_rest(subject, x, _target(subject, target), name, n_draws).spread
    return spread.p if isinstance(spread, ByCodes) else np.empty((len(x), 0))


def predict(subject: Subject, x: Floats, target: Any, name: Name = "X") -> Floats:
    """Return the number (n,) of the likeliest class of each row; of a target with numbers on a scale, the mean."""
    d = _target(subject, target)
    spread = _given_rest(subject, x, d, name).spread
    return spread.mode() if is_class(subject, d) else spread.mean()
