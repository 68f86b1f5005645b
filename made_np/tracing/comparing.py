"""What somebody computed beside a value of a tape: equal, or which mistake it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from made_np.tracing.names import find, gradient_of, written
from made_np.tracing.wrong import wrong_gradients, wrong_values
from made_np.typing import Floats
from made_np.validation import as_numbers

if TYPE_CHECKING:
    from made_np.tracing.tape import Tape

__all__ = ["Compared", "compare"]

CLOSE = {"float64": 1e-9, "float32": 1e-4}
"""So near, relative to the largest entry, is equal: the tape was computed in one of these dtypes."""


@dataclass(frozen=True)
class Compared:
    """What was found.

    Attributes
    ----------
    name : str
        Of the value, or of its gradient.
    ok : bool
        Whether all numbers are equal, but for rounding.
    text : str
        What they are, in a sentence.
    """

    name: str
    ok: bool
    text: str

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"

    __repr__ = __str__


def compare(tape: Tape, name: str, mine: Any) -> Compared:
    """Return what `mine` is beside the value or the gradient of that name.

    Raises
    ------
    UnknownName, TypeError, ValueError
        No such value, one without a gradient, or `mine` is no array of numbers.
    """
    names = {gradient_of(each): each for each, value in tape.items() if value.grad is not None}
    own = find(name, list(tape), [*names, *(f"d{each}" for each in names.values())])
    is_grad = own not in tape
    kept = tape[names.get(own, own.removeprefix("d")) if is_grad else own]
    want = kept.value if kept.grad is None or not is_grad else kept.grad
    got = as_numbers(mine, "mine").astype(np.float64)
    near = CLOSE[str(tape.dtype)]
    return Compared(own, *_judge(tape, own, kept.name, is_grad, got, want, near))


def _judge(tape: Tape, name: str, own: str, is_grad: bool, got: Floats, want: Floats, near: float) -> tuple[bool, str]:
    if _same(got, want, near):
        apart = float(np.abs(got - want).max(initial=0.0)) if np.isfinite(want).all() else 0.0
        return True, "equal, bit for bit" if apart == 0 else f"equal, to {apart:.1e}"
    known = list(wrong_gradients(tape, own) if is_grad else wrong_values(tape, own))
    for sentence, wrong in known:
        if not _same(wrong, want, near) and _same(got, wrong, near):
            return False, sentence
    if got.shape != want.shape:
        if _same(got.T, want, near):
            return False, f"transposed: yours has the shape {got.shape}, it is {want.shape}"
        return False, f"of the shape {got.shape}, where {want.shape} belongs"
    if got.ndim == 2 and got.shape[0] == got.shape[1] and _same(got.T, want, near):
        return False, "transposed"
    factor = _factor(got, want, near)
    if factor is not None:
        return False, _of_factor(tape, factor)
    for other, value in tape.items():
        for label, numbers in ((other, value.value), (gradient_of(other), value.grad)):
            if label != name and numbers is not None and numbers.any() and _same(got, numbers, near):
                return False, f"these are the numbers of {label}"
    if got.size > 1 and not np.isnan(got).any() and _same(np.sort(got, axis=None), np.sort(want, axis=None), near):
        return False, "the right numbers at other places: a wrong order, or a wrong index"
    return False, _apart(name, got, want, near)


def _same(got: Floats, want: Floats, near: float) -> bool:
    if got.shape != want.shape:
        return False
    finite = np.abs(want[np.isfinite(want)])
    return bool(np.allclose(got, want, rtol=0, atol=near * max(float(finite.max(initial=0.0)), 1e-300), equal_nan=True))


def _factor(got: Floats, want: Floats, near: float) -> float | None:
    """Return c where got is c times want, for a c that is not 0."""
    if want.ndim == 0 or want.size == 0 or not np.isfinite(got).all() or not np.isfinite(want).all():
        return float(got / want) if want.ndim == 0 and want and got and np.isfinite(got / want) else None
    square = float((want * want).sum())
    factor = float((got * want).sum()) / square if square else 0.0
    return factor if factor and _same(got, factor * want, 10 * near) else None


def _of_factor(tape: Tape, factor: float) -> str:
    """Say what a constant factor may be."""
    n_rows, n_features = (float(n) for n in tape["nll"].value.shape)
    known = {
        -1.0: "the sign is flipped",
        n_rows: f"B = {n_rows:g} times too large: the mean over rows (1/B) is missing",
        1 / n_rows: f"B = {n_rows:g} times too small: 1/B twice, or a mean over rows where a sum belongs",
        1 / n_features: f"D = {n_features:g} times too small: the mean was taken over features too, which are summed",
        1 / (n_rows * n_features): "B D times too small: a mean over everything, where a sum belongs",
        1 / np.log(2): "in bits: the logarithm is the natural one, in nats",
        2.0: "twice as large as it should be: added to what was there before (+=), or a factor of 2",
    }
    for each, sentence in known.items():
        if abs(factor - each) <= 1e-6 * abs(each):
            return sentence
    return f"{factor:.6g} times what it should be, everywhere: a constant factor"


def _apart(name: str, got: Floats, want: Floats, near: float) -> str:
    with np.errstate(invalid="ignore"):
        wide = near * float(np.abs(want[np.isfinite(want)]).max(initial=0.0))
        bad = ~(np.abs(got - want) <= wide) & ~(np.isnan(got) & np.isnan(want))
    first = tuple(int(i) for i in np.argwhere(bad)[0]) if bad.ndim else ()
    where = written(name, first)
    share = f"{int(bad.sum())} of {bad.size} entries differ" if bad.ndim else "it differs"
    rows = "" if bad.ndim != 2 or bad.all() else _only(bad)
    return f"{share}{rows}: {where} is {got[first]:.6g}, and should be {want[first]:.6g}"


def _only(bad: np.ndarray[Any, Any]) -> str:
    """Say it, if all that differs lies in one row or one column."""
    rows = np.flatnonzero(bad.any(axis=1))
    columns = np.flatnonzero(bad.any(axis=0))
    if len(rows) == 1:
        return f", all in row {rows[0]}"
    return f", all in column {columns[0]}" if len(columns) == 1 else ""
