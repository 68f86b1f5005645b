"""How kernels are compiled."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

import numba
import numpy as np
from numba import types
from numba.core import event
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import PassManager, register_pass
from numba.core.dispatcher import Dispatcher
from numba.core.typed_passes import NativeLowering
from numba.extending import overload

from made_np.backends._numba.cache import WAY_OUT, KernelCache, say
from made_np.backends._numba.target import REGISTER_BYTES

JIT = not numba.config.DISABLE_JIT
"""False where NUMBA_DISABLE_JIT=1 asks for kernels that run as plain Python, for a debugger or for coverage."""

PANEL_BYTES = 2 * REGISTER_BYTES
"""Rows of a batch are worked on side by side, as many as fill two registers: a panel."""

Function = Callable[..., Any]

# Sums may be taken in any order and a product joined with a sum; but NaN and inf stay what they are.
_FREEDOM = {"reassoc", "nsz", "arcp", "contract", "afn"}


class _Part(Dispatcher):  # type: ignore[misc]
    """A function that kernels call, and nobody else can."""

    def __call__(self, *args: Any) -> Any:
        """Refuse to be called: there is no machine code of it alone."""
        name = self.py_func.__qualname__
        raise TypeError(f"{name} is a part of kernels: call it in a function under @once, or call {name}.py_func")


@register_pass(mutates_CFG=True, analysis_only=False)
class _Link(NativeLowering):  # type: ignore[misc]
    """Lowers a function to what a kernel is linked with: nothing is optimized twice, nor becomes machine code alone."""

    _name = "made_np_link"

    def run_pass(self, state: Any) -> bool:
        """Leave out what numba's own lowering does for a function that Python calls."""
        context = state.targetctx
        state.library = context.codegen().create_library(state.func_id.func_qualname)
        state.library.enable_object_caching()
        # The kernel is optimized as a whole, with all of its parts in it.
        state.library._optimize_final_module = lambda: None
        # Numba tells parts by what stands here, and wants it to be a function in C; nobody calls it. No two are equal.
        context.get_executable = lambda library, fndesc, env: [fndesc.qualname].append
        try:
            return bool(super().run_pass(state))
        finally:
            del context.get_executable


class _Parts(CompilerBase):  # type: ignore[misc]
    """Compiles parts: numba's own passes, with `_Link` as the last."""

    def define_pipelines(self) -> list[PassManager]:
        """Return the passes."""
        parts = PassManager("part of a kernel")
        for each, description in DefaultPassBuilder.define_nopython_pipeline(self.state).passes:
            parts.add_pass(_Link if each is NativeLowering else each, description)
        parts.finalize()
        return [parts]


def kernel(function: Function) -> Function:
    """Compile a function that Python calls: at its first call, without the GIL, kept on the disk."""
    compiled: Any = numba.njit(nogil=True, fastmath=_FREEDOM, error_model="numpy")(function)
    if JIT:
        _Notice.kernels.add(function)
        with suppress(Exception):  # there is no folder for it, or not even a way to look for one
            compiled._cache = KernelCache(function)
            _Notice.kept.add(function)
    return compiled


def once(function: Function) -> Function:
    """Compile a function that Python calls for this process alone, such as one that tries parts of kernels."""
    compiled: Function = numba.njit(fastmath=_FREEDOM, error_model="numpy")(function)
    return compiled


def inner(function: Function) -> Function:
    """Compile a function that kernels call: it becomes a part of each of them."""
    return _part(function, fastmath=_FREEDOM)


def exact(function: Function) -> Function:
    """Compile a function that kernels call, whose sums must be taken as they are written."""
    return _part(function, fastmath={"contract"})


def inlined(function: Function) -> Function:
    """Compile as `exact` does a function so long that it would stay apart: copied into a loop, it becomes vectors."""
    return _part(function, fastmath={"contract"}, forceinline=True)


def _part(function: Function, **options: Any) -> Function:
    """Compile a function as far as kernels need it, which saves a third of all the time."""
    compiled: Any = numba.njit(
        error_model="numpy", pipeline_class=_Parts, no_cpython_wrapper=True, no_cfunc_wrapper=True, **options
    )(function)
    if JIT:
        compiled.__class__ = _Part
    return compiled


class _Notice(event.Listener):  # type: ignore[misc]
    """Says once that kernels are being compiled, so that nobody wonders what takes so long."""

    kernels: ClassVar[set[Function]] = set()
    kept: ClassVar[set[Function]] = set()

    def on_start(self, event: Any) -> None:
        function = event.data["dispatcher"].py_func
        if function in self.kernels:
            if function in self.kept and not event.data["dispatcher"]._cache.is_first():
                return  # it was said when other kernels were compiled
            once = "once" if function in self.kept else f"in every process, as they can be kept nowhere: {WAY_OUT}"
            say(f"compiling the kernels of made_np for this machine; that takes some seconds, {once}")

    def on_end(self, event: Any) -> None:
        """Nothing is said."""


event.register("numba:compile", _Notice())


def by_dtype(single: Function, double: Function) -> Function:
    """Return one function of one number out of two: for float32 and for float64."""

    def either(x: Any) -> Any:
        return single(x) if isinstance(x, np.float32) else double(x)

    if JIT:

        @overload(either, inline="always")
        def choose(x):  # type: ignore[no-untyped-def]
            return (lambda x: single(x)) if x == types.float32 else (lambda x: double(x))

    return either


index = np.uint64
"""A place in an array. Unsigned: numba then leaves out the test for negative ones, which would keep loops scalar."""


def width(array: Any) -> int:
    """Return how many rows a panel of this array's dtype holds: 16 of float32, 8 of float64 (with AVX2)."""
    return PANEL_BYTES // int(array.itemsize)


if JIT:

    @overload(width, inline="always")
    def _width(array):  # type: ignore[no-untyped-def]
        n = PANEL_BYTES // (array.dtype.bitwidth // 8)
        return lambda array: n
