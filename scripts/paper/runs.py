"""One training run by a recipe, with what is written down of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

import made_np
from made_np.datasets import Dataset
from made_np.training.fit import EpochInfo, FitResult
from paper.recipes import Recipe


@dataclass(frozen=True)
class Trained:
    """A model, and how it came about."""

    made: made_np.MADE
    one_hot: made_np.OneHot
    result: FitResult
    valid: float
    """Nats per validation row of the theta that is kept."""

    def record(self, recipe: Recipe) -> dict[str, Any]:
        """Return what is known before anyone looks at the test rows, as JSON holds it."""
        result = self.result
        return {
            "masks": self.made.n_masks,
            "recipe": recipe.to_dict(),
            "valid": self.valid,
            "best_epoch": result.best_epoch,
            "epochs": len(result.history["epoch"]),
            "stopped_by": result.stopped_by,
            "seconds": round(result.seconds, 1),
            "n_params": self.made.n_params,
            "theta_sha256": sha256(result.theta.tobytes()).hexdigest(),
            "backend": self.made.bound.backend.__name__.rsplit(".", 1)[-1].strip("_"),
            "numpy": np.__version__,
        }


def train(
    recipe: Recipe,
    data: Dataset,
    *,
    checkpoint: Path | None = None,
    deadline: float = float("inf"),
    progress: bool = False,
    backend: str = "auto",
    max_seconds: float | None = None,
) -> Trained | None:
    """Train on the training rows, stopped early on the validation rows; None if the time is up before the end.

    Parameters
    ----------
    checkpoint : path, optional
        Where the state of the run is kept after each epoch, and from where it goes on.
    deadline : float
        In seconds, as `time.monotonic` counts them. A run that it interrupts goes on from its checkpoint next time.
    max_seconds : float, optional
        Of training: the run comes to its end by then, with a schedule that does so too.
    """

    def out_of_time(info: EpochInfo) -> bool:
        return time.monotonic() > deadline

    callbacks = [] if deadline == float("inf") else [out_of_time]  # each is shown a theta: it may lie on a GPU
    made, result = recipe.train(
        data.train,
        data.valid,
        backend,
        checkpoint=checkpoint,
        progress=progress,
        callbacks=callbacks,
        max_seconds=max_seconds,
    )
    if result.stopped_by in ("callback", "interrupt"):
        return None
    one_hot = recipe.columns(data.train).one_hot
    if recipe.test_masks is None:
        return Trained(made, one_hot, result, result.best_valid)
    mixture = made.mixture(recipe.test_masks)
    valid = made_np.evaluate(mixture, result.theta, one_hot.fold(data.valid)).nll
    return Trained(mixture, one_hot, result, valid)


def test(trained: Trained, data: Dataset) -> dict[str, Any]:
    """Return the likelihood of the test rows: to be asked once, when everything has been chosen."""
    found = made_np.evaluate(trained.made, trained.result.theta, trained.one_hot.fold(data.test))
    return {"test": found.nll, "standard_error": found.standard_error, "rows": found.n_rows}
