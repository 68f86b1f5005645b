"""Several networks that learn one table apart are one density: their mixture, in scores, draws and all questions."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from people import frame
from rank_threads import on_ranks
from small import small

from made_np import MADEDensity
from made_np.cli import main
from made_np.columns.columns import Columns
from made_np.estimator import members
from made_np.estimator.fitted import Fitted
from made_np.estimator.lesson import read_again
from made_np.estimator.plan import Facts, choose
from made_np.estimator.trials import BOTH_WAYS, HOMES, SHEARED, Choice

N = 80
K = 3


def model(**changes: Any) -> MADEDensity:
    """An estimator of a few members that learns in no time."""
    asked = {"n_members": K, "order": "found", "n_masks": "auto", "learning_rate": 0.02, "backend": "numpy"}
    return small(**{**asked, **changes})


@cache
def bits() -> Any:
    """Rows of four bits, of which each tells something of the next."""
    rng = np.random.default_rng(0)
    x = rng.random((N, 4)) < 0.4
    x[:, 1:] ^= x[:, :-1] & (rng.random((N, 3)) < 0.8)
    return x.astype(float)


@cache
def people() -> Any:
    return frame(N)


@cache
def fitted(answers: str = "any") -> MADEDensity:
    """One of words, numbers and dates."""
    return model(answers=answers).fit(people())


@cache
def of_bits(answers: str) -> MADEDensity:
    return model(answers=answers, dtype="float64").fit(bits())


def each_alone(density: MADEDensity) -> list[Fitted]:
    """What each member alone would be."""
    thetas = density.theta_.reshape(K, -1)
    return [replace(density._fitted, made=density.made_.member(k), theta=thetas[k]) for k in range(K)]


def test_scores_are_those_of_the_mixture() -> None:
    density = fitted()
    table = people()
    own = [np.exp(each.score_samples(read_again(density, density._fitted, table))) for each in each_alone(density)]
    assert_allclose(density.score_samples(table), np.log(np.mean(own, axis=0)), rtol=1e-10)
    assert np.ptp(np.log(own), axis=0).mean() > 0.05
    assert_allclose(density.score_columns(table).sum(axis=1), density.score_samples(table))


def test_the_first_member_is_what_is_learned_alone() -> None:
    alone = model(n_members=1).fit(people())
    density = fitted()
    assert_array_equal(density.theta_.reshape(K, -1)[0], alone.theta_)
    assert density.history_["valid"] == alone.history_["valid"]
    assert (density.stopped_by_, density.trials_) == (alone.stopped_by_, alone.trials_)
    assert density.made_.member(0) == alone.made_


@pytest.mark.parametrize("answers", ["any", "order"])
def test_questions_about_bits_have_one_answer(answers: str) -> None:
    density = of_bits(answers)
    every = np.array(list(product((0.0, 1.0), repeat=4)))
    p = np.exp(density.score_samples(every))
    assert_allclose(p.sum(), 1, atol=1e-10)
    for d in range(4):
        others = [every[:, j] for j in range(4) if j != d]
        total = np.array([p[np.all([col == own for col, own in zip(others, at, strict=True)], axis=0)].sum()
                          for at in zip(*others, strict=True)])  # fmt: skip
        bayes = density.predict_proba(every, d)
        assert_allclose(bayes[np.arange(16), every[:, d].astype(int)], p / total, atol=1e-9)
        assert_allclose(density.conditional(d, every).pmf(every[:, d]), p / total, atol=1e-9)
    assert_allclose(density.entropy()[0], -(p * np.log(p)).sum(), atol=1e-9)
    drawn = density.sample(20_000, random_state=0) @ [8, 4, 2, 1]
    assert_allclose(np.bincount(drawn.astype(int), minlength=16) / 20_000, p, atol=0.015)


def test_gaps_and_conditions_are_answered() -> None:
    density = fitted()
    gappy = people().copy()
    gappy.loc[::2, "sex"] = None
    gappy.loc[::3, "age"] = np.nan
    assert not density.impute(gappy)[["sex", "age"]].isna().any().any()
    assert np.isfinite(density.score_samples(gappy)).all()
    share = density.probability({"age": (30, 50)})
    assert 0 < share < 1
    assert_allclose(share + density.probability({"age": ("<", 30)}) + density.probability({"age": (">", 50)}), 1)
    assert density.sample(20, given={"sex": "F"}, random_state=0)["sex"].eq("F").all()
    auto = density.score_samples(gappy.head(5), n_draws="auto")
    assert np.isfinite(auto).all()


PLANS: list[tuple[Choice, dict[str, Any]]] = [
    (Choice("found", 1, 0.0), {}),
    (Choice("natural", BOTH_WAYS, 0.0), {"order": "auto"}),
    (Choice("random", 4, 0.0), {"order": "random", "n_masks": 4}),
    (Choice(HOMES, "paths", 0.0), {"order": "auto", "n_masks": "auto"}),
    (Choice(SHEARED, "paths", 0.0), {"order": "auto", "n_masks": "auto"}),
    (Choice("natural", 1, 0.0), {"order": "natural"}),
]


@pytest.mark.parametrize(("choice", "changes"), PLANS, ids=[f"{c.order} {c.n_masks}" for c, _ in PLANS])
def test_members_have_orders_of_their_own_unless_one_was_set(choice: Choice, changes: dict[str, Any]) -> None:
    params = model(**changes)
    columns = Columns.learn(bits())
    plan = choose(params, Facts(columns, N, N), choice, 5)
    made = [members.plan_of(params, plan, choice, k, 5 + k).made for k in range(3)]
    orders = [[tuple(one.mask_sets[k].order.tolist()) for k in one.mask_sets.mixed] for one in made]
    is_one = changes.get("order") == "natural" or choice.order == SHEARED
    assert len({tuple(own) for own in orders}) == (1 if is_one else 3)
    if choice.order == "found":
        assert orders[1][0] == orders[0][0][::-1]
    if choice.n_masks == BOTH_WAYS:
        assert all(own[1] == own[0][::-1] for own in orders)
    assert len({one.seed for one in made}) == 3
    assert made[0] == plan.made


def test_a_fit_that_is_killed_in_a_later_member_goes_on_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = model(dtype="float64").fit(bits(), checkpoint=tmp_path / "whole.npz")
    assert {each.name for each in tmp_path.iterdir()} == {"whole.npz", "whole.npz.1", "whole.npz.2"}
    usual = members.fit_home
    done = []

    def killed(plan: Any, *rest: Any, **more: Any) -> Any:
        if len(done) == 1:
            raise MemoryError("killed")
        done.append(0)
        return usual(plan, *rest, **more)

    monkeypatch.setattr(members, "fit_home", killed)
    with pytest.raises(MemoryError):
        model(dtype="float64").fit(bits(), checkpoint=tmp_path / "c.npz")
    monkeypatch.setattr(members, "fit_home", usual)
    again = model(dtype="float64").fit(bits(), checkpoint=tmp_path / "c.npz")
    assert_array_equal(again.theta_, whole.theta_)


@pytest.mark.parametrize("k", [0, 1])
def test_ctrl_c_leaves_the_members_that_are_whole(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = members.rehearsed
    done: list[int] = []

    def stopped(*given: Any, **more: Any) -> Any:
        result = usual(*given, **more)
        done.append(0)
        return replace(result, stopped_by="interrupt") if len(done) == k + 1 else result

    monkeypatch.setattr(members, "rehearsed", stopped)
    density = model().fit(bits())
    assert density.stopped_by_ == "interrupt"
    assert density.made_.n_members == 1
    assert len(done) == k + 1
    assert np.isfinite(density.score(bits()))


def test_seconds_are_shared_out() -> None:
    density = model(max_epochs=100_000, early_stopping=False).fit(bits(), max_seconds=0.6)
    assert density.made_.n_members == K
    assert density.stopped_by_ == "max_seconds"
    assert density.history_["seconds"][-1] < 0.4


def test_ranks_learn_the_same_ensemble() -> None:
    table = people()

    def fit(comm: Any) -> Any:
        own = table.iloc[:30] if comm.rank == 0 else table.iloc[30:]
        return model(dtype="float64", n_members=2, max_epochs=2).fit(own, comm=comm)

    one = model(dtype="float64", n_members=2, max_epochs=2).fit(table)
    for each in on_ranks(2, fit):
        assert each.made_ == one.made_
        assert_allclose(each.theta_, one.theta_, rtol=1e-6, atol=1e-7)


def test_a_file_and_a_command_line_hold_it(tmp_path: Path) -> None:
    fitted().save(tmp_path / "m.npz")
    loaded = MADEDensity.load(tmp_path / "m.npz")
    assert_array_equal(loaded.score_samples(people()), fitted().score_samples(people()))
    assert loaded.get_params()["n_members"] == K
    np.savetxt(tmp_path / "x.csv", bits(), fmt="%d", delimiter=",", header="a,b,c,d", comments="")
    options = ["--members", "2", "--epochs", "2", "--hidden", "8", "--quiet", "--seed", "0", "--order", "natural"]
    assert main(["train", str(tmp_path / "x.csv"), "-o", str(tmp_path / "c.npz"), *options]) == 0
    assert MADEDensity.load(tmp_path / "c.npz").made_.n_members == 2


def test_only_a_single_member_goes_on_learning() -> None:
    with pytest.raises(ValueError, match="n_members=3: partial_fit is for a single member"):
        model().partial_fit(bits())
    with pytest.raises(ValueError, match="warm_start=True with n_members=3"):
        model(warm_start=True).fit(bits())
    with pytest.raises(ValueError, match="n_members=0"):
        model(n_members=0).fit(bits())
    with pytest.raises(TypeError, match="n_members="):
        model(n_members="auto").fit(bits())
    with pytest.raises(ValueError, match="endless"):
        model(n_masks=None, order="random").fit(bits())
    density = model().fit(bits())
    with pytest.raises(ValueError, match="n_members"):
        density.set_params(n_members=1).partial_fit(bits())
