"""Does a function of rows treat each row alike, whatever the batch, the memory, the history?"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .answers import WrongAnswer, as_answer, odd_numbers
from .arrays import as_features, told
from .compare import Floats, call_line, callable_name, excess, same, seed_of
from .points import Interval, Support, columns_of, draw_rows
from .report import Failure, Report
from .values import as_a, as_callable, as_number
from .worlds import touches

ROWS = 7
Array: TypeAlias = NDArray[Any]


def check_consistency(
    fn: Callable[[Any], Any],
    n_features: int,
    *,
    support: Support | None = None,
    rtol: float | None = None,
    empty: bool = True,
    rng: int | np.random.Generator = 0,
) -> Report:
    """Call fn with the same rows in many guises, and expect the same answers.

    One promise per line: the answer for a batch is the answers for its parts, for any split and any
    order of rows (no batch statistics), batches of 0, 1 and 2 rows work; a second call gives the same
    bits, with other calls in between too (no cache goes stale), and leaves the first answer alone (no
    shared buffer); x is not written to; the global random states of NumPy and Python are neither drawn from
    nor set, that of torch is not set; strided, Fortran-ordered, reversed, read-only, big-endian and float32 arrays
    of the same numbers give the same answers; the dtype of the answer depends on no batch; all answers are finite, but
    for minus infinity where a row has several: the logit of a category that does not exist.

    Parameters
    ----------
    fn : callable
        (B, D) -> (B, ...).
    n_features : int
        D.
    support : optional
        Values that inputs may take; default: real numbers.
    rtol : float, optional
        For answers that may round differently: default 1e-9, or 1e-4 where the answer is float32.
    empty : bool
        Whether batches of 0 rows are promised.
    rng : int or Generator
        Seed of the rows.

    Returns
    -------
    Report
        An exception inside fn is a failure, not an error of the check.

    Raises
    ------
    TypeError, ValueError
        For a bad size, support or tolerance.

    Examples
    --------
    >>> import numpy as np
    >>> check_consistency(lambda x: np.tanh(x), 3).ok
    True
    >>> report = check_consistency(lambda x: x - x.mean(axis=0), 3)
    >>> report.failures[0].where
    'the first 3 rows alone'
    """
    as_callable(fn, "fn", "x -> answers")
    n_features = as_features(n_features)
    columns = columns_of(support, n_features)
    rtol = None if rtol is None else as_number(rtol, "rtol", "[0, inf)")
    as_a(empty, "empty", bool, "say whether batches of 0 rows are promised")
    seed = seed_of(rng)
    draw = np.random.default_rng(seed)
    x, other = (_exact(draw_rows(columns, ROWS, draw), columns) for _ in range(2))
    line = call_line("check_consistency", callable_name(fn, "fn"), str(n_features), rng=seed)
    base = Report("check_consistency", rule="the same rows, the same answers", seed=seed, reproduce=line)
    case = _Case(fn, rtol)
    raw = case.call("fn(x)", x.copy())
    if raw is None or (raw := case.checked("fn(x)", raw, x)) is None:
        return base.but(failures=tuple(case.failures), n_failed=1, hint=case.failures[0].hint)
    want = raw.copy()
    _history(case, x, other, raw, want)
    _batches(case, x, want)
    if empty:
        _empty(case, x, want)
    _memory(case, x, want)
    varied = bool((~same(want, want[:1])).any())
    # Nobody need hear of the last column of an order: if no other has two values, answers may well be equal.
    n_moves = sum(isinstance(column, Interval) or len(column) > 1 for column in columns)
    if not varied and n_moves > 1:
        hint = "fn answers the same for every row: nothing was exercised"
        case.failures.append(Failure("exercised", "equal answers", "answers that differ", hint=hint))
    return base.but(
        failures=tuple(case.failures),
        n_failed=len(case.failures),
        n_checked=case.n_checked,
        n_exercised=case.n_checked if varied else 0,
        worst_error=max((failure.error for failure in case.failures), default=case.worst),
        worst_where=case.failures[0].where if case.failures else "",
        hint=next((failure.hint for failure in case.failures if failure.hint), ""),
    )


@dataclass
class _Case:
    """Calls fn, compares, and keeps count."""

    fn: Callable[[Any], Any]
    rtol: float | None
    failures: list[Failure] = field(default_factory=list)
    n_checked: int = 0
    worst: float = 0.0

    def call(self, where: str, x: Any, hint: str = "") -> Array | None:
        """What fn returns, as it is; None, and a failure, if it raises or returns no numbers."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                raw = self.fn(x)
        except Exception as error:  # whatever it is, it is the finding
            self.fail(where, told(error)[:80], "an answer", hint=hint)
            return None
        try:
            as_answer(raw, where)
        except WrongAnswer as wrong:
            self.failures.append(wrong.failure)
            return None
        return np.asarray(raw)  # no copy: a work buffer is found by what the next call leaves in it

    def fail(self, where: str, got: str | float, want: str | float, error: float = np.inf, hint: str = "") -> None:
        """Note a broken promise."""
        self.failures.append(Failure(where, got, want, error, hint))

    def checked(self, where: str, got: Array, x: Floats) -> Array | None:
        """The answer to x if it is finite, of a float dtype and has the right number of rows."""
        self.n_checked += 1
        if got.ndim == 0 or len(got) != len(x):
            self.fail(where, f"shape {got.shape}", f"shape ({len(x)}, ...)", hint="one answer for each row")
        elif got.dtype.kind != "f":
            self.fail(where, f"dtype {got.dtype}", "a float dtype")
        elif (odd := odd_numbers(got, x, where)) is not None:
            self.failures.append(odd)
        else:
            return got
        return None

    def expect(self, where: str, x: Any, want: Array, *, exact: bool = False, hint: str = "") -> None:
        """Call fn and compare, to the bit or to rounding."""
        got = self.call(where, x, hint)
        self.n_checked += 1
        if got is None:
            return
        if got.shape != want.shape or got.dtype.kind != "f":
            self.fail(where, f"{got.dtype} {got.shape}", f"{want.dtype} {want.shape}")
            return
        single = np.float32 in (got.dtype, want.dtype) or np.float16 in (got.dtype, want.dtype)
        rtol = (1e-4 if single else 1e-9) if self.rtol is None else self.rtol
        equal = same(got, want)
        right = equal if exact else equal | (excess(got, want, rtol, rtol) <= 1)
        with np.errstate(all="ignore"):
            error = float(np.where(equal, 0.0, np.abs(got - want)).max(initial=0.0))
        self.worst = max(self.worst, error)
        if not right.all():
            what = "the same bits" if exact else "the same answers"
            if not exact and (excess(got, want, 1e-5, 1e-5) <= 1).all():
                hint = "as small as float32 rounding: if that is what is inside, give rtol=1e-5"
            self.fail(where, f"{int(np.sum(~right))} of {right.size} differ", what, error, hint)


def _history(case: _Case, x: Floats, other: Floats, raw: Array, want: Array) -> None:
    """Again, with other calls in between; the first answer, x and the global state stay as they are."""
    case.expect("called again", x.copy(), want, exact=True, hint="fn draws anew at each call: dropout left on?")
    case.n_checked += 3
    case.failures += [
        touch.failure("fn") for touch in touches(lambda: case.call("fn(x)", x.copy())) if touch.is_fault()
    ]
    private = other.copy()
    case.call("fn(other rows)", private)
    if not np.array_equal(private, other):
        case.fail("x after fn(x)", "changed", "unchanged", hint="fn writes to its input: work on a copy")
    if not np.array_equal(raw, want):
        hint = "fn returns its own work buffer: the next call overwrites the answer"
        case.fail("the first answer, after another call", "changed", "unchanged", hint=hint)
    case.expect("called again after other rows", x.copy(), want, exact=True, hint="a cache that goes stale")


def _batches(case: _Case, x: Floats, want: Array) -> None:
    """Any part of the rows, in any order, gives the same part of the answers."""
    mixed = "the answer for a row depends on the other rows: a statistic over the batch?"
    case.expect("the first 3 rows alone", x[:3].copy(), want[:3], hint=mixed)
    case.expect("the last rows alone", x[3:].copy(), want[3:], hint=mixed)
    case.expect("the rows reversed", x[::-1].copy(), want[::-1], hint=mixed)
    for rows in (1, 2):
        case.expect(f"a batch of {rows}", x[:rows].copy(), want[:rows], hint=mixed)


def _empty(case: _Case, x: Floats, want: Array) -> None:
    """No rows have no answers, of the same kind."""
    hint = "batches of 0 rows raise: if they are not promised, give empty=False"
    case.n_checked += 1
    got = case.call("a batch of 0", x[:0].copy(), hint)
    if got is not None and got.shape != want[:0].shape:
        case.fail("a batch of 0", f"{got.dtype} {got.shape}", f"{want.dtype} {want[:0].shape}")
    elif got is not None and got.dtype != want.dtype:
        case.fail("dtype for a batch of 0", str(got.dtype), str(want.dtype))


def _memory(case: _Case, x: Floats, want: Array) -> None:
    """The same numbers, stored otherwise."""
    for where, guise in _guises(x):
        case.expect(where, guise, want, hint="begin with np.ascontiguousarray(x, dtype=np.float64)")


def _guises(x: Floats) -> Iterator[tuple[str, Array]]:
    wide = np.full((2 * x.shape[0], 2 * x.shape[1]), np.nan)
    wide[::2, ::2] = x
    frozen = x.copy()
    frozen.flags.writeable = False
    yield "every second row and column of an array", wide[::2, ::2]
    yield "Fortran order", np.asfortranarray(x)
    yield "negative strides", x[::-1, ::-1].copy()[::-1, ::-1]
    yield "read-only", frozen
    yield "big-endian", x.astype(">f8")
    if np.array_equal(x.astype(np.float32), x):
        yield "float32", x.astype(np.float32)
    if np.array_equal(np.round(x), x):
        yield "int64", x.astype(np.int64)


def _exact(x: Floats, columns: list[Any]) -> Floats:
    """Real numbers rounded to multiples of 1/64, which float32 holds too; listed values as they are."""
    real = [isinstance(column, Interval) for column in columns]
    return np.where(real, np.round(x * 64) / 64, x)
