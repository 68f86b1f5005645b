"""The mistake in a backward function by its name: found by comparing its answers with those of known mistakes.

A pattern of errors may come from many mistakes. Here the layer itself is at hand: it is asked at several random inputs
near the given ones, the right gradients are difference quotients, and `mistakes` tries which formula they follow, and
which alteration of it gives the answers. What is named gives just these numbers, at all of the inputs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrays import Array
from .mistakes import Candidate, Mistake, Problem, Recipe, Results, Verdict, discover, judge, kinds
from .mistakes.likeness import alike

MOST_NUMBERS = 2000
"""So many input entries are moved by a little: a layer that has more is not looked at."""

N_POINTS = 3
STEP = 6e-6
SPREAD = 0.3
"""Inputs are multiplied by e to this power, times normal numbers: signs and zeros stay."""


@dataclass(frozen=True)
class Layer:
    """A forward and a backward function, with the inputs at which they are looked at.

    Attributes
    ----------
    forward : callable
        ``forward(*inputs) -> y``.
    backward : callable
        ``backward(dy, *inputs)`` -> a gradient or None for each input.
    inputs : list of ndarray
    names : list of str
        Of the inputs.
    rows : int or None
        B, if y has rows.
    masks : mapping of str to ndarray of bool
        What is known besides: by the name of an input, where its gradient may be other than 0.
    """

    forward: Callable[..., Array]
    backward: Callable[..., Sequence[Any]]
    inputs: Sequence[Array]
    names: Sequence[str]
    rows: int | None
    masks: Mapping[str, Array]

    @property
    def floats(self) -> list[int]:
        """The places of the inputs that are differentiated."""
        return [i for i, array in enumerate(self.inputs) if array.dtype.kind == "f"]


def named_mistake(layer: Layer, seed: int) -> str:
    """Return what is wrong in a sentence, or "" if no known mistake gives these numbers."""
    if sum(layer.inputs[i].size for i in layer.floats) > MOST_NUMBERS or len(set(layer.names)) < len(layer.names):
        return ""
    try:
        with np.errstate(all="ignore"):
            return _named(layer, np.random.default_rng(seed))
    except Exception:  # it was a guess: somebody's function may refuse other inputs than those that it was given
        return ""


def _named(layer: Layer, rng: np.random.Generator) -> str:
    problems: list[Problem] = []
    got: list[Results] = []
    want: list[Results] = []
    for k in range(N_POINTS):
        problem, answers, right = _point(layer, rng, moved=k > 0)
        problems.append(problem)
        got.append(answers)
        want.append(right)
    if not want[0] or not all(np.isfinite(array).all() for each in want for array in each.values()):
        return ""
    found = _explained(layer, problems, got, want) or _elementwise(layer, problems, got, want)
    return "; ".join(found)


def _point(
    layer: Layer, rng: np.random.Generator, *, moved: bool
) -> tuple[dict[str, Array], dict[str, Array], dict[str, Array]]:
    """Return a problem, the answers of the backward function, and the right ones."""
    inputs = [array.copy() for array in layer.inputs]
    for i in layer.floats if moved else ():
        inputs[i] = inputs[i] * np.exp(SPREAD * rng.standard_normal(inputs[i].shape))
    y = np.asarray(layer.forward(*_copies(inputs)), dtype=np.float64)
    dy = rng.standard_normal(y.shape)
    answers = layer.backward(dy.copy(), *_copies(inputs))
    problem = {"dy": dy} | dict(zip(layer.names, inputs, strict=True))
    problem |= {f"mask_{name}": mask for name, mask in layer.masks.items()}
    if "y" not in problem:
        problem["y"] = y
    got: dict[str, Array] = {}
    want: dict[str, Array] = {}
    for i in layer.floats:
        if answers[i] is not None:
            got[f"d{layer.names[i]}"] = np.array(answers[i], dtype=np.float64)
            want[f"d{layer.names[i]}"] = _differences(layer, dy, inputs, i)
    return problem, got, want


def _differences(layer: Layer, dy: Array, inputs: list[Array], i: int) -> Array:
    """The gradient of ``sum(dy * forward(*inputs))`` by input i, by central differences."""
    found = np.zeros(inputs[i].shape)
    for index in np.ndindex(found.shape):
        values = []
        h = STEP * max(1.0, abs(float(inputs[i][index])))
        for sign in (1, -1):
            other = _copies(inputs)
            other[i][index] += sign * h
            values.append(float(np.sum(dy * np.asarray(layer.forward(*other)))))
        found[index] = (values[0] - values[1]) / (2 * h)
    # What is 0 by the formula is 0 here, but for rounding.
    found[np.abs(found) < 1e-9 * np.abs(found).max(initial=0.0)] = 0.0
    return found


def _copies(arrays: Sequence[Array]) -> list[Array]:
    return [array.copy() for array in arrays]


# ------------------------------------------------------------------------------------------ by formula


def _explained(layer: Layer, problems: list[Problem], got: list[Results], want: list[Results]) -> list[str]:
    """Say what `mistakes` finds; nothing unless it explains something."""
    recipe, problems = _recipe(problems, want)
    if recipe is None:
        return []
    known = [name for name in want[0] if name in recipe.results]
    constants = [_constants(layer, problem) for problem in problems]
    subject = _WithKnown(recipe)
    verdict = judge(subject, problems, _only(got, known), _only(want, known), constants)
    rest = [name for name in want[0] if name not in known and not _right(name, got, want)]
    return _sentences(recipe, verdict, rest)


def _recipe(problems: list[Problem], want: list[Results]) -> tuple[Recipe | None, list[Problem]]:
    """Return the formula of the gradients, with the problems as it reads them."""
    of = {name: name[1:] for name in want[0]}
    as_numbers: list[Problem] = [{name: array + 0.0 for name, array in problem.items()} for problem in problems]
    for given in (problems, as_numbers):  # booleans may be a mask, or numbers, as targets are
        best: Recipe | None = None
        for axes in _letterings(given[0]):
            recipe = discover(given, want, of=of, axes=axes)
            if recipe is not None and (best is None or len(recipe.results) > len(best.results)):
                best = recipe
            if best is not None and len(best.results) == len(of):
                break
        if best is not None:
            return best, given
    return None, problems


def _letterings(problem: Problem) -> list[dict[str, str] | None]:
    """Return ways to name the axes: by their lengths (None), or where some are alike, as layers usually have them."""
    shapes = {name: np.shape(array) for name, array in problem.items()}
    if all(len(set(shape)) == len(shape) for shape in shapes.values()):
        return [None]
    if any(len(shape) > 2 for shape in shapes.values()):
        return []
    elementwise = {name: "no"[2 - len(shape) :] for name, shape in shapes.items()}
    if len(shapes["dy"]) == 1:  # a number for each row
        return [elementwise | {name: "n" for name in ("dy", "y") if len(shapes.get(name, ())) == 1}]
    matrices = [name for name, shape in shapes.items() if len(shape) == 2 and name not in ("dy", "y")]
    found: list[dict[str, str]] = []
    for weights in ("oi", "io") if len(matrices) > 1 and shapes["dy"] else ():
        found.append(elementwise | {name: "ni" if k == 0 else weights for k, name in enumerate(matrices)})
    return [axes for axes in (*found, elementwise) if _fits(axes, shapes)]


def _fits(axes: dict[str, str], shapes: dict[str, tuple[int, ...]]) -> bool:
    """Whether each letter has one length."""
    lengths: dict[str, int] = {}
    pairs = [pair for name, shape in shapes.items() for pair in zip(axes[name], shape, strict=True)]
    return all(lengths.setdefault(letter, size) == size for letter, size in pairs)


def _sentences(recipe: Recipe, verdict: Verdict, rest: Sequence[str]) -> list[str]:
    found = [_sentence(recipe, mistake) for mistake in verdict.mistakes]
    found += [re.sub(TRANSPOSED, r"\1: \2 is the transpose of \3", line) for line in verdict.told if "shape" in line]
    if found and rest:
        found.append(f"{', '.join(rest)}: wrong as well, look at its own formula")
    return found


def _sentence(recipe: Recipe, mistake: Mistake) -> str:
    """Return the sentence of a mistake in plain words, with the formula that was computed and the right one."""
    right = {line.split("[")[0].split(" ")[0]: line for line in map(str, recipe.equations)}
    lines = [line for line in mistake.line.splitlines() if line]
    if len(lines) == 1 and re.fullmatch(r"d\w+(\[.*\])? = dy(\[.*?\])?", lines[0]) and mistake.kind == kinds.FACTOR:
        return f"{mistake.result}: the derivative of the activation is missing; {_compared(lines[0], right)}"
    text = f"{mistake.result}: {_plain(mistake.sentence, recipe)}" if mistake.result else mistake.sentence
    if mistake.kind == kinds.EXTRA_MASK:
        text += ", or the forward function forgets it"
    compared = _compared(lines[0], right) if len(lines) == 1 else ""
    return f"{text}; {compared}" if compared else text


def _compared(line: str, right: Mapping[str, str]) -> str:
    """Return the formula that was computed beside the right one; "" where it is the right one."""
    own = right.get(line.split("[")[0].split(" ")[0], line)
    return "" if line == own else f"got {line}, right is {own}"


def _plain(sentence: str, recipe: Recipe) -> str:
    """Return a sentence with rows in the place of their letter, and with what a factor of B or D comes from."""
    rows = recipe.constants.get("B", "")
    sentence = re.sub(rf"\b(over|along) {rows}\b", r"\1 rows", sentence) if rows else sentence
    if sentence.startswith("a mean over rows"):
        return f"it is 1/B of what it should be: {sentence}"
    for known, meaning in MEANINGS.items():
        if sentence == known:
            return f"{sentence}: {meaning}"
    divided = re.fullmatch(r"it is divided by ([A-Z])", sentence)
    if divided is not None and divided[1] in recipe.constants and divided[1] != "B":
        return f"{sentence}, how long axis {recipe.constants[divided[1]]} is: was the mean taken over features too?"
    return sentence


TRANSPOSED = r"(\w+): its shape is (\([^)]*\)), and (\([^)]*\)) is right: is it transposed\?"
MEANINGS = {
    "it is B times what it should be": "was the mean over rows (1/B) forgotten?",
    "a factor B is too much": "was the mean over rows (1/B) forgotten?",
    "it is 1/B of what it should be": "a mean over rows where a sum belongs, or 1/B twice?",
    "it is 1/D of what it should be": "was the mean taken over features too?",
    "it is 1/(B D) of what it should be": "a mean over everything, where a sum belongs?",
    "it is 2 times what it should be": "added to an old gradient (+=), or a factor of 2 too many?",
    "the factor 1 / B is missing": "was the mean over rows forgotten?",
    "the factor 1 / B stands twice": "it is to enter once",
}


def _constants(layer: Layer, problem: Problem) -> dict[str, float]:
    """The sizes by which gradients come to be too large: B rows, D features."""
    shapes = [np.shape(problem[layer.names[i]]) for i in layer.floats]
    shape = next((shape for shape in shapes if len(shape) > 1), shapes[0])
    n_rows = layer.rows if layer.rows is not None else (shape[0] if shape else 1)
    return {"B": float(n_rows), "D": float(shape[-1])} if len(shape) > 1 else {"B": float(n_rows)}


@dataclass(frozen=True)
class _WithKnown:
    """A recipe, with mistakes that are no alteration of one of its pieces."""

    recipe: Recipe

    def right(self, problem: Problem) -> Results:
        """What the recipe says."""
        return self.recipe.right(problem)

    def candidates(self) -> list[Candidate]:
        """Those of the recipe, then p (1 - p) once more, where the gradient of a loss has p - x."""
        found = list(self.recipe.candidates())
        for line in self.recipe.lines:
            name = line.split("[")[0]
            if " * " in line and "sum[" in line:
                found.append(self._only_summed(name, line))
            for logit in re.findall(r"\(sigmoid\((\w+)\[[^]]*\]\) - \w+\[[^]]*\]\)", line):
                found.append(self._again(name, logit))
        return found

    def joined(self, first: Candidate, second: Candidate) -> Candidate | None:
        """Those of the recipe."""
        return self.recipe.joined(first, second) if first.parts and second.parts else None

    def _only_summed(self, name: str, line: str) -> Candidate:
        """The sum of dy over the same axes, and nothing else."""
        axes = line.split("[")[1].split("]")[0].replace(" ", "").split(",")
        letters = self.recipe.ingredients["dy"]
        others = [each for each in self.recipe.ingredients if each != "dy" and re.search(rf"\b{each}\[", line)]

        def results(problem: Problem) -> Results:
            summed = tuple(k for k, letter in enumerate(letters) if letter not in axes)
            total = np.asarray(problem["dy"]).sum(axis=summed)
            kept = [letter for letter in letters if letter in axes]
            right = dict(self.recipe.right(problem))
            shape = [np.shape(right[name])[k] if letter in kept else 1 for k, letter in enumerate(axes)]
            order = [kept.index(letter) for letter in axes if letter in kept]
            return {**right, name: np.broadcast_to(total.transpose(order).reshape(shape), np.shape(right[name]))}

        sentence = f"it is the sum of dy alone: {' and '.join(others)} {'is' if len(others) == 1 else 'are'} missing"
        return Candidate(kinds.FACTOR, sentence, name, results)

    def _again(self, name: str, logit: str) -> Candidate:
        def results(problem: Problem) -> Results:
            p = 1 / (1 + np.exp(-np.asarray(problem[logit])))
            right = dict(self.recipe.right(problem))
            return {**right, name: np.asarray(right[name]) * p * (1 - p)}

        sentence = f"times p (1 - p) once more, p = sigmoid({logit}): in p - x it has dropped out already"
        return Candidate(kinds.EXTRA, sentence, name, results)


def _only(results: Sequence[Results], names: Sequence[str]) -> list[Results]:
    return [{name: each[name] for name in names} for each in results]


def _right(name: str, got: Sequence[Results], want: Sequence[Results]) -> bool:
    return all(alike(a[name], b[name]) for a, b in zip(got, want, strict=True))


# ------------------------------------------------------------------------------------------ entry by entry


def _elementwise(layer: Layer, problems: list[Problem], got: list[Results], want: list[Results]) -> list[str]:
    """Say what is wrong with the gradient of an activation, whatever its formula: it is dy times a slope."""
    wrong = [i for i in layer.floats if (name := f"d{layer.names[i]}") in want[0] and not _right(name, got, want)]
    if len(layer.floats) != 1 or not wrong or layer.inputs[wrong[0]].shape != np.shape(problems[0]["dy"]):
        return []
    z = layer.names[wrong[0]]
    for sentence, wrong_of in _wrong_slopes(z):
        tried = []
        for problem, right in zip(problems, want, strict=True):
            slope = right[f"d{z}"] / problem["dy"]
            tried.append(wrong_of(problem["dy"], problem[z], problem["y"], slope))
        pairs = zip(got, tried, strict=True)
        if all(alike(each[f"d{z}"], np.asarray(other, dtype=np.float64)) for each, other in pairs):
            return [f"d{z}: {sentence}"]
    return []


def _wrong_slopes(z: str) -> Iterator[tuple[str, Callable[[Array, Array, Array, Array], Array]]]:
    yield "the derivative of the activation is missing: it is dy itself", lambda dy, z, y, s: dy
    yield "dy is missing: it is the derivative of the activation alone", lambda dy, z, y, s: s
    yield f"dy times {z} itself, where the slope belongs", lambda dy, z, y, s: dy * z
    yield "dy times the output itself, where the slope belongs", lambda dy, z, y, s: dy * y
    yield "1 - y, where y is the output: the slope of tanh is 1 - y^2", lambda dy, z, y, s: dy * (1 - y)
    yield f"1 - {z}^2: the slope of tanh is 1 - y^2, where y is the output", lambda dy, z, y, s: dy * (1 - z * z)
    yield "1 - y^2, where y is the output: that is the slope of tanh", lambda dy, z, y, s: dy * (1 - y * y)
    yield "y (1 - y), where y is the output: that is the slope of sigmoid", lambda dy, z, y, s: dy * y * (1 - y)
    yield (
        f"{z} (1 - {z}): the slope of sigmoid is y (1 - y), where y is the output",
        lambda dy, z, y, s: dy * z * (1 - z),
    )
    yield f"1 where {z} > 0: that is the slope of relu", lambda dy, z, y, s: dy * (z > 0)
    yield "dy > 0 decides, where the sign of the input should", lambda dy, z, y, s: dy * (dy > 0)
