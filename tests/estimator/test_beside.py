"""What home has learned stays, bit for bit, while paths are learned beside it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from made_np import MADE, Gaussian, MixtureOfGaussians
from made_np.estimator.beside import Beside, of_home
from made_np.optim import SGD, Adam, Optimizer
from made_np.training.fit import fit

MADE_4 = MADE(
    4,
    (9, 8),
    [Gaussian(), *[MixtureOfGaussians(2)] * 3],
    order=[2, 0, 3, 1],
    n_masks=None,
    direct=True,
    activation="tanh",
    dtype="float64",
)
X = np.random.default_rng(0).standard_normal((60, 4))


@pytest.mark.parametrize("rule", [Adam(), SGD(momentum=0.5)])
def test_home_scores_the_same_bits_after_paths_were_learned(rule: Optimizer) -> None:
    theta = MADE_4.init(0) + 0.1 * np.random.default_rng(1).standard_normal(MADE_4.n_params)
    after = fit(MADE_4, X, theta=theta, optimizer=Beside(rule, of_home(MADE_4)), max_epochs=4, batch_size=20).theta
    path = MADE_4.bound[1]
    assert_array_equal(MADE_4.log_prob(after, X, mask_set=0), MADE_4.log_prob(theta, X, mask_set=0))
    assert not np.allclose(path.row_nll(after, X, None), path.row_nll(theta, X, None))


def test_what_stays_is_all_that_home_uses() -> None:
    theta = MADE_4.init(0) + 0.1 * np.random.default_rng(1).standard_normal(MADE_4.n_params)
    held = of_home(MADE_4)
    other = np.where(held, theta, 7.0)
    assert_array_equal(MADE_4.log_prob(other, X, mask_set=0), MADE_4.log_prob(theta, X, mask_set=0))
    for k in np.flatnonzero(held)[::5]:
        moved = theta.copy()
        moved[k] += 10
        assert not np.array_equal(MADE_4.log_prob(moved, X), MADE_4.log_prob(theta, X)), MADE_4.layout.locate(k)
