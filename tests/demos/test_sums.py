"""The table that the demo begins with: what its numbers are, and what they show."""

from __future__ import annotations

import numpy as np
import pytest

from made_np.datasets import load_digits
from made_np.demos.sums import eight_pixels, entropy, every_row, lines, print_table

pytest.importorskip("sklearn")


def test_the_better_the_autoencoder_the_more_absurd_the_sum() -> None:
    x = eight_pixels(load_digits())
    narrow, wide, made = lines(x)
    least = entropy(x)
    assert [each.name for each in (narrow, wide, made)] == ["autoencoder 8-4-8", "autoencoder 8-16-8", "MADE 8-16-8"]
    assert wide.loss < 0.01 < narrow.loss < 2 < least < made.loss < least + 0.3
    assert 10 < narrow.total < 100
    assert 250 < wide.total <= 256
    assert made.total == pytest.approx(1, abs=1e-12)


def test_a_seed_decides_all_that_is_random() -> None:
    x = eight_pixels(load_digits())[:200]
    first, again, other = (lines(x, epochs=1, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert all(a.loss != b.loss for a, b in zip(first, other, strict=True))


def test_eight_pixels_are_two_rows_of_the_middle() -> None:
    digits = load_digits()
    x = eight_pixels(digits)
    assert x.shape == (1797, 8)
    np.testing.assert_array_equal(x[:3], digits.train[:3].reshape(3, 8, 8)[:, 3:5, 2:6].reshape(3, 8))


def test_entropy_is_that_of_the_rows() -> None:
    assert entropy(every_row(3)) == pytest.approx(3 * np.log(2))
    assert entropy(np.array([[0, 1], [0, 1], [0, 1], [1, 1]])) == pytest.approx(
        -0.75 * np.log(0.75) - 0.25 * np.log(0.25)
    )


def test_every_row_is_there_once() -> None:
    assert every_row().shape == (256, 8)
    assert len(np.unique(every_row(), axis=0)) == 256


def test_the_table_shows_them(capsys: pytest.CaptureFixture[str]) -> None:
    digits = load_digits()
    print_table(digits, epochs=2, seed=1)
    said = capsys.readouterr().out.splitlines()
    assert "1797 digits, with 256 rows" in said[0]
    for line, shown in zip(lines(eight_pixels(digits), epochs=2, seed=1), said[2:5], strict=True):
        assert shown.split()[-2:] == [f"{line.total:.4f}", f"{line.loss:.3f}"]
    assert said[4].split()[-2] == "1.0000"
    assert f"{entropy(eight_pixels(digits)):.3f} nats" in said[5]


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ValueError, match=r"x has shape \(3, 4\)"):
        lines(np.ones((3, 4)))
    with pytest.raises(ValueError, match="epochs=0"):
        lines(np.ones((3, 8)), epochs=0)
    with pytest.raises(ValueError, match="n_features=40"):
        every_row(40)
