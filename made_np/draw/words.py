"""What is written on pictures: names of features, the order, conditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from made_np.masks.sets import MaskSet
from made_np.values import as_sequence

MOST_CONDITIONS = 6
MOST_LETTERS = 40
"""A conditional of more features than these, or with longer names, says how many they are instead."""


def feature_names(names: Any, n_features: int) -> list[str]:
    """Return `names` as D strings: x0, x1, ... for None.

    Raises
    ------
    TypeError, ValueError
        There are not D of them, or they are none.
    """
    if names is None:
        return [f"x{feature}" for feature in range(n_features)]
    listed = as_words(names, "names", f"one for each of the {n_features} features", n_features)
    return [name.replace("$", r"\$") for name in listed]  # matplotlib takes what is between two dollars for a formula


def as_words(words: Any, name: str, what: str, size: int) -> list[str]:
    """Return so many words as strings, or raise."""
    return [_word(word, f"{name}[{k}]") for k, word in enumerate(as_sequence(words, name, what, size))]


def _word(word: Any, name: str) -> str:
    try:
        return str(word)
    except Exception:  # what other people's classes make of it
        raise TypeError(f"{name} is a {type(word).__name__} that cannot be written: give a str") from None


def listed(values: Sequence[object], most: int = 12) -> str:
    """Return the values with commas between them, the middle left out where there are more than `most`.

    Examples
    --------
    >>> listed(range(30), most=7)
    '0, 1, 2, ..., 28, 29 (30)'
    """
    if len(values) <= most:
        return ", ".join(map(str, values))
    head = values[: most - 4]
    tail = values[-2:]
    return f"{', '.join(map(str, head))}, ..., {', '.join(map(str, tail))} ({len(values)})"


def generates(mask_set: MaskSet, names: Sequence[str]) -> str:
    """Return the order of generation as a sentence.

    Examples
    --------
    >>> from made_np import MADE
    >>> generates(MADE(3, order=(2, 0, 1)).mask_sets[0], ["a", "b", "c"])
    'generates c, a, b'
    """
    return f"generates {listed([names[feature] for feature in mask_set.order])}"


def conditionals(mask_set: MaskSet, names: Sequence[str]) -> list[str]:
    """Return the name of each feature's conditional, with the features that it truly depends on, in the order.

    Examples
    --------
    >>> from made_np import MADE
    >>> conditionals(MADE(3, order=(2, 0, 1)).mask_sets[0], ["a", "b", "c"])
    ['p(a | c)', 'p(b | c, a)', 'p(c)']
    """
    reach = mask_set.reachability()
    hears_context = mask_set.context_reachability()
    context = [f"y{c}" for c in range(mask_set.n_context)]
    found = []
    for feature, name in enumerate(names):
        seen = [names[j] for j in mask_set.order if reach[feature, j]]
        fits = len(seen) <= MOST_CONDITIONS and len(", ".join(seen)) <= MOST_LETTERS
        before = seen if fits else [f"{len(seen)} features" if len(seen) > 1 else "1 feature"]
        told = context if len(context) <= MOST_CONDITIONS else [f"{len(context)} of context"]
        conditions = [*before, *(told if hears_context[feature] else [])]
        found.append(f"p({name} | {', '.join(conditions)})" if conditions else f"p({name})")
    return found


def rule(above: str, below: str) -> str:
    """Return the comparison of degrees that makes one mask: that of an output is strict.

    Examples
    --------
    >>> rule("unit", "input"), rule("output", "unit")
    ('unit >= input', 'output > unit')
    """
    return f"{above} {'>' if above == 'output' else '>='} {below}"
