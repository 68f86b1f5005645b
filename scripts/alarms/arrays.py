"""Functions of arrays that are called otherwise in NumPy, torch, JAX."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.normal import inverse_normal_cdf, normal_cdf


class InNumpy:
    """NumPy. What a log-probability needs takes complex numbers, too: so gradients are found by complex steps."""

    np = np
    normal_cdf = staticmethod(normal_cdf)
    normal_quantile = staticmethod(inverse_normal_cdf)

    @staticmethod
    def constant(values: Any, like: Any) -> Any:
        """An array of float64."""
        return np.asarray(values, dtype=np.float64)

    @staticmethod
    def sigmoid(z: Any) -> Any:
        """``1 / (1 + exp(-z))``."""
        return 1 / (1 + np.exp(-z))

    @staticmethod
    def softplus(z: Any) -> Any:
        """``log(1 + exp(z))``."""
        return z * (z.real > 0) + np.log1p(np.exp(np.where(z.real > 0, -z, z)))

    @staticmethod
    def logsumexp(z: Any) -> Any:
        """Over the last axis."""
        top = z.real.max(axis=-1)
        return top + np.log(np.sum(np.exp(z - top[..., None]), axis=-1))

    @staticmethod
    def activation(name: str, z: Any) -> Any:
        """One of `ACTIVATIONS`."""
        if name == "relu":
            return z * (z.real > 0)
        if name == "elu":
            return np.where(z.real > 0, z, np.exp(np.where(z.real > 0, 0, z)) - 1)
        return np.tanh(z) if name == "tanh" else getattr(InNumpy, name)(z)


class InTorch:
    """torch."""

    @property
    def np(self) -> Any:
        """The module whose functions are called as NumPy's are."""
        import torch

        return torch

    def constant(self, values: Any, like: Any) -> Any:
        """A tensor of float64."""
        return self.np.as_tensor(np.asarray(values, dtype=np.float64))

    def logsumexp(self, z: Any) -> Any:
        """Over the last axis."""
        return self.np.logsumexp(z, -1)

    def activation(self, name: str, z: Any) -> Any:
        """One of `ACTIVATIONS`."""
        return getattr(self.np.nn.functional, name)(z)

    def sigmoid(self, z: Any) -> Any:
        """``1 / (1 + exp(-z))``."""
        return self.np.sigmoid(z)

    def softplus(self, z: Any) -> Any:
        """``log(1 + exp(z))``: torch's own is the identity beyond 20, which is 2e-9 off."""
        return self.np.logaddexp(z, self.np.zeros_like(z))

    def normal_cdf(self, z: Any) -> Any:
        """Of the standard normal."""
        return self.np.special.ndtr(z)

    def normal_quantile(self, u: Any) -> Any:
        """Its inverse."""
        return self.np.special.ndtri(u)


class InJax:
    """JAX."""

    @property
    def np(self) -> Any:
        """The module whose functions are called as NumPy's are."""
        import jax

        return jax.numpy

    def __getattr__(self, name: str) -> Any:
        import jax

        inner = {"normal_cdf": jax.scipy.special.ndtr, "normal_quantile": jax.scipy.special.ndtri}
        return inner[name] if name in inner else getattr(jax.nn, name)

    def constant(self, values: Any, like: Any) -> Any:
        """An array of float64."""
        return self.np.asarray(values, dtype=self.np.float64)

    def logsumexp(self, z: Any) -> Any:
        """Over the last axis."""
        import jax

        return jax.nn.logsumexp(z, axis=-1)

    def activation(self, name: str, z: Any) -> Any:
        """One of `ACTIVATIONS`."""
        import jax

        return getattr(jax.nn, name)(z)
