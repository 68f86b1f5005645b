"""made_np as a contender. Every training step of the benchmark goes through `ours_step`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmark.problem import Array, Problem
from benchmark.report import OURS, OURS_BF16
from made_np import MADE
from made_np.optim import Adam, Optimizer, State

LEARNING_RATE = 1e-3


def ours_step(
    made: MADE, theta: Array, x: Array, mask_set_index: int, state: State, optimizer: Optimizer, grad: Array
) -> float:
    """Do one training step in place and return the loss before it; `grad` (P,) is room for the gradient."""
    alone = made.n_masks == 1
    step = made.bound[mask_set_index].train_step  # what `made_np.fit` calls, on rows that it has checked before
    nll = step(theta, x, None, grad, optimizer, state, LEARNING_RATE, only_live=alone)
    return float(nll.mean())


class Ours:
    """made_np with the backend that ``backend="auto"`` takes, or (`rounded`) with products of bf16."""

    def __init__(self, problem: Problem, rounded: bool = False) -> None:
        self.name = OURS_BF16 if rounded else OURS
        self.rounded = rounded
        self.made = replace(problem.made, backend="bfloat16") if rounded else problem.made
        self.batches = problem.batches
        self.n_masks = problem.n_masks
        self.theta = problem.theta.copy()
        self.grad = np.empty_like(self.theta)
        self.optimizer = Adam()
        self.state = self.optimizer.init(self.theta)

    def gradient(self) -> tuple[float, dict[str, Array]]:
        """Return loss and gradients by name at the present parameters, first batch, first mask set."""
        loss, grad = self.made.loss_and_grad(self.theta, self.batches[0], mask_set=0)
        return loss, self.made.layout.views(grad)

    def step(self, i: int) -> float:
        """Do step `i` and return the loss before it."""
        x = self.batches[i % len(self.batches)]
        return ours_step(self.made, self.theta, x, i % self.n_masks, self.state, self.optimizer, self.grad)

    def params(self) -> dict[str, Array]:
        """Return the present parameters by name."""
        return self.made.layout.views(self.theta.copy())
