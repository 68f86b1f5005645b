"""The update rules of `made_np.optim` as numbers: so compiled kernels see them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from made_np.optim import SGD, AdaDelta, AdaGrad, Adam, AdamW, Optimizer, State
from made_np.typing import Array

NONE, PLAIN, NESTEROV, ADAM, ADAGRAD, ADADELTA = range(6)


class Rule(NamedTuple):
    """What kernels need for the coming step."""

    kind: int
    numbers: Array
    """What `update` asks for, and then the learning rate."""
    first: Array
    second: Array
    """The moments; the same twice for a rule that has one."""
    decoupled: bool
    """Whether weight decay shrinks theta itself."""


NO_RULE = Rule(NONE, np.zeros(6), np.empty(0), np.empty(0), False)
"""No update: the gradient itself is wanted."""


def rule_of(optimizer: Optimizer, learning_rate: float, state: State) -> Rule | None:
    """Return the coming step of an optimiser, or None for one that has no kernel."""
    if type(optimizer) is SGD:
        kind = NESTEROV if optimizer.nesterov else PLAIN
        return _rule(kind, state, ("velocity", "velocity"), learning_rate, learning_rate, optimizer.momentum)
    if isinstance(optimizer, Adam) and type(optimizer) in (Adam, AdamW):
        t = int(state["step"]) + 1
        beta1 = optimizer.beta1
        beta2 = optimizer.beta2
        unbias = 1.0 / math.sqrt(1.0 - beta2**t)
        numbers = learning_rate / (1.0 - beta1**t), 1.0 - beta1, 1.0 - beta2, unbias, optimizer.eps
        return _rule(ADAM, state, ("m", "v"), learning_rate, *numbers, decoupled=type(optimizer) is AdamW)
    if type(optimizer) is AdaGrad:
        return _rule(ADAGRAD, state, ("total", "total"), learning_rate, learning_rate, optimizer.eps)
    if type(optimizer) is AdaDelta:
        rate = learning_rate
        a = 1.0 - optimizer.rho
        b = optimizer.eps
        return _rule(ADADELTA, state, ("g2", "d2"), learning_rate, rate, a, b)
    return None


def _rule(
    kind: int, state: State, moments: tuple[str, str], learning_rate: float, *numbers: float, decoupled: bool = False
) -> Rule:
    padded = (*numbers, *(0.0,) * (5 - len(numbers)), learning_rate)
    return Rule(kind, np.array(padded), state[moments[0]], state[moments[1]], decoupled)
