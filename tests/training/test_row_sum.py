"""The checksum of a table that ranks compute together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np.training import row_sum as module
from made_np.training.row_sum import BITS, row_sum

DTYPES = ("float32", "float64")


def whole(table: np.ndarray, dtype: str = "float64") -> int:
    """The checksum of a table, from one process."""
    return row_sum(table, np.dtype(dtype), np.arange)


@pytest.mark.parametrize("seed", range(20))
def test_whoever_has_which_rows_it_is_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(int(rng.integers(1, 60)), int(rng.integers(1, 9))))
    dtype = np.dtype(DTYPES[seed % 2])
    want = row_sum(table, dtype, np.arange)
    owner = rng.integers(0, 4, len(table))
    total = 0
    for rank in range(4):
        own = rng.permutation(np.flatnonzero(owner == rank))
        monkeypatch.setattr(module, "AT_ONCE", int(rng.integers(1, 100)))  # in blocks of any size
        total += row_sum(table[own], dtype, lambda first, last, own=own: own[first:last])
    assert total % 2**BITS == want
    assert 0 <= want < 2**BITS


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("width", [1, 2, 3, 8])
def test_every_bit_of_every_number_counts(width: int, dtype: str) -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(5, width)).astype(dtype)
    seen = {whole(table, dtype)}
    bits = table.itemsize * 8
    words = table.view(f"u{table.itemsize}")
    for row in range(5):
        for column in range(width):
            for bit in range(bits):
                words[row, column] ^= words.dtype.type(1 << bit)
                seen.add(whole(table, dtype))
                words[row, column] ^= words.dtype.type(1 << bit)
    assert len(seen) == 1 + 5 * width * bits


def test_pairs_of_changes_do_not_make_up_for_each_other() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(6, 4))
    seen = {whole(table)}
    count = 1
    places = [(row, column) for row in range(6) for column in range(4)]
    for k, first in enumerate(places):
        for second in places[:k]:
            both_signs = table.copy()
            both_signs[first] *= -1
            both_signs[second] *= -1
            exchanged = table.copy()
            exchanged[first], exchanged[second] = table[second], table[first]
            seen |= {whole(both_signs), whole(exchanged)}
            count += 2
    assert len(seen) == count


def test_the_shape_of_rows_and_their_sequence_count() -> None:
    table = np.arange(12.0).reshape(6, 2)
    others = [table[::-1], table.reshape(4, 3), table.reshape(12, 1), table[:5], np.vstack([table, table[:1] * 0])]
    assert len({whole(each) for each in [table, *others]}) == 6


@pytest.mark.parametrize(
    "stored",
    [
        lambda table: table.astype(bool),
        lambda table: table.astype("int8"),
        lambda table: table.astype(">f8"),
        lambda table: np.asfortranarray(table),
        lambda table: np.repeat(table, 2, axis=1)[:, ::2],
        lambda table: np.broadcast_to(table, table.shape),
    ],
)
def test_how_a_table_is_stored_does_not_count(stored: Any) -> None:
    table = (np.random.default_rng(0).random((9, 5)) < 0.5).astype(float)
    for dtype in DTYPES:
        assert whole(stored(table), dtype) == whole(table, dtype)
    assert whole(table, "float32") != whole(table, "float64")


def test_weights_have_one_axis_and_an_empty_share_adds_nothing() -> None:
    weights = np.random.default_rng(0).random(7)
    assert whole(weights) == whole(weights[:, None])
    assert whole(weights[:0]) == whole(np.empty((0, 3))) == 0
