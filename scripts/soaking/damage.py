"""Files with damaged bytes: refused in words, or read exactly."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import made_np
from made_np import MADEDensity
from made_np.table.files import read_table
from made_np.table.files.writing import write_table
from soaking.memory import address_space
from soaking.subjects import density, network, same, table
from soaking.tally import Tally

REFUSALS = (ValueError, OSError, TypeError)
"""What the readers say they raise."""
TRIES = 40
ROOM = 1 << 29
"""Bytes that a reader may ask for beyond what the process has."""


def damaged_file(rng: np.random.Generator, folder: Path, tally: Tally) -> None:
    """A file with flipped, cut, doubled or foreign bytes is refused in words, or is read as it was."""
    path, read = KINDS[rng.integers(len(KINDS))](rng, folder)
    whole = path.read_bytes()
    wanted = read(path)
    exact = path.suffix not in (".csv", ".npy", ".parquet")  # these hold no checksum: other bytes may be other numbers
    for _ in range(TRIES):
        path.write_bytes(_damaged(whole, rng))
        tally.calls += 1
        tally.settle(_complaints(read, path, wanted if exact else None))


def _complaints(read: Callable[[Path], Any], path: Path, wanted: Any) -> list[str]:
    try:
        with address_space(ROOM), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = read(path)
    except REFUSALS as error:
        return [] if str(error).strip() else [f"{path.suffix}: {type(error).__name__} without a word"]
    except MemoryError:
        return [f"{path.suffix}: a damaged file wants more than {ROOM >> 20} MB"]
    except Exception as error:  # what must not come
        return [f"{path.suffix}: a damaged file ends in {error!r}"]
    return [] if wanted is None or same(found, wanted) else [f"{path.suffix}: a damaged file is read as something else"]


def _damaged(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return the bytes with one to three faults."""
    data = bytearray(whole)
    for _ in range(int(rng.integers(1, 4))):
        place = int(rng.integers(0, max(len(data), 1)))
        length = int(rng.integers(1, 64))
        kind = rng.integers(5)
        if kind == 0 and data:
            data[place] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            del data[place:]
        elif kind == 2:
            del data[place : place + length]
        elif kind == 3:
            data[place:place] = data[place : place + length]
        else:
            data[place : place + length] = rng.bytes(length)
    return bytes(data)


def _model(rng: np.random.Generator, folder: Path) -> tuple[Path, Callable[[Path], Any]]:
    subject = network(rng)
    made_np.save(folder / "m.made", subject.made, subject.made.init(rng=0), arrays={"more": np.arange(5)})

    def read(path: Path) -> Any:
        stored = made_np.load(path)
        return [stored.theta, stored.arrays["more"], repr(stored.made)]

    return folder / "m.made", read


def _density(rng: np.random.Generator, folder: Path) -> tuple[Path, Callable[[Path], Any]]:
    frame = table(rng)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        density(rng, frame).fit(frame).save(folder / "d.made")
    return folder / "d.made", lambda path: MADEDensity.load(path).score_samples(frame)


def _rows(suffix: str) -> Callable[[np.random.Generator, Path], tuple[Path, Callable[[Path], Any]]]:
    def make(rng: np.random.Generator, folder: Path) -> tuple[Path, Callable[[Path], Any]]:
        write_table(folder / f"t{suffix}", rng.normal(size=(40, 3)), ["a", "b", "c"])
        return folder / f"t{suffix}", lambda path: read_table(path).read()

    return make


KINDS = (_model, _density, *map(_rows, (".npz", ".npy", ".csv", ".parquet")))
