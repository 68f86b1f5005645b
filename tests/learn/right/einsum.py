"""Right answers, written with einsum, float32 where that will do, and what NumPy and made_np hold."""

from functools import reduce

import numpy as np

from made_np import layers
from made_np.masks import make_mask, position_of, spread_degrees


def numerical_gradient(f, x, h=1e-5):
    x = np.array(x, float)
    eye = np.eye(x.size).reshape(-1, *x.shape)
    return np.array([(f(x + h * e) - f(x - h * e)) * 0.5 / h for e in eye]).reshape(x.shape)


def unit_backward(w, b, x, t):
    y = layers.tanh(w * x + b)
    dy = -2 * (t - y)
    dz = layers.tanh_backward(dy, None, y=y)
    return np.array([np.asarray(dz) * x, dz])


def linear_backward(dy, x, W):
    dy, x, W = (a.astype(np.float32) for a in (dy, x, W))
    return np.einsum("no,ni->oi", dy, x), np.einsum("no->o", dy), np.einsum("no,oi->ni", dy, W)


def relu_backward(dy, y):
    return np.where(y > 0, dy, 0).astype("float32")


def tanh_backward(dy, y):
    return (np.einsum("nd,nd,nd->nd", -dy, y, y) + dy,)


def sigmoid_backward(dy, y):
    return layers.sigmoid_backward(dy, None, y=y)


def bernoulli_loss(z, x):
    signs = 1 - 2 * np.asarray(x)
    per_row = layers.softplus(signs * z).sum(axis=-1)
    return per_row.mean(), signs * layers.sigmoid(signs * z) / z.shape[0]


def autoencoder__loss_and_grad(theta, x, target, views):
    W0, b0, W1, b1 = views(theta)
    z0 = np.einsum("nd,kd->nk", x, W0) + b0
    h = np.tanh(z0)
    loss, dz1 = bernoulli_loss(np.einsum("nk,dk->nd", h, W1) + b1, target)
    dz0 = np.einsum("nd,dk->nk", dz1, W1) / np.cosh(z0) ** 2
    parts = [np.einsum("nk,nd->kd", dz0, x), dz0.sum(0), np.einsum("nd,nk->dk", dz1, h), dz1.sum(0)]
    return loss, np.concatenate([part.reshape(-1) for part in parts]).astype(np.float32)


def probability__log_prob(conditional, x, order):
    def factor(t):
        p = conditional(np.take(x, order)[:t])
        return np.where(np.take(x, order)[t] > 0, np.log(p), np.log1p(-p))

    return np.array([sum(map(factor, range(len(order))))])


def masked_linear(x, W, b, mask):
    return layers.masked_linear(x, W, b, mask)


def masked_linear_backward(dy, x, W, mask):
    kept = W.copy()
    kept[~mask] = 0
    dW = np.einsum("no,ni->oi", dy, x)
    dW[~mask] = 0.0
    return dy @ kept, dW, np.ones(len(dy)) @ dy


def make_masks(order, hidden):
    features = position_of(np.asarray(order)) + 1
    units = spread_degrees(hidden, len(order))[::-1]
    return [make_mask(units, features).astype(float), make_mask(features, units, strict=True).astype(np.int8)]


def made__log_prob(theta, x, order, degrees, views):
    features = position_of(order) + 1
    W0, b0, W1, b1 = views(theta.astype(np.float32))
    h = np.tanh(layers.masked_linear(x, W0, b0, make_mask(degrees, features)))
    z = layers.masked_linear(h, W1, b1, make_mask(features, degrees, strict=True))
    return np.log(np.where(x == 1, layers.sigmoid(z), layers.sigmoid(-z))).sum(axis=-1)


def made__loss_and_grad(theta, x, order, degrees, views):
    features = position_of(order) + 1
    masks = make_mask(degrees, features), make_mask(features, degrees, strict=True)
    loss, grads = layers.network_loss_and_grad(x, *views(theta), *masks)
    return loss, np.hstack([grad.ravel() for grad in grads])


def sampling__sample(logits, order, u):
    need = np.log(u) - np.log1p(-u)

    def draw(x, d):
        return np.where(np.arange(x.shape[1]) == d, logits(x) > need, x)

    return reduce(draw, order, np.zeros_like(u)).astype(bool)


def mixture(log_probs):
    return np.logaddexp.reduce(log_probs, axis=0) - np.log(log_probs.shape[0])


def one_pass__sample(W0, b0, W1, b1, order, degrees, u, tanh):
    features = position_of(order) + 1
    A0 = W0 * make_mask(degrees, features)
    A1 = W1 * make_mask(features, degrees, strict=True)
    x = np.zeros_like(u)
    h = np.zeros((len(u), len(b0)))
    for t, d in enumerate(order):
        x[:, d] = layers.sigmoid(h @ A1[d] + b1[d]) > u[:, d]
        now = degrees == t + 1
        h[:, now] = tanh(x @ A0[now].T + b0[now])
    return x.astype(np.float32)


def backward(output):
    depth = {}

    def longest(value, steps):
        if depth.get(id(value), (-1, None))[0] < steps:
            depth[id(value)] = steps, value
            for parent, _ in value.parents:
                longest(parent, steps + 1)

    longest(output, 0)
    line = [value for _, value in sorted(depth.values(), key=lambda pair: pair[0])]
    grads = {id(value): 0.0 for value in line} | {id(output): 1.0}
    for value in line:
        value.grad = grads[id(value)]
        for parent, slope in value.parents:
            grads[id(parent)] += slope * value.grad


def staircase_linear(x, W, b, width, dot):
    y = np.zeros((len(x), len(W))) + b
    for w in np.unique(width):
        rows = np.flatnonzero(width == w)
        y[:, rows] += dot(x[:, :w], W[rows, :w].T)
    return y
