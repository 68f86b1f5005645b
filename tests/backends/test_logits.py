"""What all logits of a feature have in common changes nothing, however large it is; what tells them apart is kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from installed import each_backend

from made_np.distributions.distribution import Distribution
from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.mixtures import MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import Categorical
from made_np.model.made import MADE

from .problems import Array

OUTPUTS = [MixtureOfGaussians(3), MixtureOfLogistics(3), DiscretizedLogistic(9, 3), Categorical(3)]
each_output = pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: type(output).__name__)
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
X = np.array([[0.0, 1], [2, 0], [1, 2]])
UNIFORMS = np.random.default_rng(2).random((20, 2))


def model(output: Distribution, dtype: str, backend: str) -> tuple[MADE, Array]:
    """Two features whose raw outputs are biases alone; all parameters of a feature from its three logits on."""
    made = MADE(2, (), output, direct=False, dtype=dtype, backend=backend)
    raw = np.random.default_rng(1).standard_normal((2, output.n_raw))
    raw[:, :3] = [[1, -2, 0], [0, 3, 2]]
    return made, raw.astype(dtype)


def results(made: MADE, raw: Array) -> dict[str, Array]:
    """What a model says of rows, and the rows that it draws."""
    theta = raw.ravel()
    _, grad = made.loss_and_grad(theta, X)
    return {"nll": made.log_prob(theta, X), "grad": grad, "sample": made.sample(theta, 20, uniforms=UNIFORMS)}


@each_backend
@each_output
@each_dtype
def test_a_constant_that_is_added_to_all_logits_changes_no_bit(output: Distribution, dtype: str, backend: str) -> None:
    made, raw = model(output, dtype, backend)
    want = results(made, raw)
    for constant in (1e2, -1e4, 1e6):  # and whole numbers stay exact
        raw_there = raw.copy()
        raw_there[:, :3] += constant
        for name, value in results(made, raw_there).items():
            np.testing.assert_array_equal(value, want[name], err_msg=f"{name}, {constant:g} more")


@each_backend
@each_output
@each_dtype
def test_equal_logits_are_equal_weights_up_to_the_largest_number(
    output: Distribution, dtype: str, backend: str
) -> None:
    made, raw = model(output, dtype, backend)
    raw[:, :3] = 0
    want = results(made, raw)
    largest = float(np.finfo(dtype).max)
    for logit in (1e8, 1e20, largest / 2, largest, -largest):
        raw[:, :3] = logit
        for name, value in results(made, raw).items():
            np.testing.assert_array_equal(value, want[name], err_msg=f"{name}, logits of {logit:g}")


@each_backend
@each_output
@each_dtype
def test_large_logits_lose_no_digits_to_their_size(output: Distribution, dtype: str, backend: str) -> None:
    """Against the formulas in longer numbers, from the same rounded logits."""
    made, raw = model(output, dtype, backend)
    rng = np.random.default_rng(3)
    for size in (1e2, 1e4, 1e6):
        raw[:, :3] = size * (1 + rng.random((2, 1))) + rng.standard_normal((2, 3))
        wide = raw.astype(np.longdouble)
        nll, d_raw = (np.asarray(part) for part in exact(output, wide))
        got = results(made, raw)
        tolerance = 2e-6 if dtype == "float32" else 1e-13
        scale = np.abs(nll).max()
        np.testing.assert_allclose(-got["nll"], nll, rtol=tolerance, atol=tolerance * scale)
        np.testing.assert_allclose(got["grad"], d_raw, rtol=tolerance, atol=tolerance * np.abs(d_raw).max())


def exact(output: Distribution, raw: Any) -> tuple[Array, Array]:
    """Nll of each row, and the gradient of their mean."""
    parts = [output.nll_and_grad(raw, row.astype(np.longdouble)) for row in X]
    return np.array([nll.sum() for nll, _ in parts]), np.mean([d_raw for _, d_raw in parts], axis=0).ravel()
