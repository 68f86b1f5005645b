"""Where each named parameter lies in one flat vector.

Training, finite differences, L-BFGS, a checkpoint and an all-reduce then each see a single array, ``theta``, while
layers see matrices: views into it, which are made on demand and never stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.lazy import lazy
from made_np.values import as_a, as_count


@dataclass(frozen=True)
class Layout:
    """Where each named parameter lies in a flat vector of length `size`.

    Attributes
    ----------
    names : tuple of str
        Weights start with "W", mask weights with "U", biases with "b".
    shapes : tuple of tuple of int
        One per name, stored one after the other in row-major order.

    Examples
    --------
    >>> layout = Layout(("W0", "b0"), ((2, 3), (2,)))
    >>> layout.size
    8
    >>> layout.locate(5), layout.locate(7)
    ('W0[1, 2]', 'b0[1]')
    """

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]

    @lazy
    def size(self) -> int:
        """P, the number of parameters."""
        return sum(prod(shape) for shape in self.shapes)

    @lazy
    def slices(self) -> dict[str, slice]:
        """The part of the flat vector that each name owns."""
        slices = {}
        start = 0
        for name, shape in zip(self.names, self.shapes, strict=True):
            slices[name] = slice(start, start + prod(shape))
            start += prod(shape)
        return slices

    @property
    def weight_names(self) -> tuple[str, ...]:
        """Names of the weight matrices, those of mask weights among them."""
        return tuple(name for name in self.names if name.startswith(("W", "U")))

    def views(self, theta: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Return the parameters by name, as views into `theta` (writing to one writes to the other).

        Parameters
        ----------
        theta : ndarray, shape (P,)
            C-contiguous, of any dtype.

        Raises
        ------
        TypeError, ValueError
            `theta` is no array, has another shape, or is not contiguous (then a view could not be had).
        """
        as_a(theta, "theta", np.ndarray, f"give a NumPy array of shape ({self.size},)")
        if theta.shape != (self.size,):
            raise ValueError(f"theta has shape {theta.shape}: this layout needs ({self.size},)")
        if not theta.flags.c_contiguous:
            raise ValueError("theta is not contiguous: pass np.ascontiguousarray(theta)")
        views = {}
        for (name, place), shape in zip(self.slices.items(), self.shapes, strict=True):
            views[name] = theta[place].reshape(shape)
        return views

    def locate(self, k: int) -> str:
        """Return the name of entry `k` of the flat vector, such as ``"W1[4, 7]"``.

        Raises
        ------
        TypeError, ValueError
            `k` is not in 0..P-1.
        """
        k = as_count(k, "k", 0, self.size - 1)
        name, own = next((name, own) for name, own in self.slices.items() if own.start <= k < own.stop)
        index = np.unravel_index(k - own.start, self.shapes[self.names.index(name)])
        return f"{name}[{', '.join(str(int(i)) for i in index)}]"

    def weights(self) -> NDArray[np.bool_]:
        """Return (P,) booleans: True for entries of weight matrices, False for biases."""
        is_weight = np.zeros(self.size, dtype=bool)
        for name in self.weight_names:
            is_weight[self.slices[name]] = True
        return is_weight
