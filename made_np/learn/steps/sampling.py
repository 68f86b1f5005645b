"""Step 11: rows drawn feature by feature."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.learn.steps.probability import _ordered
from made_np.learn.tasks import SIZES, Functions, Step, Task, random_order
from made_np.testing.mistakes import Choices, Problem, Results, Wrong, kinds

STUB = '''"""Step 11, sampling: new rows, drawn feature by feature, each given those before it.

logits(x) is one pass of the network: from rows (n, d) to logits (n, d). Column d depends on what comes before
feature d in the order. Feature d is 1 where its uniform u[:, d] is below its probability, 1 / (1 + e^-logit).
"""

import numpy as np


def sample(logits, order, u):
    """Return n new rows of 0 and 1, (n, d).

    logits: a function, (n, d) -> (n, d)
    order: (d,) order[t] is the feature that is drawn in place t
    u: (n, d) uniforms between 0 and 1; u[:, d] is for feature d
    """
    raise NotImplementedError
'''


def _logits(problem: Problem, calls: list[int] | None = None) -> Any:
    """A network in which feature d sees those before it, and is moved by them."""
    order = problem["order"]
    place = np.argsort(order)
    mask = place[:, None] > place

    def logits(x: Any) -> Any:
        if calls is not None:
            calls.append(1)
        rows = np.asarray(x, dtype=float)
        return (
            np.sin(rows @ np.where(mask, problem["A"], 0).T) * 2
            + rows @ np.where(mask, problem["W"], 0).T
            + problem["b"]
        )

    return logits


def run(function: Any, problem: Any) -> Any:
    """The function."""
    return function(_logits(problem), problem["order"], problem["u"])


def compute(
    problem: Problem,
    order: str = "given",
    passes: str = "one by one",
    rule: str = "u < p",
    fed: str = "drawn",
    uniform: str = "by feature",
) -> Results:
    """Draws, with choices."""
    logits = _logits(problem)
    own = _ordered(problem["order"], order)
    u = problem["u"]
    x = np.zeros(u.shape)
    drawn = np.zeros(u.shape)
    start = logits(x)
    for t, d in enumerate(own):
        p = 1 / (1 + np.exp(-(logits(x) if passes == "one by one" else start)[:, d]))
        z = np.log(p / (1 - p))
        mine = {"by feature": u[:, d], "by place": u[:, t], "one": u[:, 0]}[uniform]
        drawn[:, d] = {
            "u < p": mine < p,
            "u > p": mine > p,
            "mode": p > 0.5,
            "p": p,
            "u < z": mine < z,
            "below a half": mine < 0.5,
        }[rule]
        x[:, d] = drawn[:, d] if fed == "drawn" else p if fed == "p" else 0
    return {"x": drawn}


WRONG = {
    "passes": [
        Wrong(
            "all at once",
            kinds.TERM,
            "no feature knows those before it: all are drawn from one pass over zeros, or in the opposite order",
        ),
    ],
    "order": [
        Wrong("natural", kinds.ORDER, "order is not used: features are drawn as 0, 1, 2, ..."),
        Wrong("inverse", kinds.ORDER, "order is used as if it held the place of each feature: that is its inverse"),
        Wrong("backwards", kinds.ORDER, "order is taken backwards"),
    ],
    "rule": [
        Wrong("u > p", kinds.COMPARISON, "a feature is 1 where u is above p: that happens with probability 1 - p"),
        Wrong("mode", kinds.FACTOR, "u is not used: the likelier value is taken, which is no draw"),
        Wrong("p", kinds.TERM, "probabilities are returned, not draws of 0 and 1"),
        Wrong("u < z", kinds.FUNCTION, "u is compared with the logit: the sigmoid is missing"),
        Wrong("below a half", kinds.FACTOR, "the probability is not used: u is compared with 0.5"),
    ],
    "fed": [
        Wrong("p", kinds.PLACE, "the probability is fed back into the network, not the value that was drawn"),
        Wrong("nothing", kinds.TERM, "what was drawn is not put into the row that the network sees next"),
    ],
    "uniform": [
        Wrong("by place", kinds.ORDER, "u is taken by place, u[:, t]: u[:, d] is for feature d"),
        Wrong("one", kinds.PLACE, "all features of a row take the same uniform, u[:, 0]"),
    ],
}


def problems(rng: np.random.Generator) -> list[Problem]:
    """Random networks, many rows."""
    found = []
    for _, d, h in SIZES[:4]:
        d = max(d, 4)
        matrices = {"A": 1.5 * rng.normal(size=(d, d)), "W": 1.5 * rng.normal(size=(d, d))}
        own = {"order": random_order(rng, d), "u": rng.random((40 + h, d)), "b": rng.normal(size=d)}
        found.append({**own, **matrices})
    return list(found)


def proof(functions: Functions) -> list[str]:
    """How many passes it takes."""
    problem = problems(np.random.default_rng(0))[1]
    calls: list[int] = []
    functions["sample"](_logits(problem, calls), problem["order"].copy(), problem["u"].copy())
    d = len(problem["order"])
    return [f"{len(calls)} passes of the whole network for {d} features. Step 13 draws the same rows in one."]


STEP = Step(
    number=11,
    name="sampling",
    title="sampling",
    goal="Write sample(logits, order, u): rows drawn feature by feature, each given those before it.",
    stub=STUB,
    hints=(
        "When feature order[t] is drawn, which columns of x are filled, and what does the network make of them?",
        "Begin with zeros. For d in order: p = sigmoid(logits(x)[:, d]); x[:, d] = u[:, d] < p.",
        "made_np/backends/_numpy/sampling.py does it, each unit once.",
    ),
    tasks=(Task("sample", ("order", "u"), ("x",), Choices(compute, WRONG), problems, run=run),),
    proof=proof,
)
