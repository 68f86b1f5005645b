"""What an alteration may look at: the names that stand above a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from .formulas import Node, written

ACTIVATIONS = ("tanh", "sigmoid", "relu", "softplus")


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
    pieces: tuple[tuple[Node, str], ...]
    """Sums that are factors somewhere, each with its axes: what a value may have been overwritten by."""

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


def any_of(name: str, page: Page, kept: set[str]) -> Node:
    """A mask by units: whether it is True anywhere along the axes that are not kept."""
    axes = page.axes[name]
    whole = Node("name", name, tuple(Node("axis", axis) for axis in axes))
    return Node("reduce", ("any", "".join(axis for axis in axes if axis not in kept)), (whole,))


def times(*factors: Node) -> Node:
    """A product, in which products are taken apart."""
    return Node("mul", None, tuple(part for each in factors for part in (each.parts if each.op == "mul" else (each,))))


def flat(node: Node) -> Node:
    """The formula with products of products, and sums of sums, taken apart."""
    parts = [flat(part) for part in node.parts]
    if node.op not in ("mul", "add"):
        return replace(node, parts=tuple(parts))
    return Node(
        node.op, None, tuple(inner for part in parts for inner in (part.parts if part.op == node.op else (part,)))
    )


def _is_log2(node: Node) -> bool:
    return node.op == "call" and node.label == "log" and node.parts[0] == Node("number", 2)
