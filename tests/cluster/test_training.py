"""A fit on a cluster's workers is the fit of one process on the whole table, even if some of them die."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import people
import pytest

from made_np import MADEDensity, load
from made_np.cluster import attempt, training
from made_np.cluster import dask as made_dask
from made_np.ranks.comm import LostRank

distributed = pytest.importorskip("distributed", reason="distributed is not installed: the extra dask brings it")
da = pytest.importorskip("dask.array")
dd = pytest.importorskip("dask.dataframe")

CLOSE: dict[str, Any] = {"rtol": 0.0, "atol": 1e-6}


def smooth(**changes: Any) -> MADEDensity:
    """An estimator whose steps do not make a difference of a rounding a large one."""
    same = {"dtype": "float64", "backend": "numpy", "activation": "tanh", "learning_rate": 1e-3, "batch_size": 100}
    return people.quick(**{**same, "max_epochs": 10, **changes})


def rows(n: int = 300) -> Any:
    return people.frame(n).drop(columns="id")


@pytest.fixture
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "GLANCE", 0.1)


def assert_same(one: MADEDensity, other: MADEDensity) -> None:
    np.testing.assert_allclose(one.theta_, other.theta_, **CLOSE)
    assert one.history_["epoch"] == other.history_["epoch"]
    np.testing.assert_allclose(one.history_["train"], other.history_["train"], **CLOSE)
    np.testing.assert_allclose(one.history_["valid"], other.history_["valid"], **CLOSE)
    assert one.columns_.config() == other.columns_.config()


@pytest.mark.parametrize("n_partitions", [1, 2, 5])
def test_a_fit_is_that_of_the_whole_table(client: Any, n_partitions: int) -> None:
    X = rows()
    density = smooth(early_stopping=True)
    found = made_dask.fit(dd.from_pandas(X, npartitions=n_partitions), density, client=client)
    assert found is density
    assert_same(found, smooth(early_stopping=True).fit(X))
    np.testing.assert_allclose(found.score_samples(X), smooth(early_stopping=True).fit(X).score_samples(X), **CLOSE)


@pytest.fixture(scope="module")
def three() -> Iterator[Any]:
    """A client of three workers that are threads of this process."""
    with (
        distributed.LocalCluster(n_workers=3, threads_per_worker=1, processes=False, dashboard_address=":0") as cluster,
        distributed.Client(cluster, set_as_default=False) as found,
    ):
        yield found


def test_shares_may_be_empty_and_unlike_each_other(three: Any) -> None:
    X = rows()
    X.loc[150:, "age"] = X.loc[150:, "age"].where(X.index[150:] % 5 > 0)
    parts = [X[:0], X[:0], X[:150].astype({"age": "int64"}), X[:0], X[150:200], X[200:]]
    table = dd.from_map(lambda k: parts[k], range(6), meta=X[:0])
    assert_same(made_dask.fit(table, smooth(), client=three), smooth().fit(X))


def test_arrays_are_shared_out_with_weights_beside_rows_for_validation(three: Any) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3)) @ np.array([[1.0, 0.5, 0], [0, 1, 1], [0, 0, 1]])
    weights = rng.random(200)
    there = {"X_val": da.from_array(x[:40], chunks=(10, 3)), "sample_weight": da.from_array(weights, chunks=50)}
    density = smooth(order=[0, 1, 2])
    made_dask.fit(da.from_array(x, chunks=(50, 2)), density, client=three, **there)
    assert_same(density, smooth(order=[0, 1, 2]).fit(x, X_val=x[:40], sample_weight=weights))


def test_chance_is_that_of_the_client(three: Any) -> None:
    table = dd.from_pandas(rows(), npartitions=3)
    one = made_dask.fit(table, smooth(random_state=None, max_epochs=1), client=three)
    assert one.random_state is None
    assert not np.array_equal(
        one.theta_, made_dask.fit(table, smooth(random_state=None, max_epochs=1), client=three).theta_
    )
    drawn = [
        made_dask.fit(table, smooth(random_state=np.random.default_rng(5), max_epochs=1), client=three).theta_
        for _ in range(2)
    ]
    np.testing.assert_allclose(*drawn, **CLOSE)


def test_an_error_of_a_rank_is_told(client: Any) -> None:
    X = rows()
    X.loc[250, "pay"] = np.inf
    density = smooth()
    with pytest.raises(ValueError, match="inf"):
        made_dask.fit(dd.from_pandas(X, npartitions=4), density, client=client)
    assert "_fitted" not in vars(density)

    def fail(k: int) -> Any:
        raise OSError(f"no file {k}")

    with pytest.raises(OSError, match="no file"):
        made_dask.fit(dd.from_map(fail, range(2), meta=X[:0]), density, client=client)


# ------------------------------------------------------------------------------------------ workers that die


def write_often() -> int:
    """Have this worker write a checkpoint after each epoch, and return its process."""
    from made_np.training import checkpoints

    checkpoints.EVERY = 0.0
    checkpoints.TIMES = 0.0
    return os.getpid()


class Killer(threading.Thread):
    """Kills the process of a worker as soon as the client has a checkpoint."""

    def __init__(self, client: Any, rank: int, checkpoint: Path) -> None:
        super().__init__(daemon=True)
        pids = client.run(write_often)
        self.pid = pids[min(pids) if rank == 0 else max(pids)]
        self.checkpoint = checkpoint

    def run(self) -> None:
        until = time.monotonic() + 60
        while not self.checkpoint.exists() and time.monotonic() < until:
            time.sleep(0.02)
        os.kill(self.pid, signal.SIGKILL)
        self.killed = time.monotonic()


@pytest.fixture
def both_again(client: Any) -> Iterator[None]:
    """Leave two workers, after one has died."""
    yield
    client.wait_for_workers(2, timeout=60)


LONG = 200
"""Epochs of a fit in whose middle there is time to kill somebody."""


@pytest.mark.usefixtures("quick_looks", "both_again")
def test_a_fit_goes_on_without_a_worker_that_was_killed(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    X = rows()
    wanted = smooth(max_epochs=LONG).fit(X)
    went_on: list[int] = []
    run = attempt.Attempt.run

    def noted(self: Any, files: Any) -> Any:
        went_on.append(epochs_of(files, tmp_path))
        return run(self, files)

    monkeypatch.setattr(training.Attempt, "run", noted)
    killer = Killer(client, 0, tmp_path / "c.npz")
    killer.start()
    with caplog.at_level(logging.INFO, "made_np.cluster"):
        found = made_dask.fit(
            dd.from_pandas(X, npartitions=5), smooth(max_epochs=LONG), client=client, checkpoint=tmp_path / "c.npz"
        )
    killer.join()
    assert "has gone: the fit goes on from its checkpoint" in caplog.text
    assert went_on[0] == 0 < went_on[1] < LONG
    assert len(went_on) == 2
    seen = load(tmp_path / "seen.npz").arrays["records"]  # what the second try was given
    assert found.history_["seconds"][: went_on[1]] == seen[:, -1].tolist()  # so these epochs were not done again
    assert_same(found, wanted)


def epochs_of(files: dict[str, bytes], folder: Path) -> int:
    """How many epochs a checkpoint has seen."""
    if "run" not in files:
        return 0
    (folder / "seen.npz").write_bytes(files["run"])
    return len(load(folder / "seen.npz").arrays["records"])


@pytest.mark.usefixtures("quick_looks", "both_again")
def test_a_fit_that_was_given_up_goes_on_when_it_is_called_again(client: Any, tmp_path: Path) -> None:
    X = rows()
    table = dd.from_pandas(X, npartitions=2)
    killer = Killer(client, 1, tmp_path / "c.npz")
    killer.start()
    with pytest.raises(LostRank, match=r"has gone, after retries=0: .* call again with the same checkpoint"):
        made_dask.fit(table, smooth(max_epochs=LONG), client=client, checkpoint=tmp_path / "c.npz", retries=0)
    assert time.monotonic() - killer.killed < 60
    done = epochs_of({"run": (tmp_path / "c.npz").read_bytes()}, tmp_path)
    assert 0 < done < LONG
    found = made_dask.fit(
        dd.from_pandas(X, npartitions=1), smooth(max_epochs=LONG), client=client, checkpoint=tmp_path / "c.npz"
    )
    assert_same(found, smooth(max_epochs=LONG).fit(X))
    assert epochs_of({"run": (tmp_path / "c.npz").read_bytes()}, tmp_path) == LONG


# ------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"X": rows(5)}, TypeError, "X is a DataFrame .*: give a Dask array or data frame"),
        ({"density": 3}, TypeError, "density is a int"),
        ({"client": 3}, TypeError, r"client is a int \(3\): give a distributed.Client"),
        ({"client": None}, ValueError, "client is None, and there is no client: make one"),
        ({"retries": -1}, ValueError, "retries=-1"),
        ({"timeout": 0}, ValueError, "timeout=0"),
        ({"max_seconds": -1}, ValueError, "max_seconds=-1"),
        ({"X_val": rows(5)}, TypeError, "X_val is a DataFrame"),
        ({"sample_weight": np.ones(300)}, TypeError, "sample_weight is a ndarray"),
        ({"sample_weight": da.ones(300, chunks=10)}, ValueError, "sample_weight has 30 partitions, and X 2"),
        ({"checkpoint": "c.npz", "density": MADEDensity()}, ValueError, "checkpoint needs a random_state"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    three: Any, arguments: dict[str, Any], kind: type[Exception], message: str
) -> None:
    given = {"X": dd.from_pandas(rows(), npartitions=2), "density": smooth(), "client": three, **arguments}
    with pytest.raises(kind, match=message):
        made_dask.fit(**given)
