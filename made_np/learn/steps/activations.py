"""Step 4: three activations, whose slopes are read off their outputs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from made_np.learn.tasks import SIZES, Step, Task
from made_np.testing.mistakes import Problem, Recipe
from made_np.testing.mistakes.formulas import FUNCTIONS

STUB = '''"""Step 4, activations from their output: the forward pass keeps y, and z is forgotten.

    relu:     y = max(z, 0)
    tanh:     y = tanh(z)
    sigmoid:  y = 1 / (1 + e^-z)

dy is the gradient of y, and each function returns dz, the gradient of z. All arrays are (n, d).
"""

import numpy as np


def relu_backward(dy, y):
    """Return dz of relu, from dy and the output y."""
    raise NotImplementedError


def tanh_backward(dy, y):
    """Return dz of tanh, from dy and the output y."""
    raise NotImplementedError


def sigmoid_backward(dy, y):
    """Return dz of sigmoid, from dy and the output y."""
    raise NotImplementedError
'''

SLOPES = {
    "relu": ("step(y[n, d])", "y > 0; y is never below 0, so that y >= 0 is always true"),
    "tanh": ("(1 - y[n, d] * y[n, d])", "the slope of tanh"),
    "sigmoid": ("y[n, d] * (1 - y[n, d])", "the slope of sigmoid"),
}


def _task(name: str) -> Task:
    slope, words = SLOPES[name]
    recipe = Recipe(
        {"dy": "nd", "y": "nd"},
        [f"dz[n, d] = dy[n, d] * {slope}"],
        ["dz"],
        constants={"B": "n", "D": "d"},
        called={slope.removeprefix("(").removesuffix(")") if name == "tanh" else slope: words},
        functions=[name],
    )
    return Task(f"{name}_backward", ("dy", "y"), ("dz",), recipe, _problems(name))


def _problems(name: str) -> Callable[[np.random.Generator], list[Problem]]:
    def problems(rng: np.random.Generator) -> list[Problem]:
        return [
            {"dy": rng.normal(size=(b, d)), "y": FUNCTIONS[name](rng.normal(size=(b, d)) + 0.2)} for b, d, _ in SIZES
        ]

    return problems


STEP = Step(
    number=4,
    name="activations",
    title="activations from their output",
    goal="Write relu_backward, tanh_backward and sigmoid_backward(dy, y): dz, from the output.",
    stub=STUB,
    hints=(
        "Sketch the slope of each against its output, not its input: where is it 0, where is it largest?",
        "relu: 1 where y > 0, else 0. tanh: 1 - y^2. sigmoid: y (1 - y). Then dz = dy times the slope.",
        "relu_backward, tanh_backward and sigmoid_backward in made_np/layers.py, each with y= given.",
    ),
    tasks=tuple(_task(name) for name in SLOPES),
)
