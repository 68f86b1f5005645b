"""The fields of an `Adapter` that are the same whatever framework a model is written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


def given_fields(fields: Mapping[str, Any], in_numpy: Callable[[Callable[..., Any]], Any]) -> dict[str, Any]:
    """Fields that somebody gave, with every function of tensors as a function of arrays.

    Raises
    ------
    TypeError
        If an adapter has no such field, or it follows from the model.
    """
    unknown = [name for name in fields if name not in FIELDS or name in OURS]
    if unknown:
        free = [name for name in FIELDS if name not in OURS]
        raise TypeError(f"{unknown[0]}={show(fields[unknown[0]])} cannot be given here: use some of {free}")
    return {name: in_numpy(value) if name in CALLABLES and callable(value) else value for name, value in fields.items()}


def rows_behind_the_loss(rows: int | ArrayLike, n_features: int, support: Any, rng: np.random.Generator) -> Floats:
    """(B, D) as given, or so many that the columns may hold.

    Raises
    ------
    TypeError, ValueError
        If it is neither a count nor rows of that width.
    """
    n_features = as_features(n_features)
    if isinstance(rows, (int, np.integer)):
        return draw_rows(columns_of(support, n_features), as_n_rows(rows, "rows", n_features), rng)
    found = as_numbers(rows, "rows").astype(np.float64)
    if found.ndim != 2 or found.shape[1] != n_features or not len(found):
        raise ValueError(f"rows has shape {found.shape}: give how many, or an array (B, {n_features})")
    return found


def moved(std: float | None, size: int, rng: np.random.Generator) -> Floats | None:
    """(size,) new parameters, or None if the model's own are kept."""
    return None if std is None else as_number(std, "std", "[0, inf)") * rng.standard_normal(size)


def assembled(n_features: int, given: dict[str, Any], ours: dict[str, Any]) -> Adapter:
    """The adapter of both."""
    return Adapter(n_features=n_features, **(ours | given))
