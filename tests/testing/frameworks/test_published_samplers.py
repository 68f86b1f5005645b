"""Samplers as published code draws, which take no uniforms: each is checked as it is, beside a faulty twin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np.testing import check_sampler, check_sampler_counts
from made_np.testing.frameworks import uniforms

torch = pytest.importorskip("torch", reason="most of these samplers draw with torch")

W = torch.tensor([[0.0, 0.0, 0.0], [1.5, 0.0, 0.0], [-1.0, 2.0, 0.0]], dtype=torch.float64)
"""Of a network without hidden units: what a feature hears from those before it."""


@pytest.fixture(autouse=True)
def _torch_state() -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def logits(x: Any) -> Any:
    """(n, 3) -> (n, 3, 4) of four categories, those of a larger number likelier after large values."""
    return (x @ W.T)[:, :, None] * torch.arange(4) * 0.2


def by_categories(n: int, sign: float = 1.0) -> Any:
    """As sbi draws: `torch.distributions.Categorical`, one column at a time."""
    x = torch.zeros(n, 3, dtype=torch.float64)
    for d in range(3):
        x[:, d] = torch.distributions.Categorical(logits=sign * logits(x)[:, d]).sample()
    return x.numpy()


def by_multinomial(n: int, sign: float = 1.0) -> Any:
    """As Naru draws: `torch.multinomial`."""
    x = torch.zeros(n, 3, dtype=torch.float64)
    for d in range(3):
        x[:, d] = torch.multinomial(torch.softmax(sign * logits(x)[:, d], dim=1), 1)[:, 0]
    return x.numpy()


def by_gumbel(n: int, sign: float = 1.0) -> Any:
    """The largest of logits with Gumbel noise: four numbers for a column, so there is no feeding it."""
    x = torch.zeros(n, 3, dtype=torch.float64)
    for d in range(3):
        noise = -torch.log(-torch.log(torch.rand(n, 4, dtype=torch.float64)))
        x[:, d] = (sign * logits(x)[:, d] + noise).argmax(dim=1)
    return x.numpy()


def log_prob(x: Any) -> Any:
    rows = torch.from_numpy(x)
    own = torch.log_softmax(logits(rows), dim=2).gather(2, rows.long()[:, :, None])
    return own[:, :, 0].sum(dim=1).numpy()


@pytest.mark.parametrize("draw", [by_categories, by_multinomial, by_gumbel])
def test_samplers_of_categories_are_counted(draw: Any) -> None:
    support = range(4)
    assert check_sampler_counts(draw, log_prob, 3, support=support, n=4000).ok
    assert not check_sampler_counts(lambda n: draw(n, -1.0), log_prob, 3, support=support, n=4000).ok


@pytest.mark.parametrize("draw", [by_categories, by_multinomial])
def test_what_takes_one_number_a_column_is_checked_exactly(draw: Any) -> None:
    def inverse(x: Any, u: Any) -> Any:
        shares = torch.softmax(logits(torch.from_numpy(x)), dim=2).cumsum(dim=2).numpy()
        return (u[:, :, None] >= shares).sum(axis=2).clip(max=3).astype(float)

    def sample(u: Any, sign: float = 1.0) -> Any:
        with uniforms(u):
            return draw(len(u), sign)

    assert check_sampler(sample, None, 3, inverse=inverse).ok
    assert not check_sampler(lambda u: sample(u, -1.0), None, 3, inverse=inverse).ok


def test_what_takes_more_says_which_check_is_left() -> None:
    with pytest.raises(RuntimeError, match="shape"), uniforms(np.full((5, 3), 0.5)):
        by_gumbel(5)


def mixture(x: Any) -> Any:
    """Two normal components for each of two columns: weights, means, deviations."""
    shift = torch.stack([torch.zeros(len(x), dtype=torch.float64), torch.tanh(x[:, 0])], dim=1)[:, :, None]
    means = shift + torch.tensor([-1.0, 1.5])
    weights = torch.softmax(shift * torch.tensor([1.0, -1.0]), dim=2)
    return weights, means, torch.tensor([0.4, 0.8], dtype=torch.float64).expand_as(means)


def of_mixture(n: int, wrong: bool = False) -> Any:
    """As mixtures of Gaussians draw: a component, then a normal number; the twin lets the means decide alone."""
    x = torch.zeros(n, 2, dtype=torch.float64)
    for d in range(2):
        weights, means, deviations = (part[:, d] for part in mixture(x))
        k = torch.multinomial(torch.ones_like(weights) if wrong else weights, 1)
        x[:, d] = torch.normal(means.gather(1, k), deviations.gather(1, k))[:, 0]
    return x.numpy()


def test_mixtures_of_normals_are_counted() -> None:
    def nats(x: Any) -> Any:
        rows = torch.from_numpy(x)
        weights, means, deviations = mixture(rows)
        each = torch.distributions.Normal(means, deviations).log_prob(rows[:, :, None])
        return torch.logsumexp(torch.log(weights) + each, dim=2).sum(dim=1).numpy()

    assert check_sampler_counts(of_mixture, nats, 2, support=None, n=4000).ok
    assert not check_sampler_counts(lambda n: of_mixture(n, wrong=True), nats, 2, support=None, n=4000).ok


def test_a_random_state_of_numpy_is_checked_exactly() -> None:
    """As code of the years of Theano and Chainer draws: `np.random.binomial`, one column at a time."""

    def p(x: Any) -> Any:
        return 1 / (1 + np.exp(-(x @ W.numpy().T)))

    def sample(u: Any, p_of: Any = p) -> Any:
        x = np.zeros_like(u)
        with uniforms(u):
            for d in range(3):
                x[:, d] = np.random.binomial(1, p_of(x)[:, d])  # noqa: NPY002
        return x

    assert check_sampler(sample, p, 3).ok
    assert not check_sampler(lambda u: sample(u, lambda x: np.clip(2 * p(x) - 0.3, 0, 1)), p, 3).ok
