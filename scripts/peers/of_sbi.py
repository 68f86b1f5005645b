"""Density estimators of sbi."""

from __future__ import annotations

from typing import Any

from made_np.testing import Adapter
from made_np.testing.frameworks import torch_adapter

from .shared import Cases, in_double, seeded, torch_flow

SIZES = (2, 3, 4)


def categories(**options: Any) -> Adapter:
    """Return the adapter of the network for categories, given a context."""
    torch = in_double()
    from sbi.neural_nets.estimators.categorical_net import CategoricalMADE

    torch.manual_seed(0)
    net = CategoricalMADE(torch.tensor(SIZES), 24, num_context_features=2, **options)
    c = torch.zeros(1, 2)
    return torch_adapter(
        net, 3, log_prob=lambda x: net.log_prob(x, c.expand(len(x), -1)), order=range(3), n_params=4, n_context=2,
        params=lambda x: net(x, c.expand(len(x), -1)).reshape(len(x), -1), support=[range(k) for k in SIZES], std=0.5,
        params_given=lambda x, c: net(x, c).reshape(len(x), -1), lost="fail", empty=False,
        draw=seeded(lambda n: net.sample(torch.Size((n,)), c).reshape(n, 3)),
    )  # fmt: skip


def flow(kind: str) -> Adapter:
    """Return the adapter of a flow as sbi builds it, at a fixed context."""
    torch = in_double()
    from sbi.neural_nets import net_builders

    torch.manual_seed(0)
    build = getattr(net_builders, f"build_{kind}")
    batch = torch.randn(50, 2)
    model = build(batch, torch.randn(50, 2), hidden_features=12, num_transforms=2)
    c = torch.zeros(1, 2)
    return torch_flow(
        model, 2, lambda x: model.log_prob(x[None], c.expand(len(x), -1))[0],
        lambda n: model.sample(torch.Size((n,)), c)[:, 0], std=0.2,
    )  # fmt: skip


CASES: Cases = {
    "CategoricalMADE": categories,
    "CategoricalMADE, feed-forward": lambda: categories(use_residual_blocks=False),
    "maf (of nflows)": lambda: flow("maf"),
    "zuko_maf": lambda: flow("zuko_maf"),
    "nsf (of nflows)": lambda: flow("nsf"),
}
