"""Choose the augmentation of the faces model, with its prior, on people held out of the training faces.

    python scripts/choose_faces.py --data olivetti.npz [--folds 7]

The first 350 faces (35 people) are cut into folds of whole people; the last 50 are never looked at. Each recipe is
fitted without a fold and completes its halves. The figure is the squared error per missing pixel of the conditional
mean, which an order in which the given half leads attains. The last recipe is the default of `made_np faces`.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np

from made_np.datasets import load_olivetti
from made_np.demos.faces.baselines import squared_error
from made_np.demos.faces.halves import missing_halves
from made_np.demos.faces.recipe import Recipe, augment, prior

PLAIN = Recipe(copies=1, nugget=8000.0, smooth=())
CHOSEN = Recipe()
RECIPES = {
    "ridge": PLAIN,
    "ridge, mirrored faces": replace(PLAIN, copies=2),
    "moved, zoomed and lit; ridge 4000": replace(CHOSEN, nugget=4000.0, smooth=()),
    "the same; ridge 2000, smooth 400 over 4": replace(CHOSEN, nugget=2000.0, smooth=((400.0, 4.0),)),
    "the same; ridge 300, smooth 400 over 4": replace(CHOSEN, nugget=300.0, smooth=((400.0, 4.0),)),
    "no zoom; ridge 50, smooth 800 over 2": replace(CHOSEN, zoom=0.0),
    "the same; ridge 50, smooth 800 over 2": CHOSEN,
}


def complete(C: np.ndarray, faces: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Return centred `faces` with the missing pixels replaced by their mean given the others, under N(0, C)."""
    known = ~missing
    weights = np.linalg.solve(C[np.ix_(known, known)], C[np.ix_(known, missing)])
    completed = faces.copy()
    completed[:, missing] = faces[:, known] @ weights
    return completed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="olivetti.npz (else as made_np.datasets.load_olivetti finds it)")
    parser.add_argument("--folds", type=int, default=7, help="how many of the seven folds of five people to use")
    args = parser.parse_args()

    faces = load_olivetti(args.data, n_test=50).train.astype(np.float32)
    fold_of = np.arange(len(faces)) * 7 // len(faces)
    halves = {half: missing for half, missing in missing_halves(64).items() if half in ("bottom", "left")}
    print(f"{'squared error per missing pixel':<44}{'bottom':>8}{'left':>8}{'s':>8}")
    for name, recipe in RECIPES.items():
        start = time.perf_counter()
        errors = {half: [] for half in halves}
        own_prior = prior(64, recipe)
        for fold in range(args.folds):
            images = augment(faces[fold_of != fold], recipe, np.random.default_rng(0))
            mean = images.mean(axis=0)
            images -= mean
            C = images.T @ images / len(images) + own_prior
            held_out = faces[fold_of == fold] - mean
            for half, missing in halves.items():
                errors[half].append(squared_error(held_out, complete(C, held_out, missing), missing))
        cells = "".join(f"{np.mean(errors[half]):8.1f}" for half in halves)
        print(f"{name:<44}{cells}{time.perf_counter() - start:8.1f}", flush=True)


if __name__ == "__main__":
    main()
