"""The network forward, then backward, composed of the functions of `layers`.

It holds no formula of its own. Read `loss_and_grad` for how the pieces make up backpropagation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from made_np.backends._numpy.panels import Wires
from made_np.backends._numpy.sampling import Route, ancestral, propagate_means
from made_np.backends.bound import Bound
from made_np.layers import dropout, dropout_backward, residual_add, residual_add_backward
from made_np.lazy import lazy
from made_np.masks.sets import MaskSet
from made_np.network.mask_weights import fold, fold_backward
from made_np.network.network import Network
from made_np.typing import Array

__all__ = ["Trace", "bind"]


class Trace(NamedTuple):
    """What the forward pass leaves for the backward pass."""

    inputs: list[Array]
    """What each layer was given: the encoded x, then each hidden layer's result. The last feeds the output layer."""
    kept: list[Array]
    """What each hidden layer's activation needs on the way back: its result, before dropout and residual add, or z."""
    raw: Array
    """The output layer's result (B, O)."""


def bind(network: Network, mask_set: MaskSet) -> Bound:
    """Return the network under this mask set, computed by NumPy."""
    return _Bound(network, mask_set)


class _Bound(Bound):
    def __init__(self, network: Network, mask_set: MaskSet) -> None:
        super().__init__(network, mask_set)
        self.depth = network.depth
        self.act = network.act

    # What one question needs is not prepared for another: a fresh mask set may be asked but once.

    @lazy
    def wires(self) -> list[Wires]:
        """Of the hidden layers, and of the output layer."""
        return [Wires(mask) for mask in self.mask_set.masks]

    @lazy
    def direct(self) -> Wires | None:
        """From the inputs to the output."""
        return None if self.mask_set.direct_wires is None else Wires(self.mask_set.direct_wires)

    def direct_inputs(self, encoded: Array) -> Array:
        """Return the columns of the inputs that are wired to the output."""
        units = self.plain.direct_units
        return encoded if units is None else encoded[:, units]

    @lazy
    def route(self) -> Route:
        return Route(self.plain, self.mask_set)

    def views(self, theta: Array) -> dict[str, Array]:
        """Return the parameters by name, as the layers take them: mask weights are folded into the biases."""
        return self.plain.layout.views(fold(self.network, theta, self.mask_set))

    def forward(self, views: dict[str, Array], encoded: Array, keeps: list[Array | None]) -> Trace:
        """Run encoded inputs (B, I + C) through the network; `keeps` are L + 1, those of the inputs first."""
        thin, *thin_hidden = keeps
        if thin is not None:
            encoded = dropout(encoded, thin)
        inputs = [encoded]
        kept = []
        for layer in range(self.depth):
            below = inputs[-1]
            z = self.wires[layer].product(below, views[f"W{layer}"], views[f"b{layer}"])
            y, needed = self.act.run(z)
            kept.append(needed)
            keep = thin_hidden[layer]
            h = y if keep is None else dropout(y, keep)
            skip = self.mask_set.skips[layer]
            inputs.append(h if skip is None else residual_add(h, below, skip))
        bias = views[f"b{self.depth}"]
        if self.depth:
            raw = self.wires[-1].product(inputs[-1], views[f"W{self.depth}"], bias)
        else:
            raw = np.tile(bias, (len(encoded), 1))
        if self.direct is not None:
            raw += self.direct.product(self.direct_inputs(encoded), views["W_direct"], None)
        return Trace(inputs, kept, raw)

    def backward(
        self,
        views: dict[str, Array],
        trace: Trace,
        d_raw: Array,
        dviews: dict[str, Array],
        keeps: list[Array | None],
        ready: Callable[[slice], object] | None,
    ) -> None:
        """Walk the network from its output to its input, and write the gradient of every parameter to `dviews`."""
        if self.direct is not None:
            inputs = self.direct_inputs(trace.inputs[0])
            self.direct.product_backward(d_raw, inputs, views["W_direct"], dW=dviews["W_direct"])
        if self.depth:
            self._backward_hidden(views, trace, d_raw, dviews, keeps, ready)
        else:
            np.sum(d_raw, axis=0, out=dviews["b0"])
            if ready is not None:
                ready(self.network.parts[0])

    def _backward_hidden(
        self,
        views: dict[str, Array],
        trace: Trace,
        d_raw: Array,
        dviews: dict[str, Array],
        keeps: list[Array | None],
        ready: Callable[[slice], object] | None,
    ) -> None:
        dy = ds = d_raw
        for layer in range(self.depth, -1, -1):
            x = trace.inputs[layer]
            dx = np.empty_like(x) if layer else None
            dW = dviews[f"W{layer}"]
            db = dviews[f"b{layer}"]
            self.wires[layer].product_backward(dy, x, views[f"W{layer}"], dW=dW, db=db, dx=dx)
            if ready is not None:
                ready(self.network.parts[layer])
            if dx is None:  # nobody asks for the gradient of the data
                return
            skip = self.mask_set.skips[layer] if layer < self.depth else None
            if skip is not None:
                dx += residual_add_backward(ds, None, None, skip, dy=False)[1]
            # ds: the gradient of what left hidden layer `layer - 1`, complete now with the share of the skip above it.
            ds = dx
            keep = keeps[layer]
            dh = ds if keep is None else dropout_backward(ds, None, keep, dkeep=False)[0]
            dy = self.act.run_backward(dh, trace.kept[layer - 1])

    def raw_outputs(
        self, theta: Array, x: Array, context: Array | None, keeps: Sequence[Array | None] | None = None
    ) -> Array:
        return self.forward(self.views(theta), self.plain.outputs.encode(x, context), self.plain.keeps(keeps)).raw

    def nll(self, theta: Array, x: Array, context: Array | None, keeps: Sequence[Array | None] | None = None) -> Array:
        return self.plain.outputs.nll(self.raw_outputs(theta, x, context, keeps), x)

    def row_nll(
        self, theta: Array, x: Array, context: Array | None, keeps: Sequence[Array | None] | None = None
    ) -> Array:
        return _sum_features(self.nll(theta, x, context, keeps))

    def loss_and_grad(
        self,
        theta: Array,
        x: Array,
        context: Array | None,
        grad: Array,
        keeps: Sequence[Array | None] | None = None,
        row_weights: Array | None = None,
        ready: Callable[[slice], object] | None = None,
    ) -> Array:
        outputs = self.plain.outputs
        layout = self.plain.layout
        views = self.views(theta)
        dviews = layout.views(grad[: layout.size])
        drops = self.plain.keeps(keeps)
        trace = self.forward(views, outputs.encode(x, context), drops)
        nll, d_raw = outputs.nll_and_grad(trace.raw, x)
        if row_weights is None:
            d_raw *= d_raw.real.dtype.type(1 / max(len(x), 1))
        else:
            d_raw *= row_weights[:, None]
        self.backward(views, trace, d_raw, dviews, drops, ready)
        if self.network.mask_weights:
            fold_backward(self.network, grad, self.mask_set)
            if ready is not None:
                ready(slice(layout.size, len(grad)))
        return _sum_features(nll)

    def pull_back(
        self, theta: Array, x: Array, context: Array | None, grad: Array, slope: Callable[[Array, slice], Array]
    ) -> None:
        layout = self.plain.layout
        views = self.views(theta)
        drops = self.plain.keeps(None)
        trace = self.forward(views, self.plain.outputs.encode(x, context), drops)
        self.backward(views, trace, slope(trace.raw, slice(0, len(x))), layout.views(grad[: layout.size]), drops, None)
        if self.network.mask_weights:
            fold_backward(self.network, grad, self.mask_set)

    def sample(self, theta: Array, uniforms: Array, given: Array | None = None, context: Array | None = None) -> Array:
        if given is None:
            given = np.full(uniforms.shape, np.nan, dtype=theta.dtype)
        return ancestral(self.route, self.views(theta), uniforms, given, context)

    def propagate_means(self, theta: Array, given: Array, context: Array | None = None) -> Array:
        return propagate_means(self.route, self.views(theta), given, context)


def _sum_features(nll: Array) -> Array:
    """Add up over features, in double precision: 4096 float32 terms would lose digits."""
    return np.asarray(nll.sum(axis=1, dtype=np.result_type(nll.dtype, np.float64)))
