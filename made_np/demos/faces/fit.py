"""How a model of faces is learned: regressions in closed form, then the network of a pixel by gradient descent.

A mean that was fitted to a face follows it too well: a network that learns beside such means would trust them too much.
So it learns beside means that come from the other people.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt
from typing import Any

import numpy as np

from made_np.demos.faces.halves import half_orders, half_scans, missing_halves
from made_np.demos.faces.model import FaceModel
from made_np.demos.faces.recipe import Recipe, augment, prior
from made_np.distributions.levels import DiscretizedLogistic
from made_np.grid import GridMADE
from made_np.model.made import MADE
from made_np.table.table import Table
from made_np.training.closed_form import fit_linear
from made_np.training.fit import fit
from made_np.typing import Array, Bools, Floats
from made_np.values import as_a, as_count


def fit_faces(faces: Array, recipe: Recipe | None = None, *, held_out: int = 50, rng: int = 0) -> FaceModel:
    """Fit a model of faces (n, D), whole grey levels 0..255.

    Each `held_out` faces, one after the other, are guided by means that were fitted without them; the faces of one
    person stand together.

    Raises
    ------
    TypeError, ValueError
        Faces that are not square or no grey levels, or another argument that cannot be meant.
    """
    faces = _as_faces(faces)
    recipe = Recipe() if recipe is None else as_a(recipe, "recipe", Recipe, "give a Recipe, or None")
    held_out = as_count(held_out, "held_out", 1, len(faces) - 1)
    generator = np.random.default_rng(as_count(rng, "rng", 0))
    side = isqrt(faces.shape[1])
    moments = Moments(faces, recipe, held_out, generator)
    mean, covariance = moments.without(None)
    orders, claims = half_orders(side)
    made = MADE(side * side, (), "gaussian", order=np.stack(orders), n_masks=len(orders), direct=True)
    theta = fit_linear(made, covariance.astype(np.float64), claims=claims)
    grid = GridMADE((side, side), recipe.hidden, DiscretizedLogistic(256, recipe.components), guided=True)
    grid_theta = _fit_grid(grid, faces, moments, recipe, generator)
    return FaceModel(made, theta, mean, grid, grid_theta)


class Moments:
    """Mean with covariance of augmented faces, those of any fold left out.

    Attributes
    ----------
    folds : list of slice
        Which faces each fold holds.
    """

    def __init__(self, faces: Array, recipe: Recipe, held_out: int, rng: np.random.Generator) -> None:
        self.folds = [slice(k, k + held_out) for k in range(0, len(faces), held_out)]
        self._prior = prior(isqrt(faces.shape[1]), recipe).astype(np.float32)
        self._centre = faces.mean(axis=0, dtype=np.float64).astype(np.float32)
        self._counts: list[int] = []
        self._sums: list[Floats] = []
        self._squares: list[Array] = []
        for fold in self.folds:
            images = augment(faces[fold], recipe, rng)
            images -= self._centre
            self._counts.append(len(images))
            self._sums.append(images.sum(axis=0, dtype=np.float64))
            self._squares.append(images.T @ images)
        self._all_squares = np.sum(self._squares, axis=0)

    def without(self, k: int | None) -> tuple[Floats, Array]:
        """Return the mean (D,), and the covariance (D, D) with that of the prior added, of all folds but the k-th."""
        others = [i for i in range(len(self.folds)) if i != k]
        n = sum(self._counts[i] for i in others)
        mean = sum(self._sums[i] for i in others) / n
        squares = self._all_squares if k is None else self._all_squares - self._squares[k]
        covariance = squares / np.float32(n) - np.outer(mean, mean).astype(np.float32) + self._prior
        return mean + self._centre, covariance


def conditional_mean(mean: Array, covariance: Array, faces: Array, missing: Bools) -> Array:
    """Return `faces` (n, D) with the missing pixels replaced by their mean given the others, under N(mean, C)."""
    known = ~missing
    weights = np.linalg.solve(covariance[np.ix_(known, known)], (faces - mean)[:, known].T)
    completed = faces.astype(np.float32)
    completed[:, missing] = mean[missing] + (covariance[np.ix_(missing, known)] @ weights).T
    return np.clip(completed, 0, 255)


def _fit_grid(grid: GridMADE, faces: Array, moments: Moments, recipe: Recipe, rng: np.random.Generator) -> Array:
    """Return the parameters of the network that all pixels share."""
    pairs = list(_examples(grid, faces, moments, recipe.examples, rng))
    pixels = np.concatenate([pair[0] for pair in pairs])
    told = np.concatenate([pair[1] for pair in pairs])
    result = fit(
        grid.made,
        pixels,
        context=told,
        theta=grid.init(rng, faces),
        learning_rate=3e-3,
        schedule="cosine",
        batch_size=1024,
        max_epochs=recipe.epochs,
        rng=rng,
    )
    return result.theta


def _examples(
    grid: GridMADE, faces: Array, moments: Moments, n: int, rng: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Yield pixels with what they are told, about `n` in all: some of each fold, in each order."""
    halves = missing_halves(grid.shape[0])
    scans = half_scans(grid.shape[0])
    n_places = min(grid.n_features, max(1, n // (len(faces) * len(halves))))
    for k, fold in enumerate(moments.folds):
        mean, covariance = moments.without(k)
        for half, missing in halves.items():
            completed = conditional_mean(mean, covariance, faces[fold], missing)
            places = rng.choice(grid.n_features, n_places, replace=False)
            first = np.broadcast_to(mean, completed.shape)
            for part, guide in ((places[~missing[places]], first), (places[missing[places]], completed)):
                yield grid.examples(faces[fold], scan=scans[half], places=part, guide=guide)


def _as_faces(faces: Any) -> Array:
    """Return faces (n, D) as they are if they are grey levels, two or more, and square; or raise."""
    table = Table.of(faces, "faces")
    side = isqrt(table.n_columns)
    if side < 2 or side * side != table.n_columns or table.n_rows < 2:
        raise ValueError(
            f"faces has {table.n_rows} rows of {table.n_columns} columns: give two faces or more, (n, side * side)"
        )
    table.refuse_gaps()
    wrong = DiscretizedLogistic(256).invalid(table.values)
    if wrong.any():
        row, pixel = (int(k) for k in np.argwhere(wrong)[0])
        raise ValueError(f"faces[{row}, {pixel}] = {table.values[row, pixel]:g}: give whole grey levels 0..255")
    return table.values
