"""What is assumed of faces before they are seen: how else each might have been taken, how smooth they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from made_np.typing import Array
from made_np.validation import as_widths
from made_np.values import as_a, as_count, as_number


@dataclass(frozen=True)
class Recipe:
    """How faces are learned. The defaults were chosen on people held out of the training set.

    Attributes
    ----------
    copies : int
        Images made of each face: itself, its mirror image, and others that are moved, zoomed and lit differently,
        every second of them mirrored.
    shift : float
        Standard deviation of the movement, pixels.
    zoom : float
        Standard deviation of the logarithm of the zoom; half of it for the aspect ratio.
    brightness : float
        Standard deviation, grey levels.
    contrast : float
        Standard deviation of the logarithm of the contrast.
    nugget : float
        Prior variance of a pixel on its own, squared grey levels: the L2 prior on all weights.
    smooth : tuple of (variance, length)
        Prior variance, squared grey levels, of fields that are smooth over `length` pixels.
    hidden : tuple of int
        Hidden layers of the network that all pixels share.
    components : int
        Logistics in the distribution of a pixel.
    examples : int
        So many pixels are learned from, drawn from all faces in all orders.
    epochs : int
        How often.
    """

    copies: int = 16
    shift: float = 1.0
    zoom: float = 0.06
    brightness: float = 10.0
    contrast: float = 0.1
    nugget: float = 50.0
    smooth: tuple[tuple[float, float], ...] = ((800.0, 2.0),)
    hidden: tuple[int, ...] = (64, 64)
    components: int = 3
    examples: int = 1_200_000
    epochs: int = 8

    def __post_init__(self) -> None:
        for name in ("copies", "components", "examples", "epochs"):
            as_count(getattr(self, name), name)
        as_widths(self.hidden)
        for name in ("shift", "zoom", "brightness", "contrast", "nugget"):
            as_number(getattr(self, name), name, "[0, inf)")
        for k, field in enumerate(as_a(self.smooth, "smooth", tuple, "give pairs (variance, length)")):
            as_a(field, f"smooth[{k}]", tuple, "give a pair (variance, length)")
            if len(field) != 2:
                raise ValueError(f"smooth[{k}]={field}: give a pair (variance, length)")
            as_number(field[0], f"smooth[{k}], variance", "[0, inf)")
            as_number(field[1], f"smooth[{k}], length", "(0, inf)")


def augment(faces: Array, recipe: Recipe, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return ``copies`` images of each face, shape (n * copies, D), as `Recipe` describes them."""
    from scipy.ndimage import affine_transform

    side = int(faces.shape[1] ** 0.5)
    centre = np.full(2, (side - 1) / 2)
    images = np.empty((len(faces), recipe.copies, side, side), dtype=np.float32)
    for face, copies in zip(faces.reshape(-1, side, side).astype(np.float32), images, strict=True):
        for k in range(recipe.copies):
            image = face[:, ::-1] if k % 2 else face
            if k >= 2:
                zoom = np.exp(rng.normal(0, recipe.zoom))
                aspect = np.exp(rng.normal(0, recipe.zoom / 2))
                scale = np.array([zoom * aspect, zoom / aspect])
                offset = centre - scale * centre + rng.normal(0, recipe.shift, size=2)
                image = affine_transform(image, np.diag(scale), offset=offset, order=1, mode="nearest")
                image = (image - 128) * np.exp(rng.normal(0, recipe.contrast)) + 128
                image += rng.normal(0, recipe.brightness)
            copies[k] = image
    return images.reshape(len(faces) * recipe.copies, side * side)


def prior(side: int, recipe: Recipe) -> NDArray[np.float64]:
    """Return the prior's covariance (D, D): independent pixels, and smooth fields.

    A smooth field has covariance ``variance m(dx) m(dy)`` with ``m(d) = (1 + a) e^-a``, ``a = sqrt(3) d / length``
    (Matern 3/2; Rasmussen & Williams 2006, equation 4.17).
    """
    distance = np.abs(np.subtract.outer(np.arange(side), np.arange(side)))
    covariance = recipe.nugget * np.eye(side * side)
    for variance, length in recipe.smooth:
        a = 3**0.5 * distance / length
        m = (1 + a) * np.exp(-a)
        covariance += variance * np.kron(m, m)
    return covariance
