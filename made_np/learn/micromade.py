"""A whole MADE on one page, in plain Python: masks, a network, its gradient by hand, Adam, sampling.

    python micromade.py [nltcs.npz]  # learns 16 bits about each of 16,181 people; without a file, 8 pixels of its own

A MADE gives each row x of D bits a probability. It writes p(x) as a product, one bit after the other in some order:

    p(x) = p(first) p(second | first) p(third | first, second) ...

One network computes all factors at once: D inputs, H hidden units, D outputs, where output d must not see bit d, nor
any bit that comes after d. Masks see to that. They cut wires, and everything else is an ordinary network.
Read from top to bottom. Nothing is imported but Python's own library; made_np does the same with NumPy, and faster.
"""

import math
import random
import sys
import time
import zipfile
from collections.abc import Sequence
from operator import mul

Row = Sequence[float]
Matrix = Sequence[Row]
Mask = list[list[bool]]


# 1. MASKS. Number the bits 1..D in their order. That number is the degree of a bit's input, and of the output that
#    predicts it. A hidden unit of degree m may see the first m bits in the order, with m from 1 to D - 1.
#    - A hidden unit sees an input     if its own degree is at least that of the input:  >=
#    - An output sees a hidden unit    if its own degree is more than that of the unit:  >
#    The > is what keeps bit d from output d: by two wires it sees degrees below its own. With >= it would see itself.
def make_masks(order: Sequence[int], n_hidden: int) -> tuple[Mask, Mask]:
    """Return mask0 (H, D) and mask1 (D, H): True where there is a wire, a row for each unit that reads."""
    n = len(order)
    degree = {bit: place + 1 for place, bit in enumerate(order)}
    outer = [degree[bit] for bit in range(n)]  # of the inputs, and of the outputs
    hidden = [1 + (2 * unit + 1) * (n - 1) // (2 * n_hidden) for unit in range(n_hidden)]  # each as often as the others
    mask0 = [[own >= below for below in outer] for own in hidden]
    mask1 = [[own > below for below in hidden] for own in outer]
    return mask0, mask1


# 2. MATRICES. A matrix is a list of rows. This is all that we need of them.
def dot(a: Row, b: Row) -> float:
    """Return the sum of a[k] b[k]."""
    return sum(map(mul, a, b))


def masked(matrix: Matrix, mask: Mask) -> list[list[float]]:
    """Return the matrix with 0 where there is no wire."""
    return [[w if m else 0.0 for w, m in zip(ws, ms, strict=True)] for ws, ms in zip(matrix, mask, strict=True)]


# 3. PARAMETERS live in one long list, theta: W0 row by row, b0, W1 row by row, b1. An optimiser need not know more.
def unpack(theta: Row, mask0: Mask) -> tuple[Matrix, Row, Matrix, Row]:
    """Return W0 (H, D), b0 (H,), W1 (D, H) and b1 (D,), which lie in theta one after the other."""
    h = len(mask0)
    d = len(mask0[0])
    W0 = [theta[k : k + d] for k in range(0, h * d, d)]
    W1 = [theta[k : k + h] for k in range(h * d + h, 2 * h * d + h, h)]
    return W0, theta[h * d : h * d + h], W1, theta[2 * h * d + h :]


# 4. FORWARD.  x -> z = x (W0 * mask0)^T + b0 -> h = tanh(z) -> raw = h (W1 * mask1)^T + b1
#    and sigmoid(raw[d]) is the probability that bit d is 1, given the bits before it.
def forward(theta: Row, masks: tuple[Mask, Mask], x: Matrix) -> tuple[Matrix, Matrix]:
    """Return the hidden units (B, H) and the raw outputs (B, D) for B rows x (B, D)."""
    W0, b0, W1, b1 = unpack(theta, masks[0])
    V0 = masked(W0, masks[0])  # the mask stands beside each use of W: here, once for each way forward ...
    V1 = masked(W1, masks[1])
    h = [[math.tanh(dot(v, row) + b) for v, b in zip(V0, b0, strict=True)] for row in x]
    raw = [[dot(v, units) + b for v, b in zip(V1, b1, strict=True)] for units in h]
    return h, raw


def log_p(r: float, bit: float) -> float:
    """Return log p of one bit: log sigmoid(r) for a 1, log (1 - sigmoid(r)) for a 0: both are bit r - log(1 + e^r)."""
    return bit * r - max(r, 0.0) - math.log1p(math.exp(-abs(r)))  # written so that e^r does not overflow


def log_prob(raw: Matrix, x: Matrix) -> list[float]:
    """Return log p(x) of each row, in nats: the logarithm of a product is a sum."""
    return [sum(map(log_p, *pair)) for pair in zip(raw, x, strict=True)]


def sigmoid(r: float) -> float:
    """Return 1 / (1 + e^-r), with no overflow: the slope of log(1 + e^r)."""
    return 1 / (1 + math.exp(-r)) if r >= 0 else math.exp(r) / (1 + math.exp(r))


# 5. BACKWARD. Each line of the way forward once more, from the last to the first. d<name> says how the loss changes
#    with <name>. Where a number acts on several others, what comes back from all of them is added up.
def loss_and_grad(theta: Row, masks: tuple[Mask, Mask], x: Matrix) -> tuple[float, list[float]]:
    """Return the mean over rows of -log p(x), and its gradient, which lies as theta does."""
    h, raw = forward(theta, masks, x)
    loss = -sum(log_prob(raw, x)) / len(x)
    # loss = sum of log(1 + e^r) - x r, over B: the slope in r is (sigmoid(r) - x) / B. The 1/B enters here, once.
    d_raw = [[(sigmoid(r) - bit) / len(x) for r, bit in zip(*pair, strict=True)] for pair in zip(raw, x, strict=True)]
    # raw[n][o] = sum over j of V1[o][j] h[n][j] + b1[o].   h[n][j] acts on all outputs o, by V1[o][j] ...
    V1 = masked(unpack(theta, masks[0])[2], masks[1])  # ... and here the mask is again, on the way back
    dh = [[dot(v, row) for v in zip(*V1, strict=True)] for row in d_raw]  # zip(*V1): its columns
    dW1, db1 = layer_grad(d_raw, h, masks[1])  # W1[o][j] acts in all rows n, by h[n][j], if there is a wire
    dz = [[d * (1 - u * u) for d, u in zip(*pair, strict=True)] for pair in zip(dh, h, strict=True)]  # slope of tanh
    dW0, db0 = layer_grad(dz, x, masks[0])  # nobody asks for dx: the rows are what they are
    return loss, [g for part in (*dW0, db0, *dW1, db1) for g in part]


def layer_grad(dy: Matrix, x: Matrix, mask: Mask) -> tuple[list[list[float]], list[float]]:
    """Return dW = (dy^T x) * mask and db = the sum of dy over rows, of a layer y = x (W * mask)^T + b."""
    dys = list(zip(*dy, strict=True))  # what each output has in all rows
    xs = list(zip(*x, strict=True))
    dW = [[dot(d, v) if m else 0.0 for v, m in zip(xs, ms, strict=True)] for d, ms in zip(dys, mask, strict=True)]
    return dW, [sum(d) for d in dys]


# 6. ADAM moves each number against its gradient: by the rate, times its mean gradient of late (m), over the size that
#    its gradient usually has (the root of v). Both begin at 0, and are divided by what they lack.
def adam(theta: list[float], grad: Row, m: list[float], v: list[float], t: int, rate: float) -> None:
    """Move theta by step t = 1, 2, ..., in place, with its means m and v."""
    for k, g in enumerate(grad):
        m[k] += 0.1 * (g - m[k])
        v[k] += 0.001 * (g * g - v[k])
        theta[k] -= rate * (m[k] / (1 - 0.9**t)) / (math.sqrt(v[k] / (1 - 0.999**t)) + 1e-8)


def train(x: Matrix, masks: tuple[Mask, Mask], epochs: int, batch: int = 50, rate: float = 0.01) -> list[float]:
    """Return a theta that finds the rows x likely: some rows at a time, each row once in an epoch."""
    rng = random.Random(0)
    theta: list[float] = []
    for mask in masks:  # random weights, the smaller the more wires lead into a unit; biases of 0
        for wires in mask:
            theta += [rng.gauss(0, 1 / math.sqrt(sum(wires))) if wire else 0.0 for wire in wires]
        theta += [0.0] * len(mask)
    m = [0.0] * len(theta)
    v = [0.0] * len(theta)
    n = len(x) // batch
    for epoch in range(epochs):
        rows = rng.sample(x, len(x))
        total = 0.0
        for k in range(n):
            loss, grad = loss_and_grad(theta, masks, rows[k * batch : (k + 1) * batch])
            t = epoch * n + k + 1
            adam(theta, grad, m, v, t, rate * (1 - (t - 1) / (epochs * n)))  # smaller and smaller steps
            total += loss / n
        print(f"epoch {epoch + 1}: {total:.4f} nats per row, after {time.process_time():.0f} s")
    return theta


# 7. SAMPLING goes through the order: a bit is drawn, put in, and the network is asked for the next. What stands in the
#    places that are not drawn yet does not matter: no wire leads from there to the output that is asked.
def sample(theta: Row, masks: tuple[Mask, Mask], order: Sequence[int], uniforms: Row) -> list[float]:
    """Return a new row: bit d is 1 if uniforms[d], a number between 0 and 1, is below its probability."""
    row = [0.0] * len(order)
    for bit in order:
        raw = forward(theta, masks, [row])[1][0][bit]
        row[bit] = float(uniforms[bit] < sigmoid(raw))
    return row


def read(path: str, name: str) -> list[Row]:
    """Return an array of a file of bits: rows of bytes, eight bits in each, as numpy.savez and packbits wrote them."""
    with zipfile.ZipFile(path) as file:
        found = file.read(f"{name}.npy")
        n_bits = int.from_bytes(file.read("n_features.npy")[-8:], "little")
    first = 10 + int.from_bytes(found[8:10], "little")  # where the numbers begin, behind their description
    lines = [found[k : k + (n_bits + 7) // 8] for k in range(first, len(found), (n_bits + 7) // 8)]
    return [[float(line[d // 8] >> (7 - d % 8) & 1) for d in range(n_bits)] for line in lines]


def pixels(n: int, rng: random.Random) -> list[Row]:
    """Return n pictures of 8 pixels: a bar, anywhere and of any length, in which one pixel in ten is wrong."""
    bars = [sorted(rng.sample(range(9), 2)) for _ in range(n)]
    return [[float((a <= d < b) != (rng.random() < 0.1)) for d in range(8)] for a, b in bars]


def main(path: str | None = None) -> None:
    """Learn, and print what came of it."""
    rng = random.Random(1)
    x = pixels(2000, rng) if path is None else read(path, "train")
    test = pixels(1000, rng) if path is None else read(path, "test")
    order = rng.sample(range(len(x[0])), len(x[0]))
    masks = make_masks(order, 16 if path is None else 32)
    theta = train(x, masks, 10)
    print(f"test: {-sum(log_prob(forward(theta, masks, test)[1], test)) / len(test):.4f} nats per row; less is better")
    # Some row must come, whatever it is: the probabilities of all 2^D rows add up to 1. Cut no wires, or the wrong
    # ones, and they do not: then it is no probability at all, however small the loss.
    total = 0.0
    for code in range(0, 2 ** len(order), 256):
        every = [[float(c >> d & 1) for d in range(len(order))] for c in range(code, code + 256)]
        total += sum(map(math.exp, log_prob(forward(theta, masks, every)[1], every)))
    print(f"sum of p(x) over all {2 ** len(order)} rows: {total:.12f}")
    for _ in range(5):
        print("drawn:", "".join(".#"[int(bit)] for bit in sample(theta, masks, order, [rng.random() for _ in order])))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:2])
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        sys.exit(f"micromade: {error}: give a file such as nltcs.npz, or none")
