"""Look-alikes of what people write in torch: small, with their conventions; each may be given its fault."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F


class MaskedLinear(nn.Linear):
    """A linear layer with a mask in a buffer."""

    def __init__(self, mask: torch.Tensor) -> None:
        super().__init__(mask.shape[1], mask.shape[0])
        self.register_buffer("mask", mask)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.mask * self.weight, self.bias)


def masks(degrees_in: torch.Tensor, hidden: int, n_params: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """Of one hidden layer; outputs stand parameter by parameter."""
    middle = torch.arange(hidden) % (len(degrees_in) - 1)
    out = degrees_in.repeat(n_params)[:, None] > middle
    return middle[:, None] >= degrees_in, out


class Karpathy(nn.Module):
    """Binary columns in any order; it draws by torch.bernoulli, one column at a time."""

    def __init__(self, order: list[int], hidden: int = 12, *, wrong: bool = False) -> None:
        super().__init__()
        self.order = order
        self.wrong = wrong
        first, last = masks(torch.argsort(torch.tensor(order)), hidden)
        self.net = nn.Sequential(MaskedLinear(first), nn.ReLU(), MaskedLinear(last))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)

    def p(self, z: torch.Tensor) -> torch.Tensor:
        """Of a 1; a published sampler had the wrong one."""
        return torch.log(z.exp() / (1 - z.exp())).nan_to_num(1.0).clip(0, 1) if self.wrong else torch.sigmoid(z)

    @torch.no_grad()
    def sample(self, n: int) -> torch.Tensor:
        x = torch.zeros(n, len(self.order), dtype=torch.get_default_dtype()).to(self.net[0].weight)
        for d in self.order:
            x[:, d] = torch.bernoulli(self.p(self(x)[:, d]))
        return x


class Naru(nn.Module):
    """Columns of several sizes, one-hot inputs; it draws by torch.multinomial."""

    def __init__(self, bins: tuple[int, ...], hidden: int = 12) -> None:
        super().__init__()
        self.bins = bins
        of_column = torch.repeat_interleave(torch.arange(len(bins)), torch.tensor(bins))
        middle = torch.arange(hidden) % (len(bins) - 1)
        last = of_column[:, None] > middle
        self.net = nn.Sequential(MaskedLinear(middle[:, None] >= of_column), nn.ReLU(), MaskedLinear(last))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ones = [F.one_hot(x[:, d].long(), k) for d, k in enumerate(self.bins)]
        return self.net(torch.cat(ones, dim=1).to(self.net[0].weight))

    def log_prob(self, x: torch.Tensor) -> torch.Tensor:
        parts = self(x).split(self.bins, dim=1)
        return sum(-F.cross_entropy(z, x[:, d].long(), reduction="none") for d, z in enumerate(parts))

    @torch.no_grad()
    def sample(self, n: int) -> torch.Tensor:
        x = torch.zeros(n, len(self.bins), dtype=torch.float64)
        for d, _ in enumerate(self.bins):
            p = torch.softmax(self(x).split(self.bins, dim=1)[d], dim=1)
            x[:, d] = torch.multinomial(p, 1)[:, 0]
        return x


class Flow(nn.Module):
    """Real columns, a mean and a log scale each, first all means; it turns all noise at once, column by column."""

    def __init__(self, n_features: int, hidden: int = 12) -> None:
        super().__init__()
        first, last = masks(torch.arange(n_features), hidden, 2)
        self.n_features = n_features
        self.net = nn.Sequential(MaskedLinear(first), nn.Tanh(), MaskedLinear(last))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)

    def log_prob(self, x: torch.Tensor) -> torch.Tensor:
        mean, log_scale = self(x).chunk(2, dim=1)
        z = (x - mean) * torch.exp(-log_scale)
        return (-(z**2) / 2 - log_scale - math.log(2 * math.pi) / 2).sum(dim=1)

    @torch.no_grad()
    def sample(self, n: int, noise: Any = None) -> torch.Tensor:
        noise = torch.randn(n, self.n_features, dtype=torch.float64) if noise is None else noise
        x = torch.zeros_like(noise)
        for d in range(self.n_features):
            mean, log_scale = self(x).chunk(2, dim=1)
            x[:, d] = mean[:, d] + torch.exp(log_scale[:, d]) * noise[:, d]
        return x
