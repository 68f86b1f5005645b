"""The recipes: how each data set is trained, chosen on validation rows only (`sweep.py` shows what was tried)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np import MADE, find_order, fit
from made_np.schedules import WarmRestarts
from made_np.train import FitResult

Rows = NDArray[np.uint8]

AS_PAPERS, FREE = "as the papers", "free"
SETTINGS = (AS_PAPERS, FREE)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run, besides the rows.

    `order` is what `MADE` takes; "shuffled", one permutation drawn from `seed`; or "auto", what `made_np.find_order`
    finds in the training rows. `start` is the scheme of `MADE.init`. `fit` holds arguments of `made_np.fit`, which
    takes `seed` as well; the schedule "restarts" stands for `WarmRestarts` of 10 epochs.
    """

    hidden: tuple[int, ...] = (500,)
    order: str | tuple[int, ...] = "shuffled"
    n_masks: int | None = 1
    degrees: str = "spread"
    direct: bool = True
    activation: str = "relu"
    residual: bool = False
    start: str = "normal"
    seed: int = 0
    fit: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = {"learning_rate": 1e-3, "max_epochs": 300, "patience": 30, "averaging": 0.999}
        object.__setattr__(self, "fit", {**known, **self.fit})

    def made(self, train: Rows) -> MADE:
        """Return the model for these training rows, of which nothing but the order "auto" depends."""
        n_features = train.shape[1]
        order: Any = self.order
        if order == "shuffled":
            order = np.random.default_rng((self.seed, 2015)).permutation(n_features)
        elif order == "auto":
            order = find_order(train)
        return MADE(
            n_features,
            self.hidden,
            activation=self.activation,
            order=order,
            degrees=self.degrees,
            n_masks=self.n_masks,
            direct=self.direct,
            residual=self.residual,
            seed=self.seed,
        )

    def train(self, train: Rows, valid: Rows, **options: Any) -> tuple[MADE, FitResult]:
        """Return the model and what `made_np.fit` made of it; `options` are more arguments of it."""
        made, fit_options = self.made(train), dict(self.fit)
        if fit_options.get("schedule") == "restarts":
            per_epoch = -(-len(train) // fit_options.get("batch_size", 100))
            fit_options["schedule"] = WarmRestarts(10 * per_epoch)
        theta = made.init(self.seed, train, scheme=self.start)
        return made, fit(made, train, valid=valid, theta=theta, rng=self.seed, **fit_options, **options)

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as JSON holds it."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Recipe:
        """Return the recipe that `to_dict` wrote down."""
        order = stored["order"] if isinstance(stored["order"], str) else tuple(stored["order"])
        return cls(**{**stored, "hidden": tuple(stored["hidden"]), "order": order})

    @property
    def key(self) -> str:
        """A name for exactly this recipe: results are found again by it."""
        return sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:12]
