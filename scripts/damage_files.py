"""Give every reader of files many changed ones, guided by the lines that they reach; count what becomes of them.

    python scripts/damage_files.py --inputs 100000 --store scripts/results/damage.json [--only ...]

Files are flipped, cut, doubled, given hostile numbers with words of their format; members of archives are swapped,
lost, of another file, blown up; headers are changed, then signed again. Each has to be refused in one line, or read;
where a checksum is not renewed, exactly. Chunks of inputs run in processes of their own, which may take 512 MiB beyond
what they have; one that dies is told by its seed.
With --store what is done stays done, with a page beside it: a run that was ended goes on. Exit status 1: something was
wrong.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from damaging.loop import Found, search
from damaging.readers import READERS
from paper.store import read, write
from revision import revision
from soaking.memory import address_space

CHUNK = 2500
"""Inputs of a process: to import everything takes it as long as a thousand of them."""
ROOM = 1 << 29
TITLE = """# What readers make of changed files

`python scripts/damage_files.py --inputs N --store scripts/results/damage.json` adds to this page. Last at commit
{revision}: {inputs} inputs, {wrong} wrong.

"""
HEAD = "| reader | inputs | refused | read | lines reached | slowest, s | wrong |\n|---|---|---|---|---|---|---|"


def play(name: str, seed: int, n: int) -> None:
    """Run one chunk in this process, and print what was found as JSON."""
    with tempfile.TemporaryDirectory() as folder, address_space(ROOM):
        print(json.dumps(vars(search(READERS[name], n, seed, Path(folder)))))


def chunk(name: str, seed: int, n: int) -> dict[str, Any]:
    """Run one chunk in a process of its own, and return what was found."""
    command = [sys.executable, __file__, "--play", name, str(seed), str(n)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        why = (done.stderr.strip() or "no word").splitlines()[-1]
        return vars(Found(inputs=n, wrong=[f"seed {seed}: the process died ({done.returncode}): {why}"]))
    return dict(json.loads(done.stdout.splitlines()[-1]))


def together(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return the sum of two counts; of lines and seconds the larger."""
    return {name: (max if name in ("lines", "slowest") else lambda a, b: a + b)(one[name], other[name]) for name in one}


def line(name: str, found: dict[str, Any]) -> str:
    """Return a line of a Markdown table."""
    counts = found["inputs"], found["refused"], found["read"], found["lines"], f"{found['slowest']:.2f}"
    return f"| {name} | {' | '.join(map(str, counts))} | {len(found['wrong'])} |"


def main() -> int:
    """Run what is not stored, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--inputs", type=int, default=CHUNK, help="of each reader (2500)")
    parser.add_argument("--only", nargs="+", choices=READERS, default=list(READERS), help="all by default")
    parser.add_argument("--store", type=Path, metavar="FILE", help="JSON file of what is done")
    parser.add_argument("--play", nargs=3, metavar=("READER", "SEED", "N"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.play:
        play(args.play[0], int(args.play[1]), int(args.play[2]))
        return 0
    done: dict[str, Any] = {} if args.store is None else read(args.store)
    for first in range(0, args.inputs, CHUNK):
        for name in args.only:
            before = done.get(name, vars(Found()))
            if before["inputs"] <= first:
                done[name] = together(before, chunk(name, first // CHUNK, min(CHUNK, args.inputs - first)))
                if args.store is not None:
                    write(args.store, done)
                    args.store.with_suffix(".md").write_text(page(done), encoding="utf-8")
    print(page(done))
    return 1 if any(each["wrong"] for each in done.values()) else 0


def page(done: dict[str, Any]) -> str:
    """Return what is done as a page."""
    wrong = [f"- {name}: {told}" for name, found in done.items() for told in found["wrong"]]
    inputs = sum(found["inputs"] for found in done.values())
    told = "\nWrong:\n\n" + "\n".join(wrong) + "\n" if wrong else ""
    lines = "\n".join([HEAD, *(line(name, found) for name, found in sorted(done.items()))])
    return TITLE.format(revision=revision(), inputs=inputs, wrong=len(wrong)) + lines + "\n" + told


if __name__ == "__main__":
    sys.exit(main())
