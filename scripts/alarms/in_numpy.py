"""A drawn network in NumPy, with a gradient by hand."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from made_np.testing import Adapter, Interval, Layer
from made_np.testing.counting import share

from .arrays import InNumpy
from .density import Density
from .drawn import Array, Drawn

STEP = 1e-30
DRAWN = 4096
"""Rows that answer questions about ranges."""


def adapter(net: Drawn) -> Adapter:
    """Return all that the suite may know of it."""
    density = Density(net, InNumpy)
    weights = list(net.weights.values())
    rows = density.sample(weights, np.random.default_rng(net.seed).random((DRAWN, net.n_features)))
    functions = asked(density) | {"log_prob": density.log_prob}
    gradient = Gradient(density)
    return Adapter(
        **fields(net),
        **{name: given(fn, weights) for name, fn in functions.items()},
        loss=gradient.loss,
        grad=gradient.grad,
        theta=np.concatenate([w.ravel() for w in weights]),
        names=[f"{name}{list(at)}" for name, w in net.weights.items() for at in np.ndindex(*w.shape)],
        rows=len(net.x),
        probability=lambda where: share(rows, where),
        layers=[layer(net, k) for k in range(len(net.masks))],
        model=net,
        log_prob_of=log_prob_of,
        build=lambda: Density(net, InNumpy),
        **answers(net, given(density.log_prob, weights)),
    )


def answers(net: Drawn, log_prob: Callable[[Array], Array]) -> dict[str, Callable[..., float]]:
    """Answers about some columns, by adding up all rows; none where a column is real."""
    if any(isinstance(column.support, Interval) for column in net.columns):
        return {}
    rows = np.array(list(product(*(column.support for column in net.columns))), dtype=np.float64)
    log_p = log_prob(rows)

    def log_marginal(values: dict[int, float]) -> float:
        agrees = (rows[:, list(values)] == list(values.values())).all(axis=1)
        return float(np.logaddexp.reduce(log_p[agrees]))

    def log_conditional(asked: dict[int, float], known: dict[int, float]) -> float:
        return log_marginal({**asked, **known}) - log_marginal(known)

    return {"log_marginal": log_marginal, "log_conditional": log_conditional}


def asked(density: Density) -> dict[str, Callable[..., Any]]:
    """The functions of a model that are handed over as they are: probabilities of bits, inverses of all else."""
    net = density.net
    functions: dict[str, Callable[..., Any]] = {
        "params": density.params,
        "sample": density.sample,
        "cdf": density.cdf,
        "draw": drawing(density),
    }
    functions |= {"conditional": density.conditional} if net.is_binary else {"inverse": density.inverse}
    return functions | ({"params_given": density.params} if len(net.context) else {})


def fields(net: Drawn) -> dict[str, Any]:
    """What is the same in all frameworks."""
    return {
        "n_features": net.n_features,
        "order": net.order,
        "n_params": [c.n_params for c in net.columns] if net.layout == "interleaved" else net.columns[0].n_params,
        "layout": net.layout,
        "support": net.support,
        "masks": net.masks,
        "direct": net.direct,
        "n_inputs": net.n_inputs,
        "n_context": len(net.context),
        "frozen": np.concatenate([flags.ravel() for flags in net.frozen()]),
        "name": f"network {net.seed}",
    }


def given(fn: Callable[..., Any], weights: list[Array]) -> Callable[..., Any]:
    """A function whose weights are these; what overflows in passing is no matter."""

    def call(*arguments: Any) -> Any:
        numbers = [np.asarray(a, dtype=np.float64) if isinstance(a, np.ndarray) else a for a in arguments]
        with np.errstate(all="ignore"):
            return fn(weights, *numbers)

    return call


def drawing(density: Density) -> Callable[..., Any]:
    """A sampler that takes no uniforms, and draws the same rows at each call."""

    def draw(weights: Any, n: int) -> Any:
        u = np.random.default_rng([density.net.seed, 1]).random((n, density.net.n_features))
        return density.sample(weights, density.ops.constant(u, None))

    return draw


def log_prob_of(net: Drawn, x: Array) -> Array:
    """(B,) in nats."""
    return given(Density(net, InNumpy).log_prob, list(net.weights.values()))(x)


def layer(net: Drawn, k: int) -> Layer:
    """A masked linear layer, with its backward pass."""
    mask = net.masks[k]
    h = np.random.default_rng([net.seed, k]).standard_normal((4, mask.shape[1]))

    def forward(h: Array, W: Array, b: Array) -> Array:
        return h @ (W * mask).T + b

    def backward(dy: Array, h: Array, W: Array, b: Array) -> tuple[Array, ...]:
        return dy @ (W * mask), dy.T @ h * mask, dy.sum(axis=0)

    inputs = (h, net.weights[f"W{k}"], net.weights[f"b{k}"])
    return Layer(f"layer {k}", forward, backward, inputs, (None, ~mask, None))


class Gradient:
    """The mean of -log p over the rows, by one flat vector of weights."""

    def __init__(self, density: Density) -> None:
        self.density = density
        self.net = density.net

    def split(self, theta: Array) -> dict[str, Array]:
        """The weights by name."""
        shapes = [w.shape for w in self.net.weights.values()]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
        parts = np.split(theta, ends[:-1])
        return {name: p.reshape(s) for name, p, s in zip(self.net.weights, parts, shapes, strict=True)}

    def loss(self, theta: Array) -> float:
        """(P,) -> nats."""
        with np.errstate(all="ignore"):
            return float(-self.density.log_prob(list(self.split(theta).values()), self.net.x).mean())

    def grad(self, theta: Array) -> Array:
        """(P,) -> (P,): what outputs are to the loss by complex steps, all below by hand."""
        net = self.net
        weights = self.split(theta)
        d: dict[str, Array] = {}
        with np.errstate(all="ignore"):
            out, tape = self.density.forward(list(weights.values()), net.x)
            dy = self.at_the_outputs(out)
            if net.direct is not None:
                inputs, _ = tape.pop()
                d["W_direct"] = dy.T @ inputs * net.direct
                d["b0"] = dy.sum(axis=0)
            for k in reversed(range(len(net.masks))):
                h, _ = tape[k]
                d[f"W{k}"] = dy.T @ h * net.masks[k]
                d[f"b{k}"] = dy.sum(axis=0)
                if k:
                    dh = dy @ (weights[f"W{k}"] * net.masks[k])
                    dy = dh * self.slope(tape[k - 1][1])
        return np.concatenate([d[name].ravel() for name in net.weights])

    def at_the_outputs(self, out: Array) -> Array:
        """(B, O)."""
        dy = np.zeros_like(out)
        for o in range(out.shape[1]):
            moved = out.astype(np.complex128)
            moved[:, o] += STEP * 1j
            dy[:, o] = -self.density.log_prob_of(moved, self.net.x).imag / STEP
        return dy / len(out)

    def slope(self, z: Array) -> Array:
        """The derivative of the activation."""
        return self.density.ops.activation(self.net.activation, z + STEP * 1j).imag / STEP
