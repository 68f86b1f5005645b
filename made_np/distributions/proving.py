"""What a distribution promises, tried on a few numbers: shapes, legal values, gradient, distribution function."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from made_np.distributions.distribution import Distribution
from made_np.layers import Array
from made_np.testing import check_vjp
from made_np.values import as_count, show

__all__ = ["Broken", "prove"]

N_VALUES = 8
"""So many legal values are tried."""
MOST_SUMMED = 1 << 12
"""Supports of more values are not summed over."""
TOLERANCE = 1e-6
"""So far may a probability be from what it has to be."""
STEP = 1e-4
"""The distribution function's slope is taken over so much, in units of 1 + |x|."""
SLACK = 1e-3
"""So far may that slope be from the density, as a share of it."""


class Broken(ValueError):
    """A distribution does not keep to what it promises."""


def prove(output: Distribution) -> None:
    """Raise `Broken` if a distribution does not keep to what `Distribution` says, as far as a few numbers tell.

    Raw outputs are tried around 0 and around the marginal of its own legal values.
    """
    _prove_description(output)
    values = _legal(output)
    _prove_column(output, values)
    rng = np.random.default_rng(0)
    start = _called(output, "marginal", (output.n_raw,), values)
    centre = np.stack([np.zeros(output.n_raw), start])
    raw = centre[:, None] + 0.5 * rng.standard_normal((2, len(values), output.n_raw))
    x = np.stack([values, rng.permutation(values)])
    for dtype in (np.float32, np.float64):
        _prove_shapes(output, raw.astype(dtype), x.astype(dtype))
    _prove_gradient(output, raw.reshape(-1, output.n_raw), x.ravel())
    for row in raw[:, :2].reshape(-1, output.n_raw):
        _prove_draws(output, row)
    _prove_probabilities(output, raw, x)


def _called(output: Distribution, method: str, shape: tuple[int, ...], *args: Array) -> Array:
    """Return what a method answers as an array, or raise if that is not finite numbers of this shape."""
    array = np.asarray(_answer(output, method, *args))
    _check_numbers(array, method, shape)
    return array


def _answer(output: Distribution, method: str, *args: Any) -> Any:
    """Return what a method answers to arguments that it may not change."""
    for arg in args:
        if isinstance(arg, np.ndarray):
            arg.flags.writeable = False
    try:
        return getattr(output, method)(*args)
    except Exception as error:  # of anyone's code
        shapes = ", ".join(str(np.shape(arg)) if isinstance(arg, np.ndarray) else show(arg) for arg in args)
        raise Broken(f"{method} of {shapes} raises {type(error).__name__}: {error}") from error


def _check_numbers(array: Array, what: str, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise Broken(f"{what} returns shape {array.shape} where {shape} is needed")
    if array.dtype.kind not in "fiub" or not np.isfinite(array).all():
        raise Broken(f"{what} returns what is no finite number: {show(array.ravel()[:4].tolist())}")


def _prove_description(output: Distribution) -> None:
    """Prove the attributes, and that a file gives back what it was given."""
    for name in ("n_raw", "n_inputs", *(["n_values"] if output.n_values is not None else [])):
        try:
            as_count(getattr(output, name), name)
        except (TypeError, ValueError) as error:
            raise Broken(str(error)) from None
    if not isinstance(output.support, str) or not output.support:
        raise Broken(f"support={show(output.support)}: say in words which values are legal")
    config = _answer(output, "config")
    try:
        again = type(output).from_config(json.loads(json.dumps(config)))
        is_equal = again == output and hash(again) == hash(output)
    except Exception as error:  # of anyone's code
        raise Broken(f"config() does not survive JSON ({error}): {show(config)}") from error
    if not is_equal:
        raise Broken(f"from_config makes {show(again)} of the config of {show(output)}: they have to be equal")
    if "name" in config:
        raise Broken("config() has a 'name', which in files is that of the distribution: call the field otherwise")
    if not isinstance(_answer(output, "way_out", -1.0), str):
        raise Broken("way_out(value) has to return a sentence")


def _legal(output: Distribution) -> Array:
    """Return a few legal values."""
    values = np.asarray(_answer(output, "values", N_VALUES), dtype=np.float64)
    n = values.size if output.n_values is None else output.n_values
    _check_numbers(values, "values(n)", (n,))
    if n < 2 or (np.diff(values) <= 0).any():
        raise Broken(f"values({N_VALUES}) returns {show(values.tolist())}: give at least two, in rising order")
    few = values[np.linspace(0, n - 1, min(n, N_VALUES)).astype(int)]
    for method, x in (("invalid", few), ("invalid", np.array([np.nan, few[0]])), ("far_out", few)):
        flags = _called(output, method, x.shape, x)
        if flags.dtype != bool:
            raise Broken(f"{method} returns dtype {flags.dtype}: give booleans")
    if _answer(output, "invalid", few).any():
        raise Broken(f"invalid says that values({N_VALUES}) are illegal: {show(few.tolist())}")
    return few


def _prove_column(output: Distribution, values: Array) -> None:
    """Prove that a column makes one of the same class, or says why not."""
    try:
        built = type(output).from_column(values)
    except ValueError:
        return
    except Exception as error:  # of anyone's code
        raise Broken(f"from_column raises {type(error).__name__}, where it may raise a ValueError: {error}") from error
    if type(built) is not type(output):
        raise Broken(f"from_column returns {show(built)}: give a {type(output).__name__}")


def _prove_shapes(output: Distribution, raw: Array, x: Array) -> None:
    """Prove the shapes of all answers."""
    shape = x.shape
    pair = _answer(output, "nll_and_grad", raw, x)
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise Broken("nll_and_grad has to return a pair: the nll and its gradient")
    _check_numbers(np.asarray(pair[0]), "the nll of nll_and_grad", shape)
    _check_numbers(np.asarray(pair[1]), "the gradient of nll_and_grad", raw.shape)
    _called(output, "nll", shape, raw, x)
    for method in ("mean", "centre"):
        _called(output, method, shape, raw)
    _called(output, "encode", (*shape, output.n_inputs), x)
    _called(output, "marginal", (output.n_raw,), x[0])
    drawn = _called(output, "inverse_cdf", shape, raw, np.full(shape, 0.5))
    if _answer(output, "invalid", drawn).any():
        raise Broken(f"inverse_cdf draws illegal values: {show(drawn.ravel()[:4].tolist())}")
    if output.is_real:
        rows = raw.reshape(-1, output.n_raw)
        knots = np.asarray(_answer(output, "knots", rows))
        _check_numbers(knots, "knots", (len(rows), max(knots.shape[-1], 2) if knots.ndim else 2))
        if (np.diff(knots) < 0).any():
            raise Broken("knots have to rise")
    if output.has_states:
        p, true = _answer(output, "predictions", raw, x)
        _check_numbers(np.asarray(p), "the probabilities of predictions", (*shape, np.shape(p)[-1]))
        _check_numbers(np.asarray(true), "what came true of predictions", np.shape(p))


def _prove_gradient(output: Distribution, raw: Array, x: Array) -> None:
    """Prove the gradient by differences."""
    report = check_vjp(
        lambda raw: output.nll_and_grad(raw, x)[0],
        lambda dy, raw: dy[:, None] * output.nll_and_grad(raw, x)[1],
        (raw,),
        names=["raw"],
    )
    if not report.ok:
        raise Broken(f"the gradient of nll_and_grad is not that of its nll. {report}")


def _prove_draws(output: Distribution, row: Array) -> None:
    """Prove that draws are legal, rise with u, and follow the distribution function."""
    u = np.concatenate([[0.0], (np.arange(64) + 0.5) / 64, [1 - 2.0**-53]])
    raw = np.tile(row, (len(u), 1))
    drawn = _called(output, "inverse_cdf", u.shape, raw, u)
    if _answer(output, "invalid", drawn).any():
        raise Broken(f"inverse_cdf draws illegal values from u = 0 to 1: {show(drawn.tolist())}")
    if output.is_binary:
        if not np.array_equal(drawn, u < output.mean(raw)):
            raise Broken("is_binary: a draw has to be 1 where u < mean(raw), and else 0")
    elif (np.diff(drawn) < 0).any():
        raise Broken("inverse_cdf falls while u rises: draws have to rise with u")
    low, high = _bounds(output, raw, drawn)
    place = 1 - u if output.is_binary else u
    wrong = (place < low - TOLERANCE) | (place > high + TOLERANCE)
    if wrong.any():
        k = int(wrong.argmax())
        raise Broken(
            f"inverse_cdf gives {drawn[k]:g} for u = {u[k]:g}, but cdf_bounds says that P(X < {drawn[k]:g}) = "
            f"{low[k]:g} and P(X <= {drawn[k]:g}) = {high[k]:g}"
        )


def _bounds(output: Distribution, raw: Array, x: Array) -> tuple[Array, Array]:
    """Return the distribution function below x and up to it, or raise if it is none."""
    pair = _answer(output, "cdf_bounds", raw, x)
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise Broken("cdf_bounds has to return a pair: P(X < x) and P(X <= x)")
    low, high = (np.asarray(each) for each in pair)
    for bound in (low, high):
        _check_numbers(bound, "cdf_bounds", x.shape)
    if ((low < -TOLERANCE) | (low > high + TOLERANCE) | (high > 1 + TOLERANCE)).any():
        raise Broken("cdf_bounds has to return 0 <= P(X < x) <= P(X <= x) <= 1")
    return low, high


def _prove_probabilities(output: Distribution, raw: Array, x: Array) -> None:
    """Prove that e^-nll is the step of the distribution function, or its slope, and sums to one over few values."""
    p = np.exp(-output.nll(raw, x))
    low, high = _bounds(output, raw, x)
    h = STEP * (1 + np.abs(x))
    left = np.where(output.invalid(x - h), x, x - h)
    right = np.where(output.invalid(x + h), x, x + h)
    is_density = (high - low < TOLERANCE) & (left < right)  # next to a count there is nothing legal
    rise = _bounds(output, raw, right)[0] - _bounds(output, raw, left)[0]
    slope = rise / np.where(is_density, right - left, 1)
    expected = np.where(is_density, slope, high - low)
    slack = np.where(is_density, SLACK * p + STEP, TOLERANCE)
    wrong = np.abs(p - expected) > slack
    if wrong.any():
        at = tuple(np.argwhere(wrong)[0])
        raise Broken(f"e^-nll is {p[at]:g} at x = {x[at]:g}, but cdf_bounds makes it {expected[at]:g}")
    if output.n_values is not None and output.n_values <= MOST_SUMMED:
        every = output.values(output.n_values)
        rows = np.broadcast_to(raw[:, :1], (2, len(every), output.n_raw))
        total = np.exp(-output.nll(rows, np.broadcast_to(every, (2, len(every))))).sum(axis=1)
        if (np.abs(total - 1) > TOLERANCE).any():
            raise Broken(f"e^-nll sums to {total[0]:g} over all values: it has to be 1")
