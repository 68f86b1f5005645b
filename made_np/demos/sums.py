"""Why masks: what exp(-loss) adds up to over all rows of eight pixels, with masks or without.

The better a plain autoencoder, the more absurd the sum: one that copies is sure of each of the 256 rows. A MADE of the
same layers has a larger loss, and a sum of 1.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from made_np.autoencoder import Autoencoder
from made_np.datasets import Dataset
from made_np.training.fit import fit
from made_np.typing import Array
from made_np.validation import as_rows
from made_np.values import as_count

__all__ = ["PIXELS", "Line", "eight_pixels", "entropy", "every_row", "lines", "print_table"]

PIXELS = tuple(8 * row + column for row in (3, 4) for column in (2, 3, 4, 5))
"""Two rows of four, in the middle of the image."""

BOTTLENECK = 4
WIDTH = 16
EPOCHS = 110
OPTIONS: dict[str, Any] = {"learning_rate": 1e-2, "weight_decay": 0.0}


class Line(NamedTuple):
    """A network, the sum over all rows of exp(-loss), and its loss on the images that it was fitted to, in nats."""

    name: str
    total: float
    loss: float


def eight_pixels(digits: Dataset) -> NDArray[np.float64]:
    """Return the eight pixels (n, 8) of all images of a data set."""
    images = np.concatenate([digits.train, digits.valid, digits.test])
    return images[:, list(PIXELS)].astype(np.float64)


def every_row(n_features: int = 8) -> NDArray[np.float64]:
    """Return all rows of so many bits, (2^D, D)."""
    return np.array(list(itertools.product((0.0, 1.0), repeat=as_count(n_features, "n_features", 1, 20))))


def entropy(x: Array) -> float:
    """Return the entropy of the rows' own distribution, in nats: no density has a smaller mean loss on them."""
    _, count = np.unique(x, axis=0, return_counts=True)
    share = count / count.sum()
    return float(-(share * np.log(share)).sum())


def lines(x: Array, *, epochs: int = EPOCHS, seed: int = 0) -> list[Line]:
    """Return what became of two autoencoders and a MADE that were fitted to rows of eight bits (n, 8)."""
    rows = as_rows(x, 8, np.dtype(np.float64))
    epochs = as_count(epochs, "epochs")
    seed = as_count(seed, "seed", 0)
    every = every_row()
    found = []
    for width in (BOTTLENECK, WIDTH):
        ae = Autoencoder(8, (width,), dtype="float64")
        theta = ae.fit(rows, max_epochs=epochs, rng=seed, **OPTIONS)
        total = float(np.exp(-ae.row_loss(theta, every)).sum())
        found.append(Line(f"autoencoder 8-{width}-8", total, ae.loss(theta, rows)))
    made = replace(ae.masked(), backend="numpy")  # kernels take longer to compile than this to train
    theta = fit(made, rows, max_epochs=epochs, rng=seed, **OPTIONS).theta
    total = float(np.exp(made.log_prob(theta, every)).sum())
    found.append(Line(f"MADE 8-{WIDTH}-8", total, -float(made.log_prob(theta, rows).mean())))
    return found


def print_table(digits: Dataset, *, epochs: int = EPOCHS, seed: int = 0) -> None:
    """Fit the three networks to eight pixels of a data set of bits, and print what their sums are."""
    x = eight_pixels(digits)
    print(f"why masks: eight pixels of {len(x)} digits, with {2 ** len(PIXELS)} rows that there can be")
    print(f"{'':<24}{'sum over all rows of exp(-loss)':>32}{'loss, nats':>14}")
    for name, total, loss in lines(x, epochs=epochs, seed=seed):
        print(f"{name:<24}{total:>32.4f}{loss:>14.3f}")
    least = f"{entropy(x):.3f}"
    print(f"No density has a loss below {least} nats, the entropy of the images: what has is none.", flush=True)
