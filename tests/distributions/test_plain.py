"""Conditional distributions against scipy, enumeration and quadrature; `test_mixtures.py` has those with components."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import naive
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from strategies import EVERY, n_values, random_column

from made_np import MADE
from made_np.distributions.distribution import Distribution
from made_np.distributions.mixtures import RealMixture
from made_np.distributions.plain import Bernoulli, Categorical, Gaussian, log_softmax, softmax
from made_np.testing import check_close, check_vjp

Array = NDArray[Any]

every_output = pytest.mark.parametrize("output", EVERY, ids=repr)
both = pytest.mark.parametrize("dtype", ["float32", "float64"])
EXTREME = (-1e4, 1e4)


def random_raw(output: Distribution, n: int = 6, scale: float = 1.0, seed: int = 0) -> Array:
    return scale * np.random.default_rng(seed).standard_normal((n, output.n_raw))


def expected(output: Distribution, row: Array, f: Callable[[Array], Array]) -> float:
    """The integral of f(x) p(x) of a real feature, piece by piece between places around every component.

    What is held back for values far out has tails too long for that: its mean is 0, and f is 1 or x.
    """
    parts = naive.real_components(output, row.tolist()) if isinstance(output, RealMixture) else None
    places = parts or [(1.0, row[0], naive.normal(output, row.tolist()).stdev)]  # type: ignore[arg-type]
    marks = np.array([-40, -25, -12, -6, -3, -1, 1, 3, 6, 12, 25, 40])
    edges = np.sort(np.concatenate([mean + scale * marks for _, mean, scale in places]))
    nodes, weights = np.polynomial.legendre.leggauss(30)
    half = np.diff(edges)[:, None] / 2
    x = edges[:-1, None] + half + half * nodes
    density = np.exp(output.log_prob(np.broadcast_to(row, (*x.shape, len(row))), x))
    reserve = getattr(output, "reserve", 0.0)
    density -= reserve * (2 + x * x) ** -1.5
    return float((half * weights * density * f(x)).sum()) + reserve * (f is np.ones_like)


def values_of(output: Distribution) -> Array:
    return np.arange(float(n_values(output) or 0))


# ------------------------------------------------------------------------------------------- likelihood


@pytest.mark.parametrize("z", [-30.0, -2.0, 0.0, 0.3, 30.0])
def test_bernoulli_is_scipys(z: float) -> None:
    x = np.array([0.0, 1.0])
    got = Bernoulli().log_prob(np.full((2, 1), z), x)
    np.testing.assert_allclose(got[1], -math.log1p(math.exp(-z)), rtol=1e-14)
    np.testing.assert_allclose(got[0], -math.log1p(math.exp(z)), rtol=1e-14)
    np.testing.assert_allclose(got, stats.bernoulli.logpmf(x, 1 / (1 + math.exp(-z))), rtol=1e-2 if z > 9 else 1e-12)


def test_categorical_is_scipys() -> None:
    raw = random_raw(Categorical(4), 4, scale=2)
    x = np.arange(4.0)
    p = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
    want = [stats.multinomial.logpmf(np.eye(4)[k], 1, p[k]) for k in range(4)]
    np.testing.assert_allclose(Categorical(4).log_prob(raw, x), want, rtol=1e-12)


@pytest.mark.parametrize("min_scale", [0.0, 1e-3, 0.5])
def test_a_gaussian_with_an_exponential_is_scipys(min_scale: float) -> None:
    output = Gaussian(min_scale, scale="exp")
    raw = random_raw(output, 50, scale=3)
    x, u = np.random.default_rng(1).standard_normal((2, 50))
    want = stats.norm(raw[:, 0], min_scale + np.exp(raw[:, 1]))
    np.testing.assert_allclose(output.log_prob(raw, x), want.logpdf(x), rtol=1e-11)
    u = stats.norm.cdf(u)
    np.testing.assert_allclose(output.inverse_cdf(raw, u), want.ppf(u), rtol=1e-11)
    np.testing.assert_allclose(output.cdf_bounds(raw, x)[0], want.cdf(x), rtol=1e-11, atol=1e-300)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("min_scale", [0.0, 1e-3])
def test_the_exponent_of_a_scale_is_held_at_30(min_scale: float, dtype: str) -> None:
    output = Gaussian(min_scale, scale="exp")
    far, held = (np.array([[1e4, sign * z] for sign in (-1, 1)], dtype=dtype) for z in (1e4, 30.0))
    x = np.array([-3.0, 3.0], dtype=dtype)
    nll, d_raw = output.nll_and_grad(far, x)
    nll_held, d_raw_held = output.nll_and_grad(held, x)
    np.testing.assert_array_equal(nll, nll_held)
    np.testing.assert_array_equal(d_raw[:, 0], d_raw_held[:, 0])
    np.testing.assert_array_equal(d_raw[:, 1], 0)
    if min_scale == 0:  # where g / s = 1
        np.testing.assert_allclose(d_raw_held[1, 1], 1, rtol=1e-6)
        assert d_raw_held[0, 1] < -1e33
    u = np.array([0.1, 0.9])
    np.testing.assert_array_equal(output.inverse_cdf(far, u), output.inverse_cdf(held, u))


@pytest.mark.parametrize("min_scale", [1e-3, 0.5])
def test_gaussian_is_scipys_with_the_floor_that_it_states(min_scale: float) -> None:
    raw = random_raw(Gaussian(), 50, scale=3)
    x = np.random.default_rng(1).standard_normal(50)
    scale = min_scale + np.logaddexp(0, raw[:, 1])
    got = Gaussian(min_scale).log_prob(raw, x)
    np.testing.assert_allclose(got, stats.norm.logpdf(x, raw[:, 0], scale), rtol=1e-11)


@every_output
def test_nll_is_minus_log_prob_and_that_of_plain_python(output: Distribution) -> None:
    raw, x = random_raw(output, 40), random_column(output, 40, np.random.default_rng(1))
    nll = output.nll(raw, x)
    assert nll.shape == (40,)
    np.testing.assert_array_equal(output.log_prob(raw, x), -nll)
    np.testing.assert_array_equal(output.nll_and_grad(raw, x)[0], nll)
    want = [-math.log(naive.probability(output, row, value)) for row, value in zip(raw.tolist(), x, strict=True)]
    np.testing.assert_allclose(nll, want, rtol=1e-11)


@every_output
@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0])
def test_probabilities_sum_to_one(output: Distribution, scale: float) -> None:
    raw = random_raw(output, 5, scale)
    if n_values(output) is not None:
        total = sum(np.exp(output.log_prob(raw, np.full(5, value))) for value in values_of(output))
        np.testing.assert_allclose(total, 1, rtol=1e-12)
        return
    for row in raw:
        assert expected(output, row, np.ones_like) == pytest.approx(1, abs=1e-9)


@every_output
def test_any_leading_shape_will_do(output: Distribution) -> None:
    raw, x = random_raw(output, 12), random_column(output, 12, np.random.default_rng(2))
    nll, d_raw = output.nll_and_grad(raw, x)
    for shape in ((3, 4), (12, 1), (2, 3, 2)):
        nll_2, d_raw_2 = output.nll_and_grad(raw.reshape(*shape, -1), x.reshape(shape))
        assert d_raw_2.shape == (*shape, output.n_raw)
        np.testing.assert_array_equal(nll_2.ravel(), nll)
        np.testing.assert_array_equal(d_raw_2.reshape(d_raw.shape), d_raw)


@every_output
def test_values_have_the_leading_shape_of_the_raw_outputs(output: Distribution) -> None:
    raw, u = random_raw(output, 24), np.random.default_rng(3).random(24)
    folded = raw.reshape(2, 3, 4, -1)
    np.testing.assert_array_equal(output.inverse_cdf(folded, u.reshape(2, 3, 4)).ravel(), output.inverse_cdf(raw, u))
    for value in (output.mean, output.centre):
        assert value(folded).shape == (2, 3, 4)
        np.testing.assert_allclose(value(folded).ravel(), value(raw), rtol=1e-14)
    np.testing.assert_array_equal(softmax(folded).reshape(raw.shape), softmax(raw))
    np.testing.assert_array_equal(log_softmax(folded).reshape(raw.shape), log_softmax(raw))


# -------------------------------------------------------------------------------------------- gradients


@every_output
@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize("scale", [0.3, 1.5])
def test_the_gradient_is_that_of_the_nll(output: Distribution, method: str, scale: float) -> None:
    n = 3 * (n_values(output) or 3)
    values = random_column(output, n, np.random.default_rng(3))
    if n_values(output) is not None:
        values = np.resize(values_of(output), n)  # every value, the open bins at both ends too
    report = check_vjp(
        lambda raw: output.nll_and_grad(raw, values)[0],
        lambda dy, raw: dy[:, None] * output.nll_and_grad(raw, values)[1],
        (random_raw(output, n, scale),),
        names=["raw"],
        method=method,
    ).raise_if_failed()
    # A component that is far from all values has a gradient too small for differences.
    least = 0.9 if isinstance(output, RealMixture) else 1
    assert report.n_exercised >= least * n * output.n_raw


@every_output
def test_single_precision_agrees_with_double(output: Distribution) -> None:
    raw, x = random_raw(output, 40), random_column(output, 40, np.random.default_rng(4))
    nll, d_raw = output.nll_and_grad(raw.astype("float32"), x.astype("float32"))
    assert nll.dtype == d_raw.dtype == np.float32
    want_nll, want_d_raw = output.nll_and_grad(raw, x)
    check_close(nll, want_nll, rtol=2e-5, atol=2e-5).raise_if_failed()
    check_close(d_raw, want_d_raw, rtol=2e-4, atol=2e-5).raise_if_failed()


@every_output
@both
def test_extreme_raw_values_give_finite_numbers(output: Distribution, dtype: str) -> None:
    """Warnings are errors here: nothing may overflow on the way either."""
    grid = np.array(np.meshgrid(*[(-1e4, -30.0, 0.0, 1e4)] * output.n_raw)).reshape(output.n_raw, -1).T.astype(dtype)
    for value in values_of(output) if n_values(output) else (-3.0, 0.0, 3.0):
        x = np.full(len(grid), value, dtype=dtype)
        nll, d_raw = output.nll_and_grad(grid, x)
        assert nll.dtype == d_raw.dtype == np.dtype(dtype)
        assert np.isfinite(nll).all()
        assert np.isfinite(d_raw).all()
        assert (nll >= 0).all() or n_values(output) is None
    for u in (0.0, 0.5, 1 - 2.0**-53):
        drawn = output.inverse_cdf(grid, np.full(len(grid), u))
        assert np.isfinite(drawn).all()
        assert not output.invalid(drawn).any()
    assert np.isfinite(output.mean(grid)).all()


def test_certain_and_wrong_costs_what_it_should() -> None:
    assert Bernoulli().nll(np.array([[1e4]]), np.array([0.0])) == [1e4]
    assert Bernoulli().nll(np.array([[1e4]]), np.array([1.0])) == [0]
    assert Categorical(3).nll(np.array([[1e4, 0, -1e4]]), np.array([2.0])) == [2e4]
    raw = np.array([[-1e4, -1e4]])
    floor = Gaussian().min_scale
    want = (1e4 / floor) ** 2 / 2 + math.log(floor) + math.log(2 * math.pi) / 2
    np.testing.assert_allclose(Gaussian().nll(raw, np.array([0.0])), want, rtol=1e-12)


def test_bernoulli_keeps_its_digits_where_it_is_sure_and_right() -> None:
    """sigmoid(z) - 1 would be 0 for z = 40; the slope is -e^-40."""
    d_raw = Bernoulli().nll_and_grad(np.array([[40.0]]), np.array([1.0]))[1]
    assert d_raw[0, 0] == pytest.approx(-math.exp(-40), rel=1e-13, abs=0)


# ------------------------------------------------------------------------------------- quantiles, means


@every_output
def test_the_inverse_cdf_inverts(output: Distribution) -> None:
    raw = random_raw(output, 4)
    u = (np.arange(2000) + 0.5) / 2000
    for row in raw:
        drawn = output.inverse_cdf(np.tile(row, (len(u), 1)), u)
        # A Bernoulli is 1 below p, which is its inverse CDF turned around; all others rise with u.
        assert (np.diff(drawn) >= 0).all() or isinstance(output, Bernoulli)
        some = slice(None, None, 20 if isinstance(output, RealMixture) else 1)  # the slow version takes its time
        want = [naive.quantile(output, row.tolist(), each) for each in u[some].tolist()]
        np.testing.assert_allclose(drawn[some], want, rtol=1e-12, atol=1e-12)
        for value in values_of(output):
            share = np.exp(output.log_prob(row, np.array(value)))
            assert (drawn == value).mean() == pytest.approx(share, abs=1 / 2000)


def test_the_inverse_cdf_of_a_gaussian_is_scipys() -> None:
    raw = random_raw(Gaussian(), 50)
    u = np.linspace(0.001, 0.999, 50)
    want = stats.norm.ppf(u, raw[:, 0], 1e-3 + np.logaddexp(0, raw[:, 1]))
    np.testing.assert_allclose(Gaussian().inverse_cdf(raw, u), want, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("logits", [(0.3,), (0.0,), (-40.0,)])
def test_a_bernoulli_is_1_if_and_only_if_u_is_below_p(logits: tuple[float]) -> None:
    p = 1 / (1 + math.exp(-logits[0]))
    u = np.array([0.0, np.nextafter(p, 0), p, np.nextafter(p, 1)])
    raw = np.full((4, 1), logits[0])
    np.testing.assert_array_equal(Bernoulli().inverse_cdf(raw, u), [1, 1, 0, 0])


def test_a_categorical_is_k_from_the_share_below_it_on() -> None:
    u = np.array([0.0, np.nextafter(0.5, 0), 0.5])
    np.testing.assert_array_equal(Categorical(2).inverse_cdf(np.zeros((3, 2)), u), [0, 0, 1])


@every_output
@both
def test_draws_are_in_the_support_and_of_the_models_dtype(output: Distribution, dtype: str) -> None:
    raw = random_raw(output, 200, scale=3).astype(dtype)
    u = np.random.default_rng(5).random(200)
    u[:2] = 0, 1 - 2.0**-53
    drawn = output.inverse_cdf(raw, u)
    assert drawn.dtype == dtype
    assert not output.invalid(drawn).any()


@every_output
def test_the_mean_is_the_expected_value(output: Distribution) -> None:
    raw = random_raw(output, 7)
    if n_values(output) is None:
        want = np.array([expected(output, row, lambda x: x) for row in raw])
    else:
        want = sum(value * np.exp(output.log_prob(raw, np.full(7, value))) for value in values_of(output))
    got = output.mean(raw)
    assert got.shape == (7,)
    np.testing.assert_allclose(got, want, atol=1e-11)
    assert not np.shares_memory(got, raw)


def test_the_centre_of_a_categorical_is_its_likeliest_value() -> None:
    raw = np.array([[0.0, 1, 5], [3, 2, -1]])
    np.testing.assert_array_equal(Categorical(3).centre(raw), [2, 0])
    np.testing.assert_array_equal(Bernoulli().centre(raw[:, :1]), Bernoulli().mean(raw[:, :1]))


# --------------------------------------------------------------------------------------------- marginals


def test_the_marginal_of_a_bernoulli_and_a_categorical_are_shares_plus_one() -> None:
    x = np.array([1.0, 1, 1, 0, 1])
    assert math.exp(Bernoulli().marginal(x)[0]) == pytest.approx(5 / 2)
    p = np.exp(Categorical(4).marginal(np.array([0.0, 2, 2, 3])))
    np.testing.assert_allclose(p, np.array([2, 1, 3, 2]) / 8)


def test_the_marginal_of_a_gaussian_is_its_mean_and_spread() -> None:
    x = np.random.default_rng(6).normal(3, 2, 1000)
    mean, raw = Gaussian().marginal(x)
    assert mean == pytest.approx(x.mean())
    assert 1e-3 + math.log1p(math.exp(raw)) == pytest.approx(x.std())


@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e8])
def test_the_marginal_of_a_gaussian_without_a_floor_is_that_of_its_column_in_any_unit(unit: float) -> None:
    x = unit * np.random.default_rng(6).normal(3, 2, 1000)
    for min_scale in (0.0, 1e-3):
        mean, log_scale = Gaussian(min_scale, scale="exp").marginal(x)
        assert mean == pytest.approx(x.mean())
        assert min_scale + math.exp(log_scale) == pytest.approx(max(x.std(), 2 * min_scale))


@pytest.mark.parametrize("value", [0.0, 0.1, -1e6])
def test_a_constant_column_starts_with_a_scale_that_can_shrink(value: float) -> None:
    x = np.full(1000, value, dtype=np.float32)
    assert Gaussian(0, scale="exp").marginal(x)[1] == pytest.approx(math.log(1e-3))
    assert Gaussian(0.1, scale="exp").marginal(x)[1] == pytest.approx(math.log(0.1))


@every_output
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_constant_column_has_a_finite_marginal(output: Distribution, value: float) -> None:
    raw = output.marginal(np.full(50, value, dtype=np.float32))
    assert raw.shape == (output.n_raw,)
    assert np.isfinite(raw).all()
    assert np.isfinite(output.nll(raw, np.array(value)))


@every_output
def test_the_marginal_fits_better_than_nothing(output: Distribution) -> None:
    x = np.minimum(random_column(output, 400, np.random.default_rng(7)), 1)  # uneven: what is above 1 becomes 1
    fitted, blank = output.marginal(x), np.zeros(output.n_raw)
    assert output.nll(np.tile(fitted, (400, 1)), x).mean() < output.nll(np.tile(blank, (400, 1)), x).mean()


# ----------------------------------------------------------------------------------- support and arguments


@every_output
def test_values_outside_the_support_are_told(output: Distribution) -> None:
    outside = [np.inf, -np.inf] if n_values(output) is None else [-1.0, 0.5, float(n_values(output) or 0), np.inf]
    assert output.invalid(np.array(outside)).all()
    inside = [-3.5, 0.0, 1e30] if n_values(output) is None else values_of(output)
    assert not output.invalid(np.asarray(inside)).any()


@every_output
def test_encoding_shows_the_net_as_many_units_as_promised(output: Distribution) -> None:
    x = random_column(output, 9, np.random.default_rng(8))
    units = output.encode(x)
    assert units.shape == (9, output.n_inputs)
    assert output.encode(x.astype("float32")).dtype == np.float32
    if isinstance(output, Categorical):
        np.testing.assert_array_equal(units, np.eye(output.n)[x.astype(int)])
        assert not output.encode(np.array([np.nan])).any()
    elif n_values(output) in (None, 2):
        np.testing.assert_array_equal(units[:, 0], x)


def test_the_support_in_words_names_its_ends() -> None:
    assert Categorical(4).support == "an integer 0..3"


@pytest.mark.parametrize("n", [0, -3, 2.0, True, "3"])
def test_a_categorical_needs_a_value(n: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"Categorical\(n\)=.*: give an integer >= 1"):
        Categorical(n)


@pytest.mark.parametrize("backend", ["numpy", "auto"])
def test_a_single_value_has_the_mass_1_and_costs_nothing(backend: str) -> None:
    made = MADE(2, (4,), output=[Categorical(1), Bernoulli()], backend=backend, dtype="float64")
    theta = made.init(0)
    x = np.array([[0.0, 0.0], [0.0, 1.0]])
    assert np.exp(made.log_prob(theta, x)).sum() == pytest.approx(1.0, abs=1e-12)
    loss, gradient = made.loss_and_grad(theta, x[:, :1] * [1, 1])
    assert np.isfinite(loss)
    assert np.isfinite(gradient).all()
    assert not made.sample(theta, 50, rng=0)[:, 0].any()


def test_numbers_are_kept_as_plain_ones() -> None:
    assert type(Categorical(np.int8(3)).n) is int
    assert type(Gaussian(np.float32(0.5)).min_scale) is float


@pytest.mark.parametrize("floor", [0.0, -1.0, math.nan, math.inf, "0.1", True, None])
def test_a_gaussian_needs_a_positive_floor(floor: float) -> None:
    with pytest.raises((TypeError, ValueError), match=r"Gaussian\(min_scale\)=.*: give a number in \(0, inf\)"):
        Gaussian(floor)
    with pytest.raises((TypeError, ValueError), match=r"Gaussian\(min_scale\)="):
        dataclasses.replace(Gaussian(), min_scale=floor)


@pytest.mark.parametrize("floor", [-1e-9, math.nan, math.inf, "0.1", True, None])
def test_a_gaussian_with_an_exponential_may_go_without_a_floor(floor: float) -> None:
    assert Gaussian(0, scale="exp").min_scale == 0.0
    with pytest.raises((TypeError, ValueError), match=r"Gaussian\(min_scale\)=.*: give a number in \[0, inf\)"):
        Gaussian(floor, scale="exp")


@pytest.mark.parametrize("scale", ["log", "", None, 3, "EXP"])
def test_a_scale_is_one_of_two(scale: Any) -> None:
    with pytest.raises(ValueError, match=r"Gaussian\(scale\)=.* is unknown: use one of \('softplus', 'exp'\)"):
        Gaussian(scale=scale)


def test_distributions_are_values() -> None:
    assert Categorical(3) == Categorical(3) != Categorical(4)
    assert hash(Gaussian(0.1)) == hash(Gaussian(0.1))
    assert Bernoulli() == Bernoulli()
    assert len({Bernoulli(), Bernoulli()}) == 1
    with pytest.raises(AttributeError):
        Categorical(3).n = 4  # type: ignore[misc]


@pytest.mark.parametrize("name", ["nll_and_grad", "inverse_cdf", "mean", "marginal"])
def test_a_distribution_that_lacks_one_of_its_four_parts_cannot_be_made(name: str) -> None:
    parts = {part: getattr(Bernoulli, part) for part in ("nll_and_grad", "inverse_cdf", "mean", "marginal")}
    type("Whole", (Distribution,), parts)()
    del parts[name]
    with pytest.raises(TypeError, match=name):
        type("Partial", (Distribution,), parts)()


def test_knots_of_a_gaussian_lie_even_around_its_mean() -> None:
    (knots,) = Gaussian().knots(np.zeros((1, 2)))
    assert knots[4] == 0
    np.testing.assert_allclose(knots, -knots[::-1], rtol=1e-4)
