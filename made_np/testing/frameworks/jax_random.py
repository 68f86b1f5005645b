"""The random functions of JAX, fed with given uniforms."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .uniforms import Feed, categories, normals

KEYS = ("PRNGKey", "key", "key_data", "key_impl", "wrap_key_data", "split", "fold_in", "clone")
"""They make keys, and draw nothing."""


def draws(feed: Feed) -> dict[str, Callable[..., Any]]:
    """What can be drawn with uniforms, by the names of `jax.random`."""
    import jax
    import jax.numpy as jnp

    def take(key: Any, shape: Any, what: str) -> Any:
        is_typed = jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
        name = np.asarray(jax.random.key_data(key) if is_typed else key).tobytes()
        return feed.take(tuple(shape), f"jax.random.{what}", name)

    def uniform(key: Any, shape: Any = (), dtype: Any = float, minval: Any = 0.0, maxval: Any = 1.0, **_: Any) -> Any:
        return minval + (maxval - minval) * jnp.asarray(take(key, shape, "uniform"), dtype)

    def normal(key: Any, shape: Any = (), dtype: Any = float, **_: Any) -> Any:
        return jnp.asarray(normals(take(key, shape, "normal")), dtype)

    def bernoulli(key: Any, p: Any = 0.5, shape: Any = None, **_: Any) -> Any:
        p = np.asarray(p)
        return jnp.asarray(take(key, p.shape if shape is None else shape, "bernoulli") < p)

    def categorical(key: Any, logits: Any, axis: int = -1, shape: Any = None, **_: Any) -> Any:
        weights = np.moveaxis(np.asarray(jax.nn.softmax(logits, axis=axis), dtype=np.float64), axis, -1)
        u = take(key, weights.shape[:-1] if shape is None else shape, "categorical")
        return jnp.asarray(categories(np.broadcast_to(weights, (*u.shape, weights.shape[-1])), u))

    return {"uniform": uniform, "normal": normal, "bernoulli": bernoulli, "categorical": categorical}


@contextmanager
def jax_fed(feed: Feed) -> Iterator[None]:
    """Let `jax.random` ask the feed until the block ends; nothing is compiled, lest the numbers stay in it."""
    import jax

    def refusal(name: str) -> Callable[..., Any]:
        def refuse(*_: Any, **__: Any) -> Any:
            raise feed.refuse(f"jax.random.{name}")

        return refuse

    space = vars(jax.random)
    before = {
        name: value
        for name, value in space.items()
        if not name.startswith("_") and name not in KEYS and callable(value) and not inspect.isclass(value)
    }
    fed = draws(feed)
    try:
        space.update({name: fed.get(name, refusal(name)) for name in before})
        with jax.disable_jit():
            yield
    finally:
        space.update(before)
