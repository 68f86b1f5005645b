"""Encoded rows: those of the columns, held in few bytes, at the places asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from made_np import MADE, OneHot
from made_np.columns.columns import Columns
from made_np.estimator.encoding import encode
from made_np.table import table as tables
from made_np.table.table import Table

RNG = np.random.default_rng(0)
BITS = RNG.integers(0, 2, (90, 4))
CODES = RNG.integers(0, 5, (90, 3))
HOT = np.eye(3, dtype=int)[RNG.integers(0, 3, 90)]
REAL = RNG.normal(size=(90, 2))


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "AT_ONCE", 60)


def encoded(X: Any, dtype: str = "float32", places: Any = None, columns: Any = "auto") -> tuple[Any, Any]:
    """The rows that are held, and what they have to be."""
    table = Table.of(X)
    learned = Columns.learn(table, columns)
    made = MADE(len(learned.outputs), (3,), learned.outputs, dtype=dtype)
    return encode(table, learned, made, places).z.x, learned.encode(table.read()).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("X", "held"),
    [
        (BITS.astype(np.uint8), "uint8"),
        (BITS.astype(bool), "uint8"),
        (CODES.astype(np.int64), "uint8"),
        (BITS.astype(np.float64), "uint8"),
        (REAL.astype(np.float32), None),
        (np.column_stack([REAL, BITS]), None),
    ],
    ids=lambda value: str(getattr(value, "dtype", value)),
)
def test_codes_are_held_in_few_bytes(X: Any, held: str | None, dtype: str) -> None:
    got, want = encoded(X, dtype)
    assert got.dtype == (held or dtype)
    assert_array_equal(got.astype(dtype), want)


def test_a_column_that_is_standardised_needs_floats() -> None:
    ages = RNG.integers(0, 90, (90, 2)).astype(np.uint8)
    got, want = encoded(ages, columns="gaussian")
    assert got.dtype == np.float32
    assert_array_equal(got, want)


def test_codes_of_one_hot_columns_find_room() -> None:
    for width, held in ((3, "uint8"), (300, "uint16")):
        X = np.eye(width, dtype=bool)[RNG.integers(0, width, 90)]
        table = Table.of(X)
        columns = Columns.learn(table, "auto", one_hot=OneHot(((0, width),)))
        got = encode(table, columns, MADE(1, (3,), columns.outputs)).z.x
        assert got.dtype == held
        assert_array_equal(got[:, 0], X.argmax(axis=1))


def test_what_is_binarised_is_bits() -> None:
    table = Table.of(RNG.random((90, 4))).above(0.5)
    columns = Columns.learn(table)
    got = encode(table, columns, MADE(4, (3,), columns.outputs)).z.x
    assert got.dtype == np.uint8
    assert_array_equal(got, table.read() == 1)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_of_bytes_stay_bytes(library: str) -> None:
    frames = pytest.importorskip(library)
    frame = frames.DataFrame({f"x{d}": BITS[:, d].astype(np.uint8) for d in range(4)})
    got, want = encoded(frame)
    assert got.dtype == np.uint8
    assert_array_equal(got, want)


@pytest.mark.parametrize("X", [BITS.astype(np.uint8), np.column_stack([REAL, HOT])], ids=["bytes", "floats"])
def test_each_row_stands_at_its_place(X: Any) -> None:
    places = RNG.permutation(90)
    got, want = encoded(X, places=places)
    assert_array_equal(got[places].astype(np.float32), want)


@pytest.mark.parametrize(
    ("value", "words"),
    [(2.0, r"^X\[77, 1\] = 2: column 1 has Bernoulli")],
)
def test_what_cannot_be_is_named_by_its_place(value: float, words: str) -> None:
    columns = Columns.learn(BITS)
    X = BITS.astype(float)
    X[77, 1] = value
    with pytest.raises(ValueError, match=words):
        encode(Table.of(X), columns, MADE(4, (3,)))
    columns, X = Columns.learn(REAL), REAL.copy()
    X[88, 0] = 1e300
    with pytest.raises(ValueError, match=r"^X\[88, 0\] = .* is too large for float32"):
        encode(Table.of(X), columns, MADE(2, (3,), "gaussian"))


def test_a_gap_needs_floats_and_stays_one() -> None:
    columns = Columns.learn(BITS)
    X = BITS.astype(float)
    X[77, 1] = np.nan
    got = encode(Table.of(X), columns, MADE(4, (3,))).z.x
    assert got.dtype == np.float32
    assert_array_equal(got, X)
