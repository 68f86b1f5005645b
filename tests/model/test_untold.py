"""Features that the network is not told: while it is scored, and while it fills the others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from installed import needs_numba
from strategies import DISCRETE, models, random_context, random_rows, random_theta, seeds

from made_np.distributions.plain import Categorical
from made_np.model import made as made_module
from made_np.model.made import MADE
from made_np.training.fit import fit

NAN = np.nan
both_backends = pytest.mark.parametrize("backend", ["numpy", pytest.param("numba", marks=needs_numba)])


@both_backends
@settings(max_examples=30)
@given(models(outputs=DISCRETE), seeds)
def test_rows_are_drawn_as_plain_python_does(backend: str, made: MADE, seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = replace(made, backend=backend)
    theta = random_theta(made, rng)
    known = random_rows(made, 9, rng)
    kind = rng.integers(3, size=known.shape)  # known, to be drawn, untold
    context = random_context(made, 9, rng)
    u = rng.random(known.shape)
    marked = np.choose(kind, [known, NAN, np.inf])
    want = naive.sample(made, theta, u, made.mask_sets[0], marked, context)
    arguments: dict[str, Any] = {"context": context, "conditioning": "clamp", "mask_set": 0, "untold": kind == 2}
    got = made.sample(theta, 9, given=np.where(kind == 0, known, NAN), uniforms=u, **arguments)
    np.testing.assert_array_equal(got, want)
    means = made.fill_means(theta, np.where(kind == 0, known, NAN), **arguments)
    np.testing.assert_array_equal(np.isnan(means), kind == 2)


@both_backends
def test_what_is_drawn_has_the_probability_that_is_scored(backend: str) -> None:
    """An untold feature that leads in the order is no condition, and no gap to be summed over."""
    outputs = ["bernoulli", Categorical(3), Categorical(3)]
    made = MADE(3, (12,), outputs, order=[1, 0, 2], gap_inputs=True, backend=backend)
    theta = random_theta(made, np.random.default_rng(3))
    rows = made.sample(theta, 20000, rng=0, given=[1, NAN, NAN], untold=[False, True, False])
    assert np.isnan(rows[:, 1]).all()
    assert (rows[:, 0] == 1).all()
    each = np.array([[1, NAN, k] for k in range(3)])
    p = np.exp(made.feature_log_prob(theta, each, gaps="skip")[:, 2])
    np.testing.assert_allclose(p.sum(), 1, rtol=1e-5)
    np.testing.assert_allclose(np.bincount(rows[:, 2].astype(int), minlength=3) / 20000, p, atol=0.015)


@pytest.mark.parametrize("n_masks", [3, None])
def test_mask_sets_are_drawn_by_what_is_told(n_masks: int | None) -> None:
    order: Any = "random" if n_masks is None else [[0, 1, 2], [1, 0, 2], [2, 1, 0]]
    made = MADE(3, (12,), [Categorical(3)] * 3, order=order, n_masks=n_masks, gap_inputs=True)
    theta = made.init(0)
    given = np.array([[2, NAN, NAN]] * 50)
    rows = made.sample(theta, 50, rng=0, given=given, untold=[False, True, False])
    np.testing.assert_array_equal(np.isnan(rows), [[False, True, False]] * 50)


@both_backends
@pytest.mark.parametrize("n_masks", [1, 3, None])
def test_rows_are_filled_a_few_at_a_time(n_masks: int | None, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    order = "natural" if n_masks == 1 else "random"
    made = MADE(3, (7,), Categorical(4), order=order, n_masks=n_masks, n_context=1, dtype="float64", backend=backend)
    rng = np.random.default_rng(0)
    theta = random_theta(made, rng)
    given = np.where([True, False, False], random_rows(made, 40, rng), NAN)
    arguments: dict[str, Any] = {"context": random_context(made, 40, rng), "conditioning": "clamp", "rng": 1}
    want = made.sample(theta, 40, given=given, **arguments), made.fill_means(theta, given, **arguments)
    monkeypatch.setattr(made_module, "FILLED_AT_ONCE", 100)  # 3 rows of 12 + 1 + 7 + 12 units
    got = made.sample(theta, 40, given=given, **arguments), made.fill_means(theta, given, **arguments)
    np.testing.assert_array_equal(got, want)
    assert made.sample(theta, 0, context=[0.0]).shape == (0, 3)


def test_bits_with_gap_inputs_tell_a_gap_from_a_zero() -> None:
    """The second bit is fair unless the first is known: what is not told is learned as such."""
    rng = np.random.default_rng(0)
    first = rng.random(3000) < 0.5
    x = np.stack([first, first], axis=1).astype(float)
    x[rng.random(3000) < 0.5, 0] = NAN
    options: dict[str, Any] = {"max_epochs": 40, "learning_rate": 0.02, "gaps": "skip"}
    p = {}
    for gap_inputs in (False, True):
        made = MADE(2, (8,), gap_inputs=gap_inputs)
        theta = fit(made, x, **options).theta
        p[gap_inputs] = np.exp(made.feature_log_prob(theta, [[0, 1], [NAN, 1], [1, 1]], gaps="skip")[:, 1])
    assert p[False][0] == p[False][1] > 0.2
    np.testing.assert_allclose(p[True], [0, 0.5, 1], atol=0.05)


@pytest.mark.parametrize(
    ("untold", "message"),
    [
        ([True, False, False], r"untold is True where given\[0, 0\] = 1: leave NaN there"),
        ([0, 1, 0], r"untold is int64 of shape \(3,\): give booleans of shape \(2, 3\) or \(3,\)"),
        ([True, False], r"untold is bool of shape \(2,\)"),
    ],
)
def test_untold_that_cannot_be_meant(untold: Any, message: str) -> None:
    made = MADE(3, (4,))
    with pytest.raises(ValueError, match=message):
        made.sample(made.init(0), 2, given=[1, NAN, NAN], untold=untold)


@pytest.mark.parametrize(
    ("given", "want"), [(True, (0, 1, 2)), (False, False), ([], False), ([2, 0], (0, 2)), (np.array([1]), (1,))]
)
def test_gap_inputs_are_kept_in_one_form(given: Any, want: Any) -> None:
    made = MADE(3, (4,), ["bernoulli", Categorical(3), "gaussian"], gap_inputs=given)
    assert made.gap_inputs == want
    assert MADE.from_config(made.config()) == made
    sizes = np.array([1, 3, 1]) + np.isin(np.arange(3), list(want or ()))
    assert [part.stop - part.start for part in made.input_slices] == sizes.tolist()


@pytest.mark.parametrize(
    ("given", "message"),
    [([3], r"gap_inputs\[0\]=3"), ([1, 1], "names a feature twice"), ("yes", "gap_inputs='yes'"), (2, "gap_inputs=2")],
)
def test_gap_inputs_that_cannot_be_meant(given: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        MADE(3, gap_inputs=given)


def test_a_file_from_before_there_were_gap_inputs_has_none() -> None:
    config = MADE(3, (4,)).config()
    del config["gap_inputs"]
    assert MADE.from_config(config) == MADE(3, (4,))
