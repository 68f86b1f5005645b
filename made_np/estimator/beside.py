"""An update rule that moves some parameters alone: what home has learned stays, paths are learned beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from made_np.model.made import MADE
from made_np.optim import Optimizer, State
from made_np.typing import Array, Bools

__all__ = ["Beside", "of_home"]


def of_home(made: MADE) -> Bools:
    """Return (P,) booleans: True for the parameters by which home scores rows without gaps.

    Wires that its masks cut are not among them, nor are those of inputs that say that a value is not told.

    Examples
    --------
    >>> made = MADE(2, (), "gaussian", n_masks=None, order=[0, 1], gap_inputs=False)
    >>> of_home(made).astype(int)  # four biases; wires of feature 0 to the two outputs of feature 1
    array([1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0])
    """
    held = ~made.layout.weights()
    gap_units = [made.outputs.input_slices[feature].stop - 1 for feature in made.outputs.gap_features]
    for name, mask in made.network.masks(made.mask_sets[0]).items():
        own = made.layout.views(held)[name]
        own[:] = mask
        if name in ("W0", "W_direct"):
            own[:, gap_units] = False
    return held


@dataclass(frozen=True, eq=False)
class Beside(Optimizer):
    """Another rule, after whose steps some parameters are put back.

    Attributes
    ----------
    rule : Optimizer
    held : ndarray of bool, shape (P,)
        Which parameters stay.
    """

    rule: Optimizer
    held: Bools

    def init(self, theta: Array) -> State:
        """Return the state of the rule."""
        return self.rule.init(theta)

    def step(self, theta: Array, grad: Array, state: State, learning_rate: float, decay: Array | None = None) -> None:
        """Do one step of the rule in place, and undo it where parameters stay."""
        kept = theta.copy()
        self.rule.step(theta, grad, state, learning_rate, decay)
        np.copyto(theta, kept, where=self.held)

    def _update(self, theta: Array, g: Array, state: State, learning_rate: float, t: int) -> None:
        self.rule._update(theta, g, state, learning_rate, t)
