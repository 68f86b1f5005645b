"""The NumPy backend's loss with its gradient, against dense torch, beside the dense products alone."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from benchmark import check
from benchmark.cases import Case, Settings, shape_of
from benchmark.problem import Array, Problem
from benchmark.report import Result, Target
from made_np import MADE

if TYPE_CHECKING:
    from benchmark.peers_torch import TorchTrainer

SHAPES = ((128, (500,)), (784, (784,)), (784, (1000,)), (784, (1000, 1000)), (784, (8000,)))
BATCH = 100
PRODUCTS = "dense products alone"
TARGETS = (Target("torch eager", 1.0), Target(PRODUCTS, 1 / 0.6))


class Products:
    """What BLAS takes for the products of a network without masks: forward, to the inputs, to the weights."""

    def __init__(self, problem: Problem) -> None:
        self.weights = [value for name, value in problem.start().items() if name.startswith("W")]
        sizes = [problem.made.n_features, *(len(W) for W in self.weights)]
        self.values = [np.ones((BATCH, size), np.float32) for size in sizes]
        self.gradients = [np.empty_like(W) for W in self.weights]

    def __call__(self) -> None:
        """Compute them."""
        layers = list(zip(self.weights, pairwise(self.values), self.gradients, strict=True))
        for W, (below, above), _ in layers:
            np.matmul(below, W.T, out=above)
        for k, (W, (below, above), dW) in reversed(list(enumerate(layers))):
            np.matmul(above.T, below, out=dW)
            if k:
                np.matmul(above, W, out=below)


class OursByNumpy:
    """made_np with backend="numpy"."""

    name = "ours"

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.grad = np.empty_like(problem.theta)

    def gradient(self) -> tuple[float, dict[str, Array]]:
        """Return loss and gradients by name."""
        made = self.problem.made
        nll = made.bound[0].loss_and_grad(self.problem.theta, self.problem.batches[0], None, self.grad)
        return float(nll.mean()), made.layout.views(self.grad)


def numpy_cases(settings: Settings) -> Iterator[Case]:
    """Networks narrow or wide."""
    for n_features, hidden in SHAPES:
        title = f"NumPy gradient {shape_of(settings, n_features, hidden)} B{BATCH}"
        yield Case(title, partial(_gradient, title, n_features, hidden, settings))


def _gradient(title: str, n_features: int, hidden: tuple[int, ...], settings: Settings) -> Result:
    gc.collect()
    widths = tuple(settings.width(h) for h in hidden)
    made = MADE(settings.width(n_features), widths, direct=False, backend="numpy")
    problem = Problem.random(made, BATCH, n_batches=1)
    ours = OursByNumpy(problem)
    products = Products(problem)
    contenders: dict[str, Callable[[int], object]] = {"ours": lambda i: ours.gradient(), PRODUCTS: lambda i: products()}
    if "torch" in settings.peers:
        from benchmark.peers_torch import TorchTrainer

        torch = TorchTrainer(problem)
        check.same_gradient([ours, torch])  # type: ignore[list-item]
        contenders["torch eager"] = lambda i: _without_copies(torch)
    return Result(title, "ms", settings.race(contenders), targets=TARGETS)


def _without_copies(torch: TorchTrainer) -> None:
    """Let torch compute its gradient, and leave it where it is."""
    torch.optimizer.zero_grad()
    torch.loss(torch.output, torch.tensors, torch.masks[0], *torch.batches[0]).backward()
