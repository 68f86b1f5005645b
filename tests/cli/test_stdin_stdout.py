"""A dash is standard input or output: tables pass through, and what is said beside them goes to stderr."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from people_file import FAST, lines, text

from made_np import MADEDensity
from made_np.cli import main


def feed(monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    """Put a text on standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))


def test_a_table_comes_from_standard_input(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    feed(monkeypatch, text(lines()))
    assert main(["train", "-", "-o", str(tmp_path / "m.npz"), *FAST]) == 0
    of_file = MADEDensity.load(people / "people.npz")
    assert (MADEDensity.load(tmp_path / "m.npz").theta_ == of_file.theta_).all()
    assert "-: 120 rows of 7 columns" in capsys.readouterr().out
    found = []
    for rows in (lines(5), lines(7)):  # the second table is not the first one again
        feed(monkeypatch, text(rows))
        assert main(["score", str(people / "people.npz"), "-", "-o", "-"]) == 0
        captured = capsys.readouterr()
        header, *numbers = captured.out.split()
        assert header == "log_prob"
        assert "written to standard output" in captured.err
        found.append(list(map(float, numbers)))
    assert [len(each) for each in found] == [5, 7]
    assert found[1][:5] == pytest.approx(found[0])


@pytest.mark.parametrize("command", ["complete", "explain", "sample"])
def test_standard_output_holds_the_table_alone(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    rest = ["-n", "6"] if command == "sample" else [str(people / "people.csv")]
    argv = [command, str(people / "people.npz"), *rest]
    assert main([*argv, "-o", str(tmp_path / "o.csv")]) == 0
    capsys.readouterr()
    assert main([*argv, "-o", "-"]) == 0
    assert capsys.readouterr().out == (tmp_path / "o.csv").read_text()


def test_a_bad_cell_of_standard_input_has_its_line(
    people: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    feed(monkeypatch, "sex,age\nF,30\nM,old\n")
    assert main(["score", str(people / "people.npz"), "-"]) == 0
    assert "made-np: -, line 3, column age = 'old'" in capsys.readouterr().err
