"""One run from the inside: a step is one piece of work, or a gradient with an update behind it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from installed import each_backend
from numpy.typing import NDArray
from strategies import random_context, random_rows

from made_np.backends.bound import Bound
from made_np.model.made import MADE
from made_np.optim import SGD, AdaDelta, Adam, AdamW, Optimizer
from made_np.ranks.sockets import connect, free_address
from made_np.schedules import constant
from made_np.training.clock import Clock
from made_np.training.loop import Options, Rows, Run
from made_np.training.ranks import Ranks
from made_np.training.team import Team

Array = NDArray[Any]

MODELS: dict[str, dict[str, Any]] = {
    "one mask set": {},
    "three": {"order": "random", "n_masks": 3},
    "fresh ones": {"order": "random", "n_masks": None},
    "mask weights": {"order": "random", "n_masks": 2, "mask_weights": True},
    "context": {"n_context": 2, "output": "gaussian", "residual": True, "hidden": (8, 8)},
}


def run(
    made: MADE,
    team: Team | None,
    rule: Optimizer,
    *,
    decay: float = 0.01,
    epochs: int = 3,
    learning_rate: float = 0.05,
) -> Run:
    """A run that has ended, with everything that a step may have to do with."""
    rng = np.random.default_rng(0)
    x = random_rows(made, 50, rng)
    rows, valid = Rows(x, random_context(made, 50, rng)), Rows(x[:9], random_context(made, 9, rng))
    options = Options(
        optimizer=rule,
        learning_rate=learning_rate,
        schedule=constant,
        batch_size=16,
        max_epochs=epochs,
        patience=epochs + 1,
        validate_every=1,
        decay=(decay * made.weight_mask).astype(made.dtype),
        dropout=0.2,
        input_dropout=0.1,
        averaging=0.9,
        callbacks=(),
    )
    given = made, rows, valid, options, made.init(rng, x), np.random.default_rng(1), Clock(0.0)
    one = Run(*given) if team is None else Run(*given, team=team)
    assert one.train(show=False) == "max_epochs"
    return one


def results(one: Run) -> dict[str, Array]:
    """All that a run leaves behind, but its time."""
    records = np.array([record[:-1] for record in one.records])
    return {"theta": one.theta, "averaged": one.averaged, "best": one.kept.theta, "records": records, **one.state}


@each_backend
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("rule", [SGD(0.9), Adam(), AdamW(), AdaDelta()], ids=lambda rule: type(rule).__name__)
def test_a_single_rank_that_adds_up_makes_the_same_run(rule: Optimizer, name: str, backend: str) -> None:
    made = MADE(6, **{"hidden": (8,), "dtype": "float64", "backend": backend, **MODELS[name]})
    with connect(0, 1, free_address(), b"a secret") as comm:
        got = results(run(made, Ranks(comm, [50], [9]), rule))
    want = results(run(made, None, rule))
    for key, value in want.items():
        if backend == "numpy":
            np.testing.assert_array_equal(got[key], value, err_msg=key)
        else:
            np.testing.assert_allclose(got[key], value, rtol=1e-7, atol=1e-9, err_msg=key)


def test_one_process_makes_a_step_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    made = MADE(6, (8,))
    asked: list[str] = []
    kind = type(made.bound[0])
    for name in ("train_step", "update"):
        right = getattr(kind, name)

        def noted(bound: Bound, *given: Any, name: str = name, right: Any = right, **others: Any) -> Any:
            asked.append(name)
            return right(bound, *given, **others)

        monkeypatch.setattr(kind, name, noted)
    run(made, None, Adam(), epochs=1)
    assert set(asked) >= {"train_step"}
    asked.clear()
    with connect(0, 1, free_address(), b"a secret") as comm:
        run(made, Ranks(comm, [50], [9]), Adam(), epochs=1)
    assert set(asked) == {"update"}
