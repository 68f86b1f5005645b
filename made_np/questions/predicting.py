"""One column, or whatever is missing, from the rest of each row."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.cells import Name
from made_np.columns.coding import PLAIN
from made_np.questions.by_codes import ByCodes
from made_np.questions.conditional import Conditional, of_rows, values_of
from made_np.questions.subject import Subject
from made_np.typing import Array, Floats
from made_np.values import as_choice, as_number

__all__ = ["classes", "impute", "predict", "predict_proba"]

STATISTICS = ("mean", "mode", "median", "interval")


def _target(subject: Subject, target: Any) -> int:
    """Return the place of the column that is to be predicted."""
    d = subject.literals.column(target, "target")
    if d not in subject.feature_of:
        raise ValueError(f"target: {subject.literals.called(d)} has one value only: there is nothing to predict")
    return d


def _given_rest(subject: Subject, x: Floats, d: int, name: Name) -> Conditional:
    """Return the distributions of column d given the rest of each row."""
    rest = x.copy()
    start, stop = subject.columns.spans[subject.feature_of[d]]
    rest[:, start:stop] = np.nan
    return of_rows(subject, d, subject.encode(rest, name))


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
    spread = _given_rest(subject, np.full((1, len(subject.columns)), np.nan), d, "X").spread
    numbers = spread.column.coding.decode(spread.values)  # type: ignore[attr-defined]
    reading = spread.column.reading
    return numbers if reading.name == "numbers" else values_of(reading, numbers)


def predict_proba(subject: Subject, x: Floats, target: Any, name: Name = "X") -> Floats:
    """Return the probability of each of `classes`, shape (n, K), given what is known of the rest of each row.

    What `x` (n, D) says of the target does not matter. That is Bayes' rule: p(class | rest) = p(class, rest) / p(rest).
    """
    classes(subject, target)
    spread = _given_rest(subject, x, _target(subject, target), name).spread
    return spread.p if isinstance(spread, ByCodes) else np.empty((len(x), 0))


def predict(subject: Subject, x: Floats, target: Any, name: Name = "X") -> Array:
    """Return the likeliest class of each row; of a target with numbers on a scale, its mean."""
    d = _target(subject, target)
    found = _given_rest(subject, x, d, name)
    return np.asarray(found.mode() if is_class(subject, d) else found.mean())


def impute(
    subject: Subject, x: Floats, statistic: str = "mean", confidence: float = 0.9, name: Name = "X"
) -> Floats | tuple[Floats, Floats]:
    """Return numbers `x` (n, D) with each gap filled by a statistic of its distribution given the rest of its row.

    Parameters
    ----------
    subject : Subject
    x : ndarray (n, D)
        NaN where to fill.
    statistic : {"mean", "mode", "median", "interval"}
        Of words, and of codes that are classes, mean and median are the mode. "interval": the ends of the middle part
        that holds `confidence` of the mass, as two tables.
    confidence : float

    Raises
    ------
    ValueError
        An interval of words, or rows whose known columns lead in no order of the model.
    """
    as_choice(statistic, "statistic", STATISTICS)
    share = as_number(confidence, "confidence", "[0, 1]")
    z = subject.encode(x, name)
    tables = [x.copy(), x.copy()] if statistic == "interval" else [x.copy()]
    for d in subject.feature_of:
        rows = np.flatnonzero(np.isnan(x[:, d]))
        if not len(rows):
            continue
        spread = of_rows(subject, d, z[rows]).spread
        if statistic == "interval":
            if subject.literals.levels(d) is not None and not subject.literals.has_order(d):
                raise ValueError(
                    f"statistic='interval': {subject.literals.called(d)} has words without an order: ask for mode"
                )
            for table, q in zip(tables, ((1 - share) / 2, (1 + share) / 2), strict=True):
                table[rows, d] = spread.ppf(np.full(len(rows), q))
        elif statistic == "mode" or is_class(subject, d):
            tables[0][rows, d] = spread.mode()
        else:
            tables[0][rows, d] = spread.mean() if statistic == "mean" else spread.ppf(np.full(len(rows), 0.5))
    for table in tables:
        for d, column in enumerate(subject.columns.each):
            if d not in subject.feature_of and not column.left_out:
                table[np.isnan(table[:, d]), d] = subject.constants[d]
    return (tables[0], tables[1]) if statistic == "interval" else tables[0]
