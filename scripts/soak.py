"""Count what survives hour after hour of work, into which faults come at random.

    python scripts/soak.py --minutes 120                     # two processes, seeds from 0 on
    python scripts/soak.py --minutes 10 --first 5000 --processes 1 --store soak.json
    python scripts/soak.py --seed 17                         # this one round again
    python scripts/soak.py --only killed_fit killed_rank     # these scenes

Each round has a seed, which says all of it: fits, scores, samples and questions of random models, beside kills at
random moments, Ctrl-C, forks, threads, full disks, power cuts, damaged files, limits of memory. After each fault it is
looked at what was promised: the bits of an unbroken run, the old file or the new one, a refusal in words. The round of
--seed runs here, others in processes of their own, so that one that dies or hangs is counted. Linux only; never in CI.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from paper.store import read, write
from soaking.crew import PLAYER, Crew
from soaking.page import page, table
from soaking.player import SCENES, play
from soaking.tally import Tally

FIRST = 0
PROCESSES = 2
EVERY = 60.0
"""Seconds between two lines that tell how far it is."""


def main(arguments: list[str] | None = None) -> int:
    """Soak, and print what was counted; 1 if anything hung or was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=120.0, help="how long, 120 if not given")
    parser.add_argument("--first", type=int, default=FIRST, metavar="SEED", help="of the first round")
    parser.add_argument("--processes", type=int, default=PROCESSES, metavar="N", help="that play rounds at once")
    parser.add_argument(
        "--store", type=Path, metavar="FILE", help="JSON file that the counts are added to, with a page beside it"
    )
    parser.add_argument("--seed", type=int, help="play this round alone, here")
    names = [scene.__name__ for scene in SCENES]
    parser.add_argument("--only", nargs="+", choices=names, default=[], metavar="SCENE", help=f"of {', '.join(names)}")
    args = parser.parse_args(arguments)
    if args.seed is not None:
        scene, tally = play(args.seed, args.only)
        return told({scene: tally})
    end = time.monotonic() + 60 * args.minutes
    with Crew(args.first, args.processes, (*PLAYER, *args.only)) as crew:
        while time.monotonic() < end:
            crew.watch(min(EVERY, max(end - time.monotonic(), 0.1)))
            total = sum(crew.tallies.values(), Tally())
            print(
                f"{crew.rounds} rounds, {total.faults} faults, {total.hung} hung, {len(total.wrong)} wrong", flush=True
            )
    if args.store is not None:
        _add(args.store, crew, args.minutes)
    return told(crew.tallies)


def told(tallies: dict[str, Tally]) -> int:
    """Print what was counted; return 1 if anything hung or was wrong."""
    total = sum(tallies.values(), Tally())
    print(f"\n{table(tallies)}", *total.wrong, sep="\n")
    return 1 if total.hung or total.wrong else 0


def _add(store: Path, crew: Crew, minutes: float) -> None:
    """Add what was counted to what is stored, and write the page beside it."""
    stored = read(store)
    tallies = {name: Tally(**counts) for name, counts in stored.get("tallies", {}).items()}
    for name, tally in crew.tallies.items():
        tallies[name] = tallies.get(name, Tally()) + tally
    rounds = stored.get("rounds", 0) + crew.rounds
    minutes += stored.get("minutes", 0.0)
    counts = {name: tally.stored() for name, tally in tallies.items()}
    write(store, {"rounds": rounds, "minutes": minutes, "tallies": counts})
    store.with_suffix(".md").write_text(page(tallies, rounds, minutes))


if __name__ == "__main__":
    sys.exit(main())
