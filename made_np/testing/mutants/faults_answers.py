"""Planted faults: right networks whose answers about some columns, given some, contradict those about all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..adapter import Adapter
from ..compare import Floats
from ..conditionals import Values
from ..networks import Network, bernoulli_nll
from .mutant import ORDER, planted, standard

ANSWERS = "conditionals"
LEFT_OUT = dict.fromkeys(range(len(ORDER)), 0.0)


def answering(
    net: Network,
    log_marginal: Callable[[Values], float] | None = None,
    log_conditional: Callable[[Values, Values], float] | None = None,
) -> Adapter:
    """The adapter with another way to answer; what is given follows from what is not."""
    marginal = log_marginal or net.log_marginal

    def ratio(asked: Values, given: Values) -> float:
        return marginal({**asked, **given}) - marginal(given)

    return net.adapter(log_marginal=marginal, log_conditional=log_conditional or ratio)


def row_of(values: Values) -> Floats:
    """(1, 5): these values, and 0 where there is none."""
    return np.array([[values.get(d, 0.0) for d in range(len(ORDER))]])


@planted("columns that are left out count as 0", ANSWERS)
def _left_out_is_zero(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return answering(net, lambda values: float(net.log_prob(row_of(values))[0]) if values else 0.0)


@planted("the likeliest completion stands for the sum over all", ANSWERS)
def _likeliest_completion(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    states = np.array(np.meshgrid(*[[0.0, 1.0]] * len(ORDER))).reshape(len(ORDER), -1).T

    def log_marginal(values: Values) -> float:
        agrees = (states[:, list(values)] == list(values.values())).all(axis=1)
        return float(net.log_prob(states[agrees]).max()) if values else 0.0

    return answering(net, log_marginal)


@planted("what is given is ignored", ANSWERS)
def _condition_ignored(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return answering(net, log_conditional=lambda asked, given: net.log_marginal(asked))


@planted("a conditional is not divided by the probability of its condition", ANSWERS)
def _joint_for_conditional(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return answering(net, log_conditional=lambda asked, given: net.log_marginal({**asked, **given}))


@planted("one pass answers for any condition: features after the asked one in the order are not heard", ANSWERS)
def _later_features_not_heard(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def log_conditional(asked: Values, given: Values) -> float:
        x = row_of({**asked, **given})
        logits = net.params(x)
        return float(sum(-bernoulli_nll(logits[:, [d]], x[:, [d]])[0] for d in asked))

    return answering(net, log_conditional=log_conditional)


@planted("values that are given go to columns by their place in the condition, not by name", ANSWERS)
def _condition_by_place(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def log_conditional(asked: Values, given: Values) -> float:
        return net.log_conditional(asked, dict(zip(sorted(given), given.values(), strict=True)))

    return answering(net, log_conditional=log_conditional)


@planted("conditionals come from another order of an ensemble than marginals", ANSWERS)
def _another_order_conditions(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    # Right by itself, and another density: the same weights under the mask set of another order.
    other = replace(net, plan=standard(np.random.default_rng(0), order=ORDER[::-1]).plan)
    return answering(net, log_conditional=other.log_conditional)


@planted("without a condition column 0 answers, whichever was asked: TabPFN-extensions#307", "normalised", ANSWERS)
def _unconditional_is_column_0(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def log_marginal(values: Values) -> float:
        """The first factor of the chain p(x_2) p(x_0 | x_2) ... is that of column 0."""
        if not values:
            return 0.0
        first = values[_leading(values)]
        right = net.log_marginal({_leading(values): first})
        return net.log_marginal(values) - right + net.log_marginal({0: values.get(0, first)})

    def log_prob(x: Floats) -> Floats:
        return np.array([log_marginal(dict(enumerate(row))) for row in np.asarray(x, dtype=np.float64).tolist()])

    return replace(answering(net, log_marginal), log_prob=log_prob)


def _leading(values: Values) -> int:
    """The one of these features that is generated first."""
    return next(d for d in ORDER if d in values)
