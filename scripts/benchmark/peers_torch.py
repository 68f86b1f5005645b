"""PyTorch as a contender: the MADE that everybody writes, ``F.linear(x, W * mask, b)``, at its best settings.

"torch eager" has the fused Adam; "torch.compile" compiles loss and gradient and keeps the fused Adam; "torch.compile,
whole step" compiles loss, gradient and an Adam written out, in one graph (quicker for small networks, measured).
Each has a twin whose products are of bf16 (autocast), with parameters, moments and loss of float32.
Nothing of made_np is imported here, so that a process that fits with torch does not pay for it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import log, pi
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from benchmark.cores import BF16, threads

if TYPE_CHECKING:
    from benchmark.problem import Array, Output, Problem

Tensors = dict[str, Tensor]
LEARNING_RATE = 1e-3
BETA1 = 0.9
BETA2 = 0.999
EPS = 1e-8

torch.set_num_threads(threads())


def raw_outputs(params: Tensors, masks: Tensors, x: Tensor) -> Tensor:
    """Return the raw outputs (B, O) of encoded rows (B, I)."""
    top = sum(name.startswith("b") for name in params) - 1
    h = x
    for layer in range(top):
        h = F.relu(F.linear(h, params[f"W{layer}"] * masks[f"W{layer}"], params[f"b{layer}"]))
    raw = F.linear(h, params[f"W{top}"] * masks[f"W{top}"], params[f"b{top}"])
    if "W_direct" in params:
        raw = raw + F.linear(x, params["W_direct"] * masks["W_direct"])
    return raw


def feature_nll(output: Output, raw: Tensor, target: Tensor, reduction: str = "none") -> Tensor:
    """Return -log p of each value (flat for categories), or with ``reduction="sum"`` the sum of all."""
    if output.kind == "Bernoulli":
        return F.binary_cross_entropy_with_logits(raw, target, reduction=reduction)
    if output.kind == "Categorical":
        return F.cross_entropy(raw.view(-1, output.n), target.view(-1), reduction=reduction)
    logits, mean, raw_scale = raw.view(*target.shape, 3, output.n).unbind(-2)
    scale = F.softplus(raw_scale) + output.min_scale
    error = (target[..., None] - mean) / scale
    log_p = F.log_softmax(logits, -1) - 0.5 * error * error - torch.log(scale) - 0.5 * log(2 * pi)
    nll = -torch.logsumexp(log_p, -1)
    return nll.sum() if reduction == "sum" else nll


def mean_nll(
    output: Output, params: Tensors, masks: Tensors, x: Tensor, target: Tensor, rounded: bool = False
) -> Tensor:
    """Return the mean over rows of -log p(x): what training minimises. `rounded`: with products of bf16."""
    with torch.autocast("cpu", torch.bfloat16, enabled=rounded):
        raw = raw_outputs(params, masks, x)
    return feature_nll(output, raw.float(), target, "sum") / len(x)


def log_prob(params: Tensors, masks: Tensors, x: Tensor, rounded: bool = False) -> Tensor:
    """Return log p(x) of binary rows, (B,). `rounded`: with products of bf16."""
    with torch.autocast("cpu", torch.bfloat16, enabled=rounded):
        raw = raw_outputs(params, masks, x)
    return -F.binary_cross_entropy_with_logits(raw.float(), x, reduction="none").sum(dim=1)


def tensors(arrays: dict[str, Array]) -> Tensors:
    """Return the arrays as tensors that share their memory."""
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def as_parameters(arrays: dict[str, Array]) -> Tensors:
    """Return copies of the arrays that collect gradients."""
    return {name: torch.tensor(array, requires_grad=True) for name, array in arrays.items()}


def fused_adam(params: Tensors) -> torch.optim.Adam:
    """Return the fastest Adam that torch has on a CPU."""
    return torch.optim.Adam(list(params.values()), lr=LEARNING_RATE, fused=True)


def whole_step(
    output: Output, params: Tensors, m: Tensors, v: Tensors, t: Tensor, masks: Tensors, x: Tensor, target: Tensor,
    rounded: bool = False,
) -> Tensor:  # fmt: skip
    """Do step t = 1, 2, ... of Adam in place and return the loss before it."""
    grad, loss = torch.func.grad_and_value(lambda params: mean_nll(output, params, masks, x, target, rounded))(params)
    rate = LEARNING_RATE / (1 - BETA1**t)
    unbias = 1 / (1 - BETA2**t)
    for name, g in grad.items():
        m[name].lerp_(g, 1 - BETA1)
        v[name].mul_(BETA2).addcmul_(g, g, value=1 - BETA2)
        params[name].sub_(rate * m[name] / ((v[name] * unbias).sqrt() + EPS))
    t.add_(1)
    return loss


class TorchTrainer:
    """Torch, eager or with loss and gradient compiled, and its fused Adam."""

    def __init__(self, problem: Problem, compiled: bool = False, rounded: bool = False) -> None:
        self.name = ("torch.compile" if compiled else "torch eager") + (BF16 if rounded else "")
        self.rounded = rounded
        self.output = problem.output
        self.batches = batches_of(problem)
        self.tensors = as_parameters(problem.start())
        self.masks = [tensors(masks) for masks in problem.masks]
        self.optimizer = fused_adam(self.tensors)
        loss = partial(mean_nll, rounded=rounded)
        self.loss: Callable[..., Tensor] = torch.compile(loss, dynamic=False) if compiled else loss

    def gradient(self) -> tuple[float, dict[str, Array]]:
        """Return loss and gradients by name at the present parameters, first batch, first mask set."""
        self.optimizer.zero_grad()
        loss = self.loss(self.output, self.tensors, self.masks[0], *self.batches[0])
        loss.backward()
        return loss.item(), {name: p.grad.numpy().copy() for name, p in self.tensors.items()}

    def step(self, i: int) -> float:
        """Do step `i` and return the loss before it."""
        self.optimizer.zero_grad()
        masks = self.masks[i % len(self.masks)]
        loss = self.loss(self.output, self.tensors, masks, *self.batches[i % len(self.batches)])
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def params(self) -> dict[str, Array]:
        """Return the present parameters by name."""
        return {name: p.detach().numpy().copy() for name, p in self.tensors.items()}


class TorchWholeStep:
    """Torch, the whole step compiled."""

    def __init__(self, problem: Problem, rounded: bool = False) -> None:
        self.name = "torch.compile, whole step" + (BF16 if rounded else "")
        self.rounded = rounded
        self.output = problem.output
        self.batches = batches_of(problem)
        self.tensors = {name: torch.tensor(value) for name, value in problem.start().items()}
        self.m, self.v = ({name: torch.zeros_like(p) for name, p in self.tensors.items()} for _ in range(2))
        self.t = torch.ones(())
        self.masks = [tensors(masks) for masks in problem.masks]
        self._step = torch.compile(partial(whole_step, rounded=rounded), dynamic=False)

    def gradient(self) -> tuple[float, dict[str, Array]]:
        """Return loss and gradients by name at the present parameters, first batch, first mask set."""
        gradient = torch.func.grad_and_value(partial(mean_nll, rounded=self.rounded), argnums=1)
        grad, loss = gradient(self.output, self.tensors, self.masks[0], *self.batches[0])
        return loss.item(), {name: value.numpy() for name, value in grad.items()}

    def step(self, i: int) -> float:
        """Do step `i` and return the loss before it."""
        masks = self.masks[i % len(self.masks)]
        batch = self.batches[i % len(self.batches)]
        return self._step(self.output, self.tensors, self.m, self.v, self.t, masks, *batch).item()

    def params(self) -> dict[str, Array]:
        """Return the present parameters by name."""
        return {name: p.numpy().copy() for name, p in self.tensors.items()}


class TorchDense:
    """A dense forward pass without gradients, and what can be had from it, for binary rows and one mask set."""

    def __init__(self, problem: Problem) -> None:
        self.params = tensors(problem.start())
        self.masks = tensors(problem.masks[0])
        self.x = torch.from_numpy(problem.batches[0])
        self._compiled = torch.compile(log_prob, dynamic=False)

    @torch.no_grad()
    def forward(self) -> Array:
        """Return the raw outputs of the rows."""
        return raw_outputs(self.params, self.masks, self.x).numpy()

    @torch.no_grad()
    def log_prob(self, at_once: int, rounded: bool = False) -> Array:
        """Return log p of the rows, `at_once` of them at a time."""
        parts = [log_prob(self.params, self.masks, part, rounded) for part in self.x.split(at_once)]
        return torch.cat(parts).numpy()

    @torch.no_grad()
    def compiled_log_prob(self, rounded: bool = False) -> Array:
        """Return log p of the rows, compiled."""
        return self._compiled(self.params, self.masks, self.x, rounded).numpy()

    @torch.no_grad()
    def draw_feature(self, x: Tensor, uniforms: Tensor, feature: int) -> None:
        """Decide one feature of all rows in `x`: one pass of the loop that everybody writes."""
        p = torch.sigmoid(raw_outputs(self.params, self.masks, x)[:, feature])
        x[:, feature] = (uniforms[:, feature] < p).to(x.dtype)

    def sample(self, uniforms: Tensor) -> Array:
        """Draw rows in natural order by the loop of D passes."""
        x = torch.zeros_like(uniforms)
        for feature in range(x.shape[1]):
            self.draw_feature(x, uniforms, feature)
        return x.numpy()

    def probabilities(self, x: Array) -> Array:
        """Return P(x_d = 1 | before d) at rows `x`."""
        with torch.no_grad():
            return torch.sigmoid(raw_outputs(self.params, self.masks, torch.from_numpy(x))).numpy()


def batches_of(problem: Problem) -> list[tuple[Tensor, Tensor]]:
    """Return each batch as the network sees it and as the loss wants it: category numbers, or the values themselves."""
    pairs = zip(problem.encoded(), map(torch.from_numpy, problem.batches), strict=True)
    return [(torch.from_numpy(x), rows.long() if problem.output.kind == "Categorical" else rows) for x, rows in pairs]


def forget_compiled() -> None:
    """Drop what was compiled for the shapes of the case before; torch gives up on compiling after a few shapes."""
    torch.compiler.reset()
