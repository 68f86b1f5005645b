"""What the examples are about: models with every kind of column, a table, an estimator that has learned it."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import made_np
from made_np import MADE, Autoencoder, Categorical, DiscretizedLogistic, MADEDensity, OneHot, interop
from made_np.grid import GridMADE
from made_np.testing import Adapter

Array = NDArray[Any]

MIXED: dict[str, Any] = {
    "n_features": 3,
    "hidden": (4, 4),
    "output": ["bernoulli", Categorical(3), "gaussian"],
    "activation": "tanh",
    "order": "random",
    "degrees": "spread",
    "n_masks": 2,
    "n_members": 1,
    "direct": True,
    "direct_limit": 2,
    "residual": True,
    "mask_weights": True,
    "n_context": 2,
    "gap_inputs": [1],
    "seed": 0,
    "dtype": "float32",
    "backend": "numpy",
}
"""The arguments of a model that has everything."""

COPIER: dict[str, Any] = {
    "n_features": 3,
    "hidden": (4, 2, 4),
    "output": MIXED["output"],
    "activation": "tanh",
    "dtype": "float32",
}
"""The arguments of an autoencoder of the same features."""

LEARNER: dict[str, Any] = {
    "hidden_layer_sizes": (4,),
    "columns": "auto",
    "context": None,
    "missing": "ignore",
    "handle_unknown": "other",
    "min_frequency": 1,
    "answers": "auto",
    "activation": "relu",
    "order": "natural",
    "n_masks": 1,
    "direct": True,
    "residual": False,
    "mask_weights": False,
    "optimizer": "adam",
    "learning_rate": 1e-2,
    "schedule": "cosine",
    "batch_size": 20,
    "max_epochs": 1,
    "early_stopping": True,
    "validation_fraction": 0.1,
    "n_iter_no_change": 5,
    "weight_decay": 1e-4,
    "dropout": 0.1,
    "input_dropout": 0.1,
    "averaging": 0.9,
    "n_members": 1,
    "warm_start": False,
    "random_state": 0,
    "verbose": 0,
    "dtype": "float32",
    "backend": "numpy",
    "binarize": None,
}
"""The parameters of an estimator that learns in no time."""


@cache
def mixed() -> MADE:
    """A model with columns of three kinds, context, and two mask sets."""
    return MADE(**MIXED)


@cache
def copier() -> Autoencoder:
    """An autoencoder of columns of three kinds."""
    return Autoencoder(**COPIER)


@cache
def homely() -> MADE:
    """A model with a home order and a path for any gaps."""
    return MADE(3, (4,), order=[2, 0, 1], n_masks=None, backend="numpy")


@cache
def both() -> MADE:
    """An ensemble of two such."""
    return MADE.ensemble([homely(), homely()])


@cache
def linear() -> MADE:
    """A linear Gaussian model."""
    return MADE(3, (), "gaussian", dtype="float64", backend="numpy")


def theta() -> Array:
    """Parameters of `mixed`."""
    return mixed().init(rng=0)


def rows() -> Array:
    """Five rows of `mixed`."""
    return np.array([[0, 2, 0.5], [1, 0, -1.0], [1, 1, 0.25], [0, 0, 3.0], [1, 2, 0.0]])


def context() -> Array:
    """Five rows of context."""
    return np.linspace(-1, 1, 10).reshape(5, 2)


def table() -> Array:
    """Forty rows of three columns."""
    return np.tile(rows(), (8, 1))


@cache
def learned() -> MADEDensity:
    """An estimator that has learned the table."""
    return MADEDensity(**{**LEARNER, "input_dropout": 0.0}).fit(table())


@cache
def answering() -> MADEDensity:
    """An estimator that has learned the table, and answers any question."""
    return MADEDensity(**{**LEARNER, "n_masks": "auto", "answers": "any", "input_dropout": 0.0}).fit(table())


def one_hot() -> OneHot:
    """Columns 0 and 1 are one-hot."""
    return OneHot(((0, 2),), may_be_none=True)


def coin_params(x: Array) -> Array:
    """The logits of a model in which feature 1 follows feature 0."""
    return np.stack([np.zeros(len(x)), 2.0 * x[:, 0] - 1.0], axis=1)


def coin_log_prob(x: Array) -> Array:
    """What that model says of rows of 0 and 1, in nats."""
    return -np.logaddexp(0.0, (1.0 - 2.0 * x) * coin_params(x)).sum(axis=1)


def coin_conditional(x: Array) -> Array:
    """Its probabilities of a 1."""
    return 1 / (1 + np.exp(-coin_params(x)))


def coin_sample(u: Array) -> Array:
    """Its rows, decided by uniform numbers."""
    x = np.zeros_like(u)
    for d in range(2):
        x[:, d] = u[:, d] < coin_conditional(x)[:, d]
    return x


def coin_draw(n: int) -> Array:
    """Draw n rows, the same at each call."""
    return coin_sample(np.random.default_rng(0).random((n, 2)))


def coin_cdf(x: Array) -> tuple[Array, Array]:
    """Its conditional CDFs, below each value and up to it."""
    p = coin_conditional(x)
    return (1 - p) * x, 1 - p + p * x


class Coin:
    """That model as an object."""

    def log_prob(self, x: Array) -> Array:
        """What it says of rows of 0 and 1, in nats."""
        return coin_log_prob(x)


def save_coin(model: Coin, path: str) -> None:
    """Write the model, which has no parameters."""
    Path(path).write_text(type(model).__name__)


def load_coin(path: str) -> Coin:
    """Read it again."""
    assert Path(path).read_text() == "Coin"
    return Coin()


def coin_probability(where: dict[int, Any]) -> float:
    """Its probability of a range."""
    states = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float64)
    inside = np.ones(4, dtype=bool)
    for d, (low, high) in where.items():
        inside &= (states[:, d] >= (-np.inf if low is None else low)) & (
            states[:, d] <= (np.inf if high is None else high)
        )
    return float(np.exp(coin_log_prob(states))[inside].sum())


def coin_log_marginal(values: dict[int, float]) -> float:
    """What it says of some columns, in nats."""
    p = float(coin_probability({d: (value, value) for d, value in values.items()}))
    return float(np.log(p)) if p else -np.inf


def coin_log_conditional(asked: dict[int, float], given: dict[int, float]) -> float:
    """What it says of some columns given others, in nats."""
    return coin_log_marginal({**asked, **given}) - coin_log_marginal(given)


def coin() -> Adapter:
    """That model as the checks see it."""
    return Adapter(n_features=2, order=[0, 1], params=coin_params, log_prob=coin_log_prob)


def write_files(folder: Path) -> None:
    """Write a model, an estimator, tables and data sets for the examples to read."""
    made_np.save(folder / "model.npz", mixed(), theta())
    (folder / "model.safetensors").touch()
    with suppress(ImportError):
        interop.to_safetensors(linear(), linear().init(), folder / "model.safetensors")
    learned().save(folder / "density.npz")
    np.savetxt(folder / "table.csv", table(), delimiter=",", header="a,b,c", comments="")
    bits = np.packbits(np.eye(16, dtype=np.uint8), axis=1)
    np.savez(folder / "nltcs.npz", train=bits, valid=bits, test=bits, n_features=16)
    np.savez(folder / "olivetti.npz", images=np.zeros((400, 64, 64), np.uint8))


GRID: dict[str, Any] = {
    "shape": (1, 3),
    "hidden": (4,),
    "output": DiscretizedLogistic(4),
    "radius": 1,
    "guided": True,
    "activation": "tanh",
    "dtype": "float32",
    "backend": "numpy",
}
"""The arguments of a model whose pixels share their wires."""


@cache
def grid() -> GridMADE:
    """A row of three pixels."""
    return GridMADE(**GRID)


def pixels() -> Array:
    """Five images of four grey levels."""
    return np.random.default_rng(0).integers(0, 4, (5, 3)).astype("f4")
