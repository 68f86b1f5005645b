"""MADEOutlierDetector: rows that a density finds improbable."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from made_np.estimator.containers import take
from made_np.estimator.conventions import learned, seed_of
from made_np.estimator.wrapping import Wrapping
from made_np.table.table import Table
from made_np.typing import Floats, Ints
from made_np.values import as_number

__all__ = ["MADEOutlierDetector"]

Self = TypeVar("Self", bound="MADEOutlierDetector")

ALARMS = 0.01
"""With ``contamination="auto"``, so many of the rows that are like those of fit are called outliers."""

LEAST_HELD = 20
"""Of fewer rows that are held out no quantile can be read; those of fit then take their place."""


@dataclass(frozen=True, eq=False)
class Judged:
    """What fit leaves: a fitted density, and the score below which a row is an outlier."""

    density: Any
    offset: float


class MADEOutlierDetector(Wrapping):
    """Outlier detector: a row is an outlier if its log-probability is below a threshold.

    Works as scikit-learn's detectors do (IsolationForest, LocalOutlierFactor), and needs no scikit-learn.

    Parameters
    ----------
    density : estimator, optional
        What scores the rows: a `MADEDensity` with the parameters that you want, or another estimator with
        ``score_samples``. It is copied, not changed. None: ``MADEDensity(random_state=random_state)``. Its parameters
        are reached by ``density__order`` and so on, in a grid search for instance.
    contamination : "auto" or float in (0, 0.5]
        A number: the share of the rows of `fit` that are outliers; the threshold is that quantile of their scores.
        "auto": `fit` takes the rows for regular ones, and sets the threshold so that of new rows like them 1 % are
        called outliers. A tenth of the rows is held out for that: a model scores the rows that it was fitted to better
        than others, and a quantile of their scores would call too many new rows outliers.
    random_state : int, RandomState, Generator or None
        Chooses the rows that are held out, and is that of the density where none is given.

    Attributes
    ----------
    density_ : estimator
        The fitted density.
    offset_ : float
        The threshold: ``decision_function(X) = score_samples(X) - offset_``.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only after a fit on a data frame.

    See Also
    --------
    MADEDensity.score_samples : What the scores are.

    Notes
    -----
    The rows that are held out are the density's validation rows, its `X_val`. None are lost by that: it would have held
    out as many by itself. A density that takes no `X_val`, or stops without validation rows, is fitted to all rows, and
    its threshold is a quantile of their scores; so is one of few rows.

    Examples
    --------
    >>> from made_np import MADEDensity
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 2))
    >>> density = MADEDensity((8,), order="natural", n_masks=1, max_epochs=30, random_state=0)
    >>> MADEOutlierDetector(density, random_state=0).fit(X).predict([[0.0, 0.0], [9.0, -9.0]])
    array([ 1, -1])
    """

    def __init__(
        self,
        density: Any = None,
        *,
        contamination: str | float = "auto",
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
    ) -> None:
        self.density = density
        self.contamination = contamination
        self.random_state = random_state

    density_: Any = learned("density")
    _weighted = ("fit",)
    offset_: float = learned("offset")

    def fit(self: Self, X: Any, y: Any = None, **fit_params: Any) -> Self:
        """Fit the density, and set the threshold.

        Parameters
        ----------
        X : array or data frame (n, D)
        y : ignored
        **fit_params
            For the density's own `fit`: ``sample_weight``, one number for each row, and what else it takes.

        Raises
        ------
        ValueError, TypeError
            As the density; a contamination, or a density, that cannot be meant.
        """
        is_auto = isinstance(self.contamination, str) and self.contamination == "auto"
        share = ALARMS if is_auto else as_number(self.contamination, "contamination", "(0, 0.5]")
        density = self._new_density("score_samples")
        rows = self._held_out(density, X) if is_auto and "X_val" not in fit_params else None
        if rows is None:
            density.fit(X, **fit_params)
            scores = density.score_samples(X)
        else:
            held, kept = rows
            if fit_params.get("sample_weight") is not None:
                fit_params["sample_weight"] = np.asarray(fit_params["sample_weight"])[kept]
            density.fit(take(X, kept), X_val=take(X, held), **fit_params)
            scores = density.score_samples(take(X, held))
        # Of n new rows the k-th lowest has k / (n + 1) of all others below it, on average: that is "weibull".
        method = "linear" if rows is None else "weibull"
        self._fitted = Judged(density, float(np.quantile(scores, share, method=method)))  # type: ignore[call-overload]
        return self

    def _held_out(self, density: Any, X: Any) -> tuple[Ints, Ints] | None:
        """Return the rows to hold out and the others; None where none are to be."""
        takes_them = "X_val" in inspect.signature(density.fit).parameters and getattr(density, "early_stopping", True)
        n = Table.of(X).n_rows if takes_them else 0
        n_held = int(getattr(density, "validation_fraction", 0.1) * n)
        if n_held < LEAST_HELD:
            return None
        with seed_of(self.random_state) as seed:
            rows = np.random.default_rng(seed).permutation(n)
        return np.sort(rows[:n_held]), np.sort(rows[n_held:])

    def score_samples(self, X: Any) -> Floats:
        """Return log p(x) of each row, in nats, as the density does: the lower, the more of an outlier."""
        return np.asarray(self._answers.density.score_samples(X))

    def decision_function(self, X: Any) -> Floats:
        """Return ``score_samples(X) - offset_``: below 0 for outliers."""
        fitted = self._answers
        return self.score_samples(X) - float(fitted.offset)

    def predict(self, X: Any) -> Ints:
        """Return -1 for outliers and 1 for all other rows, shape (n,)."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def fit_predict(self, X: Any, y: Any = None, **fit_params: Any) -> Ints:
        """Fit to the rows, and return -1 for those among them that are outliers, 1 for all others."""
        return self.fit(X, y, **fit_params).predict(X)

    def __sklearn_tags__(self) -> Any:
        """Return the tags of the density, as an outlier detector."""
        tags = super().__sklearn_tags__()
        tags.estimator_type = "outlier_detector"
        return tags
