"""A linear Gaussian MADE of faces, fitted in closed form: augmented faces, a prior on smoothness, held-out scales."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.demos.faces.halves import half_orders
from made_np.model.made import MADE
from made_np.training.closed_form import fit_linear, set_scales
from made_np.typing import Array
from made_np.validation import as_finite, as_numbers
from made_np.values import as_a, as_count, as_number


@dataclass(frozen=True)
class Recipe:
    """How the covariance of faces is estimated. The defaults were chosen on people held out of the training set.

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
    """

    copies: int = 16
    shift: float = 1.0
    zoom: float = 0.06
    brightness: float = 10.0
    contrast: float = 0.1
    nugget: float = 50.0
    smooth: tuple[tuple[float, float], ...] = ((800.0, 2.0),)

    def __post_init__(self) -> None:
        as_count(self.copies, "copies")
        for name in ("shift", "zoom", "brightness", "contrast", "nugget"):
            as_number(getattr(self, name), name, "[0, inf)")
        for k, field in enumerate(as_a(self.smooth, "smooth", tuple, "give pairs (variance, length)")):
            as_a(field, f"smooth[{k}]", tuple, "give a pair (variance, length)")
            if len(field) != 2:
                raise ValueError(f"smooth[{k}]={field}: give a pair (variance, length)")
            as_number(field[0], f"smooth[{k}], variance", "[0, inf)")
            as_number(field[1], f"smooth[{k}], length", "(0, inf)")


@dataclass(frozen=True, eq=False)
class FaceModel:
    """A fitted model of centred faces: ``made`` and ``theta`` see grey levels less `mean` (D,)."""

    made: MADE
    theta: Array
    mean: Array

    def complete(self, given: Array) -> Array:
        """Return faces (n, D), grey levels 0..255, with NaN filled by the mean given the rest."""
        return np.clip(self.made.fill_means(self.theta, given - self.mean) + self.mean, 0, 255)

    def draw(self, given: Array, rng: int | np.random.Generator) -> Array:
        """Return faces (n, D), grey levels 0..255, with NaN filled by one draw given the rest."""
        drawn = self.made.sample(self.theta, len(given), given=given - self.mean, rng=rng)
        return np.clip(drawn + self.mean, 0, 255)

    def bits_per_dim(self, faces: Array, rng: int | np.random.Generator = 0) -> float:
        """Return the mean of -log2 p per pixel, grey levels dequantised by uniform noise of one level.

        That is an upper bound on the bits that the grey levels themselves cost (Theis et al. 2016, section 3.1).
        """
        noise = np.random.default_rng(rng).random(faces.shape) - 0.5
        log_prob = self.made.log_prob(self.theta, faces + noise - self.mean)
        return float(-log_prob.mean(dtype=np.float64) / faces.shape[1] / np.log(2))


def fit_faces(faces: Array, recipe: Recipe | None = None, *, held_out: int = 50, rng: int = 0) -> FaceModel:
    """Fit a linear Gaussian MADE with four orders of the pixels to faces (n, D), grey levels 0..255.

    The scale of each pixel is that of its residual on the last `held_out` faces under a fit without them: a regression
    on thousands of pixels fits its own training faces far too well to say how far off it is on others.

    Raises
    ------
    TypeError, ValueError
        Faces that are not square or not finite, or another argument that cannot be meant.
    """
    faces = _as_faces(faces)
    recipe = Recipe() if recipe is None else as_a(recipe, "recipe", Recipe, "give a Recipe, or None")
    held_out = as_count(held_out, "held_out", 1, len(faces) - 1)
    rng = as_count(rng, "rng", 0)
    model = _fit_means(faces, recipe, rng)
    other = _fit_means(faces[:-held_out], recipe, rng)
    new = faces[-held_out:]
    centred = (new - other.mean).astype(other.made.dtype)
    squares = [
        (centred - other.made.raw_outputs(other.theta, centred, mask_set=k)[:, ::2]) ** 2
        for k in range(len(other.made.mask_sets))
    ]
    variance = np.mean(squares, axis=(0, 1), dtype=np.float64)
    # A pixel's own estimate comes from few faces: a fifth of it is the mean over all pixels.
    scales = np.sqrt(0.8 * variance + 0.2 * variance.mean())
    return FaceModel(model.made, set_scales(model.made, model.theta, scales), model.mean)


def _as_faces(faces: Any) -> Array:
    """Return faces (n, D) as they are if they are numbers, two or more, and square; or raise."""
    images = as_numbers(faces, "faces")
    side = isqrt(images.shape[1]) if images.ndim == 2 else 0
    if side < 2 or side * side != images.shape[1] or len(images) < 2:
        raise ValueError(f"faces has shape {images.shape}: give two faces or more, (n, side * side)")
    as_finite(images, np.dtype("float64"), "faces")
    return images


def _fit_means(faces: Array, recipe: Recipe, rng: int) -> FaceModel:
    side = int(faces.shape[1] ** 0.5)
    orders, claims = half_orders(side)
    made = MADE(side * side, (), "gaussian", order=np.stack(orders), n_masks=len(orders), direct=True)
    mean, covariance = estimate(faces, recipe, np.random.default_rng(rng))
    return FaceModel(made, fit_linear(made, covariance, claims=claims), mean)


def estimate(faces: Array, recipe: Recipe, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return the mean (D,) of augmented faces, and their covariance (D, D) with that of the prior added."""
    images = augment(faces, recipe, rng)
    mean = images.mean(axis=0, dtype=np.float64)
    images -= mean.astype(images.dtype)
    covariance = (images.T @ images / len(images)).astype(np.float64)
    return mean, covariance + prior(int(faces.shape[1] ** 0.5), recipe)


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
