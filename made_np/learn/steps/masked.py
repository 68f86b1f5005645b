"""Step 8: a linear layer with a mask, forward with its backward."""

from __future__ import annotations

import numpy as np

from made_np.learn.tasks import SIZES, Step, Task
from made_np.testing.mistakes import Problem, Recipe

STUB = '''"""Step 8, a masked layer: y = x (W * mask)^T + b. Where mask is False there is no wire.

    y[n, o] = sum over i of x[n, i] W[o, i] mask[o, i], plus b[o]

    x: (n, i), W: (o, i), b: (o,), mask: (o, i) of booleans

A weight without a wire is never used, whatever it is: not even a NaN there may show.
"""

import numpy as np


def masked_linear(x, W, b, mask):
    """Return y, (n, o)."""
    raise NotImplementedError


def masked_linear_backward(dy, x, W, mask):
    """Return (dx, dW, db), given dy (n, o). A weight without a wire has the gradient 0."""
    raise NotImplementedError
'''

AXES = {"x": "ni", "W": "oi", "mask": "oi"}
CONSTANTS = {"B": "n", "O": "o", "I": "i"}
FORWARD = Recipe(
    {**AXES, "b": "o"},
    ["y[n, o] = sum[i](x[n, i] * W[o, i] * mask[o, i]) + b[o]"],
    ["y"],
    constants=CONSTANTS,
    masks=["mask"],
)
BACKWARD = Recipe(
    {**AXES, "dy": "no"},
    [
        "dx[n, i] = sum[o](dy[n, o] * W[o, i] * mask[o, i])",
        "dW[o, i] = sum[n](dy[n, o] * x[n, i]) * mask[o, i]",
        "db[o] = sum[n](dy[n, o])",
    ],
    ["dx", "dW", "db"],
    constants=CONSTANTS,
    masks=["mask"],
)


class _WithoutNaN(Recipe):
    """The recipe, where weights without a wire are NaN: as if they were 0."""

    def right(self, problem: Problem) -> dict[str, np.ndarray]:
        """The right results."""
        return dict(super().right({**problem, "W": np.where(problem["mask"], problem["W"], 0)}))


def problems(rng: np.random.Generator) -> list[Problem]:
    """Random layers, in which some unit has no wire, and some input has none."""
    found = []
    for b, i, o in SIZES:
        mask = rng.random((o, i)) < 0.6
        mask[rng.integers(o)] = False
        mask[:, rng.integers(i)] = False
        mask[-1, 0] = True
        found.append(
            {
                "x": rng.normal(size=(b, i)),
                "W": rng.normal(size=(o, i)),
                "b": rng.normal(size=o),
                "mask": mask,
                "dy": rng.normal(size=(b, o)),
            }
        )
    return list(found)


def nan_off(rng: np.random.Generator) -> list[Problem]:
    """A layer whose weights are NaN where there is no wire."""
    problem = dict(problems(rng)[0])
    problem["W"] = np.where(problem["mask"], problem["W"], np.nan)
    return [problem]


def _task(name: str, arguments: tuple[str, ...], recipe: Recipe) -> Task:
    own = _WithoutNaN(recipe.ingredients, recipe.lines, recipe.results, recipe.constants, recipe.masks)
    return Task(
        name,
        arguments,
        tuple(recipe.results),
        own,
        problems,
        extreme=nan_off,
        extreme_words="right, but for weights without a wire that are NaN: NaN * 0 is NaN, np.where(mask, W, 0) is 0",
    )


STEP = Step(
    number=8,
    name="masked",
    title="a masked layer",
    goal="Write masked_linear(x, W, b, mask) and masked_linear_backward(dy, x, W, mask): step 3, with wires cut.",
    stub=STUB,
    hints=(
        "The mask stands once beside each use of W. In which of the three gradients is W used, and which is that of W?",
        "y = x (W * mask)^T + b; dx = dy (W * mask); dW = (dy^T x) * mask; db = sum of dy over n. Take "
        "np.where(mask, W, 0) for W * mask.",
        "masked_linear and masked_linear_backward in made_np/layers.py.",
    ),
    tasks=(
        _task("masked_linear", ("x", "W", "b", "mask"), FORWARD),
        _task("masked_linear_backward", ("dy", "x", "W", "mask"), BACKWARD),
    ),
)
