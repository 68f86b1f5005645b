"""Workers of Dask that fit one density, of which some are killed: the fit goes on from its checkpoint."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from forking import Child

from made_np import MADEDensity
from soaking.subjects import table
from soaking.tally import Tally

KILLS = 4
EPOCHS = 300
"""Of a fit that takes some seconds."""
PATIENCE = 400.0
CLOSE = 1e-6
"""On another number of workers sums are rounded otherwise; the fits here make no large difference of that."""


def killed_worker(rng: np.random.Generator, folder: Path, tally: Tally) -> None:
    """A fit on Dask's workers, of which some are killed at random moments, learns what it learns in one process."""
    if find_spec("distributed") is None:
        print("killed_worker is skipped: distributed is not installed (the extra dask brings it)", file=sys.stderr)
        return
    frame = table(rng)
    options = {"random_state": int(rng.integers(1000)), "batch_size": int(rng.integers(40, 100))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = _density(**options).fit(frame)
    tally.calls += 2
    moments = rng.exponential(0.5, KILLS)
    status, found = Child(lambda: _beside_kills(frame, options, moments, folder)).end(PATIENCE)
    if status != 0:
        tally.wrong.append(f"a fit whose workers were killed has ended with status {status}")
        return
    theta, n_kills = found
    for _ in range(n_kills):
        tally.settle([])
    if not np.allclose(theta, wanted.theta_, rtol=0, atol=CLOSE):
        far = float(np.abs(theta - wanted.theta_).max())
        tally.wrong.append(f"a fit whose workers were killed differs from that of one process by {far}")


def _density(**options: Any) -> MADEDensity:
    """Return an estimator whose steps do not make a large difference of a rounding."""
    same = {"dtype": "float64", "backend": "numpy", "activation": "tanh", "learning_rate": 1e-3, "order": "natural"}
    quick = {"hidden_layer_sizes": (6,), "weight_decay": 0.0, "dropout": 0.0, "answers": "any", "averaging": 0.0}
    return MADEDensity(**same, **quick, max_epochs=EPOCHS, early_stopping=False, **options)


def _beside_kills(frame: Any, options: dict[str, Any], moments: Any, folder: Path) -> tuple[Any, int]:
    """Return the theta of a fit on a cluster of its own, with how many of its workers were killed."""
    from dask.dataframe import from_pandas
    from distributed import Client, LocalCluster

    from made_np.cluster.dask import fit

    killed: list[int] = []
    is_over = threading.Event()
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", host="127.0.0.1") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        rng = np.random.default_rng(len(moments))

        def kill() -> None:
            for moment in moments:
                if is_over.wait(1.0 + moment):
                    return
                with suppress(Exception):  # a worker that goes just now answers nothing
                    pids = client.run(write_often, on_error="ignore")
                    if pids and not is_over.is_set():
                        os.kill(pids[sorted(pids)[int(rng.integers(len(pids)))]], signal.SIGKILL)
                        killed.append(0)

        client.run(write_often)
        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        parts = from_pandas(frame, npartitions=2)
        density = fit(parts, _density(**options), client=client, checkpoint=folder / "checkpoint", retries=100)
        is_over.set()
        killer.join()
        return density.theta_, len(killed)


def write_often() -> int:
    """Have a worker write a checkpoint after each epoch, and return its process."""
    from made_np.training import checkpoints

    checkpoints.EVERY = 0.0
    checkpoints.TIMES = 0.0
    return os.getpid()
