"""Step 5: the loss of binary rows, with its gradient."""

from __future__ import annotations

import numpy as np

from made_np.learn.tasks import SIZES, Functions, Step, Task
from made_np.testing.mistakes import Problem, Recipe

STUB = '''"""Step 5, the loss: rows of 0 and 1, and for each entry the logit z of its probability.

    p(x[n, d] = 1) = 1 / (1 + e^-z[n, d])
    loss = -log p(x), summed over features d, and averaged over rows n; in nats, the natural logarithm

z may be as large as 10000, and the loss is finite there, too.
"""

import numpy as np


def bernoulli_loss(z, x):
    """Return (loss, dz): a number, and its gradient (n, d) with respect to z.

    z: (n, d) logits
    x: (n, d) of 0 and 1
    """
    raise NotImplementedError
'''

RECIPE = Recipe(
    {"z": "nd", "x": "nd"},
    [
        "loss = sum[n, d](softplus(z[n, d]) - x[n, d] * z[n, d]) / B",
        "dz[n, d] = (sigmoid(z[n, d]) - x[n, d]) / B",
    ],
    ["loss", "dz"],
    constants={"B": "n", "D": "d"},
    called={"sigmoid(z[n, d])": "p", "1 / B": "1/B, the mean over rows"},
)


def problems(rng: np.random.Generator) -> list[Problem]:
    """Logits and rows."""
    return [
        {"z": 2 * rng.normal(size=(b, d)), "x": np.asarray(rng.random((b, d)) < 0.5, dtype=float)} for b, d, _ in SIZES
    ]


def large(rng: np.random.Generator) -> list[Problem]:
    """Logits of 10000."""
    z = rng.choice([-1e4, 1e4, -800.0, 40.0, 0.0], (3, 7))
    z[0, :4] = (-1e4, -1e4, 1e4, 1e4)
    x = np.asarray(rng.random((3, 7)) < 0.5, dtype=float)
    x[0, :4] = (0, 1, 0, 1)
    return [{"z": z, "x": x}]


def proof(functions: Functions) -> list[str]:
    """A coin, in nats."""
    loss, _ = functions["bernoulli_loss"](np.zeros((2, 1)), np.array([[0.0], [1.0]]))
    return [f"a fair coin costs {float(loss):.4f} nats, log 2, whichever side falls"]


STEP = Step(
    number=5,
    name="loss",
    title="the loss",
    goal="Write bernoulli_loss(z, x): -log p(x) of logits z, summed over features, averaged over rows, and its dz.",
    stub=STUB,
    hints=(
        "What is -log p(x) for x = 1, and what for x = 0? One formula holds for both. Where does 1/n live, so that it "
        "enters once?",
        "-log p(x) = log(1 + e^z) - x z, whose slope is p - x. Write log(1 + e^z) as max(z, 0) + log1p(e^-|z|). Then "
        "divide by the rows.",
        "softplus and sigmoid in made_np/layers.py; network_loss_and_grad at its end has the 1/B.",
    ),
    tasks=(
        Task(
            "bernoulli_loss",
            ("z", "x"),
            ("loss", "dz"),
            RECIPE,
            problems,
            extreme=large,
            extreme_words="right for moderate z, but not for z = 10000, where e^z or the log of p gives way",
        ),
    ),
    proof=proof,
)
