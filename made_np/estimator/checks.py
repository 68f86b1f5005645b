"""The parameters of an estimator, looked at when learning begins: before an order is found or a number drawn.

Others look at the rest as early: the model at what it is made from (activation, order, direct, dtype, ...), the reading
of rows at `columns` and `binarize`, `as_seed` at `random_state`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from made_np.estimator.rules import is_auto
from made_np.masks.masks import ORDERS
from made_np.model.made import MADE
from made_np.optim import get_optimizer
from made_np.training.arguments import as_decay, as_schedule
from made_np.validation import as_widths
from made_np.values import as_count, as_flag, as_number, show

__all__ = ["check_params", "check_training"]

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
MOST = 1 << 31
"""More units or mask sets than this are a slip of the pen."""


def check_params(params: Any) -> None:
    """Raise a `TypeError` or `ValueError` for the first attribute of `params` that cannot be meant."""

    def is_set(name: str) -> bool:
        return not (name in AUTO and is_auto(getattr(params, name)))

    for name, words in WORDS.items():
        value = getattr(params, name)
        if isinstance(value, str) and value not in words:
            raise ValueError(f"{name}={show(value)} is unknown: of words it takes only {', '.join(words)}")
    if is_set("hidden_layer_sizes"):
        as_widths(params.hidden_layer_sizes, "hidden_layer_sizes")
    if is_set("n_masks") and params.n_masks is not None:
        as_count(params.n_masks, "n_masks", 1, MOST)
    for name in filter(is_set, COUNTS):
        as_count(getattr(params, name), name)
    for name in filter(is_set, NUMBERS):
        as_number(getattr(params, name), name, NUMBERS[name])
    if is_set("weight_decay") and not isinstance(params.weight_decay, Mapping):
        as_number(params.weight_decay, "weight_decay", "[0, inf)")
    for name in FLAGS:
        as_flag(getattr(params, name), name)
    if not isinstance(params.verbose, (bool, np.bool_)):
        as_count(params.verbose, "verbose", 0)
    get_optimizer(params.optimizer)


def check_training(params: Any, made: MADE, valid: Any) -> None:
    """Raise an error for a parameter that does not go with the model, or with having no `valid` rows (None)."""
    if not is_auto(params.weight_decay):
        as_decay(made, params.weight_decay)
    as_schedule(params.schedule, valid)
