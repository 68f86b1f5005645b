"""Tables in text, of words as well as of numbers, by pyarrow."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from made_np.cells import FileSource
from made_np.messages import not_installed, warn
from made_np.table.files import TableError, reading
from made_np.table.files.layout import (
    BLANK,
    GAPS,
    MANY,
    WAY_OUT,
    Layout,
    Lines,
    check_names,
    first_column,
    number_in,
    refuse_ragged,
    scan,
)
from made_np.table.files.opening import open_bytes
from made_np.table.notations import notation_of, notations_of
from made_np.table.table import Table
from made_np.values import show

__all__ = ["read_words"]

CODE = re.compile(r"0[0-9xX]")
"""How a code of digits begins that is no number: a postal code, an account, a hexadecimal one."""
AT_ONCE = 1 << 18
"""So many bytes of text are read together, and the first of them tell the types."""
TOGETHER = 100
"""So many pieces of a column are put together."""
CONFLICT = re.compile(r"In CSV column #(\d+): .*CSV conversion error to ([^:]*): invalid value '(.*)'", re.DOTALL)
EXACT = 2.0**63
DASHES = {"-", "--", ".", ".."}
"""What stands for a gap among numbers."""
MANY_NUMBERS = 10
"""So many times as many numbers as words make the words look like mistakes."""
SWAPPED = str.maketrans(",.", ".,")
NUMBER = re.compile(r"([-+]?)([$\u20ac\u00a3]?)\s?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s?(%?)", re.ASCII)
"""A number as people write it: with a currency, thousands set apart, per cent."""


def read_words(path: str, layout: Layout, na: tuple[str, ...]) -> Table:
    """Return the table in a text."""
    read = _read(path, layout, na)
    first = first_column(path, layout, _counts(read[0]))
    last = _last_column(path, layout, read[-1])
    kept = list(range(first, last))
    names = None if layout.names is None else [layout.names[d] for d in kept]
    check_names(path, names)
    decimal = layout.decimal if layout.is_sure else ""
    source = FileSource(path, names, lines=Lines(path, layout), left_out=first, decimal=decimal)
    columns = []
    has_codes = _may_have_codes(path, layout)
    for d in kept:
        if has_codes and str(read[d].type) == "int64":
            read[d] = _as_codes(path, layout, read[d], d, na)
        columns.append(_mended(path, layout, read[d], d, na, source))
        read[d] = None  # so that no column is there twice for long
        _pyarrow().default_memory_pool().release_unused()
    shown = names if names is not None else [f"x{d}" for d in range(len(kept))]
    return Table.of(_pyarrow().Table.from_arrays(columns, names=shown), source)


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.compute
        import pyarrow.csv
    except ImportError as error:
        raise not_installed("a text with more than numbers needs", "pyarrow", "tables") from error
    return pyarrow


def _read(path: str, layout: Layout, na: tuple[str, ...]) -> list[Any]:
    """Return all columns as pyarrow reads them."""
    if layout.sep == BLANK:
        return _read_blanks(path, layout, na)
    try:
        columns = _stream(path, layout, na)
    except TableError:
        refuse_ragged(path, layout)
        raise
    _check_quotes(path, layout)
    if any(str(column.type) == "binary" for column in columns):
        raise TableError(f"{path} is not UTF-8 text: {WAY_OUT}")
    if layout.n_columns == 1:
        rows = [cells for _, cells in scan(path, layout)]
        while rows and not rows[-1][0]:
            rows.pop()
        columns = [columns[0].slice(0, len(rows))]
    return columns


def _stream(path: str, layout: Layout, na: tuple[str, ...], only: str | None = None) -> list[Any]:
    """Return columns, or `only` one as words, read some rows at a time.

    The first rows tell the types; where a later cell is of another one, all is read once more.
    """
    pyarrow = _pyarrow()
    encoding = "utf-8" if layout.encoding == "utf-8-sig" else layout.encoding
    names = [str(d) for d in range(layout.n_columns)]
    read = pyarrow.csv.ReadOptions(
        column_names=names, skip_rows=layout.skip, encoding=encoding, block_size=AT_ONCE, use_threads=False
    )
    parse = pyarrow.csv.ParseOptions(
        delimiter=layout.sep, newlines_in_values=True, ignore_empty_lines=layout.n_columns > 1
    )
    blank = {f"{a}{word}{b}" for word in {*GAPS, *na} for a in ("", " ") for b in ("", " ")}
    shared = {"null_values": sorted(blank), "strings_can_be_null": True, "decimal_point": layout.decimal}
    if only is not None:
        shared["include_columns"] = [only]
    types = {} if only is None else {only: pyarrow.string()}
    while True:
        convert = pyarrow.csv.ConvertOptions(**shared, column_types=types)
        try:
            with reading(path, WAY_OUT), open_bytes(path) as file:
                reader = pyarrow.csv.open_csv(file, read, parse, convert)
                return _gathered(reader)
        except TableError as error:
            conflict = CONFLICT.search(str(error.__context__))
            if conflict is None:
                raise
            before, value = conflict.group(2, 3)
            types[conflict.group(1)] = _wider(before, value, pyarrow.csv.ConvertOptions(**shared))


def _gathered(reader: Any) -> list[Any]:
    """Return the columns of all batches, in pieces that are not small: those would hold much more memory."""
    pyarrow = _pyarrow()
    whole: list[list[Any]] = [[] for _ in reader.schema]
    small: list[list[Any]] = [[] for _ in reader.schema]
    for batch in reader:
        for d, part in enumerate(batch.columns):
            small[d].append(part)
            if len(small[d]) == TOGETHER:
                whole[d].append(pyarrow.concat_arrays(small[d]))
                small[d].clear()
    each = zip(whole, small, reader.schema.types, strict=True)
    return [pyarrow.chunked_array(large + rest, kind) for large, rest, kind in each]


def _wider(before: str, value: str, convert: Any) -> Any:
    """Return the type of a column that has cells of a type, and one of another."""
    pyarrow = _pyarrow()
    read = pyarrow.csv.ReadOptions(column_names=["0"])
    parse = pyarrow.csv.ParseOptions(delimiter="\x1f")
    kind = pyarrow.csv.read_csv(io.BytesIO(value.encode()), read, parse, convert).column(0).type
    if before in ("null", str(kind)):
        return kind if before == "null" else pyarrow.string()
    both = {before, str(kind)}
    if both == {"int64", "double"}:
        return pyarrow.float64()
    if both <= {"date32[day]", "timestamp[s]", "timestamp[ns]"}:
        return pyarrow.timestamp("ns" if "timestamp[ns]" in both else "s")
    return pyarrow.string()


def _check_quotes(path: str, layout: Layout) -> None:
    """Raise an error if a quote is never closed: what follows it would be one cell."""
    with open_bytes(path) as file:
        n_quotes = sum(part.count(b'"') for part in iter(lambda: file.read(1 << 20), b""))
    if n_quotes % 2:
        for _ in scan(path, layout, strict=True):
            pass


def _read_blanks(path: str, layout: Layout, na: tuple[str, ...]) -> list[Any]:
    """Return the columns of a text with any number of blanks between cells, which pandas knows."""
    try:
        import pandas
    except ImportError as error:
        raise not_installed("a text with blanks between cells needs", "pandas", "tables") from error
    refuse_ragged(path, layout)
    with reading(path, WAY_OUT), open_bytes(path) as file:
        frame = pandas.read_csv(
            file,
            sep=r"\s+",
            header=None,
            names=[str(d) for d in range(layout.n_columns)],
            skiprows=layout.skip,
            decimal=layout.decimal,
            encoding=layout.encoding,
            na_values=[*GAPS, *na],
        )
    try:
        return list(_pyarrow().Table.from_pandas(frame, preserve_index=False).columns)
    except OverflowError:  # pandas keeps such integers as objects
        raise ValueError(f"{path} has an integer of more than 64 bits: write it with a decimal point") from None


def _counts(column: Any) -> bool:
    """Whether a column counts many rows: 0, 1, 2, ... or 1, 2, 3, ...."""
    if len(column) < MANY or str(column.type) != "int64" or column.null_count:
        return False
    values = column.to_numpy()
    return bool(values[0] in (0, 1) and (np.diff(values) == 1).all())


def _last_column(path: str, layout: Layout, column: Any) -> int:
    """Return where the columns end: what follows a separator at the end of every line is none, which is said."""
    last = layout.n_columns - 1
    nameless = layout.names is None or not layout.names[last]
    if last == 0 or not nameless or column.null_count < len(column):
        return layout.n_columns
    if any(cells[last].strip() for _, cells in scan(path, layout)):  # gaps in words
        return layout.n_columns
    warn(f"{path}: column {last} is left out, as the lines end in {show(layout.sep)} and nothing")
    return last


def _mended(path: str, layout: Layout, column: Any, d: int, na: tuple[str, ...], source: FileSource) -> Any:
    """Return a column in one piece: words without blanks around them, numbers that people write, large integers."""
    pyarrow = _pyarrow()
    kind = str(column.type)
    where = f"{path}, {source.column(d - source.left_out)}"

    def cell(row: int) -> str:
        return source.cell(row, d - source.left_out)

    if kind in ("string", "large_string"):
        column = pyarrow.compute.utf8_trim_whitespace(column).dictionary_encode()
        made = _as_numbers(column, layout, where, cell)
        column = column.cast(pyarrow.string()) if made is None else made
    elif kind == "double" and len(column) - column.null_count:
        ends = pyarrow.compute.min_max(column).as_py()
        if max(-ends["min"], ends["max"]) >= EXACT:
            column = _exact(path, layout, column, d, na, cell)
    return column.combine_chunks() if hasattr(column, "chunks") else column


def _may_have_codes(path: str, layout: Layout) -> bool:
    """Whether a cell may be a code that begins with 0, from the bytes of a text."""
    if layout.sep == BLANK:
        return False
    begins = re.compile(rb"[\s\"" + re.escape(layout.sep.encode()) + rb"]\0?0\0?[0-9xX]")
    before = b"\n"
    with open_bytes(path) as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            if begins.search(before + part):
                return True
            before = part[-8:]
    return False


def _as_codes(path: str, layout: Layout, column: Any, d: int, na: tuple[str, ...]) -> Any:
    """Return a column of integers as the words that stand in the text, if one of them begins with 0."""
    pyarrow = _pyarrow()
    text = _stream(path, layout, na, only=str(d))[0].slice(0, len(column))
    text = pyarrow.compute.utf8_trim_whitespace(text)
    are_codes = pyarrow.compute.match_substring_regex(text, "^" + CODE.pattern)
    return text.cast(pyarrow.string()) if pyarrow.compute.any(are_codes).as_py() else column


def _exact(path: str, layout: Layout, column: Any, d: int, na: tuple[str, ...], cell: Callable[[int], str]) -> Any:
    """Return a column of numbers of 2**63 and more as decimals, if they are integers; as floats, if they are not.

    Raises
    ------
    ValueError
        An integer of more digits than decimals have.
    """
    pyarrow = _pyarrow()
    text = _stream(path, layout, na, only=str(d))[0].slice(0, len(column))
    text = pyarrow.compute.utf8_trim_whitespace(text)
    if not pyarrow.compute.all(pyarrow.compute.match_substring_regex(text, r"^[-+]?\d+$")).as_py():
        return column
    digits = pyarrow.compute.utf8_length(pyarrow.compute.utf8_ltrim(text, characters="+-0"))
    longest = pyarrow.compute.max(digits).as_py()
    for most, whole in ((38, pyarrow.decimal128(38, 0)), (76, pyarrow.decimal256(76, 0))):
        if longest <= most:  # of more digits a cast makes other numbers, and says nothing
            return text.cast(whole)
    row = pyarrow.compute.index(digits, longest).as_py()
    raise ValueError(
        f"{cell(row)} is an integer of {longest} digits: float64 does not hold it; leave the column out, or write it "
        "with a decimal point"
    )


def _as_numbers(column: Any, layout: Layout, where: str, cell: Callable[[int], str]) -> Any:
    """Return words as the numbers that they are, if each of them is one; None if they stay words.

    Those stay, too, of which a column learns how it writes numbers.
    """
    pyarrow = _pyarrow()
    encoded = pyarrow.concat_arrays(column.unify_dictionaries().chunks) if column.num_chunks else None
    if encoded is None or not len(encoded.dictionary):
        return None
    words = encoded.dictionary.to_pylist()
    if any(map(CODE.match, words)):
        return None
    if _are_amounts([word for word in words if word not in DASHES], layout, where):
        return _without_dashes(encoded, words, where)
    numbers = [None if word in DASHES else _number(word, layout.decimal) for word in words]
    odd = [word for word, number in zip(words, numbers, strict=True) if number is None and word not in DASHES]
    known = [word for word, number in zip(words, numbers, strict=True) if number is not None]
    matches = [NUMBER.fullmatch(_point(word, layout.decimal)) for word in known]
    units = {match.group(2) + match.group(5) for match in matches if match is not None} - {""}
    if odd or not known or len(units) > 1:
        if odd and len(known) >= MANY_NUMBERS * len(odd):
            codes = encoded.indices.to_numpy(zero_copy_only=False)
            row = int(np.flatnonzero(codes == words.index(odd[0]))[0])
            warn(f"{cell(row)}: {show(odd[0])} is no number, so that the column holds words: mend it, or give it as na")
        return None
    shown = next((word for word in words if word in DASHES), None)
    told = "a gap" if shown is not None else f"{_number(known[0], layout.decimal):g}"
    warn(f"{where}: {show(shown or known[0])} is read as {told}, as all others there are numbers")
    is_whole = all(number is None or number.is_integer() for number in numbers)
    made = [number if number is None or not is_whole else int(number) for number in numbers]
    return pyarrow.array(made).take(encoded.indices)


def _are_amounts(words: list[str], layout: Layout, where: str) -> bool:
    """Whether all of some words write numbers otherwise than programs do; say what tells, if the words do not."""
    found = notations_of(words)
    if len(found) > 1 and layout.is_sure:
        read = notation_of(words, layout.decimal)
        number = None if read is None else read.number(words[0])
        if number is not None:
            other = "," if layout.decimal == "." else "."
            warn(
                f"{where}: {show(words[0])} is read as {number:.15g}, as {show(layout.decimal)} stands before decimals "
                f"in the file. Where it does not, say decimal={other!r} (--decimal {other})"
            )
    return any(not each.is_plain for each in found)


def _without_dashes(encoded: Any, words: list[str], where: str) -> Any:
    """Return words with gaps where dashes stand, which is said; None where none do."""
    pyarrow = _pyarrow()
    dash = next((word for word in words if word in DASHES), None)
    if dash is None:
        return None
    warn(f"{where}: {show(dash)} is read as a gap, as all others there are numbers")
    return pyarrow.array([None if word in DASHES else word for word in words]).take(encoded.indices)


def _point(word: str, decimal: str) -> str:
    """Return a number with a decimal point, and commas between thousands."""
    return word.translate(SWAPPED) if decimal == "," else word


def _number(word: str, decimal: str) -> float | None:
    """Return the number that a word is."""
    plain = _point(word, decimal)
    match = NUMBER.fullmatch(plain)
    if match is None:
        found = number_in(plain)
        return None if found is None or found != found else found
    sign, _, whole, part, _ = match.groups()
    return float(f"{sign}{whole.replace(',', '')}{part or ''}")
