"""How words write moments where they do not follow ISO 8601: 31.12.2024, 12/31/2024 11:59 PM, Dec 2024."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np

from made_np.typing import Array

__all__ = ["Moments", "format_of", "formats_of", "parsed", "spelled"]

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
"""As English and files write them, whatever the language of the machine is."""
FIELDS = {
    "Y": r"(?P<year>\d{4})",
    "y": r"(?P<year>\d\d)",
    "m": r"(?P<month>\d\d?)",
    "b": rf"(?P<name>{'|'.join(f'{month}|{month[:3]}' for month in MONTHS)})",
    "d": r"(?P<day>\d\d?)",
    "H": r"(?P<hour>\d\d?)",
    "I": r"(?P<twelve>\d\d?)",
    "M": r"(?P<minute>\d\d)",
    "S": r"(?P<second>\d\d)",
    "p": r"(?P<half>[AaPp][Mm])",
}
"""What each part of a format reads: zeros before numbers, capitals and short names are for those who write."""
ALIKE = {"B": "b", "P": "p"}
"""Parts that differ where they are written alone."""
PART = re.compile(r"%-?([a-zA-Z])")
"""A part of a format, as strftime of GNU names them: "-" is without a zero before."""
CLOCK = re.compile(r"(?P<gap>T| {1,2}|, )\d{1,2}:\d\d(?P<seconds>:\d\d)?((?P<blank> ?)(?P<half>[ap]m|[AP]M))?")
"""A time of day behind a date."""
NUMERIC = re.compile(r"(\d{1,4})([./ -])(\d{1,2})\2(\d{1,4})")
NAMED = re.compile(r"\d{1,2}(?P<a>[ -]|\. )[A-Z][a-z]{2,8}(?P<b>[ -])(?P<year>\d{4}|\d\d)")
NAMED_MONTH = re.compile(r"[A-Z][a-z]{2,8}(?P<b>[ -])(?P<year>\d{4}|\d\d)")
NUMBERED_MONTH = re.compile(r"(\d{1,4})([/-])(\d{1,4})")
NAME_FIRST = re.compile(r"[A-Z][a-z]{2,8} \d{1,2}(?P<b>,? )(?P<year>\d{4})")
CENTURY = 69
"""Of years with two digits, those from here on are of 19.., as in POSIX."""


class Moments(NamedTuple):
    """A format, and the moments that words write by it.

    Attributes
    ----------
    written : str
        As strftime of GNU has it: "%-d.%m.%Y".
    values : ndarray of datetime64
    """

    written: str
    values: Array


def formats_of(words: Collection[str]) -> list[Moments]:
    """Return each format by which all of some different words write moments, with these.

    More than one are left where every day is also a month: 03/04/2024 is the third of April, or the fourth of March.
    Days come first where points divide them: nobody writes the month first there.

    Examples
    --------
    >>> [found.written for found in formats_of(["31.12.2024", "01.03.2025"])]
    ['%d.%m.%Y']
    >>> [found.written for found in formats_of(["3/4/2024", "11/12/2024 "])], formats_of(["soon"])
    ([], [])
    >>> [found.written for found in formats_of(["3/4/2024", "11/12/2024"])]
    ['%-d/%-m/%Y', '%-m/%-d/%Y']
    """
    found: dict[str, Moments] = {}
    for written in _candidates(next(iter(words), "")):
        read = "".join(_read(written))
        values = None if read in found else parsed(words, written)
        if values is not None and spelled(values, written) == list(words):
            found[read] = Moments(written, values)
    return list(found.values())


def format_of(words: Collection[str], *, said: bool = False) -> Moments | None:
    """Return the one format by which all of some different words write moments, or None.

    A year of two digits is no sign of a date, unless a month stands beside it by its name, or a slash, or a person
    `said` so: 1.12.10 may be a version.

    Examples
    --------
    >>> format_of(["1.12.10"]), format_of(["1.12.10"], said=True).written
    (None, '%-d.%m.%y')
    """
    found = formats_of(words)
    if len(found) != 1:
        return None
    written = found[0].written
    return found[0] if said or "%y" not in written or "%b" in written.lower() or "/" in written else None


def parsed(words: Collection[str], written: str) -> Array | None:
    """Return the moments that words write by a format, or None if one of them does not."""
    pattern = _pattern(written)
    moments = []
    for word in words:
        match = pattern.fullmatch(word)
        if match is None:
            return None
        try:
            moments.append(_moment(match.groupdict()))
        except ValueError:  # the 30th of February
            return None
    return np.array(moments, dtype=f"M8[{'s' if '%M' in written else 'D' if 'd' in written else 'M'}]")


def spelled(moments: Array, written: str) -> list[str]:
    """Return the words that write moments by a format."""
    return [_spell(moment, written) for moment in moments.astype("M8[s]").tolist()]


def _candidates(word: str) -> list[str]:
    """Return the formats that a word may have been written by, those with zeros before numbers first."""
    clock = CLOCK.search(word)
    if clock is not None and clock.end() != len(word):
        return []
    day = word if clock is None else word[: clock.start()]
    return [date + time for date, time in product(_dates(day), _clocks(clock))]


def _clocks(clock: re.Match[str] | None) -> list[str]:
    """Return how a time of day may be written, "" where there is none."""
    if clock is None:
        return [""]
    rest = ":%M" + (":%S" if clock["seconds"] else "")
    half = clock["half"]
    if half is None:
        return [f"{clock['gap']}{hour}{rest}" for hour in ("%H", "%-H")]
    end = clock["blank"] + ("%p" if half.isupper() else "%P")
    return [f"{clock['gap']}{hour}{rest}{end}" for hour in ("%I", "%-I")]


def _dates(word: str) -> list[str]:
    """Return how a date may be written."""
    if re.fullmatch(r"(19|20)\d{6}", word):
        return ["%Y%m%d"]
    months = "%b", "%B"
    named = NAMED.fullmatch(word)
    if named is not None:
        year = "%Y" if len(named["year"]) == 4 else "%y"
        return [f"{day}{named['a']}{month}{named['b']}{year}" for day in ("%d", "%-d") for month in months]
    named = NAME_FIRST.fullmatch(word)
    if named is not None:
        return [f"{month} {day}{named['b']}%Y" for day in ("%d", "%-d") for month in months]
    match = NUMERIC.fullmatch(word)
    if match is not None:
        return _numeric(match[2], len(match[1]), len(match[4]))
    return _months(word)


def _numeric(mark: str, first: int, last: int) -> list[str]:
    """Return how three numbers with a mark between them may write a date; first and last have so many digits."""
    fields = {"d": ("%d", "%-d"), "m": ("%m", "%-m"), "Y": ("%Y",), "y": ("%y",)}
    if first == 4:
        orders = ["Ymd"]
    elif last == 4:
        orders = ["dmY"] if mark == "." else ["dmY", "mdY"]
    elif last == 2 and first <= 2:
        orders = ["dmy"] if mark == "." else ["dmy", "mdy", "ymd"]
    else:
        orders = []
    return [mark.join(parts) for order in orders for parts in product(*(fields[letter] for letter in order))]


def _months(word: str) -> list[str]:
    """Return how a month without a day may be written."""
    named = NAMED_MONTH.fullmatch(word)
    if named is not None:
        return [f"{month}{named['b']}{'%Y' if len(named['year']) == 4 else '%y'}" for month in ("%b", "%B")]
    match = NUMBERED_MONTH.fullmatch(word)
    if match is None or len(match[1]) + len(match[3]) > 6:
        return []
    if len(match[1]) == 4:
        return [f"%Y{match[2]}{month}" for month in ("%m", "%-m")]
    return [f"{month}{match[2]}%Y" for month in ("%m", "%-m")] if len(match[3]) == 4 else []


def _read(written: str) -> list[str]:
    """Return what a format reads: letters of fields, with what stands before each and behind the last."""
    return PART.sub(lambda part: f"%{ALIKE.get(part[1], part[1])}", written).split("%")


@cache
def _pattern(written: str) -> re.Pattern[str]:
    """Return the pattern of words of a format."""
    first, *rest = _read(written)
    return re.compile(re.escape(first) + "".join(FIELDS[part[0]] + re.escape(part[1:]) for part in rest))


def _moment(found: dict[str, str | None]) -> datetime:
    """Return the moment of the fields of a word."""
    year = int(found["year"] or 0)
    if len(found["year"] or "") == 2:
        year += 1900 if year >= CENTURY else 2000
    name = found.get("name")
    month = [each[:3] for each in MONTHS].index(name[:3]) + 1 if name else int(found["month"] or 0)
    hour = int(found.get("hour") or 0)
    if found.get("twelve"):
        hour = int(found["twelve"] or 0)
        if not 1 <= hour <= 12:
            raise ValueError("a clock of twelve hours has none of this number")
        hour = hour % 12 + 12 * ((found["half"] or "").lower() == "pm")
    clock = hour, int(found.get("minute") or 0), int(found.get("second") or 0)
    return datetime(year, month, int(found.get("day") or 1), *clock)


def _spell(moment: datetime, written: str) -> str:
    """Return the word that writes a moment."""
    hour = moment.hour % 12 or 12
    half = "AM" if moment.hour < 12 else "PM"
    fields = {
        "%Y": f"{moment.year:04d}", "%y": f"{moment.year % 100:02d}",
        "%m": f"{moment.month:02d}", "%-m": f"{moment.month}",
        "%b": MONTHS[moment.month - 1][:3], "%B": MONTHS[moment.month - 1],
        "%d": f"{moment.day:02d}", "%-d": f"{moment.day}",
        "%H": f"{moment.hour:02d}", "%-H": f"{moment.hour}",
        "%I": f"{hour:02d}", "%-I": f"{hour}",
        "%M": f"{moment.minute:02d}", "%S": f"{moment.second:02d}", "%p": half, "%P": half.lower(),
    }  # fmt: skip
    return PART.sub(lambda part: fields[part[0]], written)
