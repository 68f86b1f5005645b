"""What workers compile before the first test is every kernel of one dtype."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from kernels import DTYPES, are_compiled

RUN = """
import sys
from kernels import compile_share
compile_share(int(sys.argv[1]))
from numba.core.dispatcher import Dispatcher
modules = [module for name, module in sys.modules.items() if name.startswith("made_np.backends._numba.")]
found = {each for module in modules for each in vars(module).values() if isinstance(each, Dispatcher)}
for kernel in found:
    if kernel.stats.cache_path and "bf16" not in kernel.__name__:
        print(kernel.__name__, kernel.signatures, sep="|")
"""


@pytest.mark.skipif(not are_compiled(), reason="nothing is compiled")
@pytest.mark.parametrize("worker", range(len(DTYPES)))
def test_a_share_is_every_kernel_of_a_dtype(worker: int) -> None:
    here = Path(__file__).parent
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here.parent), str(here)])}
    command = [sys.executable, "-c", RUN, str(worker)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    kernels = dict(line.partition("|")[::2] for line in done.stdout.splitlines())
    assert len(kernels) > 15
    assert {name for name, signatures in kernels.items() if DTYPES[worker] not in signatures} == set()
