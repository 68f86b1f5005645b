"""Flows of normflows."""

from __future__ import annotations

from typing import Any

from made_np.testing import Adapter

from .shared import Cases, D, in_double, torch_flow


def layer(n_features: int = D, context: int = 0, **options: Any) -> Adapter:
    """Return the adapter of one affine flow, whose network is seen, too."""
    torch = in_double()
    import normflows

    torch.manual_seed(0)
    flow = normflows.flows.MaskedAffineAutoregressive(n_features, 12, context_features=context or None, **options)
    base = normflows.distributions.DiagGaussian(n_features, trainable=False)
    net = flow.autoregressive_net
    told = {"n_params": 2, "lost": "fail"}
    if context:
        c = torch.zeros(1, context)
        model = normflows.ConditionalNormalizingFlow(base, [flow])
        told |= {"params": lambda x: net(x, c.expand(len(x), -1)), "params_given": net, "n_context": context}
        return torch_flow(
            model, n_features, lambda x: model.log_prob(x, c.expand(len(x), -1)),
            lambda n: model.sample(n, c.expand(n, -1))[0], **told,
        )  # fmt: skip
    model = normflows.NormalizingFlow(base, [flow])
    # Its network runs where a row is drawn, not where it is scored: an inverse autoregressive flow.
    return torch_flow(
        model, n_features, model.log_prob, lambda n: model.sample(n)[0], model.inverse, params=net, **told
    )


def spline(kind: str) -> Adapter:
    """Return the adapter of a spline flow."""
    in_double().manual_seed(0)
    import normflows

    flow = getattr(normflows.flows, kind)(2, 2, 12)
    model = normflows.NormalizingFlow(normflows.distributions.DiagGaussian(2, trainable=False), [flow])
    return torch_flow(model, 2, model.log_prob, lambda n: model.sample(n)[0], model.inverse)


CASES: Cases = {
    "MaskedAffineAutoregressive, residual": layer,
    "the same, feed-forward": lambda: layer(use_residual_blocks=False),
    "the same, 2 columns": lambda: layer(2),
    "the same, random masks": lambda: layer(use_residual_blocks=False, random_mask=True),
    "the same, with context": lambda: layer(context=2),
    "AutoregressiveRationalQuadraticSpline": lambda: spline("AutoregressiveRationalQuadraticSpline"),
    "CoupledRationalQuadraticSpline": lambda: spline("CoupledRationalQuadraticSpline"),
}
