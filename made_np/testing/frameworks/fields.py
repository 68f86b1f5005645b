"""What somebody gives beside a model, whatever framework it is written in: looked at before a number is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..adapter import CALLABLES, FIELDS, Adapter
from ..arrays import as_features, as_n_rows, as_numbers
from ..compare import Floats
from ..points import columns_of, draw_rows
from ..values import as_number, show

OURS = ("loss", "grad", "theta", "names", "rows", "layers")
"""They follow from the model, or are not its own."""

SPREADS = "[0, 1e6]"
"""Of random weights: whoever wants larger ones has them already."""


@dataclass(frozen=True)
class Given:
    """Columns, rows behind the loss, the spread of random weights, other fields of an `Adapter`."""

    n_features: int
    rows: int | Floats
    std: float | None
    fields: Mapping[str, Any]

    def drawn_rows(self, rng: np.random.Generator) -> Floats:
        """(B, D) as given, or so many that the columns may hold."""
        if isinstance(self.rows, int):
            return draw_rows(columns_of(self.fields.get("support", (0, 1)), self.n_features), self.rows, rng)
        return self.rows

    def start(self, size: int, rng: np.random.Generator) -> Floats | None:
        """(size,) new parameters, or None if the model's own are kept."""
        return None if self.std is None else self.std * rng.standard_normal(size)

    def adapter(self, ours: Mapping[str, Any], in_numpy: Callable[[Callable[..., Any]], Any]) -> Adapter:
        """The adapter of what follows from the model, and of what was given, functions of tensors as ones of arrays."""
        fields = self.fields.items()
        given = {k: in_numpy(value) if k in CALLABLES and value is not None else value for k, value in fields}
        return Adapter(n_features=self.n_features, **{**ours, **given})


def look_at(
    n_features: Any, fields: Mapping[str, Any], *, rows: int | ArrayLike = 1, std: float | None = None
) -> Given:
    """What was given, if it can be meant.

    Raises
    ------
    TypeError, ValueError
        If a field is none of an adapter, follows from the model, or is not what an adapter takes; if rows are neither a
        count nor rows of that width, or std is no spread.
    """
    unknown = [name for name in fields if name not in FIELDS or name in OURS]
    if unknown:
        free = [name for name in FIELDS if name not in OURS]
        raise TypeError(f"{unknown[0]}={show(fields[unknown[0]])} cannot be given here: use some of {free}")
    n_features = as_features(n_features)
    Adapter(n_features=n_features, **fields)  # it raises for what it does not take
    spread = None if std is None else as_number(std, "std", SPREADS)
    return Given(n_features, _as_rows(rows, n_features), spread, fields)


def _as_rows(rows: Any, n_features: int) -> int | Floats:
    if isinstance(rows, (int, np.integer)):
        return as_n_rows(rows, "rows", n_features)
    found = as_numbers(rows, "rows")
    if found.ndim != 2 or found.shape[1] != n_features or not len(found):
        raise ValueError(f"rows has shape {found.shape}: give how many, or an array (B, {n_features})")
    with np.errstate(over="ignore"):  # of numbers with more bits
        return found.astype(np.float64)
