"""Attributes that are computed once, and no lock while they are."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from made_np.lazy import lazy
from made_np.model.made import MADE

PACKAGE = Path(__file__).parents[1] / "made_np"


@dataclass(frozen=True)
class Point:
    """Something that cannot be changed."""

    x: int
    calls: list[int]

    @lazy
    def double(self) -> int:
        """Twice x."""
        self.calls.append(self.x)
        return 2 * self.x

    @lazy
    def bad(self) -> int:
        self.calls.append(self.x)
        raise ZeroDivisionError

    other = lazy(lambda self: -self.x)


def test_it_is_computed_once_for_each_object() -> None:
    a, b = Point(1, []), Point(2, [])
    assert [a.double, b.double, a.double, b.double] == [2, 4, 2, 4]
    assert (a.calls, b.calls) == ([1], [2])


def test_a_copy_with_other_fields_computes_its_own() -> None:
    point = Point(1, [])
    assert point.double == 2
    assert replace(point, x=5).double == 10


def test_an_error_is_not_kept() -> None:
    point = Point(1, [])
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            point.bad  # noqa: B018
    assert point.calls == [1, 1]


def test_the_class_tells_what_it_is() -> None:
    assert isinstance(Point.double, lazy)
    assert Point.double.__doc__ == "Twice x."
    assert Point(3, []).other == -3, "the name is that of the attribute"


def test_what_was_computed_travels_in_a_pickle() -> None:
    point = Point(1, [])
    assert point.double == 2
    again = pickle.loads(pickle.dumps(point))
    assert (again, again.double, again.calls) == (point, 2, [1])


def test_threads_that_ask_at_once_get_the_same_answer_and_do_not_wait() -> None:
    together = threading.Barrier(4, timeout=20)  # is passed by four that compute at once, or never

    class Slow:
        @lazy
        def answer(self) -> object:
            together.wait()
            return object()

    slow = Slow()
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: slow.answer, range(4)))
    assert all(each is slow.answer for each in answers)


def test_threads_that_ask_at_once_get_the_same_mask_set() -> None:
    for seed in range(20):
        sets = MADE(30, (40,), order="random", degrees="random", n_masks=3, seed=seed).mask_sets
        together = threading.Barrier(4, timeout=20)

        def ask(_: int, sets: object = sets, together: threading.Barrier = together) -> object:
            together.wait()
            return sets[1]  # type: ignore[index]

        with ThreadPoolExecutor(4) as threads:
            assert len({id(each) for each in threads.map(ask, range(4))}) == 1


def test_nothing_in_the_package_computes_under_a_lock() -> None:
    """Its lock, before Python 3.12, is what a forked child waits for for ever."""
    found = [path.name for path in PACKAGE.rglob("*.py") if "import cached_property" in path.read_text("utf-8")]
    assert found == []


FORK = """
import os, threading
from made_np.lazy import lazy

class Model:
    @lazy
    def masks(self):
        computing.set()
        if threading.current_thread() is not threading.main_thread():
            go_on.wait()
        return 3

computing, go_on = threading.Event(), threading.Event()
thread = threading.Thread(target=lambda: Model().masks)
thread.start()
computing.wait()
child = os.fork()
if child == 0:
    os._exit(Model().masks)
go_on.set()
thread.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_child_that_is_forked_while_another_thread_computes_computes_too() -> None:
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "3\n", done.stderr


def test_a_model_keeps_what_it_computed() -> None:
    made = MADE(4, (5,))
    assert made.network is made.network
    assert made.layout is made.network.layout
    assert made.mask_sets[0].masks is made.mask_sets[0].masks
    assert hash(made) == hash(MADE(4, (5,)))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(made)).mask_sets[0].masks[0], made.mask_sets[0].masks[0])
