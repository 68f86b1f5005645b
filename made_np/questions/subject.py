"""What questions are asked of: a model with its parameters, the columns of its table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from made_np.cells import Name
from made_np.columns.columns import Columns
from made_np.lazy import lazy
from made_np.masks.paths import leads, path_of
from made_np.model.gaps import no_order_leads
from made_np.model.made import MADE
from made_np.model.scoring import log_mean_exp
from made_np.questions.literals import Literals
from made_np.typing import Array, Bools, Floats, Ints

__all__ = ["AT_ONCE", "Subject"]

AT_ONCE = 1 << 21
"""Numbers that a layer holds for the rows that are computed together."""


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
    """

    made: MADE
    theta: Array
    columns: Columns
    seed: int = 0
    kept: dict[Any, Any] = field(default_factory=dict, repr=False)

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

    def ways(self, order: int | Ints) -> list[int | Ints]:
        """Return the mask sets whose mixture answers what `order` has told: it alone, or all homes."""
        return list(self.made.mask_sets.mixed) if self.made.mask_sets.has_paths else [order]

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
            found[rows] = made.raw_outputs(self._theta, z[rows], mask_set=order, gaps="skip")[:, place]
        return found

    def log_probs(self, z: Floats, order: int | Ints) -> Floats:
        """Return log p(z_d | what is not NaN before d), shape (n, F), in nats; 0 where `z` itself is NaN."""
        made = self.exact
        found = np.zeros(z.shape)
        for rows in self._blocks(len(z)):
            found[rows] = made.feature_log_prob(self._theta, z[rows], mask_set=order, gaps="skip")
        return np.where(np.isnan(z), 0.0, found)

    def log_prob(self, z: Floats, order: int | Ints) -> Floats:
        """Return log p(what is not NaN in `z`), shape (n,), in nats: of all `ways` that belong to an order."""
        each = np.stack([self.log_probs(z, one).sum(axis=1) for one in self.ways(order)])
        return log_mean_exp(each)

    def _blocks(self, n: int) -> Iterator[slice]:
        """Yield n rows, so many at a time as may be computed together."""
        made = self.exact
        step = max(1, AT_ONCE // max(made.network.n_inputs, made.outputs.n_raw, *made.hidden, 1))
        for first in range(0, n, step):
            yield slice(first, first + step)

    def draw(self, z: Floats, order: int | Ints, rng: np.random.Generator) -> Floats:
        """Return `z` (n, F) with each NaN drawn given the rest, under the mask set of `order`, or on a path."""
        mask_set = None if self.made.mask_sets.has_paths else order
        return self.made.sample(self.theta, len(z), given=z, mask_set=mask_set, rng=rng).astype(np.float64)

    def rng(self, *purpose: int) -> np.random.Generator:
        """Return the generator for a purpose, always the same one."""
        return np.random.default_rng([self.seed, *purpose])
