"""Does building a model leave the global random states alone?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .compare import call_line, callable_name, seed_of
from .report import Report
from .values import as_callable, as_choice
from .worlds import touches, worlds

WHOSE = ("all", "constructors")


def check_global_state(
    build: Callable[[], Any],
    *,
    whose: str = "all",
    rng: int | np.random.Generator = 0,
) -> Report:
    """Build a model, and expect the global random states of Python, NumPy, torch to stand where they stood.

    A constructor that calls ``np.random.seed`` makes everything that draws afterwards repeat itself: the next split of
    the data, the next model of an ensemble. One that draws from `random` or `numpy.random` is not repeated by the seed
    that its caller gave. torch's own state may be drawn from, for layers have no other way; nobody may set it.

    Parameters
    ----------
    build : callable
        () -> the model: its class, or a function that calls it. It is called once, and again if a state has moved: from
        two different states, to tell one that is set (both end alike) from one that is drawn from.
    whose : {"all", "constructors"}
        "constructors" if build is a piece of a test, which may seed and draw: then only a constructor that sets a state
        is at fault.
    rng : int or Generator
        Seed of the states that build begins with. The ones that there are now are put back.

    Returns
    -------
    Report
        One failure for each state that is touched. What build raises is handed on.

    Raises
    ------
    TypeError, ValueError
        If build cannot be called, or for a bad option.

    Examples
    --------
    >>> import numpy as np
    >>> class Net:
    ...     def __init__(self):
    ...         np.random.seed(0)
    >>> report = check_global_state(Net)
    >>> report.failures[0].where
    'global state of np.random'
    >>> check_global_state(lambda: np.random.default_rng(0).random(3)).ok
    True
    """
    as_callable(build, "build", "() -> model")
    as_choice(whose, "whose", WHOSE)
    seed = seed_of(rng)
    of_a_test = whose == "constructors"
    found = touches(build, seed, of_a_test=of_a_test)
    wrong = [t for t in found if (t.by_constructors() if of_a_test else t.is_fault())]
    failures = tuple(touch.failure("the constructor") for touch in wrong)
    moved = [touch for touch in found if touch not in wrong]
    n_checked = len(worlds())
    return Report(
        "check_global_state",
        failures,
        n_checked=n_checked,
        n_exercised=n_checked,
        hint=failures[0].hint if failures else "",
        rule="a state stands where it stood",
        notes=tuple(f"{touch.name} is {'set' if touch.is_set else 'drawn from'}" for touch in moved),
        seed=seed,
        reproduce=call_line("check_global_state", callable_name(build, "build"), whose=whose, rng=seed),
    )
