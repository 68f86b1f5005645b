"""Planted faults: right densities with samplers that take no uniforms, or conditional CDFs, that are not theirs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..adapter import Adapter
from ..compare import Floats
from ..networks import Network, sigmoid
from ..sampler import ancestral
from .mutant import ORDER, planted, standard

COUNTS = "sampler_counts"
CDF = "calibrated"

Inverse = Callable[[Floats, Floats], Floats]


def drawing(net: Network, inverse: Inverse) -> Adapter:
    """The adapter whose sampler takes no uniforms, and draws each feature by ``inverse``."""

    def draw(n: int) -> Floats:
        return ancestral(inverse, np.random.default_rng(0).random((n, len(ORDER))), net.plan.order)

    return net.adapter(draw=draw)


def by_cdf(net: Network, cdf: Callable[[Floats], tuple[Floats, Floats]]) -> Adapter:
    """The adapter with other conditional CDFs."""
    return net.adapter(draw=net.draw, cdf=cdf)


@planted("probabilities are logits cut off at 0 and 1", COUNTS)
def _clipped_logits(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return drawing(net, lambda x, u: np.asarray(u < np.clip(net.params(x), 0, 1), dtype=np.float64))


@planted("a sampler that takes no uniforms draws at another temperature", COUNTS)
def _warm_draws(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return drawing(net, lambda x, u: np.asarray(u < sigmoid(1.3 * net.params(x)), dtype=np.float64))


@planted("a sampler that takes no uniforms returns the mode", COUNTS)
def _mode_drawn(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return drawing(net, lambda x, u: np.asarray(net.params(x) > 0, dtype=np.float64))


@planted("the scale of a cdf is taken for its inverse", CDF)
def _inverse_scale_in_cdf(rng: np.random.Generator) -> Adapter:
    net = standard(rng, n_params=2)

    def cdf(x: Floats) -> tuple[Floats, Floats]:
        a = net.params(x)
        up_to = sigmoid((x - a[:, 0::2]) * np.exp(np.tanh(a[:, 1::2]) / 2))
        return up_to, up_to

    return by_cdf(net, cdf)


@planted("a cdf is that of the opposite value", CDF)
def _opposite_cdf(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def cdf(x: Floats) -> tuple[Floats, Floats]:
        p = sigmoid(net.params(x))
        return p * x, p + (1 - p) * x

    return by_cdf(net, cdf)


@planted("a cdf is asked before the features before it are known", CDF)
def _cdf_of_nothing(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def cdf(x: Floats) -> tuple[Floats, Floats]:
        p = sigmoid(net.params(np.zeros_like(x)))
        return (1 - p) * x, 1 - p + p * x

    return by_cdf(net, cdf)
