"""One-hot columns, each group folded into the categorical column that it stands for.

As binary columns, k of them have to be learned to exclude each other, and each is a place of its own in the order. As
one feature with k values they exclude each other by construction: all that is learned is about the rest, and every
sample is a row that can be.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from made_np.cells import Name, as_source
from made_np.lazy import lazy
from made_np.table.names import as_names
from made_np.table.table import Table
from made_np.typing import Array, Bools, Floats, Ints
from made_np.validation import as_doubles, as_numbers
from made_np.values import as_count, as_flag, as_number, show

__all__ = ["NOTHING_ONE_HOT", "OneHot"]

Bytes = NDArray[np.uint8]

EVIDENCE = 20.0
"""Rows with two ones that chance would have had to keep away before columns without such rows are taken for one-hot."""
MOST_COLUMNS = 1 << 24
"""No table has more: a number beyond is a mistake, and would take all memory."""
AT_ONCE = 1 << 19
"""So many numbers are looked at together."""
IN_BYTE = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1)
"""How many bits of a byte are 1."""
FIRST_WORD = re.compile(r".*[^\W_].*[_=.:\[]")
"""What names of columns have in common that stand for levels of one: a word with a separator behind it."""
FEWEST = 3
"""So many columns are a group if some row has no 1 in it: that two exclude each other proves little."""


@dataclass(frozen=True)
class OneHot:
    """Which neighbouring columns of 0 and 1 are one-hot together: at most one of them is 1 in a row.

    Densities carry over: ``p(row) = p(folded row)``, and 0 for a row with two ones in a group. So a model of folded
    rows compares, in nats per row, with any model of the columns as they are.

    Attributes
    ----------
    groups : tuple of (start, stop)
        Columns start..stop - 1 are a group, of at least two; groups do not overlap, and the first comes first. All
        other columns stay as they are.
    may_be_none : bool, or one per group
        Whether a row may have no 1 in the group. If so, that is one more value of its feature, the last one.

    Examples
    --------
    >>> table = np.array([[1, 0, 0, 2.5], [0, 0, 1, 0.5], [0, 1, 0, 1.5]])
    >>> one_hot = OneHot.find(table)
    >>> one_hot.groups
    ((0, 3),)
    >>> one_hot.fold(table)
    array([[0. , 2.5],
           [2. , 0.5],
           [1. , 1.5]])
    >>> bool((one_hot.unfold(one_hot.fold(table)) == table).all())
    True
    """

    groups: tuple[tuple[int, int], ...] = ()
    may_be_none: bool | tuple[bool, ...] = False

    def __post_init__(self) -> None:
        groups = []
        end = 0
        for group in _items(self.groups, "groups", "pairs (start, stop)"):
            columns = _items(group, "groups", "pairs (start, stop)")
            pair = tuple(as_count(column, "a column in groups", 0, MOST_COLUMNS) for column in columns)
            if len(pair) != 2 or pair[0] < end or pair[1] < pair[0] + 2:
                raise ValueError(
                    f"groups has {show(group)} where columns from {end} on are free: give (start, stop) of at least "
                    "two columns, each group behind the one before it"
                )
            groups.append(pair)
            end = pair[1]
        none = self.may_be_none
        each = (none,) * len(groups) if isinstance(none, (bool, np.bool_)) else _items(none, "may_be_none", "booleans")
        if len(each) != len(groups):
            raise ValueError(f"may_be_none has {len(each)} entries for {len(groups)} groups: give one for each")
        object.__setattr__(self, "groups", tuple(groups))
        object.__setattr__(self, "may_be_none", tuple(as_flag(value, "may_be_none") for value in each))

    @classmethod
    def find(cls, x: Any, *, evidence: float = EVIDENCE, names: Sequence[str] | None = None) -> OneHot:
        """Return the groups that the rows of `x` show, from the left.

        Columns with exactly one 1 in every row are a group (and columns without any 1 count with the group that they
        follow). So are three or more of which no row has two ones, as far as that is no accident: a column joins those
        before it where, if it did not depend on them, so many rows as `evidence` says would have two. Where their names
        begin alike, "job_clerk" and "job_farmer", two are enough, and all columns of that name share their evidence.

        Parameters
        ----------
        x : array (n, D) of real numbers, or Table
            Training rows. Columns with other values than 0 and 1 are in no group. A row has gaps in all columns of a
            group, or in none.
        evidence : float, at least 0
            Rows. 0: any columns that exclude each other in `x` are a group, by chance where a 1 is rare. inf: only
            those with exactly one 1 in every row.
        names : sequence of str, length D, optional
            What the columns are called.

        Raises
        ------
        TypeError, ValueError
            Not rows of numbers, or evidence that is no number of at least 0.
        """
        evidence = as_number(evidence, "evidence", "[0, inf]")
        bits = _Bits.of(x)
        called = as_names(names, len(bits.n_ones))
        groups = []
        none = []
        start = 0
        while start < len(bits.n_ones):
            stop, is_whole = _end_of_group(bits, start, evidence, called)
            if stop - start > 1:
                groups.append((start, stop))
                none.append(not is_whole)
            start = stop
        return cls(tuple(groups), tuple(none))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> OneHot:
        """Return the groups whose `config` this is; an empty one has none."""
        return cls(config.get("groups", ()), config.get("may_be_none", ()))

    def config(self) -> dict[str, Any]:
        """Return the groups as JSON-able values, from which `from_config` builds equal ones."""
        return {"groups": list(map(list, self.groups)), "may_be_none": [none for _, _, none in self.each]}

    @lazy
    def each(self) -> tuple[tuple[int, int, bool], ...]:
        """Start, stop and whether there may be none, of each group."""
        assert isinstance(self.may_be_none, tuple)  # since __post_init__
        return tuple((start, stop, none) for (start, stop), none in zip(self.groups, self.may_be_none, strict=True))

    def spans(self, n_columns: int) -> list[tuple[int, int]]:
        """Return (start, stop) of the columns that each feature of a folded table of so many columns stands for.

        Raises
        ------
        TypeError, ValueError
            Not a number of columns, or one that is less than the groups have.

        Examples
        --------
        >>> OneHot(((1, 3),)).spans(4)
        [(0, 1), (1, 3), (3, 4)]
        """
        n_columns = as_count(n_columns, "n_columns", 0, MOST_COLUMNS)
        if self.groups and self.groups[-1][1] > n_columns:
            raise ValueError(f"groups has {self.groups[-1]}, but n_columns={n_columns}")
        stops = dict(self.groups)
        spans = []
        start = 0
        while start < n_columns:
            spans.append((start, stops.get(start, start + 1)))
            start = spans[-1][1]
        return spans

    def fold(self, x: Any, name: Name = "x") -> Floats:
        """Return the table with one column for each group: which of the group's columns is 1, counted from 0.

        Parameters
        ----------
        x : array (n, D)
            NaN is a gap. The rest of a group follows from its 1, or from all others being 0 where there must be one;
            a group that is all gap is a gap.
        name : str or Source
            What messages call `x`.

        Returns
        -------
        ndarray of float64, shape (n, features)

        Raises
        ------
        TypeError, ValueError
            No table, another value than 0 and 1 in a group, two ones, no 1 where one must be, or a group of which a
            row tells too little: that some of its columns are 0, and nothing of the others.
        """
        table = _as_table(x, name)
        if self.groups and self.groups[-1][1] > table.shape[1]:
            raise ValueError(f"groups has {self.groups[-1]}, but {name} has {table.shape[1]} columns")
        first = [start for start, _ in self.spans(table.shape[1])]
        folded = table[:, first]
        for start, stop, none in self.each:
            folded[:, first.index(start)] = _fold(table[:, start:stop], none, start, name)
        return folded

    def unfold(self, z: Any) -> Array:
        """Return the table (..., D) that folds to `z` (..., features); a gap in z is one in all of its columns.

        Raises
        ------
        TypeError, ValueError
            Not an array of numbers with a feature for each group, or a code that its group does not have.
        """
        z = as_numbers(z, "z")
        if z.ndim == 0:
            raise ValueError(f"z has no dimensions: give rows (..., features), {len(self.groups)} features or more")
        n_columns = z.shape[-1] + sum(stop - start - 1 for start, stop in self.groups)
        if n_columns > MOST_COLUMNS or (self.groups and self.groups[-1][1] > n_columns):
            raise ValueError(f"z has {z.shape[-1]} features, which do not go with groups={show(self.groups)}")
        spans = self.spans(n_columns)
        table = np.empty((*z.shape[:-1], n_columns), dtype=z.dtype)
        none = {start: may_be_none for start, _, may_be_none in self.each}
        for place, (start, stop) in enumerate(spans):
            code = z[..., place, None]
            if start not in none:
                table[..., start:stop] = code
                continue
            if not (np.isin(code, np.arange(stop - start + none[start])) | np.isnan(code)).all():
                raise ValueError(
                    f"z has other numbers in feature {place} than the codes of columns {start}..{stop - 1}"
                )
            table[..., start:stop] = np.where(np.isnan(code), code, code == np.arange(stop - start))
        return table


def _as_table(x: Any, name: Name) -> Floats:
    """Return `x` as a table of float64, or raise."""
    array = as_doubles(x, name)
    if array.ndim != 2:
        raise ValueError(f"{name} is {array.ndim}-dimensional with shape {array.shape}: give rows (n, D)")
    return array


class _Bits(NamedTuple):
    """Where each column is 1, and where it is a gap, eight rows to a byte, both (D, n / 8)."""

    ones: Bytes
    gaps: Bytes
    is_bits: Bools
    """Which columns (D,) are of 0 and 1 only."""
    n_ones: Ints
    """How many rows are 1, of each column of bits."""
    n_rows: int

    @classmethod
    def of(cls, x: Any) -> _Bits:
        """Return those of a table."""
        if isinstance(x, Table):
            n_rows = x.n_rows
            n_columns = x.n_columns
            blocks = x.blocks(8 * max(1, AT_ONCE // (8 * n_columns)))
        else:
            table = _as_table(x, "x")
            n_rows, n_columns = table.shape
            blocks = iter([(0, table)])
        ones = np.zeros((n_columns, -(-n_rows // 8)), dtype=np.uint8)
        gaps = np.zeros_like(ones)
        is_bits = np.ones(n_columns, dtype=bool)
        for first, block in blocks:
            is_one = block == 1
            is_gap = np.isnan(block)
            is_bits &= np.all(is_one | (block == 0) | is_gap, axis=0)
            packed = np.packbits(is_one, axis=0)
            ones[:, first // 8 : first // 8 + len(packed)] = packed.T
            gaps[:, first // 8 : first // 8 + len(packed)] = np.packbits(is_gap, axis=0).T
        is_bits &= IN_BYTE[gaps].sum(axis=1) < n_rows
        return cls(ones, gaps, is_bits, IN_BYTE[ones].sum(axis=1) * is_bits, n_rows)


def _count(packed: Bytes) -> int:
    """Return how many bits are 1."""
    return int(IN_BYTE[packed].sum())


def _shared(first: str, second: str) -> str:
    """Return how two names begin alike; "" unless that is a word with a separator behind it."""
    same = next(
        (k for k, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )
    found = FIRST_WORD.match(first[:same])
    return found[0] if found else ""


def _end_of_group(bits: _Bits, start: int, evidence: float, names: Sequence[str]) -> tuple[int, bool]:
    """Return where the group that begins with `start` ends, and whether each row has a 1 in it."""
    ones, gaps, is_bits, n_ones, n_rows = bits
    if not n_ones[start]:
        return start + 1, False
    taken = ones[start]
    sure = start + 1
    stop = start + 1
    of_name = 0.0
    word = _shared(*names[start : start + 2]) if start + 2 <= len(names) else ""
    while stop < len(n_ones) and is_bits[stop] and not (taken & ones[stop]).any() and (gaps[start] == gaps[stop]).all():
        narrower = word and _shared(word, names[stop])
        if word and not narrower:
            break
        word = narrower
        # So many rows would have two ones if this column did not depend on the others.
        expected = _count(taken) * n_ones[stop] / n_rows
        if sure == stop and expected >= evidence:
            sure += 1
        of_name += expected if word else 0.0
        taken = taken | ones[stop]
        stop += 1
    if _count(taken | gaps[start]) == n_rows:
        return stop, True
    if word and of_name >= evidence:
        return stop, False
    return (sure if sure >= start + FEWEST else start + 1), False


def _fold(part: Floats, none: bool, start: int, name: Name) -> Floats:
    """Return the codes (n,) of the columns (n, width) of one group, the first of which is column `start`."""
    width = part.shape[1]
    gap = np.isnan(part)
    ones = (part == 1).sum(axis=1)
    n_gaps = gap.sum(axis=1)
    follows = (ones == 0) & (n_gaps == 1) & (not none)
    unknown = (ones == 0) & (n_gaps == width) & ~follows
    known = (ones == 1) | follows | unknown | ((ones == 0) & (n_gaps == 0) & none)
    wrong = ~known | ~(np.isin(part, (0, 1)) | gap).all(axis=1)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"{as_source(name).line(row)} has {part[row].tolist()} in columns {start}..{start + width - 1}, which are "
            f"one-hot: {'at most' if none else 'exactly'} one of them is 1, and all are known or none is. Mend the "
            "row, or give columns='bernoulli' (or a list) for columns that are not one-hot"
        )
    codes = np.where(follows, gap.argmax(axis=1), np.where(ones == 1, (part == 1).argmax(axis=1), width))
    return np.where(unknown, np.nan, codes)


def _items(value: Any, name: str, what: str) -> tuple[Any, ...]:
    """Return the entries of a sequence, or raise a `TypeError`."""
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{name}={show(value)} is a {type(value).__name__}: give a tuple of {what}")
    return tuple(value)


NOTHING_ONE_HOT = OneHot()
