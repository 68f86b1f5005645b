"""The promised interface: names, order and defaults of what every check takes."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from made_np import testing

NO = inspect.Parameter.empty
PROMISED: dict[str, dict[str, Any]] = {
    "check_gradient": {
        "f": NO,
        "grad": NO,
        "x": NO,
        "names": None,
        "frozen": None,
        "method": "central",
        "rtol": 1e-6,
        "atol": 1e-9,
        "rng": 0,
    },
    "check_vjp": {"forward": NO, "vjp": NO, "inputs": NO, "rtol": 1e-6, "atol": 1e-9, "rng": 0},
    "check_close": {"got": NO, "want": NO, "names": None, "rtol": 1e-5, "atol": 1e-7},
    "check_masks": {"masks": NO, "order": NO, "direct": None, "lost": "fail", "dead": "fail", "rng": 0},
    "check_autoregressive": {
        "fn": NO,
        "n_features": NO,
        "order": None,
        "n_params": 1,
        "layout": "interleaved",
        "points": 8,
        "lost": "note",
        "atol": 0.0,
        "rng": 0,
    },
    "check_context": {"fn": NO, "n_features": NO, "n_context": NO, "rng": 0},
    "check_measure": {
        "probability": NO,
        "n_features": NO,
        "support": (0, 1),
        "names": None,
        "gaps": False,
        "n": 64,
        "atol": 1e-9,
        "rng": 0,
    },
    "check_normalised": {"log_prob": NO, "n_features": NO, "support": (0, 1), "atol": 1e-9},
    "check_roundtrip": {"model": NO, "n_features": NO, "log_prob": None, "save": None, "load": None, "clone": None}
    | {"ways": ("pickle", "deepcopy"), "support": (0, 1), "rng": 0},
    "check_sampler": {
        "sample": NO,
        "conditional": NO,
        "n_features": NO,
        "inverse": None,
        "order": None,
        "n": 256,
        "rng": 0,
    },
    "check_sampler_counts": {
        "draw": NO,
        "log_prob": NO,
        "n_features": NO,
        "support": (0, 1),
        "n": 10_000,
        "false_alarms": 1e-6,
        "rng": 0,
    },
    "check_calibrated": {"draw": NO, "cdf": NO, "n_features": NO, "n": 10_000, "false_alarms": 1e-6, "rng": 0},
    "check_conditionals": {
        "log_marginal": NO,
        "log_conditional": NO,
        "n_features": NO,
        "log_prob": None,
        "order": None,
        "support": (0, 1),
        "n": 32,
        "atol": 1e-9,
        "rng": 0,
    },
    "check_global_state": {"build": NO, "whose": "all", "rng": 0},
    "check_consistency": {"fn": NO, "n_features": NO, "rng": 0},
    "suite": {"adapter": NO, "expected_failures": None, "rng": 0},
}


@pytest.mark.parametrize("name", PROMISED)
def test_signatures_keep_their_promise(name: str) -> None:
    given = inspect.signature(getattr(testing, name)).parameters
    for parameter, default in PROMISED[name].items():
        assert given[parameter].default == default, parameter
        required = default is NO
        assert (given[parameter].kind is inspect.Parameter.KEYWORD_ONLY) is not required
    extra = set(given) - set(PROMISED[name])
    assert all(given[parameter].default is not NO for parameter in extra)


def test_every_public_name_is_there() -> None:
    assert all(getattr(testing, name) is not None for name in testing.__all__)
    assert set(PROMISED) <= set(testing.__all__)


def test_public_functions_explain_themselves() -> None:
    for name in testing.__all__:
        assert inspect.getdoc(getattr(testing, name)), name
