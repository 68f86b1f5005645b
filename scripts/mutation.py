"""Mutation testing: of small faults, planted one at a time in a room of made_np, which does a test notice?

    python -m pip install cosmic-ray
    python scripts/mutation.py [masks layers ...] [--sample 300] [--seed 0] [--workers 2]
    python scripts/mutation.py masks --again              # survivors once more, when tests were written for them

cosmic-ray writes the mutants (another operator, another number, a condition turned around, a decorator gone). A room
is a folder or a module with its tests (mutating/rooms.py). They run once, to see which lines each of them runs; then
each mutant that is drawn meets those that run its line, in a copy of the project in a temporary folder; the checkout is
never touched. What became of it is stored at once: a run that is stopped goes on where it was. A mutant that no test
notices has survived: write the test that is missing, take out the code that nobody needs, or say in
results/mutation_equivalent.json, by its fingerprint, why the change changes nothing.
"""

from __future__ import annotations

import argparse
import queue
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mutating import forks
from mutating.mutants import Mutant, sample
from mutating.page import page, read_reasons
from mutating.reach import reached
from mutating.rooms import NAMES, Room, room_of
from mutating.tally import Tally, survives
from mutating.trial import Tried, attempt
from revision import commit_of

ROOT = Path(__file__).resolve().parents[1]
STORE = ROOT / "scripts" / "results" / "mutation.json"
BUDGET = 20.0
"""Seconds of tests that a mutant meets at most: those of its module first, then the quickest."""


def wanted(room: Room, root: Path, tally: Tally, args: argparse.Namespace) -> list[Mutant]:
    """Return the mutants to be tried: survivors without an excuse, or of a sample those that were not tried yet."""
    drawn = sample(root, room.sources, args.seed)
    known = tally.rooms.get(room.name, {})
    if args.again:
        alive = {mark for mark, each in tally.verdicts(room.name).items() if survives(each.now)}
        alive -= set(read_reasons(reasons_of(args.store)))
        return [mutant for mutant in drawn if mutant.fingerprint in alive]
    return [mutant for mutant in drawn[: args.sample] if mutant.fingerprint not in known]


def try_room(room: Room, commit: str, copies: list[Path], tally: Tally, args: argparse.Namespace) -> None:
    """Try the mutants of a room, note what becomes of each, and print those that survive."""
    mutants = wanted(room, args.root, tally, args)
    if not mutants:
        return
    sources = {file: (args.root / file).read_text(encoding="utf-8") for file in room.sources}
    for copy in copies:
        for file, source in sources.items():
            forks.put(copy, file, source)
    tests = reached(copies[0], room)
    free: queue.SimpleQueue[Path] = queue.SimpleQueue()
    for copy in copies:
        free.put(copy)

    def tried(mutant: Mutant) -> Tried | None:
        copy = free.get()
        try:
            return attempt(copy, sources[mutant.file], mutant, tests, args.budget)
        finally:
            free.put(copy)

    pool = ThreadPoolExecutor(len(copies))
    try:
        for k, (mutant, became) in enumerate(zip(mutants, pool.map(tried, mutants), strict=True), start=1):
            tally.note(room.name, mutant, became, commit)
            print(f"{room.name}: {k} of {len(mutants)}", end="\r", file=sys.stderr)
            if became and survives(became.verdict):
                place = f"{mutant.file}:{mutant.line} ({mutant.fingerprint})"
                print(f"\n{place}: {became.verdict}\n{became.change}", flush=True)
    finally:
        forks.stop()
        pool.shutdown(cancel_futures=True)


def reasons_of(store: Path) -> Path:
    """Return where it is said why mutants change nothing, beside the store."""
    return store.with_name(f"{store.stem}_equivalent.json")


def main() -> None:
    """Try mutants of the rooms named, add what became of them to the store, and write the page beside it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"all by default: {', '.join(NAMES)}")
    parser.add_argument("--sample", type=int, default=300, metavar="N", help="mutants of each room, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    parser.add_argument("--again", action="store_true", help="try the survivors once more, and no others")
    parser.add_argument("--budget", type=float, default=BUDGET, metavar="SECONDS", help="of tests, for each mutant")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--store", type=Path, default=STORE, metavar="FILE", help="JSON file of what became of mutants")
    parser.add_argument(
        "--work", type=Path, metavar="FOLDER", help="keeps the copies, for the next run on the same sources"
    )
    parser.add_argument("--root", type=Path, default=ROOT, metavar="FOLDER", help="the project, this one by default")
    args = parser.parse_args()

    tally = Tally(args.store)
    forks.load()
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        work = Path(args.work or folder).resolve()
        copies = [forks.copy_of(args.root, work / str(worker)) for worker in range(args.workers)]
        for name in args.rooms or NAMES:
            try_room(room_of(name, args.root), commit_of(args.root), copies, tally, args)
    written = page(tally, read_reasons(reasons_of(args.store)))
    args.store.with_suffix(".md").write_text(written, encoding="utf-8")
    print(written)


if __name__ == "__main__":
    main()
