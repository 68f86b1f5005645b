"""The register tile: the one place where multiplications happen.

A tile is a block of C of at most six rows, one panel wide. It stays in registers while ``C += A B`` runs over k: each
step loads two registers of B, spreads one entry of A for each row, and does twelve fused multiply-adds. That is the
largest block that sixteen vector registers can hold, and so the fewest loads for the arithmetic. LLVM is handed the
vectors ready made: left to itself it does not find them.

    tile(A, a, rows, row_step, k_step, B, b, b_step, C, c, c_step, start, stop, ends, end)

takes flat arrays, and where in them the blocks begin. Row r of the block of A is at ``a + r * row_step + k * k_step``,
row k of that of B at ``b + k * b_step``, row r of that of C at ``c + r * c_step``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from made_np.backends._numba.compiling import JIT
from made_np.backends._numba.target import REGISTER_BYTES

ROWS = 6
_INT64 = ir.IntType(64)
_INT32 = ir.IntType(32)


def _tile(n_registers: int, begin: str, ragged: bool = False) -> Any:
    """Return the tile that is `n_registers` wide, as a function that kernels can call."""

    @intrinsic
    def tile(  # type: ignore[no-untyped-def]
        _, A, a, rows, row_step, k_step, B, b, b_step, C, c, c_step, start, stop, ends, end, biases, bias
    ):
        n = types.intp
        signature = types.void(A, n, n, n, n, B, n, n, C, n, n, n, n, ends, n, biases, n)
        return signature, _generator(n_registers, begin, ragged)

    return tile


def _generator(n_registers: int, begin: str, ragged: bool, emitter: Any = None) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        A, a, rows, row_step, k_step, B, b, b_step, C, c, c_step, start, stop, ends, end, biases, bias = args
        emit = (emitter or _Emitter)(context, builder, signature)
        A = emit.begin(0, A, a)
        B = emit.begin(5, B, b)
        C = emit.begin(8, C, c)
        ends = emit.begin(13, ends, end)
        biases = emit.begin(15, biases, bias)
        # Rows beyond the last are computed as the last one once more: the same value is stored again.
        last = builder.sub(rows, emit.index(1))
        row = [emit.smaller(emit.index(r), last) for r in range(ROWS)]
        A_rows = [builder.gep(A, [builder.mul(r, row_step)]) for r in row]
        C_rows = [builder.gep(C, [builder.mul(r, c_step)]) for r in row]
        # One variable per register of the tile; LLVM keeps them in registers.
        total = [[emit.variable() for _ in range(n_registers)] for _ in row]
        places = [[emit.register(C_row, i) for i in range(n_registers)] for C_row in C_rows]
        for r, spots in enumerate(total):
            first = emit.zero() if begin == "new" else emit.spread(builder.load(builder.gep(biases, [row[r]])))
            for spot, place in zip(spots, places[r], strict=True):
                builder.store(emit.load(place) if begin == "add" else first, spot)

        def step(k: Any, factors: list[Any]) -> None:
            B_row = builder.gep(B, [builder.mul(k, b_step)])
            vectors = [emit.load(emit.register(B_row, i)) for i in range(n_registers)]
            for factor, spots in zip(factors, total, strict=True):
                for vector, spot in zip(vectors, spots, strict=True):
                    builder.store(emit.multiply_add(emit.spread(factor), vector, builder.load(spot)), spot)

        with cgutils.for_range_slice(builder, start, stop, emit.index(1)) as (k, _):
            column = builder.mul(k, k_step)
            step(k, [builder.load(builder.gep(A_row, [column])) for A_row in A_rows])
        if ragged:
            stops = [builder.load(builder.gep(ends, [r])) for r in row]
            with cgutils.for_range_slice(builder, stop, stops[-1], emit.index(1)) as (k, _):
                column = builder.mul(k, k_step)
                values = [builder.load(builder.gep(A_row, [column])) for A_row in A_rows]
                # A value where no wire is must not matter, not even a NaN: it is replaced, not multiplied by 0.
                step(k, [emit.or_zero(builder.icmp_signed("<", k, s), v) for s, v in zip(stops, values, strict=True)])
        for r, spots in enumerate(total):
            for spot, place in zip(spots, places[r], strict=True):
                emit.store(builder.load(spot), place)
        return context.get_dummy_value()

    return generate


def _lanes(lanes: int) -> Any:
    """Return the sum of two rows, the second times a number, as a function that kernels can call."""

    @intrinsic
    def add_times(_, C, c, B, b, factor):  # type: ignore[no-untyped-def]
        n = types.intp

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            emit = _Emitter(context, builder, signature)
            C_row = emit.begin(0, args[0], args[1])
            B_row = emit.begin(2, args[2], args[3])
            many = emit.spread(args[4])
            for i in range(max(1, lanes // emit.vector.count)):
                place = emit.register(C_row, i)
                vector = emit.load(emit.register(B_row, i))
                emit.store(emit.multiply_add(many, vector, emit.load(place)), place)
            return context.get_dummy_value()

        return types.void(C, n, B, n, factor), generate

    return add_times


class _Emitter:
    """The few instructions that a tile is made of, for one dtype."""

    def __init__(self, context: Any, builder: Any, signature: Any) -> None:
        self.context = context
        self.builder = builder
        self.signature = signature
        self.number = context.get_value_type(signature.args[0].dtype)
        self.size = signature.args[0].dtype.bitwidth // 8
        self.vector = ir.VectorType(self.number, REGISTER_BYTES // self.size)
        name = f"llvm.fmuladd.v{self.vector.count}f{8 * self.size}"
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        self._fma = cgutils.get_or_insert_function(builder.module, kind, name)

    def index(self, value: int) -> Any:
        return ir.Constant(_INT64, value)

    def smaller(self, a: Any, b: Any) -> Any:
        return self.builder.select(self.builder.icmp_signed("<", a, b), a, b)

    def or_zero(self, condition: Any, value: Any) -> Any:
        return self.builder.select(condition, value, ir.Constant(self.number, 0.0))

    def begin(self, argument: int, array: Any, offset: Any) -> Any:
        """Return the address of an entry of an array."""
        data = self.context.make_array(self.signature.args[argument])(self.context, self.builder, array).data
        return self.builder.gep(data, [offset])

    def variable(self) -> Any:
        return cgutils.alloca_once(self.builder, self.vector)

    def register(self, row: Any, i: int) -> Any:
        """Return the address of the i-th vector of a row."""
        return self.builder.bitcast(
            self.builder.gep(row, [self.index(i * self.vector.count)]), self.vector.as_pointer()
        )

    def load(self, address: Any) -> Any:
        value = self.builder.load(address)
        value.align = self.size
        return value

    def store(self, value: Any, address: Any) -> None:
        self.builder.store(value, address).align = self.size

    def spread(self, scalar: Any) -> Any:
        """Return the vector that holds `scalar` everywhere."""
        nothing = ir.Constant(self.vector, ir.Undefined)
        zeros = ir.Constant(ir.VectorType(_INT32, self.vector.count), [0] * self.vector.count)
        first = self.builder.insert_element(nothing, scalar, ir.Constant(_INT32, 0))
        return self.builder.shuffle_vector(first, nothing, zeros)

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        return self.builder.call(self._fma, [a, b, c])

    def zero(self) -> Any:
        return ir.Constant(self.vector, [0.0] * self.vector.count)


def _plain_tile(n_registers: int, begin: str, ragged: bool = False) -> Any:
    """Return the same function in plain Python."""

    def tile(
        A: Any, a: int, rows: int, row_step: int, k_step: int, B: Any, b: int, b_step: int, C: Any, c: int, c_step: int,
        start: int, stop: int, ends: Any, end: int, biases: Any, bias: int,
    ) -> None:  # fmt: skip
        lanes = np.arange(n_registers * (REGISTER_BYTES // A.itemsize))
        r = np.arange(rows)[:, None]
        k = np.arange(start, max(stop, ends[end + rows - 1]) if ragged else stop)
        factors = A[a + r * row_step + k * k_step]
        if ragged:
            factors = np.where(k < np.maximum(ends[end + r], stop), factors, 0)
        place = c + r * c_step + lanes
        first = {"add": C[place], "new": 0, "bias": biases[bias + r] if begin == "bias" else 0}[begin]
        C[place] = first + factors @ B[b + k[:, None] * b_step + lanes]

    return tile


def _plain_lanes(lanes: int) -> Any:
    """Return the same function in plain Python."""

    def add_times(C: Any, c: int, B: Any, b: int, factor: Any) -> None:
        C[int(c) : int(c) + lanes] += B[int(b) : int(b) + lanes] * factor

    return add_times


LANES = 16
"""Rows of W that are worked on side by side where inputs are sparse: no fewer than a register holds."""
add_times = _lanes(LANES) if JIT else _plain_lanes(LANES)
"""``C += factor B`` for `LANES` numbers."""

_make = _tile if JIT else _plain_tile

# Each a whole panel wide, or its first half (for a last panel of few rows).
add = _make(2, "add")
half_add = _make(1, "add")
"""``C += A B`` over k in range(start, stop)."""
new = _make(2, "new")
"""``C = A B``."""
bias = _make(2, "bias")
half_bias = _make(1, "bias")
"""``C = A B`` and ``biases[bias + r]`` in row r."""
add_stairs = _make(2, "add", ragged=True)
half_add_stairs = _make(1, "add", ragged=True)
"""``C += A B``, where row r goes on alone after `stop` until k reaches ``ends[end + r]``: the edge of a staircase."""
bias_stairs = _make(2, "bias", ragged=True)
half_bias_stairs = _make(1, "bias", ragged=True)
"""The same with biases."""
