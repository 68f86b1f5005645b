"""A network under a mask set, ready for the kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from made_np.backends import _numpy
from made_np.backends._numba.run import Batch, move
from made_np.backends._numba.slopes import Sloped
from made_np.backends.bound import Bound
from made_np.backends.rules import Rule, rule_of
from made_np.backends.tables import Plan, has_kernels, make_plan
from made_np.lazy import lazy
from made_np.masks.sets import MaskSet
from made_np.network.mask_weights import fold, fold_backward
from made_np.network.network import Network
from made_np.optim import Optimizer, State
from made_np.typing import Array

__all__ = ["bind"]


def bind(network: Network, mask_set: MaskSet) -> Bound:
    """Return the network under this mask set, computed by kernels; by NumPy if it needs one that is not there."""
    return _Bound(network, mask_set) if has_kernels(network) else _numpy.bind(network, mask_set)


class _Bound(Bound):
    batches = Batch

    @lazy
    def plan(self) -> Plan:
        """The network as kernels see it."""
        return make_plan(self.plain, self.mask_set)

    @lazy
    def by_numpy(self) -> Bound:
        """What answers where there is no kernel."""
        return _numpy.bind(self.network, self.mask_set)

    def batch(
        self,
        theta: Array,
        x: Array,
        context: Array | None,
        keeps: Sequence[Array | None] | None = None,
        row_weights: Array | None = None,
    ) -> Batch:
        """Return the rows with all that kernels need of them; mask weights are folded into the biases."""
        return self.batches(self.plan, fold(self.network, theta, self.mask_set), x, context, keeps, row_weights)

    def raw_outputs(
        self, theta: Array, x: Array, context: Array | None, keeps: Sequence[Array | None] | None = None
    ) -> Array:
        return self.batch(theta, x, context, keeps).raw()

    def nll(self, theta: Array, x: Array, context: Array | None, keeps: Sequence[Array | None] | None = None) -> Array:
        return self.batch(theta, x, context, keeps).feature_nll()

    def row_nll(
        self, theta: Array, x: Array, context: Array | None, keeps: Sequence[Array | None] | None = None
    ) -> Array:
        return self.batch(theta, x, context, keeps).row_nll()

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
        batch = self.batch(theta, x, context, keeps, row_weights)
        size = len(batch.theta)
        parts = self.network.parts
        if ready is None:
            nll = batch.gradient(grad[:size])
        else:
            nll = batch.gradient(grad[:size], lambda layer: ready(parts[layer]))
        if self.network.mask_weights:
            fold_backward(self.network, grad, self.mask_set)
            if ready is not None:
                ready(slice(size, len(grad)))
        return nll

    def pull_back(
        self, theta: Array, x: Array, context: Array | None, grad: Array, slope: Callable[[Array, slice], Array]
    ) -> None:
        if not len(x):
            grad[:] = 0
            return
        alike = np.ones(len(x), theta.dtype)
        batch = Sloped(slope, self.plan, fold(self.network, theta, self.mask_set), x, context, None, alike)
        batch.pull_back(grad[: len(batch.theta)])
        if self.network.mask_weights:
            fold_backward(self.network, grad, self.mask_set)

    def update(
        self,
        theta: Array,
        grad: Array,
        optimizer: Optimizer,
        state: State,
        learning_rate: float,
        decay: Array | None = None,
    ) -> None:
        rule = self._rule(optimizer, learning_rate, state)
        if rule is None:
            super().update(theta, grad, optimizer, state, learning_rate, decay)
            return
        move(theta, grad, rule, decay)
        state["step"] += 1

    def _rule(self, optimizer: Optimizer, learning_rate: float, state: State) -> Rule | None:
        """Return the coming step as kernels do it, or None for one that they do not."""
        # The gradient of mask weights is not there before that of all biases is.
        return None if self.network.mask_weights else rule_of(optimizer, learning_rate, state)

    def train_step(
        self,
        theta: Array,
        x: Array,
        context: Array | None,
        grad: Array,
        optimizer: Optimizer,
        state: State,
        learning_rate: float,
        decay: Array | None = None,
        keeps: Sequence[Array | None] | None = None,
        row_weights: Array | None = None,
        *,
        only_live: bool = False,
    ) -> Array:
        rule = self._rule(optimizer, learning_rate, state)
        if rule is None:
            update = optimizer, state, learning_rate, decay
            return super().train_step(theta, x, context, grad, *update, keeps, row_weights)
        nll = self.batch(theta, x, context, keeps, row_weights).step(rule, decay, only_live)
        state["step"] += 1
        return nll

    def sample(self, theta: Array, uniforms: Array, given: Array | None = None, context: Array | None = None) -> Array:
        if given is None:
            given = np.full(uniforms.shape, np.nan, theta.dtype)
        return self.batch(theta, given, context).sample(uniforms)

    def propagate_means(self, theta: Array, given: Array, context: Array | None = None) -> Array:
        return self.by_numpy.propagate_means(theta, given, context)
