"""Modules of torch as other code bases write their MADEs: alike in what they hold and answer, written anew."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


class MaskedLinear(nn.Linear):
    """A linear layer whose mask is a buffer of some name."""

    def __init__(self, n_inputs: int, n_outputs: int, mask: Any, name: str = "mask", bias: bool = True) -> None:
        super().__init__(n_inputs, n_outputs, bias=bias)
        self.mask_name = name
        self.register_buffer(name, torch.as_tensor(np.asarray(mask, dtype=np.float64)).to(self.weight.dtype))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the product with the masked weight."""
        mask = getattr(self, self.mask_name)
        return F.linear(x, self.weight * (mask if mask.shape == self.weight.shape else mask.T), self.bias)


def masks_of(numbers: list[np.ndarray], repeats: int = 1, interleaved: bool = False) -> list[np.ndarray]:
    """Masks that follow from numbers of units, of which the first are positions, for outputs too."""
    masks = [above[:, None] >= below for below, above in pairwise(numbers)]
    last = numbers[0][:, None] > numbers[-1]
    return [*masks, np.repeat(last, repeats, axis=0) if interleaved else np.tile(last, (repeats, 1))]


def sequential(masks: list[np.ndarray], activation: Any, name: str = "mask") -> nn.Sequential:
    """Karpathy's, the post's and zuko's: masked layers with an activation between them."""
    layers: list[nn.Module] = []
    for mask in masks:
        layers += [MaskedLinear(mask.shape[1], mask.shape[0], mask, name), activation()]
    return nn.Sequential(*layers[:-1])


class FeedForward(nn.Module):
    """The feed-forward MADE of nflows: no activation behind the first layer, one that is no module behind the rest."""

    def __init__(self, masks: list[np.ndarray]) -> None:
        super().__init__()
        self.initial_layer = MaskedLinear(masks[0].shape[1], masks[0].shape[0], masks[0])
        self.blocks = nn.ModuleList(MaskedLinear(m.shape[1], m.shape[0], m) for m in masks[1:-1])
        self.final_layer = MaskedLinear(masks[-1].shape[1], masks[-1].shape[0], masks[-1])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return raw outputs."""
        h = self.initial_layer(x)
        for block in self.blocks:
            h = F.relu(block(h))
        return self.final_layer(h)


class Naru(nn.Module):
    """Naru's: it encodes its rows one-hot itself, and has direct wires with a bias of their own."""

    def __init__(self, masks: list[np.ndarray], direct: np.ndarray, sizes: list[int]) -> None:
        super().__init__()
        self.sizes = sizes
        self.net = sequential(masks, nn.ReLU)
        self.direct_io_layer = MaskedLinear(direct.shape[1], direct.shape[0], direct)

    def of_units(self, units: torch.Tensor) -> torch.Tensor:
        """Return logits."""
        return self.net(units) + self.direct_io_layer(units)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits of codes (n, D)."""
        each = [F.one_hot(x[:, d].long(), n) for d, n in enumerate(self.sizes)]
        return self.of_units(torch.cat(each, 1).to(self.direct_io_layer.weight.dtype))


class Residual(nn.Module):
    """Blocks that add their own input: with an activation in front of them, as in nflows, or without, as in zuko.

    Layers are (in, blocks of two, out); a `middle` leads from the first half of the blocks to the second.
    """

    def __init__(
        self, masks: list[np.ndarray], is_bent: bool, middle: np.ndarray | None = None, activation: Any = F.relu
    ) -> None:
        super().__init__()
        self.first = MaskedLinear(masks[0].shape[1], masks[0].shape[0], masks[0])
        each = [MaskedLinear(m.shape[1], m.shape[0], m) for m in masks[1:-1]]
        half = len(each) // 4 * 2 if middle is not None else len(each)
        self.early = nn.ModuleList(each[:half])
        self.middle = None if middle is None else MaskedLinear(middle.shape[1], middle.shape[0], middle)
        self.late = nn.ModuleList(each[half:])
        self.last = MaskedLinear(masks[-1].shape[1], masks[-1].shape[0], masks[-1])
        self.is_bent = is_bent
        self.activation = activation

    def _blocks(self, h: torch.Tensor, layers: Any) -> torch.Tensor:
        for A, B in zip(layers[::2], layers[1::2], strict=True):
            h = h + B(self.activation(A(self.activation(h) if self.is_bent else h)))
        return h

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return raw outputs."""
        h = self._blocks(self.first(x), self.early)
        return self.last(self._blocks(h if self.middle is None else self.middle(h), self.late))
