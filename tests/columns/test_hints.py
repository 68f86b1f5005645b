"""What is said of tables that may not mean what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_np.columns.columns import Columns
from made_np.table.files import read_table


def written(folder: Path, first: str, rows: Any) -> Any:
    """A file of text with a first line above some rows, read without names of columns."""
    path = folder / "rain.csv"
    path.write_text("\n".join([first, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return read_table(path)


def test_a_first_line_of_years_is_pointed_out(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(500, 30, (50, 3)).round(1)
    with pytest.warns(UserWarning, match=r"first line of .*rain\.csv \(2019, 2020, 2021, \.\.\.\).*--header yes"):
        Columns.learn(written(tmp_path, "2019,2020,2021", rows))
    for first, numbers in (("2021,2020,2019", rows), ("2019.5,2020,2021", rows), ("12,13,15", rows.round())):
        Columns.learn(written(tmp_path, first, numbers))  # a warning would be an error
    Columns.learn(np.vstack([[2019, 2020, 2021], rows]))
