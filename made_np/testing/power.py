"""How small a gradient error does a checker see? Rates over random single-entry corruptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from .adapter import Adapter
from .compare import Floats
from .gradients import check_gradient
from .mutants.mutant import standard
from .mutants.others import Verdict
from .report import table
from .values import as_count

CORRUPTIONS: dict[str, Callable[[float], float]] = {
    "x 1.01": lambda g: 1.01 * g,
    "x 1.1": lambda g: 1.1 * g,
    "sign flip": lambda g: -g,
    "set to 0": lambda g: 0.0,
    "none": lambda g: g,
}
"""What happens to one random entry that is not 0; "none" counts false alarms."""


def own_checkers() -> dict[str, Verdict]:
    """`check_gradient`, entry by entry and along random directions."""
    return {
        "central": lambda adapter: _ours(adapter, "central"),
        "directions": lambda adapter: _ours(adapter, "directions"),
    }


def detection_rates(checkers: Mapping[str, Verdict], *, trials: int = 20, seed: int = 0) -> dict[str, dict[str, float]]:
    """{checker: {corruption: share of trials in which the checker fails the gradient}}.

    Each trial is a new network of D = 5, H = 7, 82 parameters, tanh, and another entry.

    Raises
    ------
    TypeError, ValueError
        If trials or seed is no count.
    """
    trials = as_count(trials, "trials")
    seed = as_count(seed, "seed", 0)
    rates = {name: dict.fromkeys(CORRUPTIONS, 0.0) for name in checkers}
    for trial in range(trials):
        rng = np.random.default_rng([seed, trial])
        adapter = standard(rng, hidden=(7,)).adapter()
        for corruption, change in CORRUPTIONS.items():
            corrupted = _corrupted(adapter, change, np.random.default_rng([seed, trial, 1]))
            for name, passes in checkers.items():
                rates[name][corruption] += (not passes(corrupted)) / trials
    return rates


def rates_table(rates: Mapping[str, Mapping[str, float]]) -> str:
    """The rates as text."""
    rows = [(name, *(f"{rate:.2f}" for rate in found.values())) for name, found in rates.items()]
    return "\n".join(table(("share caught, one entry", *CORRUPTIONS), rows))


def _corrupted(adapter: Adapter, change: Callable[[float], float], rng: np.random.Generator) -> Adapter:
    assert adapter.grad is not None
    right = adapter.grad
    entry = int(rng.choice(np.flatnonzero(right(np.asarray(adapter.theta)))))

    def grad(theta: Floats) -> Floats:
        out = np.array(right(theta))
        out[entry] = change(float(out[entry]))
        return out

    return replace(adapter, grad=grad)


def _ours(adapter: Adapter, method: str) -> bool:
    assert adapter.loss is not None
    assert adapter.grad is not None
    assert adapter.theta is not None
    return check_gradient(adapter.loss, adapter.grad, adapter.theta, method=method).ok
