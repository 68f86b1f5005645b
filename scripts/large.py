"""Measure how time, with memory, grows with the rows of a table of 15 mixed columns in Parquet files.

    python scripts/large.py --rows 300000 1000000 3000000                # one pass of partial_fit, block by block
    python scripts/large.py --rows 300000 1000000 3000000 --way fit      # one epoch of MADEDensity.fit on the file
    python scripts/large.py --rows 300000 1000000 3000000 --way dask     # the same on the workers of a Dask cluster

For each size one process fits, another scores all rows. Printed are seconds, and the most resident memory that the
process has held (with Dask, its largest worker); then the straight lines through both, with what they say of 10^8 rows.
That is an extrapolation, and not a measurement. Files go to `--folder` and are removed, unless `--keep`.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from benchmark import mixed_rows

import made_np

FAR = 10**8
"""Rows that lines are drawn on to."""
SPARE = 2
"""The disk has to have so many times the space that the files will take."""
ROW_BYTES = 55
"""Of a row in a Parquet file, about."""
FLAT = 0.1
"""Memory is called constant if the line rises by less than this share over the sizes that were measured."""


class Cost(NamedTuple):
    """What a stage costs."""

    seconds: float
    cpu_seconds: float
    """Of the processor, all workers together: they do not depend on who else uses the machine."""
    peak_mib: float


def density(batch_size: int) -> made_np.MADEDensity:
    """Return an estimator that has nothing to choose, and passes over the rows once."""
    return made_np.MADEDensity(
        (64,),
        order="natural",
        n_masks=1,
        answers="order",
        missing="level",
        learning_rate=2e-3,
        weight_decay=0.0,
        dropout=0.0,
        batch_size=batch_size,
        max_epochs=1,
        random_state=0,
    )


# ------------------------------------------------------------------------------------------ stages


def stream(folder: Path, model: Path, batch_size: int) -> None:
    """Learn from one block after the other."""
    learner = density(batch_size)
    for rows in mixed_rows.read(folder):
        learner.partial_fit(rows)
    learner.save(model)


def fit(folder: Path, model: Path, batch_size: int) -> None:
    """Learn from the whole file, whose rows are read when they are encoded."""
    from made_np.table.files import read_table

    files = sorted(folder.glob("*.parquet"))
    if len(files) > 1:
        raise SystemExit(f"--way fit reads one file, and there are {len(files)}: give a larger --file-rows")
    density(batch_size).fit(read_table(files[0])).save(model)


def score(folder: Path, model: Path, batch_size: int) -> None:
    """Score all rows, block by block."""
    learned = made_np.MADEDensity.load(model)
    total = 0.0
    n = 0
    for rows in mixed_rows.read(folder):
        scores = learned.score_samples(rows)
        total += float(scores.sum())
        n += len(scores)
    print(f"{total / n:.4f} nats per row", file=sys.stderr)


STAGES: dict[str, Callable[[Path, Path, int], None]] = {"stream": stream, "fit": fit, "score": score}


def with_dask(stage: str, folder: Path, model: Path, batch_size: int, n_workers: int) -> Cost:
    """Fit or score on a cluster of this machine; its largest worker counts."""
    import dask.dataframe as dd
    from distributed import Client, LocalCluster

    from made_np.cluster import dask as made_dask

    with (
        LocalCluster(n_workers, threads_per_worker=1, dashboard_address=":0", memory_limit=0) as cluster,
        Client(cluster) as client,
    ):
        table = dd.read_parquet(folder, split_row_groups=True)
        begin = time.perf_counter()
        used = sum(client.run(time.process_time).values())
        if stage == "fit":
            made_dask.fit(table, density(batch_size), client=client).save(model)
        else:
            mean = made_dask.score_samples(model, table).mean().compute()
            print(f"{mean:.4f} nats per row", file=sys.stderr)
        used = sum(client.run(time.process_time).values()) - used
        return Cost(time.perf_counter() - begin, used, max(client.run(peak).values()))


def peak() -> float:
    """Return the most memory that this process has held, in MiB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 2**20 if sys.platform == "darwin" else most / 2**10


def run_stage(asked: argparse.Namespace) -> Cost:
    """Run one stage in this process."""
    if asked.way == "dask":
        return with_dask(asked.stage, asked.folder, asked.model, asked.batch_size, asked.workers)
    name = asked.way if asked.stage == "fit" else "score"
    begin = time.perf_counter()
    used = time.process_time()
    STAGES[name](asked.folder, asked.model, asked.batch_size)
    return Cost(time.perf_counter() - begin, time.process_time() - used, peak())


# ------------------------------------------------------------------------------------------ sizes


def measure(n_rows: int, asked: argparse.Namespace) -> dict[str, Cost]:
    """Return what each stage costs for so many rows, each in a process of its own."""
    folder = asked.folder / str(n_rows)
    needed = SPARE * ROW_BYTES * n_rows
    if not folder.exists():
        free = shutil.disk_usage(asked.folder).free
        if free < needed:
            raise SystemExit(
                f"{n_rows} rows need some {needed >> 20} MiB in {asked.folder}, where {free >> 20} MiB are free: give "
                "another --folder, or fewer --rows"
            )
        mixed_rows.write(folder, n_rows, asked.file_rows)
    model = asked.folder / f"{n_rows}-{asked.way}.npz"
    costs = {}
    for stage in ("fit", "score"):
        same = ["--way", asked.way, "--batch-size", str(asked.batch_size), "--workers", str(asked.workers)]
        command = [sys.executable, __file__, "--stage", stage, "--folder", str(folder), "--model", str(model), *same]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        costs[stage] = Cost(*json.loads(done.stdout.splitlines()[-1]))
    if not asked.keep:
        shutil.rmtree(folder)
        model.unlink()
    return costs


def line(rows: Sequence[int], values: Sequence[float]) -> tuple[float, float]:
    """Return slope and intercept of the straight line with the least relative errors."""
    x = np.array(rows, dtype=np.float64)
    y = np.array(values)
    slope, intercept = np.polyfit(x, y, 1, w=1 / y)
    return float(slope), float(intercept)


def verdict(stage: str, rows: Sequence[int], costs: Sequence[Cost]) -> str:
    """Return in words what the lines say."""
    per_row, start = line(rows, [cost.cpu_seconds for cost in costs])
    bytes_per_row, base = line(rows, [cost.peak_mib for cost in costs])
    off = max(
        abs(start + per_row * n - cost.cpu_seconds) / cost.cpu_seconds for n, cost in zip(rows, costs, strict=True)
    )
    rise = bytes_per_row * (max(rows) - min(rows))
    is_flat = abs(rise) < FLAT * base
    said = "constant" if is_flat else f"not constant, {bytes_per_row * 2**20:.0f} bytes per row"
    far = base + (0.0 if is_flat else bytes_per_row * FAR)
    return (
        f"{stage}: {1e6 * per_row:.2f} s of CPU per million rows, after {start:.1f} s (off the line by at most "
        f"{off:.0%}); memory {base:.0f} MiB, {said}\n"
        f"  extrapolated to {FAR:.0e} rows, not measured: {(start + per_row * FAR) / 3600:.1f} h of CPU, "
        f"{far / 1024:.1f} GiB"
    )


def main() -> None:
    """Measure all sizes, and print a line for each, then the straight lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[300_000, 1_000_000, 3_000_000], help="sizes")
    parser.add_argument("--way", choices=["stream", "fit", "dask"], default="stream")
    parser.add_argument("--folder", type=Path, help="where files are written (a new temporary folder)")
    parser.add_argument("--keep", action="store_true", help="leave the files, and take those that are there")
    parser.add_argument("--file-rows", type=int, default=10_000_000, help="rows of a Parquet file")
    parser.add_argument("--batch-size", type=int, default=1_000)
    parser.add_argument("--workers", type=int, default=2, help="of the Dask cluster")
    parser.add_argument("--stage", choices=["fit", "score"], help=argparse.SUPPRESS)
    parser.add_argument("--model", type=Path, help=argparse.SUPPRESS)
    asked: Any = parser.parse_args()
    if asked.stage is not None:
        print(json.dumps(run_stage(asked)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        asked.folder = asked.folder or Path(temporary)
        print("| rows | fit, s | CPU, s | MiB | score, s | CPU, s | MiB |\n|---|---|---|---|---|---|---|")
        all_costs = []
        for n_rows in asked.rows:
            costs = measure(n_rows, asked)
            all_costs.append(costs)
            cells = [f"{cost.seconds:.1f} | {cost.cpu_seconds:.1f} | {cost.peak_mib:.0f}" for cost in costs.values()]
            print(f"| {n_rows} | {' | '.join(cells)} |", flush=True)
    if len(asked.rows) > 1:
        for stage in ("fit", "score"):
            print(verdict(f"{asked.way} {stage}", asked.rows, [costs[stage] for costs in all_costs]))


if __name__ == "__main__":
    main()
