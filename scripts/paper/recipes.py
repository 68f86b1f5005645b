"""The recipes: how each data set is trained, chosen on validation rows only (`sweep.py` shows what was tried)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np import MADE, Bernoulli, OneHot, find_order, fit
from made_np.columns.columns import Column, Columns
from made_np.schedules import WarmRestarts, Warmup, cosine
from made_np.training.fit import FitResult

Rows = NDArray[np.uint8]

AS_PAPERS = "as the papers"
FREE = "free"
SETTINGS = (AS_PAPERS, FREE)
PAPER_8000 = "paper8000"
"""The paper's largest model, for a GPU: on two cores it takes a day."""
EVERY_SETTING = (*SETTINGS, PAPER_8000)

WARM_UP = 1000
"""Steps over which the schedule "warm cosine" rises."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run, besides the rows.

    `order` is what `MADE` takes; "shuffled", one permutation drawn from `seed`; or "auto", what `made_np.find_order`
    finds in the training rows. A model of endless mask sets (`n_masks` None) is tested as the mixture of the first
    `test_masks` of them; while it trains, it is validated on 32. `start` is the scheme of `MADE.init`. `fit` holds
    arguments of `made_np.fit`, which takes `seed` as well; the schedule "restarts" is `WarmRestarts` of 10 epochs,
    "warm cosine" a cosine after `WARM_UP` steps.

    With `both_ways` the order and its reverse are two mask sets, and the model is their mixture.

    `one_hot` says that columns of which no training row has two ones are one-hot together: the model then has one
    categorical feature for them, and its density is 0 for rows in which they are not.
    """

    hidden: tuple[int, ...] = (500,)
    order: str | tuple[int, ...] = "shuffled"
    n_masks: int | None = 1
    degrees: str = "spread"
    direct: bool = True
    activation: str = "relu"
    residual: bool = False
    mask_weights: bool = False
    one_hot: bool = False
    both_ways: bool = False
    test_masks: int | None = None
    start: str = "normal"
    seed: int = 0
    fit: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = {"learning_rate": 1e-3, "max_epochs": 300, "patience": 30, "averaging": 0.999}
        object.__setattr__(self, "fit", {**known, **self.fit})
        if self.both_ways and (self.order not in ("natural", "shuffled", "auto") or self.n_masks != 1):
            raise ValueError(f"both_ways with order={self.order!r}, n_masks={self.n_masks}: it wants one order")

    def columns(self, train: Rows) -> Columns:
        """Return what the columns are: binary, and perhaps some of them one-hot together."""
        one_hot = OneHot.find(train, evidence=0) if self.one_hot else OneHot()
        return Columns(tuple(Column(Bernoulli()) for _ in range(train.shape[1])), one_hot)

    def made(self, train: Rows, backend: str = "auto") -> MADE:
        """Return the model for these training rows, of which only the order "auto" and what is one-hot depend."""
        columns = self.columns(train)
        n_features = len(columns.features)
        order: Any = self.order
        if order == "shuffled":
            order = np.random.default_rng((self.seed, 2015)).permutation(n_features)
        elif order == "auto":
            order = find_order(columns.one_hot.fold(train))
        if self.both_ways:
            order = np.arange(n_features) if self.order == "natural" else order
            order = np.stack([order, order[::-1]])
        return MADE(
            n_features,
            self.hidden,
            list(columns.outputs),
            activation=self.activation,
            order=order,
            degrees=self.degrees,
            n_masks=2 if self.both_ways else self.n_masks,
            direct=self.direct,
            residual=self.residual,
            mask_weights=self.mask_weights,
            seed=self.seed,
            backend=backend,
        )

    def train(self, train: Rows, valid: Rows, backend: str = "auto", **options: Any) -> tuple[MADE, FitResult]:
        """Return the model and what `made_np.fit` made of it; `options` are more arguments of it."""
        made = self.made(train, backend)
        fit_options = dict(self.fit)
        if fit_options.get("schedule") == "restarts":
            per_epoch = -(-len(train) // fit_options.get("batch_size", 100))
            fit_options["schedule"] = WarmRestarts(10 * per_epoch)
        elif fit_options.get("schedule") == "warm cosine":
            fit_options["schedule"] = Warmup(WARM_UP, cosine)
        fold = self.columns(train).one_hot.fold
        train = fold(train)
        valid = fold(valid)
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


def _plain(order: str, hidden: tuple[int, ...] = (500,), activation: str = "relu", **fit_options: Any) -> Recipe:
    """Return a recipe with one mask set, over which the learning rate falls along a cosine."""
    return Recipe(hidden, order, activation=activation, fit={"schedule": "cosine", **fit_options})


def _coded(order: str, hidden: tuple[int, ...], activation: str = "relu", **fit_options: Any) -> Recipe:
    """Return a plain recipe in which one-hot columns are one feature; those do without direct wires."""
    return replace(_plain(order, hidden, activation, **fit_options), one_hot=True, direct=False)


def _both_ways(recipe: Recipe) -> Recipe:
    """Return the recipe with the reverse of its order as a second mask set."""
    return replace(recipe, both_ways=True)


_ADULT = {"dropout": 0.6, "weight_decay": 3e-4, "max_epochs": 220}
_CODED_ADULT = {"dropout": 0.7, "weight_decay": 1e-3, "max_epochs": 100}
_CONNECT4 = {"dropout": 0.3, "weight_decay": 1e-5, "max_epochs": 140}
_CODED_CONNECT4 = {"dropout": 0.4, "weight_decay": 1e-4, "max_epochs": 200}
_MUSHROOMS = {"dropout": 0.4, "weight_decay": 3e-5, "learning_rate": 3e-3, "max_epochs": 900}
_CODED_MUSHROOMS = {**_MUSHROOMS, "dropout": 0.6, "weight_decay": 2e-4, "max_epochs": 600}
_NIPS = {"dropout": 0.5, "weight_decay": 0.2, "learning_rate": 3e-3, "averaging": 0.99, "max_epochs": 1000}
_OCR = {"dropout": 0.5, "weight_decay": 3e-5, "learning_rate": 2e-3, "max_epochs": 50}
_MNIST = {"dropout": 0.35, "weight_decay": 3e-4, "learning_rate": 2e-3, "max_epochs": 30}
_WIDE_MNIST = {**_MNIST, "dropout": 0.6, "batch_size": 200}
# Tried on layers of 1000 units: direct wires gain most (3.5 nats), dropout and a rate of 3e-4 are too slow, a decay of
# 1e-4 neither gains nor costs. On layers of 8000 units, in the first steps: 1e-3 is stable, and quicker than 4e-4.
_LARGEST = {
    **{"schedule": "warm cosine", "learning_rate": 7e-4, "weight_decay": 1e-4, "averaging": 0.9995},
    **{"max_epochs": 300, "patience": 300, "validate_every": 20},
}
_NLTCS = {"dropout": 0.3, "weight_decay": 1e-4, "averaging": 0.9995, "schedule": None, "max_epochs": 200}
_BAUDIO = {"dropout": 0.6, "weight_decay": 2e-3, "schedule": None}
_PUMSB = {"dropout": 0.4, "weight_decay": 1e-5, "learning_rate": 2e-3, "max_epochs": 160}
_WEB = {"dropout": 0.5, "weight_decay": 3e-4, "learning_rate": 2e-3, "max_epochs": 140}

_DNA = {"dropout": 0.6, "weight_decay": 3e-4, "learning_rate": 4e-3, "max_epochs": 1000, "patience": 100}
_BITS = replace(_plain("random", (1000,), **_DNA), n_masks=None, test_masks=1024)
_CODED_DNA = {**_DNA, "weight_decay": 1e-3, "max_epochs": 600, "validate_every": 10}
_BASES = replace(_coded("random", (2000,), **_CODED_DNA), n_masks=None, test_masks=1024)

RECIPES: dict[str, dict[str, Recipe]] = {
    "adult": {
        AS_PAPERS: _both_ways(_plain("shuffled", (1500,), **_ADULT)),
        FREE: _coded("auto", (1500,), **_CODED_ADULT),
    },
    "connect4": {
        AS_PAPERS: _plain("shuffled", (1000, 1000), **_CONNECT4),
        FREE: _both_ways(_coded("natural", (1000, 1000), **_CODED_CONNECT4)),
    },
    "dna": {AS_PAPERS: _BITS, FREE: _BASES},
    "mushrooms": {
        AS_PAPERS: _both_ways(_plain("shuffled", (1000,), "softplus", **_MUSHROOMS)),
        FREE: _coded("auto", (1000,), "softplus", **_CODED_MUSHROOMS),
    },
    "nips": {AS_PAPERS: _plain("shuffled", **_NIPS), FREE: _plain("natural", **_NIPS)},
    "ocr_letters": {AS_PAPERS: _plain("shuffled", (4000,), **_OCR), FREE: _plain("natural", (4000,), **_OCR)},
    "binarized_mnist": {
        AS_PAPERS: _plain("shuffled", (8000,), **_WIDE_MNIST),
        FREE: _plain("natural", (4000,), **_MNIST),
        PAPER_8000: Recipe((8000, 8000), "random", n_masks=32, fit=_LARGEST),
    },
    "nltcs": {FREE: _both_ways(_plain("natural", (500,), **_NLTCS))},
    "baudio": {FREE: _plain("shuffled", (1000,), **_BAUDIO)},
    "pumsb_star": {FREE: _both_ways(_plain("auto", (1500,), "tanh", **_PUMSB))},
    "web_resplit": {FREE: _plain("natural", (1000,), **_WEB)},
}
"""By name of `made_np.datasets.load_binary`, then by setting."""
