"""Windows against the slow and obvious walk through a grid."""

from __future__ import annotations

import numpy as np
import pytest

from made_np.grid import Scan
from made_np.grid.windows import Windows, n_told, window

SHAPE = (4, 5)
D = 20


def random_scan(seed: int) -> Scan:
    rng = np.random.default_rng(seed)
    return Scan(SHAPE, rng.permutation(D), rng.choice([-1, 1], (D, 2)))


@pytest.mark.parametrize("seed", range(3))
def test_wires_lead_to_what_is_near_and_before(seed: int) -> None:
    scan = random_scan(seed)
    offsets = window(2)
    position = {int(place): k for k, place in enumerate(scan.order)}
    for place, wires in enumerate(Windows(scan, 2).wires):
        down, right = scan.steps[place]
        for (dy, dx), wire in zip(offsets, wires, strict=True):
            row = place // 5 + down * dy
            column = place % 5 + right * dx
            is_inside = 0 <= row < 4 and 0 <= column < 5
            seen = is_inside and position[row * 5 + column] < position[place]
            assert wire == (row * 5 + column if seen else -1)


def test_a_window_holds_half_of_a_disc() -> None:
    rows, columns = window(3).T
    assert len(set(zip(rows, columns, strict=True))) == len(rows)
    assert ((rows < 0) | ((rows == 0) & (columns < 0))).all()
    distances = np.hypot(rows, columns)
    assert (np.diff(distances) >= 0).all()


def test_a_turned_image_is_told_the_same_under_the_turned_scan() -> None:
    """What a pixel sees of the image upside down, walked backwards, is what it saw: all but where it stands."""
    x = np.random.default_rng(0).standard_normal((3, D))
    scan = Scan.raster(SHAPE)
    told = Windows(scan, 2).told(x, np.arange(D), guide=x + 1)
    turned = Windows(scan.backwards(), 2).told(x[:, ::-1], np.arange(D), guide=x[:, ::-1] + 1)
    place = np.isin(np.arange(n_told(2, True)), [2, 3])
    np.testing.assert_allclose(turned[:, ::-1][..., ~place], told[..., ~place], atol=1e-12)


@pytest.mark.parametrize("guided", [False, True])
def test_as_many_numbers_are_told_as_are_announced(guided: bool) -> None:
    x = np.zeros((2, D))
    told = Windows(random_scan(0), 2).told(x, np.arange(3), x if guided else None)
    assert told.shape == (2, 3, n_told(2, guided))


def test_what_is_not_seen_may_be_missing() -> None:
    windows = Windows(random_scan(1), 2)
    x = np.random.default_rng(0).standard_normal((1, D))
    for k, place in enumerate(windows.scan.order):
        later = windows.scan.order[k:]
        gappy = x.copy()
        gappy[:, later] = np.nan
        np.testing.assert_array_equal(windows.told(gappy, [place]), windows.told(x, [place]))
