"""Schedules: how the learning rate changes over a run.

A schedule is any function ``(step, total_steps) -> multiplier`` of the learning rate. Steps count
from 0, and `total_steps` is what the run would take without early stopping.

A schedule that heeds the validation loss offers ``after(valid) -> schedule`` besides: what to go on with after epochs
whose losses were `valid`. It is asked anew at each epoch and remembers nothing, so one object serves many runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from made_np.values import as_callable, as_count, as_number, as_sequence, show

Schedule = Callable[[int, int], float]


class ScheduleError(TypeError, ValueError):
    """A schedule has given what is no multiplier of a learning rate."""


def constant(step: int, total_steps: int) -> float:
    """Return 1.0 always."""
    _share(step, total_steps)
    return 1.0


def linear(step: int, total_steps: int) -> float:
    """Return ``1 - step / total_steps``, and 0.0 past the end.

    Examples
    --------
    >>> [linear(step, 4) for step in range(5)]
    [1.0, 0.75, 0.5, 0.25, 0.0]
    """
    return 1.0 - min(1.0, _share(step, total_steps))


def cosine(step: int, total_steps: int) -> float:
    """Return ``(1 + cos(pi * step / total_steps)) / 2`` (Loshchilov & Hutter 2017, equation 5)."""
    return (1.0 + math.cos(math.pi * min(1.0, _share(step, total_steps)))) / 2.0


@dataclass(frozen=True)
class Constant:
    """The same multiplier at every step."""

    multiplier: float

    def __post_init__(self) -> None:
        _settle(self, "multiplier", "[0, inf)")

    def __call__(self, step: int, total_steps: int) -> float:
        _share(step, total_steps)
        return self.multiplier


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
        _settle(self, "factor", "(0, 1]")
        _settle(self, "every", least=1)

    def __call__(self, step: int, total_steps: int) -> float:
        _share(step, total_steps)
        return float(self.factor ** (step // self.every))


@dataclass(frozen=True)
class WarmRestarts:
    """`cosine` over `steps` steps, then again from 1 over `growth` times as many, and so on.

    Loshchilov & Hutter (2017), section 3, where `steps` is T_0 and `growth` is T_mult; heedless of the run's length.
    `made_np.fit` with validation rows gives the best theta back, which is mostly one from the end of a period.

    Examples
    --------
    >>> [round(WarmRestarts(2, growth=2)(step, 100), 3) for step in range(7)]
    [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]
    """

    steps: int
    growth: float = 1

    def __post_init__(self) -> None:
        _settle(self, "steps", least=1)
        _settle(self, "growth", "[1, inf)")

    def __call__(self, step: int, total_steps: int) -> float:
        _share(step, total_steps)
        period: float = self.steps
        since: float = step
        if self.growth == 1:
            since %= period
        while since >= period:
            since -= period
            period *= self.growth
        return (1.0 + math.cos(math.pi * (since / period))) / 2.0


@dataclass(frozen=True)
class ReduceOnPlateau:
    """Start at 1, and multiply by `factor` after each `patience` epochs in a row without a better validation loss.

    Examples
    --------
    >>> schedule = ReduceOnPlateau(factor=0.5, patience=2)
    >>> [schedule.after([3.0, 2.0, 2.5, 2.1, 2.2, 2.0][:n])(0, 100) for n in range(7)]
    [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25]
    """

    factor: float = 0.5
    patience: int = 5
    floor: float = 1e-3
    """The multiplier falls no further."""

    def __post_init__(self) -> None:
        _settle(self, "factor", "(0, 1)")
        _settle(self, "patience", least=1)
        _settle(self, "floor", "[0, 1]")

    def __call__(self, step: int, total_steps: int) -> float:
        _share(step, total_steps)
        return 1.0

    def after(self, valid: Sequence[float]) -> Schedule:
        """Return the constant schedule that epochs of these validation losses lead to, ValueError if one is NaN."""
        best = math.inf
        waited = 0
        falls = 0
        for k, loss in enumerate(as_sequence(valid, "valid", "a list of validation losses")):
            if not isinstance(loss, float):
                as_number(loss, f"valid[{k}]", "[-inf, inf]")
            elif math.isnan(loss):
                raise ValueError(f"{self} needs validation losses: give validation rows as valid, or another schedule")
            waited = 0 if loss < best else waited + 1
            best = min(best, loss)
            if waited == self.patience:
                waited = 0
                falls = falls + 1
        return Constant(max(self.factor**falls, self.floor))


@dataclass(frozen=True)
class Warmup:
    """An even rise over the first `steps` steps, then the schedule `then`, or that of this name, over the others.

    Examples
    --------
    >>> [Warmup(3, then=linear)(step, 7) for step in range(8)]
    [0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25, 0.0]
    """

    steps: int
    then: Schedule = constant

    def __post_init__(self) -> None:
        _settle(self, "steps", least=0)
        object.__setattr__(self, "then", get_schedule(self.then, "then"))

    def __call__(self, step: int, total_steps: int) -> float:
        _share(step, total_steps)
        if step < self.steps:
            return (step + 1) / (self.steps + 1)
        return self.then(step - self.steps, max(1, total_steps - self.steps))

    def after(self, valid: Sequence[float]) -> Schedule:
        """Return this schedule with what `then` has become after epochs of these validation losses."""
        return replace(self, then=after(self.then, valid))


def after(schedule: Schedule, valid: Sequence[float]) -> Schedule:
    """Return what to go on with after epochs of these validation losses: mostly `schedule` itself.

    Examples
    --------
    >>> after(cosine, [2.0, 1.0]) is cosine
    True
    """
    heed = getattr(as_callable(schedule, "schedule", "(step, total_steps) -> multiplier"), "after", None)
    if heed is None:
        return schedule
    found = heed(valid)
    if not callable(found):
        raise ScheduleError(f"schedule.after(valid) gave {show(found)}: let it return a schedule")
    return found


def multiplier(schedule: Schedule, step: int, total_steps: int) -> float:
    """Return what `schedule` gives for a step, once it is seen to be a number of at least 0.

    Raises
    ------
    ScheduleError
        It is not. What the schedule itself raises is left alone.

    Examples
    --------
    >>> multiplier(linear, 1, 4)
    0.75
    """
    value = get_schedule(schedule)(step, total_steps)
    try:
        return as_number(value, f"schedule({step}, {total_steps})", "[0, inf]")
    except (TypeError, ValueError) as error:
        raise ScheduleError(str(error)) from None


def get_schedule(schedule: str | Schedule | None, name: str = "schedule") -> Schedule:
    """Return the schedule of that name, or the function given; None is constant.

    Names: "constant", "linear", "cosine", "plateau". Raises `ValueError` for another name and `TypeError`
    for what cannot be called; messages call it `name`.

    Examples
    --------
    >>> get_schedule("cosine")(0, 100)
    1.0
    """
    if schedule is None:
        return constant
    if callable(schedule) and not isinstance(schedule, type):
        return schedule
    way_out = f"use one of {sorted(SCHEDULES)} or a function (step, total_steps) -> multiplier"
    if not isinstance(schedule, str):
        raise TypeError(f"{name}={show(schedule)} is neither a name nor a function: {way_out}")
    if schedule not in SCHEDULES:
        raise ValueError(f"{name}={show(schedule)} is unknown: {way_out}")
    return SCHEDULES[schedule]


def _share(step: int, total_steps: int) -> float:
    """Return which share of the run lies before a step, above 1 past its end."""
    return as_count(step, "step", 0) / as_count(total_steps, "total_steps")


def _settle(schedule: Any, name: str, interval: str = "", *, least: int = 0) -> None:
    """Look at a number of a schedule, in an interval or a count of at least `least`, and keep it as a plain one."""
    value = getattr(schedule, name)
    plain = as_number(value, name, interval) if interval else as_count(value, name, least)
    object.__setattr__(schedule, name, plain)


SCHEDULES: dict[str, Schedule] = {
    "constant": constant,
    "linear": linear,
    "cosine": cosine,
    "plateau": ReduceOnPlateau(),
}
"""The schedules that have a name of one word."""
