"""Every way to alter a line as a whole: its sign, a factor too many, a mask that does not belong there."""

from __future__ import annotations

from collections.abc import Iterator

from . import kinds
from .formulas import Equation, Node, walk, written
from .pages import Change, Page, any_of, times


def of_whole(own: Equation, page: Page) -> Iterator[Change]:
    """What can be wrong with a line as a whole."""
    value = own.value
    yield Change(kinds.SIGN, "the sign is wrong", Node("neg", None, (value,)))
    yield from _constants(value, page)
    if own.name in page.masks:
        return
    for name, axes in page.axes.items():
        if axes and set(axes) <= set(own.axes):
            factor = Node("name", name, tuple(Node("axis", axis) for axis in axes))
            if name in page.masks:
                yield Change(kinds.EXTRA_MASK, f"{name} does not belong here", times(value, factor))
            else:
                yield Change(kinds.EXTRA, f"the factor {name} is too much", times(value, factor))
                yield Change(kinds.EXTRA_TERM, f"{name} is added", Node("add", None, (value, factor)))
        elif name in page.masks and set(axes) & set(own.axes):
            some = any_of(name, page, set(own.axes))
            yield Change(kinds.EXTRA_MASK, f"{name} does not belong here", times(value, some))
    for slope, name in (*_slopes(page, own), *_slopes_of_calls(own)):
        yield Change(kinds.EXTRA, f"the slope of {name} is too much", times(value, slope))


def _constants(value: Node, page: Page) -> Iterator[Change]:
    two = Node("number", 2)
    for factor in (two, *(Node("name", name) for name in page.constants)):
        name = written(factor)
        yield Change(kinds.CONSTANT, f"a factor {name} is too much", times(value, factor))
        yield Change(kinds.CONSTANT, f"it is divided by {name}", times(value, Node("inv", None, (factor,))))


def _slopes(page: Page, own: Equation) -> Iterator[tuple[Node, str]]:
    """The slope of each activation, read off every value above that has the axes of this line."""
    one = Node("number", 1)
    for name, axes in page.axes.items():
        if axes and set(axes) <= set(own.axes) and name not in page.masks:
            y = Node("name", name, tuple(Node("axis", axis) for axis in axes))
            less = Node("neg", None, (y,))
            if "sigmoid" in page.functions:
                yield times(y, Node("add", None, (one, less))), f"sigmoid at {name}"
            if "tanh" in page.functions:
                square = Node("neg", None, (times(y, y),))
                yield Node("add", None, (one, square)), f"tanh at {name}"


def _slopes_of_calls(own: Equation) -> Iterator[tuple[Node, str]]:
    """The slope of each activation that is called in this line."""
    one = Node("number", 1)
    for _, node in walk(own.value):
        if node.op == "call" and node.label == "sigmoid":
            yield times(node, Node("add", None, (one, Node("neg", None, (node,))))), f"sigmoid at {node.parts[0]}"
        elif node.op == "call" and node.label == "tanh":
            yield Node("add", None, (one, Node("neg", None, (times(node, node),)))), f"tanh at {node.parts[0]}"
