"""Many ranks that train one model: as one process on the whole table, whatever share of its rows each of them has."""

from __future__ import annotations

import signal
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from installed import each_backend
from rank_problems import Problem, assert_same_result, draw
from rank_threads import on_ranks

import made_np
from made_np import MADE, FitResult
from made_np.model.rows import Rows
from made_np.optim import SGD
from made_np.ranks.comm import Comm, LostRank
from made_np.ranks.sockets import connect, free_address
from made_np.training.arguments import as_options
from made_np.training.fit import fit_rows

SEEDS = 27


def together(problem: Problem, size: int, seed: int = 0, **more: Any) -> list[FitResult]:
    """What ranks with unequal shares make of a problem; they agree to the bit."""
    both = problem.cuts(size, np.random.default_rng((seed, size)))
    results = on_ranks(size, lambda comm: problem.share(comm, *both, **more))
    for each in results:
        if isinstance(each, BaseException):
            raise each
        assert_same_result(each, results[0], exactly=True)
        assert each.history["seconds"] == results[0].history["seconds"]
        assert each.seconds == results[0].seconds
    return results


# ------------------------------------------------------------------------------------------ as one process


@each_backend
@pytest.mark.parametrize("seed", range(SEEDS))
def test_ranks_follow_one_process(seed: int, backend: str) -> None:
    problem = draw(seed, backend)
    size = 2 + seed % 3
    first = together(problem, size, seed)[0]
    assert_same_result(first, problem.one())
    if seed % 5 == 0:
        assert_same_result(together(problem, size, seed)[0], first, exactly=True)


@each_backend
@pytest.mark.parametrize("seed", range(0, SEEDS, 4))
def test_a_single_rank_is_one_process_to_the_bit(seed: int, backend: str) -> None:
    problem = draw(seed, backend, dtype="float32")
    with connect(0, 1, free_address(), b"secret") as comm:
        got = problem.share(comm, *problem.cuts(1, np.random.default_rng(0)))
    assert_same_result(got, problem.one(), exactly=True)


@pytest.mark.parametrize("seed", [0, 4, 6])
def test_rows_may_stand_anywhere_in_the_whole_table(seed: int, tmp_path: Path) -> None:
    problem = draw(seed, "numpy")
    made = problem.made
    names = ("optimizer", "learning_rate", "schedule", "batch_size", "max_epochs", "patience", "validate_every")
    more = {name: problem.options[name] for name in (*names, "weight_decay", "dropout", "input_dropout", "averaging")}
    options = as_options(made, has_valid=True, **more)
    whole = Rows(problem.tables["x"])
    valid = Rows(problem.tables["x"][:7])
    rng = np.random.default_rng(0)
    owner = rng.integers(0, 3, len(whole))
    valid_owner = rng.integers(0, 3, 7)
    path = tmp_path / "run.npz"

    def part(comm: Comm) -> FitResult:
        own = np.random.default_rng(comm.rank).permutation(np.flatnonzero(owner == comm.rank))
        own_valid = np.flatnonzero(valid_owner == comm.rank)
        tables = whole[own], valid[own_valid]
        return fit_rows(made, *tables, options, 1, comm=comm, places=(own, own_valid), checkpoint=path)

    want = fit_rows(made, whole, valid, options, 1)
    for got in on_ranks(3, part):
        assert_same_result(got, want)
    # its checkpoint is one of the whole table: there is nothing left to do
    again = fit_rows(made, whole, valid, options, 1, checkpoint=path)
    assert again.history["seconds"] == got.history["seconds"]
    assert_same_result(again, got, exactly=True)


@pytest.mark.parametrize("seed", [0, 2, 7])
def test_the_start_is_that_of_one_process_to_the_bit(seed: int) -> None:
    problem = draw(seed, "numpy")
    options = as_options(
        problem.made, has_valid=False, optimizer=SGD(), learning_rate=1e-300, schedule=None, batch_size=9, max_epochs=1,
        patience=1, validate_every=1, weight_decay=0.0, dropout=0.0, input_dropout=0.0, averaging=0.0,
    )  # fmt: skip
    whole = Rows(problem.tables["x"])
    owner = np.random.default_rng(0).permutation(len(whole)) % 3

    def part(comm: Comm) -> FitResult:
        own = np.flatnonzero(owner == comm.rank)[::-1]
        return fit_rows(problem.made, whole[own], None, options, 1, comm=comm, places=(own, None))

    for got in on_ranks(3, part):
        start = np.where(np.abs(got.theta) < 1e-200, 0, got.theta)  # what was 0 has moved by next to nothing
        np.testing.assert_array_equal(start, problem.made.init(1, whole))


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.MT19937])
def test_generators_of_all_ranks_go_on_from_rank_0_s(kind: Any) -> None:
    problem = draw(0, "numpy")
    both = problem.cuts(3, np.random.default_rng(0))
    left: dict[int, int] = {}

    def part(comm: Comm) -> FitResult:
        rng = np.random.Generator(np.random.PCG64(comm.rank) if comm.rank else kind(0))
        result = problem.share(comm, *both, rng=rng)
        left[comm.rank] = int(rng.integers(1 << 60))
        return result

    rng = np.random.Generator(kind(0))
    want = problem.one(rng=rng)
    for got in on_ranks(3, part):
        assert_same_result(got, want)
    # of another kind, they are left alone
    assert len(set(left.values())) == (1 if kind is np.random.PCG64 else 3)
    assert left[0] == int(rng.integers(1 << 60))


def test_chance_is_the_same_on_all_ranks_and_so_is_a_given_start() -> None:
    problem = draw(1, "numpy")
    together(problem, 3, rng=None)
    theta = problem.made.init(5)
    assert_same_result(together(problem, 2, theta=theta)[0], problem.one(theta=theta))
    # and rank 0's counts
    both = problem.cuts(3, np.random.default_rng(0))
    for whose, want in ((0, problem.one(theta=theta)), (1, problem.one())):
        found = on_ranks(
            3, lambda comm, whose=whose: problem.share(comm, *both, theta=theta if comm.rank == whose else None)
        )
        for each in found:
            assert_same_result(each, want)


# ------------------------------------------------------------------------------------------ how a run ends


def test_all_ranks_stop_at_the_step_at_which_rank_0_s_time_is_over() -> None:
    problem = draw(0, "numpy")
    begin = time.perf_counter()
    results = together(problem, 3, max_seconds=0.7, max_epochs=100_000, patience=100_000, schedule="cosine")
    assert results[0].stopped_by == "max_seconds"
    assert len(results[0].history["epoch"]) > 2
    assert time.perf_counter() - begin < 60  # a hundred thousand epochs take longer


def test_time_may_be_over_in_the_midst_of_an_epoch() -> None:
    problem = draw(0, "numpy")
    steps: list[int] = []

    def slow(step: int, _: int) -> float:
        steps.append(step)
        time.sleep(0.1)
        return 1.0

    result = together(problem, 2, schedule=slow, batch_size=1, max_seconds=1.0)[0]
    assert result.stopped_by == "max_seconds"
    assert result.history["epoch"] == [1]
    assert 2 < max(steps) < len(problem.tables["x"]) - 5


def test_a_callback_is_called_by_rank_0_and_ends_all() -> None:
    problem = draw(0, "numpy")
    called: list[int] = []

    def part(comm: Comm) -> FitResult:
        def call(info: made_np.EpochInfo) -> bool:
            called.append(comm.rank)
            assert info.theta.shape == (problem.made.n_params,)
            return info.epoch == 2

        both = problem.cuts(3, np.random.default_rng(0))
        return problem.share(comm, *both, callbacks=[call], patience=10, max_epochs=5)

    results = on_ranks(3, part)
    assert called == [0, 0]
    for each in results:
        assert_same_result(each, results[0], exactly=True)
        assert (each.stopped_by, len(each.history["epoch"])) == ("callback", 2)


def test_ctrl_c_in_a_callback_ends_all_with_what_there_is() -> None:
    def call(info: made_np.EpochInfo) -> None:
        if info.epoch == 2:
            raise KeyboardInterrupt

    problem = draw(0, "numpy")
    more = {"callbacks": [call], "patience": 10, "max_epochs": 5}
    got = together(problem, 2, **more)[0]
    assert got.stopped_by == "interrupt"
    assert_same_result(got, problem.one(**more))


def test_all_ranks_see_soon_that_a_loss_is_not_finite() -> None:
    problem = draw(0, "numpy")
    steps: list[int] = []

    def schedule(step: int, _: int) -> float:
        steps.append(step)
        return 1.0

    more = {"optimizer": SGD(), "learning_rate": 1e200, "schedule": schedule, "batch_size": 2}
    with pytest.warns(RuntimeWarning, match="the loss was not finite in epoch 1: ") as caught:
        got = together(problem, 3, **more)[0]
    assert len(caught) == 1  # rank 0 alone says so
    assert max(steps) < 5 < len(problem.tables["x"]) / 2 - 1
    with pytest.warns(RuntimeWarning, match="the loss was not finite in epoch 1: "):
        want = problem.one(**more)
    assert got.stopped_by == "diverged"
    assert_same_result(got, want)


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_all_at_the_next_step_and_a_second_one_at_once(times: int) -> None:
    problem = draw(0, "numpy")
    both = problem.cuts(2, np.random.default_rng(0))
    address = free_address()
    steps: list[int] = []

    def schedule(step: int, _: int) -> float:
        steps.append(step)
        if step == 5 and threading.current_thread() is threading.main_thread():
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        return 1.0

    def one(rank: int) -> FitResult:
        with connect(rank, 2, address, b"secret") as comm:
            return problem.share(comm, *both, schedule=schedule, batch_size=2)

    with ThreadPoolExecutor(1) as threads:
        other = threads.submit(one, 1)
        if times == 1:
            results = one(0), other.result(60)
            assert_same_result(*results, exactly=True)
            assert results[0].stopped_by == "interrupt"
        else:
            with pytest.raises(KeyboardInterrupt):
                one(0)
            with pytest.raises(LostRank):
                other.result(60)
    assert max(steps) == 5
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_all_ranks_see_what_a_schedule_gives() -> None:
    def schedule(step: int, _: int) -> float:
        return 1.0 if step < 7 else -1.0

    problem = draw(0, "numpy")
    with pytest.warns(RuntimeWarning, match=r"training stopped in epoch \d, and what was learned"):
        got = together(problem, 2, schedule=schedule)[0]
    assert got.stopped_by == "schedule"


class Drifting(SGD):
    """Gradient descent that rounds otherwise on some ranks, as some processors do."""

    def __init__(self, drift: float) -> None:
        super().__init__()
        object.__setattr__(self, "_drift", drift)

    def _update(self, theta: Any, g: Any, state: Any, learning_rate: float, t: int) -> None:
        super()._update(theta, g, state, learning_rate, t)
        theta *= 1 + self._drift  # type: ignore[attr-defined]


def test_ranks_that_round_otherwise_are_brought_back() -> None:
    problem = draw(0, "numpy")
    both = problem.cuts(3, np.random.default_rng(0))
    results = on_ranks(3, lambda comm: problem.share(comm, *both, optimizer=Drifting(comm.rank * 1e-12)))
    for each in results:
        assert_same_result(each, results[0], exactly=True)
    assert_same_result(results[0], problem.one(optimizer=Drifting(0.0)))


# ------------------------------------------------------------------------------------------ checkpoints


@pytest.mark.parametrize("seed", [0, 3, 4, 6, 10, 14])
def test_a_checkpoint_of_two_ranks_goes_on_on_three_and_on_one(seed: int, tmp_path: Path) -> None:
    problem = draw(seed, "numpy")
    path = tmp_path / "run.npz"
    more: dict[str, Any] = {"checkpoint": path, "patience": 100, "schedule": None}
    want = problem.one(patience=100, schedule=None, max_epochs=8)
    begun = together(problem, 2, max_epochs=2, **more)[0]
    assert len(begun.history["epoch"]) == 2
    further = together(problem, 3, max_epochs=4, **more)[0]
    assert further.history["seconds"][:2] == begun.history["seconds"]
    alone = problem.one(max_epochs=6, **more)
    assert alone.history["seconds"][:4] == further.history["seconds"]
    assert_same_result(together(problem, 4, max_epochs=8, **more)[0], want)


def test_time_that_is_over_when_a_run_goes_on_is_over_on_all_ranks(tmp_path: Path) -> None:
    problem = draw(0, "numpy")
    more: dict[str, Any] = {"checkpoint": tmp_path / "run.npz", "patience": 100}
    begun = together(problem, 2, max_epochs=2, **more)[0]
    # soon over for rank 0 alone, whose run has been going on before
    again = together(problem, 2, max_epochs=10_000, max_seconds=begun.history["seconds"][-1], **more)[0]
    assert again.stopped_by == "max_seconds"
    assert again.history["epoch"] == [1, 2]
    assert again.history["seconds"] == begun.history["seconds"]


def test_a_checkpoint_of_other_rows_is_refused_on_all_ranks(tmp_path: Path) -> None:
    problem = draw(1, "numpy")
    path = tmp_path / "run.npz"
    together(problem, 2, checkpoint=path)
    problem.tables["x"][-1] = problem.tables["x"][0]
    both = problem.cuts(2, np.random.default_rng(0))
    refused = on_ranks(2, lambda comm: problem.share(comm, *both, checkpoint=path))
    assert all(isinstance(each, ValueError) for each in refused)
    assert all("is of another run: x was 'shape" in str(each) for each in refused)


# ------------------------------------------------------------------------------------------ what is wrong


def errors(problem: Problem, size: int, **of_rank_1: Any) -> list[str]:
    """What each rank says where rank 1 was called with other arguments; nobody waits."""
    both = problem.cuts(size, np.random.default_rng(1))
    found = on_ranks(size, lambda comm: problem.share(comm, *both, **(of_rank_1 if comm.rank == 1 else {})))
    assert all(isinstance(each, (ValueError, TypeError)) for each in found), found
    return [str(each) for each in found]


def test_what_one_rank_refuses_all_refuse() -> None:
    said = errors(draw(0, "numpy"), 3, batch_size=-1)
    assert said == [f"{who}batch_size=-1: give an integer >= 1" for who in ("rank 1: ", "", "rank 1: ")]
    said = errors(draw(0, "numpy"), 2, rng="chance")
    assert said[0] == f"rank 1: {said[1]}"


@pytest.mark.parametrize(
    ("argument", "value", "text"),
    [
        ("batch_size", 99, "batch_size is 99 on rank 1, and "),
        ("optimizer", SGD(0.3), "optimizer is 'SGD' on rank 1, and "),
        ("weight_decay", 0.7, "weight_decay is "),
        ("valid", None, "valid is 'missing' on rank 1, and 'given' on rank 0: give all ranks the same"),
    ],
)
def test_ranks_that_were_called_for_different_runs_say_so(argument: str, value: Any, text: str) -> None:
    problem = draw(0, "numpy")
    whole = problem.tables["x"]

    def part(comm: Comm) -> FitResult:
        given = {"optimizer": "adam", "valid": whole[:5], **({argument: value} if comm.rank == 1 else {})}
        return made_np.fit(problem.made, whole, comm=comm, **given)

    for each in on_ranks(3, part):
        assert isinstance(each, ValueError)
        assert text in str(each)


def test_there_must_be_rows_on_some_rank() -> None:
    made = MADE(3, hidden=(4,))
    nothing = np.empty((0, 3))
    for each in on_ranks(2, lambda comm: made_np.fit(made, nothing, comm=comm)):
        assert isinstance(each, ValueError)
        assert str(each) == "x has no rows on any rank: give at least one"
    some = np.ones((4, 3))
    for each in on_ranks(2, lambda comm: made_np.fit(made, some, valid=nothing, comm=comm)):
        assert str(each) == "valid has no rows on any rank: give at least one"
    with pytest.raises(ValueError, match="x has no rows: give at least one"):
        made_np.fit(made, nothing)


def test_weights_are_those_of_all_ranks_or_of_none() -> None:
    made = MADE(3, hidden=(4,))
    x = np.ones((4, 3))

    def part(comm: Comm) -> FitResult:
        return made_np.fit(made, x, sample_weight=np.ones(4) if comm.rank else None, comm=comm)

    for each in on_ranks(2, part):
        assert str(each) == "sample_weight is given on some ranks: give it on all of them, or on none"


def test_what_is_no_comm_is_refused() -> None:
    with pytest.raises(TypeError, match=r"comm=7 is a int: give a communicator of mpi4py, such as mpi4py\.MPI"):
        made_np.fit(MADE(3), np.ones((4, 3)), comm=7)


def test_an_error_of_one_rank_ends_all() -> None:
    def broken(info: made_np.EpochInfo) -> None:
        raise ZeroDivisionError("the callback")

    problem = draw(0, "numpy")
    both = problem.cuts(3, np.random.default_rng(0))
    begin = time.perf_counter()
    found = on_ranks(3, lambda comm: problem.share(comm, *both, callbacks=[broken]))
    assert [type(each) for each in found] == [ZeroDivisionError, LostRank, LostRank]
    assert "call again with the same checkpoint, on as many ranks as there are" in str(found[1])
    assert time.perf_counter() - begin < 60  # nobody waits for ever


class Breaking(SGD):
    """Breaks in a step."""

    def _update(self, theta: Any, g: Any, state: Any, learning_rate: float, t: int) -> None:
        if t == 5:
            raise ZeroDivisionError("the update")
        super()._update(theta, g, state, learning_rate, t)


def test_an_error_in_a_step_of_another_rank_ends_all() -> None:
    problem = draw(0, "numpy")
    both = problem.cuts(3, np.random.default_rng(0))

    def part(comm: Comm) -> FitResult:
        if comm.rank == 2:
            Own: Any = Breaking
        else:
            Own = type("Breaking", (SGD,), {})
        return problem.share(comm, *both, optimizer=Own())

    found = on_ranks(3, part)
    assert [type(each) for each in found] == [LostRank, LostRank, ZeroDivisionError]


def test_nobody_but_rank_0_is_heard(capfd: pytest.CaptureFixture[str]) -> None:
    problem = draw(0, "numpy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        together(problem, 3, progress=True, max_epochs=3, patience=9)
    said = capfd.readouterr().err
    assert said.count("| 0/") <= 1
    assert "epoch 3" in said
