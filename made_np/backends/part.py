"""A bound network whose parameters are a part of theta."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from made_np.backends.bound import Bound
from made_np.typing import Array

__all__ = ["Part"]


class Part(Bound):
    """One member of an ensemble: the others' parameters stand in theta beside its own, and it does not look at them.

    Attributes
    ----------
    one : Bound
        What computes, from the parameters of the member alone.
    place : slice
        Where these stand in theta.
    """

    def __init__(self, one: Bound, place: slice) -> None:
        super().__init__(one.network, one.mask_set)
        self.one = one
        self.place = place

    def own(self, theta: Array) -> Array:
        """Return the parameters of the member, a view."""
        return theta[self.place]

    def raw_outputs(
        self, theta: Array, x: Array, context: Array | None, keeps: Sequence[Array | None] | None = None
    ) -> Array:
        """Return the raw outputs (B, O) for rows `x`."""
        return self.one.raw_outputs(self.own(theta), x, context, keeps)

    def nll(self, theta: Array, x: Array, context: Array | None, keeps: Sequence[Array | None] | None = None) -> Array:
        """Return -log p(x_d | x before d) of each value, shape (B, D)."""
        return self.one.nll(self.own(theta), x, context, keeps)

    def row_nll(
        self, theta: Array, x: Array, context: Array | None, keeps: Sequence[Array | None] | None = None
    ) -> Array:
        """Return -log p(x) of each row, shape (B,), added up in float64."""
        return self.one.row_nll(self.own(theta), x, context, keeps)

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
        """Return the nll of each row, shape (B,), and overwrite `grad`: it is 0 at the parameters of the others."""
        grad[:] = 0
        nll = self.one.loss_and_grad(self.own(theta), x, context, self.own(grad), keeps, row_weights)
        if ready is not None:
            ready(slice(0, len(grad)))
        return nll

    def pull_back(
        self, theta: Array, x: Array, context: Array | None, grad: Array, slope: Callable[[Array, slice], Array]
    ) -> None:
        """Overwrite `grad` with the gradient of another loss than -log p: 0 at the parameters of the others."""
        grad[:] = 0
        self.one.pull_back(self.own(theta), x, context, self.own(grad), slope)

    def sample(self, theta: Array, uniforms: Array, given: Array | None = None, context: Array | None = None) -> Array:
        """Draw one row per row of `uniforms`, in the order of the mask set; shape (B, D), the dtype of theta."""
        return self.one.sample(self.own(theta), uniforms, given, context)

    def propagate_means(self, theta: Array, given: Array, context: Array | None = None) -> Array:
        """Fill each NaN of `given` (B, D) with the centre of its conditional, fed back as if it had been observed."""
        return self.one.propagate_means(self.own(theta), given, context)
