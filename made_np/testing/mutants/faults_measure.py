"""Planted faults: right networks whose answers to questions about ranges contradict each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..adapter import Adapter
from ..counting import share
from ..networks import Network
from ..questions import Where
from ..sampler import ancestral
from .mutant import planted, standard

RULES = "measure"
LEAST = 1e-2
"""A floor under answers, as it keeps the ratio of estimate and truth finite."""


def answered(net: Network, probability: Callable[[Where], Any]) -> Adapter:
    """The adapter with another way to answer."""
    return net.adapter(probability=probability)


def drawn_from(net: Network, seed: int | np.random.Generator) -> Any:
    """256 rows of the network."""
    u = np.random.default_rng(seed).random((256, net.plan.n_features))
    return ancestral(net.inverse, u, net.plan.order)


@planted("each question is answered from rows drawn anew", RULES)
def _drawn_anew(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return answered(net, lambda where: share(drawn_from(net, rng), where))


@planted("the seed of the rows comes from the question", RULES)
def _seed_of_the_question(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def probability(where: Where) -> float:
        return share(drawn_from(net, len(where)), where)

    return answered(net, probability)


@planted("no answer is let below a floor", RULES)
def _floor(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return answered(net, lambda where: max(net.probability(where), LEAST))


@planted("answers above a half are clipped", RULES)
def _ceiling(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return answered(net, lambda where: min(net.probability(where), 0.5) if where else 1.0)


@planted("answers are rounded to percents", RULES)
def _rounded(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return answered(net, lambda where: round(net.probability(where), 2))


@planted("a range does not hold its upper end", RULES)
def _upper_end_left_out(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def below(where: Where) -> Where:
        return {
            d: (low, None if high is None else float(np.nextafter(high, -np.inf))) for d, (low, high) in where.items()
        }

    return answered(net, lambda where: net.probability(below(where)))


@planted("the ends of a range are sorted", RULES)
def _ends_sorted(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def sorted_ends(where: Where) -> Where:
        return {d: ends if None in ends else tuple(sorted(ends)) for d, ends in where.items()}

    return answered(net, lambda where: net.probability(sorted_ends(where)))


@planted("columns are taken for independent of each other", RULES)
def _independent_of_two(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def probability(where: Where) -> float:
        if len(where) < 3:
            return net.probability(where)
        return float(np.prod([net.probability({d: ends}) for d, ends in where.items()]))

    return answered(net, probability)


@planted("answers are kept by the columns of a question, whatever the ends", RULES)
def _cached_by_column(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    known: dict[frozenset[int], float] = {}
    return answered(net, lambda where: known.setdefault(frozenset(where), net.probability(where)))


@planted("weights of the rows do not add up to 1", RULES)
def _weights_too_large(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return answered(net, lambda where: net.probability(where) * (256 / 257))


@planted("two orders answer: one for few columns, one for many", RULES)
def _another_order_for_more(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    other = ancestral(net.inverse, np.random.default_rng(0).random((256, 5)), net.plan.order[::-1])
    return answered(net, lambda where: share(other, where) if len(where) > 1 else net.probability(where))
