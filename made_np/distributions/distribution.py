"""What a distribution answers for itself, so that nobody else has to know which one it is.

Each distribution owns `n_raw` raw outputs per feature, along the last axis of ``raw`` (..., K), and scores values
``x`` (...). It offers the negative log-likelihood in nats, its gradient with respect to ``raw``, the inverse CDF (so
that a uniform number decides a draw), and the mean. `made_np.distributions.register` gives one of your own a name.

Every gradient is that of one value's nll; the mean over rows is taken by whoever adds them up.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

from made_np.typing import Array
from made_np.values import as_count, as_number

Own = TypeVar("Own", bound="Distribution")

QUANTILES = np.array([1e-12, 1e-8, 1e-4, 0.03, 0.5, 0.97, 1 - 1e-4, 1 - 1e-8, 1 - 1e-12])
"""Between two of these a density with one peak is smooth; beyond them there is nothing of it."""


class Undetermined(ValueError):
    """No column tells the arguments that a distribution needs."""


class Distribution(ABC):
    """A conditional distribution with `n_raw` raw parameters, fed back to the net through `n_inputs` input units.

    One of your own is a frozen dataclass with `n_raw`, `support` and the four abstract methods; `invalid`, where some
    finite numbers are illegal. All else has a default.
    """

    n_raw: int
    """K, how many raw outputs a feature has."""
    n_inputs: int = 1
    """How many input units the network sees a value through."""
    support: str
    """The legal values, in words."""
    n_values: int | None = None
    """How many legal values there are; None: without end."""
    is_real: bool = False
    """True for a density over all real numbers: its columns have a unit, and are standardised."""
    locations: slice | None = None
    """The raw outputs that move the density: with c added to each of them, p(x + c) is what p(x) was. None: no such."""
    has_states: bool = False
    """True where the values are states with a probability each; False where they stand on a scale."""
    is_binary: bool = False
    """True for the values 0 and 1 where a draw is 1 if ``u < mean(raw)``; all other draws rise with u."""
    kernel: str | None = None
    """What the numba backend calls its compiled kernel of this very class; None: NumPy computes."""

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if "kernel" not in vars(cls):
            cls.kernel = None  # what a subclass changes is unknown to the kernel of its base

    # ---------------------------------------------------------------------------------------- what it must say

    @abstractmethod
    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return -log p(x) in nats, shape (...), and its gradient ``d_raw`` with the shape of `raw`."""

    @abstractmethod
    def inverse_cdf(self, raw: Array, u: Array) -> Array:
        """Return the value that the uniform number `u` in [0, 1) decides, shape (...)."""

    @abstractmethod
    def mean(self, raw: Array) -> Array:
        """Return the expected value, shape (...)."""

    @abstractmethod
    def marginal(self, x: Array) -> Array:
        """Return raw parameters (K,) of the distribution of the column `x` (n,) on its own, to start training from."""

    # ------------------------------------------------------------------------------------------ what it can do

    def nll(self, raw: Array, x: Array) -> Array:
        """Return -log p(x) in nats, shape (...)."""
        return self.nll_and_grad(raw, x)[0]

    def log_prob(self, raw: Array, x: Array) -> Array:
        """Return log p(x) in nats, shape (...)."""
        return -self.nll(raw, x)

    def centre(self, raw: Array) -> Array:
        """Return the single value to put in where one is wanted: the mean."""
        return self.mean(raw)

    def encode(self, x: Array) -> Array:
        """Return what the network sees of `x`, shape (..., n_inputs)."""
        return x[..., None]

    def cdf_bounds(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return ``P(X < x)`` and ``P(X <= x)`` in float64, each (...): the same number twice for a density.

        Notes
        -----
        As draws rise with u, ``P(X <= x)`` is the largest u whose draw is at most x. It is found by bisection, to
        2^-53; one that knows its distribution function should return that instead.
        """
        bounds = []
        for strict in (True, False):
            low = np.zeros(np.shape(x))
            high = np.ones(np.shape(x))
            for _ in range(53):
                middle = (low + high) / 2
                drawn = self.inverse_cdf(raw, middle)
                is_below = drawn < x if strict else drawn <= x
                low = np.where(is_below, middle, low)
                high = np.where(is_below, high, middle)
            bounds.append(np.where(low == 0, 0.0, high))
        return bounds[0], bounds[1]

    def predictions(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return the probability of each state, shape (..., k), and 1 where `x` is that state, else 0.

        Calibration asks it of distributions that have states. A state that says nothing beyond the others may be left
        out.
        """
        states = self.values(self.n_values or 0).astype(raw.dtype)
        each = np.broadcast_to(states, (*x.shape, len(states)))
        p = np.exp(-self.nll(np.broadcast_to(raw[..., None, :], (*each.shape, raw.shape[-1])), each))
        return p, (x[..., None] == states).astype(raw.dtype)

    def knots(self, raw: Array) -> Array:
        """Return (B, k) places, rising, between which a density is smooth and beyond which it is negligible.

        `raw` is (B, K). By default quantiles, which suit a density with a single peak, at its median or smooth.
        """
        at = np.broadcast_to(QUANTILES, (len(raw), len(QUANTILES)))
        return np.asarray(self.inverse_cdf(np.repeat(raw[:, None], len(QUANTILES), axis=1), at))

    # --------------------------------------------------------------------------------------- its legal values

    def invalid(self, x: Array) -> Array:
        """Return booleans (...): True where `x` is outside the support. By default every finite number is in it."""
        return ~np.isfinite(x)

    def values(self, n: int) -> Array:
        """Return legal values in rising order, in float64: all of a finite support, else `n` that are spread over it.

        By default they are looked for among numbers from -2 to 2 if `is_real`, and else among 0, 1, 2, ..., the
        integers from 1 on, numbers between 0 and 1, and negative integers.

        Raises
        ------
        ValueError
            None of these suits.
        """
        n = self.n_values or n
        for found in (
            np.linspace(-2.0, 2.0, n) if self.is_real else np.arange(n, dtype=np.float64),
            np.arange(1.0, n + 1),
            (np.arange(n) + 0.5) / n,
            np.arange(-n, 0.0),
        ):
            if not self.invalid(found).any():
                return found
        raise ValueError(f"{type(self).__name__} takes neither integers nor numbers from 0 to 1: define values(n)")

    def far_out(self, x: Array) -> Array:
        """Return booleans (n,): True for the values of the column `x` (n,) that have no part in its mean and scale."""
        return np.zeros(len(x), dtype=bool)

    @classmethod
    def from_column(cls: type[Own], values: Array) -> Own:
        """Return the one for a training column (n,) of finite float64 numbers, by default the one without arguments.

        Whether the values are legal is asked afterwards.

        Raises
        ------
        ValueError
            Values that it cannot be built for, or no way to tell an argument (`Undetermined`); the message says what
            to do.
        """
        needed = cls.needed()
        if needed:
            raise Undetermined(f"no column tells its {' and '.join(needed)}: give {cls.spelled()}")
        return cls()

    @classmethod
    def shared(cls: type[Own], each: Sequence[Own]) -> Own | None:
        """Return the one that all columns have where one name stands for all of them; None: each keeps its own."""
        return None

    @classmethod
    def needed(cls) -> list[str]:
        """Return the names of the arguments that have no default."""
        own: tuple[Field[Any], ...] = fields(cls) if is_dataclass(cls) else ()
        return [each.name for each in own if each.init and each.default is each.default_factory is MISSING]

    @classmethod
    def spelled(cls) -> str:
        """Return how messages say what to write.

        Examples
        --------
        >>> from made_np import Categorical
        >>> Categorical.spelled()
        'made_np.Categorical(n)'
        """
        home = "made_np." if cls.__module__.startswith("made_np.") else ""
        return f"{home}{cls.__name__}({', '.join(cls.needed())})"

    def way_out(self, value: float) -> str:
        """Return what to do where a column has the illegal `value`: the sentence that ends the error."""
        return "Give columns a distribution that has this value"

    def raw_of_scale(self, scale: Array) -> Array | None:
        """Return raw_1 of the normal density with mean raw_0 and this scale; None if this is no such density."""
        return None

    # -------------------------------------------------------------------------------------------------- files

    def config(self) -> dict[str, Any]:
        """Return its arguments as JSON-able values, by default the fields of the dataclass."""
        own: tuple[Field[Any], ...] = fields(self) if is_dataclass(self) else ()
        return {each.name: getattr(self, each.name) for each in own if each.init}

    @classmethod
    def from_config(cls: type[Own], config: dict[str, Any]) -> Own:
        """Return the distribution whose `config` this is."""
        return cls(**config)

    def _settle(self, **fewest: int) -> None:
        """Look at the counts, each with the fewest it may be, and at the floor, and keep them as plain numbers."""
        kind = type(self).__name__
        for name, least in fewest.items():
            object.__setattr__(self, name, as_count(getattr(self, name), f"{kind}({name})", least))
        if hasattr(self, "min_scale"):
            object.__setattr__(self, "min_scale", as_number(self.min_scale, f"{kind}(min_scale)", "(0, inf)"))
