"""The fast backend: kernels that numba compiles, and that follow the staircases of the masks.

Read `tables` for how a network looks from below, `tile` for the arithmetic, `forward`, `losses`, `backward` and
`weights` for one step in its order. The functions here are those of every backend.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from made_np.backends import _numpy
from made_np.backends._numba.forks import wait_for_compilers
from made_np.backends._numba.run import Batch
from made_np.backends._numba.tables import plan_of
from made_np.masks.sets import MaskSet
from made_np.network.network import Network
from made_np.optim import Optimizer, State
from made_np.typing import Array

__all__ = ["loss_and_grad", "nll", "params", "row_nll", "sample", "train_step"]

wait_for_compilers()


def params(network: Network, theta: Array, x: Array, context: Array | None, mask_set: MaskSet) -> Array:
    """Return the raw outputs (B, O) for rows `x` (B, D)."""
    plan = plan_of(network, mask_set)
    if plan is None:
        return _numpy.params(network, theta, x, context, mask_set)
    batch = Batch(plan, theta, x, context)
    return batch.raw()


def nll(network: Network, theta: Array, x: Array, context: Array | None, mask_set: MaskSet) -> Array:
    """Return -log p(x_d | x before d) of each value, in nats, shape (B, D)."""
    plan = plan_of(network, mask_set)
    if plan is None:
        return _numpy.nll(network, theta, x, context, mask_set)
    return Batch(plan, theta, x, context).feature_nll()


def row_nll(
    network: Network,
    theta: Array,
    x: Array,
    context: Array | None,
    mask_set: MaskSet,
    keeps: Sequence[Array | None] | None = None,
) -> Array:
    """Return -log p(x) of each row, in nats, shape (B,), added up in float64."""
    plan = plan_of(network, mask_set)
    if plan is None:
        return _numpy.row_nll(network, theta, x, context, mask_set, keeps)
    return Batch(plan, theta, x, context, keeps).row_nll()


def loss_and_grad(
    network: Network,
    theta: Array,
    x: Array,
    context: Array | None,
    mask_set: MaskSet,
    grad: Array,
    keeps: Sequence[Array | None] | None = None,
    row_weights: Array | None = None,
) -> Array:
    """Return the nll of each row in nats, shape (B,), and overwrite `grad` with the gradient of its weighted sum."""
    plan = plan_of(network, mask_set)
    if plan is None:
        return _numpy.loss_and_grad(network, theta, x, context, mask_set, grad, keeps, row_weights)
    return Batch(plan, theta, x, context, keeps, row_weights).gradient(grad)


def train_step(
    network: Network,
    theta: Array,
    x: Array,
    context: Array | None,
    mask_set: MaskSet,
    grad: Array,
    optimizer: Optimizer,
    state: State,
    learning_rate: float,
    decay: Array | None = None,
    keeps: Sequence[Array | None] | None = None,
    *,
    only_live: bool = False,
) -> Array:
    """Update theta in place by one step on these rows; return the nll (B,) that they had before it."""
    plan = plan_of(network, mask_set)
    if plan is None:
        step = _numpy.train_step
        return step(network, theta, x, context, mask_set, grad, optimizer, state, learning_rate, decay, keeps)
    batch = Batch(plan, theta, x, context, keeps)
    return batch.step(grad, optimizer, state, learning_rate, decay, only_live)


def sample(
    network: Network,
    theta: Array,
    uniforms: Array,
    mask_set: MaskSet,
    given: Array | None = None,
    context: Array | None = None,
) -> Array:
    """Draw one row per row of `uniforms`, in the order of `mask_set`; see `_numpy.sampling.ancestral`."""
    plan = plan_of(network, mask_set)
    if plan is None:
        return _numpy.sample(network, theta, uniforms, mask_set, given, context)
    if given is None:
        given = np.full(uniforms.shape, np.nan, theta.dtype)
    return Batch(plan, theta, given, context).sample(uniforms)
