"""Every layer of the network, forward as well as backward: pairs of pure functions that stand side by side.

How to read this page
---------------------
A network is a chain ``x -> z -> h -> ... -> loss`` of simple functions. Backpropagation walks it from right to left and
asks one question of each: *given how the loss changes with my output, how does it change with my inputs?* The answer
is always the chain rule, summed over every path by which an input acts on the loss.

The page ends with a whole network of two layers, forward, loss and backward. Where masks come from is told in
``masks/masks.py``; how the same pieces make up a network of any depth, in ``backends/_numpy/network.py``.

Conventions
-----------
- ``d<name>`` is the gradient of the loss with respect to ``<name>``, and has its shape.
- B rows in a batch, I inputs of a layer, O outputs. A row of ``x`` is one example; ``W`` is (O, I), one row per output.
- The loss is a mean over rows. Its 1/B enters once, at the loss, never here: layers only sum.
- A backward function takes ``dy``, the gradient of the forward's result, and then the forward's arguments in their
  order. It returns one gradient for each argument of real numbers, in that order; masks of True and False have none.
- A backward function **overwrites** what it writes to. Nothing accumulates, so nothing has to be zeroed first, and
  calling it twice gives the same numbers as calling it once.

What saves work is optional, and goes by name:

- ``out=`` names an array to write to, and to return; without it a new one is made. A function with several gradients
  takes one name for each, ``dW=``, ``dx=``, ...; False there says that this gradient is not wanted, and None is
  returned in its place.
- ``y=`` gives an activation's backward function the forward's result. Most slopes can be read off it, so that z need
  not be kept: with ``y``, None will do for z.
- An output may stand in the memory of an input where that does no harm: activations work in place. Where it would be
  read after it is overwritten, a ValueError says so.

Check any of it for yourself: nudge one entry of an input by +h and -h, divide the change of the output by 2h, compare.
That is what ``made_np.testing.check_vjp`` does:

>>> import numpy as np
>>> from made_np.layers import masked_linear, masked_linear_backward, tanh, tanh_backward
>>> from made_np.testing import check_vjp
>>> rng = np.random.default_rng(0)
>>> z = rng.standard_normal((4, 3))
>>> check_vjp(tanh, tanh_backward, (z,)).ok
True
>>> x, W, b = rng.standard_normal((4, 3)), rng.standard_normal((5, 3)), rng.standard_normal(5)
>>> mask = rng.random((5, 3)) < 0.5
>>> check_vjp(masked_linear, masked_linear_backward, (x, W, b, mask)).ok
True
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from made_np.normal import normal_cdf, normal_pdf
from made_np.typing import Array
from made_np.validation import Unregistered, as_target
from made_np.values import as_a, as_callable, as_choice, as_number, show

Buffer = Array | Literal[False] | None
"""Where a gradient goes: an array to write to, None for a new one, False where it is not wanted."""


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

    Raises
    ------
    ValueError
        If `out` shares memory with `b`, which is read when the rest stands there already.

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
    if out is not None:
        as_target(out, "out", {"b": b})
    # np.where rather than W * mask: NaN * 0 would be NaN, and a weight without a wire must not matter.
    y: Array = np.matmul(x, np.where(mask, W, 0).T, out=out)
    if b is not None:
        y += b
    return y


def masked_linear_backward(
    dy: Array,
    x: Array,
    W: Array,
    b: Array | None,
    mask: NDArray[np.bool_],
    *,
    dx: Buffer = None,
    dW: Buffer = None,
    db: Buffer = None,
) -> tuple[Any, Any, Any]:
    """Return the gradients (dx, dW, db) of `masked_linear`, given that of its output.

    ``dx = dy (W * mask)``, ``dW = (dy^T x) * mask``, ``db = sum of dy over rows``.

    Parameters
    ----------
    dy : ndarray, shape (B, O)
    x, W, b, mask
        As they were in the forward pass. `b` is not read; where it was None, db is None.
    dx : ndarray, shape (B, I), or False, optional
        Training never needs it in the first layer; the Jacobian that proves a model autoregressive does.
    dW : ndarray, shape (O, I), or False, optional
    db : ndarray, shape (O,), or False, optional

    Returns
    -------
    dx : ndarray, shape (B, I), or None
    dW : ndarray, shape (O, I), or None
        Exactly 0 where there is no wire.
    db : ndarray, shape (O,), or None

    Raises
    ------
    ValueError
        If `dx` or `dW`, which are written in this order, shares memory with what is read after it, or is written.

    Notes
    -----
    Start from ``y[n, o] = b[o] + sum_i mask[o, i] W[o, i] x[n, i]`` and apply the chain rule to each input:

    - x[n, i] acts on y[n, o] of every output o, by mask[o, i] W[o, i]:
      ``dx[n, i] = sum_o dy[n, o] mask[o, i] W[o, i]``, that is ``dy (W * mask)``.
    - W[o, i] acts on y[n, o] of every row n, by mask[o, i] x[n, i]:
      ``dW[o, i] = sum_n dy[n, o] mask[o, i] x[n, i]``, that is ``(dy^T x) * mask``.
    - b[o] acts on y[n, o] of every row, by 1: ``db[o] = sum_n dy[n, o]``.

    The mask stands once beside each use of W, forward and backward alike. Forget it in dW, and the optimiser moves
    weights that do nothing; forget it in dx, and the layer below learns through wires that are not there.

    Examples
    --------
    >>> x, dy = np.array([[1.0, 10.0]]), np.array([[1.0, 1.0]])
    >>> W = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> mask = np.array([[True, False], [True, True]])
    >>> dx, dW, db = masked_linear_backward(dy, x, W, np.zeros(2), mask)
    >>> dx
    array([[4., 4.]])
    >>> dW
    array([[ 1.,  0.],
           [ 1., 10.]])
    >>> db
    array([1., 1.])
    """
    dy = np.asarray(dy)
    _own("dx", dx, dy=dy, x=x, mask=mask, dW=dW, db=db)
    _own("dW", dW, dy=dy, mask=mask, db=db)
    to_x = None
    to_W = None
    to_b = None
    if dx is not False:
        to_x = np.matmul(dy, np.where(mask, W, 0), out=dx)
    if dW is not False:
        to_W = np.matmul(dy.T, x, out=dW)
        to_W *= mask
    if db is not False and b is not None:
        to_b = dy.sum(axis=0, out=db)
    return to_x, to_W, to_b


def _own(name: str, out: Buffer, **read: Buffer) -> None:
    """Raise a `ValueError` if `out` is an array that shares memory with one that is read or written after it."""
    if out is not None and out is not False:
        as_target(out, name, read)


# ----------------------------------------------------------------------------------------- activations


def relu(z: ArrayLike, *, out: Array | None = None) -> Array:
    """Keep what is positive: ``y = max(z, 0)``.

    Examples
    --------
    >>> relu([-1.0, 2.0])
    array([0., 2.])
    """
    return np.maximum(z, 0, out=out)


def relu_backward(dy: ArrayLike, z: Any, *, y: ArrayLike | None = None, out: Array | None = None) -> Array:
    """Return dz of `relu`: ``dz = dy where z > 0, else 0``.

    Notes
    -----
    For z > 0 the function is ``y = z`` with slope 1, and y > 0 says just that. For z < 0 it is constant, slope 0.
    At z = 0 there is a kink; any slope between 0 and 1 is a legal choice, and 0 is taken.

    Examples
    --------
    >>> relu_backward([5.0, 5.0], [-1.0, 2.0])
    array([0., 5.])
    """
    return np.multiply(dy, np.greater(z if y is None else y, 0), out=out)


def leaky_relu(z: ArrayLike, *, out: Array | None = None) -> Array:
    """Keep what is positive, and a hundredth of the rest: ``y = max(z, z / 100)``.

    So that no unit falls silent for good (Maas, Hannun and Ng 2013).

    Examples
    --------
    >>> leaky_relu([-1.0, 2.0])
    array([-0.01,  2.  ])
    """
    return np.maximum(z, np.multiply(z, LEAK), out=out)


def leaky_relu_backward(dy: ArrayLike, z: Any, *, y: ArrayLike | None = None, out: Array | None = None) -> Array:
    """Return dz of `leaky_relu`: ``dz = dy where z > 0, else dy / 100``.

    Notes
    -----
    Two straight lines, ``y = z`` for z > 0 and ``y = z / 100`` below; y has the sign of z. At the kink the slope of the
    lower one is taken.

    Examples
    --------
    >>> leaky_relu_backward([5.0, 5.0], [-1.0, 2.0])
    array([0.05, 5.  ])
    """
    return _into(out, np.where(np.greater(z if y is None else y, 0), dy, np.multiply(dy, LEAK)))


LEAK = 0.01
"""The slope of `leaky_relu` below 0."""


def tanh(z: ArrayLike, *, out: Array | None = None) -> Array:
    """Squash to (-1, 1): ``y = (e^z - e^-z) / (e^z + e^-z)``.

    Examples
    --------
    >>> tanh([-1000.0, 0.0, 0.5]).round(3)
    array([-1.   ,  0.   ,  0.462])
    """
    return np.tanh(z, out=out)


def tanh_backward(dy: ArrayLike, z: Any, *, y: ArrayLike | None = None, out: Array | None = None) -> Array:
    """Return dz of `tanh`: ``dz = dy (1 - y^2)``.

    Notes
    -----
    With s = e^z - e^-z and c = e^z + e^-z: s' = c and c' = s. So ``y' = (s/c)' = (c c - s s) / c^2 = 1 - y^2``.

    Examples
    --------
    >>> tanh_backward([1.0, 1.0], [0.0, 0.5]).round(3)
    array([1.   , 0.786])
    """
    y = np.asarray(tanh(z) if y is None else y)
    return np.multiply(dy, 1 - y * y, out=out)


def sigmoid(z: ArrayLike, *, out: Array | None = None) -> Array:
    """Squash to (0, 1): ``y = 1 / (1 + e^-z)``, without overflow for any z.

    Notes
    -----
    ``exp(-|z|)`` never overflows. For z >= 0 the formula holds as it stands; for z < 0 multiply both halves of the
    fraction by e^z, which gives ``e^z / (1 + e^z)``, exact for large negative z too. So on both sides it is
    ``exp(min(z, 0)) / (1 + exp(-|z|))``, where ``min(z, -z)`` is ``-|z|``.

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """
    z = np.asarray(z)
    # min, here and below, goes by the real part: a complex step may pass through (see made_np.testing).
    bottom = 1 + np.exp(np.minimum(z, -z))
    return np.divide(np.exp(np.minimum(z, 0)), bottom, out=out)


def sigmoid_backward(dy: ArrayLike, z: Any, *, y: ArrayLike | None = None, out: Array | None = None) -> Array:
    """Return dz of `sigmoid`: ``dz = dy y (1 - y)``.

    Notes
    -----
    ``y' = e^-z / (1 + e^-z)^2``, which is ``1 / (1 + e^-z)``, i.e. y, times ``e^-z / (1 + e^-z)``, i.e. 1 - y.

    Examples
    --------
    >>> sigmoid_backward([1.0, 1.0], [-1000.0, 0.0])
    array([0.  , 0.25])
    """
    y = np.asarray(sigmoid(z) if y is None else y)
    return np.multiply(dy, y * (1 - y), out=out)


def softplus(z: ArrayLike, *, out: Array | None = None) -> Array:
    """Return a smooth relu: ``y = log(1 + e^z)``, without overflow for any z.

    Notes
    -----
    For z > 0, ``log(1 + e^z) = z + log(1 + e^-z)``; so ``max(z, 0) + log1p(exp(-|z|))`` is right on both sides.

    Examples
    --------
    >>> softplus([-1000.0, 0.0, 10.0]).round(3)
    array([ 0.   ,  0.693, 10.   ])
    """
    z = np.asarray(z)
    tail = np.log1p(np.exp(np.minimum(z, -z)))
    return np.add(relu(z), tail, out=out)


def softplus_backward(dy: ArrayLike, z: Any, *, y: ArrayLike | None = None, out: Array | None = None) -> Array:
    """Return dz of `softplus`: ``dz = dy (1 - e^-y)``.

    Notes
    -----
    ``y' = e^z / (1 + e^z)``, the sigmoid of z. And ``e^-y = 1 / (1 + e^z)``, so ``y' = 1 - e^-y``: read off the output.

    Examples
    --------
    >>> softplus_backward([1.0, 1.0], [0.0, 10.0]).round(3)
    array([0.5, 1. ])
    """
    y = np.asarray(softplus(z) if y is None else y)
    return np.multiply(dy, -np.expm1(-y), out=out)


def elu(z: ArrayLike, *, out: Array | None = None) -> Array:
    """Keep what is positive, and let the rest sink to -1: ``y = max(z, 0) + e^min(z, 0) - 1``.

    Clevert, Unterthiner and Hochreiter 2016, with their alpha = 1.

    Examples
    --------
    >>> elu([-1000.0, -1.0, 2.0]).round(3)
    array([-1.   , -0.632,  2.   ])
    """
    return np.add(relu(z), np.expm1(np.minimum(z, 0)), out=out)


def elu_backward(dy: ArrayLike, z: Any, *, y: ArrayLike | None = None, out: Array | None = None) -> Array:
    """Return dz of `elu`: ``dz = dy (1 + min(y, 0))``.

    Notes
    -----
    For z > 0 the slope is 1, and min(y, 0) = 0. For z < 0, ``y' = (e^z - 1)' = e^z = y + 1``. Both are 1 at 0: no kink.

    Examples
    --------
    >>> elu_backward([1.0, 1.0], [-1.0, 2.0]).round(3)
    array([0.368, 1.   ])
    """
    y = elu(z) if y is None else y
    return np.multiply(dy, 1 + np.minimum(y, 0), out=out)


def selu(z: ArrayLike, *, out: Array | None = None) -> Array:
    """Return an elu whose outputs stay standard where its inputs are: ``y = s (max(z, 0) + a (e^min(z, 0) - 1))``.

    Klambauer, Unterthiner, Mayr and Hochreiter 2017. Their s and a, `SELU_SCALE` and `SELU_ALPHA`, are those with which
    a standard normal z gives a y of mean 0 and variance 1.

    Examples
    --------
    >>> selu([-1000.0, 0.0, 1.0]).round(3)
    array([-1.758,  0.   ,  1.051])
    """
    bend = SELU_ALPHA * np.expm1(np.minimum(z, 0))
    return np.multiply(relu(z) + bend, SELU_SCALE, out=out)


def selu_backward(dy: ArrayLike, z: Any, *, y: ArrayLike | None = None, out: Array | None = None) -> Array:
    """Return dz of `selu`: ``dz = dy s where z > 0, else dy (y + s a)``.

    Notes
    -----
    For z > 0, ``y = s z``. For z < 0, ``y' = (s a (e^z - 1))' = s a e^z``, and that is ``y + s a``. At the kink the
    slope of the lower side, s a, is taken.

    Examples
    --------
    >>> selu_backward([1.0, 1.0], [-1000.0, 1.0]).round(3)
    array([0.   , 1.051])
    """
    y = np.asarray(selu(z) if y is None else y)
    return np.multiply(dy, np.where(y > 0, SELU_SCALE, y + SELU_SCALE * SELU_ALPHA), out=out)


SELU_SCALE = 1.0507009873554804934
SELU_ALPHA = 1.6732632423543772848


def silu(z: ArrayLike, *, out: Array | None = None) -> Array:
    """Let each number open its own gate: ``y = z / (1 + e^-z)``, z times its sigmoid.

    Elfwing, Uchibe and Doya 2018; also known as swish.

    Examples
    --------
    >>> silu([-1.0, 0.0, 100.0]).round(3)
    array([ -0.269,   0.   , 100.   ])
    """
    return np.multiply(z, sigmoid(z), out=out)


def silu_backward(dy: ArrayLike, z: Any, *, y: ArrayLike | None = None, out: Array | None = None) -> Array:
    """Return dz of `silu`: ``dz = dy (s + y (1 - s))`` with ``s = 1 / (1 + e^-z)``.

    It needs z: below its minimum the function rises again, so two z may have one y.

    Notes
    -----
    ``y = z s``, and s' = s (1 - s) as in `sigmoid_backward`. So ``y' = s + z s (1 - s)`` by the product rule; z s is y.

    Examples
    --------
    >>> silu_backward([1.0, 1.0], [0.0, 100.0])
    array([0.5, 1. ])
    """
    s = sigmoid(z)
    y = np.multiply(z, s) if y is None else y
    return np.multiply(dy, s + y * (1 - s), out=out)


def gelu(z: ArrayLike, *, out: Array | None = None) -> Array:
    """Weigh each number by the share of a standard normal below it: ``y = z Phi(z) = z (1 + erf(z / sqrt(2))) / 2``.

    Hendrycks and Gimpel 2016. It is exact to a few roundings: no formula by tanh stands in for erf.

    Examples
    --------
    >>> gelu([-1.0, 0.0, 1.0, 100.0]).round(3)
    array([ -0.159,   0.   ,   0.841, 100.   ])
    """
    z = np.asarray(z)
    below = normal_cdf(z).astype(np.result_type(z, 0.0))
    return np.multiply(z, below, out=out)


def gelu_backward(dy: ArrayLike, z: Any, *, y: ArrayLike | None = None, out: Array | None = None) -> Array:
    """Return dz of `gelu`: ``dz = dy (Phi(z) + z phi(z))``, with phi the density of the standard normal.

    It needs z, as `silu_backward` does, and has no use for y.

    Notes
    -----
    ``y = z Phi(z)``, and Phi' is phi, since Phi is the mass below. By the product rule ``y' = Phi(z) + z phi(z)``.

    Examples
    --------
    >>> gelu_backward([1.0, 1.0], [0.0, 100.0])
    array([0.5, 1. ])
    """
    z = np.asarray(z)
    slope = normal_cdf(z) + z * normal_pdf(z)
    return np.multiply(dy, slope.astype(np.result_type(z, 0.0)), out=out)


def identity(z: ArrayLike, *, out: Array | None = None) -> Array:
    """Change nothing: ``y = z``, as a copy. Several layers are then one linear map, cut into factors.

    Examples
    --------
    >>> identity([-1.0, 2.0])
    array([-1.,  2.])
    """
    return np.positive(z, out=out)


def identity_backward(dy: ArrayLike, z: Any, *, y: ArrayLike | None = None, out: Array | None = None) -> Array:
    """Return dz of `identity`: ``dz = dy``, as a copy.

    Notes
    -----
    ``y = z`` has slope 1 everywhere.

    Examples
    --------
    >>> identity_backward([5.0, 5.0], [-1.0, 2.0])
    array([5., 5.])
    """
    return np.positive(dy, out=out)


def _into(out: Array | None, result: Array) -> Array:
    """Return the result, in `out` if there is one."""
    if out is None:
        return result
    out[...] = result
    return out


# ---------------------------------------------------------------------------------- activations by name


class Activation(NamedTuple):
    """A forward/backward pair, and what a network must know of it."""

    forward: Callable[..., Array]
    """``forward(z) -> y``, entry by entry; with ``out=`` if `from_output`."""
    backward: Callable[..., Array]
    """``backward(dy, z) -> dz``; with ``y=`` if `from_output`."""
    gain: float = 1.0
    """What weights are drawn for: their variance is this, divided by the number of wires into a unit."""
    from_output: bool = False
    """Whether the slope can be read off y, so that z may be overwritten."""

    def run(self, z: Array) -> tuple[Array, Array]:
        """Return y, and what `run_backward` must be given: y, which has then taken the place of z, or z itself."""
        if self.from_output:
            y = self.forward(z, out=z)
            return y, y
        return self.forward(z), z

    def run_backward(self, dy: Array, kept: Array) -> Array:
        """Return dz, from what `run` said to keep."""
        return self.backward(dy, None, y=kept) if self.from_output else self.backward(dy, kept)


# For z standard normal, the variance g / (number of wires) keeps the mean square of what passes from layer to layer if
# g times the mean of y^2 is 1. So He et al. (2015) come to 2 for relu and to 2 / (1 + LEAK^2) for leaky_relu; for elu,
# gelu and silu the mean of y^2 is an integral, computed once. selu is made for g = 1 (LeCun et al. 1998; Klambauer et
# al. 2017). tanh and sigmoid have the 1 of Glorot and Bengio (2010), so have identity, for which it is right by both
# arguments, and softplus, for which it nearly is (1.09).
_ACTIVATIONS: dict[str, Activation] = {
    "relu": Activation(relu, relu_backward, 2.0, from_output=True),
    "tanh": Activation(tanh, tanh_backward, 1.0, from_output=True),
    "sigmoid": Activation(sigmoid, sigmoid_backward, 1.0, from_output=True),
    "softplus": Activation(softplus, softplus_backward, 1.0, from_output=True),
    "elu": Activation(elu, elu_backward, 1.5505188080679272, from_output=True),
    "leaky_relu": Activation(leaky_relu, leaky_relu_backward, 2 / (1 + LEAK**2), from_output=True),
    "selu": Activation(selu, selu_backward, 1.0, from_output=True),
    "identity": Activation(identity, identity_backward, 1.0, from_output=True),
    "gelu": Activation(gelu, gelu_backward, 2.351715614073373),
    "silu": Activation(silu, silu_backward, 2.810761124074471),
}
BUILT_IN = frozenset(_ACTIVATIONS)
"""The names of ours."""
ACTIVATIONS: Mapping[str, Activation] = MappingProxyType(_ACTIVATIONS)
"""Those that a model may have, by name: ours, and what `register_activation` has added."""


def find_activation(activation: str) -> Activation:
    """Return the activation of that name.

    Raises
    ------
    Unregistered
        A `ValueError`: there is none of that name. It lists those that there are.

    Examples
    --------
    >>> find_activation("tanh").forward is tanh
    True
    """
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        raise Unregistered(
            f"activation={show(activation)} is unknown: use one of {tuple(ACTIVATIONS)}, or register your own first "
            "(made_np.layers.register_activation)"
        )
    return ACTIVATIONS[activation]


def register_activation(
    name: str, forward: Callable[[Array], Array], backward: Callable[[Array, Array], Array], *, gain: float = 1.0
) -> None:
    """Give models an activation of your own: ``MADE(..., activation=name)`` works from here on, wherever ours do.

    Files hold the name alone. Whoever reads one must have registered it first, in that process.

    Parameters
    ----------
    name : str
        A Python identifier that is not taken.
    forward : callable
        ``forward(z) -> y``: a new array, entry by entry, with the shape and the dtype of z, float32 or float64.
    backward : callable
        ``backward(dy, z) -> dz``: a new array, ``dy`` times the slope of forward at z.
    gain : float
        Weights are drawn with the variance ``gain / (wires into a unit)``; above 0. Signals keep their scale where it
        is ``1 / mean(forward(z)**2)`` over standard normal z.

    Raises
    ------
    TypeError, ValueError
        A name that is taken, or functions that are not what is said above: they are called, and the slope is compared
        with difference quotients.

    Examples
    --------
    >>> def softsign(z):
    ...     return z / (1 + np.abs(z))
    >>> def softsign_backward(dy, z):
    ...     return dy / (1 + np.abs(z)) ** 2
    >>> register_activation("softsign", softsign, softsign_backward)
    >>> import made_np
    >>> made_np.MADE(4, hidden=(8,), activation="softsign").activation
    'softsign'
    >>> unregister_activation("softsign")
    """
    # Imported here: it brings made_np.testing, which nobody needs who registers nothing.
    from made_np.elementwise import check_elementwise

    as_a(name, "name", str, "give the activation a name")
    if not name.isidentifier():
        raise ValueError(f"name={show(name)}: give a name of letters, digits and _, such as 'softsign'")
    if name in ACTIVATIONS:
        raise ValueError(f"name={show(name)} is taken: choose another one")
    as_callable(forward, "forward", "(z) -> y")
    as_callable(backward, "backward", "(dy, z) -> dz")
    gain = as_number(gain, "gain", "(0, inf)")
    check_elementwise(forward, backward)
    _ACTIVATIONS[name] = Activation(forward, backward, gain)


def unregister_activation(name: str) -> None:
    """Take back what `register_activation` added. Models that have it can compute no more.

    Raises
    ------
    ValueError
        If it is unknown, or one of ours.

    Examples
    --------
    >>> unregister_activation("tanh")
    Traceback (most recent call last):
    ValueError: name='tanh' belongs to made_np, and stays
    """
    if isinstance(name, str) and name in BUILT_IN:
        raise ValueError(f"name={show(name)} belongs to made_np, and stays")
    as_choice(name, "name", [each for each in ACTIVATIONS if each not in BUILT_IN])
    del _ACTIVATIONS[name]


# --------------------------------------------------------------------------------------------- dropout


def dropout_mask(rng: np.random.Generator, shape: tuple[int, ...], rate: float, dtype: DTypeLike = "float32") -> Array:
    """Draw which units to keep, already scaled: 0 with probability `rate`, else ``1 / (1 - rate)``.

    The scale keeps the mean of each unit as it is without dropout (Srivastava et al. 2014), so that nothing changes
    when dropout is left away at test time.

    Examples
    --------
    >>> dropout_mask(np.random.default_rng(0), (1, 5), 0.5)
    array([[2., 2., 2., 0., 0.]], dtype=float32)
    """
    keep = rng.random(shape, dtype=np.float32) >= rate
    return np.multiply(keep, 1 / (1 - rate), dtype=dtype)


def dropout(x: Array, keep: Array, *, out: Array | None = None) -> Array:
    """Switch units off: ``y = x * keep``, with `keep` from `dropout_mask`, the same shape as `x`.

    Examples
    --------
    >>> dropout(np.array([[3.0, 4.0]]), np.array([[2.0, 0.0]]))
    array([[6., 0.]])
    """
    return np.multiply(x, keep, out=out)


def dropout_backward(
    dy: Array, x: Array | None, keep: Array, *, dx: Buffer = None, dkeep: Buffer = None
) -> tuple[Any, Any]:
    """Return the gradients (dx, dkeep) of `dropout`: ``dx = dy * keep``, ``dkeep = dy * x``.

    Training needs dx alone: `keep` is drawn, not learned. With ``dkeep=False`` None will do for x.

    Notes
    -----
    Entry by entry ``y = x keep``: x enters with slope `keep`, which must be that of the forward pass, and `keep` with
    slope x.

    Examples
    --------
    >>> dx, _ = dropout_backward(np.array([[5.0, 5.0]]), None, np.array([[2.0, 0.0]]), dkeep=False)
    >>> dx
    array([[10.,  0.]])
    """
    if dkeep is not False:
        _own("dx", dx, dy=dy, x=x, dkeep=dkeep)
    to_x = None if dx is False else np.multiply(dy, keep, out=dx)
    to_keep = None if dkeep is False else np.multiply(dy, x, out=dkeep)  # type: ignore[arg-type]
    return to_x, to_keep


# ---------------------------------------------------------------------------------------- residual add


def residual_add(y: Array, x: Array, skip: NDArray[np.bool_], *, out: Array | None = None) -> Array:
    """Add the unit below to each unit that may see it: ``s = y + x * skip``.

    Parameters
    ----------
    y, x : ndarray, shape (B, H)
        Output and input of a hidden layer of equal width.
    skip : ndarray of bool, shape (H,)
        True where ``deg_out >= deg_in`` (degrees are explained in ``masks/masks.py``): an identity is a wire like any
        other, and may leak like any other.
    out : ndarray, shape (B, H), optional

    Examples
    --------
    >>> residual_add(np.array([[1.0, 2.0]]), np.array([[10.0, 20.0]]), np.array([True, False]))
    array([[11.,  2.]])
    """
    return np.add(y, np.multiply(x, skip), out=out)


def residual_add_backward(
    ds: Array, y: Array | None, x: Array | None, skip: NDArray[np.bool_], *, dy: Buffer = None, dx: Buffer = None
) -> tuple[Any, Any]:
    """Return the gradients (dy, dx) of `residual_add`: ``dy = ds`` (a copy), ``dx = ds * skip``.

    y and x are not read: None will do.

    Notes
    -----
    s is a sum: y enters with slope 1, hence dy is ds; x enters with slope `skip`. What x gets through the layer that
    computed y comes on top: where a value is used twice, its gradients add.

    Examples
    --------
    >>> dy, dx = residual_add_backward(np.array([[5.0, 5.0]]), None, None, np.array([True, False]))
    >>> dy, dx
    (array([[5., 5.]]), array([[5., 0.]]))
    """
    if dx is not False:
        _own("dy", dy, ds=ds, skip=skip, dx=dx)
    to_y = None if dy is False else np.positive(ds, out=dy)
    to_x = None if dx is False else np.multiply(ds, skip, out=dx)
    return to_y, to_x


# ------------------------------------------------------------------------------------------- mask bias


def mask_bias(U: Array, mask: NDArray[np.bool_]) -> Array:
    """Tell each output which wires it has: ``c[o] = sum_i mask[o, i] U[o, i]``, to be added to its bias.

    Germain et al. 2015, section 4.2: ``(U * M) 1``, where 1 is a vector of ones. It does not depend on x: by it a unit
    can tell an input that is 0 from an input that it does not see. Only models of several mask sets have it.

    Examples
    --------
    >>> mask_bias(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[True, False], [True, True]]))
    array([1., 7.])
    """
    return np.asarray(np.where(mask, U, 0).sum(axis=1))


def mask_bias_backward(dc: Array, U: Array | None, mask: NDArray[np.bool_], *, out: Array | None = None) -> Array:
    """Return dU of `mask_bias`: ``dU[o, i] = mask[o, i] dc[o]``, exactly 0 where there is no wire.

    U is not read: None will do.

    Notes
    -----
    U[o, i] acts on c[o] alone, by mask[o, i]. And c[o] stands beside b[o] in each row: dc is the layer's db.

    Examples
    --------
    >>> mask_bias_backward(np.array([5.0, 6.0]), None, np.array([[True, False], [True, True]]))
    array([[5., 0.],
           [6., 6.]])
    """
    return _into(out, np.where(mask, np.asarray(dc)[:, None], 0))


# ---------------------------------------------------------------------------------- the whole network


def network_loss_and_grad(
    x: Array, W0: Array, b0: Array, W1: Array, b1: Array, mask0: NDArray[np.bool_], mask1: NDArray[np.bool_]
) -> tuple[Any, tuple[Array, Array, Array, Array]]:
    """Return the loss of a network ``x -> z0 -> h -> raw -> nll -> loss``, and the gradients (dW0, db0, dW1, db1).

    With the masks of a mask set it is a MADE with one hidden layer of tanh, for columns of 0 and 1: the logits `raw`
    give p(x_d = 1 | x before d), and the loss is the mean over rows of -log p(x), in nats. With masks that are True
    everywhere it is an autoencoder.

    Parameters
    ----------
    x : ndarray, shape (B, D)
        Rows of 0 and 1, input and target at once.
    W0, b0, mask0 : ndarray, shapes (H, D), (H,) and (H, D)
    W1, b1, mask1 : ndarray, shapes (D, H), (D,) and (D, H)

    Notes
    -----
    Read the forward lines from top to bottom, and each of them once more in the backward lines, from bottom to top:
    every name on the left comes back as ``d<name>``. The first, d_nll, is the slope of ``loss = nll.sum() / B``. That
    is the one place where 1/B enters; it then travels along in every gradient below.

    For d_raw: ``nll = -log p`` with p = sigmoid(raw) for x = 1 and 1 - sigmoid(raw) for x = 0, which for both is
    ``softplus(raw) - x raw``. Of the first term the slope is the sigmoid, of the second -x.

    dx of the first layer is left out: x is what it is.

    Examples
    --------
    A MADE with 3 features, 4 hidden units, and 5 rows; then each gradient beside difference quotients:

    >>> from made_np.masks.masks import make_mask
    >>> from made_np.testing import check_vjp
    >>> rng = np.random.default_rng(0)
    >>> features, hidden = np.array([1, 2, 3]), np.array([1, 1, 2, 2])
    >>> mask0, mask1 = make_mask(hidden, features), make_mask(features, hidden, strict=True)
    >>> x = rng.integers(0, 2, (5, 3)).astype(float)
    >>> params = [rng.standard_normal(shape) for shape in [(4, 3), 4, (3, 4), 3]]
    >>> loss, grads = network_loss_and_grad(x, *params, mask0, mask1)

    >>> h = 1e-5
    >>> W0_plus, W0_minus = params[0].copy(), params[0].copy()
    >>> W0_plus[2, 1] += h
    >>> W0_minus[2, 1] -= h
    >>> up, _ = network_loss_and_grad(x, W0_plus, *params[1:], mask0, mask1)
    >>> down, _ = network_loss_and_grad(x, W0_minus, *params[1:], mask0, mask1)
    >>> bool(abs((up - down) / (2 * h) - grads[0][2, 1]) < 1e-9)
    True

    >>> def loss_of(*params):
    ...     return network_loss_and_grad(x, *params, mask0, mask1)[0]
    >>> def grads_of(dloss, *params):
    ...     return tuple(dloss * grad for grad in network_loss_and_grad(x, *params, mask0, mask1)[1])
    >>> check_vjp(loss_of, grads_of, params).ok
    True
    """
    B = len(x)
    # forward
    z0 = masked_linear(x, W0, b0, mask0)
    h = tanh(z0)
    raw = masked_linear(h, W1, b1, mask1)
    nll = softplus(raw) - x * raw
    loss = nll.sum() / B
    # backward
    d_nll = np.full_like(nll, 1 / B)
    d_raw = d_nll * (sigmoid(raw) - x)
    dh, dW1, db1 = masked_linear_backward(d_raw, h, W1, b1, mask1)
    dz0 = tanh_backward(dh, z0, y=h)
    _, dW0, db0 = masked_linear_backward(dz0, x, W0, b0, mask0, dx=False)
    return loss, (dW0, db0, dW1, db1)
