"""Every forward/backward pair: its formula, its gradient, and what it owes to whoever calls it."""

from __future__ import annotations

import decimal
import inspect
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import naive
import numpy as np
import pytest
from numpy.typing import NDArray

from made_np import layers
from made_np.testing import check_vjp

Array = NDArray[Any]

ACTIVATIONS = tuple(layers.ACTIVATIONS)
every_activation = pytest.mark.parametrize("name", ACTIVATIONS)
both = pytest.mark.parametrize("dtype", ["float32", "float64"])

PAIRS = sorted(name for name in vars(layers) if name + "_backward" in vars(layers))
every_pair = pytest.mark.parametrize("name", PAIRS)


def problem(B: int = 3, I: int = 4, O: int = 5, dtype: str = "float64") -> tuple[Array, Array, Array, Array]:
    rng = np.random.default_rng(0)
    x, W, b = (rng.standard_normal(shape).astype(dtype) for shape in ((B, I), (O, I), (O,)))
    return x, W, b, rng.random((O, I)) < 0.6


# ---------------------------------------------------------------------- what is said of all pairs of the page


def given(name: str, size: int = 4, rows: int = 3) -> list[Array]:
    """What a forward function is called with, by the names of its arguments. Weights are square if size is rows."""
    rng = np.random.default_rng(5)
    inputs = {
        "z": 2 * rng.standard_normal((rows, size)),
        "x": rng.standard_normal((rows, size)),
        "y": rng.standard_normal((rows, size)),
        "keep": layers.dropout_mask(rng, (rows, size), 0.5, "float64"),
        "W": rng.standard_normal((rows, size)),
        "U": rng.standard_normal((rows, size)),
        "b": rng.standard_normal(rows),
        "mask": rng.random((rows, size)) < 0.7,
        "skip": np.arange(size) % 2 == 0,
    }
    return [inputs[argument] for argument in positional(getattr(layers, name))]


def positional(function: Callable[..., Any]) -> list[str]:
    return [p.name for p in inspect.signature(function).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]


def by_name(function: Callable[..., Any]) -> list[str]:
    return [p.name for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]


def pair(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    return getattr(layers, name), getattr(layers, name + "_backward")


def test_the_pairs_are_all_found() -> None:
    assert set(PAIRS) == {*ACTIVATIONS, "masked_linear", "mask_bias", "dropout", "residual_add"}
    for name, act in layers.ACTIVATIONS.items():
        assert pair(name) == (act.forward, act.backward)


@every_pair
def test_a_backward_function_takes_dy_and_then_the_forwards_arguments_in_their_order(name: str) -> None:
    forward, backward = pair(name)
    first, *others = positional(backward)
    assert first in ("dy", "dc", "ds")
    assert others == positional(forward)
    optional = inspect.signature(backward).parameters
    assert all(optional[keyword].default is None for keyword in by_name(backward))


@every_pair
@pytest.mark.parametrize("method", ["central", "complex"])
def test_every_pair_can_be_checked_as_it_stands(name: str, method: str) -> None:
    forward, backward = pair(name)
    inputs = given(name)
    report = check_vjp(forward, backward, inputs, method=method).raise_if_failed()
    floats = [each for each in inputs if each.dtype.kind == "f"]
    assert report.n_checked == sum(each.size for each in floats), report
    assert not any("no gradient" in note for note in report.notes), report.notes
    assert report.n_kinks == 0


@every_pair
def test_every_output_can_be_given_and_left_out(name: str) -> None:
    """An array that is given is written to and comes back; False gives None; and nothing else changes by it."""
    forward, backward = pair(name)
    inputs = given(name)
    y = forward(*inputs)
    dy = np.random.default_rng(6).standard_normal(y.shape)
    for function, arguments in ((forward, inputs), (backward, [dy, *inputs])):
        want = as_tuple(function(*arguments))
        buffers = outputs_of(function)
        for k, keyword in enumerate(buffers):
            out = np.full_like(want[k], np.nan)
            got = as_tuple(function(*arguments, **{keyword: out}))
            assert got[k] is out
            np.testing.assert_equal(got, want)
            if keyword != "out":
                left_out = as_tuple(function(*arguments, **{keyword: False}))
                np.testing.assert_equal(left_out, (*want[:k], None, *want[k + 1 :]))
    assert len(outputs_of(backward)) == sum(each.dtype.kind == "f" for each in inputs)


def outputs_of(function: Callable[..., Any]) -> list[str]:
    return [keyword for keyword in by_name(function) if keyword != "y" or "out" not in by_name(function)]


def as_tuple(answer: Any) -> tuple[Any, ...]:
    return answer if isinstance(answer, tuple) else (answer,)


def overlaps(shape: tuple[int, ...]) -> Iterator[tuple[Array, Array]]:
    """Two arrays that share memory: the same place, one entry further, and backwards."""
    n = int(np.prod(shape))
    memory = np.empty(n + 1)
    for first, second in ((memory[:n], memory[:n]), (memory[:n], memory[1:]), (memory[1:], memory[:n])):
        yield first.reshape(shape), second.reshape(shape)
    yield memory[:n].reshape(shape), memory[:n][::-1].reshape(shape)


@every_pair
@pytest.mark.parametrize("rows", [3, 4])
def test_an_output_in_the_memory_of_another_array_is_right_or_refused(name: str, rows: int) -> None:
    """With rows = size every array of two axes has one shape, and may be put in the place of any other."""
    forward, backward = pair(name)
    inputs = given(name, 4, rows)
    dy = np.random.default_rng(6).standard_normal(forward(*inputs).shape)
    tried = 0
    for function, arguments in ((forward, inputs), (backward, [dy, *inputs])):
        want = as_tuple(function(*arguments))
        for k, keyword in enumerate(outputs_of(function)):
            shape = want[k].shape
            for j, argument in enumerate(arguments):
                if argument.dtype.kind != "f" or (argument.size < want[k].size and argument.ndim == want[k].ndim):
                    continue
                for own, out in places(argument, shape):
                    own[...] = argument
                    tried += holds(function, [*arguments[:j], own, *arguments[j + 1 :]], {keyword: out}, want)
        for one, other in itertools.combinations(range(len(want)), 2):
            if want[one].shape == want[other].shape:
                for first, second in overlaps(want[one].shape):
                    keywords = outputs_of(function)
                    tried += holds(function, arguments, {keywords[one]: first, keywords[other]: second}, want)
    assert tried


def places(argument: Array, shape: tuple[int, ...]) -> Iterator[tuple[Array, Array]]:
    """Pairs of an array like the argument and one of that shape that share memory."""
    if argument.shape == shape:
        yield from overlaps(shape)
    elif argument.ndim < len(shape) and argument.shape[-1] == shape[-1]:  # a bias in a row of what is written
        memory = np.empty(shape)
        yield memory[0], memory
        yield memory[-1], memory


def holds(function: Callable[..., Any], arguments: list[Array], buffers: dict[str, Array], want: Any) -> int:
    """Assert that the call gives what is wanted, or says that memory is shared."""
    try:
        got = as_tuple(function(*arguments, **buffers))
    except ValueError as error:
        if "shares memory with" not in str(error):
            raise
        return 1
    for one, other in zip(got, want, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)
    return 1


@every_pair
def test_no_argument_is_written_to_whatever_its_memory_layout(name: str) -> None:
    forward, backward = pair(name)
    inputs = given(name)
    y = forward(*inputs)
    dy = np.random.default_rng(6).standard_normal(y.shape)
    want = y, *as_tuple(backward(dy, *inputs))
    for layout in (np.asfortranarray, lambda a: np.repeat(a, 2, axis=-1)[..., ::2]):
        dy_odd, *odd = [layout(each) for each in (dy, *inputs)]
        for each in (dy_odd, *odd):
            each.flags.writeable = False
        got = forward(*odd), *as_tuple(backward(dy_odd, *odd))
        for one, other in zip(got, want, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-14)


@every_pair
@both
@pytest.mark.parametrize("rows", [0, 1, 2])
def test_few_rows_and_both_precisions(name: str, rows: int, dtype: str) -> None:
    forward, backward = pair(name)
    inputs = [each.astype(dtype) if each.dtype.kind == "f" else each for each in given(name, 4, rows)]
    y = forward(*inputs)
    answers = as_tuple(backward(np.ones_like(y), *inputs))
    floats = [each for each in inputs if each.dtype.kind == "f"]
    for gradient, argument in zip(answers, floats, strict=True):
        assert (gradient.dtype, gradient.shape) == (argument.dtype, argument.shape)
        assert np.isfinite(gradient).all()
    assert y.dtype == dtype


@every_pair
def test_lists_will_do(name: str) -> None:
    forward, backward = pair(name)
    inputs = given(name)
    y = forward(*inputs)
    np.testing.assert_array_equal(forward(*(each.tolist() for each in inputs)), y)
    dy = np.ones_like(y)
    got = as_tuple(backward(dy.tolist(), *(each.tolist() for each in inputs)))
    for one, other in zip(got, as_tuple(backward(dy, *inputs)), strict=True):
        np.testing.assert_array_equal(one, other)


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
        layers.masked_linear,
        layers.masked_linear_backward,
        (x, W, b, mask),
        frozen=[None, ~mask, None, None],
        method=method,
    ).raise_if_failed()
    # Every bias, every wire, and every input that some wire leads from.
    assert report.n_exercised == len(b) + mask.sum() + len(x) * mask.any(axis=0).sum()


def test_without_a_bias_there_is_no_gradient_of_it() -> None:
    x, W, b, mask = problem()
    dy = np.ones((3, 5))
    dx, dW, _ = layers.masked_linear_backward(dy, x, W, b, mask)
    np.testing.assert_equal(layers.masked_linear_backward(dy, x, W, None, mask), (dx, dW, None))


def test_a_weight_off_the_mask_does_not_matter_even_if_it_is_nan() -> None:
    x, W, b, mask = problem()
    dy = np.ones((3, 5))
    clean = layers.masked_linear(x, W, b, mask), *layers.masked_linear_backward(dy, x, W, b, mask)
    W[~mask] = np.nan
    dirty = layers.masked_linear(x, W, b, mask), *layers.masked_linear_backward(dy, x, W, b, mask)
    for before, after in zip(clean, dirty, strict=True):
        np.testing.assert_array_equal(before, after)
    assert (dirty[2][~mask] == 0).all()


def test_the_gradient_of_two_batches_is_the_sum_of_theirs() -> None:
    x, W, b, mask = problem(B=6)
    dy = np.random.default_rng(1).standard_normal((6, 5))
    dx, dW, db = layers.masked_linear_backward(dy, x, W, b, mask)
    parts = (slice(2), slice(2, None))
    first, second = (layers.masked_linear_backward(dy[part], x[part], W, b, mask) for part in parts)
    np.testing.assert_allclose(dW, first[1] + second[1], atol=1e-14)
    np.testing.assert_allclose(db, first[2] + second[2], atol=1e-14)
    np.testing.assert_allclose(dx, np.concatenate((first[0], second[0])), atol=1e-14)


def test_memory_that_is_shared_is_named() -> None:
    x, W, b, mask = problem(B=5, I=5)
    dy = np.ones((5, 5))
    with pytest.raises(ValueError, match="dW shares memory with dy, and would overwrite it: give an array of its own"):
        layers.masked_linear_backward(dy, x, W, b, mask, dW=dy)
    with pytest.raises(ValueError, match="dx shares memory with x"):
        layers.masked_linear_backward(dy, x, W, b, mask, dx=x)
    with pytest.raises(ValueError, match="out shares memory with b"):
        layers.masked_linear(x, W, dy[0], mask, out=dy)


# ------------------------------------------------------------------------------------------- activations


@every_activation
def test_it_says_that_its_slope_can_be_read_off_its_value_if_it_can(name: str) -> None:
    act = layers.ACTIVATIONS[name]
    y = act.forward(np.array([-1.5, 0.5, 2.0]))
    try:
        read_off = act.backward(np.ones(3), None, y=y)
    except TypeError:  # it asks for z
        read_off = None
    assert act.from_output == (read_off is not None)


@every_activation
def test_its_gain_keeps_the_mean_square_of_a_standard_normal_or_is_one(name: str) -> None:
    act = layers.ACTIVATIONS[name]
    z, weights = np.polynomial.hermite_e.hermegauss(180)
    mean_square = float(weights @ act.forward(z) ** 2 / weights.sum())
    kept = {"tanh": 1.0, "sigmoid": 1.0, "softplus": 1.0}.get(name, 1 / mean_square)
    assert act.gain == pytest.approx(kept, rel=1e-4)


@every_activation
def test_an_activation_is_its_formula(name: str) -> None:
    z = np.linspace(-9, 9, 37)
    want = [naive.ACTIVATIONS[name](value) for value in z.tolist()]
    np.testing.assert_allclose(layers.ACTIVATIONS[name].forward(z), want, rtol=1e-13, atol=1e-15)


D = decimal.Decimal
EXACT: dict[str, Callable[[D], D]] = {
    "relu": lambda z: max(z, D(0)),
    "tanh": lambda z: 1 - 2 / ((2 * z).exp() + 1),
    "sigmoid": lambda z: 1 / (1 + (-z).exp()),
    "softplus": lambda z: (1 + z.exp()).ln(),
    "elu": lambda z: z if z > 0 else z.exp() - 1,
    "leaky_relu": lambda z: z if z > 0 else z * D(layers.LEAK),
    "selu": lambda z: D(layers.SELU_SCALE) * (z if z > 0 else D(layers.SELU_ALPHA) * (z.exp() - 1)),
    "identity": lambda z: z,
    "gelu": lambda z: z * (naive.upper_tail(-z) if z < 0 else 1 - naive.upper_tail(z)),
    "silu": lambda z: z / (1 + (-z).exp()),
}


@every_activation
@both
def test_an_activation_is_right_to_a_few_roundings(name: str, dtype: str) -> None:
    """Against 50 digits: values relative to themselves, slopes relative to 1, as they cross 0."""
    act = layers.ACTIVATIONS[name]
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.uniform(-12, 12, 300), 10 ** rng.uniform(-8, 0, 50), -(10 ** rng.uniform(-8, 0, 50))])
    z = z.astype(dtype)
    eps = float(np.finfo(dtype).eps)
    with decimal.localcontext(decimal.Context(prec=50)):
        exact = [D(value) for value in z.astype(float).tolist()]
        want = np.array([float(EXACT[name](value)) for value in exact])
        h = D(10) ** -15
        slope = np.array([float((EXACT[name](v + h) - EXACT[name](v - h)) / (2 * h)) for v in exact])
    np.testing.assert_allclose(act.forward(z), want, rtol=4 * eps)
    np.testing.assert_allclose(act.backward(np.ones_like(z), z), slope, atol=8 * eps)


@every_activation
@pytest.mark.parametrize("method", ["central", "complex"])
def test_the_backward_pass_of_an_activation_is_its_gradient(name: str, method: str) -> None:
    act = layers.ACTIVATIONS[name]
    z = np.random.default_rng(1).standard_normal((6, 5)) * 2
    report = check_vjp(act.forward, act.backward, (z,), method=method)
    report.raise_if_failed()
    assert report.n_exercised == ((z > 0).sum() if name == "relu" else z.size)
    assert report.n_kinks == 0


@every_activation
def test_the_result_of_the_forward_pass_saves_work_and_changes_nothing(name: str) -> None:
    act = layers.ACTIVATIONS[name]
    z = np.random.default_rng(1).standard_normal((6, 5)) * 2
    dy = np.random.default_rng(2).standard_normal((6, 5))
    y = act.forward(z)
    want = act.backward(dy, z)
    np.testing.assert_array_equal(act.backward(dy, z, y=y), want)
    if act.from_output:
        np.testing.assert_array_equal(act.backward(dy, None, y=y), want)
        np.testing.assert_array_equal(act.backward(dy.tolist(), None, y=y.tolist()), want)


@every_activation
def test_what_an_activation_keeps_is_enough_for_the_way_back(name: str) -> None:
    act = layers.ACTIVATIONS[name]
    z = np.random.default_rng(1).standard_normal((6, 5)) * 2
    dy = np.ones_like(z)
    own = z.copy()
    y, kept = act.run(own)
    np.testing.assert_array_equal(y, act.forward(z))
    assert kept is own, "no more memory than that of z"
    assert (y is own) == act.from_output
    np.testing.assert_array_equal(act.run_backward(dy, kept), act.backward(dy, z))


LIMITS = {
    **{"relu": (0, 1e4), "tanh": (-1, 1), "sigmoid": (0, 1), "softplus": (0, 1e4), "elu": (-1, 1e4), "gelu": (0, 1e4)},
    **{"leaky_relu": (-100, 1e4), "identity": (-1e4, 1e4), "silu": (0, 1e4)},
    "selu": (-layers.SELU_SCALE * layers.SELU_ALPHA, layers.SELU_SCALE * 1e4),
}
SLOPES = {
    **dict.fromkeys(ACTIVATIONS, (0, 1)),
    **{"tanh": (0, 0), "sigmoid": (0, 0), "leaky_relu": (layers.LEAK, 1), "identity": (1, 1)},
    "selu": (0, layers.SELU_SCALE),
}


@every_activation
@both
def test_activations_keep_dtype_and_survive_extreme_values(name: str, dtype: str) -> None:
    act = layers.ACTIVATIONS[name]
    z = np.array([[-1e4, -100, -1, 0, 1, 100, 1e4]], dtype=dtype)
    y = act.forward(z)
    for slope in (act.backward(np.ones_like(z), z), act.backward(np.ones_like(z), z, y=y)):
        for array in (y, slope):
            assert array.dtype == dtype
            assert array.shape == z.shape
            assert np.isfinite(array).all()
        eps = 2 * np.finfo(dtype).eps
        np.testing.assert_allclose(y[0, [0, -1]], LIMITS[name], rtol=eps, atol=0)
        np.testing.assert_allclose(slope[0, [0, -1]], SLOPES[name], rtol=eps, atol=eps if name == "selu" else 0)


@every_activation
def test_nan_stays_nan(name: str) -> None:
    with np.errstate(invalid="ignore"):  # expm1 of NumPy 1.24 warns of a NaN that it is given
        assert np.isnan(layers.ACTIVATIONS[name].forward(np.array([np.nan]))).all()


@every_activation
def test_numbers_will_do(name: str) -> None:
    act = layers.ACTIVATIONS[name]
    for z in (-1.5, 0.0, 2.0):
        assert float(act.forward(z)) == act.forward(np.array([z]))[0]
        assert float(act.backward(3.0, z)) == act.backward(np.array([3.0]), np.array([z]))[0]
    np.testing.assert_array_equal(act.forward([-1, 2]), act.forward(np.array([-1.0, 2.0])))


@every_activation
def test_activations_work_in_place_and_into_a_buffer(name: str) -> None:
    act = layers.ACTIVATIONS[name]
    z = np.random.default_rng(2).standard_normal((3, 4))
    y = act.forward(z)
    own = z.copy()
    assert act.forward(own, out=own) is own
    np.testing.assert_array_equal(own, y)
    dy = np.random.default_rng(3).standard_normal((3, 4))
    dz = act.backward(dy, z)
    own = dy.copy()
    assert act.backward(own, z, y=y, out=own) is own
    np.testing.assert_array_equal(own, dz)


def test_at_a_kink_the_lower_side_gives_the_slope() -> None:
    slopes = {name: float(act.backward(np.ones(1), np.zeros(1))[0]) for name, act in layers.ACTIVATIONS.items()}
    assert slopes["relu"] == 0
    assert slopes["leaky_relu"] == layers.LEAK
    assert slopes["selu"] == pytest.approx(layers.SELU_SCALE * layers.SELU_ALPHA, rel=1e-15)
    assert slopes["elu"] == 1


def test_small_values_of_softplus_keep_their_digits() -> None:
    # log(1 + e^-40) is e^-40 (1 - e^-40 / 2 + ...); a plain log would say 0.
    z = np.array([-40.0])
    assert layers.softplus(z)[0] == pytest.approx(math.exp(-40), rel=1e-14, abs=0)
    assert layers.softplus_backward(np.ones(1), z)[0] == pytest.approx(math.exp(-40), rel=1e-14, abs=0)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "selu", "identity", "gelu", "silu"])
def test_the_gain_keeps_the_mean_square_of_what_passes(name: str) -> None:
    """By the trapezoidal rule over the standard normal; kinks are at 0, which is one of its points."""
    z, step = np.linspace(-13, 13, 400_001, retstep=True)
    act = layers.ACTIVATIONS[name]
    mean = float((act.forward(z) ** 2 * np.exp(-z * z / 2)).sum() * step / math.sqrt(2 * math.pi))
    assert act.gain * mean == pytest.approx(1, rel=1e-9)


def test_the_gains_of_the_first_four_are_those_of_their_sources() -> None:
    assert [layers.ACTIVATIONS[name].gain for name in ("relu", "tanh", "sigmoid", "softplus")] == [2, 1, 1, 1]


def test_selu_leaves_a_standard_normal_standard() -> None:
    z, step = np.linspace(-13, 13, 400_001, retstep=True)
    density = np.exp(-z * z / 2) * step / math.sqrt(2 * math.pi)
    y = layers.selu(z)
    assert float((y * density).sum()) == pytest.approx(0, abs=1e-9)
    assert float((y * y * density).sum()) == pytest.approx(1, rel=1e-9)


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


def test_the_gradient_of_a_mask_bias_is_0_without_a_wire_whatever_comes() -> None:
    _, U, _, mask = problem()
    report = check_vjp(layers.mask_bias, layers.mask_bias_backward, (U, mask), frozen=[~mask, None]).raise_if_failed()
    assert report.n_exercised == mask.sum()
    assert not layers.mask_bias_backward(np.full(5, np.nan), None, mask)[~mask].any()
    assert layers.mask_bias(U[:, :0], mask[:, :0]).tolist() == [0] * 5


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


def test_what_is_not_read_need_not_be_given() -> None:
    dy, x = np.random.default_rng(0).standard_normal((2, 3, 4))
    keep = layers.dropout_mask(np.random.default_rng(1), (3, 4), 0.5, "float64")
    skip = np.array([True, False, True, False])
    np.testing.assert_equal(layers.dropout_backward(dy, None, keep, dkeep=False), (dy * keep, None))
    np.testing.assert_equal(layers.residual_add_backward(dy, None, None, skip, dy=False), (None, dy * skip))
    np.testing.assert_array_equal(layers.residual_add(dy, x, skip), dy + np.where(skip, x, 0))


def test_the_gradient_that_passes_a_residual_add_is_an_array_of_its_own() -> None:
    ds = np.ones((2, 3))
    dy, _ = layers.residual_add_backward(ds, None, None, np.ones(3, dtype=bool))
    assert not np.may_share_memory(dy, ds)


# ---------------------------------------------------------------------------------------- the whole network


def test_the_network_at_the_end_of_the_page_is_a_made() -> None:
    """Loss and gradient are those of `MADE`, whose parameters lie in the order in which the page returns them."""
    from made_np import MADE

    made = MADE(4, hidden=(5,), activation="tanh", order=[2, 0, 3, 1], dtype="float64", backend="numpy")
    rng = np.random.default_rng(0)
    theta = rng.standard_normal(made.n_params)
    x = rng.integers(0, 2, (7, 4)).astype(float)
    want, grad = made.loss_and_grad(theta, x)
    views = made.layout.views(theta)
    params = [views[name] for name in ("W0", "b0", "W1", "b1")]
    loss, grads = layers.network_loss_and_grad(x, *params, *made.mask_sets[0].masks)
    assert loss == pytest.approx(want, rel=1e-14)
    np.testing.assert_allclose(np.concatenate([each.ravel() for each in grads]), grad, rtol=1e-12, atol=1e-15)


def test_one_over_the_number_of_rows_enters_once() -> None:
    x, W0, b0, mask0 = problem(B=6)
    W1 = np.random.default_rng(1).standard_normal((4, 5))
    params = (W0, b0, W1, np.zeros(4), mask0, mask0.T)
    x = (x > 0).astype(float)
    loss, grads = layers.network_loss_and_grad(x, *params)
    twice, grads_twice = layers.network_loss_and_grad(np.concatenate([x, x]), *params)
    assert twice == pytest.approx(loss, rel=1e-14)
    for one, other in zip(grads, grads_twice, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)
