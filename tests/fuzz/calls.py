"""One call with hostile arguments: what must hold, whatever comes of it."""

from __future__ import annotations

import random
import re
import signal
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import numpy as np

with suppress(ImportError):  # scikit-learn imports it, and it draws a random number when it is imported
    import rich.style  # noqa: F401

SECONDS = 20.0
"""A call that takes longer hangs; the slowest takes one."""

DOCUMENTED = ("the loss was not finite", "X has feature names")
"""Beginnings of warnings that documentation announces."""

ALLOWED = (TypeError, ValueError, OSError)

FILES = ("checkpoint", "folder", "path")
"""Arguments that an error may name by the file that they are, as Python's own errors do."""


class Call(NamedTuple):
    """A function with arguments that it takes."""

    function: Callable[..., Any]
    arguments: dict[str, Any]
    changes: frozenset[str] = frozenset()
    """The arguments that a call which succeeds may change: they are there to be written to."""
    unlike: Mapping[str, tuple[str, ...]] = {}
    """Values that are not tried for an argument: what they ask for is meant, and takes long."""
    may_raise: tuple[type[Exception], ...] = ()
    """What it may raise besides, as Python's own protocols want."""
    or_names: tuple[str, ...] = ()
    """Arguments that an error may name although they are as they should be: the hostile one does not fit them."""


def call(
    function: Callable[..., Any],
    *,
    changes: tuple[str, ...] = (),
    unlike: Mapping[str, tuple[str, ...]] | None = None,
    may_raise: tuple[type[Exception], ...] = (),
    or_names: tuple[str, ...] = (),
    **arguments: Any,
) -> Call:
    """Return the call of a function with these arguments."""
    return Call(function, arguments, frozenset(changes), unlike or {}, may_raise, or_names)


def fault(good: Call, hostile: Mapping[str, Any]) -> str | None:
    """Make a call with some arguments replaced, and return in words what is wrong with what came of it."""
    arguments = {**good.arguments, **hostile}
    before = {name: snapshot(value) for name, value in arguments.items()}
    states, stood = _states(arguments), world()
    error: BaseException | None = None
    try:
        with _limit(), warnings.catch_warnings():
            warnings.simplefilter("error")
            for message in DOCUMENTED:
                warnings.filterwarnings("ignore", message)
            good.function(**arguments)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as raised:
        error = raised
    if world() != stood:
        return "the global random state has changed"
    may_change = good.changes if error is None else frozenset()
    changed = [k for k, value in arguments.items() if k not in may_change and snapshot(value) != before[k]]
    if changed:
        return f"changed its arguments {changed}"
    if error is None:
        return None
    if _states(arguments) != states:
        return f"drew random numbers before it raised {type(error).__name__}: {error}"
    return _wrong_error(error, hostile, good)


def _wrong_error(error: BaseException, hostile: Mapping[str, Any], good: Call) -> str | None:
    is_huge = any(isinstance(value, np.ndarray) and value.size > 2**30 for value in hostile.values())
    if is_huge and isinstance(error, MemoryError):  # NumPy says how much it lacks
        return None
    if isinstance(error, good.may_raise):
        return None
    if not isinstance(error, ALLOWED):
        return f"raised {type(error).__name__}: {error}"
    files = [value for name, value in hostile.items() if name in FILES and isinstance(value, str)]
    words = [*hostile, *good.or_names, *files]
    if not any(word and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", str(error), re.IGNORECASE) for word in words):
        return f"raised {type(error).__name__} that names none of {sorted(hostile)}: {error}"
    return None


def snapshot(value: Any, depth: int = 3) -> Any:
    """Return what can be compared with a later snapshot, to see whether a value has been changed."""
    if isinstance(value, np.ndarray):
        is_small = value.size <= 100_000
        if value.dtype.hasobject:
            return value.shape, [id(each) for each in value.ravel()]
        return value.shape, value.dtype, value.flags.writeable, np.asarray(value).tobytes() if is_small else None
    if isinstance(value, (list, tuple)) and depth:
        return [(id(each), snapshot(each, depth - 1)) for each in value]
    if isinstance(value, dict) and depth:
        return [(key, id(each), snapshot(each, depth - 1)) for key, each in value.items()]
    return None


def _states(arguments: Mapping[str, Any]) -> list[Any]:
    """Return where the generators among the arguments stand."""
    found = []
    for value in arguments.values():
        if isinstance(value, np.random.Generator):
            found.append(repr(value.bit_generator.state))
        elif isinstance(value, np.random.RandomState):
            found.append(repr(value.get_state(legacy=False)))
    return found


def world() -> tuple[Any, ...]:
    """Return where the global random states stand."""
    state: Any = np.random.get_state()  # noqa: NPY002
    return random.getstate(), state[1].tobytes(), state[2:]


@contextmanager
def _limit() -> Iterator[None]:
    """Raise a `TimeoutError` in a block that takes too long, where the system has alarms."""

    class TooLong(BaseException):
        """No function catches this."""

    def ring(*_: Any) -> None:
        raise TooLong(f"took more than {SECONDS} s")

    if not hasattr(signal, "setitimer"):
        yield
        return
    former = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
