"""Flows of zuko."""

from __future__ import annotations

from typing import Any

from made_np.testing import Adapter

from .shared import ORDER, POSITION, Cases, D, in_double, torch_flow

SMALL = {"hidden_features": (12, 12)}
DAG = ((0, 0, 0, 0), (1, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0))


def flow(name: str, n_features: int = 2, **options: Any) -> Adapter:
    """Return the adapter of a whole flow; what is inverted by bisection, to a millionth or so, is not exact."""
    torch = in_double()
    import zuko

    std = options.pop("std", 0.3)
    exact = options.pop("exact", True)
    torch.manual_seed(0)
    model = getattr(zuko.flows, name)(n_features, **options)
    return torch_flow(
        model,
        n_features,
        lambda x: model().log_prob(x),
        lambda n: model().sample((n,)),
        (lambda x: model().transform(x)) if exact else None,
        std=std,
        rtol=1e-6,
    )


def layer(allowed: Any = None, order: Any = ORDER, context: int = 0, **options: Any) -> Adapter:
    """Return the adapter of one transformation, whose network is seen, too."""
    torch = in_double()
    import zuko

    given = {"order": torch.tensor(POSITION)} if allowed is None else {}
    layer = zuko.flows.MaskedAutoregressiveTransform(D, context=context, **given, **SMALL, **options)
    base = zuko.lazy.UnconditionalDistribution(
        zuko.distributions.DiagNormal, torch.zeros(D), torch.ones(D), buffer=True
    )
    model = zuko.flows.Flow(layer, base)
    told = {"order": order, "allowed": allowed, "n_params": 2, "lost": "fail"}
    if context:
        c = torch.zeros(1, context)

        def both(x: Any, c: Any) -> Any:
            return layer.hyper(torch.cat([x, c.expand(len(x), -1)], dim=1))

        told |= {"params": lambda x: both(x, c), "params_given": both, "n_context": context}
        return torch_flow(model, D, lambda x: model(c).log_prob(x), lambda n: model(c).sample((n,))[:, 0], **told)
    told |= {"params": layer.hyper}
    return torch_flow(
        model, D, lambda x: model().log_prob(x), lambda n: model().sample((n,)), lambda x: model().transform(x), **told
    )


def graph() -> Adapter:
    """Return the adapter of a transformation that a graph restricts: what it allows is proved, not more."""
    torch = in_double()
    return layer(DAG, None, adjacency=torch.tensor(DAG).bool() | torch.eye(D).bool())


CASES: Cases = {
    "MaskedAutoregressiveTransform, order 2 0 3 1": layer,
    "the same, residual": lambda: layer(residual=True),
    "the same, with context": lambda: layer(context=2),
    "the same, adjacency of a graph": lambda: layer(
        DAG, None, adjacency=in_double().eye(D).add(in_double().tensor(DAG)).bool()
    ),
    "MAF, 3 layers": lambda: flow("MAF", **SMALL),
    "NSF": lambda: flow("NSF", transforms=2, **SMALL),
    "SOSPF": lambda: flow("SOSPF", exact=False, transforms=2, **SMALL),
    "BPF": lambda: flow("BPF", exact=False, transforms=2, **SMALL),
    "NICE": lambda: flow("NICE", **SMALL),
    "RealNVP": lambda: flow("RealNVP", **SMALL),
    "GF, at its own start": lambda: flow("GF", std=None),
}
