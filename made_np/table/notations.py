"""Which notations write all of some words: none, one, or two where a mark may stand before thousands or decimals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from math import isinf

from made_np.table.notation import BLANKS, CURRENCY, MINUS, MOST, RUN, Ends, Notation
from made_np.values import show

__all__ = ["are_codes", "notation_of", "notations_of", "readings_of"]

MOST_ENDS = 4
"""So many different ones stand around the digits of a column at most: of positive numbers, of negative ones, of 0."""
LETTERS = r"[^\W\d_]{1,12}\.?"
UNIT = re.compile(
    rf"(?:[%\u2030\u00b0\u2032\u2033]|{CURRENCY}|\u00b0?{LETTERS})(?:[{BLANKS}/\u00b7*]{LETTERS}){{0,2}}[\u00b2\u00b323]?"
)
"""A unit, as it stands behind a number: a currency, a percent sign, up to three words."""
NO_UNIT = re.compile(
    r"[ap]\.?m\.?|uhr|st|nd|rd|th|(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?",
    re.IGNORECASE,
)
"""What stands behind a number that is none of anything: an hour, a place, a day."""
FEW_CODES = 32
"""So few different words of digits are names of something, such as classes."""
LONG_CODE = 4
"""Digits of so many or more are a code, such as that of a town, where all words of a column have as many."""
LONG_NUMBER = 9
"""So are longer ones with blanks between them or a plus before all, such as the numbers of telephones."""
SIGNS = f"+{MINUS}"
ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}", re.ASCII)
"""A place in the internet."""
EITHER = re.compile(r"[1-9]\d{0,2}([.,]\d{3})+|0|[1-9]\d*", re.ASCII)
"""Digits whose mark may stand between thousands."""
SCIENTIFIC = re.compile(r"(\d)(?:([.,])(\d+))?([eE])([+-]?)(\d+)", re.ASCII)


def notations_of(words: Sequence[str]) -> list[Notation]:
    """Return each notation by which all of some different words write numbers.

    More than one are left where each mark has three digits behind it: 1,234 is a thousand and more, or one and less.
    Blanks around words are part of the notation where they are the same, or fill all words to one width; else they
    are nothing.

    Examples
    --------
    >>> [(found.thousands, found.decimal) for found in notations_of(["$1,234", "$567,890"])]
    [(',', '.'), ('', ',')]
    >>> [(found.thousands, found.decimal) for found in notations_of(["$1,234", "$567,890", "$12,345,678"])]
    [(',', '.')]
    >>> notations_of(["5 kg", "300 g"]), notations_of(["1.2.3"]), notations_of(["007"]), notations_of(["10-19"])
    ([], [], [], [])
    """
    found = _notations(words)
    if found or not any(word[:1].isspace() or word[-1:].isspace() for word in words):
        return found
    widths = set(map(len, words))
    if len(widths) == 1 and min(widths) <= MOST:
        justified = _notations([word.lstrip(" ") for word in words])
        if justified:
            return [replace(each, width=widths.pop()) for each in justified]
    return _notations([word.strip() for word in words])


def notation_of(words: Sequence[str], decimal: str = "", *, whole: bool = False) -> Notation | None:
    """Return the one notation by which all of some different words write numbers, or None.

    Where a mark may stand before thousands or decimals, that the numbers are `whole` decides, or the mark that stands
    before decimals where they come from, if that is known.

    Examples
    --------
    >>> notation_of(["1,234"]), notation_of(["1,234"], whole=True).thousands, notation_of(["1,234"], ",").most
    (None, ',', 3)
    """
    found = notations_of(words)
    if len(found) > 1:
        found = [each for each in found if (not each.most if whole else each.decimal == decimal)]
    return found[0] if len(found) == 1 else None


def are_codes(words: Sequence[str], notation: Notation) -> bool:
    """Whether words may be codes, numbers of telephones, or addresses, although they are written as numbers are.

    Words of digits alone are numbers if there are many, of different lengths.

    Examples
    --------
    >>> are_codes(["10115", "80331"], Notation()), are_codes([str(k) for k in range(90)], Notation())
    (True, False)
    """
    if notation.positive not in ("{}", "+{}") or notation.most or notation.exponent:
        return False
    lengths = {len(word.strip()) for word in words}
    are_alike = len(lengths) == 1
    if any(word.strip()[0] in SIGNS for word in words):
        return min(lengths) >= LONG_NUMBER and all(word.strip()[0] == "+" for word in words)
    if not notation.thousands:
        return len(words) <= FEW_CODES or (are_alike and min(lengths) >= LONG_CODE)
    if notation.thousands in BLANKS:
        return are_alike and min(lengths) >= LONG_NUMBER
    return all(map(ADDRESS.fullmatch, words))


def readings_of(words: Sequence[str]) -> str:
    """Return what an example of words may be, where two notations write all of them; "" where it is not so.

    Examples
    --------
    >>> readings_of(["$1,234", "$56,780"]), readings_of(["1.5"])
    ("'$1,234' may be 1234 or 1.234", '')
    """
    found = notations_of(words)
    if len(found) < 2:
        return ""
    numbers = [each.number(words[0]) for each in found]
    return f"{show(words[0])} may be {numbers[0]:.15g} or {numbers[1]:.15g}"


def _notations(words: Sequence[str]) -> list[Notation]:
    """Return the notations that have all blanks of the words."""
    digits: list[str] = []
    ends: dict[Ends, set[bool]] = {}  # with whether the numbers between them are 0
    for word in words:
        match = RUN.search(word)
        if match is None or len(word) > MOST:
            return []
        around = Ends(word[: match.start()], word[match.end() :])
        if around not in ends:
            if len(ends) == MOST_ENDS or not _may_stand(around):
                return []
            ends[around] = set()
        if len(ends[around]) < 2:
            ends[around].add(not match[0].strip("0.,"))
        digits.append(match[0])
    around_all = _around(ends) if ends else None
    if around_all is None:
        return []
    positive, negative, zero = around_all
    return [replace(each, positive=positive, negative=negative, zero=zero) for each in _of_digits(digits)]


def _may_stand(ends: Ends) -> bool:
    """Whether these may stand around digits: a sign, parentheses, a currency, a unit."""
    left = ends.bare[0]
    right = ends.after.strip(f"{BLANKS})-\u2212")
    if not ends.is_even or len(ends.before) - len(left) > 3 or (left and not re.fullmatch(CURRENCY, left)):
        return False
    return not right or (UNIT.fullmatch(right) is not None and not NO_UNIT.fullmatch(right))


def _around(ends: dict[Ends, set[bool]]) -> tuple[str, str, str] | None:
    """Return what stands around positive numbers, negative ones, and 0; None: they are written in several ways."""
    minus = [each for each in ends if each.is_negative]
    plus = [each for each in ends if "+" in each.before]
    plain = [each for each in ends if each not in minus and each not in plus]
    if max(len(minus), len(plus), len(plain)) > 1 or len({each.bare for each in ends}) > 1:
        return None
    if plus and plain and (False in ends[plain[0]] or True in ends[plus[0]]):
        return None
    if not plus and not plain and not minus[0].is_signed_first:  # (1), (2): numbers of a list
        return None
    positive = (plus or plain or [minus[0].unsigned])[0].template
    unsigned = positive.replace("+", "")
    if minus:
        negative = minus[0].template
    else:
        at = len(unsigned) - len(unsigned.lstrip(BLANKS))
        negative = f"{unsigned[:at]}-{unsigned[at:]}"
    zero = plain[0].template if plain else positive if plus and True in ends[plus[0]] else unsigned
    return positive, negative, zero


def _of_digits(digits: Sequence[str]) -> list[Notation]:
    """Return the notations of numbers without anything around."""
    marks = set("".join(digits)) - set("0123456789")
    points = marks & {".", ","}
    others = marks - points
    if others & {"e", "E"}:
        found = [_with_exponent(digits)]
    elif len(others) > 1 or (others and len(points) > 1):
        return []
    elif others:
        found = [_with_marks(digits, others.pop(), points.pop() if points else ".")]
    elif len(points) == 2:
        found = [_with_marks(digits, ",", "."), _with_marks(digits, ".", ",")]
    elif points:
        mark = points.pop()
        found = [_with_marks(digits, mark, "." if mark == "," else ",")]
        if found[0] is not None or not all(map(EITHER.fullmatch, digits)):  # 1,234 beside 1234 tells nothing
            found.append(_with_marks(digits, "", mark))
    else:
        found = [_with_marks(digits, "", ".")]
    return [each for each in found if each is not None and each.keeps(digits)]


def _with_marks(digits: Sequence[str], thousands: str, decimal: str) -> Notation | None:
    """Return the notation with these marks that writes all numbers, None if there is none."""
    grouped = rf"[1-9]\d{{0,2}}(?:{re.escape(thousands)}\d{{3}})+|[1-9]\d{{0,3}}" if thousands else r"[1-9]\d*"
    find = re.compile(rf"(0|{grouped}|)(?:{re.escape(decimal)}(\d+))?", re.ASCII).fullmatch
    lengths = set()
    parts = set()
    small = set()  # what stands before decimals of numbers below 1
    for each in digits:
        match = find(each)
        if match is None:
            return None
        whole, part = match.groups("")
        lengths.add(len(whole))
        parts.add(part)
        if part and len(whole) < 2:
            small.add(whole)
    decimals = _decimals(parts)
    if decimals is None or {"", "0"} <= small or (thousands and {4, 5} <= lengths):
        return None
    least, most, is_short = decimals
    from_digits = 5 if thousands and 4 in lengths else 4
    return Notation("{}", "-{}", "{}", thousands, decimal, least, most, is_short, from_digits, "" not in small)


def _decimals(parts: set[str]) -> tuple[int, int, bool] | None:
    """Return how many decimals numbers have at least and at most, and whether whole ones have none; None: no rule."""
    lengths = set(map(len, parts))
    least = min(lengths)
    most = max(lengths)
    if not any(len(part) > least and part[-1] == "0" for part in parts):
        return least, most, False
    if lengths == {0, most} and most != 3 and not any(part and not part.strip("0") for part in parts):
        return most, most, True
    return None


def _with_exponent(digits: Sequence[str]) -> Notation | None:
    """Return the notation of numbers with an exponent, None if there is none that writes all."""
    found = list(map(SCIENTIFIC.fullmatch, digits))
    matches = [match for match in found if match is not None]
    letters = {match[4] for match in matches}
    marks = {match[2] for match in matches if match[2]}
    signs = {match[5] for match in matches} - {"-"}
    decimals = _decimals({match[3] or "" for match in matches})
    if len(matches) < len(found) or decimals is None or decimals[2] or max(map(len, (letters, marks, signs))) > 1:
        return None
    if any(isinf(float(each.replace(",", "."))) for each in digits):
        return None
    exponent = letters.pop() + ("".join(signs) or "") + "0" * min(len(match[6]) for match in matches)
    return Notation(decimal=marks.pop() if marks else ".", least=decimals[0], most=decimals[1], exponent=exponent)
