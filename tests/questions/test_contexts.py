"""Columns of context are given, not modelled: under each of their values the answers are those of one distribution."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from made_np import Bernoulli, Categorical, OneHot
from made_np.columns.column import Facts
from made_np.columns.columns import Columns
from made_np.questions import posteriors
from made_np.questions import subject as subjects_of
from made_np.questions.conditional import conditional
from made_np.questions.conditions import ALWAYS, any_of
from made_np.questions.contexts import under
from made_np.questions.explaining import explain, score_columns
from made_np.questions.filling import impute
from made_np.questions.given import draw_given, draw_rows
from made_np.questions.information import entropy, mutual_information
from made_np.questions.predicates import as_condition
from made_np.questions.predicting import predict_proba
from made_np.questions.probability import probability
from made_np.questions.subject import Subject
from made_np.typing import Floats
from questions.subjects import STATES, Words, column, subject

MODELS: dict[str, dict[str, Any]] = {
    "endless": {},
    "home": {"order": [2, 0, 1], "n_masks": None},
    "fixed": {"order": [2, 0, 1], "n_masks": 1},
    "mixture": {"n_masks": 4},
}


def told(**more: Any) -> Subject:
    """A bit, levels and a code, given a number (column 1) and a word (column 3) that may be missing."""
    gappy = Facts(10, 2, 3, 0, 2)
    each = (
        column("sick", Bernoulli()),
        column("size", Categorical(4), kind="ordinal", facts=Facts(10, 0, 4, 0, 3)),
        column("hours", Categorical(3)),
        column("state", Categorical(3), reading=Words(STATES), facts=gappy),
        column("grade", Categorical(4)),
    )
    return subject(Columns(each, context=(1, 3)), **more)


def rows_at(size: float, state: float) -> Floats:
    """All rows under one context."""
    return np.array([[a, size, b, state, c] for a, b, c in product(range(2), range(3), range(4))], dtype=float)


def table_at(asked: Subject, size: float, state: float) -> tuple[Floats, Floats]:
    """All rows under one context, with their probabilities."""
    rows = rows_at(size, state)
    return rows, np.exp(score_columns(asked, rows).sum(axis=1))


CONTEXTS = [(0.0, 0.0), (3.0, 2.0), (1.0, np.nan)]


@pytest.mark.parametrize("more", MODELS.values(), ids=MODELS)
def test_under_each_context_probabilities_sum_to_one_and_differ(more: Any) -> None:
    asked = told(**more)
    tables = [table_at(asked, *context)[1] for context in CONTEXTS]
    for p in tables:
        np.testing.assert_allclose(p.sum(), 1, atol=1e-9)
    assert np.abs(tables[0] - tables[1]).max() > 0.01
    assert np.abs(tables[0] - tables[2]).max() > 0.01


def test_columns_of_context_have_no_term_and_no_expectation() -> None:
    asked = told()
    rows, _ = table_at(asked, 2, 1)
    assert (score_columns(asked, rows)[:, [1, 3]] == 0).all()
    found = explain(asked, rows)
    for values in (found.log_prob, found.expected):
        assert np.isnan(values[:, [1, 3]]).all()
        assert not np.isnan(values[:, [0, 2, 4]]).any()
    assert (np.sort(found.rank, axis=1) == [0, 0, 1, 2, 3]).all()


@pytest.mark.parametrize("more", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("at_once", [1 << 16, 7], ids=["together", "in blocks"])
def test_each_row_of_many_is_answered_under_its_own_context(
    more: Any, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posteriors, "VALUES_AT_ONCE", at_once)
    monkeypatch.setattr(subjects_of, "AT_ONCE", 10 * at_once)
    asked = told(**more)
    rows = np.concatenate([rows_at(*context) for context in CONTEXTS])[np.random.default_rng(0).permutation(72)]
    alone = np.concatenate([score_columns(asked, row[None]) for row in rows])
    np.testing.assert_allclose(score_columns(asked, rows), alone, atol=1e-12)
    if more.get("n_masks"):
        return
    gappy = rows.copy()
    gappy[::2, 0] = np.nan
    gappy[::3, 4] = np.nan
    one_by_one = np.concatenate([impute(asked, row[None], "mean") for row in gappy])
    np.testing.assert_array_equal(impute(asked, gappy, "mean"), one_by_one)
    p = np.concatenate([predict_proba(asked, row[None], "grade") for row in gappy])
    np.testing.assert_allclose(predict_proba(asked, gappy, "grade"), p, atol=1e-12)


def test_columns_that_are_one_hot_together_are_filled_under_each_context() -> None:
    bit = column("", Bernoulli())
    each = (bit, bit, bit, column("size", Categorical(4), facts=Facts(10, 0, 4, 0, 3)), column("sick", Bernoulli()))
    asked = subject(Columns(each, OneHot(((0, 3),)), (3,)), spread=2.0)
    rows = np.array([[np.nan, np.nan, np.nan, k % 4, k % 2] for k in range(40)])
    rows[::5, :3] = [0, 1, 0]
    filled = impute(asked, rows, "mode")
    np.testing.assert_array_equal(filled, np.concatenate([impute(asked, row[None], "mode") for row in rows]))
    assert len(np.unique(filled[:, :3], axis=0)) > 1


def test_gaps_before_a_gap_are_drawn_under_each_context() -> None:
    asked = told(order=[2, 0, 1], n_masks=1, spread=2.0)
    contexts = list(product(range(4), range(3)))
    filled = impute(asked, np.array([[np.nan, size, np.nan, state, 2] for size, state in contexts]), "mode")
    n_sure = 0
    for row, context in zip(filled, contexts, strict=True):
        every, p = table_at(asked, *context)
        held = every[:, 4] == 2
        hours = np.array([p[held & (every[:, 2] == k)].sum() for k in range(3)]) / p[held].sum()
        if np.diff(np.sort(hours)[-2:]) > 0.1:  # else chance may have it otherwise
            n_sure += 1
            assert row[2] == hours.argmax()
    assert n_sure > 6
    assert len(np.unique(filled[:, 2])) > 1


@pytest.mark.parametrize("context", CONTEXTS)
def test_conditionals_are_those_of_the_table(context: tuple[float, float]) -> None:
    asked = told(order=[2, 1, 0], n_masks=1)
    rows, p = table_at(asked, *context)
    given = {"size": context[0], "state": None if np.isnan(context[1]) else STATES[int(context[1])]}
    found = conditional(asked, "hours", {**given, "grade": 2}).pmf(np.arange(3.0))
    held = rows[:, 4] == 2
    wanted = np.array([p[held & (rows[:, 2] == k)].sum() for k in range(3)])
    np.testing.assert_allclose(found, wanted / wanted.sum(), atol=1e-9)
    partly = rows[:1].copy()
    partly[:, [0, 2]] = np.nan
    partly[:, 4] = 2
    np.testing.assert_allclose(conditional(asked, "hours", partly).pmf(np.arange(3.0)[:, None])[:, 0], found, atol=1e-9)


def test_masses_are_those_of_the_table_under_each_context() -> None:
    asked = told()
    for size, state in ((0, "NY"), (3, "CA"), (3, None)):
        rows, p = table_at(asked, size, np.nan if state is None else STATES.index(state))
        given = {"size": size, "state": state}
        found, error = probability(asked, {"hours": {0, 2}, "sick": 1}, given, return_std=True)
        held = (rows[:, 2] != 1) & (rows[:, 0] == 1)
        assert abs(found - p[held].sum()) < 5 * error + 0.01
        assert probability(asked, {"hours": {0, 2}, "sick": 1}, given) == found
        both = probability(asked, {"hours": 1}, {**given, "sick": 1})
        wanted = p[(rows[:, 2] == 1) & (rows[:, 0] == 1)].sum() / p[rows[:, 0] == 1].sum()
        assert abs(both - wanted) < 0.02
        assert probability(asked, {}, given) == 1


def test_entropy_and_information_are_those_of_the_table() -> None:
    asked = told(order=[2, 0, 1], n_masks=1)
    rows, p = table_at(asked, 3, 1)
    given = {"size": 3, "state": "NJ"}
    found, error = entropy(asked, given=given)
    assert error == 0
    np.testing.assert_allclose(found, -(p * np.log(p)).sum(), atol=1e-9)
    joint = np.zeros((4, 2))
    np.add.at(joint, (rows[:, 4].astype(int), rows[:, 0].astype(int)), p)
    outer = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    found, _ = mutual_information(asked, "grade", "sick", given)
    np.testing.assert_allclose(found, (joint * np.log(joint / outer)).sum(), atol=1e-9)


@pytest.mark.parametrize("more", [MODELS["home"], MODELS["fixed"]], ids=["home", "fixed"])
def test_drawn_rows_follow_the_table_under_their_context(more: Any) -> None:
    asked = told(**more)
    n = 4000
    partly = np.full((2 * n, 5), np.nan)
    partly[:n, [1, 3]] = [0, 0]
    partly[n:, [1, 3]] = [3, 2]
    drawn = draw_rows(asked, partly, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn[:, [1, 3]], partly[:, [1, 3]])
    for part, context in ((drawn[:n], (0, 0)), (drawn[n:], (3, 2))):
        rows, p = table_at(asked, *context)
        for d in (0, 2, 4):
            shares = [(part[:, d] == k).mean() for k in range(4)]
            np.testing.assert_allclose(shares, [p[rows[:, d] == k].sum() for k in range(4)], atol=0.04)


def test_rows_that_hold_a_condition_are_drawn_under_a_context() -> None:
    asked = told(**MODELS["home"])
    rows, p = table_at(asked, 3, 2)
    own, rest, _ = under(asked, as_condition({"size": 3, "state": "CA", "grade": {1, 3}}, asked.literals, "given"))
    x = draw_given(own, rest, 4000, np.random.default_rng(0)).x
    held = np.isin(rows[:, 4], [1, 3])
    assert np.isin(x[:, 4], [1, 3]).all()
    assert abs((x[:, 0] == 1).mean() - p[held & (rows[:, 0] == 1)].sum() / p[held].sum()) < 0.04


def test_what_a_condition_does_not_say_of_the_context_is_asked_for() -> None:
    asked = told()
    ny = {"size": 1, "state": "NY"}
    for wrong, words in (
        ({}, "given: column 1 .'size'. is context, .* say its value in given$"),
        ({"size": 1}, "column 3 .'state'. is context, .* say its value in given, or None where it is missing"),
        ({**ny, "size": (0, 2)}, "column 1 .'size'. is context, and is to have several values"),
        ({**ny, "state": {"NY", "CA"}}, "column 3 .'state'. is context, and is to have several values"),
        ({**ny, "size": None}, "column 1 .'size'. is to be a gap, but is context and had none in fit"),
    ):
        for ask in (
            lambda given: probability(asked, {"sick": 1}, given),
            lambda given: conditional(asked, "sick", given),
            lambda given: entropy(asked, "sick", given),
            lambda given: mutual_information(asked, "sick", "grade", given),
        ):
            with pytest.raises(ValueError, match=words):
                ask(wrong)
    with pytest.raises(ValueError, match=r"given: column 1 \('size'\) is context"):
        entropy(asked, "sick", ["size", "state"])
    either = any_of([as_condition(each, asked.literals, "given") for each in (ny, {"sick": 1})])
    with pytest.raises(ValueError, match=r"column 1 \('size'\) is context, and stands in an OR"):
        under(asked, either)


def test_the_context_itself_has_no_probability() -> None:
    asked = told()
    given = {"size": 1, "state": "NY"}
    for argument, ask in {
        "where": lambda: probability(asked, {"size": 1}, given),
        "column": lambda: conditional(asked, "size", given),
        "target": lambda: predict_proba(asked, rows_at(1, 1), "size"),
        "columns": lambda: entropy(asked, ["sick", "size"], given),
        "b": lambda: mutual_information(asked, "sick", "size", given),
    }.items():
        with pytest.raises(
            ValueError, match=rf"^{argument}: column 1 \('size'\) is context: it is given, not modelled"
        ):
            ask()


def test_a_gap_is_told_only_where_fit_met_some() -> None:
    asked = told()
    x = rows_at(1, 1)
    x[3, 1] = np.nan
    for ask in (score_columns, explain, impute, lambda *args: predict_proba(asked, x, "sick")):
        with pytest.raises(ValueError, match=r"X\[3, 1\] is missing: column 1 \('size'\) is context, and had no gaps"):
            ask(asked, x)
    rows = np.where(np.isnan(x), 1, x)
    rows[5, 3] = np.nan
    assert np.isfinite(score_columns(asked, rows)).all()


def test_answers_under_few_contexts_are_kept() -> None:
    asked = told()
    again = [under(asked, as_condition({"size": k, "state": "NY"}, asked.literals, "given"))[0] for k in (0, 1, 0)]
    assert again[0] is again[2]
    assert again[0] is not again[1]
    assert again[0].exact is asked.exact
    for k in range(4):
        under(asked, as_condition({"size": k, "state": "CA"}, asked.literals, "given"))
    assert len(asked.kept["contexts"]) == 4


def test_without_context_nothing_changes() -> None:
    plain = subject(Columns((column("sick", Bernoulli()), column("grade", Categorical(3)))))
    own, rest, x = under(plain, ALWAYS)
    assert own is plain is plain.told(np.zeros((2, 2))) is plain.take(np.arange(2)) is plain.repeat(3)
    assert rest == ALWAYS
    assert np.isnan(x).all()


def test_a_context_of_one_value_tells_nothing() -> None:
    asked = told()
    still = replace(asked.columns.each[1], output=None)
    columns = replace(asked.columns, each=(*asked.columns.each[:1], still, *asked.columns.each[2:]), context=(1,))
    assert columns.told.n_inputs == 0
    assert columns.told.inputs(rows_at(0, 0)) is None
    assert np.isfinite(score_columns(subject(columns), rows_at(0, 0))).all()
