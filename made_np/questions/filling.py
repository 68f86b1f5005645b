"""Gaps of rows, each filled by a statistic of its own distribution."""

from __future__ import annotations

import numpy as np

from made_np.cells import Name, Source, as_source
from made_np.masks.paths import leads
from made_np.model.gaps import check_gaps, gap_patterns
from made_np.questions.conditional import of_rows
from made_np.questions.posteriors import Codes, posterior
from made_np.questions.predicting import is_class
from made_np.questions.spreads import Spread
from made_np.questions.subject import Subject
from made_np.typing import Floats, Ints
from made_np.values import as_choice, as_number

__all__ = ["STATISTICS", "impute", "spread_of_gap"]

STATISTICS = ("mean", "mode", "median", "interval")
MEMBERS = 64
"""Draws of the features between what is known and a gap, where a model of fixed orders cannot sum them out."""
FILLING = 4
"""What their seed is for."""


def impute(
    subject: Subject, x: Floats, statistic: str = "mean", confidence: float = 0.9, name: Name = "X"
) -> Floats | tuple[Floats, Floats]:
    """Return numbers `x` (n, D) with each gap filled by a statistic of its distribution given the rest of its row.

    That distribution is exact, but where a model of fixed orders has other gaps before this one: then it is the mean
    over draws of those.

    Parameters
    ----------
    subject : Subject
    x : ndarray (n, D)
        NaN where to fill.
    statistic : {"mean", "mode", "median", "interval"}
        Of words, and of codes that are classes, mean and median are the mode. "interval": the ends of the middle part
        that holds `confidence` of the mass, as two tables; words without an order have no middle, so that both tables
        have their mode. Columns that are one-hot together are filled together, by their likeliest one.
    confidence : float

    Raises
    ------
    ValueError
        Rows whose known columns lead in no order of the model.
    """
    as_choice(statistic, "statistic", STATISTICS)
    share = as_number(confidence, "confidence", "[0, 1]")
    source = as_source(name)
    z = subject.encode(x, name)
    subject = subject.told(x, name)
    levels = ((1 - share) / 2, (1 + share) / 2) if statistic == "interval" else (0.5,)
    tables = [x.copy() for _ in levels]
    for feature, (start, stop) in enumerate(subject.columns.spans):
        rows = np.flatnonzero(np.isnan(x[:, start:stop]).any(axis=1))
        if not len(rows):
            continue
        if stop > start + 1:
            found = _one_hot(subject.take(rows), feature, z[rows], source.take(rows))
            for table in tables:
                table[rows, start:stop] = found
            continue
        spread = spread_of_gap(subject.take(rows), start, z[rows], source.take(rows))
        for table, level in zip(tables, levels, strict=True):
            table[rows, start] = _statistic(subject, start, spread, statistic, level)
    for table in tables:
        for d in subject.columns.constants:
            table[np.isnan(table[:, d]), d] = subject.constants[d]
    return (tables[0], tables[1]) if statistic == "interval" else tables[0]


def _statistic(subject: Subject, d: int, spread: Spread, statistic: str, level: float) -> Floats:
    """Return a statistic of the distributions of column d; `level` is that of a quantile."""
    has_ends = statistic == "interval" and subject.literals.has_order(d)
    if statistic == "mode" or not (has_ends or _is_on_scale(subject, d)):
        return spread.mode()
    return spread.mean() if statistic == "mean" else spread.ppf(np.full(spread.n_rows, level))


def _is_on_scale(subject: Subject, d: int) -> bool:
    """Return whether the values of a column are numbers on a scale, be they so few that each may be a class, too."""
    is_ordinal = subject.columns.each[d].kind == "ordinal" and subject.literals.levels(d) is None
    return is_ordinal or not is_class(subject, d)


def _one_hot(subject: Subject, feature: int, z: Floats, source: Source) -> Floats:
    """Return the columns of a one-hot group in rows `z` (n, F) in which some of them are gaps.

    What is known of them may fix the rest; else it is the likeliest of them.
    """
    start, stop = subject.columns.spans[feature]
    is_open = np.isnan(z[:, feature])
    filled = np.full_like(z, np.nan)
    filled[:, feature] = z[:, feature]
    if is_open.any():
        rows = np.flatnonzero(is_open)
        asked, given, n_members = _along_order(subject.take(rows), feature, z[rows], source.take(rows))
        found = posterior(asked, feature, given)
        assert isinstance(found, Codes)  # as a group is
        p = np.exp(found.log_p).reshape(-1, n_members, found.log_p.shape[1]).mean(axis=1)
        output = subject.made.outputs.feature_outputs[feature]
        filled[is_open, feature] = output.values(output.n_values or 0)[p.argmax(axis=1)]
    return subject.columns.decode(filled)[:, start:stop]


def spread_of_gap(subject: Subject, d: int, z: Floats, source: Source) -> Spread:
    """Return the distributions of column d, a gap in all rows `z` (n, F), given what is known of them.

    Raises
    ------
    ValueError
        What is known in a row leads in no order of the model.
    """
    asked, given, n_members = _along_order(subject, subject.feature_of[d], z, source)
    return of_rows(asked, d, given, n_members=n_members).spread


def _along_order(subject: Subject, feature: int, z: Floats, source: Source) -> tuple[Subject, Floats, int]:
    """Return rows that say what lies before a gap, who is asked, and how many there are for each row of `z` (n, F).

    There is one, unless a model of fixed orders has other gaps before this one. These are drawn then.
    """
    made = subject.made
    known = ~np.isnan(z)
    check_gaps(made, known, subject.columns.label, source)
    asked = known.copy()
    asked[:, feature] = True
    if made.n_masks is None or np.any([leads(one.order, asked) for one in made.mask_sets], axis=0).all():
        return subject, z, 1
    subject = subject.repeat(MEMBERS)
    many = np.repeat(z, MEMBERS, axis=0)
    for pattern, rows in gap_patterns(known):
        k = subject.order(pattern)
        order: Ints = made.mask_sets[k].order  # type: ignore[index]
        before = np.setdiff1d(order[: int(np.flatnonzero(order == feature)[0])], np.flatnonzero(pattern))
        each = (rows[:, None] * MEMBERS + np.arange(MEMBERS)).ravel()
        if len(before):
            drawn = subject.take(each).draw(many[each], k, subject.rng(FILLING, feature))
            many[np.ix_(each, before)] = drawn[:, before]
    return subject, many, MEMBERS
