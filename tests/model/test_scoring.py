"""Rows with NaN, of which what is known is scored, by what is known before it; rows that count unequally."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from installed import needs_numba
from strategies import DISCRETE, models, n_values, random_context, random_rows, random_theta, seeds, with_gaps

from made_np.distributions.plain import Categorical
from made_np.model.made import MADE

NAN = np.nan


@settings(max_examples=50)
@given(models(n_masks=2), seeds)
def test_what_is_known_is_scored_as_plain_python_does(made: MADE, seed: int) -> None:
    rng = np.random.default_rng(seed)
    theta = random_theta(made, rng, 0.5)
    x = with_gaps(random_rows(made, 4, rng), rng, 0.5)
    context = random_context(made, 4, rng)
    own = [None] * 4 if context is None else context.tolist()
    rows = list(zip(x.tolist(), own, strict=True))
    for k, one in enumerate(made.mask_sets):
        want = np.array([naive.log_probs(made, theta, row, one, y) for row, y in rows])
        got = made.feature_log_prob(theta, x, context=context, mask_set=k, gaps="skip")
        plain = want > -600  # beyond, plain Python's exponentials have run out
        np.testing.assert_allclose(got[plain], want[plain], rtol=1e-9, atol=1e-9)
        assert not got[np.isnan(x)].any()
        total = made.log_prob(theta, x, context=context, mask_set=k, gaps="skip")
        np.testing.assert_allclose(total, got.sum(axis=1), rtol=1e-12)
        raw = made.raw_outputs(theta, x, context=context, mask_set=k, gaps="skip")
        naively = [naive.forward(made, theta, row, one, y) for row, y in rows]
        np.testing.assert_allclose(raw, naively, rtol=1e-9, atol=1e-9)
    loss, _ = made.loss_and_grad(theta, x, context=context, mask_set=None, gaps="skip")
    assert loss == pytest.approx(-made.log_prob(theta, x, context=context, gaps="skip").mean(), rel=1e-9)


@settings(max_examples=20)
@given(models(outputs=DISCRETE, max_features=4), seeds)
def test_known_features_that_lead_have_their_marginal(made: MADE, seed: int) -> None:
    rng = np.random.default_rng(seed)
    theta = random_theta(made, rng, 0.5)
    order = made.mask_sets[0].order
    x = random_rows(made, 1, rng)
    last = int(order[-1])
    each = np.repeat(x, n_values(made.outputs.feature_outputs[last]) or 0, axis=0)
    each[:, last] = np.arange(len(each))
    x[:, last] = NAN
    context = random_context(made, 1, rng)
    context = None if context is None else context[0]
    total = np.exp(made.log_prob(theta, each, context=context)).sum()
    np.testing.assert_allclose(np.exp(made.log_prob(theta, x, context=context, gaps="skip")), total, rtol=1e-9)


def test_units_of_a_gap_are_zero_for_the_features_behind_it() -> None:
    """0 is what a 0 looks like to the network, too; a one-hot feature looks like none of its values."""
    made = MADE(3, (8,), ["bernoulli", Categorical(3), "bernoulli"], dtype="float64")
    theta = random_theta(made, np.random.default_rng(0))
    gappy = made.feature_log_prob(theta, [[NAN, 1, 1], [0, NAN, 1]], gaps="skip")
    zero = made.feature_log_prob(theta, [[0, 1, 1]])
    np.testing.assert_allclose(gappy[0, 1:], zero[0, 1:], rtol=1e-13)  # products of other shapes round otherwise
    each = made.feature_log_prob(theta, [[0, k, 1] for k in range(3)])
    assert not np.isin(gappy[1, 2], each[:, 2])


def test_rows_of_nothing_but_gaps_cost_nothing() -> None:
    made = MADE(3, (8,), [Categorical(4), "gaussian", "bernoulli"], n_masks=2, order="random")
    theta = made.init(0)
    x = np.full((5, 3), NAN)
    assert not made.log_prob(theta, x, gaps="skip").any()
    loss, grad = made.loss_and_grad(theta, x, gaps="skip")
    assert loss == 0
    assert not grad.any()
    assert made.log_prob(theta, x[0], gaps="skip") == 0
    np.testing.assert_array_equal(
        made.jacobian(theta, x, gaps="skip"), np.repeat(made.jacobian(theta, x[:1], gaps="skip"), 5, axis=0)
    )


def test_gaps_are_refused_unless_they_are_asked_for() -> None:
    made = MADE(2, (3,))
    theta = made.init(0)
    row = [1, NAN]
    for ask in (made.log_prob, made.feature_log_prob, made.raw_outputs, made.jacobian, made.loss_and_grad):
        with pytest.raises(ValueError, match=r"x\[0, 1\] = nan \(column 1\): NaN is not allowed here"):
            ask(theta, row)
        with pytest.raises(ValueError, match="gaps='zero' is unknown: use one of"):
            ask(theta, row, gaps="zero")
        with pytest.raises(ValueError, match=r"x\[0, 0\] = 2"):
            ask(theta, [2, NAN], gaps="skip")
    with pytest.raises(ValueError, match="NaN is not allowed"):
        made.init(0, [row])
    made.init(0, [row], gaps="skip")


# ------------------------------------------------------------------------------------------------- weights


@pytest.mark.parametrize("backend", ["numpy", pytest.param("numba", marks=needs_numba)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mask_set", [0, None])
def test_weights_of_ones_have_the_bits_of_none(mask_set: int | None, dtype: str, backend: str) -> None:
    made = MADE(4, (9,), "gaussian", order="random", n_masks=3, dtype=dtype, backend=backend)
    rng = np.random.default_rng(0)
    theta = random_theta(made, rng)
    x = random_rows(made, 7, rng)
    loss, grad = made.loss_and_grad(theta, x, mask_set=mask_set)
    same, again = made.loss_and_grad(theta, x, mask_set=mask_set, weights=np.ones(7))
    assert same == loss
    np.testing.assert_array_equal(again, grad)


@pytest.mark.parametrize("backend", ["numpy", pytest.param("numba", marks=needs_numba)])
@pytest.mark.parametrize("mask_set", [0, None])
def test_a_row_of_weight_w_counts_as_w_rows(mask_set: int | None, backend: str) -> None:
    made = MADE(4, (9,), [Categorical(3)] * 4, order="random", n_masks=2, dtype="float64", backend=backend)
    rng = np.random.default_rng(0)
    theta = random_theta(made, rng)
    x = random_rows(made, 5, rng)
    weights = np.array([3, 0, 1, 2, 1])
    loss, grad = made.loss_and_grad(theta, x, mask_set=mask_set, weights=weights)
    want, d_want = made.loss_and_grad(theta, np.repeat(x, weights, axis=0), mask_set=mask_set)
    assert loss * 5 == pytest.approx(want * 7, rel=1e-12)
    np.testing.assert_allclose(grad * 5, d_want * 7, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 2], r"weights has shape \(2,\): give one number per row, \(3,\)"),
        ([1, -2, 1], r"weights\[1\] = -2: give finite numbers of at least 0"),
        ([1, 1, NAN], r"weights\[2\] = nan: give finite"),
        (np.ones((3, 1)), r"weights has shape \(3, 1\)"),
    ],
)
def test_weights_that_cannot_be_meant(weights: naive.Array, message: str) -> None:
    made = MADE(2, (3,))
    with pytest.raises(ValueError, match=message):
        made.loss_and_grad(made.init(0), np.zeros((3, 2)), weights=weights)
