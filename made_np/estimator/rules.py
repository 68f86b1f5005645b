"""What each "auto" stands for that needs no trial.

Each takes the value that was asked for first, and returns it if it is not "auto".
"""

from __future__ import annotations

from collections.abc import Iterable
from math import factorial, sqrt
from typing import Any

import numpy as np

from made_np.columns.columns import Columns
from made_np.distributions.distribution import Distribution
from made_np.typing import Ints
from made_np.values import show

__all__ = [
    "both_ways",
    "direct_wires",
    "dropout",
    "epochs",
    "gap_inputs",
    "hidden_layer_sizes",
    "homes",
    "is_auto",
    "learning_rate",
    "most_steps",
    "sheared_steps",
    "sheared_widths",
    "takes_paths",
    "validate_every",
]

Outputs = tuple[Distribution, ...]

ROWS_PER_UNIT = 16
FEWEST = 500
MOST = 2_000
MOST_WIRES = 1_600_000
"""What "auto" is for `hidden_layer_sizes`: one layer, of a unit for so many rows, between these numbers of units.

Where columns are many, it is narrower: of no more wires to it than these, so that a fit stays one of minutes.
"""
REAL_WIDTHS = (3, (64, 64, 64)), (12, (200, 200)), (30, (400, 400)), (1 << 31, (512, 512))
REAL_STEPS = (3, 4_000), (12, 16_000), (30, 20_000), (1 << 31, 14_000)
"""What "auto" is for `hidden_layer_sizes` of so many features at most, with the steps of a fit, where real columns are
most of a table.
"""
SHEARED_WIDTHS = 800, 800
SHEARED_STEPS = 4_000, 14_000
"""As those, for sheared rows: the steps for few rows and for many, such as `MANY_ROWS`."""
FEWEST_SHARED = 1_000
"""As `FEWEST`, where several mask sets share the units."""
RATE = 4e-3
REAL_RATE = 2e-3
"""What "auto" is for `learning_rate`, without and with real columns: how those go together must be learned to a hair.

Where a hidden layer has more than `FEWEST` units, it falls with the root of their number.
"""
DROPOUT = 0.5
LESS_DROPOUT = 0.3
MANY_ROWS = 30_000
REAL_DROPOUT = 0.0
SHEARED_DROPOUT = 0.3
"""What "auto" is for `dropout`: less from so many rows on, and none where there are real columns."""
MAX_STEPS = 30_000
MAX_WORK = 3.75e10
FEWEST_STEPS = 10_000
MIN_EPOCHS = 20
"""What "auto" is for `max_epochs`: so many steps, or as many as make this number times the parameters, if that is less;
but no fewer than the last two say.
"""
PATIENT_STEPS = 1_500
"""What "auto" is for `n_iter_no_change`: so many steps, but no fewer epochs than `MIN_EPOCHS`."""
HOMES = 8
"""So many home orders share a model of real columns."""
CHECKS = 4
"""Validation may cost a share of 1 / CHECKS of what training costs."""


def is_auto(value: Any) -> bool:
    """Whether a parameter is the word "auto"."""
    return isinstance(value, str) and value == "auto"


def hidden_layer_sizes(
    asked: Any, n_rows: int, n_columns: int, n_masks: int | str | None, outputs: Outputs = ()
) -> tuple[int, ...]:
    """Return the widths of the hidden layers; 0 rows stand for a trial, which is narrow.

    Real columns, where they are most of the table, want several layers: curves have to be bent.

    Examples
    --------
    >>> hidden_layer_sizes("auto", 16_000, 100, 1), hidden_layer_sizes("auto", 1_000, 100, 64)
    ((1000,), (1000,))
    """
    if not is_auto(asked):
        return tuple(asked)  # which have been looked at
    if are_real(outputs):
        return next(widths for most, widths in REAL_WIDTHS if len(outputs) <= most)
    least = FEWEST_SHARED if n_masks != 1 and n_rows else FEWEST
    wanted = max(n_rows // ROWS_PER_UNIT, least)
    return (max(min(wanted, MOST, MOST_WIRES // n_columns), FEWEST),)


def sheared_widths(asked: Any) -> tuple[int, ...]:
    """Return the widths of the hidden layers for sheared rows.

    Examples
    --------
    >>> sheared_widths("auto"), sheared_widths((64,))
    ((800, 800), (64,))
    """
    return SHEARED_WIDTHS if is_auto(asked) else tuple(asked)  # which have been looked at


def direct_wires(asked: Any, outputs: Outputs) -> Any:
    """Return the wires from input to output: those of bits pay, while codes do without.

    Examples
    --------
    >>> from made_np import Bernoulli, Categorical
    >>> direct_wires("auto", (Bernoulli(), Categorical(4))), direct_wires("auto", (Bernoulli(), Bernoulli()))
    ('auto', True)
    """
    if not is_auto(asked):
        return asked
    widths = [output.n_inputs for output in outputs]
    coded = sum(width for width in widths if width > 1)
    return "auto" if 2 * coded > sum(widths) and not has_real(outputs) else True


def takes_paths(answers: str, order: Any, n_masks: Any, columns: Columns) -> bool:
    """Return whether the model learns a home order with a path for each set of known columns, so that it answers any
    question: where it is asked for, or where nothing else is and the table has more than bits, or gaps. Bits that are
    one-hot together are bits.

    Raises
    ------
    ValueError
        ``answers="any"`` with mask sets, or orders, that are no single home order.

    Examples
    --------
    >>> bits = np.tile(np.eye(4), (50, 1))
    >>> tables = bits, np.array([[0, 2], [1, 0.5], [1, 7]]), np.array([[0, 1], [1, np.nan]])
    >>> [takes_paths("auto", "auto", "auto", Columns.learn(table)) for table in tables]
    [False, True, True]
    >>> takes_paths("auto", "auto", "auto", Columns.learn(bits, one_hot="auto"))
    False
    """
    one = is_auto(n_masks) and (order != "random" if isinstance(order, str) else np.ndim(order) == 1)
    if answers == "any" and not one:
        raise ValueError(
            f"answers='any' takes one home order, but order={show(order)} with n_masks={show(n_masks)} gives others: "
            "leave n_masks='auto', and order='auto' or one order"
        )
    if not is_auto(answers):
        return answers == "any"
    has_gaps = any(column.facts.n_gaps for column in columns.each)
    return one and (has_gaps or not _are_bits(columns))


def _are_bits(columns: Columns) -> bool:
    """Whether each column that the model learns is binary, alone or one-hot with others."""
    return all(
        output.is_binary or stop - start > 1
        for output, (start, stop) in zip(columns.outputs, columns.spans, strict=True)
    )


def homes(n_features: int, seed: int) -> Ints:
    """Return the home orders (H, D) of a table of real columns: random ones, each with its reverse.

    Whatever stands first in an order is described without knowing the rest. A mixture of several orders leaves no
    column to be the worst described.

    Examples
    --------
    >>> homes(2, 0).tolist(), homes(5, 0).shape
    ([[0, 1], [1, 0]], (8, 5))
    """
    rng = np.random.default_rng((seed, n_features))
    n_homes = min(HOMES, factorial(min(n_features, HOMES)))
    found: dict[tuple[int, ...], Ints] = {}
    order = np.arange(n_features)
    while len(found) < n_homes:
        for each in (order, order[::-1]):
            found[tuple(each.tolist())] = each
        order = rng.permutation(n_features)
    return np.stack(list(found.values()))


def both_ways(order: Ints) -> Ints:
    """Return an order (D,) and its reverse, (2, D): what one of them describes badly, the other may describe well.

    Examples
    --------
    >>> both_ways(np.array([2, 0, 1])).tolist()
    [[2, 0, 1], [1, 0, 2]]
    """
    return np.stack([order, order[::-1]])


def gap_inputs(columns: Columns, has_paths: bool) -> tuple[int, ...]:
    """Return the features with an input that says that they are not told, where some are not told in training.

    Codes need none: theirs are inputs of which one is 1, and none if they are not told.
    """
    asked = []
    for feature, (start, _) in enumerate(columns.spans):
        is_alone = columns.outputs[feature].n_inputs == 1
        if is_alone and (has_paths or columns.each[start].facts.n_gaps):
            asked.append(feature)
    return tuple(asked)


def learning_rate(asked: Any, hidden: tuple[int, ...], outputs: Outputs) -> Any:
    """Return the learning rate.

    Examples
    --------
    >>> from made_np import Bernoulli, Gaussian
    >>> learning_rate("auto", (2000,), (Bernoulli(),)), learning_rate("auto", (100,), (Bernoulli(), Gaussian()))
    (0.002, 0.002)
    """
    if not is_auto(asked):
        return asked
    is_slow = has_real(outputs) and (not are_real(outputs) or max((*hidden, 0)) > FEWEST)
    rate = REAL_RATE if is_slow else RATE
    return rate * sqrt(FEWEST / max((*hidden, FEWEST)))


def dropout(asked: Any, hidden: tuple[int, ...], outputs: Outputs, n_rows: int, *, sheared: bool = False) -> Any:
    """Return the share of hidden units to switch off: where there are none, none of them.

    A single home of real columns, sheared, wants some where rows are few; several homes are enough of a burden.

    Examples
    --------
    >>> from made_np import Bernoulli
    >>> dropout("auto", (100,), (Bernoulli(),), 1_000), dropout("auto", (), (Bernoulli(),), 1_000)
    (0.5, 0.0)
    """
    if not hidden:
        return 0.0
    if not is_auto(asked):
        return asked
    if sheared:
        return SHEARED_DROPOUT if n_rows < MANY_ROWS else REAL_DROPOUT
    if has_real(outputs):
        return REAL_DROPOUT
    return DROPOUT if n_rows < MANY_ROWS else LESS_DROPOUT


def epochs(asked: Any, n_steps: int, per_epoch: int) -> Any:
    """Return how many epochs make so many steps, but `MIN_EPOCHS` at least.

    Examples
    --------
    >>> epochs("auto", 30_000, 100), epochs("auto", 30_000, 10_000), epochs(5, 30_000, 100)
    (300, 20, 5)
    """
    return max(MIN_EPOCHS, -(-n_steps // per_epoch)) if is_auto(asked) else asked


def sheared_steps(n_rows: int) -> int:
    """Return how many steps a fit of sheared rows may have."""
    return SHEARED_STEPS[n_rows >= MANY_ROWS]


def most_steps(n_params: int, outputs: Outputs = ()) -> int:
    """Return how many steps a fit may have: fewer of a large model, and of real columns.

    Examples
    --------
    >>> most_steps(1_000), most_steps(2_500_000), most_steps(10**9)
    (30000, 15000, 10000)
    """
    if are_real(outputs):
        return next(steps for most, steps in REAL_STEPS if len(outputs) <= most)
    return min(MAX_STEPS, max(FEWEST_STEPS, int(MAX_WORK / n_params)))


def validate_every(n_mixed: int, n_rows: int, n_valid: int) -> int:
    """Return how many epochs cost `CHECKS` times what a validation under so many mask sets costs.

    A pass that validates costs a third of one that learns.

    Examples
    --------
    >>> validate_every(1, 900, 100), validate_every(64, 900, 100), validate_every(1, 900, 0)
    (1, 9, 1)
    """
    return max(1, round(CHECKS * n_mixed * n_valid / (3 * n_rows)))


def are_real(outputs: Outputs) -> bool:
    """Whether real columns are most of the table."""
    return 2 * sum(map(_is_density, outputs)) > len(outputs)


def has_real(outputs: Iterable[Distribution]) -> bool:
    """Whether some column is a real one."""
    return any(map(_is_density, outputs))


def _is_density(output: Distribution) -> bool:
    """Whether a column is of real numbers, some of which may be atoms."""
    return output.is_real or (output.n_values is None and not output.has_states)
