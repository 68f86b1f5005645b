"""Names the mistake in wrong numbers, by its kind.

It knows no exercise and no layer. It is told how the right results come from named ingredients, and alters one part of
that at a time: leaves out a factor, takes a mean for a sum, another axis, another mask, a derivative at another place.
An answer that agrees with one alteration at several random problems is named; of any other it tells what agrees.

    Recipe(ingredients, lines, results)   a computation as lines of text, each of which is altered in every way
    Choices(compute, wrong)               a computation as a function with choices that can be made wrongly
    Either(subjects)                      the candidates of several of these
    judge(subject, problems, got)         -> Verdict: ok, mistakes (kind, result, sentence, line), told
    discover(ingredients, want)           -> Recipe of a layer whose gradients are known as numbers alone
    explain(ingredients, got, want)       -> Verdict, by `discover`: for a gradient beside its difference quotients
    kinds                                 the names of the kinds

A problem is a mapping of names to arrays. All axes differ in length, there are at least two rows, and an order is not
its own inverse: else two mistakes look alike, or like none.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> layer = Recipe(
...     {"dy": "no", "x": "ni", "mask": "oi"}, ["dW[o, i] = sum[n](dy[n, o] * x[n, i]) * mask[o, i]"], ["dW"],
...     constants={"B": "n"}, masks=["mask"],
... )
>>> problems = [{"dy": rng.normal(size=(b, o)), "x": rng.normal(size=(b, i)), "mask": rng.random((o, i)) < 0.5}
...             for b, o, i in [(4, 3, 5), (2, 4, 3)]]
>>> verdict = judge(layer, problems, [{"dW": p["dy"].T @ p["x"]} for p in problems])
>>> verdict.kinds, str(verdict.mistakes[0])
(('missing mask',), 'dW: mask is missing')
>>> verdict.mistakes[0].line
'dW[o, i] = sum[n](dy[n, o] * x[n, i])'
"""

from __future__ import annotations

from . import kinds
from .candidates import Candidate, Problem, Results, Subject
from .choices import Choices, Either, Wrong
from .discovering import discover, explain
from .formulas import Unfit
from .judging import Mistake, Verdict, judge
from .recipes import Recipe

__all__ = [
    "Candidate",
    "Choices",
    "Either",
    "Mistake",
    "Problem",
    "Recipe",
    "Results",
    "Subject",
    "Unfit",
    "Verdict",
    "Wrong",
    "discover",
    "explain",
    "judge",
    "kinds",
]
