"""One column of a table, as it was learned from training rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from math import log, log1p
from typing import Any

import numpy as np

from made_np.columns.coding import PLAIN, Affine, Coding
from made_np.columns.codings import coding_from_config
from made_np.columns.kinds import NUMERIC
from made_np.columns.numeric import NUMBERS
from made_np.columns.reading import Reading
from made_np.columns.readings import reading_from_config
from made_np.distributions.distribution import Distribution
from made_np.distributions.registry import output_config, output_from_config
from made_np.typing import Bools, Floats
from made_np.values import as_a, as_number, show

__all__ = ["Column", "Facts"]

KEYS = {"output", "coding", "reading", "name", "kind", "other", "left_out", "facts"}
"""What a file says of a column."""


@dataclass(frozen=True)
class Facts:
    """What the rows of fit showed of a column; shown to people, and the bounds of what is drawn.

    Attributes
    ----------
    n : int
        Rows.
    n_gaps : int
        How many of them are gaps.
    n_distinct : int
        How many different numbers there are.
    low, high : float
        The smallest and the largest number.
    resolution : float
        All numbers are multiples of it, counted from `low`; 0: they are on no lattice.
    """

    n: int = 0
    n_gaps: int = 0
    n_distinct: int = 0
    low: float = -np.inf
    high: float = np.inf
    resolution: float = 0.0


NO_FACTS = Facts()


@dataclass(frozen=True)
class Column:
    """One column: how it is read, how it is coded, and which distribution its feature has.

    ``log p(x) = log p(z) + t(x) + log(1 - other)`` for what the column knows, and ``log other`` for anything else.

    Attributes
    ----------
    output : Distribution or None
        Of the coded values; None: the column is no feature of the model.
    coding : Coding
    reading : Reading
    name : str
        Its name in the table, "" if it has none.
    kind : str
        What the column is, in a word: "count", "categorical", ...
    other : float
        The mass that is kept for values that the column does not know; 0: they are refused.
    left_out : str
        Why the column is not in the model, in words; "" if it is.
    facts : Facts
    rivals : tuple of (Distribution, Coding)
        How else it could be coded, in the same unit: known after fit alone, no file holds it.
    """

    output: Distribution | None
    coding: Coding = PLAIN
    reading: Reading = NUMBERS
    name: str = ""
    kind: str = ""
    other: float = 0.0
    left_out: str = ""
    facts: Facts = NO_FACTS
    rivals: tuple[tuple[Distribution, Coding], ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.output is not None and not isinstance(self.output, Distribution):
            raise TypeError(f"output={show(self.output)}: give a distribution, such as made_np.Gaussian()")
        as_a(self.name, "name", str, "give a string")
        as_number(self.other, "other", "[0, 1)")

    def unknown(self, x: Floats, z: Floats | None = None) -> Bools:
        """Return True where the column does not know the number x; False at gaps.

        `z` is what the coding makes of x, if that is there already.
        """
        beyond = self.coding.unknown(x)
        if self.output is not None and not self.coding.is_closed:
            beyond |= self.output.invalid(self.coding.encode(x) if z is None else z)
        return beyond & ~np.isnan(x)

    def encode(self, x: Floats, entry: Callable[..., str]) -> Floats:
        """Return z, of the shape of `x`: NaN at gaps, and at numbers that the column does not know.

        ``entry(*index)`` is how messages call an entry of `x`.

        Raises
        ------
        ValueError
            The column does not know a number, and keeps no mass for others.
        """
        z = self.coding.encode(x)
        unknown = self.unknown(x, z)
        if unknown.any():
            if not self.other:
                index = tuple(np.argwhere(unknown)[0].tolist())
                raise ValueError(f"{entry(*index)} {self._way_out(float(x[index]))}")
            z[unknown] = np.nan
        return z

    def decode(self, z: Floats, u: Floats | None = None) -> Floats:
        """Return the numbers that have these z, of the shape of `z`; see `Coding.decode`.

        A column of our own finding has no number beyond those of fit: what is drawn farther out is put at the end.
        """
        x = self.coding.decode(z, u)
        return np.clip(x, self.facts.low, self.facts.high) if self.kind in NUMERIC else x

    def log_term(self, x: Floats, z: Floats | None = None) -> Floats:
        """Return what log p(x) has on top of log p(z), of the shape of `x`, in nats; 0 at gaps.

        `z` is what `encode` makes of x, if that is there already.
        """
        terms = self.coding.log_term(x)
        if not self.other:
            return terms
        is_gap = np.isnan(x)
        unknown = self.unknown(x) if z is None else np.isnan(z) & ~is_gap
        terms = np.where(unknown, log(self.other) + self._log_share(x), terms + log1p(-self.other))
        terms[is_gap] = 0.0
        return terms

    def _log_share(self, x: Floats) -> Floats | float:
        """Return the logarithm of the share of `other` that each x has.

        Of words and codes that is all of it: those that fit has not seen are one value. Of numbers it falls with the
        distance d from the middle of those of fit, in units of half their range s: ``1 / (2 s (1 + d / s)^2)`` per
        unit, which integrates to 1. So a number that is farther out is less likely, and none is likelier than those
        that fit has seen.
        """
        spread = (self.facts.high - self.facts.low) / 2
        if self.kind not in NUMERIC or not 0 < spread < np.inf:
            return 0.0
        distance = np.abs(x - (self.facts.low + spread)) / spread
        return np.asarray(log(self.facts.resolution or 1.0) - log(2 * spread) - 2 * np.log1p(distance))

    def _way_out(self, value: float) -> str:
        """Return what the column has, and what to do about another value."""
        if self.output is None:
            return "has one value only. Fit on rows that hold every value"
        if self.reading.name == "levels" or not isinstance(self.coding, Affine):  # it has codes that nobody gave
            return "did not have this value in fit. Fit on rows that hold it, or give handle_unknown='other'"
        way_out = self.output.way_out(value)
        if value == -1:
            way_out = "Where -1 stands for a missing value, give NaN; where it is a number, give columns 'gaussian'"
        return f"has {type(self.output).__name__} values, {self.output.support}. {way_out}"

    def config(self) -> dict[str, Any]:
        """Return the column as JSON-able values, from which `from_config` builds an equal one."""
        return {
            "output": None if self.output is None else output_config(self.output),
            "coding": {"name": self.coding.name, **self.coding.config()},
            "reading": {"name": self.reading.name, **self.reading.config()},
            "name": self.name,
            "kind": self.kind,
            "other": self.other,
            "left_out": self.left_out,
            "facts": {key: str(value) for key, value in asdict(self.facts).items()},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Column:
        """Return the column whose `config` this is; older files hold output, mean, scale and name alone."""
        known = {"output", "mean", "scale", "name"} if "coding" not in config else KEYS
        for key in config.keys() - known:
            raise ValueError(f"a column has {show(key)}, which is unknown")
        output = None if config["output"] is None else output_from_config(config["output"])
        if "coding" not in config:
            return cls(output, Affine(config["mean"], config["scale"]), name=config["name"])
        facts = config["facts"]
        return cls(
            output,
            coding_from_config(config["coding"]),
            reading_from_config(config["reading"]),
            config["name"],
            config["kind"],
            config["other"],
            config["left_out"],
            Facts(
                *(int(facts[key]) for key in ("n", "n_gaps", "n_distinct")),
                *(float(facts[key]) for key in ("low", "high", "resolution")),
            ),
        )
