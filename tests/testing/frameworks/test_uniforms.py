"""uniforms: models draw as they are, with what they are given; afterwards everything is as it was."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from made_np.testing import check_sampler
from made_np.testing.frameworks import uniforms

U = np.random.default_rng(0).random((6, 3))
PPF = np.vectorize(NormalDist().inv_cdf)


def two_steps(u: Any) -> Any:
    """A category of the shares 0.2, 0.5, 0.3."""
    return (u >= 0.2) * 1 + (u >= 0.7)


# ----------------------------------------------------------------------------------------------------------- NumPy


def test_numpy_draws_what_it_is_given() -> None:
    with uniforms(U):
        rng = np.random.default_rng(0)
        assert isinstance(rng, np.random.Generator)
        np.testing.assert_array_equal(rng.random((6, 3)), U)
    with uniforms(U):
        np.testing.assert_array_equal(np.random.rand(1, 6, 3, 1), U[None, :, :, None])  # noqa: NPY002
    with uniforms(U):
        rng = np.random.default_rng(0)
        np.testing.assert_array_equal(rng.uniform(1, 3, size=6), 1 + 2 * U[:, 0])
        np.testing.assert_allclose(np.random.normal(2.0, 3.0, size=6), 2 + 3 * PPF(U[:, 1]), rtol=1e-14)  # noqa: NPY002
        p = np.linspace(0.1, 0.9, 6)
        np.testing.assert_array_equal(rng.binomial(1, p), U[:, 2] < p)


def test_columns_follow_the_order() -> None:
    with uniforms(U, order=[2, 0, 1]):
        np.testing.assert_array_equal([np.random.rand(6) for _ in range(3)], U[:, [2, 0, 1]].T)  # noqa: NPY002


def test_categories_are_taken_by_their_cumulated_shares() -> None:
    with uniforms([[0.1], [0.2], [0.699], [0.7]]):
        assert np.random.choice([5, 6, 7], size=4, p=[0.2, 0.5, 0.3]).tolist() == [5, 6, 6, 7]  # noqa: NPY002


def test_a_random_state_made_within_is_fed_but_for_masks() -> None:
    before = np.random.RandomState(3)
    orders = [before.permutation(5).tolist(), before.randint(9, size=4).tolist()]
    with uniforms(U):
        within = np.random.mtrand.RandomState(3)
        assert isinstance(before, np.random.RandomState)
        assert not isinstance(np.random.default_rng(), np.random.RandomState)
        assert [within.permutation(5).tolist(), within.randint(9, size=4).tolist()] == orders
        np.testing.assert_array_equal(np.random.RandomState(3).binomial(p=np.full(6, 0.4), n=1), U[:, 0] < 0.4)
        np.testing.assert_allclose(within.standard_normal(6), PPF(U[:, 1]), rtol=1e-14)
        with pytest.raises(RuntimeError, match="gamma cannot"):
            within.gamma(1.0, size=6)
        np.random.seed(0)  # noqa: NPY002
        np.testing.assert_array_equal(np.random.rand(6), U[:, 2])  # noqa: NPY002


def test_everything_is_put_back_after_an_error_too() -> None:
    names = dict(vars(np.random))
    state_kind = np.random.mtrand.RandomState
    world = np.random.mtrand._rand
    state = np.random.get_state()[1].tolist()  # noqa: NPY002
    with pytest.raises(ZeroDivisionError), uniforms(U):
        np.random.seed(1 // 0)  # noqa: NPY002
    assert dict(vars(np.random)) == names
    assert np.random.mtrand._rand is world
    assert np.random.mtrand.RandomState is state_kind
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda: np.random.gamma(1.0, size=6), "numpy.random's gamma cannot be drawn with given uniforms"),  # noqa: NPY002
        (lambda: np.random.default_rng().permutation(6), "numpy.random's permutation cannot"),
        (lambda: np.random.default_rng().random(5), r"shape \(5,\): uniforms \(6, 3\) can be given"),
        (lambda: np.random.default_rng().random(), r"shape \(\)"),
        (lambda: [np.random.rand(6) for _ in range(4)], "a column of uniforms more: there are 3"),  # noqa: NPY002
        (lambda: [np.random.rand(6, 3) for _ in range(2)], "a column of uniforms more: .* each is given once"),  # noqa: NPY002
        (lambda: [np.random.rand(6), np.random.rand(6, 3)], "a column of uniforms more"),  # noqa: NPY002
        (lambda: [np.random.rand(6, 3), np.random.rand(6)], "a column of uniforms more"),  # noqa: NPY002
        (lambda: np.random.rand(6), "1 of 3 columns of uniforms were asked for"),  # noqa: NPY002
        (lambda: None, "0 of 3 columns"),
        (lambda: np.random.default_rng().choice(3, 6, replace=False), "without replacement"),
    ],
)
def test_what_cannot_be_fed_is_said(draw: Any, said: str) -> None:
    with pytest.raises(RuntimeError, match=said), uniforms(U):
        draw()


@pytest.mark.parametrize("u", [U[0], U[:1], U + 1, U - 1, np.full((2, 2), np.nan), np.zeros((2, 0))])
def test_uniforms_are_uniforms(u: Any) -> None:
    with pytest.raises(ValueError, match="give uniforms"), uniforms(u):
        pass


def test_a_function_that_was_imported_before_is_noticed() -> None:
    early = np.random.rand
    state = np.random.get_state()  # noqa: NPY002
    with pytest.raises(RuntimeError, match="drew real random numbers"), uniforms(U):
        early(6)
    np.random.set_state(state)  # noqa: NPY002


# ----------------------------------------------------------------------------------------------------------- torch


def test_torch_draws_what_it_is_given() -> None:
    torch = pytest.importorskip("torch", reason="its functions are fed")
    double = torch.float64
    p = torch.full((6,), 0.4, dtype=double)
    shares = torch.tensor([[0.2, 0.5, 0.3]])
    ways = [
        (lambda: torch.rand(6, dtype=double), lambda u: u),
        (lambda: torch.rand_like(p), lambda u: u),
        (lambda: torch.randn(6, 1, dtype=double)[:, 0], PPF),
        (lambda: torch.randn_like(p), PPF),
        (lambda: torch.bernoulli(p), lambda u: u < 0.4),
        (lambda: torch.empty(6).bernoulli_(0.4), lambda u: u < 0.4),
        (lambda: torch.empty(6).bernoulli_(p), lambda u: u < 0.4),
        (lambda: torch.empty(6, dtype=double).uniform_(1, 3), lambda u: 1 + 2 * u),
        (lambda: torch.empty(6, dtype=double).normal_(1, 3), lambda u: 1 + 3 * PPF(u)),
        (lambda: torch.normal(p, 2 * p), lambda u: 0.4 + 0.8 * PPF(u)),
        (lambda: torch.multinomial(shares.expand(6, 3), 1)[:, 0], two_steps),
        (lambda: torch.distributions.Bernoulli(p).sample(), lambda u: u < 0.4),
        (lambda: torch.distributions.Categorical(torch.tensor([0.2, 0.8])).sample((6,)), lambda u: u >= 0.2),
        (lambda: torch.distributions.Normal(p, p).sample(), lambda u: 0.4 + 0.4 * PPF(u)),
        (lambda: torch.distributions.Normal(p, p).rsample(), lambda u: 0.4 + 0.4 * PPF(u)),
        (lambda: torch.distributions.Uniform(0 * p, 2 * p).sample(), lambda u: 0.8 * u),
        (lambda: torch.distributions.Exponential(p).sample(), lambda u: -np.log1p(-u) / 0.4),
    ]  # fmt: skip
    state = torch.random.get_rng_state()
    for draw, want in ways:
        with uniforms(U[:, :1]):
            got = draw()
        np.testing.assert_allclose(got.numpy(), want(U[:, 0]), rtol=1e-6, err_msg=str(got))
    assert (torch.random.get_rng_state() == state).all()


def test_torch_says_what_it_cannot_draw() -> None:
    torch = pytest.importorskip("torch", reason="its functions are fed")
    for draw in (
        lambda: torch.poisson(torch.ones(6)),
        lambda: torch.randperm(6),
        lambda: torch.randint(3, (6,)),
        lambda: torch.distributions.Gamma(torch.ones(6), 1.0).sample(),
        lambda: torch.nn.functional.dropout(torch.ones(5), 0.5),
    ):
        with pytest.raises(RuntimeError, match="uniforms"), uniforms(U):
            draw()


def test_samplers_of_torch_are_checked_as_they_are() -> None:
    torch = pytest.importorskip("torch", reason="its models are torch modules")
    from .torch_models import Flow, Karpathy, Naru

    order = [2, 0, 3, 1]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        coins = {wrong: Karpathy(order, wrong=wrong).double() for wrong in (False, True)}
        naru = Naru((2, 3, 4)).double()
        flow = Flow(4).double()
    for model in (*coins.values(), naru, flow):
        for p in model.parameters():
            p.data.copy_(torch.from_numpy(np.random.default_rng(p.numel()).normal(size=p.shape)))

    def sample(model: Any, order: Any = None) -> Any:
        def draw(u: Any) -> Any:
            with uniforms(u, order):
                return model.sample(len(u)).numpy()

        return draw

    def sigmoid(x: Any) -> Any:
        with torch.no_grad():
            return torch.sigmoid(coins[False](torch.from_numpy(x))).numpy()

    coins[True].load_state_dict(coins[False].state_dict())
    assert check_sampler(sample(coins[False], order), sigmoid, 4, order=order).ok
    assert not check_sampler(sample(coins[True], order), sigmoid, 4, order=order).ok
    assert not check_sampler(sample(coins[False]), sigmoid, 4, order=order).ok

    def inverse_naru(x: Any, u: Any) -> Any:
        with torch.no_grad():
            parts = naru(torch.from_numpy(x)).split(naru.bins, dim=1)
        shares = [torch.softmax(z, dim=1).cumsum(dim=1).numpy() for z in parts]
        return np.stack([(u[:, [d]] >= s[:, :-1]).sum(axis=1) for d, s in enumerate(shares)], axis=1)

    def inverse_flow(x: Any, u: Any) -> Any:
        with torch.no_grad():
            mean, log_scale = flow(torch.from_numpy(x)).chunk(2, dim=1)
        return mean.numpy() + np.exp(log_scale.numpy()) * PPF(u)

    assert check_sampler(sample(naru), None, 3, inverse=inverse_naru).ok
    assert check_sampler(sample(flow), None, 4, inverse=inverse_flow).ok


# ------------------------------------------------------------------------------------------------------------- JAX


def test_jax_draws_what_it_is_given_and_forgets_it() -> None:
    jax = pytest.importorskip("jax", reason="its functions are fed")
    names = dict(vars(jax.random))
    draw = jax.jit(lambda key: jax.random.uniform(key, (6,)))
    keys = jax.random.split(jax.random.key(0), 3)
    before = np.asarray(draw(keys[0]))
    with uniforms(U):
        np.testing.assert_allclose(draw(keys[0]), U[:, 0], rtol=1e-6)
        np.testing.assert_array_equal(jax.random.bernoulli(keys[1], 0.4, (6,)), U[:, 1] < 0.4)
        logits = np.log([[0.2, 0.5, 0.3]] * 6)
        np.testing.assert_array_equal(jax.random.categorical(keys[2], logits), two_steps(U[:, 2]))
    np.testing.assert_array_equal(draw(keys[0]), before)
    assert dict(vars(jax.random)) == names


def test_one_key_gives_the_same_numbers_to_each_pass() -> None:
    jax = pytest.importorskip("jax", reason="its functions are fed")
    first, second = jax.random.split(jax.random.key(0))
    with uniforms(U):
        for _ in range(2):
            np.testing.assert_allclose(jax.random.uniform(first, (6, 3)), U, rtol=1e-6)
        with pytest.raises(RuntimeError, match="a column of uniforms more"):
            jax.random.uniform(second, (6, 3))


def test_a_key_that_is_used_twice_shows() -> None:
    jax = pytest.importorskip("jax", reason="its functions are fed")
    key = jax.random.key(0)
    with pytest.raises(RuntimeError, match="one key twice"), uniforms(U):
        np.testing.assert_array_equal(*(jax.random.normal(key, (6,)) for _ in range(2)))
    with pytest.raises(RuntimeError, match=r"jax\.random\.gamma cannot be drawn"), uniforms(U):
        jax.random.gamma(key, 1.0, (6,))
