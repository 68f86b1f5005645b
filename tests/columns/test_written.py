"""Words that write moments as people do are read, and come back to the letter."""

from __future__ import annotations

import datetime
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from made_np.columns.columns import Columns
from made_np.columns.dates import Dates, are_dates
from made_np.columns.readings import reading_from_config
from made_np.columns.written import format_of, formats_of, parsed, spelled
from made_np.estimator.density import MADEDensity
from made_np.table.raw import RawColumn
from made_np.table.table import Table

DATES = [
    "%Y/%m/%d", "%Y.%-m.%-d", "%Y-%-m-%-d", "%Y%m%d", "%d.%m.%Y", "%-d.%m.%Y", "%-d.%-m.%Y", "%d/%m/%Y", "%-m/%-d/%Y",
    "%d-%m-%Y", "%m/%d/%y", "%-d/%-m/%y", "%d %b %Y", "%-d-%b-%y", "%-d. %B %Y", "%B %-d, %Y", "%b %d, %Y", "%b %-d %Y",
]  # fmt: skip
MONTHS = ["%Y-%m", "%Y/%-m", "%m/%Y", "%b %Y", "%B-%Y", "%b-%y"]
CLOCKS = ["", " %H:%M", "T%H:%M:%S", "  %-H:%M", " %I:%M %p", ", %-I:%M%P", " %-I:%M:%S %p"]
moments = st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2068, 12, 31))
LAST = datetime.datetime(2021, 12, 31, 23, 59, 58)
"""Its day is no month, and its year no day."""


def by_strftime(moment: datetime.datetime, written: str) -> str:
    """What the machine's own strftime writes, of which Windows does not know all."""
    return moment.strftime(written)


@pytest.mark.parametrize("written", [*(date + clock for date, clock in product(DATES, CLOCKS)), *MONTHS])
def test_a_format_is_found_and_words_come_back(written: str) -> None:
    rng = np.random.default_rng(0)
    start = np.datetime64("1970-01-01T00:00:00")
    each = sorted({*(start + rng.integers(0, 3_000_000_000, 40)).tolist(), LAST, datetime.datetime(1970, 1, 1, 0, 7)})
    words = list(dict.fromkeys(by_strftime(moment, written) for moment in each))
    found = format_of(words)
    assert found is not None
    assert found.written.replace("%B", "%b") == written.replace("%B", "%b")
    assert spelled(found.values, found.written) == words
    again = dict.fromkeys(by_strftime(moment, written) for moment in found.values.astype("M8[s]").tolist())
    assert list(again) == words


@given(st.lists(moments, min_size=1, max_size=9), st.sampled_from(DATES), st.sampled_from(CLOCKS))
def test_words_are_read_as_the_standard_library_reads_them(each: Any, date: str, clock: str) -> None:
    written = date + clock
    words = [by_strftime(moment, written) for moment in each]
    expected = [datetime.datetime.strptime(word, written.replace("%-", "%").replace("%P", "%p")) for word in words]
    values = parsed(words, written)
    assert values is not None
    assert values.astype("M8[s]").tolist() == expected
    assert spelled(values, written) == words


@pytest.mark.parametrize(
    ("words", "n"),
    [
        (["03/04/2024", "11/12/2024"], 2),
        (["03/04/2024", "13/12/2024"], 1),
        (["03/04/2024", "12/13/2024"], 1),
        (["03.04.2024", "11.12.2024"], 1),
        (["03.04.2024", "12.13.2024"], 0),
        (["3.4.2024", "03.04.2024"], 0),  # one column, two ways
        (["30.02.2024"], 0),
        (["29.02.2023"], 0),
        (["31.12.2024 25:00"], 0),
        (["31/12/2024 13:00 PM"], 0),
        (["31/12/2024 00:30 AM"], 0),
        (["31/12/2024 05:30", "30/12/2024"], 0),
        (["1.1.1.1"], 0),
        (["123-45-6789"], 0),
        (["2024"], 0),
        (["20241350"], 0),
        (["Foo 1, 2024"], 0),
        (["٣١/12/2024"], 0),
        (["2024-13"], 0),
        (["12/24"], 0),
        ([""], 0),
        ([], 0),
    ],
)
def test_how_many_formats_are_left(words: list[str], n: int) -> None:
    assert len(formats_of(words)) == n
    assert len(formats_of(words[::-1])) == n


def raw_of(words: list[Any]) -> RawColumn:
    cells = np.array(words, dtype=object)
    return RawColumn(cells, np.array([word is None for word in words]))


def test_a_column_reads_its_own_format_and_iso() -> None:
    reading = Dates.learn(raw_of(["31.12.2024", None, "01.02.2025", "31.12.2024"]))
    assert (reading.unit, reading.written) == ("D", "%d.%m.%Y")
    assert_array_equal(
        reading.numbers(raw_of(["31.12.2024", None, "1.2.2025", "2025-02-01"]), str), [0, np.nan, 32, 32]
    )
    cells = reading.cells(np.array([32, np.nan, -0.2]))
    assert cells.values.tolist() == ["01.02.2025", None, "31.12.2024"]
    with pytest.raises(TypeError, match=r"1 = '12/31/2024': this column holds dates; give .* or 31\.05\.2024"):
        reading.numbers(raw_of(["31.12.2024", "12/31/2024"]), str)
    assert reading_from_config(reading.config() | {"name": "dates"}) == reading


def test_files_from_before_there_were_formats_are_read() -> None:
    old = {"name": "dates", "unit": "m", "origin": 5, "resolution": "m", "span": False, "between": " "}
    assert reading_from_config(old) == Dates("m", 5, "m", written=" ")


def test_two_digits_of_a_year_are_a_date_where_somebody_says_so() -> None:
    words = raw_of(["1.12.20", "17.3.21"])
    assert not are_dates(words)
    assert are_dates(words, said=True)
    assert all(are_dates(raw_of(words)) for words in (["1/12/20", "3/17/21"], ["1-Mar-20"], ["March-21", "May-22"]))


def table(words: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"day": words, "a": np.arange(len(words)) % 3})


def test_an_ambiguous_column_is_words_and_says_what_a_cell_may_be() -> None:
    words = [f"{k % 11 + 1}/{k // 11 + 1}/2024" for k in range(90)] * 2
    with pytest.warns(UserWarning, match=r"column 0 \('day'\) \(dates such as .*columns={name: 'date'}"):
        columns = Columns.learn(Table.of(table(words)))
    assert columns.each[0].kind == "categorical"
    with pytest.raises(ValueError, match=r"'2/1/2024' may be 2024-01-02 or 2024-02-01: .*dayfirst"):
        Columns.learn(Table.of(table(words)), {"day": "date"})


def test_a_model_answers_in_the_format_of_its_table() -> None:
    rng = np.random.default_rng(0)
    days = [datetime.date(2021, 1, 1) + datetime.timedelta(days=int(k)) for k in rng.integers(0, 400, 120)]
    density = MADEDensity((4,), max_epochs=1, random_state=0).fit(table([f"{day:%d.%m.%Y}" for day in days]))
    drawn = density.sample(5)["day"]
    assert [f"{datetime.datetime.strptime(word, '%d.%m.%Y'):%d.%m.%Y}" for word in drawn] == drawn.tolist()
    of_day = [
        density.probability({"day": (low, None)}) for low in ("05.03.2021", "5.3.2021", datetime.date(2021, 3, 5))
    ]
    assert of_day[0] == of_day[1] == of_day[2]
    assert 0 < of_day[0] < 1
    assert density.sample(2, given={"day": "05.03.2021"})["day"].tolist() == ["05.03.2021"] * 2
