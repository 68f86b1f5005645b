"""Show `made_np.testing` small models of other people's libraries, with what it says of each.

    python scripts/run_peers.py --environment FOLDER [--only zuko ...]

FOLDER is a virtual environment; it is made if it is not there, with the pinned versions of `peers/requirements.txt`
(about 6 GB, some minutes). Without it the libraries are those of this Python. Each has a process of its own; one
that is not installed is left out, with the reason. A library that is run replaces what was stored of it. Never in CI.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import venv
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from paper.store import read, write
from peers.judged import LIBRARIES
from peers.page import with_table

SCRIPTS = Path(__file__).resolve().parent
STORE = SCRIPTS / "results" / "peers.json"
PAGE = SCRIPTS.parent / "docs" / "howto" / "peers.md"


def main() -> None:
    """Run what is asked for; store what was found; write the table of the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--environment", type=Path, metavar="FOLDER")
    parser.add_argument("--only", nargs="+", choices=LIBRARIES, default=list(LIBRARIES), metavar="LIBRARY")
    args = parser.parse_args()
    python = Path(sys.executable) if args.environment is None else environment(args.environment)
    for library in args.only:
        found = run(python, library)
        print(f"{library}: {found['left_out'] or told(found)}", flush=True)
        write(STORE, {**read(STORE), library: found})
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), read(STORE)), encoding="utf-8")


def environment(folder: Path) -> Path:
    """Return the Python of an environment with all libraries; it is made if it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        install = [python, "-m", "pip", "install", "-r", SCRIPTS / "peers" / "requirements.txt"]
        subprocess.run(install, check=True)
    return python


def run(python: Path, library: str) -> dict[str, Any]:
    """Return what the suite finds in one library, or why it was left out."""
    places = os.pathsep.join([str(SCRIPTS), str(SCRIPTS.parent)])
    one_thread = {"OMP_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu", "JAX_ENABLE_X64": "1", "PYTHONPATH": places}
    command = [python, "-m", "peers.worker", library]
    done = subprocess.run(command, env={**os.environ, **one_thread}, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {**found, "date": datetime.now(timezone.utc).strftime("%Y-%m-%d")}


def told(found: dict[str, Any]) -> str:
    """Return one line on what was found."""
    cases = found["cases"]
    wrong = [f"{name} ({', '.join(case['failed'])})" for name, case in cases.items() if case["failed"]]
    return (
        f"{found['version']}, {len(cases)} models, {len(wrong)} with findings{': ' if wrong else ''}{'; '.join(wrong)}"
    )


if __name__ == "__main__":
    main()
