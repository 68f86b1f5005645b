"""What kind a column is, as its values say."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from made_np.columns.numeric import EXACT
from made_np.columns.seen import Seen
from made_np.distributions.atoms import find_atoms
from made_np.typing import Ints

__all__ = ["INDEX_NAMES", "MAX_CODES", "REPEATED", "kind_of_numbers", "kind_of_words"]

MAX_CODES = 32
"""So many different numbers are at most taken for a few values."""
FEWEST_ON_SCALE = 6
"""Of fewer codes one is in the middle too often by chance."""
CHANCE = 3.0
"""A count lies so many times its square root below another before that is no chance."""
REPEATED = 5
"""A few values occur so often on average, those beside atoms such as 0 too, if they are no codes 0, 1, ...."""
FEWEST_BESIDE = 10
"""So many values beside atoms tell whether they repeat; fewer are a few values in any case."""
FEWEST_ROWS = 10
"""Of fewer rows, it proves nothing that all words are different."""
COLLISIONS = 10.0
"""So many pairs of equal integers chance would have made, if all of them are different because they are ids."""
NEARLY = 0.95
"""Words are ids, or text, if so many of them are different."""
LONG = 40
"""Words of more letters on average are text, if most of them are different."""
SPACES = 3
"""So are those with so many spaces on average."""
UNIQUE = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}|[0-9a-fA-F]{32,}")
"""An id that nobody else has: a UUID, or the digest of a hash."""
INDEX_NAMES = ("", "index", "level_0", "row", "row_number", "rownames", "unnamed: 0")
"""What a first column of row numbers is called, in small letters."""
DECADE = 10.0
"""A positive column extends over more than this ratio between its 5 % and its 95 % quantile."""


def kind_of_numbers(seen: Seen, *, is_index: bool, is_integer: bool) -> str:
    """Return the kind of a column of numbers.

    Parameters
    ----------
    seen : Seen
    is_index : bool
        Whether its place and its name are those of row numbers.
    is_integer : bool
        Whether integers may be ids: where a dtype or a name says that the column is no number of a plain array.
    """
    if not seen.n:
        return "constant"
    if is_index and seen.is_counting:
        return "index"
    if seen.n_distinct == 1 and len(seen.numbers) > 1:
        return "constant"
    if seen.is_code and seen.n_distinct <= MAX_CODES:
        return "binary" if seen.n_distinct <= 2 else "ordinal" if _has_one_peak(seen.counts) else "categorical"
    if seen.n_distinct <= MAX_CODES and _are_repeated(seen):
        return "binary" if seen.n_distinct == 2 else "ordinal"
    if seen.is_whole and max(-seen.low, seen.high) < EXACT:
        if _is_id(seen, is_integer):
            return "id"
        return "count" if seen.low >= 0 else "integer"
    return _shape(seen)


def _are_repeated(seen: Seen) -> bool:
    """Whether values are met again and again, also those beside atoms: else more rows would have more values."""
    rest = seen.counts[~find_atoms(seen.counts)]
    if len(rest) < FEWEST_BESIDE:
        return seen.n >= REPEATED * seen.n_distinct
    return bool(rest.sum() >= REPEATED * len(rest))


def _has_one_peak(counts: Ints) -> bool:
    """Whether codes are rarer the farther they are from the most frequent one, as on a scale, but for chance."""
    if len(counts) < FEWEST_ON_SCALE:
        return False
    most_so_far = np.maximum.accumulate(counts)
    most_to_come = np.maximum.accumulate(counts[::-1])[::-1]
    around = np.minimum(most_so_far, most_to_come)
    return bool((counts >= around - CHANCE * np.sqrt(around)).all())


def _is_id(seen: Seen, is_integer: bool) -> bool:
    """Whether integers are different on purpose: chance would have made some of them equal."""
    n = seen.n
    if n != seen.n_distinct or n <= MAX_CODES:
        return False
    if seen.is_counting:
        return True
    return is_integer and n * (n - 1) / 2 / (seen.high - seen.low + 1) >= COLLISIONS


def _shape(seen: Seen) -> str:
    """Return which kind of real numbers these are."""
    if seen.low < 0:
        return "real"
    if seen.high <= 1 and seen.high >= 0.9 and seen.low <= 0.1:
        return "bounded"
    first, last = np.quantile(seen.known[seen.known > 0], (0.05, 0.95))
    return "positive" if last / first > DECADE else "real"


def kind_of_words(counts: dict[Any, int], *, ordered: bool = False) -> str:
    """Return the kind of a column of words, or of other labels, of which each occurs so often.

    Examples
    --------
    >>> kind_of_words({"red": 7, "green": 4, "blue": 5}), kind_of_words({"yes": 3, "no": 4})
    ('categorical', 'binary')
    >>> kind_of_words({f"customer {k}": 1 for k in range(100)})
    'id'
    """
    found = [label for label, count in counts.items() if count]
    n = sum(counts.values())
    if len(found) < 2:
        return "constant"
    if n >= FEWEST_ROWS and len(found) > n / 2:
        words = [label for label in found if isinstance(label, str)]
        letters = sum(map(len, words)) / len(found)
        spaces = sum(word.count(" ") for word in words) / len(found)
        if letters > LONG or spaces >= SPACES:
            return "id" if all(map(UNIQUE.fullmatch, words)) else "text"
        if len(found) >= NEARLY * n or (words and all(map(UNIQUE.fullmatch, words))):
            return "id"
    if len(counts) == 2:
        return "binary"
    return "ordinal" if ordered else "categorical"
