"""What was freed between arrays that live on goes back to the system."""

from __future__ import annotations

import ctypes
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from made_np import heap

CHUNK = 100_000
"""Bytes of one array: the C library takes memory for more than 128 KiB from the system, and gives it back."""


def resident() -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1000


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="no C library that keeps memory"
)
def test_freed_memory_goes_back_though_an_array_behind_it_lives_on() -> None:
    arrays = [np.ones(CHUNK, np.uint8) for _ in range(600)]  # 60 MB
    last = arrays[-1]
    arrays.clear()
    kept = resident()
    heap.give_back()
    assert resident() < kept - 30
    assert last.all()


@pytest.mark.parametrize("trouble", [OSError, TypeError])
def test_nothing_is_done_where_the_c_library_cannot(trouble: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: object) -> object:
        raise trouble

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    heap._trim.cache_clear()
    try:
        heap.give_back()
        assert heap._trim() is None
    finally:
        heap._trim.cache_clear()
