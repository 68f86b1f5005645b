"""What NumPy computes, held against what a library computes on the device, or nothing is timed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import made_np
from benchmark.check import RTOL, STEP_RTOL, distance, is_sample
from benchmark.device.shapes import Given
from benchmark.problem import Array

N_STEPS = 2
"""So many steps are compared: with several mask sets, two of them."""
N_SCORED = 100


@dataclass(frozen=True)
class Reference:
    """Loss, gradient, two steps and scores, in files that every process reads.

    Attributes
    ----------
    folder : Path
    """

    folder: Path

    def write(self, given: Given) -> None:
        """Compute everything with the NumPy backend: all products dense, float32, on the CPU."""
        made = given.made
        first = given.batch(0)
        loss, gradient = made.loss_and_grad(given.theta, first, mask_set=0)
        after = steps(made, given)
        scored = given.rows[: min(N_SCORED, given.shape.scored)]
        scores = made.log_prob(given.theta, scored, mask_set=0)
        found = {"loss": np.array(loss), "gradient": gradient, "change": after - given.theta, "scores": scores}
        for name, value in found.items():
            np.save(self.folder / f"{name}.npy", value)

    def check_gradient(self, given: Given, loss: float, gradient: Mapping[str, Array]) -> None:
        """Raise an `ArithmeticError` unless the loss, and each gradient by its norm, are NumPy's within 1e-4."""
        expected = float(self._read("loss"))
        _demand(abs(loss - expected) / abs(expected), RTOL, "loss")
        self._check(given, "gradient", gradient, RTOL)

    def check_change(self, given: Given, change: Mapping[str, Array]) -> None:
        """Raise unless what `N_STEPS` steps of Adam did on the first batch is NumPy's within 1e-2.

        Adam's first steps are about ``lr * sign(g)``, so that rounding of a gradient next to 0 shows.
        """
        self._check(given, "change", change, STEP_RTOL)

    def check_scores(self, scores: Array) -> None:
        """Raise unless the log-probabilities of the first rows are NumPy's within 1e-4."""
        _demand(distance(scores[:N_SCORED], self._read("scores")), RTOL, "log_prob")

    def _check(self, given: Given, what: str, found: Mapping[str, Array], limit: float) -> None:
        for name, expected in given.made.layout.views(self._read(what)).items():
            _demand(distance(found[name], expected), limit, f"{what} of {name}")

    def _read(self, name: str) -> Any:
        return np.load(self.folder / f"{name}.npy")


def steps(made: made_np.MADE, given: Given) -> Array:
    """Return theta after `N_STEPS` steps of `made_np.fit` on the first batch."""
    first = given.batch(0)
    return made_np.fit(made, first, theta=given.theta, batch_size=len(first), max_epochs=N_STEPS).theta


def check_sample(given: Given, x: Array, uniforms: Array, n: int = N_SCORED) -> None:
    """Raise unless the first n rows `x` are what `uniforms` decide.

    A sample is a fixed point: given the features before it, each is the least value whose distribution function passes
    the uniform. Where the two agree in four digits, rounding may decide.
    """
    x = x[:n]
    uniforms = uniforms[:n]
    raw = given.made.raw_outputs(given.theta, x, mask_set=0).astype(np.float64)
    if given.output.kind == "Bernoulli":
        is_sample(x, 1 / (1 + np.exp(-raw)), uniforms)
        return
    logits = raw.reshape(*x.shape, given.output.n)
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    upto = np.cumsum(weights / weights.sum(-1, keepdims=True), axis=-1)
    value = x.astype(np.int64)[..., None]
    top = np.take_along_axis(upto, value, -1)[..., 0]
    bottom = np.where(x > 0, np.take_along_axis(upto, np.maximum(value - 1, 0), -1)[..., 0], 0)
    wrong = (uniforms > top + RTOL) | (uniforms < bottom - RTOL)
    if wrong.any():
        row, feature = np.argwhere(wrong)[0]
        raise ArithmeticError(f"the sample is not what the uniforms decide: row {row}, feature {feature}")


def _demand(error: float, limit: float, what: str) -> None:
    if not error <= limit:
        raise ArithmeticError(f"not NumPy's {what}: relative {error:.2g}, allowed {limit:g}")
