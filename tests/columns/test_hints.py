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


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ([f"{k},000" for k in range(60)], "numbers such as '0,000'"),
        ([f"${k}.50" for k in range(60)], "numbers such as"),
        ([f"{k} %" for k in range(60)], "numbers such as '0 %'"),
        ([f"{k / 7:.3f}" for k in range(60)] + ["?"], "numbers such as"),
        ([f"{k % 28 + 1:02d}/{k % 12 + 1:02d}/2024" for k in range(90)], "dates such as '01/01/2024'"),
        ([f"{k % 28 + 1} Mar 20{k % 20 + 10}" for k in range(90)], "dates such as"),
        ([f"{k:05d}" for k in range(60)], None),
        ([f"c{k}" for k in range(60)], None),
        ([str(k / 2) for k in range(9)], None),
    ],
)
def test_words_that_write_numbers_or_dates_are_pointed_out(words: list[str], what: str | None) -> None:
    rows = [{"a": word, "b": k % 3} for k, word in enumerate(words * 3)]
    if what is None:
        Columns.learn(rows)  # a warning would be an error
        return
    with pytest.warns(UserWarning, match=rf"taken for words in column 0 \('a'\) \({what}"):
        Columns.learn(rows)
    Columns.learn(rows, {"a": "categorical"})
