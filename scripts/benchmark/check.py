"""Before any clock runs: all contenders compute the same thing, or nothing is timed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmark.cores import BF16
from benchmark.problem import Array, Trainer

RTOL = 1e-4
STEP_RTOL = 1e-2
# With products of bf16, whose numbers have eight bits. The signs of Adam's first step then differ here and there.
ROUNDED_RTOL = 0.1
ROUNDED_STEP_RTOL = 0.5


def same_gradient(trainers: Sequence[Trainer]) -> None:
    """Raise unless all have the loss and the gradient of the first: each array within 1e-4 of its norm (bf16: 0.1).

    Raises
    ------
    ArithmeticError
        Names the contender and the array.
    """
    loss, grad = trainers[0].gradient()
    for other in trainers[1:]:
        its_loss, its_grad = other.gradient()
        limit = ROUNDED_RTOL if other.rounded else RTOL
        _demand(abs(its_loss - loss) / abs(loss), limit, other.name, "loss")
        for name, value in grad.items():
            _demand(distance(its_grad[name], value), limit, other.name, f"gradient of {name}")


def same_step(trainers: Sequence[Trainer]) -> None:
    """Let each do step 0 and raise unless the change of the parameters is that of the first, within 1e-2.

    Adam's first step is about ``lr * sign(g)``, so that rounding of a gradient next to 0 shows: hence not 1e-4.
    """
    loss, change = _first_step(trainers[0])
    for other in trainers[1:]:
        its_loss, its_change = _first_step(other)
        _demand(abs(its_loss - loss) / abs(loss), ROUNDED_RTOL if other.rounded else RTOL, other.name, "loss of a step")
        limit = ROUNDED_STEP_RTOL if other.rounded else STEP_RTOL
        for name, value in change.items():
            _demand(distance(its_change[name], value), limit, other.name, f"step of {name}")


def same_log_prob(name: str, ours: Array, its: Array) -> None:
    """Raise unless two contenders agree on the log-probabilities of the same rows within 1e-4 (bf16: 0.1)."""
    _demand(distance(its, ours), ROUNDED_RTOL if name.endswith(BF16) else RTOL, name, "log_prob")


def is_sample(x: Array, p: Array, uniforms: Array) -> None:
    """Raise unless the binary rows `x` are what `uniforms` decide, given a dense network's P(x_d = 1 | before d) at x.

    A sample is a fixed point of "x = (u < p(x))"; where u and p agree in four digits, rounding may decide.
    """
    wrong = (x != (uniforms < p)) & (np.abs(uniforms - p) > RTOL)
    if wrong.any():
        row, feature = np.argwhere(wrong)[0]
        raise ArithmeticError(f"our sample is not what the uniforms decide: row {row}, feature {feature}")


def _first_step(trainer: Trainer) -> tuple[float, dict[str, Array]]:
    before = trainer.params()
    loss = trainer.step(0)
    return loss, {name: value - before[name] for name, value in trainer.params().items()}


def distance(a: Array, b: Array) -> float:
    """Return the norm of the difference as a share of the norm of `b`."""
    return float(np.linalg.norm(a - b) / max(np.linalg.norm(b), np.finfo(np.float32).tiny))


def _demand(error: float, limit: float, contender: str, what: str) -> None:
    if not error <= limit:
        raise ArithmeticError(f"{contender} and ours disagree on the {what}: relative {error:.2g}, allowed {limit:g}")
