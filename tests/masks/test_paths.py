"""Paths: one order for each set of known features, and the mask sets of a model that learns them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import seeds

from made_np.masks.paths import draw_known, leads, path_of
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


@pytest.mark.parametrize(("order", "home"), [(HOME, HOME), ("natural", [0, 1, 2, 3]), ("reverse", [3, 2, 1, 0])])
@pytest.mark.parametrize("degrees", ["spread", [[1, 3, 2, 1, 2]]])
def test_even_mask_sets_are_home_and_odd_ones_are_paths(order: Any, home: list[int], degrees: Any) -> None:
    sets = MADE(4, (5,), order=order, degrees=degrees, n_masks=None, seed=5).mask_sets
    again = MADE(4, (5,), order=order, degrees=degrees, n_masks=None, seed=5).mask_sets
    assert sets.has_paths
    paths = []
    for k in [*range(40), 1001, 10**6, 10**6 + 1]:
        one = sets[k]
        np.testing.assert_array_equal(again[k].order, one.order)  # of (seed, k), whatever was asked for before
        np.testing.assert_array_equal(one.degrees[0], sets[0].degrees[0])
        if k % 2 == 0:
            assert one is sets[0]
            assert one.order.tolist() == home
        else:
            paths.append(tuple(one.order.tolist()))
    possible = [path_of(np.array(home), np.array(known)) for known in itertools.product([False, True], repeat=4)]
    assert set(paths) <= {tuple(path.tolist()) for path in possible}
    assert len(set(paths)) > 5
    other = MADE(4, (5,), order=order, degrees=degrees, n_masks=None, seed=6).mask_sets
    assert [tuple(other[k].order) for k in range(1, 40, 2)] != paths[:20]


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
    assert [sets.least_alike(k) for k in range(4)] == [0, 1, 2, 3]


def test_degrees_that_no_unit_has_are_not_drawn() -> None:
    assert MADE(4, (), order=HOME, degrees="random", n_masks=None).mask_sets.has_paths
