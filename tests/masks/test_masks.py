"""Orders, degrees and masks, against loops over single units."""

from __future__ import annotations

import itertools
import re
from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import seeds

from made_np.masks import (
    connectivity,
    make_degrees,
    make_mask,
    make_order,
    position_of,
    random_degrees,
    spread_degrees,
)

sizes = st.integers(1, 40)


def test_names_of_orders() -> None:
    rng = np.random.default_rng(0)
    assert make_order("natural", 4, rng).tolist() == [0, 1, 2, 3]
    assert make_order("reverse", 4, rng).tolist() == [3, 2, 1, 0]
    drawn = [tuple(make_order("random", 6, rng).tolist()) for _ in range(20)]
    assert all(sorted(order) == list(range(6)) for order in drawn)
    assert len(set(drawn)) > 15


def test_a_random_order_is_a_function_of_the_generator() -> None:
    a, b = (make_order("random", 50, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(a, b)


@given(st.integers(0, 12).flatmap(lambda n: st.permutations(range(n))))
def test_position_is_the_inverse_of_order(order: list[int]) -> None:
    position = position_of(np.array(order, dtype=np.int64))
    for place, feature in enumerate(order):
        assert position[feature] == place


def test_order_lists_features_in_the_sequence_of_generation() -> None:
    assert position_of(make_order([3, 0, 1, 2], 4, np.random.default_rng(0))).tolist() == [1, 2, 3, 0]


@pytest.mark.parametrize("dtype", ["int8", "uint64", ">i4"])
def test_integers_of_any_kind_make_an_order(dtype: str) -> None:
    order = make_order(np.array([2, 0, 1], dtype=dtype), 3, np.random.default_rng(0))
    assert order.dtype == np.int64
    assert order.tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("sideways", r"order='sideways' is unknown: use one of \('natural', 'reverse', 'random'\) or a permutation"),
        ("sideways", r"a permutation of 0\.\.2$"),
        ([0, 1], r"order has shape \(2,\): a permutation of 3 features has \(3,\)"),
        ([0, 1, 2, 3], r"order has shape \(4,\)"),
        ([[0, 1, 2]], r"order has shape \(1, 3\)"),
        ([[0, 1], [2]], "order is ragged: every row needs as many columns"),
        ([0, 1, 1], r"order\[2\] = 1 is twice: give each feature 0\.\.2 once"),
        ([0, 0, 1], r"order\[1\] = 0 is twice"),
        ([0, 3, 1], r"order\[1\] = 3 is outside 0\.\.2"),
        ([0, 5, 1], r"order\[1\] = 5 is outside 0\.\.2"),
        ([-1, 0, 1], r"order\[0\] = -1 is outside 0\.\.2"),
        ([0.0, 1.0, 2.0], r"order has dtype float64: give the feature indices 0\.\.2 as integers"),
        ([True, False, True], r"order has dtype bool"),
        (["0", "1", "2"], r"order has dtype <U1"),
    ],
)
def test_what_is_no_order_is_refused(order: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_order(order, 3, np.random.default_rng(0))


# ------------------------------------------------------------------------------------------------ degrees


@given(sizes, sizes, st.integers(0, 6))
def test_spread_degrees_are_sorted_and_even(width: int, n_features: int, n_context: int) -> None:
    degrees = spread_degrees(width, n_features, n_context)
    assert degrees.shape == (width,)
    assert (np.diff(degrees) >= 0).all()
    assert degrees.min() >= (0 if n_context else 1)
    assert degrees.max() <= max(n_features - 1, 1)
    counts = np.bincount(degrees, minlength=n_features)[1:n_features]
    if n_features > 1:
        assert counts.max() - counts.min() <= 1
    assert (degrees == 0).any() == (n_context > 0)


@pytest.mark.parametrize(
    ("width", "n_features", "n_context", "n_zero"),
    [
        (40, 20, 6, 6),  # a unit for each context input
        (40, 20, 30, 10),  # but a quarter of the layer at most
        (40, 5, 6, 8),  # at least the share of any other degree
        (24, 20, 6, 5),  # and none at the price of one of the degrees 1..19
        (5, 20, 6, 1),
        (7, 1, 1, 7),
    ],
)
def test_units_for_the_context(width: int, n_features: int, n_context: int, n_zero: int) -> None:
    rng = np.random.default_rng(0)
    for degrees in (
        spread_degrees(width, n_features, n_context),
        random_degrees(width, n_features, rng, n_context),
    ):
        assert (degrees == 0).sum() == n_zero


@given(sizes, sizes)
def test_spread_degrees_lack_none_as_soon_as_there_is_room(width: int, n_features: int) -> None:
    missing = set(range(1, n_features)) - set(spread_degrees(width, n_features).tolist())
    assert len(missing) == max(n_features - 1 - width, 0)


@given(sizes, sizes, st.integers(0, 6), seeds)
def test_random_degrees_lack_none_as_soon_as_there_is_room(
    width: int, n_features: int, n_context: int, seed: int
) -> None:
    degrees = random_degrees(width, n_features, np.random.default_rng(seed), n_context)
    assert degrees.shape == (width,)
    assert (np.diff(degrees) >= 0).all()
    assert degrees.max() <= max(n_features - 1, 1)
    assert (degrees == 0).any() == (n_context > 0)
    if (degrees > 0).sum() >= n_features - 1:
        assert set(range(1, n_features)) <= set(degrees.tolist())


def test_random_degrees_are_uniform_and_start_at_the_lowest() -> None:
    degrees = random_degrees(30_000, 7, np.random.default_rng(0), lowest=4)
    counts = np.bincount(degrees, minlength=7)
    assert not counts[:4].any()
    # Standard deviation of a count: sqrt(30000 * 1/3 * 2/3) = 82.
    np.testing.assert_allclose(counts[4:], 10_000, atol=5 * 82)


def test_refilled_degrees_still_differ_from_draw_to_draw() -> None:
    drawn = {tuple(random_degrees(12, 10, np.random.default_rng(seed)).tolist()) for seed in range(30)}
    assert len(drawn) > 20


@pytest.mark.parametrize("kind", ["spread", "random"])
def test_a_single_feature_has_hidden_units_all_the_same(kind: str) -> None:
    rng = np.random.default_rng(0)
    assert [set(layer.tolist()) for layer in make_degrees(kind, (3, 2), 1, rng)] == [{1}, {1}]
    assert [set(layer.tolist()) for layer in make_degrees(kind, (3, 2), 1, rng, n_context=1)] == [{0}, {0}]


@given(st.integers(2, 12), st.lists(st.integers(1, 30), min_size=2, max_size=4), seeds)
def test_random_degrees_of_deep_layers_start_where_the_layer_below_does(
    n_features: int, hidden: list[int], seed: int
) -> None:
    layers = make_degrees("random", hidden, n_features, np.random.default_rng(seed))
    for below, above in itertools.pairwise(layers):
        assert above.min() >= below.min()


@given(st.integers(2, 12), st.integers(0, 3), st.lists(st.integers(1, 30), min_size=2, max_size=4), seeds)
def test_random_degrees_of_deep_layers_waste_none_on_what_nobody_below_sees(
    n_features: int, n_context: int, hidden: list[int], seed: int
) -> None:
    layers = make_degrees("random", hidden, n_features, np.random.default_rng(seed), n_context=n_context)
    for below, above in itertools.pairwise(layers):
        seen, seeing = below[below > 0], above[above > 0]
        # Of a layer below that sees no feature, anything may follow: the highest degree does as well as any.
        lowest = min(seen, default=n_features - 1)
        assert min(seeing, default=lowest) >= lowest
        if len(seeing) >= n_features - lowest:
            assert set(seeing.tolist()) == set(range(lowest, n_features))


@pytest.mark.parametrize("n_features", [1, 2, 3])
def test_above_units_that_see_the_context_alone_stand_the_highest_degrees(n_features: int) -> None:
    rng = np.random.default_rng(0)
    below, above = make_degrees("random", (1, 4), n_features, rng, n_context=1)
    assert below.tolist() == [0]
    assert set(above.tolist()) - {0} == ({n_features - 1} if n_features > 1 else set())


def test_random_layers_of_equal_width_are_drawn_each_for_itself() -> None:
    first, second = make_degrees("random", (30, 30), 20, np.random.default_rng(0))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("kind", ["spread", "random"])
def test_residual_layers_of_equal_width_share_their_degrees(kind: str) -> None:
    layers = make_degrees(kind, (9, 9, 5, 5), 6, np.random.default_rng(1), residual=True)
    assert [len(layer) for layer in layers] == [9, 9, 5, 5]
    np.testing.assert_array_equal(layers[0], layers[1])
    np.testing.assert_array_equal(layers[2], layers[3])


def test_an_unknown_kind_of_degrees_is_refused() -> None:
    with pytest.raises(ValueError, match=r"kind='cyclic' is unknown: use one of \('spread', 'random'\)"):
        make_degrees("cyclic", (3,), 3, np.random.default_rng(0))


# -------------------------------------------------------------------------------------------------- masks

few = st.lists(st.integers(0, 5), min_size=1, max_size=7)


@given(few, few, st.booleans())
def test_a_mask_compares_degrees(above: list[int], below: list[int], strict: bool) -> None:
    mask = make_mask(np.array(above), np.array(below), strict=strict)
    assert mask.dtype == np.bool_
    np.testing.assert_array_equal(mask, naive.mask(above, below, strict=strict))


@given(st.lists(st.integers(1, 6), min_size=2, max_size=5), st.floats(0, 1), st.booleans(), seeds)
def test_connectivity_follows_every_path(widths: list[int], density: float, with_direct: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    masks = [rng.random((above, below)) < density for below, above in itertools.pairwise(widths)]
    direct = rng.random((widths[-1], widths[0])) < density if with_direct else None
    got = connectivity(masks, direct)
    for start in range(widths[0]):
        reached = {start}
        for mask in masks:
            reached = {o for o in range(len(mask)) if any(mask[o, i] for i in reached)}
        if direct is not None:
            reached |= set(np.flatnonzero(direct[:, start]).tolist())
        assert set(np.flatnonzero(got[:, start]).tolist()) == reached


def test_connectivity_of_direct_wires_alone_and_of_nothing() -> None:
    direct = np.tri(3, k=-1, dtype=bool)
    np.testing.assert_array_equal(connectivity([], direct), direct)
    with pytest.raises(ValueError, match="masks is empty and direct is None"):
        connectivity([])


def test_a_path_that_is_one_of_very_many_is_not_lost() -> None:
    ones = np.ones((300, 300), dtype=bool)
    assert connectivity([ones] * 20).all()  # 300^19 paths overflow float32 unless each step asks only "any?"


# ------------------------------------------------------------------------------------------------ what is refused

RNG = np.random.default_rng(0)
WRONG: list[tuple[Any, str]] = [
    (lambda: make_order("random", 0, RNG), "n_features"),
    (lambda: make_order("random", 3, "0"), "rng"),
    (lambda: make_order(None, 3, RNG), "order"),
    (lambda: position_of([0, 0]), "order"),
    (lambda: position_of([0.0]), "order"),
    (lambda: spread_degrees(0, 3), "width"),
    (lambda: spread_degrees(3, "3"), "n_features"),
    (lambda: spread_degrees(3, 3, -1), "n_context"),
    (lambda: random_degrees(3, 3, RNG, -1), "n_context"),
    (lambda: make_degrees("random", (), 3, RNG, n_context=-1), "n_context"),
    (lambda: random_degrees(3, 3, RNG, lowest=3), "lowest"),
    (lambda: random_degrees(3, 3, 1.5), "rng"),
    (lambda: random_degrees(10**400, 3, RNG), "width"),
    (lambda: make_degrees("random", 3, 3, RNG), "hidden"),
    (lambda: make_degrees("random", (3,), 3, RNG, residual="yes"), "residual"),
    (lambda: make_mask([1.0], [1]), "degrees_out"),
    (lambda: make_mask([1], [[1]]), "degrees_in"),
    (lambda: make_mask([1], [1], strict=1), "strict"),
    (lambda: connectivity(None), "masks"),
    (lambda: connectivity([np.zeros(3)]), "masks[0]"),
    (lambda: connectivity([np.ones((2, 3)), np.ones((4, 3))]), "masks[1]"),
    (lambda: connectivity([np.ones((2, 3))], np.ones((3, 2))), "direct"),
    (lambda: connectivity([], "direct"), "direct"),
]


@pytest.mark.parametrize(("call", "name"), WRONG)
def test_what_cannot_be_meant_is_named_and_draws_nothing(call: Any, name: str) -> None:
    before = RNG.bit_generator.state
    with pytest.raises((TypeError, ValueError), match=rf"^{re.escape(name)}\W"):
        call()
    assert RNG.bit_generator.state == before
