"""The seam of the backends: what a model can ask each of them for.

``bind(network, mask_set)``, the one function that every backend offers, returns a `Bound`. Whatever a backend prepares
for a network under a mask set lives in there, and ends with it. The seam lies where a backend can fuse work: a loss
with its gradient, a gradient with the update, a whole sample.

Nothing is checked here: arrays are as `MADE` and `fit` hand them over, of theta's dtype. While a model learns, these
methods alone read and change theta, its gradient, its average and what an optimizer remembers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from made_np.masks.sets import MaskSet
from made_np.network.network import Network
from made_np.optim import Optimizer, State, blocks
from made_np.typing import Array

__all__ = ["Bound"]


class Bound(ABC):
    """A network under one mask set, ready to compute.

    Attributes
    ----------
    network : Network
    plain : Network
        The layers that compute: those of `network`, whose mask weights are folded into the biases (`mask_weights`).
    mask_set : MaskSet

    Notes
    -----
    Everywhere, B is the number of rows, `theta` (P,) holds the parameters, `x` (B, D) the rows and `context` (B, C), or
    None, what they depend on. `keeps` are dropout masks (B, H_l), or None, one per hidden layer; before them, if inputs
    are dropped, theirs (B, I + C). Losses are in nats.
    """

    def __init__(self, network: Network, mask_set: MaskSet) -> None:
        self.network = network
        self.plain = network.plain
        self.mask_set = mask_set

    def own(self, theta: Array) -> Array:
        """Return the parameters of this network: all of theta, unless it is a member of an ensemble."""
        return theta

    # ------------------------------------------------------------------------------------------ scoring

    @abstractmethod
    def raw_outputs(
        self, theta: Array, x: Array, context: Array | None, keeps: Sequence[Array | None] | None = None
    ) -> Array:
        """Return the raw outputs (B, O) for rows `x`."""

    @abstractmethod
    def nll(self, theta: Array, x: Array, context: Array | None, keeps: Sequence[Array | None] | None = None) -> Array:
        """Return -log p(x_d | x before d) of each value, shape (B, D)."""

    @abstractmethod
    def row_nll(
        self, theta: Array, x: Array, context: Array | None, keeps: Sequence[Array | None] | None = None
    ) -> Array:
        """Return -log p(x) of each row, shape (B,), added up in float64."""

    # ------------------------------------------------------------------------------------------ learning

    @abstractmethod
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
        """Return the nll of each row, shape (B,), and overwrite `grad` (P,) with the gradient of its weighted sum.

        Parameters
        ----------
        row_weights : ndarray, shape (B,), optional
            What each row's nll counts in the loss; 1/B (the mean) by default.
        ready : callable, optional
            Called with a part of `grad` as soon as it is finished, while the rest is still to come: the layers from the
            output down, as `Network.parts` has them, or all of it at the end. Together the parts are `grad`. Which they
            are, in which sequence, depends on nothing but backend and network.
        """

    def pull_back(
        self, theta: Array, x: Array, context: Array | None, grad: Array, slope: Callable[[Array, slice], Array]
    ) -> None:
        """Overwrite `grad` (P,) with the gradient of another loss than -log p, on the CPU.

        Parameters
        ----------
        slope : callable
            Is given the raw outputs (b, O) of some of the rows, with the slice of B that these are, and returns the
            gradient of the loss by them, of the same shape. Several threads may call it at once.
        """
        from made_np.backends import _numpy

        _numpy.bind(self.network, self.mask_set).pull_back(theta, x, context, grad, slope)

    def update(
        self,
        theta: Array,
        grad: Array,
        optimizer: Optimizer,
        state: State,
        learning_rate: float,
        decay: Array | None = None,
    ) -> None:
        """Update theta and `state` in place by one step along `grad`; the rest is as `Optimizer.step` takes it."""
        optimizer.step(theta, grad, state, learning_rate, decay)

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
        """Update theta in place by one step on these rows; return the nll (B,) that they had before it.

        It is `loss_and_grad` and then `update`. A backend may do both at once, and move parameters as soon as it has
        their gradient.

        Parameters
        ----------
        grad : ndarray, shape (P,)
            Memory for the gradient; what it holds afterwards is up to the backend.
        row_weights : ndarray, shape (B,), optional
            As in `loss_and_grad`.
        only_live : bool
            Every step is made with this mask set, so weights off its masks may be left as they are.
        """
        nll = self.loss_and_grad(theta, x, context, grad, keeps, row_weights)
        self.update(theta, grad, optimizer, state, learning_rate, decay)
        return nll

    def average(self, averaged: Array, theta: Array, weight: float) -> None:
        """Draw `averaged` (P,) towards theta in place: by `weight` of the way."""
        for block in blocks(len(theta)):
            averaged[block] += weight * (theta[block] - averaged[block])

    # ------------------------------------------------------------------------------------------ filling

    @abstractmethod
    def sample(self, theta: Array, uniforms: Array, given: Array | None = None, context: Array | None = None) -> Array:
        """Draw one row per row of `uniforms`, in the order of the mask set; shape (B, D), the dtype of theta.

        Parameters
        ----------
        uniforms : ndarray, shape (B, D)
            ``uniforms[r, i]`` decides feature i of row r, through the inverse CDF of its conditional.
        given : ndarray, shape (B, D), optional
            Values put in as their feature is reached; NaN where one is to be drawn. Where it is inf, the network is not
            told the value, and nothing is drawn: NaN in the result.
        """

    @abstractmethod
    def propagate_means(self, theta: Array, given: Array, context: Array | None = None) -> Array:
        """Fill each NaN of `given` (B, D) with the centre of its conditional, fed back as if it had been observed.

        For a linear Gaussian model this is the conditional mean of all gaps together. Otherwise it is one central path,
        and the average of many draws is the mean. The centre is the mean; for a categorical feature, its likeliest
        value. Where `given` is inf, it stays untold as in `sample`.
        """
