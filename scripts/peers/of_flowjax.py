"""Flows of FlowJAX."""

from __future__ import annotations

from typing import Any

from made_np.testing import Adapter
from made_np.testing.frameworks import jax_adapter

from .shared import WIDE, Cases, D, fed, normal_rows


def flow(kind: str, n: int = D, **options: Any) -> Adapter:
    """Return the adapter of a whole flow."""
    import equinox as eqx
    import jax
    import paramax
    from flowjax import distributions, flows
    from jax import numpy as jnp
    from jax.scipy.special import ndtri

    base = distributions.StandardNormal((n,))
    made = getattr(flows, kind)(jax.random.key(0), base_dist=base, flow_layers=2, **options)
    weights, static = eqx.partition(made, eqx.is_inexact_array, is_leaf=lambda x: isinstance(x, paramax.NonTrainable))

    def model(weights: Any) -> Any:
        return paramax.unwrap(eqx.combine(weights, static))

    def draw(weights: Any, rows: int) -> Any:
        return model(weights).sample(jax.random.key(0), (rows,))

    def noise(weights: Any, x: Any) -> Any:
        return jax.vmap(model(weights).bijection.inverse)(x)

    return jax_adapter(
        weights, n, log_prob=lambda weights, x: model(weights).log_prob(x), draw=draw, support=WIDE, std=0.2,
        rows=normal_rows(n), inverse=lambda weights, x, u: x + ndtri(u) - noise(weights, x),
        sample=lambda weights, u: jax.vmap(model(weights).bijection.transform)(
            jnp.asarray(fed(lambda rows: jax.random.normal(jax.random.key(0), (rows, n)))(u))
        ),
    )  # fmt: skip


def network(width: int, std: float = 0.5) -> Adapter:
    """Return the adapter of one layer, whose network is seen, too."""
    import equinox as eqx
    import jax
    import paramax
    from flowjax.bijections import Affine, MaskedAutoregressive

    layer = MaskedAutoregressive(jax.random.key(0), transformer=Affine(), dim=D, nn_width=width, nn_depth=1)
    weights, static = eqx.partition(layer, eqx.is_inexact_array, is_leaf=lambda x: isinstance(x, paramax.NonTrainable))

    def params(weights: Any, x: Any) -> Any:
        return jax.vmap(paramax.unwrap(eqx.combine(weights, static)).masked_autoregressive_mlp)(x)

    return jax_adapter(
        weights, D, log_prob=lambda weights, x: -(params(weights, x) ** 2).sum(axis=1), support=None, std=std,
        params=params, order=range(D), n_params=2, lost="fail",
    )  # fmt: skip


CASES: Cases = {
    "MaskedAutoregressive, width 12": lambda: network(12),
    "the same, width 3": lambda: network(3),
    "masked_autoregressive_flow": lambda: flow("masked_autoregressive_flow", nn_width=8),
    "the same, 2 columns": lambda: flow("masked_autoregressive_flow", 2, nn_width=8),
}
