"""Numbers rounded to bf16, which are the upper half of a float32: eight bits of precision, with its whole range.

Two of them make a pair, one entry of an array of uint32: the first in the lower half. Rounding is to the nearest, in a
tie to the even one, as everywhere; what is NaN stays NaN. Processors that multiply pairs round by an instruction, too,
which takes numbers below 1.2e-38 for 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from made_np.backends._numba.compiling import JIT, index, inner, width
from made_np.backends._numba.target import HAS_BF16, REGISTER_BYTES
from made_np.backends._numba.tile import _Emitter

u32 = np.uint32
_UPPER = u32(0xFFFF0000)
_BELOW_HALF = u32(0x7FFF)
_QUIET = u32(0x400000)
_HALF = u32(16)
_ONE = u32(1)
_LANES = REGISTER_BYTES // 4


class BF16(ir.HalfType):  # type: ignore[misc]
    """A type of LLVM that llvmlite has no name for."""

    intrinsic_name = "bf16"

    def __str__(self) -> str:
        return "bfloat"


BF16._create_instance()  # or it would be that of the class above


@inner
def rounded(x: Any) -> Any:
    """Return the bits of the bf16 that is nearest to a float32, with anything in the lower half."""
    bits = np.float32(x).view(np.uint32)
    odd = u32(u32(bits >> _HALF) & _ONE)
    nearest = u32(u32(bits + _BELOW_HALF) + odd)
    return u32(bits | _QUIET) if np.isnan(x) else nearest


@inner
def pair(x: Any, y: Any) -> Any:
    """Return two numbers as a pair."""
    return u32(u32(rounded(x) >> _HALF) | u32(rounded(y) & _UPPER))


def unpaired(pairs: Any) -> Any:
    """Return the two numbers of each pair (...) as float32 (..., 2)."""
    return np.stack([pairs << _HALF, pairs & _UPPER], axis=-1).view(np.float32)


def _instruction(neighbours: bool) -> Any:
    """Return what makes as many pairs as a register holds, of neighbours or of the entries at two places."""

    @intrinsic
    def convert(_, A, a, b, pairs, to):  # type: ignore[no-untyped-def]
        n = types.uintp
        return types.void(A, n, n, pairs, n), generate

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        A, a, b, pairs, to = args
        emit = _Emitter(context, builder, signature)
        lower, upper = (emit.load(emit.register(emit.begin(0, A, at), 0)) for at in (a, b))
        order = [k if neighbours else k // 2 + k % 2 * _LANES for k in range(2 * _LANES)]
        mask = ir.Constant(ir.VectorType(ir.IntType(32), 2 * _LANES), order)
        both = builder.fptrunc(builder.shuffle_vector(lower, upper, mask), ir.VectorType(BF16(), 2 * _LANES))
        emit.store(builder.bitcast(both, emit.vector), emit.register(emit.begin(3, pairs, to), 0))
        return context.get_dummy_value()

    return convert


def _plain_neighbours(A: Any, at: Any, n: Any, pairs: Any, to: Any) -> None:
    """Round n numbers (an even n), each with the next one."""
    for k in range(n // index(2)):
        pairs[to + k] = pair(A[at + index(2) * k], A[at + index(2) * k + index(1)])


def _plain_both(A: Any, a: Any, b: Any, n: Any, pairs: Any, to: Any) -> None:
    """Round n numbers from `a` on, each with one from `b` on."""
    for k in range(n):
        pairs[to + k] = pair(A[a + k], A[b + k])


if JIT and HAS_BF16:
    _convert_neighbours = _instruction(neighbours=True)
    _convert_both = _instruction(neighbours=False)

    @inner
    def _neighbours(A: Any, at: Any, n: Any, pairs: Any, to: Any) -> None:
        lanes = index(_LANES)
        whole = index(2 * _LANES)
        if n < whole:
            for k in range(n // index(2)):
                pairs[to + k] = pair(A[at + index(2) * k], A[at + index(2) * k + index(1)])
        else:
            for k in range(n // whole):
                place = at + k * whole
                _convert_neighbours(A, place, place + lanes, pairs, to + k * lanes)
            place = at + n - whole  # the last ones, of which some may be there already
            _convert_neighbours(A, place, place + lanes, pairs, to + n // index(2) - lanes)

    @inner
    def _both(A: Any, a: Any, b: Any, n: Any, pairs: Any, to: Any) -> None:
        lanes = index(_LANES)
        for k in range(n // lanes):
            _convert_both(A, a + k * lanes, b + k * lanes, pairs, to + k * lanes)
        for k in range(n // lanes * lanes, n):
            pairs[to + k] = pair(A[a + k], A[b + k])

else:
    _neighbours = inner(_plain_neighbours)
    _both = inner(_plain_both)


@inner
def pair_neighbours(A: Any, at: Any, n: Any, pairs: Any, to: Any) -> None:
    """Round n numbers, each with the next one; a last one without another gets 0."""
    even = n // index(2) * index(2)
    _neighbours(A, at, even, pairs, to)
    if n > even:
        pairs[to + even // index(2)] = pair(A[at + even], np.float32(0))


@inner
def pair_both(A: Any, a: Any, b: Any, n: Any, pairs: Any, to: Any) -> None:
    """Round n numbers from `a` on, each with one from `b` on."""
    _both(A, a, b, n, pairs, to)


@inner
def pair_units(acts: Any, at: int, n_units: int, pairs: Any, to: int) -> None:
    """Round a layer in a panel, each unit with the next one; a last one without another gets 0."""
    w = index(width(acts))
    for k in range(index(n_units // 2)):
        source = index(at) + index(2) * k * w
        _both(acts, source, source + w, w, pairs, index(to) + k * w)
    if n_units % 2:
        source = index(at) + index(n_units - 1) * w
        target = index(to) + index(n_units // 2) * w
        for lane in range(w):
            pairs[target + lane] = pair(acts[source + lane], np.float32(0))
