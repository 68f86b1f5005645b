"""The radial power spectrum of images: how much they vary at each spatial frequency, in all directions."""

from __future__ import annotations

import numpy as np

from made_np.typing import Array, Floats


def radial_power(images: Array, side: int) -> Floats:
    """Return the mean power (side / 2,) of images (n, D) about their mean at frequencies 1, 2, ... per image side.

    A Hann window keeps the jump from one edge to the opposite one out of the high frequencies.

    Examples
    --------
    >>> wave = np.cos(2 * np.pi * 3 * np.arange(16) / 16)
    >>> images = np.stack([np.tile(wave, (16, 1)), -np.tile(wave, (16, 1))]).reshape(2, -1)
    >>> int(radial_power(images, 16).argmax()) + 1
    3
    """
    ramp = np.hanning(side + 1)[:-1]
    centred = (images - images.mean(axis=0)).reshape(-1, side, side)
    power = (np.abs(np.fft.fft2(centred * np.outer(ramp, ramp))) ** 2).mean(axis=0)
    along = np.fft.fftfreq(side, 1 / side)
    ring = np.rint(np.hypot(*np.meshgrid(along, along))).astype(int)
    total = np.bincount(ring.ravel(), power.ravel())
    return np.asarray(total / np.bincount(ring.ravel()))[1 : side // 2 + 1]
