"""A fitted density estimator by scikit-learn's conventions as the suite sees it."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import numpy as np

from ..adapter import Adapter
from ..arrays import attribute_of
from ..compare import Floats, seed_of
from ..values import as_callable, as_count, show
from .fields import look_at


def sklearn_adapter(estimator: Any, *, rng: int | np.random.Generator = 0, **fields: Any) -> Adapter:
    """Return the adapter of an estimator with ``score_samples``, and perhaps ``sample``, as ``GaussianMixture``.

    Rows that nobody gives (a batch of none, which scikit-learn refuses) are answered by nothing.

    Parameters
    ----------
    estimator : object
        Fitted: it knows ``n_features_in_``.
    rng : int or Generator
        Seed of what it draws.
    **fields
        Of `Adapter`; ``support`` is None, real numbers, if it is not given.

    Raises
    ------
    TypeError, ValueError
        If the estimator has no score_samples, or is not fitted, or a field is none of an adapter.

    Examples
    --------
    >>> adapter = sklearn_adapter(GaussianMixture(3).fit(x), support=Interval(-9, 9))  # doctest: +SKIP
    """
    score = as_callable(attribute_of(estimator, "score_samples"), "estimator.score_samples", "x -> nats")
    n_features = attribute_of(estimator, "n_features_in_")
    if n_features is None:
        raise ValueError(f"estimator={show(estimator)} has no n_features_in_: fit it first")
    as_count(n_features, "estimator.n_features_in_")
    given = look_at(n_features, {"support": None, **fields})
    seed = seed_of(rng) % 2**32

    def log_prob(x: Floats) -> Any:
        return score(np.ascontiguousarray(x, dtype=np.float64)) if len(x) else np.zeros(0)

    def draw(n: int) -> Any:
        # The kernel density takes a seed when asked; others keep one, and are asked in a copy.
        if "random_state" in inspect.signature(estimator.sample).parameters:
            return estimator.sample(n, random_state=seed)
        asked = copy.copy(estimator)
        asked.random_state = seed
        found = asked.sample(n)
        return found[0] if isinstance(found, tuple) else found

    ours: dict[str, Any] = {
        "log_prob": log_prob,
        "draw": draw if hasattr(estimator, "sample") else None,
    }
    return given.adapter(ours, lambda fn: fn)
