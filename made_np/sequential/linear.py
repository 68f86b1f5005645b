"""Layers that own their weights, so that a network is a list of them."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from made_np.layers import find_activation, masked_linear, masked_linear_backward
from made_np.typing import Array
from made_np.validation import as_doubles
from made_np.values import as_count

__all__ = ["Elementwise", "MaskedLinear", "as_matrix"]


class MaskedLinear:
    """A linear layer whose wires may be cut: ``y = x (W * mask)^T + b``.

    Parameters
    ----------
    n_inputs, n_outputs : int
        I and O.

    Attributes
    ----------
    W : ndarray, shape (O, I)
    b : ndarray, shape (O,)
        0 until a `Sequential` draws a start, or somebody writes numbers into them.
    mask : ndarray of bool, shape (O, I)
        True where a wire is present: everywhere, until a `Sequential` sets it.
    degrees : ndarray of int, shape (O,), or None
        The numbers of the units that the mask was made from.
    dW, db : ndarray or None
        What the latest `backward` found.

    Examples
    --------
    >>> layer = MaskedLinear(2, 1)
    >>> layer.W[:] = 3.0
    >>> layer.mask[0, 1] = False
    >>> layer.forward([[1.0, 10.0]]), layer.backward([[1.0]])
    (array([[3.]]), array([[3., 0.]]))
    >>> layer.dW
    array([[1., 0.]])
    """

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        self.n_inputs = as_count(n_inputs, "n_inputs")
        self.n_outputs = as_count(n_outputs, "n_outputs")
        self.W: Array = np.zeros((self.n_outputs, self.n_inputs))
        self.b: Array = np.zeros(self.n_outputs)
        self.mask = np.ones(self.W.shape, dtype=bool)
        self.degrees: Array | None = None
        self.dW: Array | None = None
        self.db: Array | None = None
        self._x: Array | None = None

    def __repr__(self) -> str:
        wires = f"{int(self.mask.sum())} of {self.mask.size} wires"
        return f"MaskedLinear({self.n_inputs}, {self.n_outputs}), {wires}"

    def forward(self, x: Any) -> Array:
        """Return y (B, O) for `x` (B, I), and remember x."""
        self._x = as_matrix(x, self.n_inputs, "x")
        with np.errstate(all="ignore"):  # what is not finite is seen in what comes out
            return masked_linear(self._x, self.W, self.b, self.mask)

    def backward(self, dy: Any) -> Array:
        """Return dx (B, I), given dy (B, O) of the latest `forward`, and keep dW and db."""
        x = _remembered(self._x)
        given = as_matrix(dy, self.n_outputs, "dy")
        if len(given) != len(x):
            raise ValueError(f"dy has {len(given)} rows, the latest forward had {len(x)}: give one for each")
        with np.errstate(all="ignore"):
            dx, self.dW, self.db = masked_linear_backward(given, x, self.W, self.b, self.mask)
        return cast(Array, dx)


class Elementwise:
    """An activation as a layer.

    Parameters
    ----------
    activation : str
        As that of `MADE`: "relu", "elu", "tanh", ...

    Examples
    --------
    >>> layer = Elementwise("relu")
    >>> layer.forward([[-1.0, 2.0]]), layer.backward([[5.0, 5.0]])
    (array([[0., 2.]]), array([[0., 5.]]))
    """

    def __init__(self, activation: str) -> None:
        self._act = find_activation(activation)
        self.activation = activation
        self._z: Array | None = None

    def __repr__(self) -> str:
        return f"Elementwise({self.activation!r})"

    def forward(self, z: Any) -> Array:
        """Return y for `z`, of the same shape, and remember z."""
        self._z = as_doubles(z, "z")
        return self._act.forward(self._z)

    def backward(self, dy: Any) -> Array:
        """Return dz, given dy of the latest `forward`."""
        z = _remembered(self._z)
        given = as_doubles(dy, "dy")
        if given.shape != z.shape:
            raise ValueError(f"dy has shape {given.shape}, the latest forward had {z.shape}: give one for each")
        return self._act.backward(given, z)


def _remembered(x: Array | None) -> Array:
    if x is None:
        raise ValueError("dy came before any forward: call forward(x) first, which remembers what backward needs")
    return x


def as_matrix(x: Any, n_columns: int, name: str) -> Array:
    """Return `x` as (B, n_columns) numbers, finite or not, so that a training which diverges is told by its loss."""
    matrix = as_doubles(x, name)
    if matrix.ndim != 2 or matrix.shape[1] != n_columns:
        raise ValueError(f"{name} has shape {matrix.shape}: this layer needs (B, {n_columns})")
    return matrix
