"""Conditionals are joint by marginal, across calls; their summaries are those of sums and integrals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from called import called

from made_np import Bernoulli, Categorical, DiscretizedLogistic, Gaussian
from made_np.columns.atoms import Atoms
from made_np.columns.bins import Bins
from made_np.columns.codes import Codes
from made_np.columns.coding import Affine
from made_np.columns.columns import Columns
from made_np.columns.lattice import Lattice
from made_np.distributions.atoms import WithAtoms
from made_np.questions import by_cells, sampling
from made_np.questions.conditional import conditional
from made_np.questions.conditions import all_of
from made_np.questions.given import draw_given
from made_np.questions.predicates import as_condition
from made_np.questions.probability import probability
from made_np.questions.subject import Subject
from questions.subjects import HOMES, STATES, column, discrete, mixed, subject, table_of

VALUES: dict[str, Any] = {"sick": [0, 1], "state": list(STATES), "hours": [0, 1, 2, 3], "grade-1": ["D", "C", "B", "A"]}
REST: dict[str, Any] = {"sick": 1, "state": "NJ", "hours": 2, "grade-1": "B"}


@pytest.fixture(scope="module", params=["fixed", "any", "home", "homes"])
def asked(request: pytest.FixtureRequest) -> Subject:
    if request.param == "any":
        return discrete()
    if request.param == "homes":
        return discrete(order=HOMES, n_masks=None)
    return discrete(order=[2, 0, 3, 1], n_masks=1 if request.param == "fixed" else None)


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
    for name, given in (
        ("sick", {"hours": 2}),
        ("sick", {"hours": (1, 2)}),
        ("grade-1", {"hours": 2, "sick": {0, 1}}),
    ):
        found = conditional(asked, name, given)
        inside = as_condition(given, asked.literals).holds(rows)
        joint = [p[inside & as_condition({name: value}, asked.literals).holds(rows)].sum() for value in VALUES[name]]
        # A range is the mean over 256 draws of what it holds.
        atol = 1e-12 if given == {"hours": 2} else 4 * 0.5 / 16
        np.testing.assert_allclose(found.pmf(VALUES[name]), joint / p[inside].sum(), atol=atol)


@pytest.mark.parametrize(
    "given", [{"grade-1": "A"}, {"state": {"NY", "NJ"}}, {"grade-1": ("C", "A"), "hours": 3}], ids=called
)
@pytest.mark.parametrize("order", [[2, 0, 3, 1], HOMES], ids=["home", "homes"])
def test_a_model_with_paths_answers_by_whole_rows_where_it_can(
    given: Any, order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "MOST_ROWS", 1 << 16)
    asked = discrete(order=order, n_masks=None)
    rows, p = table_of(asked)
    inside = as_condition(given, asked.literals).holds(rows)
    joint = np.array([p[inside & (rows[:, 0] == k)].sum() for k in (0, 1)]) / p[inside].sum()
    drawn = draw_given(asked, as_condition(given, asked.literals), 3000, np.random.default_rng(0))
    answers = {
        "conditional": conditional(asked, "sick", given).pmf(1),
        "draws": (drawn.x[:, 0] == 1).mean(),
        "probability": probability(asked, {"sick": 1}, given),
    }
    for answer in answers.values():
        assert abs(answer - joint[1]) < 4 * np.sqrt(0.25 / 256)
    assert abs(np.exp(drawn.log_mass) / p[inside].sum() - 1) < 5 * drawn.error


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
    log_p = asked.log_prob(z, ~np.isnan(z[0]))
    p = np.exp(log_p - log_p.max())
    return p / (p.sum() * (x[1] - x[0]))


@pytest.mark.parametrize("order", [[2, 3, 0, 1], [3, 2, 1, 0], [[2, 3, 0, 1], [3, 2, 1, 0]], "random"], ids=str)
@pytest.mark.parametrize("column", ["size", "weight"])
def test_densities_are_the_joint_by_its_integral(order: Any, column: str) -> None:
    asked = mixed(order=order, n_masks=None if order == "random" or np.ndim(order) == 2 else 1)
    other = {"size": "weight", "weight": "size"}[column]
    d = {"size": 4, "weight": 5}
    rest = {d[other]: 4.0}
    found = conditional(asked, column, {other: 4.0})
    x = np.linspace(-60, 60, 30001)
    truth = quadrature(asked, d[column], rest, x)
    step = x[1] - x[0]
    density = found.pdf(x)
    np.testing.assert_allclose(density.sum() * step, 1, atol=2e-3)
    assert np.abs(found.cdf(x) - np.cumsum(truth) * step).max() < 5e-3
    assert np.abs(density - truth).sum() * step < 0.06
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


def test_a_few_nodes_between_cells_tell_what_many_do(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = mixed(order=[3, 2, 1, 0], n_masks=1)

    def summaries() -> list[float]:
        found = conditional(asked, "weight", {"size": 4.0})
        return [found.mean(), found.std(), found.entropy()]

    few = summaries()
    monkeypatch.setattr(by_cells, "CUT", by_cells.WHOLE)
    np.testing.assert_allclose(few, summaries(), rtol=1e-9)


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


@pytest.mark.parametrize("order", [[1, 0], [0, 1]], ids=str)
def test_atoms_have_their_mass(order: list[int]) -> None:
    """Money that is 0 or 2 half of the time: sums at the atoms, integrals elsewhere."""
    money = column("money", WithAtoms(Gaussian(min_scale=0.3), (-1.0, 0.0)), Atoms(Affine(2.0, 2.0), (0.0, 2.0)))
    asked = subject(Columns((column("sick", Bernoulli()), money)), order=order, n_masks=1)
    found = conditional(asked, "money", {"sick": 1})
    x = np.linspace(-40, 40, 40001)
    x = x[~np.isin(x, (0.0, 2.0))]
    density = found.pdf(x)
    step = 0.002
    masses = found.pdf([0.0, 2.0])
    np.testing.assert_allclose(masses.sum() + density.sum() * step, 1, atol=2e-3)
    np.testing.assert_allclose(found.cdf([0.0, 2.0]) - found.cdf(np.nextafter([0.0, 2.0], -9)), masses, atol=1e-6)
    mean = 2 * masses[1] + (x * density).sum() * step
    np.testing.assert_allclose(found.mean(), mean, atol=0.02)
    drawn = found.rvs(4000, random_state=0)
    for value, mass in zip((0.0, 2.0), masses, strict=True):
        assert abs((drawn == value).mean() - mass) < 4 * np.sqrt(0.25 / 4000)
        assert found.ppf(found.cdf(value) - mass / 2) == value
    assert abs(probability(asked, {"money": 0}, {"sick": 1}) - masses[0]) < 0.02
    assert abs(probability(asked, {"money": (">", 0)}, {"sick": 1}) - found.sf(0.0)) < 0.02
    inside = as_condition({"money": (0, 2)}, asked.literals)
    if order == [1, 0]:
        given = draw_given(asked, inside, 3000, np.random.default_rng(0))
        assert inside.holds(given.x).all()
        share = conditional(asked, "money")
        above = draw_given(asked, as_condition({"money": (">", 0)}, asked.literals), 10, np.random.default_rng(0))
        np.testing.assert_allclose(np.exp(above.log_mass), share.sf(0.0), atol=1e-9)
        truth = share.pdf(0.0) / (share.cdf(2.0) - share.cdf(-1e-12))
        assert abs((given.x[:, 1] == 0).mean() - truth) < 4 * np.sqrt(0.25 / 3000)


@pytest.mark.parametrize(
    ("coding", "output"),
    [
        (Lattice(-1.0, 0.5), DiscretizedLogistic(6)),
        (Bins((-0.5, 1.5, 5.5), (2.0, 3.0), (0, 1), drawn=(-0.5, 5.5), offset=-1.0, resolution=0.5), Categorical(2)),
        (Codes((-1.0, -0.5, 0.0, 0.5, 1.0, 1.5), (0, 0, 1, 1, 2, 2)), Categorical(3)),
    ],
    ids=["lattice", "bins", "codes"],
)
def test_a_cut_at_a_value_leaves_it_to_one_side(coding: Any, output: Any) -> None:
    asked = subject(Columns((column("half", output, coding), column("sick", Bernoulli()))), order=[0, 1], n_masks=1)
    half = conditional(asked, "half")
    np.testing.assert_allclose(half.pmf(np.arange(-2, 4) / 2).sum(), 1)
    for value in (-0.5, 0.0, 1.0):
        np.testing.assert_allclose(half.cdf(value) - half.cdf(np.nextafter(value, -9)), half.pmf(value), atol=1e-12)
        for where in ({"half": ("<", value)}, {"half": (">", value)}, {"half": value}):
            inside = as_condition(where, asked.literals)
            given = draw_given(asked, inside, 200, np.random.default_rng(0))
            assert inside.holds(given.x).all()
            assert set((2 * given.x[:, 0]).tolist()) <= set(range(-2, 4))
            assert abs(np.exp(given.log_mass) - probability(asked, where)) < 0.01
            truth = {"<": half.cdf(value) - half.pmf(value), ">": half.sf(value)}
            kind = where["half"][0] if isinstance(where["half"], tuple) else "="
            np.testing.assert_allclose(np.exp(given.log_mass), truth.get(kind, half.pmf(value)), atol=1e-9)


def test_columns_that_are_one_hot_are_bits() -> None:
    asked = mixed()
    each = [conditional(asked, d, {"size": 4.0}).pmf(1) for d in (1, 2, 3)]
    np.testing.assert_allclose(sum(each), 1)
    np.testing.assert_allclose(conditional(asked, 1, {"size": 4.0}).pmf(0), 1 - each[0])


# -------------------------------------------------------------------------------------------------------- rows


def test_rows_are_answered_one_by_one_whatever_their_gaps() -> None:
    for asked, name in ((mixed(), "size"), (mixed(), "sick")):
        rng = np.random.default_rng(0)
        x = np.column_stack([rng.integers(0, 2, 6), np.eye(3)[rng.integers(0, 3, 6)], rng.normal(4, 1, (6, 2))])
        x[[0, 1], 5] = np.nan
        x[[1, 2], 0] = np.nan
        x[5] = np.nan
        found = conditional(asked, name, x)
        ask = found.pdf if name == "size" else found.pmf
        for k in range(6):
            one = conditional(asked, name, x[[k]])
            asked_of_one = one.pdf if name == "size" else one.pmf
            np.testing.assert_allclose(ask([[0.0], [1.0]])[:, k], asked_of_one([[0.0], [1.0]])[:, 0], rtol=0.05)
            np.testing.assert_allclose(found.mean()[k], one.mean()[0], rtol=0.02)
        assert found.rvs(random_state=0).shape == (6,)
        assert found.rvs(3, random_state=0).shape == (3, 6)
        assert ask(np.zeros(6)).shape == (6,)
        assert conditional(asked, name, x[:0]).mean().shape == (0,)


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
