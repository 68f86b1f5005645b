"""Answers about Dask's tables are those of the estimator about the whole table, with what Dask was told of them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import people
import pytest

from made_np import MADEDensity
from made_np.cluster import collections
from made_np.cluster import dask as made_dask
from made_np.cluster.carried import carried
from made_np.questions import sampling

dask = pytest.importorskip("dask", reason="dask is not installed: the extra dask brings it")
da = pytest.importorskip("dask.array")
dd = pytest.importorskip("dask.dataframe")
pandas = pytest.importorskip("pandas")


@pytest.fixture(autouse=True)
def here() -> Any:
    """Compute in this thread, where errors have short tracebacks; tests of workers bring their own."""
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.fixture(scope="module", autouse=True)
def fewer_rows() -> Any:
    """A 64th of the rows that questions are counted in, to save time."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MOST_ROWS", "MOST_NUMBERS", "ENOUGH_ROWS", "MOST_WORK"):
            patch.setattr(sampling, name, getattr(sampling, name) // 64)
        yield


@pytest.fixture(scope="module")
def density() -> MADEDensity:
    return people.quick(max_epochs=5, backend="numpy").fit(people.frame(200))


@pytest.fixture(scope="module")
def numbers() -> MADEDensity:
    x = np.random.default_rng(0).normal(size=(60, 3)) @ np.array([[1.0, 0.5, 0], [0, 1, 1], [0, 0, 1]])
    return people.quick(order=[0, 1, 2], max_epochs=5, backend="numpy").fit(x)


def with_gaps(n: int = 60) -> Any:
    """A table as a person has one, whose gaps are of all kinds; some whole numbers have become floats for them."""
    table = people.frame(n, seed=3)
    table.loc[10:30:4, "age"] = np.nan
    table.loc[::5, "born"] = pandas.NaT
    table.loc[::6, "sex"] = None
    table.index = pandas.Index(np.arange(n) * 2 + 7, name="number")
    return table


def parted() -> tuple[Any, Any]:
    """The table in partitions of all sorts, and as Dask computes it: one is empty, one has no gap in its integers."""
    whole = with_gaps()
    parts = [whole[:8], whole[8:40], whole[40:40], whole[40:]]
    parts = [part.astype({"age": "int64"}) if part["age"].notna().all() else part for part in parts]
    parts[0] = parts[0].assign(pay=parts[0]["pay"].fillna(20).astype("int64"))
    assert len({str(part["age"].dtype) for part in parts}) == len({str(part["pay"].dtype) for part in parts}) == 2
    table = dd.from_map(lambda k: parts[k], range(4), meta=whole[:0], divisions=(7, 23, 87, 87, 125))
    return table, table.compute()


QUESTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "score_columns": lambda ask, X: ask.score_columns(X),
    "log_prob given the rest": lambda ask, X: ask.explain(X).log_prob,
    "expected": lambda ask, X: ask.explain(X).expected,
    "impute": lambda ask, X: ask.impute(X),
    "impute by the mode": lambda ask, X: ask.impute(X, statistic="mode"),
    "the upper end": lambda ask, X: ask.impute(X, statistic="interval", confidence=0.5)[1],
    "predict a word": lambda ask, X: ask.predict(X, "city"),
    "predict a whole number": lambda ask, X: ask.predict(X, "age"),
    "predict a date": lambda ask, X: ask.predict(X, "born"),
}


class Ask:
    """The functions of the module, called as methods."""

    def __init__(self, density: Any) -> None:
        self.density = density

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *args, **more: getattr(made_dask, name)(self.density, *args, **more)


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_tables_of_answers_are_those_of_the_whole_table(density: MADEDensity, question: Callable[..., Any]) -> None:
    table, whole = parted()
    lazy = question(Ask(density), table)
    wanted = question(density, whole)
    found = lazy.compute()
    same = pandas.testing.assert_series_equal if wanted.ndim == 1 else pandas.testing.assert_frame_equal
    same(found, wanted, rtol=1e-5)  # means are computed in float32, where rows beside a row change its rounding
    assert lazy.divisions == table.divisions
    meta = lazy._meta
    assert meta.index.name == "number"
    same(meta, found.iloc[:0])  # names, dtypes and levels were known before
    for k in range(table.npartitions):
        same(lazy.partitions[k].compute().iloc[:0], meta)


def test_scores_are_those_of_the_whole_table(density: MADEDensity) -> None:
    table, whole = parted()
    lazy = made_dask.score_samples(density, table)
    found = lazy.compute()
    np.testing.assert_allclose(found, density.score_samples(whole), rtol=1e-12)
    assert (lazy.name, lazy.dtype, lazy.divisions) == ("log_prob", np.float64, table.divisions)
    assert found.index.equals(whole.index)
    assert lazy.partitions[2].compute().empty
    by_draws = made_dask.score_samples(density, table, n_draws=3).compute()
    np.testing.assert_allclose(by_draws, density.score_samples(whole, n_draws=3), rtol=1e-12)
    assert not np.array_equal(by_draws, found)
    with pytest.raises(ValueError, match=r"^n_draws=1: give an integer >= 2"):
        made_dask.score_samples(density, table, n_draws=1)


def test_ranks_are_those_of_the_whole_table(density: MADEDensity) -> None:
    table, whole = parted()
    rank = made_dask.explain(density, table).rank
    np.testing.assert_array_equal(rank.compute(), density.explain(whole).rank)
    assert set(rank.dtypes) == {np.dtype("int64")}
    assert list(rank.columns) == list(whole.columns)


def test_probabilities_of_a_target_are_those_of_the_whole_table(density: MADEDensity) -> None:
    table, whole = parted()
    lazy = made_dask.predict_proba(density, table.drop(columns="city"), "city")
    np.testing.assert_allclose(lazy.compute(), density.predict_proba(whole, "city"), rtol=1e-12)
    summed = made_dask.predict_proba(density, table.drop(columns="city"), "city", n_draws=3)
    np.testing.assert_allclose(summed.compute(), density.predict_proba(whole, "city", n_draws=3), rtol=1e-12)
    with pytest.raises(ValueError, match=r"^n_draws=1: give an integer >= 2"):
        made_dask.predict_proba(density, table, "city", n_draws=1)
    assert list(lazy.columns) == ["Bern", "Oslo", "Rome"]
    assert lazy.partitions[2].compute().shape == (0, 3)


def test_levels_that_dask_does_not_know_stay_open(density: MADEDensity) -> None:
    whole = with_gaps()
    one = whole[:20].assign(city=whole["city"][:20].cat.remove_categories(["Oslo"]))
    table = dd.from_map(lambda k: (one, whole[20:])[k], range(2), meta=whole[:0])
    table["city"] = table["city"].cat.as_unknown()
    lazy = made_dask.impute(density, table, statistic="mode")
    assert not lazy["city"].cat.known
    found = lazy.compute()["city"]
    assert isinstance(found.dtype, pandas.CategoricalDtype)
    assert found.tolist() == density.impute(table.compute(), statistic="mode")["city"].tolist()


def test_a_question_computes_nothing(density: MADEDensity) -> None:
    def fail(_: int) -> Any:
        raise AssertionError("a partition was read")

    table = dd.from_map(fail, range(2), meta=people.frame(2)[:0])
    for question in (*QUESTIONS.values(), lambda ask, X: ask.score_samples(X)):
        lazy = question(Ask(density), table)
    with pytest.raises(AssertionError, match="a partition was read"):
        lazy.compute()


def test_work_of_several_tables_is_shared(density: MADEDensity) -> None:
    table, _ = parted()
    reasons = made_dask.explain(density, table)
    tasks = {key for each in reasons for key in each.optimize().__dask_graph__() if "Asked" in str(key)}
    assert len(tasks) == table.npartitions


def test_completions_are_drawn_from_a_seed_for_each_partition(density: MADEDensity) -> None:
    table, whole = parted()
    first, second = made_dask.impute(density, table, 2, random_state=4)
    a, b = dask.compute(first, second)
    with dask.config.set(scheduler="threads", num_workers=3):
        pandas.testing.assert_frame_equal(second.compute(), b)
    known = whole["age"].notna()
    assert (a["age"][known] == whole["age"][known]).all()
    assert not a.equals(b)
    assert a["age"].dtype == first["age"].dtype == np.int64
    other = made_dask.impute(density, table, 2, random_state=5)[0].compute()
    assert not other.equals(a)


# ------------------------------------------------------------------------------------------ arrays


ON_ARRAYS: dict[str, Callable[[Any, Any], Any]] = {
    "score_samples": lambda ask, X: ask.score_samples(X),
    "score_columns": lambda ask, X: ask.score_columns(X),
    "log_prob given the rest": lambda ask, X: ask.explain(X).log_prob,
    "expected": lambda ask, X: ask.explain(X).expected,
    "rank": lambda ask, X: ask.explain(X).rank,
    "impute": lambda ask, X: ask.impute(X),
    "predict": lambda ask, X: ask.predict(X, 1),
}


@pytest.mark.parametrize("question", ON_ARRAYS.values(), ids=ON_ARRAYS.keys())
def test_answers_about_arrays_are_those_of_the_whole_array(numbers: MADEDensity, question: Callable[..., Any]) -> None:
    x = numbers.sample(30, random_state=1)
    x[3:9, 2] = np.nan
    wanted = question(numbers, x)
    lazy = question(Ask(numbers), da.from_array(x, chunks=((10, 0, 5, 15), (2, 1))))
    assert isinstance(lazy, da.Array)
    assert (lazy.shape, lazy.dtype) == (wanted.shape, wanted.dtype)
    assert lazy.chunks[0] == (10, 5, 15)  # Dask leaves chunks without rows out
    np.testing.assert_allclose(lazy.compute(), wanted, rtol=1e-12)


def test_chunks_may_be_of_unknown_length(numbers: MADEDensity) -> None:
    x = numbers.sample(30, random_state=1)
    lazy = da.from_array(x, chunks=(10, 3))
    known = lazy[lazy[:, 0] > 0]
    np.testing.assert_allclose(
        made_dask.score_samples(numbers, known).compute(), numbers.score_samples(x[x[:, 0] > 0]), rtol=1e-12
    )


# ------------------------------------------------------------------------------------------ drawn rows, conditions


def test_rows_are_drawn_partition_by_partition(density: MADEDensity) -> None:
    lazy = made_dask.sample(density, 250, chunk_rows=100, random_state=1)
    assert lazy.divisions == (0, 100, 200, 249)
    found = lazy.compute()
    assert found.index.equals(pandas.RangeIndex(250))
    pandas.testing.assert_frame_equal(lazy._meta, found.iloc[:0])
    with dask.config.set(scheduler="threads", num_workers=3):
        again = made_dask.sample(density, 250, chunk_rows=100, random_state=1)
        pandas.testing.assert_frame_equal(again.compute(), found)
        pandas.testing.assert_frame_equal(again.partitions[1].compute(), found[100:200])
    firsts = [found["pay"].iloc[k * 100 : k * 100 + 50].tolist() for k in range(3)]
    assert firsts[0] != firsts[1] != firsts[2]
    assert not made_dask.sample(density, 250, chunk_rows=100, random_state=2).compute().equals(found)


def test_rows_are_drawn_given_a_condition(density: MADEDensity) -> None:
    found = made_dask.sample(density, 25, given={"sex": "F"}, chunk_rows=10, random_state=1).compute()
    assert found["sex"].tolist() == ["F"] * 25
    with pytest.raises(TypeError, match="given is a DataFrame: give a condition"):
        made_dask.sample(density, 25, given=people.frame(3))


def test_rows_without_names_are_drawn_as_an_array(numbers: MADEDensity) -> None:
    lazy = made_dask.sample(numbers, 25, chunk_rows=10, random_state=1)
    assert (lazy.chunks, lazy.dtype) == (((10, 10, 5), (3,)), np.float64)
    np.testing.assert_array_equal(
        lazy.compute(), made_dask.sample(numbers, 25, chunk_rows=10, random_state=1).compute()
    )


def test_probabilities_of_conditions_are_those_of_the_estimator(density: MADEDensity) -> None:
    asked = ["sex = 'F'", {"age": (25, None)}] * 40
    lazy = made_dask.probability(density, asked)
    assert lazy.numblocks == (2,)
    np.testing.assert_array_equal(lazy.compute(), density.probability(asked))
    texts = pandas.Series(["sex = 'F'", "age < 30", "city = 'Oslo'"], index=[4, 5, 9], name="asked")
    found = made_dask.probability(density, dd.from_pandas(texts, npartitions=2), given="member = 1")
    np.testing.assert_array_equal(found.compute(), density.probability(texts.tolist(), "member = 1"))
    assert (found.name, found.compute().index.tolist()) == ("probability", [4, 5, 9])
    with pytest.raises(TypeError, match="where is a str: give a list of conditions"):
        made_dask.probability(density, "sex = 'F'")


# ------------------------------------------------------------------------------------------ the density


def test_a_path_is_a_density(density: MADEDensity, tmp_path: Path) -> None:
    density.save(tmp_path / "m.npz")
    table, whole = parted()
    lazy = made_dask.score_samples(tmp_path / "m.npz", table)
    (tmp_path / "m.npz").unlink()  # the caller has read it, and no worker has to
    np.testing.assert_array_equal(lazy.compute(), density.score_samples(whole))


def test_a_question_is_asked_of_the_density_as_it_was() -> None:
    table, whole = parted()
    density = people.quick(max_epochs=1, backend="numpy").fit(people.frame(50))
    before = density.score_samples(whole)
    lazy = made_dask.score_samples(density, table)
    density.set_params(max_epochs=2).fit(people.frame(50))
    np.testing.assert_allclose(lazy.compute(), before, rtol=1e-12)


def test_what_a_density_keeps_for_its_answers_does_not_travel(density: MADEDensity) -> None:
    density.probability("sex = 'F'")
    assert len(pickle.dumps(density)) > 10 * len(pickle.dumps(carried(density)))


class Counted(MADEDensity):
    """An estimator that counts in each process how often it has come there."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        import sys

        vars(self).update(state)
        sys.made_np_arrivals = getattr(sys, "made_np_arrivals", 0) + 1  # type: ignore[attr-defined]


def arrivals() -> int:
    """How often a counted density has come to this process since it was asked last."""
    import sys

    found = getattr(sys, "made_np_arrivals", 0)
    sys.made_np_arrivals = 0  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("large", [0, 1 << 30], ids=["scattered", "in the graph"])
def test_the_density_goes_to_each_worker_once(client: Any, large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collections, "LARGE", large)
    whole = people.frame(40)
    density = Counted(**people.QUICK).set_params(max_epochs=1, backend="numpy").fit(whole)
    with client.as_current():
        lazy = made_dask.score_samples(density, dd.from_pandas(whole, npartitions=12))
        found = client.compute(lazy).result()
    np.testing.assert_allclose(found, density.score_samples(whole), rtol=1e-12)
    # A copy for everybody may reach a worker while it fetches one for itself; 12 partitions never bring 12.
    assert set(client.run(arrivals).values()) <= ({1} if large else {1, 2})


# ------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("model", "X", "kind", "message"),
    [
        (MADEDensity(), None, ValueError, "not fitted"),
        ([], None, TypeError, r"model is a list \(\[\]\): give a fitted MADEDensity"),
        ("nowhere.npz", None, FileNotFoundError, "nowhere.npz"),
        (None, np.eye(3), TypeError, "X is a ndarray .*: give a Dask array or data frame"),
        (None, da.zeros(3), ValueError, "X has 1 dimensions, not the 2 of a table"),
    ],
)
def test_what_is_refused_is_refused_at_once(
    density: MADEDensity, model: Any, X: Any, kind: type[Exception], message: str
) -> None:
    table = parted()[0] if X is None else X
    for question in (made_dask.score_samples, made_dask.score_columns, made_dask.explain, made_dask.impute):
        with pytest.raises(kind, match=message):
            question(density if model is None else model, table)


def test_a_row_is_refused_when_it_is_computed(density: MADEDensity) -> None:
    table, _ = parted()
    lazy = made_dask.score_samples(density, table.rename(columns={"pay": "paid"}))
    with pytest.raises(ValueError, match="paid"):
        lazy.compute()
