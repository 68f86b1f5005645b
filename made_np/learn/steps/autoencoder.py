"""Step 6: an autoencoder, with its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product
from typing import Any

import numpy as np

from made_np.learn.tasks import SIZES, Functions, Step, Task
from made_np.testing.mistakes import Mistake, Problem, Recipe, Results, kinds
from made_np.testing.mistakes.likeness import alike

STUB = '''"""Step 6, an autoencoder: a network that learns to return its input, through a layer of k hidden units.

    z0 = x W0^T + b0       (n, k)
    h  = tanh(z0)          (n, k)
    z1 = h W1^T + b1       (n, d)
    loss = that of step 5, at z1 and target (n, d)

All parameters lie in one vector, theta. views(theta) returns them as arrays that share its memory:
W0, b0, W1, b1 = views(theta), of shapes (k, d), (k,), (d, k), (d,). It works for the gradient as well.
"""

import numpy as np


def loss_and_grad(theta, x, target, views):
    """Return (loss, grad): a number, and its gradient, a vector like theta.

    x is what the network sees, target what it should return: they differ where x is noisy.
    """
    raise NotImplementedError
'''

BLOCKS = ("dW0", "db0", "dW1", "db1")
RECIPE = Recipe(
    {"W0": "kd", "b0": "k", "W1": "dk", "b1": "d", "x": "nd", "target": "nd"},
    [
        "z0[n, k] = sum[d](x[n, d] * W0[k, d]) + b0[k]",
        "h[n, k] = tanh(z0[n, k])",
        "z1[n, d] = sum[k](h[n, k] * W1[d, k]) + b1[d]",
        "loss = sum[n, d](softplus(z1[n, d]) - target[n, d] * z1[n, d]) / B",
        "dz1[n, d] = (sigmoid(z1[n, d]) - target[n, d]) / B",
        "dh[n, k] = sum[d](dz1[n, d] * W1[d, k])",
        "dz0[n, k] = dh[n, k] * (1 - h[n, k] * h[n, k])",
        "dW0[k, d] = sum[n](dz0[n, k] * x[n, d])",
        "db0[k] = sum[n](dz0[n, k])",
        "dW1[d, k] = sum[n](dz1[n, d] * h[n, k])",
        "db1[d] = sum[n](dz1[n, d])",
    ],
    ["loss", *BLOCKS],
    constants={"B": "n", "D": "d", "H": "k"},
    called={"1 - h[n, k] * h[n, k]": "the slope of tanh", "1 / B": "1/B, the mean over rows"},
)


def views(theta: Any, d: int, k: int) -> list[Any]:
    """The blocks of a vector."""
    ends = np.cumsum([k * d, k, d * k, d])
    shapes = [(k, d), (k,), (d, k), (d,)]
    starts = [0, *ends[:-1]]
    return [theta[a:b].reshape(shape) for a, b, shape in zip(starts, ends, shapes, strict=True)]


def problems(rng: np.random.Generator) -> list[Problem]:
    """Random networks, whose target is not their input."""
    found: list[Problem] = []
    for b, d, k in SIZES:
        theta = rng.normal(size=2 * k * d + k + d)
        W0, b0, W1, b1 = views(theta, d, k)
        x = np.asarray(rng.random((b, d)) < 0.5, dtype=float) + 0.1 * rng.normal(size=(b, d))
        target = np.asarray(rng.random((b, d)) < 0.5, dtype=float)
        found.append({"theta": theta, "x": x, "target": target, "W0": W0, "b0": b0, "W1": W1, "b1": b1})
    return found


def run(function: Any, problem: Any) -> Any:
    """The function, its gradient cut into blocks."""
    k, d = problem["W0"].shape
    answer = function(problem["theta"], problem["x"], problem["target"], lambda theta: views(theta, d, k))
    return cut(answer, d, k)


def cut(answer: Any, d: int, k: int) -> Any:
    """(loss, grad) as (loss, dW0, db0, dW1, db1); the gradient as it is, in each place, if it has another shape."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        return answer if answer is None else _wrong_count(answer)
    loss, grad = answer
    if grad is None:
        return loss, None, None, None, None
    flat = np.asarray(grad)
    if flat.shape != (2 * k * d + k + d,):
        return loss, flat, flat, flat, flat
    return (loss, *views(flat, d, k))


def _wrong_count(answer: Any) -> Any:
    raise ValueError(f"the shape of the answer: return (loss, grad), not a {type(answer).__name__} of another length")


def notice_in(recipe: Recipe, problems: Sequence[Problem], results: Sequence[Results]) -> Mistake | None:
    """A gradient of another shape; blocks that are right, and stand in another order, or lie transposed."""
    right = [recipe.right(problem) for problem in problems]
    for got, want in zip(results, right, strict=True):
        if all(np.shape(got[name]) != np.shape(want[name]) for name in BLOCKS):
            size = sum(np.size(want[name]) for name in BLOCKS)
            words = f"grad has the shape {np.shape(got['dW0'])}: return one vector like theta, ({size},)"
            return Mistake(kinds.SHAPE, "grad", words)
    flat = [np.concatenate([np.ravel(got[name]) for name in BLOCKS]) for got in results]
    for order, turned in product(permutations(BLOCKS), ((), ("dW0",), ("dW1",), ("dW0", "dW1"))):
        if order == BLOCKS and not turned:
            continue
        moved = [
            np.concatenate([(want[name].T if name in turned else want[name]).ravel() for name in order])
            for want in right
        ]
        if all(map(alike, flat, moved)):
            if order == BLOCKS:
                return Mistake(kinds.TRANSPOSED, ", ".join(turned), "it is transposed in grad")
            words = f"the blocks stand in the order {', '.join(order)}; theta has {', '.join(BLOCKS)}"
            return Mistake(kinds.EXCHANGED, "grad", words)
    return None


def proof(functions: Functions) -> list[str]:
    """Train it on all that can be: what it calls a probability does not sum to one."""
    d = 8
    k = 16
    rng = np.random.default_rng(0)
    rows = np.array(np.meshgrid(*[[0.0, 1.0]] * d, indexing="ij")).reshape(d, -1).T
    x = rows[rng.permutation(len(rows))[:64]]
    theta = 0.3 * rng.normal(size=2 * k * d + k + d)
    first = None
    for _ in range(300):
        loss, grad = functions["loss_and_grad"](theta.copy(), x.copy(), x.copy(), lambda theta: views(theta, d, k))
        first = loss if first is None else first
        theta -= 2.0 * np.asarray(grad)
    W0, b0, W1, b1 = views(theta, d, k)
    z = np.tanh(rows @ W0.T + b0) @ W1.T + b1
    total = np.exp(-(np.logaddexp(0, z) - rows * z).sum(axis=1)).sum()
    return [
        f"it trains: from {float(first or 0):.2f} to {float(loss):.2f} nats in 300 steps",
        f"sum over all 256 rows of exp(-loss) = {total:.1f}: no density, whose sum is 1. It has seen what it predicts.",
    ]


STEP = Step(
    number=6,
    name="autoencoder",
    title="an autoencoder",
    goal="Write loss_and_grad(theta, x, target, views): the loss of a network d-k-d, and its gradient as one vector.",
    stub=STUB,
    hints=(
        "Write the forward lines. Then read them from bottom to top: what does each make of the gradient that it is "
        "given?",
        "dz1 = (sigmoid(z1) - target) / n; dW1 = dz1^T h; db1 = sum of dz1; dh = dz1 W1; dz0 = dh (1 - h^2); "
        "dW0 = dz0^T x; db0 = sum of dz0. Write each into its view of grad = np.empty_like(theta).",
        "network_loss_and_grad in made_np/layers.py, with masks that are True everywhere.",
    ),
    tasks=(
        Task(
            function="loss_and_grad",
            arguments=("theta", "x", "target"),
            results=("loss", *BLOCKS),
            subject=RECIPE,
            problems=problems,
            run=run,
            notice=lambda problems, results: notice_in(RECIPE, problems, results),
        ),
    ),
    proof=proof,
)
