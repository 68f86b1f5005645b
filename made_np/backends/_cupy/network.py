"""A network under a mask set, ready for the kernels of a device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from made_np.backends._cupy.desk import Desk, Store, store_of
from made_np.backends._cupy.device import Device, dtype_of, len_of
from made_np.backends._cupy.losses import losses, spread
from made_np.backends._cupy.passes import BLOCK, Learning, backward, blocks, forward, sort
from made_np.backends._cupy.sampler import Sampler
from made_np.backends._cupy.wiring import Wiring
from made_np.backends.bound import Bound
from made_np.backends.rules import Rule, rule_of
from made_np.lazy import lazy
from made_np.masks.sets import MaskSet
from made_np.network.network import Network
from made_np.optim import Optimizer, State
from made_np.typing import Array

__all__ = ["bind"]

REMEMBERED = 64
"""So many steps are recorded: one for each mask set of a cycle, with whole batches and with the last one of a pass."""


def bind(network: Network, mask_set: MaskSet, device: Device) -> Bound:
    """Return the network under this mask set, computed by a device.

    Its arguments may lie on the device or in the machine's memory; an answer lies where the rows do.
    """
    return _Bound(network, mask_set, device)


class _Bound(Bound):
    def __init__(self, network: Network, mask_set: MaskSet, device: Device) -> None:
        super().__init__(network, mask_set)
        self.device = device

    @lazy
    def wiring(self) -> Wiring:
        """What kernels know of the network."""
        return Wiring(self.network, self.mask_set, self.device)

    @lazy
    def sampler(self) -> Sampler:
        """What draws rows."""
        return Sampler(self.wiring)

    def _held(self, array: Any) -> Any:
        """Return an array of parameters on the device."""
        return array if self.device.owns(array) else self.device.put(array)

    def _store(self, theta: Any) -> Store:
        """Return the memory for weights of theta's dtype."""
        return self._stores(dtype_of(theta).name)

    @lazy
    def _stores(self) -> Callable[[str], Store]:
        kept: dict[str, Store] = {}

        def store(name: str) -> Store:
            if name not in kept:
                kept[name] = store_of(self.wiring, np.dtype(name))
            return kept[name]

        return store

    def _sorted(self, theta: Any) -> Store:
        """Return the store with the weights of theta, as it is on the device."""
        store = self._store(theta)
        if not store.holds_those_of(self.wiring, theta):
            sort(self.wiring, store, theta)
            store.holds = self.wiring, theta
        return store

    def _forward(self, theta: Array, x: Array, context: Array | None, keeps: Sequence[Array | None] | None) -> Desk:
        """Return the desk with all layers of these rows."""
        store = self._sorted(self._held(theta))
        desk = store.desk(self.wiring, len_of(x), learning=False)
        given = desk.take("x", x), desk.take("context", context), self._keeps(desk, keeps)
        forward(self.wiring, store, desk, *given, learning=False)
        return desk

    def _keeps(self, desk: Desk, keeps: Sequence[Array | None] | None) -> list[Any]:
        """Return L + 1 dropout masks where the device finds them."""
        return [desk.take(f"keep{layer}", keep) for layer, keep in enumerate(self.plain.keeps(keeps))]

    def _answer(self, result: Any, x: Array) -> Array:
        """Return a result where the rows lie."""
        return result if self.device.owns(x) else self.device.get(result)

    # ------------------------------------------------------------------------------------------ scoring

    def raw_outputs(
        self, theta: Array, x: Array, context: Array | None, keeps: Sequence[Array | None] | None = None
    ) -> Array:
        width = self.wiring.widths[-1]
        if not len_of(x):
            return np.empty((0, width), x.dtype)
        desk = self._forward(theta, x, context, keeps)
        raw = self.device.empty((desk.n, width), desk.dtype)
        given = desk.layers[-1], self.wiring.units[-1], raw, desk.n, width
        self.device.launch("spread_raw", desk.dtype, blocks(desk.n * width), BLOCK, *given)
        return self._answer(raw, x)

    def nll(self, theta: Array, x: Array, context: Array | None, keeps: Sequence[Array | None] | None = None) -> Array:
        if not len_of(x):
            return np.empty(x.shape, x.dtype)
        desk = self._forward(theta, x, context, keeps)
        losses(self.wiring, desk, None, learning=False)
        nll = self.device.empty((desk.n, self.wiring.n_features), desk.dtype)
        spread(self.wiring, desk, nll)
        return self._answer(nll, x)

    def row_nll(
        self, theta: Array, x: Array, context: Array | None, keeps: Sequence[Array | None] | None = None
    ) -> Array:
        if not len_of(x):
            return np.empty(0)
        desk = self._forward(theta, x, context, keeps)
        losses(self.wiring, desk, None, learning=False)
        return self._answer(desk.row_nll, x)

    # ------------------------------------------------------------------------------------------ learning

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
        whole = slice(0, len_of(grad))
        if not len_of(x):
            grad[:] = 0
            if ready is not None:
                ready(whole)
            return np.empty(0)
        own = self._held(theta)
        store = self._sorted(own)
        desk = store.desk(self.wiring, len_of(x), learning=True)
        is_held = self.device.owns(grad)
        target = grad if is_held else self.device.empty(grad.shape, desk.dtype)
        self._pass(store, desk, x, context, keeps, row_weights, Learning(own, grad=target))()
        if not is_held:
            grad[:] = self.device.get(target)
        if ready is not None:
            ready(whole)  # in one piece: the kernels write it while nobody looks
        return self._answer(desk.row_nll, x)

    def _pass(
        self,
        store: Store,
        desk: Desk,
        x: Array,
        context: Array | None,
        keeps: Sequence[Array | None] | None,
        row_weights: Array | None,
        how: Learning,
    ) -> Callable[[], None]:
        """Return what computes the loss of these rows, and learns from them."""
        rows = desk.take("x", x)
        told = desk.take("context", context)
        drops = self._keeps(desk, keeps)
        weights = desk.take("row_weights", row_weights)

        def work() -> None:
            forward(self.wiring, store, desk, rows, told, drops, learning=True)
            losses(self.wiring, desk, weights, learning=True)
            backward(self.wiring, store, desk, drops, how)

        return work

    def update(
        self,
        theta: Array,
        grad: Array,
        optimizer: Optimizer,
        state: State,
        learning_rate: float,
        decay: Array | None = None,
    ) -> None:
        if not self.device.owns(theta):
            super().update(theta, grad, optimizer, state, learning_rate, decay)
            return
        self._store(theta).holds = None
        rule = rule_of(optimizer, learning_rate, state)
        if rule is None:
            self._update_here(theta, grad, optimizer, state, learning_rate, decay)
            return
        store = self._store(theta)
        self._set_numbers(store, rule)
        n = len_of(theta)
        given = theta, grad, rule.first, rule.second, self._decay(store, decay), n, rule.kind
        self.device.launch("learn_all", store.dtype, blocks(n), BLOCK, *given, store.numbers, rule.decoupled)
        state["step"] += 1

    def _update_here(
        self,
        theta: Array,
        grad: Array,
        optimizer: Optimizer,
        state: State,
        learning_rate: float,
        decay: Array | None,
    ) -> None:
        """Let a rule of which there is no kernel do its step in the machine's memory, and bring the result back."""
        get = self.device.get
        own = get(theta)
        held = {name: value for name, value in state.items() if name != "step"}
        remembered = {name: get(value) for name, value in held.items()} | {"step": state["step"]}
        optimizer.step(own, get(grad), remembered, learning_rate, decay)
        self.device.write(own, theta)
        for name, value in held.items():
            self.device.write(remembered[name], value)

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
        rule = rule_of(optimizer, learning_rate, state) if self.device.owns(theta) else None
        if rule is None:
            update = optimizer, state, learning_rate, decay
            return super().train_step(theta, x, context, grad, *update, keeps, row_weights)
        store = self._store(theta)
        desk = store.desk(self.wiring, len_of(x), learning=True)
        self._set_numbers(store, rule)
        how = Learning(
            theta, None, rule.first, rule.second, self._decay(store, decay), rule.kind, rule.decoupled, only_live
        )
        is_sorted = store.holds_those_of(self.wiring, theta)
        given = self._pass(store, desk, x, context, keeps, row_weights, how)
        key = self._key(desk, how, x, context, keeps, row_weights, is_sorted)
        self._do(store, key, partial(self._step, store, theta, given, is_sorted))
        # Mask weights have moved, and what they add to the biases with them.
        store.holds = (self.wiring, theta) if only_live and not self.network.mask_weights else None
        state["step"] += 1
        return self._answer(desk.row_nll, x)

    def _step(self, store: Store, theta: Any, given: Callable[[], None], is_sorted: bool) -> None:
        if not is_sorted:
            sort(self.wiring, store, theta)
        given()

    def _key(
        self,
        desk: Desk,
        how: Learning,
        x: Array,
        context: Array | None,
        keeps: Sequence[Array | None] | None,
        row_weights: Array | None,
        is_sorted: bool,
    ) -> Any:
        """Return what a recorded step stands for: the same work on the same memory."""
        place = self.device.address
        arrays = x, context, row_weights, *self.plain.keeps(keeps)
        found = [
            None if one is None else place(one) if self.device.owns(one) else "taken"
            for one in (*arrays, how.theta, how.first, how.second, how.decay)
        ]
        return id(self), id(desk), tuple(found), how.kind, how.decoupled, how.only_live, is_sorted

    def _do(self, store: Store, key: Any, work: Callable[[], None]) -> None:
        """Do a piece of work; from its third time on as it was recorded in its second."""
        if key not in store.recorded:
            if len(store.recorded) >= REMEMBERED:
                del store.recorded[next(iter(store.recorded))]
            store.recorded[key] = None
            work()
            return
        again = store.recorded[key]
        if again is None:
            again = store.recorded[key] = self.device.record(work)
        again()

    def _set_numbers(self, store: Store, rule: Rule) -> None:
        """Put the numbers of the coming step where kernels find them."""
        numbers = [float(number) for number in rule.numbers]
        self.device.launch("set_numbers", store.dtype, 1, 1, store.numbers, *numbers)

    def _decay(self, store: Store, decay: Array | None) -> Any:
        """Return the coefficients of weight decay on the device, kept for as long as they are the same."""
        if decay is None or self.device.owns(decay):
            return decay
        if store.decay is None or store.decay[0] is not decay:
            store.decay = decay, self.device.put(decay.astype(store.dtype, copy=False))
        return store.decay[1]

    def average(self, averaged: Array, theta: Array, weight: float) -> None:
        if not self.device.owns(theta):
            super().average(averaged, theta, weight)
            return
        n = len_of(theta)
        dtype = self._store(theta).dtype
        self.device.launch("average", dtype, blocks(n), BLOCK, averaged, theta, n, float(weight))

    # ------------------------------------------------------------------------------------------ filling

    def sample(self, theta: Array, uniforms: Array, given: Array | None = None, context: Array | None = None) -> Array:
        return self.sampler.sample(self._held(theta), uniforms, given, context)

    def propagate_means(self, theta: Array, given: Array, context: Array | None = None) -> Array:
        return self.sampler.propagate_means(self._held(theta), given, context)
