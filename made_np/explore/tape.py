"""Every value of one pass through a model, with its gradient, as far as the page computes it."""

from __future__ import annotations

from typing import Any

from made_np.model.made import MADE
from made_np.typing import Array

__all__ = ["tape_of"]


def tape_of(made: MADE, theta: Array, x: Array) -> dict[str, Any]:
    """Return what ``made.trace`` says of rows x (B, D), without what would take room in the page twice.

    Values of parameters, which are in theta, and masks, which follow from the degrees, are left out.
    """
    tape = made.trace(theta, x).to_dict()
    parameters = set(made.layout.names)
    own = {"x", "raw", "nll", "loss", *parameters, *(f"{v}{k}" for k in range(len(made.hidden)) for v in "zh")}
    values = [
        {**each, "value": None if each["name"] in parameters else each["value"], "mask": None}
        for each in tape["values"]
        if each["name"] in own
    ]
    return {**tape, "values": values}
