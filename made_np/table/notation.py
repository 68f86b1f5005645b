"""How words write numbers as people do: $1,234.50, 7 %, 1 234,50 €, (1,234)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from made_np.lazy import lazy
from made_np.values import as_a, as_count, show

__all__ = ["BLANKS", "CURRENCY", "MINUS", "MOST", "RUN", "Ends", "Notation"]

BLANKS = " \u00a0\u2009\u202f"
"""Blanks that stand between thousands, or before a unit: plain, wide, thin, and narrow."""
APOSTROPHES = "'\u2019"
MARKS = BLANKS + APOSTROPHES + ".,"
"""What may stand between the digits of a number."""
RUN = re.compile(rf"(?:[0-9](?:[0-9{MARKS}]*[0-9])?|[.,][0-9]+)(?:[eE][+-]?[0-9]+(?![0-9a-zA-Z]))?")
"""The digits of a number, with marks between them."""
CURRENCY = (
    r"(?:[A-Z]{0,3}[$\u00a2-\u00a5\u0e3f\u20a0-\u20c0\ufdfc\uffe0\uffe1\uffe5\uffe6]|Rs\.?|kr\.?|Fr\.|SFr\.?|z\u0142|K\u010d|"
    "(?:AED|ARS|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|JPY|KES|KRW|KWD|MAD|MXN|MYR|"
    "NGN|NOK|NZD|PEN|PHP|PKR|PLN|RON|RUB|SAR|SEK|SGD|THB|TND|TRY|TWD|UAH|USD|VND|ZAR))"
)
"""A currency, as it stands before a number."""
MINUS = "-\u2212"
"""Signs of negative numbers: that of the keyboard, and that of printers."""
BARE = str.maketrans("", "", f"+{MINUS}(){BLANKS}")
"""Takes signs, parentheses and blanks away."""
SIGNLESS = str.maketrans("", "", MINUS)
THREE = r"(?!\d{3}(?!\d))"
"""Before digits: they are not three."""
EXACT_DIGITS = 15
"""float64 holds every number with so many digits."""
MOST = 400
"""No word of a number has more letters: float64 ends before."""
SAFE = 1e15
"""Decimals of smaller numbers, counted in their last digit, are those that float64 says."""


class Ends(NamedTuple):
    """What stands before and behind the digits of a number."""

    before: str
    after: str

    @property
    def is_negative(self) -> bool:
        """Whether a minus says so, or parentheses do."""
        return any(sign in end for end in self for sign in f"{MINUS}(")

    @property
    def is_signed_first(self) -> bool:
        """Whether a sign stands before the digits."""
        return any(sign in self.before for sign in MINUS)

    @property
    def is_even(self) -> bool:
        """Whether there is no more than one sign, or one pair of parentheses."""
        both = self.before + self.after
        n_signs = sum(map(both.count, f"{MINUS}+")) + both.count("(")
        is_pair = self.before.count("(") == self.after.count(")") == both.count("(") == both.count(")")
        return n_signs <= 1 and is_pair and "+" not in self.after

    @property
    def bare(self) -> tuple[str, str]:
        """The currency and the unit alone."""
        return self.before.translate(BARE), self.after.translate(BARE)

    @property
    def unsigned(self) -> Ends:
        """The same without a minus."""
        return Ends(*(end.translate(SIGNLESS) for end in self))

    @property
    def template(self) -> str:
        """Both, around "{}"."""
        return f"{self.before}{{}}{self.after}"


@dataclass(frozen=True)
class Notation:
    """One way to write numbers.

    Attributes
    ----------
    positive, negative, zero : str
        What stands around the digits, which are "{}": "${}", "-${}", "(${})".
    thousands : str
        What stands between thousands, "" if nothing does.
    decimal : str
        What stands before decimals.
    least, most : int
        A number has so many decimals at least and at most; beyond the least no zero is last.
    is_short : bool
        Whether whole numbers have no decimals, though all others have some.
    grouped_from : int
        Numbers with so many digits before their decimals have thousands set apart.
    has_zero : bool
        Whether a zero stands before decimals where nothing else does.
    exponent : str
        How the exponent of 0 is written, "e0" or "E+00", where numbers have one.
    width : int
        Shorter words have blanks before them.

    Examples
    --------
    >>> dollars = Notation("${}", "-${}", "${}", ",", ".", 2, 2)
    >>> dollars.spelled([1234.5, -0.25]), dollars.number("$1,234.50"), dollars.number("1234.5"), dollars.number("7 kg")
    (['$1,234.50', '-$0.25'], 1234.5, 1234.5, None)
    """

    positive: str = "{}"
    negative: str = "-{}"
    zero: str = "{}"
    thousands: str = ""
    decimal: str = "."
    least: int = 0
    most: int = 0
    is_short: bool = False
    grouped_from: int = 4
    has_zero: bool = True
    exponent: str = ""
    width: int = 0

    def __post_init__(self) -> None:
        for name in ("positive", "negative", "zero"):
            if as_a(getattr(self, name), name, str, "give a string").count("{}") != 1:
                raise ValueError(f"{name}={show(getattr(self, name))}: give what stands around one {{}}")
        for name in ("least", "most", "grouped_from", "width"):
            as_count(getattr(self, name), name, 0, MOST)

    @property
    def is_plain(self) -> bool:
        """Whether numbers are written as programs write them."""
        around = (self.positive, self.negative, self.zero)
        return around == ("{}", "-{}", "{}") and not self.thousands and self.has_zero

    def spelled(self, numbers: Iterable[float]) -> list[str]:
        """Return the words that write some numbers, rounded to the decimals that there are."""
        spell = self._spelled_with_exponent if self.exponent else self._spelled
        return [spell(number) for number in numbers]

    def _spelled(self, number: float) -> str:
        """Return the word that writes a number."""
        size = abs(number)
        exact: float | Decimal = size if size * 10.0**self.most < SAFE else Decimal(repr(size))
        whole, _, part = f"{exact:,.{self.most}f}".partition(".")
        if len(whole) - whole.count(",") < self.grouped_from:
            whole = whole.replace(",", "")
        kept = part.rstrip("0")
        is_zero = not kept and whole == "0"
        part = "" if self.is_short and not kept else kept + part[len(kept) : self.least]
        if whole == "0" and part and not self.has_zero:
            whole = ""
        text = whole.replace(",", self.thousands) + (self.decimal + part if part else "")
        around = self.zero if is_zero else self.negative if number < 0 else self.positive
        return around.replace("{}", text).rjust(self.width)

    def _spelled_with_exponent(self, number: float) -> str:
        """Return the word that writes a number with an exponent."""
        text = f"{abs(number):.{self.most}e}"
        mantissa, _, power = text.partition("e")
        whole, _, part = mantissa.partition(".")
        kept = part.rstrip("0")
        part = kept + part[len(kept) : self.least]
        sign = "-" if int(power) < 0 else "+" if "+" in self.exponent else ""
        zeros = self.exponent.count("0")
        exponent = f"{self.exponent[0]}{sign}{abs(int(power)):0{zeros}d}"
        around = self.zero if number == 0 else self.negative if number < 0 else self.positive
        return around.replace("{}", whole + (self.decimal + part if part else "") + exponent).rjust(self.width)

    def keeps(self, digits: Iterable[str]) -> bool:
        """Whether digits that it writes come back where float64 might not hold them all."""
        long = [each for each in digits if len(each) > EXACT_DIGITS]
        numbers = (self._value(each) for each in long)
        plain = replace(self, positive="{}", negative="-{}", zero="{}", width=0)
        return plain.spelled(numbers) == long

    def number(self, word: str) -> float | None:
        """Return the number that a word writes, None if it writes none in this way.

        The currency or the unit may be left out, with the marks between thousands; decimals may be fewer or more.
        """
        match = RUN.search(word)
        if match is None:
            return None
        ends = Ends(word[: match.start()], word[match.end() :])
        if ends.bare not in self._bare or not self._digits.fullmatch(match[0]) or not ends.is_even:
            return None
        number = self._value(match[0])
        return -number if ends.is_negative else number

    def _value(self, digits: str) -> float:
        """Return the number of digits."""
        for mark in self._between:
            digits = digits.replace(mark, "")
        return float(digits.replace(self.decimal, "."))

    @lazy
    def _bare(self) -> set[tuple[str, str]]:
        """What may stand around digits, but signs and blanks."""
        return {("", ""), Ends(*self.positive.split("{}")).bare}

    @lazy
    def _between(self) -> str:
        """The marks that may stand between thousands."""
        for alike in (BLANKS, APOSTROPHES):
            if self.thousands and self.thousands in alike:
                return alike
        if not self.thousands and self.most:  # what stands before decimals is known, so the other mark is, too
            return "," if self.decimal == "." else "."
        return self.thousands

    @lazy
    def _digits(self) -> re.Pattern[str]:
        """The pattern of digits: zeros before numbers, and the number of decimals, are for those who write."""
        grouped = rf"\d{{1,3}}(?:[{self._between}]\d{{3}})+|" if self._between else ""
        is_known = self.most or self.thousands or self.exponent  # else .500 may be decimals, or thousands
        part = rf"(?:{re.escape(self.decimal)}{'' if is_known else THREE}\d*)?"
        return re.compile(rf"(?=.*\d)(?:{grouped}\d*){part}(?:[eE][+-]?\d+)?", re.ASCII)
