"""Is a pair of functions an activation: entry by entry, with the slope that its backward function says?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.testing import check_vjp
from made_np.values import show

Array = NDArray[Any]
Function = Callable[..., Any]

Z = np.random.default_rng(0).permutation(np.linspace(-9.05, 9.15, 20)).reshape(4, 5)
"""Where functions are looked at: both sides of 0, and whatever bends they may have near it."""
MOVED = np.random.default_rng(1).permutation(Z.size)
"""Another order of these places."""


def check_elementwise(forward: Function, backward: Function) -> None:
    """Raise a `ValueError` unless the two are a pair ``forward(z) -> y``, ``backward(dy, z) -> dz``.

    In both precisions each must return a new array of the shape and the dtype of z, of finite numbers, the same ones
    each time, without writing to what it is given. Each entry must depend on the entry at its own place alone. And the
    slope must be that of difference quotients.
    """
    for dtype in ("float32", "float64"):
        z = Z.astype(dtype)
        dy = np.linspace(0.5, 1.5, z.size, dtype=dtype).reshape(z.shape)
        _check_function(forward, "forward", "(z)", [z])
        _check_function(backward, "backward", "(dy, z)", [dy, z])
    report = check_vjp(forward, backward, (Z,))
    if not report.ok:
        raise ValueError(f"backward is not the slope of forward:\n{report}")


def _check_function(function: Function, name: str, arguments: str, given: list[Array]) -> None:
    """Raise a `ValueError` that says what is wrong with one of the two functions."""
    call = f"{name}{arguments}"
    dtype = given[0].dtype
    result = _called(function, call, given)
    if not np.isfinite(result).all():
        k = int(np.flatnonzero(~np.isfinite(result))[0])
        z = given[-1].flat[k]
        raise ValueError(f"{call} is {result.flat[k]} in {dtype} at z = {z:.6g}: give finite numbers")
    _compare(result, _called(function, call, given), f"{call} says something else at each call")
    alone = f"an entry of {call} does not depend on its own place in z alone: an activation works entry by entry"
    moved = _called(function, call, [each.flat[MOVED].reshape(each.shape) for each in given])
    _compare(result.flat[MOVED].reshape(result.shape), moved, alone)
    _compare(result[1:2, 2:3], _called(function, call, [each[1:2, 2:3].copy() for each in given]), alone)
    _called(function, call, [each[:0] for each in given])  # no rows at all


def _called(function: Function, call: str, given: list[Array]) -> Array:
    """Return what a function makes of copies of what is given, or raise."""
    copies = [each.copy() for each in given]
    z = given[-1]
    try:
        result = function(*copies)
    except Exception as error:
        raise ValueError(f"{call} with z of shape {z.shape} fails: {type(error).__name__}: {error}") from error
    if not isinstance(result, np.ndarray) or (result.shape, result.dtype) != (z.shape, z.dtype):
        what = show(result)
        if isinstance(result, np.ndarray):
            what = f"an array of {result.dtype} of shape {result.shape}"
        raise ValueError(f"{call} with z of {z.dtype} and shape {z.shape} returns {what}: give the same as z has")
    written = not all(np.array_equal(copy, each) for copy, each in zip(copies, given, strict=True))
    if written or any(np.may_share_memory(result, copy) for copy in copies):
        raise ValueError(f"{call} writes to its arguments, or returns one of them: give a new array")
    return result


def _compare(one: Array, other: Array, message: str) -> None:
    """Raise a `ValueError` if two results differ by more than some roundings."""
    if not np.allclose(one, other, rtol=1e3 * float(np.finfo(one.dtype).eps), atol=1e-30):
        raise ValueError(message)
