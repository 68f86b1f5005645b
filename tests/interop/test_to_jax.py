"""A model as functions of JAX: the same scores, gradients, draws; trained there, its parameters come back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="models become functions of JAX")

from interop.models import MODELS, model, rows  # noqa: E402

from made_np import MADE, interop  # noqa: E402

DISTRIBUTIONS = ["bits", "codes", "real numbers", "levels", "atoms"]
"""Models that have all of them: a compiled one takes a second."""
ATOL = {"float32": 1e-5, "float64": 1e-12}


@pytest.fixture(autouse=True)
def _in_float64() -> Any:
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


@pytest.mark.parametrize(
    ("kind", "dtype"), [*((kind, "float64") for kind in MODELS), *((kind, "float32") for kind in DISTRIBUTIONS)]
)
def test_scores_and_gradients_are_ours(kind: str, dtype: str) -> None:
    made, theta = model(kind, dtype)
    x, context = rows(made)
    net = interop.to_jax(made, theta)
    ours = made.log_prob(theta, x, context=context)
    theirs = jax.jit(net.log_prob)(net.params, x, context)
    assert theirs.dtype == made.dtype
    np.testing.assert_allclose(theirs, ours, rtol=ATOL[dtype], atol=ATOL[dtype] * max(1.0, np.abs(ours).max()))
    if dtype == "float32":
        return
    found = jax.jit(jax.grad(lambda params: -net.log_prob(params, x, context).mean()))(net.params)
    _, grad = made.loss_and_grad(theta, x, context=context, mask_set=None)
    scale = max(1.0, float(np.abs(grad).max()))
    for name, own in made.layout.views(grad).items():
        np.testing.assert_allclose(found[name], own, atol=1e-11 * scale, err_msg=name)
    sets = [made.network.masks(made.mask_sets[k]) for k in range(made.n_masks or 0)]
    for name in sets[0]:
        assert not np.asarray(found[name])[~np.any([own[name] for own in sets], axis=0)].any()


@pytest.mark.parametrize("kind", DISTRIBUTIONS)
def test_draws_are_ours(kind: str) -> None:
    made, theta = model(kind, "float64")
    _, context = rows(made)
    u = np.random.default_rng(2).random((12, 4))
    ours = made.sample(theta, 12, uniforms=u, context=context)
    net = interop.to_jax(made, theta)
    theirs = net.sample(net.params, jax.random.key(0), 12, context, u)
    np.testing.assert_allclose(theirs, ours, rtol=1e-9, atol=1e-9)


def test_a_mixture_draws_each_row_from_one_of_its_sets_when_compiled() -> None:
    made, theta = model("several mask sets", "float64")
    net = interop.to_jax(made, theta)
    u = np.random.default_rng(2).random((40, 4))
    each = [made.sample(theta, 40, uniforms=u, mask_set=k) for k in range(3)]
    draw = jax.jit(net.sample, static_argnums=2)
    theirs = np.asarray(draw(net.params, jax.random.key(0), 40, uniforms=u))
    is_from = np.stack([(own == theirs).all(1) for own in each])
    assert is_from.any(0).all()
    assert (is_from.sum(1) < 40).all()
    assert not np.array_equal(draw(net.params, jax.random.key(1), 40), draw(net.params, jax.random.key(2), 40))


def test_parameters_come_back() -> None:
    made, theta = model("bits", "float64")
    net = interop.to_jax(made, theta)
    np.testing.assert_array_equal(net.theta(net.params), theta)
    moved = jax.tree.map(lambda value: value + 1, net.params)
    np.testing.assert_array_equal(net.theta(moved), theta + 1)


def test_float64_that_jax_was_not_told_is_refused() -> None:
    jax.config.update("jax_enable_x64", False)
    made, theta = model("bits", "float64")
    with pytest.raises(ValueError, match="made has dtype='float64', and JAX computes in float32"):
        interop.to_jax(made, theta)


def test_what_jax_is_not_told_is_refused() -> None:
    made = MADE(3, hidden=(4,), n_masks=None)
    with pytest.raises(ValueError, match=r"give made.mixture\(1\)"):
        interop.to_jax(made, made.init())
