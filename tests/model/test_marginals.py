"""The marginal under home: what draws say beside enumeration, and how sure they are of it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from strategies import random_theta

from made_np.distributions.plain import Categorical
from made_np.model import marginals
from made_np.model.made import MADE
from made_np.model.marginals import _spread, home_log_prob

Array = NDArray[Any]
NAN = np.nan

SIZES = (2, 3, 2, 2)
HOME = [2, 0, 3, 1]
PATTERNS = [np.array(known) for known in itertools.product([False, True], repeat=4)]


def model(**options: Any) -> tuple[MADE, Array]:
    output = ["bernoulli", Categorical(3), "bernoulli", "bernoulli"]
    more = {"hidden": (9,), "order": HOME, "n_masks": None, "gap_inputs": [0, 2, 3], "dtype": "float64", **options}
    made = MADE(4, output=output, **more)
    return made, random_theta(made, np.random.default_rng(1), 0.8)


def summed(made: MADE, theta: Array, row: Array, **options: Any) -> float:
    """log p of what is known in a row under home, the long way."""
    values = [range(n) if np.isnan(v) else [v] for v, n in zip(row, SIZES, strict=True)]
    rows = np.array(list(itertools.product(*values)))
    return float(np.logaddexp.reduce(made.log_prob(theta, rows, **options)))


@pytest.fixture(params=["guided", "on a path"])
def drawn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How gaps are drawn: none has so few states that they are added up."""
    monkeypatch.setattr(marginals, "STATES", 1)
    if request.param == "on a path":
        monkeypatch.setattr(marginals, "VALUES", 1)
    return str(request.param)


@pytest.mark.parametrize("backend", ["numpy", "auto"])
@pytest.mark.parametrize("n_draws", [2, "auto"])
@pytest.mark.parametrize("n_homes", [1, 3])
def test_few_states_are_added_up(backend: str, n_draws: Any, n_homes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marginals, "AT_ONCE", 9 * 17)  # not all states at once
    made, theta = model(backend=backend, n_context=1, order=[HOME, [1, 2, 0, 3], HOME[::-1]][:n_homes])
    x = np.array([np.where(known, row, NAN) for known in PATTERNS for row in ([1, 2, 0, 1], [0, 1, 1, 0])])
    y = np.linspace(-2, 2, len(x))[:, None]
    log_prob, error = home_log_prob(made, theta, x, n_draws, context=y)
    want = [summed(made, theta, row, context=own) for row, own in zip(x, y, strict=True)]
    np.testing.assert_allclose(log_prob, want, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(error, 0)


def test_more_states_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    made, theta = model()
    row = np.array([[NAN, 2, NAN, NAN]])  # 2 * 2 * 2 states
    monkeypatch.setattr(marginals, "STATES", 8)
    assert home_log_prob(made, theta, row, 8)[1][0] == 0
    monkeypatch.setattr(marginals, "STATES", 7)
    assert home_log_prob(made, theta, row, 8)[1][0] > 0
    row = np.array([[NAN, NAN, NAN, 1]])  # home has the second feature last
    assert home_log_prob(made, theta, row, 4)[1][0] == 0


def test_guided_draws_scatter_by_what_one_pass_contradicts_itself_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marginals, "STATES", 1)
    made, theta = model(gap_inputs=[], hidden=())
    made.layout.views(theta)["W_direct"][...] = 0  # features that know nothing of each other: one pass is right
    x = np.array([np.where(known, [1, 2, 0, 1], NAN) for known in PATTERNS])
    log_prob, error = home_log_prob(made, theta, x, 2)
    np.testing.assert_allclose(log_prob, [summed(made, theta, row) for row in x], rtol=1e-12, atol=1e-12)
    assert error.max() == pytest.approx(marginals.UNSEEN / 2)  # nothing scatters
    made, theta = model()
    row = np.array([[NAN, 2, NAN, 1]])
    guided = home_log_prob(made, theta, row, 400)[1]
    monkeypatch.setattr(marginals, "VALUES", 1)
    assert guided < home_log_prob(made, theta, row, 400)[1]


def test_rows_get_more_draws_until_each_is_sure(drawn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made, theta = model()
    x = np.array([np.where(known, [1, 2, 0, 1], NAN) for known in PATTERNS])
    once, errors = home_log_prob(made, theta, x, 64)
    enough = float(np.median(errors[errors > 0.001]))
    monkeypatch.setattr(marginals, "ENOUGH", enough)
    for route in ("GUIDED", "ON_PATH"):
        monkeypatch.setattr(marginals, route, (64, 256))
    log_prob, error = home_log_prob(made, theta, x)
    is_sure = errors <= enough
    assert 0 < is_sure.sum() < len(x)
    np.testing.assert_array_equal(log_prob[is_sure], once[is_sure])
    np.testing.assert_array_equal(error[is_sure], errors[is_sure])
    assert (error[~is_sure] < errors[~is_sure] / 1.2).all()
    monkeypatch.setattr(marginals, "ENOUGH", 0.0)
    most, least = home_log_prob(made, theta, x)  # all there are
    drawn_ones = errors > 0.001  # else all values of a single gap were added up
    np.testing.assert_allclose(least[drawn_ones], errors[drawn_ones] / 2, rtol=0.2)
    is_open = error > enough
    np.testing.assert_array_equal(log_prob[is_open], most[is_open])
    alone = [home_log_prob(made, theta, row[None]) for row in x]
    np.testing.assert_allclose(most, [each[0] for each, _ in alone], rtol=1e-12)


def test_where_rows_stop_by_their_error_it_is_no_less_than_they_are_off(
    drawn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, theta = model()
    row = np.array([[NAN, 2, NAN, NAN]])
    want = summed(made, theta, row[0])
    for route in ("GUIDED", "ON_PATH"):
        monkeypatch.setattr(marginals, route, (16, 256))
    monkeypatch.setattr(marginals, "UNSEEN", 0.0)
    errors = np.array([home_log_prob(made, theta, row, 16, rng=seed)[1][0] for seed in range(50)])
    enough = (np.quantile(errors, 0.3) + np.quantile(errors, 0.7)) / 2  # some go on
    monkeypatch.setattr(marginals, "ENOUGH", enough)
    runs = [home_log_prob(made, theta, row, rng=seed) for seed in range(300)]
    scores = np.array([(log_prob[0] - want) / error[0] for log_prob, error in runs])
    goes_on = np.array([error[0] for _, error in runs[:50]]) != errors
    np.testing.assert_array_equal(goes_on, errors > enough)
    assert 0.1 < goes_on.mean() < 0.9
    assert abs(scores.mean()) < 4.5 * scores.std() / np.sqrt(300) + 0.05
    assert scores.std() < 1.1


@pytest.mark.parametrize("backend", ["numpy", "auto"])
def test_draws_come_to_the_sum_of_home_over_the_gaps(backend: str, drawn: str) -> None:
    made, theta = model(backend=backend)
    x = np.array([np.where(known, [1, 2, 0, 1], NAN) for known in PATTERNS])
    log_prob, error = home_log_prob(made, theta, x, 4000)
    want = np.array([summed(made, theta, row) for row in x])
    exact = error <= marginals.UNSEEN / 3999
    np.testing.assert_allclose(log_prob[exact], want[exact], rtol=1e-12, atol=1e-12)
    n_gaps = np.array([(~known[HOME][: known[HOME].nonzero()[0].max(initial=0)]).sum() for known in PATTERNS])
    np.testing.assert_array_equal(exact, n_gaps <= (1 if drawn == "guided" else 0))  # values of the last are added up
    distance = np.abs(log_prob - want)[~exact] / error[~exact]
    assert distance.max() < 4.5
    assert error.max() < 0.1


def test_the_error_falls_with_the_root_of_the_number_of_draws_and_is_no_less_than_they_are_off(drawn: str) -> None:
    made, theta = model()
    row = np.array([[NAN, 2, NAN, 1]])
    want = summed(made, theta, row[0])
    _, few = home_log_prob(made, theta, row, 400)
    _, many = home_log_prob(made, theta, row, 40_000)
    assert few[0] / many[0] == pytest.approx(10, rel=0.3)
    runs = [home_log_prob(made, theta, row, 400, rng=seed) for seed in range(200)]
    scores = np.array([(log_prob[0] - want) / error[0] for log_prob, error in runs])
    assert abs(scores.mean()) < 4 * scores.std() / np.sqrt(200)
    assert scores.std() < 0.6  # about 1 without the spread


def test_the_numbers_that_decide_a_feature_are_spread_over_the_draws() -> None:
    u = _spread(50, 3, np.random.default_rng(0))
    assert u.shape == (50, 3)
    np.testing.assert_array_equal(np.sort(np.floor(u * 50), axis=0), np.tile(np.arange(50)[:, None], 3))
    assert not (np.argsort(u[:, 0]) == np.argsort(u[:, 1])).all()
    means = [_spread(2, 1, np.random.default_rng(seed))[:, 0] for seed in range(400)]
    np.testing.assert_allclose(np.mean(means, axis=0), 0.5, atol=4.5 * np.sqrt(1 / 12 / 400))  # each alone is uniform


def test_a_seed_says_it_again_and_rows_are_answered_alone_as_together(drawn: str) -> None:
    made, theta = model()
    x = np.where(np.random.default_rng(0).random((30, 4)) < 0.5, NAN, [1, 2, 0, 1])
    together = home_log_prob(made, theta, x, 16, rng=5)
    np.testing.assert_array_equal(together, home_log_prob(made, theta, x, 16, rng=5))
    alone = [home_log_prob(made, theta, row[None], 16, rng=5) for row in x]
    np.testing.assert_allclose(together[0], [log_prob[0] for log_prob, _ in alone], rtol=1e-12)
    np.testing.assert_allclose(together[1], [error[0] for _, error in alone], rtol=1e-9, atol=1e-14)


def test_context_is_that_of_the_row(drawn: str) -> None:
    made, theta = model(n_context=1)
    x = np.array([[NAN, 2, NAN, 1], [NAN, 2, NAN, 1]])
    context = np.array([[-1.0], [2.0]])
    log_prob, error = home_log_prob(made, theta, x, 4000, context=context)
    want = [summed(made, theta, row, context=y) for row, y in zip(x, context, strict=True)]
    assert (np.abs(log_prob - want) < 4.5 * error).all()
    assert abs(want[0] - want[1]) > 10 * error.max()


def test_several_homes_are_a_mixture(drawn: str) -> None:
    made, theta = model(order=[HOME, [1, 2, 0, 3], HOME[::-1]])
    x = np.array([np.where(known, [1, 2, 0, 1], NAN) for known in PATTERNS])
    log_prob, error = home_log_prob(made, theta, x, 4000)
    want = np.array([summed(made, theta, row) for row in x])
    assert (np.abs(log_prob - want) < 4.5 * error + 1e-12).all()
    assert 0 < error.max() < 0.1


@pytest.mark.parametrize("states", [1, 1 << 12])
def test_what_is_known_and_not_told_costs_nothing(states: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marginals, "STATES", states)
    made, theta = model()
    x = np.array([[NAN, NAN, 0, 1], [NAN, 2, NAN, 1], [NAN, NAN, NAN, NAN]])
    known = np.array([[False, True, True, True], [True, True, False, True], [True, True, True, True]])
    log_prob, error = home_log_prob(made, theta, x, 4000, known=known)
    for row, is_known, found, off in zip(x, known, log_prob, error, strict=True):
        values = [[v] if k else range(n) for v, k, n in zip(row, is_known, SIZES, strict=True)]
        rows = made.check_rows(np.array(list(itertools.product(*values)), dtype=float), gaps=True)
        want = np.logaddexp.reduce(-made.bound[0].row_nll(theta, rows, None))
        assert abs(found - want) < 4.5 * off + 1e-12


def test_what_cannot_be_meant_is_refused() -> None:
    made, theta = model()
    with pytest.raises(ValueError, match=r"^n_draws=1: give an integer >= 2"):
        home_log_prob(made, theta, [[NAN, 1, 0, 1]], 1)
    with pytest.raises(ValueError, match=r"^n_draws='many' is unknown: use one of \('auto',\)"):
        home_log_prob(made, theta, [[NAN, 1, 0, 1]], "many")
    alone = MADE(4, (9,), dtype="float64")
    with pytest.raises(ValueError, match=r"has no path in this model: give n_masks=None"):
        home_log_prob(alone, alone.init(), [[NAN, 1, 0, 1]])
    assert [part.shape for part in home_log_prob(made, theta, np.empty((0, 4)))] == [(0,), (0,)]


def test_what_no_draw_has_met_is_part_of_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marginals, "STATES", 1)
    made, theta = model()
    row = np.array([[NAN, 2, NAN, 1]])
    stated = home_log_prob(made, theta, row, 16)[1]
    monkeypatch.setattr(marginals, "UNSEEN", 0.0)
    seen = home_log_prob(made, theta, row, 16)[1]
    np.testing.assert_allclose(stated, np.hypot(seen, 0.05 / 16), rtol=1e-12)


@pytest.mark.parametrize(("is_guided", "first", "most"), [(True, 16, 1024), (False, 256, 16384)])
def test_rounds_of_draws_double_what_there_is_up_to_the_most(is_guided: bool, first: int, most: int) -> None:
    draws = marginals._Draws.of("auto", is_guided, 3, 0)
    sizes = np.array([sum(map(len, each)) for each in draws.rounds()])
    assert sizes[0] == first
    np.testing.assert_array_equal(sizes[1:], sizes.cumsum()[:-1])
    assert sizes.sum() == most
