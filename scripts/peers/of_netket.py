"""Autoregressive wave functions of NetKet: twice the logarithm of one is a log-probability."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.testing import Adapter
from made_np.testing.frameworks import jax_adapter

from .shared import Cases, D, fed


def network(kind: str, n_local: int = 2, std: float = 0.5, **options: Any) -> Adapter:
    """Return the adapter of one network of sites that have so many local states, drawn by the direct sampler."""
    import jax
    import netket
    from jax import numpy as jnp

    hilbert = netket.hilbert.Spin(0.5, D) if n_local == 2 else netket.hilbert.Fock(n_local - 1, D)
    states = jnp.asarray(np.asarray(hilbert.local_states), dtype=float)
    model = getattr(netket.models, kind)(hilbert=hilbert, layers=2, features=6, param_dtype=float, **options)
    start = model.init(jax.random.key(0), jnp.full((1, D), states[0]))
    sampler = netket.sampler.ARDirectSampler(hilbert)

    def variables(weights: Any) -> Any:
        return {**start, "params": weights}

    def in_states(x: Any) -> Any:
        return states[jnp.asarray(x).astype(int)]

    def log_prob(weights: Any, x: Any) -> Any:
        return 2 * model.apply(variables(weights), in_states(x)).real

    def params(weights: Any, x: Any) -> Any:
        return 2 * model.apply(variables(weights), in_states(x), method=model.conditionals_log_psi).reshape(
            -1, D * n_local
        )

    def draw(weights: Any, n: int) -> Any:
        state = sampler.init_state(model, variables(weights), seed=0)
        drawn = sampler.sample(model, variables(weights), state=state, chain_length=n)[0].reshape(-1, D)
        return np.abs(np.asarray(drawn)[..., None] - np.asarray(states)).argmin(axis=-1)

    def inverse(weights: Any, x: Any, u: Any) -> Any:
        shares = jnp.exp(params(weights, x)).reshape(-1, D, n_local).cumsum(axis=2)
        return (u[:, :, None] >= shares[:, :, :-1]).sum(axis=2)

    return jax_adapter(
        start["params"], D, log_prob=log_prob, params=params, draw=draw, inverse=inverse,
        sample=lambda weights, u: fed(lambda rows: draw(weights, rows))(u), support=range(n_local), order=range(D),
        n_params=n_local, lost="fail", std=std, empty=False,
    )  # fmt: skip


CASES: Cases = {
    "ARNNDense": lambda: network("ARNNDense"),
    "the same, three local states": lambda: network("ARNNDense", 3),
    "the same, weights of 2": lambda: network("ARNNDense", std=2.0),
    "FastARNNDense": lambda: network("FastARNNDense"),
    "ARNNConv1D, kernel of 3": lambda: network("ARNNConv1D", kernel_size=3),
    "FastARNNConv1D, kernel of 3": lambda: network("FastARNNConv1D", kernel_size=3),
}
