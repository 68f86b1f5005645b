"""Every way to alter one piece of a formula, each with the kind of mistake that it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from . import kinds
from .formulas import Equation, Node, replaced, walk, written

ACTIVATIONS = ("tanh", "sigmoid", "relu", "softplus")


@dataclass(frozen=True)
class Alteration:
    """_Lines that are altered, by their places, and what is wrong with them."""

    kind: str
    sentence: str
    where: str
    lines: Mapping[int, Equation]
    trait: str = ""
    """What the same mistake in other lines has in common with this one; "" if it is never made alike."""
    is_piece: bool = True
    """Whether one piece is altered, not the whole line."""


class _Lines(Protocol):
    """What `Recipe` tells of itself."""

    @property
    def equations(self) -> tuple[Equation, ...]: ...
    @property
    def ingredients(self) -> Mapping[str, str]: ...
    @property
    def constants(self) -> Mapping[str, str]: ...
    @property
    def masks(self) -> Sequence[str]: ...
    @property
    def results(self) -> Sequence[str]: ...
    @property
    def called(self) -> Mapping[str, str]: ...


@dataclass(frozen=True)
class Change:
    """One piece of a formula, altered."""

    kind: str
    sentence: str
    new: Node
    trait: str = ""


@dataclass(frozen=True)
class Page:
    """What can be seen from one line: names with their axes."""

    axes: Mapping[str, str]
    masks: frozenset[str]
    constants: Mapping[str, str]
    called: Mapping[str, str]
    whole: frozenset[str]
    """Names that hold whole numbers: degrees, orders."""
    functions: tuple[str, ...]

    def call(self, node: Node) -> str:
        """What messages call a piece."""
        text = written(node)
        return f"{self.called[text]} ({text})" if text in self.called else text

    def is_mask(self, node: Node) -> bool:
        """Whether it is a mask, or what one is made of."""
        return node.op == "name" and node.label in self.masks

    def is_constant(self, node: Node) -> bool:
        """Whether it is a number or a size."""
        inner = node.parts[0] if node.op in ("inv", "neg") else node
        return inner.op == "number" or (inner.op == "name" and inner.label in self.constants) or _is_log2(inner)


def alterations(recipe: _Lines) -> tuple[Alteration, ...]:
    """Every alteration of one line: those of single pieces first, those of whole lines later."""
    pieces: list[Alteration] = []
    wholes: list[Alteration] = []
    for k, own in enumerate(recipe.equations):
        page = _page(recipe, k)
        for path, node in walk(own.value):
            for change in _of_piece(node, page):
                new = replace(own, value=_flat(replaced(own.value, path, change.new)))
                pieces.append(Alteration(change.kind, change.sentence, own.name, {k: new}, change.trait))
        for change in _of_repeated(own.value, page):
            new = replace(own, value=_flat(change.new))
            pieces.append(Alteration(change.kind, change.sentence, own.name, {k: new}, change.trait))
        for change in _of_whole(own, page):
            new = replace(own, value=_flat(change.new))
            wholes.append(Alteration(change.kind, change.sentence, own.name, {k: new}, change.trait, is_piece=False))
        if len(own.axes) > 1 and own.name in recipe.results:
            turned = replace(own, axes=own.axes[::-1])
            wholes.append(Alteration(kinds.TRANSPOSED, "it is transposed", own.name, {k: turned}))
    return (*pieces, *wholes)


def consistent(single: Sequence[Alteration], equations: Sequence[Equation]) -> Iterator[Alteration]:
    """The same mistake wherever it can be made: every mask forgotten, every sum a mean."""
    traits = dict.fromkeys(each.trait for each in single if each.trait)
    for trait in traits:
        alike = [each for each in single if each.trait == trait]
        lines: dict[int, Equation] = {}
        for each in alike:
            for k, line in each.lines.items():
                lines.setdefault(k, line)
        if len(lines) > 1:
            where = ", ".join(equations[k].name for k in sorted(lines))
            yield Alteration(alike[0].kind, alike[0].sentence, where, lines)


def _page(recipe: _Lines, k: int) -> Page:
    """What stands above line k."""
    axes = dict(recipe.ingredients) | {each.name: each.axes for each in recipe.equations[:k]}
    nodes = [node for each in recipe.equations for _, node in walk(each.value)]
    used = {node.label for node in nodes if node.op == "call"}
    whole = {written(part) for node in nodes if node.op == "compare" for part in node.parts}
    return Page(
        axes=axes,
        masks=frozenset(recipe.masks),
        constants=recipe.constants,
        called=recipe.called,
        whole=frozenset(whole),
        functions=tuple(name for name in ACTIVATIONS if name in used),
    )


# ------------------------------------------------------------------------------------- single pieces


def _of_piece(node: Node, page: Page) -> Iterator[Change]:
    rules = {
        "mul": _of_product,
        "add": _of_sum,
        "neg": _of_negative,
        "reduce": _of_reduction,
        "name": _of_name,
        "call": _of_call,
        "compare": _of_comparison,
    }
    if node.op in rules:
        yield from rules[node.op](node, page)
    if written(node) in page.whole and not page.is_constant(node):
        for step, word in ((1, "large"), (-1, "small")):
            one = Node("number", step)
            yield Change(kinds.OFF_BY_ONE, f"{page.call(node)} is too {word} by one", Node("add", None, (node, one)))


def _of_repeated(value: Node, page: Page) -> Iterator[Change]:
    """The same change wherever a name stands, where it stands more than once."""
    places: dict[Node, list[tuple[int, ...]]] = {}
    for path, node in walk(value):
        if node.op == "name" and node.label not in page.constants:
            places.setdefault(node, []).append(path)
    for node, paths in places.items():
        if len(paths) > 1:
            for change in _of_piece(node, page):
                new = value
                for path in paths:
                    new = replaced(new, path, change.new)
                yield replace(change, new=new)


def _of_product(node: Node, page: Page) -> Iterator[Change]:
    for k, factor in enumerate(node.parts):
        left = node.parts[:k] + node.parts[k + 1 :]
        without = left[0] if len(left) == 1 else Node("mul", None, left)
        name = page.call(factor)
        if page.is_mask(factor):
            yield Change(kinds.NO_MASK, f"{factor.label} is missing", without, "no mask")
        elif page.is_constant(factor):
            yield Change(kinds.CONSTANT, f"the factor {name} is missing", without)
            twice = Node("mul", None, (*node.parts, factor))
            yield Change(kinds.CONSTANT, f"the factor {name} stands twice", twice)
        else:
            yield Change(kinds.FACTOR, f"the factor {name} is missing", without)
    for factor in node.parts:
        if not page.is_mask(factor) and not page.is_constant(factor) and factor.op != "reduce":
            twice = Node("mul", None, (*node.parts, factor))
            yield Change(kinds.EXTRA, f"the factor {page.call(factor)} stands twice", twice)


def _of_sum(node: Node, page: Page) -> Iterator[Change]:
    for k, term in enumerate(node.parts):
        left = node.parts[:k] + node.parts[k + 1 :]
        without = left[0] if len(left) == 1 else Node("add", None, left)
        inner = term.parts[0] if term.op == "neg" else term
        yield Change(kinds.TERM, f"the term {page.call(inner)} is missing", without)
        flipped = inner if term.op == "neg" else Node("neg", None, (term,))
        terms = (*node.parts[:k], flipped, *node.parts[k + 1 :])
        yield Change(kinds.SIGN, f"the sign of the term {page.call(inner)} is wrong", Node("add", None, terms))


def _of_negative(node: Node, page: Page) -> Iterator[Change]:
    yield Change(kinds.SIGN, f"the sign of {page.call(node.parts[0])} is wrong", node.parts[0])


def _of_reduction(node: Node, page: Page) -> Iterator[Change]:
    how, axes = node.label
    inner = node.parts[0]
    found = dict.fromkeys(axis for _, part in walk(inner) if part.op == "axis" for axis in part.label)
    for axis in axes:
        kept = axes.replace(axis, "")
        rest = Node("reduce", (how, kept), (inner,)) if kept else inner
        for other, words in _INSTEAD.items():
            if other != how:
                new = Node("reduce", (other, axis), (rest,))
                text = f"{words.format(axis)} stands where a {how} belongs"
                yield Change(kinds.REDUCTION, text, new, f"{how} over {axis} to {other}")
        if how in ("sum", "mean"):
            text = f"the {how} over {axis} is missing"
            yield Change(kinds.REDUCTION, text, rest)
        for other in found:
            if other not in axes:
                new = Node("reduce", (how, kept + other), (inner,))
                text = f"the {how} is taken over {other}, not over {axis}"
                yield Change(kinds.AXIS, text, new, f"{axis} to {other}")
    for other in found:
        if other not in axes:
            text = f"the {how} is taken over {other} too"
            yield Change(kinds.AXIS, text, Node("reduce", (how, axes + other), (inner,)))


_INSTEAD = {
    "mean": "a mean over {}",
    "sum": "a sum over {}",
    "first": "the first entry along {} alone",
    "last": "the last entry along {} alone",
    "max": "the largest along {}",
}


def _of_name(node: Node, page: Page) -> Iterator[Change]:
    if page.is_mask(node):
        yield from _of_mask(node, page)
        return
    if node.label in page.constants:
        for other in page.constants:
            if other != node.label:
                new = Node("name", other)
                yield Change(kinds.CONSTANT, f"{other} stands where {node.label} belongs", new)
        return
    own = page.axes.get(node.label, "")
    for other, axes in page.axes.items():
        if other != node.label and other not in page.masks and axes == own:
            new = Node("name", other, node.parts)
            text = f"{other} stands where {node.label} belongs"
            yield Change(kinds.PLACE, text, new, f"{node.label} to {other}")
    for function in page.functions:
        text = f"{function} is applied to {page.call(node)} once more"
        yield Change(kinds.FUNCTION, text, Node("call", function, (node,)))
    for k, index in enumerate(node.parts):
        if index.op != "axis":
            yield from _of_order(node, k, page)


def _of_order(node: Node, k: int, page: Page) -> Iterator[Change]:
    index = node.parts[k]
    name = page.call(index)
    instead = {
        f"the inverse of {name} stands in its place": Node("name", "?inverse", index.parts),
        "the natural order stands in its place": index.parts[0],
        f"{name} is taken backwards": Node("name", "?backwards", index.parts),
    }
    for text, new in instead.items():
        if new.op == "name":
            picked = Node("call", new.label[1:], (index,))
            parts = (*node.parts[:k], picked, *node.parts[k + 1 :])
        else:
            parts = (*node.parts[:k], new, *node.parts[k + 1 :])
        yield Change(kinds.ORDER, f"in {page.call(node)}: {text}", Node("name", node.label, parts), text)


def _of_mask(node: Node, page: Page) -> Iterator[Change]:
    name = node.label
    yield Change(kinds.NO_MASK, f"{name} is missing", Node("number", 1), "no mask")
    text = f"{name} is the wrong way round: True where no wire is"
    yield Change(kinds.MASK, text, Node("call", "off", (node,)), "off")
    yield Change(kinds.MASK, f"{name} is taken backwards", Node("call", "flip", (node,)), "flip")
    for other in sorted(page.masks - {name}):
        axes = page.axes.get(other, "")
        letters = tuple(part.label for part in node.parts)
        if len(axes) == len(letters):
            yield Change(kinds.MASK, f"{other} stands where {name} belongs", Node("name", other, node.parts))
            turned = Node("name", other, node.parts[::-1])
            yield Change(kinds.MASK, f"{other}, transposed, stands where {name} belongs", turned)
    turned = Node("name", name, node.parts[::-1])
    yield Change(kinds.TRANSPOSED, f"{name} is transposed", turned)


def _of_call(node: Node, page: Page) -> Iterator[Change]:
    inner = node.parts[0]
    name = page.call(inner)
    if node.label == "log":
        yield Change(kinds.CONSTANT, "log2 stands where log belongs: bits, not nats", Node("call", "log2", (inner,)))
    yield Change(kinds.FUNCTION, f"{node.label} of {name} is missing", inner, f"no {node.label}")
    for other in ACTIVATIONS:
        if node.label in ACTIVATIONS and other != node.label:
            text = f"{other} stands where {node.label} belongs"
            yield Change(kinds.FUNCTION, text, Node("call", other, (inner,)), f"{node.label} to {other}")


def _of_comparison(node: Node, page: Page) -> Iterator[Change]:
    for sign in (">", ">=", "<", "<="):
        if sign != node.label:
            text = f"{sign} stands where {node.label} belongs, in {written(node)}"
            yield Change(kinds.COMPARISON, text, Node("compare", sign, node.parts), f"{node.label} to {sign}")


# --------------------------------------------------------------------------------------- whole lines


def _of_whole(own: Equation, page: Page) -> Iterator[Change]:
    value = own.value
    yield Change(kinds.SIGN, "the sign is wrong", Node("neg", None, (value,)))
    yield from _constants(value, page)
    if own.name in page.masks:
        return
    for name, axes in page.axes.items():
        if axes and set(axes) <= set(own.axes):
            factor = Node("name", name, tuple(Node("axis", axis) for axis in axes))
            if name in page.masks:
                yield Change(kinds.EXTRA_MASK, f"{name} does not belong here", _times(value, factor))
            else:
                yield Change(kinds.EXTRA, f"the factor {name} is too much", _times(value, factor))
                yield Change(kinds.EXTRA_TERM, f"{name} is added", Node("add", None, (value, factor)))
        elif name in page.masks and set(axes) & set(own.axes):
            other = "".join(axis for axis in axes if axis not in own.axes)
            whole = Node("name", name, tuple(Node("axis", axis) for axis in axes))
            some = Node("reduce", ("any", other), (whole,))
            yield Change(kinds.EXTRA_MASK, f"{name} does not belong here", _times(value, some))
    for slope, name in (*_slopes(page, own), *_slopes_of_calls(own)):
        yield Change(kinds.EXTRA, f"the slope of {name} is too much", _times(value, slope))


def _constants(value: Node, page: Page) -> Iterator[Change]:
    two = Node("number", 2)
    for factor in (two, *(Node("name", name) for name in page.constants)):
        name = written(factor)
        yield Change(kinds.CONSTANT, f"a factor {name} is too much", _times(value, factor))
        yield Change(kinds.CONSTANT, f"it is divided by {name}", _times(value, Node("inv", None, (factor,))))


def _slopes(page: Page, own: Equation) -> Iterator[tuple[Node, str]]:
    """The slope of each activation, read off every value above that has the axes of this line."""
    one = Node("number", 1)
    for name, axes in page.axes.items():
        if axes and set(axes) <= set(own.axes) and name not in page.masks:
            y = Node("name", name, tuple(Node("axis", axis) for axis in axes))
            less = Node("neg", None, (y,))
            if "sigmoid" in page.functions:
                yield _times(y, Node("add", None, (one, less))), f"sigmoid at {name}"
            if "tanh" in page.functions:
                square = Node("neg", None, (_times(y, y),))
                yield Node("add", None, (one, square)), f"tanh at {name}"


def _slopes_of_calls(own: Equation) -> Iterator[tuple[Node, str]]:
    """The slope of each activation that is called in this line."""
    one = Node("number", 1)
    for _, node in walk(own.value):
        if node.op == "call" and node.label == "sigmoid":
            yield _times(node, Node("add", None, (one, Node("neg", None, (node,))))), f"sigmoid at {node.parts[0]}"
        elif node.op == "call" and node.label == "tanh":
            yield Node("add", None, (one, Node("neg", None, (_times(node, node),)))), f"tanh at {node.parts[0]}"


def _times(value: Node, factor: Node) -> Node:
    return _product(value, factor)


def _product(*factors: Node) -> Node:
    """A product, in which products are taken apart."""
    return Node("mul", None, tuple(part for each in factors for part in (each.parts if each.op == "mul" else (each,))))


def _flat(node: Node) -> Node:
    """The formula with products of products, and sums of sums, taken apart."""
    parts = [_flat(part) for part in node.parts]
    if node.op not in ("mul", "add"):
        return replace(node, parts=tuple(parts))
    return Node(
        node.op, None, tuple(inner for part in parts for inner in (part.parts if part.op == node.op else (part,)))
    )


def _is_log2(node: Node) -> bool:
    return node.op == "call" and node.label == "log" and node.parts[0] == Node("number", 2)
