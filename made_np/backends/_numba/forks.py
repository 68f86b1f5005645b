"""A fork waits until nobody compiles."""

from __future__ import annotations

from llvmlite.binding import ffi
from numba.core.compiler_lock import global_compiler_lock

from made_np.backends._forks import hold_at_forks


def wait_for_compilers() -> None:
    """Let no process be forked while another thread compiles, or talks to LLVM."""
    # A thread holds numba's lock for as long as it compiles a kernel, or reads a compiled one from the disk, and
    # LLVM's for each call; LLVM's alone where the garbage collector frees what was compiled. Neither has a public
    # name, and a release that has none of it loses no more than this.
    for owner in (global_compiler_lock, getattr(ffi.lib, "_lock", None)):
        lock = getattr(owner, "_lock", None)
        if hasattr(lock, "acquire"):
            hold_at_forks(lock)
