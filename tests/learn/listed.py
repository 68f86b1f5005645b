"""The mistakes that each step has to name, as a learner may write them."""

from __future__ import annotations

import numpy as np

from made_np.testing.mistakes import kinds

from .wrong import Collection

LISTED = Collection()
wrong = LISTED.of


def sigmoid(z):
    return np.exp(-np.logaddexp(0, -z))


# ------------------------------------------------------------------------------------------ 1: nudge


def quotients(f, x, h, up=1, down=-1, width=2.0, moved="one", back=True):
    x = np.array(x, dtype=float)
    out = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i if moved == "one" else ...] = h
        out[i] = (f(x + up * step) - f(x + down * step)) / (width * h)
        x = x if back else x + down * step
    return out


@wrong("nudge", "numerical_gradient", kinds.TERM)
def _(f, x, h=1e-5):
    """one-sided."""
    return quotients(f, x, h, down=0, width=1)


@wrong("nudge", "numerical_gradient", kinds.CONSTANT)
def _(f, x, h=1e-5):
    """divided by h instead of 2h."""
    return quotients(f, x, h, width=1)


@wrong("nudge", "numerical_gradient", kinds.IN_PLACE)
def _(f, x, h=1e-5):
    """x left moved."""
    out = np.zeros(x.shape)
    x = x.astype(float)
    for i in np.ndindex(x.shape):
        x[i] += h
        high = f(x)
        x[i] -= 2 * h
        out[i] = (high - f(x)) / (2 * h)
    return out


@wrong("nudge", "numerical_gradient", kinds.AXIS)
def _(f, x, h=1e-5):
    """all entries moved at once."""
    return quotients(f, x, h, moved="all")


@wrong("nudge", "numerical_gradient", kinds.NUMBERS)
def _(f, x, h=1e-12):
    """h of 1e-12 by default."""
    return quotients(f, x, h)


@wrong("nudge", "numerical_gradient", kinds.NUMBERS)
def _(f, x, h=1e-5):
    """an integer x, which cuts the nudge off."""
    out = np.zeros(x.shape)
    x = x.copy()
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + h
        high = f(x)
        x[i] = old - h
        out[i] = (high - f(x)) / (2 * h)
        x[i] = old
    return out


# ------------------------------------------------------------------------------------------- 2: unit


def unit(w, b, x, t):
    z = w * x + b
    return z, np.tanh(z)


@wrong("unit", "unit_backward", kinds.FACTOR)
def _(w, b, x, t):
    """no slope of tanh."""
    _, y = unit(w, b, x, t)
    return 2 * (y - t) * x, 2 * (y - t)


@wrong("unit", "unit_backward", kinds.PLACE)
def _(w, b, x, t):
    """1 - z^2."""
    z, y = unit(w, b, x, t)
    return 2 * (y - t) * (1 - z**2) * x, 2 * (y - t) * (1 - z**2)


@wrong("unit", "unit_backward", kinds.FACTOR)
def _(w, b, x, t):
    """1 - y."""
    _, y = unit(w, b, x, t)
    return 2 * (y - t) * (1 - y) * x, 2 * (y - t) * (1 - y)


@wrong("unit", "unit_backward", kinds.CONSTANT)
def _(w, b, x, t):
    """2 forgotten."""
    _, y = unit(w, b, x, t)
    return (y - t) * (1 - y**2) * x, (y - t) * (1 - y**2)


@wrong("unit", "unit_backward", kinds.SIGN)
def _(w, b, x, t):
    """the sign."""
    _, y = unit(w, b, x, t)
    return 2 * (t - y) * (1 - y**2) * x, 2 * (t - y) * (1 - y**2)


@wrong("unit", "unit_backward", kinds.FACTOR)
def _(w, b, x, t):
    """x forgotten in dw."""
    _, y = unit(w, b, x, t)
    return 2 * (y - t) * (1 - y**2), 2 * (y - t) * (1 - y**2)


@wrong("unit", "unit_backward", kinds.EXCHANGED)
def _(w, b, x, t):
    """dw and db exchanged."""
    _, y = unit(w, b, x, t)
    return 2 * (y - t) * (1 - y**2), 2 * (y - t) * (1 - y**2) * x


# ------------------------------------------------------------------------------------------ 3: layer


@wrong("layer", "linear_backward", kinds.TRANSPOSED)
def _(dy, x, W):
    """dW transposed."""
    return x.T @ dy, dy.sum(0), dy @ W


@wrong("layer", "linear_backward", kinds.REDUCTION)
def _(dy, x, W):
    """dW of the last row: a loop that overwrites."""
    for n in range(len(x)):
        dW = np.outer(dy[n], x[n])
    return dW, dy.sum(0), dy @ W


@wrong("layer", "linear_backward", kinds.REDUCTION)
def _(dy, x, W):
    """first row only."""
    return np.outer(dy[0], x[0]), dy[0], dy @ W


@wrong("layer", "linear_backward", kinds.REDUCTION)
def _(dy, x, W):
    """mean over rows in db."""
    return dy.T @ x, dy.mean(0), dy @ W


@wrong("layer", "linear_backward", kinds.REDUCTION)
def _(dy, x, W):
    """mean over rows in both."""
    return dy.T @ x / len(x), dy.mean(0), dy @ W


@wrong("layer", "linear_backward", kinds.AXIS)
def _(dy, x, W):
    """db over the wrong axis."""
    return dy.T @ x, dy.sum(1), dy @ W


@wrong("layer", "linear_backward", (kinds.SHAPE, kinds.TRANSPOSED))
def _(dy, x, W):
    """dx with W^T."""
    return dy.T @ x, dy.sum(0), dy @ W.T


@wrong("layer", "linear_backward", (kinds.NUMBERS, kinds.TRANSPOSED))
def _(dy, x, W):
    """dx with W^T, where that fits."""
    return dy.T @ x, dy.sum(0), dy @ (W.T if W.shape[0] == W.shape[1] else W)


@wrong("layer", "linear_backward", kinds.IN_PLACE)
def _(dy, x, W):
    """an argument written to."""
    dx = dy @ W
    dy *= 2
    return dy.T @ x / 2, dy.sum(0) / 2, dx


# ------------------------------------------------------------------------------------ 4: activations


@wrong("activations", "relu_backward", kinds.PLACE)
def _(dy, y):
    """dy > 0."""
    return dy * (dy > 0)


@wrong("activations", "relu_backward", kinds.FACTOR)
def _(dy, y):
    """returns dy."""
    return dy


@wrong("activations", "relu_backward", kinds.FACTOR)
def _(dy, y):
    """y >= 0."""
    return dy * (y >= 0)


@wrong("activations", "tanh_backward", kinds.FACTOR)
def _(dy, y):
    """1 - y."""
    return dy * (1 - y)


@wrong("activations", "tanh_backward", kinds.FUNCTION)
def _(dy, y):
    """tanh again."""
    return dy * (1 - np.tanh(y) ** 2)


@wrong("activations", "sigmoid_backward", kinds.FUNCTION)
def _(dy, y):
    """sigmoid applied again to y."""
    return dy * sigmoid(y) * (1 - sigmoid(y))


@wrong("activations", "sigmoid_backward", kinds.FACTOR)
def _(dy, y):
    """dy forgotten."""
    return y * (1 - y)


# ------------------------------------------------------------------------------------------- 5: loss


def right_loss(z, x):
    return (np.logaddexp(0, z) - x * z).sum() / len(z), (sigmoid(z) - x) / len(z)


@wrong("loss", "bernoulli_loss", kinds.SIGN)
def _(z, x):
    """x - p."""
    return right_loss(z, x)[0], (x - sigmoid(z)) / len(z)


@wrong("loss", "bernoulli_loss", kinds.CONSTANT)
def _(z, x):
    """no 1/B."""
    return right_loss(z, x)[0], sigmoid(z) - x


@wrong("loss", "bernoulli_loss", kinds.CONSTANT)
def _(z, x):
    """1/B twice."""
    return right_loss(z, x)[0], (sigmoid(z) - x) / len(z) ** 2


@wrong("loss", "bernoulli_loss", (kinds.CONSTANT, kinds.REDUCTION))
def _(z, x):
    """mean over features too."""
    loss, dz = right_loss(z, x)
    return loss / z.shape[1], dz / z.shape[1]


@wrong("loss", "bernoulli_loss", kinds.EXTRA)
def _(z, x):
    """p (1 - p) once more."""
    p = sigmoid(z)
    return right_loss(z, x)[0], (p - x) * p * (1 - p) / len(z)


@wrong("loss", "bernoulli_loss", kinds.NUMBERS)
def _(z, x):
    """NaN at 10000: the log of a sigmoid."""
    p = 1 / (1 + np.exp(-z))
    return -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum() / len(z), (p - x) / len(z)


@wrong("loss", "bernoulli_loss", kinds.NUMBERS)
def _(z, x):
    """infinite at 10000: log(1 + e^z)."""
    return (np.log(1 + np.exp(z)) - x * z).sum() / len(z), right_loss(z, x)[1]


@wrong("loss", "bernoulli_loss", kinds.CONSTANT)
def _(z, x):
    """bits."""
    return right_loss(z, x)[0] / np.log(2), right_loss(z, x)[1]


# ------------------------------------------------------------------------------------ 6: autoencoder


def network(theta, x, target, views, bug="", M0=1, M1=1):
    W0, b0, W1, b1 = views(theta)
    h = np.tanh(x @ (W0 * M0).T + b0)
    loss, dz1 = right_loss(h @ (W1 * M1).T + b1, target)
    dW1 = dz1.T @ h * M1
    dh = dz1 @ (W1 * M1)
    if bug == "h overwritten":
        h *= -h
        h += 1
        dW1 = dz1.T @ h
        dz0 = dh * h
    else:
        dz0 = dh * (1 - h**2)
    if bug == "no slope":
        dz0 = dh
    dW0 = dz0.T @ (x if bug != "from h" else h)
    if bug == "from h":
        dW0 = np.zeros_like(W0) + dz0.T @ h[:, :1]
    return loss, [dW0 * M0, dz0.sum(0), dW1, dz1.sum(0)]


def flat(loss, blocks):
    return loss, np.concatenate([block.ravel() for block in blocks])


@wrong("autoencoder", "loss_and_grad", (kinds.IN_PLACE, kinds.PLACE))
def _(theta, x, target, views):
    """h overwritten before dW1."""
    return flat(*network(theta, x, target, views, "h overwritten"))


@wrong("autoencoder", "loss_and_grad", kinds.FACTOR)
def _(theta, x, target, views):
    """the slope of the activation missing."""
    return flat(*network(theta, x, target, views, "no slope"))


@wrong("autoencoder", "loss_and_grad", kinds.PLACE)
def _(theta, x, target, views):
    """the gradient of W0 from dh."""
    loss, blocks = network(theta, x, target, views)
    W0, b0, W1, b1 = views(theta)
    h = np.tanh(x @ W0.T + b0)
    dz1 = right_loss(h @ W1.T + b1, target)[1]
    return flat(loss, [(dz1 @ W1).T @ x, *blocks[1:]])


OLD = {}


@wrong("autoencoder", "loss_and_grad", kinds.IN_PLACE)
def _(theta, x, target, views):
    """adds to the old gradient."""
    loss, grad = flat(*network(theta, x, target, views))
    OLD[grad.size] = OLD.get(grad.size, 0) + grad
    return loss, OLD[grad.size]


@wrong("autoencoder", "loss_and_grad", kinds.EXCHANGED)
def _(theta, x, target, views):
    """blocks in another order."""
    loss, (dW0, db0, dW1, db1) = network(theta, x, target, views)
    return flat(loss, [dW0, dW1, db0, db1])


@wrong("autoencoder", "loss_and_grad", kinds.PLACE)
def _(theta, x, target, views):
    """target taken for input."""
    return flat(*network(theta, target, target, views))


@wrong("autoencoder", "loss_and_grad", kinds.PLACE)
def _(theta, x, target, views):
    """input taken for target."""
    return flat(*network(theta, x, x, views))


# ------------------------------------------------------------------------------------ 7: probability


def chain(conditional, x, order, prefix=lambda x, order, t: x[order[:t]]):
    total = 0.0
    for t, d in enumerate(order):
        p = conditional(prefix(x, order, t))
        total += np.log(p if x[d] else 1 - p)
    return total


@wrong("probability", "log_prob", kinds.FACTOR)
def _(conditional, x, order):
    """product of marginals."""
    return chain(conditional, x, order, lambda x, order, t: [])


@wrong("probability", "log_prob", kinds.OFF_BY_ONE)
def _(conditional, x, order):
    """sees its own value."""
    return chain(conditional, x, order, lambda x, order, t: x[order[: t + 1]])


@wrong("probability", "log_prob", kinds.MASK)
def _(conditional, x, order):
    """sees later ones."""
    return chain(conditional, x, order, lambda x, order, t: x[order])


@wrong("probability", "log_prob", kinds.ORDER)
def _(conditional, x, order):
    """natural order."""
    return chain(conditional, x, np.arange(len(order)))


@wrong("probability", "log_prob", kinds.REDUCTION)
def _(conditional, x, order):
    """adds probabilities."""
    total = 0.0
    for t, d in enumerate(order):
        p = conditional(x[order[:t]])
        total += p if x[d] else 1 - p
    return total


@wrong("probability", "log_prob", kinds.SIGN)
def _(conditional, x, order):
    """p for 1 - p."""
    total = 0.0
    for t, d in enumerate(order):
        p = conditional(x[order[:t]])
        total += np.log(1 - p if x[d] else p)
    return total


# ----------------------------------------------------------------------------------------- 8: masked


@wrong("masked", "masked_linear", (kinds.MASK, kinds.EXTRA_MASK))
def _(x, W, b, mask):
    """mask on x."""
    return (x * mask.any(axis=0)) @ W.T + b


@wrong("masked", "masked_linear", (kinds.MASK, kinds.EXTRA_MASK))
def _(x, W, b, mask):
    """mask on x W^T."""
    return (x @ W.T) * mask.any(axis=1) + b


@wrong("masked", "masked_linear", kinds.EXTRA_MASK)
def _(x, W, b, mask):
    """b masked."""
    return x @ (W * mask).T + b * mask.any(axis=1)


@wrong("masked", "masked_linear", kinds.NO_MASK)
def _(x, W, b, mask):
    """no mask."""
    return x @ W.T + b


@wrong("masked", "masked_linear", kinds.NUMBERS)
def _(x, W, b, mask):
    """NaN * 0."""
    return x @ (W * mask).T + b


@wrong("masked", "masked_linear_backward", kinds.NO_MASK)
def _(dy, x, W, mask):
    """dW unmasked."""
    return dy @ (W * mask), dy.T @ x, dy.sum(0)


@wrong("masked", "masked_linear_backward", kinds.NO_MASK)
def _(dy, x, W, mask):
    """dx unmasked."""
    return dy @ W, dy.T @ x * mask, dy.sum(0)


@wrong("masked", "masked_linear_backward", kinds.NO_MASK)
def _(dy, x, W, mask):
    """neither masked."""
    return dy @ W, dy.T @ x, dy.sum(0)


@wrong("masked", "masked_linear_backward", kinds.EXTRA)
def _(dy, x, W, mask):
    """dW * W * mask."""
    return dy @ (W * mask), dy.T @ x * (W * mask), dy.sum(0)


@wrong("masked", "masked_linear_backward", kinds.NUMBERS)
def _(dy, x, W, mask):
    """NaN * 0 in dx."""
    return dy @ (W * mask), dy.T @ x * mask, dy.sum(0)


# ---------------------------------------------------------------------------------------- 9: degrees


def masks(order, hidden, units=None, features=None, below=np.greater_equal, above=np.greater):
    d = len(order)
    units = 1 + np.arange(hidden) % (d - 1) if units is None else units
    features = np.argsort(order) + 1 if features is None else features
    return [below(units[:, None], features), above(features[:, None], units)]


@wrong("degrees", "make_masks", kinds.COMPARISON)
def _(order, hidden):
    """>= at the output."""
    return masks(order, hidden, above=np.greater_equal)


@wrong("degrees", "make_masks", kinds.COMPARISON)
def _(order, hidden):
    """> below."""
    return masks(order, hidden, below=np.greater)


@wrong("degrees", "make_masks", kinds.ORDER)
def _(order, hidden):
    """order for position."""
    return masks(order, hidden, features=order + 1)


@wrong("degrees", "make_masks", kinds.OFF_BY_ONE)
def _(order, hidden):
    """units counted from 0."""
    return masks(order, hidden, units=np.arange(hidden) % (len(order) - 1))


@wrong("degrees", "make_masks", kinds.OFF_BY_ONE)
def _(order, hidden):
    """features counted from 0."""
    return masks(order, hidden, features=np.argsort(order))


@wrong("degrees", "make_masks", kinds.ORDER)
def _(order, hidden):
    """natural order."""
    return masks(order, hidden, features=np.arange(len(order)) + 1)


@wrong("degrees", "make_masks", kinds.COMPARISON)
def _(order, hidden):
    """the other way round."""
    return masks(order, hidden, below=np.less_equal, above=np.less)


@wrong("degrees", "make_masks", kinds.TERM)
def _(order, hidden):
    """a degree that no unit has."""
    units = 1 + np.arange(hidden) % (len(order) - 1)
    return masks(order, hidden, units=np.where(units == 2, 1, units))


@wrong("degrees", "make_masks", kinds.OFF_BY_ONE)
def _(order, hidden):
    """degree D given to a unit."""
    return masks(order, hidden, units=1 + np.arange(hidden) % len(order))


@wrong("degrees", "make_masks", kinds.TRANSPOSED)
def _(order, hidden):
    """masks transposed."""
    return [mask.T for mask in masks(order, hidden)]


# ------------------------------------------------------------------------------------------ 10: MADE


def made_masks(order, degrees, features=None, below=np.greater_equal, above=np.greater):
    features = np.argsort(order) + 1 if features is None else features
    return below(degrees[:, None], features), above(features[:, None], degrees)


def made_log_prob(theta, x, order, degrees, views, M0, M1):
    W0, b0, W1, b1 = views(theta)
    z = np.tanh(x @ (W0 * M0).T + b0) @ (W1 * M1).T + b1
    return (x * z - np.logaddexp(0, z)).sum(axis=1)


@wrong("made", "log_prob", (kinds.REDUCTION, kinds.CONSTANT))
def _(theta, x, order, degrees, views):
    """mean over features."""
    return made_log_prob(theta, x, order, degrees, views, *made_masks(order, degrees)) / x.shape[1]


@wrong("made", "log_prob", kinds.NO_MASK)
def _(theta, x, order, degrees, views):
    """masks forgotten in one layer."""
    return made_log_prob(theta, x, order, degrees, views, made_masks(order, degrees)[0], 1)


@wrong("made", "log_prob", kinds.COMPARISON)
def _(theta, x, order, degrees, views):
    """>= at the output."""
    return made_log_prob(theta, x, order, degrees, views, *made_masks(order, degrees, above=np.greater_equal))


@wrong("made", "log_prob", kinds.ORDER)
def _(theta, x, order, degrees, views):
    """order for position."""
    return made_log_prob(theta, x, order, degrees, views, *made_masks(order, degrees, features=order + 1))


@wrong("made", "log_prob", kinds.OFF_BY_ONE)
def _(theta, x, order, degrees, views):
    """features from 0."""
    return made_log_prob(theta, x, order, degrees, views, *made_masks(order, degrees, features=np.argsort(order)))


@wrong("made", "loss_and_grad", kinds.FACTOR)
def _(theta, x, order, degrees, views):
    """no slope of tanh."""
    return flat(*network(theta, x, x, views, "no slope", *made_masks(order, degrees)))


@wrong("made", "loss_and_grad", kinds.NO_MASK)
def _(theta, x, order, degrees, views):
    """dW unmasked."""
    M0, M1 = made_masks(order, degrees)
    W0, b0, W1, b1 = views(theta)
    h = np.tanh(x @ (W0 * M0).T + b0)
    loss, dz1 = right_loss(h @ (W1 * M1).T + b1, x)
    dz0 = dz1 @ (W1 * M1) * (1 - h**2)
    return flat(loss, [dz0.T @ x, dz0.sum(0), dz1.T @ h, dz1.sum(0)])


@wrong("made", "loss_and_grad", kinds.NO_MASK)
def _(theta, x, order, degrees, views):
    """dh through the unmasked W1."""
    M0, M1 = made_masks(order, degrees)
    W0, b0, W1, b1 = views(theta)
    h = np.tanh(x @ (W0 * M0).T + b0)
    loss, dz1 = right_loss(h @ (W1 * M1).T + b1, x)
    dz0 = dz1 @ W1 * (1 - h**2)
    return flat(loss, [dz0.T @ x * M0, dz0.sum(0), dz1.T @ h * M1, dz1.sum(0)])


# ------------------------------------------------------------------------------------ 11: sampling


def draw(logits, order, u, fed=None, value=None):
    x = np.zeros(u.shape)
    for t, d in enumerate(order):
        p = sigmoid(logits(x)[:, d])
        x[:, d] = u[:, d] < p if value is None else value(p, u, t, d)
    return x


@wrong("sampling", "sample", kinds.ORDER)
def _(logits, order, u):
    """natural order."""
    return draw(logits, range(len(order)), u)


@wrong("sampling", "sample", kinds.TERM)
def _(logits, order, u):
    """all at once."""
    return u < sigmoid(logits(np.zeros(u.shape)))


@wrong("sampling", "sample", kinds.FACTOR)
def _(logits, order, u):
    """the mode."""
    return draw(logits, order, u, value=lambda p, u, t, d: p > 0.5)


@wrong("sampling", "sample", kinds.COMPARISON)
def _(logits, order, u):
    """u > p."""
    return draw(logits, order, u, value=lambda p, u, t, d: u[:, d] > p)


@wrong("sampling", "sample", kinds.PLACE)
def _(logits, order, u):
    """probabilities fed back."""
    x = np.zeros(u.shape)
    for d in order:
        x[:, d] = sigmoid(logits(x)[:, d])
    return u < x


@wrong("sampling", "sample", kinds.ORDER)
def _(logits, order, u):
    """u by place."""
    return draw(logits, order, u, value=lambda p, u, t, d: u[:, t] < p)


# ------------------------------------------------------------------------------------ 12: mixture


@wrong("mixture", "mixture", kinds.FUNCTION)
def _(log_probs):
    """mean of logs."""
    return log_probs.mean(axis=0)


@wrong("mixture", "mixture", kinds.CONSTANT)
def _(log_probs):
    """no -log K."""
    return np.logaddexp.reduce(log_probs, axis=0)


@wrong("mixture", "mixture", kinds.NUMBERS)
def _(log_probs):
    """gives way at -2000."""
    return np.log(np.exp(log_probs).mean(axis=0))


@wrong("mixture", "mixture", kinds.AXIS)
def _(log_probs):
    """over examples."""
    return np.logaddexp.reduce(log_probs, axis=1) - np.log(log_probs.shape[1])


# ------------------------------------------------------------------------------------ 13, 14, 15


@wrong("one_pass", "sample", kinds.REDUCTION)
def _(W0, b0, W1, b1, order, degrees, u, tanh):
    """d passes."""
    M0, M1 = made_masks(order, degrees)
    x = np.zeros(u.shape)
    for d in order:
        z = tanh(x @ (W0 * M0).T + b0) @ (W1 * M1).T + b1
        x[:, d] = u[:, d] < sigmoid(z[:, d])
    return x


@wrong("tape", "backward", kinds.REDUCTION)
def _(output):
    """= in place of +=."""
    line = in_order(output)
    for value in line:
        value.grad = 0.0
    output.grad = 1.0
    for value in reversed(line):
        for parent, slope in value.parents:
            parent.grad = slope * value.grad


@wrong("tape", "backward", kinds.IN_PLACE)
def _(output):
    """not zeroed first."""
    output.grad = 1.0
    for value in reversed(in_order(output)):
        for parent, slope in value.parents:
            parent.grad += slope * value.grad


@wrong("tape", "backward", kinds.ORDER)
def _(output):
    """hands on before all have added."""
    for value in in_order(output):
        value.grad = 0.0
    output.grad = 1.0

    def visit(value):
        for parent, slope in value.parents:
            parent.grad += slope * value.grad
        for parent, _ in value.parents:
            visit(parent)

    visit(output)


def in_order(output):
    line = []

    def visit(value):
        if not any(value is each for each in line):
            for parent, _ in value.parents:
                visit(parent)
            line.append(value)

    visit(output)
    return line


@wrong("staircase", "staircase_linear", kinds.REDUCTION)
def _(x, W, b, width, dot):
    """all the arithmetic."""
    return dot(x, np.where(np.arange(W.shape[1]) < width[:, None], W, 0).T) + b


@wrong("staircase", "staircase_linear", kinds.MASK)
def _(x, W, b, width, dot):
    """one input too many."""
    return np.stack([dot(x[:, : n + 1], W[o, : n + 1]) for o, n in enumerate(width)], axis=1) + b


# ------------------------------------------------------------------------------------------ whole numbers


def on_whole_numbers(f, x, h, width=2.0, low=True):
    out = np.zeros_like(x)  # whole numbers, where x holds some
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + h
        up = f(x)
        x[i] = kept - h if low else kept
        out[i] = (up - f(x)) / (width * h)
        x[i] = kept
    return out


@wrong("nudge", "numerical_gradient", kinds.NUMBERS)
def _(f, x, h=1e-5):
    """all that is right, and zeros_like of whole numbers."""
    return on_whole_numbers(f, x, h)


@wrong("nudge", "numerical_gradient", kinds.NUMBERS)
def _(f, x, h=1e-5):
    """zeros_like of x, before it is made float."""
    out = np.zeros_like(x)
    out[...] = quotients(f, x, h)
    return out


@wrong("nudge", "numerical_gradient", kinds.NUMBERS, kinds.CONSTANT)
def _(f, x, h=1e-5):
    """whole numbers, and not divided by anything."""
    return on_whole_numbers(f, x, h, width=1 / h)


@wrong("nudge", "numerical_gradient", kinds.NUMBERS, kinds.TERM)
def _(f, x, h=1e-5):
    """whole numbers, and one side only."""
    return on_whole_numbers(f, x, h, width=1, low=False)


# ------------------------------------------------------------------------------------------ what is fed back


def fed(conditional, x, order, what):
    total = 0.0
    prefix = []
    for d in order:
        p = conditional(np.array(prefix))
        total += np.log(p if x[d] else 1 - p)
        prefix.append(what(p))
    return total


@wrong("probability", "log_prob", kinds.TERM)
def _(conditional, x, order):
    """probabilities are fed back."""
    return fed(conditional, x, order, lambda p: p)


@wrong("probability", "log_prob", kinds.TERM)
def _(conditional, x, order):
    """the likelier values are fed back."""
    return fed(conditional, x, order, lambda p: float(p > 0.5))
