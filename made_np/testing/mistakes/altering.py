"""Every alteration of a page of formulas: of single pieces, of whole lines, of all lines alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from . import kinds
from .formulas import Equation, Node, replaced, walk, written
from .pages import ACTIVATIONS, Page, flat
from .pieces import of_piece, of_repeated
from .whole import of_whole


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
    @property
    def functions(self) -> Sequence[str]: ...


def alterations(recipe: _Lines) -> tuple[Alteration, ...]:
    """Every alteration of one line: those of single pieces first, those of whole lines later."""
    pieces: list[Alteration] = []
    wholes: list[Alteration] = []
    for k, own in enumerate(recipe.equations):
        page = _page(recipe, k)
        for path, node in walk(own.value):
            for change in of_piece(node, page):
                new = replace(own, value=flat(replaced(own.value, path, change.new)))
                pieces.append(Alteration(change.kind, change.sentence, own.name, {k: new}, change.trait))
        for change in of_repeated(own.value, page):
            new = replace(own, value=flat(change.new))
            pieces.append(Alteration(change.kind, change.sentence, own.name, {k: new}, change.trait))
        for change in of_whole(own, page):
            new = replace(own, value=flat(change.new))
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
    used = {node.label for node in nodes if node.op == "call"} | set(recipe.functions)
    factors = [part for node in nodes if node.op == "mul" for part in node.parts if part.op == "add"]
    whole = {written(part) for node in nodes if node.op == "compare" for part in node.parts}
    return Page(
        axes=axes,
        masks=frozenset(recipe.masks),
        constants=recipe.constants,
        called=recipe.called,
        whole=frozenset(whole),
        functions=tuple(name for name in ACTIVATIONS if name in used),
        pieces=tuple((part, _axes_of(part)) for part in dict.fromkeys(factors)),
    )


def _axes_of(node: Node) -> str:
    """The axes of a piece without sums over axes."""
    return "".join(dict.fromkeys(part.label for _, part in walk(node) if part.op == "axis"))
