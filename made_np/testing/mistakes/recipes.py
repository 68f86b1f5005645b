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

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from .altering import Alteration, alterations, consistent
from .candidates import Candidate, Problem, Results
from .formulas import Array, Equation, equation, names_in, solved

T = TypeVar("T")

KEPT = 8
"""The right values of so many problems are kept."""


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
    _found: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    _kept: list[tuple[Problem, dict[str, Array], dict[str, int]]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    @property
    def equations(self) -> tuple[Equation, ...]:
        """The lines, read."""
        return self._once("equations", lambda: tuple(equation(line) for line in self.lines))

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
        right, sizes = self._known(problem)
        known = dict(right)
        altered: set[str] = set()
        for own, each in zip(self.equations, equations, strict=True):
            if each is not own or altered & names_in(each):
                known[each.name] = solved(each, known, sizes)
                altered.add(each.name)
        return {name: known[name] for name in self.results}

    def _known(self, problem: Problem) -> tuple[dict[str, Array], dict[str, int]]:
        """The right value of each name, with the sizes of the axes: computed once for each problem."""
        for other, known, sizes in self._kept:
            if other is problem:
                return known, sizes
        sizes = self.sizes(problem)
        known = {name: np.asarray(problem[name]) for name in self.ingredients}
        known |= {name: np.asarray(float(sizes[axis])) for name, axis in self.constants.items()}
        for each in self.equations:
            known[each.name] = solved(each, known, sizes)
        self._kept.append((problem, known, sizes))
        del self._kept[:-KEPT]
        return known, sizes

    def sizes(self, problem: Problem) -> dict[str, int]:
        """How long each axis is."""
        return {
            axis: size
            for name, axes in self.ingredients.items()
            for axis, size in zip(axes, np.shape(problem[name]), strict=True)
        }

    @property
    def altered(self) -> tuple[Alteration, ...]:
        """All alterations of one line, and those that are made in all lines alike."""

        def found() -> tuple[Alteration, ...]:
            single = alterations(self)
            return (*single, *consistent(single, self.equations))

        return self._once("altered", found)

    def _once(self, name: str, compute: Callable[[], T]) -> T:
        """What is computed when somebody first asks for it, without a lock."""
        if name not in self._found:
            self._found[name] = compute()
        answer: T = self._found[name]
        return answer

    def candidates(self) -> Sequence[Candidate]:
        """One for each alteration."""
        return [self._candidate((each,)) for each in self.altered]

    def joined(self, first: Candidate, second: Candidate) -> Candidate | None:
        """Two alterations of pieces of different lines."""
        found = (*first.parts, *second.parts)
        altered = tuple(each for each in found if isinstance(each, Alteration) and each.is_piece)
        lines = [k for each in altered for k in each.lines]
        if len(altered) < len(found) or len(lines) != len(set(lines)):
            return None
        return self._candidate(altered)

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
        text = "\n".join(str(lines[k]) for k in sorted(lines))
        return Candidate(kinds, sentence, where, results, text, altered)
