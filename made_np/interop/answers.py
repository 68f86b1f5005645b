"""What a model answers, as formulas over any library of tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np

from made_np.distributions.registry import output_config
from made_np.interop.heads import HEADS
from made_np.layers import LEAK, SELU_ALPHA, SELU_SCALE
from made_np.model.made import MADE, as_single
from made_np.typing import Array, Ints

__all__ = ["ACTIVATIONS", "Answers", "as_leaving"]

Linear = Callable[[str, Any, int], Any]
"""``linear(name, h, k)``: the product of h with the weights of this name under mask set k, and what their U say."""

ACTIVATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "relu": lambda F, z: F.relu(z),
    "tanh": lambda F, z: F.tanh(z),
    "sigmoid": lambda F, z: F.sigmoid(z),
    "softplus": lambda F, z: F.softplus(z),
    "elu": lambda F, z: F.where(z > 0, z, F.expm1(F.clip(z, -np.inf, 0.0))),
    "leaky_relu": lambda F, z: F.where(z > 0, z, LEAK * z),
    "selu": lambda F, z: SELU_SCALE * F.where(z > 0, z, SELU_ALPHA * F.expm1(F.clip(z, -np.inf, 0.0))),
    "gelu": lambda F, z: z * F.normal_below(z),
    "silu": lambda F, z: z * F.sigmoid(z),
    "identity": lambda F, z: z,
}
"""By their names, functions of a library and of z."""


def as_leaving(made: MADE, theta: Array, who: str, heads: Iterable[str] = HEADS) -> Array:
    """Return theta as an array of NumPy, or raise an error if `who` is not told what `made` has."""
    as_single(made, f"{who} takes")
    theta = made.fetch(made.hold(theta))
    if made.n_masks is None:
        raise ValueError(f"made has n_masks=None, endlessly many mask sets: give made.mixture({made.n_mixed})")
    if made.activation not in ACTIVATIONS:
        raise ValueError(f"made has activation={made.activation!r}: {who} has one of {tuple(ACTIVATIONS)}")
    for output in dict.fromkeys(made.outputs.feature_outputs):
        if output_config(output)["name"] not in heads:
            raise ValueError(f"made has the distribution {output!r}: {who} has one of {tuple(heads)}")
    return theta


@dataclass(frozen=True)
class Part:
    """Features that share a distribution: its config, they, their raw outputs, how many each has, their input units."""

    config: dict[str, Any]
    features: list[int]
    raws: list[int]
    n_raw: int
    units: list[int]


class Answers:
    """A model over the library `F`, whose weights are those that `linear` multiplies by, and ``bias(layer)``."""

    def __init__(self, made: MADE, F: Any) -> None:
        self.made = made
        self.F = F
        self.parts = [_part(made, output) for output in dict.fromkeys(made.outputs.feature_outputs)]
        units = [unit for part in self.parts for unit in part.units]
        left = [unit for unit in range(made.outputs.n_inputs) if unit not in set(units)]
        self.n_left = len(left)  # units that say what is NaN: nothing is
        self.places = np.argsort([*units, *left]).tolist()

    def encode(self, x: Any, context: Any = None) -> Any:
        """Return input units (n, I + C) of rows (n, D)."""
        F = self.F
        found = []
        for part in self.parts:
            own = HEADS[part.config["name"]].encode(F, part.config, F.take(x, part.features))
            found.append(F.reshape(own, (len(part.units),)))
        found += [x[..., :1] * 0] * self.n_left
        units = F.concat(found) if len(found) > 1 else found[0]
        if self.places != sorted(self.places):
            units = F.take(units, self.places)
        return units if context is None else F.concat([units, context])

    def raw_outputs(self, linear: Linear, bias: Callable[[int], Any], units: Any, k: int = 0) -> Any:
        """Return raw outputs (n, O) under mask set k."""
        F = self.F
        network = self.made.network
        skips = self.made.mask_sets[k].skips
        h = units
        for layer in range(network.depth):
            y = ACTIVATIONS[network.activation](F, linear(f"W{layer}", h, k) + bias(layer))
            skip = skips[layer]
            h = y if skip is None else y + h * F.constant(np.asarray(skip, dtype=self.made.dtype), h)
        raw = bias(network.depth)
        raw = raw + (linear(network.output_weights, h, k) if network.depth else units[..., :1] * 0)
        if network.direct:
            wired = units if network.direct_units is None else F.take(units, network.direct_units.tolist())
            raw = raw + linear("W_direct", wired, k)
        return raw

    def log_prob(self, raws: list[Any], x: Any) -> Any:
        """Return log p(x) (n,) of the mixture of all mask sets, given the raw outputs under each."""
        each = []
        for raw in raws:
            parts = [
                self.F.sum(HEADS[p.config["name"]].log_prob(self.F, p.config, self.raw_of(raw, p), self._own(x, p)))
                for p in self.parts
            ]
            each.append(sum(parts[1:], parts[0]))
        if len(each) == 1:
            return each[0]
        return self.F.logsumexp(self.F.concat([own[..., None] for own in each])) - log(len(each))

    def draw(self, raw: Any, u: Any) -> Any:
        """Return the values (n, D) that uniform numbers (n, D) decide."""
        each = [
            HEADS[p.config["name"]].draw(self.F, p.config, self.raw_of(raw, p), self._own(u, p)) for p in self.parts
        ]
        return self._in_place(each, [p.features for p in self.parts])

    def draw_one(self, raw: Any, u: Any, feature: int) -> Any:
        """Return the values (n,) of one feature, given uniform numbers (n, D)."""
        output = self.made.outputs.feature_outputs[feature]
        own = self.made.outputs.slices[feature]
        config = output_config(output)
        return HEADS[config["name"]].draw(self.F, config, raw[..., own.start : own.stop], u[..., feature])

    def parameters(self, raw: Any) -> Any:
        """Return what raw outputs mean, (n, O)."""
        each = [
            self.F.reshape(HEADS[p.config["name"]].parameters(self.F, p.config, self.raw_of(raw, p)), (len(p.raws),))
            for p in self.parts
        ]
        return self._in_place(each, [p.raws for p in self.parts])

    def raw_of(self, raw: Any, part: Part) -> Any:
        """Return the raw outputs (n, d, K) of features that share a distribution."""
        own = raw if len(self.parts) == 1 else self.F.take(raw, part.raws)
        return self.F.reshape(own, (len(part.features), part.n_raw))

    def _own(self, x: Any, part: Part) -> Any:
        return x if len(self.parts) == 1 else self.F.take(x, part.features)

    def _in_place(self, each: list[Any], places: list[list[int]]) -> Any:
        """Return columns of several parts in their sequence."""
        if len(each) == 1:
            return each[0]
        return self.F.take(self.F.concat(each), np.argsort(np.concatenate(places)).tolist())


def _part(made: MADE, output: Any) -> Part:
    outputs = made.outputs
    features = [d for d, own in enumerate(outputs.feature_outputs) if own == output]

    def places(slices: Any, size: int) -> list[int]:
        starts: Ints = np.array([slices[d].start for d in features])
        return (starts[:, None] + np.arange(size)).ravel().tolist()

    return Part(
        output_config(output),
        features,
        places(outputs.slices, output.n_raw),
        output.n_raw,
        places(outputs.input_slices, output.n_inputs),
    )
