"""A drawn network as functions of JAX, compiled, with the gradient of JAX."""

from __future__ import annotations

from made_np.testing import Adapter
from made_np.testing.frameworks import jax_adapter

from .arrays import InJax
from .density import Density
from .drawn import Drawn
from .in_numpy import asked, fields


def adapter(net: Drawn) -> Adapter:
    """Return all that the suite may know of it."""
    import jax

    jax.clear_caches()  # what was compiled for the network before
    density = Density(net, InJax())
    functions = {name: fn if name == "draw" else jax.jit(fn) for name, fn in asked(density).items()}
    return jax_adapter(
        list(net.weights.values()),
        log_prob=jax.jit(density.log_prob),
        rows=net.x,
        std=None,
        **functions,
        **fields(net),
    )
