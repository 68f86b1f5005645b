"""What a list of layers has to be: layers that fit one another, for features that fit them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from made_np.distributions.registry import make_distribution
from made_np.sequential.linear import Elementwise, MaskedLinear
from made_np.values import as_sequence, show

__all__ = ["as_layer", "linear_of", "n_features_of"]


def as_layer(given: Any, name: str) -> Any:
    """Return a layer, or raise a `TypeError`."""
    if isinstance(given, str):
        return Elementwise(given)
    methods = [getattr(type(given), each, None) for each in ("forward", "backward")]
    if not all(map(callable, methods)):
        way_out = "give a MaskedLinear, an activation such as 'relu', or what has forward and backward"
        raise TypeError(f"{name}={show(given)} is a {type(given).__name__}: {way_out}")
    return given


def linear_of(layers: Sequence[Any]) -> list[MaskedLinear]:
    """Return the masked layers, or raise unless each fits the one before it."""
    linear = [each for each in layers if isinstance(each, MaskedLinear)]
    if len(linear) < 2 or layers[0] is not linear[0] or layers[-1] is not linear[-1]:
        raise ValueError(f"layers={show(list(layers))}: begin and end with a MaskedLinear, and give at least two")
    if len({id(each) for each in layers}) < len(layers):
        raise ValueError("layers has one of them twice: make a new one for each place")
    for k, (below, above) in enumerate(pairwise(linear)):
        if below.n_outputs != above.n_inputs:
            raise ValueError(
                f"layers do not fit: MaskedLinear {k} has {below.n_outputs} outputs, the next one {above.n_inputs} "
                "inputs: give the same number"
            )
    return linear


def n_features_of(output: Any, n_inputs: int) -> int:
    """Return how many features have so many input units."""
    if not isinstance(output, str) and not hasattr(type(output), "nll_and_grad"):
        way_out = "a name, a distribution, or a list with one per feature"
        n_features = len(as_sequence(output, "output", way_out))
        if not n_features:
            raise ValueError(f"output={show(output)} has no features: give {way_out}")
        return n_features
    each = make_distribution(output).n_inputs
    return max(n_inputs // each, 1)
