"""Backends by name, and the functions that each offers, against plain Python."""

from __future__ import annotations

from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from strategies import models, random_context, random_rows, random_theta, seeds

from made_np.backends import BACKENDS, get_backend
from made_np.layers import dropout_mask
from made_np.model import MADE
from made_np.outputs import Categorical

SEAM = ("params", "nll", "row_nll", "loss_and_grad", "sample")


@pytest.mark.parametrize("name", BACKENDS)
def test_every_backend_offers_the_functions_of_the_seam(name: str) -> None:
    backend = get_backend(name)
    assert backend.__name__ == f"made_np.backends._{name}"
    assert all(callable(getattr(backend, function)) for function in SEAM)
    assert get_backend(name) is backend


def test_auto_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADE_NP_BACKEND", "numpy")
    assert get_backend("auto") is get_backend("numpy")
    monkeypatch.setenv("MADE_NP_BACKEND", "fpga")
    with pytest.raises(ValueError, match=r"MADE_NP_BACKEND='fpga' is unknown: use 'auto' or one of \('numpy'"):
        get_backend("auto")
    monkeypatch.delenv("MADE_NP_BACKEND")
    assert get_backend("auto").__name__.startswith("made_np.backends._")


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(ValueError, match=r"backend='fpga' is unknown"):
        get_backend("fpga")


@settings(max_examples=50)
@given(models(), seeds)
def test_the_network_computes_what_single_units_do(made: MADE, seed: int) -> None:
    rng = np.random.default_rng(seed)
    theta, x, context = random_theta(made, rng), random_rows(made, 3, rng), random_context(made, 3, rng)
    one = made.mask_sets[0]
    want = [
        naive.forward(made, theta, row, one, None if context is None else context[r].tolist())
        for r, row in enumerate(x.tolist())
    ]
    raw = made.ops.params(made.network, theta, x, context, one)
    np.testing.assert_allclose(raw, want, rtol=1e-11, atol=1e-12)
    nll = made.ops.nll(made.network, theta, x, context, one)
    np.testing.assert_array_equal(nll, made.outputs.nll(raw, x))
    np.testing.assert_allclose(made.ops.row_nll(made.network, theta, x, context, one), nll.sum(axis=1), rtol=1e-13)


def test_dropout_thins_the_hidden_units_before_the_skip_is_added() -> None:
    made = MADE(4, (5, 5), Categorical(3), activation="tanh", residual=True, dtype="float64")
    rng = np.random.default_rng(0)
    theta, x = random_theta(made, rng), random_rows(made, 3, rng)
    keeps = [dropout_mask(rng, (3, 5), 0.5, "float64") for _ in range(2)]
    one = made.mask_sets[0]
    own = [[keep[r].tolist() for keep in keeps] for r in range(3)]
    raw = np.array([naive.forward(made, theta, row, one, keeps=own[r]) for r, row in enumerate(x.tolist())])
    want = made.outputs.nll(raw, x).sum(axis=1)
    np.testing.assert_allclose(made.ops.row_nll(made.network, theta, x, None, one, keeps), want, rtol=1e-12)
    grad = np.empty_like(theta)
    np.testing.assert_allclose(made.ops.loss_and_grad(made.network, theta, x, None, one, grad, keeps), want, rtol=1e-12)


def loss_and_grad(made: MADE, theta: Any, x: Any, weights: Any = None) -> tuple[Any, Any]:
    grad = np.full(made.n_params, np.nan)
    nll = made.ops.loss_and_grad(made.network, theta, x, None, made.mask_sets[0], grad, None, weights)
    return nll, grad


def test_row_weights_say_what_each_row_counts() -> None:
    made = MADE(4, (6,), dtype="float64")
    rng = np.random.default_rng(1)
    theta, x, weights = random_theta(made, rng), random_rows(made, 5, rng), rng.random(5)
    nll, grad = loss_and_grad(made, theta, x, weights)
    each = [loss_and_grad(made, theta, x[r : r + 1]) for r in range(5)]
    np.testing.assert_allclose(nll, [own_nll[0] for own_nll, _ in each], rtol=1e-13)  # weights are not in the nll
    want = sum(weight * own for weight, (_, own) in zip(weights, each, strict=True))
    np.testing.assert_allclose(grad, want, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(loss_and_grad(made, theta, x)[1], loss_and_grad(made, theta, x, np.full(5, 0.2))[1])


def test_rows_are_added_up_in_double_precision() -> None:
    """The sum over 4096 features has the digits of its terms."""
    made = MADE(4096, (), "bernoulli", direct=False)
    theta = np.full(made.n_params, 0.1, dtype=np.float32)
    nll = made.ops.row_nll(made.network, theta, np.ones((1, 4096), dtype=np.float32), None, made.mask_sets[0])
    assert nll.dtype == np.float64
    one = float(np.float32(np.log1p(np.exp(-0.1))))
    assert nll[0] == pytest.approx(4096 * one, rel=2e-7)
