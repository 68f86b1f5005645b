"""The marginal under home: what draws say beside enumeration, and how sure they are of it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from strategies import random_theta

from made_np.distributions.plain import Categorical
from made_np.model.made import MADE
from made_np.model.marginals import _spread, home_log_prob

Array = NDArray[Any]
NAN = np.nan

SIZES = (2, 3, 2, 2)
HOME = [2, 0, 3, 1]
PATTERNS = [np.array(known) for known in itertools.product([False, True], repeat=4)]


def model(**options: Any) -> tuple[MADE, Array]:
    output = ["bernoulli", Categorical(3), "bernoulli", "bernoulli"]
    more = {"hidden": (9,), "order": HOME, "n_masks": None, "gap_inputs": [0, 2, 3], "dtype": "float64", **options}
    made = MADE(4, output=output, **more)
    return made, random_theta(made, np.random.default_rng(1), 0.8)


def summed(made: MADE, theta: Array, row: Array, **options: Any) -> float:
    """log p of what is known in a row under home, the long way."""
    values = [range(n) if np.isnan(v) else [v] for v, n in zip(row, SIZES, strict=True)]
    rows = np.array(list(itertools.product(*values)))
    return float(np.logaddexp.reduce(made.log_prob(theta, rows, **options)))


@pytest.mark.parametrize("backend", ["numpy", "auto"])
def test_draws_come_to_the_sum_of_home_over_the_gaps(backend: str) -> None:
    made, theta = model(backend=backend)
    x = np.array([np.where(known, [1, 2, 0, 1], NAN) for known in PATTERNS])
    log_prob, error = home_log_prob(made, theta, x, 4000)
    want = np.array([summed(made, theta, row) for row in x])
    exact = error == 0
    np.testing.assert_allclose(log_prob[exact], want[exact], rtol=1e-12, atol=1e-12)
    leading = [sorted(np.flatnonzero(known)) == sorted(HOME[: known.sum()]) for known in PATTERNS]
    np.testing.assert_array_equal(exact, leading)
    distance = np.abs(log_prob - want)[~exact] / error[~exact]
    assert distance.max() < 4.5
    assert error.max() < 0.1


def test_the_error_falls_with_the_root_of_the_number_of_draws_and_is_no_less_than_they_are_off() -> None:
    made, theta = model()
    row = np.array([[NAN, 2, NAN, 1]])
    want = summed(made, theta, row[0])
    _, few = home_log_prob(made, theta, row, 400)
    _, many = home_log_prob(made, theta, row, 40_000)
    assert few[0] / many[0] == pytest.approx(10, rel=0.3)
    runs = [home_log_prob(made, theta, row, 400, rng=seed) for seed in range(200)]
    scores = np.array([(log_prob[0] - want) / error[0] for log_prob, error in runs])
    assert abs(scores.mean()) < 4 * scores.std() / np.sqrt(200)
    assert scores.std() < 0.6  # about 1 without the spread


def test_the_numbers_that_decide_a_feature_are_spread_over_the_draws() -> None:
    u = _spread(50, 3, np.random.default_rng(0))
    assert u.shape == (50, 3)
    np.testing.assert_array_equal(np.sort(np.floor(u * 50), axis=0), np.tile(np.arange(50)[:, None], 3))
    assert not (np.argsort(u[:, 0]) == np.argsort(u[:, 1])).all()
    means = [_spread(2, 1, np.random.default_rng(seed))[:, 0] for seed in range(400)]
    np.testing.assert_allclose(np.mean(means, axis=0), 0.5, atol=4.5 * np.sqrt(1 / 12 / 400))  # each alone is uniform


def test_a_seed_says_it_again_and_rows_are_answered_alone_as_together() -> None:
    made, theta = model()
    x = np.where(np.random.default_rng(0).random((30, 4)) < 0.5, NAN, [1, 2, 0, 1])
    together = home_log_prob(made, theta, x, 16, rng=5)
    np.testing.assert_array_equal(together, home_log_prob(made, theta, x, 16, rng=5))
    alone = [home_log_prob(made, theta, row[None], 16, rng=5) for row in x]
    np.testing.assert_allclose(together[0], [log_prob[0] for log_prob, _ in alone], rtol=1e-12)
    np.testing.assert_allclose(together[1], [error[0] for _, error in alone], rtol=1e-9, atol=1e-14)


def test_context_is_that_of_the_row() -> None:
    made, theta = model(n_context=1)
    x = np.array([[NAN, 2, 0, 1], [NAN, 2, 0, 1]])
    context = np.array([[-1.0], [2.0]])
    log_prob, error = home_log_prob(made, theta, x, 4000, context=context)
    want = [summed(made, theta, row, context=y) for row, y in zip(x, context, strict=True)]
    assert (np.abs(log_prob - want) < 4.5 * error).all()
    assert abs(want[0] - want[1]) > 10 * error.max()


def test_several_homes_are_a_mixture() -> None:
    made, theta = model(order=[HOME, [1, 2, 0, 3], HOME[::-1]])
    x = np.array([np.where(known, [1, 2, 0, 1], NAN) for known in PATTERNS])
    log_prob, error = home_log_prob(made, theta, x, 4000)
    want = np.array([summed(made, theta, row) for row in x])
    assert (np.abs(log_prob - want) < 4.5 * error + 1e-12).all()
    assert 0 < error.max() < 0.1


def test_what_is_known_and_not_told_costs_nothing() -> None:
    made, theta = model()
    x = np.array([[NAN, NAN, 0, 1], [NAN, 2, NAN, 1], [NAN, NAN, NAN, NAN]])
    known = np.array([[False, True, True, True], [True, True, False, True], [True, True, True, True]])
    log_prob, error = home_log_prob(made, theta, x, 4000, known=known)
    for row, is_known, found, off in zip(x, known, log_prob, error, strict=True):
        values = [[v] if k else range(n) for v, k, n in zip(row, is_known, SIZES, strict=True)]
        rows = made.check_rows(np.array(list(itertools.product(*values)), dtype=float), gaps=True)
        want = np.logaddexp.reduce(-made.bound[0].row_nll(theta, rows, None))
        assert abs(found - want) < 4.5 * off + 1e-12


def test_what_cannot_be_meant_is_refused() -> None:
    made, theta = model()
    with pytest.raises(ValueError, match=r"^n_draws=1: give an integer >= 2"):
        home_log_prob(made, theta, [[NAN, 1, 0, 1]], 1)
    alone = MADE(4, (9,), dtype="float64")
    with pytest.raises(ValueError, match=r"has no path in this model: give n_masks=None"):
        home_log_prob(alone, alone.init(), [[NAN, 1, 0, 1]])
    assert [part.shape for part in home_log_prob(made, theta, np.empty((0, 4)))] == [(0,), (0,)]
