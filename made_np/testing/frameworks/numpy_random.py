"""The random functions of NumPy, fed with given uniforms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from .uniforms import Feed, categories, normals

HARMLESS = ("seed", "get_state", "set_state", "bit_generator", "get_bit_generator", "set_bit_generator")
OF_MASKS = ("permutation", "shuffle", "randint")
"""With a seed of their own networks draw orders and degrees by them, while they draw rows."""


def draws(feed: Feed) -> dict[str, Callable[..., Any]]:
    """What can be drawn with uniforms, by the names of `numpy.random`."""

    def take(size: Any, what: str, *parameters: Any) -> Any:
        shape = np.broadcast(*parameters).shape if size is None else (size,) if np.isscalar(size) else tuple(size)
        return feed.take(shape, f"numpy.random's {what}")

    def uniform(low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        return low + (np.asarray(high) - low) * take(size, "uniform", low, high)

    def normal(loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        return loc + scale * normals(take(size, "normal", loc, scale))

    def binomial(n: Any, p: Any, size: Any = None) -> Any:
        if np.any(np.asarray(n) != 1):
            raise feed.refuse("numpy.random's binomial with n above 1")
        return (take(size, "binomial", n, p) < p).astype(np.int64)

    def choice(a: Any, size: Any = None, replace: bool = True, p: Any = None, **_: Any) -> Any:
        values = np.asarray(a) if np.ndim(a) else np.arange(int(a))
        if values.ndim != 1 or not replace:
            raise feed.refuse("numpy.random's choice of rows, or without replacement")
        shares = np.ones(len(values)) if p is None else np.asarray(p, dtype=np.float64)
        u = take(size, "choice", 0)
        return values[categories(np.broadcast_to(shares, (*u.shape, len(values))), u)]

    def random(size: Any = None, dtype: Any = np.float64, out: Any = None) -> Any:
        if out is not None:
            raise feed.refuse("numpy.random's random with out")
        return take(size, "random", 0).astype(dtype)

    def standard_normal(size: Any = None, dtype: Any = np.float64, out: Any = None) -> Any:
        if out is not None:
            raise feed.refuse("numpy.random's standard_normal with out")
        return normals(take(size, "standard_normal", 0)).astype(dtype)

    same: dict[str, Callable[..., Any]] = dict.fromkeys(("random", "random_sample", "ranf", "sample"), random)
    return same | {
        "uniform": uniform,
        "normal": normal,
        "standard_normal": standard_normal,
        "binomial": binomial,
        "choice": choice,
        "rand": lambda *size: random(size),
        "randn": lambda *size: standard_normal(size),
    }


class _Kind(type):
    """Of a class in the place of its parent: instances of the parent that were made before are its own, too."""

    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, cls.__mro__[1])


def stand_in(kind: type, feed: Feed, kept: Sequence[str] = ()) -> type:
    """Return a kind of generator that draws with the feed: what cannot be drawn so it refuses, if it is not kept."""

    def refusal(name: str) -> Callable[..., Any]:
        def refuse(self: Any, *_: Any, **__: Any) -> Any:
            raise feed.refuse(f"numpy.random's {name}")

        return refuse

    def fed(draw: Callable[..., Any]) -> Callable[..., Any]:
        return lambda self, *args, **options: draw(*args, **options)

    found = draws(feed)
    public = [name for name in dir(kind) if not name.startswith("_") and name not in (*HARMLESS, *kept)]
    methods = {name: fed(found[name]) if name in found else refusal(name) for name in public}
    return _Kind(f"Fed{kind.__name__}", (kind,), methods)


def _place(state: Any) -> Any:
    """Where a generator stands."""
    inside = state.get_state(legacy=False)
    return inside["state"]["pos"], inside["state"]["key"].tobytes(), inside["has_gauss"]


@contextmanager
def numpy_fed(feed: Feed) -> Iterator[None]:
    """Let `numpy.random` ask the feed until the block ends: its functions, its global state, new generators."""
    space = vars(np.random)
    world = np.random.mtrand._rand
    state = stand_in(np.random.RandomState, feed)(0)
    generator = stand_in(np.random.Generator, feed)(np.random.PCG64(0))
    before = {name: value for name, value in space.items() if getattr(value, "__self__", None) is world}
    changed = {name: getattr(state, name) for name in before if name not in HARMLESS}
    before |= {"default_rng": np.random.default_rng, "RandomState": np.random.RandomState}
    changed |= {"default_rng": lambda *_: generator, "RandomState": stand_in(np.random.RandomState, feed, OF_MASKS)}
    place = _place(world)
    try:
        space.update(changed)
        vars(np.random.mtrand)["RandomState"] = changed["RandomState"]
        np.random.mtrand._rand = state
        yield
        if _place(world) != place:
            raise RuntimeError(
                "a function of numpy.random that was imported before drew real random numbers: import np"
            )
    finally:
        np.random.mtrand._rand = world
        vars(np.random.mtrand)["RandomState"] = before["RandomState"]
        space.update(before)
