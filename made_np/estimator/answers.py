"""What a fitted density is asked: each question is a method, which reads the rows before the fitted part answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from made_np.diagnostics import Evaluation
from made_np.estimator.conventions import Conventions, seed_of
from made_np.estimator.dressing import completed, drawn
from made_np.estimator.lesson import read, read_again, read_part
from made_np.model.arguments import as_row_weights
from made_np.model.marginals import as_draws
from made_np.questions.conditions import ALWAYS
from made_np.questions.contexts import under
from made_np.questions.filling import STATISTICS, impute
from made_np.questions.given import draw_given, draw_rows
from made_np.questions.predicates import as_condition
from made_np.values import as_choice, as_count, as_flag, as_number

__all__ = ["Answers"]

MOST_ROWS = 10**12
"""No memory holds more rows."""


class Answers(Conventions):
    """The questions that `MADEDensity` answers once it is fitted."""

    random_state: Any

    def score_samples(self, X: Any, *, n_draws: int | str | None = None, return_std: bool = False) -> Any:
        """Return log p(x) of each row, in nats, in the units of the columns, shape (n,), float64.

        A value of a column with a resolution (`columns_` shows it), a word or a code counts with its probability; a
        real number with its density per unit of the column. What `fit` has not met in a column of words or codes counts
        with 1 / (n + 1), n rows of `fit`.

        Parameters
        ----------
        X : array or data frame (n, D)
            NaN (or None, or pandas.NA) means "not observed": the row gets the log-probability of the rest. A model with
            ``answers="any"`` takes gaps anywhere; one of a single order only where the observed columns lead in that
            order. In a row, leave a group of one-hot columns empty, or give enough of it to fix the rest (the single 1,
            or all but one 0).
        n_draws : int or "auto", optional
            Of a model with ``answers="any"``. None: a row with gaps gets what the network has learned about the rest,
            in one pass; such answers contradict each other a little (p(A) is not quite the sum of p(A, B) over B).
            "auto": the gaps are summed over. Where they have few states together (1024), all are added up. Else it is
            done by completions that are drawn and weighed: 16 of each row, then twice as many each time while its
            standard error is above .03 nats (256 where gaps are real numbers). A row takes some ten milliseconds. A
            number: so many completions of each row, whatever its error.
        return_std : bool
            Whether the standard error of each answer is returned too: what the draws of `n_draws` leave open, in nats;
            0 without them.

        Returns
        -------
        ndarray (n,), or two of them

        Raises
        ------
        ValueError
            Values that a column cannot have, gaps that no order of the model allows, or `n_draws` below 2.
        """
        fitted = self._answers
        as_flag(return_std, "return_std")
        if n_draws is not None:
            n_draws = as_draws(n_draws)
        table = read_again(self, fitted, X)
        if n_draws is None:
            scores = fitted.score_samples(table)
            return (scores, np.zeros(len(scores))) if return_std else scores
        scores, errors = fitted.score_by_draws(table, n_draws)
        return (scores, errors) if return_std else scores

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the MEAN over rows of log p(x), in nats per row (not the sum, so that folds of any size compare).

        Arguments as in `score_samples`; `sample_weight` (n,) says what each row counts in the mean.
        """
        scores = self.score_samples(X)
        return float(np.average(scores, weights=as_row_weights(sample_weight, len(scores))))

    def evaluate(self, X: Any) -> Evaluation:
        """Return what the rows cost: nats with their standard error, bits/dim, and what each column costs.

        All of it in the units of the columns: `nll` is ``-score(X)``, its rows are ``-score_samples(X)``. One-hot
        columns are one feature there. `X` is as in `score_samples`; gaps cost nothing.
        """
        fitted = self._answers
        return fitted.evaluate(read_again(self, fitted, X))

    def sample(self, n_samples: int = 1, *, given: Any = None, random_state: Any = None) -> Any:
        """Draw rows from the model.

        Parameters
        ----------
        n_samples : int, at least 1
        given : condition, or table of partly known rows; optional
            A condition, as `Questions` describes it: rows that hold it, ``{"sex": "F", "age": (50, None)}``. A table:
            `n_samples` rows for each of its rows, one after the other, with its gaps drawn; columns that it lacks are
            drawn too. Columns of `context` have a single value in a condition, and their values in a table.
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
            rng = np.random.default_rng(seed)
            if given is None or isinstance(given, (str, Mapping)):
                condition = as_condition(given, fitted.subject.literals, "given")
                subject, rest, told = under(fitted.subject, condition)
                if rest == ALWAYS:
                    rows = fitted.columns.decode(subject.sample(n_samples, rng), rng)
                else:
                    rows = draw_given(subject, rest, n_samples, rng).x
                for d in fitted.columns.context:
                    rows[:, d] = told[0, d]
            else:
                x, source = read_part(self, fitted, given, "given")
                each = np.repeat(np.arange(len(x)), n_samples)
                rows = draw_rows(fitted.subject, x[each], rng, source.take(each))
        return drawn(fitted, rows)

    def impute(
        self,
        X: Any,
        n_draws: int | None = None,
        *,
        statistic: str = "mean",
        confidence: float = 0.9,
        random_state: Any = None,
    ) -> Any:
        """Fill the gaps of `X`, as in `score_samples`; every other value stays exactly, or as `binarize` makes it.

        Parameters
        ----------
        X : array or data frame (n, D)
        n_draws : int, optional
            None: each gap is filled with the `statistic` of its own distribution given what is known of the row. An
            integer: so many completions, each drawn from p(gaps | rest), so that gaps of a row fit each other.
        statistic : {"mean", "median", "mode", "interval"}
            Of words, and of codes that are no numbers on a scale, mean and median are the mode, the likeliest value.
            "interval": the ends of the middle part of each distribution, two tables. Words without an order have no
            such ends: both tables have their mode, and ``conditional(column, X).pmf`` says how likely it is.
        confidence : float in [0, 1]
            How much of the mass is in the interval.
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
        as_choice(statistic, "statistic", STATISTICS)
        as_number(confidence, "confidence", "[0, 1]")
        table = read(self, X)
        numbers = read_again(self, fitted, X)
        if n_draws is None:
            found = impute(fitted.subject, numbers.read(), statistic, confidence, numbers.source)
            tables = [completed(fitted, table, x, X) for x in (found if isinstance(found, tuple) else (found,))]
            return tuple(tables) if statistic == "interval" else tables[0]
        with seed_of(self.random_state if random_state is None else random_state) as seed:
            filled = fitted.impute(numbers, n_draws, np.random.default_rng(seed))
        each = [completed(fitted, table, x, X) for x in filled]
        return np.stack(each) if isinstance(each[0], np.ndarray) and each[0].dtype.names is None else each
