"""Text as people and programs write it: words, dates, gaps, separators, titles, encodings."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_np import MADEDensity
from made_np.messages import not_installed
from made_np.table.files import layout, opening, read_table
from made_np.table.files.writing import write_table
from made_np.table.raw import RawColumn
from made_np.table.table import Table

pytest.importorskip("pyarrow")


def told(table: Table) -> list[tuple[str, list[Any]]]:
    """The dtypes of the columns, and their cells, None for a gap."""
    columns = []
    for d in range(table.n_columns):
        raw = table.cells(d)
        cells = np.full(len(raw), None, dtype=object)
        known = raw.known()
        cells[~raw.gaps] = [str(each) for each in known] if known.dtype.kind in "mM" else known.tolist()
        columns.append((raw.dtype, cells.tolist()))
    return columns


def read(folder: Path, text: str | bytes, name: str = "t.csv", **options: Any) -> Table:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(path, **options)


WORDS = ("string", ["x", "y"])
COUNT = ("int64", [1, 2])


@pytest.mark.parametrize(
    ("text", "names", "columns"),
    [
        ("a,b\nx,1\ny,2\n", "ab", [WORDS, COUNT]),
        (" a , b \n x , 1 \n y,2\n", "ab", [WORDS, COUNT]),
        ("a|b\nx|1\ny|2\n", "ab", [WORDS, COUNT]),
        ("a\tb\nx\t1\ny\t2\n", "ab", [WORDS, COUNT]),
        ("a  b\n1   3\n2 4\n", "ab", [COUNT, ("int64", [3, 4])]),
        ("1 3\n2 4\n", None, [COUNT, ("int64", [3, 4])]),
        ("a;b\nx;1,5\ny;-2,25\n", "ab", [WORDS, ("double", [1.5, -2.25])]),
        ("1,5;x\n2,5;y\n", None, [("double", [1.5, 2.5]), WORDS]),
        ("x;w,1\ny;v,2\n", None, [("string", ["x;w", "y;v"]), COUNT]),
        ("a,b\nx,1\n\n\ny,2\n\n", "ab", [WORDS, COUNT]),
        ("# by hand\na,b\nx,1\ny,2\n", "ab", [WORDS, COUNT]),
        ("\n\na,b\nx,1\ny,2\n", "ab", [WORDS, COUNT]),
        ("a,b\nTrue,1\nFalse,2\n", "ab", [("bool", [True, False]), COUNT]),
        ("a,b\nTrue,1\n,2\n", "ab", [("bool", [True, None]), COUNT]),
        ("a,b\nyes,1\nno,2\n", "ab", [("string", ["yes", "no"]), COUNT]),
        ("a\n2024-02-29\n2023-01-01\n", "a", [("date32[day]", ["2024-02-29", "2023-01-01"])]),
        ("a,b\n2024-02-29 12:00:00,1\n,2\n", "ab", [("timestamp[s]", ["2024-02-29T12:00:00", None]), COUNT]),
        ("a,b\n2024-02-29,1\nx,2\n", "ab", [("string", ["2024-02-29", "x"]), COUNT]),
        ("a,b\n7_4,1\n7.3,2\n", "ab", [("string", ["7_4", "7.3"]), COUNT]),
        ('"a, x",b\n"x, y",1\n"z\nw",2\n', ("a, x", "b"), [("string", ["x, y", "z\nw"]), COUNT]),
        (
            "39, State-gov, 7\n50, ?, 8\n",
            None,
            [("int64", [39, 50]), ("string", ["State-gov", None]), ("int64", [7, 8])],
        ),
        ("a,b\n1152921504606846977,x\n,y\n", "ab", [("int64", [2**60 + 1, None]), WORDS]),
        ("a,b\n18446744073709551615,x\n,y\n", "ab", [("decimal128(38, 0)", [2**64 - 1, None]), WORDS]),
        (f"a,b\n{10**25 + 1},x\n-7,y\n", "ab", [("decimal128(38, 0)", [10**25 + 1, -7]), WORDS]),
        (f"a,b\n{10**50 + 1},x\n-7,y\n", "ab", [("decimal256(76, 0)", [10**50 + 1, -7]), WORDS]),
        ("a,b\n,1\n,2\n", "ab", [("null", [None, None]), COUNT]),
        ("city\nNew York\nOslo\n", ("city",), [("string", ["New York", "Oslo"])]),
    ],
)
def test_columns_of_text(tmp_path: Path, text: str, names: Any, columns: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = read(tmp_path, text)
        assert told(table) == columns
    assert table.names == (None if names is None else tuple(names))


@pytest.mark.parametrize(
    ("text", "columns", "words"),
    [
        ("My table\na,b\nx,1\ny,2\n", [WORDS, COUNT], r"line 1 \('My table'\) is left out, as a title"),
        ("My table,\na,b\nx,1\ny,2\n", [WORDS, COUNT], r"line 1 \('My table'\) is left out, as a title"),
        ("a,b,\nx,1,\ny,2,\n", [WORDS, COUNT], "column 2 is left out, as the lines end in ','"),
        ("a,b\nx,1,\ny,2,\n", [WORDS, COUNT], "column 2 is left out, as the lines end in ','"),
        ("x,1,\ny,2,\n", [WORDS, COUNT], "column 2 is left out, as the lines end in ','"),
        ('a,b\n"1,000",x\n"2,500",y\n', [("string", ["1,000", "2,500"]), WORDS], "column a: '1,000' is read as 1000"),
        ("a,b\n$7,x\n8.50,y\n", [("double", [7, 8.5]), WORDS], r"column a: '\$7' is read as 7"),
        ("a,b\n$7,x\n-,y\n", [("string", ["$7", None]), WORDS], "column a: '-' is read as a gap"),
        ("a,b\n7.5,x\n-,y\n", [("double", [7.5, None]), WORDS], "column a: '-' is read as a gap"),
        ("a;b\n1.234,5;x\n1234,5;y\n", [("double", [1234.5, 1234.5]), WORDS], "column a: .* is read as"),
        (",a,b\n0,x,1\n1,y,2\n", [WORDS, COUNT], "column 0 has no name and is left out"),
        ("2019,2020\n1.5,1\n2.5,2\n", None, "line 1 is taken for a row: if its numbers are names.*header=True"),
        ("a b\n7 x\n8 y\n", None, "one column only: is the separator a blank"),
        ("a\n" + "".join(f"{i}\n" for i in range(20)) + "x1\n", None, "line 22, column a: 'x1' is no number, so that"),
    ],
)
def test_what_is_made_of_text_is_said(tmp_path: Path, text: str, columns: Any, words: str) -> None:
    with pytest.warns(UserWarning, match=f"t.csv.*{words}") as caught:
        table = read(tmp_path, text)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert columns is None or told(table) == columns


def test_units_that_differ_stay_words(tmp_path: Path) -> None:
    assert told(read(tmp_path, "a,b\n$7,1\n7 %,2\n"))[0] == ("string", ["$7", "7 %"])


def test_options_say_what_is_not_found_out(tmp_path: Path) -> None:
    assert told(read(tmp_path, "a:b\nx:1\ny:2\n", sep=":")) == [WORDS, COUNT]
    assert told(read(tmp_path, "a b\nx 1\ny 2\n", sep=" ")) == [WORDS, COUNT]
    assert told(read(tmp_path, "a:b\nx:1,5\n", sep=":", decimal=","))[1] == ("double", [1.5])
    assert told(read(tmp_path, "a,b\nx,-999\n-,2\n", na=["-999", "-"])) == [
        ("string", ["x", None]),
        ("int64", [None, 2]),
    ]
    assert told(read(tmp_path, "a,b\nx,none\ny,2\n", na="none"))[1] == ("int64", [None, 2])
    latin = "\u00e9,b\n\u00fc,1\n".encode("latin-1")
    table = read(tmp_path, latin, encoding="latin-1")
    assert (table.names, told(table)[0]) == (("\u00e9", "b"), ("string", ["\u00fc"]))
    table = read(tmp_path, "\u00e9,b\n\u00fc,1\n".encode("utf-16"))
    assert (table.names, told(table)[0]) == (("\u00e9", "b"), ("string", ["\u00fc"]))
    assert told(read(tmp_path, "2019,2020\n1.5,1\n2.5,2\n", header=True))[1] == COUNT


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"sep": "ab"}, ValueError, "sep='ab': give one character"),
        ({"sep": 1}, TypeError, "sep is a int"),
        ({"decimal": ""}, ValueError, "decimal=''"),
        ({"encoding": 8}, TypeError, "encoding is a int"),
        ({"encoding": "klingon"}, ValueError, "cannot be read .*klingon"),
        ({"na": [1]}, TypeError, "na is a int"),
    ],
)
def test_options_are_looked_at(tmp_path: Path, options: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        read(tmp_path, "a,b\n1,2\n", **options)


PACKS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.mark.parametrize("suffix", [*PACKS, ".zst"])
def test_text_may_be_compressed(tmp_path: Path, suffix: str) -> None:
    text = b"a,b\nx,1\ny,2\n"
    if suffix in PACKS:
        assert told(read(tmp_path, PACKS[suffix](text), f"t.csv{suffix}")) == [WORDS, COUNT]
    columns = [RawColumn(np.array(cells), np.zeros(2, dtype=bool)) for cells in (["x", "y"], [1, 2])]
    write_table(tmp_path / f"u.csv{suffix}", columns, ["a", "b"])
    assert told(read_table(tmp_path / f"u.csv{suffix}")) == [WORDS, COUNT]
    with pytest.raises(ValueError, match=rf"t\.csv{suffix} cannot be read"):
        read(tmp_path, b"no such thing at all", f"t.csv{suffix}")


def test_types_may_change_far_below(tmp_path: Path) -> None:
    """What the first rows tell of a column is not the last word."""
    n = 30_000
    first = "1,2,2024-01-01,true,\n"
    last = "1.5,x,2024-01-01 12:00:00,no,7\n"
    table = read(tmp_path, "a,b,c,d,e\n" + first * n + last)
    columns = told(table)
    assert [dtype for dtype, _ in columns] == ["double", "string", "timestamp[s]", "string", "int64"]
    assert [cells[-1] for _, cells in columns] == [1.5, "x", "2024-01-01T12:00:00", "no", 7]
    assert [cells[0] for _, cells in columns] == [1, "2", "2024-01-01T00:00:00", "true", None]


def test_messages_name_the_line_though_lines_are_blank_or_cells_go_over_several(tmp_path: Path) -> None:
    table = read(tmp_path, '# title\n\na,b\n"x\ny",1\n\n"z",inf\n')
    assert table.where(1, 1) == f"{tmp_path}/t.csv, line 7, column b"
    with pytest.raises(ValueError, match="line 7, column b = inf: infinity has no place here"):
        table.cells(1)
    with pytest.raises(TypeError, match=r"line 4, column a = 'x.*y' is a str"):
        table.take([0]).column(0)


def test_standard_input_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stream:
        buffer = io.BytesIO(b"a,b\nx,1\ny,2\n")

    monkeypatch.setattr(sys, "stdin", Stream())
    monkeypatch.setattr(opening, "_given", [])
    table = read_table("-")
    assert told(table) == [WORDS, COUNT]
    assert table.where(1, 0) == "-, line 3, column a"


def test_without_pyarrow_numbers_are_read_and_words_say_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(",a;b\n0;1,5;2\n1;;3\n".replace(",a", ";a"))
    (tmp_path / "u.csv").write_text("a,b\n1,x\n")
    code = (
        "import sys, warnings; sys.modules['pyarrow'] = None; warnings.simplefilter('ignore')\n"
        "from made_np.table.files import read_table\n"
        "table = read_table(sys.argv[1] + '/t.csv')\n"
        "print(table.names, table.values.tolist(), table.where(1, 1))\n"
        "try: read_table(sys.argv[1] + '/u.csv')\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[0] == f"('a', 'b') [[1.5, 2.0], [nan, 3.0]] {tmp_path}/t.csv, line 3, column b"
    what = f"{tmp_path}/u.csv, line 2, column b: 'x' is no number, and words need"
    assert lines[1] == str(not_installed(what, "pyarrow", "tables"))


@pytest.mark.parametrize(
    ("cell", "has_comma", "with_point"),
    [
        *(("1,5", True, "1.5"), ("-1.234,5", True, "-1234.5"), (",5e-3", True, ".5e-3"), ("0,123", True, "0.123")),
        *(("1,234", False, "1.234"), ("1.5", False, "1.5"), ("7", False, "7"), ("a.b,c", False, "a.b,c")),
    ],
)
def test_a_comma_is_seen_before_decimals_and_becomes_a_point(cell: str, has_comma: bool, with_point: str) -> None:
    assert layout._has_comma(cell) == has_comma
    assert layout._point(cell, ",") == with_point
    assert layout._point(cell, ".") == cell


@pytest.mark.parametrize("sep", [",", ";", "\t"])
@pytest.mark.parametrize("n_digits", [17, 20, 38, 39, 76, 77, 100, 300, 400])
@pytest.mark.parametrize("sign", ["", "-"])
def test_an_integer_of_many_digits_is_refused_by_its_place_and_is_never_another_number(
    n_digits: int, sep: str, sign: str, tmp_path: Path
) -> None:
    text = f"1{sep}2{sep}3\n4{sep}5{sep}{sign}6{'9' * (n_digits - 1)}\n"
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(ValueError, match=r"t\.csv, line 2, column 2 .*float64 does not hold"):
        read_table(tmp_path / "t.csv", header=False).read()


def test_ids_of_many_digits_are_left_out_or_refused(tmp_path: Path) -> None:
    ids = [str(7 * 10**60 + k) for k in range(60)]
    lines = [f"{each},{k % 2},{k % 7}" for k, each in enumerate(ids)]
    (tmp_path / "t.csv").write_text("id,bit,seven\n" + "\n".join(lines) + "\n")
    with pytest.raises(ValueError, match=r"float64 does not hold"):
        read_table(tmp_path / "t.csv").read()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MADEDensity((4,), max_epochs=1, random_state=0, backend="numpy").fit(read_table(tmp_path / "t.csv"))
    assert model.columns_.each[0].kind == "id"
