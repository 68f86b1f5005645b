"""Which form a file has: the names of what is in it, whatever the numbers are.

A file of a new form is one that an older reader may not read, so one of each form is kept. Parameters of an estimator
are no part of it but in one file: a new parameter would make a new form of every other file as well.
"""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

KINDS = (
    *(".version", ".layout", ".kind", ".library", ".form", ".styles[].dtype"),
    *("reading.name", "coding.name", "output[].name", "base.name"),
)
"""Of these the value is a part of the form, too: what stands beside it depends on it."""
WITH_PARAMS = "density-numbers"


def form_of(path: Path) -> set[str]:
    """Return the names of all that a file holds, with the places they stand at."""
    names = set(_places(header_of(path), ""))
    if path.name.startswith("density") and path.stem != WITH_PARAMS:
        names = {name for name in names if not name.startswith(".extra.estimator.params.")}
    if path.suffix == ".npz":
        with zipfile.ZipFile(path) as archive:
            names |= {f"{name} (array)" for name in archive.namelist()}
    return names


def header_of(path: Path) -> Any:
    """Return what a file says about itself."""
    if path.suffix == ".safetensors":
        data = path.read_bytes()
        (size,) = struct.unpack("<Q", data[:8])
        return json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["made_np"])
    with np.load(path) as archive:
        return json.loads(archive["header"].tobytes())


def _places(value: Any, at: str) -> Iterator[str]:
    """Yield where each value stands; of a list all elements stand at one place."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _places(each, f"{at}.{name}")
    elif isinstance(value, list):
        for each in value:
            yield from _places(each, f"{at}[]")
    else:
        yield f"{at}={value}" if at.endswith(KINDS) else at
