"""Which distribution each feature has, with the units that belong to it: the only such table.

Raw outputs stand feature by feature: all parameters of feature 0, then of feature 1, and so on, as many as each
distribution has. Features that share a distribution are computed together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.cells import Name, as_source
from made_np.distributions import gaps
from made_np.distributions.distribution import Distribution
from made_np.distributions.registry import make_distribution, output_from_config
from made_np.lazy import lazy
from made_np.typing import Array
from made_np.values import as_sequence, show

Output = Distribution | tuple[Distribution, ...]


@dataclass(frozen=True)
class Group:
    """Features that share a distribution: their indices (d,) and their raw outputs' indices (d * K,)."""

    output: Distribution
    features: NDArray[np.int64] | slice
    raws: NDArray[np.int64] | slice

    def raw_of(self, raw: Array) -> Array:
        """Return the group's block (B, d, K) of raw outputs (B, O)."""
        own = raw[:, self.raws]
        k = self.output.n_raw
        return own.reshape(len(own), own.shape[1] // k, k)  # not -1, which no rows at all leave undecided


@dataclass(frozen=True)
class Outputs:
    """The distributions of all features, together.

    Attributes
    ----------
    feature_outputs : tuple of Distribution, length D
    gap_features : tuple of int
        Features that own one more input unit, behind those of their distribution: 1 where the value is NaN, else 0.

    Examples
    --------
    >>> from made_np import Bernoulli, Categorical, Gaussian
    >>> Outputs((Bernoulli(), Categorical(3), Gaussian())).slices
    (slice(0, 1, None), slice(1, 4, None), slice(4, 6, None))
    """

    feature_outputs: tuple[Distribution, ...]
    gap_features: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        output: str | Distribution | Sequence[str | Distribution],
        n_features: int,
        gap_features: tuple[int, ...] = (),
    ) -> Outputs:
        """Return the outputs for one distribution shared by all features, or for one per feature."""
        if isinstance(output, (str, Distribution)):
            return cls((make_distribution(output),) * n_features, gap_features)
        listed = as_sequence(output, "output", "a name, a distribution, or a list with one per feature")
        if len(listed) != n_features:
            raise ValueError(f"output lists {len(listed)} distributions: n_features={n_features} needs as many")
        return cls(tuple(make_distribution(each) for each in listed), gap_features)

    @lazy
    def slices(self) -> tuple[slice, ...]:
        """The raw outputs of each feature."""
        return _slices([output.n_raw for output in self.feature_outputs])

    @lazy
    def input_slices(self) -> tuple[slice, ...]:
        """The input units of each feature."""
        return _slices(self.input_sizes)

    @lazy
    def input_sizes(self) -> tuple[int, ...]:
        """How many input units each feature owns."""
        own = np.array([output.n_inputs for output in self.feature_outputs])
        own[list(self.gap_features)] += 1
        return tuple(own.tolist())

    @property
    def n_raw(self) -> int:
        """O, the number of raw outputs."""
        return self.slices[-1].stop

    @property
    def n_inputs(self) -> int:
        """I, the number of input units without context."""
        return self.input_slices[-1].stop

    @lazy
    def groups(self) -> tuple[Group, ...]:
        """The features by distribution; plain slices where all features share one."""
        kinds: dict[Distribution, list[int]] = {}
        for feature, output in enumerate(self.feature_outputs):
            kinds.setdefault(output, []).append(feature)
        if len(kinds) == 1:
            return (Group(self.feature_outputs[0], slice(None), slice(None)),)
        return tuple(
            Group(
                output,
                np.array(features),
                np.concatenate([np.arange(self.n_raw)[self.slices[d]] for d in features]),
            )
            for output, features in kinds.items()
        )

    def encode(self, x: Array, context: Array | None = None) -> Array:
        """Return what the network sees of rows `x` (B, D) and `context` (B, C): (B, I + C).

        The units of a value that is NaN are 0, but for the one that says so: the network is not told it.
        """
        n_context = 0 if context is None else context.shape[1]
        if n_context == 0 and self.n_inputs == x.shape[1] and len(self.groups) == 1:
            return gaps.encode(self.feature_outputs[0], x)[..., 0]
        units = np.empty((len(x), self.n_inputs + n_context), dtype=x.dtype)
        for output, features, places in self._input_groups:
            units[:, places] = gaps.encode(output, x[:, features]).reshape(len(x), len(places))
        if self.gap_features:
            units[:, self._gap_units] = np.isnan(x[:, self.gap_features])
        if context is not None:
            units[:, self.n_inputs :] = context
        return units

    @lazy
    def _input_groups(self) -> tuple[tuple[Distribution, Any, NDArray[np.int64]], ...]:
        units = np.arange(self.n_inputs)
        all_features = np.arange(len(self.feature_outputs))
        return tuple(
            (
                g.output,
                g.features,
                np.concatenate([units[self.input_slices[d]][: g.output.n_inputs] for d in all_features[g.features]]),
            )
            for g in self.groups
        )

    @lazy
    def _gap_units(self) -> list[int]:
        return [self.input_slices[d].stop - 1 for d in self.gap_features]

    def encode_feature(self, feature: int, x: Array) -> Array:
        """Return what the network sees of the values `x` (n,) of one feature: (n, units)."""
        units = gaps.encode(self.feature_outputs[feature], x)
        if feature not in self.gap_features:
            return units
        return np.concatenate([units, np.isnan(x)[:, None].astype(units.dtype)], axis=1)

    def nll(self, raw: Array, x: Array) -> Array:
        """Return -log p of each value given those before it, in nats, shape (B, D): 0 where `x` is NaN."""
        nll = np.empty(x.shape, dtype=raw.dtype)
        for group in self.groups:
            nll[:, group.features] = gaps.nll(group.output, group.raw_of(raw), x[:, group.features])
        return nll

    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return `nll` (B, D) and its gradient ``d_raw`` (B, O), the latter for the sum over features."""
        nll = np.empty(x.shape, dtype=raw.dtype)
        d_raw = np.empty_like(raw)
        for group in self.groups:
            own = group.raw_of(raw)
            own_nll, own_d_raw = gaps.nll_and_grad(group.output, own, x[:, group.features])
            nll[:, group.features] = own_nll
            d_raw[:, group.raws] = own_d_raw.reshape(len(own), own.shape[1] * own.shape[2])
        return nll, d_raw

    def mean(self, raw: Array) -> Array:
        """Return the expected value of each conditional, shape (B, D)."""
        mean = np.empty((len(raw), len(self.feature_outputs)), dtype=raw.dtype)
        for group in self.groups:
            mean[:, group.features] = group.output.mean(group.raw_of(raw))
        return mean

    def centre(self, raw: Array) -> Array:
        """Return the single value of each conditional to put in where one is wanted, shape (B, D)."""
        centre = np.empty((len(raw), len(self.feature_outputs)), dtype=raw.dtype)
        for group in self.groups:
            centre[:, group.features] = group.output.centre(group.raw_of(raw))
        return centre

    def marginal(self, x: Array, dtype: np.dtype[Any] | None = None) -> NDArray[np.float64]:
        """Return the raw outputs (O,) of the columns of `x` each on its own: the biases to start training from.

        Each column is turned into `dtype`, by default that of `x`, when its turn has come. NaN has no part in it; a
        column of nothing else starts at 0.
        """
        own = x.dtype if dtype is None else dtype
        raw = np.zeros(self.n_raw)
        for d, output in enumerate(self.feature_outputs):
            column = x[:, d].astype(own, copy=False)
            gap = np.isnan(column)
            if not gap.all():
                raw[self.slices[d]] = output.marginal(column[~gap] if gap.any() else column)
        return raw

    def check_support(self, x: Array, name: Name) -> None:
        """Raise a `ValueError` that names column, row and value where `x` is outside its column's support.

        NaN is passed over: whether a gap is allowed is asked elsewhere.
        """
        for group in self.groups:
            values = x[:, group.features]
            invalid = group.output.invalid(values)
            if invalid.any():
                invalid &= ~np.isnan(values)
            if invalid.any():
                row, place = (int(i) for i in np.argwhere(invalid)[0])
                column = int(np.arange(x.shape[1])[group.features][place])
                raise ValueError(
                    f"{as_source(name).cell(row, column)} = {values[row, place]:g}: column {column} has "
                    f"{type(group.output).__name__} values, {group.output.support}"
                )


def _slices(sizes: Sequence[int]) -> tuple[slice, ...]:
    stops = np.cumsum(sizes).tolist()
    return tuple(slice(stop - size, stop) for size, stop in zip(sizes, stops, strict=True))


def outputs_from_config(config: Any) -> Output:
    """Return what `Description.config` wrote for the argument `output`, or raise a `ValueError`."""
    if not isinstance(config, (list, tuple)) or not config:
        raise ValueError(f"config lists no distributions as output ({show(config)}): give what config() wrote")
    made = tuple(output_from_config(each) for each in config)
    return made[0] if len(made) == 1 else made
