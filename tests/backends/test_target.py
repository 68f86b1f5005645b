"""What kernels assume about a processor is what numba compiles for, whatever it compiles on."""

from __future__ import annotations

import os
import subprocess
import sys
from ast import literal_eval
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_np.model.made import MADE

pytest.importorskip("numba")

import llvmlite.binding
from llvmlite.binding import get_process_triple

from made_np.backends._numba.compiling import JIT
from made_np.backends._numba.target import register_bytes

x86_only = pytest.mark.skipif(not get_process_triple().startswith("x86_64"), reason="names processors of Intel and AMD")
needs_jit = pytest.mark.skipif(not JIT, reason="nothing is compiled")

# Hides or shows AVX-512, so that this machine is another one; prints the width of its registers.
MACHINE = """
import sys
import llvmlite.binding as llvm
if has_avx512 is not None:
    report = llvm.get_host_cpu_features
    def get_host_cpu_features():
        features = report()
        features["avx512f"] = has_avx512
        return features
    llvm.get_host_cpu_features = get_host_cpu_features
from made_np.backends._numba.target import REGISTER_BYTES
print(REGISTER_BYTES)
"""
# Prints what a network computes, how much of it was compiled here, and which functions of libm the code calls.
COMPUTE = """
import re
import numpy as np
from made_np import MADE
from made_np.backends._numba.forward import forward
made = MADE(20, (30,), activation="sigmoid", dtype="float64", backend="numba")
theta = np.linspace(-1, 1, made.n_params)
print(made.raw_outputs(theta, np.ones((9, 20))).sum(axis=1).tolist())
print(sum(forward.stats.cache_misses.values()))
code = "".join(forward.inspect_asm().values())
print(sorted(set(re.findall(r"\\b(fmaf?|floorf?|expf?|truncf?|rintf?)\\b", code))))
"""
# Prints what a small kernel computes, and how much of it was compiled here.
COMPUTE_LITTLE = """
import numpy as np
from made_np.backends._numba.compiling import width
from made_np.backends._numba.losses import bernoulli
w = width(np.empty(0))
nll = np.zeros(w)
bernoulli(np.array([[0, 1, 0]]), np.empty(0), np.ones(2 * w), np.zeros(2 * w), nll, np.array([2, 1]), 0, 1)
print(nll.tolist())
print(sum(bernoulli.stats.cache_misses.values()))
"""


def run(code: str, has_avx512: bool | None = None, **env: str) -> list[Any]:
    """What each line says that a fresh process prints."""
    command = [sys.executable, "-c", f"{has_avx512 = }\n" + code]
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [literal_eval(line) for line in done.stdout.splitlines()]


@x86_only
@pytest.mark.parametrize(
    ("cpu", "features", "width"),
    [
        ("generic", "", 16),
        ("x86-64", "", 16),
        ("nehalem", "", 16),
        ("ivybridge", "", 32),
        ("haswell", "", 32),
        ("znver4", "", 64),
        ("skylake-avx512", "", 64),
        ("skylake-avx512", "-avx512f", 32),
        ("generic", "+avx", 32),
        ("haswell", "+avx512f", 64),
    ],
)
def test_registers_are_as_wide_as_what_is_compiled_for_has_them(cpu: str, features: str, width: int) -> None:
    assert register_bytes(get_process_triple(), cpu, features) == width


@pytest.mark.parametrize("triple", ["aarch64-unknown-linux-gnu", "arm64-apple-darwin"])
def test_arm_has_twice_as_many_that_are_half_as_wide(triple: str) -> None:
    llvmlite.binding.initialize_all_targets()
    llvmlite.binding.initialize_all_asmprinters()
    try:
        llvmlite.binding.Target.from_triple(triple)
    except RuntimeError:
        pytest.skip("this LLVM compiles for its own machine alone")
    assert register_bytes(triple, "generic", "") == 32


@x86_only
@needs_jit
def test_no_product_and_no_exponential_is_a_call_where_instructions_are_few(tmp_path: Path) -> None:
    """Fused multiply-adds came with Haswell, rounding with Penryn. What is computed is the same but for rounding."""
    env = {"NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": ""}
    width, got, compiled, calls = run(MACHINE + COMPUTE, **env)
    assert (width, compiled, calls) == (16, 1, [])
    made = MADE(20, (30,), activation="sigmoid", dtype="float64", backend="numpy")
    raw = made.raw_outputs(np.linspace(-1, 1, made.n_params), np.ones((9, 20)))
    np.testing.assert_allclose(got, raw.sum(axis=1), rtol=1e-12)


@x86_only
@needs_jit
def test_machines_with_and_without_avx512_share_what_is_compiled_for_both(tmp_path: Path) -> None:
    env = {"NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "+avx,+avx2,+fma"}
    first, second = (run(MACHINE + COMPUTE_LITTLE, has_avx512, **env) for has_avx512 in (True, False))
    assert first[2] == 1
    assert second == [*first[:2], 0]
