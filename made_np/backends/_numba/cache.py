"""Compiled kernels on the disk: when one may be used again.

Each is a file of its own, for one kernel, signature, machine, version and setting. So machines and versions that share
a folder do not compile in turn for each other, and processes that write at once write whole files.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import llvmlite
import numba
import numpy as np
from numba.core.caching import FunctionCache
from numba.core.serialize import dumps

from made_np._version import __version__
from made_np.backends._numba.target import REGISTER_BYTES
from made_np.messages import tell

WAY_OUT = "set NUMBA_CACHE_DIR to a folder that can be written to"

# numba's key knows the kernel's own code alone; a change of what it calls, or of a number that it takes from another
# file, must make the compiled code stale as well.
_PACKAGE = Path(__file__).parents[2]
_NUMBERS_FROM = (
    "backends/rules.py",
    "backends/tables.py",
    "distributions/mixtures.py",
    "distributions/plain.py",
    "layers.py",
    "normal.py",
)
_SOURCES = [*sorted(Path(__file__).parent.glob("*.py")), *(_PACKAGE / name for name in _NUMBERS_FROM)]
_STAMP = sha256(b"".join(path.read_bytes() for path in _SOURCES if path.exists())).hexdigest()
_VERSIONS = (__version__, numba.__version__, llvmlite.__version__, np.__version__, sys.version)
# Those of numba's settings that change machine code, and are not in its key.
_SETTINGS = (
    *("OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "USING_SVML", "LLVM_REFPRUNE_PASS", "LLVM_REFPRUNE_FLAGS"),
    *("BOUNDSCHECK", "DEBUGINFO_DEFAULT", "EXTEND_VARIABLE_LIFETIMES", "ENABLE_PROFILING"),
    *("DEBUG_JIT", "DEBUG_NRT", "NRT_STATS", "JIT_COVERAGE"),
)
_KEPT = 32
"""Of each kernel so many files are kept, the newest: signatures, machines, versions and settings."""


@cache
def say(text: str, level: int = logging.INFO) -> None:
    """Tell people, who did not ask and may wonder; the same line once in a process."""
    tell(logging.getLogger("made_np.backends"), text, shown=True, level=level)


class KernelCache(FunctionCache):  # type: ignore[misc]
    """numba's cache of one function, with a fuller key, and files that may be damaged, missing or out of reach."""

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        self._cache_file = _Files(Path(self.cache_path), f"{function.__module__}.{function.__name__}")

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what was compiled for a signature; None, so that it is compiled anew, if nothing sound is there."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # reading code back fails in as many ways as it can be damaged
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled for a signature, if that can be done."""
        try:
            super().save_overload(sig, data)
        except Exception as error:  # a disk that is full, a folder that is gone or belongs to somebody else
            reason = getattr(error, "strerror", None) or repr(error)
            text = f"compiled kernels of made_np cannot be kept in {self.cache_path} ({reason}): {WAY_OUT}"
            say(text, logging.WARNING)

    def is_first(self) -> bool:
        """Return whether it is asked for the first time in this folder, on a machine like this, with this code.

        What cannot be noted down is asked for the first time again.
        """
        setup = sha256(repr((_STAMP, _VERSIONS, REGISTER_BYTES)).encode()).hexdigest()[:32]
        try:
            Path(self.cache_path, f"{__package__}.told.{setup}").touch(exist_ok=False)
        except FileExistsError:
            return False
        except OSError:  # no such folder yet, or none that can be written to
            pass
        return True

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        settings = tuple(repr(getattr(numba.config, name, None)) for name in _SETTINGS)
        return *super()._index_key(sig, codegen), _STAMP, _VERSIONS, settings, REGISTER_BYTES


class _Files:
    """The files of one kernel, in place of numba's index and what that names."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name

    def load(self, key: Any) -> Any:
        """Return what is kept for a key, or None: a file that is not what was written once counts as none."""
        try:
            whole = self._path(key).read_bytes()
        except OSError:
            return None
        checksum = whole[:32]
        content = whole[32:]
        if sha256(content).digest() != checksum:
            return None
        own_key, data = pickle.loads(content)
        return data if own_key == key else None

    def save(self, key: Any, data: Any) -> None:
        """Keep `data` for a key, in place of what was kept for it; a reader finds the old or the new, never a part."""
        content = dumps((key, data))
        path = self._path(key)
        unfinished = path.with_suffix(f".{uuid4().hex}.tmp")
        try:
            unfinished.write_bytes(sha256(content).digest() + content)
            os.replace(unfinished, path)
        except BaseException:
            with suppress(OSError):
                unfinished.unlink()
            raise
        with suppress(OSError):  # another process may be faster
            for old in sorted(self._all(), key=os.path.getmtime)[:-_KEPT]:
                old.unlink()

    def flush(self) -> None:
        """Remove all of them."""
        for path in self._all():
            path.unlink(missing_ok=True)

    def _all(self) -> list[Path]:
        return list(self.folder.glob(f"{self.name}.*.nbc"))

    def _path(self, key: Any) -> Path:
        return self.folder / f"{self.name}.{sha256(repr(key).encode()).hexdigest()[:32]}.nbc"
