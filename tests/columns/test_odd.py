"""What seems odd in a column is pointed out, and nothing else is."""

from __future__ import annotations

from made_np.columns.odd import Odd


def test_words_with_a_number_behind_them_are_words() -> None:
    for word in ("row", "sku", "abc", "Unit"):
        assert Odd.in_words({f"{word} {k}": 1 for k in range(100)}).written is None
    assert Odd.in_words({f"EUR {k}": 1 for k in range(100)}).written == ("numbers", "EUR 0")
