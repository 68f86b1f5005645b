"""Step 14, a bonus: a tape, which differentiates whatever was computed."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.learn.tasks import Functions, Step, Task
from made_np.testing.mistakes import Choices, Problem, Results, Wrong, kinds

STUB = '''"""Step 14, a bonus: a tape. Every value knows what it was made from, and by which slopes.

backward(output) walks from the output to all values, and sets value.grad of each. A value that is used twice gets
gradients from both, and is asked for its own only when all of them are there: that is a topological order.
"""


class Value:
    """A number, its parents with the slope for each, and after backward its gradient."""

    def __init__(self, number, parents=()):
        self.number = number
        self.parents = parents  # pairs (value, slope)
        self.grad = 0.0

    def __add__(self, other):
        return Value(self.number + other.number, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        return Value(self.number * other.number, [(self, other.number), (other, self.number)])


def backward(output):
    """Set grad of output to 1, and that of every value that it was made from to d output / d value.

    It overwrites: calling it twice gives the same gradients as calling it once.
    """
    raise NotImplementedError
'''


class _Value:
    """The Value of the stub."""

    def __init__(self, number: float, parents: Any = ()) -> None:
        self.number = number
        self.parents = parents
        self.grad = 0.0


def _graph(problem: Problem) -> list[Any]:
    """Values that are made from each other, as the problem says; the last is the output."""
    values: list[Any] = []
    for k, number in enumerate(problem["numbers"]):
        edges = [(values[int(j)], float(problem["slopes"][k, j])) for j in np.flatnonzero(problem["edges"][k])]
        values.append(_Value(float(number), edges))
        values[-1].grad = float(problem["old"][k])
    return values


def run(function: Any, problem: Any) -> Any:
    """The gradients after one call, and after two."""
    values = _graph(problem)
    function(values[-1])
    once = np.array([value.grad for value in values], dtype=float)
    function(values[-1])
    return once, np.array([value.grad for value in values], dtype=float)


def compute(
    problem: Problem, adds: str = "+=", walk: str = "topological", first: str = "zero", seed: str = "1"
) -> Results:
    """Gradients, with choices."""
    grad = problem["old"].astype(float).copy()
    found = []
    for _ in range(2):
        _backward(problem, grad, adds, walk, first, seed)
        found.append(grad.copy())
    return {"grad": found[0], "grad_again": found[1]}


def _backward(problem: Problem, grad: Any, adds: str, walk: str, first: str, seed: str) -> None:
    edges = problem["edges"]
    if first == "zero":
        grad[:] = 0
    grad[-1] = {"1": 1.0, "number": problem["numbers"][-1], "kept": grad[-1]}[seed]
    for k in _visits(edges, walk):
        for j in np.flatnonzero(edges[k]):
            own = grad[k] * (problem["slopes"][k, j] if adds != "no slope" else 1)
            grad[j] = own if adds == "=" else grad[j] + own


def _visits(edges: Any, walk: str) -> list[int]:
    """The values in the order in which they hand their gradient on."""
    n = len(edges)
    if walk == "topological":
        return list(range(n - 1, -1, -1))
    if walk == "forward":
        return list(range(n))
    if walk == "parents":
        return [n - 1]
    found: list[int] = []
    left = [n - 1]
    seen = {n - 1}
    if walk == "wide":
        while left:
            found.append(left.pop(0))
            new = [int(j) for j in np.flatnonzero(edges[found[-1]]) if int(j) not in seen]
            seen |= set(new)
            left += new
        return found
    return _deep(edges, n - 1, None if walk == "deep" else set())


def _deep(edges: Any, k: int, seen: set[int] | None) -> list[int]:
    """Depth first: each value once for each path to it, or, with a set of those seen, once."""
    if seen is not None:
        if k in seen:
            return []
        seen.add(k)
    return [k, *(i for j in np.flatnonzero(edges[k]) for i in _deep(edges, int(j), seen))]


WRONG = {
    "adds": [
        Wrong(
            "=",
            kinds.REDUCTION,
            "a gradient is overwritten by the last user of a value: the gradients of all users add",
        ),
        Wrong("no slope", kinds.FACTOR, "the slope is missing: a parent gets slope times grad"),
    ],
    "walk": [
        Wrong(
            "deep", kinds.ORDER, "a value hands its gradient on once for each user, each time all of it: collect first"
        ),
        Wrong(
            "once", kinds.ORDER, "values are visited as they are found, depth first: some before all users have added"
        ),
        Wrong(
            "wide", kinds.ORDER, "values are visited as they are found, breadth first: some before all users have added"
        ),
        Wrong("forward", kinds.ORDER, "values are visited from the first to the last: begin at the output"),
        Wrong("parents", kinds.TERM, "only the parents of the output get a gradient: walk on to theirs"),
    ],
    "first": [Wrong("kept", kinds.IN_PLACE, "old gradients are not set to 0 first: a second call adds to them")],
    "seed": [
        Wrong("number", kinds.PLACE, "the output gets its own number as gradient: it is 1"),
        Wrong("kept", kinds.TERM, "the gradient of the output is not set to 1"),
    ],
}


def problems(rng: np.random.Generator) -> list[Problem]:
    """Graphs in which values are used several times, by users that lie at different depths."""
    found: list[Problem] = []
    for n in (6, 7, 8):
        edges = np.tril(rng.random((n, n)) < 0.4, -1)
        for k in range(1, n):
            edges[k, k - 1] = True
        edges[n - 1, : n - 3] |= rng.random(n - 3) < 0.6
        edges[n - 1, 1] = True
        found.append(
            {
                "edges": edges,
                "slopes": rng.normal(size=(n, n)),
                "numbers": rng.normal(size=n),
                "old": rng.normal(size=n),
            }
        )
    return found


def proof(functions: Functions) -> list[str]:
    """Why the order matters."""
    return ["a value used by two others waits for both: that is all that a topological order is for"]


STEP = Step(
    number=14,
    name="tape",
    title="a tape (a bonus)",
    goal="Write backward(output): the gradient of everything that output was made from, in any graph.",
    stub=STUB,
    hints=(
        "A value is used by two others. When may it hand its gradient on to its own parents?",
        "List all values so that parents come before their users (depth first, append after the parents); set every "
        "grad to 0, output.grad to 1; walk the list backwards, and for parent, slope in value.parents: parent.grad += "
        "slope * value.grad.",
        "made_np/layers.py needs no tape: its backward passes are written in that order by hand.",
    ),
    tasks=(Task("backward", (), ("grad", "grad_again"), Choices(compute, WRONG), problems, run=run),),
    proof=proof,
)
