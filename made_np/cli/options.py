"""What options of the command line mean: text in, checked values out.

Each function is a ``type`` of argparse: it raises ``ArgumentTypeError``, whose message is shown with the option's name.
"""

from __future__ import annotations

import math
import re
from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any

from made_np.distributions.distribution import Distribution
from made_np.distributions.registry import kind_of, names
from made_np.masks.masks import ORDERS
from made_np.values import show

__all__ = ["add_backend", "columns", "count", "direct", "n_masks", "number", "or_auto", "order", "seed", "widths"]

BACKENDS = ("auto", "numba", "numpy")

PLAIN = re.compile(r"[-+.eE0-9]+")
"""What numbers are written with."""

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
    """Return what is known of the columns: one kind for all, or one for each, separated by commas.

    A kind is "auto" or the name of a distribution, with its numbers behind colons.

    Examples
    --------
    >>> columns("auto")
    'auto'
    >>> columns("bernoulli,categorical:5,gaussian")
    ['bernoulli', Categorical(n=5), 'gaussian']
    """
    kinds = [_kind(part.strip()) for part in text.split(",")]
    return kinds[0] if len(kinds) == 1 else kinds


def _kind(text: str) -> str | Distribution:
    name, *numbers = text.split(":")
    if name != "auto" and name not in names():
        raise ArgumentTypeError(f"{show(name)} is unknown: use auto, {', '.join(names())}")
    if not numbers:
        return name
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
    whole = _integer(text)
    value = _number(text) if whole is None else whole
    if value is None or value > MOST:
        raise ValueError(f"{show(text)} is no number, or too large a one")
    return value


def add_backend(parser: Any, what: str = "", default: str | None = None) -> None:
    """Add --backend to a parser; without a default a model is computed by the backend that it was saved with."""
    usual = "as the model was saved" if default is None else default
    text = f"what computes{f', {what}' if what else ''} ({usual})"
    parser.add_argument("--backend", choices=BACKENDS, default=default, help=text)
