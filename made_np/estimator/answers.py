"""What a fitted density is asked: each question is a method, which reads the rows before the fitted part answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.diagnostics import Evaluation
from made_np.estimator.conventions import Conventions, seed_of
from made_np.estimator.dressing import completed, drawn
from made_np.estimator.lesson import read, read_again
from made_np.typing import Floats
from made_np.values import as_count

__all__ = ["Answers"]

MOST_ROWS = 10**12
"""No memory holds more rows."""


class Answers(Conventions):
    """The questions that `MADEDensity` answers once it is fitted."""

    random_state: Any

    def score_samples(self, X: Any) -> Floats:
        """Return log p(x) of each row, in nats, in the units of the columns, shape (n,), float64.

        Parameters
        ----------
        X : array or data frame (n, D)
            NaN (or None, or pandas.NA) means "not observed": the row gets the log-probability of the rest. That is
            exact. It needs an order of the model in which the observed columns lead; an endless model
            (``n_masks=None``) takes any gaps. In a row, leave a group of one-hot columns empty, or give enough of it to
            fix the rest (the single 1, or all but one 0).

        Raises
        ------
        ValueError
            Values that a column cannot have, or gaps that no order of the model allows.
        """
        fitted = self._answers
        return fitted.score_samples(read_again(self, fitted, X))

    def score(self, X: Any, y: Any = None) -> float:
        """Return the MEAN over rows of log p(x), in nats per row (not the sum, so that folds of any size compare).

        Arguments as in `score_samples`.
        """
        return float(self.score_samples(X).mean())

    def evaluate(self, X: Any) -> Evaluation:
        """Return what the rows cost: nats with their standard error, bits/dim, and what each column costs.

        All of it in the units of the columns: `nll` is ``-score(X)``, its rows are ``-score_samples(X)``. One-hot
        columns are one feature there. `X` is as in `score_samples`, but without gaps.
        """
        fitted = self._answers
        return fitted.evaluate(read_again(self, fitted, X))

    def sample(self, n_samples: int = 1, random_state: Any = None) -> Any:
        """Draw rows from the model.

        Parameters
        ----------
        n_samples : int, at least 1
        random_state : int, RandomState, Generator or None
            None: that of the estimator.

        Returns
        -------
        table of n_samples rows
            In the container of fit (an array, a data frame of pandas, polars or pyarrow, ...): with its names, its
            dtypes, its levels. Columns that are left out of the model are absent; in an array they are gaps.
        """
        fitted = self._answers
        n_samples = as_count(n_samples, "n_samples", 1, MOST_ROWS)
        with seed_of(self.random_state if random_state is None else random_state) as seed:
            rows = fitted.sample(n_samples, np.random.default_rng(seed))
        return drawn(fitted, rows)

    def impute(self, X: Any, n_draws: int | None = None, random_state: Any = None) -> Any:
        """Fill the gaps of `X`, as in `score_samples`; every other value stays exactly, or as `binarize` makes it.

        Parameters
        ----------
        X : array or data frame (n, D)
        n_draws : int, optional
            None: one central completion. Each gap is filled with the centre of its conditional, and fed back as if
            observed. The centre is the mean (of a binary column the probability of a 1), of a categorical column, or
            one-hot columns, the likeliest value. An integer: so many completions, each drawn from p(gaps | rest).
        random_state : int, RandomState, Generator or None
            None: that of the estimator.

        Returns
        -------
        table of n rows, or a list of `n_draws` of them
            In the container of `X`, with its names and its index. Its columns have the dtypes of `X`, or whole numbers
            and booleans as in `fit`. Of arrays, one array (n_draws, n, D).

        Raises
        ------
        ValueError
            Gaps that no order of the model allows: what is known in a row has to lead in one.
        """
        fitted = self._answers
        n_draws = n_draws if n_draws is None else as_count(n_draws, "n_draws", 1, MOST_ROWS)
        with seed_of(self.random_state if random_state is None else random_state) as seed:
            filled = fitted.impute(read_again(self, fitted, X), n_draws, np.random.default_rng(seed))
        table = read(self, X)
        each = [completed(fitted, table, x, X) for x in filled]
        if n_draws is None:
            return each[0]
        return np.stack(each) if isinstance(each[0], np.ndarray) and each[0].dtype.names is None else each
