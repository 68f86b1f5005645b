"""What stands in a file about itself, as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np._version import __version__
from made_np.messages import install
from made_np.validation import Unregistered
from made_np.values import as_a, as_count, show

__all__ = ["FORMAT_VERSION", "Header", "decode_header", "encode_header", "foreign", "rebuilding"]

FORMAT_VERSION = 1
"""Version of the file's layout; it grows when an older release could no longer read the file."""
MAX_HEADER = 1 << 26
"""Bytes of the longest header: as Python's objects, JSON takes some twenty times its size."""
DEEPEST = 500
"""Lists within lists that a header may hold: of many more, Python ends with an error, but a browser ends Python."""

_FORMAT = "made_np model"
# One that nothing closes goes to the end: else each quote in it would be looked at as the first of another one.
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.S)
_STEPS = np.array([(mark in b"[{") - (mark in b"]}") for mark in range(256)], dtype=np.int8)


@dataclass(frozen=True)
class Header:
    """What a file says about itself, as far as it has been looked at.

    Attributes
    ----------
    writer : str
        The release of made_np that wrote it.
    made, extra : JSON values
        What should be the `config` of a model, and the dict that was given to `save`.
    """

    writer: str
    made: Any
    extra: Any


def encode_header(config: dict[str, Any], extra: Mapping[str, Any]) -> bytes:
    """Return the header as bytes; a TypeError or ValueError names `extra` if it is not JSON."""
    as_a(extra, "extra", Mapping, "give a dict of JSON values")  # type: ignore[type-abstract]
    header = {"format": _FORMAT, "version": FORMAT_VERSION, "made_np": __version__, "made": config}
    try:
        text = json.dumps({**header, "extra": dict(extra)})
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(
            f"extra holds what JSON cannot ({error}): give strings, numbers, booleans, None, "
            "lists and dicts, and NumPy arrays through arrays="
        ) from error
    if len(text) > MAX_HEADER:
        raise ValueError(
            f"made and extra make {len(text)} bytes of JSON: give at most {MAX_HEADER}, the rest of extra as arrays"
        )
    if _depth(text.encode()) > DEEPEST:
        raise ValueError(f"extra holds more than {DEEPEST} lists or dicts within each other: give it flatter")
    return text.encode()


def _depth(text: bytes) -> int:
    """Return how many lists and dicts of JSON stand within each other, at most."""
    marks = np.frombuffer(_STRING.sub(b"", text), np.uint8)
    return int(np.cumsum(_STEPS[marks], dtype=np.int32).max(initial=0))


def decode_header(path: str, data: bytes | None, otherwise: str) -> Header:
    """Return the header of a file of ours that this release can read; ValueError for any other.

    Parameters
    ----------
    otherwise : str
        The message for a file of another kind.
    """
    try:
        if data is None or len(data) > MAX_HEADER or _depth(data) > DEEPEST:
            raise ValueError(otherwise)
        header = json.loads(data)
        is_ours = header["format"] == _FORMAT
        version = as_count(header["version"], "version")
    except (KeyError, TypeError, ValueError, RecursionError):
        is_ours = False
    if not is_ours:
        raise ValueError(otherwise)
    writer = _release(header.get("made_np"))
    if version > FORMAT_VERSION:
        raise ValueError(
            f"{path} was written by made_np {writer} in format {show(version)}; this is made_np {__version__}, which "
            f"reads formats up to {FORMAT_VERSION}: fetch the source of a newer one, and {install()}"
        )
    return Header(writer, header.get("made"), header.get("extra"))


@contextmanager
def rebuilding(path: str, writer: str, what: str) -> Iterator[None]:
    """Turn whatever goes wrong with the content of a sound file into a `ValueError` that says what to do.

    Parameters
    ----------
    writer : str
        The release of made_np that wrote the file.
    what : str
        What is made of the content.
    """
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:  # what another release wrote, or another program, can fail in any way
        if isinstance(error, Unregistered) and writer == __version__:  # another release may have one more of its own
            raise Unregistered(f"{path} (of made_np {writer}): {error}") from error
        raise ValueError(
            f"{path}: made_np {__version__} cannot rebuild the {what} that made_np {writer} saved there "
            f"({error}): to read it fetch the source of made_np {writer}, and {install()}"
        ) from error


def foreign(path: str) -> str:
    """Return the message for a file of another kind."""
    return f"{path} is not a made_np model: give a file written by made_np.save"


def _release(writer: Any) -> str:
    """Return how a message calls the release that wrote a file."""
    return writer if isinstance(writer, str) and len(writer) < 40 and writer.isprintable() else show(writer)
