"""What tests of several backends share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture
def in_parallel(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Share the smallest of work among threads, of which there are four on whatever machine."""
    pytest.importorskip("numba")
    from made_np.backends._numba import run, threads

    monkeypatch.setattr(run, "SMALL", 0)
    monkeypatch.setattr(threads, "_cores", lambda: 4)
    usual = threads.pool.limit
    yield
    threads.pool.limit = usual
