"""Backends by name, and the functions that each offers, against plain Python."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from installed import EACH, each_backend, needs_numba
from strategies import models, random_context, random_rows, random_theta, seeds

from made_np.backends import get_backend
from made_np.distributions.plain import Categorical
from made_np.layers import ACTIVATIONS, dropout_mask
from made_np.messages import not_installed
from made_np.model.made import MADE
from made_np.testing import check_gradient


@pytest.mark.parametrize("name", EACH)
def test_a_backend_is_a_module(name: str) -> None:
    backend = get_backend(name)
    assert backend.__name__ == f"made_np.backends._{name}"
    assert get_backend(name) is backend


@pytest.mark.parametrize("name", EACH)
def test_auto_follows_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADE_NP_BACKEND", name)
    assert get_backend("auto") is MADE(2).bound.backend is get_backend(name)
    assert MADE(2, backend="numpy").bound.backend is get_backend("numpy")


def test_the_environment_may_be_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADE_NP_BACKEND", "fpga")
    with pytest.raises(ValueError, match=r"MADE_NP_BACKEND='fpga' is unknown: use 'auto' or one of \('numpy', 'numba'"):
        get_backend("auto")
    assert MADE(2, backend="numpy").bound.backend is get_backend("numpy")


@needs_numba
def test_auto_is_the_fastest_that_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MADE_NP_BACKEND", raising=False)
    assert get_backend("auto") is get_backend("numba")


CHOOSE = """
import sys, warnings
{before}
from made_np import MADE
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(*(MADE(n).bound.backend.__name__ for n in (2, 3)))
print(*(f"{{w.category.__name__}}: {{w.message}}" for w in caught), sep="\\n")
try:
    MADE(2, backend="numba").bound
except Exception as error:
    print(f"{{type(error).__name__}}: {{error}}")
"""


def chosen(before: str) -> list[str]:
    """What a fresh interpreter says of its backends; `before` is run there first."""
    code = CHOOSE.format(before="import os; os.environ.pop('MADE_NP_BACKEND', None)\n" + before)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_without_numba_everything_runs_on_numpy_in_silence() -> None:
    names, warning, refusal = chosen("sys.modules['numba'] = None")
    assert names == "made_np.backends._numpy made_np.backends._numpy"
    assert warning == ""
    error = not_installed("backend='numba' needs", "numba", "fast", instead="use backend='numpy'")
    assert refusal == f"ImportError: {error}"


@pytest.mark.parametrize("error", ["ImportError", "AttributeError", "OSError"])
def test_a_numba_that_cannot_be_imported_is_said_once(error: str, tmp_path: Path) -> None:
    (tmp_path / "numba.py").write_text(f"raise {error}('this numba wants another NumPy')")
    names, warning, refusal = chosen(f"sys.path.insert(0, {str(tmp_path)!r})")
    assert names == "made_np.backends._numpy made_np.backends._numpy"
    assert warning == (
        "RuntimeWarning: numba cannot be imported, so made_np runs on NumPy, which is slower: "
        "this numba wants another NumPy"
    )
    assert refusal == f"{error}: this numba wants another NumPy"


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(ValueError, match=r"backend='fpga' is unknown"):
        get_backend("fpga")


@each_backend
@settings(max_examples=50)
@given(made=models(), seed=seeds)
def test_the_network_computes_what_single_units_do(backend: str, made: MADE, seed: int) -> None:
    made = replace(made, backend=backend)
    rng = np.random.default_rng(seed)
    theta, x, context = random_theta(made, rng), random_rows(made, 3, rng), random_context(made, 3, rng)
    one = made.mask_sets[0]
    want = [
        naive.forward(made, theta, row, one, None if context is None else context[r].tolist())
        for r, row in enumerate(x.tolist())
    ]
    bound = made.bound[0]
    raw = bound.raw_outputs(theta, x, context)
    np.testing.assert_allclose(raw, want, rtol=1e-11, atol=1e-12)
    nll = bound.nll(theta, x, context)
    np.testing.assert_allclose(nll, made.outputs.nll(raw, x), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(bound.row_nll(theta, x, context), nll.sum(axis=1), rtol=1e-13)


@each_backend
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_on_every_backend(name: str, backend: str) -> None:
    """Its formula unit by unit, its slope by differences: with nothing around it, and with skips and dropout."""
    for residual in (False, True):
        made = MADE(3, (6, 6), Categorical(3), activation=name, residual=residual, dtype="float64", backend=backend)
        rng = np.random.default_rng(0)
        theta = random_theta(made, rng)
        x = random_rows(made, 4, rng)
        one = made.mask_sets[0]
        want = [naive.forward(made, theta, row, one) for row in x.tolist()]
        np.testing.assert_allclose(made.raw_outputs(theta, x), want, rtol=1e-11, atol=1e-12)
        keeps = [dropout_mask(rng, (4, 6), 0.3, "float64") for _ in made.hidden] if residual else None

        def both(t: Any, made: MADE = made, x: Any = x, keeps: Any = keeps) -> Any:
            return made.loss_and_grad(t, x, dropout=keeps)

        check_gradient(lambda t: both(t)[0], lambda t: both(t)[1].copy(), theta, rows=4).raise_if_failed()


@each_backend
def test_dropout_thins_the_hidden_units_before_the_skip_is_added(backend: str) -> None:
    made = MADE(4, (5, 5), Categorical(3), activation="tanh", residual=True, dtype="float64", backend=backend)
    rng = np.random.default_rng(0)
    theta, x = random_theta(made, rng), random_rows(made, 3, rng)
    keeps = [dropout_mask(rng, (3, 5), 0.5, "float64") for _ in range(2)]
    one = made.mask_sets[0]
    own = [[keep[r].tolist() for keep in keeps] for r in range(3)]
    raw = np.array([naive.forward(made, theta, row, one, keeps=own[r]) for r, row in enumerate(x.tolist())])
    want = made.outputs.nll(raw, x).sum(axis=1)
    bound = made.bound[0]
    np.testing.assert_allclose(bound.raw_outputs(theta, x, None, keeps), raw, rtol=1e-12)
    np.testing.assert_allclose(bound.row_nll(theta, x, None, keeps), want, rtol=1e-12)
    grad = np.empty_like(theta)
    np.testing.assert_allclose(bound.loss_and_grad(theta, x, None, grad, keeps), want, rtol=1e-12)


@each_backend
@settings(max_examples=30)
@given(made=models(), seed=seeds)
def test_dropping_an_input_is_cutting_its_wires(backend: str, made: MADE, seed: int) -> None:
    """For one row: the same as with weights multiplied by what the inputs are; what is predicted stays as it was."""
    made, rng = replace(made, backend=backend), np.random.default_rng(seed)
    theta, x, context = random_theta(made, rng), random_rows(made, 1, rng), random_context(made, 1, rng)
    keep = dropout_mask(rng, (1, made.network.n_inputs), 0.4, "float64")
    cut = theta.copy()
    units = made.network.direct_units
    seen = {"W_direct": keep if units is None else keep[:, units], "W0": keep if made.hidden else 1.0}
    for name, view in made.layout.views(cut).items():
        view *= seen.get(name, 1.0)
    loss, grad = made.loss_and_grad(theta, x, context=context, dropout=[keep, *[None] * len(made.hidden)])
    want_loss, want = made.loss_and_grad(cut, x, context=context)
    for name, view in made.layout.views(want).items():
        view *= seen.get(name, 1.0)
    assert loss == pytest.approx(want_loss, rel=1e-12)
    np.testing.assert_allclose(grad, want, rtol=1e-11, atol=1e-12)


def loss_and_grad(made: MADE, theta: Any, x: Any, weights: Any = None) -> tuple[Any, Any]:
    grad = np.full(made.n_params, np.nan)
    nll = made.bound[0].loss_and_grad(theta, x, None, grad, None, weights)
    return nll, grad


@each_backend
def test_row_weights_say_what_each_row_counts(backend: str) -> None:
    made = MADE(4, (6,), dtype="float64", backend=backend)
    rng = np.random.default_rng(1)
    theta, x, weights = random_theta(made, rng), random_rows(made, 5, rng), rng.random(5)
    nll, grad = loss_and_grad(made, theta, x, weights)
    each = [loss_and_grad(made, theta, x[r : r + 1]) for r in range(5)]
    np.testing.assert_allclose(nll, [own_nll[0] for own_nll, _ in each], rtol=1e-13)  # weights are not in the nll
    want = sum(weight * own for weight, (_, own) in zip(weights, each, strict=True))
    np.testing.assert_allclose(grad, want, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(loss_and_grad(made, theta, x)[1], loss_and_grad(made, theta, x, np.full(5, 0.2))[1])


@each_backend
@pytest.mark.parametrize("options", [{}, {"direct": True}, {"mask_weights": True}, {"order": [2, 0, 3, 1, 4]}])
def test_a_loss_of_ones_own_has_the_gradient_of_its_differences(options: Any, backend: str) -> None:
    outputs = [Categorical(3), "bernoulli", Categorical(4), "gaussian", "bernoulli"]
    given = {"activation": "tanh", "gap_inputs": [1, 3], "n_context": 2, "dtype": "float64", **options}
    made = MADE(5, (7, 6), outputs, backend=backend, **given)
    rng = np.random.default_rng(0)
    theta = random_theta(made, rng)
    x = np.where(rng.random((19, 5)) < 0.3, np.nan, random_rows(made, 19, rng))
    context = rng.standard_normal((19, 2))
    by = rng.standard_normal((19, made.outputs.n_raw))
    bound = made.bound[0]
    grad = np.full(made.n_params, np.nan)
    bound.pull_back(theta, x, context, grad, lambda raw, rows: by[rows] * np.cos(raw))

    def loss(t: Any) -> float:
        return float((by * np.sin(bound.raw_outputs(t, x, context))).sum())

    h = 1e-6
    want = [(loss(theta + h * e) - loss(theta - h * e)) / (2 * h) for e in np.eye(made.n_params)]
    np.testing.assert_allclose(grad, want, atol=1e-7)


@each_backend
def test_the_loss_itself_is_one_of_them(backend: str) -> None:
    made = MADE(20, (200,), [Categorical(3)] * 20, dtype="float64", backend=backend)
    rng = np.random.default_rng(1)
    theta, x = random_theta(made, rng), random_rows(made, 137, rng)  # work for several threads
    grad = np.full(made.n_params, np.nan)
    made.bound[0].pull_back(theta, x, None, grad, lambda raw, rows: made.outputs.nll_and_grad(raw, x[rows])[1] / 137)
    np.testing.assert_allclose(grad, loss_and_grad(made, theta, x)[1], rtol=1e-10, atol=1e-14)
    made.bound[0].pull_back(theta, x[:0], None, grad, lambda raw, rows: raw)
    np.testing.assert_array_equal(grad, 0)


@each_backend
def test_rows_are_added_up_in_double_precision(backend: str) -> None:
    """The sum over 4096 features has the digits of its terms."""
    made = MADE(4096, (), "bernoulli", direct=False, backend=backend)
    theta = np.full(made.n_params, 0.1, dtype=np.float32)
    nll = made.bound[0].row_nll(theta, np.ones((1, 4096), dtype=np.float32), None)
    assert nll.dtype == np.float64
    one = float(np.float32(np.log1p(np.exp(-0.1))))
    assert nll[0] == pytest.approx(4096 * one, rel=2e-7)
