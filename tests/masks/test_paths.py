"""Paths: one mask set for each set of known features, and the sequence of those that a model learns."""

from __future__ import annotations

import itertools
from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import seeds

from made_np.masks.paths import COMPLETE, degrees_of, draw_known, draw_told, leads, path_of
from made_np.model.made import MADE

HOME = [2, 0, 3, 1]


@given(st.permutations(range(5)), hnp.arrays(bool, 5))
def test_a_path_is_what_is_known_and_then_the_rest_each_in_home_order(home: Any, known: Any) -> None:
    path = path_of(np.array(home), known).tolist()
    assert path == [d for d in home if known[d]] + [d for d in home if not known[d]]
    assert leads(np.array(path), known)
    assert (path == home) == bool(leads(np.array(home), known))


def test_there_are_no_more_paths_than_sets_of_known_features() -> None:
    sets = [np.array(known) for known in itertools.product([False, True], repeat=4)]
    paths = {tuple(path_of(np.array(HOME), known).tolist()) for known in sets}
    assert len(paths) == 2**4 - 4  # the four that lead in home order have it, like the empty one


@given(st.integers(1, 9), seeds)
def test_some_features_are_known_and_some_are_not(n_features: int, seed: int) -> None:
    known = draw_known(n_features, np.random.default_rng(seed))
    assert known.shape == (n_features,)
    assert 1 <= known.sum() <= max(n_features - 1, 1)


def test_all_sizes_are_drawn_alike_often_and_each_feature_too() -> None:
    rng = np.random.default_rng(0)
    known = np.array([draw_known(5, rng) for _ in range(8000)])
    # Standard deviations of the counts: sqrt(8000 * 1/4 * 3/4) = 39, and sqrt(8000 / 4) = 45.
    np.testing.assert_allclose(np.bincount(known.sum(axis=1))[1:], [2000] * 4, atol=5 * 39)
    np.testing.assert_allclose(known.sum(axis=0), [4000] * 5, atol=5 * 45)


def test_what_is_known_is_always_told_and_the_rest_to_some() -> None:
    rng = np.random.default_rng(0)
    known = np.array([True, False, False, False])
    told = draw_told(40_000, known, rng)
    assert told[:, 0].all()
    # Most rows are told all; of the others a quarter each is told 0, 1, 2 or 3 of the rest.
    sizes = np.bincount(told[:, 1:].sum(axis=1)) / 40_000
    np.testing.assert_allclose(sizes, [(1 - COMPLETE) / 4] * 3 + [COMPLETE + (1 - COMPLETE) / 4], atol=0.01)
    shares = told[:, 1:].mean(axis=0)
    np.testing.assert_allclose(shares, [COMPLETE + (1 - COMPLETE) / 2] * 3, atol=0.01)


@given(hnp.arrays(bool, 6).filter(np.any), st.integers(1, 30))
def test_units_on_a_path_see_what_is_known_and_share_out_the_rest(known: Any, width: int) -> None:
    home = np.sort(np.arange(width) % 5) + 1
    degrees = degrees_of(known, home)
    n_known = known.sum()
    assert (np.diff(degrees) >= 0).all()
    assert degrees[0] == n_known
    if width >= 5:  # each number of the rest, as each degree at home
        assert set(degrees.tolist()) == set(range(n_known, max(6, n_known + 1)))


@pytest.mark.parametrize(("order", "home"), [(HOME, HOME), ("natural", [0, 1, 2, 3]), ("reverse", [3, 2, 1, 0])])
@pytest.mark.parametrize("degrees", ["spread", [[1, 3, 2, 1, 2]]])
def test_every_third_mask_set_is_a_path_and_all_others_are_home(order: Any, home: list[int], degrees: Any) -> None:
    sets = MADE(4, (5,), order=order, degrees=degrees, n_masks=None, seed=5).mask_sets
    again = MADE(4, (5,), order=order, degrees=degrees, n_masks=None, seed=5).mask_sets
    assert sets.has_paths
    paths = []
    for k in [*range(60), 1000, 10**6 + 2, 10**6]:
        one = sets[k]
        np.testing.assert_array_equal(again[k].order, one.order)  # of (seed, k), whatever was asked for before
        np.testing.assert_array_equal(one.degrees[0], sets.for_known(one.known).degrees[0])
        if k % 3 != 1:
            assert one is sets[0]
            assert one.order.tolist() == home
        else:
            paths.append(tuple(one.order.tolist()))
    possible = [path_of(np.array(home), np.array(known)) for known in itertools.product([False, True], repeat=4)]
    assert set(paths) <= {tuple(path.tolist()) for path in possible}
    assert len(set(paths)) > 5
    other = MADE(4, (5,), order=order, degrees=degrees, n_masks=None, seed=6).mask_sets
    assert [tuple(other[k].order) for k in range(1, 60, 3)] != paths[:20]


def test_several_homes_take_turns_and_so_do_their_paths() -> None:
    homes = [HOME, HOME[::-1], [0, 1, 2, 3]]
    sets = MADE(4, (5,), order=homes, n_masks=None, seed=5).mask_sets
    assert sets.mixed == (0, 2, 3)
    assert [sets[k].order.tolist() for k in sets.mixed] == homes
    turns = [k for k in range(61) if k % 3 != 1]
    for turn, k in enumerate(turns):
        assert sets[k] is sets[sets.mixed[turn % 3]]
    met = set()
    for turn in range(30):
        one = sets[3 * turn + 1]
        home = homes[turn % 3]
        path = sets.for_known(one.known, turn % 3)
        np.testing.assert_array_equal(one.degrees[0], path.degrees[0])
        assert one.order.tolist() == path.order.tolist()
        if not leads(np.array(home), one.known):
            met.add(turn % 3)
            assert one.order.tolist() == path_of(np.array(home), one.known).tolist()
    assert met == {0, 1, 2}


def test_homes_are_given_by_a_model_that_has_them() -> None:
    homes = [HOME, HOME[::-1]]
    made = MADE(4, (5,), order=homes, n_masks=None)
    assert made.n_mixed == 2
    assert MADE.from_config(made.config()) == made
    assert made.mixture(1) == MADE(4, (5,), order=homes[:1], n_masks=1, gap_inputs=made.gap_inputs)
    assert MADE(4, (5,), order=homes[:1], n_masks=None) == MADE(4, (5,), order=HOME, n_masks=None)
    known = [True, False, False, True]
    for home in (0, 1):
        want = path_of(np.array(homes[home]), np.array(known))
        assert made.path(known, home).tolist() == want.tolist()
    with pytest.raises(ValueError, match=r"home=2: give an integer in 0\.\.1"):
        made.path(known, 2)
    with pytest.raises(ValueError, match=r"scores by its 2 home orders, mixture\(2\)"):
        made.mixture(3)
    with pytest.raises(ValueError, match="these are homes of a model with paths, so set degrees='spread'"):
        MADE(4, (5,), order=homes, degrees="random", n_masks=None)
    with pytest.raises(ValueError, match="order holds 0 permutations"):
        MADE(4, (5,), order=np.zeros((0, 4), int), n_masks=None)


def test_one_feature_has_one_path() -> None:
    sets = MADE(1, (3,), n_masks=None).mask_sets
    assert [sets[k].order.tolist() for k in range(4)] == [[0]] * 4


@pytest.mark.parametrize(
    "options",
    [
        {"order": HOME, "n_masks": 1},
        {"order": "random", "n_masks": None},
        {"order": HOME, "degrees": "random", "n_masks": None},  # one order, and degrees drawn anew
        {"order": [HOME, HOME[::-1]], "n_masks": 2},
    ],
    ids=str,
)
def test_other_models_have_no_paths(options: dict[str, Any]) -> None:
    sets = MADE(4, (5,), **options).mask_sets
    assert not sets.has_paths
    assert [sets.least_alike(k) for k in range(5)] == [0, 1, 2, 3, 4]


def test_degrees_that_no_unit_has_are_not_drawn() -> None:
    assert MADE(4, (), order=HOME, degrees="random", n_masks=None).mask_sets.has_paths


def test_where_the_known_features_lead_their_path_is_home() -> None:
    sets = MADE(4, (5,), order=HOME, n_masks=None).mask_sets
    for known in itertools.product([False, True], repeat=4):
        one = sets.for_known(known)
        if leads(np.array(HOME), np.array(known)):
            assert one is sets[0]
            assert one.n_known == 0
        else:
            assert one.n_known == sum(known)
            assert one.known.tolist() == list(known)
            assert one.order.tolist() == path_of(np.array(HOME), np.array(known)).tolist()


@pytest.mark.parametrize(
    "options", [{}, {"n_context": 2}, {"hidden": (6, 6), "residual": True}, {"hidden": ()}], ids=str
)
def test_on_a_path_each_of_the_rest_hears_all_that_comes_before_it_and_nothing_else(options: dict[str, Any]) -> None:
    made = MADE(4, **{"hidden": (6,), "order": HOME, "n_masks": None, **options})
    for known in itertools.product([False, True], repeat=4):
        one = made.mask_sets.for_known(known)
        if one.n_known:
            reach = one.reachability()
            want = naive.allowed(one.order)
            assert not (reach & ~want).any()
            rest = ~one.known
            np.testing.assert_array_equal(reach[rest], want[rest])
            assert one.context_reachability()[rest].all() == (made.n_context > 0)


def test_a_path_is_of_booleans_and_of_a_model_that_has_them() -> None:
    made = MADE(4, (9,), order=HOME, n_masks=None)
    for ask in (made.mask_sets.for_known, made.bound.for_known, made.path):
        with pytest.raises(ValueError, match=r"^known has shape \(3,\): give one boolean for each of 4 features"):
            ask([True] * 3)
        with pytest.raises(ValueError, match=r"^known has shape \(1, 4\): give an array with 1 axes"):
            ask([[True] * 4])
        with pytest.raises(TypeError, match=r"^known has dtype <U"):
            ask(["yes"] * 4)
    for options in ({"order": HOME}, {"order": "random", "n_masks": None}, {"order": "random", "n_masks": 3}):
        with pytest.raises(ValueError, match=r"^known has no path in this model: give n_masks=None, and an order"):
            MADE(4, (9,), **options).path([True] * 4)
