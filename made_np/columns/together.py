"""What the columns of a training table say of each other: a table of bits, a shared scale, one-hot groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from made_np.cells import where
from made_np.columns.coded import Constant
from made_np.columns.coding import PLAIN
from made_np.columns.column import Column
from made_np.columns.context import check_context
from made_np.columns.kinds import Kind, is_kind
from made_np.columns.numeric import NUMBERS, Numbers
from made_np.columns.odd import listed
from made_np.distributions.plain import Bernoulli, Categorical
from made_np.distributions.registry import kind_of
from made_np.table.one_hot import NOTHING_ONE_HOT, OneHot
from made_np.table.table import Table
from made_np.table.views import Reader

__all__ = ["as_bits", "find_groups", "in_groups", "on_one_scale", "settled", "with_one"]

ENOUGH_ROWS = 100
"""So many rows show which columns are one-hot; of a few, some could be by chance."""
MOST_LISTED = 60
"""So many columns a message lists."""


def settled(
    each: Sequence[Column],
    kinds: Any,
    wanted: Sequence[Kind],
    one_hot: OneHot | str,
    table: Table,
    other: float,
    context: tuple[int, ...] = (),
) -> tuple[list[Column], OneHot]:
    """Return the columns as they are together, with their one-hot groups; those of the context keep to themselves.

    Parameters
    ----------
    each : sequence of Column
        Each as it is on its own.
    kinds, one_hot
        As `Columns.learn` takes them.
    wanted : sequence, length D
        The kind that was asked for of each column.
    table : Table
    other : float
        The mass that a one-hot group keeps for anything else.
    context : tuple of int
        Places of the columns that are not modelled.
    """
    check_context(each, context)
    free = ["context" if d in context else kind for d, kind in enumerate(wanted)]
    groups = one_hot if isinstance(one_hot, OneHot) else find_groups(each, free, table)
    for start, stop in groups.groups:
        for d in context:
            if start <= d < stop:
                raise ValueError(
                    f"context: {where(d, each[d].name)} is one of the one-hot columns {start}..{stop - 1}: name none "
                    "of them, or leave them out of columns"
                )
    modelled = iter(as_bits(on_one_scale(kinds, [column for d, column in enumerate(each) if d not in context])))
    whole = [replace(column, rivals=()) if d in context else next(modelled) for d, column in enumerate(each)]
    return with_one(in_groups(groups, whole, other), table.name, context), groups


def as_bits(each: Sequence[Column]) -> list[Column]:
    """Return the columns of a table of bits as bits, also those that are always 0 or always 1.

    They keep no mass for anything else, as no other number is a bit. A table with another column stays as it is.
    """
    if not all(_is_bit(column) or _is_still(column) for column in each):
        return list(each)
    return [replace(column, output=Bernoulli(), coding=PLAIN, kind="binary", other=0.0) for column in each]


def _is_bit(column: Column) -> bool:
    """Whether a column is of numbers 0 and 1."""
    is_plain = isinstance(column.reading, Numbers) and column.coding == PLAIN
    return is_plain and column.output is not None and column.output.is_binary


def _is_still(column: Column) -> bool:
    """Whether a column is always 0, or always 1."""
    return isinstance(column.coding, Constant) and isinstance(column.reading, Numbers) and column.coding.value in (0, 1)


def on_one_scale(kinds: Any, each: Sequence[Column]) -> list[Column]:
    """Return the columns with the one distribution that a name stands for, if `kinds` is one whose columns share it."""
    if not isinstance(kinds, str) or kinds == "auto" or is_kind(kinds):
        return list(each)
    shared = kind_of(kinds).shared([column.output for column in each if column.output is not None])
    return list(each) if shared is None else [replace(column, output=shared) for column in each]


def find_groups(each: Sequence[Column], kinds: Sequence[Kind], table: Table) -> OneHot:
    """Return which columns of a table are one-hot together, of those of which nobody said what they are."""
    may_be = [
        kind == "auto" and (_is_bit(column) or _is_still(column)) for kind, column in zip(kinds, each, strict=True)
    ]
    if sum(may_be) < 2 or table.n_rows < ENOUGH_ROWS:
        return NOTHING_ONE_HOT
    readings: list[Reader | None] = [column.reading if may else None for column, may in zip(each, may_be, strict=True)]
    return OneHot.find(table.through(readings), names=[column.name for column in each])


def in_groups(one_hot: OneHot, each: Sequence[Column], other: float) -> list[Column]:
    """Return the columns with those of one-hot groups as bits; each group keeps the mass `other`."""
    columns = list(each)
    for start, stop in one_hot.groups:
        for d in range(start, stop):
            own = columns[d].reading
            reading = own if isinstance(own, Numbers) else NUMBERS
            columns[d] = Column(Bernoulli(), PLAIN, reading, columns[d].name, "binary", other, "", columns[d].facts)
    return columns


def with_one(each: Sequence[Column], name: str, context: tuple[int, ...] = ()) -> list[Column]:
    """Return the columns with one that is in the model, if there is none yet: a constant, whose value has the mass 1.

    Raises
    ------
    ValueError
        All columns but those of the context are left out, or have nothing but gaps.
    """
    columns = list(each)
    modelled = [d for d in range(len(columns)) if d not in context]
    if any(columns[d].output is not None for d in modelled):
        return columns
    for d in modelled:
        coding = columns[d].coding
        if isinstance(coding, Constant) and coding.value is not None:
            columns[d] = replace(columns[d], output=Categorical(1))
            return columns
    why = [f"{where(d, columns[d].name)}: {columns[d].left_out or 'a gap in every row'}" for d in modelled]
    first = columns[modelled[0]].name or modelled[0]
    raise ValueError(
        f"{name} has no column that is left to learn. {listed(why, '; ', MOST_LISTED)}. To have one in the model, say "
        f"what it is: columns={{{first!r}: 'categorical'}}"
    )
