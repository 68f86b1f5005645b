"""What is said of tables that may not mean what they say."""

from __future__ import annotations

import numpy as np
import pytest

from made_np.columns.columns import Columns


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ([f"{k},000" for k in range(60)] + ["-"], "numbers such as '0,000'"),
        ([f"${k}.50" for k in range(60)] + ["7"], "numbers such as"),
        ([f"{k} %" for k in range(60)] + ["7 %*"], "numbers such as '0 %'"),
        ([f"{k / 7:.3f}" for k in range(60)] + ["7*"], "numbers such as"),
        ([f"{k % 12 + 1:02d}/{k // 12 + 1:02d}/2024" for k in range(90)], "dates such as '01/01/2024'"),
        ([f"{k % 28 + 1} Mar 20{k % 20 + 10}" for k in range(90)] + ["?"], "dates such as"),
        ([f"{k % 12 + 1}/{k % 28 + 1}/{k % 20:02d}" for k in range(90)] + ["?"], "dates such as"),
        ([f"{2000 + k}-{k % 12 + 1:02d}" for k in range(60)] + ["?"], "dates such as"),
        ([f"March {k % 28 + 1}, 20{k % 20 + 10}" for k in range(90)] + ["?"], "dates such as"),
        ([f"-{k}.000,50 \u20ac" for k in range(60)] + ["7"], "numbers such as"),
        ([f"USD {k}" for k in range(60)] + ["EUR 7"], "numbers such as"),
        ([f"{k:05d}" for k in range(60)], None),
        ([f"{k % 3}.{k}.{k % 7}" for k in range(60)], None),
        ([f"10.0.{k}.{k % 7 + 10}" for k in range(60)], None),
        ([f"+49 30 {k}{k + 17}{k + 3}" for k in range(10, 70)], None),
        ([f"{k + 100}-{k % 40 + 10}-{k + 2000}" for k in range(60)], None),
        ([f"({k}, {k + 1}]" for k in range(60)], None),
        ([f"c{k}" for k in range(60)], None),
        ([str(k / 2) for k in range(9)], None),
    ],
)
def test_words_that_write_numbers_or_dates_are_pointed_out(words: list[str], what: str | None) -> None:
    rows = [{"a": word, "b": k % 3} for k, word in enumerate(words * 3)]
    if what is None:
        Columns.learn(rows)  # a warning would be an error
        return
    with pytest.warns(UserWarning, match=rf"taken as they stand in column 0 \('a'\) \({what}"):
        Columns.learn(rows)
    Columns.learn(rows, {"a": "categorical"})


def test_integers_that_write_dates_are_pointed_out() -> None:
    days = np.arange("2019-12-01", "2020-06-01", dtype="M8[D]").astype(str)
    whole = np.array([int(day.replace("-", "")) for day in days])
    with pytest.warns(UserWarning, match=r"taken as they stand in column 0 \(dates such as '20191201'\)"):
        Columns.learn(np.column_stack([np.repeat(whole, 2), np.arange(2 * len(whole)) % 3]))
    other = np.repeat(whole, 2) + 77
    Columns.learn(np.column_stack([other, np.arange(len(other)) % 3]))  # a warning would be an error
