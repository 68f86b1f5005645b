"""A table as it lies on the disk: fitted in one call, then asked whatever people ask, in any container."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from people import NAMES, cells, frame, quick

from made_np import MADEDensity
from made_np.model import marginals
from made_np.table.table import Table

N = 200
OTHER = 1 / (N + 1)


@pytest.fixture(scope="module")
def table() -> Any:
    return frame()


@pytest.fixture(scope="module")
def fitted(table: Any) -> MADEDensity:
    return quick().fit(table)


def as_pandas() -> Any:
    return frame()


def as_polars() -> Any:
    return pytest.importorskip("polars").DataFrame(cells())


def as_pyarrow() -> Any:
    return pytest.importorskip("pyarrow").table(cells())


def as_dicts() -> Any:
    columns = cells()
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def as_array() -> Any:
    return np.array(list(zip(*cells().values(), strict=True)), dtype=object)


CONTAINERS = [as_pandas, as_polars, as_pyarrow, as_dicts, as_array]


# ------------------------------------------------------------------------------------------- any container


def test_the_kinds_are_found(fitted: MADEDensity) -> None:
    kinds = [column.kind for column in fitted.columns_.each]
    assert kinds[:5] == ["id", "binary", "categorical", "date", "binary"]
    assert kinds[6:] == ["real", "constant"]
    assert [column.facts.n_gaps for column in fitted.columns_.each] == [0, 0, 29, 0, 0, 0, 23, 0]


@pytest.mark.parametrize("make", CONTAINERS)
def test_every_container_is_learned_alike(make: Callable[[], Any], fitted: MADEDensity, table: Any) -> None:
    X = make()
    model = quick().fit(X)
    assert_array_equal(model.theta_, fitted.theta_)
    scores = model.score_samples(X)
    assert_array_equal(scores, fitted.score_samples(table))
    assert_allclose(Table.of(model.score_columns(X)).read().sum(axis=1), scores, rtol=1e-9)
    assert_array_equal(model.predict_proba(X, 1), fitted.predict_proba(table, "sex"))
    assert np.asarray(model.predict(X, 1)).tolist() == fitted.predict(table, "sex").tolist()
    assert np.asarray(model.predict(X, 4)).tolist() == fitted.predict(table, "member").tolist()


@pytest.mark.parametrize("make", CONTAINERS)
def test_what_comes_out_is_what_went_in(make: Callable[[], Any]) -> None:
    X = make()
    model = quick(max_epochs=1).fit(X)
    rows = model.sample(5)
    filled = model.impute(X)
    assert type(rows) is type(filled) is type(X)
    assert len(model.sample()) == 1
    if make is as_array:
        assert rows.shape == (5, 8)
        assert set(rows[:, 1]) <= {"F", "M"}
        assert not any(each is None for each in filled[:, 1:].ravel())
    elif make is as_dicts:
        assert set(rows[0]) == set(NAMES[1:])
        assert all(row["city"] in ("Bern", "Oslo", "Rome") for row in filled)
    else:
        assert list(getattr(rows, "column_names", None) or rows.columns) == list(NAMES[1:])
        assert (
            [str(each) for each in filled.dtypes] == [str(each) for each in X.dtypes]
            if make is not as_pyarrow
            else (filled.schema.equals(X.schema))
        )


def test_a_file_answers_as_what_was_saved(fitted: MADEDensity, table: Any, tmp_path: Path) -> None:
    fitted.save(tmp_path / "people.npz")
    again = MADEDensity.load(tmp_path / "people.npz")
    assert_array_equal(again.score_samples(table), fitted.score_samples(table))
    assert again.sample(20, given={"sex": "F"}).equals(fitted.sample(20, given={"sex": "F"}))
    assert again.impute(table).equals(fitted.impute(table))
    assert_array_equal(again.conditional("age", table).mean(), fitted.conditional("age", table).mean())
    assert str(again.columns_) == str(fitted.columns_)


# ------------------------------------------------------------------------------------------- scores


def test_the_terms_of_columns_sum_to_the_score(fitted: MADEDensity, table: Any) -> None:
    terms = fitted.score_columns(table)
    assert list(terms.columns) == list(NAMES)
    assert terms.index.equals(table.index)
    assert_allclose(terms.to_numpy().sum(axis=1), fitted.score_samples(table), rtol=1e-9)
    assert (terms["id"] == 0).all()
    assert (terms["city"][table["city"].isna()] == 0).all()
    assert_allclose(terms["unit"], np.log1p(-OTHER))  # the rest is kept for another unit


def test_all_rows_and_the_others_have_the_mass_1() -> None:
    """A word, a bit and a count: every row that can be told, with one value more in each for all others."""
    rng = np.random.default_rng(0)
    n = 120
    word = rng.choice(["a", "b", "c"], n)
    rows = [[w, bool(b), int(k)] for w, b, k in zip(word, rng.random(n) < 0.4, rng.integers(0, 4, n), strict=True)]
    X = np.array(rows, dtype=object)
    model = quick(order=[2, 0, 1]).fit(X)
    seen = [["a", "b", "c"], [True, False], [0, 1, 2, 3]]
    everything = list(itertools.product(*seen))
    assert len(model.columns_.outputs) == 3
    shares = [1.0 - column.other for column in model.columns_.each]
    mass = np.exp(model.score_samples(np.array(everything, dtype=object))).sum()
    assert mass == pytest.approx(np.prod(shares), abs=1e-9)
    unseen = np.array([["z", bit, count] for bit, count in itertools.product(*seen[1:])], dtype=object)
    rest = np.exp(model.score_samples(unseen)).sum()
    assert rest == pytest.approx((1 - shares[0]) * shares[1] * shares[2], abs=1e-9)
    assert shares[0] == 1 - 1 / (n + 1)
    # What is not known is summed out, wherever it is.
    part = np.array([["a", None, 2], [None, True, 2], ["a", True, None]], dtype=object)
    whole = [
        [(row[0] or w, b if row[1] is None else row[1], k if row[2] is None else row[2]) for w, b, k in everything]
        for row in part
    ]
    for row, score in zip(whole, model.score_samples(part), strict=True):
        complete = np.array(sorted(set(row), key=str), dtype=object)
        assert score == pytest.approx(np.logaddexp.reduce(model.score_samples(complete)), abs=0.5)  # of another path


def test_one_path_of_each_set_is_coherent() -> None:
    """The bits of one table: p(known) of a path sums to 1 over the known ones, whichever they are."""
    rng = np.random.default_rng(0)
    X = np.array([[a, b, c] for a, b, c in rng.choice(["x", "y", "z"], (90, 3))], dtype=object)
    model = quick(order=[1, 2, 0]).fit(X)
    for known in itertools.chain.from_iterable(itertools.combinations(range(3), k) for k in (1, 2, 3)):
        rows = np.full((3 ** len(known), 3), None, dtype=object)
        rows[:, known] = list(itertools.product("xyz", repeat=len(known)))
        assert np.exp(model.score_samples(rows)).sum() == pytest.approx((1 - 1 / 91) ** len(known), abs=1e-9)


def test_an_unseen_level_stops_nothing(fitted: MADEDensity, table: Any) -> None:
    odd = table.assign(city="Lima", unit="lb", sex="X")
    assert np.isfinite(fitted.score_samples(odd)).all()
    assert fitted.score(odd) < fitted.score(table) - 5
    assert (fitted.impute(odd)["city"] == "Lima").all()
    for ask in (fitted.explain, fitted.score_columns, fitted.predict):
        assert len(ask(odd.head(20))) == 20


def test_handle_unknown_refuses_with_the_cell(table: Any) -> None:
    strict = quick(handle_unknown="error", max_epochs=1).fit(table)
    with pytest.raises(ValueError, match=r"X\[3, 2\].*'city'"):
        strict.score_samples(table.assign(city=["Lima" if k == 3 else "Bern" for k in range(N)]))
    assert np.exp(strict.score_columns(table)["unit"]).tolist() == [1.0] * N


def test_rare_words_are_one_value(table: Any) -> None:
    rare = table.assign(city=[f"town {k}" if k < 8 else "Bern" if k % 2 else "Oslo" for k in range(N)])
    model = quick(min_frequency=3, max_epochs=1).fit(rare)
    assert model.columns_.outputs[1].n_values == 3
    assert np.isfinite(model.score_columns(rare)["city"]).all()
    drawn = model.sample(2000)["city"]
    assert 0.01 < drawn.str.startswith("town").mean() < 0.2


def test_cross_validation_is_finite_where_levels_are_singletons(table: Any) -> None:
    selection = pytest.importorskip("sklearn.model_selection")
    single = table.assign(city=["lone" if k == 5 else "Bern" for k in range(N)])
    model = quick(order="natural", max_epochs=1)
    assert np.isfinite(selection.cross_val_score(model, single, cv=3)).all()


def test_weights_count_rows(table: Any) -> None:
    women = (table["sex"] == "F").to_numpy()
    heavy = quick().fit(table, sample_weight=np.where(women, 30, 1))
    assert heavy.probability({"sex": "F"}) > 0.75
    absent, without = (quick(order="natural", max_epochs=2) for _ in range(2))
    absent.fit(table, sample_weight=women)  # so that "M" has not been seen
    assert_array_equal(absent.theta_, without.fit(table[women]).theta_)
    assert absent.columns_ == without.columns_
    with pytest.raises(ValueError, match="sample_weight is zero in every row"):
        quick().fit(table, sample_weight=np.zeros(N))


def test_kinds_may_be_said_by_name_or_place(table: Any) -> None:
    for key in ("age", 5):
        model = quick(columns={key: "real", "city": "drop"}, order=[0, 1, 2, 3, 4], max_epochs=1).fit(table)
        assert [model.columns_.each[d].kind for d in (2, 5)] == ["drop", "real"]
        assert "city" not in model.sample(2)
    with pytest.raises(ValueError, match="agee"):
        quick(columns={"agee": "real"}).fit(table)


# ------------------------------------------------------------------------------------------- gaps


def test_a_gap_that_is_a_level_has_a_probability_and_is_drawn(table: Any) -> None:
    model = quick(missing="level", max_epochs=30).fit(table)
    drawn = model.sample(2000)
    for name, share in (("city", 29 / N), ("pay", 23 / N)):
        assert drawn[name].isna().mean() == pytest.approx(share, abs=0.06)
        assert model.probability({name: None}) == pytest.approx(share, abs=0.06)
    terms = model.score_columns(table)
    assert (terms["city"][table["city"].isna()] < 0).all()
    with pytest.raises(ValueError, match="missing"):
        quick(max_epochs=1).fit(table).probability({"city": None})


@pytest.mark.parametrize("statistic", ["mean", "median", "mode"])
def test_each_statistic_fills_every_gap(statistic: str, fitted: MADEDensity, table: Any) -> None:
    gaps = table.copy()
    hidden = ["sex", "age", "born", "member"]
    gaps = gaps.astype({"age": "Int64", "member": "boolean"})
    gaps.loc[3:40, hidden] = None
    filled = fitted.impute(gaps, statistic=statistic)
    assert not filled.isna().any(axis=None)
    assert filled.index.equals(gaps.index)
    known = gaps.notna()
    assert all((filled[name][known[name]] == table[name][known[name]]).all() for name in NAMES)
    assert filled["pay"].between(table["pay"].min(), table["pay"].max()).all()
    assert set(filled["city"]) <= {"Bern", "Oslo", "Rome"}


def test_draws_and_intervals_fill_gaps(fitted: MADEDensity, table: Any) -> None:
    gaps = table.assign(age=np.nan).drop(index=table.index[table["city"].isna()])
    low, high = fitted.impute(gaps, statistic="interval", confidence=0.8)
    draws = fitted.impute(gaps, 20, random_state=3)
    assert len(draws) == 20
    inside = np.mean([(low["age"] <= each["age"]) & (each["age"] <= high["age"]) for each in draws])
    assert 0.7 < inside < 0.95  # of whole years, and the draws are of other paths


def test_a_table_of_all_kinds_has_intervals(fitted: MADEDensity, table: Any) -> None:
    """Numbers, dates and booleans have ends; words without an order, the likeliest one in both tables."""
    hidden = ["sex", "city", "born", "member", "age", "pay", "unit"]
    gaps = table.astype({"age": "Int64", "member": "boolean"})
    gaps.loc[3:40, hidden] = None
    low, high = fitted.impute(gaps, statistic="interval")
    mode = fitted.impute(gaps, statistic="mode")
    for name in ("sex", "city", "unit"):
        assert low[name].equals(mode[name])
        assert high[name].equals(mode[name])
    for name in ("born", "age", "pay", "member"):
        assert (low[name] <= high[name]).all()
        assert (low[name] < high[name]).any()
    for name in ("born", "age", "member"):
        given = fitted.conditional(name, gaps).interval(0.9)
        for end, own in zip((low, high), given, strict=True):
            assert_array_equal(end[name][3:41], own[3:41])


def test_a_model_of_one_order_says_which_one_answers_more(table: Any) -> None:
    one = quick(answers="order", order=[0, 1, 2, 3, 4], max_epochs=1).fit(
        table.assign(city="Bern", pay=table["pay"].fillna(1))
    )
    assert one.made_.n_masks == 1
    with pytest.raises(ValueError, match="answers='any'"):
        one.score_samples(table.assign(sex=None))
    with pytest.raises(ValueError, match="answers='any'"):
        one.impute(table.assign(sex=None))


def test_a_model_of_one_order_fills_all_gaps_at_its_end() -> None:
    rng = np.random.default_rng(0)
    a = rng.integers(0, 2, 400)
    X = np.column_stack([a, a ^ (rng.random(400) < 0.1), a ^ (rng.random(400) < 0.1)])
    one = quick(answers="order", order=[0, 1, 2], n_masks=1, max_epochs=30).fit(X)
    rows = np.array([[0.0, np.nan, np.nan], [1, np.nan, np.nan]])
    assert_array_equal(one.impute(rows), [[0, 0, 0], [1, 1, 1]])


# ------------------------------------------------------------------------------------------- questions


def test_given_conditions_hold_in_every_row(fitted: MADEDensity, table: Any) -> None:
    rows = fitted.sample(100, given={"sex": "F", "age": (30, None), "city": {"Bern", "Rome"}})
    assert (rows["sex"] == "F").all()
    assert (rows["age"] >= 30).all()
    assert rows["city"].isin(["Bern", "Rome"]).all()
    assert rows.dtypes["born"] == table.dtypes["born"]
    pytest.importorskip("sqlglot")
    told = fitted.sample(100, given="sex = 'F' AND age >= 30 AND city IN ('Bern', 'Rome')")
    assert told.equals(rows)


def test_partly_known_rows_are_completed(fitted: MADEDensity) -> None:
    pandas = pytest.importorskip("pandas")
    part = pandas.DataFrame({"pay": [25.0, np.nan], "sex": ["F", None]})
    rows = fitted.sample(3, given=part)
    assert len(rows) == 6
    assert (rows["sex"][:3] == "F").all()
    assert (rows["pay"][:3] == 25.0).all()
    with pytest.raises(ValueError, match=r"given has a column 'sexx'.*'sex' meant"):
        fitted.sample(given=part.rename(columns={"sex": "sexx"}))


def test_what_depends_on_another_column_is_predicted(fitted: MADEDensity, table: Any) -> None:
    p = fitted.predict_proba(table, "member")
    assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    classes = fitted.classes("member")
    assert_array_equal(fitted.predict(table, "member"), classes[p.argmax(axis=1)])
    assert (fitted.predict(table, "member") == table["member"]).mean() > 0.75
    without = table.drop(columns=["member", "id"])[["pay", "sex", "born", "age", "city", "unit"]]
    assert_array_equal(fitted.predict_proba(without, "member"), p)  # by name, in any order
    assert fitted.predict(table.head(3)).dtype == np.float64  # the last column in the model is pay
    with pytest.raises(ValueError, match=r"'pay'.*no classes: ask for predict"):
        fitted.predict_proba(table)


def test_a_conditional_is_what_the_scores_say(fitted: MADEDensity, table: Any) -> None:
    rows = table[table["city"].notna() & table["pay"].notna()].head(5)
    found = fitted.conditional("member", rows)
    both = np.stack([fitted.score_samples(rows.assign(member=each)) for each in (False, True)])
    wanted = both[1] - np.logaddexp(*both)
    told = found.logpmf(True) if np.ndim(found.logpmf(True)) else np.full(5, found.logpmf(True))
    assert_allclose(told, wanted, atol=0.7)  # by another path of the same model
    age = fitted.conditional("age", {"sex": "F"})
    assert age.pmf(np.arange(20, 40)).sum() == pytest.approx(1, abs=1e-9)
    assert age.cdf(39) == pytest.approx(1)
    assert 20 <= age.interval(0.5)[0] <= age.median() <= age.interval(0.5)[1] < 40


def test_probability_is_a_measure(fitted: MADEDensity) -> None:
    ask = fitted.probability
    assert ask({}) == 1
    assert ask({"age": (100, None)}) == 0
    young, old = ask({"age": (None, 29)}), ask({"age": (30, None)})
    assert young + old == pytest.approx(1, abs=1e-9)
    assert ask({"age": (None, 29), "sex": "F"}) <= young
    p, error = ask({"sex": "F"}, return_std=True)
    assert 0 < error < 0.1
    assert ask([{"sex": "F"}, {"sex": "M"}]).sum() == pytest.approx(1, abs=1e-9)
    assert ask({"member": True}, given={"sex": "F"}) > ask({"member": True}) + 0.1
    assert p == ask({"sex": "F"})


def test_information_is_that_of_the_columns(fitted: MADEDensity) -> None:
    nats, error = fitted.entropy("sex")
    assert nats == pytest.approx(np.log(2), abs=0.05 + 3 * error)
    shared, error = fitted.mutual_information("sex", "member")
    nothing, _ = fitted.mutual_information("born", "member")
    assert shared > 0.1 + 2 * error > nothing
    rest, error = fitted.entropy("member", given=["sex"])
    assert rest == pytest.approx(fitted.entropy("member")[0] - shared, abs=0.05 + 3 * error)


@pytest.mark.parametrize(
    ("ask", "error", "match"),
    [
        (lambda m, X: m.probability({"citty": "Bern"}), ValueError, "citty.*city"),
        (lambda m, X: m.probability({"city": ("Bern", "Rome")}), (TypeError, ValueError), "city.*set"),
        (lambda m, X: m.predict(X, "colour"), ValueError, "target.*colour"),
        (lambda m, X: m.predict(X, "unit"), ValueError, "unit.*one value only"),
        (lambda m, X: m.conditional("id"), ValueError, "id"),
        (lambda m, X: m.conditional("age", {"age": 30}), ValueError, "age.*asked for"),
        (lambda m, X: m.impute(X, statistic="modal"), ValueError, "statistic='modal'"),
        (lambda m, X: m.impute(X, confidence=2), ValueError, "confidence=2"),
        (lambda m, X: m.sample(given={"age": (100, None)}), ValueError, "given"),
        (lambda m, X: m.score_samples(X.drop(columns="age")), ValueError, "X"),
        (lambda m, X: m.score_samples(X.assign(age="old")), TypeError, r"X\[0, 5\].*'age'"),
    ],
)
def test_what_cannot_be_answered_says_why(
    ask: Callable[..., Any], error: Any, match: str, fitted: MADEDensity, table: Any
) -> None:
    with pytest.raises(error, match=match):
        ask(fitted, table)


def test_scores_by_draws_add_up_and_say_how_sure_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.integers(0, 3, 300), rng.integers(0, 2, 300), rng.integers(0, 4, 300)]).astype(float)
    x[:, 2] = (x[:, 0] + x[:, 1]) % 4
    density = MADEDensity((8,), columns="categorical", answers="any", max_epochs=3, random_state=0).fit(x)
    row = np.array([[np.nan, 1.0, 2.0]])
    every = np.column_stack([np.arange(3.0), np.full(3, 1.0), np.full(3, 2.0)])
    want = np.logaddexp.reduce(density.score_samples(every)) - np.log(300 / 301)  # a share is kept for other words
    for n_draws in (3, "auto"):
        scores, errors = density.score_samples(row, n_draws=n_draws, return_std=True)
        np.testing.assert_allclose(scores, want, rtol=1e-12)  # so few states are added up
        np.testing.assert_array_equal(errors, 0)
    monkeypatch.setattr(marginals, "STATES", 1)
    monkeypatch.setattr(marginals, "VALUES", 1)
    scores, errors = density.score_samples(row, n_draws=4000, return_std=True)
    assert 0 < errors[0] < 0.1
    assert abs(scores[0] - want) < 4.5 * errors[0]
    np.testing.assert_array_equal(scores, density.score_samples(row, n_draws=4000))
    whole, none = density.score_samples(every, n_draws=2, return_std=True)
    np.testing.assert_allclose(whole, density.score_samples(every), rtol=1e-12)
    np.testing.assert_array_equal(none, 0)
    learned, none = density.score_samples(row, return_std=True)
    np.testing.assert_array_equal(learned, density.score_samples(row))
    np.testing.assert_array_equal(none, 0)
    strange = np.array([[9.0, 1.0, 2.0]])  # is known, and no gap to be summed over, though fit has not met it
    found, none = density.score_samples(strange, n_draws=2, return_std=True)
    np.testing.assert_allclose(found, density.score_samples(strange), rtol=1e-12)
    np.testing.assert_array_equal(none, 0)
    alone = MADEDensity((8,), answers="order", order="natural", max_epochs=1, random_state=0).fit(x)
    np.testing.assert_array_equal(alone.score_samples(every, n_draws=2), alone.score_samples(every))
    with pytest.raises(ValueError, match=r"^n_draws=1: give an integer >= 2"):
        density.score_samples(row, n_draws=1)


def test_a_posterior_is_that_of_whole_rows_where_gaps_are_summed_over() -> None:
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.integers(0, 3, 300), rng.integers(0, 2, 300), rng.integers(0, 4, 300)]).astype(float)
    x[:, 2] = (x[:, 0] + x[:, 1]) % 4
    told = rng.integers(0, 2, 300).astype(float)
    x = np.column_stack([x, told])
    options: dict[str, Any] = {"columns": "categorical", "answers": "any", "max_epochs": 3, "random_state": 0}
    density = MADEDensity((8,), context=[3], **options).fit(x)
    rows = np.array([[np.nan, np.nan, 2.0, 0.0], [0.0, np.nan, np.nan, 1.0], [1.0, 1.0, 3.0, 1.0]])
    every = np.array([[a, b, c, y] for a in range(3) for b in range(2) for c in range(4) for y in range(2)], float)
    p = np.exp(density.score_samples(every))
    for n_draws in (24, "auto"):
        found = density.predict_proba(rows, 1, n_draws=n_draws)
        for row, own in zip(rows, found, strict=True):
            rest = np.array([0, 2, 3])
            fits = (np.isnan(row[rest]) | (every[:, rest] == row[rest])).all(axis=1)
            want = np.array([p[fits & (every[:, 1] == b)].sum() for b in range(2)])
            np.testing.assert_allclose(own, want / want.sum(), rtol=1e-10)
    np.testing.assert_allclose(density.predict_proba(rows[2:], 1), found[2:], rtol=1e-10)
    assert np.abs(density.predict_proba(rows[:2], 1) - found[:2]).max() > 1e-6  # what was learned is something else
    alone = MADEDensity((8,), order="natural", **{**options, "answers": "order"}).fit(x)
    np.testing.assert_array_equal(alone.predict_proba(rows[2:], 3, n_draws=2), alone.predict_proba(rows[2:], 3))
    for n_draws, error in ((1, ValueError), ("many", ValueError), (2.5, TypeError)):
        with pytest.raises(error, match=r"^n_draws="):
            density.predict_proba(rows, 1, n_draws=n_draws)
