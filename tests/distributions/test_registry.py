"""What is true of every name: those of made_np, and those that somebody registers."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from collections.abc import Iterator
from typing import Any

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from own_distributions import OWN, registered
from strategies import random_column

from made_np import (
    MADE,
    Bernoulli,
    Categorical,
    DiscretizedLogistic,
    Gaussian,
    MixtureOfGaussians,
    MixtureOfLogistics,
    WithAtoms,
    calibration,
)
from made_np.cli import options
from made_np.columns.columns import Columns
from made_np.distributions import Distribution, names
from made_np.distributions.registry import BUILT_IN, kind_of, name_of, output_config, output_from_config
from made_np.estimator.params import from_json, to_json
from made_np.proofs import made_adapter
from made_np.testing import suite

EXAMPLES: dict[str, Distribution] = {
    "bernoulli": Bernoulli(),
    "categorical": Categorical(4),
    "gaussian": Gaussian(0.1),
    "discretized_logistic": DiscretizedLogistic(5, 2, 0.1),
    "mixture_of_gaussians": MixtureOfGaussians(2, 0.1),
    "mixture_of_logistics": MixtureOfLogistics(3),
    "with_atoms": WithAtoms(MixtureOfGaussians(2, 0.1), (0.0, 2.0)),
    **OWN,
}
every_name = pytest.mark.parametrize("name", EXAMPLES)


@pytest.fixture(autouse=True, scope="module")
def known() -> Iterator[None]:
    """Those of one's own have a name meanwhile."""
    with registered():
        yield


def random_raw(output: Distribution, n: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal((n, output.n_raw))


def test_every_name_has_its_example() -> None:
    assert names() == tuple(EXAMPLES)
    for name, output in EXAMPLES.items():
        assert kind_of(name) is type(output)
        assert name_of(type(output)) == name


@every_name
def test_a_config_survives_json(name: str) -> None:
    output = EXAMPLES[name]
    config = json.loads(json.dumps(output_config(output)))
    assert config["name"] == name
    assert output_from_config(config) == output
    assert from_json(json.loads(json.dumps(to_json([output])))) == [output]


def test_a_gaussian_is_written_as_before_there_was_a_choice_of_scales() -> None:
    assert output_config(Gaussian(0.1)) == {"name": "gaussian", "min_scale": 0.1}
    assert output_config(Gaussian(0, "exp")) == {"name": "gaussian", "min_scale": 0.0, "scale": "exp"}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (None, "give what config"),
        ({}, "give what config"),
        ({"name": 3}, "give what config"),
        ({"name": "categorical"}, "give what config"),
        ({"name": "categorical", "n": 3, "k": 2}, "give what config"),
        ({"name": "categorical", "n": 0}, r"Categorical\(n\)=0"),
        ({"name": "gamma"}, r"'gamma' is not registered here: call made_np.distributions.register\('gamma', ...\)"),
    ],
)
def test_what_is_no_config_is_refused(config: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        output_from_config(config)


@every_name
def test_values_are_legal_and_all_of_a_finite_support(name: str) -> None:
    output = EXAMPLES[name]
    for n in (2, 5, 16):
        values = output.values(n)
        assert len(values) == (output.n_values or n)
        assert values.dtype == np.float64
        assert (np.diff(values) > 0).all()
        assert not output.invalid(values).any()
    beyond = np.concatenate([values - 0.5, [-1.0, 1e6]]) if output.n_values else np.array([-np.inf, -np.inf])
    assert output.invalid(beyond).all()


@every_name
def test_a_column_makes_one_that_has_its_values(name: str) -> None:
    values = EXAMPLES[name].values(6)
    if name.startswith("mixture"):
        words = (
            rf"column 0 is to be '{name}', but no column tells its n: give made_np.*\(n\), on the command line {name}:n"
        )
        with pytest.raises(ValueError, match=words):
            Columns.learn(values[:, None], name)
        return
    built = kind_of(name).from_column(values)
    assert type(built) is kind_of(name)
    assert not built.invalid(values).any()
    assert Columns.learn(values[:, None], name).outputs == (built,)
    assert Columns.learn(values[:, None], [name]).outputs == (built,)


@every_name
def test_the_command_line_knows_it(name: str) -> None:
    assert options.columns(name) == name
    assert options.columns(f"{name},auto") == [name, "auto"]
    if name in BUILT_IN and kind_of(name).needed():
        assert options.columns(f"{name}:7") == kind_of(name)(7)  # type: ignore[call-arg]
    with pytest.raises(ArgumentTypeError) as caught:
        options.columns(f"{name}s")
    assert all(each in str(caught.value) for each in EXAMPLES)


@every_name
def test_the_bounds_of_the_distribution_function_are_sums_of_probabilities(name: str) -> None:
    output = EXAMPLES[name]
    raw = random_raw(output, 5)
    if output.is_real or name in ("waiting", "with_atoms"):
        x = np.random.default_rng(1).random(5) + 0.1
        low, high = output.cdf_bounds(raw, x)
        assert_allclose(low, high, atol=1e-15)
        # the slope is the density, and the whole mass lies between places far out
        h = 1e-5
        assert_allclose(
            (output.cdf_bounds(raw, x + h)[0] - output.cdf_bounds(raw, x - h)[0]) / (2 * h),
            np.exp(output.log_prob(raw, x)),
            rtol=1e-5,
            atol=1e-8,
        )
        assert_allclose(output.cdf_bounds(raw, x - 1e3)[0], 0, atol=1e-12)
        assert_allclose(output.cdf_bounds(raw, x + 1e3)[0], 1, atol=1e-9)
        return
    total = np.zeros(5)
    for value in output.values(40):
        low, high = output.cdf_bounds(raw, np.full(5, value))
        assert_allclose(low, total, atol=1e-12)
        total = total + np.exp(output.log_prob(raw, np.full(5, value)))
        assert_allclose(high, total, atol=1e-12)
    assert_allclose(high, 1, atol=1e-12)


@every_name
def test_the_bounds_undo_the_inverse_cdf(name: str) -> None:
    output = EXAMPLES[name]
    raw = random_raw(output, 200, 2).reshape(100, 2, -1)
    u = np.random.default_rng(3).random((100, 2))
    low, high = output.cdf_bounds(raw, output.inverse_cdf(raw, u))
    place = 1 - u if output.is_binary else u
    assert (low <= place + 1e-9).all()
    assert (place <= high + 1e-9).all()


@every_name
def test_the_bounds_found_by_default_are_its_own(name: str) -> None:
    output = EXAMPLES[name]
    if output.is_binary:  # whose draws fall
        return
    raw = random_raw(output, 20, 4)
    x = random_column(output, 20, np.random.default_rng(5)) if name in BUILT_IN else output.values(20)[:20]
    raw = raw[: len(x)]
    for got, want in zip(Distribution.cdf_bounds(output, raw, x), output.cdf_bounds(raw, x), strict=True):
        assert_allclose(got, want, atol=1e-9)


@pytest.mark.parametrize("output", [DiscretizedLogistic(2), DiscretizedLogistic(5, 3), DiscretizedLogistic(256, 2)])
def test_the_bounds_of_levels_are_those_of_plain_python(output: DiscretizedLogistic) -> None:
    rng = np.random.default_rng(3)
    raw = rng.normal(size=(40, output.n_raw))
    x = rng.integers(0, output.levels, 40).astype(float)
    x[:2] = 0, output.levels - 1
    low, high = output.cdf_bounds(raw, x)
    for row, level, a, b in zip(raw, x.astype(int), low, high, strict=True):
        assert a == pytest.approx(naive.cdf(output, row, level - 1) if level else 0, abs=1e-12)
        assert b - a == pytest.approx(naive.bin_mass(output, row, level), abs=1e-12)
    assert low[0] == 0
    assert high[1] == 1


@every_name
def test_states_have_the_probabilities_that_the_nll_gives_them(name: str) -> None:
    output = EXAMPLES[name]
    if not output.has_states:
        return
    raw = random_raw(output, 6)
    x = random_column(Categorical(output.n_values or 2), 6, np.random.default_rng(6))
    p, true = output.predictions(raw, x)
    states = output.values(0)[-p.shape[-1] :]  # of a bit, the 1 alone
    for k, state in enumerate(states):
        assert_allclose(p[:, k], np.exp(output.log_prob(raw, np.full(6, state))), rtol=1e-12)
        assert_array_equal(true[:, k], x == state)
    if not output.is_binary:
        for got, want in zip(Distribution.predictions(output, raw, x), (p, true), strict=True):
            assert_allclose(got, want, rtol=1e-12)


@every_name
def test_calibration_takes_it(name: str) -> None:
    made = MADE(2, (4,), EXAMPLES[name], dtype="float64")
    theta = made.init(rng=0)
    x = made.sample(theta, 500, rng=1)
    found = calibration(made, theta, x)
    assert found.is_discrete.all() == EXAMPLES[name].has_states
    assert found.of(1).error < 3 * found.of(1).chance


@every_name
def test_the_suite_takes_it(name: str) -> None:
    made = MADE(2, (8,), EXAMPLES[name], activation="tanh")
    report = suite(made_adapter(made, made.init(rng=0)))
    assert report.ok, report


@every_name
def test_the_way_out_is_a_sentence(name: str) -> None:
    text = EXAMPLES[name].way_out(1e6)
    assert text[0].isupper()
    assert "columns" in text


@every_name
def test_wanted_knots_rise_and_hold_the_mass(name: str) -> None:
    output = EXAMPLES[name]
    if not output.is_real:
        return
    raw = random_raw(output, 20, 7)
    knots = output.knots(raw)
    assert (np.diff(knots) >= 0).all()
    ends = [output.cdf_bounds(raw, knots[:, k])[0] for k in (0, -1)]
    assert_allclose(ends[1] - ends[0], 1, atol=1e-11)
