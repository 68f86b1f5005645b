"""Step 3: a linear layer, in which every weight acts in every row."""

from __future__ import annotations

import numpy as np

from made_np.learn.tasks import SIZES, Step, Task
from made_np.testing.mistakes import Problem, Recipe

STUB = '''"""Step 3, a layer: y = x W^T + b for n rows at once.

    y[n, o] = sum over i of x[n, i] W[o, i], plus b[o]

    x: (n, i)  a row for each example, a column for each input
    W: (o, i)  a row for each output
    b: (o,)
"""

import numpy as np


def linear_backward(dy, x, W):
    """Return (dW, db, dx), given dy (n, o), the gradient of y.

    Each gradient has the shape of what it belongs to. The loss has its 1/n already: layers only sum.
    """
    raise NotImplementedError
'''

RECIPE = Recipe(
    {"dy": "no", "x": "ni", "W": "oi"},
    [
        "dW[o, i] = sum[n](dy[n, o] * x[n, i])",
        "db[o] = sum[n](dy[n, o])",
        "dx[n, i] = sum[o](dy[n, o] * W[o, i])",
    ],
    ["dW", "db", "dx"],
    constants={"B": "n", "O": "o", "I": "i"},
)


def problems(rng: np.random.Generator) -> list[Problem]:
    """Random layers."""
    return [
        {"dy": rng.normal(size=(b, o)), "x": rng.normal(size=(b, i)), "W": rng.normal(size=(o, i))} for b, i, o in SIZES
    ]


def square(rng: np.random.Generator) -> list[Problem]:
    """A square layer, in which W^T fits where W belongs."""
    return [{"dy": rng.normal(size=(2, 3)), "x": rng.normal(size=(2, 3)), "W": rng.normal(size=(3, 3))}]


STEP = Step(
    number=3,
    name="layer",
    title="a layer",
    goal="Write linear_backward(dy, x, W): the gradients (dW, db, dx) of y = x W^T + b.",
    stub=STUB,
    hints=(
        "On which y does W[o, i] act, and in how many rows? On which y does x[n, i] act?",
        "dW[o, i] = sum over n of dy[n, o] x[n, i]; db[o] = sum over n of dy[n, o]; dx[n, i] = sum over o of "
        "dy[n, o] W[o, i].",
        "masked_linear_backward in made_np/layers.py, with a mask that is True everywhere.",
    ),
    tasks=(
        Task(
            "linear_backward",
            ("dy", "x", "W"),
            ("dW", "db", "dx"),
            RECIPE,
            problems,
            extreme=square,
            extreme_words="where W is square, and W^T would fit, too",
        ),
    ),
)
