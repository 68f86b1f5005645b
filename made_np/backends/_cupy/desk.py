"""The memory that passes through a network need on a device, kept from one to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from made_np.backends._cupy.wiring import Product, Wiring
from made_np.typing import Array

__all__ = ["Desk", "Store", "store_of"]

KEPT = 4
"""So many desks are kept: those of whole batches, and of the last one of a pass."""

_stores: WeakValueDictionary[Any, Store] = WeakValueDictionary()


def store_of(wiring: Wiring, dtype: Any) -> Store:
    """Return the store that all mask sets of a network share: they take turns."""
    shapes = tuple((product.n_out, product.n_in) for product in wiring.products)
    key = (wiring.device, tuple(wiring.widths), wiring.n_features, wiring.residual, shapes, np.dtype(dtype).name)
    store = _stores.get(key)
    if store is None:
        store = Store(wiring, np.dtype(dtype))
        _stores[key] = store
    return store


class Store:
    """Weights by degree, for one mask set at a time.

    Attributes
    ----------
    weights : dict of str to array (n_out, n_in)
        With 0 where there is no wire.
    biases : list of array
        Of each layer above the inputs; mask weights are added to them.
    numbers : array (6,)
        Those of the coming step, as in `backends.rules`.
    holds : tuple or None
        Whose weights they are: a wiring, and theta as it is held.
    """

    def __init__(self, wiring: Wiring, dtype: np.dtype[Any]) -> None:
        device = wiring.device
        self.device = device
        self.dtype = dtype
        self.weights = {one.name: device.empty((one.n_out, one.n_in), dtype) for one in wiring.products}
        self.biases = [device.empty(width, dtype) for width in wiring.widths[1:]]
        self.numbers = device.zeros(6, np.float64)
        self.holds: tuple[Wiring, Any] | None = None
        self.gradients: dict[str, Any] = {}
        self.dbiases = [device.empty(width, dtype) for width in wiring.widths[1:]]
        self.desks: dict[tuple[int, bool], Desk] = {}
        self.recorded: dict[Any, Callable[[], None] | None] = {}
        self.decay: tuple[Array, Any] | None = None

    def holds_those_of(self, wiring: Wiring, theta: Any) -> bool:
        """Return whether weights are there already, of theta as it is."""
        return self.holds is not None and self.holds[0] is wiring and self.holds[1] is theta

    def gradient(self, product: Product) -> Any:
        """Return memory for the gradient of a product's weights."""
        if product.name not in self.gradients:
            self.gradients[product.name] = self.device.empty((product.n_out, product.n_in), self.dtype)
        return self.gradients[product.name]

    def desk(self, wiring: Wiring, n: int, *, learning: bool) -> Desk:
        """Return the memory for n rows."""
        key = n, learning
        if key not in self.desks:
            while len(self.desks) >= KEPT:
                del self.desks[next(iter(self.desks))]
            self.desks[key] = Desk(wiring, n, self.dtype, learning=learning)
        return self.desks[key]


class Desk:
    """Memory for n rows on their way through a network.

    Attributes
    ----------
    values : array (n, D)
        By place in the order.
    layers : list of array (n, width)
        The inputs, each hidden layer, and the raw outputs.
    nll : array (n, D)
        By place in the order.
    row_nll : array (n,) of float64
    plain : list of array (n, width) or None
        What the slope of each hidden layer is computed from.
    dlayers, dz : list of array (n, width)
        Gradients of the layers' results, and of what the activation was given. None for the inputs.
    """

    def __init__(self, wiring: Wiring, n: int, dtype: np.dtype[Any], *, learning: bool) -> None:
        device = wiring.device
        self.device = device
        self.n = n
        self.dtype = dtype
        self.values = device.empty((n, wiring.n_features), dtype)
        self.layers = [device.empty((n, width), dtype) for width in wiring.widths]
        self.nll = device.empty((n, wiring.n_features), dtype)
        self.row_nll = device.empty(n, np.float64)
        self.slots: dict[str, Any] = {}
        self.plain: list[Any] = []
        self.dlayers: list[Any] = []
        self.dz: list[Any] = []
        if not learning:
            return
        hidden = wiring.widths[1:-1]
        self.dlayers = [None, *(device.empty((n, width), dtype) for width in wiring.widths[1:])]
        # The gradient of z may overwrite that of the result, unless a skip asks for that later.
        own = [device.empty((n, width), dtype) for width in hidden] if wiring.residual else self.dlayers[1:-1]
        self.dz = [None, *own, self.dlayers[-1]]

    def own_plain(self, wiring: Wiring, *, dropped: bool) -> list[Any]:
        """Return memory for what slopes are computed from, where it is not what layers hold in the end."""
        if not (wiring.is_changed or dropped):
            return [None] * (len(self.layers) - 1)
        if not self.plain:
            own = [self.device.empty((self.n, width), self.dtype) for width in wiring.widths[1:-1]]
            self.plain = [None, *own]
        return self.plain

    def take(self, name: str, array: Array | Any | None) -> Any:
        """Return an argument where the device finds it: that of the machine in memory that is kept for it."""
        if array is None or self.device.owns(array):
            return array
        if name not in self.slots or self.slots[name].shape != array.shape:
            self.slots[name] = self.device.empty(array.shape, array.dtype)
        self.device.write(array, self.slots[name])
        return self.slots[name]
