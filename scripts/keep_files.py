"""Write the files of `tests/stored`: one of each form that a model, a density or a checkpoint has ever had.

    python scripts/keep_files.py [--only TIME ...] [--out FOLDER]

The code of each time is checked out in a temporary worktree of git, writes what it can (`kept/recipes.py`), and what it
says of its own files stands beside them. A file whose form (`kept/form.py`) an earlier time has had is not kept again.
After a change of what is stored: give the commit that wrote it a line in TIMES, and run this with `--only`.
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

ROOT = Path(__file__).resolve().parents[1]
STORED = ROOT / "tests" / "stored"

TIMES = {
    "2026-11-22": "13af2cb",
    "2026-11-23": "5380c37",
    "2026-11-25": "9e6e2ac",
    "2026-11-26-04": "668887e",
    "2026-11-26-08": "20fb7b7",
    "2026-11-26-23": "eb7ff59",
    "2026-11-27-10": "11b0549",
    "2026-11-27-15": "203cb3a",
    "2026-11-27-20": "1cfe836",
}
"""States of the main branch, each the last before something else was stored; 2026-11-22 to 2026-11-25 are 0.1.0."""


def write_as_then(commit: str, folder: Path) -> None:
    """Let the code of a commit write its files."""
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place) / "then"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
        try:
            paths = os.pathsep.join([str(tree), str(ROOT / "scripts")])
            environment = {**os.environ, "PYTHONPATH": paths, "MADE_NP_BACKEND": "numpy"}
            command = [sys.executable, "-m", "kept.writer", str(folder)]
            subprocess.run(command, check=True, env=environment, cwd=place)
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def keep(written: Path, to: Path, seen: dict[str, list[set[str]]]) -> int:
    """Copy the files whose form is new, with their answers, and return how many these are."""
    from kept.form import form_of
    from kept.writer import ANSWERS, file_of

    told = json.loads((written / ANSWERS).read_text(encoding="utf-8"))
    answers = {}
    for name, said in told["answers"].items():
        path = file_of(name, written)
        form = form_of(path)
        if form not in seen.setdefault(name, []):
            seen[name].append(form)
            to.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, file_of(name, to))
            answers[name] = said
    if answers:
        lines = ",\n".join(f'  "{name}": {json.dumps(said)}' for name, said in answers.items())
        text = f'{{"made_np": "{told["made_np"]}", "answers": {{\n{lines}\n}}}}\n'
        (to / ANSWERS).write_text(text, encoding="utf-8")
    return len(answers)


def forms_in(folder: Path) -> dict[str, list[set[str]]]:
    """Return the forms of the files that are kept in the folders of a folder, by recipe."""
    from kept.form import form_of

    found: dict[str, list[set[str]]] = {}
    for path in sorted(folder.glob("*/*")):
        if path.suffix in (".npz", ".safetensors"):
            found.setdefault(path.stem, []).append(form_of(path))
    return found


def main() -> None:
    """Write the times that are asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=TIMES, default=list(TIMES), help="all by default")
    parser.add_argument("--out", type=Path, default=STORED, help="tests/stored by default")
    args = parser.parse_args()
    for time in args.only:
        shutil.rmtree(args.out / time, ignore_errors=True)
    seen = forms_in(args.out)
    for time in args.only:
        with tempfile.TemporaryDirectory() as folder:
            print(f"{time}, commit {TIMES[time]}", flush=True)
            write_as_then(TIMES[time], Path(folder))
            print(f"  {keep(Path(folder), args.out / time, seen)} files of a new form")


if __name__ == "__main__":
    main()
