"""Every way to alter one piece of a formula, each with the kind of mistake that it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from . import kinds
from .formulas import Node, replaced, walk, written
from .pages import ACTIVATIONS, Change, Page, any_of, times


def of_piece(node: Node, page: Page) -> Iterator[Change]:
    """What can be wrong with a piece, whatever stands around it."""
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


def of_repeated(value: Node, page: Page) -> Iterator[Change]:
    """The same change wherever a name stands, where it stands more than once."""
    places: dict[Node, list[tuple[int, ...]]] = {}
    for path, node in walk(value):
        if node.op == "name" and node.label not in page.constants:
            places.setdefault(node, []).append(path)
    for node, paths in places.items():
        if len(paths) > 1:
            for change in of_piece(node, page):
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
    for k, factor in enumerate(node.parts):
        for new, name in _other_slopes(factor):
            text = f"the slope of {name} stands where {page.call(factor)} belongs"
            parts = (*node.parts[:k], new, *node.parts[k + 1 :])
            yield Change(kinds.FUNCTION, text, Node("mul", None, parts))
    for factor in node.parts:
        if not page.is_mask(factor) and not page.is_constant(factor) and factor.op != "reduce":
            twice = Node("mul", None, (*node.parts, factor))
            yield Change(kinds.EXTRA, f"the factor {page.call(factor)} stands twice", twice)


def _other_slopes(factor: Node) -> Iterator[tuple[Node, str]]:
    """The slopes of activations that may have been taken for a factor like 1 - y * y."""
    names = dict.fromkeys(part for _, part in walk(factor) if part.op == "name")
    if len(names) != 1 or factor.op not in ("add", "call"):
        return
    (y,) = names
    one = Node("number", 1)
    less = Node("add", None, (one, Node("neg", None, (y,))))
    yield times(y, less), "sigmoid"
    yield Node("add", None, (one, Node("neg", None, (times(y, y),)))), "tanh"
    yield Node("call", "step", (y,)), "relu"


def _of_sum(node: Node, page: Page) -> Iterator[Change]:
    for k, term in enumerate(node.parts):
        left = node.parts[:k] + node.parts[k + 1 :]
        without = left[0] if len(left) == 1 else Node("add", None, left)
        inner = term.parts[0] if term.op == "neg" else term
        is_step = inner.op == "number" and abs(inner.label) == 1 and len(node.parts) == 2
        is_count = is_step and any(part.op == "call" and part.label == "inverse" for part in node.parts)
        kind = kinds.OFF_BY_ONE if is_count else kinds.TERM
        yield Change(kind, f"the term {page.call(inner)} is missing", without)
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
        for part in ("first", "last") if how == "sum" else ():
            left_out = Node("reduce", (f"sum_but_{part}", axis), (rest,))
            yield Change(kinds.OFF_BY_ONE, f"the {part} entry along {axis} is left out of the sum", left_out)
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
    for piece, axes in page.pieces:
        names = [part.label for _, part in walk(piece) if part.op == "name"]
        if axes == own and node.label in names and set(names) <= set(page.axes):
            text = f"{written(piece)} stands where {node.label} belongs: was {node.label} written to?"
            yield Change(kinds.IN_PLACE, text, piece)
    for name in sorted(page.masks):
        shared = [part for part in node.parts if part.label in page.axes.get(name, "")]
        if shared and len(shared) < len(page.axes[name]) and all(part.op == "axis" for part in node.parts):
            text = f"{name} is laid on {node.label}"
            yield Change(kinds.EXTRA_MASK, text, times(node, any_of(name, page, {part.label for part in shared})))
    for function in () if written(node) in page.whole else page.functions:
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
    for part in node.parts:
        if len(node.parts) > 1:
            text = f"{name} is laid on whole units, not on single wires"
            yield Change(kinds.MASK, text, any_of(name, page, {part.label}))
    turned = Node("name", name, node.parts[::-1])
    yield Change(kinds.TRANSPOSED, f"{name} is transposed", turned)


def _of_call(node: Node, page: Page) -> Iterator[Change]:
    inner = node.parts[0]
    name = page.call(inner)
    if node.label == "log":
        yield Change(kinds.CONSTANT, "log2 stands where log belongs: bits, not nats", Node("call", "log2", (inner,)))
    if node.label == "inverse":
        yield from _of_inverse(node, page)
        return
    yield Change(kinds.FUNCTION, f"{node.label} of {name} is missing", inner, f"no {node.label}")
    for other in ACTIVATIONS:
        if node.label in ACTIVATIONS and other != node.label:
            text = f"{other} stands where {node.label} belongs"
            yield Change(kinds.FUNCTION, text, Node("call", other, (inner,)), f"{node.label} to {other}")


def _of_inverse(node: Node, page: Page) -> Iterator[Change]:
    inner = node.parts[0]
    name = inner.label
    text = f"{name} stands where the places of the features belong, its inverse"
    yield Change(kinds.ORDER, text, inner)
    yield Change(kinds.ORDER, f"{name} is not used: it is the natural order", Node("call", "natural", (inner,)))
    backwards = Node("call", "inverse", (Node("call", "backwards", (inner,)),))
    yield Change(kinds.ORDER, f"{name} is taken backwards", backwards)
    yield Change(
        kinds.ORDER,
        f"the natural order is taken, backwards, not {name}",
        Node("call", "backwards", (Node("call", "natural", (inner,)),)),
    )


def _of_comparison(node: Node, page: Page) -> Iterator[Change]:
    for sign in (">", ">=", "<", "<="):
        if sign != node.label:
            text = f"{sign} stands where {node.label} belongs, in {written(node)}"
            yield Change(kinds.COMPARISON, text, Node("compare", sign, node.parts), f"{node.label} to {sign}")
