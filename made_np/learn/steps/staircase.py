"""Step 15, a bonus: half the arithmetic, by following the staircase of a mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from made_np.learn.tasks import SIZES, Functions, Step, Task
from made_np.testing.mistakes import Mistake, Problem, Recipe, Results, kinds

STUB = '''"""Step 15, a bonus: half the arithmetic. With units sorted by degree, a mask is a staircase:

    row o of the mask is True for the first width[o] inputs, and False for all others

so the product need not touch what lies off the staircase: about half of all weights.

    y[n, o] = sum over i < width[o] of x[n, i] W[o, i], plus b[o]
"""

import numpy as np


def staircase_linear(x, W, b, width, dot):
    """Return y, (n, o).

    x: (n, i), W: (o, i), b: (o,)
    width: (o,) whole numbers 0..i, which never fall
    dot: call dot(A, B) for each matrix product A @ B; it counts multiplications, which are n * sum(width) at most
    """
    raise NotImplementedError
'''

RECIPE = Recipe(
    {"x": "ni", "W": "oi", "b": "o", "mask": "oi"},
    ["y[n, o] = sum[i](x[n, i] * W[o, i] * mask[o, i]) + b[o]"],
    ["y"],
    constants={"B": "n", "O": "o", "I": "i"},
    masks=["mask", "one_more", "one_less"],
)
SUBJECT = Recipe(
    {**RECIPE.ingredients, "one_more": "oi", "one_less": "oi"},
    RECIPE.lines,
    ["y"],
    RECIPE.constants,
    RECIPE.masks,
    {},
)


def run(function: Any, problem: Any) -> Any:
    """The function, with a product that counts."""
    used = [0]

    def dot(A: Any, B: Any) -> Any:
        first = np.asarray(A)
        second = np.asarray(B)
        product = first @ second
        used[0] += int(first.size * (second.shape[-1] if second.ndim > 1 else 1))
        return product

    answer = function(problem["x"], problem["W"], problem["b"], problem["width"], dot)
    return None if answer is None else (np.asarray(answer), np.asarray(float(used[0])))


def problems(rng: np.random.Generator) -> list[Problem]:
    """Staircases."""
    found = []
    for b, i, o in SIZES:
        width = np.sort(rng.integers(1, i, o))
        place = np.arange(i)
        found.append(
            {
                "x": rng.normal(size=(b, i)),
                "W": rng.normal(size=(o, i)),
                "b": rng.normal(size=o),
                "width": width,
                "mask": place < width[:, None],
                "one_more": place < width[:, None] + 1,
                "one_less": place < width[:, None] - 1,
            }
        )
    return list(found)


def notice(problems: Sequence[Problem], results: Sequence[Results]) -> Mistake | None:
    """Right numbers by too much work, or without the product that counts."""
    from made_np.testing.mistakes.likeness import alike

    for problem, got in zip(problems, results, strict=True):
        if not alike(got["y"], SUBJECT.right(problem)["y"]):
            return None
        most = len(problem["x"]) * int(problem["width"].sum())
        used = int(got["used"])
        if used > most:
            words = f"the numbers are right; {used} multiplications, and {most} will do: take W[o, :width[o]] alone"
            return Mistake(kinds.REDUCTION, "", words)
        if used == 0:
            return Mistake(kinds.FUNCTION, "", "the numbers are right; multiply by the dot that is given, which counts")
    return None


def proof(functions: Functions) -> list[str]:
    """What is saved in a real network."""
    width = np.sort(np.arange(500) % 783 + 1)
    share = width.sum() / (500 * 784)
    lines = [f"500 units over 784 pixels, of degrees 1..500: {share:.0%} of all multiplications are left"]
    from importlib.util import find_spec

    told = (
        "made_np's numba backend walks its staircases like this" if find_spec("numba") else "with numba, loops do, too"
    )
    return [*lines, f"{told}: made_np/backends/_numba/forward.py"]


STEP = Step(
    number=15,
    name="staircase",
    title="half the arithmetic (a bonus)",
    goal="Write staircase_linear(x, W, b, width, dot): step 8, which never touches a weight without a wire.",
    stub=STUB,
    hints=(
        "Which columns of x does output o need? Which outputs need the same ones?",
        "y[:, o] = dot(x[:, :width[o]], W[o, :width[o]]) + b[o]; outputs of the same width can be taken together.",
        "made_np/backends/_numba/forward.py, and panels.py of the NumPy backend, which takes like widths together.",
    ),
    tasks=(
        Task("staircase_linear", ("x", "W", "b", "width"), ("y", "used"), SUBJECT, problems, run=run, notice=notice),
    ),
    proof=proof,
)
