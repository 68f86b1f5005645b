"""Hold what made_np computes in Pyodide, the CPython of browsers, against the same program run here.

    python scripts/in_pyodide.py [--pyodide FOLDER] [--parts model table ...]

Pyodide runs under Node 18 or later, on NumPy's wheel for it. Its files are taken from FOLDER, from the one that
MADE_NP_PYODIDE names, or downloaded into a temporary one (`wasm/files.py` says from where); what is missing in FOLDER
is downloaded into it. The program is `wasm/smoke.py`. What is drawn, chosen, said must be equal, and numbers up to
rounding: a browser's exp and log end in other digits. The status is 1 where they differ, or where a part fails.

Where NumPy's wheel is not to be had, the page that needs Python alone (`made_np/learn/micromade.py`) runs, and that is
said.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from emulation import Missing
from wasm import files, smoke
from wasm.wheel import write_wheel

FOLDER = Path(__file__).resolve().parent / "wasm"
ROOT = FOLDER.parents[1]
TOLERANCE = 1e-9
"""How far a number may be off, as a share of its size or of 1."""
PATIENCE = 600
"""Seconds that the program may take in Pyodide."""

Parts = dict[str, dict[str, Any]]


def there(pyodide: Path, wheel: Path | None, parts: list[str]) -> dict[str, Any]:
    """Return what the program reports that runs in Pyodide; without a wheel of ours it has no NumPy either."""
    node = shutil.which("node")
    if node is None:
        raise Missing("there is no node (Debian: apt-get install nodejs)")
    program = FOLDER / "smoke.py"
    command = [node, str(FOLDER / "run.mjs"), str(pyodide), "-" if wheel is None else str(wheel), str(program), *parts]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        raise RuntimeError(f"Pyodide ended with {done.returncode}: {(done.stderr or done.stdout)[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def here(parts: list[str]) -> Parts:
    """Return what the program reports in a Python of its own, on NumPy as in a browser."""
    environment = {**os.environ, "MADE_NP_BACKEND": "numpy", "PYTHONPATH": os.pathsep.join([str(ROOT), str(FOLDER)])}
    code = f"import smoke; print(smoke.report({parts!r}))"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    found: Parts = json.loads(done.stdout.splitlines()[-1])
    return found


def difference(ours: dict[str, Any], theirs: dict[str, Any]) -> tuple[float, str]:
    """Return the largest difference of numbers, as a share of their size or of 1, and what else differs in words."""
    for one, where in ((ours, "here"), (theirs, "in Pyodide")):
        if "error" in one:
            return float("nan"), f"failed {where}: {one['error']}"
    mine = ours.get("near", [])
    other = theirs.get("near", [])
    if len(mine) != len(other):
        return float("nan"), f"{len(mine)} numbers here, {len(other)} in Pyodide"
    largest = max((abs(a - b) / max(abs(a), 1.0) for a, b in zip(mine, other, strict=True)), default=0.0)
    said = ours.get("exact", [])
    answered = theirs.get("exact", [])
    if len(said) != len(answered):
        return largest, f"{len(said)} answers here, {len(answered)} in Pyodide"
    unlike = next(((a, b) for a, b in zip(said, answered, strict=True) if a != b), None)
    if unlike is not None:
        return largest, f"{unlike[0]!r} here, {unlike[1]!r} in Pyodide"
    return largest, "" if largest <= TOLERANCE else "beyond rounding"


def table(ours: Parts, theirs: Parts) -> tuple[list[str], int]:
    """Return a line for each part, and how many of them differ."""
    lines = [
        "| part | here, s | Pyodide, s | ratio | numbers | largest difference | |",
        "|---|---|---|---|---|---|---|",
    ]
    n_wrong = 0
    for name, own in ours.items():
        other = theirs[name]
        largest, wrong = difference(own, other)
        n_wrong += bool(wrong)
        ratio = other["seconds"] / own["seconds"]
        numbers = f"{len(own.get('near', []))} | {largest:.1e}"
        seconds = f"{own['seconds']:.2f} | {other['seconds']:.2f} | {ratio:.1f}"
        lines.append(f"| {name} | {seconds} | {numbers} | {wrong or 'agrees'} |")
    return lines, n_wrong


def compare(pyodide: Path, parts: list[str]) -> int:
    """Run the program twice, print what came of it, and return how many parts differ."""
    wheel: Path | None
    with tempfile.TemporaryDirectory() as work:
        try:
            files.gather(pyodide)
            wheel = write_wheel(Path(work))
        except Missing as missing:
            if not (pyodide / "pyodide.mjs").is_file():
                raise
            print(f"without NumPy, so just micromade.py: {missing}")
            wheel = None
            parts = ["micromade"]
        found = there(pyodide, wheel, parts)
    lines, n_wrong = table(here(parts), found["parts"])
    print(f"Pyodide {files.VERSION}, Python {found['python']}: loaded in {found['loaded']:.1f} s", *lines, sep="\n")
    return n_wrong


def main() -> int:
    """Find Pyodide, compare; 1 if something differs, 0 with a word where Pyodide is not to be had."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--pyodide", type=Path, metavar="FOLDER", default=files.given(), help="where Pyodide's files are, or go"
    )
    parser.add_argument(
        "--parts",
        nargs="+",
        choices=smoke.PARTS,
        default=list(smoke.PARTS),
        metavar="PART",
        help="which of %(choices)s",
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        try:
            return 1 if compare((args.pyodide or Path(work)).resolve(), args.parts) else 0
        except Missing as missing:
            print(f"nothing was run: {missing}")
            return 0


if __name__ == "__main__":
    sys.exit(main())
