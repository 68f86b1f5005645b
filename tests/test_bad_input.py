"""What a model refuses, before any work starts, in words that name argument, column, value and the way out."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from made_np.distributions.plain import Categorical
from made_np.model.made import MADE

Array = NDArray[Any]

THREE = MADE(3, (4,), ["bernoulli", Categorical(3), "gaussian"])
WITH_CONTEXT = MADE(3, (4,), ["bernoulli", Categorical(3), "gaussian"], n_context=2)


def row(*values: Any) -> Array:
    return np.array([[0, 0, 0], values])


BAD_ROWS: list[tuple[Any, type[Exception], str]] = [
    (np.zeros(3), ValueError, r"x is 1-dimensional with shape \(3,\): give rows \(n, 3\)"),
    (np.zeros((2, 4)), ValueError, r"x has shape \(2, 4\): this model needs \(n, 3\)"),
    (np.zeros((1, 1, 3)), ValueError, r"x has shape \(1, 1, 3\)"),
    (np.zeros((0, 2)), ValueError, r"x has shape \(0, 2\)"),
    ([], ValueError, "x is 1-dimensional"),
    ([[0, 1, 2], [0]], ValueError, "x is ragged"),
    (row(0, 0, np.nan), ValueError, r"x\[1, 2\] = nan \(column 2\): NaN is not allowed"),
    (row(0, np.inf, 0), ValueError, r"x\[1, 1\] = inf \(column 1\): infinity is not allowed"),
    (row(0, 0, 1e39), ValueError, r"x\[1, 2\] = 1e\+39 \(column 2\) is too large for float32"),
    (row(0.5, 0, 0), ValueError, r"x\[1, 0\] = 0\.5: column 0 has Bernoulli values, 0 or 1"),
    (row(0, 3, 0), ValueError, r"x\[1, 1\] = 3: column 1 has Categorical values, an integer 0\.\.2"),
    (row(0, -1, 0), ValueError, r"x\[1, 1\] = -1: column 1"),
    ([["a", "b", "c"]], TypeError, "x has dtype <U1"),
    (np.array([[0, None, 0]]), TypeError, r"x has dtype object: x\[0, 1\] = None"),
    (np.zeros((1, 3), complex), TypeError, "x has dtype complex128"),
    (sparse.csr_array(np.zeros((2, 3))), TypeError, r"x is sparse \(csr_array\): pass x\.toarray\(\)"),
    (np.ma.masked_array(np.zeros((2, 3)), mask=True), TypeError, "x is a masked array"),
]
SCORES: dict[str, Callable[..., Any]] = {
    "params": THREE.params,
    "log_prob": THREE.log_prob,
    "feature_log_prob": THREE.feature_log_prob,
    "loss_and_grad": THREE.loss_and_grad,
}


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(("x", "error", "message"), BAD_ROWS)
def test_rows_that_cannot_be_meant_are_refused(score: str, x: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        SCORES[score](THREE.init(), x)


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(
    ("theta", "error", "message"),
    [
        (np.zeros(3, np.float32), ValueError, r"theta has shape \(3,\): this model needs"),
        (THREE.init().astype("f8"), TypeError, r"theta has dtype float64, the model float32: pass theta\.astype"),
        (THREE.init().astype(complex), TypeError, "theta has dtype complex128"),
        (THREE.init().tolist(), TypeError, "theta is a list"),
        (np.repeat(THREE.init(), 2)[::2], ValueError, "theta is not contiguous"),
        (None, TypeError, "theta is a NoneType"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(score: str, theta: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        SCORES[score](theta, np.zeros((2, 3)))
    with pytest.raises(error, match=message):
        THREE.sample(theta, 2)
    with pytest.raises(error, match=message):
        THREE.fill_means(theta, np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (None, r"context is missing: the model has n_context=2, pass \(n, C\) rows"),
        (np.zeros((2, 3)), r"context has shape \(2, 3\): this model needs \(n, 2\)"),
        (np.zeros((3, 2)), r"context has 3 rows, (x has|given has|n is) 2: give one row of context per row"),
        (np.full((2, 2), np.nan), r"context\[0, 0\] = nan"),
    ],
)
def test_context_that_does_not_fit_is_refused(context: Any, message: str) -> None:
    theta, x = WITH_CONTEXT.init(), np.zeros((2, 3))
    for call in (WITH_CONTEXT.params, WITH_CONTEXT.log_prob, WITH_CONTEXT.loss_and_grad, WITH_CONTEXT.fill_means):
        with pytest.raises(ValueError, match=message):
            call(theta, x, context=context)
    with pytest.raises(ValueError, match=message):
        WITH_CONTEXT.sample(theta, 2, context=context)


def test_context_that_nobody_asked_for_is_refused() -> None:
    with pytest.raises(ValueError, match="context is given, but the model has n_context=0: leave it out"):
        THREE.log_prob(THREE.init(), np.zeros((2, 3)), context=np.zeros((2, 1)))


@pytest.mark.parametrize(
    ("mask_set", "message"),
    [
        (1, r"mask_set=1: give an integer in 0\.\.0"),
        (-1, "mask_set=-1: give"),
        ([0, 1], r"mask_set has shape \(2,\): a permutation of 3 features has \(3,\)"),
        ([0, 1, 1], r"mask_set\[2\] = 1 is twice"),
        (1.0, r"mask_set has shape \(\)"),
        (True, r"mask_set has shape \(\)"),
        ("natural", r"mask_set has shape \(\)"),
    ],
)
def test_mask_sets_that_do_not_exist_are_refused(mask_set: Any, message: str) -> None:
    theta, x = THREE.init(), np.zeros((2, 3))
    for call in (THREE.params, THREE.log_prob, THREE.loss_and_grad, THREE.feature_log_prob, THREE.fill_means):
        with pytest.raises(ValueError, match=message):
            call(theta, x, mask_set=mask_set)
    with pytest.raises(ValueError, match=message):
        THREE.sample(theta, 2, mask_set=mask_set)


@pytest.mark.parametrize("call", [THREE.params, THREE.feature_log_prob])
def test_a_mixture_has_no_network_of_its_own(call: Any) -> None:
    with pytest.raises(ValueError, match=r"mask_set=None \(the mixture\) has no single network"):
        call(THREE.init(), np.zeros((2, 3)), mask_set=None)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n": -1}, ValueError, "n=-1: give an integer >= 0"),
        ({"n": 2.0}, TypeError, r"n=2\.0 is a float"),
        ({"given": [0, 0]}, ValueError, r"given has shape \(1, 2\): this model needs \(n, 3\)"),
        ({"given": np.zeros((3, 3))}, ValueError, r"given has 3 rows, but n=2: give n rows, or one of shape \(D,\)"),
        ({"given": [2, np.nan, np.nan]}, ValueError, r"given\[0, 0\] = 2: column 0 has Bernoulli values"),
        ({"given": [0, 0, np.inf]}, ValueError, r"given\[0, 2\] = inf \(column 2\)"),
        ({"given": ["a", "b", "c"]}, TypeError, "given has dtype <U1"),
        ({"given": np.ma.masked_array([0.0, 0, 0], mask=[0, 1, 1])}, TypeError, "given is a masked array"),
        ({"given": sparse.csr_array(np.zeros((2, 3)))}, TypeError, "given is sparse"),
        ({"uniforms": np.zeros((2, 2))}, ValueError, r"uniforms has shape \(2, 2\)"),
        ({"uniforms": np.ones((2, 3))}, ValueError, r"uniforms\[0, 0\] = 1\.0: give numbers in \[0, 1\)"),
        ({"uniforms": np.zeros((3, 3))}, ValueError, "uniforms has 3 rows, but n=2"),
        ({"conditioning": "soft"}, ValueError, "conditioning='soft' is unknown"),
    ],
)
def test_what_cannot_be_sampled_is_refused(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        THREE.sample(THREE.init(), **{"n": 2, **arguments})


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"grad": np.zeros(3, np.float32)}, ValueError, r"grad has shape \(3,\): this model needs"),
        ({"grad": np.zeros(THREE.n_params)}, TypeError, "grad has dtype float64, the model float32"),
        ({"grad": [0.0]}, TypeError, "grad is a list"),
        (
            {"dropout": [np.ones((2, 5), np.float32)]},
            ValueError,
            r"dropout\[0\] is float32 of shape \(2, 5\): .* of shapes \[\(2, 4\)\]",
        ),
        ({"dropout": [np.ones((2, 4))]}, ValueError, "this model needs float32 arrays"),
        ({"dropout": []}, ValueError, "dropout has 0 entries"),
        ({"dropout": [np.ones((2, 9), np.float32), None]}, ValueError, r"maybe one of \(2, 5\) before them"),
        ({"dropout": [np.ones((2, 3)), None]}, ValueError, "this model needs float32 arrays"),
        ({"dropout": [None, None, None]}, ValueError, "dropout has 3 entries"),
    ],
)
def test_what_cannot_be_trained_with_is_refused(arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        THREE.loss_and_grad(THREE.init(), np.zeros((2, 3)), **arguments)


# ----------------------------------------------------------------------------------------- what is written to


def _shared(made: MADE) -> dict[str, Array]:
    """Theta, two rows, context, two dropout masks and a gradient that all start in one piece of memory."""
    memory = np.zeros(made.n_params + 1, np.float32)
    return {
        "theta": memory[: made.n_params],
        "x": memory[:6].reshape(2, 3),
        "context": memory[:4].reshape(2, 2),
        "dropout[0]": memory[: 2 * made.network.n_inputs].reshape(2, -1),
        "dropout[1]": memory[:8].reshape(2, 4),
        "grad": memory[: made.n_params],
        "a grad that overlaps": memory[1:],
    }


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("name", ["theta", "x", "context", "dropout[0]", "dropout[1]"])
@pytest.mark.parametrize("grad", ["grad", "a grad that overlaps"])
def test_a_gradient_is_not_written_over_what_is_read(backend: str, name: str, grad: str) -> None:
    made = MADE(3, (4,), "gaussian", n_context=2, backend=backend)
    parts = _shared(made)
    given = {key: parts[key].copy() if key != name else parts[key] for key in parts}
    keeps = [given["dropout[0]"], given["dropout[1]"]]
    before = parts["theta"].copy()
    with pytest.raises(ValueError, match=rf"^grad shares memory with {re.escape(name)}, and would overwrite it"):
        made.loss_and_grad(
            given["theta"], given["x"], context=given["context"], grad=parts[grad], dropout=keeps, mask_set=0
        )
    np.testing.assert_array_equal(parts["theta"], before)


def test_a_gradient_beside_theta_is_taken() -> None:
    both = np.zeros(2 * THREE.n_params, np.float32)
    both[: THREE.n_params] = THREE.init(rng=0)
    theta, grad = both[: THREE.n_params], both[THREE.n_params :]
    x = np.array([[0, 1, 0.5]])
    np.testing.assert_array_equal(THREE.loss_and_grad(theta, x, grad=grad)[1], THREE.loss_and_grad(theta, x)[1])


def test_a_gradient_that_cannot_be_written_is_refused() -> None:
    grad = np.zeros(THREE.n_params, np.float32)
    grad.flags.writeable = False
    with pytest.raises(ValueError, match=r"^grad is read-only"):
        THREE.loss_and_grad(THREE.init(), np.zeros((1, 3)), grad=grad)


# -------------------------------------------------------------------------------------------- what is drawn with


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("output", ["bernoulli", Categorical(3), "gaussian"])
def test_parameters_that_are_not_finite_draw_nothing(value: float, backend: str, output: Any) -> None:
    made = MADE(3, (4,), output, order="random", n_masks=2, mask_weights=True, backend=backend)
    theta = made.init(rng=0)
    name = made.network.output_bias
    made.layout.views(theta)[name][0] = value
    where = rf"^theta\[\d+\] = -?(nan|inf) \({name}\[0\]\): give finite parameters"
    with pytest.raises(ValueError, match=where):
        made.sample(theta, 2, rng=0)
    with pytest.raises(ValueError, match=where):
        made.fill_means(theta, np.full((1, 3), np.nan))


def test_a_weight_that_another_mask_set_uses_does_not_matter_to_one() -> None:
    made = MADE(3, (4,), order=[[0, 1, 2], [2, 1, 0]], n_masks=2, direct=True)
    theta = made.init(rng=0)
    made.layout.views(theta)["W_direct"][0, 2] = np.nan  # feature 2 comes before feature 0 in the second alone
    assert np.isfinite(made.sample(theta, 4, rng=0, mask_set=0)).all()
    for k in (1, None):
        with pytest.raises(ValueError, match=r"W_direct\[0, 2\]"):
            made.sample(theta, 4, rng=0, mask_set=k)


@pytest.mark.parametrize(
    "rng", [np.array([[0, 1]]).view(np.matrix), "0", 1.5, True, -1, [0, None], np.random.RandomState(0)]
)
def test_what_is_no_source_of_chance_is_refused(rng: Any) -> None:
    theta, gappy = THREE.init(), np.full((1, 3), np.nan)
    calls: list[Callable[..., Any]] = [
        THREE.init,
        partial(THREE.sample, theta, 2),
        partial(THREE.fill_means, theta, gappy),
    ]
    for call in calls:
        with pytest.raises((TypeError, ValueError), match=r"^rng="):
            call(rng=rng)


@pytest.mark.parametrize(
    "wrong",
    [
        {"given": [np.nan, 0, np.nan]},
        {"given": [[2, 0, 0], [0, 0, 0]]},
        {"conditioning": "soft"},
        {"context": np.zeros((2, 1))},
        {"mask_set": 7},
        {"uniforms": np.ones((2, 3))},
        {"theta": np.full(THREE.n_params, np.nan, np.float32)},
    ],
    ids=str,
)
def test_what_is_refused_has_drawn_nothing(wrong: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    with pytest.raises(ValueError, match=next(iter(wrong))):
        THREE.sample(**{"theta": THREE.init(), "n": 2, "rng": rng, **wrong})
    assert rng.bit_generator.state == before


@pytest.mark.parametrize("config", [None, [], {}, {"n_features": 3}, {**THREE.config(), "depth": 3}])
def test_what_is_no_config_is_refused(config: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^config is"):
        MADE.from_config(config)
