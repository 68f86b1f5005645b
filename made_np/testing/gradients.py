"""Is a hand-written gradient the derivative of its function?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .arrays import MOST_NUMBERS, as_array, as_flags, as_numbers, as_point
from .compare import Bools, Names, call_line, callable_name, namer, seed_of
from .contract import examine, scalar
from .differences import STEP, Derivatives, rounding_noise
from .directions import directions
from .probe import Limits, Probe, Problem, noisy, noticed, sweep, verdict, with_masked
from .report import Failure, Report
from .values import as_callable, as_choice, as_count, as_number, show

METHODS = ("central", "complex", "directions")
MOST_DIRECTIONS = 10_000


def check_gradient(
    f: Callable[..., Any],
    grad: Callable[..., Any],
    x: ArrayLike,
    *,
    names: Names | None = None,
    frozen: ArrayLike | None = None,
    method: str = "central",
    h: float = STEP,
    n_directions: int = 8,
    entries: int | ArrayLike | None = None,
    rows: int | None = None,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    rng: int | np.random.Generator = 0,
) -> Report:
    r"""Compare ``grad(x)`` with numerical derivatives of ``f`` at x, entry by entry.

    An entry passes if and only if

    .. math:: |got - want| \le atol + rtol \max(|got|, |want|) + noise

    where ``noise`` is the rounding error of the difference quotient, measured (about
    ``1e-10 |f|``; 0 for ``method="complex"``). NaN fails. If no derivative is other than 0, the
    check fails: nothing was exercised. It also fails if two calls give different bits (a gradient
    that accumulates, dropout that draws anew), if x is written to, or if a global random state is touched
    (`check_consistency` says how).

    Parameters
    ----------
    f, grad : callable
        (P,) -> float, and (P,) -> (P,).
    x : array_like
        (P,) float64: the point. Random, not 0, with at least two rows of real-valued data behind f: at
        0 most derivatives vanish, and with one row a forgotten 1/B cannot be seen.
    names : callable or sequence, optional
        ``names(k)`` or ``names[k]`` is the name of entry k. Names like ``"W1[4, 7]"`` let the hints
        speak of blocks and of transposition.
    frozen : array_like, optional
        (P,) boolean: entries whose gradient must be exactly 0 and which f must not notice at all,
        as the weights off a mask.
    method : {"central", "complex", "directions"}
        Central differences with steps ``h max(1, |x_k|)``; the complex step (1e-30), for an f that
        takes complex x; or random unit directions through each block of parameters, in which entry k of
        P moves by about ``h max(1, |x_k|) / P**(1/4)``, where entries are too many, or f too slow (that is
        no proof: a wrong entry can hide among many right ones).
    h : float
        In (0, 1]: eps^(1/3), about 6e-6.
    n_directions : int
        8 to 10000, shared out among the blocks that ``names`` tells; two at least for each.
    entries : int or array_like, optional
        Sweep only this many randomly chosen entries, or these.
    rows : int, optional
        Number of rows of data behind f, for a better hint.
    rtol, atol : float
        See the formula.
    rng : int or Generator
        Seed of what is drawn.

    Returns
    -------
    Report
        Entries at which f has a kink within the step are skipped and counted.

    Raises
    ------
    TypeError, ValueError
        If x is not a float64 vector (float32 differences have no correct digits to compare: check
        the float64 gradient, then compare float32 with it by `check_close`), for a bad option, or if f
        returns anything but one number in double precision: there is nothing to compare then.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, -2.0, 3.0])
    >>> check_gradient(lambda x: np.sum(x**2), lambda x: 2 * x, x).ok
    True
    >>> print(check_gradient(lambda x: np.sum(x**2), lambda x: 10 * x, x).hint)
    constant ratio got / want = 5: the batch size? mean over the batch (1/B) missing?
    """
    as_callable(f, "f", "x -> float")
    as_callable(grad, "grad", "x -> gradient")
    point = as_point(x, "x")
    limits = as_limits(method, rtol, atol)
    h = as_number(h, "h", "(0, 1]")
    n_directions = as_count(n_directions, "n_directions", 8, MOST_DIRECTIONS)
    name = namer(names, point.size)
    masked = np.zeros(point.size, dtype=bool) if frozen is None else as_flags(frozen, point, "frozen", "x")
    wanted = _entries(entries, point.size)
    rows = None if rows is None else as_count(rows, "rows")
    fn = scalar(f)
    got, broken = examine(fn, grad, point)
    seed = seed_of(rng)
    options: dict[str, Any] = {"method": method, "rtol": rtol, "atol": atol, "rng": seed}
    options |= {"frozen": masked} if frozen is not None else {}
    options |= {"entries": entries} if entries is not None else {}
    line = call_line("check_gradient", callable_name(f, "f"), callable_name(grad, "grad"), "x", **options)
    base = Report("check_gradient", tuple(broken), seed=seed, reproduce=line)
    if got is None or not np.isfinite(fn(point.copy())):
        return base
    draw = np.random.default_rng(seed)
    noise = 0.0 if method == "complex" else rounding_noise(fn, point, draw)
    problem = Problem(fn, got, point, masked, name, limits, h, noise, draw)
    broken += noticed(problem) + noisy(problem)
    if method == "directions":
        probe = directions(problem, n_directions)
    else:
        probe = sweep(problem, _choose(wanted, ~masked, draw), method)
    return _advised(verdict(base, with_masked(probe, problem), limits, broken, rows=rows), names, frozen, rows)


def _advised(report: Report, names: Any, frozen: Any, rows: Any) -> Report:
    """A report without a hint, with what would help to find one: names, and what else is not given."""
    if report.ok or report.hint or names is not None:
        return report
    options = {"names=": names, "frozen=": frozen, "rows=": rows}
    missing = [name for name, given in options.items() if given is None]
    listed = " and ".join([", ".join(missing[:-1]), missing[-1]] if len(missing) > 1 else missing)
    return report.but(hint=f"give {listed} for a better guess")


def check_close(
    got: ArrayLike,
    want: ArrayLike,
    *,
    names: Names | None = None,
    rtol: float = 1e-5,
    atol: float = 1e-7,
) -> Report:
    """Compare a gradient with a reference: float32 with float64, a fast backend with a slow one.

    Same rule, names and hints as `check_gradient`, without differences.

    Raises
    ------
    TypeError, ValueError
        If got or want are no arrays of real numbers, or for a bad option.

    Examples
    --------
    >>> import numpy as np
    >>> want = np.array([1.0, 2.0, 3.0])
    >>> check_close(want.astype(np.float32), want).ok
    True
    >>> check_close(-want, want).hint
    'constant ratio got / want = -1: sign flipped?'
    """
    first = as_numbers(got, "got")
    second = as_numbers(want, "want")
    limits = as_limits("central", rtol, atol)
    name = namer(names, second.size)
    if first.shape != second.shape:
        wrong = Failure("shape", str(first.shape), str(second.shape))
        return Report("check_close", (wrong,), n_checked=second.size)
    claimed, right = (a.astype(np.float64).ravel() for a in (first, second))
    none = np.zeros(right.size, dtype=bool)
    exact = Derivatives(right, np.zeros(right.size), none)
    probe = Probe(claimed, exact, name, np.zeros_like(right), none)
    line = call_line("check_close", "got", "want", rtol=rtol, atol=atol)
    return verdict(Report("check_close", reproduce=line), probe, limits, [])


def as_limits(method: str, rtol: float, atol: float) -> Limits:
    """The tolerances; it raises for what `check_gradient` cannot work with."""
    as_choice(method, "method", METHODS)
    return Limits(as_number(rtol, "rtol", "[0, inf)"), as_number(atol, "atol", "[0, inf)"))


def _entries(entries: int | ArrayLike | None, size: int) -> int | list[int] | None:
    """How many entries to sweep, or which."""
    if entries is None:
        return None
    if isinstance(entries, (int, np.integer)):
        return as_count(entries, "entries", 1, MOST_NUMBERS)
    wanted = np.atleast_1d(as_array(entries, "entries"))
    if wanted.dtype.kind not in "iu" or wanted.ndim > 1 or not ((wanted >= 0) & (wanted < size)).all():
        raise ValueError(f"entries={show(entries)}: give a number of entries, or a list of indices in 0..{size - 1}")
    return [int(k) for k in wanted]


def _choose(wanted: int | list[int] | None, free: Bools, rng: np.random.Generator) -> list[int]:
    every = np.flatnonzero(free)
    if wanted is None:
        return [int(k) for k in every]
    if isinstance(wanted, int):
        return sorted(int(k) for k in rng.choice(every, min(wanted, len(every)), replace=False))
    return [k for k in wanted if free[k]]
