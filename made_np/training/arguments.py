"""The arguments of training: what each may be, and the one form it is kept in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from made_np.model.made import MADE
from made_np.schedules import Schedule, ScheduleError, after, get_schedule, multiplier
from made_np.training.loop import Callback, Rows
from made_np.typing import Array
from made_np.validation import as_numbers
from made_np.values import as_callable, as_number, show


def as_table(made: MADE, x: Any, context: Any, name: str, context_name: str) -> Rows:
    """Check `x` and `context` piece by piece, and leave them in their own dtype and storage."""
    x = as_numbers(x, name)
    if x.ndim != 2 or len(x) == 0:
        made.check_rows(x, name)
        raise ValueError(f"{name} has no rows: give at least one")
    for _ in made.check_blocks(x, context, name, context_name):
        pass
    return Rows(x, made.check_context(context, len(x), context_name, f"{name} has"))


def as_valid_rows(made: MADE, valid: Any, valid_context: Any) -> Rows | None:
    """Check validation rows as those of training; None without any."""
    if valid is not None:
        return as_table(made, valid, valid_context, "valid", "valid_context")
    if valid_context is not None:
        raise ValueError("valid_context is given without valid: give the rows that belong to it")
    return None


def as_schedule(schedule: str | Schedule | None, valid_rows: Rows | None) -> Schedule:
    """Return the schedule once its first multiplier has been seen to be one."""
    found = get_schedule(schedule)
    after(found, [] if valid_rows is not None else [math.nan])  # it raises now if it needs validation losses
    try:
        first = multiplier(found, 0, 1)
    except ScheduleError:
        raise
    except Exception as error:  # a function of another signature, say
        raise ScheduleError(f"schedule={show(found)} gives no multiplier of step 0: {show(error)}") from error
    as_number(first, f"schedule(0, 1) of {show(found)}", "[0, inf)")
    return found


def as_decay(made: MADE, weight_decay: float | Mapping[str, float]) -> Array | None:
    """Return one coefficient per parameter, 0 for biases, or None where there is no decay."""
    weights = list(made.layout.weight_names)
    if not isinstance(weight_decay, Mapping):
        weight_decay = dict.fromkeys(weights, as_number(weight_decay, "weight_decay", "[0, inf)"))
    decay = np.zeros(made.n_params, dtype=made.dtype)
    for name, value in weight_decay.items():
        if name not in weights:
            what = "a bias" if name in made.layout.names else "no parameter"
            raise ValueError(f"weight_decay names {show(name)}, {what}: use some of {weights}")
        most = float(np.finfo(made.dtype).max)
        decay[made.layout.slices[name]] = as_number(value, f"weight_decay[{name!r}]", f"[0, {most}]")
    return decay if decay.any() else None


def as_dropout(made: MADE, dropout: float) -> float:
    """Return the share of hidden units to switch off, or raise."""
    rate = as_number(dropout, "dropout", "[0, 1)")
    if rate and not made.hidden:
        raise ValueError(f"dropout={dropout} needs a hidden layer: this model has hidden=()")
    return rate


def as_callbacks(callbacks: Iterable[Callback]) -> tuple[Callback, ...]:
    """Return the callbacks as a tuple, or raise a `TypeError`."""
    try:
        listed = iter(callbacks)
    except Exception:  # no iterable, or one that says so in its own way
        raise TypeError(f"callbacks={show(callbacks)}: give a list of functions, such as [function]") from None
    return tuple(as_callable(call, f"callbacks[{k}]", "(info)") for k, call in enumerate(listed))
