"""One order, one draw of degrees, and the masks that follow; and the sequence of a model's mask sets."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import models, orders, seeds

from made_np.distributions.plain import Categorical, Gaussian
from made_np.masks.sets import MIXTURE_SIZE, MaskSet
from made_np.model.made import MADE
from made_np.testing import check_masks

DISTRIBUTIONS = ["bernoulli", Categorical(3), Gaussian()]


def judge(made: MADE, one: MaskSet, **options: Any) -> Any:
    """The verdict of the public mask check on a mask set."""
    n_inputs = list(made.outputs.input_sizes)
    n_outputs = [output.n_raw for output in made.outputs.feature_outputs]
    return check_masks(
        one.masks,
        one.order,
        direct=one.direct,
        skips=one.skips,
        n_inputs=n_inputs,
        n_outputs=n_outputs,
        n_context=made.n_context,
        **options,
    )


@given(models(max_features=6))
def test_masks_and_skips_are_those_of_the_loops(made: MADE) -> None:
    one = made.mask_sets[0]
    masks, direct = naive.masks(made, one)
    assert len(one.masks) == len(masks) == (len(made.hidden) + 1 if made.hidden else 0)
    for got, want in zip(one.masks, masks, strict=True):
        assert got.dtype == np.bool_
        np.testing.assert_array_equal(got, want)
    assert (one.direct is None) == (direct is None)
    if direct is not None:
        np.testing.assert_array_equal(one.direct_wires, direct)
    for layer, width in enumerate(made.hidden):
        want_skip = [naive.skip(made, one, layer, unit) for unit in range(width)]
        got_skip = one.skips[layer]
        assert want_skip == ([False] * width if got_skip is None else got_skip.tolist())


@given(models(max_features=6))
def test_reachability_never_exceeds_what_the_order_allows(made: MADE) -> None:
    one = made.mask_sets[0]
    reach = one.reachability()
    assert reach.shape == (made.n_features, made.n_features)
    assert not (reach & ~naive.allowed(one.order)).any()
    if reach.any():  # the check takes a net without a single wire for a mistake
        assert judge(made, one, lost="note", dead="note").ok


@given(st.data(), st.integers(1, 9), st.integers(0, 3), st.sampled_from(["spread", "random"]), st.booleans(), seeds)
def test_with_auto_everything_that_the_order_allows_is_reached(
    data: st.DataObject, n_features: int, n_context: int, degrees: str, residual: bool, seed: int
) -> None:
    """Hidden layers narrower than D-1 included: there direct="auto" wires the inputs to the output."""
    hidden = data.draw(st.lists(st.integers(1, 20), min_size=2 * residual, max_size=3))
    if residual:
        hidden[1] = hidden[0]
    made = MADE(
        n_features,
        hidden,
        data.draw(st.lists(st.sampled_from(DISTRIBUTIONS), min_size=n_features, max_size=n_features)),
        order=data.draw(orders(n_features)),
        degrees=degrees,
        residual=residual,
        n_context=n_context,
        seed=seed,
    )
    one = made.mask_sets[0]
    np.testing.assert_array_equal(one.reachability(), naive.allowed(one.order))
    assert one.context_reachability().all() == (n_context > 0)
    assert judge(made, one, dead="note").ok


@pytest.mark.parametrize("degrees", ["spread", "random"])
@pytest.mark.parametrize("n_context", range(6))
def test_no_width_and_no_context_costs_a_dependency(n_context: int, degrees: str) -> None:
    for n_features in range(1, 10):
        for width in range(1, 14):
            made = MADE(n_features, (width,), degrees=degrees, n_context=n_context, seed=width)
            one = made.mask_sets[0]
            np.testing.assert_array_equal(one.reachability(), naive.allowed(one.order), err_msg=str(made))
            assert one.context_reachability().all() == (n_context > 0)


@given(st.integers(2, 12), st.integers(0, 15), st.integers(1, 3), st.sampled_from(["spread", "random"]), seeds)
def test_without_direct_wires_wide_layers_reach_all_and_have_no_dead_units(
    n_features: int, spare: int, depth: int, degrees: str, seed: int
) -> None:
    hidden = (n_features - 1 + spare,) * depth
    made = MADE(n_features, hidden, order="random", degrees=degrees, direct=False, seed=seed)
    one = made.mask_sets[0]
    np.testing.assert_array_equal(one.reachability(), naive.allowed(one.order))
    assert judge(made, one).ok


def test_reachability_reports_what_narrow_layers_lose() -> None:
    one = MADE(5, (1,), direct=False).mask_sets[0]
    assert one.degrees[0].tolist() == [3]
    want = np.zeros((5, 5), dtype=bool)
    want[3:, :3] = True
    np.testing.assert_array_equal(one.reachability(), want)


def test_a_feature_owns_blocks_of_inputs_and_of_outputs() -> None:
    made = MADE(3, (4,), [Categorical(3), "bernoulli", "gaussian"], order=[1, 2, 0], direct=True, n_context=2)
    one = made.mask_sets[0]
    assert one.position.tolist() == [2, 0, 1]
    assert one.input_degrees.tolist() == [3, 3, 3, 1, 2, 0, 0]
    assert one.output_degrees.tolist() == [3, 3, 3, 1, 2, 2]
    assert [mask.shape for mask in one.masks] == [(4, 7), (6, 4)]
    assert one.direct is not None
    assert one.direct.shape == (6, 7)
    assert one.reachability().astype(int).tolist() == [[0, 1, 1], [0, 0, 0], [0, 1, 0]]


def test_without_any_wire_nothing_is_reached() -> None:
    one = MADE(3, (), direct=False, n_context=1).mask_sets[0]
    assert one.masks == ()
    assert not one.reachability().any()
    assert not one.context_reachability().any()


def test_skips_stand_where_degrees_allow_and_never_at_the_ends() -> None:
    degrees = [[1, 2, 1], [2, 1, 1], [1, 1, 1, 1]]
    made = MADE(3, (3, 3, 4), degrees=degrees, residual=True)
    skips = made.mask_sets[0].skips
    assert len(skips) == 3  # one per hidden layer, none for the output
    assert skips[0] is None
    assert skips[1] is not None
    assert skips[1].tolist() == [True, False, True]
    assert skips[2] is None
    assert replace(made.mask_sets[0], residual=False).skips == (None, None, None)


@pytest.mark.parametrize("n_masks", [5, None])
def test_mask_sets_are_a_function_of_seed_and_index(n_masks: int | None) -> None:
    def build(seed: int) -> MADE:
        return MADE(9, (20, 20), order="random", degrees="random", n_masks=n_masks, seed=seed)

    forth, back, other = build(7), build(7), build(8)
    indices = [0, 1, 4] if n_masks else [0, 1, 4, MIXTURE_SIZE - 1, MIXTURE_SIZE, 1000]
    sets = {k: forth.mask_sets[k] for k in indices}
    for k in reversed(indices):
        again = back.mask_sets[k]
        np.testing.assert_array_equal(again.order, sets[k].order)
        assert all(np.array_equal(a, b) for a, b in zip(again.degrees, sets[k].degrees, strict=True))
    drawn = [tuple(one.order) for one in sets.values()] + [tuple(other.mask_sets[k].order) for k in indices]
    assert len(set(drawn)) == len(drawn)
    for a, b in itertools.combinations(sets.values(), 2):
        assert not np.array_equal(a.degrees[0], b.degrees[0])


def test_looking_at_a_mask_set_changes_none() -> None:
    made = MADE(6, (12,), order="random", degrees="random", n_masks=None)
    first = made.mask_sets[40].order.copy()
    for k in range(60):
        made.mask_sets[k].reachability()
    np.testing.assert_array_equal(made.mask_sets[40].order, first)


def test_an_endless_training_run_does_not_keep_what_it_visits_once() -> None:
    sets = MADE(6, (12,), order="random", n_masks=None).mask_sets
    assert sets[3] is sets[3]
    assert sets[MIXTURE_SIZE] is not sets[MIXTURE_SIZE]


def test_a_sequence_of_mask_sets_behaves_as_one() -> None:
    made = MADE(4, (6,), order="random", n_masks=3)
    assert len(made.mask_sets) == 3
    assert [one.order.tolist() for one in made.mask_sets] == [made.mask_sets[k].order.tolist() for k in range(3)]
    for k in (3, -1):
        with pytest.raises(IndexError, match=rf"mask_set={k} does not exist: this model has 0\.\.2"):
            made.mask_sets[k]


def test_an_endless_sequence_has_no_length() -> None:
    sets = MADE(4, (6,), order="random", n_masks=None).mask_sets
    with pytest.raises(TypeError, match="endless"):
        len(sets)
    with pytest.raises(IndexError, match="this model has any k >= 0"):
        sets[-1]
    assert len(list(itertools.islice(sets, 40))) == 40


def test_orders_of_ones_own_are_taken_set_by_set() -> None:
    own = [[2, 0, 1], [0, 1, 2]]
    made = MADE(3, (4,), order=own, n_masks=2)
    assert [one.order.tolist() for one in made.mask_sets] == own
    assert [one.order.tolist() for one in MADE(3, (4,), order=[2, 0, 1], n_masks=2, degrees="random").mask_sets] == [
        [2, 0, 1],
        [2, 0, 1],
    ]


def test_degrees_of_ones_own_are_taken_set_by_set() -> None:
    own = [[[1, 2, 2], [2, 1]], [[2, 2, 1], [1, 1]], [[1, 1, 1], [2, 2]]]
    made = MADE(3, (3, 2), degrees=own, n_masks=3)
    assert [[layer.tolist() for layer in one.degrees] for one in made.mask_sets] == own
    assert made.mask_sets.given == ("degrees",)
    np.testing.assert_array_equal(made.mask_sets.for_order([2, 0, 1]).degrees[0], own[0][0])


def test_masks_of_any_ensemble_can_be_represented() -> None:
    """Masks that were drawn elsewhere, as their authors do it: orders anew for each, units in any order."""
    rng = np.random.default_rng(0)
    orders_ = [rng.permutation(5) for _ in range(4)]
    drawn = [[rng.integers(1, 5, size=7), rng.integers(1, 5, size=6)] for _ in range(4)]
    made = MADE(5, (7, 6), order=orders_, degrees=drawn, n_masks=4, direct=False)
    for one, order, (first, second) in zip(made.mask_sets, orders_, drawn, strict=True):
        features = np.argsort(order) + 1
        want = [naive.mask(first, features), naive.mask(second, first), naive.mask(features, second, strict=True)]
        for got, mask in zip(one.masks, want, strict=True):
            np.testing.assert_array_equal(got, mask)


@pytest.mark.parametrize("given_sets", [("order",), ("degrees",), ("order", "degrees")])
def test_a_mixture_of_given_sets_is_of_the_first_ones(given_sets: tuple[str, ...]) -> None:
    sets = {"order": [[0, 1, 2], [2, 1, 0], [1, 0, 2]], "degrees": [[[1, 2]], [[2, 2]], [[1, 1]]]}
    made = MADE(3, (2,), n_masks=3, **{name: sets[name] for name in given_sets})
    for n in (1, 2, 3):
        for few, many in zip(made.mixture(n).mask_sets, made.mask_sets, strict=False):
            np.testing.assert_array_equal(few.order, many.order)
            np.testing.assert_array_equal(few.degrees[0], many.degrees[0])
        assert len(made.mixture(n).mask_sets) == n
    with pytest.raises(ValueError, match=rf"n_masks=4: {given_sets[0]} holds 3 mask sets"):
        made.mixture(4)


def test_the_set_for_an_order_has_the_degrees_of_set_0() -> None:
    made = MADE(4, (9,), order="random", degrees="random", n_masks=None)
    order = np.array([2, 0, 3, 1])
    one = made.mask_sets.for_order(order)
    assert order.flags.writeable  # the mask set's own copy is fixed, not the caller's array
    assert one.order.tolist() == [2, 0, 3, 1]
    np.testing.assert_array_equal(one.degrees[0], made.mask_sets[0].degrees[0])
    np.testing.assert_array_equal(one.reachability(), naive.allowed([2, 0, 3, 1]))


def test_large_masks_are_what_their_degrees_say() -> None:
    """4096-8000-8000-4096 in full, compared on slices with the loops."""
    made = MADE(4096, (8000, 8000), order="random", degrees="random")
    one = made.mask_sets[0]
    assert [mask.shape for mask in one.masks] == [(8000, 4096), (8000, 8000), (4096, 8000)]
    layers = [one.position + 1, *one.degrees, one.position + 1]
    picks = [np.linspace(0, len(layer) - 1, 60, dtype=int) for layer in layers]
    for k, mask in enumerate(one.masks):
        above, below = layers[k + 1][picks[k + 1]].tolist(), layers[k][picks[k]].tolist()
        want = naive.mask(above, below, strict=k == 2)
        np.testing.assert_array_equal(mask[np.ix_(picks[k + 1], picks[k])], want)
    # A row of a sorted mask sees a prefix: its length is the number of units below that are not higher.
    first, second = one.degrees
    np.testing.assert_array_equal(one.masks[1].sum(axis=1), np.searchsorted(first, second, side="right"))


@pytest.mark.parametrize("k", [0.0, "0", True, None, [0], np.array(0), 10**400])
def test_an_index_is_an_integer(k: Any) -> None:
    for sets in (MADE(4, (6,), order="random", n_masks=n).mask_sets for n in (2, None)):
        with pytest.raises((TypeError, ValueError), match=r"^k="):
            sets[k]


def test_any_order_has_its_mask_set() -> None:
    sets = MADE(4, (6,)).mask_sets
    np.testing.assert_array_equal(sets.for_order([2, 0, 1, 3]).order, [2, 0, 1, 3])
    for wrong in ([0, 1], [0, 1, 2, 2], "natural", None, [0.0, 1.0, 2.0, 3.0]):
        with pytest.raises((TypeError, ValueError), match=r"^order(\[3\])? "):
            sets.for_order(wrong)
