"""Update rules against recurrences copied from the papers' formulas, entry by entry, and torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from made_np.optim import (
    BLOCK,
    SGD,
    AdaDelta,
    AdaGrad,
    Adam,
    AdamW,
    Optimizer,
    blocks,
    get_optimizer,
)

Array = NDArray[Any]

RULES: list[Optimizer] = [
    SGD(),
    SGD(momentum=0.9),
    SGD(momentum=0.9, nesterov=True),
    Adam(),
    Adam(beta1=0.5, beta2=0.9, eps=1e-3),
    AdamW(),
    AdaGrad(),
    AdaDelta(),
]
every_rule = pytest.mark.parametrize("rule", RULES, ids=repr)


def naive_sgd(rule: SGD, theta: float, gradient: Iterator[float], lr: float) -> Iterator[float]:
    """Sutskever et al. 2013, equations 1-4, with the velocity in theta's own units."""
    velocity = 0.0
    for g in gradient:
        if rule.nesterov:  # theta is their theta + mu * velocity
            base = theta - rule.momentum * velocity
            velocity = rule.momentum * velocity - lr * g
            theta = base + velocity + rule.momentum * velocity
        else:
            velocity = rule.momentum * velocity - lr * g
            theta += velocity
        yield theta


def naive_adam(rule: Adam, theta: float, gradient: Iterator[float], lr: float) -> Iterator[float]:
    """Kingma & Ba 2015, algorithm 1."""
    m = v = 0.0
    for t, g in enumerate(gradient, start=1):
        m = rule.beta1 * m + (1 - rule.beta1) * g
        v = rule.beta2 * v + (1 - rule.beta2) * g**2
        m_hat, v_hat = m / (1 - rule.beta1**t), v / (1 - rule.beta2**t)
        theta -= lr * m_hat / (math.sqrt(v_hat) + rule.eps)
        yield theta


def naive_adagrad(rule: AdaGrad, theta: float, gradient: Iterator[float], lr: float) -> Iterator[float]:
    """Duchi et al. 2011, figure 1 without a constraint set; eps inside the root."""
    seen: list[float] = []
    for g in gradient:
        seen.append(g)
        theta -= lr * g / math.sqrt(sum(s**2 for s in seen) + rule.eps)
        yield theta


def naive_adadelta(rule: AdaDelta, theta: float, gradient: Iterator[float], lr: float) -> Iterator[float]:
    """Zeiler 2012, algorithm 1."""
    mean_g2 = mean_d2 = 0.0
    for g in gradient:
        mean_g2 = rule.rho * mean_g2 + (1 - rule.rho) * g**2
        delta = -math.sqrt(mean_d2 + rule.eps) / math.sqrt(mean_g2 + rule.eps) * g
        mean_d2 = rule.rho * mean_d2 + (1 - rule.rho) * delta**2
        theta += lr * delta
        yield theta


NAIVE: dict[type[Optimizer], Callable[..., Iterator[float]]] = {
    SGD: naive_sgd,
    Adam: naive_adam,
    AdamW: naive_adam,
    AdaGrad: naive_adagrad,
    AdaDelta: naive_adadelta,
}


def gradients(n_steps: int, size: int, dtype: str = "float64") -> Array:
    """(n_steps, size) gradients of very different sizes, some of them exactly 0."""
    rng = np.random.default_rng(1)
    scale = 10.0 ** rng.integers(-4, 3, size)
    scale[::7] = 0.0
    return (rng.standard_normal((n_steps, size)) * scale).astype(dtype)


def path(rule: Optimizer, theta: Array, grads: Array, lr: float, decay: Array | None = None) -> Array:
    """Theta after each step, (n_steps, P); `theta` itself is left alone."""
    theta, state, steps = theta.copy(), rule.init(theta), []
    for grad in grads:
        rule.step(theta, grad, state, lr, decay)
        steps.append(theta.copy())
    return np.array(steps)


@every_rule
def test_every_entry_follows_the_papers_recurrence(rule: Optimizer) -> None:
    grads = gradients(12, 40)
    theta = np.random.default_rng(0).standard_normal(40)
    got = path(rule, theta, grads, lr=0.03)
    for i in range(theta.size):
        want = list(NAIVE[type(rule)](rule, float(theta[i]), iter(grads[:, i].tolist()), 0.03))
        np.testing.assert_allclose(got[:, i], want, rtol=1e-12, atol=1e-14)


@every_rule
def test_a_vector_of_many_blocks_is_stepped_like_its_pieces(rule: Optimizer) -> None:
    grads = gradients(3, 2 * BLOCK + 5)
    theta = np.random.default_rng(0).standard_normal(grads.shape[1])
    decay = np.linspace(0.0, 1.0, theta.size)
    whole = path(rule, theta, grads, 0.03, decay)
    for piece in (slice(0, 9), slice(BLOCK - 3, BLOCK + 3), slice(2 * BLOCK, None)):
        part = path(rule, theta[piece], grads[:, piece], 0.03, decay[piece])
        np.testing.assert_array_equal(whole[:, piece], part)


@pytest.mark.parametrize(
    ("rule", "name", "options"),
    [
        (SGD(), "SGD", {}),
        (SGD(momentum=0.9), "SGD", {"momentum": 0.9}),
        (SGD(momentum=0.9, nesterov=True), "SGD", {"momentum": 0.9, "nesterov": True}),
        (Adam(), "Adam", {}),
        (Adam(beta1=0.5, beta2=0.9, eps=1e-3), "Adam", {"betas": (0.5, 0.9), "eps": 1e-3}),
        (AdamW(), "AdamW", {}),
        # torch adds eps outside the root: with an eps this small the place does not matter
        (AdaGrad(eps=1e-40), "Adagrad", {"eps": 1e-20}),
        (AdaDelta(), "Adadelta", {"rho": 0.95, "eps": 1e-5}),
    ],
    ids=repr,
)
def test_agrees_with_torch(rule: Optimizer, name: str, options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    grads = gradients(15, 30)
    theta = np.random.default_rng(0).standard_normal(30)
    theirs = torch.tensor(theta, requires_grad=True)
    optimizer = getattr(torch.optim, name)([theirs], lr=0.03, weight_decay=0.1, **options)
    for grad in grads:
        theirs.grad = torch.tensor(grad)
        optimizer.step()
    ours = path(rule, theta, grads, 0.03, decay=np.full(30, 0.1))[-1]
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-11, atol=1e-13)


@every_rule
def test_finds_the_minimum_of_a_quadratic(rule: Optimizer) -> None:
    target, curvature = np.array([1.0, -2.0, 0.5]), np.array([1.0, 3.0, 0.3])
    theta = np.zeros(3)
    state = rule.init(theta)
    # AdaDelta has no learning rate of its own, AdaGrad's shrinks by itself: both start at 1.
    start = 1.0 if isinstance(rule, AdaGrad | AdaDelta) else 0.1
    for step in range(2000):
        rule.step(theta, curvature * (theta - target), state, start / (1.0 + step / 200))
    np.testing.assert_allclose(theta, target, atol=1e-3)


@every_rule
def test_decay_shrinks_weights_and_leaves_biases(rule: Optimizer) -> None:
    theta = np.array([2.0, -3.0, 2.0, -3.0])
    got = path(rule, theta, np.zeros((5, 4)), 0.1, decay=np.array([0.5, 0.5, 0.0, 0.0]))[-1]
    assert (np.abs(got[:2]) < np.abs(theta[:2])).all()
    np.testing.assert_array_equal(got[2:], theta[2:])


@pytest.mark.parametrize("rule", [rule for rule in RULES if not isinstance(rule, AdamW)], ids=repr)
def test_decay_is_the_gradient_of_a_penalty(rule: Optimizer) -> None:
    decay, theta = np.array([0.5, 0.0, 2.0]), np.array([2.0, -3.0, 1.0])
    grad = np.array([0.1, 0.2, -0.3])
    with_decay = path(rule, theta, grad[None], 0.1, decay)
    np.testing.assert_array_equal(with_decay, path(rule, theta, (grad + decay * theta)[None], 0.1))


@pytest.mark.parametrize("g", [1e-4, 1e4])
def test_decoupled_decay_does_not_look_at_the_gradient(g: float) -> None:
    # Adam's first step is lr in size, whatever g; so what is left is the decay
    got = path(AdamW(), np.array([2.0]), np.array([[g]]), 0.1, decay=np.array([0.5]))
    np.testing.assert_allclose(got, 2.0 * (1 - 0.1 * 0.5) - 0.1, rtol=1e-4)


@every_rule
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_stays_and_float32_is_close_to_float64(rule: Optimizer, dtype: str) -> None:
    grads, theta = gradients(10, 20, dtype), np.linspace(-1, 1, 20).astype(dtype)
    got = path(rule, theta, grads, 0.03)
    want = path(rule, theta.astype("float64"), grads.astype("float64"), 0.03)
    assert got.dtype == dtype
    assert {a.dtype for name, a in rule.init(theta).items() if name != "step"} == {np.dtype(dtype)}
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)
    # a NumPy scalar must not make float64 of it on the way
    np.testing.assert_array_equal(got, path(rule, theta, grads, np.float64(0.03)))


@every_rule
def test_gradient_and_decay_are_only_read(rule: Optimizer) -> None:
    grad, decay = np.array([1.0, -2.0]), np.array([0.1, 0.0])
    for array in (grad, decay):
        array.flags.writeable = False
    theta = np.array([1.0, 1.0])
    state = rule.init(theta)
    for _ in range(2):
        rule.step(theta, grad, state, 0.1, decay)
    assert not any(np.shares_memory(a, b) for a in state.values() for b in (theta, grad, decay))


@every_rule
def test_runs_are_equal_bit_by_bit_and_continue_from_a_stored_state(rule: Optimizer) -> None:
    grads, theta = gradients(6, 15), np.linspace(-1, 1, 15)
    first = path(rule, theta, grads, 0.03)
    np.testing.assert_array_equal(first, path(rule, theta, grads, 0.03))

    theta, state = theta.copy(), rule.init(theta)
    for grad in grads[:3]:
        rule.step(theta, grad, state, 0.03)
    stored = {name: array.copy() for name, array in state.items()}
    rule.step(theta, np.full(15, 1e6), state, 0.03)  # must not reach what was stored
    theta = first[2].copy()
    for grad in grads[3:]:
        rule.step(theta, grad, stored, 0.03)
    np.testing.assert_array_equal(theta, first[-1])


@every_rule
def test_state_holds_flat_arrays_and_a_count(rule: Optimizer) -> None:
    theta = np.zeros(4, dtype="float32")
    state = rule.init(theta)
    assert state["step"].shape == ()
    assert state["step"].dtype.kind == "i"
    assert all(array.shape == theta.shape for name, array in state.items() if name != "step")
    rule.step(theta, np.ones(4, dtype="float32"), state, 0.1)
    rule.step(theta, np.ones(4, dtype="float32"), state, 0.1)
    assert isinstance(state["step"], np.ndarray)
    assert state["step"] == 2


@every_rule
def test_a_parameter_without_gradient_never_moves(rule: Optimizer) -> None:
    grads = gradients(5, 15)
    theta = np.linspace(-1, 1, 15)
    np.testing.assert_array_equal(path(rule, theta, grads, 0.03)[-1][::7], theta[::7])


@every_rule
def test_an_empty_vector_is_no_trouble(rule: Optimizer) -> None:
    assert path(rule, np.zeros(0), np.zeros((2, 0)), 0.1).shape == (2, 0)


def test_wrong_shapes_are_named() -> None:
    rule, theta = Adam(), np.zeros(4)
    state = rule.init(theta)
    with pytest.raises(ValueError, match=r"grad has shape \(1,\) and theta \(4,\)"):
        rule.step(theta, np.zeros(1), state, 0.1)
    with pytest.raises(ValueError, match=r"decay has shape \(\): give a flat NumPy array"):
        rule.step(theta, np.zeros(4), state, 0.1, np.array(0.1))
    with pytest.raises(ValueError, match=r"state\['m'\] has shape \(5,\)"):
        rule.step(theta, np.zeros(4), rule.init(np.zeros(5)), 0.1)
    with pytest.raises(ValueError, match=r"flat"):
        rule.step(np.zeros((2, 2)), np.zeros((2, 2)), rule.init(np.zeros((2, 2))), 0.1)
    with pytest.raises(ValueError, match=r"Adam needs 'm'"):
        rule.step(theta, np.zeros(4), SGD().init(theta), 0.1)
    assert state["step"] == 0
    np.testing.assert_array_equal(theta, 0.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(momentum=1.0), r"momentum=1.0: give a number in \[0, 1\)"),
        (lambda: SGD(momentum=-0.1), "momentum=-0.1"),
        (lambda: SGD(nesterov=True), "nesterov=True needs momentum"),
        (lambda: Adam(beta1=1.0), "beta1=1.0"),
        (lambda: Adam(beta2=math.nan), "beta2=nan"),
        (lambda: Adam(eps=0.0), r"eps=0\.0: give a number in \(0, inf\)"),
        (lambda: AdamW(eps=math.inf), "eps=inf"),
        (lambda: AdaGrad(eps=-1.0), "eps=-1.0"),
        (lambda: AdaDelta(rho=1.5), "rho=1.5"),
        (lambda: AdaDelta(eps=0.0), "eps=0.0"),
    ],
)
def test_bad_hyperparameters_are_named(make: Callable[[], Optimizer], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("rule", [SGD, Adam, AdamW, AdaGrad, AdaDelta])
def test_get_optimizer_knows_every_rule(rule: type[Optimizer]) -> None:
    got = get_optimizer(rule.__name__.lower())
    assert type(got) is rule
    assert got == rule()
    assert get_optimizer(got) is got


def test_get_optimizer_says_what_there_is() -> None:
    with pytest.raises(ValueError, match=r"'adamm' is unknown: use one of \['adadelta', 'adagrad'"):
        get_optimizer("adamm")
    with pytest.raises(TypeError, match="neither a name nor a rule"):
        get_optimizer(Adam)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [0, 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_blocks_cover_everything_once(size: int) -> None:
    covered = [i for block in blocks(size) for i in range(size)[block]]
    assert covered == list(range(size))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(momentum="0.9"), "momentum='0.9' is a str"),  # type: ignore[arg-type]
        (lambda: SGD(momentum=0.9, nesterov="adam"), "nesterov='adam' is a str: give True or False"),  # type: ignore[arg-type]
        (lambda: Adam(beta1=True), "beta1=True is a bool"),
        (lambda: Adam(beta2=None), "beta2=None is a NoneType"),  # type: ignore[arg-type]
        (lambda: Adam(eps=np.array(1e-8)), "eps=an array"),  # type: ignore[arg-type]
        (lambda: replace(AdaDelta(), rho="0.9"), "rho='0.9' is a str"),
    ],
)
def test_hyperparameters_of_another_type_are_named(make: Callable[[], Optimizer], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


def test_hyperparameters_are_kept_as_plain_numbers() -> None:
    assert type(Adam(beta1=np.float32(0.5)).beta1) is float  # type: ignore[arg-type]
    assert SGD(momentum=0.5, nesterov=np.True_).nesterov is True  # type: ignore[arg-type]


def broken_steps() -> Iterator[tuple[str, dict[str, Any]]]:
    """What is named, and arguments of `step` that cannot be meant."""
    theta, rule = np.ones(4), Adam()
    good = {"theta": theta, "grad": np.ones(4), "state": rule.init(theta), "learning_rate": 0.1, "decay": np.ones(4)}
    frozen = np.ones(4)
    frozen.flags.writeable = False
    memory, state = np.ones(12), rule.init(theta)
    yield "theta", {**good, "theta": [1.0] * 4}
    yield "theta", {**good, "theta": np.ones(4, int)}
    yield "theta", {**good, "theta": frozen}
    yield "grad", {**good, "grad": None}
    yield "grad", {**good, "grad": np.ones(4, complex)}
    yield "grad", {**good, "grad": np.array(["a"] * 4)}
    yield "decay", {**good, "decay": 0.1}
    yield "learning_rate", {**good, "learning_rate": "fast"}
    yield "learning_rate", {**good, "learning_rate": math.nan}
    yield "state", {**good, "state": None}
    yield "state", {**good, "state": {}}
    yield "state", {**good, "state": {**state, "step": None}}
    yield "state", {**good, "state": {**state, "step": np.zeros(3)}}
    yield "state", {**good, "state": {**state, "m": frozen}}
    yield "state", {**good, "state": {**state, "v": np.ones(4, int)}}
    yield "grad", {**good, "theta": memory[:4], "grad": memory[:4]}
    yield "grad", {**good, "theta": memory[:4], "grad": memory[3:7]}
    yield "decay", {**good, "theta": memory[:4], "decay": memory[:4]}
    yield "grad", {**good, "grad": state["m"], "state": state}
    yield "theta", {**good, "theta": state["v"], "state": state}
    yield "state", {**good, "state": {**state, "m": state["v"]}}


@pytest.mark.parametrize(("name", "arguments"), broken_steps())
def test_a_step_that_cannot_be_meant_changes_nothing(name: str, arguments: dict[str, Any]) -> None:
    arrays = [a for a in (arguments["theta"], *(arguments["state"] or {}).values()) if isinstance(a, np.ndarray)]
    before = [a.copy() for a in arrays]
    with pytest.raises((TypeError, ValueError), match=rf"(?<!\w){name}(?!\w)"):
        Adam().step(**arguments)
    for array, kept in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, kept)


def test_blocks_look_at_the_size_before_the_first_is_asked_for() -> None:
    with pytest.raises(TypeError, match="size='3' is a str"):
        blocks("3")  # type: ignore[arg-type]
