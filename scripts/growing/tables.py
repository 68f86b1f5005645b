"""How reading a table grows: out of memory, out of files, by commands."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

import made_np
from growing.densities import columns, density, frame, gaps, learned, numbers, rows, words
from growing.law import Call, Law
from growing.networks import bits, hidden, rng
from made_np import MADE, MADEDensity, OneHot, interop
from made_np.cli import main as run_command
from made_np.columns.numeric import NUMBERS
from made_np.table.files import read_table
from made_np.table.files.writing import write_table
from made_np.table.table import Table


@cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


def place(name: str) -> Path:
    """Return a place for a file, which is removed with the process."""
    return Path(_kept().name) / name


def _one_hot(d: int) -> OneHot:
    return OneHot(tuple((start, start + 4) for start in range(0, d, 4)))


def _coded(d: int) -> Any:
    """Return rows of bits of which four each are one-hot."""
    return np.eye(4)[rng().integers(0, 4, (200, d // 4))].reshape(200, -1)


def _folded(d: int) -> Call:
    return partial(_one_hot(d).fold, _coded(d))


def _unfolded(d: int) -> Call:
    groups = _one_hot(d)
    return partial(groups.unfold, groups.fold(_coded(d)))


def _of_table(ask: Callable[[Table], Any], of: Callable[[int], Any] = numbers, most: int = 10**7) -> list[Law]:
    return [rows(lambda X: ask(Table.of(X)), of, 100, most)]


IN_MEMORY: dict[str, list[Law]] = {
    "table.one_hot.OneHot.find": [
        rows(OneHot.find, lambda n: bits(n).astype(float)),
        Law("columns", lambda d: partial(OneHot.find, _coded(d)), 8, 800),
    ],
    "table.one_hot.OneHot.fold": [Law("columns", _folded, 8, 800)],
    "table.one_hot.OneHot.unfold": [Law("columns", _unfolded, 8, 800)],
    "table.one_hot.OneHot.spans": [Law("columns", lambda d: partial(_one_hot(d).spans, d), 8, 8000)],
    "table.table.Table.of": [
        *_of_table(lambda table: table.read()),
        *_of_table(lambda table: table.cells(0), frame),
        columns(lambda X: Table.of(X).read(), most=100_000),
    ],
    "table.table.Table.above": _of_table(lambda table: table.above(0.5).read()),
    "table.table.Table.blocks": _of_table(lambda table: list(table.blocks(50))),
    "table.table.Table.cells": _of_table(lambda table: table.cells(0), most=10**6),
    "table.table.Table.column": _of_table(lambda table: table.column(0), most=10**6),
    "table.table.Table.named": [
        columns(lambda X: Table.of(X).named([f"c{k}" for k in range(X.shape[1])]), most=10_000)
    ],
    "table.table.Table.picked": _of_table(lambda table: table.picked([1, 0], None).read()),
    "table.table.Table.read": _of_table(lambda table: table.read()),
    "table.table.Table.style": _of_table(lambda table: table.style(0)),
    "table.table.Table.take": _of_table(lambda table: table.take(np.arange(0, table.n_rows, 2)).read()),
    "table.table.Table.through": _of_table(lambda table: table.through([NUMBERS, NUMBERS]).read()),
    "table.table.Table.where": _of_table(lambda table: table.where(0, 1)),
}


def _written(suffix: str) -> Callable[[int], Any]:
    def write(n: int) -> Path:
        path = place(f"rows-{n}{suffix}")
        write_table(path, numbers(n), ["age", "size"])
        return path

    return write


def _read(path: Any) -> Any:
    return read_table(path).read()


def _wide_file(d: int) -> Call:
    path = place(f"columns-{d}.csv")
    write_table(path, bits(20, d).astype(float), [f"c{k}" for k in range(d)])
    return partial(_read, path)


def _worded_file(n: int) -> Call:
    path = place(f"words-{n}.csv")
    words(n).to_csv(path, index=False)
    return lambda: read_table(path).cells(0)


def _stored(made: Any, theta: Any, x: Any) -> None:
    made_np.save(place("model.npz"), made, theta)


def _loaded(h: int) -> Call:
    made = MADE(16, (h,))
    made_np.save(place(f"model-{h}.npz"), made, made.init(0))
    return partial(made_np.load, place(f"model-{h}.npz"))


def _arrays(n: int) -> Call:
    made = MADE(2, (2,))
    arrays = {f"a{k}": np.arange(3) for k in range(n)}
    made_np.save(place(f"arrays-{n}.npz"), made, made.init(0), arrays=arrays)
    return partial(made_np.load, place(f"arrays-{n}.npz"))


def _density_file(n: int) -> Path:
    path = place(f"density-{n}.npz")
    density().fit(words(n)).save(path)
    return path


def _exported(write: Callable[[Any, Any], Any]) -> list[Law]:
    return [hidden(lambda made, theta, x: write(made, theta))]


def _tensors(h: int) -> Call:
    made = MADE(16, (h,))
    interop.to_safetensors(made, made.init(0), place(f"model-{h}.safetensors"))
    return partial(interop.from_safetensors, place(f"model-{h}.safetensors"))


def _imported(d: int) -> Call:
    made = MADE(d, (32,))
    views = made.layout.views(made.init(0))
    masks = made.mask_sets[0].masks
    layers = [(views[f"W{k}"] * mask, views[f"b{k}"], mask) for k, mask in enumerate(masks)]
    return partial(interop.from_layers, layers, "bernoulli")


FILES: dict[str, list[Law]] = {
    "table.files.read_table": [
        *(rows(_read, _written(suffix), 100, 10**6) for suffix in (".csv", ".npy", ".npz", ".parquet")),
        Law("columns", _wide_file, 20, 20_000),
        Law("words", _worded_file, 50, 5000),
    ],
    "table.files.writing.write_table": [
        rows(lambda x, end=end: write_table(place(f"written{end}"), x, ["a", "b"]), numbers)  # type: ignore[misc]
        for end in (".csv", ".npy", ".npz", ".parquet")
    ],
    "storage.model_file.save": [hidden(_stored)],
    "storage.model_file.load": [Law("hidden units", _loaded, 100, 100_000), Law("arrays", _arrays, 10, 9000)],
    "estimator.density.MADEDensity.save": [
        Law("words", lambda n: partial(density().fit(words(n)).save, place("saved.npz")), 50, 5000)
    ],
    "estimator.density.MADEDensity.load": [
        Law("words", lambda n: partial(MADEDensity.load, _density_file(n)), 50, 5000)
    ],
    "interop.script.to_numpy_script": _exported(
        lambda made, theta: interop.to_numpy_script(made, theta, place("script.py"))
    ),
    "interop.safe_tensors.to_safetensors": _exported(
        lambda made, theta: interop.to_safetensors(made, theta, place("model.safetensors"))
    ),
    "interop.safe_tensors.from_safetensors": [Law("hidden units", _tensors, 100, 100_000)],
    "interop.onnx_out.to_onnx": _exported(lambda made, theta: interop.to_onnx(made, theta)),
    "interop.torch_out.to_torch": _exported(lambda made, theta: interop.to_torch(made, theta)),
    "interop.jax_out.to_jax": _exported(lambda made, theta: interop.to_jax(made, theta)),
    "interop.importing.from_layers": [Law("features", _imported, 10, 1000, 2)],
}


@cache
def _model() -> str:
    path = place("learned.npz")
    learned().save(path)
    return str(path)


@cache
def _table_file(n: int, with_gaps: bool = False) -> str:
    path = place(f"table-{n}-{with_gaps}.csv")
    (gaps if with_gaps else frame)(n).to_csv(path, index=False)
    return str(path)


def _command(words_of: Callable[[int], list[str]], most: int = 100_000) -> list[Law]:
    """Return the law of a command by the rows of its table; what it prints is thrown away."""

    def run(argv: list[str]) -> None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            status = run_command(argv)
        if status:
            raise RuntimeError(f"made-np {' '.join(argv)} ended with {status}")

    return [Law("rows", lambda n: partial(run, words_of(n)), 100, most)]


def _out(suffix: str = ".csv") -> list[str]:
    return ["--out", str(place(f"out{suffix}"))]


COMMANDS: dict[str, list[Law]] = {
    "made-np train": _command(
        lambda n: ["train", _table_file(n), "--epochs", "1", "--hidden", "16", "--order", "natural", *_out(".npz")]
    ),
    "made-np describe": _command(lambda n: ["describe", _table_file(n)]),
    "made-np score": _command(lambda n: ["score", _model(), _table_file(n), *_out()]),
    "made-np sample": _command(lambda n: ["sample", _model(), "-n", str(n), *_out()]),
    "made-np complete": _command(lambda n: ["complete", _model(), _table_file(n, True), *_out()], 10_000),
    "made-np explain": _command(lambda n: ["explain", _model(), _table_file(n), *_out()], 10_000),
}

LAWS = {**IN_MEMORY, **FILES, **COMMANDS}
