"""describe says what train would decide, and learns nothing."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from people_file import FAST, lines, text

from made_np import MADEDensity
from made_np.cli import main


def test_describe_of_a_table_is_what_train_decides(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for data in ("people.csv", "people.npz"):
        assert main(["describe", str(people / data)]) == 0
        found = capsys.readouterr().out
        for column in MADEDensity.load(people / "people.npz").columns_.each:
            (line,) = [line for line in found.splitlines() if line.startswith(f"{column.name} ")]
            assert line.split()[1] == column.kind
    assert found.endswith("answers: gaps and conditions may be in any columns\n")


def test_options_of_columns(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--columns", "age=categorical,hours-week=integer", "--drop", "born,id"]
    assert main(["describe", str(people / "people.csv"), *more]) == 0
    kinds = {line.split()[0]: line.split()[1] for line in capsys.readouterr().out.splitlines()[2:]}
    expected = {"age": "categorical", "hours-week": "integer", "born": "drop", "id": "drop", "sex": "binary"}
    assert kinds | expected == kinds


@pytest.mark.parametrize("name", ["t.csv.gz", "t.parquet", "t.feather", "t.tsv"])
def test_other_files_are_described_alike(people: Path, tmp_path: Path, capsys: object, name: str) -> None:
    pytest.importorskip("pandas")
    import pyarrow.csv
    import pyarrow.feather
    import pyarrow.parquet

    table = pyarrow.csv.read_csv(people / "people.csv")
    path = tmp_path / name
    {
        "t.csv.gz": lambda: path.write_bytes(gzip.compress((people / "people.csv").read_bytes())),
        "t.parquet": lambda: pyarrow.parquet.write_table(table, path),
        "t.feather": lambda: pyarrow.feather.write_feather(table, path),
        "t.tsv": lambda: path.write_text(text(lines(), sep="\t")),
    }[name]()
    found = []
    for data in (people / "people.csv", path):
        assert main(["describe", str(data)]) == 0
        found.append(capsys.readouterr().out.splitlines()[1:])
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("content", "more", "kinds"),
    [
        (",x\n0,5\n1,7\n2,5\n3,6\n4,5\n5,7\n", [], {"x": "count"}),  # row numbers of pandas
        ("a;b\n7,4;1\n7,5;2\n3,4;1\n", [], {"a": "real", "b": "count"}),  # decimal commas
        ("a|b\n1|x\n2|y\n1|x\n", [], {"a": "count", "b": "binary"}),
        ("a,b\n1,miss\n2,3\n1,4\n", ["--na", "miss"], {"a": "count", "b": "count"}),
        ("a,b\n1,2,\n2,3,\n1,4,\n", [], {"a": "count", "b": "count"}),  # lines that end in a comma
        ("n,x\n2019,3.7\n2020,3.7\n2021,3.7\n", [], {"x": "constant"}),
    ],
)
@pytest.mark.filterwarnings("default")  # which the command shows
def test_quirks_of_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, more: list[str], kinds: dict[str, str]
) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "t.csv").write_text(content)
    assert main(["describe", str(tmp_path / "t.csv"), *more]) == 0
    found = {line.split()[0]: line.split()[1] for line in capsys.readouterr().out.splitlines()[2:]}
    assert found | kinds == found


def test_drop_and_weights_by_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    np.save(tmp_path / "t.npy", np.column_stack([rng.integers(0, 3, 80), rng.integers(0, 9, 80), rng.random(80)]))
    argv = ["train", str(tmp_path / "t.npy"), "-o", str(tmp_path / "m.npz"), *FAST]
    assert main([*argv, "--drop", "1", "--weights", "2"]) == 0
    model = MADEDensity.load(tmp_path / "m.npz")
    x = np.load(tmp_path / "t.npy")
    params = model.get_params()
    expected = MADEDensity(**params).fit(x[:, :2], sample_weight=x[:, 2])
    np.testing.assert_array_equal(model.theta_, expected.theta_)
    assert [column.kind for column in model.columns_.each][1] == "drop"
    for option, value in (("--drop", "7"), ("--weights", "w"), ("--columns", "w=count")):
        capsys.readouterr()
        assert main([*argv, option, value]) == 2
        assert f"{option}: {tmp_path / 't.npy'} has no column {value.split('=')[0]!r}: give one of 0..2" in (
            capsys.readouterr().err
        )


@pytest.mark.parametrize(
    ("cell", "message"),
    [("-1", "--weights: {}, line 3, column w = -1: give numbers of at least 0"), ("", "{}, line 3, column w = nan")],
)
def test_weights_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str], cell: str, message: str) -> None:
    data = tmp_path / "t.csv"
    data.write_text(f"a,w\n1,1\n2,{cell}\n1,1\n3,1\n")
    assert main(["train", str(data), "-o", str(tmp_path / "m.npz"), "--weights", "w", *FAST]) == 2
    assert message.format(data) in capsys.readouterr().err
    assert not (tmp_path / "m.npz").exists()
