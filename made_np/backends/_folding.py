"""A backend for networks with mask weights: folds them away, and lets another backend compute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

from made_np.masks.sets import MaskSet
from made_np.network.mask_weights import fold, fold_backward
from made_np.network.network import Network
from made_np.optim import Optimizer, State
from made_np.typing import Array


@dataclass(frozen=True)
class Folding:
    """The functions of a backend, for any network; see `_numpy` for what they do and take.

    Attributes
    ----------
    backend : module
        Computes the network without mask weights.
    """

    backend: ModuleType

    def params(self, network: Network, theta: Array, x: Array, context: Array | None, mask_set: MaskSet) -> Array:
        """Return the raw outputs (B, O) for rows `x` (B, D)."""
        raw: Array = self.backend.params(*fold(network, theta, mask_set), x, context, mask_set)
        return raw

    def nll(self, network: Network, theta: Array, x: Array, context: Array | None, mask_set: MaskSet) -> Array:
        """Return -log p(x_d | x before d) of each value, in nats, shape (B, D)."""
        nll: Array = self.backend.nll(*fold(network, theta, mask_set), x, context, mask_set)
        return nll

    def row_nll(
        self,
        network: Network,
        theta: Array,
        x: Array,
        context: Array | None,
        mask_set: MaskSet,
        keeps: Sequence[Array | None] | None = None,
    ) -> Array:
        """Return -log p(x) of each row, in nats, shape (B,), added up in float64."""
        nll: Array = self.backend.row_nll(*fold(network, theta, mask_set), x, context, mask_set, keeps)
        return nll

    def loss_and_grad(
        self,
        network: Network,
        theta: Array,
        x: Array,
        context: Array | None,
        mask_set: MaskSet,
        grad: Array,
        keeps: Sequence[Array | None] | None = None,
        row_weights: Array | None = None,
    ) -> Array:
        """Return the nll of each row in nats (B,), and overwrite `grad` with the gradient of its weighted sum."""
        plain, folded = fold(network, theta, mask_set)
        part = grad[: folded.size]
        nll: Array = self.backend.loss_and_grad(plain, folded, x, context, mask_set, part, keeps, row_weights)
        fold_backward(network, grad, mask_set)
        return nll

    def train_step(
        self,
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
        """Update theta in place by one step on these rows; return the nll (B,) that they had before it.

        A backend may move parameters as soon as it has their gradient. Here that has to wait for all of it.
        """
        nll = self.loss_and_grad(network, theta, x, context, mask_set, grad, keeps)
        optimizer.step(theta, grad, state, learning_rate, decay)
        return nll

    def sample(
        self,
        network: Network,
        theta: Array,
        uniforms: Array,
        mask_set: MaskSet,
        given: Array | None = None,
        context: Array | None = None,
    ) -> Array:
        """Draw one row per row of `uniforms`, in the order of `mask_set`; see `_numpy.sampling.ancestral`."""
        x: Array = self.backend.sample(*fold(network, theta, mask_set), uniforms, mask_set, given, context)
        return x
