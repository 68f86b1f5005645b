"""A model of ours as pure functions of JAX."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.interop.answers import Answers, as_leaving
from made_np.interop.jax_ops import JaxOps
from made_np.messages import not_installed
from made_np.model.made import MADE
from made_np.typing import Array

__all__ = ["to_jax"]


@dataclass(frozen=True, eq=False)
class JaxMADE:
    """A model as functions that `jax.jit`, `jax.grad` and `jax.vmap` take.

    Attributes
    ----------
    made : MADE
    params : dict of str to jax.Array
        The parameters by their names in ``made.layout``.
    answers : Answers
        The formulas.
    """

    made: MADE
    params: dict[str, Any]
    answers: Answers

    def raw_outputs(self, params: dict[str, Any], x: Any, context: Any = None, mask_set: int = 0) -> Any:
        """Return raw outputs (n, O) under a mask set, as `MADE.raw_outputs`."""
        masks = self.made.network.masks(self.made.mask_sets[mask_set])

        def linear(name: str, h: Any, k: int) -> Any:
            mask = masks[name]
            z = h @ self.answers.F.where(mask, params[name], 0).T
            return z + (params[f"U{name[1:]}"] * mask).sum(1) if self.made.mask_weights else z

        units = self.answers.encode(x, context)
        return self.answers.raw_outputs(linear, lambda layer: params[f"b{layer}"], units, mask_set)

    def log_prob(self, params: dict[str, Any], x: Any, context: Any = None) -> Any:
        """Return log p(x) of rows (n, D) in nats, shape (n,): of the mixture, if there are several mask sets."""
        sets = range(self.made.n_masks or 0)
        return self.answers.log_prob([self.raw_outputs(params, x, context, k) for k in sets], x)

    def sample(self, params: dict[str, Any], key: Any, n: int, context: Any = None, uniforms: Any = None) -> Any:
        """Return n rows (n, D), in as many passes as there are features; each row draws its mask set.

        `uniforms` (n, D) decide the features, as in `MADE.sample`. For `jax.jit`, n is static.
        """
        F = self.answers.F
        key_sets, key_rows = F.jax.random.split(key)
        n_sets = self.made.n_masks or 0
        u = F.jax.random.uniform(key_rows, (n, self.made.n_features)) if uniforms is None else F.asarray(uniforms)
        sets = F.jax.random.randint(key_sets, (n, 1), 0, n_sets)
        x = self._drawn(params, u, context, 0)
        for k in range(1, n_sets):
            x = F.where(sets == k, self._drawn(params, u, context, k), x)
        return x

    def _drawn(self, params: dict[str, Any], u: Any, context: Any, k: int) -> Any:
        F = self.answers.F
        order = F.asarray(self.made.mask_sets[k].order)
        columns = F.arange(self.made.n_features)

        def step(i: Any, x: Any) -> Any:
            drawn = self.answers.draw(self.raw_outputs(params, x, context, k), u)
            return F.where(columns == order[i], drawn, x)

        return F.jax.lax.fori_loop(0, self.made.n_features, step, F.zeros(u.shape, self.made.dtype))

    def theta(self, params: dict[str, Any]) -> Array:
        """Return parameters as a theta of `made`."""
        theta = np.empty(self.made.n_params, self.made.dtype)
        for name, view in self.made.layout.views(theta).items():
            view[...] = np.asarray(params[name])
        return theta


def to_jax(made: MADE, theta: Array) -> JaxMADE:
    """Return a model as pure functions of JAX: ``log_prob(params, x)``, ``sample(params, key, n)``.

    ``net = to_jax(made, theta)`` has ``net.params``, a dict of arrays with the names of ``made.layout``, and
    ``net.theta(params)`` brings what was trained there back. Masks are in the functions, so weights off them have the
    gradient 0. Several mask sets are a mixture, as in ``MADE.log_prob``.

    Parameters
    ----------
    made : MADE
        With any of our distributions, and with a number of mask sets.
    theta : ndarray, shape (P,)
        It is copied.

    Raises
    ------
    ImportError
        jax is not installed.
    ValueError, TypeError
        What `made` has, JAX is not told here: a distribution or an activation of your own, endlessly many mask sets;
        or it computes in float64, and JAX was not told to.
    """
    theta = as_leaving(made, theta, "JAX")
    try:
        F = JaxOps()
    except ImportError as error:
        raise not_installed("functions of JAX need", "jax", "jax") from error
    if F.result_type(float) != np.float64 and made.dtype == "float64":
        raise ValueError(
            "made has dtype='float64', and JAX computes in float32: call jax.config.update('jax_enable_x64', True)"
        )
    params = {name: F.array(value) for name, value in made.layout.views(theta).items()}
    return JaxMADE(made, params, Answers(made, F))
