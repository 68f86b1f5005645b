# ruff: noqa: RUF059
"""Wrong answers that stand in no list: they were written when the mechanism was done, without a look at its rules."""

from __future__ import annotations

import numpy as np

from made_np.testing.mistakes import kinds

from .wrong import Collection

UNSEEN = Collection()
wrong = UNSEEN.of


def logistic(z):
    return 1 / (1 + np.exp(-z))


# ------------------------------------------------------------------------------------------ 1: nudge


@wrong("nudge", "numerical_gradient", (kinds.CONSTANT, kinds.SIGN))
def _(f, x, h=1e-5):
    """up and down exchanged."""
    x = np.array(x, dtype=float)
    out = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        out[i] = (f(down) - f(up)) / (2 * h)
    return out


@wrong("nudge", "numerical_gradient", (kinds.CONSTANT, kinds.OTHER))
def _(f, x, h=1e-5):
    """divided by h squared."""
    x = np.array(x, dtype=float)
    out = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        out[i] = (f(up) - f(down)) / h**2
    return out


@wrong("nudge", "numerical_gradient", kinds.SHAPE)
def _(f, x, h=1e-5):
    """a flat vector for a matrix."""
    x = np.array(x, dtype=float)
    flat = x.ravel()
    out = []
    for i in range(flat.size):
        up, down = flat.copy(), flat.copy()
        up[i] += h
        down[i] -= h
        out.append((f(up.reshape(x.shape)) - f(down.reshape(x.shape))) / (2 * h))
    return np.array(out)


# ------------------------------------------------------------------------------------------- 2: unit


@wrong("unit", "unit_backward", (kinds.SIGN, kinds.FACTOR))
def _(w, b, x, t):
    """1 + y^2."""
    y = np.tanh(w * x + b)
    dz = 2 * (y - t) * (1 + y**2)
    return dz * x, dz


@wrong("unit", "unit_backward", kinds.PLACE)
def _(w, b, x, t):
    """times w in the place of x."""
    y = np.tanh(w * x + b)
    dz = 2 * (y - t) * (1 - y**2)
    return dz * w, dz


@wrong("unit", "unit_backward", (kinds.PLACE, kinds.TERM))
def _(w, b, x, t):
    """the square of y, without its target."""
    y = np.tanh(w * x + b)
    dz = 2 * y * (1 - y**2)
    return dz * x, dz


@wrong("unit", "unit_backward", (kinds.TERM, kinds.PLACE))
def _(w, b, x, t):
    """b forgotten in z."""
    y = np.tanh(w * x)
    dz = 2 * (y - t) * (1 - y**2)
    return dz * x, dz


@wrong("unit", "unit_backward", kinds.FUNCTION)
def _(w, b, x, t):
    """the slope of the sigmoid."""
    y = logistic(w * x + b)
    dz = 2 * (y - t) * (1 - y**2)
    return dz * x, dz


@wrong("unit", "unit_backward", (kinds.EXTRA, kinds.FACTOR, kinds.PLACE))
def _(w, b, x, t):
    """db has x, too."""
    y = np.tanh(w * x + b)
    dz = 2 * (y - t) * (1 - y**2)
    return dz * x, dz * x


# ------------------------------------------------------------------------------------------ 3: layer


@wrong("layer", "linear_backward", (kinds.CONSTANT, kinds.REDUCTION))
def _(dy, x, W):
    """dx divided by the rows."""
    return dy.T @ x, dy.sum(0), dy @ W / len(x)


@wrong("layer", "linear_backward", kinds.REDUCTION)
def _(dy, x, W):
    """db not summed."""
    return dy.T @ x, dy, dy @ W


@wrong("layer", "linear_backward", kinds.REDUCTION)
def _(dy, x, W):
    """the largest of db."""
    return dy.T @ x, dy.max(axis=0), dy @ W


@wrong("layer", "linear_backward", (kinds.AXIS, kinds.SHAPE))
def _(dy, x, W):
    """db one number."""
    return dy.T @ x, dy.sum(), dy @ W


@wrong("layer", "linear_backward", kinds.EXCHANGED)
def _(dy, x, W):
    """dx first."""
    return dy @ W, dy.T @ x, dy.sum(0)


@wrong("layer", "linear_backward", (kinds.REDUCTION, kinds.CONSTANT))
def _(dy, x, W):
    """dx a mean over outputs."""
    return dy.T @ x, dy.sum(0), np.mean(dy[:, :, None] * W[None], axis=1)


@wrong("layer", "linear_backward", kinds.NONE)
def _(dy, x, W):
    """dx forgotten."""
    return dy.T @ x, dy.sum(0), None


@wrong("layer", "linear_backward", (kinds.FACTOR,))
def _(dy, x, W):
    """dW without dy."""
    return np.tile(x.sum(0), (len(W), 1)), dy.sum(0), dy @ W


# ------------------------------------------------------------------------------------ 4: activations


@wrong("activations", "tanh_backward", kinds.SIGN)
def _(dy, y):
    """y^2 - 1."""
    return dy * (y**2 - 1)


@wrong("activations", "sigmoid_backward", (kinds.SIGN, kinds.FACTOR))
def _(dy, y):
    """y (1 + y)."""
    return dy * y * (1 + y)


@wrong("activations", "sigmoid_backward", (kinds.EXTRA, kinds.PLACE, kinds.FUNCTION, kinds.FACTOR))
def _(dy, y):
    """y (1 - y^2)."""
    return dy * y * (1 - y**2)


@wrong("activations", "relu_backward", (kinds.EXTRA, kinds.FACTOR, kinds.PLACE, kinds.FUNCTION))
def _(dy, y):
    """dy times y."""
    return dy * y


@wrong("activations", "tanh_backward", (kinds.FUNCTION, kinds.PLACE, kinds.FACTOR))
def _(dy, y):
    """the slope of the sigmoid."""
    return dy * y * (1 - y)


# ------------------------------------------------------------------------------------------- 5: loss


def loss_of(z, x):
    return np.logaddexp(0, z) - x * z


@wrong("loss", "bernoulli_loss", kinds.SIGN)
def _(z, x):
    """the log-likelihood."""
    return -loss_of(z, x).sum() / len(z), -(logistic(np.clip(z, -700, 700)) - x) / len(z)


@wrong("loss", "bernoulli_loss", (kinds.TERM, kinds.FACTOR, kinds.EXTRA))
def _(z, x):
    """only the entries that are 1."""
    return (x * (np.logaddexp(0, z) - z)).sum() / len(z), x * (logistic(z) - 1) / len(z)


@wrong("loss", "bernoulli_loss", (kinds.REDUCTION, kinds.CONSTANT))
def _(z, x):
    """a loss for each row."""
    return loss_of(z, x).sum(axis=1), (logistic(z) - x) / len(z)


@wrong("loss", "bernoulli_loss", (kinds.FUNCTION,))
def _(z, x):
    """z - x: the sigmoid forgotten in dz."""
    return loss_of(z, x).sum() / len(z), (z - x) / len(z)


@wrong("loss", "bernoulli_loss", (kinds.CONSTANT, kinds.REDUCTION))
def _(z, x):
    """divided by features, not by rows."""
    return loss_of(z, x).sum() / z.shape[1], (logistic(z) - x) / z.shape[1]


@wrong("loss", "bernoulli_loss", kinds.FUNCTION)
def _(z, x):
    """the sigmoid of the sigmoid."""
    return loss_of(z, x).sum() / len(z), (logistic(logistic(z)) - x) / len(z)


# ------------------------------------------------------------------------------------ 6: autoencoder


def parts(theta, x, target, views):
    W0, b0, W1, b1 = views(theta)
    z0 = x @ W0.T + b0
    h = np.tanh(z0)
    z1 = h @ W1.T + b1
    loss = loss_of(z1, target).sum() / len(x)
    return W0, b0, W1, b1, z0, h, z1, loss


def packed(*blocks):
    return np.concatenate([block.ravel() for block in blocks])


@wrong("autoencoder", "loss_and_grad", kinds.PLACE)
def _(theta, x, target, views):
    """1 - z0^2."""
    W0, b0, W1, b1, z0, h, z1, loss = parts(theta, x, target, views)
    d1 = (logistic(z1) - target) / len(x)
    d0 = d1 @ W1 * (1 - z0**2)
    return loss, packed(d0.T @ x, d0.sum(0), d1.T @ h, d1.sum(0))


@wrong("autoencoder", "loss_and_grad", (kinds.REDUCTION, kinds.CONSTANT))
def _(theta, x, target, views):
    """biases averaged."""
    W0, b0, W1, b1, z0, h, z1, loss = parts(theta, x, target, views)
    d1 = (logistic(z1) - target) / len(x)
    d0 = d1 @ W1 * (1 - h**2)
    return loss, packed(d0.T @ x, d0.mean(0), d1.T @ h, d1.mean(0))


@wrong("autoencoder", "loss_and_grad", (kinds.PLACE, kinds.FUNCTION))
def _(theta, x, target, views):
    """dW1 from z0."""
    W0, b0, W1, b1, z0, h, z1, loss = parts(theta, x, target, views)
    d1 = (logistic(z1) - target) / len(x)
    d0 = d1 @ W1 * (1 - h**2)
    return loss, packed(d0.T @ x, d0.sum(0), d1.T @ z0, d1.sum(0))


@wrong("autoencoder", "loss_and_grad", kinds.CONSTANT)
def _(theta, x, target, views):
    """the gradient has no 1/n."""
    W0, b0, W1, b1, z0, h, z1, loss = parts(theta, x, target, views)
    d1 = logistic(z1) - target
    d0 = d1 @ W1 * (1 - h**2)
    return loss, packed(d0.T @ x, d0.sum(0), d1.T @ h, d1.sum(0))


@wrong("autoencoder", "loss_and_grad", (kinds.FACTOR, kinds.NO_MASK))
def _(theta, x, target, views):
    """dh without W1."""
    W0, b0, W1, b1, z0, h, z1, loss = parts(theta, x, target, views)
    d1 = (logistic(z1) - target) / len(x)
    d0 = d1.sum(axis=1, keepdims=True) * (1 - h**2)
    return loss, packed(d0.T @ x, d0.sum(0), d1.T @ h, d1.sum(0))


@wrong("autoencoder", "loss_and_grad", kinds.FUNCTION)
def _(theta, x, target, views):
    """sigmoid in the hidden layer, with the slope of tanh."""
    W0, b0, W1, b1 = views(theta)
    h = logistic(x @ W0.T + b0)
    z1 = h @ W1.T + b1
    d1 = (logistic(z1) - target) / len(x)
    d0 = d1 @ W1 * (1 - h**2)
    return loss_of(z1, target).sum() / len(x), packed(d0.T @ x, d0.sum(0), d1.T @ h, d1.sum(0))


@wrong("autoencoder", "loss_and_grad", kinds.PLACE)
def _(theta, x, target, views):
    """the difference from x, the loss from target."""
    W0, b0, W1, b1, z0, h, z1, loss = parts(theta, x, target, views)
    d1 = (logistic(z1) - x) / len(x)
    d0 = d1 @ W1 * (1 - h**2)
    return loss, packed(d0.T @ x, d0.sum(0), d1.T @ h, d1.sum(0))


# ------------------------------------------------------------------------------------ 7: probability


@wrong("probability", "log_prob", kinds.ORDER)
def _(conditional, x, order):
    """argsort of the order."""
    total = 0.0
    place = np.argsort(order)
    for t, d in enumerate(place):
        p = conditional(x[place[:t]])
        total += np.log(p) if x[d] else np.log(1 - p)
    return total


@wrong("probability", "log_prob", kinds.FUNCTION)
def _(conditional, x, order):
    """p itself."""
    total = 1.0
    for t, d in enumerate(order):
        p = conditional(x[order[:t]])
        total *= p if x[d] else 1 - p
    return total


@wrong("probability", "log_prob", (kinds.ORDER,))
def _(conditional, x, order):
    """the prefix by columns of x."""
    return sum(np.log(abs(1 - x[d] - conditional(x[:t]))) for t, d in enumerate(order))


@wrong("probability", "log_prob", (kinds.TERM, kinds.OFF_BY_ONE))
def _(conditional, x, order):
    """the first factor forgotten."""
    total = 0.0
    for t in range(1, len(order)):
        p = conditional(x[order[:t]])
        total += np.log(p if x[order[t]] else 1 - p)
    return total


# ----------------------------------------------------------------------------------------- 8: masked


@wrong("masked", "masked_linear", kinds.MASK)
def _(x, W, b, mask):
    """where mask is False."""
    return x @ np.where(mask, 0, W).T + b


@wrong("masked", "masked_linear", kinds.TERM)
def _(x, W, b, mask):
    """b forgotten."""
    return x @ np.where(mask, W, 0).T


@wrong("masked", "masked_linear_backward", kinds.MASK)
def _(dy, x, W, mask):
    """dW where mask is False."""
    return dy @ np.where(mask, W, 0), np.where(mask, 0, dy.T @ x), dy.sum(0)


@wrong("masked", "masked_linear_backward", kinds.EXTRA_MASK)
def _(dy, x, W, mask):
    """db masked, too."""
    return dy @ np.where(mask, W, 0), np.where(mask, dy.T @ x, 0), dy.sum(0) * mask.any(axis=1)


# ---------------------------------------------------------------------------------------- 9: degrees


@wrong("degrees", "make_masks", kinds.COMPARISON)
def _(order, hidden):
    """> in both."""
    number = np.argsort(order) + 1
    unit = 1 + np.arange(hidden) % (len(order) - 1)
    return [unit[:, None] > number, number[:, None] > unit]


@wrong("degrees", "make_masks", (kinds.TRANSPOSED, kinds.SHAPE))
def _(order, hidden):
    """M1 as inputs by outputs."""
    number = np.argsort(order) + 1
    unit = 1 + np.arange(hidden) % (len(order) - 1)
    return [unit[:, None] >= number, number > unit[:, None]]


@wrong("degrees", "make_masks", kinds.EXCHANGED)
def _(order, hidden):
    """M1 first."""
    number = np.argsort(order) + 1
    unit = 1 + np.arange(hidden) % (len(order) - 1)
    return [number[:, None] > unit, unit[:, None] >= number]


# ------------------------------------------------------------------------------------------ 10: MADE


def both(order, degrees):
    number = np.argsort(order) + 1
    return degrees[:, None] >= number, number[:, None] > degrees


@wrong("made", "log_prob", kinds.NO_MASK)
def _(theta, x, order, degrees, views):
    """M0 forgotten."""
    W0, b0, W1, b1 = views(theta)
    z = np.tanh(x @ W0.T + b0) @ (W1 * both(order, degrees)[1]).T + b1
    return -loss_of(z, x).sum(axis=1)


@wrong("made", "log_prob", kinds.SIGN)
def _(theta, x, order, degrees, views):
    """the loss of each row."""
    M0, M1 = both(order, degrees)
    W0, b0, W1, b1 = views(theta)
    z = np.tanh(x @ (W0 * M0).T + b0) @ (W1 * M1).T + b1
    return loss_of(z, x).sum(axis=1)


@wrong("made", "loss_and_grad", kinds.NO_MASK)
def _(theta, x, order, degrees, views):
    """dW0 alone without its mask."""
    M0, M1 = both(order, degrees)
    W0, b0, W1, b1 = views(theta)
    h = np.tanh(x @ (W0 * M0).T + b0)
    z = h @ (W1 * M1).T + b1
    d1 = (logistic(z) - x) / len(x)
    d0 = d1 @ (W1 * M1) * (1 - h**2)
    return loss_of(z, x).sum() / len(x), packed(d0.T @ x, d0.sum(0), d1.T @ h * M1, d1.sum(0))


@wrong("made", "loss_and_grad", (kinds.ORDER,))
def _(theta, x, order, degrees, views):
    """the masks of the natural order."""
    M0, M1 = both(np.arange(len(order)), degrees)
    W0, b0, W1, b1 = views(theta)
    h = np.tanh(x @ (W0 * M0).T + b0)
    z = h @ (W1 * M1).T + b1
    d1 = (logistic(z) - x) / len(x)
    d0 = d1 @ (W1 * M1) * (1 - h**2)
    return loss_of(z, x).sum() / len(x), packed(d0.T @ x * M0, d0.sum(0), d1.T @ h * M1, d1.sum(0))


# ------------------------------------------------------------------------------------ 11: sampling


@wrong("sampling", "sample", kinds.ORDER)
def _(logits, order, u):
    """argsort of the order."""
    x = np.zeros(u.shape)
    for d in np.argsort(order):
        x[:, d] = u[:, d] < logistic(logits(x)[:, d])
    return x


@wrong("sampling", "sample", (kinds.FUNCTION,))
def _(logits, order, u):
    """no sigmoid."""
    x = np.zeros(u.shape)
    for d in order:
        x[:, d] = u[:, d] < logits(x)[:, d]
    return x


@wrong("sampling", "sample", (kinds.ORDER,), (kinds.COMPARISON,))
def _(logits, order, u):
    """natural order, with u > p."""
    x = np.zeros(u.shape)
    for d in range(u.shape[1]):
        x[:, d] = u[:, d] > logistic(logits(x)[:, d])
    return x


@wrong("sampling", "sample", (kinds.CONSTANT, kinds.EXTRA_TERM, kinds.PLACE, kinds.OTHER))
def _(logits, order, u):
    """begins with ones."""
    x = np.ones(u.shape)
    for d in order[::-1]:
        x[:, d] = u[:, d] < logistic(logits(x)[:, d])
    return x


# ------------------------------------------------------------------------------------- 12: mixture


@wrong("mixture", "mixture", (kinds.FUNCTION,))
def _(log_probs):
    """the average of p."""
    return np.exp(log_probs).mean(axis=0)


@wrong("mixture", "mixture", (kinds.CONSTANT,))
def _(log_probs):
    """divided by the examples."""
    return np.logaddexp.reduce(log_probs, axis=0) - np.log(log_probs.shape[1])


@wrong("mixture", "mixture", kinds.REDUCTION)
def _(log_probs):
    """the best network."""
    return log_probs.max(axis=0)


@wrong("mixture", "mixture", (kinds.AXIS, kinds.SHAPE))
def _(log_probs):
    """one number."""
    return np.log(np.exp(log_probs).mean())
