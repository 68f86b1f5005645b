"""Flows of DeeProb-kit."""

from __future__ import annotations

from typing import Any

from made_np.testing import Adapter

from .shared import Cases, D, in_double, torch_flow


def flow(kind: str, n_features: int = D, **options: Any) -> Adapter:
    """Return the adapter of a whole flow."""
    in_double().manual_seed(0)
    from deeprob.flows import models

    model = getattr(models, kind)(n_features, n_flows=2, units=12, batch_norm=False, **options)
    return torch_flow(
        model,
        n_features,
        model,
        model.sample,
        lambda x: model.apply_backward(x)[0],
    )


CASES: Cases = {
    "MAF": lambda: flow("MAF"),
    "MAF, 2 columns": lambda: flow("MAF", 2),
    "MAF, random degrees": lambda: flow("MAF", sequential=False, random_state=0),
    "RealNVP1d": lambda: flow("RealNVP1d"),
    "RealNVP1d, 2 columns": lambda: flow("RealNVP1d", 2),
}
