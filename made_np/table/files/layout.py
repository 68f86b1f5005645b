"""How the text of a table is laid out, told from its first lines."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import IO

import numpy as np

from made_np.lazy import lazy
from made_np.messages import warn
from made_np.table.files import TableError, reading
from made_np.table.files.opening import open_bytes
from made_np.typing import Ints
from made_np.values import show

__all__ = [
    "GAPS",
    "MANY",
    "Layout",
    "Lines",
    "check_names",
    "first_column",
    "layout_of",
    "number_in",
    "refuse_ragged",
    "scan",
]

NANS = {"nan", "NaN", "NAN", "-nan", "-NaN"}
NULLS = {"NULL", "null", "None", "?"}
GAPS = {"", "NA", "N/A", "n/a", "<NA>", "#N/A", "#NA"} | NANS | NULLS
"""What stands for a missing cell: as pandas, R, C, databases and the UCI repository write it."""

SEPARATORS = ",;\t|"
RARE = "^~:&/#\x01\x1f"
"""What only seems to stand between cells is asked about."""
BLANK = " "
"""Stands for any number of blanks."""
LOOKED_AT = 100
"""So many lines are looked at."""
COMMA = re.compile(r"[-+]?(\d{1,3}(\.\d{3})+|\d*),\d+([eE][-+]?\d+)?")
EITHER = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")
"""A number whose comma may stand before decimals, or between thousands."""
NAMELESS = "", "Unnamed: 0"
"""What the column of row numbers is called by pandas and R: a name that nobody gave."""
MANY = 5
"""In so many rows without names, a first column that counts them is no accident."""

WAY_OUT = (
    "mend its quotes, save it as UTF-8 text, or say which encoding it has: encoding='latin-1' (--encoding latin-1)"
)


@dataclass(frozen=True)
class Layout:
    """How the text of a table is laid out.

    Attributes
    ----------
    encoding : str
    sep : str
        One character; a blank stands for any number of them.
    decimal : str
        What stands before the decimals of a number.
    skip : int
        So many lines stand before the first row.
    names : tuple of str, optional
        Of all columns; None: the text has none.
    n_columns : int
    is_sure : bool
        Whether its separator, its cells or a person say what stands before decimals.
    """

    encoding: str
    sep: str
    decimal: str
    skip: int
    names: tuple[str, ...] | None
    n_columns: int
    is_sure: bool = True


def layout_of(
    path: str, header: bool | None, sep: str | None = None, decimal: str | None = None, encoding: str | None = None
) -> Layout:
    """Return how a text is laid out; what is None is found out.

    Raises
    ------
    ValueError
        No text, no rows, or a first line that may be names or a row.

    Warns
    -----
    UserWarning
        A title is left out, or something may be other than it was taken for.
    """
    encoding = encoding or _encoding(path)
    sample = _sample(path, encoding)
    start = _comments(sample)
    sep = sep or _separator([line for line in sample[start:] if line.strip()])
    lines = [(number + start, cells) for number, cells in _rows(path, sample[start:], sep)]
    if not lines:
        raise TableError(f"{path} is empty: give a table with at least one row")
    lines = _without_title(path, lines)
    rows = [cells for _, cells in lines]
    n_columns = len(rows[0])
    said = decimal is not None
    decimal = decimal or ("," if sep != "," and any(_has_comma(cell.strip()) for row in rows for cell in row) else ".")
    names = None
    skip = lines[0][0] - 1
    if _begins_with_names(path, lines, decimal) if header is None else header:
        names = tuple(cell.strip() for cell in rows[0])
        names = (names[0].removeprefix("# ").strip(), *names[1:])  # as numpy.savetxt begins it
        skip = _line_after(sample, sep, lines[0][0])
        if len(rows) == 1 and len(sample) < LOOKED_AT:
            raise TableError(f"{path} has names and no rows: a table needs rows")
        if len(rows) > 1 and all(len(row) == n_columns + 1 and not row[-1] for row in rows[1:]):
            names = (*names, "")  # the rows end in a separator, and the names do not
            n_columns += 1
    if n_columns == 1 and any(BLANK in row[0].strip() and number_in(row[0].split()[0]) is not None for row in rows):
        warn(f"{path} has one column only: is the separator a blank? Then say sep=' ' (--sep ' ')")
    elif n_columns == 1 and (found := _unknown_separator([row[0] for row in rows])):
        warn(f"{path} has one column only: is the separator {found!r}? Then say sep={found!r} (--sep {found!r})")
    return Layout(encoding, sep, decimal, skip, names, n_columns, said or "," in (sep, decimal))


def _has_comma(cell: str) -> bool:
    """Whether a cell is a number with a comma before its decimals."""
    return COMMA.fullmatch(cell) is not None and EITHER.fullmatch(cell) is None


def _sample(path: str, encoding: str) -> list[str]:
    """Return the first lines of a text."""
    with reading(path, WAY_OUT), open_bytes(path) as file:
        with io.TextIOWrapper(file, encoding=encoding, newline="") as text:
            sample = list(islice(text, LOOKED_AT))
        if any("\0" in line for line in sample):
            raise ValueError("it holds zero bytes, so it is no text, or UTF-16: then say encoding='utf-16-le'")
    return sample


def number_in(cell: str) -> float | None:
    """Return the number in a cell, NaN for a gap, None for anything else."""
    cell = cell.strip()
    if cell in GAPS:
        return np.nan
    try:
        # float would take 1_000, and the digits of any script
        return float(cell) if cell.isascii() and "_" not in cell else None
    except ValueError:
        return None


class Lines:
    """The line of a text that each row of its table stands in, counted from 1; the text is read when it is asked."""

    def __init__(self, path: str, layout: Layout) -> None:
        self._path = path
        self._layout = layout

    @lazy
    def _each(self) -> Ints:
        """The line that each row begins with."""
        return np.fromiter((line for line, _ in scan(self._path, self._layout)), np.int64)

    def __getitem__(self, row: int) -> int:
        """Return the line that a row begins with."""
        return int(self._each[row])


def scan(path: str, layout: Layout, *, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yield the line that each row begins with, and its cells; `strict`: quotes that are not closed raise an error."""
    with (
        reading(path, WAY_OUT),
        open_bytes(path) as file,
        io.TextIOWrapper(file, encoding=layout.encoding, newline="") as text,
    ):
        for _ in range(layout.skip):
            text.readline()
        for line, cells in _rows(path, text, layout.sep, layout.n_columns == 1, strict):
            yield line + layout.skip, cells


def refuse_ragged(path: str, layout: Layout) -> None:
    """Raise an error that names the first line with another number of cells than the first, if there is one."""
    for line, cells in scan(path, layout):
        if len(cells) != layout.n_columns:
            raise TableError(
                f"{path}, line {line} has {len(cells)} cells, the first line {layout.n_columns}: mend the line"
            )


def first_column(path: str, layout: Layout, counts: bool) -> int:
    """Return which column the table begins with: row numbers before it are no part of it, which is said.

    `counts` says whether the first column counts the rows.
    """
    names = layout.names
    first = int(names is None and counts and layout.n_columns > 1)
    while names is not None and first < layout.n_columns - 1 and names[first] in NAMELESS:
        first += 1
    if first:
        which = "column 0 has no name and is" if first == 1 else f"columns 0..{first - 1} have no names and are"
        warn(
            f"{path}: {which} left out, as the row numbers (the index) that pandas and R write: give names in the "
            "first line to keep them"
        )
    return first


def check_names(path: str, names: Sequence[str] | None) -> None:
    """Raise an error if two columns have one name."""
    if names is not None and len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise TableError(f"{path}: two columns are called {twice!r}: give each a name of its own")


def _encoding(path: str) -> str:
    """Return the encoding of a text: that of its mark, or UTF-8."""
    with reading(path, WAY_OUT), open_bytes(path) as file:
        mark = file.read(2)
    return "utf-16" if mark in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _rows(
    path: str, lines: Sequence[str] | IO[str], sep: str, one_column: bool = False, strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield the line that each row begins with, counted from 1, and its cells; an empty line is a row of one column."""
    with reading(path, WAY_OUT):
        if sep == BLANK:
            yield from ((n, line.split()) for n, line in enumerate(lines, start=1) if line.strip())
            return
        reader = csv.reader(lines, delimiter=sep, strict=strict)
        before = 0
        for cells in reader:
            if cells or one_column:
                yield before + 1, cells or [""]
            before = reader.line_num


def _comments(sample: list[str]) -> int:
    """Return how many lines at the beginning are blank, or comments: those with fewer cells than what follows."""
    start = 0
    while start < len(sample) - 1 and (
        not sample[start].strip()
        or (sample[start].startswith("#") and not any(sep in sample[start] for sep in SEPARATORS))
    ):
        start += 1
    if start and sample[start - 1].startswith("#") and not any(sep in sample[start] for sep in SEPARATORS):
        start -= 1  # the name of one column, as numpy.savetxt writes it
    return start


def _separator(sample: list[str]) -> str:
    """Return what stands between cells."""
    found = {}
    for sep in SEPARATORS:
        rows = list(csv.reader(sample, delimiter=sep))
        counts = {len(row) for row in rows[1:] or rows}
        if len(counts) == 1 and max(counts) > 1:
            found[sep] = rows
    for sep in found:  # where commas stand before decimals, they stand nowhere else
        with_comma = [cell.strip() for row in found[sep] for cell in row if "," in cell]
        if sep != "," and with_comma and all(map(COMMA.fullmatch, with_comma)):
            return sep
    first = sample[0] if sample else ""
    if found:
        return max(found, key=first.count)
    words = [line.split() for line in sample]
    are_numbers = all(number_in(cell) is not None for row in words[1:] or words for cell in row)
    if not any(sep in first for sep in SEPARATORS) and len(words[0] if words else ()) > 1 and are_numbers:
        return BLANK
    return max(SEPARATORS, key=first.count)


def _unknown_separator(lines: list[str]) -> str:
    """Return a mark that seems to stand between the cells of lines, though it is none that is looked for; "": none."""
    for mark in RARE:
        counts = {line.count(mark) for line in lines}
        if len(lines) > 1 and len(counts) == 1 and counts != {0}:
            parts = [part.strip() for part in lines[0].split(mark)]
            if all(part and number_in(part) is None for part in parts):  # of names; a time of day has none
                return mark
    return ""


def _without_title(path: str, lines: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Return the lines without a title above the names: one cell, over many."""
    first = lines[0][1]
    is_alone = bool(first[0].strip()) and not any(first[1:]) and len(lines) > 2
    if is_alone and len(lines[1][1]) == len(lines[2][1]) > 1 and all(lines[1][1]):
        warn(f"{path}: line {lines[0][0]} ({show(lines[0][1][0])}) is left out, as a title above the table")
        return lines[1:]
    return lines


def _line_after(sample: list[str], sep: str, line: int) -> int:
    """Return how many lines end with the row that begins with one: it may go over several, within quotes."""
    reader = csv.reader(sample[line - 1 :], delimiter="," if sep == BLANK else sep)
    next(reader)
    return line - 1 + (1 if sep == BLANK else reader.line_num)


def _begins_with_names(path: str, lines: list[tuple[int, list[str]]], decimal: str) -> bool:
    """Whether the first line holds names: no number is in it, or several cells in it are words over numbers.

    pandas calls columns without names 0, 1, ..., and the row numbers before them nothing.
    """
    whole = [[_point(cell.strip(), decimal) for cell in row] for _, row in lines]
    cells = whole[0]
    rows = [row for row in whole[1:] if len(row) == len(cells)]
    if cells[0].startswith("# ") or (cells == ["", *map(str, range(len(cells) - 1))] and len(rows) >= 5):
        return True
    known = [cell for cell in cells if cell not in GAPS]
    words = [cell for cell in known if number_in(cell) is None]
    over = [d for d, cell in enumerate(cells) if number_in(cell) is None and _are_numbers(rows, d)]
    if words and len(words) == len(known):
        return True
    if len(over) == 1 and len(words) == 1:
        raise TableError(
            f"{path}, line {lines[0][0]}, column {over[0]} (counted from 0): {show(words[0])} is not a number, and "
            "what stands below are numbers: if these are names, say so: header=True (--header yes); else header=False "
            "(--header no)"
        )
    numbers = [d for d, cell in enumerate(cells) if cell in known and number_in(cell) is not None]
    has_decimals = any("." in row[d] for row in rows for d in numbers)
    if len(over) < 2 and has_decimals and _may_be_names([cells[d] for d in numbers]):
        warn(
            f"{path}: line {lines[0][0]} is taken for a row: if its numbers are names, say so: header=True "
            "(--header yes)"
        )
    return len(over) > 1


def _point(cell: str, decimal: str) -> str:
    """Return a number with a decimal point; any other cell as it is."""
    return cell.replace(".", "").replace(",", ".") if decimal == "," and COMMA.fullmatch(cell) else cell


def _are_numbers(rows: list[list[str]], d: int) -> bool:
    """Whether a column holds numbers and gaps, and not gaps alone."""
    numbers = [number_in(row[d]) for row in rows]
    return None not in numbers and any(number == number for number in numbers)


def _may_be_names(cells: list[str]) -> bool:
    """Whether cells are integers that rise, or years that fall."""
    whole = [int(cell) for cell in cells if cell.isdigit()]
    if len(whole) < len(cells) or len(whole) < 2:
        return False
    are_years = min(whole) >= 1800 and max(whole) < 2200
    return all(a < b for a, b in pairwise(whole)) or (are_years and all(a > b for a, b in pairwise(whole)))
