"""Tables in .csv files."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np

from made_np.cells import FileSource
from made_np.messages import warn
from made_np.table.files import EXACT, TableError, reading, table_of
from made_np.table.table import Table
from made_np.typing import Array
from made_np.values import show

Line = tuple[int, list[str]]
"""Its number, and its cells."""

NANS = {"nan", "NaN", "NAN", "-nan", "-NaN"}
NULLS = {"NULL", "null", "None", "?"}
GAPS = {"", "NA", "N/A", "n/a", "<NA>", "#N/A", "#NA"} | NANS | NULLS
"""What stands for a missing number: as pandas, R, C, databases and the UCI repository write it."""

NAMELESS = "", "Unnamed: 0"
"""What the column of row numbers is called by pandas and R: a name that nobody gave."""
MANY = 5
"""In so many rows without names, a first column that counts them is no accident."""


def read_csv(path: str, header: bool | None) -> Table:
    """Return the numbers of the file; `header` says whether it begins with names, None: find out."""
    lines = _csv_lines(path)
    if not lines:
        raise TableError(f"{path} is empty: give a table with at least one row")
    names = None
    n_columns = len(lines[0][1])
    if _begins_with_names(lines) if header is None else header:
        names = [cell.strip() for cell in lines[0][1]]
        names[0] = names[0].removeprefix("# ").strip()  # as numpy.savetxt begins it
        lines = lines[1:]
    for number, cells in lines:
        if len(cells) != n_columns:
            raise TableError(f"{path}, line {number} has {len(cells)} cells, the first line {n_columns}: mend the line")
    first = _first_column(path, lines, names)
    names = names and names[first:]
    source = FileSource(path, names, lines=np.array([number for number, _ in lines], dtype=np.int64), left_out=first)
    values = np.empty((len(lines), n_columns - first))
    for row, (_, cells) in enumerate(lines):
        values[row] = _numbers(source, row, cells[first:])
    for row in np.flatnonzero((np.abs(values) >= EXACT).any(axis=1)).tolist():
        _check_large(source, row, lines[row][1][first:])
    return table_of(source, values)


def _csv_lines(path: str) -> list[Line]:
    """Return each line's number and cells, without the empty lines at the end."""
    way_out = "mend its quotes, or save it as UTF-8 text with a line for each row"
    with reading(path, way_out), open(path, newline="", encoding="utf-8-sig") as file:
        first = file.readline()
        file.seek(0)
        delimiter = max(",;\t", key=first.count)
        reader = csv.reader((_text(line) for line in file), delimiter=delimiter, strict=True)
        lines = [(reader.line_num, cells) for cells in reader]
    while lines and not lines[-1][1]:
        lines.pop()
    # In a table of one column an empty line is a gap; in any other it is a line without cells, refused later.
    one_column = bool(lines) and len(lines[0][1]) <= 1
    return [(number, cells or [""]) for number, cells in lines] if one_column else lines


def _text(line: str) -> str:
    """Return a line if it is text."""
    if "\0" in line:
        raise ValueError("it holds zero bytes, so it is no text, or UTF-16")
    return line


def _begins_with_names(lines: list[Line]) -> bool:
    """Whether the first line holds names: no number is in it, or several cells are neither numbers nor gaps.

    pandas calls columns without names 0, 1, ..., and the row numbers before them nothing.
    """
    cells = lines[0][1]
    if cells[0].startswith("# ") or (cells == ["", *map(str, range(len(cells) - 1))] and _counts(lines[1:])):
        return True
    numbers = [_number(cell) for cell in cells if cell.strip() not in GAPS]
    return numbers.count(None) > 1 or (numbers != [] and numbers.count(None) == len(numbers))


def _counts(lines: list[Line]) -> bool:
    """Whether the first cells of many lines are 0, 1, 2, ... or 1, 2, 3, ..."""
    first = [_number(cells[0]) for _, cells in lines]
    return len(lines) >= MANY and any(first == list(range(start, start + len(lines))) for start in (0, 1))


def _first_column(path: str, lines: list[Line], names: list[str] | None) -> int:
    """Return which column the table begins with: row numbers before it are no part of it, which is said."""
    first = 0
    n_columns = len(names or lines[0][1])
    if names is None:
        first = int(n_columns > 1 and _counts(lines))
    while names is not None and first < n_columns - 1 and names[first] in NAMELESS:
        first += 1
    if first:
        which = "column 0 has no name and is" if first == 1 else f"columns 0..{first - 1} have no names and are"
        warn(
            f"{path}: {which} left out, as the row numbers (the index) that pandas and R write: give names in the "
            "first line to keep them"
        )
    return first


def _number(cell: str) -> float | None:
    """Return the number in a cell, NaN for a gap, None for anything else."""
    cell = cell.strip()
    if cell in GAPS:
        return np.nan
    try:
        return float(cell) if _is_plain(cell) else None
    except ValueError:
        return None


def _is_plain(text: str) -> bool:
    """Whether `float` reads text as others do: it would take 1_000, and the digits of any script."""
    return text.isascii() and "_" not in text


def _numbers(source: FileSource, row: int, cells: list[str]) -> list[float]:
    """Return the numbers of a row's cells."""
    if _is_plain("".join(cells)):
        try:
            return [float(cell) if cell else np.nan for cell in cells]
        except ValueError:  # a gap in words, or none
            pass
    numbers = []
    for column, cell in enumerate(cells):
        number = _number(cell)
        if number is None:
            is_first = source.lines is not None and source.lines[row] == 1
            names_too = "; if these are names, say so: header=True (--header yes)" if is_first else ""
            raise TableError(
                f"{source.cell(row, column)}: {show(cell)} is not a number; code categories as 0..n-1, and leave a "
                f"gap empty or write nan{names_too}"
            )
        numbers.append(number)
    return numbers


def _check_large(source: FileSource, row: int, cells: list[str]) -> None:
    """Raise a `TableError` for a number of a row that float64 does not hold: an integer, or one beyond its range."""
    for column, cell in enumerate(cells):
        digits = cell.strip().lstrip("+-").lower()
        value = abs(float(_number(cell) or 0))
        if value >= EXACT and digits[:1] != "i" and (np.isinf(value) or (digits.isdigit() and int(digits) != value)):
            raise TableError(
                f"{source.cell(row, column)}: float64 does not hold {show(cell)}: leave the column out, or write "
                "smaller numbers (of identifiers, subtract the smallest)"
            )


def csv_bytes(values: Array, names: Sequence[str] | None) -> bytes:
    """Return the content of the file: integers without a point, gaps as nan."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    if names is not None:
        writer.writerow(names)
    if values.dtype.kind == "f":
        # str() of a NumPy number is the shortest text that reads back as the same number in its own precision.
        writer.writerows([str(cell).removesuffix(".0") for cell in row] for row in values)
    else:
        writer.writerows(values.astype(np.int64 if values.dtype.kind == "b" else values.dtype).tolist())
    return text.getvalue().encode()
