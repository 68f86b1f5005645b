"""How bytes are changed: flips, cuts, hostile numbers, words of the format, members of archives that are swapped.

What `made_np.save` wrote has a checksum, behind which no change gets. `signed` renews it, as a program that means harm
would.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import struct
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMBERS = (0, 1, 2**7, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**53, 2**63 - 1, 2**64 - 1)
WORDS = (
    *(b"'|O'", b"'<f8'", b"'<U9999999'", b"(99999999999,)", b"(-1,)", b"True", b"None", b"null", b"NaN", b"1e999"),
    *(
        b'"',
        b"'",
        b",",
        b"\n",
        b"\r",
        b"\0",
        b"{",
        b"[" * 500,
        b"9" * 400,
        b"..",
        b"|",
        b"=",
        b"<",
        b" AND ",
        b"(",
        b"-",
    ),
    *(b"\xff\xfe", b"\xef\xbb\xbf", "é€".encode(), b'"version": 99', b'"n_features": 1000000000', b"PK\x01\x02"),
)
"""What readers give a meaning to."""


def changed(data: bytes, others: list[bytes], rng: np.random.Generator) -> bytes:
    """Return bytes with one to four changes; `others` are files of the same kind."""
    if data[:2] == b"PK" and rng.random() < 0.3:
        return _other_members(data, others, rng)
    for _ in range(int(rng.integers(1, 5))):
        data = _once(data, others, rng)
    return data


def _once(data: bytes, others: list[bytes], rng: np.random.Generator) -> bytes:
    made = bytearray(data)
    place = int(rng.integers(0, len(made) + 1))
    length = int(rng.integers(1, 64))
    kind = int(rng.integers(8))
    if kind == 0 and place < len(made):
        made[place] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        del made[place:]
    elif kind == 2:
        del made[place : place + length]
    elif kind == 3:
        made[place:place] = made[place : place + length] * int(rng.integers(1, 20))
    elif kind == 4:
        made[place : place + length] = rng.bytes(length)
    elif kind == 5:
        form = str(rng.choice(["<H", "<I", "<Q", ">I", ">Q"]))
        size = struct.calcsize(form)
        number = NUMBERS[rng.integers(len(NUMBERS))] % 2 ** (8 * size)
        made[place : place + size] = struct.pack(form, number)
    elif kind == 6:
        word = WORDS[rng.integers(len(WORDS))]
        made[place : place + (len(word) if rng.random() < 0.5 else 0)] = word
    else:
        other = others[rng.integers(len(others))]
        start = int(rng.integers(0, len(other) + 1))
        made[place : place + length] = other[start : start + length]
    return bytes(made)


def _other_members(data: bytes, others: list[bytes], rng: np.random.Generator) -> bytes:
    """Return a sound archive whose members are changed, swapped, lost, doubled, in another sequence, or a bomb."""
    try:
        members = _members(data) + _members(others[rng.integers(len(others))]) * int(rng.random() < 0.3)
    except Exception:  # no archive any more
        members = []
    if not members:
        return _once(data, others, rng)
    kind = int(rng.integers(6))
    k = int(rng.integers(len(members)))
    j = int(rng.integers(len(members)))
    method = zipfile.ZIP_DEFLATED if kind == 5 else zipfile.ZIP_STORED
    if kind == 0:
        members[k] = (members[k][0], _once(members[k][1], [members[j][1]], rng))
    elif kind == 1:
        members[k], members[j] = (members[k][0], members[j][1]), (members[j][0], members[k][1])
    elif kind == 2:
        del members[k]
    elif kind == 3:
        members[k] = (members[j][0], members[k][1])
    elif kind == 4:
        members = [members[n] for n in rng.permutation(len(members))]
    else:
        members[k] = (members[k][0], members[k][1][:80].ljust(80) + bytes(int(rng.integers(1, 1 << 20))))
    return _packed(members, method)


def _packed(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", method) as archive:
        warnings.simplefilter("ignore")  # of names that come twice
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name or "x"), content, compress_type=method)
    return file.getvalue()


def signed(data: bytes, others: list[bytes], rng: np.random.Generator) -> bytes:
    """Return a file of a model in which one thing is another one, with a checksum that fits."""
    try:
        with np.load(io.BytesIO(data)) as archive:
            arrays = {name: archive[name] for name in archive if name != "sha256"}
        header = json.loads(arrays["header"].tobytes())
    except Exception:  # an earlier change has left no archive, or no header
        return changed(data, others, rng)
    if rng.random() < 0.8:
        arrays["header"] = np.frombuffer(json.dumps(_other_value(header, rng)).encode(), dtype=np.uint8)
    else:
        name = str(rng.choice(list(arrays)))
        arrays[name] = _other_array(arrays[name], rng)
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name}\0{array.dtype.str}\0{array.shape}\0".encode() + array.tobytes())
    file = io.BytesIO()
    np.savez(file, **arrays, sha256=np.frombuffer(digest.digest(), dtype=np.uint8))
    return file.getvalue()


def _other_array(array: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    kind = int(rng.integers(4))
    if kind == 0:
        return array[: len(array) // 2] if array.ndim else array[None]
    if kind == 1:
        return array.astype(str(rng.choice(["<f8", "<i4", ">f4", "?", "<U3"])))
    if kind == 2 and array.dtype.kind == "f":
        return array * float(rng.choice([np.nan, np.inf, 1e30, -1e30, 0.0]))
    return array[None]


VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 3.5, -0.5, float("nan"), float("inf"), 10**9, 10**30, 10**400, "", "x", "numpy"),
    *("\0", "a\nb", [], [[]], [None], [1, 2, 3], {}, {"x": 1}, [0] * 999, "9" * 999),
)
"""What may stand in the place of any value."""


def _other_value(value: Any, rng: np.random.Generator) -> Any:
    """Return JSON in which one to three places are other ones."""
    for _ in range(int(rng.integers(1, 4))):
        places = list(_places(value))
        if not places:
            return value
        place, key = places[rng.integers(len(places))]
        kind = int(rng.integers(5))
        if kind == 0:
            del place[key]
        elif kind == 1:
            place[key] = [place[key]]
        elif kind == 2:
            other, there = places[rng.integers(len(places))]
            place[key] = copy.deepcopy(other[there])
        else:
            place[key] = copy.deepcopy(VALUES[rng.integers(len(VALUES))])
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container in a JSON value, with each key or index in it."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


def _members(data: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(info.filename, archive.read(info)) for info in archive.infolist() if info.file_size < 1 << 20]
