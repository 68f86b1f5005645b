"""Networks with flows of nflows."""

from __future__ import annotations

from typing import Any

from made_np.testing import Adapter

from .shared import Cases, D, in_double, torch_flow


def layer(n_features: int = D, context: int = 0, **options: Any) -> Adapter:
    """Return the adapter of one affine flow, whose network is seen, too."""
    torch = in_double()
    from nflows.distributions import StandardNormal
    from nflows.flows import Flow
    from nflows.transforms import MaskedAffineAutoregressiveTransform

    torch.manual_seed(0)
    transform = MaskedAffineAutoregressiveTransform(n_features, 12, context_features=context or None, **options)
    model = Flow(transform, StandardNormal([n_features]))
    net = transform.autoregressive_net
    told = {"n_params": 2, "lost": "fail"}
    if context:
        c = torch.zeros(1, context)
        told |= {"params": lambda x: net(x, c.expand(len(x), -1)), "params_given": net, "n_context": context}
        return torch_flow(
            model,
            n_features,
            lambda x: model.log_prob(x, c.expand(len(x), -1)),
            lambda n: model.sample(n, c)[0],
            **told,
        )
    return torch_flow(model, n_features, model.log_prob, model.sample, model.transform_to_noise, params=net, **told)


def mixture() -> Adapter:
    """Return the adapter of the mixture of Gaussians."""
    torch = in_double()
    from nflows.nn.nde import MixtureOfGaussiansMADE

    torch.manual_seed(0)
    model = MixtureOfGaussiansMADE(2, 12, num_mixture_components=3, use_residual_blocks=False)
    return torch_flow(model, 2, model.log_prob, model.sample, params=model, n_params=9, layout="interleaved")


CASES: Cases = {
    "MaskedAffineAutoregressiveTransform, residual": layer,
    "the same, feed-forward": lambda: layer(use_residual_blocks=False),
    "the same, 2 columns": lambda: layer(2),
    "the same, random masks": lambda: layer(use_residual_blocks=False, random_mask=True),
    "the same, with context": lambda: layer(context=2),
    "MixtureOfGaussiansMADE": mixture,
}
