"""Reports: what a program reads, what a person reads, and that a failure cannot be overlooked."""

from __future__ import annotations

import json
import math

import pytest

from made_np.testing import CheckFailed, Failure, Report
from made_np.testing.report import number, table

BROKEN = tuple(Failure(f"W[{k}]", 10.0 - k, 2.0, 8.0 - k) for k in range(7))
FAILED = Report(
    "check_gradient",
    BROKEN,
    n_checked=9,
    n_exercised=8,
    n_kinks=1,
    worst_error=8.0,
    worst_where="W[0]",
    hint="constant ratio = batch size",
    rule="|got - want| <= 1",
    notes=("a <note>",),
    seed=3,
    reproduce="check_gradient(f, grad, x, rng=3)",
)
PASSED = Report("check_masks", n_checked=4, n_exercised=2, reproduce="check_masks(masks, [0, 1])")


def test_a_report_is_true_if_and_only_if_nothing_failed() -> None:
    assert PASSED.ok
    assert PASSED
    assert not FAILED.ok
    assert not FAILED
    assert not Report("x", n_failed=1)


def test_raise_if_failed_hands_the_report_on_or_raises_it() -> None:
    assert PASSED.raise_if_failed() is PASSED
    with pytest.raises(CheckFailed, match="check_gradient FAILED: 7 wrong") as caught:
        FAILED.raise_if_failed()
    assert caught.value.report is FAILED
    assert isinstance(caught.value, AssertionError)


def test_the_text_holds_all_that_a_reader_needs() -> None:
    text = str(FAILED)
    for part in (
        "7 wrong; 9 checked, 8 exercised, 1 skipped at kinks or ties",
        "likely mistake: constant ratio = batch size",
        "worst error: 8 at W[0]",
        "rule: |got - want| <= 1",
        "note: a <note>",
        "reproduce: check_gradient(f, grad, x, rng=3)",
        "... and 2 more",
    ):
        assert part in text
    assert ["W[0]", "10", "2", "5", "8"] in [line.split() for line in text.splitlines()]
    assert ["where", "got", "want", "ratio", "error"] in [line.split() for line in text.splitlines()]
    assert "W[4]" in text
    assert "W[5]" not in text


def test_a_passed_report_is_short() -> None:
    assert str(PASSED) == "check_masks passed: 4 checked, 2 exercised"


def test_html_escapes_what_it_shows() -> None:
    page = FAILED._repr_html_()
    assert "a &lt;note&gt;" in page
    assert page.count("<tr>") == 6
    assert "FAILED" in page
    assert "<table>" not in PASSED._repr_html_()


def test_the_five_worst_come_first_and_the_rest_stay() -> None:
    assert [failure.where for failure in FAILED.worst] == [f"W[{k}]" for k in range(5)]
    assert len(FAILED.failures) == FAILED.n_failed == 7


def test_to_dict_survives_json_even_with_numbers_that_are_not_finite() -> None:
    odd = Report("x", (Failure("a", math.nan, math.inf), Failure("b", "text", 0.0)), worst_error=math.nan)
    back = json.loads(json.dumps(odd.to_dict(), allow_nan=False))
    assert back["ok"] is False
    assert back["failures"][0]["got"] == "nan"
    assert back["failures"][0]["want"] == "inf"
    assert back["failures"][1] == {"where": "b", "got": "text", "want": 0.0, "ratio": None, "error": "inf", "hint": ""}
    assert json.loads(json.dumps(FAILED.to_dict()))["seed"] == 3


@pytest.mark.parametrize(
    ("got", "want", "ratio"), [(10.0, 2.0, 5.0), (1.0, 0.0, None), ("x", 1.0, None), (1.0, "y", None)]
)
def test_ratio_is_there_only_where_it_says_something(got: float, want: float, ratio: float | None) -> None:
    assert Failure("a", got, want).ratio == ratio


def test_but_changes_a_copy() -> None:
    assert PASSED.but(hint="h").hint == "h"
    assert PASSED.hint == ""


def test_number_and_table() -> None:
    assert number("text") == "text"
    assert number(1 / 3) == "0.333333"
    assert table(("a",), []) == ["a"]
