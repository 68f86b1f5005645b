"""Networks with transformations of NumPyro."""

from __future__ import annotations

from typing import Any

from made_np.testing import Adapter
from made_np.testing.frameworks import jax_adapter

from .shared import ORDER, WIDE, Cases, fed, normal_rows


def layer(order: Any = ORDER, std: float = 0.3, **options: Any) -> Adapter:
    """Return the adapter of an affine transformation of normal noise, with its network."""
    import jax
    import numpyro.distributions as dist
    from jax import numpy as jnp
    from jax.scipy.special import ndtri
    from numpyro.distributions.flows import InverseAutoregressiveTransform
    from numpyro.nn import AutoregressiveNN

    n = len(order)
    start, apply = AutoregressiveNN(n, [12, 12], permutation=jnp.array(order), **options)
    weights = start(jax.random.key(0), (n,))[1]

    def transform(weights: Any) -> Any:
        return InverseAutoregressiveTransform(lambda x: apply(weights, x))

    def log_prob(weights: Any, x: Any) -> Any:
        # Rows are scored in one pass of the network, and drawn in D.
        base = dist.Normal(jnp.zeros(n), 1.0).to_event(1)
        return dist.TransformedDistribution(base, [transform(weights).inv]).log_prob(x)

    def draw(weights: Any, rows: int) -> Any:
        return transform(weights)._inverse(jax.random.normal(jax.random.key(0), (rows, n)))

    return jax_adapter(
        weights, n, log_prob=log_prob, draw=draw, order=order, n_params=2, layout="blocked", lost="fail", std=std,
        params=lambda weights, x: jnp.concatenate(apply(weights, x), axis=-1), support=WIDE,
        empty=False, rows=normal_rows(n),
        sample=lambda weights, u: fed(lambda rows: draw(weights, rows))(u),
        inverse=lambda weights, x, u: x + ndtri(u) - transform(weights)(x),
    )  # fmt: skip


CASES: Cases = {
    "InverseAutoregressiveTransform, order 2 0 3 1": layer,
    "the same, skip connections": lambda: layer(skip_connections=True),
    "the same, 2 columns": lambda: layer((1, 0), 0.2),
    "the same, weights of 1": lambda: layer(std=1.0),
}
