"""Schedules: how the learning rate changes over a run.

A schedule is any function ``(step, total_steps) -> multiplier`` of the learning rate. Steps count
from 0, and `total_steps` is what the run would take without early stopping.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

Schedule = Callable[[int, int], float]


def constant(step: int, total_steps: int) -> float:
    """Return 1.0 always."""
    return 1.0


def linear(step: int, total_steps: int) -> float:
    """Return ``1 - step / total_steps``, and 0.0 past the end.

    Examples
    --------
    >>> [linear(step, 4) for step in range(5)]
    [1.0, 0.75, 0.5, 0.25, 0.0]
    """
    return 1.0 - min(1.0, step / total_steps)


def cosine(step: int, total_steps: int) -> float:
    """Return ``(1 + cos(pi * step / total_steps)) / 2`` (Loshchilov & Hutter 2017, equation 5)."""
    return (1.0 + math.cos(math.pi * min(1.0, step / total_steps))) / 2.0


@dataclass(frozen=True)
class StepDecay:
    """``factor ** (step // every)``: exponential, in stairs, and heedless of the run's length.

    Examples
    --------
    >>> [StepDecay(factor=0.5, every=2)(step, 100) for step in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    factor: float
    every: int

    def __post_init__(self) -> None:
        if not 0.0 < self.factor <= 1.0:
            raise ValueError(f"factor={self.factor!r} must lie in (0, 1]")
        if self.every < 1:
            raise ValueError(f"every={self.every!r} must be 1 step or more")

    def __call__(self, step: int, total_steps: int) -> float:
        return float(self.factor ** (step // self.every))


@dataclass(frozen=True)
class Warmup:
    """An even rise over the first `steps` steps, then the schedule `then` over the others.

    Examples
    --------
    >>> [Warmup(3, then=linear)(step, 7) for step in range(8)]
    [0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25, 0.0]
    """

    steps: int
    then: Schedule = constant

    def __post_init__(self) -> None:
        if self.steps < 0:
            raise ValueError(f"steps={self.steps!r} must be 0 or more")

    def __call__(self, step: int, total_steps: int) -> float:
        if step < self.steps:
            return (step + 1) / (self.steps + 1)
        return self.then(step - self.steps, max(1, total_steps - self.steps))


def get_schedule(schedule: str | Schedule | None) -> Schedule:
    """Return the schedule of that name, or the function given; None is constant.

    Names: "constant", "linear", "cosine". Raises `ValueError` for another name and `TypeError`
    for what cannot be called.

    Examples
    --------
    >>> get_schedule("cosine")(0, 100)
    1.0
    """
    if schedule is None:
        return constant
    if callable(schedule):
        return schedule
    schedules = {"constant": constant, "linear": linear, "cosine": cosine}
    way_out = f"use one of {sorted(schedules)} or a function (step, total_steps) -> multiplier"
    if not isinstance(schedule, str):
        raise TypeError(f"schedule={schedule!r} is neither a name nor a function: {way_out}")
    if schedule not in schedules:
        raise ValueError(f"schedule={schedule!r} is unknown: {way_out}")
    return schedules[schedule]
