"""Small models of every kind that a file can hold, each with rows to ask it about.

They are written in the names of today: what an older made_np has no name for, it cannot have stored.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import made_np
from made_np import MADE, MADEDensity


class Recipe(NamedTuple):
    """How one file comes about."""

    write: Callable[[Path], None]
    """Write it."""
    rows: Callable[[], Any]
    """Return rows for the model in it."""


def theta_of(made: Any) -> Any:
    """Return parameters that no generator draws: eighths from -1 to 1."""
    return ((np.arange(made.n_params) % 17 - 8) / 8).astype(made.dtype)


def network(x: Any, *arguments: Any, **options: Any) -> Recipe:
    """Return the recipe of a network of these arguments."""

    def write(path: Path) -> None:
        made = MADE(*arguments, **options)
        made_np.save(path, made, theta_of(made), extra={"by": "a recipe"}, arrays={"more": np.arange(3)})

    return Recipe(write, lambda: np.asarray(x, dtype=np.float64))


BITS = [[0, 1, 1, 0], [1, 1, 0, 0], [1, 0, 1, 1]]
REALS = [[0.5, -1.0, 2.0], [1.5, 0.0, -0.5]]


DEEP = {"residual": True, "direct": True, "n_context": 2, "order": [2, 0, 1], "dtype": "float64"}
KINDS = ["gaussian", made_np.Categorical(3), made_np.DiscretizedLogistic(4)]
PIECES = [made_np.MixtureOfGaussians(3), made_np.MixtureOfLogistics(2, 0.5)]

NETWORKS: dict[str, Callable[[], Recipe]] = {
    "bits": lambda: network(BITS, 4, (5,)),
    "mixed": lambda: network([[0.5, 2, 3], [-1.5, 0, 1]], 3, (7,), KINDS, order="random", n_masks=2),
    "deep": lambda: network(REALS, 3, (4, 4), "gaussian", **DEEP),
    "endless": lambda: network(BITS, 4, (5,), order="random", n_masks=None),
    "paths": lambda: network(BITS, 4, (5,), order=[2, 0, 3, 1], n_masks=None),
    "homes": lambda: network(BITS, 4, (5,), order=[[2, 0, 3, 1], [0, 1, 2, 3]], n_masks=None),
    "ensemble": lambda: network(BITS, 4, (5,), order=[[2, 0, 3, 1], [0, 1, 2, 3]], n_masks=None, n_members=2),
    "weights": lambda: network(BITS, 4, (5,), order="random", n_masks=None, mask_weights=True),
    "mixtures": lambda: network([[0.5, 1.0], [-1.5, 2.5]], 2, (5,), PIECES),
    "wide": lambda: network([[0, 70], [1, 3]], 2, (4,), ["bernoulli", made_np.Categorical(80)], direct=True),
    "atoms": lambda: network([[0.0, 1.5], [2.0, 0.0]], 2, (4,), made_np.WithAtoms(made_np.Gaussian(), (0.0,))),
}


QUICK: dict[str, Any] = {
    "hidden_layer_sizes": (3,),
    "max_epochs": 1,
    "random_state": 0,
    "order": "natural",
    "early_stopping": False,
    "weight_decay": 0.0,
}
"""Nothing left to choose."""
ROWS = 40
ASKED = 5
"""So many of them."""


def frame(cells: dict[str, list[Any]]) -> Any:
    """Return columns as a data frame of pandas."""
    import pandas as pd

    return pd.DataFrame(cells)


def density(cells: dict[str, list[Any]], **options: Any) -> Recipe:
    """Return the recipe of a density that has learned these columns."""

    def write(path: Path) -> None:
        MADEDensity(**{**QUICK, **options}).fit(frame(cells)).save(path)

    return Recipe(write, lambda: frame(cells).iloc[:ASKED])


def every(*values: Any) -> list[Any]:
    """Return a column that takes these values in turn."""
    return [values[k % len(values)] for k in range(ROWS)]


def mixed_up(n: int) -> list[int]:
    """Return a column of numbers below n, in no sequence."""
    return [(7 * k * k + 3 * k) % n for k in range(ROWS)]


DAYS = [datetime.date(2024, 1, 1) + datetime.timedelta(days=k) for k in mixed_up(300)]
REAL = [round(0.1 * k + 0.01 * (k * k % 37), 3) for k in range(ROWS)]
WITH_GAPS = {"city": every("Bern", None, "Rome"), "real": [np.nan if k % 9 == 0 else x for k, x in enumerate(REAL)]}
PLAIN = {"real": REAL, "bit": every(0, 1, 1)}
CODES = np.arange(ROWS) % 3
ONE_HOT = {f"is {k}": (k == CODES).astype(float).tolist() for k in range(3)}

DENSITIES: dict[str, Callable[[], Recipe]] = {
    "numbers": lambda: density({**PLAIN, "code": every(3, 1, 2, 0, 0)}),
    "words": lambda: density({"city": every("Bern", "Oslo", "Rome"), "member": every(True, False), **PLAIN}),
    "gaps": lambda: density(WITH_GAPS),
    "level": lambda: density(WITH_GAPS, missing="level"),
    "rare": lambda: density({"city": every(*"aabbabbaabcdaabb"), "bit": every(0, 1)}, min_frequency=4),
    "context": lambda: density({"city": every("Bern", "Oslo"), **PLAIN}, context=["city"]),
    "any": lambda: density({"city": every("Bern", "Oslo"), **PLAIN}, answers="any"),
    "ensemble": lambda: density(PLAIN, n_members=2),
    "orders": lambda: density({**PLAIN, "code": every(3, 1, 2)}, n_masks=2, order=[[0, 1, 2], [2, 1, 0]]),
    "grouped": lambda: density({**ONE_HOT, "bit": every(0, 1, 1, 0, 1)}),
    "counts": lambda: density({"few": mixed_up(29), "many": mixed_up(1000)}),
    "money": lambda: density({"pay": [0.0 if k % 3 else 10.5 + k * k / 7 for k in range(ROWS)], "bit": every(0, 1)}),
    "days": lambda: density({"born": [np.datetime64(day, "ns") for day in DAYS], "bit": every(0, 1)}),
    "iso": lambda: density({"born": [day.isoformat() for day in DAYS], "bit": every(0, 1)}),
    "dates": lambda: density({"born": [day.strftime("%d.%m.%Y") for day in DAYS], "bit": every(0, 1)}),
    "amounts": lambda: density({"pay": [f"${1000 * k + 50:,.2f}" for k in mixed_up(97)], "bit": every(0, 1)}),
    "fractions": lambda: density({"part": [Fraction(k, 3) for k in mixed_up(31)], "bit": every(0, 1)}),
    "trials": lambda: density(PLAIN, order="auto", weight_decay="auto", early_stopping=True),
    "pieces": lambda: density(PLAIN, columns={"real": made_np.MixtureOfGaussians(2)}),
}


def run(path: Path | None, max_epochs: int = 2) -> Any:
    """Fit a small network, with a checkpoint at `path`."""
    x = np.array(BITS * 6, dtype=np.float64)
    made = MADE(4, (5,))
    return made_np.fit(made, x, valid=x[:6], batch_size=6, max_epochs=max_epochs, rng=0, checkpoint=path)


def _write_tensors(path: Path) -> None:
    made = MADE(4, (5,))
    made_np.interop.to_safetensors(made, theta_of(made), path)


def bits() -> Any:
    """Return rows of bits."""
    return np.array(BITS, dtype=np.float64)


RECIPES: dict[str, Callable[[], Recipe]] = {
    **{f"model-{name}": recipe for name, recipe in NETWORKS.items()},
    "tensors": lambda: Recipe(_write_tensors, bits),
    "checkpoint": lambda: Recipe(run, bits),
    **{f"density-{name}": recipe for name, recipe in DENSITIES.items()},
}
"""By the kind of the file, with what it holds."""
