"""Ranks that each have some rows of a table learn what one process learns from all of them, each the same bits."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from people import frame
from rank_threads import on_ranks
from small import small

from made_np import MADEDensity
from made_np.estimator import learning, look
from made_np.estimator.look import LOOK
from made_np.estimator.trials import BOTH_WAYS, Choice, Trial
from made_np.schedules import cosine

N = 90
CLOSE = 1e-7
"""What rounding makes of steps in float64."""
ALIKE: dict[str, Any] = {"dtype": "float64", "learning_rate": 0.01, "max_epochs": 6, "batch_size": 16}


def people() -> Any:
    """A table whose ends, and one of whose levels, single rows have."""
    table = frame(N)
    table.loc[3, "sex"] = "X"
    table.loc[88, "pay"] = 5000.0
    table.loc[88, "born"] = np.datetime64("1950-02-03")
    table.loc[2, "age"] = 3
    return table


def cut(X: Any, at: Sequence[int], rank: int) -> Any:
    """The rows of a rank, where the table is cut at those rows."""
    ends = [0, *at, len(X)]
    rows = slice(ends[rank], ends[rank + 1])
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def fits(
    at: Sequence[int], X: Any, model: Any = None, *, sample_weight: Any = None, X_val: Any = None, **call: Any
) -> Any:
    """The estimators of ranks, or their errors."""

    def fit(comm: Any) -> Any:
        own = None if sample_weight is None else cut(sample_weight, at, comm.rank)
        val = None if X_val is None else cut(X_val, [len(X_val) // 3] * len(at), comm.rank)
        estimator = small(**ALIKE) if model is None else model()
        return estimator.fit(cut(X, at, comm.rank), X_val=val, sample_weight=own, comm=comm, **call)

    return on_ranks(len(at) + 1, fit)


def assert_alike(ranks: Sequence[Any], one: MADEDensity) -> None:
    """Each rank has what one process has, but for rounding, and the bits of the others."""
    for each in ranks:
        if isinstance(each, BaseException):
            raise each
        assert each.columns_ == one.columns_
        assert [trial.choice for trial in each.trials_] == [trial.choice for trial in one.trials_]
        assert each.trials_ == ranks[0].trials_
        assert (each.made_, each._fitted.look, each._fitted.names) == (one.made_, one._fitted.look, one._fitted.names)
        assert each.stopped_by_ == one.stopped_by_
        assert_array_equal(each.theta_, ranks[0].theta_)
        assert_allclose(each.theta_, one.theta_, rtol=CLOSE, atol=CLOSE)
        for name in ("epoch", "train", "valid", "learning_rate"):
            assert each.history_[name] == ranks[0].history_[name] or np.isnan(each.history_[name]).any()
            assert_allclose(each.history_[name], one.history_[name], rtol=CLOSE)
    assert np.ptp(one.history_["train"]) > 0.01  # something was learned


@pytest.fixture(scope="module")
def alone() -> MADEDensity:
    """One process that has the whole table, and tries out whatever is open."""
    return tried().fit(people())


def tried() -> MADEDensity:
    return small(
        **ALIKE, order="auto", n_masks="auto", weight_decay="auto", averaging=0.9, dropout=0.2, schedule="cosine"
    )


@pytest.mark.parametrize("at", [[50], [4, 4, 80]])
def test_a_mixed_table_is_learned_as_by_one_process(at: list[int], alone: MADEDensity) -> None:
    table = people()
    ranks = fits(at, table, tried)
    assert_alike(ranks, alone)
    assert_allclose(ranks[-1].score_samples(table), alone.score_samples(table), rtol=1e-6)
    assert ranks[0].sample(5, random_state=1).equals(ranks[-1].sample(5, random_state=1))


@pytest.mark.parametrize(
    "more",
    [
        {"early_stopping": False},
        {"context": ["sex", "pay"], "missing": "level"},
        {"order": "found", "min_frequency": 3, "handle_unknown": "error"},
        {"n_masks": 3, "order": "random", "answers": "order", "dtype": "float32"},
    ],
    ids=["all", "context", "found", "masks"],
)
def test_parameters_mean_what_they_mean_for_one_process(more: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    table = people().drop(columns="id")
    if "dtype" in more:
        monkeypatch.setitem(globals(), "CLOSE", 1e-3)
        table = table.fillna({"pay": 1.0, "city": "Bern"})

    def model() -> MADEDensity:
        return small(**{**ALIKE, **more})

    assert_alike(fits([20, 21], table, model), model().fit(table))


@pytest.mark.parametrize("order", ["found", "natural"])
def test_an_order_with_its_reverse_is_that_of_one_process(order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = Trial(Choice(order, BOTH_WAYS, 0.1), 1.0)
    monkeypatch.setattr(learning, "try_out", lambda *_: [trial])
    rng = np.random.default_rng(0)
    last = rng.integers(0, 2, 60)
    x = np.column_stack([last[:, None] ^ (rng.random((60, 3)) < [0.3, 0.2, 0.1]), last]).astype(float)

    def model() -> MADEDensity:
        return small(**{**ALIKE, "order": "auto", "n_masks": "auto"})

    alone = model().fit(x)
    first, second = alone.made_.order
    assert first == second[::-1]
    assert (first == (0, 1, 2, 3)) == (order == "natural")
    assert_alike(fits([25], x, model), alone)


@pytest.mark.parametrize("library", ["numpy", "pyarrow", "polars", "dicts", "dict"])
def test_any_container_will_do(library: str) -> None:
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.integers(0, 3, 60), rng.integers(0, 2, 60)]).astype(float)
    x[:, 1] = x[:, 0] > 0
    table: Any = x
    if library == "pyarrow":
        words = np.array(["n", "y"])[x[:, 1].astype(int)]
        table = pytest.importorskip("pyarrow").table({"a": x[:, 0], "b": words})
    if library == "polars":
        table = pytest.importorskip("polars").DataFrame({"a": x[:, 0], "b": x[:, 1] > 0})
    if library == "dicts":
        table = [{"a": a, "b": bool(b)} for a, b in x.tolist()]
    if library == "dict":
        both = [{"a": x[:25, 0], "b": x[:25, 1]}, {"a": x[25:, 0], "b": x[25:, 1]}]
        ranks = on_ranks(2, lambda comm: small(**ALIKE).fit(both[comm.rank], comm=comm))
        assert_alike(ranks, small(**ALIKE).fit({"a": x[:, 0], "b": x[:, 1]}))
        return
    assert_alike(fits([25], table), small(**ALIKE).fit(table))


def test_weights_count_as_for_one_process() -> None:
    table = people()
    weights = np.arange(N) % 4 * 2.5
    weights[60:] = 0  # rank 2 has rows, of which none counts
    own = {"sample_weight": weights, "X_val": frame(20, seed=1)}
    assert_alike(fits([30, 60], table, **own), small(**ALIKE).fit(table, **own))
    same = np.full(N, 3.0)
    assert_array_equal(fits([30], table, sample_weight=same)[1].theta_, fits([30], table)[0].theta_)


def test_a_fit_goes_on_from_what_was_there() -> None:
    table = people()
    model = small(**ALIKE, warm_start=True).fit(table.iloc[:70])

    def again(comm: Any) -> MADEDensity:
        own = small(**ALIKE, warm_start=True)
        own._fitted = model._fitted
        return own.fit(cut(table, [10], comm.rank), comm=comm)

    ranks = on_ranks(2, again)
    assert_alike(ranks, model.fit(table))


def test_a_generator_is_drawn_from_once_on_all_ranks() -> None:
    states = []

    def fit(comm: Any) -> MADEDensity:
        rng = np.random.default_rng(5)
        model = small(**{**ALIKE, "random_state": rng}).fit(cut(people(), [40], comm.rank), comm=comm)
        states.append(rng.bit_generator.state)
        return model

    assert_alike(on_ranks(2, fit), small(**{**ALIKE, "random_state": np.random.default_rng(5)}).fit(people()))
    assert states[0] == states[1]
    different = on_ranks(
        2, lambda comm: small(**{**ALIKE, "random_state": None}).fit(cut(people(), [40], comm.rank), comm=comm)
    )
    assert_array_equal(different[0].theta_, different[1].theta_)


def test_one_rank_is_one_process() -> None:
    ranks = on_ranks(1, lambda comm: small().fit(people(), comm=comm))
    assert_array_equal(ranks[0].theta_, small().fit(people()).theta_)


# ---------------------------------------------------------------------------------------------------- checkpoints, time


def test_a_fit_goes_on_with_another_number_of_ranks(tmp_path: Path) -> None:
    table = people()
    path = tmp_path / "c.npz"

    def model(epochs: int) -> Any:
        return lambda: MADEDensity(**{**tried().get_params(), "max_epochs": epochs, "schedule": None})

    whole = model(9)().fit(table)
    fits([30, 30], table, model(3), checkpoint=path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["c.npz", "c.npz.trials"]
    fits([70], table, model(5), checkpoint=path)
    assert model(7)().fit(table, checkpoint=path).n_iter_ == 7
    assert_alike(fits([5, 50, 60], table, model(9), checkpoint=path), whole)
    (error, *_) = fits([30], table.iloc[::-1], model(9), checkpoint=path)
    assert isinstance(error, ValueError)
    assert "is of another run" in str(error)


def test_the_path_of_rank_0_counts(tmp_path: Path) -> None:
    def fit(comm: Any) -> MADEDensity:
        return small(**ALIKE).fit(cut(people(), [40], comm.rank), checkpoint=tmp_path / f"{comm.rank}.npz", comm=comm)

    on_ranks(2, fit)
    assert [path.name for path in tmp_path.iterdir()] == ["0.npz"]


def test_all_ranks_end_by_one_clock() -> None:
    def model() -> MADEDensity:
        return small(**{**ALIKE, "max_epochs": 10**6, "n_iter_no_change": 10**6})

    ranks = fits([40], people(), model, max_seconds=0.3)
    assert [each.stopped_by_ for each in ranks] == ["max_seconds"] * 2
    assert_array_equal(ranks[0].theta_, ranks[1].theta_)
    assert ranks[0].n_iter_ == ranks[1].n_iter_ > 0


# ------------------------------------------------------------------------------------------------------- a larger table


def test_a_large_table_is_looked_at_alike_on_any_number_of_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK", "MOST_LEVELS", "MOST_NUMBERS"):
        monkeypatch.setattr(look, name, 30)
    table = people()
    one, two = fits([50], table, tried), fits([4, 4, 80], table, tried)
    assert_alike(two, one[0])
    columns = one[0].columns_
    assert columns.each[0].left_out  # ids
    assert columns.each[1].reading.levels == ("F", "M", "X")
    assert (columns.each[6].facts.high, columns.each[5].facts.low) == (5000.0, 3.0)
    assert columns.each[1].facts.n < 60
    assert one[0].made_ == two[0].made_
    assert np.isfinite(two[1].score_samples(table)).all()
    assert LOOK == 1 << 20


def test_a_look_may_have_no_row_that_is_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "LOOK", 5)
    x = np.arange(400.0).reshape(200, 2) % 2

    def model() -> MADEDensity:
        return MADEDensity(**{**tried().get_params(), "validation_fraction": 0.005})

    ranks = fits([90], x, model)
    assert_array_equal(ranks[0].theta_, ranks[1].theta_)
    assert np.isfinite(ranks[0].history_["valid"]).all()
    assert ranks[0].trials_ == []


# --------------------------------------------------------------------------------------------------------------- errors


def refusal(errors: Sequence[Any]) -> str:
    """What is refused on all ranks alike, perhaps after the number of a rank."""
    for error in errors:
        assert isinstance(error, (ValueError, TypeError)), error
    texts = {str(error).removeprefix("rank 0: ").removeprefix("rank 1: ") for error in errors}
    assert len(texts) == 1
    return texts.pop()


def test_what_one_rank_refuses_all_do() -> None:
    table = people()
    bad = table.copy()
    bad.loc[70, "pay"] = np.inf
    assert "X[30, 6] (column 6 ('pay')) = inf" in refusal(fits([40], bad))
    strict = table.assign(age=["x" if k == 70 else k % 5 for k in range(N)])
    text = refusal(fits([40], strict, lambda: small(**ALIKE, columns={"age": "count"})))
    assert "column 5 ('age') is to be 'count', but it holds words, such as 'x'" in text


def test_shares_that_do_not_go_together_are_refused() -> None:
    table = people()

    def different(*each: Any, **more: Any) -> Any:
        def fit(comm: Any) -> MADEDensity:
            own = {name: value[comm.rank] for name, value in more.items()}
            return small(**ALIKE).fit(each[comm.rank], **own, comm=comm)

        return on_ranks(2, fit)

    assert "X has 7 columns on rank 1 and 8 on rank 0" in refusal(different(table, table.drop(columns="id")))
    text = refusal(different(table, table.rename(columns={"age": "years"})))
    assert "X has 'years' as column 5 on rank 1, and 'age' on rank 0" in text
    text = refusal(different(table, table, sample_weight=[np.ones(N), None]))
    assert "sample_weight is given on rank 0 and not on rank 1" in text
    assert "sample_weight is zero in every row" in refusal(different(table, table, sample_weight=[np.zeros(N)] * 2))
    assert "X has 0 sample(s) on all ranks" in refusal(different(table.iloc[:0], None))
    assert "X_val has 0 sample(s)" in refusal(different(table, table, X_val=[table.iloc[:0], None]))
    text = refusal(on_ranks(2, lambda comm: small(**{**ALIKE, "batch_size": 10 + comm.rank}).fit(table, comm=comm)))
    assert "batch_size=11 on rank 1, and 10 on rank 0" in text
    text = refusal(on_ranks(2, lambda comm: small(**{**ALIKE, "batch_size": 1 - comm.rank}).fit(table, comm=comm)))
    assert "batch_size=0" in text


def test_ranks_are_a_communicator() -> None:
    with pytest.raises(TypeError, match="comm=2 is a int"):
        small().fit(people(), comm=2)  # type: ignore[arg-type]


def test_a_schedule_may_be_a_function_that_does_not_travel() -> None:
    def model() -> MADEDensity:
        return small(**{**ALIKE, "schedule": lambda step, total: cosine(step, total)})

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_alike(fits([40], people(), model), small(**{**ALIKE, "schedule": "cosine"}).fit(people()))
