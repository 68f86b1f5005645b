"""Small estimators with nothing left to choose: for tests that are about something else than the defaults."""

from __future__ import annotations

from typing import Any

from made_np import MADEDensity

PLAIN: dict[str, Any] = {
    "hidden_layer_sizes": (16,),
    "order": "natural",
    "n_masks": 1,
    "direct": False,
    "learning_rate": 1e-3,
    "schedule": None,
    "max_epochs": 5,
    "n_iter_no_change": 30,
    "weight_decay": 0.0,
    "dropout": 0.0,
    "averaging": 0.0,
    "random_state": 0,
}


def small(**changes: Any) -> MADEDensity:
    """The plain estimator, but for `changes`."""
    return MADEDensity(**{**PLAIN, **changes})
