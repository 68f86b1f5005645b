"""What mixtures of discretised logistics promise beyond `test_outputs.py`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import log_softmax, logsumexp

from made_np.mixtures import DiscretizedLogistic

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
        nll, draw = output.nll_and_grad(raw, np.full(2, level, dtype=dtype))
        assert np.isfinite(nll).all()
        assert np.isfinite(draw).all()


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
    nll, draw = output.nll_and_grad(np.tile(np.array([0, -1e4], dtype=dtype), (5, 1)), x)
    assert np.isfinite(nll).all()
    assert np.isfinite(draw).all()
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
        ({"levels": 1}, r"DiscretizedLogistic\(levels\) got 1: give an integer >= 2"),
        ({"levels": 2.5}, r"DiscretizedLogistic\(levels\) got 2\.5"),
        ({"levels": 4, "n": 0}, r"DiscretizedLogistic\(n\) got 0: give an integer >= 1"),
        ({"levels": 4, "min_scale": 0}, r"DiscretizedLogistic\(min_scale=0\): give a positive floor"),
        ({"levels": 4, "min_scale": math.nan}, r"min_scale=nan"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DiscretizedLogistic(**arguments)
