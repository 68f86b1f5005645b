"""A `MADE` of layers that were trained elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from made_np.distributions.distribution import Distribution
from made_np.interop.given import Layer, as_layer, as_layers, as_outputs, rows_of_outputs
from made_np.interop.ordering import Wiring
from made_np.layers import find_activation
from made_np.model.made import MADE
from made_np.typing import Array, Bools, Ints
from made_np.values import as_count, as_flag

__all__ = ["Imported", "from_layers"]


@dataclass(frozen=True, eq=False)
class Imported:
    """A model that came in: ``made, theta = imported``, and ``print(imported)`` says what became of each parameter.

    Attributes
    ----------
    made : MADE
    theta : ndarray, shape (P,)
    account : tuple of str
        A line for each array: how many of its entries are used, how many are not, and why.
    """

    made: MADE
    theta: Array
    account: tuple[str, ...]

    def __iter__(self) -> Iterator[Any]:
        yield self.made
        yield self.theta

    def __str__(self) -> str:
        return "\n".join(self.account)


def from_layers(
    layers: Any,
    output: Any,
    *,
    layout: str = "interleaved",
    direct: Any = None,
    activation: str = "relu",
    residual: bool = False,
    raw_order: Any = None,
    raw_factors: Any = None,
    n_context: int = 0,
) -> Imported:
    """Return the `MADE` whose layers these are, with its theta.

    The order and the degrees follow from the masks alone. Units may stand in any sequence: they are sorted by degree.
    Input units stand feature by feature, as the distributions have them (n for ``Categorical(n)``).

    Parameters
    ----------
    layers : list of (W, b, mask)
        From the input to the output. W is (out, in), b is (out,) or None, mask is (out, in), or (K, out, in) for an
        ensemble of K mask sets, or None: then a wire is where W is not 0.
    output : str, Distribution, or a list of them, one per feature
        As for `MADE`.
    layout : {"interleaved", "blocked"}
        How the rows of the last layer stand: feature by feature, or first the first raw output of all features, then
        the second.
    direct : (W, None, mask), optional
        Wires from input to output.
    activation : str
        Of the hidden layers, as for `MADE`.
    residual : bool
        As for `MADE`: hidden layers add the layer below them behind the activation, where widths agree.
    raw_order : permutation, optional
        Where each of our raw outputs of a feature stands among theirs: ``[0, 3, 1, 4, 2, 5]`` for two components that
        stand one behind the other, (weight, mean, scale) each, as ours are (weights, means, scales).
    raw_factors : sequence of float, optional
        Each of our raw outputs of a feature is theirs times this: ``[1, 0.5]`` where the logarithm of the variance is
        given, and ours is ``Gaussian(0, scale="exp")``.
    n_context : int
        C: so many of the last inputs of the first layer, and of `direct`, are context, which every output may see.

    Returns
    -------
    Imported
        ``made, theta = from_layers(...)``.

    Raises
    ------
    ValueError, TypeError
        No order permits these masks (the message names who sees whom), or arrays do not fit each other.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> mask0 = [[0, 1, 0], [1, 1, 0]]  # a unit that sees feature 1, and one that sees features 0 and 1
    >>> mask1 = [[1, 0], [0, 0], [1, 1]]
    >>> layers = [(rng.normal(size=(2, 3)), np.zeros(2), mask0), (rng.normal(size=(3, 2)), np.zeros(3), mask1)]
    >>> made, theta = from_layers(layers, "bernoulli", activation="tanh")
    >>> made.order, made.degrees
    ((1, 0, 2), ((1, 2),))
    """
    find_activation(activation)
    residual = as_flag(residual, "residual")
    found = as_layers(layers)
    past = None if direct is None else as_layer(direct, "direct")
    n_own = found[0].W.shape[1] - as_count(n_context, "n_context", 0)
    if n_own < 1:
        raise ValueError(f"n_context={n_context}: layers[0] has {found[0].W.shape[1]} inputs, context included")
    own = as_outputs(output, n_own)
    places, factors = rows_of_outputs(own, len(found[-1].W), layout, raw_order, raw_factors)
    if past is not None:
        _check_direct(past, found)
        past = past.rows(places, factors)
    found[-1] = found[-1].rows(places, factors)
    if len(found) == 1:
        past = Layer(found[0].W, None, found[0].masks)
    return _Coming(found, past, own, activation, residual, n_context).imported(layout)


def _check_direct(direct: Layer, layers: Sequence[Layer]) -> None:
    expected = (len(layers[-1].W), layers[0].W.shape[1])
    if len(layers) == 1:
        raise ValueError("direct is given, and layers[0] leads from the input to the output too: add them up")
    if direct.W.shape != expected:
        raise ValueError(f"direct has a W of shape {direct.W.shape}: from inputs to raw outputs it is {expected}")
    if direct.b is not None:
        raise ValueError("direct has a b: add it to that of the last of layers")


class _Coming:
    """Layers on their way to a model: those of one, with rows of outputs as ours are."""

    def __init__(
        self,
        layers: list[Layer],
        direct: Layer | None,
        outputs: tuple[Distribution, ...],
        activation: str,
        residual: bool,
        n_context: int,
    ) -> None:
        n_sets = _n_sets([*layers, *([direct] if direct else [])])
        self.layers = [layer.expanded(n_sets) for layer in layers]
        self.direct = None if direct is None else direct.expanded(n_sets)
        self.outputs = outputs
        self.activation = activation
        self.residual = residual
        self.n_context = n_context
        self.n_sets = n_sets
        self.hidden = tuple(len(layer.W) for layer in layers[:-1])
        self.account: list[str] = []

    def imported(self, layout: str) -> Imported:
        """Return the model, or raise an error that says why there is none."""
        orders = self._orders(layout)
        self._settle_first(orders)
        degrees = [self._wiring(k).degrees(order) for k, order in enumerate(orders)]
        if self.n_sets == 1 and not self.residual:
            degrees = [self._sort(degrees[0])]
        made = self._made(orders, degrees)
        return Imported(made, self._theta(made), tuple(self.account))

    def _wiring(self, k: int) -> Wiring:
        """Return the masks of the k-th mask set."""
        numbers = np.arange(len(self.outputs))
        return Wiring(
            tuple(layer.masks[k] for layer in self.layers) if self.hidden else (),
            None if self.direct is None else self.direct.masks[k],
            np.repeat(numbers, [output.n_inputs for output in self.outputs]),
            np.repeat(numbers, [output.n_raw for output in self.outputs]),
            self.residual,
            self.n_context,
        )

    def _orders(self, layout: str) -> list[Ints]:
        orders = []
        for k in range(self.n_sets):
            try:
                orders.append(self._wiring(k).order())
            except ValueError as error:
                which = f" of mask set {k}" if self.n_sets > 1 else ""
                raise ValueError(
                    f"layers have masks{which} that no order permits: {error}. If this is a MADE, look at layout="
                    f"{layout!r}, and whether masks are (out, in)"
                ) from None
        return orders

    def _settle_first(self, orders: Sequence[Ints]) -> None:
        """Let biases say what units that see no input tell the first feature: without context no degree lets them."""
        last = self.layers[-1]
        places = np.repeat(np.arange(len(self.outputs)), [output.n_raw for output in self.outputs])
        if (
            self.n_context
            or not self.hidden
            or not any(last.masks[k][places == order[0]].any() for k, order in enumerate(orders))
        ):
            return
        if self.n_sets > 1:
            raise ValueError("layers have units that see no input and tell the first feature: give one mask set")
        rows = places == orders[0][0]
        below = np.zeros(self.layers[0].W.shape[1])
        for layer in self.layers[:-1]:
            z = (layer.W * layer.masks[0]) @ below + (0 if layer.b is None else layer.b)
            h = find_activation(self.activation).forward(z)
            below = h + below if self.residual and len(h) == len(below) and layer is not self.layers[0] else h
        b = np.zeros(len(last.W)) if last.b is None else last.b.astype(np.float64)
        b[rows] += (last.W * last.masks[0])[rows] @ below
        masks = last.masks.copy()
        self.account.append(
            f"W{len(self.hidden)}: {int(masks[0, rows].sum())} weights from units that see no input to feature "
            f"{orders[0][0]} are in its bias"
        )
        masks[0, rows] = False
        self.layers[-1] = replace(last, b=b.astype(last.W.dtype), masks=masks)

    def _sort(self, degrees: tuple[Ints, ...]) -> tuple[Ints, ...]:
        """Put the units of each hidden layer in the sequence of their degrees, and return these."""
        for k, own in enumerate(degrees):
            units = np.argsort(own, kind="stable")
            self.layers[k] = self.layers[k].rows(units, np.ones(len(units)))
            above = self.layers[k + 1]
            self.layers[k + 1] = Layer(above.W[:, units], above.b, above.masks[:, :, units])
        return tuple(np.sort(own) for own in degrees)

    def _made(self, orders: Sequence[Ints], degrees: Sequence[tuple[Ints, ...]]) -> MADE:
        is_double = any(layer.W.dtype == np.float64 for layer in self.layers)
        several = self.n_sets > 1
        return MADE(
            len(self.outputs),
            hidden=self.hidden,
            output=list(self.outputs),
            activation=self.activation,
            order=np.stack(orders) if several else orders[0],
            degrees=[list(each) for each in degrees] if several else list(degrees[0]),
            n_masks=self.n_sets,
            direct=self.direct is not None,
            direct_limit=None,
            residual=self.residual,
            n_context=self.n_context,
            dtype="float64" if is_double else "float32",
        )

    def _theta(self, made: MADE) -> Array:
        theta = np.zeros(made.n_params, made.dtype)
        views = made.layout.views(theta)
        arrays = {f"W{k}": layer for k, layer in enumerate(self.layers)} if self.hidden else {}
        if self.direct is not None:
            arrays["W_direct"] = self.direct
        for name, layer in arrays.items():
            ours = np.stack([made.network.masks(made.mask_sets[k])[name] for k in range(self.n_sets)])
            views[name][...] = np.where(layer.masks.any(axis=0) & ours.any(axis=0), layer.W, 0)
            self._check_same(name, layer, ours)
            self.account.append(_told(name, layer, ours))
        for k, layer in enumerate(self.layers):
            if layer.b is not None:
                views[f"b{k}"][...] = layer.b
            self.account.append(f"b{k}: " + ("none there, 0 here" if layer.b is None else f"all {len(layer.b)} used"))
        return theta

    def _check_same(self, name: str, layer: Layer, ours: Bools) -> None:
        """Raise if a weight that a mask set cuts counts in it, which happens where several share weights."""
        if self.n_sets > 1 and ((ours != layer.masks) & (layer.W != 0)).any():
            raise ValueError(
                f"layers have masks of {name} that no degrees give, and {self.n_sets} mask sets share its weights: "
                "give one mask set at a time"
            )


def _n_sets(layers: Sequence[Layer]) -> int:
    """Return how many mask sets there are, or raise if layers have different numbers; one mask stands for all."""
    counts = sorted({len(layer.masks) for layer in layers} - {1})
    if len(counts) > 1:
        raise ValueError(f"layers have {counts} masks: give each {counts[-1]}, or one")
    return counts[0] if counts else 1


def _told(name: str, layer: Layer, ours: Bools) -> str:
    """Return what became of the weights of a layer."""
    theirs = layer.masks.any(axis=0)
    used = theirs & ours.any(axis=0)
    parts = [f"{name}: {int(used.sum())} of {used.size} weights used"]
    off = ~theirs
    if off.any():
        parts.append(f"{int(off.sum())} off the mask ({int((off & (layer.W != 0)).sum())} of them not 0)")
    if (theirs & ~used).any():
        parts.append(f"{int((theirs & ~used).sum())} of units that lead to no output left out")
    further = (ours & ~layer.masks).any(axis=0)
    if further.any():
        parts.append(f"{int(further.sum())} wires more than there, with weight 0: training may use them")
    return ", ".join(parts)
