"""Step 10: a MADE, which is the autoencoder of step 6 with the masks of step 9."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.learn.steps import autoencoder
from made_np.learn.tasks import SIZES, Functions, Step, Task, random_order
from made_np.testing.mistakes import Problem, Recipe

STUB = '''"""Step 10, MADE: the autoencoder of step 6, with the masks of step 9: now it is a density.

    z0 = x (W0 * M0)^T + b0,  h = tanh(z0),  z1 = h (W1 * M1)^T + b1
    log p(x) = sum over d of log p(x_d | those before), with p(x_d = 1 | ...) = sigmoid(z1_d)

M0 and M1 follow from order, (d,), and degrees, (k,), which are given: those of the k hidden units, 1..d-1.
W0, b0, W1, b1 = views(theta), of shapes (k, d), (k,), (d, k), (d,), as in step 6.
"""

import numpy as np


def log_prob(theta, x, order, degrees, views):
    """Return log p of each row of x, (n,)."""
    raise NotImplementedError


def loss_and_grad(theta, x, order, degrees, views):
    """Return (loss, grad): the mean over rows of -log p, and its gradient, a vector like theta.

    The gradient of a weight without a wire is 0.
    """
    raise NotImplementedError
'''

MASKS = [
    "feature[d] = inverse(order[d]) + 1",
    "M0[k, d] = (degrees[k] >= feature[d])",
    "M1[d, k] = (feature[d] > degrees[k])",
]
FORWARD = [
    "z0[n, k] = sum[d](x[n, d] * W0[k, d] * M0[k, d]) + b0[k]",
    "h[n, k] = tanh(z0[n, k])",
    "z1[n, d] = sum[k](h[n, k] * W1[d, k] * M1[d, k]) + b1[d]",
]
INGREDIENTS = {"W0": "kd", "b0": "k", "W1": "dk", "b1": "d", "x": "nd", "order": "d", "degrees": "k"}
CONSTANTS = {"B": "n", "D": "d", "H": "k"}
LOG_PROB = Recipe(
    INGREDIENTS,
    [*MASKS, *FORWARD, "log_prob[n] = sum[d](x[n, d] * z1[n, d] - softplus(z1[n, d]))"],
    ["log_prob"],
    constants=CONSTANTS,
    masks=["M0", "M1"],
)
LOSS = Recipe(
    INGREDIENTS,
    [
        *MASKS,
        *FORWARD,
        "loss = sum[n, d](softplus(z1[n, d]) - x[n, d] * z1[n, d]) / B",
        "dz1[n, d] = (sigmoid(z1[n, d]) - x[n, d]) / B",
        "dh[n, k] = sum[d](dz1[n, d] * W1[d, k] * M1[d, k])",
        "dz0[n, k] = dh[n, k] * (1 - h[n, k] * h[n, k])",
        "dW0[k, d] = sum[n](dz0[n, k] * x[n, d]) * M0[k, d]",
        "db0[k] = sum[n](dz0[n, k])",
        "dW1[d, k] = sum[n](dz1[n, d] * h[n, k]) * M1[d, k]",
        "db1[d] = sum[n](dz1[n, d])",
    ],
    ["loss", *autoencoder.BLOCKS],
    constants=CONSTANTS,
    masks=["M0", "M1"],
    called={"1 - h[n, k] * h[n, k]": "the slope of tanh", "1 / B": "1/B, the mean over rows"},
)


def problems(rng: np.random.Generator) -> list[Problem]:
    """Random networks; of those of step 6 without one of two features."""
    found: list[Problem] = []
    for b, d, k in (*SIZES[:4], (6, 4, 5)):
        theta = rng.normal(size=2 * k * d + k + d)
        W0, b0, W1, b1 = autoencoder.views(theta, d, k)
        x = np.asarray(rng.random((b, d)) < 0.5, dtype=float)
        x[0] = 1
        degrees = rng.permutation(1 + np.arange(k) % (d - 1))
        own = {"theta": theta, "x": x, "order": random_order(rng, d), "degrees": degrees}
        found.append({**own, "W0": W0, "b0": b0, "W1": W1, "b1": b1})
    return found


def _given(problem: Any) -> tuple[Any, ...]:
    k, d = problem["W0"].shape
    own = (problem[name] for name in ("theta", "x", "order", "degrees"))
    return (*own, lambda theta: autoencoder.views(theta, d, k))


def run_log_prob(function: Any, problem: Any) -> Any:
    """log p of each row."""
    return function(*_given(problem))


def run_loss(function: Any, problem: Any) -> Any:
    """The loss, with its gradient cut into blocks."""
    k, d = problem["W0"].shape
    return autoencoder.cut(function(*_given(problem)), d, k)


def proof(functions: Functions) -> list[str]:
    """The public suite, with the sum over all 256 rows."""
    from made_np.testing import Adapter, suite

    d = 8
    k = 11
    rng = np.random.default_rng(0)
    order = random_order(rng, d)
    degrees = 1 + np.arange(k) % (d - 1)
    theta = rng.normal(size=2 * k * d + k + d)
    rows = np.array(np.meshgrid(*[[0.0, 1.0]] * d, indexing="ij")).reshape(d, -1).T
    x = rows[rng.permutation(256)[:7]]

    def views(theta: Any) -> list[Any]:
        return autoencoder.views(theta, d, k)

    def log_prob(x: Any) -> Any:
        return functions["log_prob"](theta.copy(), x, order, degrees, views)

    def loss(theta: Any) -> Any:
        return functions["loss_and_grad"](theta, x.copy(), order, degrees, views)[0]

    def grad(theta: Any) -> Any:
        return functions["loss_and_grad"](theta, x.copy(), order, degrees, views)[1]

    adapter = Adapter(
        n_features=d, order=order, log_prob=log_prob, loss=loss, grad=grad, theta=theta, rows=len(x), name="yours"
    )
    report = suite(adapter)
    passed = sum(1 for result in report.results if result.report is not None and result.report.ok)
    total = float(np.exp(np.asarray(log_prob(rows))).sum())
    return [
        f"made_np.testing.suite: {passed} checks passed, {'all is right' if report.ok else 'FAILED'}",
        f"256 rows sum to {total:.6f}. It is a density.",
    ]


STEP = Step(
    number=10,
    name="made",
    title="MADE",
    goal="Write log_prob and loss_and_grad(theta, x, order, degrees, views): step 6, with masks.",
    stub=STUB,
    hints=(
        "What of steps 5, 6, 8 and 9 can stay as it is? Where does each mask stand, forward and backward?",
        "M0 = degrees >= feature, M1 = feature > degrees; z0 = x (W0 * M0)^T + b0; z1 = h (W1 * M1)^T + b1; log p = "
        "sum over d of x z1 - log(1 + e^z1); dW0 and dW1 of step 6 times their masks; dh = dz1 (W1 * M1).",
        "network_loss_and_grad in made_np/layers.py, and the example of made_np/masks/masks.py.",
    ),
    tasks=(
        Task("log_prob", ("theta", "x"), ("log_prob",), LOG_PROB, problems, run=run_log_prob),
        Task(
            "loss_and_grad",
            ("theta", "x"),
            ("loss", *autoencoder.BLOCKS),
            LOSS,
            problems,
            run=run_loss,
            notice=lambda problems, results: autoencoder.notice_in(LOSS, problems, results),
        ),
    ),
    proof=proof,
)
