"""What a fitted density is asked beyond the score of a row: each question is a method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from made_np.estimator.answers import Answers
from made_np.estimator.dressing import in_columns, predicted
from made_np.estimator.lesson import read_again, read_part
from made_np.estimator.reasons import Reasons
from made_np.model.marginals import as_draws
from made_np.questions import conditional as conditionals
from made_np.questions import explaining, information, predicting
from made_np.questions.conditional import Conditional
from made_np.questions.probability import probability
from made_np.typing import Array, Floats

__all__ = ["Questions"]

Conditions = Mapping[Any, Any] | str
"""A dict of columns, or SQL."""


class Questions(Answers):
    """The questions that `MADEDensity` answers about columns and conditions.

    A condition is a dict that says of columns, by name or place, which values they have: one value; a pair (low, high),
    both ends included, None leaves one open; a pair ("<", v), ("<=", v), (">", v), (">=", v) or ("!=", v); a set or
    list of values; None for a missing value, where missingness is learned. Or it is the text of an SQL condition:
    ``"age BETWEEN 30 AND 40 AND (sex = 'F' OR income IS NULL)"``.
    """

    def score_columns(self, X: Any) -> Any:
        """Return what each column contributes to `score_samples`, in nats: log p(x_d | known columns before d).

        The terms of a row sum to its score. Columns that are one-hot together have their term at the first of them.

        Parameters
        ----------
        X : table (n, D)
            As in `score_samples`.

        Returns
        -------
        ndarray of float64 (n, D), or a data frame as `X` is
        """
        fitted = self._answers
        table = read_again(self, fitted, X)
        return in_columns(explaining.score_columns(fitted.subject, table.read(), table.source), X)

    def explain(self, X: Any) -> Reasons:
        """Return why rows are likely or not: of each value log p(x_d | all others), and what the others let expect.

        Parameters
        ----------
        X : table (n, D)
            As in `score_samples`.

        Returns
        -------
        Reasons
            ``log_prob`` (n, D) in nats, NaN at gaps; ``expected``, a table as `X` is, of the likeliest words and codes,
            and of means; ``rank`` (n, D), 1 for the value of a row that fits the others worst, 0 at gaps. Printed, it
            is the worst value of each row; ``to_dict()`` holds all.
        """
        fitted = self._answers
        table = read_again(self, fitted, X)
        found = explaining.explain(fitted.subject, table.read(), table.source)
        return Reasons.of(fitted, table, found, X)

    def predict_proba(self, X: Any, target: str | int | None = None, *, n_draws: int | str | None = None) -> Floats:
        """Return p(target | all that is known of the others), shape (n, K), by Bayes' rule.

        Parameters
        ----------
        X : table (n, D)
            With gaps anywhere; what it says of the target does not matter, and the target's column may be absent.
        target : str or int, optional
            A column of words or codes, by name or place. None: the last one. `classes` says what the K are.
        n_draws : int or "auto", optional
            Other gaps of a row are summed over, as in `score_samples`. None: what the network has learned of them.
        """
        fitted = self._answers
        n_draws = None if n_draws is None else as_draws(n_draws)
        x, source = read_part(self, fitted, X)
        return predicting.predict_proba(fitted.subject, x, self._target(target), source, n_draws)

    def predict(self, X: Any, target: str | int | None = None) -> Any:
        """Return the likeliest value of a column of words or codes, the mean of any other, given the rest of each row.

        It is a value as the column has them, of its dtype: a mean of whole numbers is rounded to one. The mean as it is
        has ``conditional(target, X).mean()``.

        Arguments as in `predict_proba`.

        Returns
        -------
        Series of pandas or polars, or array of pyarrow, as `X` is a frame of these; else ndarray (n,)
        """
        fitted = self._answers
        x, source = read_part(self, fitted, X)
        place = fitted.subject.literals.column(self._target(target), "target")
        return predicted(fitted, place, predicting.predict(fitted.subject, x, place, source), X)

    def classes(self, target: str | int | None = None) -> Array:
        """Return the values of the target, in the order of the columns of `predict_proba`."""
        return predicting.classes(self._answers.subject, self._target(target))

    def _target(self, target: str | int | None) -> str | int:
        """Return the column to be predicted: the last one in the model, if none is named."""
        return max(self._answers.subject.feature_of) if target is None else target

    def conditional(self, column: str | int, given: Any = None) -> Conditional:
        """Return the distribution of a column given others, with the names of scipy.stats.

        Parameters
        ----------
        column : str or int
        given : condition, or table of partly known rows; optional
            Of a table, each row is a condition, and the answers have one entry for each.

        Returns
        -------
        Conditional
            ``pmf`` or ``pdf``, ``logpmf``, ``logpdf``, ``cdf``, ``sf``, ``ppf``, ``mean``, ``median``, ``mode``,
            ``var``, ``std``, ``entropy``, ``interval(confidence)``, ``rvs``, ``support``, in the units of the column.
        """
        fitted = self._answers
        if given is not None and not isinstance(given, (str, Mapping)):
            given, _ = read_part(self, fitted, given, "given")
        return conditionals.conditional(fitted.subject, column, given)

    def probability(self, where: Any, given: Conditions | None = None, return_std: bool = False) -> Any:
        """Return P(where), or P(where given `given`).

        It is a measure: monotone, additive where a range is cut in two, the same each time; everything has 1, nothing
        has 0. It counts in one sample of the model, drawn once from the seed of the fit.

        Parameters
        ----------
        where : condition, or list of conditions
            An empty dict holds for every row.
        given : condition, optional
        return_std : bool
            Whether the standard error is returned too: how far the answer may lie from what the model holds. Whether
            the model is right is another question.

        Returns
        -------
        float, or ndarray for a list; with `return_std` two of them
        """
        return probability(self._answers.subject, where, given, return_std)

    def entropy(self, columns: Any = None, given: Any = None) -> tuple[float, float]:
        """Return H(columns | given) in nats, with its standard error.

        Parameters
        ----------
        columns : str, int, or list of these; optional
            None: all that are not given. Of densities it is the differential entropy, which may be below 0.
        given : condition, or list of columns; optional
            Of columns it is the mean over their values.

        Returns
        -------
        entropy, standard error : float
            The error is 0 where the sum is taken over all values.
        """
        return information.entropy(self._answers.subject, columns, given)

    def mutual_information(self, a: Any, b: Any, given: Any = None) -> tuple[float, float]:
        """Return I(a; b | given) in nats, with its standard error: how much b tells of a. 0 means nothing.

        Arguments as in `entropy`.
        """
        return information.mutual_information(self._answers.subject, a, b, given)
