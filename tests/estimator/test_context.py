"""A density of some columns given others: fitted, asked, filled, drawn, stored, split by cross-validation."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from people import frame, quick

from made_np import MADEDensity, MADEImputer, MADEOutlierDetector
from made_np.estimator import learning
from made_np.estimator.encoding import encode
from made_np.estimator.split import Split
from made_np.table.table import Table
from made_np.training.online import train_on

pandas = pytest.importorskip("pandas")

SMALL: dict[str, Any] = {
    "hidden_layer_sizes": (24,),
    "order": [1, 0, 2],
    "context": ["group", "dose"],
    "early_stopping": False,
    "weight_decay": 0.0,
    "max_epochs": 40,
    "batch_size": 50,
    "learning_rate": 0.01,
    "dropout": 0.0,
    "answers": "any",
    "random_state": 0,
}
SHARE = {"a": 0.1, "b": 0.5, "c": 0.9}
"""P(sick) by group; the dose decides the grade, and grade and size go together where the group is a."""


def table(n: int = 2000, seed: int = 0, *, gaps: bool = False) -> Any:
    rng = np.random.default_rng(seed)
    group = rng.choice(list("abc"), n)
    dose = rng.random(n).round(3)
    grade = (rng.random(n) + 3 * dose).astype(int) % 4
    size = np.where(group == "a", grade, rng.integers(0, 4, n))
    found = pandas.DataFrame(
        {
            "sick": rng.random(n) < np.vectorize(SHARE.get)(group),
            "group": group,
            "grade": np.array(["D", "C", "B", "A"])[grade],
            "dose": dose,
            "size": size,
        }
    )
    if gaps:
        found.loc[rng.random(n) < 0.2, "group"] = None
        found.loc[rng.random(n) < 0.1, "grade"] = None
    return found


@pytest.fixture(scope="module")
def fitted() -> MADEDensity:
    return MADEDensity(**SMALL).fit(table())


@pytest.fixture(scope="module")
def gappy() -> MADEDensity:
    return MADEDensity(**SMALL).fit(table(gaps=True))


def every_row(group: Any, dose: float) -> Any:
    each = list(product([False, True], "ABCD", range(4)))
    return pandas.DataFrame(
        [{"sick": sick, "group": group, "grade": grade, "dose": dose, "size": size} for sick, grade, size in each]
    )


@pytest.mark.parametrize("group", ["a", "c", "never met"])
@pytest.mark.parametrize("dose", [0.0, 0.77, 5.0])
def test_probabilities_sum_to_one_under_each_context(fitted: MADEDensity, group: str, dose: float) -> None:
    # each column keeps a little for what fit has not met: words, and codes
    kept = np.prod([1 - column.other for d, column in enumerate(fitted.columns_.each) if d in (0, 2, 4)])
    assert_allclose(np.exp(fitted.score_samples(every_row(group, dose))).sum(), kept, atol=1e-9)


def test_a_density_integrates_to_one_under_each_context() -> None:
    rng = np.random.default_rng(0)
    group = rng.choice(["low", "high"], 600)
    dose = rng.normal(size=600)
    x = np.where(group == "high", 3.0, 0.0) + dose + 0.5 * rng.normal(size=600)
    rows = pandas.DataFrame({"x": x, "group": group, "dose": dose})
    model = MADEDensity(**{**SMALL, "order": "natural", "answers": "auto"}).fit(rows)
    grid = np.linspace(-12, 14, 5201)
    for word, number, mean in (("low", -1.0, -1.0), ("high", 0.5, 3.5), ("never met", 0.0, None)):
        asked = pandas.DataFrame({"x": grid, "group": word, "dose": number})
        p = np.exp(model.score_samples(asked)) * (grid[1] - grid[0])
        assert_allclose(p.sum(), 1, atol=2e-3)
        if mean is not None:
            assert abs((p * grid).sum() - mean) < 0.35
            assert_allclose(model.conditional("x", {"group": word, "dose": number}).mean(), (p * grid).sum(), atol=0.02)


def test_a_gap_in_the_context_is_answered_if_fit_met_some(fitted: MADEDensity, gappy: MADEDensity) -> None:
    rows = every_row(None, 0.5)
    kept = np.prod([1 - column.other for d, column in enumerate(gappy.columns_.each) if d in (0, 2, 4)])
    assert_allclose(np.exp(gappy.score_samples(rows)).sum(), kept, atol=1e-9)
    new = table(2000, seed=9)
    blind = gappy.predict_proba(new.assign(group=None), "sick")[:, 1]
    assert abs(blind.mean() - 0.5) < 0.05  # the mean of all groups
    together = new["size"] == 3 - new["grade"].map("ABCD".index)  # which they are above all in group a
    assert blind[together].mean() < 0.42 < 0.55 < blind[~together].mean()
    with pytest.raises(ValueError, match=r"X\[0, 1\] is missing: column 1 \('group'\) is context, and had no gaps in"):
        fitted.score_samples(rows)


def test_of_a_word_never_met_the_mean_of_all_is_expected(fitted: MADEDensity) -> None:
    p = fitted.predict_proba(table(1000, seed=8).assign(group="never met"), "sick")[:, 1]
    assert abs(p.mean() - 0.5) < 0.12


def test_some_values_are_not_told_while_learning_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def watched(made: Any, theta: Any, rows: Any, *args: Any, **options: Any) -> Any:
        seen.append(rows.batch(slice(None), made.dtype)[1])
        return train_on(made, theta, rows, *args, **options)

    monkeypatch.setattr(learning, "train_on", watched)
    model = MADEDensity(**SMALL).partial_fit(table()).partial_fit(table())
    untold = model.columns_.told.inputs(model.columns_.read(Table.of(every_row("never met", 0.5))).read())
    assert untold is not None
    for context in seen:
        assert 0.01 < (context[:, :4] == untold[0, :4]).all(axis=1).mean() < 0.06


def test_rows_that_are_held_out_keep_their_own_context() -> None:
    rows = table(300)
    model = MADEDensity(**{**SMALL, "early_stopping": True, "max_epochs": 2}).fit(rows)
    numbers = model.columns_.read(Table.of(rows))
    split = Split.of(numbers, None, 60, np.random.default_rng(0), None)
    learned, held = split.encode(model.columns_, model.made_)
    assert held is not None
    assert split.places is not None
    x = numbers.read()[np.argsort(split.places)]
    told = model.columns_.told.inputs(x)
    assert told is not None
    assert_array_equal(held.z.batch(slice(None), np.dtype("f4"))[1], told[:60].astype("f4"))
    context = learned.z.batch(slice(None), np.dtype("f4"))[1]
    assert context is not None
    changed = (context != told[60:].astype("f4")).any(axis=1)
    assert 0.01 < changed.mean() < 0.15
    assert_allclose(np.concatenate([held.z.x, learned.z.x]), model.columns_.encode(x), atol=1e-6)


def test_a_context_of_many_words_is_kept_as_one_number_for_each_row() -> None:
    rng = np.random.default_rng(0)
    word = rng.integers(0, 500, 1000)
    rows = pandas.DataFrame({"word": [f"w{k}" for k in word], "x": (word + rng.integers(0, 2, 1000)) % 4})
    options = {**SMALL, "context": ["word"], "order": "natural", "columns": {"word": "categorical"}, "max_epochs": 20}
    model = MADEDensity(**options).fit(rows)
    encoded = encode(model.columns_.read(Table.of(rows)), model.columns_, model.made_)
    assert encoded.z.context is not None
    assert encoded.z.context.shape == (1000, 1)
    assert encoded.z[:7].batch(slice(2, 5), np.dtype("f4"))[1].shape == (3, model.made_.n_context)  # type: ignore[union-attr]
    assert model.score(rows) > -1.0  # a word leaves log 2 of log 4


def test_each_completion_of_a_row_is_drawn_under_its_context(fitted: MADEDensity) -> None:
    rows = pandas.DataFrame({"sick": [np.nan] * 2, "group": ["a", "c"], "grade": None, "dose": 0.5, "size": np.nan})
    drawn = fitted.impute(rows, 300, random_state=0)
    sick = np.array([each["sick"].astype(float).to_numpy() for each in drawn]).mean(axis=0)
    assert sick[0] < 0.3 < 0.7 < sick[1]


def test_the_law_that_the_context_decides_is_learned(fitted: MADEDensity) -> None:
    for group, share in SHARE.items():
        given = {"group": group, "dose": 0.5}
        assert abs(fitted.conditional("sick", given).pmf(True) - share) < 0.1
        assert abs(fitted.probability({"sick": True}, given) - share) < 0.1
    low = fitted.conditional("grade", {"group": "b", "dose": 0.01})
    high = fitted.conditional("grade", {"group": "b", "dose": 0.99})
    assert low.pmf("D") > 0.8 > 0.2 > high.pmf("D")
    bound, _ = fitted.mutual_information("grade", "size", {"group": "a", "dose": 0.5})
    free, _ = fitted.mutual_information("grade", "size", {"group": "c", "dose": 0.5})
    assert bound > 0.3 > 0.05 > free
    new = table(1000, seed=1)
    blind = MADEDensity(**{**SMALL, "context": None}).fit(table()[["sick", "grade", "size"]])
    assert fitted.score(new) > blind.score(new[["sick", "grade", "size"]]) + 0.5


def test_scores_are_sums_of_terms_none_of_which_is_of_the_context(fitted: MADEDensity) -> None:
    new = table(50, seed=2)
    terms = fitted.score_columns(new)
    assert_allclose(terms.to_numpy().sum(axis=1), fitted.score_samples(new), atol=1e-9)
    assert (terms[["group", "dose"]] == 0).all(axis=None)
    assert_allclose(fitted.evaluate(new).nll, -fitted.score(new), atol=1e-6)
    reasons = fitted.explain(new)
    assert {each["column"] for each in reasons.to_dict()} == {"sick", "grade", "size"}


def test_rows_are_drawn_under_what_is_given(fitted: MADEDensity) -> None:
    drawn = fitted.sample(400, given={"group": "c", "dose": 0.25}, random_state=0)
    assert (drawn["group"] == "c").all()
    assert (drawn["dose"] == 0.25).all()
    assert list(drawn.columns) == list(table(1).columns)
    assert drawn.dtypes.equals(table(1).dtypes)
    assert abs(drawn["sick"].mean() - SHARE["c"]) < 0.08
    held = fitted.sample(50, given={"group": "a", "dose": 0.5, "grade": {"C", "B"}, "sick": True}, random_state=0)
    assert held["grade"].isin(["C", "B"]).all()
    assert held["sick"].all()
    some = table(200, seed=3)[["dose", "group"]]
    each = fitted.sample(2, given=some, random_state=0)
    assert_array_equal(each["group"], some["group"].repeat(2))
    assert_array_equal(each["dose"], some["dose"].repeat(2))
    by_group = each["sick"].astype(float).groupby(each["group"].to_numpy()).mean()
    assert by_group["a"] < 0.3 < 0.7 < by_group["c"]


def test_what_is_given_has_to_say_the_context(fitted: MADEDensity, gappy: MADEDensity) -> None:
    with pytest.raises(ValueError, match=r"given: column 1 \('group'\) is context, without which nothing is known"):
        fitted.sample(2)
    with pytest.raises(ValueError, match=r"given: column 3 \('dose'\) is context"):
        fitted.sample(2, given={"group": "a"})
    with pytest.raises(ValueError, match=r"given\[0, 3\] is missing: column 3 \('dose'\) is context"):
        fitted.sample(given=pandas.DataFrame({"group": ["a"]}))
    with pytest.raises(ValueError, match=r"given: column 1 \('group'\) is to be a gap, but is context and had none"):
        fitted.sample(2, given={"group": None, "dose": 0.5})
    drawn = gappy.sample(200, given={"group": None, "dose": 0.5}, random_state=0)
    assert drawn["group"].isna().all()
    assert 0.35 < drawn["sick"].mean() < 0.65


def test_gaps_are_filled_in_columns_that_are_modelled(gappy: MADEDensity) -> None:
    rows = table(300, seed=4, gaps=True).astype({"sick": "boolean"})
    rows.loc[::2, "sick"] = None
    gaps = rows["sick"].isna() & rows["group"].notna()
    for filled in (gappy.impute(rows), gappy.impute(rows, statistic="mode"), gappy.impute(rows, 1)[0]):
        assert filled[["sick", "grade", "size"]].notna().all(axis=None)
        assert_array_equal(filled["group"].isna(), rows["group"].isna())
        assert filled.where(rows.notna()).equals(rows) or (filled[rows.notna()] == rows[rows.notna()]).any(axis=None)
        truth = rows["group"].map({"a": 0.1, "b": 0.5, "c": 0.9})[gaps & (rows["group"] != "b")] > 0.5
        right = filled["sick"][truth.index].astype(bool) == truth
        assert right.mean() > 0.75
    whole = gappy.impute(rows, statistic="mode")
    assert_array_equal(whole["dose"], rows["dose"])
    assert_array_equal(whole["size"], rows["size"])


def test_classes_are_predicted_from_the_context_too(fitted: MADEDensity) -> None:
    rows = table(200, seed=5)
    p = fitted.predict_proba(rows.drop(columns="sick"), "sick")
    assert_allclose(p.sum(axis=1), 1)
    for group, share in SHARE.items():
        assert abs(p[(rows["group"] == group).to_numpy(), 1].mean() - share) < 0.08
    assert (fitted.predict(rows, "sick").astype(bool) == (rows["group"] == "c").to_numpy()).mean() > 0.6
    with pytest.raises(ValueError, match=r"target: column 1 \('group'\) is context"):
        fitted.predict(rows, "group")


def test_a_file_holds_the_context(fitted: MADEDensity, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model.npz")
    again = MADEDensity.load(tmp_path / "model.npz")
    assert again.context == ["group", "dose"]
    assert str(again.columns_) == str(fitted.columns_)
    rows = table(40, seed=6)
    assert_array_equal(again.score_samples(rows), fitted.score_samples(rows))
    given = {"group": "a", "dose": 0.1}
    assert again.sample(5, given=given, random_state=1).equals(fitted.sample(5, given=given, random_state=1))


def test_cross_validation_splits_the_context() -> None:
    selection = pytest.importorskip("sklearn.model_selection")
    rows = table(600)
    model = MADEDensity(**{**SMALL, "max_epochs": 15})
    found = selection.cross_val_score(model, rows, cv=3)
    by_hand = model.fit(rows.iloc[200:]).score(rows.iloc[:200])
    assert_allclose(found[0], by_hand)
    blind = selection.cross_val_score(model.set_params(context=None), rows[["sick", "grade", "size"]], cv=3)
    assert (found > blind + 0.2).all()


def test_learning_goes_on_with_the_same_context(tmp_path: Path) -> None:
    rows = table(400)
    model = MADEDensity(**{**SMALL, "max_epochs": 2})
    for start in range(0, 400, 100):
        model.partial_fit(rows.iloc[start : start + 100])
    assert_array_equal(model.columns_.context, [1, 3])
    assert np.isfinite(model.score(rows))
    model.partial_fit(rows.head(20).assign(group="new"))
    kept = MADEDensity(**{**SMALL, "max_epochs": 3})
    alone = kept.fit(rows).theta_
    for _ in range(2):
        assert_array_equal(kept.fit(rows, checkpoint=tmp_path / "run").theta_, alone)
    with pytest.raises(ValueError, match="fit saw 'dose' there"):
        model.score(rows.drop(columns="dose"))


def test_a_table_without_names_gives_its_context_by_place() -> None:
    rows = table(500)
    x = np.column_stack([rows["sick"], rows["group"].map({"a": 0, "b": 1, "c": 2}), rows["size"]]).astype(float)
    model = MADEDensity(**{**SMALL, "context": [1], "order": [1, 0]}).fit(x, sample_weight=np.arange(1.0, 501))
    assert model.sample(3, given={1: 2}, random_state=0)[:, 1].tolist() == [2, 2, 2]
    assert model.conditional(0, {1: 0}).mean() < 0.3 < 0.7 < model.conditional(0, {1: 2}).mean()
    assert model.impute([[np.nan, 0, 1]])[0, 0] < 0.3
    with pytest.raises(ValueError, match="context has 'group', but the columns of X have no names"):
        MADEDensity(context=["group"]).fit(x)


@pytest.mark.parametrize("context", [["sex", "born"], ["city", "pay", "unit"], ["age", "member"]])
def test_columns_of_all_kinds_may_be_given(context: list[str]) -> None:
    rows = frame()
    others = [name for name in rows.columns if name not in context]
    model = quick(context=context, order="natural", max_epochs=3).fit(rows)
    assert np.isfinite(model.score_samples(rows)).all()
    drawn = model.sample(1, given=rows[context].head(6), random_state=0)
    for name in context:
        assert_array_equal(Table.of(drawn[[name]]).cells(0).gaps, Table.of(rows[[name]].head(6)).cells(0).gaps)
        assert (drawn[name].dropna() == rows[name].head(6).dropna()).all()
    assert drawn[[name for name in others if name != "id"]].notna().all(axis=None)
    polars = pytest.importorskip("polars")
    assert_allclose(model.score_samples(polars.from_pandas(rows)), model.score_samples(rows))


def test_what_wraps_a_density_hands_the_context_on() -> None:
    rows = table(400, gaps=True)
    filled = MADEImputer(MADEDensity(**{**SMALL, "max_epochs": 3})).fit(rows).transform(rows)
    assert filled[["sick", "grade", "size"]].notna().all(axis=None)
    assert filled["group"].isna().any()
    whole = table(400)
    found = MADEOutlierDetector(MADEDensity(**{**SMALL, "max_epochs": 3}), contamination=0.1).fit(whole)
    assert (found.predict(whole) == -1).mean() == pytest.approx(0.1, abs=0.02)
