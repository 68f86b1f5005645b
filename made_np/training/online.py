"""Training that goes on with whatever rows come next: one pass at a time, remembering what the optimizer remembers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from made_np.messages import warn
from made_np.model.made import MADE
from made_np.model.rows import Rows
from made_np.optim import Optimizer, State
from made_np.training.arguments import as_options
from made_np.training.clock import Clock
from made_np.training.loop import Record, Run
from made_np.typing import Array

__all__ = ["Memory", "Pass", "train_on"]


class Memory(NamedTuple):
    """What one pass leaves to the next.

    Attributes
    ----------
    optimizer : Optimizer
    state : dict of str to ndarray
        Of the optimizer; the next pass goes on from a copy of it.
    n_steps : int
        Steps done so far: the next one uses mask set ``n_steps % n_masks``.
    """

    optimizer: Optimizer
    state: State
    n_steps: int


class Pass(NamedTuple):
    """What `train_on` gives back: theta (P,), a history like that of `made_np.fit`, how it ended, and the memory."""

    theta: Array
    history: dict[str, list[Any]]
    stopped_by: str
    memory: Memory


def train_on(
    made: MADE,
    theta: Array,
    rows: Rows,
    memory: Memory | None,
    *,
    optimizer: str | Optimizer = "adam",
    learning_rate: float = 1e-3,
    batch_size: int = 100,
    weight_decay: float | Mapping[str, float] = 0.0,
    dropout: float = 0.0,
    input_dropout: float = 0.0,
    seed: int = 0,
    progress: bool = False,
) -> Pass:
    """Pass over the rows once, in minibatches, going on from `theta` and `memory`.

    Unlike a new call of `made_np.fit` it goes on with the moments of the optimizer and in the cycle of mask sets.
    Arguments as there, but the rows have been checked. `theta` and `memory` are copied, so they may be read-only, as
    files that are mapped into memory are; `memory` is None at first, and forgotten where the optimizer changed.

    Raises
    ------
    ValueError, TypeError
        An argument that cannot be meant.

    Warns
    -----
    RuntimeWarning
        The loss was not finite: the theta given back is the old one.
    """
    options = as_options(
        made,
        has_valid=False,
        optimizer=optimizer,
        learning_rate=learning_rate,
        schedule=None,
        batch_size=batch_size,
        max_epochs=1,
        patience=1,
        validate_every=1,
        weight_decay=weight_decay,
        dropout=dropout,
        input_dropout=input_dropout,
        averaging=0.0,
    )
    rule = options.optimizer
    n_steps = 0 if memory is None else memory.n_steps
    rng = np.random.default_rng((seed, n_steps))
    theta = made.check_theta(theta).copy()
    run = Run(made, rows, None, options, theta, rng, Clock(time.perf_counter()))
    run.n_steps = n_steps
    if memory is not None and memory.optimizer == rule:
        run.state = {name: np.array(value) for name, value in memory.state.items()}
    stopped_by = run.train(show=progress)
    history = {name: [getattr(record, name) for record in run.records] for name in Record._fields}
    if stopped_by == "diverged":
        way_out = f"the loss was not finite: theta stays as it was. Try a learning_rate below {learning_rate:g}"
        warn(way_out, RuntimeWarning)
        return Pass(run.kept.theta, history, stopped_by, Memory(rule, rule.init(theta), run.n_steps))
    return Pass(run.theta, history, stopped_by, Memory(rule, run.state, run.n_steps))
