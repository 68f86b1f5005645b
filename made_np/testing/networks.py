"""Stand-in networks in plain NumPy: small, slow, right, wired from parts that can be swapped.

They are what the checks are tried on: a random one must pass every check, and one in which a single
part was replaced by a faulty one (see `mutants`) must not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod
from typing import Any

import numpy as np

from .adapter import Adapter
from .compare import Bools, Floats
from .conditionals import Values
from .counting import share
from .plans import Plan, random_plan
from .points import Interval
from .questions import Where
from .sampler import ancestral


def apply_mask(W: Floats, mask: Bools) -> Floats:
    """The weights of the wires that are there."""
    return W * mask


def linear_backward(dy: Floats, h: Floats, W: Floats, mask: Bools) -> tuple[Floats, Floats, Floats]:
    """``dW = (dy^T h) * mask``, ``db = sum dy``, ``dh = dy (W * mask)``."""
    return (dy.T @ h) * mask, dy.sum(axis=0), dy @ (W * mask)


def tanh_backward(dh: Floats, z: Floats) -> Floats:
    """``dz = dh (1 - tanh(z)^2)``."""
    return np.asarray(dh * (1 - np.tanh(z) ** 2), dtype=np.float64)


def relu(z: Floats) -> Floats:
    """``max(z, 0)``."""
    return np.maximum(z, 0)


def relu_backward(dh: Floats, z: Floats) -> Floats:
    """``dz = dh [z > 0]``."""
    return dh * (z > 0)


def bernoulli_nll(a: Floats, x: Floats) -> Floats:
    """(B,): ``sum_d softplus(a_d) - x_d a_d`` for logits a."""
    return np.asarray((np.logaddexp(0, a) - x * a).sum(axis=1))


def bernoulli_nll_backward(a: Floats, x: Floats) -> Floats:
    """``da = sigmoid(a) - x``."""
    return sigmoid(a) - x


def logistic_nll(a: Floats, x: Floats) -> Floats:
    """(B,): ``sum_d t + log s + 2 softplus(-t)``, ``t = (x - m) / s``, ``log s = tanh(c) / 2``; a: m, c by turns."""
    m = a[:, 0::2]
    log_s = np.tanh(a[:, 1::2]) / 2
    t = (x - m) * np.exp(-log_s)
    return np.asarray((t + log_s + 2 * np.logaddexp(0, -t)).sum(axis=1), dtype=np.float64)


def logistic_nll_backward(a: Floats, x: Floats) -> Floats:
    """``dm = -tanh(t/2) / s``, ``dc = (1 - t tanh(t/2)) (1 - tanh(c)^2) / 2``."""
    m = a[:, 0::2]
    c = np.tanh(a[:, 1::2])
    t = (x - m) * np.exp(-c / 2)
    da = np.zeros_like(a)
    da[:, 0::2] = -np.tanh(t / 2) * np.exp(-c / 2)
    da[:, 1::2] = (1 - t * np.tanh(t / 2)) * (1 - c**2) / 2
    return da


def sigmoid(a: Floats) -> Floats:
    """``1 / (1 + exp(-a))``."""
    return np.asarray(1 / (1 + np.exp(-a)), dtype=np.float64)


def skip_backward(below: Floats, dh: Floats, skip: Bools) -> Floats:
    """What the layer passes down, and what passes it by."""
    return below + dh * skip


def no_change(h: Floats) -> Floats:
    """What may stand between layers: here nothing."""
    return h


@dataclass(frozen=True)
class Parts:
    """Everything a network is computed with; a mutant swaps one of these."""

    apply_mask: Callable[[Floats, Bools], Floats] = apply_mask
    linear_backward: Callable[[Floats, Floats, Floats, Bools], tuple[Floats, ...]] = linear_backward
    activation: Callable[[Floats], Floats] = np.tanh
    activation_backward: Callable[[Floats, Floats], Floats] = tanh_backward
    between: Callable[[Floats], Floats] = no_change
    between_backward: Callable[[Floats], Floats] = no_change
    skip_backward: Callable[[Floats, Floats, Bools], Floats] = skip_backward
    nll: Callable[[Floats, Floats], Floats] = bernoulli_nll
    nll_backward: Callable[[Floats, Floats], Floats] = bernoulli_nll_backward


@dataclass(frozen=True)
class Network:
    """A plan, parameters and parts.

    Parameters
    ----------
    plan : Plan
        The wiring.
    theta : ndarray
        (P,) W0, b0, W1, b1, ..., W_direct, end to end.
    x : ndarray
        (B, D) the rows behind `loss`.
    context : ndarray
        (C,) the context behind everything that takes none.
    parts : Parts
        How to compute.
    drawn : list of ndarray
        The rows (256, D) that answer questions about ranges, once there was one.
    """

    plan: Plan
    theta: Floats
    x: Floats
    context: Floats
    parts: Parts = field(default_factory=Parts)
    drawn: list[Floats] = field(default_factory=list, init=False, repr=False, compare=False)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of each parameter, in the order of theta."""
        found: dict[str, tuple[int, ...]] = {}
        for layer, mask in enumerate(self.plan.masks):
            found[f"W{layer}"] = mask.shape
            found[f"b{layer}"] = mask.shape[:1]
        if self.plan.direct is not None:
            found["W_direct"] = self.plan.direct.shape
            found.setdefault("b0", self.plan.direct.shape[:1])
        return found

    def views(self, theta: Floats) -> dict[str, Floats]:
        """The parameters by name, as views of theta."""
        found = {}
        start = 0
        for name, shape in self.shapes().items():
            stop = start + prod(shape)
            found[name] = theta[start:stop].reshape(shape)
            start = stop
        return found

    def name(self, k: int) -> str:
        """``"W0[1, 2]"`` for entry k of theta."""
        for block, shape in self.shapes().items():
            if k < prod(shape):
                return f"{block}[{', '.join(str(int(i)) for i in np.unravel_index(k, shape))}]"
            k -= prod(shape)
        raise IndexError(f"there are {self.theta.size} parameters")

    def frozen(self) -> Bools:
        """(P,): True for weights off the mask."""
        flags = np.zeros(self.theta.size, dtype=bool)
        views = self.views(flags.view(np.uint8))
        for layer, mask in enumerate(self.plan.masks):
            views[f"W{layer}"][...] = ~mask
        if self.plan.direct is not None:
            views["W_direct"][...] = ~self.plan.direct
        return flags

    def forward(self, theta: Floats, x: Floats, context: Floats) -> tuple[Floats, list[tuple[Floats, Floats]]]:
        """(B, O) outputs, and per layer what went in and the sum before the activation."""
        plan = self.plan
        parts = self.parts
        v = self.views(theta)
        inputs = np.concatenate([x, np.broadcast_to(context, (len(x), plan.n_context))], axis=1)
        h = inputs
        tape = []
        for layer, skip in enumerate(plan.skips):
            z = h @ parts.apply_mask(v[f"W{layer}"], plan.masks[layer]).T + v[f"b{layer}"]
            tape.append((h, z))
            a = parts.between(parts.activation(z))
            h = a if skip is None else a + h * skip
        tape.append((h, inputs))
        top = len(plan.skips)
        out = np.tile(v[f"b{top}"], (len(x), 1))
        if plan.masks:
            out = out + h @ parts.apply_mask(v[f"W{top}"], plan.masks[top]).T
        if plan.direct is not None:
            out = out + inputs @ parts.apply_mask(v["W_direct"], plan.direct).T
        return out, tape

    def loss(self, theta: Floats) -> float:
        """Mean over the rows of -log p, in nats."""
        return float(np.mean(self.parts.nll(self.forward(theta, self.x, self.context)[0], self.x)))

    def grad(self, theta: Floats) -> Floats:
        """(P,) the gradient of `loss`."""
        plan = self.plan
        parts = self.parts
        v = self.views(theta)
        out, tape = self.forward(theta, self.x, self.context)
        d: dict[str, Floats] = {}
        dy = parts.nll_backward(out, self.x) / len(self.x)
        top = len(plan.skips)
        h, inputs = tape[top]
        if plan.direct is not None:
            d["W_direct"], d[f"b{top}"], _ = parts.linear_backward(dy, inputs, v["W_direct"], plan.direct)
        if plan.masks:
            d[f"W{top}"], d[f"b{top}"], dh = parts.linear_backward(dy, h, v[f"W{top}"], plan.masks[top])
        for layer in reversed(range(top)):
            (h, z) = tape[layer]
            skip = plan.skips[layer]
            dz = parts.activation_backward(parts.between_backward(dh), z)
            d[f"W{layer}"], d[f"b{layer}"], below = parts.linear_backward(dz, h, v[f"W{layer}"], plan.masks[layer])
            dh = below if skip is None else parts.skip_backward(below, dh, skip)
        return np.concatenate([d[name].ravel() for name in self.shapes()])

    def params(self, x: Floats, context: Floats | None = None) -> Floats:
        """(B, O) outputs."""
        x = np.ascontiguousarray(x, dtype=np.float64)
        return self.forward(self.theta, x, self.context if context is None else context)[0]

    def log_prob(self, x: Floats) -> Floats:
        """(B,) in nats."""
        return -self.parts.nll(self.params(x), np.ascontiguousarray(x, dtype=np.float64))

    def inverse(self, x: Floats, u: Floats) -> Floats:
        """(n, D): the value of each feature for the uniform u, given the features before it."""
        a = self.params(x)
        if self.plan.n_params == 1:
            return np.asarray(u < sigmoid(a), dtype=np.float64)
        s = np.exp(np.tanh(a[:, 1::2]) / 2)
        return np.asarray(a[:, 0::2] + s * (np.log(u) - np.log1p(-u)), dtype=np.float64)

    def draw(self, n: int) -> Floats:
        """(n, D) rows of the network, the same at each call."""
        return ancestral(self.inverse, np.random.default_rng(1).random((n, self.plan.n_features)), self.plan.order)

    def cdf(self, x: Floats) -> tuple[Floats, Floats]:
        """(n, D) twice: the conditional CDF of each feature below its value in x, and up to it."""
        a = self.params(x)
        if self.plan.n_params == 1:
            p = sigmoid(a)
            return (1 - p) * x, 1 - p + p * x
        up_to = sigmoid((x - a[:, 0::2]) * np.exp(-np.tanh(a[:, 1::2]) / 2))
        return up_to, up_to

    def log_marginal(self, values: Values) -> float:
        """Nats of these values, with all other features, which are binary, summed out."""
        choices = [(values[d],) if d in values else (0.0, 1.0) for d in range(self.plan.n_features)]
        return float(np.logaddexp.reduce(self.log_prob(np.array(list(product(*choices))))))

    def log_conditional(self, asked: Values, given: Values) -> float:
        """Nats of the values that are asked, given the others."""
        return self.log_marginal({**given, **asked}) - self.log_marginal(given)

    def probability(self, where: Where) -> float:
        """The share of 256 rows of the network, drawn once, in these ranges: an estimate, and a measure."""
        if not self.drawn:
            u = np.random.default_rng(0).random((256, self.plan.n_features))
            self.drawn.append(ancestral(self.inverse, u, self.plan.order))
        return share(self.drawn[0], where)

    def adapter(self, **changes: Any) -> Adapter:
        """What `suite` needs, with some of it replaced."""
        plan = self.plan
        binary = self.plan.n_params == 1
        given: dict[str, Any] = {
            "n_features": plan.n_features,
            "order": plan.order,
            "n_params": plan.n_params,
            "support": (0, 1) if binary else Interval(-50, 50) if plan.n_features == 1 else None,
            "params": self.params,
            "log_prob": self.log_prob,
            "sample": lambda u: ancestral(self.inverse, u, plan.order),
            "conditional": (lambda x: sigmoid(self.params(x))) if binary else None,
            "inverse": None if binary else self.inverse,
            "loss": self.loss,
            "grad": self.grad,
            "theta": self.theta,
            "names": self.name,
            "frozen": self.frozen(),
            "rows": len(self.x),
            "masks": plan.masks,
            "direct": plan.direct,
            "skips": plan.skips,
            "n_context": plan.n_context,
            "params_given": self.params if plan.n_context else None,
            "probability": self.probability,
        }
        return Adapter(**(given | changes))


def make_network(rng: np.random.Generator, plan: Plan, *, with_relu: bool = False) -> Network:
    """A correct network with random weights, off the masks too, and real-valued rows.

    A dead relu exercises nothing, nor does a probability of 0 or 1: relus are alive wherever x >= 0 and
    a good way beyond, and add up to moderate logits.
    """
    parts = Parts()
    if with_relu:
        parts = replace(parts, activation=relu, activation_backward=relu_backward)
    if plan.n_params == 2:
        parts = replace(parts, nll=logistic_nll, nll_backward=logistic_nll_backward)
    x = rng.standard_normal((int(rng.integers(2, 6)), plan.n_features))
    net = Network(plan, np.zeros(0), x, rng.standard_normal(plan.n_context), parts)
    theta = {name: 0.7 * rng.standard_normal(shape) for name, shape in net.shapes().items()}
    top = len(plan.degrees)
    if with_relu and top:
        for layer in range(top):
            theta[f"W{layer}"] = np.abs(theta[f"W{layer}"])
            theta[f"b{layer}"] = np.abs(theta[f"b{layer}"]) + 2
        theta[f"W{top}"] /= plan.masks[top].shape[1] ** top
    return replace(net, theta=np.concatenate([values.ravel() for values in theta.values()]))


def random_network(rng: np.random.Generator, **kind: Any) -> Network:
    """A correct network of any kind: `make_network` of a `random_plan`, to which ``kind`` is handed on.

    Examples
    --------
    >>> net = random_network(np.random.default_rng(0), n_features=3, n_params=1)
    >>> net.params(np.zeros((5, 3))).shape
    (5, 3)
    """
    kind.setdefault("n_params", int(rng.choice([1, 1, 2])))
    kind.setdefault("n_context", int(rng.choice([0, 0, 1, 2])))
    return make_network(rng, random_plan(rng, **kind), with_relu=bool(rng.random() < 0.4))
