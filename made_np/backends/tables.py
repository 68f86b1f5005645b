"""A network under a mask set as tables of numbers: so kernels see it.

Units of every layer are numbered by degree, so that each mask is a staircase: row r sees the first ``reach[r]`` columns
and nothing else. Where theta's own numbering is another (an `order` that is not natural, context, degrees that were
given unsorted), the weights are gathered into this one before a step, and gradients scattered back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from made_np.distributions.distribution import Distribution
from made_np.masks.sets import MaskSet
from made_np.network.network import Network
from made_np.typing import Bools, Ints

# What kernels call the distributions and the activations.
BERNOULLI, CATEGORICAL, GAUSSIAN, GAUSSIANS, LOGISTICS, DISCRETIZED, GAUSSIAN_EXP = range(7)
KINDS = {
    "bernoulli": BERNOULLI,
    "categorical": CATEGORICAL,
    "gaussian": GAUSSIAN,
    "mixture_of_gaussians": GAUSSIANS,
    "mixture_of_logistics": LOGISTICS,
    "discretized_logistic": DISCRETIZED,
    "gaussian_exp": GAUSSIAN_EXP,
}
"""By what `Distribution.kernel` calls it."""
WITH_ATOMS = "with_atoms"
"""The same of atoms, which are no kind: the rest follows one, with kernels of its own."""
RELU, TANH, SIGMOID, SOFTPLUS, ELU, LEAKY_RELU, SELU, IDENTITY, GELU, SILU = range(10)
ACTIVATIONS = {
    "relu": RELU,
    "tanh": TANH,
    "sigmoid": SIGMOID,
    "softplus": SOFTPLUS,
    "elu": ELU,
    "leaky_relu": LEAKY_RELU,
    "selu": SELU,
    "identity": IDENTITY,
    "gelu": GELU,
    "silu": SILU,
}
STRIP = 64
"""No panel holds more rows than this, and none a number that does not divide it."""
FROM_Z = GELU
"""From here on the slope of an activation is computed from z; that of those before, from its output."""


class Tables(NamedTuple):
    """All that kernels must know of a network and a mask set besides theta; integers are int64.

    Layers are numbered 0 (inputs), 1..L (hidden), L + 1 (raw outputs). A product maps one layer to another: those of
    W0, W1, ..., and then that of W_direct.
    """

    products: Ints
    """(Q, 8): where W and b begin in theta (b: -1 if the product only adds), rows, columns, source and target layer,
    where in the source layer its columns begin, and which row of `Plan.known` counts them."""
    reach: Ints
    """How many columns each row of each product sees, one product after the other."""
    reach_at: Ints
    """(Q,) where a product begins in `reach`."""
    first: Ints
    """The first row that sees each column of each product."""
    first_at: Ints
    widths: Ints
    """(L + 2,) units of each layer; where not all inputs have direct wires, copies of those stand behind the inputs."""
    starts: Ints
    """(L + 3,) where each layer begins in a panel, in units; then the values of x; then the panel's size."""
    units: Ints
    """Theta's number of each unit of each layer, one layer after the other, from `starts`."""
    in_order: Bools
    """(Q,): True where theta numbers a product's columns as the tables do."""
    n_inputs: int
    """Input units, without copies."""
    direct_from: Ints
    """For each copy, the input unit whose it is; they are the last units of layer 0."""
    skips: Ints
    """For each unit, from `starts`, the unit below that it adds, or -1."""
    has_skips: bool
    features: Ints
    """(D, 8) by place in the order: feature, kind, first raw output, raw outputs, first input, inputs of the
    distribution, components, whether one more input says that a value is NaN."""
    numbers: NDArray[np.float64]
    """(D, 3): the smallest scale, the number of levels and the reserve, of distributions that have them."""
    atoms: NDArray[np.float64]
    """The values with a mass of their own, place by place. Where a place has k, its first k + 1 raw outputs are their
    logits and that of all other values, and its first k inputs say which of them it is; what follows is the kind's."""
    atoms_at: Ints
    """(D + 1,) where those of each place begin in `atoms`."""
    activation: int
    seen_as_is: bool
    """True if the network sees the values of x just as they are, feature by feature."""


def into(tables: Tables, layer: int) -> Tables:
    """Return the tables with the products into one layer alone."""
    own = slice(*np.searchsorted(tables.products[:, 5], [layer, layer + 1]).tolist())
    return tables._replace(
        products=tables.products[own],
        reach_at=tables.reach_at[own],
        first_at=tables.first_at[own],
        in_order=tables.in_order[own],
    )


class Group(NamedTuple):
    """Features that share a distribution, as kernels of `losses` see them."""

    kind: int
    places: Ints
    """(d, 5): where raw outputs, values and results are in a panel, raw outputs, components; without those of atoms."""
    numbers: NDArray[np.float64]
    """(d, 3), as in the tables."""


class Atoms(NamedTuple):
    """Features that have atoms, as the kernel sees them that follows those of `losses`."""

    places: Ints
    """(d, 5): as in a group, with the raw outputs of atoms."""
    begins: Ints
    """(d + 1,) where those of each feature begin in the tables' `atoms`."""


class Plan(NamedTuple):
    """The tables, and what the calls of kernels need to know."""

    tables: Tables
    groups: tuple[Group, ...]
    atoms: Atoms
    places: Ints
    """(D, 5): those of all groups together, by place in the order."""
    sizes: Ints
    """Units of a panel (those of all layers, and the values of x); features."""
    n_units: int
    n_below: int
    """Of those, the units below the output."""
    widest: int
    """Of all layers."""
    known: Ints
    """(L + 2, D): how many units of the inputs, of each hidden layer, and of the inputs with direct wires are complete
    when those before a place are."""
    sorted: bool
    """True if theta's numbering is the tables' own: nothing is gathered."""
    n_wires: int


def has_kernels(network: Network) -> bool:
    """Return whether kernels know the activation and every distribution of a network."""
    known = all(_rest_of(output).kernel in KINDS for output in network.outputs.feature_outputs)
    return known and network.activation in ACTIVATIONS


def has_atoms(network: Network) -> bool:
    """Return whether values of some feature have a mass of their own, beside a density."""
    return any(output.kernel == WITH_ATOMS for output in network.outputs.feature_outputs)


def _rest_of(output: Distribution) -> Any:
    """Return what the values follow that are no atoms: the distribution itself, where it has none."""
    return getattr(output, "base", output) if output.kernel == WITH_ATOMS else output


def make_plan(network: Network, mask_set: MaskSet) -> Plan:
    """Return the plan of a network that `has_kernels`, under a mask set."""
    units, known, above, direct_from, is_sorted = _numbering(network, mask_set)
    widths = np.array([len(each) for each in units])
    starts = np.cumsum([0, *widths, len(mask_set.order)])
    products = _products(network)
    reach, first = _stairs(products, known, above)
    features, numbers = _features(network, mask_set)
    atoms, atoms_at = _joined(_atoms(network, mask_set), np.float64)
    joined_reach, reach_at = _joined(reach)
    joined_first, first_at = _joined(first)
    tables = Tables(
        products=products,
        reach=joined_reach,
        reach_at=reach_at,
        first=joined_first,
        first_at=first_at,
        widths=widths,
        starts=starts,
        units=np.concatenate(units),
        in_order=np.array([is_sorted[row] for row in products[:, 7]]),
        n_inputs=network.n_inputs,
        direct_from=direct_from,
        skips=np.concatenate(_skips(mask_set, units)),
        has_skips=any(skip is not None and bool(skip.any()) for skip in mask_set.skips),
        features=features,
        numbers=numbers,
        atoms=atoms,
        atoms_at=np.append(atoms_at, len(atoms)),
        activation=ACTIVATIONS[network.activation],
        seen_as_is=_is_seen_as_is(features) and not len(atoms),
    )
    places = _places(tables)
    return Plan(
        tables=tables,
        groups=tuple(_groups(tables, places)),
        atoms=_with_atoms(tables, places),
        places=places,
        sizes=np.array([starts[-1], len(features)]),
        n_units=int(starts[-1]),
        n_below=int(starts[-3]),
        widest=int(widths.max()),
        known=np.array([np.searchsorted(each, np.arange(len(features)), side="right") for each in known]),
        sorted=all(is_sorted),
        n_wires=int(joined_reach.sum()),
    )


class _Numbering(NamedTuple):
    """How the tables number units: by degree."""

    units: list[Ints]
    """Of each layer, theta's number of each unit; behind the inputs' stand W_direct's columns, if they are copies."""
    known: list[Ints]
    """Degrees, in that sequence, of the units of each layer below the output, then of W_direct's columns."""
    above: list[Ints]
    """Degrees of the units of each layer above the inputs."""
    direct_from: Ints
    is_sorted: list[bool]
    """For each of `known`, then for the raw outputs, whether theta's own numbers are these."""


def _numbering(network: Network, mask_set: MaskSet) -> _Numbering:
    """Return the numbers of all units."""
    degrees = [mask_set.input_degrees, *mask_set.degrees, mask_set.output_degrees]
    units = [np.argsort(each, kind="stable") for each in degrees]
    columns, direct_from = _direct(network, mask_set, units[0])
    in_turn = [each[order] for each, order in zip(degrees, units, strict=True)]
    direct = in_turn[0] if network.direct_units is None else in_turn[0][direct_from]
    is_sorted = [np.array_equal(each, np.arange(len(each))) for each in (*units[:-1], columns, units[-1])]
    if len(direct_from):
        gap = np.zeros(_behind_inputs(network) - network.n_inputs, dtype=np.int64)
        units[0] = np.concatenate([units[0], gap, columns])
    return _Numbering(units, [*in_turn[:-1], direct], in_turn[1:], direct_from, is_sorted)


def _direct(network: Network, mask_set: MaskSet, units: Ints) -> tuple[Ints, Ints]:
    """Return theta's numbers of W_direct's columns by degree, and the input unit that each is a copy of, if it is one.

    `units` are theta's numbers of the input units, by degree.
    """
    wired = network.direct_units
    if wired is None:
        return units, np.empty(0, dtype=np.int64)
    columns = np.argsort(mask_set.input_degrees[wired], kind="stable")
    return columns, np.argsort(units)[wired[columns]]


def _behind_inputs(network: Network) -> int:
    """Return where in layer 0 copies of inputs begin: where a strip of any width does."""
    return -(-network.n_inputs // STRIP) * STRIP


def _stairs(products: Ints, known: list[Ints], above: list[Ints]) -> tuple[list[Ints], list[Ints]]:
    """Return for each product how many columns each row sees, and the first row that sees each column.

    `known` are the degrees of the columns, by the products' last entry, and `above` those of the layers above the
    inputs.
    """
    reach = []
    first = []
    for _, _, _, n_in, _, target, _, row in products.tolist():
        below = known[row] if n_in else known[row][:0]
        rows = above[target - 1]
        strict = target == len(above)
        reach.append(np.searchsorted(below, rows, side="left" if strict else "right"))
        first.append(np.searchsorted(rows, below, side="right" if strict else "left"))
    return reach, first


def _places(tables: Tables) -> Ints:
    """Return where kernels of `losses` find what they need of each feature."""
    _, _, first, n_raw, _, _, n, _ = tables.features.T
    place = np.arange(len(first))
    return np.stack([tables.starts[-3] + first, tables.starts[-2] + place, place, n_raw, n], axis=1)


def _groups(tables: Tables, places: Ints) -> Iterator[Group]:
    """Yield the features of each distribution."""
    kinds = tables.features[:, 1]
    n_atoms = np.diff(tables.atoms_at)
    of_atoms = n_atoms + (n_atoms > 0)
    rest = places + np.array([1, 0, 0, -1, 0]) * of_atoms[:, None]
    for kind in np.unique(kinds).tolist():
        own = kinds == kind
        yield Group(kind=kind, places=rest[own], numbers=tables.numbers[own])


def _with_atoms(tables: Tables, places: Ints) -> Atoms:
    """Return the features that have atoms."""
    own = np.diff(tables.atoms_at) > 0
    return Atoms(places=places[own], begins=np.append(tables.atoms_at[:-1][own], len(tables.atoms)))


def _is_seen_as_is(features: Ints) -> bool:
    """Return whether the input units are the values, by what stands of these in `Tables.features`."""
    return not (np.isin(features[:, 1], (CATEGORICAL, DISCRETIZED)).any() or features[:, 7].any())


def _products(network: Network) -> Ints:
    """Return the first table: which weights map which layer to which."""
    at = {name: part.start for name, part in network.layout.slices.items()}
    widths = [network.n_inputs, *network.hidden, network.outputs.n_raw]
    last = network.depth + 1
    rows = []
    for layer in range(network.depth + 1 if network.depth else 0):
        W = at[f"W{layer}"]
        rows.append((W, at[f"b{layer}"], widths[layer + 1], widths[layer], layer, layer + 1, 0, layer))
    bias = -1 if network.depth else at["b0"]
    if network.direct:
        begin = 0 if network.direct_units is None else _behind_inputs(network)
        rows.append((at["W_direct"], bias, widths[-1], network.n_direct, 0, last, begin, last))
    elif not network.depth:
        rows.append((0, bias, widths[-1], 0, 0, last, 0, 0))
    return np.array(rows, dtype=np.int64)


def _features(network: Network, mask_set: MaskSet) -> tuple[Ints, NDArray[np.float64]]:
    """Return what each place in the order holds."""
    rows = []
    numbers = []
    raw = 0
    unit = network.n_context
    for feature in mask_set.order.tolist():
        output = network.outputs.feature_outputs[feature]
        rest = _rest_of(output)
        n = getattr(rest, "n", 1)
        tells = feature in network.outputs.gap_features
        rows.append((feature, KINDS[rest.kernel], raw, output.n_raw, unit, output.n_inputs, n, tells))
        numbers.append([getattr(rest, name, 0.0) for name in ("min_scale", "levels", "reserve")])
        raw = raw + output.n_raw
        unit = unit + output.n_inputs + tells
    return np.array(rows, dtype=np.int64), np.array(numbers, dtype=np.float64)


def _atoms(network: Network, mask_set: MaskSet) -> list[tuple[float, ...]]:
    """Return the atoms of each place in the order."""
    outputs = (network.outputs.feature_outputs[feature] for feature in mask_set.order.tolist())
    return [getattr(output, "places", ()) if output.kernel == WITH_ATOMS else () for output in outputs]


def _skips(mask_set: MaskSet, units: list[Ints]) -> list[Ints]:
    """Return for each unit the place of the unit of the same number below, or -1 where it adds none."""
    skips = [np.full(len(each), -1) for each in units]
    for layer, skip in enumerate(mask_set.skips, start=1):
        if skip is not None:
            place = np.argsort(units[layer - 1])  # the inverse: where each number stands
            skips[layer] = np.where(skip[units[layer]], place[units[layer]], -1)
    return skips


def _joined(parts: Sequence[Any], dtype: Any = np.int64) -> tuple[NDArray[Any], Ints]:
    """Return the parts one after the other, and where each begins."""
    begins = np.cumsum([0, *(len(part) for part in parts[:-1])])
    return np.concatenate(parts).astype(dtype), begins
