"""A search of scikit-learn's over parameters runs on a cluster's workers."""

from __future__ import annotations

from typing import Any

import joblib
import numpy as np
import people
import pytest

pytest.importorskip("distributed", reason="distributed is not installed: the extra dask brings it")
pytest.importorskip("sklearn")
from sklearn.model_selection import GridSearchCV


def test_a_grid_is_searched_by_workers(client: Any) -> None:
    X = people.frame(120).drop(columns="id")
    density = people.quick(max_epochs=2, backend="numpy")
    grid = {"hidden_layer_sizes": [(6,), (12,)], "learning_rate": [0.001, 0.02]}
    here = GridSearchCV(density, grid, cv=2).fit(X)
    with client.as_current(), joblib.parallel_backend("dask", client=client):
        there = GridSearchCV(density, grid, cv=2).fit(X)
    done = client.run(lambda dask_worker: dask_worker.state.executed_count)
    assert min(done.values()) > 0
    np.testing.assert_allclose(there.cv_results_["mean_test_score"], here.cv_results_["mean_test_score"], rtol=1e-6)
    assert there.best_params_ == here.best_params_
    np.testing.assert_allclose(there.best_estimator_.theta_, here.best_estimator_.theta_, rtol=1e-6)
