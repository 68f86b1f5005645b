"""What a column is: what a person says of it, and what its values say where nothing is said."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from made_np.distributions.mixtures import DiscretizedLogistic, RealMixture
from made_np.distributions.plain import Bernoulli, Categorical, Distribution, Gaussian
from made_np.distributions.together import NAMES
from made_np.table.frames import where
from made_np.typing import Floats
from made_np.values import show

__all__ = ["KINDS", "Kind", "as_kinds", "distribution_of", "warn_of_missing", "warn_of_row_numbers"]

Kind = str | Distribution
"""What a person says of a column: "auto", the name of a distribution, or a distribution."""

KINDS = ("auto", *NAMES)
MAX_CODES = 32
"""Under "auto", a column of integers 0..max is categorical if that is at most so many values."""
MAX_LEVELS = 1 << 16
"""More values than this are no codes: each would own output units."""


def as_kinds(kinds: Any, n_columns: int) -> list[Kind]:
    """Return one checked kind per column."""
    if isinstance(kinds, (str, Distribution)):
        kinds = [kinds] * n_columns
    if not isinstance(kinds, Sequence) or isinstance(kinds, bytes):
        raise TypeError(f"columns={show(kinds)}: give one of {KINDS}, a distribution, or a list with one per column")
    if len(kinds) != n_columns:
        raise ValueError(f"columns lists {len(kinds)} distributions, but X has {n_columns} columns: give one for each")
    for d, kind in enumerate(kinds):
        if not isinstance(kind, (str, Distribution)):
            raise TypeError(f"columns[{d}]={show(kind)} is a {type(kind).__name__}: give a name or a distribution")
        if isinstance(kind, str) and kind not in KINDS:
            raise ValueError(f"columns: {show(kind)} (column {d}) is unknown: use one of {KINDS}, or a distribution")
    return list(kinds)


def distribution_of(values: Floats, kind: str, which: str) -> Distribution:
    """Return the distribution that a name or "auto" stands for; messages call the column `which`."""
    top = values.max()
    are_codes = bool(((values >= 0) & (values == np.floor(values))).all())
    if kind == "auto" and are_codes and top < MAX_CODES:
        kind = "bernoulli" if top <= 1 else "categorical"
    if kind in ("auto", "gaussian"):
        return Gaussian()
    if kind == "bernoulli":
        return Bernoulli()
    if issubclass(NAMES[kind], RealMixture):
        mixture = f"made_np.{NAMES[kind].__name__}(n)"
        raise ValueError(
            f"columns: {kind!r} ({which}) needs its number of components: give {mixture}; on the command line {kind}:n"
        )
    if not are_codes or top >= MAX_LEVELS:
        odd = values[(values < 0) | (values != np.floor(values)) | (values >= MAX_LEVELS)][0]
        raise ValueError(
            f"X has the value {odd:g} in {which}, which is to be {kind!r}: code its values as 0..n-1, or use 'gaussian'"
        )
    n = max(int(top) + 1, 2)
    return Categorical(n) if kind == "categorical" else DiscretizedLogistic(n)


def warn_of_missing(x: Floats, kinds: Sequence[Kind], names: Sequence[str]) -> None:
    """Warn of codes with -1 among them: mostly it stands for what is missing, and makes its column a real one."""
    found = [where(d, names[d]) for d, kind in enumerate(kinds) if kind == "auto" and _has_missing(x[:, d])]
    if found:
        shown = ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
        warnings.warn(
            f"codes with -1 among them in {shown} are taken for real numbers. Where -1 stands for a gap, drop the row "
            "or add 1 to the column, and give NaN in what is scored or completed; where it is a number, set columns to "
            "'gaussian' for it",
            stacklevel=5,  # of who called fit
        )


def warn_of_row_numbers(names: Sequence[str]) -> None:
    """Warn of a first column that pandas found without a name: mostly it is the row numbers that it wrote itself."""
    if names[0] == "Unnamed: 0":
        warnings.warn(
            "column 0 ('Unnamed: 0') is learned as any other: if it holds row numbers (the index that pandas wrote), "
            "drop it, or read the table with index_col=0; otherwise give it a name",
            stacklevel=5,  # of who called fit
        )


def _has_missing(values: Floats) -> bool:
    """Whether a column is of codes 0..n-1 (or 1..n), with -1 among them; -1 and 1 alone are two states of a spin."""
    if values.min() != -1 or values.max() >= MAX_CODES or (values != np.floor(values)).any():
        return False
    return bool(values.max() > 1 or (values == 0).any())
