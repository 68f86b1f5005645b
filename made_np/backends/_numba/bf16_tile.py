"""The register tile for numbers of bf16, with sums of float32.

It is that of `tile`, but an entry of A or B is a *pair*, 32 bits that hold the numbers of two neighbours k (see
`rounding`), whose two products are added to an entry of C at once. Processors with AVX-512 BF16 have one instruction
for that. For others each half is made a float32 again: the sums are the same to rounding, and not sooner there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from made_np.backends._numba.compiling import JIT
from made_np.backends._numba.rounding import BF16, unpaired
from made_np.backends._numba.target import HAS_BF16, REGISTER_BYTES
from made_np.backends._numba.tile import _Emitter, _generator

_COUNT = REGISTER_BYTES // 4


def _tile(n_registers: int, begin: str) -> Any:
    """Return the tile that is `n_registers` wide, as a function that kernels can call."""

    @intrinsic
    def tile(_, A, a, rows, row_step, k_step, B, b, b_step, C, c, c_step, start, stop, biases, bias):  # type: ignore[no-untyped-def]
        n = types.intp
        signature = types.void(A, n, n, n, n, B, n, n, C, n, n, n, n, biases, n, biases, n)
        generate = _generator(n_registers, begin, ragged=False, emitter=_Pairs)

        def without_ends(context: Any, builder: Any, own: Any, args: Any) -> Any:
            return generate(context, builder, signature, [*args[:-2], *args[-2:], *args[-2:]])

        return types.void(A, n, n, n, n, B, n, n, C, n, n, n, n, biases, n), without_ends

    return tile


class _Pairs(_Emitter):
    """The instructions of a tile for pairs."""

    def __init__(self, context: Any, builder: Any, signature: Any) -> None:
        self.context = context
        self.builder = builder
        self.signature = signature
        self.size = 4
        self.vector = ir.VectorType(ir.FloatType(), _COUNT)
        name = f"llvm.fmuladd.v{_COUNT}f32"
        self._fma = self._function(name, [self.vector] * 3)

    def register(self, row: Any, i: int) -> Any:
        place = self.builder.gep(row, [self.index(i * _COUNT)])
        return self.builder.bitcast(place, ir.VectorType(row.type.pointee, _COUNT).as_pointer())

    def spread(self, scalar: Any) -> Any:
        nothing = ir.Constant(ir.VectorType(scalar.type, _COUNT), ir.Undefined)
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), _COUNT), [0] * _COUNT)
        first = self.builder.insert_element(nothing, scalar, ir.Constant(ir.IntType(32), 0))
        return self.builder.shuffle_vector(first, nothing, zeros)

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        if HAS_BF16:
            halves = ir.VectorType(BF16(), 2 * _COUNT)
            dot = self._function(f"llvm.x86.avx512bf16.dpbf16ps.{8 * REGISTER_BYTES}", [self.vector, halves, halves])
            return self.builder.call(dot, [c, self.builder.bitcast(a, halves), self.builder.bitcast(b, halves)])
        for half in (self._lower, self._upper):
            c = self.builder.call(self._fma, [half(a), half(b), c])
        return c

    def _lower(self, pairs: Any) -> Any:
        shift = ir.Constant(pairs.type, [16] * _COUNT)
        return self.builder.bitcast(self.builder.shl(pairs, shift), self.vector)

    def _upper(self, pairs: Any) -> Any:
        mask = ir.Constant(pairs.type, [0xFFFF0000] * _COUNT)
        return self.builder.bitcast(self.builder.and_(pairs, mask), self.vector)

    def _function(self, name: str, arguments: list[Any]) -> Any:
        kind = ir.FunctionType(self.vector, arguments)
        return cgutils.get_or_insert_function(self.builder.module, kind, name)


def _plain_tile(n_registers: int, begin: str) -> Any:
    """Return the same function in plain Python."""

    def tile(
        A: Any, a: int, rows: int, row_step: int, k_step: int, B: Any, b: int, b_step: int, C: Any, c: int, c_step: int,
        start: int, stop: int, biases: Any, bias: int,
    ) -> None:  # fmt: skip
        lanes = np.arange(n_registers * _COUNT)
        r = np.arange(rows)[:, None]
        k = np.arange(start, stop)
        place = c + r * c_step + lanes
        factors = unpaired(A[a + r * row_step + k * k_step]).reshape(rows, -1)
        columns = unpaired(B[b + k[:, None] * b_step + lanes]).swapaxes(1, 2).reshape(-1, len(lanes))
        first = {"add": C[place], "new": 0, "bias": biases[bias + r] if begin == "bias" else 0}[begin]
        C[place] = first + factors @ columns

    return tile


_make = _tile if JIT else _plain_tile

# As those of `tile`, without the ends of a staircase: where no wire is, A holds zeros.
add = _make(2, "add")
half_add = _make(1, "add")
new = _make(2, "new")
bias = _make(2, "bias")
half_bias = _make(1, "bias")
