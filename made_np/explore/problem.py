"""What the page begins with: a model, its parameters, rows of data, with the numbers that Python has for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from made_np._version import __version__
from made_np.distributions.distribution import Distribution
from made_np.explore.prefix import Prefix
from made_np.explore.tape import tape_of
from made_np.masks.sets import MaskSet
from made_np.model.made import MADE
from made_np.typing import Array

__all__ = ["SOUND", "begin", "first_example", "numbers", "sketch_of", "state_of"]

SOUND = {
    "loose_output": False,
    "open": None,
    "order_for_position": False,
    "degrees_from_zero": False,
    "unmasked_gradient": False,
    "averaged_logits": False,
}
"""The mistakes that the page can make, none of them made."""

MOST_SKETCHED = 40
"""Of a larger model so many features are drawn without numbers."""
N_ROWS = 4
SEED = 35
MOST_ROWS = 128
"""So many of all rows go into the page with the numbers that Python has for them."""


def first_example() -> tuple[Prefix, Array]:
    """Return the model that the page shows when it is given none, with its rows of data.

    Its order is not its own inverse, and its parameters are not trained: no gradient is all but 0. Weights off the
    masks are not 0, so that a mask that is broken shows at once. In the data x1 is x3, and x2 is not x0.
    """
    made = MADE(4, (6,), activation="tanh", order=(2, 0, 3, 1), dtype="float64", backend="numpy")
    theta = 0.7 * np.random.default_rng(SEED).standard_normal(made.n_params)
    x = np.array([[1, 1, 0, 1], [1, 0, 0, 0], [0, 1, 1, 1], [0, 0, 1, 0], [1, 1, 0, 1], [0, 0, 1, 0]], dtype=float)
    return Prefix(made, theta, list(range(4))), x


def state_of(prefix: Prefix, x: Array, names: Sequence[str] | None = None) -> dict[str, Any]:
    """Return all that the page computes from, ready for JSON."""
    made = prefix.made
    one = made.mask_sets[0]
    return {
        "names": [f"x{d}" for d in prefix.features] if names is None else [names[d] for d in prefix.features],
        "outputs": [_output(output) for output in made.outputs.feature_outputs],
        "activation": made.activation,
        "order": one.order.tolist(),
        "degrees": [layer.tolist() for layer in one.degrees],
        "direct": made.direct,
        "residual": made.residual,
        "theta": prefix.theta.tolist(),
        "x": x.tolist(),
        "row": 0,
        "uniforms": np.random.default_rng(1).random(made.n_features).round(3).tolist(),
        "drawn": 0,
        "rule": "adam",
        "rate": 0.03,
        "losses": [],
        "seed": 20150212,
        "broken": dict(SOUND),
    }


def begin(prefix: Prefix) -> Array:
    """Return rows for a model that came without any: drawn from it, so that they are such as it knows."""
    return prefix.made.sample(prefix.theta, N_ROWS, rng=0).round(3)


def numbers(prefix: Prefix, state: dict[str, Any]) -> dict[str, Any]:
    """Return what made_np computes of a state that is not broken: the page holds its own numbers against these."""
    made = prefix.made
    theta = prefix.theta
    uniforms = np.array([state["uniforms"]])
    found = {
        "version": __version__,
        "trace": tape_of(made, theta, np.array(state["x"])),
        "reach": made.mask_sets[0].reachability().tolist(),
        "sample": made.sample(theta, 1, uniforms=uniforms, rng=0)[0].tolist(),
    }
    if all(output.n_values == 2 for output in made.outputs.feature_outputs):
        found |= _of_all_rows(made, theta)
    return _short(found)


def _short(tree: Any) -> Any:
    """Return the same numbers to 13 digits, which is more than the page promises, and takes less room."""
    if isinstance(tree, dict):
        return {name: _short(part) for name, part in tree.items()}
    if isinstance(tree, list):
        return [_short(part) for part in tree]
    return float(f"{tree:.13g}") if isinstance(tree, float) else tree


def _of_all_rows(made: MADE, theta: Array) -> dict[str, Any]:
    """Return log p of all rows of bits, and three sums of what passes for p with two orders."""
    n = made.n_features
    rows = (np.arange(2**n)[:, None] >> np.arange(n)[::-1] & 1).astype(float)
    order = made.mask_sets[0].order
    logs = np.stack([made.log_prob(theta, rows, mask_set=one) for one in (order, order[::-1])])
    raw = np.mean([made.raw_outputs(theta, rows, mask_set=one) for one in (order, order[::-1])], axis=0)
    two = {
        "mixture": float(np.exp(np.logaddexp(*logs) - np.log(2)).sum()),
        "mean_of_logs": float(np.exp(logs.mean(axis=0)).sum()),
        "averaged_logits": float(np.exp(-made.outputs.nll(raw, rows).sum(axis=1)).sum()),
    }
    return {"log_prob": logs[0][:: every(n)].tolist(), "sum": float(np.exp(logs[0]).sum()), "two": two}


def every(n_features: int) -> int:
    """Return which rows' numbers go into the page: every row, or every second, fourth, ... where there are many."""
    return max(1, 2**n_features // MOST_ROWS)


def sketch_of(made: MADE, mask_set: MaskSet, names: Sequence[str] | None, shown: int) -> dict[str, Any] | None:
    """Return order and degrees of a model of which the page computes but a part, to be drawn; None if it is all."""
    if shown == made.n_features:
        return None
    n = min(made.n_features, MOST_SKETCHED)
    order = mask_set.order[:n].tolist()
    return {
        "names": [f"x{d}" if names is None else names[d] for d in order],
        "degrees": [np.sort(layer[layer < n]).tolist() for layer in mask_set.degrees],
        "features": made.n_features,
        "hidden": list(made.hidden),
        "shown": shown,
    }


def _output(output: Distribution) -> dict[str, Any]:
    """Return what the page must know of a conditional."""
    return {"kind": output.kernel, "min_scale": getattr(output, "min_scale", None)}
