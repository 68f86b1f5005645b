"""The networks that are timed on a GPU, each with what every library is given of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import made_np
from benchmark.problem import Array, Output, output_of, random_rows
from made_np import MADE

Degrees = NDArray[Any]


@dataclass(frozen=True)
class Shape:
    """A network with the way it is trained.

    Attributes
    ----------
    n_features : int
    hidden : tuple of int
    n_masks : int
        Mask sets that the steps take in turn.
    n_values : int
        Values of each feature; 2 is a Bernoulli, more a category.
    steps : int
        Steps of an epoch of ours: the rows that everybody holds on the device are so many batches.
    batch_size : int
    scored : int
        Rows that are scored at once.
    sampled : tuple of int
        Rows that are drawn at once.
    """

    n_features: int
    hidden: tuple[int, ...]
    n_masks: int = 1
    n_values: int = 2
    steps: int = 500
    batch_size: int = 100
    scored: int = 10_000
    sampled: tuple[int, ...] = (100, 10_000)

    @property
    def name(self) -> str:
        """Such as "784-8000-8000-784, 32 mask sets"."""
        widths = "-".join(map(str, (self.n_features, *self.hidden, self.n_features)))
        if self.n_values > 2:
            return f"{self.n_features} columns of {self.n_values} values, hidden {'-'.join(map(str, self.hidden))}"
        return f"{widths}, {self.n_masks} mask sets" if self.n_masks > 1 else widths

    def small(self) -> Shape:
        """Return it with narrow layers and few rows: to see that everything runs."""
        return replace(
            self,
            n_features=max(4, self.n_features // 32),
            hidden=tuple(max(8, width // 40) for width in self.hidden),
            n_masks=min(self.n_masks, 3),
            n_values=min(self.n_values, 5),
            steps=4,
            batch_size=20,
            scored=50,
            sampled=(8, 50),
        )

    def made(self, backend: str) -> MADE:
        """Return the model that a backend computes."""
        output = "bernoulli" if self.n_values == 2 else made_np.Categorical(self.n_values)
        several = {"order": "random", "n_masks": self.n_masks} if self.n_masks > 1 else {}
        return MADE(self.n_features, self.hidden, output, direct=False, backend=backend, **several)


SHAPES = (
    Shape(784, (500,)),
    Shape(784, (1000, 1000)),
    Shape(784, (8000, 8000), n_masks=32, steps=320),
    Shape(4096, (1024, 1024), steps=200),
    Shape(64, (500,), n_values=17),
)


class Layer(NamedTuple):
    """The degrees on both sides of a weight matrix, and how they are compared."""

    weights: str
    above: Degrees
    below: Degrees
    is_last: bool
    """Then a wire wants a greater degree above, else one at least as great."""


@dataclass(frozen=True, eq=False)
class Given:
    """What every library starts from, the same numbers in every process."""

    shape: Shape

    @cached_property
    def made(self) -> MADE:
        """The model as NumPy computes it: the reference, and what says where parameters and degrees are."""
        return self.shape.made("numpy")

    @cached_property
    def theta(self) -> Array:
        """Where all start (P,): nothing is 0 that one could get wrong unseen, such as weights off the mask."""
        rng = np.random.default_rng(0)
        theta = rng.standard_normal(self.made.n_params, dtype=np.float32)
        for name, view in self.made.layout.views(theta).items():
            view *= 0.01 if name.startswith("b") else (4 / view.shape[1]) ** 0.5  # half of all wires are cut
        return theta

    @cached_property
    def rows(self) -> NDArray[Any]:
        """All rows (n, D), as small numbers."""
        shape = self.shape
        n = max(shape.steps * shape.batch_size, shape.scored)
        return random_rows(self.made, n, np.random.default_rng(1)).astype(np.uint8)

    @property
    def output(self) -> Output:
        """The conditional of every feature."""
        return output_of(self.made)

    def batch(self, i: int) -> NDArray[Any]:
        """Return the rows of step i."""
        size = self.shape.batch_size
        first = i % self.shape.steps * size
        return self.rows[first : first + size]

    def start(self) -> dict[str, Array]:
        """Return the first parameters by name, as views."""
        return self.made.layout.views(self.theta)

    def layers(self, k: int) -> Iterator[Layer]:
        """Yield what the masks of mask set k follow from: a mask of ours takes a GPU less time to make than to get."""
        mask_set = self.made.mask_sets[k]
        degrees = (mask_set.input_degrees, *mask_set.degrees, mask_set.output_degrees)
        last = len(degrees) - 2
        for layer in range(last + 1):
            yield Layer(f"W{layer}", degrees[layer + 1], degrees[layer], layer == last)

    def uniforms(self, n: int) -> Array:
        """Return what decides n rows (n, D)."""
        return np.random.default_rng(2).random((n, self.shape.n_features), dtype=np.float32)
