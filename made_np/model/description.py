"""What a model is: its arguments, checked, with the parts that follow from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.backends import BACKENDS, get_backend
from made_np.backends.bound import Bound
from made_np.cells import Name, Source
from made_np.distributions.registry import output_config
from made_np.distributions.together import Outputs
from made_np.layers import find_activation
from made_np.lazy import lazy
from made_np.masks.sets import MaskSet, MaskSets
from made_np.model.arguments import as_degrees, as_dtype, as_gap_inputs, as_one_or_many, as_order, as_output
from made_np.model.binding import BoundSets
from made_np.model.members import check_members
from made_np.model.rows import Rows
from made_np.network.layout import Layout
from made_np.network.network import Network
from made_np.typing import Array, Ints
from made_np.validation import as_dense, as_numbers, as_rows, as_target, as_vector, as_widths
from made_np.values import MOST_SEED, as_a, as_choice, as_count, as_flag, as_sequence

DIRECT_LIMIT = 64
"""A feature that the network sees through more units than this has no direct wires, unless somebody says otherwise."""

FEWEST_ROWS = 64
"""So many rows go through a network together, however wide it is: for fewer, all of its weights are read as often."""


@dataclass(frozen=True)
class Description:
    """The arguments of a model (explained at `MADE`), immutable and hashable, and the parts they describe."""

    n_features: int
    hidden: tuple[int, ...] = (500,)
    output: Any = "bernoulli"
    activation: str = field(default="relu", kw_only=True)
    order: Any = field(default="natural", kw_only=True)
    degrees: Any = field(default="spread", kw_only=True)
    n_masks: int | None = field(default=1, kw_only=True)
    n_members: int = field(default=1, kw_only=True)
    direct: Any = field(default="auto", kw_only=True)
    direct_limit: int | None = field(default=DIRECT_LIMIT, kw_only=True)
    residual: bool = field(default=False, kw_only=True)
    mask_weights: bool = field(default=False, kw_only=True)
    n_context: int = field(default=0, kw_only=True)
    gap_inputs: Any = field(default="auto", kw_only=True)
    seed: int = field(default=0, kw_only=True)
    dtype: Any = field(default="float32", kw_only=True)
    backend: str = field(default="auto", kw_only=True)

    def __post_init__(self) -> None:
        settle = partial(object.__setattr__, self)
        settle("n_features", as_count(self.n_features, "n_features"))
        settle("hidden", as_widths(self.hidden))
        settle("n_context", as_count(self.n_context, "n_context", 0))
        settle("seed", as_count(self.seed, "seed", 0, MOST_SEED))
        settle("dtype", as_dtype(self.dtype))
        settle("output", as_output(self.output, self.n_features))
        find_activation(self.activation)
        as_choice(self.backend, "backend", ("auto", *BACKENDS))
        settle("residual", as_flag(self.residual, "residual"))
        settle("mask_weights", as_flag(self.mask_weights, "mask_weights"))
        if self.n_masks is not None:
            settle("n_masks", as_count(self.n_masks, "n_masks"))
        settle("n_members", as_count(self.n_members, "n_members"))
        settle("order", as_order(self.order, self.n_features, self.n_masks))
        settle("degrees", as_degrees(self.degrees, self.hidden, self.n_features, self.n_context, self.n_masks))
        if isinstance(self.gap_inputs, str) and self.gap_inputs == "auto":
            settle("gap_inputs", self._needs_gap_inputs())
        settle("gap_inputs", as_gap_inputs(self.gap_inputs, self.n_features))
        if isinstance(self.direct, str):
            as_choice(self.direct, "direct", ("auto",))
            settle("direct", self._needs_direct())
        else:
            settle("direct", as_flag(self.direct, "direct"))
        self._settle_limit()
        self._check_combination()

    def _needs_gap_inputs(self) -> list[int]:
        """Return the features of a model with paths of which the network sees one number: a gap there looks like 0."""
        nothing = MaskSet(np.empty(0, dtype=np.int64), (), (), ())
        if not MaskSets(nothing, self.hidden, self.order, self.degrees, self.n_masks, self.seed).has_paths:
            return []
        outputs = Outputs.of(self.output, self.n_features).feature_outputs
        return [d for d, output in enumerate(outputs) if output.n_inputs == 1]

    def _settle_limit(self) -> None:
        """Keep the limit of direct wires where it cuts some off, and no such wires where it leaves none."""
        limit = None if self.direct_limit is None else as_count(self.direct_limit, "direct_limit")
        is_wide = [limit is not None and output.n_inputs > limit for output in self.outputs.feature_outputs]
        if not (self.direct and self.hidden and any(is_wide)):  # without hidden layers nothing else leads to the output
            limit = None
        elif all(is_wide) and not self.n_context:
            limit = None
            object.__setattr__(self, "direct", False)
        object.__setattr__(self, "direct_limit", limit)

    def _needs_direct(self) -> bool:
        """Return whether a hidden layer is too narrow to hold every degree that carries a dependency."""
        n_degrees = self.n_features - 1 + (self.n_context > 0)
        return not self.hidden or min(self.hidden) < n_degrees

    def _check_combination(self) -> None:
        if self.n_masks is None and "order" in self.mask_sets.given and not self.mask_sets.has_paths:
            raise ValueError(
                f"order holds {len(self.order)} permutations with n_masks=None: these are homes of a model with paths, "
                "so set degrees='spread', or one list of degrees for all"
            )
        check_members(self.n_members, self.mask_sets)
        if self.n_masks not in (1, None, self.n_members) and self.mask_sets.all_alike:
            raise ValueError(
                f"n_masks={self.n_masks} with order={self.order!r} and degrees={self.degrees!r} gives mask sets that "
                "are all the same: use order='random', degrees='random', one order or list of degrees per mask set, or "
                "n_masks=None (this order, and a path for any gaps)"
            )
        if self.residual and all(a != b for a, b in zip(self.hidden, self.hidden[1:], strict=False)):
            raise ValueError(
                f"residual=True with hidden={self.hidden}: a skip needs two consecutive layers of the same width"
            )

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)

    def config(self) -> dict[str, Any]:
        """Return the arguments as JSON-able values, from which ``from_config`` builds an equal model."""
        config = self.__getstate__()
        outputs = self.output if isinstance(self.output, tuple) else (self.output,)
        config["output"] = [output_config(output) for output in outputs]
        config["dtype"] = self.dtype.name
        if self.n_members == 1:  # so that what knows no ensembles reads it
            del config["n_members"]
        return config

    @lazy
    def outputs(self) -> Outputs:
        """One distribution per feature, and the blocks of raw outputs that they own."""
        return Outputs.of(self.output, self.n_features, self.gap_inputs or ())

    @lazy
    def network(self) -> Network:
        """The layers and their parameters."""
        return Network(
            self.hidden,
            self.outputs,
            self.activation,
            self.direct,
            self.residual,
            self.n_context,
            self.mask_weights,
            self.direct_limit,
        )

    @lazy
    def mask_sets(self) -> MaskSets:
        """``mask_sets[k]``: the k-th mask set, reproducible from (seed, k)."""
        template = MaskSet(
            np.empty(0, dtype=np.int64),
            (),
            self.outputs.input_sizes,
            tuple(output.n_raw for output in self.outputs.feature_outputs),
            self.n_context,
            self.direct,
            self.residual,
            direct_units=self.network.direct_units,
        )
        return MaskSets(template, self.hidden, self.order, self.degrees, self.n_masks, self.seed)

    def path(self, known: Any, home: int = 0) -> Ints:
        """Return the order (D,) in which a model with paths fills rows whose `known` features are these.

        All that is known comes first, then the rest, both in home order. ``made.bound.for_known(known)`` computes
        p(rest given known) along it. Of several homes, ``made.path(known, k)`` is the path from the k-th.

        Parameters
        ----------
        known : array of bool, shape (D,)
        home : int
            0..H-1, where `order` holds H permutations.

        Raises
        ------
        ValueError, TypeError
            No such array, or the model has no paths: it needs ``n_masks=None``, and an `order` that is not "random".

        Examples
        --------
        >>> from made_np.model.made import MADE
        >>> made = MADE(4, hidden=(8,), order=[2, 0, 3, 1], n_masks=None)
        >>> made.path([True, True, False, False])
        array([0, 1, 2, 3])
        """
        return self.mask_sets.for_known(known, home).order.copy()

    @lazy
    def bound(self) -> BoundSets:
        """``bound[k]``: what computes under the k-th mask set, by the backend of this model."""
        return BoundSets(get_backend(self.backend), self.network, self.mask_sets, self.n_members)

    @property
    def n_mixed(self) -> int:
        """How many mask sets a mixture is made of: all; of an endless model the first 32, or all homes with paths."""
        return len(self.mask_sets.mixed)

    @property
    def layout(self) -> Layout:
        """Names, shapes and places of all parameters in theta; of an ensemble, of each member in its part of theta."""
        return self.network.layout

    @property
    def n_params(self) -> int:
        """P, the length of theta."""
        return self.n_members * self.network.layout.size

    @property
    def output_slices(self) -> tuple[slice, ...]:
        """For each feature, its block among the raw outputs."""
        return self.outputs.slices

    @property
    def input_slices(self) -> tuple[slice, ...]:
        """For each feature, its block among the input units; behind the last stand those of the context."""
        return self.outputs.input_slices

    @property
    def weight_mask(self) -> NDArray[np.bool_]:
        """(P,) booleans: True for weights, False for biases."""
        return np.tile(self.layout.weights(), self.n_members)

    # ------------------------------------------------------------------------------------------ what it accepts

    def check_theta(self, theta: Any, name: str = "theta") -> Array:
        """Return `theta`, or raise if it is not a contiguous (P,) array of this model's dtype."""
        return as_vector(theta, self.n_params, self.dtype, name)

    def check_live(self, theta: Array, bound: list[Bound]) -> None:
        """Raise a `ValueError` if a parameter that one of these uses is NaN or infinite.

        Scores show it, but a draw of 0 or 1 would not.
        """
        memory = self.bound.memory
        if memory.is_finite(theta):  # as nearly always: nothing to look for
            return
        theta = memory.fetch(theta)
        live = np.zeros(theta.shape, dtype=bool)
        for one in bound:
            masks = self.network.masks(one.mask_set)
            for name, own in self.layout.views(one.own(live)).items():
                own[:] |= masks.get(name, True)
        wrong = np.flatnonzero(live & ~np.isfinite(theta))
        if len(wrong):
            k = int(wrong[0])
            raise ValueError(f"theta[{k}] = {theta[k]} ({self.locate(k)}): give finite parameters to draw with")

    def locate(self, k: int) -> str:
        """Return the name of entry `k` of theta, such as ``"W1[4, 7]"``, or ``"W1[4, 7] of member 2"``."""
        k = as_count(k, "k", 0, self.n_params - 1)
        member, own = divmod(k, self.layout.size)
        name = self.layout.locate(own)
        return name if self.n_members == 1 else f"{name} of member {member}"

    def check_grad(self, grad: Any, **read: Array | None) -> Array:
        """Return `grad`, or raise if it is no such array as theta, or cannot be overwritten while others are `read`."""
        return as_target(self.check_theta(grad, "grad"), "grad", read)

    def check_rows(self, x: Any, name: Name = "x", *, gaps: bool = False) -> Array:
        """Return `x` as (n, D) rows of this model's dtype, or raise; NaN is allowed only where `gaps` are."""
        rows = as_rows(x, self.n_features, self.dtype, name, gaps=gaps)
        self.outputs.check_support(rows, name)
        return rows

    def check_blocks(
        self, x: Any, context: Any, name: str = "x", context_name: str = "context", *, gaps: bool = False
    ) -> Iterator[tuple[Array, Array | None]]:
        """Yield rows `x` (n, D) and their context block by block, checked as `check_rows` and `check_context` do.

        So rows of any number, such as those of a memory-mapped file, take a constant amount of memory. `Rows` have been
        checked, and are not looked at again.
        """
        widest = max(self.network.n_inputs, self.outputs.n_raw, *self.hidden)
        step = max(FEWEST_ROWS, self.bound.memory.at_once // widest)
        if isinstance(x, Rows):
            for first in range(0, max(len(x), 1), step):
                yield x.batch(slice(first, first + step), self.dtype)
            return
        x = as_numbers(x, name)
        n = len(x) if x.ndim == 2 else 0  # anything but a table is refused with the first block
        for first in range(0, max(n, 1), step):
            rows = self.check_rows(x[first : first + step] if n else x, Source(name, first=first), gaps=gaps)
            if first == 0:
                context = self.check_context(context, n, context_name, f"{name} has")
            yield rows, None if context is None else context[first : first + step]

    def check_context(self, context: Any, n: int, name: str = "context", of: str = "x has") -> Array | None:
        """Return `context` as (n, C) rows, None for a model without context, or raise; `of` says what has n rows.

        One row (C,) is the context of all n.
        """
        if self.n_context == 0:
            if context is not None:
                raise ValueError(f"{name} is given, but the model has n_context=0: leave it out")
            return None
        if context is None:
            raise ValueError(f"{name} is missing: the model has n_context={self.n_context}, pass (n, C) rows")
        table, is_row = as_one_or_many(context, self.n_context, name)
        rows = as_rows(table, self.n_context, self.dtype, name)
        if is_row:
            return np.broadcast_to(rows, (n, self.n_context))
        if len(rows) != n:
            raise ValueError(
                f"{name} has {len(rows)} rows, {of} {n}: give one row of context per row, or one of shape (C,)"
            )
        return rows

    def check_given(self, given: Any, n: int) -> Array:
        """Return `given` as (n, D) rows with NaN for gaps: all gaps for None, one row (D,) repeated."""
        if given is None:
            return np.full((n, self.n_features), np.nan, dtype=self.dtype)
        array = as_dense(given, "given")
        rows = self.check_rows(array[None] if array.ndim == 1 else array, "given", gaps=True)
        if array.ndim == 1:
            return np.repeat(rows, n, axis=0)
        if len(rows) != n:
            raise ValueError(f"given has {len(rows)} rows, but n={n}: give n rows, or one of shape (D,)")
        return rows

    def check_untold(self, untold: Any, x: Array) -> Array:
        """Return rows `x` (n, D) with inf where `untold`, (n, D) or (D,) booleans, is True; or raise."""
        if untold is None:
            return x
        flags = as_dense(untold, "untold")
        if flags.dtype != bool or flags.shape not in (x.shape, x.shape[1:]):
            raise ValueError(
                f"untold is {flags.dtype} of shape {flags.shape}: give booleans of shape {x.shape} or {x.shape[1:]}"
            )
        both = flags & ~np.isnan(x)
        if both.any():
            row, column = np.argwhere(both)[0]
            raise ValueError(
                f"untold is True where given[{row}, {column}] = {x[row, column]:g}: leave NaN there, or do not name it"
            )
        return np.where(flags, x.dtype.type(np.inf), x)

    def check_dropout(self, dropout: Any, n: int) -> list[Array | None] | None:
        """Return `dropout`, or raise unless it has one (n, H_l) array of this model's dtype, or None, per hidden layer.

        Before them there may be one for the inputs, (n, I + C).
        """
        if dropout is None:
            return None
        inputs = (n, self.network.n_inputs)
        shapes = [(n, width) for width in self.hidden]
        what = f"{self.dtype} arrays of shapes {shapes}, and maybe one of {inputs} before them, for the inputs"
        keeps = as_sequence(dropout, "dropout", what)
        wanted = [inputs, *shapes] if len(keeps) > len(shapes) else shapes
        if len(keeps) != len(wanted):
            raise ValueError(f"dropout has {len(keeps)} entries: this model needs {what}")
        for k, (keep, shape) in enumerate(zip(keeps, wanted, strict=True)):
            if keep is None:
                continue
            array = as_a(keep, f"dropout[{k}]", np.ndarray, f"give {what}")
            if (array.shape, array.dtype) != (shape, self.dtype):
                raise ValueError(f"dropout[{k}] is {array.dtype} of shape {array.shape}: this model needs {what}")
        return list(keeps)
