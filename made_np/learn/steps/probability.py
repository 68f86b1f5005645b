"""Step 7: the chain rule of probability."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from made_np.learn.tasks import Functions, Step, Task, random_order
from made_np.testing.mistakes import Choices, Problem, Results, Wrong, kinds

STUB = '''"""Step 7, the chain rule of probability: one factor for each feature, each knows those before it.

    p(x) = p(first) p(second | first) p(third | first, second) ...

order says which feature is first, second, third: order[t] is the one in place t. For order = [2, 0, 1] it is
p(x2) p(x0 | x2) p(x1 | x2, x0).
"""

import numpy as np


def log_prob(conditional, x, order):
    """Return log p(x), a number, natural logarithm.

    conditional: a function; conditional(prefix) is the probability that the next feature is 1, given the values of
                 all features before it, in their order: conditional([]) for the first, conditional([x2]) for the next
    x: (d,) of 0 and 1
    order: (d,) the features in the order in which they come
    """
    raise NotImplementedError
'''


def _conditional(problem: Problem) -> Any:
    """Probabilities that depend on every value of the prefix, of any length up to d."""
    a = problem["a"]
    w = problem["w"]

    def conditional(prefix: Any) -> float:
        known = np.asarray(prefix, dtype=float).ravel()
        n = min(len(known), len(a) - 1)
        return float(1 / (1 + np.exp(-(a[n] + w[n, :n] @ known[:n]))))

    return conditional


def rows_of(problem: Problem) -> Any:
    """All rows of 0 and 1."""
    return np.array(list(product([0.0, 1.0], repeat=len(problem["order"]))))


def run(function: Any, problem: Any) -> Any:
    """The function at all rows."""
    conditional = _conditional(problem)
    return np.array([_number(function(conditional, row.copy(), problem["order"])) for row in rows_of(problem)])


def _number(answer: Any) -> float:
    """The number that was returned; an array of one is one."""
    return float(
        np.asarray(answer, dtype=float).reshape(()) if np.size(answer) == 1 else np.asarray(answer, dtype=float)
    )


def _ordered(order: Any, how: str) -> Any:
    ways = {
        "given": order,
        "natural": np.arange(len(order)),
        "inverse": np.argsort(order),
        "backwards": order[::-1],
    }
    return ways[how]


def compute(
    problem: Problem,
    order: str = "given",
    prefix: str = "before",
    value: str = "by x",
    joined: str = "sum of logs",
) -> Results:
    """log p of all rows, with choices."""
    conditional = _conditional(problem)
    own = _ordered(problem["order"], order)
    totals = []
    for x in rows_of(problem):
        terms = []
        said: list[float] = []
        for t, d in enumerate(own):
            known = {
                "before": x[own[:t]],
                "none": x[:0],
                "own": x[own[: t + 1]],
                "all": x[own],
                "after": x[own[t + 1 :]],
                "columns": x[:t],
                "turned": x[own[:t]][::-1],
                "last": x[own[max(t - 1, 0) : t]],
                "p": np.array(said),
                "likelier": (np.array(said) > 0.5).astype(float),
            }[prefix]
            p = conditional(known)
            said.append(p)
            at_t = x[t] if value == "by place" else x[d]
            terms.append(
                {"by x": p if x[d] else 1 - p, "p": p, "flipped": 1 - p if x[d] else p, "ones": p if x[d] else 1.0}.get(
                    value, p if at_t else 1 - p
                )
            )
        totals.append(_joined(np.array(terms), joined))
    return {"log_prob": np.array(totals)}


def _joined(p: Any, how: str) -> Any:
    """One number of the factors."""
    ways = {
        "sum of logs": np.log(p).sum(),
        "sum": p.sum(),
        "product": p.prod(),
        "mean of logs": np.log(p).mean(),
        "bits": np.log2(p).sum(),
        "minus": -np.log(p).sum(),
        "log of sum": np.log(p.sum()),
        "last": np.log(p[-1]),
        "but first": np.log(p[1:]).sum(),
        "but last": np.log(p[:-1]).sum(),
    }
    return ways[how]


WRONG = {
    "order": [
        Wrong("natural", kinds.ORDER, "order is not used: features come as 0, 1, 2, ..."),
        Wrong("inverse", kinds.ORDER, "order is used as if it held the place of each feature: that is its inverse"),
        Wrong("backwards", kinds.ORDER, "order is taken backwards"),
    ],
    "prefix": [
        Wrong("none", kinds.FACTOR, "the prefix is ignored: this is a product of independent features"),
        Wrong("own", kinds.OFF_BY_ONE, "the prefix holds the feature that is asked for: a factor sees its own value"),
        Wrong("all", kinds.MASK, "the prefix holds all features: a factor sees itself with those that come later"),
        Wrong("after", kinds.ORDER, "the prefix holds the features that come later, not those before"),
        Wrong("columns", kinds.ORDER, "the prefix holds columns 0, 1, ... of x, not the features that come first"),
        Wrong("turned", kinds.ORDER, "the prefix is backwards: its first value is that of the first feature"),
        Wrong("last", kinds.TERM, "the prefix holds the feature just before, not all of those before"),
        Wrong("p", kinds.TERM, "the prefix holds probabilities, not the values of the features before"),
        Wrong("likelier", kinds.TERM, "the prefix holds the likelier values, not those that x has"),
    ],
    "value": [
        Wrong("p", kinds.TERM, "p is taken whatever x is: for x = 0 the factor is 1 - p"),
        Wrong("flipped", kinds.SIGN, "p and 1 - p are exchanged: p belongs to x = 1"),
        Wrong("ones", kinds.TERM, "the factor of x = 0 is missing: it is 1 - p"),
        Wrong("by place", kinds.ORDER, "x[t] is looked at, not x[order[t]]"),
    ],
    "joined": [
        Wrong("sum", kinds.REDUCTION, "probabilities are added: they are multiplied, and their logarithms added"),
        Wrong("product", kinds.FUNCTION, "the logarithm is missing: this is p, not log p"),
        Wrong("mean of logs", kinds.REDUCTION, "a mean over features stands where a sum belongs"),
        Wrong("bits", kinds.CONSTANT, "log2 stands where log belongs: bits, not nats"),
        Wrong("minus", kinds.SIGN, "the sign is wrong: log p is below 0"),
        Wrong("log of sum", kinds.REDUCTION, "the logarithm is taken of a sum: log of a product is the sum of logs"),
        Wrong("last", kinds.REDUCTION, "only the last factor counts"),
        Wrong("but first", kinds.OFF_BY_ONE, "the first factor is left out: it has an empty prefix"),
        Wrong("but last", kinds.OFF_BY_ONE, "the last factor is left out"),
    ],
}


def problems(rng: np.random.Generator) -> list[Problem]:
    """Random conditionals."""
    return [
        {"order": random_order(rng, d), "a": rng.normal(size=d + 1), "w": 1.5 * rng.normal(size=(d + 1, d))}
        for d in (4, 4, 4, 3)
    ]


def _sizes(problem: Problem) -> dict[str, float]:
    return {"D": float(len(problem["order"]))}


def proof(functions: Functions) -> list[str]:
    """All rows sum to one."""
    problem = problems(np.random.default_rng(0))[0]
    total = float(np.exp(run(functions["log_prob"], problem)).sum())
    return [f"sum of p(x) over all 16 rows: {total:.6f}. Any conditionals do: that is why they are learned, not p."]


STEP = Step(
    number=7,
    name="probability",
    title="the chain rule of probability",
    goal="Write log_prob(conditional, x, order): log p(x) as a sum over features, each given those before it.",
    stub=STUB,
    hints=(
        "Which features does the factor in place t know? And what is its probability where x is 0?",
        "log p(x) = sum over t of log(p if x[order[t]] is 1 else 1 - p), with p = conditional(x[order[:t]]).",
        "made_np/masks/masks.py begins with orders; made_np/model/made.py, log_prob, has the same sum.",
    ),
    tasks=(Task("log_prob", ("order",), ("log_prob",), Choices(compute, WRONG), problems, run=run, sizes=_sizes),),
    proof=proof,
)
