"""What a column is: as a person says, else as its values say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from made_np.distributions.distribution import Distribution, Undetermined
from made_np.distributions.registry import kind_of, names
from made_np.messages import warn
from made_np.typing import Floats
from made_np.values import show

__all__ = [
    "Kind",
    "as_kinds",
    "distribution_of",
    "has_missing",
    "kind_names",
    "shared_distribution",
    "warn_of_missing",
    "warn_of_row_numbers",
]

Kind = str | Distribution
"""What a person says of a column: "auto", the name of a distribution, or a distribution."""

MAX_CODES = 32
"""Under "auto", a column of integers 0..max is categorical if that is at most so many values."""


def kind_names() -> tuple[str, ...]:
    """Return the names that a column can be given, those of registered distributions too."""
    return ("auto", *names())


def as_kinds(kinds: Any, n_columns: int) -> list[Kind]:
    """Return one checked kind per column."""
    if isinstance(kinds, (str, Distribution)):
        kinds = [kinds] * n_columns
    if not isinstance(kinds, Sequence) or isinstance(kinds, bytes):
        raise TypeError(
            f"columns={show(kinds)}: give one of {kind_names()}, a distribution, or a list with one per column"
        )
    if len(kinds) != n_columns:
        raise ValueError(f"columns lists {len(kinds)} distributions, but X has {n_columns} columns: give one for each")
    known = kind_names()
    for d, kind in enumerate(kinds):
        if not isinstance(kind, (str, Distribution)):
            raise TypeError(f"columns[{d}]={show(kind)} is a {type(kind).__name__}: give a name or a distribution")
        if isinstance(kind, str) and kind not in known:
            raise ValueError(f"columns: {show(kind)} (column {d}) is unknown: use one of {known}, or a distribution")
    return list(kinds)


def distribution_of(values: Floats, kind: str, which: str) -> Distribution:
    """Return the distribution that a name or "auto" stands for; messages call the column `which`."""
    name = _found(values) if kind == "auto" else kind
    try:
        return kind_of(name).from_column(values)
    except Undetermined as error:
        spelled = ":".join([name, *kind_of(name).needed()])
        raise ValueError(f"columns: {which} is to be {name!r}, but {error}, on the command line {spelled}") from None
    except ValueError as error:
        raise ValueError(f"columns: {which} is to be {name!r}, but {error}") from None


def _found(values: Floats) -> str:
    """Return the name of what a column looks like."""
    top = values.max()
    if top < MAX_CODES and ((values >= 0) & (values == np.floor(values))).all():
        return "bernoulli" if top <= 1 else "categorical"
    return "gaussian"


def shared_distribution(kinds: Any, each: Sequence[Distribution]) -> Distribution | None:
    """Return the one distribution of all columns, if `kinds` is a name whose columns share one; they learned `each`."""
    return kind_of(kinds).shared(each) if isinstance(kinds, str) and kinds != "auto" else None


def warn_of_missing(found: Sequence[str]) -> None:
    """Warn of columns that `has_missing` found: mostly -1 stands for a gap, and makes its column a real one."""
    if found:
        shown = ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
        warn(
            f"codes with -1 among them in {shown} are taken for real numbers. Where -1 stands for a gap, drop the row "
            "or add 1 to the column, and give NaN in what is scored or completed; where it is a number, set columns to "
            "'gaussian' for it"
        )


def warn_of_row_numbers(names: Sequence[str]) -> None:
    """Warn of a first column that pandas found without a name: mostly it is the row numbers that it wrote itself."""
    if names[0] == "Unnamed: 0":
        warn(
            "column 0 ('Unnamed: 0') is learned as any other: if it holds row numbers (the index that pandas wrote), "
            "drop it, or read the table with index_col=0; otherwise give it a name"
        )


def has_missing(values: Floats) -> bool:
    """Whether a column is of codes 0..n-1 (or 1..n), with -1 among them; -1 and 1 alone are two states of a spin."""
    if values.min() != -1 or values.max() >= MAX_CODES or (values != np.floor(values)).any():
        return False
    return bool(values.max() > 1 or (values == 0).any())
