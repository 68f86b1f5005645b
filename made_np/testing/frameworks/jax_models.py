"""Functions of a tree of weights, in JAX, as the suite sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..adapter import Adapter
from ..compare import seed_of
from ..values import as_callable
from .fields import assembled, given_fields, moved, rows_behind_the_loss


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
        The functions are checked at random weights of this standard deviation; None: at those given.
    rng : int or Generator
        Seed of rows and weights.
    **fields
        Of `Adapter`: ``params``, ``conditional``, ``sample``, ``draw`` and other functions take the weights first.

    Raises
    ------
    ImportError
        If JAX is not installed.
    TypeError, ValueError
        If log_prob cannot be called, or a field is none of an adapter.

    Examples
    --------
    >>> adapter = jax_adapter(weights, 6, params=logits, log_prob=log_prob)  # doctest: +SKIP
    """
    import jax
    from jax.flatten_util import ravel_pytree

    as_callable(log_prob, "log_prob", "weights, x -> nats")
    generator = np.random.default_rng(seed_of(rng))
    x = rows_behind_the_loss(rows, n_features, fields.get("support", (0, 1)), generator)
    with jax.enable_x64(True):
        theta, unravel = ravel_pytree(jax.tree.map(_in_jax, weights))
        start = moved(std, theta.size, generator)
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
    return assembled(n_features, given_fields(fields, lambda fn: _in_numpy(fn, tree)), ours)


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
