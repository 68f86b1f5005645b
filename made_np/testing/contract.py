"""What a function owes, as its gradient does, before a number is compared.

A finite value, the right shape, the same bits when called again, hands off its arguments, off global random states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .answers import WrongAnswer, as_answer
from .compare import Bools, Floats, Ints, same
from .report import Failure
from .values import show
from .worlds import touches


def scalar(f: Callable[..., Any]) -> Callable[[Any], Any]:
    """Let f return any array of one number; that number is handed on, whole numbers as floats.

    Raises
    ------
    ValueError
        If f returns more or less than one number, one in single precision, or a complex one at a real x.
    """

    def call(x: Any) -> Any:
        raw = f(x)
        try:
            value = np.asarray(raw)
        except Exception:  # ragged, or a tensor that needs to be detached
            value = np.zeros(0, dtype=object)
        if value.size != 1 or value.dtype.kind not in "biufc":
            raise ValueError(f"f must return one number, got {show(raw)}")
        if value.dtype in (np.float32, np.float16, np.complex64):
            raise ValueError(
                f"f returns {value.dtype}: differences of it have no correct digits. Check the "
                "gradient in float64, then compare the float32 gradient with it by check_close"
            )
        if value.dtype.kind == "c" and np.isrealobj(x):
            if value.imag.any():
                raise ValueError(f"f must return a real number at a real x, got {show(raw)}")
            value = value.real
        # Differences of booleans and of unsigned integers are not what they are of numbers.
        exact = value.astype(np.float64) if value.dtype.kind in "biu" else value
        return exact.reshape(())[()]

    return call


def examine(f: Callable[..., Any], grad: Callable[..., Any], x: Floats) -> tuple[Floats | None, list[Failure]]:
    """The gradient at x, copied, or None if it cannot be compared; and the promises it breaks."""
    broken: list[Failure] = []
    value, again = (_untouched(f, x, "f", broken) for _ in range(2))
    if not np.isfinite(value):
        broken.append(Failure("f(x)", float(value), "a finite number"))
    elif not same(value, again):
        hint = "draws anew at each call (dropout?) or keeps state"
        broken.append(Failure("f(x), called again", float(again), float(value), hint=hint))
    try:
        got = as_answer(_untouched(grad, x, "grad", broken), "grad(x)", x.shape).astype(np.float64)
        f(x + 1e-3 * (1 + np.abs(x)))  # so that what a forward pass leaves behind is of another point
        second = as_answer(_untouched(grad, x, "grad", broken), "grad(x), called again").astype(np.float64)
    except WrongAnswer as wrong:
        return None, [*broken, wrong.failure]
    if second.shape != got.shape or not same(second, got).all():
        with np.errstate(all="ignore"):
            doubled = second.shape == got.shape and np.allclose(second, 2 * got)
        hint = "grad keeps state: it reads what the last call of f left behind, or draws anew"
        if doubled:
            hint = "added to the old one: overwrite, do not accumulate (+=)"
        broken.append(Failure("grad(x), called again", "other bits", "the same bits", hint=hint))
    broken += [
        touch.failure(name)
        for name, fn in (("f", f), ("grad", grad))
        for touch in touches(lambda fn=fn: fn(x.copy()))  # type: ignore[misc]
        if touch.is_fault()
    ]
    return got, list(dict.fromkeys(broken))


def _untouched(fn: Callable[..., Any], x: Floats, name: str, broken: list[Failure]) -> Any:
    private = x.copy()
    value = fn(private)
    if not np.array_equal(private, x):
        broken.append(Failure(f"x after {name}(x)", "changed", "unchanged"))
    return value


def frozen_influence(
    f: Callable[[Any], Any], x: Floats, frozen: Bools, rng: np.random.Generator, most: int = 5
) -> list[tuple[int, float]]:
    """Up to ``most`` frozen entries that f does notice, each with the change of f.

    All frozen entries are changed at once; only if f notices is the group halved, again and again.
    """
    if not frozen.any():
        return []
    shift = np.where(frozen, rng.uniform(1, 2, x.shape) * rng.choice([-1, 1], x.shape), 0.0)
    centre = float(f(x.copy()))

    def noticed(group: Ints) -> Iterator[tuple[int, float]]:
        moved = x.copy()
        moved[group] += shift[group]
        change = float(f(moved)) - centre
        if change == 0:
            return
        if len(group) == 1:
            yield int(group[0]), change
            return
        middle = len(group) // 2
        yield from noticed(group[:middle])
        yield from noticed(group[middle:])

    found: list[tuple[int, float]] = []
    for entry in noticed(np.flatnonzero(frozen)):
        found.append(entry)
        if len(found) == most:
            break
    return found
