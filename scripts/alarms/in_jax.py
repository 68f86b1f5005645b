"""A drawn network as functions of JAX, compiled, with the gradient of JAX."""

from __future__ import annotations

from made_np.testing import Adapter
from made_np.testing.frameworks import jax_adapter

from .arrays import InJax
from .density import Density
from .drawn import Drawn
from .in_numpy import drawing, fields


def adapter(net: Drawn) -> Adapter:
    """Return all that the suite may know of it."""
    import jax

    density = Density(net, InJax())
    names = ["params", "sample", "inverse", "cdf"]
    names += ["conditional"] if net.is_binary else []
    functions = {name: jax.jit(getattr(density, name)) for name in names} | {"draw": drawing(density)}
    functions |= {"params_given": jax.jit(density.params)} if len(net.context) else {}
    return jax_adapter(
        list(net.weights.values()),
        log_prob=jax.jit(density.log_prob),
        rows=net.x,
        std=None,
        **functions,
        **fields(net),
    )
