"""Call everything public in random sequences, with right arguments beside wrong ones; count calls with faults.

    python scripts/stateful.py --calls 1000000 --store scripts/results/stateful.json

The machines of tests/fuzz build, fit, copy, store, ask; after each call they look at what must hold: arguments are as
they were, answers repeat themselves to the bit, errors name the argument and leave the object alone. A round is so many
sequences of one machine, all of it decided by its seed, in a process of its own. With --store what is done stays done:
a run that was ended goes on. `--round network 17` plays one round again. Exit status 1: something was wrong.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from forking import Child
from fuzz.playing import MACHINES, play
from fuzz.watched import Watched
from paper.store import read, write
from revision import revision

SEQUENCES = {"network": 30, "density": 4, "interface": 9}
"""Sequences of a round, so that a round of each machine takes about as long."""
KINDS = {machine.__name__.removesuffix("Machine").lower(): machine for machine in MACHINES}
PATIENCE = 1200.0
"""Seconds after which a round hangs."""

HEAD = """# What random sequences of calls have found

`python scripts/stateful.py --calls N --store scripts/results/stateful.json` adds to this page. Last at commit
{revision}.

| machine | rounds | sequences | calls | with wrong arguments | functions | wrong |
|---|---|---|---|---|---|---|
"""


def main() -> int:
    """Play rounds until there are enough calls, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=10_000, help="in all, stored ones included (10000)")
    parser.add_argument("--store", type=Path, metavar="FILE", help="JSON file of what is done, with a page beside it")
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS), help="these machines")
    parser.add_argument("--backends", nargs="+", default=["numpy"], help="of networks (numpy)")
    parser.add_argument("--round", nargs=2, metavar=("MACHINE", "SEED"), help="play this one here")
    args = parser.parse_args()
    if args.round is not None:
        play(KINDS[args.round[0]], int(args.round[1]), SEQUENCES[args.round[0]], args.backends)
        return 0
    done: dict[str, Any] = read(args.store) if args.store is not None else {}
    for kind in itertools.cycle(args.only):
        if sum(map(n_calls, done.values())) >= args.calls:
            break
        own = done.setdefault(kind, {"rounds": 0, "calls": {}, "wrong": []})
        calls, wrong = played(kind, own["rounds"], args.backends)
        own["rounds"] += 1
        own["calls"] = dict(Counter(own["calls"]) + Counter(calls))
        own["wrong"] += wrong
        if args.store is not None:
            write(args.store, done)
            args.store.with_suffix(".md").write_text(page(done), encoding="utf-8")
        print(
            f"{sum(map(n_calls, done.values()))} calls, {sum(len(each['wrong']) for each in done.values())} wrong",
            *wrong,
        )
    print(page(done))
    return 1 if any(each["wrong"] for each in done.values()) else 0


def played(kind: str, seed: int, backends: list[str]) -> tuple[dict[str, int], list[str]]:
    """Return the calls of a round, played in a process of its own, with what was wrong in it."""

    def work() -> tuple[dict[str, int], list[str]]:
        Watched.calls.clear()
        try:
            play(KINDS[kind], seed, SEQUENCES[kind], backends)
        except Exception as error:  # whatever it is, it is the finding
            notes = "\n".join(getattr(error, "__notes__", ()))
            return dict(Watched.calls), [f"{kind} {seed}: {type(error).__name__}: {error}\n{notes}"]
        return dict(Watched.calls), []

    try:
        status, found = Child(work).end(PATIENCE)
    except TimeoutError as error:
        return {}, [f"{kind} {seed}: {error}"]
    return found if status == 0 else ({}, [f"{kind} {seed}: the process died, status {status}"])


def n_calls(found: dict[str, Any]) -> int:
    """Return how many calls a machine has made."""
    return sum(found["calls"].values())


def page(done: dict[str, Any]) -> str:
    """Return what is done as a page."""
    lines = [_line(kind, found) for kind, found in sorted(done.items())]
    together = {
        "rounds": sum(each["rounds"] for each in done.values()),
        "calls": sum((Counter(each["calls"]) for each in done.values()), Counter()),
        "wrong": [told for each in done.values() for told in each["wrong"]],
    }
    wrong = [f"- {told.splitlines()[0]}" for told in together["wrong"]]
    sequences = sum(each["rounds"] * SEQUENCES[kind] for kind, each in done.items())
    text = HEAD.format(revision=revision()) + "\n".join([*lines, _line("**all**", together, sequences)]) + "\n"
    return text + ("\nEach by its round:\n\n" + "\n".join(wrong) + "\n" if wrong else "")


def _line(kind: str, found: dict[str, Any], sequences: int | None = None) -> str:
    """Return a line of the table."""
    n = found["rounds"] * SEQUENCES[kind] if sequences is None else sequences
    wrongly = {name: count for name, count in found["calls"].items() if name.endswith(", wrongly")}
    functions = {name.removesuffix(", wrongly") for name in found["calls"]}
    counts = found["rounds"], n, n_calls(found), sum(wrongly.values()), len(functions), len(found["wrong"])
    return f"| {kind} | " + " | ".join(map(str, counts)) + " |"


if __name__ == "__main__":
    sys.exit(main())
