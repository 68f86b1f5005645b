"""Words that write numbers are found to do so, and come back to the letter."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_np.table.notation import Notation
from made_np.table.notations import are_codes, notation_of, notations_of, readings_of

AROUND = [
    ("{}", "-{}"), ("${}", "-${}"), ("${}", "$-{}"), ("${}", "(${})"), ("${}", "$({})"), ("{}", "({})"),
    ("{} %", "-{} %"), ("{}%", "\u2212{}%"), ("{} \u20ac", "-{} \u20ac"), ("CHF {}", "-CHF {}"), ("{} kg", "-{} kg"),
    ("{} m\u00b2", "-{} m\u00b2"), ("{}", "{}-"),
    ("R$\u00a0{}", "-R$\u00a0{}"), ("{}\u202f\u20ac", "\u2212{}\u202f\u20ac"),
    (" {} months", " -{} months"), ("\u20b9{}", "-\u20b9{}"), ("{} km/h", "-{} km/h"), ("{}\u00b0C", "-{}\u00b0C"),
]  # fmt: skip
MARKS = [*zip(",. \u00a0\u202f'\u2019", ".,,,...", strict=True), ("", "."), ("", ",")]
decimals = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(sorted)


@st.composite
def notations(draw: st.DrawFn) -> Notation:
    """Any way to write numbers."""
    positive, negative = draw(st.sampled_from(AROUND))
    zero = positive
    if positive == "{}" and negative in ("-{}", "\u2212{}") and draw(st.booleans()):
        positive = draw(st.sampled_from(["+{}", "{}"]))
    thousands, decimal = draw(st.sampled_from(MARKS))
    least, most = draw(decimals)
    is_short = least == most == 2 and draw(st.booleans())
    grouped_from = draw(st.sampled_from([4, 5])) if thousands else 4
    has_zero = most == 0 or draw(st.booleans())
    width = 0 if positive.startswith(" ") else draw(st.sampled_from([0, 32]))
    return Notation(
        positive, negative, zero, thousands, decimal, least, most, is_short, grouped_from, has_zero, "", width
    )


def telling(notation: Notation) -> list[float]:
    """Numbers that show all of a notation."""
    step = 10.0**-notation.most
    return [-7654321 - step, 1234, 23456 + step, 5 * 10.0**-notation.least, 0, -8, 12345678]


@given(notations(), st.lists(st.integers(-(10**11), 10**11), max_size=9))
def test_words_of_any_notation_are_read_as_written(notation: Notation, counts: list[int]) -> None:
    numbers = [round(count * 10.0**-notation.most, notation.most) + 0.0 for count in [*counts, 0]] + telling(notation)
    numbers = [round(number, notation.most) for number in numbers]
    words = notation.spelled(numbers)
    found = notation_of(list(dict.fromkeys(words)))
    assert found is not None
    assert found.spelled(numbers) == words
    assert [found.number(word) for word in words] == numbers
    shown = ("positive", "negative", "thousands", "width")
    assert [getattr(found, name) for name in shown] == [getattr(notation, name) for name in shown]


@given(st.floats(1e-300, 1e300), st.sampled_from(["e0", "E+00", "e00"]), st.integers(0, 9), st.booleans())
def test_exponents_come_back(number: float, exponent: str, digits: int, negative: bool) -> None:
    notation = Notation(least=digits, most=digits, exponent=exponent)
    words = notation.spelled([-number if negative else number, 1.25, 1.25e9, 1e-9])
    assert all(float(word) for word in words)
    found = notation_of(list(dict.fromkeys(words)))
    assert found == notation
    assert found.spelled(map(found.number, words)) == words  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("$1,234.50 -$0.25 $0.00", [1234.5, -0.25, 0]),
        ("1234 12|345 9999 1|234|567", [1234, 12345, 9999, 1234567]),
        ("1234,5 12.345,5 9.999.999,9", [1234.5, 12345.5, 9999999.9]),
        ("$7 $8.50 $9.99 $1,000", [7, 8.5, 9.99, 1000]),
        ("7.0 7.25 0.125", [7, 7.25, 0.125]),
        (".5 1.25 -.75", [0.5, 1.25, -0.75]),
        ("(1,234,567) 7 0", [-1234567, 7, 0]),
        ("+5 \u22127 0", [5, -7, 0]),
        ("+5 -7 +0", [5, -7, 0]),
        ("5|% 12|% -3|%", [5, 12, -3]),
        ("1.5e-03 2.5e+10 -1.0e+00", [0.0015, 2.5e10, -1]),
        ("1e3 2e5", [1000, 200000]),
        ("0.1234567890123456 12.3456789", [0.1234567890123456, 12.3456789]),
    ],
)
def test_words_say_what_people_mean(words: str, numbers: list[float]) -> None:
    each = [word.replace("|", " ") for word in words.split()]
    found = notation_of(each)
    assert found is not None
    assert [found.number(word) for word in each] == numbers
    assert found.spelled(numbers) == each


@pytest.mark.parametrize(
    ("words", "n"),
    [
        (["1,234", "567,890"], 2),
        (["1.234", "567"], 2),
        (["$1,234", "$56,000"], 2),
        (["1,234", "1,234,567"], 1),
        (["1,234", "12,5"], 1),
        (["1,234", "0,125"], 1),
        (["1,230", "567"], 1),  # decimals would be written without the zero, or behind 567, too
        (["1.234,5", "7"], 1),
        (["1 234", "7"], 1),
        (["12 345", "1234"], 1),
        (["12 345", "1234", "1 234"], 0),
        (["1,234", "1234"], 0),  # no decimals either, as nothing says so
        (["1,234", "12345", "0,5"], 1),
        (["5 kg", "300 g"], 0),
        (["$5", "5"], 0),
        (["$5", "-\u20ac5"], 0),
        ([".5", "0.25"], 0),
        (["$5", "\u20ac5"], 0),
        (["5.0", "5"], 0),
        (["5.10", "5.2"], 0),
        (["1.9", "1.10"], 0),  # versions
        (["00123", "45678"], 0),
        (["1.2.3"], 0),
        (["10-19", "20-29"], 0),
        (["12:30"], 0),
        (["3/4"], 0),
        (["\u00bd"], 0),
        (["12*"], 0),
        (["12", "12*"], 0),
        (["12th"], 0),
        (["5 pm"], 0),
        (["3 March"], 0),
        (["(1)", "(2)"], 0),
        (["+5", "5"], 0),
        (["+5", "0", "+0"], 0),
        (["--5"], 0),
        (["-(5)", "5"], 0),
        (["(5", "5"], 0),
        (["c7"], 0),
        (["room 7"], 0),
        (["#7"], 0),
        (["0x1F"], 0),
        (["\u0663"], 0),  # 3 in Arabic
        (["12,34,567"], 0),
        (["1,,234"], 0),
        (["1 234\u00a0567"], 0),
        (["4111 1111 1111 1111"], 0),
        (["12345678901234567890"], 0),  # more digits than float64 holds
        (["1e3", "1.5e3"], 1),
        (["1e3", "7"], 0),
        (["1e999"], 0),
        ([f"0.{'0' * 500}1"], 0),
        ([" " * 500 + "7"], 1),
        ([""], 0),
        ([], 0),
    ],
)
def test_how_many_notations_are_left(words: list[str], n: int) -> None:
    assert len(notations_of(words)) == n
    assert len(notations_of(words[::-1])) == n


def test_blanks_around_words_that_follow_no_rule_are_nothing() -> None:
    found = notation_of([" 12", "7", "123 "])
    assert found == Notation()
    assert [found.number(word) for word in (" 12", "7", "123 ")] == [12, 7, 123]
    justified = notation_of([" 12", "  7", "123"])
    assert justified is not None
    assert justified.spelled([12, 7, 123]) == [" 12", "  7", "123"]


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("$1,234.50 $1234.5 1,234.50 1234.500 +1234.5 $+1,234.50", 1234.5),
        ("-$7 $-7 ($7.00) -7 \u22127 (7)", -7.0),
        ("0 $0.00 .0 -0", 0.0),
    ],
)
def test_a_number_may_be_written_more_simply_than_its_column_is(words: str, number: float) -> None:
    dollars = Notation("${}", "-${}", "${}", ",", ".", 2, 2)
    assert {dollars.number(word) for word in words.split()} == {number}


def test_what_writes_no_number_in_a_notation_is_none() -> None:
    dollars = Notation("${}", "-${}", "${}", ",", ".", 2, 2)
    words = "\u20ac5 5% 12,34 1.234,50 1,2345 --5 ($5 5) $ . 1.2.3 soon 5$ 1_000"
    assert {dollars.number(word) for word in words.split()} == {None}


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"positive": "$"}, ValueError, r"positive='\$': give what stands around one {}"),
        ({"zero": "{}{}"}, ValueError, "zero="),
        ({"negative": 7}, TypeError, "negative is a int"),
        ({"most": 10**9}, ValueError, "most=1000000000"),
        ({"width": "wide"}, TypeError, "width='wide'"),
    ],
)
def test_what_is_no_notation_is_refused(arguments: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Notation(**arguments)


def test_what_nobody_knows_to_be_decimals_is_no_number() -> None:
    assert [Notation("${}").number(word) for word in ("$7", "$7.5", "$7.500", "$7,500")] == [7, 7.5, None, None]
    assert Notation("{} %", decimal=",", most=1).number("1.234,5 %") == 1234.5


def test_any_blank_and_any_apostrophe_may_stand_between_thousands() -> None:
    words = {Notation("{} \u20ac", thousands="\u202f").number(f"1{blank}234 \u20ac") for blank in " \u00a0\u2009\u202f"}
    assert words == {Notation(thousands="'").number("1\u2019234")} == {1234}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([str(k) for k in range(60)], False),
        ([str(k) for k in range(9)], True),
        ([str(k) for k in range(10000, 10060)], True),
        ([str(-k) for k in range(9)], False),
        ([f"{k} %" for k in range(9)], False),
        ([f"{k}.5" for k in range(9)], False),
        ([f"61{k} 345 678" for k in range(9)], True),
        ([f"+4930123456{k}" for k in range(9)], True),
        ([f"+49 301 234 56{k}" for k in range(9)], True),
        ([f"192.168.100.20{k}" for k in range(9)], True),
    ],
)
def test_codes_are_written_as_numbers_are(words: list[str], expected: bool) -> None:
    found = notations_of(words)
    assert len(found) == 1
    assert are_codes(words, found[0]) is expected


def test_an_ambiguous_word_says_both_readings() -> None:
    assert readings_of(["1.234", "5.678"]) == "'1.234' may be 1234 or 1.234"
    assert readings_of(["1.234", "5.67"]) == ""
    decided: Any = [notation_of(["1,234"], mark) for mark in (".", ",", "")]
    decided.append(notation_of(["1,234"], whole=True))
    assert [found and found.number("1,234") for found in decided] == [1234, 1.234, None, 1234]
