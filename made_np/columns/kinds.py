"""What a column is, as a person says it: by a word, or by a distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from made_np.distributions.distribution import Distribution
from made_np.distributions.registry import names as distribution_names
from made_np.values import show, text_of

__all__ = ["DISCRETE", "KINDS", "LEFT_OUT", "NUMERIC", "REAL", "Kind", "as_kinds", "is_kind", "kind_names", "places_of"]

Kind = str | Distribution
"""What a person says of a column: "auto", a kind, the name of a distribution, or a distribution."""

DISCRETE = ("binary", "categorical", "ordinal")
"""Kinds of a few values, each with a probability of its own."""
REAL = ("real", "positive", "bounded")
"""Kinds that have a density if a person says so. Otherwise they have masses where they lie on a lattice."""
NUMERIC = ("count", "integer", *REAL)
"""Kinds of many numbers on a scale."""
LEFT_OUT = ("id", "index", "text", "drop")
"""Kinds of columns that are not in the model."""
SHOWN = 20
"""So many names are listed in a message."""
KINDS = (*DISCRETE, *NUMERIC, "date", "constant", *LEFT_OUT)
"""All kinds."""


def is_kind(kind: Kind) -> bool:
    """Whether a word is a kind; else it is the name of a distribution, "auto", or no word."""
    return isinstance(kind, str) and kind in KINDS


def kind_names() -> tuple[str, ...]:
    """Return the words that say what a column is: kinds, and names of distributions, registered ones too."""
    return ("auto", *KINDS, *(name for name in distribution_names() if name not in KINDS))


def as_kinds(kinds: Any, n_columns: int, labels: Sequence[Any] | None = None) -> list[Kind]:
    """Return one checked kind per column.

    Parameters
    ----------
    kinds : str, Distribution, list with one per column, or dict
        A dict has names of columns, or places counted from 0, for keys; columns that it does not name are "auto".
    n_columns : int
    labels : sequence, optional
        What the columns are called.

    Raises
    ------
    TypeError, ValueError
        Anything else, a word that is no kind, a list of another length, or a column that is not there.

    Examples
    --------
    >>> as_kinds({"age": "count", 2: "drop"}, 3, ["sex", "age", "note"])
    ['auto', 'count', 'drop']
    """
    if isinstance(kinds, (str, Distribution)):
        return [_as_kind(kinds, "columns")] * n_columns
    if isinstance(kinds, Mapping):
        each: list[Kind] = ["auto"] * n_columns
        for key, kind in kinds.items():
            for place in places_of(key, n_columns, labels or ()):
                each[place] = _as_kind(kind, f"columns[{show(key)}]")
        return each
    if not isinstance(kinds, Sequence) or isinstance(kinds, bytes):
        raise TypeError(
            f"columns={show(kinds)}: give one of {kind_names()}, a distribution, a list with one per column, or a dict "
            "of them by name of column"
        )
    if len(kinds) != n_columns:
        raise ValueError(
            f"columns lists {len(kinds)} kinds, but X has {n_columns} columns: give one for each, or a dict by name"
        )
    return [_as_kind(kind, f"columns[{d}]") for d, kind in enumerate(kinds)]


def _as_kind(kind: Any, name: str) -> Kind:
    """Return a checked kind; `name` is what messages call it."""
    if isinstance(kind, Distribution):
        return kind
    if not isinstance(kind, str):
        raise TypeError(f"{name}={show(kind)} is a {type(kind).__name__}: give a word or a distribution")
    known = kind_names()
    if kind not in known:
        near = get_close_matches(kind, known, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(f"{name}={show(kind)} is unknown: {hint}use one of {known}, or a distribution")
    return kind


def places_of(key: Any, n_columns: int, labels: Sequence[Any], name: str = "columns") -> list[int]:
    """Return the places of the columns of a name, or the place that an integer is; `name` is that of the argument.

    Raises
    ------
    ValueError
        There is no such column.
    """
    places = [place for place, label in enumerate(labels) if type(label) is type(key) and label == key]
    if places:
        return places
    if isinstance(key, int) and not isinstance(key, bool):
        if 0 <= key < n_columns:
            return [key]
        raise ValueError(f"{name} has {show(key)}, but X has columns 0..{n_columns - 1}")
    if not labels:
        raise ValueError(f"{name} has {show(key)}, but the columns of X have no names: give places 0..{n_columns - 1}")
    words = [str(label) for label in labels]
    near = get_close_matches(text_of(key), words, 3) or words[:5]
    listed = ", ".join(map(repr, words[:SHOWN])) + (f" and {len(words) - SHOWN} more" if len(words) > SHOWN else "")
    raise ValueError(
        f"{name} has {show(key)}, but X has no such column: did you mean {', '.join(map(repr, near))}? X has {listed}"
    )
