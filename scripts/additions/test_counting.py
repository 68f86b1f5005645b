"""made-np count."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from made_np.cli import main


def test_rows_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "table.npy"
    np.save(path, np.zeros((7, 2)))
    assert main(["count", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: 7 rows\n"


def test_a_table_that_is_missing_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["count", str(tmp_path / "none.npy")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
