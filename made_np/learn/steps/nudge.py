"""Step 1: a derivative by moving one entry at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from made_np.learn.tasks import Functions, Step, Task
from made_np.testing.mistakes import Choices, Mistake, Problem, Results, Wrong, kinds
from made_np.testing.mistakes.likeness import alike

STUB = '''"""Step 1, a nudge: the derivative of any function, by moving one entry of x at a time.

f takes an array and returns one number. How fast does that number grow when x[i] grows, and nothing else does?
"""

import numpy as np


def numerical_gradient(f, x, h=1e-5):
    """Return an array like x: entry by entry, the slope of f, seen from both sides.

    f: a function, array -> number
    x: an array of any shape; it must be afterwards what it was before
    h: how far an entry is moved
    """
    raise NotImplementedError
'''


def _f(problem: Problem) -> Any:
    """A smooth function in which every entry has another slope, and no difference quotient is exact."""
    c = problem["c"]

    def f(x: Any) -> float:
        x = np.asarray(x, dtype=float)
        return float(np.sum(np.sin(c * x) + 0.2 * c * x**3) + 0.5 * np.prod(np.cos(x * c.mean())))

    return f


def run(function: Any, problem: Any) -> Any:
    """The function, with the h of the problem or with its own."""
    own = () if problem["h"] is None else (problem["h"],)
    return function(_f(problem), problem["x"], *own)


def compute(
    problem: Problem,
    side: str = "central",
    over: str = "2h",
    left: str = "restored",
    moved: str = "one",
    h: str = "given",
    whole: str = "float",
) -> Results:
    """Difference quotients, with choices."""
    f = _f(problem)
    step = 1e-5 if h == "own" or problem["h"] is None else problem["h"]
    given = np.asarray(problem["x"])
    x = given.copy() if whole in ("int", "both") else given.astype(float)
    out = np.zeros(x.shape, given.dtype if whole in ("out", "both") else float)
    for i in np.ndindex(x.shape):
        where = i if moved == "one" else ...
        base = np.array(x[where])
        ends = []
        for sign in (1, -1):
            x[where] = base + (sign * step if side in ("central", {1: "forward", -1: "backward"}[sign]) else 0)
            ends.append(f(x))
        width = {"2h": 2 * step if side == "central" else step, "h": step, "1": 1.0, "2": 2.0}[over]
        out[i] = (ends[0] - ends[1]) / width
        x[where] = base + {"restored": 0, "low": -step, "high": step}[left]
    return {"gradient": out}


def problems(rng: np.random.Generator) -> list[Problem]:
    """Large steps, in which mistakes show; whole numbers first, which can add a mistake to any other; one with no h."""
    shapes = [(3,), (2, 3), (4,), (2, 2), (3, 2)]
    steps = [0.3, 0.2, None, 0.25, 0.1]
    found: list[Problem] = []
    for k, (shape, h) in enumerate(zip(shapes, steps, strict=True)):
        x: Any = rng.uniform(0.3, 1.5, shape) * rng.choice([-1, 1], shape)
        x = rng.permutation(np.arange(-1, x.size - 1)).reshape(shape) if k == 0 else x
        found.append({"x": x, "h": h, "c": rng.uniform(0.6, 1.4, shape)})
    return found


def notice(problems: Sequence[Problem], results: Sequence[Results]) -> Mistake | None:
    """An h that is so small that what is left is rounding."""
    near = []
    for problem, got in zip(problems, results, strict=True):
        if np.shape(problem["x"]) != got["gradient"].shape:
            return None
        right = compute({**problem, "h": 1e-5})["gradient"]
        error = np.abs(np.asarray(got["gradient"], dtype=float) - right).max() / np.abs(right).max()
        one_sided = [compute(problem, side=side, h="own")["gradient"] for side in ("forward", "backward")]
        near.append(1e-6 < error < 0.05 and not any(alike(got["gradient"], each) for each in one_sided))
    own = [is_near for is_near, problem in zip(near, problems, strict=True) if problem["h"] is None]
    words = "h is too small: the two values of f differ in their last digits alone, and what is left is rounding"
    return Mistake(kinds.NUMBERS, "", words) if all(own) and (all(near) or sum(near) == len(own)) else None


WRONG = {
    "side": [
        Wrong("forward", kinds.TERM, "one side only: f(x + h) - f(x); look from x - h, too"),
        Wrong("backward", kinds.TERM, "one side only: f(x) - f(x - h); look from x + h, too"),
    ],
    "over": [
        Wrong("h", kinds.CONSTANT, "it is divided by h, and from x - h to x + h it is 2h"),
        Wrong("1", kinds.CONSTANT, "it is not divided by how far x was moved"),
        Wrong("2", kinds.CONSTANT, "it is divided by 2, not by 2h"),
    ],
    "left": [
        Wrong("low", kinds.IN_PLACE, "x is left at x - h when the next entry is moved: put it back"),
        Wrong("high", kinds.IN_PLACE, "x is left at x + h when the next entry is moved: put it back"),
    ],
    "moved": [Wrong("all", kinds.AXIS, "all entries are moved at once: move one, hold the others")],
    "h": [Wrong("own", kinds.CONSTANT, "the h that is given is not used")],
    "whole": [
        Wrong("int", kinds.NUMBERS, "an x of whole numbers cuts the nudge off: make it float first"),
        Wrong("out", kinds.NUMBERS, "a gradient with the dtype of x is cut to whole numbers where x holds some"),
        Wrong("both", kinds.NUMBERS, "an x of whole numbers cuts off the nudge, and the gradient: make it float first"),
    ],
}


def proof(functions: Functions) -> list[str]:
    """The error for many h, as a curve in the shape of a V."""
    x = np.array([0.7])
    lines = ["the error of the slope of exp at 0.7, for ever smaller h:"]
    for h in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-7, 1e-9, 1e-11):
        found = np.asarray(functions["numerical_gradient"](lambda x: float(np.exp(x[0])), x.copy(), h))
        error = abs(float(found[0]) - np.exp(0.7))
        lines.append(f"  h = {h:5.0e}   {error:8.1e}  {'#' * max(1, round(14 + np.log10(max(error, 1e-14))))}")
    return [*lines, "first it falls like h^2, then rounding, which grows like 1/h, takes over"]


STEP = Step(
    number=1,
    name="nudge",
    title="a nudge",
    goal="Write numerical_gradient(f, x, h): the slope of f for each entry of x, by moving that entry by +h and -h.",
    stub=STUB,
    hints=(
        "Hold all entries but one. How far did f move when it was moved by h to either side, per unit?",
        "gradient[i] = (f(x with x[i] + h) - f(x with x[i] - h)) / (2 h), and x[i] is put back before the next i.",
        "made_np/testing/differences.py does this, with care for rounding and kinks.",
    ),
    tasks=(
        Task(
            function="numerical_gradient",
            arguments=("x", "h"),
            results=("gradient",),
            subject=Choices(compute, WRONG),
            problems=problems,
            run=run,
            notice=notice,
            sizes=lambda problem: {"h": 1e-5 if problem["h"] is None else problem["h"]},
        ),
    ),
    proof=proof,
)
