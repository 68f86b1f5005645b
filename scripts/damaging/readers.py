"""Everything that reads a file, each with small files that it reads well."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from soaking.subjects import same

import made_np
from damaging.changes import changed, signed
from made_np import MADE, MADEDensity
from made_np.cli.conditions import as_condition
from made_np.table.files import read_table

X = np.random.default_rng(0).integers(0, 2, (24, 3)).astype(np.float64)


class Reader(NamedTuple):
    """A reader of files."""

    suffix: str
    seeds: Callable[[Path], list[bytes]]
    """Write files into a folder, and return their bytes."""
    read: Callable[[Path], Any]
    has_checksum: bool = False
    """What is read in spite of damage is then what was written."""
    change: Callable[[bytes, list[bytes], np.random.Generator], bytes] = changed


def made() -> MADE:
    """Return a small network."""
    return MADE(3, (4,), backend="numpy")


def _run(path: Path, resume: bool = True) -> Any:
    """Go on with a run from a checkpoint; the result is that of a run that never stopped."""
    return made_np.fit(made(), X, valid=X[:8], max_epochs=3, batch_size=8, checkpoint=path, resume=resume).theta


def _models(folder: Path) -> list[bytes]:
    path = folder / "seed.npz"
    made_np.save(path, made(), made().init(0), extra={"by": ["me", 1, None]}, arrays={"more": np.arange(4)})
    return [path.read_bytes()]


def _checkpoints(folder: Path) -> list[bytes]:
    path = folder / "seed.npz"
    made_np.fit(made(), X, valid=X[:8], max_epochs=2, batch_size=8, checkpoint=path, resume=False)
    return [path.read_bytes()]


def frame() -> Any:
    """Return a table of words, dates, amounts, gaps."""
    import pandas as pd

    table = {"city": ["Bern", "Oslo", None] * 8, "pay": ["$1,200.50", "$7.00"] * 12, "n": range(24)}
    table["day"] = [f"{1 + k}.02.2024" for k in range(24)]
    return pd.DataFrame(table)


@cache
def learned() -> MADEDensity:
    """Return a density that has learned the table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MADEDensity((4,), order="natural", max_epochs=1, random_state=0, backend="numpy").fit(frame())


def _densities(folder: Path) -> list[bytes]:
    learned().save(folder / "seed.npz")
    return [(folder / "seed.npz").read_bytes()]


def _texts(folder: Path) -> list[bytes]:
    text = frame().to_csv(index=False)
    return [text.encode(), text.replace(",", ";").encode("utf-16"), b"1 2 3\n4 5 6\n", b'a,"b\n1",c\n1,2,3\n']


def _frames(write: str) -> Callable[[Path], list[bytes]]:
    def seeds(folder: Path) -> list[bytes]:
        getattr(frame(), write)(folder / "seed")
        return [(folder / "seed").read_bytes()]

    return seeds


def _arrays(save: Callable[..., Any]) -> Callable[[Path], list[bytes]]:
    def seeds(folder: Path) -> list[bytes]:
        found = []
        for array in (X, X.astype(">i2"), X.astype(bool), np.asfortranarray(X)):
            file = io.BytesIO()
            save(file, array)
            found.append(file.getvalue())
        return found

    return seeds


def _tensors(folder: Path) -> list[bytes]:
    made_np.interop.to_safetensors(made(), made().init(0), folder / "seed")
    return [(folder / "seed").read_bytes()]


def _conditions(folder: Path) -> list[bytes]:
    return [b"city=Bern|Oslo,n=3..7", b"n=<4,pay=$7.00", b"city = 'Bern' AND n BETWEEN 3 AND 7", b"day=3.02.2024.."]


def _asked(path: Path) -> Any:
    """Read a condition, as the command line does."""
    text = path.read_bytes().decode("utf-8", errors="replace")
    return learned().probability(as_condition(learned().columns_, text))


def _stored(path: Path) -> Any:
    stored = made_np.load(path)
    return [stored.theta, stored.arrays["more"], repr(stored.made), str(stored.extra)]


def _scored(path: Path) -> Any:
    return MADEDensity.load(path).score_samples(frame())


def _table(path: Path) -> Any:
    table = read_table(path)
    return [table.cells(d).values for d in range(table.n_columns)]


def _tensor_model(path: Path) -> Any:
    model, theta = made_np.interop.from_safetensors(path)
    return model.log_prob(theta, X)


READERS = {
    "model": Reader(".npz", _models, _stored, True),
    "density": Reader(".npz", _densities, _scored, True),
    "checkpoint": Reader(".npz", _checkpoints, _run, True),
    "signed model": Reader(".npz", _models, _stored, change=signed),
    "signed density": Reader(".npz", _densities, _scored, change=signed),
    "signed checkpoint": Reader(".npz", _checkpoints, _run, change=signed),
    "csv": Reader(".csv", _texts, _table),
    "npy": Reader(".npy", _arrays(np.save), _table),
    "npz": Reader(".npz", _arrays(np.savez), _table),
    "packed npz": Reader(".npz", _arrays(np.savez_compressed), _table),
    "parquet": Reader(".parquet", _frames("to_parquet"), _table),
    "feather": Reader(".feather", _frames("to_feather"), _table),
    "safetensors": Reader(".safetensors", _tensors, _tensor_model),
    "conditions": Reader(".txt", _conditions, _asked),
}


def alike(a: Any, b: Any) -> bool:
    """Whether two answers are the same bits."""
    return same(a, b)
