"""Geometric columns keep to what a distribution promises."""

from __future__ import annotations

import json

import numpy as np

from made_np import MADE, MADEDensity, fit
from made_np.distributions.proving import prove


def test_it_keeps_its_promises() -> None:
    from made_np import Geometric

    prove(Geometric())


def test_its_name_works_in_models_columns_and_files() -> None:
    x = np.random.default_rng(0).geometric(0.4, size=(60, 2)) - 1.0
    made = MADE(2, (4,), "geometric")
    result = fit(made, x, max_epochs=2)
    assert np.isfinite(made.log_prob(result.theta, x)).all()
    assert MADE.from_config(json.loads(json.dumps(made.config()))) == made
    density = MADEDensity((4,), columns="geometric", max_epochs=2, random_state=0).fit(x)
    assert np.isfinite(density.score_samples(x)).all()
    assert (density.sample(5) >= 0).all()
