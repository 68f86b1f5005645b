"""Right answers, written as matrix products."""

import numpy as np


def numerical_gradient(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    grad = np.zeros_like(x)
    for i in range(x.size):
        step = np.zeros(x.size)
        step[i] = h
        step = step.reshape(x.shape)
        grad.flat[i] = (f(x + step) - f(x - step)) / (2 * h)
    return grad


def unit_backward(w, b, x, t):
    y = np.tanh(w * x + b)
    dz = 2 * (y - t) * (1 - y**2)
    return dz * x, dz


def linear_backward(dy, x, W):
    return dy.T @ x, dy.sum(axis=0), dy @ W


def relu_backward(dy, y):
    return dy * (y > 0)


def tanh_backward(dy, y):
    return dy * (1 - y**2)


def sigmoid_backward(dy, y):
    return dy * y * (1 - y)


def sigmoid(z):
    return np.exp(-np.logaddexp(0, -z))


def bernoulli_loss(z, x):
    loss = (np.logaddexp(0, z) - x * z).sum() / len(z)
    return loss, (sigmoid(z) - x) / len(z)


def autoencoder__loss_and_grad(theta, x, target, views):
    W0, b0, W1, b1 = views(theta)
    h = np.tanh(x @ W0.T + b0)
    loss, dz1 = bernoulli_loss(h @ W1.T + b1, target)
    grad = np.empty_like(theta)
    dW0, db0, dW1, db1 = views(grad)
    dW1[:] = dz1.T @ h
    db1[:] = dz1.sum(0)
    dz0 = dz1 @ W1 * (1 - h * h)
    dW0[:] = dz0.T @ x
    db0[:] = dz0.sum(0)
    return loss, grad


def probability__log_prob(conditional, x, order):
    total = 0.0
    for t, d in enumerate(order):
        p = conditional(x[order[:t]])
        total += np.log(p if x[d] == 1 else 1 - p)
    return total


def masked_linear(x, W, b, mask):
    return x @ np.where(mask, W, 0).T + b


def masked_linear_backward(dy, x, W, mask):
    return dy @ np.where(mask, W, 0), np.where(mask, dy.T @ x, 0), dy.sum(0)


def make_masks(order, hidden):
    d = len(order)
    feature = np.argsort(order) + 1
    unit = 1 + np.arange(hidden) % (d - 1)
    return [unit[:, None] >= feature, feature[:, None] > unit]


def made__masks(order, degrees):
    feature = np.argsort(order) + 1
    return degrees[:, None] >= feature, feature[:, None] > degrees


def made__log_prob(theta, x, order, degrees, views):
    M0, M1 = made__masks(order, degrees)
    W0, b0, W1, b1 = views(theta)
    z = np.tanh(x @ (W0 * M0).T + b0) @ (W1 * M1).T + b1
    return (x * z - np.logaddexp(0, z)).sum(axis=1)


def made__loss_and_grad(theta, x, order, degrees, views):
    M0, M1 = made__masks(order, degrees)
    W0, b0, W1, b1 = views(theta)
    h = np.tanh(masked_linear(x, W0, b0, M0))
    loss, dz1 = bernoulli_loss(masked_linear(h, W1, b1, M1), x)
    dh, dW1, db1 = masked_linear_backward(dz1, h, W1, M1)
    _, dW0, db0 = masked_linear_backward(dh * (1 - h * h), x, W0, M0)
    return loss, np.concatenate([dW0.ravel(), db0, dW1.ravel(), db1])


def sampling__sample(logits, order, u):
    x = np.zeros(u.shape)
    for d in order:
        x[:, d] = u[:, d] < sigmoid(logits(x)[:, d])
    return x


def mixture(log_probs):
    top = log_probs.max(axis=0)
    return top + np.log(np.exp(log_probs - top).mean(axis=0))


def one_pass__sample(W0, b0, W1, b1, order, degrees, u, tanh):
    n = len(u)
    x = np.zeros(u.shape)
    z0 = np.tile(b0, (n, 1))
    z1 = np.tile(b1, (n, 1))
    for t, d in enumerate(order):
        x[:, d] = u[:, d] < sigmoid(z1[:, d])
        open_units = degrees > t
        z0[:, open_units] += np.outer(x[:, d], W0[open_units, d])
        done = np.flatnonzero(degrees == t + 1)
        if len(done):
            later = order[t + 1 :]
            z1[:, later] += tanh(z0[:, done]) @ W1[np.ix_(later, done)].T
    return x


def backward(output):
    order = []
    seen = set()

    def visit(value):
        if id(value) not in seen:
            seen.add(id(value))
            for parent, _ in value.parents:
                visit(parent)
            order.append(value)

    visit(output)
    for value in order:
        value.grad = 0.0
    output.grad = 1.0
    for value in reversed(order):
        for parent, slope in value.parents:
            parent.grad += slope * value.grad


def staircase_linear(x, W, b, width, dot):
    y = np.tile(b, (len(x), 1))
    for o, n in enumerate(width):
        y[:, o] += dot(x[:, :n], W[o, :n])
    return y
