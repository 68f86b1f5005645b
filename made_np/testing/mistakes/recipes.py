"""A right computation, line by line, so that each line can be altered.

>>> import numpy as np
>>> layer = Recipe({"x": "ni", "W": "oi"}, ["y[n, o] = sum[i](x[n, i] * W[o, i])"], ["y"])
>>> problem = {"x": np.array([[1.0, 2.0]]), "W": np.array([[1.0, 1.0], [0.0, 3.0], [1.0, 0.0]])}
>>> layer.right(problem)["y"]
array([[3., 6., 1.]])
>>> [each.sentence for each in layer.candidates() if each.kind == "wrong reduction"][0]
'a mean over i stands where a sum belongs'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .altering import Alteration, alterations, consistent
from .candidates import Candidate, Problem, Results
from .formulas import Array, Equation, Unfit, equation, value_of

MOST_PAIRS = 3000
"""So many pairs of alterations are looked at."""


@dataclass(frozen=True)
class Recipe:
    """Lines, from ingredients to results.

    Parameters
    ----------
    ingredients : mapping of str to str
        The letters of the axes of each ingredient: ``{"x": "ni", "b": "o", "h": ""}``.
    lines : sequence of str
        Equations, in the order in which they are computed.
    results : sequence of str
        Which of the names are results, in the order in which they are returned.
    constants : mapping of str to str, optional
        Names of sizes: ``{"B": "n"}`` says that B is the size of axis n.
    masks : sequence of str, optional
        The ingredients that are masks.
    called : mapping of str to str, optional
        What messages call a piece of a formula: ``{"1 - y * y": "the slope of tanh"}``.
    functions : sequence of str, optional
        Activations that are near at hand, although no line calls them.
    """

    ingredients: Mapping[str, str]
    lines: Sequence[str]
    results: Sequence[str]
    constants: Mapping[str, str] = field(default_factory=dict)
    masks: Sequence[str] = ()
    called: Mapping[str, str] = field(default_factory=dict)
    functions: Sequence[str] = ()

    @cached_property
    def equations(self) -> tuple[Equation, ...]:
        """The lines, read."""
        return tuple(equation(line) for line in self.lines)

    def right(self, problem: Problem) -> Results:
        """The right results."""
        return self.compute(self.equations, problem)

    def compute(self, equations: Sequence[Equation], problem: Problem) -> dict[str, Array]:
        """The results of these lines.

        Raises
        ------
        Unfit
            Shapes that do not go together.
        """
        known = {name: np.asarray(problem[name]) for name in self.ingredients}
        sizes = self.sizes(problem)
        known |= {name: np.asarray(float(sizes[axis])) for name, axis in self.constants.items()}
        for each in equations:
            known[each.name] = _solved(each, known, sizes)
        return {name: known[name] for name in self.results}

    def sizes(self, problem: Problem) -> dict[str, int]:
        """How long each axis is."""
        return {
            axis: size
            for name, axes in self.ingredients.items()
            for axis, size in zip(axes, np.shape(problem[name]), strict=True)
        }

    @cached_property
    def altered(self) -> tuple[Alteration, ...]:
        """All alterations of one line, and those that are made in all lines alike."""
        single = alterations(self)
        return (*single, *consistent(single, self.equations))

    def candidates(self) -> Sequence[Candidate]:
        """One for each alteration."""
        return [self._candidate((each,)) for each in self.altered]

    def pairs(self) -> Sequence[Candidate]:
        """Two alterations of pieces of different lines."""
        single = [each for each in self.altered if len(each.lines) == 1 and each.is_piece]
        found = []
        for k, first in enumerate(single):
            for second in single[k + 1 :]:
                if not set(first.lines) & set(second.lines):
                    found.append((first, second))
        return [self._candidate(pair) for pair in found[:MOST_PAIRS]]

    def _candidate(self, altered: tuple[Alteration, ...]) -> Candidate:
        lines: dict[int, Equation] = {}
        for each in altered:
            lines |= each.lines
        equations = [lines.get(k, own) for k, own in enumerate(self.equations)]

        def results(problem: Problem) -> Results:
            return self.compute(equations, problem)

        kinds = " and ".join(dict.fromkeys(each.kind for each in altered))
        sentence = "; ".join(
            f"in {each.where}: {each.sentence}" if len(altered) > 1 else each.sentence for each in altered
        )
        where = altered[0].where if len(altered) == 1 else ""
        return Candidate(kinds, sentence, where, results, "\n".join(str(lines[k]) for k in sorted(lines)))


def _solved(each: Equation, known: Mapping[str, Array], sizes: Mapping[str, int]) -> Array:
    """The value of an equation with the axes of its left side; with its own where it has more."""
    found = value_of(each.value, known, sizes)
    if set(found.axes) > set(each.axes):
        return found.array
    if not set(found.axes) <= set(each.axes):
        if len(found.axes) > len(each.axes):
            raise Unfit(str(each))
        return found.array
    shape = tuple(sizes[axis] for axis in each.axes)
    return np.broadcast_to(found.along(tuple(each.axes)), shape)
