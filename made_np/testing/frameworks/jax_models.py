"""Functions of a tree of weights, in JAX, as the suite sees them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..adapter import Adapter
from ..arrays import LARGEST, MOST_NUMBERS, as_array, told
from ..compare import seed_of
from ..values import as_callable, show
from .fields import look_at


def jax_adapter(
    weights: Any,
    n_features: int,
    *,
    log_prob: Callable[[Any, Any], Any],
    rows: int | ArrayLike = 7,
    std: float | None = 0.3,
    rng: int | np.random.Generator = 0,
    **fields: Any,
) -> Adapter:
    """Return the adapter of functions whose first argument is a tree of weights, computed with 64 bits.

    Parameters
    ----------
    weights : pytree of arrays
        The parameters; they are not changed.
    n_features : int
        D.
    log_prob : callable
        weights, (B, D) -> (B,), in nats.
    rows : int or array_like
        Rows (B, D) behind the loss, or how many to draw from the support.
    std : float or None
        The functions are checked at random weights of this standard deviation, at most 1e6; None: at those given.
    rng : int or Generator
        Seed of rows and weights.
    **fields
        Of `Adapter`: ``params``, ``conditional``, ``sample``, ``draw`` and other functions take the weights first.

    Raises
    ------
    ImportError
        If JAX is not installed.
    TypeError, ValueError
        If log_prob cannot be called, or a field is none of an adapter, or cannot be meant.

    Examples
    --------
    >>> adapter = jax_adapter(weights, 6, params=logits, log_prob=log_prob)  # doctest: +SKIP
    """
    import jax
    from jax.flatten_util import ravel_pytree

    as_callable(log_prob, "log_prob", "weights, x -> nats")
    _look_at_weights(weights)
    given = look_at(n_features, fields, rows=rows, std=std)
    generator = np.random.default_rng(seed_of(rng))
    x = given.drawn_rows(generator)
    with jax.enable_x64(True):
        theta, unravel = ravel_pytree(jax.tree.map(_in_jax, weights))
        start = given.start(theta.size, generator)
        theta = np.asarray(theta) if start is None else start
        tree = unravel(_in_jax(theta))

    def loss(theta: Any) -> Any:
        return -log_prob(unravel(theta), _in_jax(x)).mean()

    ours = {
        "log_prob": _in_numpy(log_prob, tree),
        "loss": _in_numpy(jax.jit(loss)),
        "grad": _in_numpy(jax.jit(jax.grad(loss))),
        "theta": theta,
        "names": _names(tree),
        "rows": len(x),
    }
    return given.adapter(ours, lambda fn: _in_numpy(fn, tree))


def _look_at_weights(weights: Any) -> None:
    """Raise if they are no tree of real numbers."""
    import jax
    import jax.numpy as jnp

    way_out = "give a tree of arrays of real numbers"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            leaves = jax.tree_util.tree_leaves_with_path(weights)
    except Exception as error:  # whatever somebody's object makes of being asked
        raise TypeError(f"weights={show(weights)} is no tree ({told(error)}): {way_out}") from None
    size = 0
    for path, leaf in leaves:
        name = f"weights{jax.tree_util.keystr(path)}"
        array = as_array(leaf, name)
        # bfloat16 has a kind of its own.
        if array.dtype.kind not in "biuf" and not jnp.issubdtype(array.dtype, jnp.floating):
            raise TypeError(f"{name} is {show(leaf)}: {way_out}")
        size += array.size
        if size > MOST_NUMBERS:
            raise ValueError(f"{name} is {show(leaf)}: {way_out}, at most {MOST_NUMBERS} of them")
        with np.errstate(over="ignore"):
            is_moderate = bool((np.abs(array.astype(np.float64)) <= LARGEST).all())
        if not is_moderate:
            raise ValueError(f"{name} holds a number above {LARGEST:g}, or one that is not finite: {way_out}")
    if not size:
        raise ValueError(f"weights={show(weights)} holds no number: {way_out}")


def _in_jax(array: Any) -> Any:
    import jax.numpy as jnp

    return jnp.asarray(array, dtype=jnp.float64)


def _in_numpy(fn: Callable[..., Any], *first: Any) -> Callable[..., Any]:
    """A function of JAX arrays, the first of them given, as a function of arrays; numbers stay numbers."""
    import jax

    def call(*arguments: Any) -> Any:
        with jax.enable_x64(True):
            return np.asarray(fn(*first, *(_in_jax(a) if isinstance(a, np.ndarray) else a for a in arguments)))

    return call


def _names(tree: Any) -> list[str]:
    """``"['W0'][1, 2]"`` for every number of a tree."""
    import jax

    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return [f"{jax.tree_util.keystr(path)}{list(at)}" for path, leaf in leaves for at in np.ndindex(*leaf.shape)]
