"""What a sweep tries: single changes of a plain recipe, or random draws from the ranges that matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from paper.recipes import Recipe

PLAIN = Recipe(order="natural", fit={"averaging": 0.0, "patience": 20})
"""500 relu units, direct wires, one mask set in the natural order, Adam at 1e-3, batches of 100."""

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "shuffled order": {"order": "shuffled"},
    "reverse order": {"order": "reverse"},
    "order found": {"order": "auto"},
    "both ways of the order": {"both_ways": True, "fit": {"max_epochs": 600}},
    "one-hot": {"one_hot": True},
    "one-hot, no direct wires": {"one_hot": True, "direct": False},
    "1000 units": {"hidden": (1000,)},
    "2 x 500 units": {"hidden": (500, 500)},
    "2 x 500, residual": {"hidden": (500, 500), "residual": True},
    "no direct wires": {"direct": False},
    "tanh": {"activation": "tanh"},
    "softplus": {"activation": "softplus"},
    "random degrees": {"degrees": "random"},
    "16 mask sets, random degrees": {"degrees": "random", "n_masks": 16},
    "16 mask sets, random orders": {"order": "random", "n_masks": 16, "fit": {"max_epochs": 600}},
    "16 mask sets, mask weights": {"order": "random", "n_masks": 16, "mask_weights": True, "fit": {"max_epochs": 600}},
    "fresh masks at every step": {"order": "random", "n_masks": None, "fit": {"max_epochs": 600}},
    "fresh masks, mask weights": {"order": "random", "n_masks": None, "mask_weights": True, "fit": {"max_epochs": 600}},
    "averaging 0.999": {"fit": {"averaging": 0.999}},
    "dropout 0.3": {"fit": {"dropout": 0.3}},
    "dropout 0.5": {"fit": {"dropout": 0.5}},
    "input dropout 0.1": {"fit": {"input_dropout": 0.1}},
    "weight decay 1e-4": {"fit": {"weight_decay": 1e-4}},
    "weight decay 1e-2": {"fit": {"weight_decay": 1e-2}},
    "decay of direct wires 1e-2": {"fit": {"weight_decay": {"W_direct": 1e-2}}},
    "cosine schedule over 60 epochs": {"fit": {"schedule": "cosine", "max_epochs": 60}},
    "reduce on plateau": {"fit": {"schedule": "plateau", "patience": 40}},
    "warm restarts": {"fit": {"schedule": "restarts"}},
    "AdaGrad 0.01": {"fit": {"optimizer": "adagrad", "learning_rate": 0.01}},
    "AdaDelta": {"fit": {"optimizer": "adadelta", "learning_rate": 1.0}},
    "SGD 0.1": {"fit": {"optimizer": "sgd", "learning_rate": 0.1}},
    "orthogonal start": {"start": "orthogonal"},
    "mask weights": {"mask_weights": True},
    "averaging and dropout": {"fit": {"averaging": 0.999, "dropout": 0.3}},
}


def options() -> Iterator[tuple[str, Recipe]]:
    """Yield the plain recipe, and each that differs from it by one option."""
    for name, change in OPTIONS.items():
        yield name, changed(PLAIN, change)


def changed(recipe: Recipe, change: dict[str, Any]) -> Recipe:
    """Return the recipe with some fields, and some arguments of fit, replaced."""
    return replace(recipe, **{**change, "fit": {**recipe.fit, **change.get("fit", {})}})


def draws(n: int, seed: int, as_papers: bool) -> Iterator[tuple[str, Recipe]]:
    """Yield n random recipes; those for the papers' setting stand in no natural order."""
    rng = np.random.default_rng(seed)

    def one_of(*values: Any) -> Any:
        return values[rng.integers(len(values))]

    for k in range(n):
        n_masks = one_of(1, 1, 1, 8, 16, 32)
        order = "random" if n_masks > 1 else "shuffled" if as_papers else one_of("natural", "reverse", "shuffled")
        fit = {
            "averaging": 0.999,
            "dropout": one_of(0.1, 0.2, 0.3, 0.5, 0.7),
            "weight_decay": float(10 ** rng.uniform(-5, -1)),
            "learning_rate": one_of(5e-4, 1e-3, 2e-3, 4e-3),
            "schedule": one_of(None, "cosine"),
            "max_epochs": 300 if n_masks == 1 else 1000,
        }
        hidden = one_of((500,), (500,), (1000,), (2000,), (500, 500), (1000, 1000))
        yield f"draw {k}", Recipe(hidden, order, n_masks, seed=int(one_of(0, 1, 2)), fit=fit)
