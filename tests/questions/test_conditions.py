"""Conditions say the same in a dict, in SQL and in plain loops over rows; what cannot be meant is named."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_np import Gaussian
from made_np.columns.columns import Columns
from made_np.columns.dates import Dates
from made_np.questions.conditions import ALWAYS, NEVER, Condition, all_of, any_of
from made_np.questions.conditions import test as on
from made_np.questions.literals import Literals
from made_np.questions.predicates import as_condition
from made_np.questions.regions import GAP, NOTHING, NUMBERS, Region
from questions.subjects import column, discrete

sqlglot = pytest.importorskip("sqlglot")
LITERALS = Literals(discrete().columns)
ROWS = np.array([[a, b, c, d] for a in range(2) for b in range(3) for c in [0, 1, 2, 3, np.nan] for d in range(4)])

# --------------------------------------------------------------------------------------------------- regions

ends = st.one_of(st.integers(-3, 3).map(float), st.sampled_from([-np.inf, np.inf, np.nextafter(1.0, 2.0)]))
regions = st.builds(Region.of, st.lists(st.tuples(ends, ends), max_size=4), st.booleans())
POINTS = np.concatenate(
    [np.arange(-4, 5) + 0.0, np.nextafter(np.arange(-3.0, 4), 9), np.nextafter(np.arange(-3.0, 4), -9), [np.nan]]
)


@given(regions, regions)
def test_regions_join_as_sets_do(a: Region, b: Region) -> None:
    np.testing.assert_array_equal((a & b).holds(POINTS), a.holds(POINTS) & b.holds(POINTS))
    np.testing.assert_array_equal((a | b).holds(POINTS), a.holds(POINTS) | b.holds(POINTS))
    np.testing.assert_array_equal((~a).holds(POINTS), ~a.holds(POINTS) & ~np.isnan(POINTS))
    assert (a & ~a, a & a, a | a) == (NOTHING, a, a)
    assert (a | ~a) == Region(NUMBERS.intervals, a.gap)


# ------------------------------------------------------------------------------------------------------- SQL

WORDS = {1: ("NY", "NJ", "CA"), 3: ("D", "C", "B", "A")}
NAMES = ("sick", "state", '"hours"', "`grade-1`")


@st.composite
def comparisons(draw: Any) -> tuple[str, Any]:
    """SQL of one comparison, with a function of a row that answers True, False or None."""
    d = draw(st.integers(0, 3))
    spelled = (lambda k: f"'{WORDS[d][int(k)]}'") if d in WORDS else (lambda k: f"{k:g}")
    values = {0: [0, 1], 1: [0, 1, 2], 2: [-1, 0, 1, 1.5, 3], 3: [0, 1, 2, 3]}[d]
    a, b = draw(st.sampled_from(values)), draw(st.sampled_from(values))
    kinds = [
        "=",
        "<>",
        "!=",
        "IN",
        *([] if d == 1 else ["<", "<=", ">", ">=", "BETWEEN"]),
        *(["NULL"] if d == 2 else []),
    ]
    kind = draw(st.sampled_from(kinds))
    no = draw(st.sampled_from(["", "NOT "]))
    if kind == "NULL":
        return f"{NAMES[d]} IS {no}NULL", lambda row: bool(np.isnan(row[d])) != bool(no)
    if kind == "IN":
        text, ask = f"{NAMES[d]} {no}IN ({spelled(a)}, {spelled(b)})", lambda x: (x in (a, b)) != bool(no)
    elif kind == "BETWEEN":
        text, ask = f"{NAMES[d]} {no}BETWEEN {spelled(a)} AND {spelled(b)}", lambda x: (a <= x <= b) != bool(no)
    else:
        compare = {
            "=": np.equal,
            "<>": np.not_equal,
            "!=": np.not_equal,
            "<": np.less,
            "<=": np.less_equal,
            ">": np.greater,
            ">=": np.greater_equal,
        }[kind]
        text, ask = f"{NAMES[d]} {kind} {spelled(a)}", lambda x: bool(compare(x, a))
    return text, lambda row: None if np.isnan(row[d]) else bool(ask(row[d]))


def both(one: Any, two: Any) -> Any:
    """SQL's AND of True, False and None (unknown)."""
    return False if one is False or two is False else None if one is None or two is None else True


def negated(one: Any) -> Any:
    return None if one is None else not one


def longer(parts: Any) -> Any:
    """Expressions of shorter ones."""

    def conj(pair: Any) -> Any:
        (a, f), (b, g) = pair
        return f"({a}) AND {b}", lambda row: both(f(row), g(row))

    def disj(pair: Any) -> Any:
        (a, f), (b, g) = pair
        return f"({a} OR ({b}))", lambda row: negated(both(negated(f(row)), negated(g(row))))

    def no(part: Any) -> Any:
        a, f = part
        return f"NOT ({a})", lambda row: negated(f(row))

    return st.one_of(st.tuples(parts, parts).map(conj), st.tuples(parts, parts).map(disj), parts.map(no))


def closed(part: Any) -> Any:
    return f"({part[0]})", part[1]


@settings(deadline=None, max_examples=100)
@given(st.recursive(comparisons(), lambda parts: longer(parts.map(closed)), max_leaves=8))
def test_sql_holds_the_rows_that_a_loop_over_rows_holds(expression: Any) -> None:
    text, ask = expression
    found = as_condition(text, LITERALS).holds(ROWS)
    np.testing.assert_array_equal(found, [ask(row) is True for row in ROWS], err_msg=text)
    condition = as_condition(text, LITERALS)
    for d, region in condition.implied().items():
        assert region.holds(ROWS[found, d]).all()
    hull = all_of(on(d, region) for d, region in condition.implied().items())
    assert not condition.is_plain or hull == condition


def test_conditions_come_in_one_form() -> None:
    assert all_of([]) == ALWAYS
    assert any_of([]) == NEVER
    assert any_of([on(2, GAP), on(2, NUMBERS)]) == on(2, GAP | NUMBERS)
    assert all_of([on(2, GAP), on(2, NUMBERS)]) == NEVER
    assert any_of([ALWAYS, on(0, GAP)]) == ALWAYS
    assert all_of([NEVER, on(0, GAP)]) == NEVER
    either = any_of([on(0, GAP), on(1, GAP)])
    assert all_of([either, on(2, GAP)]) == Condition(((2, GAP),), (either,))
    assert any_of([all_of([on(0, GAP), on(1, GAP)]), on(0, NUMBERS)]).implied() == {0: GAP | NUMBERS}
    low, high = Region.of([(0, 5)]), Region.of([(3, 9)])
    nested = all_of([on(0, low), any_of([on(0, high), all_of([on(0, high), on(1, GAP)])])])
    assert nested.implied()[0] == low & high
    assert hash(either) == hash(any_of([on(1, GAP), on(0, GAP)]))


# ------------------------------------------------------------------------------------------------------ dicts


@pytest.mark.parametrize(
    ("asked", "sql"),
    [
        ({"sick": 1}, "sick = 1"),
        ({"sick": True, "state": "NY"}, "sick = 1 AND state = 'NY'"),
        ({"state": {"NY", "CA"}}, "state IN ('CA', 'NY')"),
        ({"state": ["NY"]}, "state = 'NY'"),
        ({"state": frozenset()}, "FALSE"),
        ({"state": ("!=", "NY")}, "state <> 'NY'"),
        ({"hours": (1, 2.5)}, "hours BETWEEN 1 AND 2.5"),
        ({"hours": (None, 2)}, "hours <= 2"),
        ({"hours": (2, None)}, "2 <= hours"),
        ({"hours": (None, None)}, "hours IS NOT NULL"),
        ({"hours": (2, 1)}, "FALSE"),
        ({"hours": ("<", 2)}, "hours < 2"),
        ({"hours": ("<=", 2)}, "NOT hours > 2"),
        ({"hours": (">", 2)}, "hours > 2"),
        ({"hours": (">=", np.int8(2))}, "hours >= 2"),
        ({"hours": None}, "hours IS NULL"),
        ({"hours": {1, None}}, "hours = 1 OR hours IS NULL"),
        ({"hours": np.array([1.0, 3])}, "hours IN (1, 3)"),
        ({"grade-1": ("C", "A")}, "\"grade-1\" >= 'C'"),
        ({2: 1, 0: 0}, "hours = 1 AND sick = 0"),
        ({}, "TRUE"),
        (None, "TRUE"),
    ],
)
def test_a_dict_says_what_sql_says(asked: Any, sql: str) -> None:
    expected = as_condition(sql, LITERALS).holds(ROWS)
    np.testing.assert_array_equal(as_condition(asked, LITERALS).holds(ROWS), expected)


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"stat": "NY"}, ValueError, "where: there is no column 'stat': the columns are called 'state'"),
        ({"STATE": "NY"}, ValueError, "'state'"),
        ({9: 1}, ValueError, "there is no column 9"),
        ({("sick",): 1}, TypeError, "name a column, or give its place"),
        (
            {"state": "NYC"},
            ValueError,
            r"column 1 \('state'\) is to be 'NYC', a value that it does not have: it has 'NY'",
        ),
        ({"state": ("NY", "NJ")}, ValueError, r"column 1 \('state'\) .* a pair is a range, .* a set, {...}\?"),
        ({"state": ("<", "NJ")}, ValueError, "its words have no order"),
        (
            {"state": None},
            ValueError,
            r"column 1 \('state'\) is to be a gap, but gaps were not learned: .*missing='level'",
        ),
        ({"hours": "many"}, TypeError, r"column 2 \('hours'\) is to be 'many', a str: this column holds numbers"),
        ({"hours": (1, 2, 3)}, ValueError, r"give a pair \(low, high\), or a set"),
        ({"hours": ("<", None)}, ValueError, "None: give a value"),
        ({"hours": float("nan")}, ValueError, "leave the column out where it is not known, or give None"),
        ({"hours": {}}, TypeError, "give a single value"),
        (3, TypeError, "give a dict such as"),
        ("", ValueError, "is no condition"),
        ("hours <", ValueError, "is no SQL"),
        ("hours = 1; sick = 1", ValueError, "is not one condition"),
        ("hours LIKE '1%'", ValueError, "nothing is made of .*LIKE"),
        ("hours = NULL", ValueError, "write IS NULL"),
        ("hours IN (1, NULL)", ValueError, "write IS NULL"),
        ("hours + 1 = 2", ValueError, "nothing is made of"),
        ("grade-1 = 'A'", ValueError, "nothing is made of .*names of columns"),
        ('state = "NY"', ValueError, r"has a name, 'NY', where a value is wanted: strings stand in '\.\.\.'"),
        ("state IN (SELECT 1)", ValueError, "nothing is made of"),
        ("nothing = 1", ValueError, "there is no column 'nothing'"),
        ("(" * 5000 + "sick = 1" + ")" * 5000, ValueError, "nested too deeply"),
    ],
)
def test_what_cannot_be_meant_is_named(asked: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        as_condition(asked, LITERALS)


def test_a_name_that_two_columns_have_is_none() -> None:
    twice = Literals(Columns((column("a", Gaussian()), column("a", Gaussian()))))
    with pytest.raises(ValueError, match="two columns are called 'a': give the place"):
        as_condition({"a": 1}, twice)
    assert as_condition({1: 1}, twice).columns == {1}


def test_a_column_that_is_left_out_says_why() -> None:
    columns = Columns((column("a", Gaussian()), column("note", None, left_out="free text")))
    with pytest.raises(ValueError, match=r"column 1 \('note'\) is not in the model \(free text\)"):
        as_condition({"note": "x"}, Literals(columns))


@pytest.mark.parametrize(
    "moment",
    [
        dt.date(1970, 1, 11),
        dt.datetime(1970, 1, 11),
        dt.datetime(1970, 1, 11, 2, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        np.datetime64("1970-01-11"),
        "1970-01-11",
        "1970-01-11T00:00:00",
        "11.01.1970",
        "11.1.1970",
    ],
)
def test_dates_are_written_in_many_ways(moment: Any) -> None:
    literals = Literals(Columns((column("day", Gaussian(), reading=Dates("D", 0, "D", written="%d.%m.%Y")),)))
    assert as_condition({"day": (moment, None)}, literals) == on(0, Region.of([(10, np.inf)]))
    assert as_condition("day >= DATE '1970-01-11'", literals) == on(0, Region.of([(10, np.inf)]))
    with pytest.raises(TypeError, match="this column holds dates; give a datetime"):
        as_condition({"day": 10}, literals)


def test_sql_without_its_parser_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from made_np.questions import sql

    sql._sqlglot.cache_clear()
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    with pytest.raises(ImportError, match=r"SQL needs sqlglot, .*\.\[sql\].* give a dict such as"):
        as_condition("sick = 1", LITERALS)
