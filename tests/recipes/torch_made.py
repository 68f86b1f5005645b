"""A MADE in torch, and its adapter."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from made_np.testing import Adapter


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


def in_numpy(fn):
    """A function of tensors as a function of arrays, in float64."""

    def call(*arrays):
        with torch.no_grad():
            return fn(*(torch.tensor(np.ascontiguousarray(a, dtype=np.float64)) for a in arrays)).numpy()

    return call


def loss_and_grad(model: nn.Module, x: torch.Tensor):
    """The mean negative log-likelihood of x, and its gradient, as functions of one flat vector."""

    def loss_tensor(theta):
        vector_to_parameters(torch.tensor(theta), model.parameters())
        return -model.log_prob(x).mean()

    def loss(theta):
        return loss_tensor(theta).item()

    def grad(theta):
        model.zero_grad()
        loss_tensor(theta).backward()
        return parameters_to_vector(p.grad for p in model.parameters()).numpy()

    return loss, grad


def factory(*, strict: bool = True) -> Adapter:
    """What the suite is given."""
    torch.manual_seed(0)
    model = TorchMADE(6, 12, strict=strict).double().eval()
    for p in model.parameters():
        nn.init.normal_(p)  # the usual initialisation is timid: hardly a sample would depend on another feature
    loss, grad = loss_and_grad(model, torch.randn(7, 6, dtype=torch.float64))
    return Adapter(
        name="torch MADE",
        n_features=6,
        order=range(6),
        params=in_numpy(model),
        log_prob=in_numpy(model.log_prob),
        sample=in_numpy(model.sample),
        conditional=in_numpy(lambda x: torch.sigmoid(model(x))),
        masks=[layer.mask.numpy() for layer in model.layers if isinstance(layer, MaskedLinear)],
        loss=loss,
        grad=grad,
        theta=parameters_to_vector(model.parameters()).detach().numpy(),
        names=[f"{name}{list(at)}" for name, p in model.named_parameters() for at in np.ndindex(*p.shape)],
        rows=7,
    )


def faulty() -> Adapter:
    """The same with >= in the output mask: every output sees its own input."""
    return factory(strict=False)
