"""Rows that are drawn under a condition are those that enumeration and quadrature say."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from made_np.questions.conditional import conditional
from made_np.questions.given import draw_given, draw_rows, propose, propose_rest
from made_np.questions.predicates import as_condition
from made_np.questions.subject import Subject
from questions.subjects import HOMES, discrete, mixed, subject, table_of

ORDER = [2, 0, 3, 1]


def drawn(asked: Subject, given: Any, n: int = 4000, seed: int = 0) -> Any:
    return draw_given(asked, as_condition(given, asked.literals), n, np.random.default_rng(seed))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"hours": 3},
        {"hours": (1, 2)},
        {"hours": {0, 3}, "sick": 1},
        {"hours": None},
        {"hours": {None, 1}},
        {"hours": (1, None), "sick": {0, 1}, "grade-1": ("C", "B")},
        "hours IN (0, 1) OR sick = 1 AND hours > 1",
    ],
)
def test_draws_have_the_shares_of_the_enumerated_rows(given: Any) -> None:
    asked = discrete(order=ORDER, n_masks=1)
    rows, p = table_of(asked)
    condition = as_condition(given, asked.literals)
    inside = condition.holds(rows)
    found = drawn(asked, given, 20000)
    assert condition.holds(found.x).all()
    truth = p[inside] / p[inside].sum()
    same = (found.x[:, None] == rows[inside]) | (np.isnan(found.x[:, None]) & np.isnan(rows[inside]))
    shares = same.all(axis=2).mean(axis=0)
    # Rows that are chosen by weight repeat each other, so that they count as `effective` at least.
    assert np.abs(shares - truth).max() < 5 * np.sqrt(0.25 / min(found.effective, 20000))
    assert abs(found.log_mass - np.log(p[inside].sum())) < 5 * found.error + 1e-9
    assert np.abs(shares - p[inside]).max() > 0.05 or not given or inside.all()


def test_the_mass_of_a_condition_of_one_feature_has_no_error() -> None:
    asked = discrete(order=ORDER, n_masks=1)
    rows, p = table_of(asked)
    found = drawn(asked, {"hours": (1, 2)}, 10)
    inside = as_condition({"hours": (1, 2)}, asked.literals).holds(rows)
    np.testing.assert_allclose(found.log_mass, np.log(p[inside].sum()), atol=1e-12)


def mass_by_homes(asked: Subject, z: Any, feature: int, values: list[int]) -> Any:
    """p(what is known in `z` (F,), the feature is one of these values) of each home, which is told less, (H,)."""
    each = np.repeat(z[None], len(values), axis=0)
    each[:, feature] = values
    ways = asked.ways(asked.order(~np.isnan(each[0])), ~np.isnan(each[0]))
    return np.array([np.exp(asked.log_probs(each, way).sum(axis=1)).sum() for way in ways])


def test_all_homes_propose_rows() -> None:
    asked = discrete(order=HOMES, n_masks=None)
    condition = as_condition({"grade-1": ("C", "B")}, asked.literals)
    want = mass_by_homes(asked, np.full(4, np.nan), 3, [1, 2])
    assert np.ptp(want) > 0.05
    found = propose(asked, condition, 30, np.random.default_rng(0))
    np.testing.assert_allclose(np.exp(found.log_weights).mean(), want.mean(), rtol=1e-12)


def test_homes_take_turns_where_rows_are_known_and_hold_a_condition() -> None:
    asked = discrete(order=HOMES, n_masks=None)
    condition = as_condition({"grade-1": ("C", "B")}, asked.literals)
    z = np.array([1.0, 2.0, np.nan, np.nan])
    want = mass_by_homes(asked, z, 3, [1, 2])
    rng = np.random.default_rng(0)
    each = np.exp([propose_rest(asked, condition, np.tile(z, (2000, 1)), rng, turn) for turn in range(3)])
    errors = each.std(axis=1) / np.sqrt(2000)
    np.testing.assert_array_less(np.abs(each.mean(axis=1) - want), 5 * errors + 1e-12)
    assert np.ptp(want) > 20 * errors.max()


def test_any_columns_can_be_given_where_the_model_has_any_order() -> None:
    questions = ({"state": "NY"}, {"grade-1": "A", "sick": 0}, {"state": {"NY", "CA"}, "hours": (2, 3)})
    for asked, given in product((discrete(), discrete(order=ORDER, n_masks=None)), questions):
        assert as_condition(given, asked.literals).holds(drawn(asked, given, 50).x).all()


def test_columns_that_lead_in_no_order_cannot_be_given() -> None:
    with pytest.raises(ValueError, match="leads in no order of this model"):
        drawn(discrete(order=ORDER, n_masks=1), {"state": "NY"})


def test_real_columns_are_cut_where_their_densities_say() -> None:
    asked = mixed(order=[2, 3, 0, 1], n_masks=1)
    given = {"size": (4.0, 7.0), "weight": ("<", 0.5)}
    found = drawn(asked, given, 20000)
    assert as_condition(given, asked.literals).holds(found.x).all()
    nodes, weights = np.polynomial.legendre.leggauss(60)
    size = 5.5 + 1.5 * nodes
    weight = -24.5 + 25 * np.linspace(-1, 1, 4001)[None]
    x = np.zeros((60 * 4001, 6))
    x[:, 1] = 1
    x[:, 4] = np.repeat(size, 4001)
    x[:, 5] = np.tile(weight[0], 60)
    z = asked.columns.encode(x)
    z[:, :2] = np.nan
    density = np.exp(asked.log_probs(z, 0).sum(axis=1) - np.log(2.0)).reshape(60, 4001)
    rule = np.full(4001, 50 / 4000)
    rule[[0, -1]] /= 2
    mass = 1.5 * weights @ (density @ rule)
    assert abs(found.log_mass - np.log(mass)) < 5 * found.error + 1e-3
    mean = 1.5 * (weights * size) @ (density @ rule) / mass
    assert abs(found.x[:, 4].mean() - mean) < 5 * found.x[:, 4].std() / np.sqrt(min(found.effective, 20000))


def test_a_single_value_of_a_real_column_is_kept_to_the_last_bit() -> None:
    asked = mixed()
    found = drawn(asked, {"size": 4.1, "sick": 1}, 20)
    assert set(found.x[:, 4].tolist()) == {4.1}
    fixed = mixed(order=[2, 3, 0, 1], n_masks=1)
    density = conditional(fixed, "size").logpdf(4.1)
    np.testing.assert_allclose(drawn(fixed, {"size": 4.1}, 1).log_mass, density, atol=1e-12)
    several = drawn(asked, {"size": {4.1, 7.3, 1e3}}, 200)
    assert set(several.x[:, 4].tolist()) == {4.1, 7.3}


def test_columns_that_are_one_hot_are_given_one_by_one() -> None:
    asked = mixed()
    assert (drawn(asked, {2: 1}, 20).x[:, 1:4] == [0, 1, 0]).all()
    rest = drawn(asked, {1: 0}, 200).x[:, 1:4]
    assert (rest[:, 0] == 0).all()
    assert (rest.sum(axis=1) == 1).all()
    assert rest[:, 1].any()
    assert rest[:, 2].any()
    with pytest.raises(ValueError, match="the model gives this condition no mass"):
        drawn(asked, {1: 1, 2: 1})


def test_what_has_no_mass_is_refused() -> None:
    asked = discrete()
    for given in ({"hours": 17}, {"hours": (2, 1)}, {"sick": 0.5}, "sick = 1 AND sick = 0"):
        with pytest.raises(ValueError, match="given: the model gives this condition no mass"):
            drawn(asked, given)


def test_rows_that_repeat_each_other_are_told() -> None:
    asked = subject(mixed().columns, order=[2, 3, 0, 1], n_masks=1, spread=6.0)
    with pytest.warns(
        UserWarning, match=r"given: \d+ draws under this condition count as \d+\.\d: .* repeat each other"
    ):
        drawn(asked, {"size": (-1e4, 1e4), "weight": 3.0}, 100)


def test_each_row_is_completed_given_its_own_cells() -> None:
    asked = discrete()
    x = np.array([[1, np.nan, 2, np.nan], [np.nan, 0, np.nan, 3], [0, 1, 3, 2], [np.nan] * 4])
    found = draw_rows(asked, np.repeat(x, 3000, axis=0), np.random.default_rng(0)).reshape(4, 3000, 4)
    known = ~np.isnan(x)
    assert (found.transpose(1, 0, 2)[:, known] == x[known]).all()
    assert np.isnan(found[3, :, 2]).any()  # a gap that is not known may be drawn
    fixed = discrete(order=ORDER, n_masks=1)
    leading = np.repeat([[1, np.nan, 2, np.nan]], 4000, axis=0)
    shares = draw_rows(fixed, leading, np.random.default_rng(1))[:, 3]
    p = conditional(fixed, "grade-1", {"sick": 1, "hours": 2}).pmf(["D", "C", "B", "A"])
    assert np.abs(np.bincount(shares.astype(int), minlength=4) / 4000 - p).max() < 4 * np.sqrt(0.25 / 4000)
    with pytest.raises(ValueError, match=r"given\[1\] .*leads in no order"):
        draw_rows(fixed, np.array([[1, np.nan, 2, np.nan], [np.nan, 1, np.nan, np.nan]]), np.random.default_rng(1))


def test_a_seed_repeats_its_rows() -> None:
    asked = discrete()
    given = {"hours": (1, 2)}
    np.testing.assert_array_equal(drawn(asked, given, 30).x, drawn(asked, given, 30).x)
    assert not np.array_equal(drawn(asked, given, 30).x, drawn(asked, given, 30, seed=1).x, equal_nan=True)
