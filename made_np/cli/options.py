"""What options of the command line mean: text in, checked values out.

Each function is a ``type`` of argparse: it raises ``ArgumentTypeError``, whose message is shown with the option's name.
"""

from __future__ import annotations

import math
import re
from argparse import ArgumentTypeError
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from made_np.columns.kinds import kind_names
from made_np.distributions.distribution import Distribution
from made_np.distributions.registry import kind_of, names
from made_np.masks.masks import ORDERS
from made_np.values import show

__all__ = [
    "add_backend",
    "add_seed",
    "as_real",
    "columns",
    "count",
    "direct",
    "listed",
    "n_masks",
    "number",
    "or_auto",
    "order",
    "place",
    "seed",
    "share_or_count",
    "widths",
]

BACKENDS = ("auto", "numba", "bfloat16", "numpy", "cupy")

PLAIN = re.compile(r"[-+.eE0-9]+")
"""What numbers are written with."""

NAMED = re.compile(r"(?P<name>.+?)=(?P<kind>[^=,]*)(?:,|$)", re.DOTALL)
"""What is said of one column: its name may have commas in it, its kind has none."""

MOST = 2**31 - 1
"""No count is larger: beyond it arrays have no such size, and somebody has missed a key."""


def count(least: int, most: int = MOST) -> Callable[[str], int]:
    """Return the type of an integer in ``least..most``."""

    def parse(text: str) -> int:
        value = _integer(text)
        if value is None or value < least:
            raise ArgumentTypeError(f"{show(text)} is no integer >= {least}")
        if value > most:
            raise ArgumentTypeError(f"{show(text)} is more than {most}")
        return value

    return parse


seed = count(0, 2**63 - 1)
"""The type of what decides all that is random."""


def number(low: float, high: float = math.inf) -> Callable[[str], float]:
    """Return the type of a finite number in [low, high]."""

    def parse(text: str) -> float:
        value = _number(text)
        if value is None or not low <= value <= high:
            upper = f" and <= {high:g}" if math.isfinite(high) else ""
            lower = f" >= {low:g}" if math.isfinite(low) else ""
            raise ArgumentTypeError(f"{show(text)} is no finite number{lower}{upper}")
        return value

    return parse


def _integer(text: str) -> int | None:
    """Return the integer that is written in decimal digits; None if there is none.

    `int` alone would take digits of any script, and underscores between them.
    """
    try:
        return int(text) if PLAIN.fullmatch(text.strip()) else None
    except ValueError:  # a fraction, or more digits than Python reads
        return None


def _number(text: str) -> float | None:
    """Return the finite number that is written in decimal digits; None if there is none."""
    try:
        value = float(text) if PLAIN.fullmatch(text.strip()) else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def place(text: str) -> int | None:
    """Return the place of a column, counted from 0, that is written; None if it is none.

    Examples
    --------
    >>> place("3"), place("age")
    (3, None)
    """
    value = _integer(text)
    return None if value is None or value < 0 else value


def as_real(text: str) -> int | float | None:
    """Return the number that is written, an integer as one; None if there is none.

    Examples
    --------
    >>> as_real("-3"), as_real("2.5"), as_real("F")
    (-3, 2.5, None)
    """
    whole = _integer(text)
    return _number(text) if whole is None else whole


def or_auto(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return the type of what `parse` takes, or the word ``auto``.

    Examples
    --------
    >>> or_auto(count(1))("auto"), or_auto(count(1))("20")
    ('auto', 20)
    """

    def parse_it(text: str) -> Any:
        try:
            return text if text == "auto" else parse(text)
        except ArgumentTypeError as error:
            raise ArgumentTypeError(f"{error}, nor auto") from None

    return parse_it


def widths(text: str) -> tuple[int, ...] | str:
    """Return the widths of the hidden layers: ``500,500``; ``none`` for none; or ``auto``.

    Examples
    --------
    >>> widths("500,200"), widths("none"), widths("auto")
    ((500, 200), (), 'auto')
    """
    if text in ("none", "auto"):
        return () if text == "none" else text
    try:
        return tuple(count(1)(part) for part in text.split(","))
    except ArgumentTypeError as error:
        raise ArgumentTypeError(f"{error}: give widths such as 500,500, or none, or auto") from None


def order(text: str) -> str | list[int]:
    """Return the name of an order, or feature indices: ``natural`` or ``2,0,1``."""
    names = (*ORDERS, "found", "auto")
    if text in names:
        return text
    try:
        return [count(0)(part) for part in text.split(",")]
    except ArgumentTypeError:
        what = f"one of {', '.join(names)}, or columns such as 2,0,1"
        raise ArgumentTypeError(f"{show(text)}: give {what}") from None


def n_masks(text: str) -> int | str | None:
    """Return a number of mask sets, or ``auto``; None for ``endless``."""
    try:
        return None if text == "endless" else or_auto(count(1))(text)
    except ArgumentTypeError as error:
        raise ArgumentTypeError(f"{error}; for fresh mask sets at every step write endless") from None


def direct(text: str) -> bool | str:
    """Return what ``auto``, ``yes`` and ``no`` stand for."""
    meanings: dict[str, bool | str] = {"auto": "auto", "yes": True, "no": False}
    if text not in meanings:
        raise ArgumentTypeError(f"{show(text)}: give one of {', '.join(meanings)}")
    return meanings[text]


def columns(text: str) -> Any:
    """Return what is known of the columns: one kind for all, one for each, or ``name=kind`` of some.

    A kind is a word such as "count" or "drop", or the name of a distribution with its numbers behind colons.

    Examples
    --------
    >>> columns("auto")
    'auto'
    >>> columns("bernoulli,categorical:5,gaussian")
    ['bernoulli', Categorical(n=5), 'gaussian']
    >>> columns("age=count,hours, weekly=real")
    {'age': 'count', 'hours, weekly': 'real'}
    """
    if "=" not in text:
        kinds = [_kind(part.strip()) for part in text.split(",")]
        return kinds[0] if len(kinds) == 1 else kinds
    named: dict[str, Any] = {}
    rest = text
    while rest:
        found = NAMED.match(rest)
        if found is None or not found["name"].strip():
            raise ArgumentTypeError(f"{show(rest)} is no name=kind: write age=count,note=drop")
        name = found["name"]
        kind = found["kind"]
        rest = rest[found.end() :]
        if name.strip() in named:
            raise ArgumentTypeError(f"{show(name.strip())} is named twice: say once what it is")
        named[name.strip()] = _kind(kind.strip())
    return named


def listed(text: str) -> list[str]:
    """Return words that stand between commas.

    Examples
    --------
    >>> listed("note, id")
    ['note', 'id']
    """
    words = [word.strip() for word in text.split(",")]
    if "" in words:
        raise ArgumentTypeError(f"{show(text)}: give names with commas between them, such as note,id")
    return words


def share_or_count(text: str) -> int | float:
    """Return a number of rows, or below 1 a share of them.

    Examples
    --------
    >>> share_or_count("20"), share_or_count("0.01")
    (20, 0.01)
    """
    value = _number(text)
    if value is None or value <= 0 or (value >= 1 and value != int(value)):
        raise ArgumentTypeError(f"{show(text)}: give a number of rows, or a share of them between 0 and 1")
    return int(value) if value >= 1 else value


def _kind(text: str) -> str | Distribution:
    name, *numbers = text.split(":")
    words = kind_names()
    if name not in words:
        near = get_close_matches(name, words, 1)
        hint = f"is {near[0]} meant? " if near else ""
        raise ArgumentTypeError(f"{show(name)} is unknown: {hint}use {', '.join(words)}")
    if not numbers:
        return name
    if name not in names():
        raise ArgumentTypeError(f"{show(text)}: {name} takes no numbers: leave out what stands behind the colon")
    try:
        return kind_of(name)(*(_any_number(part) for part in numbers))
    except (TypeError, ValueError) as error:
        reason = f" ({error})" if isinstance(error, ValueError) else ""
        raise ArgumentTypeError(
            f"{show(text)}{reason}: write categorical:5 for 5 values, mixture_of_gaussians:3 for 3 components, "
            "discretized_logistic:256:3 for 256 levels and 3 components"
        ) from None


def _any_number(text: str) -> int | float:
    """Return the integer, or else the number, that is written, or raise a `ValueError`."""
    value = as_real(text)
    if value is None or value > MOST:
        raise ValueError(f"{show(text)} is no number, or too large a one")
    return value


def add_seed(parser: Any) -> None:
    """Add --seed to a parser."""
    parser.add_argument("--seed", type=seed, default=0, help="decides all that is random (%(default)s)")


def add_backend(parser: Any, what: str = "", default: str | None = None) -> None:
    """Add --backend to a parser; without a default a model is computed by the backend that it was saved with."""
    usual = "as the model was saved" if default is None else default
    text = f"what computes{f', {what}' if what else ''} ({usual})"
    parser.add_argument("--backend", choices=BACKENDS, default=default, help=text)
