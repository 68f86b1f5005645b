"""What the strategies draw is what they promise."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from made_np.testing import strategies
from made_np.testing.networks import Network
from made_np.testing.plans import Plan, random_plan


@given(strategies.sizes(max_features=4, max_layers=2, max_units=3))
def test_sizes_keep_their_bounds(drawn: tuple[int, tuple[int, ...]]) -> None:
    n_features, hidden = drawn
    assert 1 <= n_features <= 4
    assert len(hidden) <= 2
    assert all(1 <= width <= 3 for width in hidden)


@given(st.integers(1, 6).flatmap(lambda n: st.tuples(st.just(n), strategies.orders(n))))
def test_orders_are_permutations(drawn: tuple[int, Any]) -> None:
    n_features, order = drawn
    assert sorted(order.tolist()) == list(range(n_features))
    assert order.dtype == np.int64


@given(st.data(), st.integers(2, 6), st.integers(0, 1))
def test_complete_degrees_leave_none_out(data: Any, n_features: int, lowest: int) -> None:
    width = n_features - lowest + data.draw(st.integers(0, 3))
    drawn = data.draw(strategies.degrees(n_features, width, lowest=lowest, complete=True))
    assert len(drawn) == width
    assert set(drawn) == set(range(lowest, n_features))
    free = data.draw(strategies.degrees(n_features, width, lowest=lowest))
    assert set(free) <= set(range(lowest, n_features))


def test_too_narrow_a_layer_cannot_be_complete() -> None:
    with pytest.raises(ValueError, match="cannot hold each of the 4 degrees"):
        strategies.degrees(5, 3, complete=True)


@pytest.mark.parametrize(
    "wanted",
    [
        lambda plan: plan.n_features == 1,
        lambda plan: not plan.degrees,
        lambda plan: len(plan.degrees) == 3,
        lambda plan: any(skip is not None and not skip.all() for skip in plan.skips),
        lambda plan: plan.direct is None and plan.n_context == 2,
        lambda plan: plan.n_params == 2,
        lambda plan: any(len(layer) < plan.n_features - 1 for layer in plan.degrees),
        lambda plan: not np.array_equal(plan.order, np.argsort(plan.order)),
    ],
)
def test_every_kind_of_mask_set_occurs(wanted: Any) -> None:
    any_will_do = settings(phases=[Phase.generate], max_examples=1000)  # the smallest of them is not looked for
    assert wanted(find(strategies.mask_sets(), wanted, settings=any_will_do))


@given(strategies.networks(n_params=1, n_context=0, max_features=3, max_layers=1))
def test_networks_follow_their_bounds(net: Network) -> None:
    plan: Plan = net.plan
    assert plan.n_features <= 3
    assert len(plan.degrees) <= 1
    assert (plan.n_params, plan.n_context) == (1, 0)
    assert net.params(net.x).shape == net.x.shape


def test_random_plans_are_of_every_kind_too() -> None:
    plans = [random_plan(np.random.default_rng(seed)) for seed in range(200)]
    assert {plan.n_features for plan in plans} == {1, 2, 3, 4, 5}
    assert {len(plan.degrees) for plan in plans} == {0, 1, 2}
    assert {plan.direct is None for plan in plans} == {True, False}


def test_without_hypothesis_the_message_says_so() -> None:
    code = (
        "import sys; sys.modules['hypothesis'] = sys.modules['hypothesis.strategies'] = None\n"
        "from made_np.testing import strategies, suite\n"
        "try: strategies.orders(3)\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "made_np.testing.strategies needs hypothesis: pip install hypothesis"
