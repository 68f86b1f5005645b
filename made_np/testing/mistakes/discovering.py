"""The formula of a gradient that is known as numbers alone: a product of ingredients, summed over the axes it lacks.

So gradients of linear and masked layers, of activations, of the usual losses are found; for any other there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, islice, product

import numpy as np

from .candidates import Candidate, Problem
from .formulas import Array, Unfit
from .judging import Verdict, judge
from .likeness import alike
from .recipes import Recipe

LETTERS = "noijklmpqrs"
MOST_FACTORS = 3
MOST_LETTERINGS = 64
MOST_FORMULAS = 4000


def explain(
    problems: Sequence[Problem],
    got: Sequence[Mapping[str, Array]],
    want: Sequence[Mapping[str, Array]],
    *,
    of: Mapping[str, str] | None = None,
    upstream: str = "dy",
    axes: Mapping[str, str] | None = None,
) -> Verdict:
    """Say what is wrong with gradients, given the right numbers.

    Parameters
    ----------
    problems : sequence of mapping
        Ingredients by name: the gradient of the output, the inputs, masks of booleans, and the output if it may help.
    got, want : sequence of mapping
        Gradients by name, ``{"dx": ..., "dW": ...}``.
    of : mapping of str to str, optional
        Of which ingredient each is the gradient; None: of its name without the d.
    upstream : str
        The ingredient in which all gradients are linear.
    axes : mapping of str to str, optional
        A letter for each axis of each ingredient; None: found from the sizes.

    Returns
    -------
    Verdict

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> problem = {"dy": rng.normal(size=(4, 3)), "x": rng.normal(size=(4, 5)), "b": rng.normal(size=3)}
    >>> want = {"db": problem["dy"].sum(axis=0)}
    >>> print(explain([problem], [{"db": problem["dy"].mean(axis=0)}], [want]).mistakes[0])
    db: a mean over n stands where a sum belongs
    """
    owners = {name: name.removeprefix("d") for name in want[0]} if of is None else dict(of)
    recipe = discover(problems, want, of=owners, upstream=upstream, axes=axes)
    found = () if recipe is None else tuple(recipe.results)
    parts = []
    if recipe is not None:
        sizes = [recipe.sizes(problem) for problem in problems]
        constants = [{name: float(each[axis]) for name, axis in recipe.constants.items()} for each in sizes]
        parts.append(judge(recipe, problems, _only(got, found), _only(want, found), constants))
    rest = [name for name in want[0] if name not in found]
    if rest:
        rows = [{"B": float(len(np.atleast_1d(problem[upstream])))} for problem in problems]
        parts.append(judge(_Unknown(), problems, _only(got, rest), _only(want, rest), rows))
    mistakes = tuple(mistake for part in parts for mistake in part.mistakes)
    return Verdict(all(part.ok for part in parts), mistakes, tuple(line for part in parts for line in part.told))


class _Unknown:
    """A subject of which nothing is known but its right results."""

    def right(self, problem: Problem) -> Mapping[str, Array]:
        """Nothing."""
        return {}

    def candidates(self) -> tuple[()]:
        """None."""
        return ()

    def joined(self, first: Candidate, second: Candidate) -> None:
        """None."""


def _only(results: Sequence[Mapping[str, Array]], names: Sequence[str]) -> list[dict[str, Array]]:
    return [{name: np.asarray(each[name]) for name in names} for each in results]


def discover(
    problems: Sequence[Problem],
    want: Sequence[Mapping[str, Array]],
    *,
    of: Mapping[str, str],
    upstream: str = "dy",
    axes: Mapping[str, str] | None = None,
) -> Recipe | None:
    """Return the recipe of as many of these gradients as are products of the ingredients; None if none is.

    Parameters are those of `explain`.
    """
    arrays = {name: np.asarray(array) for name, array in problems[0].items()}
    best: Recipe | None = None
    letterings = iter([axes]) if axes is not None else _letterings(arrays, upstream)
    for letters in islice(letterings, MOST_LETTERINGS):
        recipe = _recipe(problems, want, of, upstream, letters)
        if recipe is not None and (best is None or len(recipe.results) > len(best.results)):
            best = recipe
        if best is not None and len(best.results) == len(want[0]):
            break
    return best


def _letterings(arrays: Mapping[str, Array], upstream: str) -> Iterator[dict[str, str]]:
    """Ways to give the axes letters: one for each size; several for a size that an array has twice."""
    first = list(arrays[upstream].shape)
    sizes = dict.fromkeys([*first, *(size for array in arrays.values() for size in array.shape)])
    repeats = {size: max(array.shape.count(size) for array in arrays.values()) for size in sizes}
    pool = iter(LETTERS)
    letters = {size: list(islice(pool, repeats[size])) for size in sizes}
    if any(len(each) < repeats[size] for size, each in letters.items()):
        return
    ways = [
        [way for way in product(*(letters[size] for size in array.shape)) if len(set(way)) == len(way)]
        for array in arrays.values()
    ]
    for chosen in product(*ways):
        yield {name: "".join(way) for name, way in zip(arrays, chosen, strict=True)}


def _recipe(
    problems: Sequence[Problem],
    want: Sequence[Mapping[str, Array]],
    of: Mapping[str, str],
    upstream: str,
    axes: Mapping[str, str],
) -> Recipe | None:
    masks = [name for name, array in problems[0].items() if np.asarray(array).dtype == bool]
    first = next((letters for letters in (axes[upstream], *axes.values()) if letters), "")
    constants = {"B": first[0]} if first else {}  # a loss has no rows of its own: then the first input's
    others = {letter for name in axes for letter in axes[name]} - set(constants.values())
    constants |= {letter.upper(): letter for letter in sorted(others)}
    lines = []
    results = []
    for name, owner in of.items():
        for line in islice(_formulas(name, owner, upstream, axes, masks, constants), MOST_FORMULAS):
            recipe = Recipe(axes, [line], [name], constants, masks)
            if _holds(recipe, name, problems, want):
                lines.append(line)
                results.append(name)
                break
    return Recipe(axes, lines, results, constants, masks) if lines else None


def _holds(recipe: Recipe, name: str, problems: Sequence[Problem], want: Sequence[Mapping[str, Array]]) -> bool:
    try:
        return all(
            alike(np.asarray(each[name]), np.asarray(recipe.right(problem)[name]))
            for problem, each in zip(problems, want, strict=True)
        )
    except (Unfit, ValueError):
        return False


def _formulas(
    name: str, owner: str, upstream: str, axes: Mapping[str, str], masks: Sequence[str], constants: Mapping[str, str]
) -> Iterator[str]:
    """Lines that may be the gradient, the short ones first."""
    target = axes[owner]
    first = _indexed(upstream, axes)
    pool = _factors(upstream, axes, masks, constants)
    for n in range(MOST_FACTORS + 1):
        for chosen in combinations(pool, n):
            letters = dict.fromkeys(axes[upstream] + "".join(own for _, own in chosen))
            if not set(target) <= set(letters):
                continue
            summed = "".join(letter for letter in letters if letter not in target)
            inside = [
                text for text, own in chosen if set(own) & set(summed) or not summed or not set(own) <= set(target)
            ]
            outside = [text for text, own in chosen if text not in inside]
            value = " * ".join([first, *inside])
            value = f"sum[{', '.join(summed)}]({value})" if summed else value
            left = f"{name}[{', '.join(target)}]" if target else name
            yield f"{left} = {' * '.join([value, *outside])}"


def _factors(
    upstream: str, axes: Mapping[str, str], masks: Sequence[str], constants: Mapping[str, str]
) -> list[tuple[str, str]]:
    """What a gradient may be a product of, each with its axes: masks, values, slopes, differences, 1/B."""
    plain = [name for name in axes if name not in masks and name != upstream]
    pool = [(_indexed(name, axes), axes[name]) for name in (*plain, *masks)]
    for name in plain:
        text = _indexed(name, axes)
        slopes = (f"(1 - {text} * {text})", f"{text} * (1 - {text})", f"step({text})", f"sigmoid({text})")
        pool += [(slope, axes[name]) for slope in slopes if axes[name]]
    for name in plain:
        for other in plain:
            if name != other and axes[name] and axes[name] == axes[other]:
                this = _indexed(name, axes)
                that = _indexed(other, axes)
                pool += [(f"({this} - {that})", axes[name]), (f"(sigmoid({this}) - {that})", axes[name])]
    pool += [("(1 / B)", "")] if "B" in constants else []
    return pool


def _indexed(name: str, axes: Mapping[str, str]) -> str:
    return f"{name}[{', '.join(axes[name])}]" if axes[name] else name
