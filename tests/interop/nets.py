"""Masked networks as others write them, in plain NumPy: layers, and what they answer."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np import layers

Array = NDArray[Any]
Triples = list[tuple[Array, Array, Array]]


def by_numbers(numbers: list[Array], seed: int = 0, n_blocks: int = 1, dtype: str = "float64") -> Triples:
    """Layers whose masks compare numbers of units, as most code does: the first are positions, of outputs too.

    Outputs are blocked. Weights lie off the masks too.
    """
    rng = np.random.default_rng(seed)
    masks = [above[:, None] >= below for below, above in pairwise(numbers)]
    last = numbers[0][:, None] > numbers[-1]
    masks.append(np.concatenate([last] * n_blocks))
    return [
        (rng.normal(size=m.shape).astype(dtype), rng.normal(size=len(m)).astype(dtype), m.astype(dtype)) for m in masks
    ]


def answer(
    triples: Triples, units: Array, activation: str = "relu", direct: tuple[Array, Any, Array] | None = None
) -> Array:
    """What the network answers to input units (B, I): the formula, without anything of made_np but the activation."""
    h = units
    for k, (W, b, mask) in enumerate(triples):
        z = h @ (W * mask).T + b
        h = z if k == len(triples) - 1 else layers.find_activation(activation).forward(z)
    if direct is not None:
        h = h + units @ (direct[0] * direct[2]).T
    return h


def interleaved(raw: Array, n_blocks: int) -> Array:
    """Rows that stand blocked, feature by feature."""
    return raw.reshape(len(raw), n_blocks, -1).transpose(0, 2, 1).reshape(raw.shape)


def one_hot(x: Array, sizes: list[int]) -> Array:
    """Codes (n, D) one-hot, feature by feature."""
    return np.concatenate([np.eye(size)[x[:, d].astype(int)] for d, size in enumerate(sizes)], axis=1)
