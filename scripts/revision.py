"""Which sources these are: what pages of results say of themselves."""

from __future__ import annotations

import datetime
import subprocess
from pathlib import Path


def commit_of(folder: Path) -> str:
    """Return the commit that is checked out in a folder; of sources without one, nothing."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    told = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return told.stdout.strip()


def revision() -> str:
    """Return the commit that is checked out here, with the date; of sources without one, the version."""
    import made_np  # not with the module: mutants are planted in a copy, which is imported later

    commit = commit_of(Path(__file__).parent) or made_np.__version__
    return f"{commit}, on {datetime.date.today().isoformat()}"
