"""Step 2: the chain rule, in one unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.learn.tasks import Step, Task
from made_np.testing.mistakes import Problem, Recipe

STUB = '''"""Step 2, one unit: the chain rule, one factor for each arrow.

    w, b, x  ->  z = w x + b  ->  y = tanh(z)  ->  L = (y - t)^2

All of them are single numbers. How does L change with w, and how with b?
"""

import numpy as np


def unit_backward(w, b, x, t):
    """Return (dw, db): the derivatives of L with respect to w and to b."""
    raise NotImplementedError
'''

RECIPE = Recipe(
    {"w": "", "b": "", "x": "", "t": ""},
    [
        "z = w * x + b",
        "y = tanh(z)",
        "dy = 2 * (y - t)",
        "dz = dy * (1 - y * y)",
        "dw = dz * x",
        "db = dz",
    ],
    ["dw", "db"],
    called={"1 - y * y": "the slope of tanh", "y - t": "what is left of the square"},
)


def problems(rng: np.random.Generator) -> list[Problem]:
    """Numbers away from 0 and from 1."""
    names = ("w", "b", "x", "t")
    return [{name: float(rng.uniform(0.3, 0.9) * rng.choice([-1, 1])) for name in names} for _ in range(5)]


def run(function: Any, problem: Any) -> Any:
    """The function, at numbers of Python."""
    return function(*(float(problem[name]) for name in ("w", "b", "x", "t")))


STEP = Step(
    number=2,
    name="unit",
    title="one unit",
    goal="Write unit_backward(w, b, x, t): the derivatives of L = (tanh(w x + b) - t)^2 with respect to w and b.",
    stub=STUB,
    hints=(
        "Give every intermediate a name. Which arrows lead from w to L, and what is the slope of each?",
        "dL/dw = dL/dy * dy/dz * dz/dw, with dL/dy = 2 (y - t), dy/dz = 1 - y^2, dz/dw = x; and dz/db = 1.",
        "tanh_backward in made_np/layers.py has the slope of tanh, with its derivation.",
    ),
    tasks=(Task("unit_backward", ("w", "b", "x", "t"), ("dw", "db"), RECIPE, problems, run=run),),
)
