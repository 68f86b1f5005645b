"""What a fit leaves: a model, its parameters, what was learned of the columns. It answers questions about tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from made_np.cells import Source
from made_np.columns.columns import Columns
from made_np.diagnostics import Evaluation, evaluate
from made_np.estimator.encoding import encode
from made_np.estimator.trials import Trial
from made_np.lazy import lazy
from made_np.model.gaps import check_gaps, observed_log_prob
from made_np.model.made import MADE
from made_np.model.marginals import home_log_prob
from made_np.questions.explaining import score_columns
from made_np.questions.subject import Subject
from made_np.table.look import Look
from made_np.table.table import Table
from made_np.training.online import Memory
from made_np.typing import Array, Bools, Floats

__all__ = ["Fitted"]


AT_ONCE = 1 << 20
"""Numbers that a layer holds for the rows that are scored together."""

Score = Callable[[Floats, Bools, Floats | None, Source], tuple[Floats, Floats]]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted density: all answers of an estimator, in the units of the table.

    Attributes
    ----------
    made : MADE
    theta : ndarray, shape (P,)
    columns : Columns
    names : tuple of str, length D, or None
        Of the columns.
    look : Look or None
        Of the data frame of fit.
    history : dict of str to list
    stopped_by : str
    weight_decay : float or dict of str to float
    trials : list of Trial
    memory : Memory or None
        What the optimizer remembers of the latest `partial_fit`.
    """

    made: MADE
    theta: Array
    columns: Columns
    names: tuple[str, ...] | None
    look: Look | None
    history: dict[str, list[Any]]
    stopped_by: str
    weight_decay: Any
    trials: list[Trial]
    memory: Memory | None = None

    @lazy
    def exact(self) -> MADE:
        """The model in float64, so that a row's score does not depend on the rows beside it by more than 1e-12 or so.

        It is kept, because its masks take longer to build than a few rows to score.
        """
        return replace(self.made, dtype="float64")

    @lazy
    def subject(self) -> Subject:
        """What questions are asked of."""
        return Subject(self.made, self.theta, self.columns, self.made.seed)

    def score_samples(self, table: Table) -> Floats:
        """Return log p of what is known in each row, in nats, in the units of the columns, shape (n,)."""
        return self._scores(table, self._learned)[0]

    def score_by_draws(self, table: Table, n_draws: int | str) -> tuple[Floats, Floats]:
        """Return the same where each row's gaps are summed over so many draws, with its standard error."""
        return self._scores(table, partial(self._by_draws, n_draws))

    def _scores(self, table: Table, score: Score) -> tuple[Floats, Floats]:
        made = self.exact
        widest = max(made.network.n_inputs, made.outputs.n_raw, len(self.columns), *made.hidden)
        scores = np.empty((2, table.n_rows))
        for first, x in table.blocks(max(1, AT_ONCE // widest)):
            source = table.source.at(first)
            z = self.columns.encode(x, source)
            found = score(z, self.columns.known(x, z), self.columns.told.inputs(x, source), source)
            scores[:, first : first + len(x)] = found
            scores[0, first : first + len(x)] += self.columns.log_term(x, z).sum(axis=1)
        return scores[0], scores[1]

    def _learned(self, z: Floats, known: Bools, told: Floats | None, source: Source) -> tuple[Floats, Floats]:
        """Return what the network has learned of rows with gaps, in one pass: it has no error of draws."""
        theta = self.theta.astype(np.float64)
        label = self.columns.label
        log_prob = observed_log_prob(self.exact, theta, z, label, source, known=known, context=told)
        return log_prob, np.zeros(len(z))

    def _by_draws(
        self, n_draws: int | str, z: Floats, known: Bools, told: Floats | None, source: Source
    ) -> tuple[Floats, Floats]:
        """Return the sum over the gaps, where there is something to be drawn."""
        if not self.exact.mask_sets.has_paths:
            return self._learned(z, known, told, source)
        theta = self.theta.astype(np.float64)
        return home_log_prob(self.exact, theta, z, n_draws, known=known, context=told, rng=self.made.seed, name=source)

    def evaluate(self, table: Table) -> Evaluation:
        """Return what the rows cost, in the units of the columns."""
        rows = encode(table, self.columns, self.exact)
        if np.isnan(rows.z.x).any():
            return self._evaluate_known(table)
        in_z = evaluate(self.exact, self.theta.astype(np.float64), rows.z)
        return replace(
            in_z,
            row_nll=in_z.row_nll - rows.row_term,
            per_feature=in_z.per_feature - rows.feature_term,
            names=() if self.names is None else tuple(feature.name for feature in self.columns.features),
            stopped_by=self.stopped_by,
        )

    def _evaluate_known(self, table: Table) -> Evaluation:
        """Return what the known values of rows cost, where some are gaps, or values that fit has not seen."""
        terms = score_columns(self.subject, table.read(), table.source)
        per_feature = [terms[:, start:stop].sum(axis=1).mean() for start, stop in self.columns.spans]
        return Evaluation(
            -self.score_samples(table),
            -np.array(per_feature),
            self.made.n_mixed,
            () if self.names is None else tuple(feature.name for feature in self.columns.features),
            self.stopped_by,
        )

    def impute(self, table: Table, n_draws: int, rng: np.random.Generator) -> Floats:
        """Return so many completions of the rows, each drawn, shape (n_draws, n, D)."""
        x = table.read()
        given = self.columns.encode(x, table.source)
        told = self.columns.told.inputs(x, table.source)
        check_gaps(self.made, ~np.isnan(given), self.columns.label, table.source)
        many = None if told is None else np.tile(told, (n_draws, 1))
        z = self.made.sample(self.theta, n_draws * len(x), given=np.tile(given, (n_draws, 1)), context=many, rng=rng)
        return np.where(np.isnan(x), self.columns.decode(z.reshape(n_draws, *given.shape), rng), x)
