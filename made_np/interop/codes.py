"""Columns of codes as others feed them to a network: as plain numbers, behind a dummy that is 0.

Where we have ``W @ one_hot(k)``, a network that reads the code k itself has ``k * w``: one-hot that is the matrix of
``0 * w, 1 * w, ...``. A dummy in front of the features, whose answer nobody reads, lets the first of them hear context.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from made_np.distributions.distribution import Distribution
from made_np.distributions.registry import make_distribution
from made_np.interop.compositions import Reading
from made_np.interop.given import Layer

__all__ = ["one_hot", "without_dummy"]


def without_dummy(readings: list[Reading], output: Any, n_context: int) -> tuple[list[Reading], str]:
    """Return the readings without a leading feature that is always 0, and what is said of it.

    There is one if the network has one input more than `output` lists features, for each of them as many raw outputs.
    """
    features = _listed(output)
    n_own = readings[0].n_own(n_context)
    if not features or n_own != len(features) + 1 or n_own == sum(each.n_inputs for each in features):
        return readings, ""
    n_raw = len(readings[0].chain[-1].W)
    if n_raw % n_own or len(readings) > 1 or readings[0].direct is not None or not readings[0].sides:
        return readings, ""
    reading = readings[0]
    first = reading.chain[0]
    chain = [Layer(first.W[:, 1:], first.b, first.masks[:, :, 1:]), *reading.chain[1:]]
    places = np.arange(n_raw // n_own, n_raw)
    chain[-1] = chain[-1].rows(places, np.ones(len(places)))
    return [Reading(chain, None, reading.sides)], "a leading input that is always 0 is left out, with its raw outputs"


def one_hot(layers: list[Layer], output: Any, n_context: int) -> tuple[list[Layer], str]:
    """Return the layers with one-hot inputs in the place of codes, and what is said of that."""
    first = layers[0]
    n_own = first.W.shape[1] - n_context
    features = _listed(output) or _alike(output, len(layers[-1].W))
    seen = sum(each.n_inputs for each in features)
    if len(features) != n_own or seen == n_own or not all(_is_code(each) for each in features):
        return layers, ""
    sizes = [each.n_inputs for each in features]
    codes = np.concatenate([np.arange(size) if size > 1 else np.ones(1) for size in sizes]).astype(first.W.dtype)
    columns = np.repeat(np.arange(n_own), sizes)
    W = np.concatenate([first.W[:, columns] * codes, first.W[:, n_own:]], axis=1)
    masks = np.concatenate([first.masks[:, :, columns], first.masks[:, :, n_own:]], axis=2)
    return [Layer(W, first.b, masks), *layers[1:]], f"{n_own} codes that are inputs as numbers are one-hot here"


def _listed(output: Any) -> Sequence[Distribution]:
    """Return the distributions of a list; nothing if there is one for all features, or what from_layers refuses."""
    if isinstance(output, (str, Distribution)) or not isinstance(output, Sequence):
        return ()
    if not all(isinstance(each, (str, Distribution)) for each in output):
        return ()
    return [make_distribution(each) for each in output]


def _alike(output: Any, n_raw: int) -> Sequence[Distribution]:
    if not isinstance(output, (str, Distribution)):
        return ()
    one = make_distribution(output)
    return [one] * (n_raw // one.n_raw)


def _is_code(output: Distribution) -> bool:
    """Return whether the network sees a number as it is, or a code one-hot."""
    codes = np.arange(output.n_inputs, dtype=np.float64)
    return len(codes) == 1 or np.array_equal(output.encode(codes), np.eye(len(codes)))
