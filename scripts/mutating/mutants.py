"""Faults that a source file could have: another operator, another number, a condition turned around.

cosmic-ray (`pip install cosmic-ray`) writes them.
"""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# What may stand in an operator's place: of all there is, what is hardest to tell from it.
SWAPS = {
    **{"Add": ("Sub", "Mul"), "Sub": ("Add", "Mul"), "Mul": ("Add", "Div"), "Div": ("Mul", "FloorDiv")},
    **{"FloorDiv": ("Div", "Mul"), "Mod": ("FloorDiv", "Mul"), "Pow": ("Mul", "Add")},
    **{"BitOr": ("BitAnd", "BitXor"), "BitAnd": ("BitOr", "BitXor")},
    **{"Lt": ("LtE", "GtE"), "LtE": ("Lt", "Gt"), "Gt": ("GtE", "LtE"), "GtE": ("Gt", "Lt")},
    **{"Eq": ("NotEq",), "NotEq": ("Eq",), "Is": ("IsNot",), "IsNot": ("Is",)},
}


class Mutant(NamedTuple):
    """A fault that could be planted.

    Attributes
    ----------
    file : str
        Path within the project.
    line : int
    operator : str
        Name of what cosmic-ray does.
    occurrence : int
        Which of the places in the file where it could.
    fingerprint : str
        Says which it is as long as its line reads the same, wherever that line moves to.
    """

    file: str
    line: int
    operator: str
    occurrence: int
    fingerprint: str


def mutants(root: Path, file: str) -> Iterator[Mutant]:
    """Yield every mutant of a file that could behave otherwise."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    source = (root / file).read_text(encoding="utf-8")
    nodes = list(ast_nodes(get_ast(source)))
    nobody_runs = list(never_run(source))
    rows = source.splitlines()
    alike: Counter[str] = Counter()
    for name in sorted(operator_names()):
        kind = get_operator(name)
        if kind.arguments() or not is_near(name):
            continue
        operator = kind()
        places = (place for node in nodes for place in operator.mutation_positions(node))
        for occurrence, (start, _) in enumerate(places):
            row = rows[start[0] - 1]
            star = row.startswith("*,", start[1])  # no product: what follows must be named
            if star or any(first <= start < last for first, last in nobody_runs):
                continue
            column = start[1] - (len(row) - len(row.lstrip()))
            said = f"{file}\n{row.strip()}\n{column}\n{name}"
            alike[said] += 1
            fingerprint = hashlib.sha256(f"{said}\n{alike[said]}".encode()).hexdigest()[:10]
            yield Mutant(file, start[0], name, occurrence, fingerprint)


def sample(root: Path, sources: tuple[str, ...], seed: int) -> list[Mutant]:
    """Return all mutants of these files in an order at random, which is the same while their lines are."""
    found = [mutant for file in sources for mutant in mutants(root, file)]
    return sorted(found, key=lambda mutant: hashlib.sha256(f"{seed} {mutant.fingerprint}".encode()).hexdigest())


def mutated(source: str, mutant: Mutant) -> str | None:
    """Return `source` with the fault in it; None if that is no Python, or no other Python."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    changed = mutate_code(source, get_operator(mutant.operator)(), mutant.occurrence)
    try:
        is_other = ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source))
    except SyntaxError:
        return None
    return changed if is_other else None


def is_near(name: str) -> bool:
    """Say whether an operator of cosmic-ray swaps one sign for another that is easily taken for it, or no sign."""
    kind, _, swap = name.partition("_")
    before, _, after = swap.partition("_")
    return kind.endswith("UnaryOperator") or not swap or after in SWAPS.get(before, ())


def never_run(source: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield where begins and ends what nobody runs, so that no fault can live there: hints about types."""
    for node in ast.walk(ast.parse(source)):
        hints = [getattr(node, field, None) for field in ("annotation", "returns")]
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            hints.append(node)
        for hint in hints:
            if hint is not None:
                yield (hint.lineno, hint.col_offset), (hint.end_lineno or 0, hint.end_col_offset or 0)
