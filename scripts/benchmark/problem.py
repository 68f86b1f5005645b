"""One model, one start, one list of batches: what every contender is given."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from made_np import MADE

Array = NDArray[np.float32]


class Output(NamedTuple):
    """The conditional of every feature, in words that a peer understands."""

    kind: str
    """"Bernoulli", "Categorical" or "MixtureOfGaussians"."""
    n: int = 1
    """Values of a category, or components of a mixture."""
    min_scale: float = 0.0


class Trainer(Protocol):
    """A contender that trains: it owns its copy of the parameters and changes it step by step."""

    name: str
    rounded: bool
    """Whether it rounds what it multiplies to bf16: it then agrees with others in fewer digits."""

    def gradient(self) -> tuple[float, dict[str, Array]]:
        """Return loss and gradients by name at the present parameters, first batch, first mask set."""

    def step(self, i: int) -> float:
        """Do step `i` (its batch, its mask set) and return the loss before it, in nats."""

    def params(self) -> dict[str, Array]:
        """Return the present parameters by name, as copies."""


@dataclass(frozen=True, eq=False)
class Problem:
    """A model with a start and batches; everything that a peer needs of it as plain float32 arrays.

    Attributes
    ----------
    made : MADE
    theta : ndarray, shape (P,)
        Where all contenders start.
    batches : list of ndarray, shape (B, D)
        Step i uses ``batches[i % len(batches)]`` and mask set ``i % n_masks``.
    """

    made: MADE
    theta: Array
    batches: list[Array]

    @classmethod
    def random(cls, made: MADE, batch_size: int, n_batches: int = 8, ones: float = 0.3) -> Problem:
        """Draw rows, binary ones with this share of ones, as well as a start.

        Noise is added to all of theta, so that nothing is 0 that a contender could get wrong unseen: biases, direct
        wires, weights off the mask.
        """
        rng = np.random.default_rng(0)
        theta = made.init(rng=0)
        theta += 0.01 * rng.standard_normal(theta.shape, dtype=np.float32)
        return cls(made, theta, [random_rows(made, batch_size, rng, ones) for _ in range(n_batches)])

    @property
    def n_masks(self) -> int:
        """How many mask sets are cycled."""
        return len(self.made.mask_sets)

    @cached_property
    def output(self) -> Output:
        """The conditional that all features share."""
        return output_of(self.made)

    def start(self) -> dict[str, Array]:
        """Return the first parameters by name, as views."""
        return self.made.layout.views(self.theta)

    @cached_property
    def masks(self) -> list[dict[str, Array]]:
        """The masks of each mask set as float32, by the name of the weights that they cut."""
        return [float_masks(self.made, k) for k in range(self.n_masks)]

    def encoded(self) -> list[Array]:
        """Return each batch as the network sees it (categories one-hot)."""
        return [np.ascontiguousarray(self.made.outputs.encode(rows)) for rows in self.batches]


def output_of(made: MADE) -> Output:
    """Return the distribution that all features of `made` share."""
    one = made.outputs.feature_outputs[0]
    return Output(type(one).__name__, getattr(one, "n", 1), getattr(one, "min_scale", 0.0))


def float_masks(made: MADE, k: int) -> dict[str, Array]:
    """Return the masks of mask set `k` as every peer wants them: float32, to be multiplied with the weights."""
    mask_set = made.mask_sets[k]
    masks = {f"W{layer}": mask.astype(np.float32) for layer, mask in enumerate(mask_set.masks)}
    if mask_set.direct is not None:
        masks["W_direct"] = mask_set.direct.astype(np.float32)
    return masks


def random_rows(made: MADE, n: int, rng: np.random.Generator, ones: float = 0.3) -> Array:
    """Return n rows that the model can score, binary ones with this share of ones."""
    output = output_of(made)
    shape = (n, made.n_features)
    if output.kind == "Bernoulli":
        return (rng.random(shape) < ones).astype(np.float32)
    if output.kind == "Categorical":
        return rng.integers(0, output.n, shape).astype(np.float32)
    return rng.standard_normal(shape, dtype=np.float32)
