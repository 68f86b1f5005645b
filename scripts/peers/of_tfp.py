"""Flows of TensorFlow Probability in JAX, with the masks of its MADE, whose network itself needs Keras."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from made_np.testing import Adapter
from made_np.testing.frameworks import jax_adapter

from .shared import ORDER, WIDE, Cases, D, fed, normal_rows


def masked(hidden: tuple[int, ...], order: Any, degrees: str) -> tuple[Any, Any]:
    """Return weights, and the network that they have under TFP's own masks: x (n, D) to (n, D, 2)."""
    from jax import numpy as jnp
    from tensorflow_probability.substrates.jax.bijectors import masked_autoregressive

    n = len(order)
    place = np.argsort(order) + 1
    np.random.seed(0)  # noqa: NPY002 - TFP draws random degrees from this
    masks = masked_autoregressive._make_dense_autoregressive_masks(
        params=2, event_size=n, hidden_units=list(hidden), input_order=place, hidden_degrees=degrees
    )
    sizes = [n, *hidden, 2 * n]
    weights = [(np.zeros(size), np.zeros(size[1])) for size in pairwise(sizes)]

    def net(weights: Any, x: Any) -> Any:
        h = x
        for k, ((W, b), mask) in enumerate(zip(weights, masks, strict=True)):
            h = (jnp.tanh(h) if k else h) @ (W * mask) + b
        return h.reshape(*x.shape, 2)

    return weights, net


def flow(order: Any = ORDER, hidden: tuple[int, ...] = (12, 12), degrees: str = "equal", std: float = 0.3) -> Adapter:
    """Return the adapter of one affine flow, whose network is seen, too."""
    import jax
    from jax import numpy as jnp
    from jax.scipy.special import ndtri
    from tensorflow_probability.substrates import jax as tfp

    n = len(order)
    weights, net = masked(hidden, order, degrees)

    def transform(weights: Any) -> Any:
        def scales(x: Any) -> tuple[Any, Any]:
            raw = net(weights, x)
            return raw[..., 0], raw[..., 1]

        return tfp.bijectors.MaskedAutoregressiveFlow(scales)

    def distribution(weights: Any) -> Any:
        base = tfp.distributions.MultivariateNormalDiag(jnp.zeros(n), jnp.ones(n))
        return tfp.distributions.TransformedDistribution(base, transform(weights))

    def noise(weights: Any, x: Any) -> Any:
        return transform(weights).inverse(x)

    def draw(weights: Any, rows: int) -> Any:
        return distribution(weights).sample(rows, seed=jax.random.PRNGKey(0))

    return jax_adapter(
        weights, n, log_prob=lambda weights, x: distribution(weights).log_prob(x), draw=draw, order=order, n_params=2,
        lost="fail", std=std, params=lambda weights, x: net(weights, x).reshape(-1, 2 * n), support=WIDE,
        rows=normal_rows(n), inverse=lambda weights, x, u: x + ndtri(u) - noise(weights, x),
        sample=lambda weights, u: transform(weights).forward(
            jnp.asarray(fed(lambda rows: jax.random.normal(jax.random.key(0), (rows, n)))(u))
        ),
    )  # fmt: skip


def bits(std: float = 0.5) -> Adapter:
    """Return the adapter of the autoregressive distribution of 0 and 1."""
    import jax
    from jax import numpy as jnp
    from tensorflow_probability.substrates import jax as tfp

    weights, net = masked((12,), ORDER, "equal")

    def distribution(weights: Any) -> Any:
        def given(x: Any) -> Any:
            logits = net(weights, x.astype(float))[..., 0]
            return tfp.distributions.Independent(
                tfp.distributions.Bernoulli(logits=logits, dtype=jnp.float64), reinterpreted_batch_ndims=1
            )

        return tfp.distributions.Autoregressive(given, sample0=jnp.zeros(D), num_steps=D)

    def draw(weights: Any, rows: int) -> Any:
        return distribution(weights).sample(rows, seed=jax.random.PRNGKey(0))

    return jax_adapter(
        weights, D, log_prob=lambda weights, x: distribution(weights).log_prob(x), draw=draw, order=ORDER,
        params=lambda weights, x: net(weights, x)[..., 0], lost="fail", std=std,
        sample=lambda weights, u: fed(lambda rows: draw(weights, rows))(u),
        conditional=lambda weights, x: jax.nn.sigmoid(net(weights, x)[..., 0]),
    )  # fmt: skip


CASES: Cases = {
    "MaskedAutoregressiveFlow, order 2 0 3 1": flow,
    "the same, 2 columns": lambda: flow((1, 0), std=0.2),
    "the same, random degrees": lambda: flow(degrees="random"),
    "the same, weights of 1": lambda: flow(std=1.0),
    "Autoregressive, of Bernoulli": bits,
}
