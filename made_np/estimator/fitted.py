"""What a fitted density answers: scores, samples, completions, in the units of the table it was fitted on."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from made_np.diagnostics import Evaluation, evaluate
from made_np.estimator.conventions import Conventions, as_seed, not_fitted
from made_np.estimator.look import Look
from made_np.estimator.stored import Learned
from made_np.estimator.trials import Trial
from made_np.model.made import MADE
from made_np.model.marginals import check_gaps, observed_log_prob
from made_np.storage.header import rebuilding
from made_np.storage.model_file import read, save
from made_np.table.columns import Columns
from made_np.table.frames import Names, as_table, attribute, check_columns, column_names
from made_np.training.online import Memory
from made_np.typing import Array, Floats
from made_np.values import as_count, as_number

__all__ = ["FittedDensity"]

Fitted = TypeVar("Fitted", bound="FittedDensity")

MOST_ROWS = 10**12
"""No memory holds more rows."""


class FittedDensity(Conventions):
    """The methods that need what `fit` has learned; `MADEDensity` adds the learning."""

    made_: MADE
    theta_: Array
    columns_: Columns
    n_iter_: int
    history_: dict[str, list[Any]]
    stopped_by_: str
    weight_decay_: Any
    trials_: list[Trial]
    _exact: MADE
    _memory: Memory | None
    backend: str
    _look: Look | None = None
    random_state: Any
    binarize: float | None

    def score_samples(self, X: Any) -> Floats:
        """Return log p(x) of each row, in nats, in the units of the columns, shape (n,), float64.

        Parameters
        ----------
        X : array or data frame (n, D)
            NaN (or None, or pandas.NA) means "not observed": the row gets the log-probability of the rest. That is
            exact, and needs an order of the model in which the observed columns lead; an endless model
            (``n_masks=None``) takes any gaps. Of columns that are one-hot together, all are known (or follow from those
            that are) or none is.

        Raises
        ------
        ValueError
            Values that a column cannot have, or gaps that no order of the model allows.
        """
        _, columns = self._fitted()
        x = self._read_again(X, gaps=True)
        # In float64, so that a row's score does not depend on the rows beside it by more than 1e-12 or so.
        log_prob = observed_log_prob(self._exact, self.theta_.astype(np.float64), columns.encode(x), columns.label)
        return log_prob + columns.log_jacobian(~np.isnan(x))

    def score(self, X: Any, y: Any = None) -> float:
        """Return the MEAN over rows of log p(x), in nats per row (not the sum, so that folds of any size compare).

        Arguments as in `score_samples`; `y` is ignored.
        """
        return float(self.score_samples(X).mean())

    def evaluate(self, X: Any) -> Evaluation:
        """Return what the rows cost: nats with their standard error, bits/dim, and what each column costs.

        All of it in the units of the columns: `nll` is ``-score(X)``, its rows are ``-score_samples(X)``. Columns that
        are one-hot together are one feature there.

        Parameters
        ----------
        X : array or data frame (n, D)
            Without gaps: `score_samples` takes them.
        """
        _, columns = self._fitted()
        z = columns.encode(self._read_again(X))
        in_z = evaluate(self._exact, self.theta_.astype(np.float64), z)
        # A density per unit of x is one per unit of z over the scale, and a discrete column has the scale 1.
        shift = np.log([feature.scale for feature in columns.features])
        return replace(
            in_z,
            row_nll=in_z.row_nll + shift.sum(),
            per_feature=in_z.per_feature + shift,
            names=() if self._names() is None else tuple(feature.name for feature in columns.features),
            stopped_by=self.stopped_by_,
        )

    def sample(self, n_samples: int = 1, random_state: Any = None) -> Any:
        """Draw rows from the model.

        Parameters
        ----------
        n_samples : int, at least 1
        random_state : int, RandomState, Generator or None
            None: that of the estimator.

        Returns
        -------
        ndarray of float64 (n_samples, D)
            If the model was fitted on a data frame, one of the same kind (pandas or polars): its columns have the same
            names and, as far as their values allow, the same dtypes. Whole numbers are drawn for columns of codes;
            others are real numbers to the model. Names other than strings, numbers and pairs of these give an array.
        """
        made, columns = self._fitted()
        n_samples = as_count(n_samples, "n_samples", 1, MOST_ROWS)
        rng = self._rng(random_state)
        rows = columns.decode(made.sample(self.theta_, n_samples, rng=rng))
        return rows if self._look is None else self._look.put_on(rows)

    def impute(self, X: Any, n_draws: int | None = None, random_state: Any = None) -> Any:
        """Fill the gaps of `X`, as in `score_samples`; every other value stays exactly, or as `binarize` makes it.

        Parameters
        ----------
        X : array or data frame (n, D)
        n_draws : int, optional
            None: one central completion, each gap filled with the centre of its conditional (the mean, for a binary
            column the probability of a 1; for a categorical column, or one-hot columns, the likeliest value), fed back
            as if observed.
            An integer: so many completions, each drawn from p(gaps | rest).
        random_state : int, RandomState, Generator or None
            None: that of the estimator.

        Returns
        -------
        ndarray of float64 (n, D), or (n_draws, n, D)
            For a data frame: one of the same kind with the same names and index, or a list of `n_draws` of them. Its
            columns have the dtypes of `X`, or whole numbers and booleans as in `fit`, as far as their values allow.

        Raises
        ------
        ValueError
            Gaps that no order of the model allows: what is known in a row has to lead in one.
        """
        made, columns = self._fitted()
        n_draws = n_draws if n_draws is None else as_count(n_draws, "n_draws", 1, MOST_ROWS)
        x = self._read_again(X, gaps=True)
        gaps = np.isnan(x)
        given = columns.encode(x)
        check_gaps(made, ~np.isnan(given), columns.label)
        rng = self._rng(random_state)
        if n_draws is None:
            z = made.fill_means(self.theta_, given, rng=rng)[None]
        else:
            z = made.sample(self.theta_, n_draws * len(x), given=np.tile(given, (n_draws, 1)), rng=rng)
            z = z.reshape(n_draws, *given.shape)
        filled = np.where(gaps, columns.decode(z), x)
        look = Look.of(X)
        if look is None:
            return filled[0] if n_draws is None else filled
        look = look.filled(self._look)
        index = getattr(X, "index", None)
        frames = [look.put_on(table, index) for table in filled]
        return frames[0] if n_draws is None else frames

    # ------------------------------------------------------------------------------------------ files

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted estimator to one .npz file, without pickle, completely or not at all.

        A `random_state` that is a generator is stored as None. Errors as in `made_np.save`.
        """
        made, columns = self._fitted()
        learned = Learned(
            self.get_params(),
            columns,
            self._names(),
            self.history_,
            self.stopped_by_,
            self.weight_decay_,
            self.trials_,
            self._look,
        )
        save(path, made, self.theta_, extra={"estimator": learned.config()})

    @classmethod
    def load(cls: type[Fitted], path: str | os.PathLike[str], *, backend: str | None = None) -> Fitted:
        """Read an estimator that `save` wrote: the same parameters, and the same bits in all answers.

        Parameters
        ----------
        path : str or path-like
            The file.
        backend : {None, "auto", "numba", "numpy"}
            Of the model, and of what it learns from now on. None: as saved, or "numpy" where that cannot be imported.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is damaged, compressed, from a newer made_np, or holds a model without an estimator.
        TypeError
            If `path` is no path.

        Warns
        -----
        RuntimeWarning
            The backend that the model was saved with cannot be imported, and NumPy is taken.
        """
        stored, header = read(path, backend)
        if "estimator" not in stored.extra:
            raise ValueError(f"{os.fspath(path)} holds a model, but no {cls.__name__}: read it with made_np.load")
        with rebuilding(os.fspath(path), header.writer, "estimator"):
            learned = Learned.from_config(stored.extra["estimator"], stored.made)
            estimator = cls(**learned.params)
            if backend is not None or learned.params["backend"] == header.made["backend"]:
                estimator.backend = stored.made.backend
            estimator._settle(stored.made, stored.theta, *learned[1:5])
            estimator.weight_decay_ = learned.weight_decay
            estimator.trials_ = learned.trials
            estimator._look = learned.look
        return estimator

    # ------------------------------------------------------------------------------------------ inside

    def _fitted(self) -> tuple[MADE, Columns]:
        if not hasattr(self, "theta_"):
            raise not_fitted(self)
        return self.made_, self.columns_

    def _names(self) -> Names | None:
        return getattr(self, "feature_names_in_", None)

    def _rng(self, random_state: Any) -> np.random.Generator:
        return np.random.default_rng(as_seed(self.random_state if random_state is None else random_state))

    def _read(self, X: Any, *, gaps: bool = False, name: str = "X") -> Floats:
        """Return the table (n, D) that `X` is, binarised if asked for."""
        x = as_table(X, gaps=gaps, name=name)
        if self.binarize is None:
            return x
        return np.where(np.isnan(x), x, x > as_number(self.binarize, "binarize"))

    def _read_again(self, X: Any, *, gaps: bool = False) -> Floats:
        """Return the table (n, D) that `X` is, once its columns have been seen to be those of fit."""
        is_frame = attribute(X, "columns") is not None
        if is_frame:  # where these are other columns, what they hold is no matter
            self._check_columns(X, len(X.columns))
            if self._look is not None and self._names() is None and column_names(X) is None:  # names are numbers
                check_columns(X.columns, len(X.columns), self._look.names, self.n_features_in_)
        x = self._read(X, gaps=gaps)
        if not is_frame:
            self._check_columns(X, x.shape[1])
        return x

    def _settle(
        self,
        made: MADE,
        theta: Array,
        columns: Columns,
        names: Names | None,
        history: dict[str, list[Any]],
        stopped_by: str,
        memory: Memory | None = None,
    ) -> None:
        """Set everything that makes the estimator a fitted one, at once and only at the end."""
        self.made_ = made
        self.theta_ = theta
        self.columns_ = columns
        self._memory = memory
        # Kept beside the model, because its masks take longer to build than a few rows to score.
        self._exact = replace(made, dtype="float64")
        self.n_features_in_ = len(columns)
        self.history_ = history
        self.n_iter_ = len(history["epoch"])
        self.stopped_by_ = stopped_by
        if names is not None:
            self.feature_names_in_ = names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
