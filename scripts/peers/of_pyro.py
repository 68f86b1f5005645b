"""Networks with transformations of Pyro."""

from __future__ import annotations

from typing import Any

from made_np.testing import Adapter

from .shared import ORDER, Cases, D, in_double, torch_flow


def layer(order: Any = ORDER, std: float = 0.3, **options: Any) -> Adapter:
    """Return the adapter of an affine transformation of normal noise, with its network."""
    torch = in_double()
    from pyro.distributions import Normal, TransformedDistribution
    from pyro.distributions.transforms import AffineAutoregressive
    from pyro.nn import AutoRegressiveNN

    torch.manual_seed(0)
    n = len(order)
    net = AutoRegressiveNN(n, [12, 12], permutation=torch.tensor(order), **options)
    transform = AffineAutoregressive(net, stable=False)
    base = Normal(torch.zeros(n), torch.ones(n)).to_event(1)

    def model() -> Any:
        transform.clear_cache()
        # Rows are scored in one pass of the network, and drawn in D.
        return TransformedDistribution(base, [transform.inv])

    def noise(x: Any) -> Any:
        transform.clear_cache()
        return transform(x)

    told = {"order": order, "n_params": 2, "layout": "blocked", "lost": "fail", "std": std}
    return torch_flow(
        net, n, lambda x: model().log_prob(x), lambda n: model().sample((n,)), noise,
        params=lambda x: torch.cat(net(x), dim=-1), **told,
    )  # fmt: skip


def conditional() -> Adapter:
    """Return the adapter of a network with a context."""
    torch = in_double()
    from pyro.nn import ConditionalAutoRegressiveNN

    from made_np.testing.frameworks import torch_adapter

    torch.manual_seed(1)
    net = ConditionalAutoRegressiveNN(D, 2, [24], permutation=torch.tensor(ORDER))

    def both(x: Any, c: Any) -> Any:
        return torch.cat(net(x, context=c), dim=-1)

    return torch_adapter(
        net, D, log_prob=lambda x: -both(x, x[:, :2] * 0 + 1).square().sum(dim=1), support=None, n_context=2,
        params=lambda x: both(x, x[:, :2] * 0 + 1), params_given=both, n_params=2, layout="blocked", order=ORDER,
    )  # fmt: skip


CASES: Cases = {
    "AffineAutoregressive, order 2 0 3 1": layer,
    "the same, skip connections": lambda: layer(skip_connections=True),
    "the same, 2 columns": lambda: layer((1, 0), 0.2),
    "the same, weights of 1": lambda: layer(std=1.0),
    "ConditionalAutoRegressiveNN": conditional,
}
