"""What the columns of a table are called: as many names as columns, those of fit in the same order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.messages import warn
from made_np.values import as_a, show

__all__ = ["as_names", "check_columns"]

Names = Sequence[str] | NDArray[Any]

MOST_SHOWN = 5
"""More names than these are not listed."""


def check_columns(
    names: Names | None,
    n_columns: int,
    fitted: Names | None,
    n_fitted: int,
    *,
    what: str = "X",
    who: str = "MADEDensity",
) -> None:
    """Raise a `ValueError` where names or number of columns are not those of fit; warn where only one has names.

    The sentences are those that scikit-learn's checks of an estimator look for, whether or not it is there.

    Parameters
    ----------
    names, n_columns
        Of the table; None: its columns have no names.
    fitted, n_fitted
        Of the table of fit.
    what : str
        What messages call the table.
    who : str
        The class of the estimator.

    Warns
    -----
    UserWarning
        Only one of both tables has names: columns are then told apart by their place.
    """
    if names is not None and fitted is not None:
        _check_names(list(names), list(fitted), what)
    if n_columns != n_fitted:
        raise ValueError(
            f"{what} has {n_columns} features, but {who} is expecting {n_fitted} features as input: give the columns "
            "of fit"
        )
    if names is not None and fitted is None:
        warn(f"{what} has feature names, but {who} was fitted without feature names: columns are told apart by place")
    if names is None and fitted is not None:
        warn(
            f"{what} does not have valid feature names, but {who} was fitted with feature names: columns are told "
            "apart by place"
        )


def as_names(names: Any, n_columns: int) -> list[str]:
    """Return one checked name per column: what columns are called, or empty strings."""
    if names is None:
        return [""] * n_columns
    is_list = isinstance(names, Sequence) or (isinstance(names, np.ndarray) and names.ndim > 0)
    if isinstance(names, str) or not is_list:
        raise TypeError(f"names={show(names)} is a {type(names).__name__}: give a list of strings")
    if len(names) != n_columns:
        raise ValueError(f"names lists {len(names)}, but X has {n_columns} columns: give one for each")
    return [as_a(name, f"names[{d}]", str, "give a string") for d, name in enumerate(names)]


def _check_names(names: list[str], fitted: list[str], what: str) -> None:
    """Raise a `ValueError` that says where the names differ, and which there are too many or too few."""
    if names == fitted:
        return
    pairs = zip(names, fitted, strict=False)
    differs = next((d for d, (name, expected) in enumerate(pairs) if name != expected), None)
    message = f"{what} has {len(names)} columns, but fit saw {len(fitted)}"
    if differs is not None:
        message = f"{what} has {names[differs]!r} as column {differs}, but fit saw {fitted[differs]!r} there"
    unseen = sorted(set(names) - set(fitted), key=str)
    missing = sorted(set(fitted) - set(names), key=str)
    message += (
        ": give the columns of fit, in the same order. The feature names should match those that were passed during "
        "fit.\n"
    )
    if unseen:
        message += f"Feature names unseen at fit time:\n{_listed(unseen)}"
    if missing:
        message += f"Feature names seen at fit time, yet now missing:\n{_listed(missing)}"
    if not unseen and not missing:
        message += "Feature names must be in the same order as they were in fit.\n"
    raise ValueError(message)


def _listed(names: Iterable[str]) -> str:
    """Return some of the names, a line for each."""
    lines = [f"- {name}\n" for name in names]
    return "".join(lines[:MOST_SHOWN]) + ("- ...\n" if len(lines) > MOST_SHOWN else "")
