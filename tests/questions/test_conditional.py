"""Conditionals are joint by marginal, across calls; their summaries are those of sums and integrals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np.questions.conditional import conditional
from made_np.questions.conditions import all_of
from made_np.questions.predicates import as_condition
from made_np.questions.subject import Subject
from questions.subjects import STATES, discrete, mixed, table_of

VALUES: dict[str, Any] = {"sick": [0, 1], "state": list(STATES), "hours": [0, 1, 2, 3], "grade-1": ["D", "C", "B", "A"]}
REST: dict[str, Any] = {"sick": 1, "state": "NJ", "hours": 2, "grade-1": "B"}


@pytest.fixture(scope="module", params=["fixed", "any"])
def asked(request: pytest.FixtureRequest) -> Subject:
    return discrete(order=[2, 0, 3, 1], n_masks=1) if request.param == "fixed" else discrete()


@pytest.mark.parametrize("column", list(VALUES))
def test_given_all_others_it_is_the_joint_by_the_marginal(asked: Subject, column: str) -> None:
    rows, p = table_of(asked)
    given = {name: value for name, value in REST.items() if name != column}
    found = conditional(asked, column, given)
    inside = as_condition(given, asked.literals).holds(rows) & ~np.isnan(rows).any(axis=1)
    joint = [p[inside & as_condition({column: value}, asked.literals).holds(rows)].sum() for value in VALUES[column]]
    np.testing.assert_allclose(found.pmf(VALUES[column]), joint / p[inside].sum(), atol=1e-12)


def test_given_leading_columns_it_is_the_joint_by_the_marginal() -> None:
    asked = discrete(order=[2, 0, 3, 1], n_masks=1)
    rows, p = table_of(asked)
    for column, given in (
        ("sick", {"hours": 2}),
        ("sick", {"hours": (1, 2)}),
        ("grade-1", {"hours": 2, "sick": {0, 1}}),
    ):
        found = conditional(asked, column, given)
        inside = as_condition(given, asked.literals).holds(rows)
        joint = [
            p[inside & as_condition({column: value}, asked.literals).holds(rows)].sum() for value in VALUES[column]
        ]
        # A range is the mean over 256 draws of what it holds.
        atol = 1e-12 if given == {"hours": 2} else 4 * 0.5 / 16
        np.testing.assert_allclose(found.pmf(VALUES[column]), joint / p[inside].sum(), atol=atol)


def test_marginal_times_conditional_is_the_joint() -> None:
    asked = discrete(order=[2, 0, 3, 1], n_masks=1)
    rows, p = table_of(asked)
    hours = conditional(asked, "hours")
    total = 0.0
    for h in (0, 1, 2, 3):
        for k in (0, 1):
            joint = p[as_condition({"hours": h, "sick": k}, asked.literals).holds(rows)].sum()
            product = (1 - hours.gap) * hours.pmf(h) * conditional(asked, "sick", {"hours": h}).pmf(k)
            np.testing.assert_allclose(product, joint)
            total += joint
    np.testing.assert_allclose(total, 1 - hours.gap)


@pytest.mark.parametrize("column", ["hours", "grade-1"])
def test_summaries_of_counts_are_sums(asked: Subject, column: str) -> None:
    found = conditional(asked, column, {"sick": 1} if column == "hours" else {"sick": 1, "hours": 2})
    p = found.pmf(VALUES[column])
    np.testing.assert_allclose(p.sum(), 1)
    np.testing.assert_allclose(found.cdf(VALUES[column]), np.cumsum(p))
    np.testing.assert_allclose(found.sf(VALUES[column]), 1 - np.cumsum(p), atol=1e-12)
    np.testing.assert_allclose(found.entropy(), -(p * np.log(p)).sum())
    assert found.mode() == VALUES[column][int(p.argmax())]
    u = np.linspace(0.001, 0.999, 101)
    expected = [VALUES[column][int(k)] for k in np.searchsorted(np.cumsum(p), u)]
    assert found.ppf(u).tolist() == expected
    assert found.median() == found.ppf(0.5)
    assert found.interval(0.5) == (found.ppf(0.25), found.ppf(0.75))
    assert found.support() == (VALUES[column][0], VALUES[column][-1])
    drawn = found.rvs(4000, random_state=0)
    for value, share in zip(VALUES[column], p, strict=True):
        assert abs((drawn == value).mean() - share) < 4 * np.sqrt(0.25 / 4000)
    if column == "hours":
        mean = (p * [0, 1, 2, 3]).sum()
        np.testing.assert_allclose([found.mean(), found.var()], [mean, (p * ([0, 1, 2, 3] - mean) ** 2).sum()])
        np.testing.assert_allclose(found.std() ** 2, found.var())


def test_a_gap_has_its_probability_apart() -> None:
    asked = discrete(order=[2, 0, 3, 1], n_masks=1)
    rows, p = table_of(asked)
    np.testing.assert_allclose(conditional(asked, "hours").gap, p[np.isnan(rows[:, 2])].sum())


# --------------------------------------------------------------------------------------------------- densities


def quadrature(asked: Subject, column: int, rest: dict[int, float], x: Any) -> Any:
    """p(x | rest) on a grid, by the joint of all features under the order of the question."""
    rows = np.full((len(x), 6), np.nan)
    for d, value in rest.items():
        rows[:, d] = value
    rows[:, column] = x
    z = asked.encode(rows)
    log_p = asked.log_probs(z, asked.order(~np.isnan(z[0]))).sum(axis=1)
    p = np.exp(log_p - log_p.max())
    return p / (p.sum() * (x[1] - x[0]))


@pytest.mark.parametrize("order", [[2, 3, 0, 1], [3, 2, 1, 0], "random"], ids=str)
@pytest.mark.parametrize("column", ["size", "weight"])
def test_densities_are_the_joint_by_its_integral(order: Any, column: str) -> None:
    asked = mixed(order=order, n_masks=None if order == "random" else 1)
    other = {"size": "weight", "weight": "size"}[column]
    d = {"size": 4, "weight": 5}
    rest = {d[other]: 4.0}
    found = conditional(asked, column, {other: 4.0})
    x = np.linspace(-60, 60, 60001)
    truth = quadrature(asked, d[column], rest, x)
    step = x[1] - x[0]
    np.testing.assert_allclose(found.pdf(x).sum() * step, 1, atol=2e-3)
    assert np.abs(found.cdf(x) - np.cumsum(truth) * step).max() < 5e-3
    assert np.abs(found.pdf(x) - truth).sum() * step < 0.06
    mean = (x * truth).sum() * step
    std = np.sqrt(((x - mean) ** 2 * truth).sum() * step)
    np.testing.assert_allclose(found.mean(), mean, atol=0.01 * std)
    np.testing.assert_allclose(found.std(), std, rtol=0.02)
    entropy = -(truth * np.log(np.where(truth > 0, truth, 1))).sum() * step
    np.testing.assert_allclose(found.entropy(), entropy, atol=0.02)
    assert truth[np.searchsorted(x, found.mode())] > 0.97 * truth.max()
    np.testing.assert_allclose(found.cdf(found.ppf([0.001, 0.2, 0.9])), [0.001, 0.2, 0.9], atol=1e-9)
    drawn = found.rvs(4000, random_state=0)
    assert abs(drawn.mean() - found.mean()) < 4 * found.std() / np.sqrt(4000)
    assert found.support() == (-np.inf, np.inf)


def test_given_a_range_it_is_the_mean_over_what_the_range_holds() -> None:
    asked = mixed(order=[2, 3, 0, 1], n_masks=1)
    found = conditional(asked, "weight", {"size": (3.0, 6.0)})
    x = np.linspace(-8, 8, 161)
    sizes = np.linspace(3, 6, 301)
    prior = conditional(asked, "size").pdf(sizes)
    each = np.stack([conditional(asked, "weight", {"size": size}).pdf(x) for size in sizes])
    truth = prior @ each / prior.sum()
    assert np.abs(found.pdf(x) - truth).sum() * 0.1 < 0.15
    np.testing.assert_allclose(found.cdf(found.ppf([0.1, 0.5])), [0.1, 0.5], atol=1e-6)
    mean = (x * truth).sum() * 0.1
    assert abs(found.mean() - mean) < 4 * found.std() / 16
    assert abs(found.rvs(3000, random_state=1).mean() - found.mean()) < 4 * found.std() / np.sqrt(3000)
    log_p = found.logpdf(found.rvs(3000, random_state=2))
    # The numbers that stand for all share the mass evenly, two of each of 256 draws.
    assert abs(found.entropy() + log_p.mean()) < 0.06


def test_columns_that_are_one_hot_are_bits() -> None:
    asked = mixed()
    each = [conditional(asked, d, {"size": 4.0}).pmf(1) for d in (1, 2, 3)]
    np.testing.assert_allclose(sum(each), 1)
    np.testing.assert_allclose(conditional(asked, 1, {"size": 4.0}).pmf(0), 1 - each[0])


# -------------------------------------------------------------------------------------------------------- rows


def test_rows_are_answered_one_by_one_whatever_their_gaps() -> None:
    for asked, column in ((mixed(), "size"), (mixed(), "sick")):
        rng = np.random.default_rng(0)
        x = np.column_stack([rng.integers(0, 2, 6), np.eye(3)[rng.integers(0, 3, 6)], rng.normal(4, 1, (6, 2))])
        x[[0, 1], 5] = np.nan
        x[[1, 2], 0] = np.nan
        x[5] = np.nan
        found = conditional(asked, column, x)
        ask = found.pdf if column == "size" else found.pmf
        for k in range(6):
            one = conditional(asked, column, x[[k]])
            asked_of_one = one.pdf if column == "size" else one.pmf
            np.testing.assert_allclose(ask([[0.0], [1.0]])[:, k], asked_of_one([[0.0], [1.0]])[:, 0], rtol=0.05)
            np.testing.assert_allclose(found.mean()[k], one.mean()[0], rtol=0.02)
        assert found.rvs(random_state=0).shape == (6,)
        assert found.rvs(3, random_state=0).shape == (3, 6)
        assert ask(np.zeros(6)).shape == (6,)
        assert conditional(asked, column, x[:0]).mean().shape == (0,)


def test_what_cannot_be_meant_is_named() -> None:
    asked = discrete()
    state = conditional(asked, "state", {"sick": 1})
    for ask in (state.mean, state.var, state.std):
        with pytest.raises(TypeError, match=r"column 1 \('state'\) has words, so it has no"):
            ask()
    for ask in (state.median, state.interval, lambda: state.cdf("NY")):
        with pytest.raises(TypeError, match="has words without an order"):
            ask()
    with pytest.raises(ValueError, match="'NYC', a value that it does not have"):
        state.pmf("NYC")
    with pytest.raises(TypeError, match="has masses: ask for pmf"):
        state.pdf("NY")
    with pytest.raises(TypeError, match="has a density: ask for logpdf"):
        conditional(mixed(), "size").logpmf(1.0)
    with pytest.raises(ValueError, match=r"given: column 1 \('state'\) is what is asked for"):
        conditional(asked, "state", {"state": "NY"})
    with pytest.raises(ValueError, match="column: there is no column 'stat'"):
        conditional(asked, "stat")
    with pytest.raises(ValueError, match="confidence"):
        conditional(mixed(), "size").interval(2)
    with pytest.raises(ValueError, match="leads in no order"):
        conditional(discrete(order=[2, 0, 3, 1], n_masks=1), "state")
    assert np.isnan(conditional(mixed(), "size").ppf([-0.1, 1.1])).all()
    assert all_of([]) == as_condition(None, asked.literals)
