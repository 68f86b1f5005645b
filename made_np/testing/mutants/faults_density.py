"""Planted faults: right networks whose numbers are no density, whose samples come from another one, or
whose answers depend on more than the row."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..adapter import Adapter
from ..compare import Floats, Ints
from ..networks import Network, bernoulli_nll, make_network, sigmoid
from ..plans import make_plan
from ..sampler import ancestral
from ..wiring import position_of
from .mutant import ORDER, degrees_of, planted, standard

SUM = "normalised"
DRAW = "sampler"
ROWS = "consistency_params"


def ensemble(rng: np.random.Generator) -> list[Network]:
    """Two mask sets of different orders over one vector of parameters."""
    degrees = [degrees_of(rng, 5, 7)]
    first = make_network(rng, make_plan(ORDER, degrees))
    return [first, replace(first, plan=make_plan(ORDER[::-1], degrees))]


def only_log_prob(net: Network, log_prob: Callable[[Floats], Floats]) -> Adapter:
    """The adapter with another log_prob."""
    return net.adapter(log_prob=log_prob)


@planted("logits are averaged over the orders of an ensemble", SUM)
def _averaged_logits(rng: np.random.Generator) -> Adapter:
    nets = ensemble(rng)

    def log_prob(x: Floats) -> Floats:
        x = np.ascontiguousarray(x, dtype=np.float64)
        return -bernoulli_nll(np.mean([net.params(x) for net in nets], axis=0), x)

    return only_log_prob(nets[0], log_prob)


@planted("log-probabilities are averaged over the orders of an ensemble", SUM)
def _averaged_log_probs(rng: np.random.Generator) -> Adapter:
    nets = ensemble(rng)
    return only_log_prob(nets[0], lambda x: np.mean([net.log_prob(x) for net in nets], axis=0))


@planted("the mixture over orders lacks - log K", SUM)
def _mixture_without_log_k(rng: np.random.Generator) -> Adapter:
    nets = ensemble(rng)
    return only_log_prob(nets[0], lambda x: np.logaddexp(*(net.log_prob(x) for net in nets)))


@planted("log_prob is in bits", SUM)
def _in_bits(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return only_log_prob(net, lambda x: net.log_prob(x) / np.log(2))


@planted("log_prob is a mean over features", SUM)
def _mean_over_features_in_log_prob(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return only_log_prob(net, lambda x: net.log_prob(x) / 5)


@planted("log_prob is the negative log-likelihood", SUM)
def _wrong_sign(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return only_log_prob(net, lambda x: -net.log_prob(x))


@planted("a small number is added inside the logarithm", SUM)
def _epsilon_in_the_logarithm(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def log_prob(x: Floats) -> Floats:
        p = sigmoid(net.params(x))
        return np.asarray(np.log(np.where(x == 1, p, 1 - p) + 1e-6).sum(axis=1))

    return only_log_prob(net, log_prob)


@planted("the last feature is left out of the sum", SUM)
def _last_feature_left_out(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return only_log_prob(net, lambda x: -bernoulli_nll(net.params(x)[:, :4], np.asarray(x)[:, :4]))


@planted("a continuous density lacks - log s", SUM)
def _scale_left_out(rng: np.random.Generator) -> Adapter:
    net = make_network(rng, make_plan([0], [], n_params=2))

    def log_prob(x: Floats) -> Floats:
        return np.asarray(net.log_prob(x) + np.tanh(net.params(x)[:, 1]) / 2)

    return only_log_prob(net, log_prob)


@planted("batch statistics: logits are centred over the batch", "consistency_log_prob")
def _batch_statistics(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def log_prob(x: Floats) -> Floats:
        x = np.ascontiguousarray(x, dtype=np.float64)
        a = net.params(x)
        return -bernoulli_nll(a - a.mean(axis=0), x) if len(x) else np.zeros(0)

    return only_log_prob(net, log_prob)


def drawn_in(net: Network, order: Ints) -> Adapter:
    """A sampler that runs in another order than the network."""
    return net.adapter(sample=lambda u: ancestral(net.inverse, u, order))


@planted("the sampler runs in the natural order, the network does not", DRAW)
def _sampled_in_natural_order(rng: np.random.Generator) -> Adapter:
    return drawn_in(standard(rng), np.arange(5))


@planted("the sampler uses position for order", DRAW)
def _sampled_by_position(rng: np.random.Generator) -> Adapter:
    return drawn_in(standard(rng), position_of(ORDER))


@planted("the sampler uses position for order, continuous columns", DRAW)
def _continuous_sampled_by_position(rng: np.random.Generator) -> Adapter:
    return drawn_in(standard(rng, n_params=2), position_of(ORDER))


@planted("the sampler sets a feature to 1 where u > p", DRAW)
def _opposite_draws(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return net.adapter(sample=lambda u: ancestral(lambda x, v: 1 - net.inverse(x, v), u, net.plan.order))


@planted("all features are drawn at once: none hears of another", DRAW)
def _drawn_at_once(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return net.adapter(sample=lambda u: net.inverse(np.zeros_like(u), u))


@planted("an incremental sampler computes hidden units before their last input is known", DRAW)
def _one_feature_late(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def sample(u: Floats) -> Floats:
        x = np.zeros_like(u)
        before = np.zeros_like(u)
        for d in net.plan.order:
            new = net.inverse(before, u)[:, d]
            before = x.copy()
            x[:, d] = new
        return x

    return net.adapter(sample=sample)


@planted("each row is drawn from the conditionals of the row before it", DRAW)
def _rows_mixed_up(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def sample(u: Floats) -> Floats:
        x = np.zeros_like(u)
        for d in net.plan.order:
            x[:, d] = net.inverse(np.roll(x, 1, axis=0), u)[:, d]
        return x

    return net.adapter(sample=sample)


@planted("the sampler draws at another temperature than log_prob", DRAW)
def _other_temperature(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def inverse(x: Floats, u: Floats) -> Floats:
        return np.asarray(u < sigmoid(1.2 * net.params(x)), dtype=np.float64)

    return net.adapter(sample=lambda u: ancestral(inverse, u, net.plan.order))


@planted("the sampler draws numbers of its own beside those it is given", DRAW)
def _own_random_numbers(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return net.adapter(sample=lambda u: ancestral(net.inverse, rng.random(u.shape), net.plan.order))


def rows_by(net: Network, params: Callable[[Floats], Floats]) -> Adapter:
    """The adapter with another way to the outputs."""
    return net.adapter(params=params)


@planted("x is rescaled in place", ROWS)
def _writes_to_x(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def params(x: Floats) -> Floats:
        x *= 2
        x -= 1
        return net.params((x + 1) / 2)

    return rows_by(net, params)


@planted("a batch of no rows fails", ROWS)
def _no_empty_batch(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return rows_by(net, lambda x: net.params(x) + 0 * np.max(np.abs(x)))


@planted("a batch of one row loses an axis", ROWS)
def _squeezed(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return rows_by(net, lambda x: np.squeeze(net.params(x)))


@planted("dropout is left on", ROWS)
def _dropout_left_on(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return rows_by(net, lambda x: net.params(x) * (rng.random((len(x), 5)) < 0.9))


@planted("the answer is a work buffer, which the next call overwrites", ROWS)
def _shared_buffer(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    buffer = np.zeros((1000, 5))

    def params(x: Floats) -> Floats:
        buffer[: len(x)] = net.params(x)
        return buffer[: len(x)]

    return rows_by(net, params)


@planted("memory is read as if it were C-ordered", ROWS)
def _reads_memory_order(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return rows_by(net, lambda x: net.params(np.ravel(x, order="K").reshape(np.shape(x))))


@planted("the global random state is reseeded", ROWS)
def _global_seed(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def params(x: Floats) -> Floats:
        random.seed(0)
        return net.params(x)

    return rows_by(net, params)


@planted("running statistics: an answer depends on the calls before it", ROWS)
def _running_mean(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    mean = np.zeros(5)

    def params(x: Floats) -> Floats:
        if len(x):
            mean[...] = 0.9 * mean + 0.1 * np.mean(x, axis=0)
        return net.params(x) - mean

    return rows_by(net, params)
