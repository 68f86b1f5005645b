"""What each "auto" stands for: functions of what is asked and of the table."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from made_np import Bernoulli, Categorical, DiscretizedLogistic, Gaussian, MixtureOfLogistics, WithAtoms
from made_np.estimator import rules
from made_np.estimator.rules import FEWEST, FEWEST_SHARED, MOST, MOST_WIRES, ROWS_PER_UNIT

BITS = (Bernoulli(),) * 3
MIXED = (Bernoulli(), Gaussian(), Categorical(4))


@pytest.mark.parametrize(
    ("n_rows", "n_columns", "width"),
    [(150, 3, FEWEST), (600 * ROWS_PER_UNIT, 3, 600), (10**9, 3, MOST), (10**9, 800, MOST_WIRES // 800)],
)
def test_the_width_follows_the_table(n_rows: int, n_columns: int, width: int) -> None:
    assert rules.hidden_layer_sizes("auto", n_rows, n_columns, 1) == (width,)
    assert rules.hidden_layer_sizes("auto", 10**9, 10**6, 1) == (FEWEST,)


@pytest.mark.parametrize("n_masks", [2, 64, None])
def test_mask_sets_that_share_units_have_more_of_them(n_masks: int | None) -> None:
    assert rules.hidden_layer_sizes("auto", 50, 10, n_masks) == (FEWEST_SHARED,)
    assert rules.hidden_layer_sizes("auto", 32_000, 10, n_masks) == (2_000,)
    assert rules.hidden_layer_sizes("auto", 50, 10**6, n_masks) == (FEWEST,)
    assert rules.hidden_layer_sizes("auto", 0, 10, n_masks) == (FEWEST,)  # a trial


@pytest.mark.parametrize(
    ("outputs", "wires"),
    [
        (BITS, True),
        (MIXED, True),
        ((Categorical(4), Bernoulli()), "auto"),
        ((Categorical(2), Categorical(2), Bernoulli()), "auto"),
        ((Categorical(2), Bernoulli(), Bernoulli()), True),  # as many inputs of bits as of codes
        ((DiscretizedLogistic(256),) * 2, True),
        ((Categorical(9), MixtureOfLogistics(2)), True),
    ],
)
def test_codes_do_without_direct_wires(outputs: Any, wires: Any) -> None:
    assert rules.direct_wires("auto", outputs) == wires


REAL = (Gaussian(), MixtureOfLogistics(2), WithAtoms(Gaussian(), (0.0,)))


@pytest.mark.parametrize("outputs", [REAL, (Bernoulli(), MixtureOfLogistics(2))])
def test_real_columns_are_learned_by_all_units(outputs: Any) -> None:
    assert rules.dropout("auto", (7,), outputs, 10) == rules.REAL_DROPOUT < rules.dropout("auto", (7,), BITS, 10)


def test_real_columns_are_learned_slowly_beside_others_or_by_wide_layers() -> None:
    beside = rules.learning_rate("auto", (7,), (Bernoulli(), MixtureOfLogistics(2)))
    assert beside == rules.learning_rate("auto", (501,), (Gaussian(),)) * (501 / 500) ** 0.5 == rules.REAL_RATE
    assert rules.learning_rate("auto", (7,), REAL) == rules.learning_rate("auto", (7,), BITS) == rules.RATE


@pytest.mark.parametrize(("n", "widths"), [(2, (64, 64, 64)), (11, (200, 200)), (15, (400, 400)), (63, (512, 512))])
def test_tables_of_real_columns_have_several_layers(n: int, widths: tuple[int, ...]) -> None:
    assert rules.hidden_layer_sizes("auto", 2_000, n, 1, (Gaussian(),) * n) == widths
    assert rules.hidden_layer_sizes("auto", 0, n, "paths", (Gaussian(),) * n) == widths
    assert len(rules.hidden_layer_sizes("auto", 2_000, n, 1, (Bernoulli(),) * n + (Gaussian(),))) == 1


def test_the_rate_falls_with_the_widest_layer() -> None:
    rates = [rules.learning_rate("auto", hidden, BITS) for hidden in ((), (3, 500), (2_000,), (5, 2_000, 1))]
    assert rates == [rules.RATE, rules.RATE, rules.RATE / 2, rules.RATE / 2]


def test_many_rows_want_less_dropout_and_no_units_none() -> None:
    shares = [rules.dropout("auto", (7,), BITS, n) for n in (rules.MANY_ROWS - 1, rules.MANY_ROWS)]
    assert shares == [rules.DROPOUT, rules.LESS_DROPOUT]
    assert rules.dropout(0.9, (), BITS, 10) == 0.0


@pytest.mark.parametrize(
    ("n_params", "steps"),
    [(1, rules.MAX_STEPS), (2_500_000, 15_000), (10**12, rules.FEWEST_STEPS)],
)
def test_a_large_model_makes_fewer_steps(n_params: int, steps: int) -> None:
    assert rules.most_steps(n_params) == steps


@pytest.mark.parametrize("per_epoch", [1, 7, 10**6])
def test_epochs_are_as_many_as_make_the_steps(per_epoch: int) -> None:
    assert rules.epochs("auto", 1_000, per_epoch) == max(rules.MIN_EPOCHS, math.ceil(1_000 / per_epoch))


@pytest.mark.parametrize(("n_mixed", "every"), [(1, 1), (64, 9), (32, 5)])
def test_validation_costs_a_quarter_of_training(n_mixed: int, every: int) -> None:
    assert rules.validate_every(n_mixed, 900, 100) == every
    assert rules.validate_every(n_mixed, 900, 0) == 1


@pytest.mark.parametrize("value", [(3,), 0.25, 5, True])
def test_what_is_given_is_never_changed(value: Any) -> None:
    if isinstance(value, tuple):
        assert rules.hidden_layer_sizes(value, 10**9, 3, None) == value
    assert rules.direct_wires(value, (Categorical(4),)) is value
    assert rules.learning_rate(value, (2_000,), BITS) is value
    assert rules.dropout(value, (7,), BITS, 10**6) is value
    assert rules.epochs(value, 10, 1) is value


@pytest.mark.parametrize(("n_features", "n_homes"), [(1, 1), (2, 2), (3, 6), (4, 8), (60, 8)])
def test_homes_are_different_orders_each_with_its_reverse(n_features: int, n_homes: int) -> None:
    found = rules.homes(n_features, 3)
    assert found.shape == (n_homes, n_features)
    assert len({tuple(order) for order in found.tolist()}) == n_homes
    for order, other in zip(found[::2], found[1::2], strict=n_features > 1):
        assert sorted(order.tolist()) == list(range(n_features))
        np.testing.assert_array_equal(other, order[::-1])
    np.testing.assert_array_equal(found, rules.homes(n_features, 3))
