"""check_sampler: exact, without statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray

from made_np.testing import Report, check_sampler, strategies
from made_np.testing.networks import Network, make_network, sigmoid
from made_np.testing.plans import make_plan
from made_np.testing.sampler import ancestral
from made_np.testing.wiring import position_of

Array = NDArray[Any]
ORDER = np.array([2, 0, 3, 1, 4])
NET = make_network(np.random.default_rng(0), make_plan(ORDER, [[1, 2, 3, 4, 1, 2]]))
REAL = make_network(np.random.default_rng(0), make_plan(ORDER, [[1, 2, 3, 4, 1, 2]], n_params=2))


def conditional(x: Array) -> Array:
    return sigmoid(NET.params(x))


def check(sample: Any, **options: Any) -> Report:
    return check_sampler(sample, conditional, 5, order=ORDER, **options)


def right(u: Array) -> Array:
    return ancestral(NET.inverse, u, ORDER)


@given(strategies.networks())
def test_the_sampler_of_every_correct_network_passes(net: Network) -> None:
    def sample(u: Array) -> Array:
        return ancestral(net.inverse, u, net.plan.order)

    report = check_sampler(sample, None, net.plan.n_features, inverse=net.inverse)
    assert report.ok or report.undecided, report
    assert not report.n_failed, report


def test_a_right_sampler_passes_and_much_is_exercised() -> None:
    report = check(right)
    assert report.ok
    assert report.n_checked == 256 * 5
    assert report.n_exercised > 50
    assert check_sampler(lambda u: ancestral(REAL.inverse, u, ORDER), None, 5, inverse=REAL.inverse).ok


@pytest.mark.parametrize(
    ("order", "part"),
    [
        (np.arange(5), "0, 1, 2, ..."),
        (np.arange(5)[::-1], "the reversed natural order"),
        (position_of(ORDER), "position used for order"),
        (ORDER[::-1], "drawn at once"),  # in the reversed order nothing that was drawn is ever heard
    ],
)
def test_a_wrong_order_is_found_and_recognised(order: Array, part: str) -> None:
    report = check(lambda u: ancestral(NET.inverse, u, order))
    assert not report.ok
    assert part in report.hint
    continuous = check_sampler(lambda u: ancestral(REAL.inverse, u, order), None, 5, inverse=REAL.inverse, order=ORDER)
    assert part in continuous.hint


@pytest.mark.parametrize(
    ("sample", "part"),
    [
        (lambda u: ancestral(lambda x, v: 1 - NET.inverse(x, v), u, ORDER), "the opposite"),
        (lambda u: NET.inverse(np.zeros_like(u), u), "drawn at once"),
    ],
)
def test_other_mistakes_are_recognised(sample: Any, part: str) -> None:
    report = check(sample)
    assert not report.ok
    assert part in report.hint


NATURAL = np.arange(5)


@pytest.mark.parametrize("order", [NATURAL, NATURAL[::-1], ORDER, np.array([1, 0, 2, 4, 3])])
def test_the_order_that_was_given_is_never_the_mistake(order: Array) -> None:
    net = make_network(np.random.default_rng(0), make_plan(order, [[1, 2, 3, 4, 1, 2]]))

    def leaks(x: Array) -> Array:  # each conditional hears of its own feature
        return sigmoid(net.params(x) - 2 * x)

    report = check_sampler(lambda u: ancestral(as_inverse(leaks), u, order), leaks, 5, order=order)
    assert not report.ok
    assert "another order" not in report.hint
    assert report.hint.startswith("the sampler follows the order, but a conditional changes with its own feature")


def test_a_slightly_wrong_sampler_is_not_blamed_on_its_order() -> None:
    plan = make_plan(NATURAL, [[1, 2, 3, 4, 1, 2]], n_params=2)
    net = make_network(np.random.default_rng(0), plan)
    for order in (NATURAL, None):
        report = check_sampler(
            lambda u: ancestral(net.inverse, u, NATURAL) * (1 + 1e-7), None, 5, inverse=net.inverse, order=order
        )
        assert not report.ok
        assert report.hint == ""


def test_without_an_order_both_mistakes_are_named() -> None:
    report = check_sampler(lambda u: ancestral(NET.inverse, u, NATURAL), conditional, 5)
    assert "the sampler ran in the order 0, 1, 2, ..." in report.hint
    assert "not that of the model" in report.hint
    assert "its own feature" in report.hint


def test_rows_that_hear_of_each_other_are_recognised() -> None:
    def sample(u: Array) -> Array:
        x = np.zeros_like(u)
        for d in ORDER:
            x[:, d] = NET.inverse(np.roll(x, 1, axis=0), u)[:, d]
        return x

    assert "the row before it" in check(sample).hint


def test_one_wrong_entry_is_found_and_named() -> None:
    def sample(u: Array) -> Array:
        x = right(u)
        x[17, 4] = 1 - x[17, 4]
        return x

    report = check(sample)
    assert [failure.where for failure in report.failures] == ["row 17, feature 4"]
    assert {report.failures[0].got, report.failures[0].want} == {0.0, 1.0}


def test_failures_of_the_earliest_feature_come_first() -> None:
    def sample(u: Array) -> Array:
        x = right(u)
        x[:3] = 1 - x[:3]
        return x

    places = [position_of(ORDER)[int(f.where.split()[-1])] for f in check(sample).failures]
    assert places == sorted(places)


def test_a_slightly_wrong_continuous_sampler_is_found() -> None:
    def sample(u: Array) -> Array:
        return ancestral(REAL.inverse, u, ORDER) * (1 + 1e-7)

    assert not check_sampler(sample, None, 5, inverse=REAL.inverse).ok
    assert check_sampler(sample, None, 5, inverse=REAL.inverse, rtol=1e-5, atol=1e-5).ok


@pytest.mark.parametrize("nudge", [1e-9, -1e-9])
def test_a_uniform_on_the_threshold_is_a_tie(nudge: float) -> None:
    uniforms = np.random.default_rng(0).random((256, 2))

    def p(x: Array) -> Array:
        # The threshold of feature 0 in row 9 is its very uniform; feature 1 repeats feature 0.
        first = np.full(len(x), 0.5)
        first[9:10] = uniforms[9, 0] - (nudge if nudge < 0 else 0)
        return np.stack([first, 0.1 + 0.8 * x[:, 0]], axis=1)

    def sample(u: Array) -> Array:
        first = (u[:, 0] < p(np.zeros_like(u))[:, 0] + (np.arange(len(u)) == 9) * 2 * nudge) * 1.0
        return np.stack([first, (u[:, 1] < 0.1 + 0.8 * first) * 1.0], axis=1)

    report = check_sampler(sample, p, 2)
    assert report.ok, report
    assert report.n_kinks == 1


def test_conditionals_that_ignore_the_features_before_exercise_nothing() -> None:
    report = check_sampler(lambda u: (u < 0.3) * 1.0, lambda x: np.full(x.shape, 0.3), 3)
    assert [failure.where for failure in report.failures] == ["exercised"]
    assert check_sampler(lambda u: (u < 0.3) * 1.0, lambda x: np.full(x.shape, 0.3), 1).ok


def nearly_independent(x: Array) -> Array:
    """Coins whose probabilities move by 1e-4 with the coin before: no random uniform will tell."""
    return np.concatenate([np.full((len(x), 1), 0.3), 0.4 + 1e-4 * x[:, :-1]], axis=1)


def of_three(x: Array, u: Array) -> Array:
    """Values 0, 1, 2 of which only the upper threshold moves with the column before, by 1e-4."""
    upper = np.concatenate([np.full((len(x), 1), 0.7), 0.7 + 1e-4 * (x[:, :-1] > 0)], axis=1)
    return (u > 0.2) + 1.0 * (u > upper)


def rare(x: Array) -> Array:
    """Feature 0 is hardly ever 1; feature 1 repeats it."""
    return np.stack([np.full(len(x), 1e-5), 0.2 + 0.6 * x[:, 0]], axis=1)


def as_inverse(p: Any) -> Any:
    return lambda x, u: (u < p(x)) * 1.0


HARDLY = {"near": (as_inverse(nearly_independent), 4), "three": (of_three, 4), "rare": (as_inverse(rare), 2)}


@pytest.mark.parametrize("name", HARDLY)
def test_columns_that_hardly_depend_on_each_other_are_exercised_where_they_do(name: str) -> None:
    inverse, n_features = HARDLY[name]
    forward = np.arange(n_features)
    report = check_sampler(lambda u: ancestral(inverse, u, forward), None, n_features, inverse=inverse)
    assert report.ok, report
    assert report.n_exercised > 50
    assert report.n_checked == 2 * 256 * n_features
    assert "between" in report.notes[0]
    backward = check_sampler(
        lambda u: ancestral(inverse, u, forward[::-1]), None, n_features, inverse=inverse, order=forward
    )
    assert backward.failures[0].where.startswith("row ")
    assert "between" in backward.notes[0]


def test_a_conditional_that_hardly_depends_is_exercised_too() -> None:
    inverse = as_inverse(nearly_independent)
    assert check_sampler(lambda u: ancestral(inverse, u, np.arange(4)), nearly_independent, 4).n_exercised > 100
    assert not check_sampler(lambda u: ancestral(inverse, u, np.arange(4)[::-1]), nearly_independent, 4).ok


def test_an_inverse_that_ignores_the_features_before_exercises_nothing() -> None:
    for inverse in (as_inverse(lambda x: np.full(x.shape, 0.3)), lambda x, u: np.log(u), lambda x, u: 0 * u):
        report = check_sampler(lambda u, f=inverse: f(u, u), None, 3, inverse=inverse)
        assert [failure.where for failure in report.failures] == ["exercised"]
        assert report.n_exercised == 0
        assert "any order would pass" in report.hint


def saturated(x: Array) -> Array:
    """Feature 1 is hardly ever 0, and feature 0 moves that by 4e-7: a random network had that."""
    return np.stack([np.full(len(x), 0.2), 1 - 6e-6 - 4e-7 * x[:, 0]], axis=1)


def of_one_value(x: Array) -> Array:
    """Feature 0 has one value only, which feature 1 might have heard of."""
    return np.stack([np.zeros(len(x)), 0.2 + 0.6 * x[:, 0]], axis=1)


@pytest.mark.parametrize(
    ("p", "reason"), [(saturated, "move a threshold by 4.0e-07"), (of_one_value, "differ in column 1 only")]
)
def test_what_depends_too_little_to_be_told_from_rounding_is_not_decided(p: Any, reason: str) -> None:
    report = check_sampler(lambda u: ancestral(as_inverse(p), u, np.arange(2)), p, 2)
    assert not report.n_failed
    assert reason in report.undecided
    assert not report.ok
    wrong = check_sampler(lambda u: 1 - ancestral(as_inverse(p), u, np.arange(2)), p, 2)
    assert wrong.n_failed > 1


def test_a_sampler_that_breaks_at_rare_uniforms_is_reported() -> None:
    def inverse(x: Array, u: Array) -> Array:
        assert np.isin(x, (0, 1)).all()
        return as_inverse(nearly_independent)(x, u)

    def sample(u: Array) -> Array:
        return np.where(u < 1e-5, np.nan, ancestral(inverse, u, np.arange(4)))

    report = check_sampler(sample, None, 4, inverse=inverse)
    assert report.n_failed == 1
    assert report.failures[0].where.startswith("x[")


def test_ties_of_both_looks_are_counted() -> None:
    uniforms = np.random.default_rng(0).random((256, 2))

    def p(x: Array) -> Array:
        out = nearly_independent(x)
        out[9:10, 0] = uniforms[9, 0]
        return out

    def sample(u: Array) -> Array:
        x = ancestral(as_inverse(p), u, np.arange(2))
        x[9, 0] = u[9, 0] <= uniforms[9, 0]  # the other side of the threshold
        return x

    report = check_sampler(sample, p, 2)
    assert report.ok, report
    assert report.n_exercised > 50
    assert report.n_kinks == 1


@pytest.mark.parametrize(
    ("sample", "where"),
    [
        (lambda u: right(u)[:, :4], "sample(u).shape"),
        (lambda u: right(np.random.default_rng().random(u.shape)), "sample(u), called again"),
        (lambda u: right(u) * 2, "x[0, "),
        (lambda u: np.where(u < 2, np.nan, u), "x[0, 0]"),
    ],
)
def test_an_answer_of_the_wrong_kind_fails(sample: Any, where: str) -> None:
    report = check(sample)
    assert report.n_failed == 1
    assert report.failures[0].where.startswith(where)


@pytest.mark.parametrize("p", [1.5, -0.5, np.nan])
def test_what_is_no_probability_fails(p: float) -> None:
    def odd(x: Array) -> Array:
        return np.where(np.arange(5) == 1, p, conditional(x))

    report = check_sampler(right, odd, 5)
    assert {failure.where.split(", ")[1] for failure in report.failures} == {"feature 1"}


def test_a_probability_above_one_fails_even_if_the_rows_agree() -> None:
    def sample(u: Array) -> Array:
        first = (u[:, 0] < 0.5) * 1.0
        return np.stack([first, np.ones(len(u))], axis=1)

    for p in (1.0, 1.5):
        report = check_sampler(sample, lambda x, p=p: np.stack([0 * x[:, 0] + 0.5, p + 0 * x[:, 0]], axis=1), 2)
        wrong = [failure for failure in report.failures if failure.where != "exercised"]
        assert bool(wrong) == (p > 1)


def test_conditionals_of_the_wrong_shape_fail() -> None:
    assert check_sampler(right, lambda x: conditional(x)[:, :2], 5).failures[0].where == "conditional(x).shape"


def test_one_source_of_truth_is_needed() -> None:
    for pair in ((None, None), (conditional, NET.inverse)):
        with pytest.raises(ValueError, match="either conditional, or inverse"):
            check_sampler(right, pair[0], 5, inverse=pair[1])


def test_a_support_without_zero_does_no_harm() -> None:
    def inverse(x: Array, u: Array) -> Array:
        if not np.isin(x, (1, 2)).all():
            raise ValueError("x must be 1 or 2")
        return np.stack([1.0 + (u[:, 0] < 0.5), 1.0 + (u[:, 1] < x[:, 0] / 3)], axis=1)

    def sample(u: Array) -> Array:
        first = 1.0 + (u[:, 0] < 0.5)
        return np.stack([first, 1.0 + (u[:, 1] < first / 3)], axis=1)

    def looked_up(x: Array, u: Array) -> Array:
        return inverse(np.array([1.0, 2.0])[x.astype(int) - 1] if x.all() else [][0], u)

    for one in (inverse, looked_up):
        assert check_sampler(sample, None, 2, inverse=one).ok
        report = check_sampler(lambda u: 3 - sample(u), None, 2, inverse=one)
        assert not report.ok
        assert report.hint == ""
