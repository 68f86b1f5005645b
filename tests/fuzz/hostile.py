"""Values that nobody means: what any argument may be given by mistake, or by malice."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas
from scipy import sparse

import made_np
from made_np.testing import Adapter


class Unspeakable:
    """Nothing can be asked of it, not even what it is."""

    def __repr__(self) -> str:
        raise RuntimeError("no words")

    def __len__(self) -> int:
        raise RuntimeError("no length")

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("no array")

    def __eq__(self, _: object) -> bool:
        raise RuntimeError("no equal")

    __hash__ = None  # type: ignore[assignment]


class Restless(float):
    """A number that will not say which."""

    def __float__(self) -> float:
        raise RuntimeError("no number")


class Nowhere:
    """A path that leads nowhere."""

    def __fspath__(self) -> str:
        raise RuntimeError("no path")


class Closed:
    """An iterable without entries to be had, and an error for whatever else is asked of it."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("closed")

    def __iter__(self) -> Any:
        raise RuntimeError("closed")


def _recursive() -> list[Any]:
    endless: list[Any] = []
    endless.append(endless)
    return endless


def _read_only(array: Any) -> Any:
    array.flags.writeable = False
    return array


def _objects(*values: Any) -> Any:
    array = np.empty(len(values), dtype=object)
    for k, value in enumerate(values):
        array[k] = value
    return array


SCALARS: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "True": lambda: True,
    "False": lambda: False,
    "x": lambda: "x",
    "empty str": lambda: "",
    "str of a number": lambda: "0.5",
    "long str": lambda: "a" * 5000,
    "NUL": lambda: "a\0b",
    "bytes": lambda: b"x",
    "-1": lambda: -1,
    "0": lambda: 0,
    "1": lambda: 1,
    "2": lambda: 2,
    "1.5": lambda: 1.5,
    "-0.5": lambda: -0.5,
    "1e300": lambda: 1e300,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "-inf": lambda: float("-inf"),
    "1j": lambda: 1j,
    "restless": lambda: Restless(0.5),
    "tiny": lambda: 5e-324,
    "longdouble scalar": lambda: np.longdouble("1e4000"),
    "10**400": lambda: 10**400,
    "-10**400": lambda: -(10**400),
    "10**5000": lambda: 10**5000,
    "2**63": lambda: 2**63,
    "numpy int": lambda: np.int8(-3),
    "numpy nan": lambda: np.float32("nan"),
    "numpy bool": lambda: np.True_,
    "numpy str": lambda: np.str_("x"),
    "datetime": lambda: np.datetime64("2020-01-01"),
}

THINGS: dict[str, Callable[[], Any]] = {
    "list": list,
    "tuple": tuple,
    "dict": dict,
    "set": set,
    "range": lambda: range(3),
    "generator": lambda: (k for k in range(3)),
    "object": object,
    "unspeakable": Unspeakable,
    "closed": Closed,
    "list of unspeakable": lambda: [Unspeakable()],
    "type": lambda: int,
    "lambda": lambda: lambda *_, **__: None,
    "module": lambda: np,
    "list of None": lambda: [None],
    "list of strings": lambda: ["a", "b", "c"],
    "list of lists": lambda: [[0, 1, 0], [1, 0, 1]],
    "ragged": lambda: [[1], [1, 2]],
    "recursive list": _recursive,
    "list of a huge integer": lambda: [[10**400, 0, 0]],
    "list of huge integers": lambda: [10**5000, 1, 0],
    "dict of x": lambda: {"x": 1},
    "dict of 0": lambda: {0: None},
    "data frame": lambda: pandas.DataFrame({"a": ["x", None], "b": [1, 2]}),
    "categories": lambda: pandas.Series(["a", "b", "a"], dtype="category"),
    "sparse": lambda: sparse.csr_array(np.zeros((4, 3))),
    "MADE": lambda: made_np.MADE(2, hidden=(3,), backend="numpy"),
    "MADEDensity": made_np.MADEDensity,
    "Adapter": lambda: Adapter(n_features=2),
    "Generator": lambda: np.random.default_rng(0),
    "RandomState": lambda: np.random.RandomState(0),
    "SeedSequence": lambda: np.random.SeedSequence(0),
    "MADE class": lambda: made_np.MADE,
}

ARRAYS: dict[str, Callable[[], Any]] = {
    "empty array": lambda: np.empty(0),
    "no rows": lambda: np.empty((0, 3)),
    "no columns": lambda: np.empty((3, 0)),
    "0-d array": lambda: np.array(1.0),
    "3-d array": lambda: np.zeros((2, 3, 4)),
    "4-d array": lambda: np.zeros((1, 2, 3, 4)),
    "zeros": lambda: np.zeros((4, 3)),
    "integers": lambda: np.arange(3),
    "object array": lambda: _objects(0, 1, 2),
    "array of objects": lambda: _objects(None, object(), Unspeakable()),
    "array of huge integers": lambda: _objects(10**400, 1, 0),
    "array of strings": lambda: np.array(["a", "b", "c"]),
    "array of bytes": lambda: np.array([b"a", b"b", b"c"]),
    "complex array": lambda: np.ones((4, 3), complex),
    "structured array": lambda: np.zeros(3, dtype=[("a", "f8"), ("b", "i4")]),
    "record array": lambda: np.rec.array([(1.0, 2)], dtype=[("shape", "f8"), ("dtype", "i4")]),
    "masked array": lambda: np.ma.masked_array(np.zeros((4, 3)), mask=True),
    "masked vector": lambda: np.ma.masked_array(np.zeros(3, "f4"), mask=True),
    "matrix": lambda: np.zeros((4, 3)).view(np.matrix),
    "matrix of integers": lambda: np.array([[0, 1]]).view(np.matrix),
    "huge broadcast": lambda: np.broadcast_to(0.0, (2**40, 7)),
    "huge vector": lambda: np.broadcast_to(np.float32(0), (2**40,)),
    "read-only": lambda: _read_only(np.zeros((4, 3))),
    "not contiguous": lambda: np.zeros((8, 6))[::2, ::2],
    "reversed": lambda: np.arange(3)[::-1],
    "nan array": lambda: np.full((4, 3), np.nan),
    "inf array": lambda: np.full((4, 3), np.inf),
    "float16": lambda: np.full((4, 3), 6e4, np.float16),
    "longdouble": lambda: np.full((4, 3), np.longdouble("1e4000")),
    "int beyond 2**53": lambda: np.full((4, 3), 2**62),
    "uint64": lambda: np.full(3, 2**64 - 1, np.uint64),
    "dates": lambda: np.zeros(3, "datetime64[s]"),
    "times": lambda: np.zeros((4, 3), "timedelta64[s]"),
    "big-endian": lambda: np.zeros((4, 3), ">f8"),
    "void": lambda: np.zeros(3, "V8"),
}

PATHS: dict[str, Callable[[], Any]] = {
    "folder": lambda: ".",
    "missing folder": lambda: os.path.join("missing", "folder", "file.npz"),
    "picture in a missing folder": lambda: os.path.join("missing", "folder", "file.png"),
    "device": lambda: os.devnull,
    "nowhere": Nowhere,
    "half a letter": lambda: "\ud800.npz",
    "name too long": lambda: "a" * 300 + ".npz",
    "surrogate": lambda: "\udcff.npz",
}

HOSTILE = SCALARS | THINGS | ARRAYS | PATHS
"""What each is called, and a function that makes a fresh one."""
