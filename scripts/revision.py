"""Which sources these are: what pages of results say of themselves."""

from __future__ import annotations

import datetime
import subprocess
from pathlib import Path

import made_np


def revision() -> str:
    """Return the commit that is checked out, with the date; of sources without one, the version."""
    told = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    commit = told.stdout.strip() if told.returncode == 0 else made_np.__version__
    return f"{commit}, on {datetime.date.today().isoformat()}"
