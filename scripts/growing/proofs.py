"""How the checks of `made_np.testing` grow, on functions whose time is in proportion to rows times features."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from growing.law import Call, Law
from growing.networks import rng
from made_np import MADE, testing
from made_np.testing import Adapter, Layer

WIDTH = 4


def params(x: Any) -> Any:
    """Return the logits of features that hear of the sum of those before."""
    return np.cumsum(x, axis=1) - x - 0.5


def log_prob(x: Any) -> Any:
    """Return what that model says of rows of bits, in nats."""
    z = params(x)
    return (x * z - np.logaddexp(0.0, z)).sum(axis=1)


def conditional(x: Any) -> Any:
    """Return its probabilities of a 1."""
    return 1 / (1 + np.exp(-params(x)))


def sample(u: Any) -> Any:
    """Return its rows, decided by uniform numbers."""
    x = np.zeros_like(u)
    for d in range(u.shape[1]):
        x[:, d] = u[:, d] < conditional(x)[:, d]
    return x


def draw(n: int) -> Any:
    """Return rows that it draws."""
    return sample(rng().random((n, WIDTH)))


def cdf(x: Any) -> tuple[Any, Any]:
    """Return its conditional CDFs, below each value and up to it."""
    p = conditional(x)
    return (1 - p) * x, 1 - p + p * x


def _states() -> Any:
    return np.array([[k >> d & 1 for d in range(WIDTH)] for k in range(2**WIDTH)], dtype=np.float64)


def probability(where: dict[int, Any]) -> float:
    """Return its probability of ranges."""
    states = _states()
    inside = np.ones(len(states), dtype=bool)
    for d, (low, high) in where.items():
        inside &= states[:, d] >= (-np.inf if low is None else low)
        inside &= states[:, d] <= (np.inf if high is None else high)
    return float(np.exp(log_prob(states))[inside].sum())


def log_marginal(values: dict[int, float]) -> float:
    """Return what it says of some columns, in nats."""
    return float(np.log(probability({d: (value, value) for d, value in values.items()})))


def log_conditional(asked: dict[int, float], given: dict[int, float]) -> float:
    """Return what it says of some columns given others, in nats."""
    return log_marginal({**asked, **given}) - log_marginal(given)


def _repeats(check: Callable[[int], Any], most: int = 100_000) -> list[Law]:
    return [Law("draws", lambda n: partial(check, n), 100, most)]


def _features(check: Callable[[int], Any], power: float, most: int = 1000, start: int = 10) -> list[Law]:
    return [Law("features", lambda d: partial(check, d), start, most, power)]


def _uniform(n: int) -> Any:
    """Return what a distribution of n values that are alike says of them."""
    return lambda x: np.full(len(x), -np.log(n))


def _square(x: Any) -> Any:
    return (x * x).sum()


def _slope(x: Any) -> Any:
    return 2 * x


def _product(x: Any, w: Any) -> Any:
    return x @ w


def _product_vjp(dy: Any, x: Any, w: Any) -> Any:
    return dy @ w.T, x.T @ dy


def _masks(d: int) -> Call:
    sets = MADE(d, (4 * d,)).mask_sets[0]
    return partial(testing.check_masks, sets.masks, sets.order)


def _adapter(n: int) -> Adapter:
    return Adapter(n_features=WIDTH, params=params, log_prob=log_prob, draw=draw, cdf=cdf, n_draws=n)


LAWS: dict[str, list[Law]] = {
    "testing.autoregressive.check_autoregressive": _features(lambda d: testing.check_autoregressive(params, d), 2),
    "testing.calibration.check_calibrated": _repeats(lambda n: testing.check_calibrated(draw, cdf, WIDTH, n=n)),
    "testing.conditionals.check_conditionals": _repeats(
        lambda n: testing.check_conditionals(log_marginal, log_conditional, WIDTH, log_prob=log_prob, n=n), 5000
    ),
    "testing.consistency.check_consistency": _features(lambda d: testing.check_consistency(params, d), 1, 10_000),
    "testing.context.check_context": _features(
        lambda d: testing.check_context(lambda x, y: params(x) + y.sum(axis=1)[:, None], d, 2), 1, 10_000
    ),
    "testing.density.check_normalised": [
        Law(
            "states",
            lambda n: partial(testing.check_normalised, _uniform(n), 1, support=(tuple(range(n)),)),
            10,
            100_000,
        )
    ],
    "testing.gradients.check_close": [
        Law("entries", lambda n: partial(testing.check_close, np.ones(n), np.ones(n)), 100, 10**6)
    ],
    "testing.gradients.check_gradient": [
        Law("entries", lambda n: partial(testing.check_gradient, _square, _slope, np.ones(n)), 20, 2000, 2)
    ],
    "testing.masks.check_masks": [Law("features", _masks, 5, 500, 3)],
    "testing.measure.check_measure": _repeats(lambda n: testing.check_measure(probability, WIDTH, n=n), 5000),
    "testing.sampler.check_sampler": _repeats(lambda n: testing.check_sampler(sample, conditional, WIDTH, n=n)),
    "testing.counts.check_sampler_counts": _repeats(lambda n: testing.check_sampler_counts(draw, log_prob, WIDTH, n=n)),
    "testing.vjp.check_vjp": [
        Law(
            "entries",
            lambda n: partial(testing.check_vjp, _product, _product_vjp, [np.ones((2, n)), np.ones((n, 2))]),
            10,
            1000,
            2,
        )
    ],
    "testing.adapter.Layer": [
        Law("entries", lambda n: partial(Layer, "x", _product, _product_vjp, [np.ones((1, n))]), 100, 10**6)
    ],
    "testing.suite.suite": _repeats(lambda n: testing.suite(_adapter(n))),
    "testing.checks.checks": _repeats(lambda n: [check() for check in testing.checks(_adapter(n))]),
}
