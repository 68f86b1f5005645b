"""A look at a table is the same rows wherever they lie, and has whatever a column must not lack."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from made_np.estimator import look
from made_np.estimator.look import drawn_rows, own_rows, rows_of_look, summary_of
from made_np.table.table import Table

N = 400
FEW = 20


def columns() -> dict[str, Any]:
    """Columns in each of which one row is of its own."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=N)
    whole = rng.integers(0, 5, N).astype(float)
    whole[[311, 312]] = 2.5
    word = rng.choice(["a", "b"], N).astype(object)
    word[57] = "rare"
    word[[202, 203]] = None
    days = np.datetime64("2024-05-01") + rng.integers(0, 30, N)
    days[91] = np.datetime64("1999-01-01")
    return {
        "x": x,
        "whole": whole,
        "word": word,
        "day": days,
        "id": np.array([f"k{k}" for k in range(N)], dtype=object),
    }


def look_of(cells: dict[str, Any], ends: list[int], most: int = FEW) -> Any:
    """The rows that are looked at where the table is cut at those rows."""
    drawn = drawn_rows(N, most)
    summaries = []
    for first, stop in zip([0, *ends], [*ends, N], strict=True):
        table = Table.of({name: each[first:stop] for name, each in cells.items()}) if stop > first else None
        summaries.append(() if table is None else summary_of(table, first, drawn))
    return rows_of_look(N, summaries, most)


@pytest.fixture(autouse=True)
def few_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "MOST_LEVELS", 50)
    monkeypatch.setattr(look, "MOST_NUMBERS", 50)
    monkeypatch.setattr(look, "AT_ONCE", 64)


def test_a_look_has_what_a_column_must_not_lack() -> None:
    cells = columns()
    rows = look_of(cells, [])
    x = cells["x"]
    wanted = {int(x.argmin()), int(x.argmax()), 311, 57, 202, 91}
    assert wanted <= set(rows.tolist())
    assert set(drawn_rows(N, FEW)) <= set(rows.tolist())
    # Of ids and reals, of which each is another one, no level has to be seen: only the ends.
    assert len(rows) <= FEW + 2 * len(cells) + 4 + 30
    assert rows.tolist() == sorted(set(rows.tolist()))


@pytest.mark.parametrize("ends", [[200], [0, 0, 57, 58, 311, 399], list(range(50, 400, 50))])
def test_a_look_does_not_depend_on_how_rows_are_shared_out(ends: list[int]) -> None:
    cells = columns()
    assert_array_equal(look_of(cells, ends), look_of(cells, []))


def test_a_value_that_was_drawn_is_not_looked_for_again() -> None:
    drawn = drawn_rows(N, FEW)
    word = np.full(N, "a", dtype=object)
    word[drawn[3]] = "b"
    other = drawn[3] - 1
    assert other not in drawn
    word[other] = "b"
    rows = look_of({"word": word}, [100, 300])
    assert set(rows) == {*drawn, 0, other}  # the first of all words, the greatest one


def test_numbers_and_words_in_one_column_each_have_ends() -> None:
    cells = np.arange(N).astype(object)
    cells[:300:2] = [f"w{k:03d}" for k in range(150)]
    rows = look_of({"a": cells}, [150])
    assert {0, 1, 298, 399} <= set(rows.tolist())
    assert_array_equal(rows, look_of({"a": cells}, []))


def test_a_small_table_is_looked_at_as_it_is() -> None:
    assert_array_equal(rows_of_look(7, []), np.arange(7))
    assert_array_equal(drawn_rows(FEW, FEW), np.arange(FEW))
    assert_array_equal(own_rows(np.array([1, 4, 5, 8]), 4, 3), [0, 1])
