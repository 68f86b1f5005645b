"""Inputs that reach new lines of a reader are changed further: a search for what it does not expect."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

import made_np
from damaging.readers import Reader, alike

REFUSALS = (ValueError, OSError, TypeError, ImportError)
"""What the readers say they raise."""
SEVERAL_LINES = "The feature names should match those that were passed during fit."
"""scikit-learn wants this to be said with a list of names: a sound file may be of a table with other ones."""
SECONDS = 2.0
"""Of the processor: an input of these sizes may take so long, traced line by line."""
FOLDER = str(Path(made_np.__file__).parent)
LONGEST = 1 << 16
"""Inputs beyond so many bytes are not changed further."""
MOST_KEPT = 500


@dataclass
class Found:
    """What came of inputs.

    Attributes
    ----------
    inputs, refused, read : int
    lines : int
        Of the package that were reached.
    slowest : float
        Seconds of the processor that an input took at most.
    wrong : list of str
    """

    inputs: int = 0
    refused: int = 0
    read: int = 0
    lines: int = 0
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)


def search(reader: Reader, n: int, seed: int, folder: Path) -> Found:
    """Give a reader n changed files, and return what came of them."""
    rng = np.random.default_rng(seed)
    path = folder / f"input{reader.suffix}"
    kept = reader.seeds(folder)
    wanted = None
    reached: set[Any] = set()
    for data in kept:
        path.write_bytes(data)
        wanted = _traced(lambda: reader.read(path), reached)
    found = Found()
    for k in range(n):
        data = reader.change(kept[rng.integers(len(kept))], kept, rng)
        path.write_bytes(data)
        before = len(reached)
        start = time.process_time()
        wrong = _judged(reader, path, wanted, reached, found)
        taken = time.process_time() - start
        found.inputs += 1
        found.slowest = max(found.slowest, taken)
        if taken > SECONDS:
            wrong = f"took {taken:.1f} s"
        if wrong:
            found.wrong.append(f"input {k} of seed {seed}: {wrong}: {data[:300]!r}")
        if len(reached) > before and len(data) < LONGEST and len(kept) < MOST_KEPT:
            kept.append(data)
    found.lines = len(reached)
    return found


def _judged(reader: Reader, path: Path, wanted: Any, reached: set[Any], found: Found) -> str:
    """Return in words what is wrong with what a reader makes of a file; "" if nothing is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            got = _traced(lambda: reader.read(path), reached)
    except REFUSALS as error:
        found.refused += 1
        text = str(error)
        is_one_line = "\n" not in text.strip() or SEVERAL_LINES in text
        return "" if text.strip() and is_one_line else f"{type(error).__name__} of no single line {text!r}"
    except MemoryError:
        return "wants too much memory"
    except Exception as error:  # what must not come
        return f"ends in {type(error).__name__}: {error}"
    found.read += 1
    return "" if not reader.has_checksum or alike(got, wanted) else "is read as something else"


def _traced(call: Callable[[], Any], reached: set[Any]) -> Any:
    """Return what a call returns, and note which lines of the package it reaches."""

    def by_line(frame: FrameType, event: str, argument: Any) -> Any:
        reached.add((frame.f_code, frame.f_lineno))
        return by_line

    def by_call(frame: FrameType, event: str, argument: Any) -> Any:
        return by_line if frame.f_code.co_filename.startswith(FOLDER) else None

    former = sys.gettrace()
    sys.settrace(by_call)
    try:
        return call()
    finally:
        sys.settrace(former)
