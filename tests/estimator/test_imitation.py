"""A network learns from home what to answer when it is told less, and home stays."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray
from strategies import random_theta

from made_np import MADE, Categorical
from made_np.estimator import imitation
from made_np.estimator.imitation import imitate, learn_paths
from made_np.model.gaps import observed_log_prob
from made_np.model.rows import Rows
from made_np.optim import SGD, Adam
from made_np.schedules import cosine
from made_np.training.loop import Options

Array = NDArray[Any]
SIZES = 3, 2, 4, 2
EVERY = np.array(list(itertools.product(*map(range, SIZES))), dtype=float)
NAN = np.nan


def model(**options: Any) -> tuple[MADE, Array]:
    """A network of which feature 1 and 3 have an input that says that they are not told."""
    outputs = [Categorical(3), "bernoulli", Categorical(4), "bernoulli"]
    given: dict[str, Any] = {
        "order": [2, 0, 3, 1],
        "n_masks": None,
        "gap_inputs": [1, 3],
        "dtype": "float64",
        **options,
    }
    made = MADE(4, (128,), outputs, **given)
    return made, random_theta(made, np.random.default_rng(1), 0.3)


def options_of(**more: Any) -> Options:
    given = {"optimizer": Adam(), "learning_rate": 0.005, "schedule": cosine, "batch_size": 64, **more}
    others = {"max_epochs": 1, "patience": 1, "validate_every": 1, "decay": None, "dropout": 0.0}
    return Options(**{**others, "input_dropout": 0.0, "averaging": 0.0, "callbacks": (), **given})


def drawn(made: MADE, theta: Array, n: int = 4000) -> Rows:
    return Rows(made.sample(theta, n, rng=0, mask_set=0))


def patterns() -> Iterator[tuple[Array, Array]]:
    """Yield each set of known features (4,), and for each row of `EVERY` the number of what is known in it."""
    for known in itertools.product([False, True], repeat=4):
        of = np.unique(np.where(known, EVERY, -1), axis=0, return_inverse=True)[1]
        yield np.array(known), of.reshape(-1)


def sums(home: Array, of: Array) -> Array:
    """Return log of the sum of p_home over what is not known, for each row of `EVERY`."""
    found = np.full(of.max() + 1, -np.inf)
    np.logaddexp.at(found, of, home)
    return found[of]


def apart(made: MADE, theta: Array, home: Array) -> float:
    """Return the mean of |log p(A) - log of the sum of p_home over the rest| in nats, over all A."""
    answers = [observed_log_prob(made, theta, np.where(known, EVERY, NAN)) - sums(home, of) for known, of in patterns()]
    return float(np.abs(answers).mean())


def lost(made: MADE, theta: Array, home: Array) -> float:
    """Return by how many nats paths fall short of p_home(rest given known), in the mean over sets of known features."""
    paths = [
        home - sums(home, of) + made.bound.for_known(known).nll(theta, EVERY, None)[:, ~known].sum(axis=1)
        for known, of in patterns()
    ]
    return float((np.exp(home) * paths).sum(axis=1).mean())


def test_a_network_learns_what_home_sums_to_and_home_stays() -> None:
    made, theta = model()
    home = made.log_prob(theta, EVERY)
    after, is_whole = imitate(made, theta, drawn(made, theta), 600, options_of(), np.random.default_rng(0), False)
    assert is_whole
    assert apart(made, theta, home) > 0.08
    assert apart(made, after, home) < 0.02
    assert np.abs(made.log_prob(after, EVERY) - home).mean() < 0.02


def test_nothing_moves_a_network_that_answers_as_home_does_already() -> None:
    """What is not told changes nothing here, so that no answer is wrong; drawn values alone would scatter them."""
    made, theta = model()
    views = made.layout.views(theta)
    views["W0"][:] = 0
    after, _ = imitate(made, theta, drawn(made, theta, 300), 5, options_of(), np.random.default_rng(0), False)
    assert_array_equal(after, theta)


def test_a_network_that_is_told_all_is_where_it_should_be(monkeypatch: pytest.MonkeyPatch) -> None:
    made, theta = model()

    class Told:
        """Uniform numbers by which everything is told."""

        def random(self, shape: Any) -> Array:
            return np.zeros(shape) if shape[1] > 1 else np.ones(shape)

        def permutation(self, n: int) -> Array:
            return np.arange(n)

    after, _ = imitate(made, theta, drawn(made, theta, 300), 5, options_of(), Told(), False)  # type: ignore[arg-type]
    np.testing.assert_allclose(after, theta, atol=1e-12)


def test_the_context_is_that_of_the_row() -> None:
    made, theta = model(n_context=1)
    rng = np.random.default_rng(0)
    context = rng.integers(-1, 2, (4000, 1)).astype(float)
    rows = Rows(made.sample(theta, 4000, context=context, rng=1, mask_set=0), context)
    after, _ = imitate(made, theta, rows, 400, options_of(), rng, False)
    x = [[NAN, 1, NAN, NAN]] * 2
    found = made.log_prob(after, x, context=[[-1.0], [1.0]], gaps="skip")
    known = EVERY[EVERY[:, 1] == 1]
    want = [np.logaddexp.reduce(made.log_prob(theta, known, context=[y])) for y in (-1.0, 1.0)]
    np.testing.assert_allclose(found, want, atol=0.05)
    assert abs(want[0] - want[1]) > 0.2


def test_paths_are_learned_and_home_answers_the_same_bits_whatever_it_is_told() -> None:
    made, theta = model()
    after, is_whole = learn_paths(made, theta, drawn(made, theta), 300, options_of(), np.random.default_rng(0), False)
    assert is_whole
    with_gaps = np.where(np.random.default_rng(2).random(EVERY.shape) < 0.5, NAN, EVERY)
    for x in (EVERY, with_gaps):
        assert_array_equal(observed_log_prob(made, after, x), observed_log_prob(made, theta, x))
    home = made.log_prob(theta, EVERY)
    assert lost(made, theta, home) > 0.15
    assert 0 < lost(made, after, home) < 0.03


def test_a_seed_says_it_again() -> None:
    made, theta = model()
    rows = drawn(made, theta, 300)
    for work in (imitate, learn_paths):
        both = [work(made, theta, rows, 5, options_of(), np.random.default_rng(3), False)[0] for _ in range(2)]
        assert_array_equal(*both)
        assert not np.array_equal(both[0], theta)


def test_steps_that_lead_nowhere_are_not_taken() -> None:
    made, theta = model()
    rate = options_of(optimizer=SGD(), learning_rate=1e300)
    for work in (imitate, learn_paths):
        after, is_whole = work(made, theta, drawn(made, theta, 300), 20, rate, np.random.default_rng(0), False)
        assert_array_equal(after, theta)
        assert is_whole


def test_it_ends_in_time_and_keeps_what_there_is_when_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    made, theta = model()
    rows = drawn(made, theta, 300)
    start = time.perf_counter()
    after, is_whole = imitate(made, theta, rows, 10**7, options_of(max_seconds=0.2), np.random.default_rng(0), False)
    assert time.perf_counter() - start < 20
    assert is_whole
    assert not np.array_equal(after, theta)
    calls = itertools.count()

    def interrupt(*args: Any) -> float:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return 1.0

    monkeypatch.setattr(imitation, "cosine", interrupt)
    after, is_whole = imitate(made, theta, rows, 10, options_of(), np.random.default_rng(0), False)
    assert not is_whole
    assert not np.array_equal(after, theta)


def test_few_rows_will_do() -> None:
    made, theta = model()
    for work in (imitate, learn_paths):
        after, _ = work(made, theta, drawn(made, theta, 7), 3, options_of(), np.random.default_rng(0), False)
        assert np.isfinite(after).all()


def test_backends_agree() -> None:
    made, theta = model()
    rows = drawn(made, theta, 300)
    for work in (imitate, learn_paths):
        each = [
            work(replace(made, backend=name), theta, rows, 8, options_of(), np.random.default_rng(0), False)[0]
            for name in ("numpy", "auto")
        ]
        np.testing.assert_allclose(*each, atol=1e-9)
