"""Log-probabilities of what was observed, against sums over all that was not."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from made_np import MADE, Bernoulli, Categorical
from made_np.masks.sets import MIXTURE_SIZE
from made_np.model.marginals import check_gaps, observed_log_prob

NAN = np.nan
SIZES = (2, 3, 2, 2)
OUTPUT = [Bernoulli(), Categorical(3), Bernoulli(), Bernoulli()]


def model(**options: Any) -> tuple[MADE, Any]:
    made = MADE(4, hidden=(9,), output=OUTPUT, dtype="float64", seed=3, **options)
    return made, np.random.default_rng(1).normal(size=made.n_params)


def completions(row: Any) -> Any:
    """All rows without gaps that agree with `row`."""
    return np.array(list(product(*[range(n) if np.isnan(v) else [v] for v, n in zip(row, SIZES, strict=True)])))


def summed(made: MADE, theta: Any, row: Any, mask_set: Any) -> float:
    """p(observed) of one row under one mask set, the long way."""
    return float(np.exp(made.log_prob(theta, completions(row), mask_set=mask_set)).sum())


@pytest.mark.parametrize(
    "row", [[1, 2, 0, 1], [1, 2, 0, NAN], [1, 2, NAN, NAN], [1, NAN, NAN, NAN], [NAN, NAN, NAN, NAN]]
)
def test_leading_features_of_a_fixed_order(row: list[float]) -> None:
    made, theta = model()
    x = np.array([row])
    assert_allclose(np.exp(observed_log_prob(made, theta, x)), summed(made, theta, x[0], None), rtol=1e-12)


def test_an_order_that_is_not_its_own_inverse() -> None:
    made, theta = model(order=[2, 0, 3, 1])
    x = np.array([[1, NAN, 0, NAN], [NAN, NAN, 1, NAN], [0, NAN, 1, 1]])
    wanted = [summed(made, theta, row, None) for row in x]
    assert_allclose(np.exp(observed_log_prob(made, theta, x)), wanted, rtol=1e-12)
    with pytest.raises(ValueError, match=r"X\[0\] has gaps in feature 0"):
        observed_log_prob(made, theta, np.array([[NAN, 1, 1, 1]]))


def test_the_mixture_is_over_the_orders_that_the_gaps_allow() -> None:
    orders = [[0, 1, 2, 3], [1, 0, 2, 3], [3, 2, 1, 0]]
    made, theta = model(order=orders, n_masks=3)
    x = np.array([[1, 2, NAN, NAN], [1, NAN, NAN, NAN], [NAN, NAN, 0, 1], [1, 0, 0, 1]])
    able = [[0, 1], [0], [2], [0, 1, 2]]
    wanted = [np.mean([summed(made, theta, row, k) for k in ks]) for row, ks in zip(x, able, strict=True)]
    assert_allclose(np.exp(observed_log_prob(made, theta, x)), wanted, rtol=1e-12)


def test_an_endless_model_takes_any_gaps() -> None:
    made, theta = model(order="random", n_masks=None)
    x = np.array(list(product([0, NAN], [2, NAN], [1, NAN], [0, NAN])))
    wanted = []
    for row in x:
        known = ~np.isnan(row)
        orders = [made.mask_sets[k].order for k in range(MIXTURE_SIZE)]
        moved = [sorted(order.tolist(), key=lambda d, known=known: not known[d]) for order in orders]
        wanted.append(np.mean([summed(made, theta, row, order) for order in moved]))
    # The rows without gaps are those of the model's own mixture.
    assert_allclose(observed_log_prob(made, theta, x[:1]), made.log_prob(theta, x[:1]), rtol=1e-12)
    assert_allclose(np.exp(observed_log_prob(made, theta, x)), wanted, rtol=1e-12)


@pytest.mark.parametrize("options", [{}, {"order": "random", "n_masks": None}, {"order": "random", "n_masks": 2}])
def test_rows_without_gaps_get_log_prob(options: dict[str, Any]) -> None:
    made, theta = model(**options)
    x = completions([NAN] * 4).astype(float)
    assert_allclose(observed_log_prob(made, theta, x), made.log_prob(theta, x), rtol=1e-12)


def test_many_rows_are_scored_piece_by_piece_alike() -> None:
    made, theta = model()
    x = np.random.default_rng(0).integers(0, 2, size=(600_000, 4)).astype(float)
    assert_allclose(observed_log_prob(made, theta, x)[-3:], observed_log_prob(made, theta, x[-3:]), rtol=1e-12)


def test_gaps_that_no_order_allows_are_named_as_the_caller_likes() -> None:
    made, _ = model()
    known = np.array([[1, 1, 1, 1], [1, 0, 1, 0]], dtype=bool)
    with pytest.raises(ValueError, match=r"X\[1\] has gaps in c1, c3: .*n_masks=None"):
        check_gaps(made, known, "c{}".format)
    check_gaps(made, known[:1])
