"""Is a hand-written gradient the derivative of its function?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .compare import Bools, Floats, Names, call_line, callable_name, namer, seed_of
from .contract import examine, scalar
from .differences import STEP, Derivatives, rounding_noise
from .probe import Limits, Probe, Problem, directions, noisy, noticed, sweep, verdict, with_masked
from .report import Failure, Report

METHODS = ("central", "complex", "directions")


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
    that accumulates, dropout that draws anew) or if x is written to.

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
        takes complex x; or ``n_directions`` random unit directions, in which entry k moves by about
        ``h max(1, |x_k|) / P**(1/4)``, for a large P (that is no proof: a wrong entry can hide among
        many right ones).
    h : float
        eps^(1/3), about 6e-6.
    n_directions : int
        At least 8.
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
    ValueError
        If x is not a float64 vector (float32 differences have no correct digits to compare: check
        the float64 gradient, then compare float32 with it by `check_close`), or for a bad option.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, -2.0, 3.0])
    >>> check_gradient(lambda x: np.sum(x**2), lambda x: 2 * x, x).ok
    True
    >>> print(check_gradient(lambda x: np.sum(x**2), lambda x: 10 * x, x).hint)
    constant ratio got / want = 5: the batch size? mean over the batch (1/B) missing?
    """
    point = _point(x)
    if method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}, got {method!r}")
    if n_directions < 8:
        raise ValueError(f"n_directions must be at least 8, got {n_directions}")
    masked = _boolean(frozen, point.size)
    seed = seed_of(rng)
    fn = scalar(f)
    got, broken = examine(fn, grad, point)
    options: dict[str, Any] = {"method": method, "rtol": rtol, "atol": atol, "rng": seed}
    options |= {"frozen": masked} if frozen is not None else {}
    options |= {"entries": entries} if entries is not None else {}
    line = call_line("check_gradient", callable_name(f, "f"), callable_name(grad, "grad"), "x", **options)
    base = Report("check_gradient", tuple(broken), seed=seed, reproduce=line)
    if got is None or not np.isfinite(fn(point.copy())):
        return base
    draw = np.random.default_rng(seed)
    noise = 0.0 if method == "complex" else rounding_noise(fn, point, draw)
    problem = Problem(fn, got, point, masked, namer(names, point.size), Limits(rtol, atol), h, noise, draw)
    broken += noticed(problem) + noisy(problem)
    if method == "directions":
        probe = directions(problem, n_directions)
    else:
        probe = sweep(problem, _choose(entries, ~masked, draw), method)
    return verdict(base, with_masked(probe, problem), problem.limits, broken, rows=rows)


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

    Examples
    --------
    >>> import numpy as np
    >>> want = np.array([1.0, 2.0, 3.0])
    >>> check_close(want.astype(np.float32), want).ok
    True
    >>> check_close(-want, want).hint
    'constant ratio got / want = -1: sign flipped?'
    """
    first, second = np.asarray(got), np.asarray(want)
    if first.shape != second.shape:
        wrong = Failure("shape", str(first.shape), str(second.shape))
        return Report("check_close", (wrong,), n_checked=second.size)
    claimed, right = (a.astype(np.float64).ravel() for a in (first, second))
    none = np.zeros(right.size, dtype=bool)
    exact = Derivatives(right, np.zeros(right.size), none)
    probe = Probe(claimed, exact, namer(names, right.size), right * 0, none)
    line = call_line("check_close", "got", "want", rtol=rtol, atol=atol)
    return verdict(Report("check_close", reproduce=line), probe, Limits(rtol, atol), [])


def _point(x: ArrayLike) -> Floats:
    point = np.array(x)
    if point.dtype in (np.float32, np.float16):
        raise ValueError(
            f"x is {point.dtype}: differences in it have no correct digits. Check the gradient in "
            "float64, then compare the float32 gradient with that one by check_close"
        )
    if point.dtype != np.float64 or point.ndim != 1:
        raise ValueError(
            f"x must be a float64 vector (P,), got {point.dtype} {point.shape}; use np.ravel(x).astype(float)"
        )
    if not np.isfinite(point).all():
        raise ValueError(f"x holds {point[~np.isfinite(point)][0]}; every entry must be finite")
    return point.astype(np.float64)


def _boolean(frozen: ArrayLike | None, size: int) -> Bools:
    if frozen is None:
        return np.zeros(size, dtype=bool)
    array = np.asarray(frozen)
    if array.dtype != np.bool_ or array.shape != (size,):
        raise ValueError(f"frozen must be boolean ({size},), got {array.dtype} {array.shape}")
    return array


def _choose(entries: int | ArrayLike | None, free: Bools, rng: np.random.Generator) -> list[int]:
    every = np.flatnonzero(free)
    if entries is None:
        return [int(k) for k in every]
    if isinstance(entries, (int, np.integer)):
        count = min(int(entries), len(every))
        return sorted(int(k) for k in rng.choice(every, count, replace=False))
    wanted = np.atleast_1d(np.asarray(entries))
    inside = (wanted >= 0) & (wanted < len(free))
    if wanted.dtype.kind not in "iu" or not inside.all():
        raise ValueError(f"entries must be indices in 0..{len(free) - 1}, got {entries!r}")
    return [int(k) for k in wanted if free[k]]
