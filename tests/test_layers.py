"""Every forward/backward pair: its formula, its gradient, and what it owes to whoever calls it."""

from __future__ import annotations

import math
from typing import Any

import naive
import numpy as np
import pytest
from numpy.typing import NDArray

from made_np import layers
from made_np.testing import check_vjp

Array = NDArray[Any]

ACTIVATIONS = sorted(layers.ACTIVATIONS)
every_activation = pytest.mark.parametrize("name", ACTIVATIONS)
both = pytest.mark.parametrize("dtype", ["float32", "float64"])


def problem(B: int = 3, I: int = 4, O: int = 5, dtype: str = "float64") -> tuple[Array, Array, Array, Array]:
    rng = np.random.default_rng(0)
    x, W, b = (rng.standard_normal(shape).astype(dtype) for shape in ((B, I), (O, I), (O,)))
    return x, W, b, rng.random((O, I)) < 0.6


def linear_backward(dy: Array, x: Array, W: Array, mask: Array) -> tuple[Array, Array, Array]:
    """dx, dW and db of `masked_linear`, written to buffers full of NaN."""
    O = len(W)
    dW, db, dx = np.full_like(W, np.nan), np.full(O, np.nan, dtype=W.dtype), np.full_like(x, np.nan)
    layers.masked_linear_backward(dy, x, W, mask, dW=dW, db=db, dx=dx)
    return dx, dW, db


# ----------------------------------------------------------------------------------------- masked linear


def test_masked_linear_is_its_formula_entry_by_entry() -> None:
    x, W, b, mask = problem()
    y = layers.masked_linear(x, W, b, mask)
    for n in range(len(x)):
        for o in range(len(W)):
            want = b[o] + math.fsum(mask[o, i] * W[o, i] * x[n, i] for i in range(x.shape[1]))
            assert y[n, o] == pytest.approx(want, abs=1e-14)
    np.testing.assert_allclose(layers.masked_linear(x, W, None, mask), y - b, atol=1e-14)


@pytest.mark.parametrize("shape", [(3, 4, 5), (2, 1, 1), (2, 1, 4), (4, 3, 1)])
@pytest.mark.parametrize("method", ["central", "complex"])
def test_masked_linear_backward_is_its_gradient(shape: tuple[int, int, int], method: str) -> None:
    x, W, b, mask = problem(*shape)
    mask[0, 0] = True
    report = check_vjp(
        lambda x, W, b: layers.masked_linear(x, W, b, mask),
        lambda dy, x, W, b: linear_backward(dy, x, W, mask),
        (x, W, b),
        frozen=[None, ~mask, None],
        method=method,
    ).raise_if_failed()
    # Every bias, every wire, and every input that some wire leads from.
    assert report.n_exercised == len(b) + mask.sum() + len(x) * mask.any(axis=0).sum()


def test_a_weight_off_the_mask_does_not_matter_even_if_it_is_nan() -> None:
    x, W, b, mask = problem()
    dy = np.ones((3, 5))
    clean = layers.masked_linear(x, W, b, mask), *linear_backward(dy, x, W, mask)
    W[~mask] = np.nan
    dirty = layers.masked_linear(x, W, b, mask), *linear_backward(dy, x, W, mask)
    for before, after in zip(clean, dirty, strict=True):
        np.testing.assert_array_equal(before, after)
    assert (dirty[2][~mask] == 0).all()


def test_each_gradient_can_be_left_out() -> None:
    x, W, _, mask = problem()
    dy = np.ones((3, 5))
    dx, dW, db = linear_backward(dy, x, W, mask)
    for buffers in ({}, {"db": np.full(5, np.nan)}, {"dx": np.full((3, 4), np.nan)}):
        own = np.full_like(W, np.nan)
        layers.masked_linear_backward(dy, x, W, mask, dW=own, **buffers)
        np.testing.assert_array_equal(own, dW)
        np.testing.assert_array_equal(buffers.get("db", db), db)
        np.testing.assert_array_equal(buffers.get("dx", dx), dx)


def test_the_gradient_of_two_batches_is_the_sum_of_theirs() -> None:
    x, W, _, mask = problem(B=6)
    dy = np.random.default_rng(1).standard_normal((6, 5))
    dx, dW, db = linear_backward(dy, x, W, mask)
    first, second = (linear_backward(dy[part], x[part], W, mask) for part in (slice(2), slice(2, None)))
    np.testing.assert_allclose(dW, first[1] + second[1], atol=1e-14)
    np.testing.assert_allclose(db, first[2] + second[2], atol=1e-14)
    np.testing.assert_allclose(dx, np.concatenate((first[0], second[0])), atol=1e-14)


@both
@pytest.mark.parametrize("B", [0, 1, 2])
def test_few_rows_and_both_precisions(B: int, dtype: str) -> None:
    x, W, b, mask = problem(B=B, dtype=dtype)
    y = layers.masked_linear(x, W, b, mask)
    assert y.shape == (B, 5)
    assert y.dtype == dtype
    for gradient in linear_backward(np.ones_like(y), x, W, mask):
        assert gradient.dtype == dtype
        assert np.isfinite(gradient).all()
        assert B or not gradient.any()


def test_no_argument_is_written_to_whatever_its_memory_layout() -> None:
    x, W, b, mask = problem()
    dy = np.ones((3, 5))
    want = layers.masked_linear(x, W, b, mask), *linear_backward(dy, x, W, mask)
    odd = [np.asfortranarray(x), np.repeat(W, 2, axis=1)[:, ::2], b, np.asfortranarray(mask), dy]
    for array in odd:
        array.flags.writeable = False
    x, W, b, mask, dy = odd
    got = layers.masked_linear(x, W, b, mask), *linear_backward(dy, x, W, mask)
    for one, other in zip(got, want, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)


def test_out_is_written_to_and_returned() -> None:
    x, W, b, mask = problem()
    out = np.full((3, 5), np.nan)
    assert layers.masked_linear(x, W, b, mask, out=out) is out
    np.testing.assert_array_equal(out, layers.masked_linear(x, W, b, mask))


# ------------------------------------------------------------------------------------------- activations


@every_activation
def test_an_activation_is_its_formula(name: str) -> None:
    z = np.linspace(-9, 9, 37)
    want = [naive.ACTIVATIONS[name](value) for value in z.tolist()]
    np.testing.assert_allclose(layers.ACTIVATIONS[name].forward(z), want, rtol=1e-13, atol=1e-16)


@every_activation
@pytest.mark.parametrize("method", ["central", "complex"])
def test_the_backward_pass_of_an_activation_is_its_gradient(name: str, method: str) -> None:
    act = layers.ACTIVATIONS[name]
    z = np.random.default_rng(1).standard_normal((6, 5)) * 2
    report = check_vjp(act.forward, lambda dy, z: act.backward(dy, act.forward(z)), (z,), method=method)
    report.raise_if_failed()
    assert report.n_exercised == ((z > 0).sum() if name == "relu" else z.size)
    assert report.n_kinks == 0


@every_activation
@both
def test_activations_keep_dtype_and_survive_extreme_values(name: str, dtype: str) -> None:
    act = layers.ACTIVATIONS[name]
    z = np.array([[-1e4, -100, -1, 0, 1, 100, 1e4]], dtype=dtype)
    y = act.forward(z)
    dz = act.backward(np.ones_like(z), y)
    for array in (y, dz):
        assert array.dtype == dtype
        assert array.shape == z.shape
        assert np.isfinite(array).all()
    limits = {"relu": (0, 1e4), "tanh": (-1, 1), "sigmoid": (0, 1), "softplus": (0, 1e4)}
    np.testing.assert_array_equal(y[0, [0, -1]], np.array(limits[name], dtype=dtype))
    np.testing.assert_array_equal(dz[0, [0, -1]], [0, name in ("relu", "softplus")])


@every_activation
def test_activations_work_in_place_and_into_a_buffer(name: str) -> None:
    act = layers.ACTIVATIONS[name]
    z = np.random.default_rng(2).standard_normal((3, 4))
    y = act.forward(z.copy())
    own = z.copy()
    assert act.forward(own, out=own) is own
    np.testing.assert_array_equal(own, y)
    dz, out = act.backward(z, y), np.full_like(z, np.nan)
    assert act.backward(z, y, out=out) is out
    np.testing.assert_array_equal(out, dz)


def test_relu_at_its_kink_takes_slope_0() -> None:
    assert layers.relu_backward(np.ones(1), layers.relu(np.zeros(1))).tolist() == [0]


@every_activation
def test_activations_leave_their_arguments_alone(name: str) -> None:
    act = layers.ACTIVATIONS[name]
    z, dy = np.linspace(-2, 2, 6).reshape(2, 3), np.ones((2, 3))
    y = act.forward(z)
    kept = [array.copy() for array in (z, dy, y)]
    act.backward(dy, y)
    act.forward(z)
    for array, before in zip((z, dy, y), kept, strict=True):
        np.testing.assert_array_equal(array, before)


def test_small_values_of_softplus_keep_their_digits() -> None:
    # log(1 + e^-40) is e^-40 (1 - e^-40 / 2 + ...); a plain log would say 0.
    assert layers.softplus(np.array([-40.0]))[0] == pytest.approx(math.exp(-40), rel=1e-14, abs=0)
    y = layers.softplus(np.array([-40.0]))
    assert layers.softplus_backward(np.ones(1), y)[0] == pytest.approx(math.exp(-40), rel=1e-14, abs=0)


# -------------------------------------------------------------------------------------------- mask bias


def test_the_mask_bias_of_a_unit_is_the_sum_over_its_wires() -> None:
    _, U, _, mask = problem()
    want = [math.fsum(U[o, i] for i in range(4) if mask[o, i]) for o in range(5)]
    np.testing.assert_allclose(layers.mask_bias(U, mask), want, atol=1e-14)
    # What a layer adds where every input is 1.
    ones = layers.masked_linear(np.ones((1, 4)), U, None, mask)[0]
    np.testing.assert_allclose(layers.mask_bias(U, mask), ones, atol=1e-14)
    U[~mask] = np.nan
    np.testing.assert_allclose(layers.mask_bias(U, mask), want, atol=1e-14)


@pytest.mark.parametrize("method", ["central", "complex"])
def test_mask_bias_backward_is_its_gradient(method: str) -> None:
    _, U, _, mask = problem()

    def backward(dc: Array, U: Array) -> Array:
        dU = np.full_like(U, np.nan)
        layers.mask_bias_backward(dc, mask, dU=dU)
        return dU

    report = check_vjp(
        lambda U: layers.mask_bias(U, mask), backward, (U,), frozen=[~mask], method=method
    ).raise_if_failed()
    assert report.n_exercised == mask.sum()
    assert not backward(np.full(5, np.nan), U)[~mask].any(), "exactly 0 without a wire, whatever comes"


@both
def test_mask_biases_keep_the_dtype(dtype: str) -> None:
    _, U, b, mask = problem(dtype=dtype)
    assert layers.mask_bias(U, mask).dtype == dtype
    assert layers.mask_bias(U[:, :0], mask[:, :0]).tolist() == [0] * 5
    dU = np.empty_like(U)
    layers.mask_bias_backward(b, mask, dU=dU)
    np.testing.assert_array_equal(dU, mask * b[:, None], strict=True)


# ------------------------------------------------------------------------------------ dropout, residual


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.75])
@both
def test_dropout_masks_keep_the_mean(rate: float, dtype: str) -> None:
    keep = layers.dropout_mask(np.random.default_rng(0), (200, 300), rate, dtype)
    assert keep.shape == (200, 300)
    assert keep.dtype == dtype
    assert set(np.unique(keep).tolist()) <= {0.0, float(np.dtype(dtype).type(1 / (1 - rate)))}
    # Standard deviation of the share kept over 60000 units: at most 0.5 / 245 = 0.002.
    assert (keep > 0).mean() == pytest.approx(1 - rate, abs=0.01)
    np.testing.assert_array_equal(keep, layers.dropout_mask(np.random.default_rng(0), (200, 300), rate, dtype))


def test_a_unit_is_dropped_below_the_rate_and_kept_at_it() -> None:
    draw = np.random.default_rng(0).random(1, dtype=np.float32)[0]
    for rate, kept in ((draw, True), (np.nextafter(draw, np.float32(1)), False)):
        assert layers.dropout_mask(np.random.default_rng(0), (1,), float(rate))[0].astype(bool) == kept


@pytest.mark.parametrize("method", ["central", "complex"])
def test_dropout_and_residual_backward_are_their_gradients(method: str) -> None:
    rng = np.random.default_rng(3)
    x, y, skip = rng.standard_normal((3, 4)), rng.standard_normal((3, 4)), np.array([True, False, True, False])
    keep = layers.dropout_mask(np.random.default_rng(1), (3, 4), 0.5, "float64")
    report = check_vjp(
        lambda x: layers.dropout(x, keep), lambda dy, x: layers.dropout_backward(dy, keep), (x,), method=method
    ).raise_if_failed()
    assert report.n_exercised == (keep > 0).sum()
    report = check_vjp(
        lambda y, x: layers.residual_add(y, x, skip),
        lambda dy, y, x: (dy, layers.residual_add_backward(dy, skip)),
        (y, x),
        method=method,
    ).raise_if_failed()
    assert report.n_exercised == y.size + 3 * skip.sum()
    np.testing.assert_array_equal(layers.residual_add(y, x, skip), y + np.where(skip, x, 0))


def test_dropout_and_residual_write_to_buffers() -> None:
    x, keep, skip = np.ones((2, 3)), np.array([[0.0, 2, 2], [2, 0, 2]]), np.array([True, False, True])
    for function, arguments in (
        (layers.dropout, (x, keep)),
        (layers.dropout_backward, (x, keep)),
        (layers.residual_add, (x, x, skip)),
    ):
        out = np.full((2, 3), np.nan)
        assert function(*arguments, out=out) is out
        np.testing.assert_array_equal(out, function(*arguments))
    dx = np.full((2, 3), np.nan)
    assert layers.residual_add_backward(x, skip, dx=dx) is dx
    np.testing.assert_array_equal(dx, [[1, 0, 1]] * 2)
