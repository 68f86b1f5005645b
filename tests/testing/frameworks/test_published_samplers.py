"""Samplers as published code draws, which take no uniforms: each is checked as it is, beside a faulty twin.

Each is written in our own words. Comments name the code bases of docs/howto/peers.md that draw so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import NormalDist
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


# ------------------------------------------------------------------------------------------------------ categories


def logits(x: Any) -> Any:
    """(n, 3) -> (n, 3, 4) of four categories, those of a larger number likelier after large values."""
    return (x @ W.T)[:, :, None] * torch.arange(4) * 0.2


def by_categories(n: int, sign: float = 1.0) -> Any:
    """`torch.distributions.Categorical`, one column at a time: sbi."""
    x = torch.zeros(n, 3, dtype=torch.float64)
    for d in range(3):
        x[:, d] = torch.distributions.Categorical(logits=sign * logits(x)[:, d]).sample()
    return x.numpy()


def by_multinomial(n: int, sign: float = 1.0) -> Any:
    """`torch.multinomial`: Naru, benja263/generative_models."""
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


# -------------------------------------------------------------------------------------------------------- mixtures


def mixture(x: Any) -> Any:
    """Two normal components for each of two columns: weights, means, deviations."""
    shift = torch.stack([torch.zeros(len(x), dtype=torch.float64), torch.tanh(x[:, 0])], dim=1)[:, :, None]
    means = shift + torch.tensor([-1.0, 1.5])
    weights = torch.softmax(shift * torch.tensor([1.0, -1.0]), dim=2)
    return weights, means, torch.tensor([0.4, 0.8], dtype=torch.float64).expand_as(means)


def component_first(weights: Any, means: Any, deviations: Any) -> Any:
    """A component, then a normal number: nflows."""
    k = torch.distributions.Categorical(weights).sample()[:, None]
    return means.gather(1, k)[:, 0] + torch.randn(len(k)) * deviations.gather(1, k)[:, 0]


def noise_first(weights: Any, means: Any, deviations: Any) -> Any:
    """A normal number of each component, then which of them counts: kamenbliznashki/normalizing_flows."""
    noise = torch.distributions.Normal(means, deviations).sample()
    return noise.gather(1, torch.distributions.Categorical(weights).sample()[:, None])[:, 0]


def row_by_row(weights: Any, means: Any, deviations: Any) -> Any:
    """A uniform number for each row against cumulated weights, besides a normal number: gpapamak/maf."""
    noise = np.random.randn(len(weights))  # noqa: NPY002
    ends = weights.cumsum(dim=1)[:, 0].tolist()
    k = [int(np.random.rand() > end) for end in ends]  # noqa: NPY002
    rows = np.arange(len(k))
    return means[rows, k] + torch.from_numpy(noise) * deviations[rows, k]


@pytest.mark.parametrize("draw", [component_first, noise_first, row_by_row])
def test_mixtures_of_normals_are_counted(draw: Any) -> None:
    def sample(n: int, wrong: bool = False) -> Any:
        """The faulty twin lets the means decide alone."""
        np.random.seed(0)  # noqa: NPY002
        x = torch.zeros(n, 2, dtype=torch.float64)
        for d in range(2):
            weights, means, deviations = (part[:, d] for part in mixture(x))
            x[:, d] = draw(torch.full_like(weights, 0.5) if wrong else weights, means, deviations)
        return x.numpy()

    def nats(x: Any) -> Any:
        rows = torch.from_numpy(x)
        weights, means, deviations = mixture(rows)
        each = torch.distributions.Normal(means, deviations).log_prob(rows[:, :, None])
        return torch.logsumexp(torch.log(weights) + each, dim=2).sum(dim=1).numpy()

    state = np.random.get_state()  # noqa: NPY002
    assert check_sampler_counts(sample, nats, 2, support=None, n=4000).ok
    assert not check_sampler_counts(lambda n: sample(n, wrong=True), nats, 2, support=None, n=4000).ok
    np.random.set_state(state)  # noqa: NPY002


# ----------------------------------------------------------------------------------------------------------- coins


def p_of(x: Any) -> Any:
    """Of a 1 in each column, (n, 3)."""
    return torch.sigmoid(x @ W.T)


def coins(n: int, p: Callable[[Any], Any], toss: Callable[[Any], Any]) -> Any:
    x = torch.zeros(n, 3, dtype=torch.float64)
    for d in range(3):
        x[:, d] = toss(p(x)[:, d])
    return x.numpy()


def by_bernoulli(n: int, p: Any) -> Any:
    """`torch.bernoulli`: axeloh/made-pytorch."""
    return coins(n, p, torch.bernoulli)


def by_distribution(n: int, p: Any) -> Any:
    """`torch.distributions.Bernoulli`, beside masks that a RandomState draws: EugenHotaj/pytorch-generative."""
    order = np.argsort(np.random.RandomState(0).permutation(3))
    assert sorted(order) == [0, 1, 2]
    return coins(n, p, lambda p: torch.distributions.Bernoulli(logits=torch.logit(p)).sample())


def by_random_state(n: int, p: Any) -> Any:
    """`binomial` of a RandomState that the sampler makes: yu-takagi/chainer-made."""
    rng = np.random.RandomState(7)
    return coins(n, p, lambda p: torch.from_numpy(rng.binomial(p=p.numpy(), n=1)))


def each_tossed_twice(n: int, p: Any) -> Any:
    """The same, of which every second toss counts: mgermain/MADE."""
    rng = np.random.RandomState(7)
    return coins(n, p, lambda p: torch.from_numpy([rng.binomial(p=p.numpy(), n=1) for _ in range(2)][1]))


def first_tossed_twice(n: int, p: Any) -> Any:
    """The first column is drawn, then drawn again with the others: e-hulten/made."""
    x = torch.zeros(n, 3, dtype=torch.float64)
    x[:, 0] = torch.round(torch.rand(n))
    for d in range(3):
        x[:, d] = torch.distributions.Bernoulli(p(x)[:, d]).sample()
    return x.numpy()


IN_VAIN = {each_tossed_twice: [0, 0, 1, 1, 2, 2], first_tossed_twice: [0, 0, 1, 2]}
"""Of samplers that draw more than counts: which column of uniforms each of their draws is given."""


@pytest.mark.parametrize(
    "draw", [by_bernoulli, by_distribution, by_random_state, each_tossed_twice, first_tossed_twice]
)
def test_coins_are_checked_exactly(draw: Any) -> None:
    def sample(u: Any, p: Any = p_of) -> Any:
        with uniforms(u[:, IN_VAIN.get(draw, [0, 1, 2])]):
            return draw(len(u), p)

    def right(x: Any) -> Any:
        return p_of(torch.from_numpy(x)).numpy()

    assert check_sampler(sample, right, 3).ok
    assert not check_sampler(lambda u: sample(u, lambda x: (2 * p_of(x) - 0.3).clip(0.01, 0.99)), right, 3).ok


@pytest.mark.parametrize("draw", IN_VAIN)
def test_what_draws_in_vain_says_what_to_give(draw: Any) -> None:
    with pytest.raises(RuntimeError, match="give their column twice"), uniforms(np.full((5, 3), 0.5)):
        draw(5, p_of)


# ----------------------------------------------------------------------------------------------------------- flows

ORDER = [2, 0, 1]
V = torch.tensor([[0.0, 0.0, 0.8], [1.5, 0.0, -0.7], [0.0, 0.0, 0.0]], dtype=torch.float64)
"""Column 0 hears column 2, column 1 hears both."""

# fmt: off
NOISE: dict[str, Callable[[int], Any]] = {
    # nflows, normflows, harvardnlp/TextFlow, ritchie46/vi-torch
    "randn": lambda n: torch.randn(n, 3, dtype=torch.float64),
    # e-hulten/maf, CW-Huang/torchkit, ikostrikov/pytorch-flows, denmarf
    "normal_": lambda n: torch.empty(n, 3, dtype=torch.float64).normal_(),
    # AWehenkel/UMNN, kamenbliznashki/normalizing_flows, deeprob-kit, stribor, zuko, Pyro
    "Normal": lambda n: torch.distributions.Normal(torch.zeros(3).double(), torch.ones(3).double()).sample((n,)),
    # pythae
    "MultivariateNormal": lambda n: torch.distributions.MultivariateNormal(
        torch.zeros(3).double(), torch.eye(3).double()
    ).sample((n,)),
    # gpapamak/maf
    "numpy": lambda n: torch.from_numpy(np.random.randn(n, 3)),  # noqa: NPY002
}
# fmt: on
"""Where all normal numbers of the rows come from, at once."""


def quantiles(u: Any) -> Any:
    return torch.from_numpy(np.vectorize(NormalDist().inv_cdf)(u.clip(1e-16)))


def scale(x: Any) -> Any:
    return torch.exp(0.3 * torch.tanh(x @ V.T))


def one_column_after_the_other(z: Any, order: Sequence[int] = ORDER) -> Any:
    """A masked autoregressive flow; the faulty twin follows the inverse permutation."""
    x = torch.zeros_like(z)
    for d in order:
        x[:, d] = (x @ V.T + scale(x) * z)[:, d]
    return x


@pytest.mark.parametrize("noise", NOISE)
def test_flows_that_draw_their_noise_at_once_are_checked_exactly(noise: str) -> None:
    def sample(u: Any, **wrong: Any) -> Any:
        with uniforms(u):
            return one_column_after_the_other(NOISE[noise](len(u)), **wrong).numpy()

    def inverse(x: Any, u: Any) -> Any:
        rows = torch.from_numpy(x)
        return (rows @ V.T + scale(rows) * quantiles(u)).numpy()

    assert check_sampler(sample, None, 3, inverse=inverse, order=ORDER).ok
    assert not check_sampler(lambda u: sample(u, order=np.argsort(ORDER)), None, 3, inverse=inverse, order=ORDER).ok


def noise_of(x: Any) -> Any:
    """What a flow that hears the noise turns into x: one column after the other."""
    z = torch.zeros_like(x)
    for d in ORDER:
        z[:, d] = ((x - z @ V.T) / scale(z))[:, d]
    return z


def test_flows_that_hear_the_noise_are_checked_exactly() -> None:
    """An inverse autoregressive flow draws in one pass: CW-Huang/torchkit, ritchie46/vi-torch, NumPyro."""

    def sample(u: Any, wrong: bool = False) -> Any:
        """The faulty twin gates the mean, as some do, which its density does not know."""
        with uniforms(u):
            z = torch.randn(len(u), 3, dtype=torch.float64)
        return ((1 - 0.1 * wrong) * z @ V.T + scale(z) * z).numpy()

    def inverse(x: Any, u: Any) -> Any:
        return x + (quantiles(u) - noise_of(torch.from_numpy(x))).numpy()

    assert check_sampler(sample, None, 3, inverse=inverse).ok
    assert not check_sampler(lambda u: sample(u, wrong=True), None, 3, inverse=inverse).ok


def rising(x: Any) -> Any:
    """A function of each column that rises, however those before it stand: it has no inverse in a formula."""
    return x + torch.tanh(x + x @ V.T) - x @ V.T


def by_halving(z: Any, halvings: int = 45) -> Any:
    """Where `rising` is z, found between two ends; the faulty twin stops too early."""
    x = torch.zeros_like(z)
    for d in ORDER:
        left = torch.full_like(z[:, d], -60.0)
        right = -left
        for _ in range(halvings):
            x[:, d] = (left + right) / 2
            is_left = rising(x)[:, d] < z[:, d]
            left = torch.where(is_left, x[:, d], left)
            right = torch.where(is_left, right, x[:, d])
    return x


def test_flows_that_search_for_their_inverse_are_checked_within_a_tolerance() -> None:
    """AWehenkel/UMNN; of zuko BPF, SOSPF."""

    def sample(u: Any, **wrong: Any) -> Any:
        with uniforms(u):
            return by_halving(NOISE["Normal"](len(u)), **wrong).numpy()

    def inverse(x: Any, u: Any) -> Any:
        return x + (quantiles(u) - rising(torch.from_numpy(x))).numpy()

    assert check_sampler(sample, None, 3, inverse=inverse, atol=1e-8).ok
    assert not check_sampler(lambda u: sample(u, halvings=12), None, 3, inverse=inverse, atol=1e-8).ok
