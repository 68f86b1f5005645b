"""Step 9: masks that follow from degrees, which follow an order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from made_np.learn.tasks import Functions, Step, Task, random_order
from made_np.testing.mistakes import Choices, Mistake, Problem, Results, Verdict, kinds

STUB = '''"""Step 9, degrees: which wires may there be, so that no feature sees itself, or one that comes later?

Number the features 1..d in their order: that is the degree of an input, and of the output for the same feature. Give
each hidden unit a degree, too, 1..d-1: how many features, from the first on, it may see. Then

    M0[k, i] is True where unit k may see input i
    M1[o, k] is True where output o may see unit k

and every output sees exactly the features before its own, if there are units enough.
"""

import numpy as np


def make_masks(order, hidden):
    """Return [M0, M1], of booleans, of shapes (hidden, d) and (d, hidden).

    order: (d,) order[t] is the feature in place t
    hidden: how many hidden units there are; d - 1 or more, so that every degree 1..d-1 can have one
    """
    raise NotImplementedError
'''

COMPARES = {">=": np.greater_equal, ">": np.greater, "<=": np.less_equal, "<": np.less}


def run(function: Any, problem: Any) -> Any:
    """The function."""
    return function(problem["order"], problem["hidden"])


def compute(problem: Problem, **_: str) -> Results:
    """Right masks, of degrees that go round."""
    order = problem["order"]
    d = len(order)
    feature = np.argsort(order) + 1
    unit = 1 + np.arange(problem["hidden"]) % (d - 1)
    return {"M0": unit[:, None] >= feature, "M1": feature[:, None] > unit}


def problems(rng: np.random.Generator) -> list[Problem]:
    """Orders, and a number of units for each."""
    return [{"order": random_order(rng, d), "hidden": h} for d, h in ((4, 7), (5, 9), (6, 5), (4, 3), (7, 11))]


ORDERS = {
    "given": (0, ""),
    "as places": (1, "order stands where the place of each feature belongs: position[order] = 0, 1, 2, ..."),
    "natural": (1, "order is not used: features have the degrees 1, 2, 3, ... as they stand"),
    "backwards": (1, "order is taken backwards: the last feature has degree 1"),
}


def _features(order: Any, how: str) -> Any:
    """The degrees of the features, rightly or wrongly."""
    n = len(order)
    return {
        "given": np.argsort(order),
        "as places": order,
        "natural": np.arange(n),
        "backwards": n - 1 - np.argsort(order),
    }[how] + 1


def judge_masks(problems: Sequence[Problem], results: Sequence[Results]) -> Verdict:
    """Find degrees of units, and comparisons, that explain both masks at every problem, with the fewest mistakes."""
    pairs = [(np.asarray(got["M0"]) != 0, np.asarray(got["M1"]) != 0) for got in results]
    explained: list[list[Mistake]] = []
    for first, way in WAYS:
        turned = [way(*pair) for pair in pairs]
        if all(_fits(problem, *pair) for problem, pair in zip(problems, turned, strict=True)):
            explained += [[*first, *others] for others in _explanations(problems, turned)]
    if explained:
        mistakes = min(explained, key=len)
        return Verdict(not mistakes, tuple(mistakes))
    for problem, (M0, M1) in zip(problems, pairs, strict=True):
        shape = (problem["hidden"], len(problem["order"]))
        if not _fits(problem, M0, M1):
            words = f"the shapes are {M0.shape} and {M1.shape}: {shape} and {shape[::-1]} are right"
            return Verdict(False, (Mistake(kinds.SHAPE, "M0, M1", words),))
    return Verdict(False, (), tuple(_wires(problems, pairs)))


TURNED = "it is transposed: M0 has a row for each unit, M1 one for each output"
WAYS: tuple[tuple[list[Mistake], Any], ...] = (
    ([], lambda M0, M1: (M0, M1)),
    ([Mistake(kinds.EXCHANGED, "", "M0 and M1 stand in each other's place")], lambda M0, M1: (M1, M0)),
    ([Mistake(kinds.TRANSPOSED, "M0, M1", TURNED)], lambda M0, M1: (M0.T, M1.T)),
    ([Mistake(kinds.TRANSPOSED, "M0", TURNED)], lambda M0, M1: (M0.T, M1)),
    ([Mistake(kinds.TRANSPOSED, "M1", TURNED)], lambda M0, M1: (M0, M1.T)),
)
"""How the masks may lie, with what is wrong with that."""


def _fits(problem: Problem, M0: Any, M1: Any) -> bool:
    shape = (problem["hidden"], len(problem["order"]))
    return bool(M0.shape == shape and M1.shape == shape[::-1])


def _explanations(problems: Sequence[Problem], pairs: Sequence[tuple[Any, Any]]) -> Iterator[list[Mistake]]:
    """For each rule that explains the masks, what is wrong with it."""
    for order, first, second in _rules():
        units = [
            _units(_features(problem["order"], order), first, second, *masks)
            for problem, masks in zip(problems, pairs, strict=True)
        ]
        found = [each for each in units if each is not None]
        if len(found) == len(units):
            yield [*_of_rule(order, first, second), *_of_units(problems, found)]


def _rules() -> Iterator[tuple[str, str, str]]:
    """Orders and comparisons: the right ones first, then those with one part wrong, then with two."""
    every = list(product(ORDERS, COMPARES, COMPARES))
    return iter(sorted(every, key=lambda each: (each[0] != "given") + (each[1] != ">=") + (each[2] != ">")))


def _units(feature: Any, first: str, second: str, M0: Any, M1: Any) -> list[list[int]] | None:
    """The degrees that each unit may have to explain its row and its column; None if there is one without."""
    degrees = np.arange(len(feature) + 1)
    rows = COMPARES[first](degrees[:, None], feature)
    columns = COMPARES[second](feature[:, None], degrees)
    found = []
    for k in range(len(M0)):
        fits = (rows == M0[k]).all(axis=1) & np.equal(columns.T, M1[:, k]).all(axis=1)
        if not fits.any():
            return None
        found.append([int(degree) for degree in np.flatnonzero(fits)])
    return found


def _of_rule(order: str, first: str, second: str) -> Iterator[Mistake]:
    if order != "given":
        yield Mistake(kinds.ORDER, "", ORDERS[order][1])
    if [first, second] == ["<=", "<"]:
        words = "both comparisons are the other way round: units see what comes later"
        yield Mistake(kinds.COMPARISON, "M0, M1", words)
        return
    if first != ">=":
        yield Mistake(kinds.COMPARISON, "M0", f"unit {first} input stands where unit >= input belongs")
    if second != ">":
        reason = ": an output sees its own feature" if second == ">=" else ""
        yield Mistake(kinds.COMPARISON, "M1", f"output {second} unit stands where output > unit belongs{reason}")


def _of_units(problems: Sequence[Problem], units: Sequence[list[list[int]]]) -> Iterator[Mistake]:
    """Degrees that are missing, or that no unit should have."""
    sizes = [len(problem["order"]) for problem in problems]
    sets = [{degree for each in own for degree in each} for own in units]
    lacks = [set(range(1, d)) - own for d, own in zip(sizes, sets, strict=True)]
    has_0 = all(any(each == [0] for each in own) for own in units)
    has_d = all(any(each == [d] for each in own) for d, own in zip(sizes, units, strict=True))
    if has_0 and all(d - 1 in each for d, each in zip(sizes, lacks, strict=True)):
        yield Mistake(kinds.OFF_BY_ONE, "", "degrees of units are counted from 0: 1..d-1 are right")
    elif has_d and all(1 in each for each in lacks):
        yield Mistake(kinds.OFF_BY_ONE, "", "degrees of features are counted from 0, or those of units from 2")
    elif any(own == [d] for d, each in zip(sizes, units, strict=True) for own in each):
        yield Mistake(kinds.OFF_BY_ONE, "", "a unit has the degree d: it sees every feature, and no output may see it")
    elif any(own == [0] for each in units for own in each):
        yield Mistake(kinds.OFF_BY_ONE, "", "a unit has the degree 0: it sees no feature")
    for d, missing in zip(sizes, lacks, strict=True):
        if missing and not (has_0 or has_d):
            words = f"with d = {d} no unit has the degree {min(missing)}: a wire between neighbours is lost"
            yield Mistake(kinds.TERM, "", words)
            return


def _wires(problems: Sequence[Problem], pairs: Sequence[tuple[Any, Any]]) -> Iterator[str]:
    """Which wires leak, and which are lost, at the first problem that shows it."""
    for problem, (M0, M1) in zip(problems, pairs, strict=True):
        order = problem["order"]
        place = np.argsort(order)
        sees = (M1.astype(int) @ M0.astype(int)) > 0
        may = place[:, None] > place
        for what, wrong in (("leaks: it may not see", sees & ~may), ("is lost: it should see", may & ~sees)):
            for o, i in np.argwhere(wrong)[:3]:
                verb = "sees" if "leaks" in what else "does not see"
                yield f"order {order.tolist()}: output x{o} {verb} x{i}, a wire that {what.split(':')[0]}"
        if (sees != may).any():
            return
    yield "the masks let every output see the right features, but their rows follow no degrees"


def proof(functions: Functions) -> list[str]:
    """The masks of one order, with their product."""
    order = np.array([2, 0, 3, 1])
    M0, M1 = (np.asarray(each) != 0 for each in functions["make_masks"](order, 6))
    sees = (M1.astype(int) @ M0.astype(int)) > 0
    lines = ["order x2, x0, x3, x1; M1 M0, in that order, is a triangle without its diagonal:"]
    for o in order:
        cells = " ".join("#" if sees[o, i] else "." for i in order)
        lines.append(f"  p(x{o} | ...)  {cells}")
    return lines


STEP = Step(
    number=9,
    name="degrees",
    title="degrees",
    goal="Write make_masks(order, hidden): the masks [M0, M1] of a network in which no output sees what it predicts.",
    stub=STUB,
    hints=(
        "Write the number of every input, unit and output on paper first. Which wires may a unit of degree 2 have?",
        "feature[order[t]] = t + 1; unit = 1 + arange(hidden) % (d - 1); M0 = unit >= feature; M1 = feature > unit.",
        "make_mask, position_of and spread_degrees in made_np/masks/masks.py.",
    ),
    tasks=(
        Task(
            "make_masks",
            ("order", "hidden"),
            ("M0", "M1"),
            Choices(compute, {}),
            problems,
            run=run,
            judge=judge_masks,
        ),
    ),
    proof=proof,
)
