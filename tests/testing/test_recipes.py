"""The suite on models of other frameworks, as the documentation shows it; each runs where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from made_np.testing import Adapter, suite

Array = NDArray[Any]
ORDER = [2, 0, 3, 1]
D, H = 4, 9


def masks(strict: bool = True) -> tuple[Array, Array]:
    own = np.argsort(ORDER) + 1
    hidden = np.arange(H) % (D - 1) + 1
    output = own[:, None] > hidden if strict else own[:, None] >= hidden
    return hidden[:, None] >= own, output


def torch_adapter(strict: bool = True) -> Adapter:
    torch: Any = pytest.importorskip("torch")
    torch.manual_seed(0)
    first, last = (torch.as_tensor(mask) for mask in masks(strict))
    size = [H * D, H, D * H, D]
    theta = torch.randn(sum(size), dtype=torch.float64)
    data = torch.randn(5, D, dtype=torch.float64)

    def logits(x: Any, theta: Any = theta) -> Any:
        W0, b0, W1, b1 = torch.split(theta, size)
        h = torch.tanh(x @ (W0.reshape(H, D) * first).T + b0)
        return h @ (W1.reshape(D, H) * last).T + b1

    def log_prob(x: Any, theta: Any = theta) -> Any:
        a = logits(x, theta)
        return (x * a - torch.nn.functional.softplus(a)).sum(1)

    # ------------------------------------------------------------------ what the recipe is about
    def to_numpy(f: Callable[[Any], Any]) -> Callable[[Array], Array]:
        def call(x: Array) -> Array:
            at = torch.as_tensor(np.ascontiguousarray(x, dtype=np.float64))
            return f(at).detach().numpy()  # type: ignore[no-any-return]

        return call

    def grad(values: Any) -> Any:
        at = values.requires_grad_(True)
        return torch.autograd.grad(-log_prob(data, at).mean(), at)[0]

    def sample(u: Any) -> Any:
        x = torch.zeros_like(u)
        for d in ORDER:
            x[:, d] = (u[:, d] < torch.sigmoid(logits(x))[:, d]).double()
        return x

    return Adapter(
        name="torch MADE",
        n_features=D,
        order=ORDER,
        params=to_numpy(logits),
        log_prob=to_numpy(log_prob),
        sample=to_numpy(sample),
        conditional=to_numpy(lambda x: torch.sigmoid(logits(x))),
        loss=lambda at: -log_prob(data, torch.as_tensor(at)).mean(),
        grad=to_numpy(grad),
        theta=theta.numpy(),
        rows=5,
        masks=[first.numpy(), last.numpy()],
    )


def jax_adapter(strict: bool = True) -> Adapter:
    jax: Any = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    first, last = masks(strict)
    rng = np.random.default_rng(0)
    shapes = {"W0": (H, D), "b0": (H,), "W1": (D, H), "b1": (D,)}
    theta = rng.standard_normal(sum(int(np.prod(shape)) for shape in shapes.values()))
    data = rng.standard_normal((5, D))

    def logits(theta: Any, x: Any) -> Any:
        W0, b0, W1, b1 = jnp.split(theta, np.cumsum([np.prod(shape) for shape in shapes.values()])[:-1])
        h = jnp.tanh(x @ (W0.reshape(H, D) * first).T + b0)
        return h @ (W1.reshape(D, H) * last).T + b1

    def log_prob(theta: Any, x: Any) -> Any:
        a = logits(theta, x)
        return (x * a - jnp.logaddexp(0, a)).sum(axis=1)

    def loss(theta: Any) -> Any:
        return -log_prob(theta, data).mean()

    def array(x: Any) -> Any:
        return jnp.asarray(np.ascontiguousarray(x, dtype=np.float64))

    return Adapter(
        name="JAX MADE",
        n_features=D,
        order=ORDER,
        params=lambda x: np.asarray(logits(theta, array(x))),
        log_prob=lambda x: np.asarray(log_prob(theta, array(x))),
        loss=lambda at: float(loss(array(at))),
        grad=lambda at: np.asarray(jax.grad(loss)(array(at))),
        theta=theta,
        rows=5,
        masks=[first, last],
    )


class KerasLike:
    """A model as Keras offers it: float32 weights behind ``predict``, and nothing known of its order."""

    def __init__(self, strict: bool) -> None:
        rng = np.random.default_rng(0)
        first, last = masks(strict)
        self.weights = [(rng.standard_normal(m.shape) * m).astype(np.float32) for m in (first, last)]

    def predict(self, x: Array, verbose: int = 1) -> Array:
        x = np.ascontiguousarray(x, dtype=np.float32)
        return np.asarray(np.tanh(x @ self.weights[0].T) @ self.weights[1].T)


def keras_adapter(strict: bool = True) -> Adapter:
    model = KerasLike(strict)

    def log_prob(x: Array) -> Array:
        a = model.predict(x, verbose=0).astype(np.float64)
        return np.asarray((x * a - np.logaddexp(0, a)).sum(axis=1))

    return Adapter(
        name="Keras-like MADE",
        n_features=D,
        params=lambda x: model.predict(x, verbose=0),
        log_prob=log_prob,
        atol=1e-5,
    )


RECIPES = {"torch": torch_adapter, "jax": jax_adapter, "keras": keras_adapter}


@pytest.mark.parametrize("framework", RECIPES)
def test_a_right_model_of_another_framework_passes(framework: str) -> None:
    found = suite(RECIPES[framework]())
    assert found.ok, found
    ran = {result.name for result in found.results if result.report is not None}
    assert {"autoregressive", "normalised", "consistency_params", "consistency_log_prob"} <= ran


@pytest.mark.parametrize("framework", RECIPES)
def test_a_leaking_model_of_another_framework_does_not(framework: str) -> None:
    failed = {report.check for report in suite(RECIPES[framework](strict=False)).failures}
    assert {"autoregressive", "normalised"} <= failed
