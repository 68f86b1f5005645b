"""Tables in text, by whoever can read them here."""

from __future__ import annotations

from importlib.util import find_spec

from made_np.table.files.layout import layout_of
from made_np.table.table import Table
from made_np.values import as_a

__all__ = ["read_text"]


def read_text(
    path: str, header: bool | None, sep: str | None, decimal: str | None, encoding: str | None, na: tuple[str, ...]
) -> Table:
    """Return the table in a text, by pyarrow if it is there; without it, one of numbers alone."""
    for name, value in (("sep", sep), ("decimal", decimal)):
        if value is not None and len(as_a(value, name, str, "give one character")) != 1:
            raise ValueError(f"{name}={value!r}: give one character")
    if encoding is not None:
        as_a(encoding, "encoding", str, "give a name such as 'latin-1'")
    layout = layout_of(path, header, sep, decimal, encoding)
    if _has_arrow():
        from made_np.table.files.words import read_words

        return read_words(path, layout, na)
    from made_np.table.files.numbers import read_numbers

    return read_numbers(path, layout)


def _has_arrow() -> bool:
    """Whether pyarrow can be imported."""
    try:
        return find_spec("pyarrow") is not None
    except ValueError:  # somebody has put None in its place
        return False
