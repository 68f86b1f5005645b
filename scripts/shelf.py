"""Print the shelf of the package, room by room.

    python scripts/shelf.py [ROOT]

A room is a module beside `made_np/__init__.py`, or a folder. An arrow is an import of one room by another. A floor is
the length of the longest path of arrows below a room. Both come from the source: every import statement counts, those
inside functions too, but for those that only a type checker reads.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

Arrows = Mapping[str, set[str]]


def modules_of(root: Path) -> dict[str, Path]:
    """Return each module of the package below `root` by its full name."""
    found = {}
    for path in sorted((root / "made_np").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def running(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every node that can run."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")):
            yield node
            yield from running(node)


def imports_of(name: str, path: Path) -> Iterator[str]:
    """Yield the full names that a module imports: "made_np.masks.masks.make_order"."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in running(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def room_of(name: str) -> str:
    """Return the room of a module: the package itself is the room "__init__"."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def arrows_of(modules: Mapping[str, Path]) -> dict[str, set[str]]:
    """Return the rooms that each room imports."""
    arrows: dict[str, set[str]] = {room_of(name): set() for name in modules}
    for name, path in modules.items():
        for imported in imports_of(name, path):
            if imported.split(".")[0] == "made_np":
                to = room_of(imported)
                arrows[room_of(name)].add(to if to in arrows else "__init__")
    return {room: below - {room} for room, below in arrows.items()}


def floors_of(arrows: Arrows) -> dict[str, int]:
    """Return the floor of each room, 0 at the bottom; a circle of imports is an error."""
    open_rooms: set[str] = set()

    @cache
    def floor(room: str) -> int:
        if room in open_rooms:
            raise SystemExit(f"a circle of imports goes through {room}")
        open_rooms.add(room)
        height = 1 + max(map(floor, arrows[room]), default=-1)
        open_rooms.discard(room)
        return height

    return {room: floor(room) for room in arrows}


def idea_of(path: Path) -> str:
    """Return the first line of a module's docstring."""
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def main() -> None:
    """Print the tree, then the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", nargs="?", type=Path, default=Path(__file__).resolve().parents[1])
    root = parser.parse_args().root
    modules = modules_of(root)
    arrows = arrows_of(modules)
    floors = floors_of(arrows)
    for room in sorted(arrows, key=lambda room: (floors[room], room)):
        path = modules["made_np" if room == "__init__" else f"made_np.{room}"]
        shown = f"{room}/" if path.name == "__init__.py" and room != "__init__" else f"{room}.py"
        print(f"{floors[room]:2}  {shown:<18} {idea_of(path)}")
    n_arrows = sum(map(len, arrows.values()))
    print(f"{len(arrows)} rooms, {max(floors.values()) + 1} floors, {n_arrows} arrows, {len(modules)} modules")


if __name__ == "__main__":
    main()
