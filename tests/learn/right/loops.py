# ruff: noqa: B905
"""Right answers, written as loops, with lists and helpers of their own."""

import math

import numpy as np


def numerical_gradient(f, x, h=1e-5):
    x = np.asarray(x) * 1.0
    out = np.empty(x.shape)
    for place in np.ndindex(*x.shape):
        old = x[place]
        x[place] = old + h
        up = f(x)
        x[place] = old - h
        down = f(x)
        x[place] = old
        out[place] = (up - down) / h / 2
    return out


def slope_of_tanh(y):
    return (1 - y) * (1 + y)


def unit_backward(w, b, x, t):
    y = math.tanh(w * x + b)
    first = 2 * y - 2 * t
    return [first * slope_of_tanh(y) * x, first * slope_of_tanh(y)]


def linear_backward(dy, x, W):
    n_rows, n_out = dy.shape
    n_in = x.shape[1]
    dW = [[0.0] * n_in for _ in range(n_out)]
    db = [0.0] * n_out
    dx = [[0.0] * n_in for _ in range(n_rows)]
    for n in range(n_rows):
        for o in range(n_out):
            db[o] += dy[n, o]
            for i in range(n_in):
                dW[o][i] += dy[n, o] * x[n, i]
                dx[n][i] += dy[n, o] * W[o, i]
    return dW, db, dx


def relu_backward(dy, y):
    out = dy.copy()
    out[y <= 0] = 0
    return out


def tanh_backward(dy, y):
    return [[d * slope_of_tanh(v) for d, v in zip(a, b)] for a, b in zip(dy, y)]


def sigmoid_backward(dy, y):
    return np.array([[d * (v - v * v) for d, v in zip(a, b)] for a, b in zip(dy.tolist(), y.tolist())])


def softplus(z):
    return z + math.log1p(math.exp(-z)) if z > 0 else math.log1p(math.exp(z))


def squash(z):
    if z >= 0:
        return 1 / (1 + math.exp(-z))
    return math.exp(z) / (1 + math.exp(z))


def bernoulli_loss(z, x):
    n, d = np.shape(z)
    loss = 0
    dz = np.zeros((n, d))
    for r in range(n):
        for c in range(d):
            loss += (softplus(-z[r][c]) if x[r][c] == 1 else softplus(z[r][c])) / n
            dz[r, c] = (squash(z[r][c]) - x[r][c]) / n
    return [loss, dz]


def autoencoder__loss_and_grad(theta, x, target, views):
    grad = np.zeros(len(theta))
    parameters = views(theta)
    slopes = views(grad)
    loss = 0.0
    for row, goal in zip(x, target):
        hidden = np.tanh(parameters[0].dot(row) + parameters[1])
        out = parameters[2].dot(hidden) + parameters[3]
        loss += sum(softplus(z) - t * z for z, t in zip(out, goal)) / len(x)
        d_out = np.array([squash(z) - t for z, t in zip(out, goal)]) / len(x)
        slopes[2][...] += np.outer(d_out, hidden)
        slopes[3][...] += d_out
        d_hidden = d_out.dot(parameters[2]) * slope_of_tanh(hidden)
        slopes[0][...] += np.outer(d_hidden, row)
        slopes[1][...] += d_hidden
    return loss, grad


def probability__log_prob(conditional, x, order):
    prefix = []
    p_all = 1.0
    for d in order:
        p = conditional(tuple(prefix))
        p_all *= p * x[d] + (1 - p) * (1 - x[d])
        prefix.append(float(x[d]))
    return math.log(p_all)


def masked_linear(x, W, b, mask):
    y = np.zeros((len(x), len(W)))
    for n in range(len(x)):
        for o in range(len(W)):
            y[n, o] = b[o] + sum(x[n, i] * W[o, i] for i in range(len(x[0])) if mask[o, i])
    return y


def masked_linear_backward(dy, x, W, mask):
    dx = np.zeros(x.shape)
    dW = np.zeros(W.shape)
    for o in range(len(W)):
        for i in range(len(W[0])):
            if mask[o, i]:
                dx[:, i] += dy[:, o] * W[o, i]
                dW[o, i] = (dy[:, o] * x[:, i]).sum()
    return [dx, dW, [sum(dy[:, o]) for o in range(len(W))]]


def make_masks(order, hidden):
    order = list(order)
    d = len(order)
    degrees = sorted(k % (d - 1) + 1 for k in range(hidden))
    M0 = [[1 if degrees[k] >= order.index(i) + 1 else 0 for i in range(d)] for k in range(hidden)]
    M1 = [[1 if order.index(o) + 1 > degrees[k] else 0 for k in range(hidden)] for o in range(d)]
    return M0, M1


def made__log_prob(theta, x, order, degrees, views):
    W0, b0, W1, b1 = views(theta)
    place = {feature: t + 1 for t, feature in enumerate(order)}
    out = []
    for row in x:
        hidden = [
            math.tanh(b0[k] + sum(W0[k, i] * row[i] for i in range(len(row)) if place[i] <= degrees[k]))
            for k in range(len(b0))
        ]
        total = 0
        for o in range(len(row)):
            z = b1[o] + sum(W1[o, k] * hidden[k] for k in range(len(b0)) if degrees[k] < place[o])
            total -= softplus(-z) if row[o] else softplus(z)
        out.append(total)
    return out


def made__loss_and_grad(theta, x, order, degrees, views):
    W0, b0, W1, b1 = views(theta)
    position = np.empty(len(order), dtype=int)
    for t, feature in enumerate(order):
        position[feature] = t
    M0 = np.array([[degrees[k] > position[i] for i in range(len(order))] for k in range(len(degrees))])
    M1 = np.array([[position[o] + 1 > degrees[k] for k in range(len(degrees))] for o in range(len(order))])
    grad = np.zeros_like(theta)
    dW0, db0, dW1, db1 = views(grad)
    loss = 0.0
    for row in x:
        h = np.tanh((W0 * M0) @ row + b0)
        z = (W1 * M1) @ h + b1
        loss -= sum(-softplus(-a) if t else -softplus(a) for a, t in zip(z, row))
        d_z = np.array([squash(a) for a in z]) - row
        dW1 += np.outer(d_z, h) * M1
        db1 += d_z
        d_h = (W1 * M1).T @ d_z * (1 - h**2)
        dW0 += np.outer(d_h, row) * M0
        db0 += d_h
    return loss / len(x), grad / len(x)


def sampling__sample(logits, order, u):
    rows = []
    for uniforms in u:
        row = [0] * len(uniforms)
        for feature in order:
            z = logits(np.array([row]))[0][feature]
            row[feature] = 1 if uniforms[feature] <= squash(z) else 0
        rows.append(row)
    return rows


def mixture(log_probs):
    out = []
    for column in np.transpose(log_probs):
        top = max(column)
        out.append(top + math.log(sum(math.exp(each - top) for each in column) / len(column)))
    return out


def one_pass__sample(W0, b0, W1, b1, order, degrees, u, tanh):
    rows = np.zeros(u.shape, dtype=int)
    for n in range(len(u)):
        z0 = b0.copy()
        z1 = b1.copy()
        for t, feature in enumerate(order, start=1):
            rows[n, feature] = u[n, feature] < squash(z1[feature])
            z0 += W0[:, feature] * rows[n, feature]
            for k in np.flatnonzero(degrees == t):
                z1 += W1[:, k] * tanh(z0[k])
    return rows


def backward(output):
    users = {}
    found = {id(output): output}
    todo = [output]
    while todo:
        value = todo.pop()
        for parent, _ in value.parents:
            users[id(parent)] = users.get(id(parent), 0) + 1
            if id(parent) not in found:
                found[id(parent)] = parent
                todo.append(parent)
    for value in found.values():
        value.grad = 0
    output.grad = 1
    ready = [output]
    while ready:
        value = ready.pop()
        for parent, slope in value.parents:
            parent.grad += value.grad * slope
            users[id(parent)] -= 1
            if users[id(parent)] == 0:
                ready.append(parent)


def staircase_linear(x, W, b, width, dot):
    columns = [dot(x[:, : width[o]], W[o, : width[o]][:, None])[:, 0] + b[o] for o in range(len(b))]
    return np.stack(columns, axis=1)
