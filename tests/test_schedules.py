"""Schedules: values that can be worked out by hand, and clear errors."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from dataclasses import replace

import pytest
from called import called
from hypothesis import given
from hypothesis import strategies as st

from made_np.schedules import (
    Constant,
    ReduceOnPlateau,
    Schedule,
    ScheduleError,
    StepDecay,
    WarmRestarts,
    Warmup,
    after,
    constant,
    cosine,
    get_schedule,
    linear,
    multiplier,
)

ALL: list[Schedule] = [
    *[constant, linear, cosine, StepDecay(0.5, 10), Warmup(7, then=cosine), Constant(0.3)],
    *[WarmRestarts(6), WarmRestarts(6, growth=2), WarmRestarts(5, growth=1.3), ReduceOnPlateau()],
]


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


def test_warm_restarts_repeat_the_cosine() -> None:
    restarts = WarmRestarts(12)
    assert [restarts(step, 1) for step in range(36)] == [cosine(step % 12, 12) for step in range(36)]
    assert WarmRestarts(7)(7 * 10**9 + 3, 1) == cosine(3, 7)


def test_warm_restarts_grow() -> None:
    restarts = WarmRestarts(2, growth=3)  # periods of 2, 6, 18 steps
    want = [cosine(step, period) for period in (2, 6, 18) for step in range(period)]
    assert [restarts(step, 1) for step in range(26)] == want
    uneven = WarmRestarts(2, growth=1.5)  # of 2, 3, 4.5, 6.75: the fourth begins at 9.5
    assert [uneven(step, 1) for step in (2, 5)] == [1.0, 1.0]
    assert uneven(10, 1) == pytest.approx((1 + math.cos(math.pi * 0.5 / 6.75)) / 2)


def multipliers(schedule: Schedule, valid: list[float]) -> list[float]:
    """What holds after 0, 1, 2, ... epochs."""
    return [after(schedule, valid[:n])(17, 100) for n in range(len(valid) + 1)]


def test_a_plateau_reduces_after_so_many_epochs_that_are_no_better() -> None:
    schedule = ReduceOnPlateau(factor=0.1, patience=3, floor=0.05)
    #        best  1    2    3 down  best  1    2    3 down  1    2    3: at the floor
    valid = [5.0, 5.0, 6.0, 5.5, 4.0, 4.0, 4.1, 4.2, 4.3, 4.3, 4.3]
    assert multipliers(schedule, valid) == [1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05]
    assert multipliers(schedule, [3.0, 2.0, 1.0, 0.0, -1.0]) == [1] * 6
    assert multipliers(ReduceOnPlateau(patience=1), [math.inf, 1.0, 1.0, 1.0]) == [1, 0.5, 0.5, 0.25, 0.125]


def test_a_plateau_never_reached_twice_by_one_wait() -> None:
    assert multipliers(ReduceOnPlateau(0.5, 2), [1.0] * 7) == [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125]


def test_a_warmup_hands_the_losses_on() -> None:
    warm = Warmup(4, then=ReduceOnPlateau(0.5, 1))
    down = after(warm, [1.0, 1.0])
    assert [down(step, 100) for step in (0, 4)] == [0.2, 0.5]
    assert warm(4, 100) == 1.0, "the object itself has not changed"
    assert after(Warmup(4, then=cosine), [1.0, 1.0]) == Warmup(4, then=cosine)
    assert after(cosine, [1.0]) is cosine


def test_a_plateau_needs_losses() -> None:
    with pytest.raises(ValueError, match=r"ReduceOnPlateau\(.*needs validation losses: give validation rows as valid"):
        ReduceOnPlateau().after([math.nan])


@given(
    schedule=st.sampled_from(ALL),
    total=st.integers(1, 10_000),
    part=st.floats(0, 1),
)
def test_multipliers_lie_between_0_and_1(schedule: Schedule, total: int, part: float) -> None:
    assert 0.0 <= schedule(int(part * total), total) <= 1.0


@pytest.mark.parametrize("schedule", ALL, ids=called)
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
    assert get_schedule("plateau") == ReduceOnPlateau()
    for name, schedule in names:
        assert get_schedule(name) is schedule
    warm = Warmup(3)
    assert get_schedule(warm) is warm
    with pytest.raises(ValueError, match=r"'cos' is unknown: use one of \['constant', 'cosine'"):
        get_schedule("cos")
    with pytest.raises(TypeError, match="neither a name nor a function"):
        get_schedule(0.5)  # type: ignore[arg-type]


def test_bad_values_are_named() -> None:
    with pytest.raises(ValueError, match=r"factor=0: give a number in \(0, 1\]"):
        StepDecay(factor=0, every=3)
    with pytest.raises(ValueError, match="factor=2: "):
        StepDecay(factor=2, every=3)
    with pytest.raises(ValueError, match="every=0: give an integer >= 1"):
        StepDecay(factor=0.5, every=0)
    with pytest.raises(ValueError, match="steps=-1: give an integer >= 0"):
        Warmup(-1)
    for growth in (0.9, math.nan, math.inf):
        with pytest.raises(ValueError, match=rf"growth={growth}: give a number in \[1, inf\)"):
            WarmRestarts(5, growth=growth)
    with pytest.raises(ValueError, match="steps=0: "):
        WarmRestarts(0)
    for factor in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match=rf"factor={factor}: give a number in \(0, 1\)"):
            ReduceOnPlateau(factor)
    with pytest.raises(ValueError, match="patience=0: "):
        ReduceOnPlateau(patience=0)
    with pytest.raises(ValueError, match=r"floor=-0\.1: "):
        ReduceOnPlateau(floor=-0.1)


@pytest.mark.parametrize("name", ["constant", "linear", "cosine", "plateau"])
def test_warmup_takes_the_names_of_schedules(name: str) -> None:
    warm = Warmup(3, then=name)  # type: ignore[arg-type]
    assert warm == Warmup(3, then=get_schedule(name))
    assert warm(9, 100) == get_schedule(name)(6, 97)
    assert Warmup(2, then=Warmup(3, then=name))(20, 100) == get_schedule(name)(15, 95)  # type: ignore[arg-type]


@pytest.mark.parametrize("then", ["cos", 0.5, ReduceOnPlateau, None.__class__, [cosine]])
def test_warmup_refuses_what_is_no_schedule(then: object) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^then="):
        Warmup(3, then=then)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "make",
    [
        lambda wrong: Constant(wrong),
        lambda wrong: StepDecay(factor=wrong, every=2),
        lambda wrong: StepDecay(factor=0.5, every=wrong),
        lambda wrong: WarmRestarts(steps=wrong),
        lambda wrong: WarmRestarts(3, growth=wrong),
        lambda wrong: ReduceOnPlateau(factor=wrong),
        lambda wrong: ReduceOnPlateau(patience=wrong),
        lambda wrong: ReduceOnPlateau(floor=wrong),
        lambda wrong: Warmup(wrong),
        lambda wrong: replace(StepDecay(0.5, 2), every=wrong),
    ],
)
@pytest.mark.parametrize("wrong", ["0.5", True, None, math.nan, -1, 10**400, [1], 2j])
def test_numbers_of_a_schedule_are_numbers(make: Callable[[object], object], wrong: object) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^(multiplier|factor|every|steps|growth|patience|floor)="):
        make(wrong)


@pytest.mark.parametrize("schedule", ALL)
@pytest.mark.parametrize(("step", "total_steps", "name"), [(-1, 3, "step"), (0.5, 3, "step"), (1, 0, "total_steps")])
def test_a_step_is_a_count(schedule: Schedule, step: int, total_steps: int, name: str) -> None:
    with pytest.raises((TypeError, ValueError), match=rf"^{name}="):
        schedule(step, total_steps)


def test_a_multiplier_is_a_number_of_at_least_0() -> None:
    assert multiplier(linear, 1, 4) == 0.75
    for wrong in (None, "1", True, 1j, math.nan, -0.5, 10**400):
        with pytest.raises(ScheduleError, match=r"^schedule\(3, 9\)="):
            multiplier(lambda step, total, wrong=wrong: wrong, 3, 9)  # type: ignore[misc]
    with pytest.raises(ZeroDivisionError):
        multiplier(lambda step, total: 1 / 0, 3, 9)


def test_what_follows_a_schedule_is_one() -> None:
    class Lost:
        def __call__(self, step: int, total_steps: int) -> float:
            return 1.0

        def after(self, valid: object) -> object:
            return None

    with pytest.raises(ScheduleError, match=r"schedule\.after\(valid\) gave None"):
        after(Lost(), [1.0])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="schedule='cosine' is a str, which cannot be called"):
        after("cosine", [1.0])  # type: ignore[arg-type]
    for losses in (1.0, "12", [None], ["1"], [[1.0]]):
        with pytest.raises(TypeError, match="valid"):
            ReduceOnPlateau().after(losses)  # type: ignore[arg-type]
