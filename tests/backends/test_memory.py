"""Memory that is lent to one call at a time, and arrays made ready for kernels."""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("numba")

from made_np.backends._numba import memory
from made_np.backends._numba.memory import borrowed, ready

DOUBLE = np.dtype("float64")


@pytest.fixture
def hectic() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_arrays_have_the_sizes_and_the_dtype_asked_for() -> None:
    for dtype in (np.dtype("float32"), DOUBLE):
        with borrowed(dtype, 3, 0, 70_000, 3) as arrays:
            assert [array.shape for array in arrays] == [(3,), (0,), (70_000,), (3,)]
            assert all(array.dtype == dtype and array.flags.writeable for array in arrays)


def test_what_is_lent_is_lent_once() -> None:
    with borrowed(DOUBLE, 50, 50) as (a, b), borrowed(DOUBLE, 50) as (c,):
        assert not any(np.shares_memory(one, other) for one, other in ((a, b), (a, c), (b, c)))
        first = a.ctypes.data, b.ctypes.data, c.ctypes.data
    with borrowed(DOUBLE, 50) as (d,), borrowed(DOUBLE, 50) as (e,), borrowed(DOUBLE, 50) as (f,):
        assert d.ctypes.data in first, "memory is used again"
        assert not any(np.shares_memory(one, other) for one, other in ((d, e), (d, f), (e, f)))


def test_new_memory_holds_no_numbers_that_are_slow_to_compute_with() -> None:
    for size in (40, 4321, 54_321):
        for _ in range(3):
            waste = [np.full(size, 1e-310) for _ in range(20)]  # what the system may hand out next
            del waste
            memory._free.clear()
            with borrowed(DOUBLE, size) as (array,):
                assert not array.any()


def test_it_comes_back_after_an_error() -> None:
    places = []

    def fail() -> None:
        with borrowed(DOUBLE, 123) as (array,):
            places.append(array.ctypes.data)
            raise ZeroDivisionError

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            fail()
    assert len(set(places)) == 1


def test_after_ctrl_c_it_is_not_lent_again() -> None:
    """However well a pool waits for its threads, one more Ctrl-C may come: what they write to then must be nobody's."""
    with borrowed(DOUBLE, 321) as (array,):
        kept = array

    def interrupted() -> None:
        with borrowed(DOUBLE, 321) as (again,):
            assert np.shares_memory(again, kept)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with borrowed(DOUBLE, 321) as (other,):
        assert not np.shares_memory(other, kept)


def test_what_is_kept_does_not_grow_with_the_number_of_sizes() -> None:

    tracemalloc.start()
    try:
        for size in range(200):
            with borrowed(DOUBLE, 100_000 + size):
                pass
        assert tracemalloc.get_traced_memory()[0] < 20 * 8 * 100_000
    finally:
        tracemalloc.stop()


def test_large_sizes_go_before_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fit whose trials had other networks does not hold the memory of them all; what it uses itself stays."""
    monkeypatch.setattr(memory, "_KEPT_BYTES", 10_000)
    memory._free.clear()
    for size in range(1000, 1012):
        with borrowed(DOUBLE, size):
            pass
    assert [size for size, _ in memory._free] == [*range(1012 - memory._IN_USE, 1012)]
    places = []
    for _ in range(3):
        for size in range(2000, 2000 + memory._IN_USE):
            with borrowed(DOUBLE, size) as (array,):
                places.append(array.ctypes.data)
    assert len(set(places)) == memory._IN_USE
    monkeypatch.setattr(memory, "_KEPT_BYTES", 1 << 20)
    for size in range(40):
        with borrowed(DOUBLE, size):
            pass
    assert len(memory._free) == memory._KEPT


@pytest.mark.usefixtures("hectic")
def test_many_threads_borrow_at_once() -> None:
    def borrow(k: int) -> int:
        rng, shared = np.random.default_rng(k), 0
        for _ in range(3000):
            with borrowed(DOUBLE, int(rng.integers(1, 40)), int(rng.integers(1, 4))) as arrays:
                for array in arrays:
                    array[:] = k
                time.sleep(0)
                shared += sum((array != k).any() for array in arrays)
        return shared

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(borrow, range(8))) == 0


def test_an_array_that_is_ready_is_not_copied() -> None:
    array = np.arange(12.0).reshape(3, 4)
    assert ready(array, DOUBLE) is array
    array.flags.writeable = False
    again = ready(array, DOUBLE)
    assert again.ctypes.data == array.ctypes.data
    assert (again.shape, again.strides) == (array.shape, array.strides)
    assert not array.flags.writeable


@pytest.mark.parametrize("writeable", [True, False])
def test_memory_lives_as_long_as_what_is_ready(writeable: bool) -> None:
    array = np.full(100_000, 3.0)
    array.flags.writeable = writeable
    again = ready(array, DOUBLE)
    del array
    np.full(100_000, 4.0)
    assert (again == 3).all()


def test_other_arrays_are_made_ready() -> None:
    array = np.arange(12.0).reshape(3, 4)
    for other in (
        array.T,
        array[:, ::2],
        array.astype("float32"),
        array.astype(">f8"),
        np.broadcast_to(array[0], (3, 4)),
    ):
        got = ready(other, DOUBLE)
        assert got.flags.c_contiguous
        assert got.flags.aligned
        assert got.dtype == DOUBLE
        np.testing.assert_array_equal(got, other)
