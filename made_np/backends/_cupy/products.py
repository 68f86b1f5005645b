"""A product of matrices as cuBLAS takes it: matrices column by column, each with the distance between its columns.

A matrix that lies row by row is, read column by column, its own transpose. So ``out = a b`` with `out` row by row is
computed as ``out.T = b.T a.T``, and nothing is copied.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Gemm", "Matrix", "gemm"]


class Matrix(NamedTuple):
    """How a matrix lies in memory."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """In numbers, not bytes."""


class Gemm(NamedTuple):
    """The call: C (m, n) = op(A) (m, k) op(B) (k, n), all column by column; `ld*` are the distances of columns."""

    swapped: bool
    """True if A is b and B is a."""
    transpose_a: bool
    transpose_b: bool
    m: int
    n: int
    k: int
    lda: int
    ldb: int
    ldc: int


def gemm(a: Matrix, b: Matrix, out: Matrix) -> Gemm:
    """Return the call that computes ``out = a b``, none of which is empty.

    Raises
    ------
    ValueError
        The shapes do not fit, or a matrix has no unit stride.
    """
    rows, inner, columns = _sizes(a, b, out)
    ldc = _rows_apart(out)
    if ldc is not None:  # out lies row by row: its transpose is what is computed
        second, ldb = _factor(a)
        first, lda = _factor(b)
        return Gemm(True, not first, not second, columns, rows, inner, lda, ldb, ldc)
    ldc = _rows_apart(_transposed(out))
    if ldc is None:
        raise ValueError(f"no unit stride: {out}")
    first, lda = _factor(a)
    second, ldb = _factor(b)
    return Gemm(False, first, second, rows, columns, inner, lda, ldb, ldc)


def _sizes(a: Matrix, b: Matrix, out: Matrix) -> tuple[int, int, int]:
    """Return the rows of a, its columns, and the columns of b."""
    fits = all(len(each.shape) == 2 for each in (a, b, out)) and a.shape[1] == b.shape[0]
    if not fits or out.shape != (a.shape[0], b.shape[1]):
        raise ValueError(f"shapes of a product: {a.shape} by {b.shape} is not {out.shape}")
    return a.shape[0], a.shape[1], b.shape[1]


def _factor(matrix: Matrix) -> tuple[bool, int]:
    """Return whether a factor lies row by row, and how far apart its rows (or else its columns) are."""
    apart = _rows_apart(matrix)
    if apart is not None:
        return True, apart
    apart = _rows_apart(_transposed(matrix))
    if apart is None:
        raise ValueError(f"no unit stride: {matrix}")
    return False, apart


def _rows_apart(matrix: Matrix) -> int | None:
    """Return how far apart the rows are of a matrix that lies row by row, or None if it does not."""
    n_rows, n_columns = matrix.shape
    down, along = matrix.strides
    if n_columns > 1 and along != 1:
        return None
    apart = down if n_rows > 1 else n_columns  # the stride of a single row may be anything
    return apart if apart >= n_columns else None


def _transposed(matrix: Matrix) -> Matrix:
    return Matrix(matrix.shape[::-1], matrix.strides[::-1])
