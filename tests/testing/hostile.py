"""Every public callable of the suite with arguments that it takes, and values that no argument should have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np import testing
from made_np.testing import Adapter, Failure, Layer, Report, Result, strategies
from made_np.testing.mutants.mutant import standard
from made_np.testing.wiring import before

Array = NDArray[Any]
NET = standard(np.random.default_rng(0), (6,), n_context=1)
D = NET.plan.n_features
SMALL = Adapter(n_features=2, log_prob=lambda x: (x * 0 + np.log(0.5)).sum(axis=1))


class Own(Exception):
    """What a function of a user raises."""


class Unspeakable:
    """An object that cannot be shown, measured, or made an array of."""

    def __repr__(self) -> str:
        raise Own

    def __len__(self) -> int:
        raise Own

    def __iter__(self) -> Iterator[Any]:
        raise Own

    def __array__(self, *_: Any, **__: Any) -> Array:
        raise Own


def seeded(sample: Callable[..., Any]) -> Callable[[int], Any]:
    """A sampler of uniforms as one that takes none."""
    return lambda n: sample(np.random.default_rng(0).random((n, D)))


def save(net: Any, path: str) -> None:
    """Write the parameters of a network."""
    np.save(path + ".npy", net.theta)


def load(path: str) -> Any:
    """The network with these parameters."""
    return replace(NET, theta=np.load(path + ".npy"))


def returns(value: Any) -> Callable[..., Any]:
    """A function of anything that returns one thing."""

    def function(*_: Any) -> Any:
        return value

    return function


def raises(*_: Any) -> Any:
    """A function that has a fault of its own."""
    raise Own


def writes(*arrays: Any) -> Any:
    """A function that spoils what it is given, its shape too."""
    for array in arrays:
        array *= 0
        array.shape = (-1,)
    return arrays[0]


class Shrinks:
    """A function that answers otherwise at each call."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, *_: Any) -> Array:
        self.calls += 1
        return np.zeros(self.calls % 7)


class Odd:
    """A function whose name is none."""

    __name__ = 3

    def __call__(self, *_: Any) -> None:
        return None


ANSWERS: list[Any] = [
    None,
    True,
    3,
    np.nan,
    10**400,
    1j,
    "x",
    object(),
    Unspeakable(),
    [],
    {},
    [[1.0], [1.0, 2.0]],
    np.zeros((0, 3)),
    np.zeros((2, 3, 4)),
    np.array(["a", "b"]),
    np.array([None, object()]),
    np.full(7, np.nan),
    np.full((7, D), 1e308),
    np.float32(1),
    np.uint8(1),
]
"""What a function may return."""


def values() -> list[Any]:
    """What no argument, or hardly one, should be, made anew: some change when they are used."""
    return [
        *ANSWERS,
        False,
        -1,
        0,
        1.5,
        -np.inf,
        2**31,
        2**63,
        10**5000,
        b"x",
        "",
        "a\0b",
        (),
        {1, 2},
        {"grad": "a typing error"},
        {3: 4},
        range(10**12),
        iter([1, 2]),
        (0, 1, 1),
        [-1e308, 1e308],
        [None],
        ["a", 2],
        [3, np.zeros(2)],
        np.array(5),
        np.array([1 + 1j]),
        np.zeros(5),
        np.full(5, 1e200),
        np.ma.masked_array([1.0, 2.0], mask=[True, False]),
        np.random,
        raises,
        writes,
        Shrinks(),
        Odd(),
        *map(returns, ANSWERS),
    ]


def calls() -> dict[str, tuple[Callable[..., Any], dict[str, Any]]]:
    """Every public callable with arguments that it takes, made anew."""
    net, rng = NET.adapter(), np.random.default_rng
    x = rng(1).standard_normal((3, 4))
    layer = {"name": "tanh", "forward": np.tanh, "vjp": lambda dy, x: dy / np.cosh(x) ** 2, "inputs": (x,)}
    fields = {name: getattr(net, name) for name in Adapter.__dataclass_fields__}
    gradient = {name: fields[name] for name in ("names", "frozen", "rows")}
    columns = {"n_features": D, "n_params": 1, "layout": "interleaved", "points": 2, "support": (0, 1), "rng": rng(0)}
    limits = {"rtol": 1e-6, "atol": 1e-9, "rng": rng(0)}
    wiring = {"masks": net.masks, "order": net.order, "direct": None, "skips": net.skips, "n_context": 1}
    listed = {"adapter": SMALL, "rng": rng(0)}
    drawn_by_net = seeded(net.sample)
    report = Report("a", (Failure("b", 1.0, 2.0),), 3, 2, 1, 1, 0.5, "b", "c", "d", ("e",), 0, "f")
    reported = {name: getattr(report, name) for name in Report.__dataclass_fields__}
    sizes = {"max_features": 3, "max_layers": 1}
    counts = {"n_params": 1, "n_context": 0}
    found = {
        "Adapter": fields | {"layers": [Layer(**layer)], "rtol": 1e-6, "n_outputs": 1},
        "Check": {"name": "a", "run": lambda: report, "skip": ""},
        "CheckFailed": {"report": report},
        "Failure": {"where": "a", "got": 1.0, "want": "b", "error": 0.5, "hint": ""},
        "Interval": {"low": 0, "high": 1},
        "Layer": layer | {"frozen": [x > 9]},
        "Report": reported,
        "Result": {"name": "a", "status": "passed", "report": report, "reason": "", "seconds": 0.5},
        "SuiteReport": {"name": "a", "results": (Result("a", "passed", report),)},
        "check_autoregressive": columns
        | {"fn": net.params, "order": net.order, "allowed": before(net.order), "lost": "note", "atol": 0.0},
        "check_calibrated": {"draw": drawn_by_net, "cdf": NET.cdf, "n_features": D, "n": 100, "false_alarms": 1e-6}
        | {"rng": rng(0)},
        "check_close": {"got": x, "want": x.copy(), "names": None, "rtol": 1e-6, "atol": 1e-9},
        "check_conditionals": {"log_marginal": NET.log_marginal, "log_conditional": NET.log_conditional}
        | {"n_features": D, "log_prob": net.log_prob, "order": net.order, "support": (0, 1), "n": 2, "atol": 1e-9}
        | {"rng": rng(0)},
        "check_consistency": {"fn": net.params, "n_features": D, "support": None, "rtol": None}
        | {"empty": True, "rng": rng(0)},
        "check_context": columns | {"fn": net.params_given, "n_context": 1},
        "check_global_state": {"build": lambda: NET, "whose": "all", "rng": rng(0)},
        "check_gradient": {"f": net.loss, "grad": net.grad, "x": net.theta}
        | gradient
        | limits
        | {"method": "central", "h": 1e-5, "n_directions": 8, "entries": [3, 4]},
        "check_masks": wiring
        | {"n_inputs": 1, "n_outputs": 1, "layout": "blocked", "allowed": before(net.order), "lost": "fail"}
        | {"dead": "note", "rng": rng(0)},
        "check_measure": {"probability": net.probability, "n_features": D, "support": (0, 1), "names": [*range(D)]}
        | {"gaps": False, "n": 2, "atol": 1e-9, "rng": rng(0)},
        "check_normalised": {"log_prob": net.log_prob, "n_features": D, "support": (0, 1), "atol": 1e-9, "rng": rng(0)},
        "check_roundtrip": {
            "model": NET,
            "n_features": D,
            "log_prob": None,
            "save": save,
            "load": load,
            "clone": replace,
        }
        | {"ways": ["deepcopy"], "support": (0, 1), "rng": rng(0)},
        "check_sampler": {"sample": net.sample, "conditional": net.conditional, "n_features": D, "inverse": None}
        | {"order": net.order, "n": 16}
        | limits,
        "check_sampler_counts": {"draw": drawn_by_net, "log_prob": net.log_prob, "n_features": D, "support": (0, 1)}
        | {"n": 100, "false_alarms": 1e-6, "rng": rng(0)},
        "check_vjp": {name: layer[name] for name in ("forward", "vjp", "inputs")}
        | {"names": ["x"], "frozen": [x > 9], "one_row": False, "method": "central"}
        | limits,
        "checks": listed,
        "load_adapter": {"target": f"{__name__}:SMALL"},
        "parametrize_with_checks": {"adapters": [SMALL], "expected_failures": {"masks": "why"}, "rng": rng(0)},
        "suite": listed
        | {
            "expected_failures": {"masks": "why"},
            "only": ["masks", "context"],
            "skip": ["context"],
            "max_seconds": 9.0,
        },
    }
    drawn = {
        "sizes": sizes | {"max_units": 3},
        "orders": {"n_features": 3},
        "degrees": {"n_features": 3, "width": 4, "lowest": 1, "complete": True},
        "mask_sets": sizes | counts,
        "networks": sizes | counts,
    }
    every: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        name: (getattr(testing, name), arguments) for name, arguments in found.items()
    }
    return every | {name: (getattr(strategies, name), arguments) for name, arguments in drawn.items()}
