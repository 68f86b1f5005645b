"""The parameters of an estimator, looked at when learning begins: before an order is found or a number drawn.

Others look at the rest as early: the model at what it is made from (activation, order, direct, dtype, ...), training at
`optimizer` and `schedule`, the reading of rows at `columns` and `binarize`, `as_seed` at `random_state`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from made_np.masks.masks import ORDERS
from made_np.validation import as_widths
from made_np.values import as_choice, as_count, as_flag, as_number, show

__all__ = ["check_params"]

AUTO = "hidden_layer_sizes", "n_masks", "learning_rate", "weight_decay", "dropout", "max_epochs", "n_iter_no_change"
WORDS = {"order": (*ORDERS, "found", "auto"), **dict.fromkeys(AUTO, ("auto",))}
"""Parameters that may be something else than a word, and the words that they may be."""
NUMBERS = {
    "learning_rate": "(0, inf)",
    "validation_fraction": "(0, 1)",
    "dropout": "[0, 1)",
    "input_dropout": "[0, 1)",
    "averaging": "[0, 1]",
}
COUNTS = "batch_size", "max_epochs", "n_iter_no_change"
FLAGS = "early_stopping", "warm_start"
CHOICES = {
    "answers": ("auto", "any", "order"),
    "missing": ("ignore", "level"),
    "handle_unknown": ("other", "error"),
}
"""Parameters that are one of a few words."""
MOST_MEMBERS = 1 << 10
MOST = 1 << 31
"""More members, and more units or mask sets than this are a slip of the pen."""


def check_params(params: Any) -> None:
    """Raise a `TypeError` or `ValueError` for the first attribute of `params` that cannot be meant."""
    given = {}
    for name in (*WORDS, *NUMBERS, *COUNTS):
        value = getattr(params, name)
        if name not in WORDS or not isinstance(value, str):
            given[name] = value
        elif value not in WORDS[name]:
            words = ", ".join(WORDS[name])
            raise ValueError(f"{name}={show(value)} is unknown: of words it takes only {words}")
    if "hidden_layer_sizes" in given:
        as_widths(params.hidden_layer_sizes, "hidden_layer_sizes")
    if given.get("n_masks") is not None:
        as_count(params.n_masks, "n_masks", 1, MOST)
    for name in COUNTS:
        if name in given:
            as_count(given[name], name)
    for name, interval in NUMBERS.items():
        if name in given:
            as_number(given[name], name, interval)
    if "weight_decay" in given and not isinstance(params.weight_decay, Mapping):
        as_number(params.weight_decay, "weight_decay", "[0, inf)")
    for name in FLAGS:
        as_flag(getattr(params, name), name)
    _check_members(params)
    for name, choices in CHOICES.items():
        as_choice(getattr(params, name), name, choices)
    if not isinstance(params.verbose, (bool, np.bool_)):
        as_count(params.verbose, "verbose", 0)


def _check_members(params: Any) -> None:
    """Raise where several members cannot be meant."""
    n = as_count(params.n_members, "n_members", 1, MOST_MEMBERS)
    if n > 1 and params.warm_start:
        raise ValueError(f"warm_start=True with n_members={n}: only a single member goes on learning")
    if n > 1 and params.n_masks is None and isinstance(params.order, str) and params.order in ("auto", "random"):
        raise ValueError(
            f"n_masks=None with n_members={n}: random orders are endless, and members mix what has an end. Set "
            "n_masks, or answers='any', which answers any gaps"
        )
