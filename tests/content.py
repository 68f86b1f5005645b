"""Sound files with any content: what a test changes in one is signed again, as a program that means it would."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

Entries = dict[str, np.ndarray]

STORED = Path(__file__).with_name("stored")
"""Files that made_np 0.1.0 wrote."""

OTHERS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 3.5, -0.5, float("nan"), float("inf"), 10**12, 10**30, 10**400),
    *("", "x", "numpy", "auto", "\0", [], [[]], [None], [1, 2, 3], {}, {"x": 1}, {"tuple": [1]}, {"dict": {}}),
)
"""What may stand in the place of any value."""


def rewrite(path: Path, change: Callable[[Entries], Any], *, sign: bool = True, to: Path | None = None) -> None:
    """Change the entries of a stored file, with or without a new checksum."""
    with np.load(path) as archive:
        entries = dict(archive)
    entries.pop("sha256")
    old = checksum(entries)
    change(entries)
    np.savez(path if to is None else to, **{"sha256": checksum(entries) if sign else old, **entries})


def checksum(entries: Entries) -> np.ndarray:
    """The checksum as the format describes it, written down a second time."""
    digest = hashlib.sha256()
    for name in sorted(entries):
        a = entries[name]
        digest.update(f"{name}\0{a.dtype.str}\0{a.shape}\0".encode() + a.tobytes())
    return np.frombuffer(digest.digest(), dtype=np.uint8)


def header_of(path: Path) -> dict[str, Any]:
    """The JSON of a stored file."""
    with np.load(path) as archive:
        return dict(json.loads(archive["header"].tobytes()))


def put_header(header: Any) -> Callable[[Entries], None]:
    """A change for `rewrite`: this JSON in the place of the header."""

    def change(entries: Entries) -> None:
        entries["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)

    return change


def load_mutated(load: Callable[[Path], Any], source: Path, path: Path, seeds: range) -> None:
    """Put one other thing into the header of `source` after the other: `load` reads it, or raises a `ValueError`."""
    header, said = header_of(source), []
    for seed in seeds:
        rewrite(source, put_header(mutated(header, np.random.default_rng(seed))), to=path)
        try:
            load(path)
        except ValueError as error:
            said.append(str(error))
    assert len(seeds) / 3 < len(said) < len(seeds)
    assert all(str(path) in message for message in said)


def mutated(value: Any, rng: np.random.Generator) -> Any:
    """A copy of a JSON value in which one place, at any depth, is another one: dropped, replaced, nested, renamed."""
    value = copy.deepcopy(value)
    place, key = list(_places(value))[int(rng.integers(sum(1 for _ in _places(value))))]
    kind = rng.choice(["drop", "replace", "replace", "replace", "nest", "rename", "add"])
    if kind == "drop":
        del place[key]
    elif kind == "replace":
        place[key] = copy.deepcopy(OTHERS[int(rng.integers(len(OTHERS)))])
    elif kind == "nest":
        place[key] = [place[key]] if rng.random() < 0.5 else {"x": place[key]}
    elif isinstance(place, dict):
        place["shiny"] = place.pop(key) if kind == "rename" else 1
    else:
        place.insert(key, place[key])
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a JSON value, with each key or index in it."""
    if isinstance(value, (dict, list)):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])
