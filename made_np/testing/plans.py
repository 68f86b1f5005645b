"""The wiring of a stand-in network, drawn at random, right by design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .compare import Bools, Ints
from .wiring import position_of


@dataclass(frozen=True)
class Plan:
    """Who is wired to whom.

    Parameters
    ----------
    order : ndarray
        (D,).
    degrees : tuple of ndarray
        Of each hidden layer.
    masks : tuple of ndarray
        (out, in) boolean, input to output; the last ``n_context`` columns of the first are context.
    direct : ndarray or None
        (O, I) boolean.
    skips : tuple
        Per hidden layer None, or the units with an identity skip.
    n_params : int
        Outputs per feature, interleaved.
    n_context : int
        Width of the context.
    """

    order: Ints
    degrees: tuple[Ints, ...]
    masks: tuple[Bools, ...]
    direct: Bools | None
    skips: tuple[Bools | None, ...]
    n_params: int = 1
    n_context: int = 0

    @property
    def n_features(self) -> int:
        """D."""
        return len(self.order)


def make_plan(
    order: Sequence[int] | Ints,
    degrees: Sequence[Sequence[int] | Ints],
    *,
    direct: bool = False,
    skips: bool = False,
    n_params: int = 1,
    n_context: int = 0,
) -> Plan:
    """Masks from an order and degrees: >= between hidden layers, > at the output and in ``direct``.

    Examples
    --------
    >>> plan = make_plan([1, 0], [[1, 1]])
    >>> plan.masks[0].astype(int)
    array([[0, 1],
           [0, 1]])
    >>> plan.masks[1].astype(int)
    array([[1, 1],
           [0, 0]])
    """
    order = np.asarray(order, dtype=np.int64)
    own = position_of(order) + 1
    inputs = np.append(own, np.zeros(n_context, dtype=np.int64))
    outputs = np.repeat(own, n_params)
    hidden = tuple(np.asarray(layer, dtype=np.int64) for layer in degrees)
    below = (inputs, *hidden)
    masks = [to[:, None] >= of[None, :] for to, of in zip(hidden, below, strict=False)]
    masks += [outputs[:, None] > hidden[-1][None, :]] if hidden else []
    shortcut = outputs[:, None] > inputs[None, :] if direct or not hidden else None
    identity: list[Bools | None] = [None] * len(hidden)
    for layer in range(1, len(hidden)):
        if skips and len(hidden[layer]) == len(hidden[layer - 1]):
            identity[layer] = np.asarray(hidden[layer] >= hidden[layer - 1])
    return Plan(order, hidden, tuple(masks), shortcut, tuple(identity), n_params, n_context)


def random_plan(
    rng: np.random.Generator,
    *,
    n_features: int | None = None,
    n_layers: int | None = None,
    n_params: int = 1,
    n_context: int = 0,
) -> Plan:
    """A correct network with every allowed dependency and no dead unit, else of any kind.

    Orders are random permutations; degrees are random but none is missing, unless a layer is too
    narrow: then all layers share one vector of degrees, and direct wires carry what would be lost.
    """
    n_features = int(rng.integers(1, 6)) if n_features is None else n_features
    n_layers = int(rng.integers(0, 3)) if n_layers is None else n_layers
    lowest = 0 if n_context else 1
    every = np.arange(lowest, n_features)
    if not len(every):
        n_layers = 0
    narrow = bool(rng.random() < 0.25)
    if narrow or not len(every):
        width = int(rng.integers(1, len(every) + 1)) if len(every) else 0
        degrees = [rng.choice(every, width)] * n_layers
    else:
        spare = int(rng.integers(0, 4))
        degrees = [rng.permutation(np.append(every, rng.choice(every, spare))) for _ in range(n_layers)]
    return make_plan(
        rng.permutation(n_features),
        degrees,
        direct=narrow or bool(rng.random() < 0.3),
        skips=bool(rng.random() < 0.5),
        n_params=n_params,
        n_context=n_context,
    )
