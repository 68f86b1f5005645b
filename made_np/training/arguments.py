"""The arguments of training, each brought into one form."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from made_np.model.arguments import as_row_weights, as_weights
from made_np.model.made import MADE
from made_np.model.rows import Rows
from made_np.optim import Optimizer, get_optimizer
from made_np.schedules import Schedule, ScheduleError, after, get_schedule, multiplier
from made_np.training.loop import Callback, Options
from made_np.typing import Array
from made_np.validation import as_numbers
from made_np.values import as_callable, as_count, as_number, show

Given = tuple[Any, Any, Any]
"""Rows, context, weights, as somebody gave them."""


def as_training_rows(
    made: MADE,
    x: Any,
    context: Any,
    weights: Any = None,
    names: tuple[str, str, str] = ("x", "context", "sample_weight"),
    *,
    gaps: bool = False,
    is_whole: bool = True,
) -> Rows:
    """Check `x`, `context` and weights piece by piece, and leave the first two in their own dtype and storage.

    Where `x` is but a part of the table it may have no rows, and weights are left as they are given.
    """
    name, context_name, weights_name = names
    x = as_numbers(x, name)
    if x.ndim != 2 or (len(x) == 0 and is_whole):
        made.check_rows(x, name, gaps=gaps)
        raise ValueError(f"{name} has no rows: give at least one")
    for _ in made.check_blocks(x, context, name, context_name, gaps=gaps):
        pass
    y = made.check_context(context, len(x), context_name, f"{name} has")
    return Rows(x, y, (as_row_weights if is_whole else as_weights)(weights, len(x), weights_name))


def as_tables(
    made: MADE, table: Given, valid: Given, *, gaps: bool = False, is_whole: bool = True
) -> tuple[Rows, Rows | None]:
    """Check rows to train on with those for validation, each given with context and weights: None without any."""
    rows = as_training_rows(made, *table, gaps=gaps, is_whole=is_whole)
    return rows, as_valid_rows(made, *valid, gaps=gaps, is_whole=is_whole)


def as_valid_rows(
    made: MADE, valid: Any, context: Any, weights: Any = None, *, gaps: bool = False, is_whole: bool = True
) -> Rows | None:
    """Check validation rows as those of training; None without any."""
    names = ("valid", "valid_context", "valid_weight")
    if valid is not None:
        return as_training_rows(made, valid, context, weights, names, gaps=gaps, is_whole=is_whole)
    for name, given in zip(names[1:], (context, weights), strict=True):
        if given is not None:
            raise ValueError(f"{name} is given without valid: give the rows that belong to it")
    return None


def as_options(
    made: MADE,
    *,
    has_valid: bool,
    optimizer: str | Optimizer,
    learning_rate: float,
    schedule: str | Schedule | None,
    batch_size: int,
    max_epochs: int,
    patience: int,
    validate_every: int,
    weight_decay: float | Mapping[str, float],
    dropout: float,
    input_dropout: float,
    averaging: float,
    callbacks: Iterable[Callback] = (),
    max_seconds: float | None = None,
) -> Options:
    """Return the arguments of `training.fit` that say how to train `made`, each checked."""
    return Options(
        get_optimizer(optimizer),
        as_number(learning_rate, "learning_rate", "(0, inf)"),
        as_schedule(schedule, has_valid),
        as_count(batch_size, "batch_size"),
        as_count(max_epochs, "max_epochs"),
        as_count(patience, "patience"),
        as_count(validate_every, "validate_every"),
        as_decay(made, weight_decay),
        as_dropout(made, dropout),
        as_number(input_dropout, "input_dropout", "[0, 1)"),
        as_number(averaging, "averaging", "[0, 1]"),
        as_callbacks(callbacks),
        None if max_seconds is None else as_number(max_seconds, "max_seconds", "(0, inf)"),
    )


def as_schedule(schedule: str | Schedule | None, has_valid: bool) -> Schedule:
    """Return the schedule once its first multiplier has been seen to be one."""
    found = get_schedule(schedule)
    after(found, [] if has_valid else [math.nan])  # it raises now if it needs validation losses
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
    layout = made.layout
    weights = list(layout.weight_names)
    if not isinstance(weight_decay, Mapping):
        weight_decay = dict.fromkeys(weights, as_number(weight_decay, "weight_decay", "[0, inf)"))
    decay = np.zeros(layout.size, dtype=made.dtype)
    most = float(np.finfo(made.dtype).max)
    for name, value in weight_decay.items():
        if name not in weights:
            what = "a bias" if name in layout.names else "no parameter"
            raise ValueError(f"weight_decay names {show(name)}, {what}: use some of {weights}")
        decay[layout.slices[name]] = as_number(value, f"weight_decay[{name!r}]", f"[0, {most}]")
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
