"""Training that goes on pass by pass is the training that would not have been interrupted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from made_np import MADE, fit
from made_np.model.rows import Rows
from made_np.optim import Adam
from made_np.training.online import train_on

X = np.random.default_rng(0).integers(0, 2, size=(40, 5))


def model(**options: Any) -> tuple[MADE, Any]:
    made = MADE(5, hidden=(12,), dtype="float64", **options)
    return made, made.init(rng=2)


@pytest.mark.parametrize("options", [{}, {"order": "random", "n_masks": 3}, {"order": "random", "n_masks": None}])
def test_passes_go_on_where_the_last_one_stopped(options: dict[str, Any]) -> None:
    made, theta = model(**options)
    # One batch holds all rows, so that the order they are dealt in does not matter.
    wanted = fit(made, X, theta=theta, max_epochs=7).theta
    memory = None
    for _ in range(7):
        theta, _, _, memory = train_on(made, theta, Rows(X), memory)
    assert memory is not None
    assert memory.n_steps == 7
    assert_allclose(theta, wanted, rtol=1e-9, atol=1e-12)


def test_one_pass_takes_every_row_once_in_batches() -> None:
    made, theta = model()
    done = train_on(made, theta, Rows(X), None, batch_size=12)
    assert done.memory.n_steps == 4
    assert done.stopped_by == "max_epochs"
    assert len(done.history["train"]) == 1


def test_theta_and_rows_are_left_alone() -> None:
    made, theta = model()
    before, rows = theta.copy(), X.copy()
    theta.flags.writeable = rows.flags.writeable = False
    done = train_on(made, theta, Rows(rows), None)
    assert_array_equal(theta, before)
    assert (done.theta != before).any()


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "adagrad", "adadelta"])
def test_memory_is_left_alone_and_may_be_read_only(optimizer: str) -> None:
    made, theta = model()
    memory = train_on(made, theta, Rows(X), None, optimizer=optimizer).memory
    before = {name: value.copy() for name, value in memory.state.items()}
    wanted = train_on(made, theta, Rows(X), memory, optimizer=optimizer).theta
    for value in memory.state.values():
        value.flags.writeable = False
    assert_array_equal(train_on(made, theta, Rows(X), memory, optimizer=optimizer).theta, wanted)
    for name, value in memory.state.items():
        assert_array_equal(value, before[name])


def test_the_same_seed_gives_the_same_bits_and_another_others() -> None:
    made, theta = model()

    def run(seed: int) -> Any:
        return train_on(made, theta, Rows(X), None, batch_size=7, dropout=0.5, input_dropout=0.2, seed=seed).theta

    assert_array_equal(run(1), run(1))
    assert (run(1) != run(2)).any()


def test_the_bar_of_each_pass_begins_at_its_first_step(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    made, theta = model()
    first = train_on(made, theta, Rows(X), None, batch_size=len(X), progress=True)
    train_on(made, first.theta, Rows(X), first.memory, batch_size=len(X), progress=True)
    err = capsys.readouterr().err
    assert err.count("0/1") == err.count("1/1") == 2


def test_another_optimizer_starts_afresh() -> None:
    made, theta = model()
    memory = train_on(made, theta, Rows(X), None, optimizer="sgd").memory
    done = train_on(made, theta, Rows(X), memory, optimizer="adam")
    assert done.memory.optimizer == Adam()
    assert int(done.memory.state["step"]) == 1
    assert done.memory.n_steps == 2


def test_divergence_keeps_the_old_theta_and_warns() -> None:
    made = MADE(2, output="gaussian", hidden=(4,), dtype="float64")
    theta, x = made.init(rng=0), Rows(np.full((3, 2), 1e200))
    with pytest.warns(RuntimeWarning, match="not finite"):
        done = train_on(made, theta, x, None, optimizer="sgd", learning_rate=1e300)
    assert done.stopped_by == "diverged"
    assert_array_equal(done.theta, theta)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", -1),
        ("batch_size", 0),
        ("weight_decay", -1),
        ("dropout", 1),
        ("input_dropout", 1),
        ("optimizer", "x"),
    ],
)
def test_bad_arguments_are_named(name: str, value: Any) -> None:
    made, theta = model()
    with pytest.raises(ValueError, match=name):
        train_on(made, theta, Rows(X), None, **{name: value})
