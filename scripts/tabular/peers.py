"""Densities of scikit-learn, with the one number that each needs chosen on training rows."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from tabular.data import Floats

BANDWIDTHS = np.geomspace(0.02, 2, 21)
COMPONENTS = (*range(1, 21), 25, 30, 40)


def kde_by_folds(train: Floats) -> Any:
    """Return a kernel density whose bandwidth is the best of `BANDWIDTHS` over five folds."""
    from sklearn.model_selection import GridSearchCV
    from sklearn.neighbors import KernelDensity

    return GridSearchCV(KernelDensity(), {"bandwidth": BANDWIDTHS}, cv=5).fit(train).best_estimator_


def gmm_by_bic(train: Floats, seed: int, components: Sequence[int] = COMPONENTS) -> Any:
    """Return a Gaussian mixture of full covariances, with as many components as BIC says."""
    from sklearn.mixture import GaussianMixture

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of those that do not converge, BIC takes none
        found = [GaussianMixture(k, random_state=seed).fit(train) for k in components if k < len(train)]
        return min(found, key=lambda model: model.bic(train))
