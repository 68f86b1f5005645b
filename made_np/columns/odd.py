"""What seems odd in the cells of a column: that they may not mean what they say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from made_np.columns.seen import Seen
from made_np.messages import warn
from made_np.table.files.layout import GAPS
from made_np.table.notation import CURRENCY
from made_np.table.notations import are_codes, notation_of, readings_of

__all__ = ["NOTHING_ODD", "Odd", "listed", "warn_of_odd"]

MAX_CODES = 32
"""More codes than these are not taken for codes with a -1 among them; fewer words are not looked at."""
MOST_SHOWN = 5
FAR = 10.0
"""A positive number is so many times farther outside than the others reach, as their largest may be a limit."""
FEWEST = 5
"""So many different numbers say how far one of them is outside."""
MOSTLY = 0.9
"""So large a share of the words of a column says what they write; the others may stand for gaps."""
SIGN = r"[+\u2212-]?"
NUMBER = re.compile(
    rf"{SIGN}{CURRENCY}?\s?{SIGN}(\d{{1,3}}([.,' \u00a0\u202f]\d{{3}})+|\d+)([.,]\d+)?(e[+-]?\d+)?\s?(%|{CURRENCY})?",
    re.IGNORECASE,
)
"""A number as people write it: with a currency, a percent sign, marks between thousands."""
DAY = r"(?:0?[1-9]|[12]\d|3[01])"
YEAR = r"(?:1\d{3}|2[01]\d{2})"
MONTH = r"[^\W\d]{3,9}"
DATE = re.compile(
    rf"{YEAR}(?P<a>[/.-]){DAY}((?P=a){DAY}([ T].*)?)?|{DAY}(?P<b>[/.-]){DAY}(?P=b)({YEAR}|\d\d)([ T].*)?"
    rf"|{DAY}\.?[ -]{MONTH}\.?[ -]({YEAR}|\d\d).*|{MONTH}\.? {DAY},? {YEAR}.*"
)
"""A date as people write it."""


class Odd(NamedTuple):
    """What seems odd in a column.

    Attributes
    ----------
    has_missing : bool
        It is of codes with -1 among them.
    sentinel : float or None
        A number of nines, such as -999, far outside and repeated.
    written : (str, str) or None
        What its words or integers write, "numbers" or "dates", with an example.
    read : str
        What a word may be, where it may be two numbers.
    """

    has_missing: bool = False
    sentinel: float | None = None
    written: tuple[str, str] | None = None
    read: str = ""

    @classmethod
    def in_numbers(cls, seen: Seen) -> Odd:
        """Return what is odd in numbers."""
        return cls(_has_missing(seen), _sentinel(seen), _written(seen))

    @classmethod
    def in_words(cls, counts: Mapping[Any, int]) -> Odd:
        """Return what is odd in words that occur so often.

        Words of digits alone are not: they may be postal codes, or names of rows.

        Examples
        --------
        >>> Odd.in_words({f"${k}": 1 for k in range(40)} | {"7 kg": 1}).written
        ('numbers', '$0')
        >>> Odd.in_words({f"{k:05d}": 1 for k in range(40)}) == NOTHING_ODD
        True
        """
        labels = [label for label, count in counts.items() if count]
        words = [label.strip() for label in labels if isinstance(label, str)]
        words = [word for word in words if word not in GAPS]
        read = readings_of(words) if all(isinstance(label, str) for label in labels) else ""
        if read or len(words) <= MAX_CODES:
            return cls(read=read)
        notation = notation_of(words)
        if notation is not None and are_codes(words, notation):
            return cls()
        for what, pattern in (("dates", DATE), ("numbers", NUMBER)):
            found = [word for word in words if pattern.fullmatch(word)]
            if len(found) >= MOSTLY * len(words) and not all(word.isdigit() for word in words):
                return cls(written=(what, found[0]))
        return cls()


NOTHING_ODD = Odd()


def _has_missing(seen: Seen) -> bool:
    """Whether a column is of codes 0..n-1 (or 1..n), with -1 among them; -1 and 1 alone are two states of a spin."""
    if not seen.n or not seen.is_whole or seen.low != -1 or seen.high >= MAX_CODES:
        return False
    return bool(seen.high > 1 or (seen.distinct == 0).any())


def _sentinel(seen: Seen) -> float | None:
    """Return the number that seems to stand for a gap."""
    if seen.n_distinct <= FEWEST:
        return None
    for place, rest in ((0, seen.distinct[1:]), (-1, seen.distinct[:-1])):
        value = float(seen.distinct[place])
        digits = f"{abs(value):.15g}"
        far = float(np.abs(rest - value).min()) / float(np.ptp(rest))
        is_outside = far > FAR or (value < 0 and (far > 1 or rest[0] >= 0))
        if set(digits) == {"9"} and len(digits) > 1 and seen.counts[place] > 1 and is_outside:
            return value
    return None


def _written(seen: Seen) -> tuple[str, str] | None:
    """Return that integers write dates, as 20241231 does: drawn ones, such as 20241299, may be none."""
    if not seen.is_whole or seen.n_distinct <= MAX_CODES or seen.low < 18_000_101 or seen.high > 22_001_231:
        return None
    month = seen.distinct // 100 % 100
    day = seen.distinct % 100
    if ((month < 1) | (month > 12) | (day < 1) | (day > 31)).any():
        return None
    return "dates", f"{seen.low:.0f}"


def warn_of_odd(found: Sequence[tuple[str, Odd]]) -> None:
    """Warn of what is odd in columns that are called so: once for all columns of the same oddity."""
    missing = [column for column, odd in found if odd.has_missing]
    if missing:
        warn(
            f"codes with -1 among them in {listed(missing)} are taken as they are. Where -1 stands for a gap, give NaN "
            "instead; where it is a value like the others, say what the column is: columns={name: 'ordinal'}"
        )
    sentinels = [f"{odd.sentinel:g} in {column}" for column, odd in found if odd.sentinel is not None]
    if sentinels:
        warn(
            f"{listed(sentinels)} is far from all other numbers, and repeated. Where it stands for a gap, give NaN "
            "instead (on the command line: --na); where it is a number, say what the column is: columns={name: 'real'}"
        )
    read = [f"{odd.read} in {column}" for column, odd in found if odd.read]
    if read:
        warn(
            f"{listed(read, '; ')}, and no other cell tells which: taken as words. Say columns={{name: 'count'}} where "
            "it is the first; where it is the second, make numbers of them before fit (pandas.to_numeric), or say "
            "decimal=',' (--decimal ,) where commas stand before decimals in a file"
        )
    written = [f"{column} ({odd.written[0]} such as {odd.written[1]!r})" for column, odd in found if odd.written]
    if written:
        warn(
            f"words or integers that write something else are taken as they stand in {listed(written)}. Make numbers "
            "or dates of them before fit (pandas.to_numeric, pandas.to_datetime), or say what they are: "
            "columns={name: 'date'}, or 'categorical'"
        )


def listed(found: Sequence[str], between: str = ", ", most: int = MOST_SHOWN) -> str:
    """Return some of what was found, in words.

    Examples
    --------
    >>> listed([*"abcdefg"])
    'a, b, c, d, e and 2 more'
    """
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return between.join(found[:most]) + more
