"""A MADE in torch, and its adapter."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from made_np.testing import Adapter
from made_np.testing.frameworks import torch_adapter


class MaskedLinear(nn.Linear):
    """A linear layer whose weight is multiplied by a mask (out, in)."""

    def __init__(self, mask: torch.Tensor) -> None:
        super().__init__(mask.shape[1], mask.shape[0])
        self.register_buffer("mask", mask)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, in) -> (B, out)."""
        return F.linear(x, self.mask * self.weight, self.bias)


class TorchMADE(nn.Module):
    """One hidden layer, Bernoulli outputs, natural order."""

    def __init__(self, n_features: int, n_hidden: int, *, strict: bool = True) -> None:
        super().__init__()
        inputs = torch.arange(1, n_features + 1)
        hidden = torch.arange(n_hidden) % (n_features - 1) + 1
        output = inputs[:, None] > hidden if strict else inputs[:, None] >= hidden
        self.layers = nn.Sequential(
            MaskedLinear(hidden[:, None] >= inputs),
            nn.Tanh(),
            MaskedLinear(output),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (B, D)."""
        return self.layers(x)

    def log_prob(self, x: torch.Tensor) -> torch.Tensor:
        """Log p(x) in nats, (B,)."""
        return -F.binary_cross_entropy_with_logits(self(x), x, reduction="none").sum(dim=1)

    @torch.no_grad()
    def sample(self, u: torch.Tensor) -> torch.Tensor:
        """Draw with the uniforms u (n, D), feature by feature."""
        x = torch.zeros_like(u)
        for d in range(u.shape[1]):
            x[:, d] = (u[:, d] < torch.sigmoid(self(x)[:, d])).to(x.dtype)
        return x


def factory(*, strict: bool = True) -> Adapter:
    """What the suite is given."""
    model = TorchMADE(6, 12, strict=strict)
    return torch_adapter(
        model,
        6,
        std=1.0,  # the usual weights are timid: hardly a sample would depend on another feature
        rows=np.random.default_rng(0).standard_normal((7, 6)),
        name="torch MADE",
        order=range(6),
        params=model,
        sample=model.sample,
        conditional=lambda x: torch.sigmoid(model(x)),
        masks=[layer.mask.numpy() for layer in model.layers if isinstance(layer, MaskedLinear)],
    )


def faulty() -> Adapter:
    """The same with >= in the output mask: every output sees its own input."""
    return factory(strict=False)
