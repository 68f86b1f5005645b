"""More wrong answers that stand in no list, written when those of `unseen` had been looked at and mended for."""

from __future__ import annotations

import numpy as np

from made_np.testing.mistakes import kinds

from .wrong import Collection

FRESH = Collection()
wrong = FRESH.of


def squash(z):
    return 1 / (1 + np.exp(-z))


@wrong("nudge", "numerical_gradient", kinds.CONSTANT)
def _(f, x, h=1e-5):
    """an h of its own."""
    x = np.array(x, dtype=float)
    out = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += 1e-6
        down[i] -= 1e-6
        out[i] = (f(up) - f(down)) / 2e-6
    return out


@wrong("nudge", "numerical_gradient", (kinds.CONSTANT, kinds.SIGN))
def _(f, x, h=1e-5):
    """a sum in place of a difference."""
    x = np.array(x, dtype=float)
    out = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        out[i] = (f(up) + f(down)) / (2 * h)
    return out


@wrong("nudge", "numerical_gradient", kinds.CONSTANT, kinds.TERM)
def _(f, x, h=1e-5):
    """one-sided, and divided by 2h."""
    x = np.array(x, dtype=float)
    out = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up = x.copy()
        up[i] += h
        out[i] = (f(up) - f(x)) / (2 * h)
    return out


@wrong("unit", "unit_backward", kinds.PLACE)
def _(w, b, x, t):
    """1 - t^2."""
    y = np.tanh(w * x + b)
    dz = 2 * (y - t) * (1 - t**2)
    return dz * x, dz


@wrong("unit", "unit_backward", (kinds.FACTOR, kinds.EXTRA))
def _(w, b, x, t):
    """the slope twice."""
    y = np.tanh(w * x + b)
    dz = 2 * (y - t) * (1 - y**2) ** 2
    return dz * x, dz


@wrong("unit", "unit_backward", (kinds.EXTRA, kinds.FACTOR))
def _(w, b, x, t):
    """(y - t)^2 kept as it is."""
    y = np.tanh(w * x + b)
    dz = 2 * (y - t) ** 2 * (1 - y**2)
    return dz * x, dz


@wrong("unit", "unit_backward", (kinds.TERM, kinds.SIGN, kinds.EXTRA_TERM))
def _(w, b, x, t):
    """db plus one."""
    y = np.tanh(w * x + b)
    dz = 2 * (y - t) * (1 - y**2)
    return dz * x, dz + 1


@wrong("layer", "linear_backward", kinds.TRANSPOSED)
def _(dy, x, W):
    """dx transposed."""
    return dy.T @ x, dy.sum(0), W.T @ dy.T


@wrong("layer", "linear_backward", kinds.SIGN)
def _(dy, x, W):
    """the sign of db."""
    return dy.T @ x, -dy.sum(0), dy @ W


@wrong("layer", "linear_backward", kinds.SHAPE)
def _(dy, x, W):
    """db as a row."""
    return dy.T @ x, dy.sum(0, keepdims=True), dy @ W


@wrong("layer", "linear_backward", kinds.OFF_BY_ONE)
def _(dy, x, W):
    """a loop that begins at 1."""
    dW = np.zeros_like(W)
    for n in range(1, len(x)):
        dW += np.outer(dy[n], x[n])
    return dW, dy.sum(0), dy @ W


@wrong("layer", "linear_backward", kinds.TRANSPOSED, (kinds.REDUCTION, kinds.CONSTANT))
def _(dy, x, W):
    """dW transposed, db a mean."""
    return x.T @ dy, dy.mean(0), dy @ W


@wrong("layer", "linear_backward", kinds.IN_PLACE)
def _(dy, x, W):
    """dx written into x."""
    dW = dy.T @ x
    x[...] = dy @ W
    return dW, dy.sum(0), x


@wrong("activations", "relu_backward", kinds.FUNCTION)
def _(dy, y):
    """the slope of tanh."""
    return dy * (1 - y**2)


@wrong("activations", "relu_backward", kinds.FACTOR)
def _(dy, y):
    """no dy."""
    return (y > 0).astype(float)


@wrong("activations", "sigmoid_backward", (kinds.PLACE, kinds.FACTOR))
def _(dy, y):
    """dy (1 - dy)."""
    return dy * (1 - dy)


@wrong("activations", "tanh_backward", kinds.IN_PLACE)
def _(dy, y):
    """dy *= ..."""
    dy *= 1 - y**2
    return dy


@wrong("loss", "bernoulli_loss", kinds.TERM)
def _(z, x):
    """dz without x."""
    return (np.logaddexp(0, z) - x * z).sum() / len(z), squash(z) / len(z)


@wrong("loss", "bernoulli_loss", (kinds.CONSTANT, kinds.REDUCTION))
def _(z, x):
    """the loss a sum over rows."""
    return (np.logaddexp(0, z) - x * z).sum(), (squash(np.clip(z, -500, 500)) - x) / len(z)


@wrong("loss", "bernoulli_loss", kinds.EXCHANGED)
def _(z, x):
    """dz first."""
    return (squash(z) - x) / len(z), (np.logaddexp(0, z) - x * z).sum() / len(z)


@wrong("loss", "bernoulli_loss", (kinds.SIGN, kinds.OTHER))
def _(z, x):
    """x for -x."""
    return (np.logaddexp(0, z) + x * z).sum() / len(z), (squash(z) + x) / len(z)


@wrong("loss", "bernoulli_loss", kinds.NUMBERS)
def _(z, x):
    """clipped."""
    p = np.clip(squash(np.clip(z, -30, 30)), 1e-9, 1 - 1e-9)
    return -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum() / len(z), (p - x) / len(z)


def net(theta, x, target, views, d1=None, slope=lambda h, z: 1 - h**2, M0=1, M1=1, wrap=lambda h: h):
    W0, b0, W1, b1 = views(theta)
    z0 = x @ (W0 * M0).T + b0
    h = np.tanh(z0)
    z1 = h @ (W1 * M1).T + b1
    d = (squash(z1) - target) / len(x) if d1 is None else d1(z1)
    d0 = d @ (W1 * M1) * slope(h, z0)
    loss = (np.logaddexp(0, z1) - target * z1).sum() / len(x)
    return loss, [d0.T @ x * M0, d0.sum(0), d.T @ wrap(h) * M1, d.sum(0)]


def joined(loss, blocks):
    return loss, np.concatenate([np.ravel(block) for block in blocks])


@wrong("autoencoder", "loss_and_grad", kinds.FACTOR)
def _(theta, x, target, views):
    """1 - h."""
    return joined(*net(theta, x, target, views, slope=lambda h, z: 1 - h))


@wrong("autoencoder", "loss_and_grad", kinds.FUNCTION)
def _(theta, x, target, views):
    """h (1 - h)."""
    return joined(*net(theta, x, target, views, slope=lambda h, z: h * (1 - h)))


@wrong("autoencoder", "loss_and_grad", (kinds.EXTRA, kinds.FACTOR))
def _(theta, x, target, views):
    """p (1 - p) in the output, too."""
    return joined(*net(theta, x, target, views, lambda z: (squash(z) - target) * squash(z) * (1 - squash(z)) / len(x)))


@wrong("autoencoder", "loss_and_grad", kinds.SIGN)
def _(theta, x, target, views):
    """the gradient uphill."""
    loss, blocks = net(theta, x, target, views)
    return joined(loss, [-block for block in blocks])


@wrong("autoencoder", "loss_and_grad", (kinds.TERM, kinds.FACTOR, kinds.OTHER))
def _(theta, x, target, views):
    """db0 left at 0."""
    loss, (dW0, db0, dW1, db1) = net(theta, x, target, views)
    return joined(loss, [dW0, np.zeros_like(db0), dW1, db1])


@wrong("autoencoder", "loss_and_grad", (kinds.CONSTANT, kinds.REDUCTION))
def _(theta, x, target, views):
    """1/n twice in the hidden layer."""
    loss, (dW0, db0, dW1, db1) = net(theta, x, target, views)
    return joined(loss, [dW0 / len(x), db0 / len(x), dW1, db1])


@wrong("probability", "log_prob", kinds.ORDER)
def _(conditional, x, order):
    """from the last to the first."""
    total = 0.0
    back = order[::-1]
    for t, d in enumerate(back):
        p = conditional(x[back[:t]])
        total += np.log(p if x[d] else 1 - p)
    return total


@wrong("probability", "log_prob", (kinds.CONSTANT, kinds.REDUCTION))
def _(conditional, x, order):
    """a mean over features."""
    return np.mean([np.log(abs(1 - x[d] - conditional(x[order[:t]]))) for t, d in enumerate(order)])


@wrong("probability", "log_prob", kinds.ORDER)
def _(conditional, x, order):
    """the newest first."""
    prefix = []
    total = 0.0
    for d in order:
        p = conditional(prefix)
        total += np.log(p if x[d] else 1 - p)
        prefix.insert(0, x[d])
    return total


@wrong("masked", "masked_linear", kinds.CONSTANT)
def _(x, W, b, mask):
    """divided by the rows."""
    return (x @ np.where(mask, W, 0).T + b) / len(x)


@wrong("masked", "masked_linear_backward", (kinds.NO_MASK,), kinds.REDUCTION)
def _(dy, x, W, mask):
    """dW unmasked, db a mean."""
    return dy @ np.where(mask, W, 0), dy.T @ x, dy.mean(0)


@wrong("masked", "masked_linear_backward", kinds.EXCHANGED)
def _(dy, x, W, mask):
    """in the order of step 3."""
    return np.where(mask, dy.T @ x, 0), dy.sum(0), dy @ np.where(mask, W, 0)


@wrong("masked", "masked_linear_backward", kinds.FACTOR)
def _(dy, x, W, mask):
    """dx through the mask alone."""
    return dy @ mask, np.where(mask, dy.T @ x, 0), dy.sum(0)


@wrong("degrees", "make_masks", kinds.COMPARISON)
def _(order, hidden):
    """>= in both."""
    number = np.argsort(order) + 1
    unit = 1 + np.arange(hidden) % (len(order) - 1)
    return [unit[:, None] >= number, number[:, None] >= unit]


@wrong("degrees", "make_masks", kinds.ORDER)
def _(order, hidden):
    """the order backwards."""
    number = len(order) - np.argsort(order)
    unit = 1 + np.arange(hidden) % (len(order) - 1)
    return [unit[:, None] >= number, number[:, None] > unit]


@wrong("made", "log_prob", kinds.COMPARISON)
def _(theta, x, order, degrees, views):
    """> below."""
    number = np.argsort(order) + 1
    W0, b0, W1, b1 = views(theta)
    h = np.tanh(x @ (W0 * (degrees[:, None] > number)).T + b0)
    z = h @ (W1 * (number[:, None] > degrees)).T + b1
    return (x * z - np.logaddexp(0, z)).sum(axis=1)


@wrong("made", "log_prob", kinds.AXIS)
def _(theta, x, order, degrees, views):
    """summed over rows."""
    number = np.argsort(order) + 1
    W0, b0, W1, b1 = views(theta)
    h = np.tanh(x @ (W0 * (degrees[:, None] >= number)).T + b0)
    z = h @ (W1 * (number[:, None] > degrees)).T + b1
    return (x * z - np.logaddexp(0, z)).sum(axis=0)


@wrong("made", "loss_and_grad", kinds.NO_MASK)
def _(theta, x, order, degrees, views):
    """the autoencoder."""
    return joined(*net(theta, x, x, views))


@wrong("made", "loss_and_grad", kinds.COMPARISON)
def _(theta, x, order, degrees, views):
    """>= at the output."""
    number = np.argsort(order) + 1
    return joined(*net(theta, x, x, views, M0=degrees[:, None] >= number, M1=number[:, None] >= degrees))


@wrong("sampling", "sample", (kinds.TERM, kinds.PLACE))
def _(logits, order, u):
    """forgets what was drawn."""
    x = np.zeros(u.shape)
    for d in order:
        x[:, d] = u[:, d] < squash(logits(np.zeros(u.shape))[:, d])
    return x


@wrong("sampling", "sample", (kinds.ORDER,))
def _(logits, order, u):
    """order backwards, u by place."""
    x = np.zeros(u.shape)
    for t, d in enumerate(order[::-1]):
        x[:, d] = u[:, t] < squash(logits(x)[:, d])
    return x


@wrong("mixture", "mixture", (kinds.SIGN, kinds.CONSTANT))
def _(log_probs):
    """+ log K."""
    return np.logaddexp.reduce(log_probs, axis=0) + np.log(len(log_probs))


@wrong("mixture", "mixture", kinds.SIGN)
def _(log_probs):
    """the loss."""
    return -(np.logaddexp.reduce(log_probs, axis=0) - np.log(len(log_probs)))


@wrong("tape", "backward", kinds.TERM)
def _(output):
    """only the parents."""
    for parent, _ in output.parents:
        parent.grad = 0.0
    output.grad = 1.0
    for parent, slope in output.parents:
        parent.grad += slope


@wrong("staircase", "staircase_linear", kinds.TERM)
def _(x, W, b, width, dot):
    """no b."""
    return np.stack([dot(x[:, :n], W[o, :n]) for o, n in enumerate(width)], axis=1)
