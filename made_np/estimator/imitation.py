"""Imitation: a network that has learned home learns from home itself what to answer when it is told less of a row.

Of a row that home has drawn, home knows more than the value of each feature: the distribution that this was drawn from.
Told all that comes before feature d, it has the gradient s_d(x_d) by its raw outputs; the network, told less, has
r_d(x_d). The mean of s_d over what home draws is 0. So r_d - s_d has the mean of r_d, and learns the same,

    the mean of home over what is not told,

but most of what the draw scatters cancels. Of codes, where r_d is p - onehot(x_d), nothing of it is left: the network's
probabilities are drawn to those of home. A network that is told all is where it should be, so home stays as it is.

Nobody knows such distributions on a path, which are learned from drawn values, by the weights that home does not use:
so paths take nothing from home.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from made_np.backends.memory import Host
from made_np.estimator.beside import of_home
from made_np.masks.sets import PATH_EVERY
from made_np.model.made import MADE
from made_np.model.rows import Rows
from made_np.schedules import cosine
from made_np.training.clock import Clock
from made_np.training.loop import Options, Progress
from made_np.typing import Array

__all__ = ["imitate", "learn_paths"]

TELLINGS = 2
"""So often a row stands in a batch, each time told something else: home is asked once."""
RATE = 2.0
"""The first step is so many times as long as those on the table were: the gradient is steadier, and home near."""

Gradient = Callable[[int, Array, Array], None]
"""Is given the number of a step and theta, and overwrites a gradient."""


def imitate(
    made: MADE, theta: Array, rows: Rows, n_steps: int, options: Options, rng: np.random.Generator, progress: bool
) -> tuple[Array, bool]:
    """Return parameters that answer at home whatever they are told, and whether nobody ended that by Ctrl-C.

    Parameters
    ----------
    made : MADE
        A model with paths.
    theta : ndarray, shape (P,)
        Those of home, whose answers are the aim. They stay as they are.
    rows : Rows
        Drawn from home.
    n_steps : int
    options : Options
        Optimizer, learning rate, rows of a step, and how long it may take.
    rng : numpy.random.Generator
    progress : bool
    """
    made = _on_host(made)
    outputs = made.outputs
    home = made.bound[0]
    deal = _Deal(rows, max(options.batch_size // TELLINGS, 1), rng)

    def gradient(step: int, new: Array, grad: Array) -> None:
        x, context = rows.batch(deal.next(), made.dtype)
        own = outputs.nll_and_grad(home.raw_outputs(theta, x, context), x)[1]
        less = np.tile(own, (TELLINGS, 1))
        values = np.tile(x, (TELLINGS, 1))
        told = rng.random(values.shape) < rng.random((len(values), 1))
        hidden = np.where(told, values, values.dtype.type(np.nan))
        many = None if context is None else np.tile(context, (TELLINGS, 1))

        def slope(raw: Array, some: slice) -> Array:
            with np.errstate(all="ignore"):  # in a thread of its own
                d_raw = outputs.nll_and_grad(raw, values[some])[1]
            d_raw -= less[some]
            d_raw /= len(values)
            return d_raw

        home.pull_back(new, hidden, many, grad, slope)

    return _descend(made, theta, n_steps, options, gradient, progress)


def learn_paths(
    made: MADE, theta: Array, rows: Rows, n_steps: int, options: Options, rng: np.random.Generator, progress: bool
) -> tuple[Array, bool]:
    """Return parameters that answer on all paths, too; the rest is as for `imitate`.

    Those by which home answers stay as they are, whatever it is told: rows are whole, so nothing is learned of inputs
    that say that a value is not told.
    """
    made = _on_host(made)
    held = of_home(made)
    deal = _Deal(rows, options.batch_size, rng)

    def gradient(step: int, new: Array, grad: Array) -> None:
        x, context = rows.batch(deal.next(), made.dtype)
        made.bound[PATH_EVERY * step + 1].loss_and_grad(new, x, context, grad)
        grad[held] = 0

    return _descend(made, theta, n_steps, options, gradient, progress)


def _on_host(made: MADE) -> MADE:
    """Return the model where NumPy's arrays are: a loss of one's own is computed there."""
    return made if isinstance(made.bound.memory, Host) else replace(made, backend="numpy")


def _descend(
    made: MADE, theta: Array, n_steps: int, options: Options, gradient: Gradient, progress: bool
) -> tuple[Array, bool]:
    """Return what so many steps make of theta, and whether nobody ended them by Ctrl-C; theta if they diverge."""
    new = theta.copy()
    grad = np.empty_like(new)
    home = made.bound[0]
    state = options.optimizer.init(new)
    clock = Clock(time.perf_counter(), options.max_seconds)
    is_whole = True
    try:
        with Progress(progress, clock, n_steps) as bar, np.errstate(all="ignore"):
            for step in range(n_steps):
                if clock.is_over():
                    break
                gradient(step, new, grad)
                rate = RATE * options.learning_rate * cosine(step, clock.expected_steps(step, n_steps))
                home.update(new, grad, options.optimizer, state, rate)
                bar.step()
    except KeyboardInterrupt:
        is_whole = False
    return (new if np.isfinite(new).all() else theta), is_whole


class _Deal:
    """Numbers of rows, so many at a time: all of them in a random sequence, then in another."""

    def __init__(self, rows: Rows, size: int, rng: np.random.Generator) -> None:
        self.n = len(rows)
        self.size = min(size, self.n)
        self.rng = rng
        self.left = np.empty(0, dtype=np.int64)

    def next(self) -> Array:
        """Return the next numbers."""
        if len(self.left) < self.size:
            self.left = self.rng.permutation(self.n)
        own = self.left[: self.size]
        self.left = self.left[self.size :]
        return own
