"""Planted faults: gradients of the kinds that a check along one random direction let pass in public.

torch's fast gradcheck compares one number, the derivative along one vector of positive numbers, which is the same at
each call. The sources are issues of pytorch/pytorch.
"""

from __future__ import annotations

import numpy as np

from ..adapter import Adapter
from ..compare import Bools, Floats
from ..networks import make_network, tanh_backward
from ..plans import make_plan
from .faults_gradient import in_block, with_parts
from .mutant import ORDER, planted, standard

CAUGHT = "gradient"
LONGEST = 1.0
"""Rows of weights that are longer are shortened to it."""
GROUP = slice(0, 5)
"""Units of one degree: sorting them mixes no more than they may know."""


def shortened(W: Floats, mask: Bools) -> Floats:
    """The masked weights, each row no longer than `LONGEST`: a max-norm constraint."""
    kept = W * mask
    return kept * _factor(kept)


def shortened_backward(dV: Floats, W: Floats, mask: Bools) -> Floats:
    """``dW = f (dV - W (W dV) / |W|^2)``, ``f = LONGEST / |W|``, in rows that were shortened, dV in others."""
    kept = W * mask
    is_long = _factor(kept) < 1
    square = (kept**2).sum(axis=1, keepdims=True) + (kept == 0).all(axis=1, keepdims=True)
    along = (kept * dV).sum(axis=1, keepdims=True) / square
    return np.where(is_long, _factor(kept) * (dV - kept * along), dV) * mask


def _factor(kept: Floats) -> Floats:
    length = np.sqrt((kept**2).sum(axis=1, keepdims=True))
    return LONGEST / np.maximum(length, LONGEST)


def with_short_rows(rng: np.random.Generator, *, is_right: bool) -> Adapter:
    """A network with a max-norm constraint, and the gradient of it or of the weights that it makes."""

    def backward(dy: Floats, h: Floats, W: Floats, mask: Bools) -> tuple[Floats, ...]:
        dV = (dy.T @ h) * mask
        dW = shortened_backward(dV, W, mask) if is_right else dV * _factor(W * mask)
        return dW, dy.sum(axis=0), dy @ shortened(W, mask)

    return with_parts(standard(rng), apply_mask=shortened, linear_backward=backward)


@planted("rows of weights are shortened to a norm, which the gradient takes for a constant", CAUGHT)
def _norm_taken_for_a_constant(rng: np.random.Generator) -> Adapter:
    """#59584, mended by #59615: the gradient of renorm was wrong, and fast gradcheck passed.

    That Jacobian was large, with few entries that are not 0; in a network as small as this the fast check fails, too.
    """
    return with_short_rows(rng, is_right=False)


@planted("the smallest fiftieth of the derivatives is dropped", CAUGHT)
def _smallest_dropped(rng: np.random.Generator) -> Adapter:
    """#59650: fast gradcheck scales its absolute tolerance as if all entries erred alike: a few may err by far more."""
    net = standard(rng)

    def grad(theta: Floats) -> Floats:
        out = net.grad(theta)
        size = np.abs(out)
        return np.where(size > np.quantile(size[size > 0], 0.02), out, 0.0)

    return net.adapter(grad=grad)


def sorted_tanh(z: Floats) -> Floats:
    """``tanh(z)``, a group of units in rising order."""
    h = np.tanh(z)
    h[:, GROUP] = np.sort(h[:, GROUP], axis=1)
    return h


def sorted_tanh_backward(dh: Floats, z: Floats, *, is_right: bool) -> Floats:
    """``dz``: each gradient goes back to the unit that its value came from."""
    place = np.argsort(z[:, GROUP], axis=1)
    place = np.argsort(place, axis=1) if is_right else place
    back = dh.copy()
    back[:, GROUP] = np.take_along_axis(dh[:, GROUP], place, axis=1)
    return tanh_backward(back, z)


def with_sorted_units(rng: np.random.Generator, *, is_right: bool) -> Adapter:
    """A network that sorts five units of one degree, and sends their gradients back to them or elsewhere."""
    degrees = [1, 1, 1, 1, 1, 2, 3, 4]
    net = make_network(rng, make_plan(ORDER, [degrees, degrees]))

    def backward(dh: Floats, z: Floats) -> Floats:
        return sorted_tanh_backward(dh, z, is_right=is_right)

    return with_parts(net, activation=sorted_tanh, activation_backward=backward)


@planted("units are sorted, and their gradients are permuted once more in place of back", CAUGHT)
def _permuted_once_more(rng: np.random.Generator) -> Adapter:
    """#57166: fast gradcheck passed sort where the full one did not, as few of 8000 x 8000 entries differ.

    There the steps may have been to blame, which change the order. This is the fault that would pass likewise: all
    values are right, in the wrong places.
    """
    return with_sorted_units(rng, is_right=False)


@planted("two entries err by as much, one up, one down: their sum is right", CAUGHT)
def _errors_that_cancel(rng: np.random.Generator) -> Adapter:
    """Along a vector whose entries for both are alike, as one of positive numbers can be, nothing is off."""
    net = standard(rng)
    return in_block(net, "b2", lambda d: d + 1e-3 * np.array([1.0, -1.0, 0.0, 0.0, 0.0]))
