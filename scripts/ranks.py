"""Measure what a training step costs on one rank, on two ranks; tell from it what it costs on many.

    python scripts/ranks.py [--quick] [--json FILE]
    mpiexec -n 16 python scripts/ranks.py --mpi     # steps on the ranks of a cluster, as they are

Each step is one of `made_np.fit` on rows of 784 bits (forward, backward, Adam, float32), each rank a process with one
thread. Two ranks talk through sockets of this machine (`made_np.ranks.sockets`), with a relay between them that hands
on all bytes after a delay (`benchmark/relay.py`): a network of that latency, without a wire. The fitted sizes at the
fitted latencies give the costs of `benchmark/steps_on_ranks.py`; a size that was not fitted, or a latency, shows how
well they tell. A time is that of the quickest of some epochs, since the cores may have other work to do.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from benchmark.relay import relay
from benchmark.steps_on_ranks import BYTES, Case, Costs, Network, least
from benchmark.work import live_weights

from made_np import MADE

D = 784
FITTED = ((100, 100), (500,), (1000,), (2000,))
UNSEEN = ((1500,),)
LATENCIES = (0.0002, 0.002)
UNSEEN_LATENCY = 0.001
BATCHES = (100, 200)
"""Rows of a step: both on one rank, the larger one on two."""
KEY = b"a secret of this measurement"
RANKS = (8, 64, 512)
NETWORKS = (Network("10 Gbit/s, 30 us", 30e-6, 1.25e9), Network("100 Gbit/s, 3 us", 3e-6, 12.5e9))
"""As Ethernet has them, and InfiniBand."""


class Plan(NamedTuple):
    """One measurement: hidden layers, rows of a step."""

    hidden: tuple[int, ...]
    rows: int


def made_of(hidden: tuple[int, ...]) -> MADE:
    """Return the model of a measurement."""
    return MADE(D, hidden, order="random", direct=False)


def case_of(plan: Plan, ranks: int = 1, latency: float = 0.0) -> Case:
    """Return a measurement as the costs know it."""
    made = made_of(plan.hidden)
    return Case(sum(live_weights(made).values()), made.n_params, plan.rows, ranks, latency)


def measure(plan: Plan, rank: int, size: int, comm: Any, steps: int, epochs: int) -> float:
    """Return the seconds of a step: in the quickest of some epochs, of which the first does not count."""
    from made_np import fit

    n = plan.rows * steps // size
    x = (np.random.default_rng(rank).random((n, D)) < 0.3).astype(np.uint8)
    result = fit(made_of(plan.hidden), x, batch_size=plan.rows, max_epochs=epochs + 1, comm=comm)
    return float(np.diff(result.history["seconds"]).min()) / steps


def measure_sum(n: int, comm: Any, times: int) -> float:
    """Return the seconds of a sum of n float32: the quickest of some."""
    vector = np.ones(n, np.float32)
    found = []
    for _ in range(times):
        comm.share(None)
        begin = time.perf_counter()
        comm.add(vector).wait()
        found.append(time.perf_counter() - begin)
    return min(found)


def work(rank: int, size: int, address: Any, plans: Sequence[Plan], steps: int, epochs: int, answer: Any) -> None:
    """Be one rank of all measurements."""
    from made_np.ranks.sockets import connect

    if size == 1:
        answer.put([measure(plan, 0, 1, None, steps, epochs) for plan in plans])
        return
    with connect(rank, size, address, KEY) as comm:
        found = [measure(plan, rank, size, comm, steps, epochs) for plan in plans]
        sums = [measure_sum(made_of(plan.hidden).n_params, comm, 4 * epochs) for plan in plans]
    if rank == 0:
        answer.put([*found, *sums])


def on_ranks(size: int, plans: Sequence[Plan], steps: int, epochs: int, latency: float | None = None) -> list[float]:
    """Return the seconds of a step of each measurement; latency None: the ranks talk without a relay."""
    from made_np.ranks.lines import free_address

    address = free_address()
    if latency is not None:
        with relay(address, latency) as near:
            return _started(size, (address, near), plans, steps, epochs)
    return _started(size, (address, address), plans, steps, epochs)


def _started(size: int, addresses: Any, plans: Sequence[Plan], steps: int, epochs: int) -> list[float]:
    spawn = get_context("spawn")
    answer = spawn.Queue()
    about = (plans, steps, epochs, answer)
    ranks = [spawn.Process(target=work, args=(r, size, addresses[min(r, 1)], *about)) for r in range(size)]
    for process in ranks:
        process.start()
    found: list[float] = answer.get(timeout=600)
    for process in ranks:
        process.join()
    return found


class Row(NamedTuple):
    """What was measured, what was told."""

    hidden: tuple[int, ...]
    what: str
    measured: float
    told: float
    is_fitted: bool


class Found(NamedTuple):
    """What was measured: a step, or a sum alone."""

    plan: Plan
    ranks: int
    latency: float | None
    """None: without a relay."""
    seconds: float
    is_sum: bool = False


def measured(steps: int, epochs: int, rounds: int) -> list[Found]:
    """Return all measurements, each the quickest of some rounds."""
    each = [_round(steps, epochs) for _ in range(rounds)]
    return [same[0]._replace(seconds=min(one.seconds for one in same)) for same in zip(*each, strict=True)]


def _round(steps: int, epochs: int) -> list[Found]:
    sizes = (*FITTED, *UNSEEN)
    alone = [Plan(hidden, rows) for hidden in sizes for rows in BATCHES]
    found = [Found(plan, 1, 0.0, s) for plan, s in zip(alone, on_ranks(1, alone, steps, epochs), strict=True)]
    pairs = [Plan(hidden, BATCHES[-1]) for hidden in sizes]
    for latency in (None, *LATENCIES, UNSEEN_LATENCY):
        seconds = on_ranks(2, pairs, steps, epochs, latency)
        found += [Found(plan, 2, latency, s) for plan, s in zip(pairs, seconds, strict=False)]
        found += [Found(plan, 2, latency, s, True) for plan, s in zip(pairs, seconds[len(pairs) :], strict=True)]
    return found


def told(found: Sequence[Found]) -> tuple[Costs, list[Row]]:
    """Return the costs, and what they tell of all that was measured."""
    sums = [one for one in found if one.is_sum and one.latency in LATENCIES]
    params = np.array([BYTES * made_of(one.plan.hidden).n_params for one in sums], float)
    latencies = np.array([one.latency for one in sums], float)
    seconds = np.array([one.seconds for one in sums])
    byte, talk = least(np.column_stack([params, np.ones(len(sums))]), seconds - 2 * latencies, seconds)
    steps = [one for one in found if not one.is_sum]
    cases = [case_of(one.plan, one.ranks, one.latency or 0.0) for one in steps]
    fitted = [one.plan.hidden in FITTED and (one.ranks == 1 or one.latency in LATENCIES) for one in steps]
    chosen = [(case, one.seconds) for case, one, is_fitted in zip(cases, steps, fitted, strict=True) if is_fitted]
    costs = Costs.fit([case for case, _ in chosen], [s for _, s in chosen], byte, talk)
    rows = []
    for one, case, is_fitted in zip(steps, cases, fitted, strict=True):
        way = "loopback alone" if one.latency is None else f"{1e3 * one.latency:g} ms one way"
        rank = "1 rank" if one.ranks == 1 else "2 ranks"
        what = f"{rank}, {one.plan.rows} rows" + (f", {way}" if one.ranks > 1 else "")
        rows.append(Row(one.plan.hidden, what, one.seconds, costs.seconds(case), is_fitted))
    return costs, rows


def tables(costs: Costs, rows: Sequence[Row]) -> str:
    """Return what was measured and told as Markdown, then what it means for many ranks."""
    lines = ["| hidden | step on | measured, ms | told, ms | error | fitted |", "|---|---|---|---|---|---|"]
    for row in rows:
        error = row.told / row.measured - 1
        figures = f"{1e3 * row.measured:.2f} | {1e3 * row.told:.2f} | {error:+.0%}"
        lines.append(f"| {_spelled(row.hidden)} | {row.what} | {figures} | {'yes' if row.is_fitted else 'no'} |")
    lines += ["", ", ".join(f"{name} {value:.3g}" for name, value in vars(costs).items()), ""]
    lines += ["| hidden | network | ranks | batch | one rank, ms | told, ms | times as fast | pays from | half from |"]
    lines += ["|---|---|---|---|---|---|---|---|---|"]
    for hidden in FITTED[1:]:
        for network in NETWORKS:
            lines += [_on_many(costs, hidden, network, n) for n in RANKS]
    return "\n".join(lines)


def _on_many(costs: Costs, hidden: tuple[int, ...], network: Network, n: int) -> str:
    case = case_of(Plan(hidden, 100 * n))._replace(ranks=n)  # of 100 rows for each rank
    one = costs.seconds(case._replace(ranks=1))
    many = costs.on(network, case)
    pays = costs.pays_from(network, case)
    half = costs.pays_from(network, case, 0.5)
    about = f"{_spelled(hidden)} | {network.name} | {n} | {case.rows}"
    return f"| {about} | {1e3 * one:.0f} | {1e3 * many:.1f} | {one / many:.0f} | {pays:.0f} | {half:.0f} |"


def _spelled(hidden: tuple[int, ...]) -> str:
    return "-".join(map(str, hidden))


def on_cluster(steps: int, epochs: int) -> None:
    """Print what a step costs on the ranks that mpiexec has started, with as many rows for each as the pair has."""
    from mpi4py import MPI

    comm = MPI.COMM_WORLD
    size = comm.Get_size()
    plans = [Plan(hidden, BATCHES[0] * size) for hidden in (*FITTED, *UNSEEN)]
    found = [measure(plan, comm.Get_rank(), size, comm, steps, epochs) for plan in plans]
    if comm.Get_rank() == 0:
        print(f"| hidden | ranks | rows | step, ms |\n|{'---|' * 4}")
        for plan, seconds in zip(plans, found, strict=True):
            print(f"| {_spelled(plan.hidden)} | {size} | {plan.rows} | {1e3 * seconds:.2f} |")


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=3, help="of an epoch (3)")
    parser.add_argument("--epochs", type=int, default=9, help="of which the quickest counts (9)")
    parser.add_argument("--rounds", type=int, default=3, help="of everything, of which the quickest counts (3)")
    parser.add_argument("--quick", action="store_true", help="few steps: to see that it runs")
    parser.add_argument("--mpi", action="store_true", help="measure on the ranks that mpiexec has started")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there as well")
    args = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = "1"  # for the ranks, which are started later
    about = (2, 2, 1) if args.quick else (args.steps, args.epochs, args.rounds)
    if args.mpi:
        on_cluster(*about[:2])
        return
    costs, rows = told(measured(*about))
    print(tables(costs, rows))
    if args.json is not None:
        figures = {"costs": vars(costs), "rows": [row._asdict() for row in rows]}
        args.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
