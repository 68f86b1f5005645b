"""Hold the kernels against NumPy on processors, or interpreters, that are not this machine's own.

    python scripts/processors.py [nehalem ivybridge haswell aarch64 python3.10 ...] [--folder FOLDER]

`kernels_smoke.py` is what runs. QEMU emulates x86 processors, with the Python that runs this script. Their kernels are
compiled here, for just what the emulated processor says of itself, and it finds them in the cache: as a machine does
that shares its cache with a larger one. One kernel is left for it to compile. aarch64 compiles all of them itself,
which takes minutes, in a process for each dtype. An interpreter gets a virtual environment, with the newest numba that
there is for it. All of this runs side by side, on as many cores as there are.

What is missing is looked for at Debian and PyPI (`emulation.py`), and kept in --folder, a temporary one by default.
What cannot be had is skipped, and said. The status is 1 where a number was wrong or a process died.

MADE_NP_PROCESSORS gives the names where none are given here, and MADE_NP_EMULATORS the folder.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import repeat
from pathlib import Path

from emulation import Missing, arm64_python, output, qemu

ROOT = Path(__file__).resolve().parents[1]
SMOKE = str(ROOT / "scripts" / "kernels_smoke.py")
LIMIT = 1200
"""Seconds of a processor that one process may take: several times what the longest needs."""
PATIENCE = 3 * LIMIT
"""Seconds after which a process that waits for ever is ended; it may share the machine with many others."""

X86 = {"nehalem": "Nehalem", "ivybridge": "IvyBridge", "haswell": "Haswell"}
"""QEMU's name of each: without AVX; with AVX, without FMA; with AVX2 and FMA, without AVX-512."""
NAMES = os.environ.get("MADE_NP_PROCESSORS", "nehalem haswell aarch64").split()
FOLDER = os.environ.get("MADE_NP_EMULATORS")

# QEMU 7.2 makes np.maximum of every second float32 wrong with AVX2: NumPy, which is the measure, does without it.
PLAIN_NUMPY = {"NPY_DISABLE_CPU_FEATURES": "X86_V3 AVX2 FMA3"}

# numba, and not LLVM: on some processors it does without AVX.
ASK = "from numba.core.registry import cpu_target as c; print(*c.target_context.codegen().magic_tuple()[1:])"
# A host without AVX-512 says that it has it: what it writes for a smaller processor must be the same.
WITH_AVX512 = """
import runpy, sys
import llvmlite.binding as binding
features = binding.get_host_cpu_features()
features["avx512f"] = True
binding.get_host_cpu_features = lambda: features
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class Wrong(Exception):
    """A number that is not NumPy's, or a process that ended otherwise than it should."""


def smoke(name: str, command: list[str], cache: Path, **variables: str) -> None:
    """Run the smoke test by a command that takes the place of `python`, and print what it says."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("NUMBA_", "MADE_NP_"))}
    own = {
        "NUMBA_CACHE_DIR": str(cache),
        "PYTHONPATH": str(ROOT),
        "MADE_NP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "1",
    }
    try:
        done = subprocess.run(command, env=kept | own | variables, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise Wrong(f"took more than {PATIENCE} s") from None
    for line in done.stdout.splitlines():
        print(f"{name}: {line}", flush=True)
    if done.returncode == -signal.SIGXCPU:
        raise Wrong(f"took more than {LIMIT} s of a processor")
    if done.returncode:
        words = done.stderr.strip().splitlines()
        raise Wrong(f"ended with {done.returncode}: {words[-1] if words else 'without a word'}")


def emulated_x86(name: str, folder: Path) -> None:
    """Compile here for an older x86 processor, and run what was compiled on it."""
    if platform.machine() != "x86_64":
        raise Missing(f"a Python for x86-64 is needed, and this one is for {platform.machine()}")
    emulated = [qemu("x86_64", folder), "-cpu", X86[name], sys.executable]
    processor, features = output(*emulated, "-c", ASK).split()
    with tempfile.TemporaryDirectory() as cache:
        target = {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": features}
        smoke(f"compiled for {name}", [sys.executable, "-c", WITH_AVX512, SMOKE], Path(cache), **target)
        for left_out in Path(cache).rglob("*losses.collect*"):
            left_out.unlink()
        smoke(f"emulated {name}", [*emulated, SMOKE], Path(cache), **PLAIN_NUMPY)


def emulated_aarch64(folder: Path) -> None:
    """Compile and run the kernels on ARM64: three minutes for each dtype, side by side."""
    root, python, packages = arm64_python(folder)
    emulated = [qemu("aarch64", folder), "-L", str(root), str(python)]
    output(*emulated, "-c", "")
    path = os.pathsep.join([str(ROOT), str(packages)])

    def check(dtype: str) -> None:
        with tempfile.TemporaryDirectory() as cache:
            smoke("emulated aarch64", [*emulated, SMOKE, "--dtypes", dtype], Path(cache), PYTHONPATH=path)

    with ThreadPoolExecutor() as side_by_side:
        list(side_by_side.map(check, ("float32", "float64")))


def interpreter(name: str, folder: Path) -> None:
    """Run the kernels with another Python of this machine."""
    python = shutil.which(name)
    if python is None:
        raise Missing(f"there is no {name} here")
    environment = folder / f"venv-{name}"
    own = str(environment / "bin" / "python")
    output(python, "-m", "venv", str(environment))
    output(own, "-m", "pip", "install", "--quiet", "--only-binary=:all:", "numba")
    with tempfile.TemporaryDirectory() as cache:
        smoke(name, [own, SMOKE], Path(cache))


def run(name: str, folder: Path) -> bool:
    """Run one of the names; say whether nothing was wrong."""
    start = time.perf_counter()
    if name in X86:
        check: Callable[[Path], None] = partial(emulated_x86, name)
    else:
        check = emulated_aarch64 if name == "aarch64" else partial(interpreter, name)
    try:
        check(folder)
    except Missing as missing:
        print(f"{name}: skipped: {missing}", flush=True)
    except Wrong as wrong:
        print(f"{name}: FAILED: {wrong}", flush=True)
        return False
    else:
        print(f"{name}: all right, after {time.perf_counter() - start:.0f} s", flush=True)
    return True


def main() -> int:
    """Run all that is asked for; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    names = f"{', '.join([*X86, 'aarch64'])}, or the command of a Python; now {' '.join(NAMES) or 'none'}"
    parser.add_argument("names", nargs="*", default=NAMES, metavar="NAME", help=names)
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"where downloads are kept; now {FOLDER}")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        # The longest, which is the last by default, must not be the last to begin.
        with ThreadPoolExecutor(os.cpu_count()) as side_by_side:
            right = list(side_by_side.map(run, args.names[::-1], repeat(folder.resolve())))
    return 0 if all(right) else 1


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # what dies under QEMU leaves its whole memory behind
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT + 10))  # of every process that is started, for itself
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started ends as well
    sys.exit(main())
