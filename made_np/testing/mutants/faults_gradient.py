"""Planted faults: right networks with wrong gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..adapter import Adapter
from ..compare import Bools, Floats
from ..networks import Network, linear_backward, sigmoid
from .mutant import planted, standard

Backward = Callable[[Floats, Floats, Floats, Bools], tuple[Floats, ...]]
CAUGHT = "gradient"


def with_parts(net: Network, **parts: object) -> Adapter:
    """The adapter of the network with some parts swapped."""
    return replace(net, parts=replace(net.parts, **parts)).adapter()  # type: ignore[arg-type]


def in_block(net: Network, name: str, change: Callable[[Floats], Floats]) -> Adapter:
    """The gradient is right but for one block."""

    def grad(theta: Floats) -> Floats:
        out = net.grad(theta)
        view = net.views(out)[name]
        view[...] = change(view.copy())
        return out

    return net.adapter(grad=grad)


@planted("the mean over the batch (1/B) is forgotten", CAUGHT)
def _forgot_the_mean(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return net.adapter(grad=lambda theta: net.grad(theta) * len(net.x))


@planted("db is a mean over the batch, not a sum", CAUGHT)
def _bias_by_mean(rng: np.random.Generator) -> Adapter:
    def backward(dy: Floats, h: Floats, W: Floats, mask: Bools) -> tuple[Floats, ...]:
        dW, _, dh = linear_backward(dy, h, W, mask)
        return dW, dy.mean(axis=0), dh

    return with_parts(standard(rng), linear_backward=backward)


def unmasked_in(net: Network, layer: int) -> Adapter:
    """dW of one layer is not masked."""

    def backward(dy: Floats, h: Floats, W: Floats, mask: Bools) -> tuple[Floats, ...]:
        _, db, dh = linear_backward(dy, h, W, mask)
        return (dy.T @ h) * (mask if mask is not net.plan.masks[layer] else 1), db, dh

    return with_parts(net, linear_backward=backward)


@planted("dW of the first layer is not masked", CAUGHT)
def _first_gradient_unmasked(rng: np.random.Generator) -> Adapter:
    return unmasked_in(standard(rng), 0)


@planted("dW of the output layer is not masked", CAUGHT)
def _output_gradient_unmasked(rng: np.random.Generator) -> Adapter:
    return unmasked_in(standard(rng), 2)


@planted("dx is passed down through the unmasked weight", CAUGHT)
def _passed_down_unmasked(rng: np.random.Generator) -> Adapter:
    def backward(dy: Floats, h: Floats, W: Floats, mask: Bools) -> tuple[Floats, ...]:
        dW, db, _ = linear_backward(dy, h, W, mask)
        return dW, db, dy @ W

    return with_parts(standard(rng), linear_backward=backward)


@planted("the derivative of relu tests dh, not z", CAUGHT)
def _relu_tests_the_gradient(rng: np.random.Generator) -> Adapter:
    return with_parts(standard(rng, with_relu=True), activation_backward=lambda dh, z: dh * (dh > 0))


@planted("the derivative of tanh is 1 - h, not 1 - h^2", CAUGHT)
def _tanh_without_the_square(rng: np.random.Generator) -> Adapter:
    return with_parts(standard(rng), activation_backward=lambda dh, z: dh * (1 - np.tanh(z)))


@planted("sigmoid' is applied to a gradient that already is with respect to logits", CAUGHT)
def _sigmoid_twice(rng: np.random.Generator) -> Adapter:
    def nll_backward(a: Floats, x: Floats) -> Floats:
        return (sigmoid(a) - x) * sigmoid(a) * (1 - sigmoid(a))

    return with_parts(standard(rng), nll_backward=nll_backward)


@planted("the sign of one bias gradient is flipped", CAUGHT)
def _sign_flipped(rng: np.random.Generator) -> Adapter:
    return in_block(standard(rng), "b1", lambda d: -d)


@planted("the gradient is added to the old one (+=)", CAUGHT)
def _accumulated(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    buffer = np.zeros_like(net.theta)

    def grad(theta: Floats) -> Floats:
        buffer[...] += net.grad(theta)
        return buffer

    return net.adapter(grad=grad)


@planted("a single entry is 1 % off", CAUGHT)
def _one_percent_off(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    size = np.abs(net.grad(net.theta))
    middling = np.argsort(size)[(size.size + np.sum(size == 0)) // 2]
    off = np.where(np.arange(size.size) == middling, 1.01, 1.0)
    return net.adapter(grad=lambda theta: net.grad(theta) * off)


@planted("the gradient of the direct weights is never written", CAUGHT)
def _direct_forgotten(rng: np.random.Generator) -> Adapter:
    return in_block(standard(rng, direct=True), "W_direct", lambda d: 0 * d)


@planted("the backward pass forgets what went by a residual block", CAUGHT)
def _residual_forgotten(rng: np.random.Generator) -> Adapter:
    net = standard(rng, hidden=(7, 7), skips=True)
    return with_parts(net, skip_backward=lambda below, dh, skip: below)


@planted("weight decay is in the gradient, but not in the loss", CAUGHT)
def _decay_in_the_gradient_only(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return net.adapter(grad=lambda theta: net.grad(theta) + 0.01 * theta * ~net.frozen())


@planted("the dropout mask is applied forward, not backward", CAUGHT)
def _dropout_forward_only(rng: np.random.Generator) -> Adapter:
    keep = np.array([0.0, 2.0, 2.0, 0.0, 2.0, 2.0, 2.0])
    return with_parts(standard(rng), between=lambda h: h * keep)


@planted("dW of a square layer is transposed", CAUGHT)
def _transposed_gradient(rng: np.random.Generator) -> Adapter:
    return in_block(standard(rng), "W1", lambda d: d.T)


@planted("two gradients of the same shape are written to each other's place", CAUGHT)
def _blocks_swapped(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def grad(theta: Floats) -> Floats:
        out = net.grad(theta)
        v = net.views(out)
        first = v["b0"].copy()
        v["b0"][...] = v["b1"]
        v["b1"][...] = first
        return out

    return net.adapter(grad=grad)


@planted("one cell is 0 / 0", CAUGHT)
def _not_a_number(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return in_block(net, "b2", lambda d: np.where(np.arange(5) == 3, np.nan, d))


@planted("grad masks theta in place", CAUGHT)
def _writes_to_theta(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def grad(theta: Floats) -> Floats:
        theta[net.frozen()] = 0.0
        return net.grad(theta)

    return net.adapter(grad=grad)


@planted("the loss is computed in float32", CAUGHT)
def _loss_in_single_precision(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return net.adapter(loss=lambda theta: float(np.float32(net.loss(theta))))


@planted("the gradient is a mean over features, the loss a sum", CAUGHT)
def _mean_over_features(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return net.adapter(grad=lambda theta: net.grad(theta) / 5)


@planted("masked weights are cached: the loss never sees another theta", CAUGHT)
def _stale_weight_cache(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return net.adapter(loss=lambda theta: net.loss(net.theta) + 0 * theta[0])


@planted("grad uses the activations that the last forward pass left behind", CAUGHT)
def _stale_activations(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    left: list[Floats] = [net.theta]

    def loss(theta: Floats) -> float:
        left[0] = theta.copy()
        return net.loss(theta)

    return net.adapter(loss=loss, grad=lambda theta: net.grad(left[0]))
