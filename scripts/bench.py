"""Measure made_np against torch, JAX in one table, on a CPU or on a GPU.

    pip install torch jax onnx onnxruntime
    python scripts/bench.py [--only step sample] [--quick] [--json FILE]
    python scripts/bench.py --device cuda [--seconds 230] [--only 8000] [--json FILE]

Training steps, scoring, sampling, peak memory, whole fits and the import, each against those of torch (eager, with its
fused Adam), torch.compile and JAX jit that are installed, with two cores for everybody; scoring against ONNX Runtime,
too. Where the processor has instructions for bf16, steps of each are timed with products of bf16 as well, ours by
``backend="bfloat16"``. All contenders start from the same weights, see the same rows, and must first agree on loss,
gradient and step (bf16 to fewer digits), or nothing is timed. They run in blocks, in turn, each after a pause;
`benchmark/timing.py` says how and why. What peers are given for free: rows already encoded and already their own
tensors, and masks as float tensors, ready to multiply.

Rows of few ones, as words or clicks have, are cases of their own (`--only sparse`); so is the NumPy backend, beside
torch, beside the dense products alone (`--only NumPy`). One step is timed beside busy processes, too, and says how many
times as long it takes there as alone.

Against whom it counts is "the fastest of all", which is named. What is not timed is named with the reason, at the foot.

A cell is "median / 10th percentile (how many times ours)". "Share of floor" is the time that the live multiply-adds
take at this machine's own rate of dense matrix products, or that live parameters and moments take at its rate of
copying, whichever is longer, as a share of our median (`benchmark/work.py`); both rates are measured before and after
the run, and the better one is taken.

`MADE_NP_BACKEND` chooses our backend, `MADE_NP_DATA` names the folder of the data sets (else ../shared/data).
Run it on an otherwise idle machine: what other processes take meanwhile is measured, and rows that suffered are named.

On a GPU (`benchmark/device`) each library has a process of its own, ours has backend="cupy", and each line is printed
as soon as it is known. What fails is named, and the others go on. `--rehearse numba` runs all of that without a GPU, on
small shapes, with another backend in the place of CuPy.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.cores import has_bf16, limit_cores

if TYPE_CHECKING:
    from benchmark.cases import Case, Settings
    from benchmark.machine import Machine
    from benchmark.report import Result

# What must be installed for each peer.
PEERS = {"torch": ["torch"], "compile": ["torch"], "jax": ["jax"], "onnx": ["onnxruntime", "onnx"]}


def arguments() -> argparse.Namespace:
    """Return the command line, parsed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="cases whose name contains one of these; see --list")
    parser.add_argument("--list", action="store_true", help="print the names of all cases and stop")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS), help="all that are installed")
    parser.add_argument("--rounds", type=int, help="turns of each contender (15; on a GPU 5)")
    parser.add_argument("--turn", type=float, metavar="S", help="seconds that a turn is clocked (0.1)")
    parser.add_argument("--cores", type=int, default=2, help="for each contender (2); needs Linux")
    parser.add_argument("--quick", action="store_true", help="small shapes, few rounds: to see that everything runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there as well")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="what computes (cpu)")
    gpu = parser.add_argument_group("with --device cuda")
    gpu.add_argument("--seconds", type=float, metavar="S", help="all of it ends by then (230)")
    gpu.add_argument("--masks", choices=("float32", "bool"), default="float32", help="how peers hold masks (float32)")
    gpu.add_argument("--rehearse", choices=("numpy", "numba"), help="small, without a GPU")
    args = parser.parse_args()
    args.quick = args.quick or args.rehearse is not None
    if args.quick:
        args.rounds = args.rounds or 3
        args.turn = args.turn or 0.01
    return args


def all_cases(settings: Settings) -> Iterator[Case]:
    """Every row of the table, in its order."""
    from benchmark import by_numpy, cases, crowded, dense, processes, sparse

    yield from cases.training_cases(settings)
    yield from sparse.sparse_cases(settings)
    yield from by_numpy.numpy_cases(settings)
    yield crowded.crowded_case(settings)
    yield dense.log_prob_case(settings)
    yield from dense.sampling_cases(settings)
    yield processes.memory_case(settings)
    yield from processes.fit_cases(settings)
    yield processes.import_case(settings)


def chosen(cases: Iterator[Case], only: Sequence[str] | None) -> list[Case]:
    """Return the cases that are asked for, all by default."""
    found = [case for case in cases if only is None or any(word in case.name for word in only)]
    if not found:
        raise SystemExit(f"no case has any of {only} in its name: see --list")
    return found


def missing(peer: str) -> list[str]:
    """Return what a peer needs and is not installed."""
    return [name for name in PEERS[peer] if find_spec(name) is None]


def not_timed(peers: Sequence[str]) -> Iterator[str]:
    """Yield who was asked for and could not be timed, with the reason."""
    for peer in peers:
        if lacks := missing(peer):
            yield f"not timed: {peer}, as {' and '.join(lacks)} cannot be imported (pip install {' '.join(lacks)})"
    if not has_bf16():
        yield "not timed: products of bf16, as this processor has no instructions for them"


def report(results: list[Result], machine: Machine, args: argparse.Namespace) -> None:
    """Print the table with its foot, and write the JSON file if one is asked for."""
    from benchmark.machine import describe
    from benchmark.report import summary, table

    about = describe()
    print(table(results, machine), "", sep="\n")
    for line in [*not_timed(args.peers), *summary(results, machine, shared=not args.quick)]:
        print(f"- {line}")
    rates = (
        f"{machine.sgemm / 1e9:.0f} GFLOP/s dense float32 products, {machine.copy / 1e9:.1f} GB/s copied (read + write)"
    )
    print(f"- this machine: {rates}; " + ", ".join(f"{key} {value}" for key, value in about.items()))
    if args.json is not None:
        stored = {
            "about": about,
            "machine": machine._asdict(),
            "quick": args.quick,
            "rounds": args.rounds,
            "results": [result.to_dict(machine) for result in results],
        }
        args.json.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Run the cases that are asked for, and print the table."""
    args = arguments()
    if args.device == "cuda":
        from benchmark.device import run

        run.main(args)
        return
    limit_cores(args.cores)  # before anything numerical is imported
    from benchmark.cases import Settings
    from benchmark.machine import best, measure
    from benchmark.timing import TURN

    peers = frozenset(name for name in args.peers if not missing(name))
    settings = Settings(peers, args.rounds or 15, args.turn or TURN, args.quick)
    cases = chosen(all_cases(settings), args.only)
    if args.list:
        print(*(case.name for case in cases), sep="\n")
        return
    size = 1024 if args.quick else 2048
    machine = measure(size)
    results = []
    for k, case in enumerate(cases, start=1):
        start = time.perf_counter()
        result = replace(case.run(), others=settings.load.take())
        results.append(replace(result, targets=()) if args.quick else result)
        print(f"{k} of {len(cases)}, {time.perf_counter() - start:.0f} s: {case.name}", file=sys.stderr, flush=True)
    report(results, best(machine, measure(size)), args)


if __name__ == "__main__":
    main()
