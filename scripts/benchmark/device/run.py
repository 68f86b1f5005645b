"""The whole benchmark on a GPU, a shape after the other, each line printed as soon as it is known."""

from __future__ import annotations

import json
import os
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmark.device.contender import Measure, row_name
from benchmark.device.ledger import Ledger
from benchmark.device.shapes import SHAPES, Shape
from benchmark.device.turns import ShapeRun

SECONDS = 230.0
ROUNDS = 5
TURN = 0.1
LEAST = 10.0
"""Seconds under which no shape is begun."""


def main(args: Namespace) -> None:
    """Run what the command line asks for."""
    todo = [(shape, chosen(shape, args.only)) for shape in shapes(args.quick)]
    todo = [(shape, measures) for shape, measures in todo if measures]
    if not todo:
        raise SystemExit(f"no row has any of {args.only} in its name: see --list")
    if args.list:
        print(*(row_name(shape, each) for shape, measures in todo for each in measures), sep="\n")
        return
    prepare_environment(args.rehearse)
    device, backend = ("cpu", args.rehearse) if args.rehearse else ("cuda", "cupy")
    deadline = time.monotonic() + (args.seconds or SECONDS)
    ledger = Ledger(args, device, backend, args.rounds or (2 if args.quick else ROUNDS), args.turn or TURN, deadline)
    for k, (shape, measures) in enumerate(todo):
        if ledger.left() < LEAST:
            ledger.fail(shape.name, "everybody", "the time was up")
            continue
        ShapeRun(ledger, shape, measures, ledger.left() / (len(todo) - k)).run()
    foot(ledger)


def prepare_environment(rehearse: str | None) -> None:
    """Set what libraries read when they are imported, for all processes: no TF32, and memory as it is needed."""
    os.environ["NVIDIA_TF32_OVERRIDE"] = "0"
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    if rehearse:
        os.environ.update(CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu")
    own = [str(Path(__file__).parents[2]), str(Path(__file__).parents[3])]
    os.environ["PYTHONPATH"] = os.pathsep.join([*own, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)


def shapes(quick: bool) -> list[Shape]:
    """Return all shapes, small ones if nobody wants to know how fast."""
    return [shape.small() if quick else shape for shape in SHAPES]


def measures_of(shape: Shape) -> Iterator[Measure]:
    """Yield what is timed of a shape, in its order."""
    yield Measure("step", shape.batch_size)
    for n in shape.sampled:
        yield Measure("sample", n)
    yield Measure("score", shape.scored)


def chosen(shape: Shape, only: list[str] | None) -> list[Measure]:
    """Return the measures that are asked for, all by default."""
    return [m for m in measures_of(shape) if only is None or any(word in row_name(shape, m) for word in only)]


def foot(ledger: Ledger) -> None:
    """Print what went wrong, and write the file if one is asked for."""
    print()
    for text in [*dict.fromkeys(ledger.notes), *(f"FAILED: {each}" for each in ledger.failures)]:
        print(f"- {text}")
    print(f"- {ledger.left():.0f} s of the time were left; card: {ledger.about.get('card', 'none')}", flush=True)
    path = ledger.args.json
    if path is not None:
        rows: list[dict[str, Any]] = [
            {"name": r.name, "unit": r.unit, "values": r.values, "targets": [t._asdict() for t in r.targets]}
            for r in ledger.results
        ]
        stored = {"about": ledger.about, "failures": ledger.failures, "notes": ledger.notes, "results": rows}
        path.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
