"""How pictures grow, with what is shown in them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import made_np
from growing.law import Call, Law
from growing.networks import bits
from made_np import MADE, draw


def _calibration(n_features: int) -> Any:
    made = MADE(n_features, (8,))
    return made_np.calibration(made, made.init(0), bits(50, n_features))


def _compared(d: int) -> Call:
    made = MADE(d, (8,))
    one = made_np.evaluate(made, made.init(0), bits(50, d))
    return partial(one.difference, one)


def _history(n: int) -> Call:
    losses = np.linspace(2.0, 1.0, n).tolist()
    history = {"epoch": list(range(1, n + 1)), "train": losses, "valid": losses}
    return partial(draw.learning_curve, history)


def _images(n: int) -> Call:
    return partial(draw.image_grid, np.zeros((n, 4, 8, 8)))


def _completed(n: int) -> Call:
    given = np.where(np.arange(16) < 8, 0.0, np.nan)[None].repeat(n, 0)
    return partial(draw.completions, given, (4, 4), mean=np.zeros((n, 16)), n_shown=n)


LAWS: dict[str, list[Law]] = {
    "draw.curves.learning_curve": [Law("epochs", _history, 100, 100_000)],
    "draw.network_picture.network": [Law("features", lambda d: partial(draw.network, MADE(d, (8,))), 10, 100, 2)],
    "draw.images.completions": [Law("images", _completed, 2, 20)],
    "draw.images.image_grid": [Law("images", _images, 2, 20)],
    "draw.calibration_picture.calibration": [
        Law("features", lambda d: partial(draw.calibration, _calibration(d)), 5, 500)
    ],
    "draw.text.mask_text": [Law("units", lambda n: partial(draw.mask_text, np.ones((n, n), dtype=bool)), 10, 1000, 2)],
    "draw.masks_picture.masks": [Law("features", lambda d: partial(draw.masks, MADE(d, (32,))), 10, 1000)],
    "draw.masks_picture.reachability": [
        Law("features", lambda d: partial(draw.reachability, MADE(d, (32,))), 10, 1000, 2)
    ],
    "diagnostics.calibrating.Calibration.has_states": [
        Law("features", lambda d: partial(_calibration(d).has_states, 0), 10, 1000)
    ],
    "diagnostics.calibrating.Calibration.of": [Law("features", lambda d: partial(_calibration(d).of, 0), 10, 1000)],
    "diagnostics.calibrating.Calibration.reliability": [
        Law("features", lambda d: _calibration(d).reliability, 10, 10_000)
    ],
    "diagnostics.calibrating.Calibration.uniformity": [
        Law("bins", lambda n: partial(_real(n).uniformity, 0), 10, 1000)
    ],
    "diagnostics.evaluation.Evaluation.difference": [Law("features", _compared, 10, 10_000)],
}


def _real(n_bins: int) -> Any:
    made = MADE(2, (8,), "gaussian")
    x = np.random.default_rng(0).normal(size=(500, 2))
    return made_np.calibration(made, made.init(0), x, n_bins=n_bins)
