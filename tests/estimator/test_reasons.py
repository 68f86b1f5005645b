"""Why rows are likely or not: the value that fits worst comes first, in the words of the table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from people import NAMES, frame, quick

from made_np import MADEDensity


@pytest.fixture(scope="module")
def table() -> Any:
    return frame()


@pytest.fixture(scope="module")
def fitted(table: Any) -> MADEDensity:
    return quick().fit(table)


def test_the_odd_value_has_rank_1(fitted: MADEDensity, table: Any) -> None:
    rows = table.head(30).assign(pay=9000.0)
    found = fitted.explain(rows)
    assert len(found) == 30
    assert_array_equal(found.rank[:, NAMES.index("pay")], 1)
    assert all(found.worst(k) == NAMES.index("pay") for k in range(30))
    assert str(found).startswith("row 0: pay is 9000.0, expected ")
    assert str(found).endswith("and 10 rows more")
    assert repr(found) == str(found)


def test_gaps_have_no_rank_and_no_nats(fitted: MADEDensity, table: Any) -> None:
    rows = table.head(20)
    found = fitted.explain(rows)
    assert list(found.log_prob.columns) == list(NAMES)
    assert_array_equal(found.log_prob.isna()[["city", "pay"]], rows[["city", "pay"]].isna())
    assert_array_equal(found.rank[:, 2] == 0, rows["city"].isna())
    told = found.to_dict()
    first = [each for each in told if each["row"] == 0]
    assert [each["rank"] for each in first] == list(range(1, len(first) + 1))
    assert {each["column"] for each in first} == set(NAMES[1:]) - {"city", "pay"} - {"unit"} | (
        {"unit"} if any(each["column"] == "unit" for each in first) else set()
    )
    assert first[0]["column"] == found.names[found.worst(0)]


def test_the_expected_cells_are_those_of_the_table(fitted: MADEDensity, table: Any) -> None:
    expected = fitted.explain(table.head(20)).expected
    assert set(expected["sex"]) <= {"F", "M"}
    assert set(expected["city"]) <= {"Bern", "Oslo", "Rome"}
    assert expected["born"].dtype == table["born"].dtype


def test_a_row_of_which_nothing_is_known_says_so() -> None:
    X = np.array([["a", "x"], ["b", "y"]] * 20, dtype=object)
    model = quick(answers="any", order=[0, 1], max_epochs=1).fit(X)
    found = model.explain(np.array([[None, None], ["a", None]], dtype=object))
    assert str(found).splitlines()[0] == "row 0: nothing is known"
    assert found.rank.tolist() == [[0, 0], [1, 0]]
    assert [each["value"] for each in found.to_dict()] == ["a"]
