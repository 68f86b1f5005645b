"""The hand-over of parts: every order of the steps of a caller and its helpers, with a Ctrl-C at each of the first."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from .interleaving import FakeLock, Steps, World, explore, stepwise

SOURCE = Path(__file__).parents[2] / "made_np" / "backends" / "_numba" / "threads.py"
STEPWISE = {"take_parts", "fail", "is_done", "wait", "wait_long", "help", "work", "run", "_offer", "acquire"}
STEPWISE |= {"get", "_let_others_go", "__enter__", "__exit__"}


class Log:
    """What parts were begun and done, and whether they were allowed to."""

    def __init__(self, world: World, n: int, n_phases: int) -> None:
        self.world, self.n, self.n_phases = world, n, n_phases
        self.begun: list[tuple[int, int]] = []
        self.done: list[tuple[int, int]] = []
        self.inside: list[str] = []
        world.objects.append(self)

    def phase(self, k: int) -> Callable[[int], Steps]:
        def work(part: int) -> Steps:
            assert "caller" not in self.world.ended, "a part begins after the end of run"
            assert (k, part) not in self.begun, "a part is done twice"
            assert all((k - 1, other) in self.done for other in range(self.n if k else 0)), "a phase begins early"
            self.begun.append((k, part))
            self.inside.append(self.world.current)
            yield None
            assert "caller" not in self.world.ended, "a part is at work after the end of run"
            self.done.append((k, part))
            self.inside.remove(self.world.current)

        work.__name__ = f"work {k}"
        return work


class Queue:
    """A queue whose steps the explorer sees."""

    def __init__(self, world: World) -> None:
        self.items: deque[Any] = deque()
        world.objects.append(self)

    def put(self, item: Any) -> None:
        self.items.append(item)

    def get(self) -> Iterator[Any]:
        yield lambda: bool(self.items)
        return self.items.popleft()

    def qsize(self) -> int:
        return len(self.items)


def build(source: str, n: int, n_phases: int, n_helpers: int, time_passes: bool) -> Callable[[World], dict[str, Steps]]:
    """Return what builds a world in which a caller runs a job of n parts, on the pool of the module `source`."""
    space = stepwise(source, STEPWISE)
    base = space["Job"]

    def begin(world: World) -> dict[str, Steps]:
        clock, log, offers = SimpleNamespace(now=1.0), Log(world, n, n_phases), Queue(world)
        world.objects.append(clock)

        def pass_by() -> Steps:
            yield None
            clock.now = 1e6  # whoever waited has waited for long

        def pause() -> Steps:
            yield None

        class Job(base):  # type: ignore[misc]
            def __init__(self, *args: Any) -> None:
                super().__init__(*args)
                world.objects.append(self)

        class Pool(space["Pool"]):  # type: ignore[misc]
            n_threads = n_helpers + 1

            def __init__(self) -> None:
                self.offers = offers

            def _helpers(self, wanted: int) -> int:
                return wanted

        def helper() -> Steps:
            while True:
                offer = yield from offers.get()
                yield from offer()

        space["threading"] = SimpleNamespace(RLock=partial(FakeLock, world, True), Lock=partial(FakeLock, world, False))
        space["time"] = SimpleNamespace(perf_counter=lambda: clock.now)
        space["_let_others_go"], space["Job"] = pause, Job
        threads = {f"helper {k}": helper() for k in range(n_helpers)}
        threads |= {"clock": pass_by()} if time_passes else {}
        return {"caller": Pool().run(n, *map(log.phase, range(n_phases))), **threads}

    return begin


def check(world: World) -> None:
    """Assert that all is done, or that it was Ctrl-C that came out; and that helpers are free for the next job."""
    (log,) = (each for each in world.objects if isinstance(each, Log))
    assert world.ended.keys() == world.threads.keys() & {"caller", "clock"}, world.ended
    error = world.ended["caller"]
    assert set(log.inside) <= {"caller"}, "a helper is in a part"
    if world.thrown:
        assert isinstance(error, KeyboardInterrupt), error
    else:
        assert error is None, error
        assert sorted(log.done) == [(k, part) for k in range(log.n_phases) for part in range(log.n)]


def states(source: str, sizes: tuple[int, int, int], times: int, *, time_passes: bool = False) -> int:
    """Explore jobs of so many parts, phases and helpers, with so many Ctrl-C; return the number of states.

    Time is short, or passes at some step: then whoever waits has waited for long.
    """
    if not times:  # the many exits are for Ctrl-C alone
        source = source.replace(MANY_EXITS, "with job:")
    return explore(build(source, *sizes, time_passes), check, "caller", times)


MANY_EXITS = f"with {', '.join(['job'] * 12)}:"
LONG = pytest.mark.slow
"""For what takes more than ten seconds."""


@pytest.mark.parametrize(
    "sizes", [(2, 2, 0), (1, 2, 1), *(pytest.param(each, marks=LONG) for each in ((2, 2, 1), (2, 1, 2)))], ids=str
)
def test_every_order_of_steps_ends_with_every_part_done_once(sizes: tuple[int, int, int]) -> None:
    assert states(SOURCE.read_text("utf-8"), sizes, 0) > 50


@pytest.mark.parametrize(
    ("sizes", "times"), [((2, 1, 0), 3), ((1, 1, 1), 1), pytest.param((2, 1, 1), 1, marks=LONG)], ids=str
)
def test_ctrl_c_at_every_step_of_every_order(sizes: tuple[int, int, int], times: int) -> None:
    assert states(SOURCE.read_text("utf-8"), sizes, times) > 500


def test_whoever_waits_for_long_is_woken() -> None:
    assert states(SOURCE.read_text("utf-8"), (2, 1, 1), 0, time_passes=True) > 500


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sizes", "times"), [((2, 2, 1), 0), ((2, 1, 2), 0), ((2, 1, 1), 1), ((2, 1, 1), 2), ((2, 2, 1), 1)], ids=str
)
def test_more_parts_phases_helpers_and_interrupts_while_time_passes(sizes: tuple[int, int, int], times: int) -> None:
    assert states(SOURCE.read_text("utf-8"), sizes, times, time_passes=True) > 10_000


FAULTS = {
    "a phase ends when nothing is left to take": ("                job.wait(k)", "                pass", (2, 1, 1), 0),
    "helpers begin with the next phase at once": (
        "            while not self.is_done(k):\n                if",
        "            while False:\n                if",
        (2, 2, 1),
        0,
    ),
    "whoever has waited for long waits no more": (
        "                self.wait_long(k)",
        "                pass",
        (2, 1, 1),
        0,
    ),
    "a part is done before it has begun": (
        "                work(part)",
        "                self.undone[k].clear()\n                work(part)",
        (2, 1, 1),
        0,
    ),
    "helpers need no seat": ("and seat.acquire(blocking=False)", "and (seat.acquire(False) or 1)", (2, 1, 1), 1),
    "a seat cannot be taken twice": ("threading.RLock()", "threading.Lock()", (2, 1, 1), 1),
    "Ctrl-C ends the job at once": (MANY_EXITS, "if True:", (2, 1, 1), 1),
    "Ctrl-C takes no seats": ("                    seat.acquire()", "                    pass", (2, 1, 1), 1),
    "a second Ctrl-C is not thought of": (MANY_EXITS, "with job:", (2, 1, 1), 2),
}


SLOWLY_SEEN = {"helpers begin with the next phase at once", "helpers need no seat"}


@pytest.mark.parametrize(
    "fault", [pytest.param(fault, marks=LONG) if fault in SLOWLY_SEEN else fault for fault in FAULTS]
)
def test_it_sees_what_is_wrong(fault: str) -> None:
    right, wrong, sizes, times = FAULTS[fault]
    source = SOURCE.read_text("utf-8")
    assert right in source
    with pytest.raises(AssertionError):
        states(source.replace(right, wrong), sizes, times, time_passes=fault.startswith("whoever has waited"))
