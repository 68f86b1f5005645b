"""Calls that work for everything public of `made_np.testing`."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from fuzz import models
from fuzz.calls import Call, call
from made_np import testing
from made_np.testing import Adapter, Interval, strategies


def _square(x: Any) -> Any:
    return (x * x).sum()


def _slope(x: Any) -> Any:
    return 2 * x


def _product(x: Any, w: Any) -> Any:
    return x @ w


def _product_backward(dy: Any, x: Any, w: Any) -> Any:
    return dy @ w.T, x.T @ dy


def _given(x: Any, y: Any) -> Any:
    return models.coin_params(x) + y[:, :1]


A_CLASS = ("type", "MADE class")
"""It can be called, as the function of a user; what it raises then is the user's own error."""


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


def _suite() -> Any:
    return testing.suite(Adapter(n_features=2, log_prob=models.coin_log_prob))


def _adapter() -> dict[str, Any]:
    return {
        "n_features": 2,
        "order": [0, 1],
        "n_params": 1,
        "layout": "interleaved",
        "support": (0, 1),
        "params": models.coin_params,
        "log_prob": models.coin_log_prob,
        "sample": models.coin_sample,
        "conditional": models.coin_conditional,
        "inverse": None,
        "draw": models.coin_draw,
        "n_draws": 200,
        "cdf": models.coin_cdf,
        "log_marginal": models.coin_log_marginal,
        "log_conditional": models.coin_log_conditional,
        "leading": True,
        "loss": _square,
        "grad": _slope,
        "theta": np.ones(2),
        "names": ["a", "b"],
        "frozen": None,
        "rows": 1,
        "entries": "auto",
        "masks": [np.tri(2, k=-1, dtype=bool)],
        "direct": None,
        "skips": None,
        "n_inputs": 1,
        "n_outputs": 1,
        "allowed": np.tri(2, k=-1, dtype=bool),
        "n_context": 1,
        "params_given": _given,
        "probability": models.coin_probability,
        "layers": (),
        "lost": "note",
        "atol": 1e-9,
        "rtol": None,
        "empty": True,
        "masks_layout": "interleaved",
        "model": models.Coin(),
        "log_prob_of": None,
        "save": models.save_coin,
        "load": models.load_coin,
        "clone": copy.deepcopy,
        "ways": ["deepcopy"],
        "build": models.Coin,
        "factory": None,
    }


CHECKS: dict[str, Callable[[], Call]] = {
    "testing.autoregressive.check_autoregressive": lambda: call(
        testing.check_autoregressive,
        unlike={"fn": A_CLASS},
        fn=models.coin_params,
        n_features=2,
        order=[0, 1],
        n_params=1,
        layout="interleaved",
        points=2,
        support=(0, 1),
        allowed=np.tri(2, k=-1, dtype=bool),
        lost="note",
        atol=0.0,
        rng=_rng(),
    ),
    "testing.calibration.check_calibrated": lambda: call(
        testing.check_calibrated,
        unlike={"draw": A_CLASS, "cdf": A_CLASS},
        draw=models.coin_draw,
        cdf=models.coin_cdf,
        n_features=2,
        n=200,
        false_alarms=1e-6,
        rng=_rng(),
    ),
    "testing.conditionals.check_conditionals": lambda: call(
        testing.check_conditionals,
        unlike={"log_marginal": A_CLASS, "log_conditional": A_CLASS, "log_prob": A_CLASS},
        log_marginal=models.coin_log_marginal,
        log_conditional=models.coin_log_conditional,
        n_features=2,
        log_prob=models.coin_log_prob,
        order=[0, 1],
        support=(0, 1),
        n=2,
        atol=1e-9,
        rng=_rng(),
    ),
    "testing.consistency.check_consistency": lambda: call(
        testing.check_consistency,
        fn=models.coin_params,
        n_features=2,
        support=(0, 1),
        rtol=1e-9,
        empty=True,
        rng=_rng(),
    ),
    "testing.context.check_context": lambda: call(
        testing.check_context,
        unlike={"fn": A_CLASS},
        fn=_given,
        n_features=2,
        n_context=1,
        n_params=1,
        layout="interleaved",
        points=2,
        support=(0, 1),
        rng=_rng(),
    ),
    "testing.density.check_normalised": lambda: call(
        testing.check_normalised,
        unlike={"log_prob": A_CLASS},
        log_prob=models.coin_log_prob,
        n_features=2,
        support=(0, 1),
        atol=1e-9,
        rng=_rng(),
    ),
    "testing.global_state.check_global_state": lambda: call(
        testing.check_global_state, unlike={"build": A_CLASS}, build=models.Coin, whose="all", rng=_rng()
    ),
    "testing.gradients.check_close": lambda: call(
        testing.check_close,
        or_names=("names",),
        got=[1.0, 2.0],
        want=[1.0, 2.0],
        names=["a", "b"],
        rtol=1e-5,
        atol=1e-7,
    ),
    "testing.gradients.check_gradient": lambda: call(
        testing.check_gradient,
        unlike={"f": A_CLASS, "grad": A_CLASS},
        f=_square,
        grad=_slope,
        x=np.ones(3),
        names=["a", "b", "c"],
        frozen=np.zeros(3, bool),
        method="central",
        h=1e-5,
        n_directions=8,
        entries=2,
        rows=1,
        rtol=1e-6,
        atol=1e-9,
        rng=_rng(),
    ),
    "testing.masks.check_masks": lambda: call(
        testing.check_masks,
        or_names=("allowed",),
        unlike={"direct": ("huge broadcast",)},
        masks=[np.array([[1, 0], [1, 0]], bool), np.array([[0, 0], [1, 1]], bool)],
        order=[0, 1],
        direct=np.tri(2, k=-1, dtype=bool),
        skips=[None],
        n_inputs=1,
        n_outputs=1,
        layout="interleaved",
        n_context=0,
        allowed=np.tri(2, k=-1, dtype=bool),
        lost="fail",
        dead="fail",
        rng=_rng(),
    ),
    "testing.measure.check_measure": lambda: call(
        testing.check_measure,
        unlike={"probability": A_CLASS, "names": ("data frame",)},  # the names of whose columns it would be asked for
        or_names=("names",),
        probability=models.coin_probability,
        n_features=2,
        support=(0, 1),
        names=[0, 1],
        gaps=False,
        n=2,
        atol=1e-9,
        rng=_rng(),
    ),
    "testing.roundtrip.check_roundtrip": lambda: call(
        testing.check_roundtrip,
        unlike={"log_prob": A_CLASS, "model": ("MADE", "MADE class")},  # whose log_prob takes more than x
        model=models.Coin(),
        n_features=2,
        log_prob=None,
        save=models.save_coin,
        load=models.load_coin,
        clone=copy.deepcopy,
        ways=["deepcopy"],
        support=(0, 1),
        rng=_rng(),
    ),
    "testing.sampler.check_sampler": lambda: call(
        testing.check_sampler,
        unlike={"sample": A_CLASS, "conditional": A_CLASS},
        sample=models.coin_sample,
        conditional=models.coin_conditional,
        n_features=2,
        inverse=None,
        order=[0, 1],
        n=8,
        rtol=1e-9,
        atol=1e-9,
        rng=_rng(),
    ),
    "testing.counts.check_sampler_counts": lambda: call(
        testing.check_sampler_counts,
        unlike={"draw": A_CLASS, "log_prob": A_CLASS},
        draw=models.coin_draw,
        log_prob=models.coin_log_prob,
        n_features=2,
        support=(0, 1),
        n=200,
        false_alarms=1e-6,
        rng=_rng(),
    ),
    "testing.vjp.check_vjp": lambda: call(
        testing.check_vjp,
        unlike={"forward": A_CLASS, "vjp": A_CLASS},
        forward=_product,
        vjp=_product_backward,
        inputs=[np.ones((2, 3)), np.ones((3, 2))],
        names=["x", "w"],
        frozen=[None, None],
        one_row=False,
        method="central",
        rtol=1e-6,
        atol=1e-9,
        rng=_rng(),
    ),
}

TESTING: dict[str, Callable[[], Call]] = {
    **CHECKS,
    "testing.adapter.Adapter": lambda: call(Adapter, **_adapter()),
    "testing.adapter.Layer": lambda: call(
        testing.Layer, name="product", forward=_product, vjp=_product_backward, inputs=[np.ones((1, 2))], frozen=None
    ),
    "testing.loading.load_adapter": lambda: call(testing.load_adapter, target="fuzz.models:coin"),
    "testing.checks.checks": lambda: call(lambda **given: list(testing.checks(**given)), adapter=models.coin(), rng=0),
    "testing.points.Interval": lambda: call(Interval, low=0.0, high=1.0),
    "testing.parametrize.parametrize_with_checks": lambda: call(
        testing.parametrize_with_checks, adapters=[models.coin()], expected_failures={}, rng=0
    ),
    "testing.strategies.degrees": lambda: call(strategies.degrees, n_features=3, width=4, lowest=1, complete=True),
    "testing.strategies.mask_sets": lambda: call(
        strategies.mask_sets, max_features=3, max_layers=2, n_params=1, n_context=1
    ),
    "testing.strategies.networks": lambda: call(
        strategies.networks, max_features=3, max_layers=2, n_params=1, n_context=1
    ),
    "testing.strategies.orders": lambda: call(strategies.orders, n_features=3),
    "testing.strategies.sizes": lambda: call(strategies.sizes, max_features=3, max_layers=2, max_units=3),
    "testing.suite.SuiteReport.__getitem__": lambda: call(
        _suite().__getitem__, name="normalised", may_raise=(KeyError,)
    ),
    "testing.suite.suite": lambda: call(
        testing.suite,
        adapter=Adapter(n_features=2, log_prob=models.coin_log_prob),
        expected_failures={},
        only=["normalised", "masks"],
        skip=["masks"],
        max_seconds=60.0,
        rng=0,
    ),
}
