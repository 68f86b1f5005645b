"""A model whose pixels share their wires against the property suite, its own sums, a finite difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np import DiscretizedLogistic, fit
from made_np.grid import GridMADE, Scan
from made_np.testing import Adapter, suite

SHAPE = (2, 3)
D = 6
SNAKE = Scan(SHAPE, np.array([0, 1, 2, 5, 4, 3]), np.array([[1, 1]] * 3 + [[1, -1]] * 3))
SCANS = {"raster": None, "backwards": Scan.raster(SHAPE).backwards(), "snake": SNAKE}


def some(grid: GridMADE, seed: int = 0) -> np.ndarray:
    """Random parameters, none of them 0."""
    return grid.init(seed) + 0.3 * np.random.default_rng(seed).standard_normal(grid.n_params)


def raw_outputs(grid: GridMADE, theta: np.ndarray, x: np.ndarray, scan: Scan | None) -> np.ndarray:
    """All raw outputs (n, D * K), at any real x."""
    x = np.ascontiguousarray(x, dtype=np.float64)
    told = grid._told(x, grid._windows(scan), np.arange(D), None)
    return grid.made.raw_outputs(theta, np.zeros((len(told), 1)), context=told).reshape(
        len(x), D * grid.made.outputs.n_raw
    )


@pytest.mark.parametrize("backend", ["numpy", "auto"])
@pytest.mark.parametrize("output", ["bernoulli", DiscretizedLogistic(3, 2)], ids=["bits", "levels"])
@pytest.mark.parametrize("scan", SCANS.values(), ids=SCANS)
def test_the_property_suite_finds_nothing(scan: Scan | None, output: Any, backend: str) -> None:
    """Bitwise autoregressive, sums to one, draws exactly from its density, gradient that of its loss."""
    grid = GridMADE(SHAPE, (5,), output, radius=1, activation="tanh", dtype="float64", backend=backend)
    theta = some(grid)
    kind = grid.made.outputs.feature_outputs[0]
    rows = np.random.default_rng(1).integers(0, kind.n_values, (4, D)).astype(float)

    def inverse(x: np.ndarray, u: np.ndarray) -> np.ndarray:
        return kind.inverse_cdf(raw_outputs(grid, theta, x, scan).reshape(len(x), D, kind.n_raw), u)

    report = suite(
        Adapter(
            n_features=D,
            order=np.arange(D) if scan is None else scan.order,
            n_params=kind.n_raw,
            support=np.arange(kind.n_values),
            params=lambda x: raw_outputs(grid, theta, x, scan),
            log_prob=lambda x: grid.log_prob(theta, x, scan=scan),
            sample=lambda u: grid.sample(theta, len(u), scan=scan, uniforms=u),
            inverse=inverse,
            loss=lambda theta: grid.loss_and_grad(theta, rows, scan=scan)[0],
            grad=lambda theta: grid.loss_and_grad(theta, rows, scan=scan)[1],
            theta=theta,
            lost="ignore",  # what lies outside a window
        )
    )
    assert report.ok, str(report)


def test_a_guided_model_sums_to_one_beside_each_guide() -> None:
    grid = GridMADE(SHAPE, (5,), DiscretizedLogistic(2), radius=1, guided=True, dtype="float64")
    x = ((np.arange(64)[:, None] >> np.arange(D)) & 1).astype(float)
    for seed in range(2):
        guide = np.broadcast_to(np.random.default_rng(seed).random(D), x.shape)
        log_prob = grid.log_prob(some(grid), x, guide=guide)
        assert np.exp(log_prob).sum() == pytest.approx(1, abs=1e-12)
    other = grid.log_prob(some(grid), x, guide=guide + np.eye(D)[-1])
    assert np.abs(other - log_prob).max() > 1e-3, "pixels see their guide on all sides"


def test_loss_is_the_mean_of_log_prob_and_its_pixels_add_up() -> None:
    grid = GridMADE((4, 4), (5,), DiscretizedLogistic(8), radius=2, dtype="float64")
    x = np.random.default_rng(0).integers(0, 8, (6, 16)).astype(float)
    theta = some(grid)
    log_prob = grid.log_prob(theta, x)
    assert grid.loss_and_grad(theta, x)[0] == pytest.approx(-log_prob.mean())
    np.testing.assert_allclose(grid.pixel_log_prob(theta, x).sum(axis=1), log_prob)


def test_brightness_does_not_change_what_a_shared_wire_sees() -> None:
    """Differences are told, not values: an image that is brighter has the same windows, but for the mean of each."""
    grid = GridMADE((4, 4), (5,), DiscretizedLogistic(64), radius=2, dtype="float64")
    x = np.random.default_rng(0).integers(0, 32, (3, 16)).astype(float)
    _, told = grid.examples(x, places=np.arange(5, 16))
    _, brighter = grid.examples(x + 20, places=np.arange(5, 16))
    np.testing.assert_allclose(brighter[:, 1:], told[:, 1:], atol=1e-9)
    np.testing.assert_allclose(brighter[:, 0] - told[:, 0], 40 / 63)


def test_given_pixels_are_kept_and_decide_the_rest() -> None:
    grid = GridMADE(SHAPE, (5,), DiscretizedLogistic(3), radius=1, dtype="float64")
    theta = some(grid)
    u = np.random.default_rng(0).random((20, D))
    whole = grid.sample(theta, 20, scan=SNAKE, uniforms=u)
    given = np.where(np.isin(np.arange(D), SNAKE.order[:2]), whole, np.nan)
    np.testing.assert_array_equal(grid.sample(theta, 20, given=given, scan=SNAKE, uniforms=u), whole)


def test_a_texture_is_learned_by_fit() -> None:
    """Stripes whose phase differs from image to image: what no independent pixel knows, one neighbour does."""
    rng = np.random.default_rng(0)
    stripes = (np.arange(6) + rng.integers(0, 2, 60)[:, None]) % 2
    x = np.repeat(stripes, 6, axis=0).reshape(60, 36).astype(float)
    grid = GridMADE((6, 6), (8,), radius=1, dtype="float64")
    pixels, told = grid.examples(x)
    result = fit(grid.made, pixels, context=told, learning_rate=0.03, max_epochs=5)
    assert -grid.log_prob(result.theta, x).mean() < 0.15 * 36 * np.log(2)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda g: GridMADE((2, 0)), r"shape\[1\]=0"),
        (lambda g: GridMADE((2, 2), radius=0), "radius=0"),
        (lambda g: g.log_prob(g.init(), np.zeros((1, D)), guide=np.zeros((1, D))), "guided=False"),
        (lambda g: g.log_prob(g.init(), np.zeros((1, D)), scan=Scan.raster((3, 2))), r"scan is of a grid \(3, 2\)"),
        (lambda g: g.log_prob(g.init(), np.full((1, D), 0.5)), "x"),
        (lambda g: g.examples(np.zeros((1, D)), places=[D]), "give pixels 0..5"),
        (
            lambda g: g.sample(g.init(), 1, given=[[np.nan, 1, 0, 0, 0, 0]]),
            "pixel 1 is known, pixel 0 before it is not",
        ),
        (lambda g: g.sample(g.init(), 2, given=np.full((1, D), np.nan)), "give n rows"),
        (lambda g: Scan(SHAPE, np.arange(D), np.zeros((D, 2), int)), "steps"),
        (lambda g: GridMADE(SHAPE, output="categorical"), "categorical"),
    ],
)
def test_what_cannot_be_meant_is_refused(ask: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ask(GridMADE(SHAPE, (4,)))


def test_a_guide_has_to_come_with_every_image() -> None:
    grid = GridMADE(SHAPE, (4,), guided=True)
    for guide, message in ((None, "guide is missing"), (np.zeros((2, D)), "guide has 2 rows, x has 1")):
        with pytest.raises(ValueError, match=message):
            grid.log_prob(grid.init(), np.zeros((1, D)), guide=guide)
