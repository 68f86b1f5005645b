"""However rows and parameters lie in memory, the kernels see the same numbers, and need not be compiled once more."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_np.backends import get_backend
from made_np.optim import SGD, Adam

from .problems import Array, assert_same, everything, gradient, problem, sample, steps, table

numba = pytest.importorskip("numba")

from numba.core.dispatcher import Dispatcher  # noqa: E402

Layout = Callable[[Array, Path], Array]


def misaligned(array: Array, folder: Path) -> Array:
    memory = np.empty(array.nbytes + 1, dtype=np.uint8)
    other = memory[1:].view(array.dtype).reshape(array.shape)
    other[...] = array
    assert not other.flags.aligned
    return other


def strided(array: Array, folder: Path) -> Array:
    return np.repeat(array, 2, axis=-1)[..., ::2]


def backwards(array: Array, folder: Path) -> Array:
    return array[::-1].copy()[::-1]


def every_third_row(array: Array, folder: Path) -> Array:
    return np.repeat(array, 3, axis=0)[::3]


def fortran(array: Array, folder: Path) -> Array:
    return np.asfortranarray(array)


def read_only(array: Array, folder: Path) -> Array:
    other = array.copy()
    other.flags.writeable = False
    return other


def read_only_and_strided(array: Array, folder: Path) -> Array:
    other = strided(array, folder)
    other.flags.writeable = False
    return other


def read_only_and_misaligned(array: Array, folder: Path) -> Array:
    other = misaligned(array, folder)
    other.flags.writeable = False
    return other


def mapped(array: Array, folder: Path) -> Array:
    file = folder / f"{len(list(folder.iterdir()))}.npy"
    np.save(file, array)
    return np.load(file, mmap_mode="r")


def mapped_for_writing(array: Array, folder: Path) -> Array:
    file = folder / f"{len(list(folder.iterdir()))}.npy"
    np.save(file, array)
    return np.load(file, mmap_mode="c")


def mapped_at_an_odd_place(array: Array, folder: Path) -> Array:
    file = folder / f"{len(list(folder.iterdir()))}.bin"
    file.write_bytes(b"x" + array.tobytes())
    return np.memmap(file, array.dtype, "r", offset=1, shape=array.shape)


FLAT: list[Layout] = [
    *[misaligned, read_only, read_only_and_misaligned, mapped, mapped_for_writing, mapped_at_an_odd_place],
]
ROWS: list[Layout] = [*FLAT, strided, backwards, every_third_row, fortran, read_only_and_strided]


def kernels() -> Iterator[Any]:
    """All functions of the backend that numba compiles."""
    get_backend("numba")
    for name, module in list(sys.modules.items()):
        if name.startswith("made_np.backends._numba"):
            yield from (value for value in vars(module).values() if isinstance(value, Dispatcher))


def n_compiled() -> int:
    return sum(len(kernel.nopython_signatures) for kernel in set(kernels()))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", ["natural", "reverse"])
def test_rows_in_any_layout(dtype: str, order: str, tmp_path: Path) -> None:
    p = problem(table(order=order, dtype=dtype, n_context=2), 13, rate=0.3, input_rate=0.2, weighted=True)
    want, before = everything("numba", p, SGD()), n_compiled()
    for layout in ROWS:
        assert p.context is not None
        assert p.keeps is not None
        assert p.row_weights is not None
        other = replace(
            p,
            x=layout(p.x, tmp_path),
            context=layout(p.context, tmp_path),
            keeps=[layout(keep, tmp_path) for keep in p.keeps if keep is not None],
            row_weights=layout(p.row_weights, tmp_path),
            uniforms=layout(p.uniforms, tmp_path),
        )
        assert_same(everything("numba", other, SGD()), want)
        for name in ("x", "context", "row_weights", "uniforms"):
            np.testing.assert_array_equal(getattr(other, name), getattr(p, name), err_msg=layout.__name__)
    assert n_compiled() == before, "a layout has had kernels compiled for itself"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", ["natural", "reverse"])
def test_theta_in_any_layout(dtype: str, order: str, tmp_path: Path) -> None:
    p = problem(table(order=order, dtype=dtype), 13)
    want, before = everything("numba", p, SGD()), n_compiled()
    for layout in FLAT:
        other = layout(p.theta, tmp_path)
        assert_same(everything("numba", p.with_theta(other), SGD()), want)
        np.testing.assert_array_equal(other, p.theta, err_msg=layout.__name__)
    assert n_compiled() == before, "a layout has had kernels compiled for itself"


@pytest.mark.parametrize("layout", [misaligned, mapped_for_writing])
def test_a_gradient_is_written_to_memory_of_any_kind(layout: Layout, tmp_path: Path) -> None:
    p = problem(table(), 13)
    grad = layout(np.full_like(p.theta, np.nan), tmp_path)
    p.bound("numba").loss_and_grad(p.theta, p.x, p.context, grad)
    np.testing.assert_array_equal(grad, gradient("numba", p)["grad"])


@pytest.mark.parametrize("layout", [misaligned, mapped_for_writing])
@pytest.mark.parametrize("order", ["natural", "reverse"])
@pytest.mark.parametrize("only_live", [True, False])
def test_theta_is_updated_in_memory_of_any_kind(layout: Layout, order: str, only_live: bool, tmp_path: Path) -> None:
    p, rule = problem(table(order=order), 13), Adam()
    want = steps("numba", p, rule, n=1, only_live=only_live)
    theta, state = layout(p.theta, tmp_path), rule.init(p.theta)
    given = (theta, p.x, p.context, np.empty_like(p.theta), rule, state)
    p.bound("numba").train_step(*given, 1e-3, only_live=only_live)
    assert_same({"theta": theta, **state}, {name: want[name] for name in ("theta", "step", "m", "v")})


def test_a_given_row_that_repeats_without_memory_of_its_own() -> None:
    p = problem(table(), 5)
    row = np.where(np.arange(p.x.shape[1]) % 2, p.x[0], np.nan)
    repeated = np.broadcast_to(row, p.x.shape)
    np.testing.assert_array_equal(sample("numba", p, repeated), sample("numba", p, repeated.copy()))


def test_results_are_the_callers_own() -> None:
    p = problem(table(), 9)
    first = everything("numba", p, SGD())
    kept = {name: value.copy() for name, value in first.items()}
    everything("numba", p.with_theta(-p.theta), SGD())  # in the same memory, if any is kept
    assert_same(first, kept)
