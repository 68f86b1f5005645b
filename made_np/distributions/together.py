"""Which distribution, which input units and which output units belong to which feature: one table, the only one.

Raw outputs stand feature by feature: all parameters of feature 0, then of feature 1, and so on, as many as each
distribution has. Features that share a distribution are computed together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.distributions.mixtures import DiscretizedLogistic, MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import Bernoulli, Categorical, Distribution, Gaussian
from made_np.lazy import lazy
from made_np.typing import Array
from made_np.values import as_sequence, show

NAMES: dict[str, type[Distribution]] = {
    "bernoulli": Bernoulli,
    "categorical": Categorical,
    "gaussian": Gaussian,
    "discretized_logistic": DiscretizedLogistic,
    "mixture_of_gaussians": MixtureOfGaussians,
    "mixture_of_logistics": MixtureOfLogistics,
}
"""The name of each distribution, in arguments and in files."""

Output = Distribution | tuple[Distribution, ...]


def make_distribution(output: str | Distribution) -> Distribution:
    """Return the distribution for a name, or `output` itself if it is one.

    Raises
    ------
    ValueError
        Unknown name, or one that needs a number ("categorical": use ``Categorical(n)``).
    TypeError
        Neither a name nor a distribution.
    """
    if isinstance(output, Distribution):
        return output
    if not isinstance(output, str):
        raise TypeError(f"output={show(output)} is a {type(output).__name__}: give a name or a distribution")
    if output not in NAMES:
        raise ValueError(f"output={show(output)} is unknown: use one of {tuple(NAMES)}")
    try:
        return NAMES[output]()
    except TypeError:
        kind = NAMES[output].__name__
        raise ValueError(
            f"output={output!r} needs its number of values or components: pass made_np.{kind}(n)"
        ) from None


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

    Examples
    --------
    >>> Outputs((Bernoulli(), Categorical(3), Gaussian())).slices
    (slice(0, 1, None), slice(1, 4, None), slice(4, 6, None))
    """

    feature_outputs: tuple[Distribution, ...]

    @classmethod
    def of(cls, output: str | Distribution | Sequence[str | Distribution], n_features: int) -> Outputs:
        """Return the outputs for one distribution shared by all features, or for one per feature."""
        if isinstance(output, (str, Distribution)):
            return cls((make_distribution(output),) * n_features)
        listed = as_sequence(output, "output", "a name, a distribution, or a list with one per feature")
        if len(listed) != n_features:
            raise ValueError(f"output lists {len(listed)} distributions: n_features={n_features} needs as many")
        return cls(tuple(make_distribution(each) for each in listed))

    @lazy
    def slices(self) -> tuple[slice, ...]:
        """The raw outputs of each feature."""
        return _slices([output.n_raw for output in self.feature_outputs])

    @lazy
    def input_slices(self) -> tuple[slice, ...]:
        """The input units of each feature."""
        return _slices([output.n_inputs for output in self.feature_outputs])

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
        """Return what the network sees of rows `x` (B, D) and `context` (B, C): (B, I + C)."""
        n_context = 0 if context is None else context.shape[1]
        if n_context == 0 and self.n_inputs == x.shape[1] and len(self.groups) == 1:
            return self.feature_outputs[0].encode(x)[..., 0]
        units = np.empty((len(x), self.n_inputs + n_context), dtype=x.dtype)
        for output, features, places in self._input_groups:
            units[:, places] = output.encode(x[:, features]).reshape(len(x), len(places))
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
                np.concatenate([units[self.input_slices[d]] for d in all_features[g.features]]),
            )
            for g in self.groups
        )

    def nll(self, raw: Array, x: Array) -> Array:
        """Return -log p of each value given those before it, in nats, shape (B, D)."""
        nll = np.empty(x.shape, dtype=raw.dtype)
        for group in self.groups:
            nll[:, group.features] = group.output.nll(group.raw_of(raw), x[:, group.features])
        return nll

    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return `nll` (B, D) and its gradient ``draw`` (B, O), the latter for the sum over features."""
        nll = np.empty(x.shape, dtype=raw.dtype)
        draw = np.empty_like(raw)
        for group in self.groups:
            own = group.raw_of(raw)
            own_nll, own_draw = group.output.nll_and_grad(own, x[:, group.features])
            nll[:, group.features] = own_nll
            draw[:, group.raws] = own_draw.reshape(len(own), own.shape[1] * own.shape[2])
        return nll, draw

    def mean(self, raw: Array) -> Array:
        """Return the expected value of each conditional, shape (B, D)."""
        mean = np.empty((len(raw), len(self.feature_outputs)), dtype=raw.dtype)
        for group in self.groups:
            mean[:, group.features] = group.output.mean(group.raw_of(raw))
        return mean

    def marginal(self, x: Array) -> NDArray[np.float64]:
        """Return the raw outputs (O,) of the columns of `x` each on its own: the biases to start training from."""
        return np.concatenate([o.marginal(x[:, d]) for d, o in enumerate(self.feature_outputs)])

    def check_support(self, x: Array, name: str) -> None:
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
                    f"{name}[{row}, {column}] = {values[row, place]:g}: column {column} has "
                    f"{type(group.output).__name__} values, {group.output.support}"
                )


def _slices(sizes: Sequence[int]) -> tuple[slice, ...]:
    stops = np.cumsum(sizes).tolist()
    return tuple(slice(stop - size, stop) for size, stop in zip(sizes, stops, strict=True))


def output_config(output: Distribution) -> dict[str, Any]:
    """Return a distribution as JSON-able values: its name and its numbers."""
    (name,) = (name for name, kind in NAMES.items() if kind is type(output))
    return {"name": name, **asdict(output)}  # type: ignore[call-overload]


def outputs_from_config(config: Any) -> Output:
    """Return what `Description.config` wrote for the argument `output`, or raise a `ValueError`."""
    try:
        made = tuple(NAMES[each["name"]](**{k: v for k, v in each.items() if k != "name"}) for each in config)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"config lists no distributions as output ({show(error)}): give what config() wrote") from None
    return made[0] if len(made) == 1 else made
