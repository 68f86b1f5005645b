"""Step 13, a bonus: the same draws, with each hidden unit computed once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from made_np.learn.steps.probability import _ordered
from made_np.learn.tasks import Functions, Step, Task, random_order
from made_np.testing.mistakes import Choices, Mistake, Problem, Results, Wrong, kinds

STUB = '''"""Step 13, a bonus: sampling in one pass. Step 11 computes the whole network d times; once is enough.

A unit of degree m sees the first m features in the order. When they are drawn, it can be computed, and it never changes
again. So walk through the order, and keep the sums that outputs and units have collected.

The network is that of step 10: z0 = x (W0 * M0)^T + b0, h = tanh(z0), z1 = h (W1 * M1)^T + b1.
"""

import numpy as np


def sample(W0, b0, W1, b1, order, degrees, u, tanh):
    """Return n new rows of 0 and 1, (n, d).

    W0: (k, d), b0: (k,), W1: (d, k), b1: (d,)
    order: (d,) the features as they are drawn; degrees: (k,) of the hidden units, 1..d-1
    u: (n, d) uniforms; feature d is 1 where u[:, d] is below its probability
    tanh: call it in place of np.tanh; it counts what it is asked for, which is n k numbers in all
    """
    raise NotImplementedError
'''


def run(function: Any, problem: Any) -> Any:
    """The function, with a tanh that counts."""
    asked = [0]

    def tanh(z: Any) -> Any:
        asked[0] += int(np.size(z))
        return np.tanh(z)

    names = ("W0", "b0", "W1", "b1", "order", "degrees", "u")
    answer = function(*(problem[name] for name in names), tanh)
    return None if answer is None else (np.asarray(answer), np.asarray(float(asked[0])))


def compute(
    problem: Problem,
    order: str = "given",
    rule: str = "u < p",
    below: str = ">=",
    above: str = ">",
    bias: str = "both",
    tanh: str = "tanh",
    masks: str = "both",
) -> Results:
    """Draws, with choices."""
    own = _ordered(problem["order"], order)
    feature = np.argsort(own) + 1
    degrees = problem["degrees"]
    M0 = degrees[:, None] >= feature if below == ">=" else degrees[:, None] > feature
    M1 = feature[:, None] > degrees if above == ">" else feature[:, None] >= degrees
    M0 = M0 | (masks in ("M1", "none"))
    M1 = M1 | (masks in ("M0", "none"))
    b0 = problem["b0"] if bias in ("both", "b0") else 0
    b1 = problem["b1"] if bias in ("both", "b1") else 0
    x = np.zeros(problem["u"].shape)
    for d in own:
        z0 = x @ (problem["W0"] * M0).T + b0
        h = np.tanh(z0) if tanh == "tanh" else z0
        p = 1 / (1 + np.exp(-(h @ (problem["W1"] * M1).T + b1)[:, d]))
        u = problem["u"][:, d]
        x[:, d] = {"u < p": u < p, "u > p": u > p, "mode": p > 0.5}[rule]
    return {"x": x}


WRONG = {
    "order": [
        Wrong("natural", kinds.ORDER, "order is not used: features are drawn as 0, 1, 2, ..."),
        Wrong("inverse", kinds.ORDER, "order is used as if it held the place of each feature: that is its inverse"),
        Wrong("backwards", kinds.ORDER, "order is taken backwards"),
    ],
    "rule": [
        Wrong("u > p", kinds.COMPARISON, "a feature is 1 where u is above p: that happens with probability 1 - p"),
        Wrong("mode", kinds.FACTOR, "u is not used: the likelier value is taken, which is no draw"),
    ],
    "below": [Wrong(">", kinds.COMPARISON, "a unit misses the last feature that it may see: it is unit >= input")],
    "above": [
        Wrong(">=", kinds.COMPARISON, "an output takes units of its own degree, not yet computed: it is output > unit")
    ],
    "bias": [
        Wrong("b1", kinds.TERM, "the term b0 is missing"),
        Wrong("b0", kinds.TERM, "the term b1 is missing"),
        Wrong("none", kinds.TERM, "the terms b0 and b1 are missing"),
    ],
    "tanh": [Wrong("none", kinds.FUNCTION, "tanh is missing")],
    "masks": [
        Wrong("M0", kinds.NO_MASK, "outputs take all units, not only those of lower degrees"),
        Wrong("M1", kinds.NO_MASK, "units take all features, not only those up to their degrees"),
    ],
}


def problems(rng: np.random.Generator) -> list[Problem]:
    """Random networks, in which some order of units has nothing to do with their degrees."""
    found: list[Problem] = []
    for n, d, k in ((60, 4, 7), (50, 5, 9), (70, 6, 8)):
        found.append(
            {
                "W0": 2 * rng.normal(size=(k, d)),
                "b0": rng.normal(size=k),
                "W1": 2 * rng.normal(size=(d, k)),
                "b1": rng.normal(size=d),
                "order": random_order(rng, d),
                "degrees": rng.permutation(1 + np.arange(k) % (d - 1)),
                "u": rng.random((n, d)),
            }
        )
    return found


def notice(problems: Sequence[Problem], results: Sequence[Results]) -> Mistake | None:
    """Right rows by too much work, or by a tanh of one's own."""
    for problem, got in zip(problems, results, strict=True):
        want = problem["u"].shape[0] * len(problem["degrees"])
        right = compute(problem)["x"]
        if got["x"].shape != right.shape or (np.asarray(got["x"], dtype=float) != right).any():
            return None
        asked = int(got["asked"])
        if asked > want:
            words = f"the rows are right; tanh was asked for {asked} numbers, and {want} will do, each unit once"
            return Mistake(kinds.REDUCTION, "", words)
        if asked < want and asked < want * (len(problem["order"]) - 1) / len(problem["order"]):
            words = f"the rows are right; tanh was asked for {asked} numbers only: call the tanh that is given"
            return Mistake(kinds.FUNCTION, "", words)
    return None


def proof(functions: Functions) -> list[str]:
    """What is saved."""
    return ["each unit once: an image of 784 pixels is drawn by 784 times less arithmetic than in step 11"]


STEP = Step(
    number=13,
    name="one_pass",
    title="sampling in one pass (a bonus)",
    goal="Write sample(W0, b0, W1, b1, order, degrees, u, tanh): the rows of step 11, each hidden unit computed once.",
    stub=STUB,
    hints=(
        "Which units are complete once the first t features are drawn? Who needs them, and who will ever change them?",
        "z0 = b0, z1 = b1, for each row. For t, d in enumerate(order): x[:, d] = u[:, d] < sigmoid(z1[:, d]); add "
        "x[:, d] W0[k, d] to z0 of units with degree >= t + 1; those of degree t + 1 are complete: add tanh(z0) W1 to "
        "z1 of the features that come later.",
        "made_np/backends/_numpy/sampling.py.",
    ),
    tasks=(
        Task(
            "sample",
            ("W0", "b0", "W1", "b1", "order", "degrees", "u"),
            ("x", "asked"),
            Choices(compute, WRONG),
            problems,
            run=run,
            notice=notice,
        ),
    ),
    proof=proof,
)
