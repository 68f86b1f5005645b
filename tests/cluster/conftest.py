"""A cluster of two processes on this machine, for the tests that need one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def client() -> Iterator[Any]:
    """A client of two workers, each a process with one thread; one that dies comes back after some seconds."""
    distributed = pytest.importorskip("distributed", reason="distributed is not installed: the extra dask brings it")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as found,
    ):
        yield found
