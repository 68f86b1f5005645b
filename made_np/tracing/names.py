"""How values are called, with their entries: "W0", "W0[3, 1]"."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from made_np.values import as_a, show

if TYPE_CHECKING:
    from made_np.tracing.value import Value

__all__ = ["UnknownName", "as_entry", "find", "gradient_of", "written"]

_ENTRY = re.compile(r"\s*(?P<name>\w+)\s*(\[(?P<index>[\s\d,]*)\])?\s*", re.ASCII)


class UnknownName(KeyError, ValueError):
    """A tape has no value of this name. The message says which there are."""

    def __str__(self) -> str:
        return str(self.args[0])


def find(name: Any, names: Collection[str], unlisted: Collection[str] = ()) -> str:
    """Return `name` if it is one of `names`, or of those that go without saying, or raise.

    Raises
    ------
    UnknownName
        A `KeyError` as well as a `ValueError`: there is none of that name. It lists those that there are.
    """
    as_a(name, "name", str, "give the name of a value, such as 'z0'")
    if name in names or name in unlisted:
        return str(name)
    known = [*names, *unlisted]
    near = [each for each in known if each.lower() == name.lower()] or get_close_matches(name, known, 1, cutoff=0.5)
    hint = f"Is {near[0]!r} meant? " if near else ""
    raise UnknownName(f"name={show(name)}: this tape has no such value. {hint}There are {', '.join(names)}")


def as_entry(text: Any, values: Mapping[str, Value]) -> tuple[str, tuple[int, ...]]:
    """Return the name and the index of an entry: ``"W0[3, 1]"``; of a single number the name is enough.

    Raises
    ------
    UnknownName, TypeError, ValueError
        No such name, no index, or one that lies outside.
    """
    as_a(text, "entry", str, "give an entry, such as 'W0[3, 1]'")
    found = _ENTRY.fullmatch(text)
    if found is None:
        raise ValueError(f"entry={show(text)}: write a name with an index, such as 'W0[3, 1]'")
    name = find(found["name"], values.keys())
    shape = values[name].value.shape
    parts = [part.strip() for part in (found["index"] or "").split(",") if part.strip()]
    if any(not part.isdigit() or len(part) > 9 for part in parts):
        raise ValueError(f"entry={show(text)}: write a name with an index, such as 'W0[3, 1]'")
    index = tuple(int(part) for part in parts)
    fits = len(index) == len(shape) and all(i < n for i, n in zip(index, shape, strict=True))
    if not fits:
        last = written(name, tuple(n - 1 for n in shape))
        all_of_them = f"has the entries {written(name, (0,) * len(shape))} to {last}"
        what = f"has no entries: its shape is {shape}" if 0 in shape else all_of_them
        raise ValueError(f"entry={show(text)}: {name} {what}")
    return name, index


def written(name: str, index: tuple[int, ...]) -> str:
    """Return how an entry is written.

    Examples
    --------
    >>> written("W0", (3, 1)), written("loss", ())
    ('W0[3, 1]', 'loss')
    """
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def gradient_of(name: str) -> str:
    """Return what the gradient of a value, or of an entry, is called.

    Examples
    --------
    >>> gradient_of("W0[3, 1]"), gradient_of("raw")
    ('dW0[3, 1]', 'd_raw')
    """
    own = name.split("[")[0]
    return f"d_{name}" if own.isalpha() and len(own) > 1 else f"d{name}"
