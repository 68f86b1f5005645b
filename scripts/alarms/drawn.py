"""What a right masked network is made of, drawn at random from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.testing import Interval
from made_np.testing.wiring import feature_of_columns

Array = NDArray[Any]

FAMILIES = ("bernoulli", "categorical", "gaussian", "mixture", "mixed")
ACTIVATIONS = ("tanh", "relu", "sigmoid", "softplus", "elu")
FAR = Interval(-80, 80)
"""Of a real column: where much lies beyond it, `check_normalised` is right to decide nothing."""


@dataclass(frozen=True)
class Column:
    """The kind of a column, its categories or components, and how its scale is made positive."""

    kind: str
    size: int = 1
    scale: str = "exp"

    @property
    def n_params(self) -> int:
        """Outputs of the network that belong to it."""
        return {"bernoulli": 1, "categorical": self.size, "gaussian": 2, "mixture": 3 * self.size}[self.kind]

    @property
    def support(self) -> Any:
        """Values that it may take."""
        return {"bernoulli": (0, 1), "categorical": tuple(range(self.size))}.get(self.kind, FAR)

    def rows(self, n: int, rng: np.random.Generator) -> Array:
        """(n,) values that it may take."""
        if isinstance(self.support, Interval):
            return rng.standard_normal(n)
        return rng.choice(np.array(self.support, dtype=np.float64), n)


@dataclass(frozen=True)
class Drawn:
    """Columns, wires, weights, rows behind the loss: all that a framework needs to compute.

    ``degrees`` are those of the hidden layers, ``masks`` (out, in) from input to output, the last columns of the first
    one context. ``weights`` are W0, b0, W1, b1, ..., and W_direct where there are direct wires.
    """

    seed: int
    columns: tuple[Column, ...]
    order: Array
    degrees: tuple[Array, ...]
    masks: tuple[Array, ...]
    direct: Array | None
    n_inputs: tuple[int, ...]
    layout: str
    owner: Array
    activation: str
    std: float
    weights: dict[str, Array]
    context: Array
    x: Array
    is_wide: bool

    @property
    def n_features(self) -> int:
        """D."""
        return len(self.columns)

    @property
    def is_binary(self) -> bool:
        """Whether all columns are Bernoulli."""
        return all(column.kind == "bernoulli" for column in self.columns)

    @property
    def support(self) -> Any:
        """Of the columns; None if nothing is said of real ones, so that inputs are moved far out, too."""
        return None if self.is_wide else [column.support for column in self.columns]

    def frozen(self) -> list[Array]:
        """True for each weight off a mask, block by block."""
        off = {f"W{k}": ~mask for k, mask in enumerate(self.masks)}
        if self.direct is not None:
            off["W_direct"] = ~self.direct
        return [off.get(name, np.zeros(w.shape, dtype=bool)) for name, w in self.weights.items()]


def draw(seed: int, attempt: int = 0) -> Drawn:
    """Return a network of a seed."""
    rng = np.random.default_rng([seed, attempt])
    columns = _columns(rng)
    n_features = len(columns)
    order = rng.permutation(n_features)
    n_context = int(rng.choice([0, 0, 1, 3]))
    degrees, is_narrow = _degrees(rng, n_features, n_context)
    n_params = [column.n_params for column in columns]
    layout = "blocked" if len(set(n_params)) == 1 and rng.random() < 0.5 else "interleaved"
    owner = feature_of_columns(n_features, n_params[0] if layout == "blocked" else n_params, layout)
    is_coded = bool(rng.random() < 0.5)
    n_inputs = tuple(c.size if is_coded and c.kind == "categorical" else 1 for c in columns)
    place = np.argsort(order) + 1
    inputs = np.append(np.repeat(place, n_inputs), np.zeros(n_context, dtype=np.int64))
    outputs = place[owner]
    below = (inputs, *degrees)
    masks = [to[:, None] >= of[None, :] for to, of in zip(degrees, below, strict=False)]
    masks += [outputs[:, None] > degrees[-1][None, :]] if degrees else []
    has_direct = is_narrow or not degrees or rng.random() < 0.3
    direct = outputs[:, None] > inputs[None, :] if has_direct else None
    std = float(np.exp(rng.uniform(np.log(0.05), 0.0)))
    is_real = all(isinstance(column.support, Interval) for column in columns)
    return Drawn(
        seed,
        columns,
        order,
        degrees,
        tuple(masks),
        direct,
        n_inputs,
        layout,
        owner,
        str(rng.choice(ACTIVATIONS)),
        std,
        _weights(rng, masks, direct, len(outputs), std),
        rng.standard_normal(n_context),
        np.stack([column.rows(int(2 + seed % 6), rng) for column in columns], axis=1),
        is_real and bool(rng.random() < 0.3),
    )


def _columns(rng: np.random.Generator) -> tuple[Column, ...]:
    """1 to 6 columns of one kind, or of several; not all of them with one value."""
    family = str(rng.choice(FAMILIES))
    while True:
        kinds = [family if family != "mixed" else str(rng.choice(FAMILIES[:-1])) for _ in range(rng.integers(1, 7))]
        columns = [_column(kind, rng) for kind in kinds]
        if any(column != Column("categorical", 1, column.scale) for column in columns):
            return tuple(columns)


def _column(kind: str, rng: np.random.Generator) -> Column:
    """One column of this kind; a categorical one may have one value."""
    scale = str(rng.choice(["exp", "softplus"]))
    size = {"categorical": int(rng.integers(1, 5)), "mixture": int(rng.integers(2, 4))}.get(kind, 1)
    return Column(kind, size, scale)


def _degrees(rng: np.random.Generator, n_features: int, n_context: int) -> tuple[tuple[Array, ...], bool]:
    """Degrees of 0 to 3 hidden layers; narrow ones, which lack some, are alike, and need direct wires."""
    every = np.arange(0 if n_context else 1, n_features)
    if not len(every):
        return (), False
    n_layers = int(rng.integers(0, 4))
    if rng.random() < 0.2:
        return (rng.choice(every, int(rng.integers(1, len(every) + 1))),) * n_layers, True
    spare = [int(rng.integers(0, 9)) for _ in range(n_layers)]
    return tuple(rng.permutation(np.append(every, rng.choice(every, n))) for n in spare), False


def _weights(
    rng: np.random.Generator, masks: list[Array], direct: Array | None, n_outputs: int, std: float
) -> dict[str, Array]:
    """Normal ones, off the masks too; the last bias is there without hidden layers, too."""
    shapes: dict[str, tuple[int, ...]] = {}
    for k, mask in enumerate(masks):
        shapes[f"W{k}"] = mask.shape
        shapes[f"b{k}"] = mask.shape[:1]
    shapes.setdefault("b0", (n_outputs,))
    if direct is not None:
        shapes["W_direct"] = direct.shape
    return {name: std * rng.standard_normal(shape) for name, shape in shapes.items()}
