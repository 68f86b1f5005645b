"""What formulas ask of JAX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from made_np.typing import Array

__all__ = ["JaxOps"]


class JaxOps:
    """The functions that `heads` and `answers` take as `F`; all act on the last axis where they have one."""

    def __init__(self) -> None:
        import jax

        self.jax = jax
        self.np = jax.numpy

    def __getattr__(self, name: str) -> Any:
        """Return what `jax.numpy` has by this name: exp, log, sqrt, abs, floor, tanh, expm1, where, clip."""
        return getattr(self.np, name)

    def repeat(self, times: int, step: Callable[[Any], Any], state: Any) -> Any:
        """Return the state after so many steps."""
        return self.jax.lax.fori_loop(0, times, lambda _, now: step(now), state)

    def constant(self, array: Array, like: Any) -> Any:
        """Return an array of the kind of `like`."""
        return self.np.asarray(array, dtype=like.dtype)

    def dtype(self, z: Any) -> np.dtype[Any]:
        """Return the dtype of NumPy that an array has."""
        return np.dtype(z.dtype)

    def cast(self, z: Any, like: Any) -> Any:
        """Return `z` in the dtype of `like`."""
        return self.np.asarray(z).astype(like.dtype)

    def double(self, z: Any) -> Any:
        """Return `z` in the widest floats that JAX was told to have."""
        return z.astype(self.np.result_type(float))

    def take(self, z: Any, places: Sequence[int]) -> Any:
        """Return some entries of the last axis."""
        return z[..., np.asarray(places)]

    def reshape(self, z: Any, shape: Sequence[int]) -> Any:
        """Return `z` with this shape behind its first axis."""
        return z.reshape(len(z), *shape)

    def concat(self, parts: Sequence[Any]) -> Any:
        """Return parts one behind the other."""
        return self.np.concatenate(list(parts), axis=-1)

    def sum(self, z: Any) -> Any:
        """Return the sum."""
        return z.sum(-1)

    def max(self, z: Any) -> Any:
        """Return the largest entry."""
        return z.max(-1)

    def cumsum(self, z: Any) -> Any:
        """Return the sums up to each entry."""
        return z.cumsum(-1)

    def logsumexp(self, z: Any) -> Any:
        """Return log sum e^z."""
        return self.jax.nn.logsumexp(z, axis=-1)

    def log_softmax(self, z: Any) -> Any:
        """Return z - log sum e^z."""
        return self.jax.nn.log_softmax(z, axis=-1)

    def softplus(self, z: Any) -> Any:
        """Return log(1 + e^z)."""
        return self.jax.nn.softplus(z)

    def sigmoid(self, z: Any) -> Any:
        """Return 1 / (1 + e^-z)."""
        return self.jax.nn.sigmoid(z)

    def relu(self, z: Any) -> Any:
        """Return what is positive; its slope at 0 is 0."""
        return self.jax.nn.relu(z)

    def normal_below(self, z: Any) -> Any:
        """Return the mass of the standard normal below z."""
        return self.jax.scipy.special.ndtr(z)

    def quantile(self, u: Any) -> Any:
        """Return the quantile of the standard normal."""
        return self.jax.scipy.special.ndtri(u.clip(2.0**-54))
