"""What questions are asked of: a model with its parameters, the columns of its table."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np

from made_np.cells import Name
from made_np.columns.columns import Columns
from made_np.lazy import lazy
from made_np.masks.paths import leads, path_of
from made_np.model.gaps import no_order_leads
from made_np.model.made import MADE
from made_np.model.marginals import home_log_prob
from made_np.model.scoring import log_mean_exp
from made_np.questions.literals import Literals
from made_np.typing import Array, Bools, Floats, Ints

__all__ = ["AT_ONCE", "Subject"]

AT_ONCE = 1 << 21
"""Numbers that a layer holds for the rows that are computed together."""
MOST_WAYS = 8
"""A mixture of mask sets answers questions about parts of rows by so many of them."""
MOST_CONTEXTS = 4
"""Answers under so many contexts are kept."""
SHARED = "exact", "_theta", "literals", "feature_of"
"""What is computed once, whatever the context."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A model, with what has been computed for its answers.

    Attributes
    ----------
    made : MADE
    theta : ndarray, shape (P,)
    columns : Columns
        Those of the table; what `encode` makes of it are the rows of the model.
    seed : int
        Decides all draws that belong to no call: the same question has the same answer.
    kept : dict
        Answers that are used again.
    context : ndarray (n, C), optional
        What the network is told of the columns that are given, for each row that it is asked about, or one for all.
    """

    made: MADE
    theta: Array
    columns: Columns
    seed: int = 0
    kept: dict[Any, Any] = field(default_factory=dict, repr=False)
    context: Floats | None = None

    def told(self, x: Floats, name: Name = "X") -> Subject:
        """Return the same, asked about rows of which numbers `x` (n, D) say the context.

        Raises
        ------
        ValueError
            A gap in a column of context that had none in fit, or a value that it refuses.
        """
        inputs = self.columns.told.inputs(x, name)
        return self if inputs is None else self._under(inputs, {})

    def at(self, x: Floats) -> Subject:
        """Return the same, asked about rows whose context is that of one row (1, D); its answers are kept."""
        inputs = self.columns.told.inputs(x, "given")
        if inputs is None:
            return self
        kept: dict[bytes, Subject] = self.kept.setdefault("contexts", {})
        key = inputs.tobytes()
        if key not in kept:
            if len(kept) == MOST_CONTEXTS:
                del kept[next(iter(kept))]
            kept[key] = self._under(inputs, {})
        return kept[key]

    def take(self, rows: Ints | slice) -> Subject:
        """Return the same, asked about some of the rows."""
        if self.context is None or len(self.context) == 1:
            return self
        return self._under(self.context[rows], self.kept)

    def repeat(self, k: int) -> Subject:
        """Return the same, asked about each row k times."""
        if self.context is None or len(self.context) == 1:
            return self
        return self._under(np.repeat(self.context, k, axis=0), self.kept)

    def _under(self, context: Floats, kept: dict[Any, Any]) -> Subject:
        for name in SHARED:
            getattr(self, name)
        other = copy(self)
        object.__setattr__(other, "context", context)
        object.__setattr__(other, "kept", kept)
        return other

    def _told(self, rows: slice = slice(None)) -> Floats | None:
        """Return the context of some rows, as the model takes it."""
        if self.context is None or len(self.context) == 1:
            return None if self.context is None else self.context[0]
        return self.context[rows]

    @lazy
    def literals(self) -> Literals:
        """How questions name columns and values."""
        return Literals(self.columns)

    @lazy
    def exact(self) -> MADE:
        """The model in float64."""
        return replace(self.made, dtype="float64")

    @lazy
    def _theta(self) -> Floats:
        return self.theta.astype(np.float64)

    @lazy
    def feature_of(self) -> dict[int, int]:
        """The feature that each column of the table belongs to; columns that are no feature are left out."""
        spans = enumerate(self.columns.spans)
        return {column: feature for feature, (start, stop) in spans for column in range(start, stop)}

    @lazy
    def constants(self) -> Floats:
        """A row (D,) of the table; what columns have that are no feature, all rows have."""
        outputs = self.made.outputs.feature_outputs
        return self.columns.decode(np.array([[output.values(1)[0] for output in outputs]]))[0]

    def encode(self, x: Floats, name: Name = "given") -> Floats:
        """Return the model's rows (n, F) of numbers `x` (n, D) of which NaN are not known: NaN, and never a gap."""
        z = self.columns.encode(x, name)
        for feature, (start, stop) in enumerate(self.columns.spans):
            if stop == start + 1:  # where gaps are learned, the code of one has been put there
                z[np.isnan(x[:, start]), feature] = np.nan
        return z

    def order(self, known: Bools, row: str = "the question") -> int | Ints:
        """Return the mask set by which questions about the `known` features (F,) are answered.

        It is the same for all questions about these features, so that their answers fit together: that of the home
        order, if there is one, else one whose order they lead. `row` is what messages call what is known.

        Raises
        ------
        ValueError
            The model has fixed orders, and the known features lead in none of them.
        """
        if self.made.mask_sets.has_paths:
            return 0
        if self.made.n_masks is None:
            return path_of(self.made.mask_sets[0].order, known)
        for k, one in enumerate(self.made.mask_sets):
            if leads(one.order, known):
                return k
        raise no_order_leads(known, row, self.columns.label)

    def is_one_distribution(self, known: Bools) -> bool:
        """Return whether answers about the `known` features (F,) are those of whole rows, summed over the rest.

        They are where these features lead. A model with paths that is told less answers about so, as it learned.
        """
        made = self.made
        return not made.mask_sets.has_paths or all(leads(made.mask_sets[k].order, known) for k in made.mask_sets.mixed)

    def ways(self, order: int | Ints, known: Bools) -> list[int | Ints]:
        """Return the mask sets whose mixture answers about the `known` features (F,), of which `order` is the first.

        All homes, or the sets that these features lead in; of an endless model of random orders, it alone.
        """
        sets = self.made.mask_sets
        if sets.has_paths:
            return list(sets.mixed)
        if self.made.n_masks is None:
            return [order]
        able: Iterator[int | Ints] = (k for k, one in enumerate(sets) if leads(one.order, known))
        return list(islice(able, MOST_WAYS))

    def sequence(self, order: int | Ints, known: Bools) -> Ints:
        """Return the `known` features (F,) in the order of a mask set."""
        every = order if isinstance(order, np.ndarray) else self.made.mask_sets[order].order
        return every[known[every]]

    def raw(self, z: Floats, order: int | Ints, feature: int) -> Floats:
        """Return the raw outputs (n, K) of one feature; the network is not told what is NaN in `z` (n, F)."""
        made = self.exact
        place = made.output_slices[feature]
        found = np.empty((len(z), place.stop - place.start))
        for rows in self._blocks(len(z)):
            told = self._told(rows)
            found[rows] = made.raw_outputs(self._theta, z[rows], context=told, mask_set=order, gaps="skip")[:, place]
        return found

    def log_probs(self, z: Floats, order: int | Ints) -> Floats:
        """Return log p(z_d | what is not NaN before d), shape (n, F), in nats; 0 where `z` itself is NaN."""
        made = self.exact
        found = np.zeros(z.shape)
        for rows in self._blocks(len(z)):
            told = self._told(rows)
            found[rows] = made.feature_log_prob(self._theta, z[rows], context=told, mask_set=order, gaps="skip")
        return np.where(np.isnan(z), 0.0, found)

    def log_prob(self, z: Floats, known: Bools) -> Floats:
        """Return log p of the `known` features (F,) of `z`, shape (n,), in nats: of all their `ways`."""
        ways = self.ways(self.order(known), known)
        each = np.stack([self.log_probs(z, one).sum(axis=1) for one in ways])
        return log_mean_exp(each)

    def summed_log_prob(self, z: Floats, known: Bools, n_draws: int | str) -> Floats:
        """Return log p of what is `known` in rows `z` (n, F) with the rest summed over, shape (n,): `home_log_prob`."""
        told = None if self.context is None else np.broadcast_to(self.context, (len(z), self.context.shape[1]))
        return home_log_prob(self.exact, self._theta, z, n_draws, known=known, context=told, rng=self.seed)[0]

    def _blocks(self, n: int) -> Iterator[slice]:
        """Yield n rows, so many at a time as may be computed together."""
        made = self.exact
        step = max(1, AT_ONCE // max(made.network.n_inputs, made.outputs.n_raw, *made.hidden, 1))
        for first in range(0, n, step):
            yield slice(first, first + step)

    def draw(self, z: Floats, order: int | Ints, rng: np.random.Generator) -> Floats:
        """Return `z` (n, F) with each NaN drawn given the rest, under a mask set that allows it, or on a path."""
        mask_set = order if self.made.n_masks is None and not self.made.mask_sets.has_paths else None
        return self.sample(len(z), rng, z, mask_set).astype(np.float64)

    def sample(self, n: int, rng: np.random.Generator, given: Floats | None = None, mask_set: Any = None) -> Array:
        """Draw `n` rows (n, F) of the model, or fill each NaN of `given`; `mask_set` as `MADE.sample` takes it."""
        return self.made.sample(self.theta, n, given=given, context=self._told(), mask_set=mask_set, rng=rng)

    def rng(self, *purpose: int) -> np.random.Generator:
        """Return the generator for a purpose, always the same one."""
        return np.random.default_rng([self.seed, *purpose])
