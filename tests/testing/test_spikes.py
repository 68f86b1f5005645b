"""Bells between the nodes: seen where their logarithm is a parabola, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from made_np.testing import Adapter, Interval, check_normalised, suite
from made_np.testing.compare import Floats
from made_np.testing.spikes import hidden_mass

NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)


def mass(values: Floats, axis: int = 0, n_real: int = 1) -> float:
    return float(np.exp(hidden_mass(values[None], NODES, WEIGHTS, axis, n_real))[0])


@pytest.mark.parametrize("scale", [1e-2, 1e-5])
@pytest.mark.parametrize("centre", [-1.0, -0.99, 0.1, 0.9])
def test_a_bell_that_all_nodes_miss_has_its_mass(scale: float, centre: float) -> None:
    bell = -0.5 * ((NODES - centre) / scale) ** 2
    assert mass(bell) == pytest.approx(scale * np.sqrt(2 * np.pi) / 2, rel=1e-4)


def test_along_either_of_two_columns() -> None:
    other = np.cos(NODES)
    bell = -0.5 * ((NODES - 0.1) / 1e-3) ** 2
    right = 1e-3 * np.sqrt(2 * np.pi) / 2 * np.sum(WEIGHTS / 2 * np.exp(other))
    for axis, values in enumerate((bell[:, None] + other, other[:, None] + bell)):
        assert mass(values.ravel(), axis, 2) == pytest.approx(right, rel=1e-6)
        assert mass(values.ravel(), 1 - axis, 2) == 0


@pytest.mark.parametrize(
    "values",
    [
        -0.5 * NODES**2,  # seen by the nodes
        -0.5 * ((NODES - 3) / 0.01) ** 2,  # in another box
        np.where(NODES < 0, -1e6, 0.0),  # a wall
        np.where(NODES < 0, -np.inf, 0.0),
        np.full(8, -np.inf),
        -1e6 * np.abs(NODES - 0.1),  # a peak of another kind
        1e6 * NODES**2,
        -0.5 * ((NODES - 0.1) / 1e-8) ** 2,  # of these numbers rounding leaves nothing
    ],
)
def test_nothing_else_is_taken_for_one(values: Floats) -> None:
    assert mass(values) == 0


def conditional(spread: float, level: float, slope: float) -> Callable[[Floats], Floats]:
    """Two real columns: the second is a bell about a multiple of the first, which moves its width, too."""

    def log_prob(x: Floats) -> Floats:
        log_scale = spread * np.tanh(x[:, 0]) + level
        z = (x[:, 1] - slope * x[:, 0]) / np.exp(log_scale)
        return np.asarray(-0.5 * (x[:, 0] ** 2 + z**2) - log_scale - np.log(2 * np.pi))

    return log_prob


@pytest.mark.parametrize("case", [(2.0, -5.0, 0.0), (4.0, -4.0, 0.0), (4.0, -4.0, 0.5)])
def test_a_right_density_whose_width_varies_is_not_called_wrong(case: tuple[float, float, float]) -> None:
    log_prob = conditional(*case)
    report = check_normalised(log_prob, 2, support=Interval(-40, 40))
    assert not report.n_failed, report
    assert report.ok == (case[2] == 0)  # for the last one there are not enough points
    if report.ok:
        assert check_normalised(lambda x: log_prob(x) - 1e-6, 2, support=Interval(-40, 40)).n_failed == 1


SCALES = np.array([1e-3, 1.0])


def narrow_in_wide(x: Floats) -> Floats:
    """A bell of 1/1000 with a share of 1/100, within a wide one: no node tells of it."""
    bells = np.exp(-0.5 * ((x - 0.3) / SCALES) ** 2) / SCALES / np.sqrt(2 * np.pi)
    return np.asarray(np.log(bells @ [0.01, 0.99]))


def rows_of_it(n: int) -> Floats:
    rng = np.random.default_rng(0)
    return 0.3 + rng.standard_normal((n, 1)) * SCALES[(rng.random((n, 1)) < 0.99) * 1]


def test_rows_of_the_model_tell_of_what_no_point_saw() -> None:
    interval = Interval(-30, 31)
    alone = check_normalised(narrow_in_wide, 1, support=interval)
    assert alone.n_failed == 1
    model = {"n_features": 1, "support": interval, "log_prob": narrow_in_wide}
    beside = suite(Adapter(**model, draw=rows_of_it), only=["normalised"])["normalised"]
    assert beside.status == "skipped"
    assert "rows of the model tell of about 0.0" in beside.reason
    wrong_samplers = (lambda n: np.zeros((n, 3)), lambda n: np.full((n, 1), np.nan), lambda n: 1 / 0)
    for draw in (*wrong_samplers, lambda n: np.full((n, 1), 1.3)):
        assert suite(Adapter(**model, draw=draw), only=["normalised"])["normalised"].status == "FAILED"


def test_rows_are_no_excuse_for_a_sum_that_is_wrong() -> None:
    def too_much(x: Floats) -> Floats:
        return np.asarray(-0.5 * x[:, 0] ** 2 - 0.9)

    def draw(n: int) -> Floats:
        return np.random.default_rng(0).standard_normal((n, 1))

    adapter = Adapter(n_features=1, support=Interval(-9, 9), log_prob=too_much, draw=draw)
    assert suite(adapter, only=["normalised"])["normalised"].status == "FAILED"
