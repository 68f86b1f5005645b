"""What each rank gives to a fit, as all ranks know it.

A rank gives rows of its own, or none. The table is all of them, in the order of the ranks; rank 0 looks at it, or at a
part of it (see `look`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import numpy as np

from made_np.estimator.checks import check_params
from made_np.estimator.look import drawn_rows, own_rows, rows_of_look, summary_of
from made_np.model.arguments import as_weights
from made_np.ranks.comm import Comm, agree
from made_np.table.joining import Head, alike, joined, joined_cells
from made_np.table.table import Table
from made_np.typing import Floats, Ints

__all__ = ["All", "Share", "all_of", "looked_at", "share_of", "weights_of", "weights_of_look"]

T = TypeVar("T")

OWN = "random_state", "verbose"
"""Parameters of which rank 0's count."""


class Share(NamedTuple):
    """What one rank gives: tables without rows are None, and rows of weight 0 are gone."""

    table: Table | None
    weights: Floats | None = None
    table_val: Table | None = None


class Told(NamedTuple):
    """What a rank tells the others of its share, with what it was called with."""

    head: Head | None
    head_val: Head | None
    has_val: bool
    has_weights: bool | None
    weights: tuple[float, float, float] | None
    """The least, the largest, the sum of all in units of that."""
    params: dict[str, str]


class All(NamedTuple):
    """What every rank knows of all shares.

    Attributes
    ----------
    n_rows : int
    n_valid : int or None
        How many rows of their own are there for validation; None: none were given.
    first, first_val : int
        The number that the rank's own first row has among all.
    each, each_val : tuple of Head or None
        What the ranks have; None: no rows.
    most, total : float or None
        The largest weight, and the sum of all in units of it; None: all rows count the same.
    """

    n_rows: int
    n_valid: int | None
    first: int
    first_val: int
    each: tuple[Head | None, ...]
    each_val: tuple[Head | None, ...]
    most: float | None = None
    total: float | None = None


def share_of(params: Any, X: Any, X_val: Any, sample_weight: Any) -> Share:
    """Return what this rank gives, looked at as far as a rank can by itself.

    Raises
    ------
    TypeError, ValueError
        A parameter, a table or weights that cannot be meant.
    """
    check_params(params)
    table = _table_of(X, "X")
    n = 0 if table is None else table.n_rows
    weights = None if sample_weight is None else as_weights(sample_weight, n, "sample_weight")
    if table is not None and weights is not None and not weights.all():
        kept = np.flatnonzero(weights)
        weights = weights[kept]
        table = table.take(kept) if len(kept) else None
    return Share(table, weights, _table_of(X_val, "X_val"))


def all_of(params: Any, share: Share, has_val: bool, comm: Comm) -> All:
    """Return what all ranks know of all shares, once they have told each other.

    Raises
    ------
    ValueError
        Shares that do not go together, or no rows on any rank: on all ranks alike.
    """
    heads = agree(comm, lambda: (_head(share.table), _head(share.table_val)))
    weights = share.weights
    sums = None
    if weights is not None and len(weights):
        sums = float(weights.min()), float(weights.max()), float((weights / weights.max()).sum())
    has_weights = None if share.table is None and weights is None else weights is not None
    told = comm.gather(Told(*heads, has_val, has_weights, sums, _plain(params)))
    _check_params_alike(told)
    each = tuple(one.head for one in told)
    each_val = tuple(one.head_val for one in told)
    alike(each)
    alike(each_val)
    most, total = _weights_of_all(told)
    n_rows = sum(_counts(each))
    if not n_rows:
        raise ValueError("X has 0 sample(s) on all ranks together, while a minimum of 1 is required.")
    n_valid = sum(_counts(each_val)) if any(one.has_val for one in told) else None
    if n_valid == 0:
        raise ValueError("X_val has 0 sample(s) on all ranks together, while a minimum of 1 is required.")
    first = sum(_counts(each)[: comm.rank])
    first_val = sum(_counts(each_val)[: comm.rank])
    return All(n_rows, n_valid, first, first_val, each, each_val, most, total)


def weights_of(share: Share, whole: All) -> Floats | None:
    """Return what the own rows count, with the mean 1 over all ranks; None where all rows count the same."""
    if whole.most is None or whole.total is None:
        return None
    own = np.zeros(0) if share.weights is None else share.weights
    return own / whole.most * (whole.n_rows / whole.total)


def looked_at(
    table: Table | None, each: Sequence[Head | None], first: int, comm: Comm, *, needs_ends: bool
) -> tuple[Table | None, Ints]:
    """Return the rows that are looked at, as a table on rank 0, and None elsewhere; with their numbers among all.

    Parameters
    ----------
    table : Table or None
        The own rows.
    each : sequence of Head or None
        What all ranks have.
    first : int
        The number of the first own row among all.
    comm : Comm
    needs_ends : bool
        Whether the look must have what no column may lack.
    """
    n = sum(_counts(each))
    rows = drawn_rows(n)
    if len(rows) < n and needs_ends:
        own = agree(comm, lambda: () if table is None else summary_of(table, first, rows))
        rows = rows_of_look(n, comm.gather(own))
    part = None
    if table is not None:
        part = table if len(rows) == n else table.take(own_rows(rows, first, table.n_rows))
        part = part if part.n_rows else None
    head = None if part is None else _of_part(each[comm.rank], part)
    # The whole look would be on its way to each rank at once: one column after the other is not.
    cells = agree(comm, lambda: [] if part is None else [part.cells(d) for d in range(part.n_columns)])
    heads = {rank: one for rank, one in enumerate(comm.gather(head)) if one is not None}
    columns = []
    for d in range(next(iter(heads.values())).n_columns):
        found = comm.gather(cells[d] if cells else None)
        if comm.rank == 0:
            columns.append(joined_cells([one for one in found if one is not None]))
    return (joined(list(heads.values()), columns, "rank", list(heads)) if comm.rank == 0 else None), rows


def weights_of_look(share: Share, whole: All, rows: Ints, comm: Comm) -> Floats | None:
    """Return the weights of the rows that are looked at, as they were given, on every rank; None where none were."""
    if not any(comm.gather(share.weights is not None)):
        return None
    own = np.zeros(0) if share.weights is None else share.weights
    return np.concatenate(comm.gather(own[own_rows(rows, whole.first, len(own))]))


def _table_of(X: Any, name: str) -> Table | None:
    """Return the table that `X` is, None where it has no rows."""
    return None if X is None or _is_empty(X) else Table.of(X, name)


def _is_empty(X: Any) -> bool:
    """Whether a table of any kind has columns, perhaps, but no rows."""
    if isinstance(X, Table):
        return X.n_rows == 0
    if isinstance(X, Mapping):
        return any(hasattr(column, "__len__") and len(column) == 0 for column in X.values())
    shape = getattr(X, "shape", None)
    if isinstance(shape, tuple) and shape:
        return bool(shape[0] == 0)
    return isinstance(X, (list, tuple)) and not X


def _head(table: Table | None) -> Head | None:
    """Return the head of a table; which rows of its file these are is told later."""
    if table is None:
        return None
    head = Head.of(table)
    return replace(head, source=replace(head.source, rows=None))


def _of_part(head: Head | None, part: Table) -> Head:
    """Return the head of some rows of a table."""
    assert head is not None
    return replace(head, source=part.source, n_rows=part.n_rows)


def _counts(each: Sequence[Head | None]) -> list[int]:
    """Return how many rows each rank has."""
    return [0 if head is None else head.n_rows for head in each]


def _weights_of_all(told: Sequence[Told]) -> tuple[float | None, float | None]:
    """Return the largest weight of all, with their sum in units of it; None where all rows count the same."""
    have = [(rank, one.has_weights) for rank, one in enumerate(told) if one.has_weights is not None]
    with_some = [rank for rank, has in have if has]
    without = [rank for rank, has in have if not has]
    if with_some and without:
        raise ValueError(
            f"sample_weight is given on rank {with_some[0]} and not on rank {without[0]}: give it on all ranks that "
            "have rows"
        )
    given = [one.weights for one in told if one.weights is not None]
    if with_some and not given:
        raise ValueError("sample_weight is zero in every row: some row has to count")
    if not given or min(low for low, _, _ in given) == max(high for _, high, _ in given):
        return None, None
    most = max(high for _, high, _ in given)
    return most, sum(total * (high / most) for _, high, total in given)


def _plain(params: Any) -> dict[str, str]:
    """Return the parameters that are the same in every process where they are meant to be."""
    found = {}
    for name, value in params.get_params(deep=False).items():
        text = repr(value.tolist() if isinstance(value, np.ndarray) else value)
        if name not in OWN and " at 0x" not in text:
            found[name] = text
    return found


def _check_params_alike(told: Sequence[Told]) -> None:
    """Raise a `ValueError` unless all ranks have the same parameters."""
    first = told[0].params
    for rank, one in enumerate(told):
        for name in first.keys() & one.params.keys():
            if one.params[name] != first[name]:
                raise ValueError(
                    f"{name}={one.params[name]} on rank {rank}, and {first[name]} on rank 0: give all ranks the same"
                )
