"""A drawn network as functions of its weights, in any framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from . import formulas
from .drawn import Drawn


@dataclass(frozen=True)
class Density:
    """Functions whose first argument are the weights, W0, b0, ..., in a list."""

    net: Drawn
    ops: Any

    def forward(self, weights: Any, x: Any, context: Any = None) -> tuple[Any, list[tuple[Any, Any]]]:
        """(B, O) raw outputs, and of each layer what went in, with the sum before the activation."""
        net = self.net
        named = dict(zip(net.weights, weights, strict=True))
        inputs = self.inputs(x, context)
        tape = []
        h = inputs
        out = 0.0
        for k, mask in enumerate(net.masks):
            z = h @ self.masked(named[f"W{k}"], mask).T + named[f"b{k}"]
            tape.append((h, z))
            if k == len(net.masks) - 1:
                out = z
            else:
                h = self.ops.activation(net.activation, z)
        if net.direct is not None:
            straight = inputs @ self.masked(named["W_direct"], net.direct).T
            out = straight + (out if net.masks else named["b0"])
            tape.append((inputs, out))
        return out, tape

    def masked(self, W: Any, mask: Any) -> Any:
        """The weights of the wires that are there."""
        return W * self.ops.constant(mask, W)

    def inputs(self, x: Any, context: Any) -> Any:
        """(B, I): numbers, or one-hot; then the context."""
        np_ = self.ops.np
        one = self.ops.constant(1.0, x)
        parts = [
            x[:, d : d + 1] if n == 1 else one * formulas.hot(self.ops, column, x[:, d])
            for d, (column, n) in enumerate(zip(self.net.columns, self.net.n_inputs, strict=True))
        ]
        if len(self.net.context):
            given = self.ops.constant(self.net.context, x)[None, :] if context is None else context
            parts.append(np_.zeros_like(x[:, :1]) + given)
        return np_.concatenate(parts, axis=1)

    def params(self, weights: Any, x: Any, context: Any = None) -> Any:
        """(B, O) raw outputs."""
        return self.forward(weights, x, context)[0]

    def of(self, raw: Any, d: int) -> Any:
        """The raw outputs of one feature."""
        return raw[:, np.flatnonzero(self.net.owner == d)]

    def log_prob_of(self, raw: Any, x: Any) -> Any:
        """(B,) in nats."""
        terms = [
            formulas.log_prob(self.ops, column, self.of(raw, d), x[:, d]) for d, column in enumerate(self.net.columns)
        ]
        return self.ops.np.stack(terms, axis=1).sum(axis=1)

    def log_prob(self, weights: Any, x: Any) -> Any:
        """(B,) in nats."""
        return self.log_prob_of(self.params(weights, x), x)

    def conditional(self, weights: Any, x: Any) -> Any:
        """(B, D) probabilities of 1, of a network of bits."""
        return self.ops.sigmoid(self.params(weights, x))

    def inverse(self, weights: Any, x: Any, u: Any) -> Any:
        """(B, D) the value of each feature for its uniform, given the features before it."""
        raw = self.params(weights, x)
        found = [formulas.inverse(self.ops, c, self.of(raw, d), u[:, d]) for d, c in enumerate(self.net.columns)]
        return self.ops.np.stack(found, axis=1)

    def sample(self, weights: Any, u: Any) -> Any:
        """(n, D) rows, feature by feature."""
        drawn = [self.ops.np.zeros_like(u[:, 0]) for _ in self.net.columns]
        for d in self.net.order:
            raw = self.params(weights, self.ops.np.stack(drawn, axis=1))
            drawn[d] = formulas.inverse(self.ops, self.net.columns[d], self.of(raw, d), u[:, d])
        return self.ops.np.stack(drawn, axis=1)

    def cdf(self, weights: Any, x: Any) -> Any:
        """(2, B, D): the conditional CDF below each value, and up to it."""
        raw = self.params(weights, x)
        found = [formulas.cdf(self.ops, c, self.of(raw, d), x[:, d]) for d, c in enumerate(self.net.columns)]
        return self.ops.np.stack(found, axis=2)
