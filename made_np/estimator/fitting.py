"""How an estimator learns: the model that its parameters describe, the rows it holds out, trials, and the fit."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterable, Mapping
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from made_np.distributions.mixtures import RealMixture
from made_np.distributions.plain import Categorical, Distribution, Gaussian
from made_np.estimator.fitted import FittedDensity
from made_np.estimator.look import Look
from made_np.estimator.remembering import fingerprint, remembered, trials_path
from made_np.estimator.trials import Choice, Trial, is_auto, little_decay, try_out, without_trials
from made_np.masks.sets import MIXTURE_SIZE
from made_np.messages import tell
from made_np.model.made import MADE
from made_np.table.columns import Columns
from made_np.table.frames import Names, column_names
from made_np.table.one_hot import NOTHING_ONE_HOT, OneHot
from made_np.training.fit import FitResult
from made_np.training.fit import fit as fit_model
from made_np.typing import Array, Floats
from made_np.validation import as_widths

__all__ = ["Fitting", "Known", "hold_out"]


_logger = logging.getLogger("made_np.estimator")

ROWS_PER_UNIT = 16
FEWEST = 500
MOST = 2_000
MOST_WIRES = 1_600_000
"""What "auto" is for `hidden_layer_sizes`: one layer, of a unit for so many rows, between these numbers of units.

Where columns are many, it is narrower: of no more wires to it than these, so that a fit stays one of minutes.
"""
FEWEST_SHARED = 1_000
"""As `FEWEST`, where several mask sets share the units."""
RATE = 4e-3
REAL_RATE = 2e-3
"""What "auto" is for `learning_rate`, without and with real columns: how those go together must be learned to a hair.

Where a hidden layer has more than `FEWEST` units, it falls with the root of their number.
"""
DROPOUT = 0.5
LESS_DROPOUT = 0.3
MANY_ROWS = 30_000
REAL_DROPOUT = 0.0
"""What "auto" is for `dropout`: less from so many rows on, and none where there are real columns."""
MAX_STEPS = 30_000
MAX_WORK = 3.75e10
FEWEST_STEPS = 10_000
MIN_EPOCHS = 20
"""What "auto" is for `max_epochs`: so many steps, or as many as make this number times the parameters, if that is less;
but no fewer than the last two say.
"""
PATIENT_STEPS = 1_500
"""What "auto" is for `n_iter_no_change`: so many steps, but no fewer epochs than `MIN_EPOCHS`."""
TRIAL_STEPS = 1_500
TRIAL_ROWS = 2_000
"""Steps of a trial and rows that score it. It learns from no more rows than it needs, and an "auto" width is the least.
"""
ENOUGH_ROWS = 100
"""So many rows show which columns are one-hot; of a few, some could be by chance."""
CHECKS = 4
"""Validation may cost a share of 1 / CHECKS of what training costs."""


class Training(NamedTuple):
    """A table to learn from."""

    x: Floats
    names: Names | None
    look: Look | None
    columns: Columns


class Known(NamedTuple):
    """What is known of a table when its model is made: what is still "auto" follows from it."""

    n_rows: int  # 0 in a trial, which is narrow
    find_order: Callable[[], NDArray[np.int64]]


class Fitting(FittedDensity):
    """What `MADEDensity` does with its parameters when it learns; those are attributes set by its ``__init__``."""

    hidden_layer_sizes: Any
    columns: Any
    activation: str
    order: Any
    n_masks: Any
    direct: Any
    residual: bool
    mask_weights: bool
    optimizer: Any
    learning_rate: float | str
    schedule: Any
    batch_size: int
    max_epochs: Any
    n_iter_no_change: Any
    weight_decay: float | str | Mapping[str, float]
    dropout: Any
    input_dropout: float
    averaging: float
    verbose: int
    dtype: Any
    backend: str

    def _table(self, X: Any, first: bool, *, whole: bool = True) -> Training:
        """Return the training table, and what is known of its columns: at `first`, learned.

        Only a `whole` table, of more rows than a few, tells which columns are one-hot, and only if no order of the
        columns is given.
        """
        if not first:
            x = self._read_again(X)
            return Training(x, self._names(), self._look, self.columns_)
        x = self._read(X)
        names = column_names(X)
        look = Look.of(X)
        if isinstance(self.columns, OneHot):
            return Training(x, names, look, Columns.learn(x, "auto", names, self.columns))
        may_find = whole and is_auto(self.columns) and isinstance(self.order, str) and len(x) >= ENOUGH_ROWS
        one_hot = OneHot.find(x) if may_find else NOTHING_ONE_HOT
        return Training(x, names, look, Columns.learn(x, self.columns, names, one_hot))

    def _rows(self, made: MADE, columns: Columns, x: Floats, name: str = "X") -> Array:
        """Return the model's rows of a table, checked and in its dtype."""
        return made.check_rows(columns.encode(x, name), name)

    def _asked(self, columns: Columns) -> Choice:
        """Return what is set, and what is open; a single column has but one order."""
        one = len(columns.features) == 1 and is_auto(self.order) and is_auto(self.n_masks)
        return Choice("natural" if one else self.order, self.n_masks, self.weight_decay)

    def _choice(self, known: Known | None, columns: Columns) -> Choice:
        """Return the choice without trials: for a new model, or (nothing `known`) to go on learning."""
        if known is None:
            return without_trials(self._asked(columns), self.weight_decay_, self.made_)
        return without_trials(self._asked(columns), little_decay(known.n_rows, len(columns)))

    def _widths(self, known: Known | None, n_columns: int, n_masks: Any) -> tuple[int, ...]:
        """Return the widths of the hidden layers of a new model, or (nothing `known`) of one that goes on learning."""
        if not is_auto(self.hidden_layer_sizes):
            return as_widths(self.hidden_layer_sizes, "hidden_layer_sizes")
        if known is None:
            return self.made_.hidden
        least = FEWEST_SHARED if n_masks != 1 and known.n_rows else FEWEST
        wanted = max(known.n_rows // ROWS_PER_UNIT, least)
        return (max(min(wanted, MOST, MOST_WIRES // n_columns), FEWEST),)

    def _draft(self, columns: Columns, choice: Choice, known: Known) -> MADE:
        """Return a model like the one to come, for which no order is looked for and no seed drawn."""
        unsought = known._replace(find_order=lambda: np.arange(len(columns.features)))
        return self._model(columns, 0, choice, unsought)

    def _model(self, columns: Columns, seed: int, choice: Choice, known: Known | None = None) -> MADE:
        """Return the model that the parameters and a choice describe."""
        order = choice.order
        if known is not None and isinstance(order, str) and order == "found":
            if choice.n_masks != 1:
                raise ValueError(
                    f"order='found' is one order, and n_masks={choice.n_masks}: set n_masks=1, or order='random'"
                )
            order = known.find_order()
        return MADE(
            len(columns.features),
            self._widths(known, len(columns), choice.n_masks),
            list(columns.outputs),
            activation=self.activation,
            order=order,
            n_masks=choice.n_masks,
            direct=self._direct(columns),
            residual=self.residual,
            mask_weights=self.mask_weights,
            seed=seed,
            dtype=self.dtype,
            backend=self.backend,
        )

    def _direct(self, columns: Columns) -> bool | str:
        """Return the wires from input to output: those of bits pay, while codes do without."""
        if not is_auto(self.direct):
            return self.direct
        coded = sum(output.n_inputs for output in columns.outputs if isinstance(output, Categorical))
        mostly_codes = 2 * coded > sum(output.n_inputs for output in columns.outputs)
        return "auto" if mostly_codes and not _has_real(columns.outputs) else True

    def _continued(self) -> MADE:
        """Return the model that is there, or raise if the parameters now describe another one."""
        asked = self._model(self.columns_, self.made_.seed, self._choice(None, self.columns_))
        if asked != self.made_:
            old = self.made_.config()
            new = asked.config()
            changed = [name for name in old if old[name] != new[name]]
            raise ValueError(
                f"the fitted model cannot go on learning, since {', '.join(changed)} changed: set the old values, or "
                "fit anew with warm_start=False"
            )
        return self.made_

    def _trials(
        self, columns: Columns, seed: int, known: Known, rows: Array, valid: Array | None, checkpoint: Any
    ) -> list[Trial]:
        """Return what was tried for the parameters that are "auto"; nothing without held-out rows."""
        if valid is None:
            return []
        few = _spread(rows, TRIAL_STEPS * self.batch_size)
        scored = _spread(valid, TRIAL_ROWS)
        narrow = known._replace(n_rows=0)

        def loss(choice: Choice) -> float:
            made = self._model(columns, seed, choice, narrow)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # one that diverges loses; the fit itself will tell
                result = self._learn(made, few, scored, choice, np.random.default_rng(seed), trial=True)
            if result.stopped_by == "interrupt":
                raise KeyboardInterrupt  # there is nothing yet to give back
            tell(_logger, f"trial of {choice}: {result.best_valid:.4f} nats", shown=bool(self.verbose))
            return result.best_valid

        answer: Callable[[Choice], float] = loss
        if checkpoint is not None:
            answer = remembered(loss, trials_path(checkpoint), fingerprint(self.get_params(), seed, few, scored))
        return try_out(self._asked(columns), little_decay(known.n_rows, len(columns)), answer)

    def _rate(self, made: MADE) -> Any:
        """Return the learning rate."""
        if not is_auto(self.learning_rate):
            return self.learning_rate
        rate = REAL_RATE if _has_real(made.outputs.feature_outputs) else RATE
        return rate * sqrt(FEWEST / max((*made.hidden, FEWEST)))

    def _dropout(self, made: MADE, n_rows: int) -> Any:
        """Return the share of hidden units to switch off: where there are none, none of them."""
        if not made.hidden:
            return 0.0
        if not is_auto(self.dropout):
            return self.dropout
        if _has_real(made.outputs.feature_outputs):
            return REAL_DROPOUT
        return DROPOUT if n_rows < MANY_ROWS else LESS_DROPOUT

    def _learn(
        self,
        made: MADE,
        rows: Array,
        valid: Array | None,
        choice: Choice,
        rng: np.random.Generator,
        *,
        theta: Array | None = None,
        checkpoint: Any = None,
        trial: bool = False,
    ) -> FitResult:
        """Fit the model to encoded rows; in a trial only for a few steps, and for that at a constant rate."""
        batch_size = min(self.batch_size, len(rows))
        per_epoch = -(-len(rows) // batch_size)

        def epochs(asked: Any, n_steps: int) -> Any:
            return max(MIN_EPOCHS, -(-n_steps // per_epoch)) if is_auto(asked) else asked

        max_epochs = epochs(self.max_epochs, _most_steps(made))
        patience = epochs(self.n_iter_no_change, PATIENT_STEPS)
        if trial:
            max_epochs = min(max_epochs, -(-TRIAL_STEPS // per_epoch))
        return fit_model(
            made,
            rows,
            valid=valid,
            theta=theta,
            optimizer=self.optimizer,
            learning_rate=self._rate(made),
            schedule=None if trial else self.schedule,
            batch_size=batch_size,
            max_epochs=max_epochs,
            patience=patience,
            validate_every=_validate_every(made, rows, valid),
            weight_decay=choice.weight_decay,
            dropout=self._dropout(made, len(rows)),
            input_dropout=self.input_dropout,
            averaging=self.averaging,
            rng=rng,
            checkpoint=checkpoint,
            progress=bool(self.verbose) and not trial,
        )


def _spread(rows: Array, most: int) -> Array:
    """Return no more rows than `most`, from all parts of the table."""
    return rows[:: -(-len(rows) // most)]


def _has_real(outputs: Iterable[Distribution]) -> bool:
    """Whether some column is a real one."""
    return any(isinstance(output, Gaussian | RealMixture) for output in outputs)


def _most_steps(made: MADE) -> int:
    """Return how many steps a fit may have: fewer of a large model."""
    return min(MAX_STEPS, max(FEWEST_STEPS, int(MAX_WORK / made.n_params)))


def _validate_every(made: MADE, rows: Array, valid: Array | None) -> int:
    """Return how many epochs cost `CHECKS` times what a validation costs, which is a third of a pass that learns."""
    n_masks = MIXTURE_SIZE if made.n_masks is None else made.n_masks
    return 1 if valid is None else max(1, round(CHECKS * n_masks * len(valid) / (3 * len(rows))))


def hold_out(rows: Array, fraction: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Split off a share of the rows, of which there are at least two, for validation: at least one."""
    shuffled = rows[rng.permutation(len(rows))]
    n_valid = max(1, int(fraction * len(rows)))
    return shuffled[n_valid:], shuffled[:n_valid]
