"""The twelve steps, with three more."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from made_np.learn.tasks import Step

NAMES = (
    *("nudge", "unit", "layer", "activations", "loss", "autoencoder"),
    *("probability", "masked", "degrees", "made", "sampling", "mixture"),
    *("one_pass", "tape", "staircase"),
)
"""The steps by name; each is a module here."""
N_STEPS = 12
"""So many make up the course; the others are a bonus."""


@cache
def step_of(number: int) -> Step:
    """The step of a number, from 1."""
    step: Step = import_module(f"made_np.learn.steps.{NAMES[number - 1]}").STEP
    return step


def all_steps() -> tuple[Step, ...]:
    """All of them."""
    return tuple(step_of(number) for number in range(1, len(NAMES) + 1))
