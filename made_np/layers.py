"""Every layer of the network, forward and backward, each a pair of pure functions that stand side by side.

How to read this page
---------------------
A network is a chain ``x -> z -> h -> ... -> loss`` of simple functions. Backpropagation walks it from right to left and
asks one question of each: *given how the loss changes with my output, how does it change with my inputs?* The answer
is always the chain rule, summed over every path by which an input acts on the loss.

Conventions
-----------
- ``d<name>`` is the gradient of the loss with respect to ``<name>``, and has its shape.
- B rows in a batch, I inputs of a layer, O outputs. A row of ``x`` is one example; ``W`` is (O, I), one row per output.
- The loss is a mean over rows. Its 1/B enters once, at the loss, never here: layers only sum.
- A backward function **overwrites** what it writes to. Nothing accumulates, so nothing has to be zeroed first, and
  calling it twice gives the same numbers as calling it once.
- A backward function takes all that it needs as arguments. Activations ask for their *output* ``y``, since their
  derivative can be read off it: the forward pass may then work in place.
- ``out=`` names an array to write to; without it a new one is made.

Check any of it for yourself: nudge one entry of an input by +h and -h, divide the change of the output by 2h, compare.
That is what ``made_np.testing.check_vjp`` does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from made_np.typing import Array

# --------------------------------------------------------------------------------------- masked linear


def masked_linear(x: Array, W: Array, b: Array | None, mask: NDArray[np.bool_], *, out: Array | None = None) -> Array:
    """Map each row of `x` through the wires that the mask leaves: ``y = x (W * mask)^T + b``.

    Parameters
    ----------
    x : ndarray, shape (B, I)
    W : ndarray, shape (O, I)
        One row of weights per output. Entries off the mask are never used, not even a NaN.
    b : ndarray, shape (O,), or None
    mask : ndarray of bool, shape (O, I)
        True where a wire is present.
    out : ndarray, shape (B, O), optional

    Returns
    -------
    ndarray, shape (B, O)

    Notes
    -----
    Germain et al. 2015, equations 8-9. Entry by entry, ``y[n, o] = b[o] + sum_i mask[o, i] W[o, i] x[n, i]``.

    Examples
    --------
    >>> x = np.array([[1.0, 10.0]])
    >>> W = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> mask = np.array([[True, False], [True, True]])
    >>> masked_linear(x, W, np.zeros(2), mask)
    array([[ 1., 43.]])
    """
    # np.where rather than W * mask: NaN * 0 would be NaN, and a weight without a wire must not matter.
    y: Array = np.matmul(x, np.where(mask, W, W.dtype.type(0)).T, out=out)
    if b is not None:
        y += b
    return y


def masked_linear_backward(
    dy: Array,
    x: Array,
    W: Array,
    mask: NDArray[np.bool_],
    *,
    dW: Array,
    db: Array | None = None,
    dx: Array | None = None,
) -> None:
    """Write the gradients of `masked_linear` with respect to W, b and x, given that of its output.

    ``dW = (dy^T x) * mask``, ``db = sum of dy over rows``, ``dx = dy (W * mask)``.

    Parameters
    ----------
    dy : ndarray, shape (B, O)
    x, W, mask
        As they were in the forward pass.
    dW : ndarray, shape (O, I)
        Overwritten. Exactly 0 where there is no wire.
    db : ndarray, shape (O,), optional
        Overwritten.
    dx : ndarray, shape (B, I), optional
        Overwritten. Leave it out for the first layer: nobody asks for the gradient of the data.

    Notes
    -----
    Start from ``y[n, o] = b[o] + sum_i mask[o, i] W[o, i] x[n, i]`` and apply the chain rule to each input:

    - W[o, i] acts on y[n, o] of every row n, by mask[o, i] x[n, i]:
      ``dW[o, i] = sum_n dy[n, o] mask[o, i] x[n, i]``, that is ``(dy^T x) * mask``.
    - b[o] acts on y[n, o] of every row, by 1: ``db[o] = sum_n dy[n, o]``.
    - x[n, i] acts on y[n, o] of every output o, by mask[o, i] W[o, i]:
      ``dx[n, i] = sum_o dy[n, o] mask[o, i] W[o, i]``, that is ``dy (W * mask)``.

    The mask stands once beside each use of W, forward and backward alike. Forget it in dW, and the optimiser moves
    weights that do nothing; forget it in dx, and the layer below learns through wires that are not there.

    Examples
    --------
    >>> x, dy = np.array([[1.0, 10.0]]), np.array([[1.0, 1.0]])
    >>> W = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> mask = np.array([[True, False], [True, True]])
    >>> dW, db, dx = np.empty((2, 2)), np.empty(2), np.empty((1, 2))
    >>> masked_linear_backward(dy, x, W, mask, dW=dW, db=db, dx=dx)
    >>> dW
    array([[ 1.,  0.],
           [ 1., 10.]])
    >>> dx
    array([[4., 4.]])
    """
    np.matmul(dy.T, x, out=dW)
    dW *= mask
    if db is not None:
        np.sum(dy, axis=0, out=db)
    if dx is not None:
        np.matmul(dy, np.where(mask, W, W.dtype.type(0)), out=dx)


# ------------------------------------------------------------------------------------------- mask bias


def mask_bias(U: Array, mask: NDArray[np.bool_]) -> Array:
    """Tell each output which wires it has: ``c[o] = sum_i mask[o, i] U[o, i]``, to be added to its bias.

    Germain et al. 2015, section 4.2: ``(U * M) 1``, where 1 is a vector of ones. It does not depend on x: by it a unit
    can tell an input that is 0 from an input that it does not see.
    """
    return np.asarray(np.where(mask, U, U.dtype.type(0)).sum(axis=1))


def mask_bias_backward(dc: Array, mask: NDArray[np.bool_], *, dU: Array) -> None:
    """Write the gradient of `mask_bias` to `dU`: ``dU[o, i] = mask[o, i] dc[o]``, exactly 0 where there is no wire.

    Notes
    -----
    U[o, i] acts on c[o] alone, by mask[o, i]. And c[o] stands beside b[o] in each row: dc is the layer's db.
    """
    dU[...] = np.where(mask, dc[:, None], dc.dtype.type(0))


# ----------------------------------------------------------------------------------------- activations


def relu(z: Array, *, out: Array | None = None) -> Array:
    """Keep what is positive: ``y = max(z, 0)``.

    Examples
    --------
    >>> relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    return np.maximum(z, z.dtype.type(0), out=out)


def relu_backward(dy: Array, y: Array, *, out: Array | None = None) -> Array:
    """Return dz of `relu` from its output: ``dz = dy where y > 0, else 0``.

    Notes
    -----
    For z > 0 the function is ``y = z`` with slope 1, and y > 0 says just that. For z < 0 it is constant, slope 0.
    At z = 0 there is a kink; any slope between 0 and 1 is a legal choice, and 0 is taken.
    """
    return np.multiply(dy, y > 0, out=out)


def tanh(z: Array, *, out: Array | None = None) -> Array:
    """Squash to (-1, 1): ``y = (e^z - e^-z) / (e^z + e^-z)``."""
    return np.tanh(z, out=out)


def tanh_backward(dy: Array, y: Array, *, out: Array | None = None) -> Array:
    """Return dz of `tanh` from its output: ``dz = dy (1 - y^2)``.

    Notes
    -----
    With s = e^z - e^-z and c = e^z + e^-z: s' = c and c' = s. So ``y' = (s/c)' = (c c - s s) / c^2 = 1 - y^2``.
    """
    return np.multiply(dy, 1 - y * y, out=out)


def sigmoid(z: Array, *, out: Array | None = None) -> Array:
    """Squash to (0, 1): ``y = 1 / (1 + e^-z)``, without overflow for any z.

    Notes
    -----
    e^-|z| never overflows. For z >= 0 the formula holds as it stands; for z < 0 multiply both halves of the fraction
    by e^z, which gives ``e^z / (1 + e^z)``, exact for large negative z too.

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    positive = z.real >= 0
    e = np.exp(np.where(positive, -z, z))
    return np.divide(np.where(positive, e.dtype.type(1), e), 1 + e, out=out)


def sigmoid_backward(dy: Array, y: Array, *, out: Array | None = None) -> Array:
    """Return dz of `sigmoid` from its output: ``dz = dy y (1 - y)``.

    Notes
    -----
    ``y' = e^-z / (1 + e^-z)^2``, which is ``1 / (1 + e^-z)``, i.e. y, times ``e^-z / (1 + e^-z)``, i.e. 1 - y.
    """
    return np.multiply(dy, y * (1 - y), out=out)


def softplus(z: Array, *, out: Array | None = None) -> Array:
    """Return a smooth relu: ``y = log(1 + e^z)``, without overflow for any z.

    Notes
    -----
    For z > 0, ``log(1 + e^z) = z + log(1 + e^-z)``; so ``max(z, 0) + log1p(e^-|z|)`` is right on both sides.

    Examples
    --------
    >>> softplus(np.array([-1000.0, 0.0, 10.0])).round(3)
    array([ 0.   ,  0.693, 10.   ])
    """
    tail = np.log1p(np.exp(np.where(z.real >= 0, -z, z)))
    return np.add(relu(z), tail, out=out)


def softplus_backward(dy: Array, y: Array, *, out: Array | None = None) -> Array:
    """Return dz of `softplus` from its output: ``dz = dy (1 - e^-y)``.

    Notes
    -----
    ``y' = e^z / (1 + e^z)``, the sigmoid of z. And ``e^-y = 1 / (1 + e^z)``, so ``y' = 1 - e^-y``: read off the output.
    """
    return np.multiply(dy, -np.expm1(-y), out=out)


class Activation(NamedTuple):
    """A forward/backward pair: ``forward(z) -> y`` and ``backward(dy, y) -> dz``."""

    forward: Callable[..., Array]
    backward: Callable[..., Array]


ACTIVATIONS: dict[str, Activation] = {
    "relu": Activation(relu, relu_backward),
    "tanh": Activation(tanh, tanh_backward),
    "sigmoid": Activation(sigmoid, sigmoid_backward),
    "softplus": Activation(softplus, softplus_backward),
}


# --------------------------------------------------------------------------------------------- dropout


def dropout_mask(rng: np.random.Generator, shape: tuple[int, ...], rate: float, dtype: DTypeLike = "float32") -> Array:
    """Draw which units to keep, already scaled: 0 with probability `rate`, else ``1 / (1 - rate)``.

    The scale keeps the mean of each unit as it is without dropout (Srivastava et al. 2014), so that nothing changes
    when dropout is left away at test time.
    """
    keep = rng.random(shape, dtype=np.float32) >= rate
    return np.multiply(keep, 1 / (1 - rate), dtype=dtype)


def dropout(x: Array, keep: Array, *, out: Array | None = None) -> Array:
    """Switch units off: ``y = x * keep``, with `keep` from `dropout_mask`, the same shape as `x`."""
    return np.multiply(x, keep, out=out)


def dropout_backward(dy: Array, keep: Array, *, out: Array | None = None) -> Array:
    """Return dx of `dropout`: ``dx = dy * keep``.

    Notes
    -----
    Entry by entry ``y = keep x`` with `keep` a constant: the slope is `keep`. It must be the mask of the forward pass.
    """
    return np.multiply(dy, keep, out=out)


# ---------------------------------------------------------------------------------------- residual add


def residual_add(y: Array, x: Array, skip: NDArray[np.bool_], *, out: Array | None = None) -> Array:
    """Add the unit below to each unit that may see it: ``s = y + x * skip``.

    Parameters
    ----------
    y, x : ndarray, shape (B, H)
        Output and input of a hidden layer of equal width.
    skip : ndarray of bool, shape (H,)
        True where ``deg_out >= deg_in``: an identity is a wire like any other, and may leak like any other.
    """
    return np.add(y, x * skip, out=out)


def residual_add_backward(ds: Array, skip: NDArray[np.bool_], *, dx: Array | None = None) -> Array:
    """Return what reaches x through the skip of `residual_add`: ``dx = ds * skip`` (and ``dy = ds``).

    Notes
    -----
    s is a sum: y enters with slope 1, hence dy is ds itself; x enters with slope `skip`. What x gets through the layer
    that computed y comes on top: where a value is used twice, its gradients add.
    """
    return np.multiply(ds, skip, out=dx)
