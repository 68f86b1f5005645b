"""The mask sets of a model: for each one order, one draw of degrees, the masks that follow."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.lazy import lazy
from made_np.masks.masks import connectivity, make_degrees, make_mask, make_order, position_of
from made_np.masks.paths import degrees_of, draw_known, leads, path_of
from made_np.typing import Bools, Ints
from made_np.validation import as_bools, as_permutation
from made_np.values import as_count

MIXTURE_SIZE = 32
"""How many mask sets stand for an endless model wherever a mixture is asked for."""
PATH_EVERY = 3
"""In a model with paths one mask set of so many is one: the more, the better it fills, and the worse home scores."""


@dataclass(frozen=True, eq=False)
class MaskSet:
    """One order, one draw of degrees, and the masks that follow.

    Input units stand in feature order, each feature's block together, then the context inputs (degree 0). Output units
    stand in feature order, each feature's block together.

    Attributes
    ----------
    order : ndarray of int, shape (D,)
        Feature indices in the sequence of generation.
    degrees : tuple of ndarray of int, one (H_l,) per hidden layer
    input_sizes, output_sizes : tuple of int, length D
        How many input and output units each feature owns.
    n_context : int
    has_direct, residual : bool
    n_known : int
        So many features lead the order because they are known: nothing is asked about them under this mask set.
    direct_units : ndarray of int, optional
        The input units that have wires to the output, in rising order; None: all.
    """

    order: Ints
    degrees: tuple[Ints, ...]
    input_sizes: tuple[int, ...]
    output_sizes: tuple[int, ...]
    n_context: int = 0
    has_direct: bool = False
    residual: bool = False
    n_known: int = 0
    direct_units: Ints | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", _fixed(self.order.copy()))
        object.__setattr__(self, "degrees", tuple(_fixed(layer.copy()) for layer in self.degrees))

    def __repr__(self) -> str:
        order = np.array2string(self.order, separator=", ", threshold=20)
        hidden = tuple(len(layer) for layer in self.degrees)
        more = f"n_context={self.n_context}, has_direct={self.has_direct}, residual={self.residual}"
        return f"MaskSet(order={order}, hidden={hidden}, {more})"

    @lazy
    def position(self) -> Ints:
        """Inverse of `order`, shape (D,)."""
        return _fixed(position_of(self.order))

    @lazy
    def known(self) -> Bools:
        """(D,) booleans: True for the features that lead because they are known."""
        return _fixed(self.position < self.n_known)

    @lazy
    def input_degrees(self) -> Ints:
        """Degree of each input unit, shape (I + C,): ``position + 1`` of its feature, 0 for context."""
        own = np.repeat(self.position + 1, self.input_sizes)
        return _fixed(np.concatenate([own, np.zeros(self.n_context, dtype=np.int64)]))

    @lazy
    def output_degrees(self) -> Ints:
        """Degree of each output unit, shape (O,): that of its own feature's inputs."""
        return _fixed(np.repeat(self.position + 1, self.output_sizes))

    @lazy
    def masks(self) -> tuple[Bools, ...]:
        """(out, in) masks of the hidden layers and of the output layer; empty if there is no hidden layer."""
        if not self.degrees:
            return ()
        below = (self.input_degrees, *self.degrees[:-1])
        hidden = tuple(_fixed(make_mask(out, inp)) for out, inp in zip(self.degrees, below, strict=True))
        return (*hidden, _fixed(make_mask(self.output_degrees, self.degrees[-1], strict=True)))

    @lazy
    def direct(self) -> Bools | None:
        """(O, I + C) mask of the wires from input to output, or None."""
        if self.direct_units is None or self.direct_wires is None:
            return self.direct_wires
        every = np.zeros((len(self.output_degrees), len(self.input_degrees)), dtype=bool)
        every[:, self.direct_units] = self.direct_wires
        return _fixed(every)

    @lazy
    def direct_wires(self) -> Bools | None:
        """The columns of `direct` that have wires, of shape (O, `direct_units`), or None: the mask of W_direct."""
        if not self.has_direct:
            return None
        below = self.input_degrees if self.direct_units is None else self.input_degrees[self.direct_units]
        return _fixed(make_mask(self.output_degrees, below, strict=True))

    @lazy
    def skips(self) -> tuple[Bools | None, ...]:
        """Units of each hidden layer that add the unit of the same number below: where ``deg_out >= deg_in``.

        An identity skip is a wire like any other, so it needs the same comparison. The first hidden layer and the
        output have none: there, unit numbers do not stand for degrees.
        """
        skips: list[Bools | None] = [None] * len(self.degrees)
        for layer in range(1, len(self.degrees) if self.residual else 0):
            above = self.degrees[layer]
            below = self.degrees[layer - 1]
            if len(above) == len(below):
                skips[layer] = _fixed(np.asarray(above >= below))
        return tuple(skips)

    def reachability(self) -> Bools:
        """Return (D, D) booleans: [i, j] is True iff the conditional of feature i depends on feature j."""
        return self._by_feature(self._connectivity[:, : sum(self.input_sizes)])

    def context_reachability(self) -> Bools:
        """Return (D,) booleans: True where the conditional of feature i depends on the context."""
        seen = self._by_output(self._connectivity[:, sum(self.input_sizes) :])
        return np.asarray(seen.any(axis=1))

    @property
    def _connectivity(self) -> Bools:
        if not self.degrees and not self.has_direct:
            return np.zeros((len(self.output_degrees), len(self.input_degrees)), dtype=bool)
        return connectivity(self.masks, self.direct)

    def _by_feature(self, units: Bools) -> Bools:
        starts = np.cumsum((0, *self.input_sizes[:-1]))
        return np.logical_or.reduceat(self._by_output(units), starts, axis=1)

    def _by_output(self, units: Bools) -> Bools:
        starts = np.cumsum((0, *self.output_sizes[:-1]))
        return np.logical_or.reduceat(units, starts, axis=0)


@dataclass(frozen=True, eq=False)
class MaskSets:
    """The mask sets of a model, each a pure function of (seed, k): ``mask_sets[k]``.

    A finite model has ``len(mask_sets) == n_masks``; an endless one (``n_masks=None``) answers for every ``k >= 0``.
    An endless one of which nothing else is drawn has *paths*: 1, 4, 7, ... are those of random sets of known features,
    ``for_known``, and all others are its home orders in turn (see `paths`).

    Attributes
    ----------
    template : MaskSet
        What all sets share: block sizes, context, direct, residual. Its order and degrees are not used.
    hidden : tuple of int
        Widths of the hidden layers.
    order : str, tuple of int, or tuple of tuple of int
        A name, one permutation, or one permutation per set; of a model with paths, per home.
    degrees : str, tuple of tuple of int, or tuple of tuple of tuple of int
        "spread", "random", given degrees, one tuple per hidden layer, or such degrees per set.
    n_masks : int or None
    seed : int
    """

    template: MaskSet
    hidden: tuple[int, ...]
    order: str | tuple[int, ...] | tuple[tuple[int, ...], ...]
    degrees: str | tuple[tuple[int, ...], ...] | tuple[tuple[tuple[int, ...], ...], ...]
    n_masks: int | None
    seed: int
    _kept: dict[int, MaskSet] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        many = "endless" if self.n_masks is None else self.n_masks
        order, degrees = (how if isinstance(how, str) else "given" for how in (self.order, self.degrees))
        n_features = len(self.template.output_sizes)
        return f"MaskSets({many} of {n_features} features, hidden={self.hidden}, order {order}, degrees {degrees})"

    def __len__(self) -> int:
        if self.n_masks is None:
            raise TypeError("an endless model (n_masks=None) has no number of mask sets")
        return self.n_masks

    def __iter__(self) -> Iterator[MaskSet]:
        indices = count() if self.n_masks is None else range(self.n_masks)
        return (self[k] for k in indices)

    def __getitem__(self, k: int) -> MaskSet:
        k = as_count(k, "k", -sys.maxsize)  # outside of what there is: an IndexError, as of any sequence
        if k < 0 or (self.n_masks is not None and k >= self.n_masks):
            known = "any k >= 0" if self.n_masks is None else f"0..{self.n_masks - 1}"
            raise IndexError(f"mask_set={k} does not exist: this model has {known}")
        k = self.least_alike(k)
        # An endless training run visits each set once: only those that validation asks for again are kept.
        if k >= MIXTURE_SIZE:
            return self._draw(k)
        kept = self._kept.get(k)
        return self._kept.setdefault(k, self._draw(k)) if kept is None else kept  # the same for all threads

    def for_order(self, order: Any, name: str = "order") -> MaskSet:
        """Return the mask set of any `order`, with the degrees of mask set 0; messages call the order `name`."""
        own = as_permutation(order, len(self.template.output_sizes), name)
        return replace(self.template, order=own, degrees=self[0].degrees)

    def for_known(self, known: Any, home: int = 0) -> MaskSet:
        """Return the path of a set of known features (D,) from a home: the mask set of p(rest given known).

        Where they lead in the order of that home, it is the home.

        Raises
        ------
        ValueError, TypeError
            No array of D booleans, no such home, or the model has no paths.
        """
        n_features = len(self.template.output_sizes)
        given = as_bools(known, "known", 1)
        if given.shape != (n_features,):
            raise ValueError(f"known has shape {given.shape}: give one boolean for each of {n_features} features")
        if not self.has_paths:
            raise ValueError("known has no path in this model: give n_masks=None, and an order that is not 'random'")
        start = self[self.mixed[as_count(home, "home", 0, len(self.mixed) - 1)]]
        if leads(start.order, given):
            return start
        own = tuple(degrees_of(given, layer) for layer in start.degrees)
        return replace(start, order=path_of(start.order, given), degrees=own, n_known=int(given.sum()))

    def least_alike(self, k: int) -> int:
        """Return the least index of the mask set that k stands for: of a model with paths, homes are most k."""
        k = as_count(k, "k", 0)
        if not self.has_paths or k % PATH_EVERY == 1:
            return k
        return self.mixed[self.home_of(k)]

    def home_of(self, k: int) -> int:
        """Return the number of mask set k among those `mixed`: of a model with paths, that of its home."""
        k = as_count(k, "k", 0)
        if not self.has_paths:
            return k
        return (k // PATH_EVERY if k % PATH_EVERY == 1 else _home_turn(k)) % len(self.mixed)

    @lazy
    def mixed(self) -> tuple[int, ...]:
        """The indices of the mask sets that a mixture is made of: all; of an endless model the first, or all homes."""
        if not self.has_paths:
            return tuple(range(MIXTURE_SIZE if self.n_masks is None else self.n_masks))
        n_homes = len(self.order) if "order" in self.given else 1
        homes = (k for k in count() if k % PATH_EVERY != 1)
        return tuple(islice(homes, n_homes))

    @lazy
    def has_paths(self) -> bool:
        """True for an endless model of home orders: some of its mask sets are paths of sets of known features."""
        return self.n_masks is None and self.order != "random" and not self._degrees_differ

    @property
    def all_alike(self) -> bool:
        """True if nothing in (order, degrees) is drawn, so that every mask set would be the same, paths apart."""
        return not (self.order == "random" or "order" in self.given) and not self._degrees_differ

    @property
    def _degrees_differ(self) -> bool:
        return bool(self.hidden) and (self.degrees == "random" or "degrees" in self.given)

    @property
    def given(self) -> tuple[str, ...]:
        """Which of "order" and "degrees" hold an entry for each mask set, instead of one thing for all."""
        depths = {"order": 1, "degrees": 2}
        return tuple(name for name, of_one in depths.items() if _depth(getattr(self, name)) > of_one)

    def _draw(self, k: int) -> MaskSet:
        rng = np.random.default_rng((self.seed, k, 0))
        n_features = len(self.template.output_sizes)
        if isinstance(self.order, str):
            order = make_order(self.order, n_features, rng)
        else:
            own: Any = self.order[self.home_of(k)] if "order" in self.given else self.order
            order = np.array(own, dtype=np.int64)
        if self.has_paths and k % PATH_EVERY == 1:
            return self.for_known(draw_known(n_features, rng), self.home_of(k))
        return replace(self.template, order=order, degrees=self._degrees(k))

    def _degrees(self, k: int) -> tuple[Ints, ...]:
        if not isinstance(self.degrees, str):
            own: Any = self.degrees[k] if "degrees" in self.given else self.degrees
            return tuple(np.array(layer, dtype=np.int64) for layer in own)
        shared = self.template
        return make_degrees(
            self.degrees,
            self.hidden,
            len(shared.output_sizes),
            np.random.default_rng((self.seed, k, 1)),
            n_context=shared.n_context,
            residual=shared.residual,
        )


def _home_turn(k: int) -> int:
    """Return how many homes come before mask set k, which is one: there is a path among every `PATH_EVERY`."""
    return k - (k + PATH_EVERY - 2) // PATH_EVERY


def _depth(value: Any) -> int:
    """Count how many tuples lie in each other."""
    return 1 + _depth(value[0] if value else None) if isinstance(value, tuple) else 0


def _fixed(array: NDArray[Any]) -> NDArray[Any]:
    # A mask that someone writes to would go on being used, by a model that says it cannot change.
    array.flags.writeable = False
    return array
