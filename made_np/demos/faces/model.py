"""FaceModel: the mean of a missing half by linear regressions, its pixels by a small network that they share."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

import numpy as np

from made_np.demos.faces.halves import half_scans, missing_halves
from made_np.diagnostics.evaluation import bits_per_dim
from made_np.grid import GridMADE
from made_np.model.made import MADE
from made_np.typing import Array, Bools


@dataclass(frozen=True, eq=False)
class FaceModel:
    """A fitted model of faces: the same parameters serve all halves.

    Where a half is missing, the other one comes first, pixel by pixel, beside the mean face. Then the mean of the
    missing half is known, ``E[missing | rest]`` of the linear MADE, and its pixels come beside the face that this
    completes. So each pixel sees those before it: from afar through the mean, and close by through a window.

    Attributes
    ----------
    made : MADE
        Linear and Gaussian, of faces less `mean`.
    theta : ndarray
        Its parameters.
    mean : ndarray, shape (D,)
        The mean face, grey levels.
    grid : GridMADE
        Of the pixels, guided by means.
    grid_theta : ndarray
        Its parameters.
    """

    made: MADE
    theta: Array
    mean: Array
    grid: GridMADE
    grid_theta: Array

    def complete(self, given: Array) -> Array:
        """Return faces (n, D), grey levels 0..255, with NaN filled by the mean given the rest."""
        return np.clip(self.made.fill_means(self.theta, given - self.mean) + self.mean, 0, 255)

    def draw(self, given: Array, rng: int | np.random.Generator) -> Array:
        """Return faces (n, D), grey levels 0..255, with NaN, one half of each, filled by a draw given the rest.

        Raises
        ------
        ValueError
            What is missing is no half, or not the same one in all faces.
        """
        half = self._half_of(np.isnan(given))
        scan = half_scans(self._side)[half]
        guide = self.complete(given)
        return self.grid.sample(self.grid_theta, len(given), rng=rng, given=given, scan=scan, guide=guide)

    def sample(self, n: int, rng: int | np.random.Generator) -> Array:
        """Return n faces (n, D) of nobody, grey levels 0..255, the upper half drawn first."""
        generator = np.random.default_rng(rng)
        scan = half_scans(self._side)["bottom"]
        faces = self.grid.sample(self.grid_theta, n, rng=generator, scan=scan, guide=self._means(n))
        return self.draw(np.where(missing_halves(self._side)["bottom"], np.nan, faces), generator)

    def bits_per_dim(self, faces: Array) -> float:
        """Return the mean of -log2 p per pixel of faces (n, D), whole grey levels, over the mixture of four orders."""
        halves = missing_halves(self._side)
        each = [self.pixel_log_prob(faces, half).sum(axis=1, dtype=np.float64) for half in halves]
        log_prob = np.logaddexp.reduce(each, axis=0) - np.log(len(each))
        return bits_per_dim(-float(log_prob.mean()), faces.shape[1])

    def pixel_log_prob(self, faces: Array, half: str) -> Array:
        """Return log p of each pixel given those before it, nats (n, D), in the order in which `half` comes last."""
        missing = missing_halves(self._side)[half]
        completed = self.complete(np.where(missing, np.nan, faces))
        scan = half_scans(self._side)[half]
        first, last = (
            self.grid.pixel_log_prob(self.grid_theta, faces, scan=scan, guide=guide)
            for guide in (self._means(len(faces)), completed)
        )
        return np.where(missing, last, first)

    def _means(self, n: int) -> Array:
        """Return the mean face n times."""
        return np.broadcast_to(self.mean, (n, len(self.mean)))

    @property
    def _side(self) -> int:
        return isqrt(len(self.mean))

    def _half_of(self, is_missing: Bools) -> str:
        """Return which half is missing, or raise."""
        for half, missing in missing_halves(self._side).items():
            if (is_missing == missing).all():
                return half
        raise ValueError(f"given: NaN has to be one half of every face, {', '.join(missing_halves(self._side))}")
