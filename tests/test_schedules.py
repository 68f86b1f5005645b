"""Schedules: values that can be worked out by hand, and clear errors."""

from __future__ import annotations

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_np.schedules import (
    Schedule,
    StepDecay,
    Warmup,
    constant,
    cosine,
    get_schedule,
    linear,
)

ALL: list[Schedule] = [constant, linear, cosine, StepDecay(0.5, 10), Warmup(7, then=cosine)]


def test_constant() -> None:
    assert [constant(step, 10) for step in (0, 5, 10)] == [1.0, 1.0, 1.0]


def test_linear() -> None:
    assert [linear(step, 10) for step in (0, 1, 5, 10, 11)] == [1.0, 0.9, 0.5, 0.0, 0.0]


def test_cosine() -> None:
    got = [cosine(step, 12) for step in (0, 3, 4, 6, 8, 12, 20)]
    half_root = math.sqrt(2) / 4
    assert got == pytest.approx([1.0, 0.5 + half_root, 0.75, 0.5, 0.25, 0.0, 0.0])


def test_step_decay_falls_in_stairs_whatever_the_length_of_the_run() -> None:
    stairs = StepDecay(factor=0.1, every=3)
    assert [stairs(step, 1) for step in (0, 2, 3, 5, 6)] == pytest.approx([1, 1, 0.1, 0.1, 0.01])


def test_warmup_rises_evenly_and_hands_over_what_is_left() -> None:
    warm = Warmup(4, then=linear)
    assert [warm(step, 14) for step in range(4)] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert [warm(step, 14) for step in (4, 9, 14)] == [1.0, 0.5, 0.0]


def test_warmup_longer_than_the_run() -> None:
    assert Warmup(10)(10, 5) == 1.0
    assert Warmup(0)(0, 5) == 1.0


@given(
    schedule=st.sampled_from(ALL),
    total=st.integers(1, 10_000),
    part=st.floats(0, 1),
)
def test_multipliers_lie_between_0_and_1(schedule: Schedule, total: int, part: float) -> None:
    assert 0.0 <= schedule(int(part * total), total) <= 1.0


@pytest.mark.parametrize("schedule", ALL, ids=repr)
def test_schedules_pickle(schedule: Schedule) -> None:
    again = pickle.loads(pickle.dumps(schedule))
    assert [again(s, 20) for s in range(20)] == [schedule(s, 20) for s in range(20)]


def test_get_schedule() -> None:
    assert get_schedule(None) is constant
    names: list[tuple[str, Schedule]] = [
        ("constant", constant),
        ("linear", linear),
        ("cosine", cosine),
    ]
    for name, schedule in names:
        assert get_schedule(name) is schedule
    warm = Warmup(3)
    assert get_schedule(warm) is warm
    with pytest.raises(ValueError, match=r"'cos' is unknown: use one of \['constant', 'cosine'"):
        get_schedule("cos")
    with pytest.raises(TypeError, match="neither a name nor a function"):
        get_schedule(0.5)  # type: ignore[arg-type]


def test_bad_values_are_named() -> None:
    with pytest.raises(ValueError, match="factor=0 "):
        StepDecay(factor=0, every=3)
    with pytest.raises(ValueError, match="factor=2 "):
        StepDecay(factor=2, every=3)
    with pytest.raises(ValueError, match="every=0 "):
        StepDecay(factor=0.5, every=0)
    with pytest.raises(ValueError, match="steps=-1 "):
        Warmup(-1)
