"""check_masks: the product must EQUAL what the order allows."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from made_np.testing import Report, check_masks, strategies
from made_np.testing.plans import Plan, make_plan
from made_np.testing.wiring import before, feature_of_columns, find_cycle, find_order, position_of

Array = NDArray[Any]
ORDER = [2, 0, 3, 1, 4]
PLAN = make_plan(ORDER, [[1, 2, 3, 4, 2], [4, 3, 2, 1, 1]])


def check(plan: Plan = PLAN, **changes: Any) -> Report:
    given_: dict[str, Any] = {
        "masks": plan.masks,
        "order": plan.order,
        "direct": plan.direct,
        "skips": plan.skips,
        "n_outputs": plan.n_params,
        "n_context": plan.n_context,
    } | changes
    return check_masks(given_.pop("masks"), given_.pop("order"), **given_)


def with_wire(layer: int, place: tuple[int, int], there: bool) -> list[Array]:
    masks = [mask.copy() for mask in PLAN.masks]
    masks[layer][place] = there
    return masks


@given(strategies.mask_sets())
def test_every_correct_mask_set_passes_with_its_order_and_without(plan: Plan) -> None:
    assert check(plan).ok, check(plan)
    assert check(plan, order=None).ok


@given(strategies.mask_sets(max_features=5), st.data())
def test_any_wire_that_leaks_is_found(plan: Plan, data: Any) -> None:
    D = plan.n_features
    own = position_of(plan.order)
    i, j = data.draw(st.sampled_from([(i, j) for i in range(D) for j in range(D) if own[i] <= own[j]]))
    shape = (D * plan.n_params, D + plan.n_context)
    direct = np.zeros(shape, dtype=bool) if plan.direct is None else plan.direct.copy()
    direct[i * plan.n_params, j] = True
    report = check(plan, direct=direct)
    assert any(failure.where.startswith(f"output {i} <- input {j}") for failure in report.failures)


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_each_wire_of_a_tight_network_counts(layer: int) -> None:
    tight = make_plan(ORDER, [[1, 2, 3, 4], [1, 2, 3, 4]])
    base = [mask.copy() for mask in tight.masks]
    for place in np.ndindex(base[layer].shape):
        masks = [mask.copy() for mask in base]
        masks[layer][place] = not masks[layer][place]
        report = check(tight, masks=masks)
        product = masks[2].astype(int) @ masks[1] @ masks[0] > 0
        assert report.ok == np.array_equal(product, before(ORDER)), (place, report)


def test_a_leak_names_output_and_input_and_explains_itself() -> None:
    own = position_of(ORDER) + 1
    report = check(masks=[*PLAN.masks[:2], own[:, None] >= PLAN.degrees[1]])
    assert {f.where for f in report.failures} == {f"output {d} <- input {d}" for d in ORDER[:4]}
    assert "outputs see their own input" in report.hint


def test_order_for_position_is_recognised() -> None:
    wrong = make_plan(position_of(ORDER), PLAN.degrees)
    assert "order used for position" in check(wrong, order=ORDER).hint
    natural_is_its_own_inverse = make_plan(range(5), PLAN.degrees)
    assert check(natural_is_its_own_inverse).ok


def test_a_reversed_order_is_recognised() -> None:
    assert "reversed order" in check(make_plan(ORDER[::-1], PLAN.degrees), order=ORDER).hint


def test_over_masking_is_a_failure_or_a_note() -> None:
    masks = [PLAN.masks[0], PLAN.degrees[1][:, None] > PLAN.degrees[0], PLAN.masks[2]]
    report = check(masks=masks, dead="note")
    assert not report.ok
    assert "neighbours in the order" in report.hint
    noted = check(masks=masks, lost="note", dead="note")
    assert noted.ok
    assert "allowed pairs are lost" in noted.notes[0]


def test_no_wires_at_all_fail_even_where_losses_are_noted() -> None:
    empty = [np.zeros_like(mask) for mask in PLAN.masks]
    assert not check(masks=empty, lost="note", dead="note").ok


@pytest.mark.parametrize(
    ("degrees", "where"),
    [
        ([[1, 2, 3, 4, 0]], "hidden 0, unit 4: hears no input"),
        ([[1, 2, 5, 3, 4]], "hidden 0, unit 2: reaches no output"),
        ([[1, 2, 3, 4], [4, 3, 2, 0, 1]], "hidden 1, unit 3: hears no input"),
        ([[5, 1, 2, 3, 4], [1, 2, 3, 4]], "hidden 0, unit 0: reaches no output"),
    ],
)
def test_dead_units_are_named(degrees: list[list[int]], where: str) -> None:
    report = check(make_plan(ORDER, degrees))
    assert [failure.where for failure in report.failures] == [where]
    assert "dead" in report.hint
    assert check(make_plan(ORDER, degrees), dead="note").ok


def test_one_feature_is_a_bias_and_its_units_are_dead_by_nature() -> None:
    report = check_masks([np.zeros((2, 1), dtype=bool), np.ones((1, 2), dtype=bool)], [0])
    assert report.ok
    assert "2 hidden units are dead" in report.notes[0]
    assert not check_masks([np.ones((2, 1), dtype=bool), np.ones((1, 2), dtype=bool)], [0]).ok


def test_an_identity_skip_is_followed() -> None:
    degrees = [[4, 3, 2, 1], [1, 2, 3, 4]]
    leaking = check(make_plan(ORDER, degrees), skips=[None, np.ones(4, dtype=bool)])
    assert "identity skip" in leaking.hint
    assert check(make_plan(ORDER, degrees, skips=True)).ok
    at_output = make_plan(ORDER, [[1, 2, 3, 4, 1]])
    assert "identity skip" in check(at_output, skips=[None, np.ones(5, dtype=bool)]).hint


def test_a_skip_carries_what_no_wire_does() -> None:
    plan = make_plan(ORDER, [[1, 2, 3, 4], [1, 2, 3, 4]], skips=True)
    cut = [plan.masks[0], np.zeros((4, 4), dtype=bool), plan.masks[2]]
    assert check(plan, masks=cut).ok
    assert not check(plan, masks=cut, skips=None).ok


def test_direct_wires_count_and_may_stand_alone() -> None:
    assert check_masks([], ORDER, direct=before(ORDER)).ok
    report = check_masks([], ORDER, direct=before(ORDER) | np.eye(5, dtype=bool))
    assert report.n_failed == 5
    assert "direct" in report.hint
    narrow = make_plan(ORDER, [[2]])
    assert not check(narrow).ok
    assert check(narrow, direct=before(ORDER)).ok


def test_context_must_reach_every_output_the_first_too() -> None:
    deaf = make_plan(ORDER, [[1, 2, 3, 4]], n_context=2)
    report = check(deaf)
    assert [f.where for f in report.failures] == ["output 2 <- context 0", "output 2 <- context 1"]
    assert "degree 0" in report.hint
    assert check(make_plan(ORDER, [[0, 1, 2, 3, 4]], n_context=2)).ok
    assert check(make_plan(ORDER, [[1, 2, 3, 4]], n_context=2, direct=True)).ok


def test_features_may_own_several_units() -> None:
    counts_in, counts_out = [1, 3, 2, 1, 1], [2, 3, 1, 1, 2]
    own = position_of(ORDER) + 1
    degree_in, degree_out, hidden = np.repeat(own, counts_in), np.repeat(own, counts_out), np.array([1, 2, 3, 4])
    masks = [hidden[:, None] >= degree_in, degree_out[:, None] > hidden]
    assert check_masks(masks, ORDER, n_inputs=counts_in, n_outputs=counts_out).ok
    masks[1] = degree_out[:, None] >= hidden
    report = check_masks(masks, ORDER, n_inputs=counts_in, n_outputs=counts_out)
    assert "output 1 <- input 1 (units 2 <- 1)" in [f.where for f in report.failures]
    assert not check_masks(masks, None, n_inputs=counts_in, n_outputs=counts_out).ok


def test_the_layout_of_outputs_matters() -> None:
    plan = make_plan(ORDER, [[1, 2, 3, 4]], n_params=2)
    blocked = plan.masks[1][np.argsort(feature_of_columns(5, 2, "blocked"), kind="stable").argsort()]
    assert not check(plan, masks=[plan.masks[0], blocked]).ok
    assert check(plan, masks=[plan.masks[0], blocked], layout="blocked").ok


def test_an_unknown_order_may_be_any_but_no_circle() -> None:
    report = check(order=None)
    assert report.ok
    assert "the order is unknown" in report.notes[0]
    circle = before(range(5)).copy()
    circle[0, 1] = True
    report = check_masks([], None, direct=circle)
    assert report.failures[0].where == "output 0 <- 1 <- 0"
    assert "circle" in report.hint


def test_what_is_no_mask_is_reported_not_raised() -> None:
    for odd in (PLAN.masks[0] * 2, PLAN.masks[0] * np.nan, PLAN.masks[0][0], PLAN.masks[0].astype(str)):
        report = check(masks=[odd, *PLAN.masks[1:]])
        assert [failure.where for failure in report.failures] == ["masks[0]"]
    assert check(masks=[mask.astype(np.float32) for mask in PLAN.masks]).ok


def test_masks_that_do_not_fit_are_reported_and_transposed_ones_recognised() -> None:
    plan = make_plan(ORDER, [[1, 2, 3, 4, 2, 2], [4, 3, 2, 1]])
    report = check(plan, masks=[mask.T for mask in plan.masks])
    assert "transpose" in report.hint
    report = check(plan, masks=plan.masks[:2])
    assert [failure.where for failure in report.failures] == ["masks[1].shape"]
    assert check(direct=np.zeros((4, 5), dtype=bool)).failures[0].where == "direct.shape"
    assert check(skips=[np.ones(4, dtype=bool)]).failures[0].where == "skips[0].shape"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"order": [0, 0, 1, 2, 3]}, r"permutation of 0\.\.4"),
        ({"lost": "raise"}, "lost='raise' is unknown: use one of \\('fail', 'note'\\)"),
        ({"dead": "raise"}, "dead='raise' is unknown"),
        ({"masks": []}, "nothing to check"),
        ({"skips": [None] * 4}, "skips has 4 entries for 3 masks"),
        ({"layout": "mixed"}, "layout='mixed' is unknown"),
        ({"n_outputs": [1, 2]}, "2 counts of columns for 5 features"),
        ({"n_outputs": -1}, "n_outputs=-1: give an integer in 0"),
    ],
)
def test_bad_arguments_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check(**change)


def test_every_failure_is_counted_even_if_not_all_are_kept() -> None:
    report = check_masks([], np.arange(60), direct=np.ones((60, 60), dtype=bool))
    assert report.n_failed == 60 * 61 // 2
    assert len(report.failures) == 1000


# ------------------------------------------------------------------------------------------------ orders, columns


@given(st.permutations(range(6)))
def test_position_is_the_inverse_of_order(order: list[int]) -> None:
    position = position_of(order)
    assert [order[position[d]] for d in range(6)] == list(range(6))
    may = before(order)
    for place, d in enumerate(order):
        assert set(np.flatnonzero(may[d])) == set(order[:place])
    np.testing.assert_array_equal(find_order(may), order)
    assert find_cycle(may) == []


@given(st.integers(1, 6), st.randoms(use_true_random=False))
def test_a_cycle_is_found_if_there_is_one(n: int, random: Any) -> None:
    depends = np.array([[random.random() < 0.3 for _ in range(n)] for _ in range(n)])
    power, nilpotent = np.eye(n), True
    for _ in range(n):
        power = power @ depends
    nilpotent = not power.any()
    cycle = find_cycle(depends)
    assert (cycle == []) == nilpotent
    if cycle:
        assert cycle[0] == cycle[-1]
        assert all(depends[i, j] for i, j in pairwise(cycle))
        with pytest.raises(ValueError, match="cycle"):
            find_order(depends)


def test_blocked_columns_need_equal_counts() -> None:
    with pytest.raises(ValueError, match="same number of columns"):
        feature_of_columns(2, [1, 2], "blocked")
    np.testing.assert_array_equal(feature_of_columns(2, [2, 2], "blocked"), [0, 1, 0, 1])
