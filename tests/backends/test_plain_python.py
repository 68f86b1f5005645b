"""The kernels as plain Python, as NUMBA_DISABLE_JIT=1 has them: for a debugger, and for coverage."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba")

ROOT = Path(__file__).resolve().parents[2]
SOME = (
    "scores or gradients or steps and not every_rule or samples or left_in_memory and 13 "
    "or every_rule and True-False-reverse or off_the_mask and hidden2 and reverse-nan"
)


@pytest.mark.skipif("NUMBA_DISABLE_JIT" in os.environ, reason="this is the run that it would start")
def test_kernels_that_are_not_compiled_agree_as_well() -> None:
    """A part of test_agreement; all of it, with ``NUMBA_DISABLE_JIT=1 pytest tests/backends/test_agreement.py``."""
    here = Path(__file__).with_name("test_agreement.py").relative_to(ROOT)
    command = [sys.executable, "-m", "pytest", str(here), "-k", SOME, "-p", "no:cacheprovider", "-q"]
    env = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env, check=False)
    assert done.returncode == 0, done.stdout
    assert "compiling the kernels" not in done.stdout + done.stderr
