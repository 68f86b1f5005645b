"""Step 12: several orders are a mixture."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.learn.tasks import SIZES, Functions, Step, Task
from made_np.testing.mistakes import Choices, Either, Problem, Recipe, Results, Wrong, kinds

STUB = '''"""Step 12, several orders: k networks with different masks are one density, their mixture.

    p(x) = (p_1(x) + ... + p_k(x)) / k

Each log p may be as low as -2000, where p itself is 0 for the computer.
"""

import numpy as np


def mixture(log_probs):
    """Return log p, (n,), of the mixture.

    log_probs: (k, n), a row for each network, a column for each example
    """
    raise NotImplementedError
'''

RECIPE = Recipe(
    {"a": "kn"},
    ["log_p[n] = log(sum[k](exp(a[k, n])) / K)"],
    ["log_p"],
    constants={"K": "k", "N": "n"},
    called={"1 / K": "1/K, the share of each network, -log K"},
)


class _Safe(Recipe):
    """The recipe, with the largest taken out first."""

    def right(self, problem: Problem) -> dict[str, Any]:
        """The right results."""
        a = problem["log_probs"]
        top = a.max(axis=0)
        return {"log_p": top + np.log(np.exp(a - top).mean(axis=0))}


def compute(problem: Problem, rule: str = "right") -> Results:
    """Other ways to make one number of several."""
    a = problem["log_probs"]
    top = a.max(axis=0)
    right = top + np.log(np.exp(a - top).mean(axis=0))
    return {
        "log_p": {
            "right": right,
            "mean of logs": a.mean(axis=0),
            "sum of logs": a.sum(axis=0),
            "largest": top,
            "probability": np.exp(right),
            "top forgotten": right - top,
            "rows": np.logaddexp.reduce(a, axis=1) - np.log(a.shape[1]),
            "log of mean of logs": np.log(np.abs(a.mean(axis=0))),
            "plus log K": right + 2 * np.log(len(a)),
            "median": np.median(a, axis=0),
        }[rule]
    }


WRONG = {
    "rule": [
        Wrong("mean of logs", kinds.FUNCTION, "a mean of logarithms is a product of densities: average p, not log p"),
        Wrong("sum of logs", kinds.REDUCTION, "logarithms are added: that is the product of all p"),
        Wrong("largest", kinds.REDUCTION, "the largest along k alone stands where all belong"),
        Wrong("probability", kinds.FUNCTION, "the logarithm is missing: this is p"),
        Wrong("top forgotten", kinds.TERM, "the largest was subtracted, and is not added again"),
        Wrong("rows", kinds.AXIS, "the sum is taken over examples, not over networks"),
        Wrong("log of mean of logs", kinds.FUNCTION, "exp is missing, before the mean"),
        Wrong("plus log K", kinds.SIGN, "log K is added: it is subtracted"),
        Wrong("median", kinds.REDUCTION, "a median stands where a mean belongs"),
    ],
}


def problems(rng: np.random.Generator) -> list[Problem]:
    """Log-probabilities of an ordinary size."""
    return [_named(-3 * rng.random((k, n)) - 0.5) for k, n, _ in SIZES]


def _named(log_probs: Any) -> Problem:
    return {"log_probs": log_probs, "a": log_probs}


def low(rng: np.random.Generator) -> list[Problem]:
    """Log-probabilities near -2000."""
    return [_named(-2000 - 5 * rng.random((3, 4)))]


def proof(functions: Functions) -> list[str]:
    """The sums over all rows: of the mixture, of a mean of logarithms, of averaged logits."""
    from made_np.model.made import MADE

    made = MADE(
        8, hidden=(16,), order="random", n_masks=2, mask_weights=False, seed=1, backend="numpy", dtype="float64"
    )
    theta = np.random.default_rng(3).normal(size=made.n_params)
    rows = np.array(np.meshgrid(*[[0.0, 1.0]] * 8, indexing="ij")).reshape(8, -1).T
    logits = np.array([made.raw_outputs(theta, rows, mask_set=k) for k in range(2)])
    log_probs = (rows * logits - np.logaddexp(0, logits)).sum(axis=2)
    mean = logits.mean(axis=0)
    sums = {
        "the mixture, yours": functions["mixture"](log_probs.copy()),
        "the mean of log p": log_probs.mean(axis=0),
        "averaged logits": (rows * mean - np.logaddexp(0, mean)).sum(axis=1),
    }
    lines = ["two networks of 8 features; the sum of p over all 256 rows:"]
    return [*lines, *(f"  {name:20s} {np.exp(np.asarray(each)).sum():.4f}" for name, each in sums.items())]


STEP = Step(
    number=12,
    name="mixture",
    title="several orders",
    goal="Write mixture(log_probs): log p of a mixture of k densities, from the log p of each.",
    stub=STUB,
    hints=(
        "Which of p, log p and the logits may be averaged, so that the sum over all rows stays 1?",
        "log p = log(sum over k of e^(log_probs[k])) - log K; take the largest of the column out before exp, and "
        "add it again.",
        "log_prob in made_np/model/scoring.py; scripts/averaged_logits.py shows what averaged logits do.",
    ),
    tasks=(
        Task(
            "mixture",
            ("log_probs",),
            ("log_p",),
            Either(
                [
                    _Safe(RECIPE.ingredients, RECIPE.lines, RECIPE.results, RECIPE.constants, (), RECIPE.called),
                    Choices(compute, WRONG),
                ]
            ),
            problems,
            extreme=low,
            extreme_words="right for an ordinary log p, but not for -2000, where e^-2000 is 0: take the largest out",
        ),
    ),
    proof=proof,
)
