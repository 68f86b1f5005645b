"""The network without masks or numbers: which layers there are, with the parameters that they own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from made_np.distributions.together import Outputs
from made_np.layers import Activation, find_activation
from made_np.lazy import lazy
from made_np.masks.sets import MaskSet
from made_np.network.layout import Layout
from made_np.typing import Array, Bools, Ints


@dataclass(frozen=True)
class Network:
    """The layers of a MADE: all that a backend must know besides theta and a mask set.

    Attributes
    ----------
    hidden : tuple of int
        Widths of the hidden layers.
    outputs : Outputs
    activation : str
    direct : bool
        Whether inputs are wired to the output as well.
    direct_limit : int, optional
        Features of more input values than this have no such wires; None: all have.
    residual : bool
        Whether hidden layers add the layer below them, where widths agree.
    n_context : int
    mask_weights : bool
        Whether there are further weights that tell the units their masks (see `mask_weights`).
    """

    hidden: tuple[int, ...]
    outputs: Outputs
    activation: str = "relu"
    direct: bool = False
    residual: bool = False
    n_context: int = 0
    mask_weights: bool = False
    direct_limit: int | None = None

    @lazy
    def n_inputs(self) -> int:
        """I + C: input units, context included."""
        return self.outputs.n_inputs + self.n_context

    @lazy
    def direct_units(self) -> Ints | None:
        """The input units that are columns of W_direct, in rising order; None: all of them, or there is no W_direct."""
        if not self.direct or self.direct_limit is None:
            return None
        is_wide = np.array([output.n_inputs > self.direct_limit for output in self.outputs.feature_outputs])
        own = ~np.repeat(is_wide, self.outputs.input_sizes)
        return np.flatnonzero(np.concatenate([own, np.ones(self.n_context, dtype=bool)]))

    @lazy
    def n_direct(self) -> int:
        """The number of columns of W_direct."""
        return self.n_inputs if self.direct_units is None else len(self.direct_units)

    @lazy
    def depth(self) -> int:
        """L, the number of hidden layers."""
        return len(self.hidden)

    @lazy
    def act(self) -> Activation:
        """The activation's forward/backward pair."""
        return find_activation(self.activation)

    @lazy
    def layout(self) -> Layout:
        """W0, b0, W1, b1, ... from the input to the output, then W_direct, then mask weights: U0, U1, ..., U_direct.

        Without hidden layers nothing but the output's bias b0 (and W_direct, U_direct) is left.
        """
        names: list[str] = []
        shapes: list[tuple[int, ...]] = []
        below = self.n_inputs
        widths = (*self.hidden, self.outputs.n_raw)
        for layer, width in enumerate(widths):
            if self.hidden:
                names.append(f"W{layer}")
                shapes.append((width, below))
            names.append(f"b{layer}")
            shapes.append((width,))
            below = width
        if self.direct:
            names.append("W_direct")
            shapes.append((self.outputs.n_raw, self.n_direct))
        if self.mask_weights:  # at the end, so that all else lies where it lies without them
            told = [(name, shape) for name, shape in zip(names, shapes, strict=True) if name.startswith("W")]
            names += [f"U{name[1:]}" for name, _ in told]
            shapes += [shape for _, shape in told]
        return Layout(tuple(names), tuple(shapes))

    @lazy
    def parts(self) -> tuple[slice, ...]:
        """The parameters of each layer with those of its biases: hidden layers, then the output with W_direct.

        They lie one after the other; mask weights lie behind them.

        Examples
        --------
        >>> from made_np.model.made import MADE
        >>> MADE(3, hidden=(4, 5), direct=True).network.parts  # 12 + 4, 20 + 5, 15 + 3 + 9
        (slice(0, 16, None), slice(16, 41, None), slice(41, 68, None))
        """
        at = self.plain.layout.slices
        begins = [at[f"W{layer}" if self.hidden else "b0"].start for layer in range(self.depth + 1)]
        return tuple(slice(*ends) for ends in pairwise([*begins, self.plain.layout.size]))

    @lazy
    def plain(self) -> Network:
        """This network without mask weights."""
        return replace(self, mask_weights=False) if self.mask_weights else self

    def masks(self, mask_set: MaskSet) -> dict[str, Bools]:
        """Return the mask of each weight matrix, by name."""
        masks = {f"W{layer}": mask for layer, mask in enumerate(mask_set.masks)}
        if mask_set.direct_wires is not None:
            masks["W_direct"] = mask_set.direct_wires
        if self.mask_weights:
            masks |= {f"U{name[1:]}": mask for name, mask in masks.items()}
        return masks

    @lazy
    def output_bias(self) -> str:
        """Name of the output layer's bias."""
        return f"b{self.depth}"

    @lazy
    def output_weights(self) -> str:
        """Name of the weights from the last hidden layer, if there is one, to the output."""
        return f"W{self.depth}"

    def keeps(self, given: Sequence[Array | None] | None) -> list[Array | None]:
        """Return L + 1 dropout masks, the inputs' first, with None where nothing is dropped.

        `given` may have been L of them, without the inputs', or None.
        """
        given = list(given or ())
        return [None] * (self.depth + 1 - len(given)) + given
