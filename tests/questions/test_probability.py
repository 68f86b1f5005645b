"""Probabilities are those of enumeration, within their stated error; and they are a measure, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from called import called

from made_np import MADE, Bernoulli
from made_np.columns.columns import Column, Columns
from made_np.columns.numeric import NUMBERS
from made_np.questions import probability as page
from made_np.questions import sampling
from made_np.questions.predicates import as_condition
from made_np.questions.probability import probability
from made_np.questions.sampling import n_rows
from made_np.questions.subject import Subject
from made_np.testing import check_measure
from questions.subjects import discrete, mixed, table_of

ORDER = [2, 0, 3, 1]
QUESTIONS: list[Any] = [
    {"sick": 1},
    {"state": {"NY", "NJ"}, "hours": (1, None)},
    {"hours": None, "grade-1": "D"},
    {"hours": 3, "grade-1": "A", "state": "CA", "sick": 0},
    {"state": ("!=", "NY"), "hours": ("<", 3), "grade-1": ("C", "A")},
    {"sick": 1, "hours": {0, 1, 2, 3}, "grade-1": {"A", "B"}},
]


@pytest.fixture(scope="module", autouse=True)
def fewer_rows() -> Iterator[None]:
    """A quarter of the rows, to save time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampling, "MOST_ROWS", sampling.MOST_ROWS // 4)
        patch.setattr(sampling, "MOST_NUMBERS", sampling.MOST_NUMBERS // 4)
        patch.setattr(sampling, "ENOUGH_ROWS", sampling.ENOUGH_ROWS // 4)
        patch.setattr(sampling, "MOST_WORK", sampling.MOST_WORK // 4)
        patch.setattr(page, "ENOUGH", page.ENOUGH // 4)
        yield


@pytest.fixture(scope="module")
def fixed() -> Subject:
    return discrete(order=ORDER, n_masks=1)


@pytest.fixture(scope="module")
def endless() -> Subject:
    return discrete()


@pytest.fixture(scope="module")
def home() -> Subject:
    return discrete(order=ORDER, n_masks=None)


def test_a_model_with_paths_answers_at_home(home: Subject) -> None:
    rows, p = table_of(home)
    for where in QUESTIONS:
        truth = p[as_condition(where, home.literals).holds(rows)].sum()
        mass, std = probability(home, where, return_std=True)  # type: ignore[misc]
        n = n_rows(home)
        assert abs(mass - truth) < 4 * np.sqrt(truth * (1 - truth) / n) + 2 / n
        assert std > np.sqrt(mass * (1 - mass) / n)  # its paths answer otherwise: nothing was fitted
    assert probability(home, {"sick": 1}, {"state": "NY"}) == probability(home, {"sick": 1}, {"state": "NY"})


@pytest.mark.parametrize("where", QUESTIONS, ids=called)
@pytest.mark.parametrize("given", [None, {"hours": (1, 3)}, {"hours": 0, "sick": 0}], ids=str)
def test_the_answer_is_that_of_enumeration_within_its_error(fixed: Subject, where: Any, given: Any) -> None:
    rows, p = table_of(fixed)
    inside = as_condition(given, fixed.literals).holds(rows)
    truth = p[inside & as_condition(where, fixed.literals).holds(rows)].sum() / p[inside].sum()
    mass, std = probability(fixed, where, given, return_std=True)  # type: ignore[misc]
    assert abs(mass - truth) < 4 * std
    assert std < 0.02
    assert mass == probability(fixed, where, given)


def test_rows_are_drawn_where_the_sample_holds_few_of_what_is_given(
    fixed: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Subject(fixed.made, fixed.theta, fixed.columns)
    where: Any = {"state": "NY"}
    questions = ({"hours": (1, 2)}, {"hours": 1, "sick": 1})
    counted = [probability(fixed, where, given, return_std=True) for given in questions]
    monkeypatch.setattr(page, "ENOUGH", 1 << 30)
    for given, (by_count, error) in zip(questions, counted, strict=True):  # type: ignore[misc]
        by_draws, other = probability(asked, where, given, return_std=True)  # type: ignore[misc]
        assert by_count != by_draws
        assert abs(by_count - by_draws) < 4 * np.hypot(error, other)
    assert len(asked.kept["samples"]) == 3


def test_a_given_value_of_a_real_column_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MOST_ROWS", sampling.FEWEST_ROWS)
    asked = mixed(order=[2, 0, 3, 1], n_masks=1)
    p = probability(asked, {"sick": 1}, {"size": 4.5})
    z = asked.columns.encode(np.array([[1, 1, 0, 0, 4.5, 0.0]]))
    truth = np.exp(asked.log_probs(z, 0)[0, 0])
    assert abs(p - truth) < 4 * np.sqrt(truth / n_rows(asked))


# ---------------------------------------------------------------------------------------------- a measure


def draw_question(asked: Subject, rng: np.random.Generator) -> dict[Any, Any]:
    """A question of a few columns, with a range of hours."""
    a, b = sorted(rng.choice([-1, 0, 0.5, 1, 2, 3, 9], 2).tolist())
    parts: dict[str, Any] = {
        "sick": int(rng.integers(2)),
        "state": set(rng.choice(["NY", "NJ", "CA"], 2).tolist()),
        "grade-1": (str(rng.choice(["D", "C"])), str(rng.choice(["B", "A"]))),
        "hours": (a, b),
    }
    return {name: part for name, part in parts.items() if rng.random() < 0.6 or name == "hours"}


@pytest.mark.parametrize("given", [None, {"sick": 1}, {"state": "NY", "grade-1": "D"}], ids=str)
def test_it_is_a_measure_to_the_last_digits(endless: Subject, given: Any) -> None:
    rng = np.random.default_rng(0)
    assert abs(probability(endless, {}, given) - 1) < 1e-9
    assert probability(endless, {"hours": (2, 1)}, given) == 0
    assert probability(endless, {"state": set()}, given) == 0
    for _ in range(100):
        where = draw_question(endless, rng)
        whole = probability(endless, where, given)
        low, high = where["hours"]
        cut = float(rng.choice([0.0, 1.0, 1.5, 2.0]))
        parts = [
            {**where, "hours": (low, min(cut, high))},
            {**where, "hours": (max(float(np.nextafter(cut, 9)), low), high)},
        ]
        assert abs(sum(probability(endless, part, given) for part in parts) - whole) < 1e-9  # type: ignore[misc]
        dropped = {name: where[name] for name in where if name != str(rng.choice(list(where)))}
        assert probability(endless, dropped, given) >= whole
        wider = {**where, "hours": (low - 1, high + 1)}
        assert probability(endless, wider, given) >= whole
        assert probability(endless, where, given) == whole


def test_sql_and_parts_of_everything_add_up(endless: Subject) -> None:
    pytest.importorskip("sqlglot")
    text = "sick = 1 OR NOT (state = 'NY' AND hours > 1)"
    unknown = "hours IS NULL AND NOT sick = 1 AND state = 'NY'"
    total = probability(endless, [text, f"NOT ({text})", unknown])
    assert abs(np.sum(total) - 1) < 1e-9
    assert (np.asarray(total) > 0).all()


def test_a_list_is_answered_one_by_one(endless: Subject) -> None:
    many = probability(endless, QUESTIONS)
    np.testing.assert_array_equal(many, [probability(endless, where) for where in QUESTIONS])
    masses, stds = probability(endless, QUESTIONS, return_std=True)  # type: ignore[misc]
    np.testing.assert_array_equal(masses, many)
    assert masses.shape == stds.shape == (len(QUESTIONS),)
    assert probability(endless, []).shape == (0,)  # type: ignore[union-attr]


def test_the_same_seed_has_the_same_answers_and_another_one_has_others(endless: Subject) -> None:
    again = Subject(endless.made, endless.theta, endless.columns)
    other = Subject(endless.made, endless.theta, endless.columns, seed=1)
    where = {"sick": 1, "hours": (1, 3)}
    assert probability(again, where) == probability(endless, where)
    assert probability(other, where) != probability(endless, where)


def test_the_spread_over_orders_is_in_the_error(fixed: Subject, endless: Subject) -> None:
    where = {"state": "NY", "grade-1": {"A", "B"}}
    mass, std = probability(endless, where, return_std=True)  # type: ignore[misc]
    by_order = []
    for k in range(8):
        p = np.mean(
            as_condition(where, endless.literals).holds(
                endless.columns.decode(endless.made.sample(endless.theta, 4000, rng=k, mask_set=k))
            )
        )
        by_order.append(p)
    assert std > np.std(by_order) / 4
    assert std > 10 * np.sqrt(mass / n_rows(endless))
    assert probability(fixed, where, return_std=True)[1] < 2 * np.sqrt(mass / n_rows(fixed))  # type: ignore[index]


def test_what_was_never_drawn_has_an_error_too(fixed: Subject) -> None:
    mass, std = probability(fixed, {"hours": (2, 1)}, return_std=True)  # type: ignore[misc]
    assert mass == 0
    assert 0 < std < 1e-4


def bits(n_columns: int, n_hidden: int) -> Subject:
    made = MADE(n_columns, (n_hidden,), direct=False)
    return Subject(made, np.zeros(made.n_params), Columns((Column(Bernoulli()),) * n_columns))


def test_wide_tables_and_large_models_have_smaller_samples() -> None:
    assert n_rows(bits(1, 1)) == n_rows(bits(64, 10)) == sampling.MOST_ROWS
    assert n_rows(bits(128, 10)) == sampling.MOST_ROWS // 2
    assert n_rows(bits(2000, 1)) == 1 << 14
    large = bits(32, 4000)
    assert sampling.ENOUGH_ROWS < n_rows(large) < sampling.MOST_ROWS
    assert n_rows(large) == sampling.MOST_WORK // large.made.n_params
    assert n_rows(bits(32, 20_000)) == sampling.ENOUGH_ROWS


def test_arguments_are_looked_at(endless: Subject) -> None:
    with pytest.raises(TypeError, match="return_std"):
        probability(endless, {}, return_std=1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="given: there is no column 'stat'"):
        probability(endless, {}, {"stat": "NY"})
    with pytest.raises(TypeError, match="where=3"):
        probability(endless, [{}, 3])
    with pytest.raises(ValueError, match="given: the model gives this condition no mass"):
        probability(endless, {}, {"sick": 0.5})


@pytest.mark.parametrize("which", ["fixed", "endless", "home"])
def test_the_public_check_of_measures_passes(which: str, request: pytest.FixtureRequest) -> None:
    asked = request.getfixturevalue(which)
    support = [[0, 1], ["NY", "NJ", "CA"], [0, 1, 2, 3], [0, 1, 2, 3]]
    each = asked.columns.each
    each = (*each[:3], replace(each[3], reading=NUMBERS))
    coded = Subject(asked.made, asked.theta, Columns(each))
    names = [column.name for column in each]

    def ask(where: Any) -> Any:
        return probability(coded, where)

    check_measure(ask, 4, support=support, names=names, gaps=True, n=40).raise_if_failed()
