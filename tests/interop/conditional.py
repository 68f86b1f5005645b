"""Modules of torch as other code bases write their conditional MADEs: alike in what they hold and answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from interop.modules import MaskedLinear
from torch import nn
from torch.nn import functional as F


class Beside(nn.Module):
    """Pyro's and zuko's: context before the input units or behind them, in one tensor; direct wires if asked for."""

    def __init__(self, masks: list[np.ndarray], is_first: bool, direct: np.ndarray | None = None) -> None:
        super().__init__()
        self.layers = nn.ModuleList(MaskedLinear(m.shape[1], m.shape[0], m) for m in masks)
        self.skip = None if direct is None else MaskedLinear(direct.shape[1], direct.shape[0], direct, bias=False)
        self.f = nn.Tanh()
        self.is_first = is_first

    def forward(self, x: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """Return raw outputs."""
        units = torch.cat([context, x] if self.is_first else [x, context], dim=1)
        h = units
        for k, layer in enumerate(self.layers):
            h = layer(self.f(h) if k else h)
        return h if self.skip is None else h + self.skip(units)


class Joiner(nn.Module):
    """The masked layer of ikostrikov: it holds a mask, a plain layer, and another one for labels."""

    def __init__(self, mask: np.ndarray, cond_label_size: int = 0) -> None:
        super().__init__()
        self.linear = nn.Linear(mask.shape[1], mask.shape[0])
        self.cond_linear = nn.Linear(cond_label_size, len(mask), bias=False) if cond_label_size else None
        self.register_buffer("mask", torch.tensor(mask, dtype=torch.float32))

    def forward(self, x: torch.Tensor, context: torch.Tensor | None = None) -> torch.Tensor:
        """Return the product with the masked weight, with that of the labels."""
        z = F.linear(x, self.linear.weight * self.mask, self.linear.bias)
        return z if self.cond_linear is None else z + self.cond_linear(context)


class Joined(nn.Module):
    """ikostrikov's: a layer that joins labels, then a trunk."""

    def __init__(self, masks: list[np.ndarray], n_context: int) -> None:
        super().__init__()
        self.joiner = Joiner(masks[0], n_context)
        inner = [part for mask in masks[1:-1] for part in (nn.ReLU(), Joiner(mask))]
        self.trunk = nn.Sequential(*inner, nn.ReLU(), Joiner(masks[-1]))

    def forward(self, x: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """Return means, then logarithms of scales."""
        return self.trunk(self.joiner(x, context))


class Weighted(MaskedLinear):
    """The masked layer of kamenbliznashki: weights of labels are a parameter of its own."""

    def __init__(self, mask: np.ndarray, cond_label_size: int) -> None:
        super().__init__(mask.shape[1], mask.shape[0], mask)
        self.cond_weight = nn.Parameter(torch.rand(len(mask), cond_label_size))

    def forward(self, x: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """Return the masked product with that of the labels."""
        return super().forward(x) + F.linear(context, self.cond_weight)


class Labelled(nn.Module):
    """kamenbliznashki's: labels enter at the first layer."""

    def __init__(self, masks: list[np.ndarray], n_context: int) -> None:
        super().__init__()
        self.net_input = Weighted(masks[0], n_context)
        inner = [part for m in masks[1:] for part in (nn.ReLU(), MaskedLinear(m.shape[1], m.shape[0], m))]
        self.net = nn.Sequential(*inner)

    def forward(self, x: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """Return raw outputs."""
        return self.net(self.net_input(x, context))


class Block(nn.Module):
    """A residual block of nflows, whose inner layer reads the context too."""

    def __init__(self, masks: list[np.ndarray], n_context: int, activation: Any) -> None:
        super().__init__()
        self.context_layer = nn.Linear(n_context, len(masks[0]))
        self.linear_layers = nn.ModuleList(MaskedLinear(m.shape[1], m.shape[0], m) for m in masks)
        self.activation = activation

    def forward(self, h: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """Return h with what the block adds."""
        inner = self.linear_layers[0](self.activation(h)) + self.context_layer(context)
        return h + self.linear_layers[1](self.activation(inner))


class Contextual(nn.Module):
    """The MADE of nflows: context through an activation beside the first layer, and in each residual block.

    Layers are (in, blocks of two, out), or (in, plain layers, out).
    """

    def __init__(
        self, masks: list[np.ndarray], n_context: int, is_residual: bool = True, activation: Any = F.relu
    ) -> None:
        super().__init__()
        self.initial_layer = MaskedLinear(masks[0].shape[1], masks[0].shape[0], masks[0])
        self.context_layer = nn.Linear(n_context, len(masks[0]))
        inner = masks[1:-1]
        if is_residual:
            pairs = zip(inner[::2], inner[1::2], strict=True)
            self.blocks = nn.ModuleList(Block([*pair], n_context, activation) for pair in pairs)
        else:
            self.blocks = nn.ModuleList(MaskedLinear(m.shape[1], m.shape[0], m) for m in inner)
        self.final_layer = MaskedLinear(masks[-1].shape[1], masks[-1].shape[0], masks[-1])
        self.is_residual = is_residual
        self.activation = activation

    def forward(self, x: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """Return raw outputs."""
        h = self.initial_layer(x) + self.activation(self.context_layer(context))
        if not self.is_residual:
            h = self.activation(h)
        for block in self.blocks:
            h = block(h, context) if self.is_residual else self.activation(block(h))
        return self.final_layer(h)


class Everywhere(nn.Module):
    """TensorFlow Probability's, in torch: each layer, the last one too, has another one of the context beside it."""

    def __init__(self, masks: list[np.ndarray], n_context: int, activation: Any = F.relu) -> None:
        super().__init__()
        self.parts = nn.ModuleList(Joiner(mask, n_context) for mask in masks)
        self.activation = activation

    def forward(self, x: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """Return raw outputs."""
        h = x
        for k, part in enumerate(self.parts):
            h = part(self.activation(h) if k else h, context)
        return h


class Codes(Contextual):
    """sbi's: codes as plain numbers behind a dummy of 0, as many logits for each column as the widest has."""

    def __init__(self, masks: list[np.ndarray], n_context: int, sizes: list[int]) -> None:
        super().__init__(masks, n_context)
        self.is_value = torch.arange(max(sizes)) < torch.tensor(sizes)[:, None]

    def forward(self, x: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """Return logits, -inf for values that a column does not have."""
        raw = super().forward(F.pad(x, (1, 0)), context)[:, self.is_value.shape[1] :]
        return raw.masked_fill(~self.is_value.flatten(), -torch.inf)
