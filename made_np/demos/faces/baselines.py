"""What completes a half image without a density: neighbours, ridge regression, extra trees (scikit-learn)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from made_np.typing import Array, Bools

Completer = Callable[[Array], Array]

ALPHAS = np.logspace(5, 8, 7)
"""L2 coefficients that ridge chooses from, for grey levels 0..255."""


def regressors(people: Array) -> Iterator[tuple[str, Any]]:
    """Yield (name, regressor) for each baseline.

    Parameters
    ----------
    people : ndarray of int, shape (n,)
        Who is on each training image. Ridge is tuned by cross-validation that holds out whole people: with images of
        the same person on both sides it would choose far too small a coefficient for people never seen.
    """
    from sklearn.ensemble import ExtraTreesRegressor
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GridSearchCV, GroupKFold
    from sklearn.neighbors import KNeighborsRegressor

    folds = list(GroupKFold(5).split(people, groups=people))
    grid = {"alpha": list(ALPHAS)}
    yield "1 nearest neighbour", KNeighborsRegressor(1)
    yield "5 nearest neighbours", KNeighborsRegressor(5)
    yield "ridge, alpha by CV", GridSearchCV(Ridge(), grid, scoring="neg_mean_squared_error", cv=folds)
    yield "extra trees", ExtraTreesRegressor(30, max_features=32, random_state=0, n_jobs=-1)


def squared_error(truth: Array, completed: Array, missing: Bools) -> float:
    """Return the mean squared error per missing pixel, grey levels 0..255 squared.

    Parameters
    ----------
    truth, completed : ndarray, shape (n, D)
    missing : ndarray of bool, shape (D,)
    """
    error = truth[:, missing].astype(np.float64) - completed[:, missing]
    return float(np.mean(error * error))


def complete(regressor: Any, train: Array, test: Array, missing: Bools) -> Array:
    """Fit `regressor` from the given to the missing pixels of `train`, and return `test` (n, D) completed by it."""
    completed = test.astype(np.float64)
    regressor.fit(train[:, ~missing].astype(np.float64), train[:, missing].astype(np.float64))
    completed[:, missing] = regressor.predict(completed[:, ~missing])
    return completed
