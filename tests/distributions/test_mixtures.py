"""What mixtures promise beyond `test_plain.py`: of discretised logistics first, of real densities after that."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import naive
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate, stats
from scipy.special import log_softmax, logsumexp
from small import small

from made_np import MADE, fit, load, save
from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.mixtures import MixtureOfGaussians, MixtureOfLogistics, RealMixture, responsibilities
from made_np.distributions.plain import Gaussian
from made_np.testing import check_consistency, check_gradient, check_vjp

Array = NDArray[Any]

both = pytest.mark.parametrize("dtype", ["float32", "float64"])


def reference(output: DiscretizedLogistic, raw: Any, x: float) -> float:
    """log P(x) by scipy's logistic distribution: the mass between the edges of the bin."""
    n, half = output.n, (output.levels - 1) / 2
    log_w = log_softmax(raw[:n]) if n > 1 else np.zeros(1)
    mean, scale = half * (1 + raw[-2 * n : -n]), output.min_scale + half * np.logaddexp(0, raw[-n:])
    if x == 0:
        log_p = stats.logistic.logcdf(x + 0.5, mean, scale)
    elif x == output.levels - 1:
        log_p = stats.logistic.logsf(x - 0.5, mean, scale)
    else:
        # The mass of a bin far out in a tail, taken on the side where nothing cancels.
        low, high = x - 0.5, x + 0.5
        below = stats.logistic.cdf(high, mean, scale) - stats.logistic.cdf(low, mean, scale)
        above = stats.logistic.sf(low, mean, scale) - stats.logistic.sf(high, mean, scale)
        log_p = np.log(np.where(x > mean, above, below))
    return float(logsumexp(log_w + log_p))


@pytest.mark.parametrize("output", [DiscretizedLogistic(2), DiscretizedLogistic(17), DiscretizedLogistic(256, 5)])
def test_the_mass_of_each_bin_is_scipys(output: DiscretizedLogistic) -> None:
    rng = np.random.default_rng(0)
    for x in np.linspace(0, output.levels - 1, 9).round():
        raw = rng.standard_normal(output.n_raw)
        assert output.log_prob(raw, np.array(x)) == pytest.approx(reference(output, raw, x), rel=1e-9, abs=1e-12)


def test_weights_means_and_scales_stand_in_this_order() -> None:
    output = DiscretizedLogistic(11, 3)
    raw = np.array([0.0, 5, 0, -1, 0.2, 1, -9, -9, -9])  # the second component, its mean at level 6, narrow
    assert output.n_raw == 9
    assert output.mean(raw[None])[0] == pytest.approx(6, abs=0.1)
    assert math.exp(output.log_prob(raw, np.array(6.0))) > 0.98


def test_a_heavy_component_far_away_does_not_hide_a_light_one_that_fits() -> None:
    """Weights e^-900 and 1, and only the light one explains x: log P is about -900, not what a floor on w says."""
    output = DiscretizedLogistic(256, 2)
    raw, x = np.array([-900.0, 0, 0, 100, -5, -5]), np.array(128.0)
    alone = reference(DiscretizedLogistic(256), raw[[2, 4]], 128.0)
    assert output.log_prob(raw, x) == pytest.approx(-900 + alone, rel=1e-12)
    np.testing.assert_allclose(output.nll_and_grad(raw, x)[1][:2], [-1, 1], atol=1e-12)


@both
def test_means_far_outside_give_finite_numbers_at_every_level(dtype: str) -> None:
    output = DiscretizedLogistic(256, 2)
    raw = np.array([[1e4, -1e4, -1e4, 1e4, -1e4, -1e4], [0, 0, 1e4, 1e4, 1e4, -1e4]], dtype=dtype)
    for level in (0, 1, 128, 254, 255):
        nll, d_raw = output.nll_and_grad(raw, np.full(2, level, dtype=dtype))
        assert np.isfinite(nll).all()
        assert np.isfinite(d_raw).all()


def test_all_mass_lies_in_the_levels_however_wide_the_component() -> None:
    output = DiscretizedLogistic(5)
    raw = np.array([0.0, 300.0])  # a scale of 600 levels: nearly all lies in the two open bins
    p = np.exp([output.log_prob(raw, np.array(float(k))) for k in range(5)])
    assert p.sum() == pytest.approx(1, rel=1e-12)
    assert p[0] == pytest.approx(p[4])
    assert p[0] > 0.49


def test_the_floor_of_the_scale_is_the_one_stated() -> None:
    """At 0.02 levels half a level is 25 scales: what a component can leave for others is 2 / (1 + e^25)."""
    output = DiscretizedLogistic(3)
    nll = output.nll(np.array([0.0, -1e4]), np.array(1.0))
    assert nll == pytest.approx(-math.log(math.tanh(12.5)), rel=1e-6, abs=0)


@both
def test_a_floor_of_ones_own_may_be_so_low_that_a_bin_is_thousands_of_scales_wide(dtype: str) -> None:
    output = DiscretizedLogistic(5, min_scale=1e-4)
    x = np.arange(5, dtype=dtype)
    nll, d_raw = output.nll_and_grad(np.tile(np.array([0, -1e4], dtype=dtype), (5, 1)), x)
    assert np.isfinite(nll).all()
    assert np.isfinite(d_raw).all()
    assert nll[2] == 0


def test_the_net_sees_levels_from_minus_one_to_one() -> None:
    np.testing.assert_array_equal(DiscretizedLogistic(5).encode(np.arange(5.0))[:, 0], [-1, -0.5, 0, 0.5, 1])
    assert DiscretizedLogistic(256).encode(np.arange(256, dtype=np.float32)).dtype == np.float32


@pytest.mark.parametrize("levels", [2, 3, 16, 17, 256])
def test_every_level_can_be_drawn(levels: int) -> None:
    output = DiscretizedLogistic(levels)
    raw = np.tile([0.0, 0.5], (4000, 1))
    drawn = output.inverse_cdf(raw, (np.arange(4000) + 0.5) / 4000)
    assert set(drawn.tolist()) == set(map(float, range(levels)))


def test_several_components_start_apart() -> None:
    x = np.random.default_rng(0).integers(0, 256, 500).astype(float)
    output = DiscretizedLogistic(256, 3)
    raw = output.marginal(x)
    assert not raw[:3].any()
    assert len(set(raw[3:6].tolist())) == 3
    assert output.mean(raw[None])[0] == pytest.approx(x.mean(), rel=0.02)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"levels": 1}, r"DiscretizedLogistic\(levels\)=1: give an integer >= 2"),
        ({"levels": 2.5}, r"DiscretizedLogistic\(levels\)=2\.5"),
        ({"levels": 4, "n": 0}, r"DiscretizedLogistic\(n\)=0: give an integer >= 1"),
        ({"levels": 4, "min_scale": 0}, r"DiscretizedLogistic\(min_scale\)=0: give a number in \(0, inf\)"),
        ({"levels": 4, "min_scale": math.nan}, r"\(min_scale\)=nan"),
    ],
)
def test_levels_that_cannot_be_meant_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        DiscretizedLogistic(**arguments)


# ------------------------------------------------------------------------------------ real densities: likelihood

KINDS = {MixtureOfGaussians: stats.norm, MixtureOfLogistics: stats.logistic}
both_kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def scipys(output: RealMixture, raw: Array) -> tuple[Array, Any]:
    """The weights, and scipy's distribution of each component, from raw outputs (K,)."""
    n = output.n
    weights = np.exp(log_softmax(raw[:n])) if n > 1 else np.ones(1)
    return weights, KINDS[type(output)](raw[-2 * n : -n], output.min_scale + np.logaddexp(0, raw[-n:]))


def mass(output: RealMixture, raw: Array, x: Any, *, upper: bool = False) -> Array:
    """The mass below each x, or above it, by scipy's distributions."""
    weights, components = scipys(output, raw)
    return np.array([(weights * (components.sf(v) if upper else components.cdf(v))).sum() for v in np.atleast_1d(x)])


def random_raw(output: RealMixture, *shape: int, scale: float = 1.5, seed: int = 0) -> Array:
    return scale * np.random.default_rng(seed).standard_normal((*shape, output.n_raw))


@both_kinds
@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("min_scale", [1e-3, 0.5])
def test_the_density_is_scipys_far_out_too(kind: Any, n: int, min_scale: float) -> None:
    output = kind(n, min_scale)
    for raw in random_raw(output, 4):
        x = np.array([-300.0, -9, -1, 0, 0.1, 2, 300])
        weights, components = scipys(output, raw)
        want = [logsumexp(np.log(weights) + components.logpdf(v)) for v in x]
        np.testing.assert_allclose(output.log_prob(np.tile(raw, (7, 1)), x), want, rtol=1e-12, atol=1e-12)


@both_kinds
def test_marks_lie_even_as_the_density_does(kind: Any) -> None:
    np.testing.assert_array_equal(kind.marks, -kind.marks[::-1])
    assert (np.diff(kind.marks) > 0).all()
    assert kind.marks[-1] == kind.reach


@both_kinds
def test_narrow_peaks_and_wide_ones_together_have_a_mass_of_one(kind: Any) -> None:
    output = kind(3, min_scale=1e-4)
    raw = np.array([1.0, -2, 0, -2, 0.5, 3, -9, -3, 1.2])
    places = sorted(m + s * t for _, m, s in naive.real_components(output, raw.tolist()) for t in (-40, -6, 0, 6, 40))
    total = sum(
        integrate.quad(lambda x: math.exp(output.log_prob(raw, np.array(x))), low, high, epsabs=1e-12)[0]
        for low, high in itertools.pairwise(places)
    )
    assert total == pytest.approx(1, abs=1e-9)


def test_one_gaussian_is_the_gaussian() -> None:
    one, same = MixtureOfGaussians(1, 0.01), Gaussian(0.01)
    raw, x, u = random_raw(one, 50), np.linspace(-5, 5, 50), np.linspace(0, 1 - 2.0**-53, 50)
    for got, want in zip(one.nll_and_grad(raw, x), same.nll_and_grad(raw, x), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-13)
    np.testing.assert_array_equal(one.mean(raw), same.mean(raw))
    np.testing.assert_allclose(one.inverse_cdf(raw, u), same.inverse_cdf(raw, u), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(one.marginal(x), same.marginal(x), rtol=1e-13)
    assert one.n_raw == 2


def test_one_logistic_is_scipys() -> None:
    one = MixtureOfLogistics(1)
    raw, u = random_raw(one, 50), np.linspace(0.001, 0.999, 50)
    scale = 1e-3 + np.logaddexp(0, raw[:, 1])
    np.testing.assert_allclose(one.inverse_cdf(raw, u), stats.logistic.ppf(u, raw[:, 0], scale), rtol=1e-12)
    np.testing.assert_array_equal(one.mean(raw), raw[:, 0])
    assert one.n_raw == 2
    mean, raw_scale = one.marginal(np.array([1.0, 3, 5]))
    assert mean == pytest.approx(3)
    assert stats.logistic.std(scale=1e-3 + np.logaddexp(0, raw_scale)) == pytest.approx(np.std([1, 3, 5]))


@both_kinds
def test_logits_means_and_scales_stand_in_this_order(kind: Any) -> None:
    output = kind(3)
    raw = np.array([0.0, 50, 0, -1, 0.2, 1, 3, -9, 3])  # the second component, its mean at 0.2, narrow
    assert output.n_raw == 9
    assert output.mean(raw[None])[0] == pytest.approx(0.2, abs=1e-12)
    assert output.inverse_cdf(raw[None], np.array([0.5]))[0] == pytest.approx(0.2, abs=1e-12)
    assert output.nll(raw, np.array(0.2)) < -5


@both_kinds
def test_the_mean_weighs_the_means(kind: Any) -> None:
    raw = np.array([[math.log(1), math.log(3), -2, 6, 0, 1]])
    assert kind(2).mean(raw)[0] == pytest.approx(-2 / 4 + 6 * 3 / 4, rel=1e-14)
    assert kind(2).centre(raw)[0] == kind(2).mean(raw)[0]


@pytest.mark.parametrize(("kind", "peak"), [(MixtureOfGaussians, (2 * math.pi) ** -0.5), (MixtureOfLogistics, 0.25)])
def test_the_floor_of_the_real_scale_is_the_one_stated(kind: Any, peak: float) -> None:
    assert kind(1, 0.01).log_prob(np.array([2.0, -1e4]), np.array(2.0)) == pytest.approx(math.log(peak / 0.01))
    assert kind(1).min_scale == Gaussian().min_scale


# ------------------------------------------------------------------------------------- real densities: gradient


@both_kinds
@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("method", ["central", "complex"])
def test_the_gradient_is_that_of_the_nll_between_the_peaks_and_in_the_tails(kind: Any, n: int, method: str) -> None:
    output = kind(n, 0.05)
    x = np.array([-8.0, -2, -0.3, 0, 0.4, 3, 9])
    report = check_vjp(
        lambda raw: output.nll_and_grad(raw, x)[0],
        lambda dy, raw: dy[:, None] * output.nll_and_grad(raw, x)[1],
        (random_raw(output, 7, scale=1.0),),
        names=["raw"],
        method=method,
    ).raise_if_failed()
    assert report.n_exercised > 0.9 * report.n_checked


@both_kinds
def test_the_gradient_of_one_row_by_central_differences(kind: Any) -> None:
    output, x = kind(4), np.array(0.7)
    check_gradient(
        lambda raw: float(output.nll(raw, x)),
        lambda raw: output.nll_and_grad(raw, x)[1],
        random_raw(output),
    ).raise_if_failed()


def test_responsibilities_are_the_shares_of_a_sum() -> None:
    joint = np.array([[0.0, math.log(3)], [-1e4, -1e4], [-5000, 0]])
    total, r = responsibilities(joint)
    np.testing.assert_allclose(total, [math.log(4), math.log(2) - 1e4, 0], rtol=1e-15)
    np.testing.assert_allclose(r, [[0.25, 0.75], [0.5, 0.5], [0, 1]], rtol=1e-15)


@both_kinds
def test_a_light_component_that_fits_is_found_beside_heavy_ones_far_away(kind: Any) -> None:
    output = kind(2)
    raw, x = np.array([-900.0, 0, 3, 1e4, -2, -2]), np.array(3.0)
    alone = kind(1).log_prob(raw[[2, 4]], x)
    assert output.log_prob(raw, x) == pytest.approx(-900 + alone, rel=1e-12)
    np.testing.assert_allclose(output.nll_and_grad(raw, x)[1][:2], [-1, 1], atol=1e-12)


@both
@both_kinds
def test_raw_values_of_ten_thousand_give_finite_numbers(kind: Any, dtype: str) -> None:
    output, rng = kind(3), np.random.default_rng(0)
    raw = rng.choice([-1e4, -50.0, 0, 50, 1e4], (3000, 9)).astype(dtype)
    for value in (-1e4, -1.0, 0.0, 1e4):
        nll, d_raw = output.nll_and_grad(raw, np.full(3000, value, dtype=dtype))
        assert nll.dtype == d_raw.dtype == np.dtype(dtype)
        assert np.isfinite(nll).all()
        assert np.isfinite(d_raw).all()
    for u in (0.0, 1e-9, 0.5, 1 - 2.0**-53):
        drawn = output.inverse_cdf(raw, np.full(3000, u))
        assert drawn.dtype == dtype
        assert np.isfinite(drawn).all()
    assert np.isfinite(output.mean(raw)).all()


# ---------------------------------------------------------------------------------------- real densities: draws


@both_kinds
def test_the_inverse_cdf_takes_the_mass_below_x_back_to_x(kind: Any) -> None:
    output = kind(3)
    for raw in random_raw(output, 5, seed=1):
        x = np.linspace(-12, 4, 161)
        x = x[(mass(output, raw, x) > 1e-280) & (mass(output, raw, x) < 0.5)]
        lower = mass(output, raw, x)
        x, lower = x[lower > 2.0**-54], lower[lower > 2.0**-54]
        assert len(x) > 10
        back = output.inverse_cdf(np.tile(raw, (len(x), 1)), lower)
        np.testing.assert_allclose(back, x, rtol=1e-10, atol=1e-12)


@both_kinds
def test_tails_are_drawn_with_all_their_digits(kind: Any) -> None:
    """u = 2^-50 and 1 - 2^-50 are the same distance from the ends, and so are the draws from a symmetric density."""
    output, raw = kind(2), np.array([0.0, 0, -1.5, 1.5, 0.5, 0.5])
    u = 2.0 ** -np.arange(2, 54)
    low = output.inverse_cdf(np.tile(raw, (52, 1)), u)
    high = output.inverse_cdf(np.tile(raw, (52, 1)), 1 - u)
    np.testing.assert_allclose(high, -low, rtol=1e-14)
    np.testing.assert_allclose(mass(output, raw, low), u, rtol=1e-11)
    np.testing.assert_allclose(mass(output, raw, high, upper=True), u, rtol=1e-11)


@both
@both_kinds
def test_bisection_ends_at_the_last_bit(kind: Any, dtype: str) -> None:
    output = kind(2)
    for raw in random_raw(output, 4, scale=1.0, seed=3).astype(dtype).tolist():
        u = np.linspace(0.01, 0.49, 25)
        drawn = output.inverse_cdf(np.tile(np.array(raw, dtype=dtype), (25, 1)), u)
        drawn, u = drawn[np.abs(drawn) > 0.1], u[np.abs(drawn) > 0.1]
        below, above = (np.nextafter(drawn, np.array(end, dtype=dtype)).tolist() for end in (-np.inf, np.inf))
        # The CDF itself is rounded, in its last two bits.
        assert all(naive.tail(output, raw, x, upper=False) <= v * (1 + 1e-15) for x, v in zip(below, u, strict=True))
        assert all(naive.tail(output, raw, x, upper=False) >= v * (1 - 1e-15) for x, v in zip(above, u, strict=True))


@both
@both_kinds
def test_draws_never_fall_while_u_rises_by_its_last_bit(kind: Any, dtype: str) -> None:
    output = kind(3)
    for raw in random_raw(output, 5, seed=4).astype(dtype):
        weights, _ = scipys(output, raw.astype(float))
        near = np.concatenate([np.cumsum(weights)[:-1], weights, [0.1, 0.25, 0.5, 0.999]])
        u = np.unique(np.concatenate([np.arange(400) / 400, *(near + k * 2.0**-53 for k in range(-20, 21))]))
        u = u[(u >= 0) & (u < 1)]
        assert (np.diff(output.inverse_cdf(np.tile(raw, (len(u), 1)), u)) >= 0).all()


@both_kinds
def test_the_draws_have_the_distribution(kind: Any) -> None:
    output, raw = kind(3), np.array([0.0, 1, -1, -4, 0, 2, -1, 0.5, 1])
    drawn = output.inverse_cdf(np.tile(raw, (4000, 1)), np.random.default_rng(5).random(4000))
    assert stats.kstest(drawn, lambda x: mass(output, raw, x)).pvalue > 0.01


@both_kinds
def test_a_draw_is_the_same_whatever_else_is_drawn(kind: Any) -> None:
    output = kind(3)

    def draws(rows: Array) -> Array:
        return output.inverse_cdf(rows, np.full(len(rows), 0.3))

    check_consistency(draws, 9).raise_if_failed()
    assert output.inverse_cdf(np.zeros((0, 9)), np.zeros(0)).shape == (0,)


# ------------------------------------------------------------------------------------ real densities: the start


def two_peaks(n: int = 2000, share: float = 0.6, seed: int = 6) -> Array:
    rng = np.random.default_rng(seed)
    return np.where(rng.random(n) < share, -2, 1.5) + 0.3 * rng.standard_normal(n)


def marginal_nll(output: Any, x: Array) -> float:
    return float(output.nll(np.tile(output.marginal(x), (len(x), 1)), x).mean())


@both_kinds
@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_the_marginal_of_a_column_with_two_peaks_beats_a_gaussian(kind: Any, n: int) -> None:
    for x in (two_peaks(), two_peaks(share=0.5), two_peaks(share=0.9)):
        assert marginal_nll(kind(n), x) < marginal_nll(Gaussian(), x) - 0.3


@both_kinds
@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_the_marginal_of_a_gaussian_column_is_nearly_as_good_as_a_gaussian(kind: Any, n: int) -> None:
    x = np.random.default_rng(7).standard_normal(2000)
    assert marginal_nll(kind(n), x) < marginal_nll(Gaussian(), x) + 0.06


@both_kinds
@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e4])
def test_components_start_apart_even_where_one_value_fills_most_of_the_column(kind: Any, unit: float) -> None:
    x = unit * np.concatenate([np.zeros(80), np.linspace(1, 2, 20)])
    raw = kind(5).marginal(x.astype(np.float32))
    assert not raw[:5].any()
    assert (np.diff(raw[5:10]) > 0.001 * unit).all()
    assert kind(5).mean(raw[None])[0] == pytest.approx(x.mean(), rel=1e-6)


@both_kinds
def test_a_column_may_have_fewer_values_than_there_are_components(kind: Any) -> None:
    for x in (np.array([2.0]), np.array([2.0, 5.0])):
        raw = kind(4).marginal(x)
        assert np.isfinite(raw).all()
        assert kind(4).mean(raw[None])[0] == pytest.approx(x.mean())


@both_kinds
@pytest.mark.parametrize("far", [[1e4], [-1e12], [1e3, 1.1e3, 1e6], [-500, 500], [1e4] * 100, [60] * 400])
@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e200])
def test_values_far_out_start_with_a_component_of_their_own(kind: Any, far: list[float], unit: float) -> None:
    output, bulk = kind(3), np.random.default_rng(10).standard_normal(2000)
    x = np.random.default_rng(11).permutation([*bulk, *far])
    np.testing.assert_array_equal(output.far_out(unit * x), np.abs(x) > 50)
    raw = output.marginal(x)
    log_w = log_softmax(raw[:3])
    assert log_w[2] == pytest.approx(math.log(len(far) / len(x)))
    assert raw[5] == pytest.approx(np.mean(far))
    # the others are those of the bulk on its own, but for the weight that they leave
    np.testing.assert_allclose(raw[[3, 4, 6, 7]], kind(2).marginal(bulk)[2:])
    np.testing.assert_allclose(log_w[:2], math.log(len(bulk) / len(x) / 2))


@both_kinds
def test_no_value_is_far_out_where_that_can_mean_nothing(kind: Any) -> None:
    rng = np.random.default_rng(12)
    columns = [rng.standard_normal(2000), two_peaks(), np.exp(rng.standard_normal(200)), np.arange(5.0), np.zeros(9)]
    columns += [np.array([1.0]), np.array([0.0, 1e9]), np.array([-1.7e308, 0, 1.7e308]), np.array([0.0] * 99 + [1e9])]
    for x in columns:
        assert not kind(3).far_out(x).any()
    assert not kind(1).far_out(np.array([*rng.standard_normal(2000), 1e4])).any()


@both_kinds
def test_where_most_of_a_column_is_one_value_the_rest_says_what_is_far_out(kind: Any) -> None:
    x = np.concatenate([np.zeros(800), np.linspace(1, 2, 200), [1e4]])
    np.testing.assert_array_equal(kind(3).far_out(x), x > 2)


@both_kinds
@pytest.mark.parametrize("share", [0.0, 0.6])
def test_far_out_begins_at_twenty_deviations_even_where_most_of_a_normal_column_is_its_median(
    kind: Any, share: float
) -> None:
    x = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    x[np.abs(x) < stats.norm.ppf(0.5 + share / 2)] = 0.0
    at = np.array([-20.2, -19.8, 19.8, 20.2])
    np.testing.assert_array_equal(kind(3).far_out(np.append(x, at))[-4:], [True, False, False, True])


# ----------------------------------------------------------------------------------------- real densities: models


@both
@both_kinds
@pytest.mark.parametrize("far", [1e14, 1e16, -3.4e38, 1e300])
def test_an_outlier_beyond_all_measure_ends_no_training(kind: Any, far: float, dtype: str) -> None:
    x = np.random.default_rng(14).standard_normal((300, 2))
    x[7, 0] = far
    model = small(columns=kind(3), dtype=dtype, max_epochs=2).fit(x)
    assert np.isfinite(model.score_samples(x)).all()


@both_kinds
def test_an_outlier_changes_little_for_all_others(kind: Any) -> None:
    """Neither the unit of its column, nor where training starts, nor what is learned."""
    rng = np.random.default_rng(13)
    x, valid, test = (rng.standard_normal((n, 2)) @ [[1, 0.9], [0, 0.5]] for n in (1000, 200, 1000))
    options = {"columns": kind(3), "hidden_layer_sizes": (20,), "learning_rate": 1e-2, "max_epochs": 10}
    score = small(**options).fit(x, X_val=valid).score(test)
    for far in (1e4, -1e8):
        odd = x.copy()
        odd[500, 0] = far
        model = small(**options).fit(odd, X_val=valid)
        assert model.score(test) == pytest.approx(score, abs=0.05)
        assert model.columns_.each[0].coding.scale == pytest.approx(x[:, 0].std(), rel=0.01)
        assert model.score_samples(odd[500:501])[0] > -30  # it is not given up either


def branching(n: int, seed: int) -> Array:
    """Three columns; the third is plus or minus the second, which no Gaussian can say."""
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal(n), 2 + 0.3 * rng.standard_normal(n)
    return np.column_stack([a, b, rng.choice([-1, 1], n) * b + 0.1 * rng.standard_normal(n)])


@both_kinds
def test_a_model_of_mixtures_trains_and_says_what_a_gaussian_cannot(kind: Any) -> None:
    x, valid = branching(1000, 0), branching(500, 1)
    scores = {}
    for output in (Gaussian(), kind(3)):
        made = MADE(3, (30,), output=output, activation="tanh", dtype="float64")
        start = made.init(0, x)
        options = {"learning_rate": 1e-2, "max_epochs": 25, "rng": 0}
        theta = fit(made, x, valid=valid, theta=start, **options).theta
        before, after = (-made.log_prob(each, valid).mean() for each in (start, theta))
        # Beyond the columns on their own, a Gaussian has little to learn here.
        assert after < before - (0.0 if output == Gaussian() else 0.5)
        scores[output] = after
    # Exact: a Gaussian of the third column costs log(2.02 / 0.1) - log 2 nats more than its two branches.
    assert scores[kind(3)] < scores[Gaussian()] - 1.5


@both_kinds
@both
def test_a_stored_model_comes_back_equal(kind: Any, dtype: str, tmp_path: Path) -> None:
    made = MADE(3, (5,), [kind(3), kind(1, 0.25), "gaussian"], dtype=dtype)
    assert MADE.from_config(made.config()) == made
    assert MADE(2, output=kind(2)) != MADE(2, output=kind(3))
    assert MADE(2, output=MixtureOfGaussians(2)) != MADE(2, output=MixtureOfLogistics(2))
    theta = made.init(0)
    save(tmp_path / "made.npz", made, theta)
    again = load(tmp_path / "made.npz")
    assert again.made == made
    x = branching(5, 2)
    np.testing.assert_array_equal(again.made.log_prob(again.theta, x), made.log_prob(theta, x))
    np.testing.assert_array_equal(again.made.sample(again.theta, 4, rng=0), made.sample(theta, 4, rng=0))


@both_kinds
def test_an_estimator_of_mixtures_scores_in_the_units_of_the_table(kind: Any) -> None:
    x = 100 + 20 * np.column_stack([two_peaks(600, seed=8), two_peaks(600, seed=9)])
    model = small(hidden_layer_sizes=(10,), columns=kind(2), learning_rate=1e-2, max_epochs=60).fit(x)
    weights = np.array([0.6, 0.4])
    exact = [np.log((weights * stats.norm.pdf(row[:, None], [60, 130], 6)).sum(1)).sum() for row in x]
    assert model.score(x) == pytest.approx(np.mean(exact), abs=0.1)
    drawn = model.sample(2000, random_state=1)
    assert (drawn < 95).mean(axis=0) == pytest.approx([0.6, 0.6], abs=0.08)


# -------------------------------------------------------------------------------------------- what is refused


@both_kinds
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, r"\(n\)=0: give an integer >= 1"),
        ({"n": 2.5}, r"\(n\)=2\.5"),
        ({"n": True}, r"\(n\)=True"),
        ({"n": 2, "min_scale": 0}, r"\(min_scale\)=0: give a number in \(0, inf\)"),
        ({"n": 2, "min_scale": math.nan}, r"\(min_scale\)=nan"),
        ({"n": 2, "min_scale": math.inf}, r"\(min_scale\)=inf"),
        ({"n": 2, "min_scale": "0.1"}, r"\(min_scale\)='0\.1' is a str"),
    ],
)
def test_components_that_cannot_be_meant_are_refused(kind: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=kind.__name__ + message):
        kind(**arguments)


def test_a_mixture_needs_its_number_of_components() -> None:
    with pytest.raises(TypeError, match="n"):
        MixtureOfGaussians()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="abstract"):
        RealMixture(2)  # type: ignore[abstract]
