"""Tables in .csv files."""

from __future__ import annotations

import csv
import io

import numpy as np

from made_np.tables.table import Array, Table


def read_csv(path: str, header: bool | None) -> Table:
    """Return the numbers of the file; `header` says whether it begins with names, None: find out."""
    lines = _csv_lines(path)
    if not lines:
        raise ValueError(f"{path} is empty: give a table with at least one row")
    (_, first), names = lines[0], None
    if header is None:
        header = any(_number(cell) is None for cell in first)
    if header:
        names = [cell.strip() for cell in first]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"{path}: two columns are called {twice!r}: give each a name of its own")
        lines = lines[1:]
    values = np.empty((len(lines), len(first)))
    for row, (number, cells) in enumerate(lines):
        if len(cells) != len(first):
            raise ValueError(
                f"{path}, line {number} has {len(cells)} cells, the first line {len(first)}: mend the line"
            )
        try:
            values[row] = [float(cell) if cell else np.nan for cell in cells]
        except ValueError:
            values[row] = _numbers(path, number, cells, names)
    return Table(values, names)


def _csv_lines(path: str) -> list[tuple[int, list[str]]]:
    """Return each line's number and cells, without the empty lines at the end."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            first = file.readline()
            file.seek(0)
            delimiter = max(",;\t", key=first.count)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            lines = [(reader.line_num, cells) for cells in reader]
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text ({error.reason} at byte {error.start}): save it as UTF-8") from None
    except csv.Error as error:
        raise ValueError(f"{path} is not well-formed CSV ({error}): mend the quotes, or save it again") from None
    while lines and not lines[-1][1]:
        lines.pop()
    # In a table of one column an empty line is a gap; in any other it is a line without cells, refused later.
    one_column = bool(lines) and len(lines[0][1]) <= 1
    return [(number, cells or [""]) for number, cells in lines] if one_column else lines


def _number(cell: str) -> float | None:
    """Return the number in a cell, NaN for a gap, None for anything else."""
    try:
        return float(cell.strip() or "nan")
    except ValueError:
        return None


def _numbers(path: str, line: int, cells: list[str], names: list[str] | None) -> list[float]:
    """Return a line's numbers the slow way, which knows which cell is none."""
    numbers = []
    for column, cell in enumerate(cells):
        number = _number(cell)
        if number is None:
            where = f"column {column}" if names is None else f"column {column} ({names[column]})"
            raise ValueError(
                f"{path}, line {line}, {where}: {cell!r} is not a number; code categories as 0..n-1, and leave a gap "
                "empty or write nan"
            )
        numbers.append(number)
    return numbers


def csv_bytes(values: Array, names: list[str] | None) -> bytes:
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
