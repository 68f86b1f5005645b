"""The lines of docs/cluster.md run as they stand, on the one rank that a process alone has."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cluster.md"
ROWS = """
import numpy as np
from made_np import MADEDensity

MADEDensity.__init__.__kwdefaults__["max_epochs"] = 1
def my_rows(rank, size):
    return np.random.default_rng(0).normal(size=(200, 3))[rank::size]
"""
"""What the page leaves to its reader, with a fit that is short."""


def test_the_block_of_the_page(tmp_path: Path) -> None:
    try:
        from mpi4py import MPI  # noqa: F401
    except (ImportError, RuntimeError):
        pytest.skip("mpi4py, or a library of MPI, is not there")
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    command = [sys.executable, "-c", ROWS + code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "people.npz").is_file()
