"""Rooms of made_np, each with the tests that answer for it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

NAMES = (
    *("masks", "layers", "distributions", "columns", "draw", "sampling", "model"),
    *("training", "storage", "table", "questions", "estimator", "testing"),
)
"""Folders or modules of made_np, whose tests have the same place below `tests`, but for what ELSEWHERE says."""
ELSEWHERE = {
    "sampling": (
        ("backends/_numpy",),
        ("backends/test_sampling.py", "backends/test_panels.py", "backends/test_backends.py", "network"),
    ),
    "model": (("model",), ("model", "test_bad_input.py")),
    "layers": (("layers.py",), ("test_layers.py", "test_own_activation.py")),
    "draw": (("draw",), ("draw", "test_drawing_sampling.py")),
}
"""Rooms with other files than their name says: of made_np, of its tests."""


class Room(NamedTuple):
    """Files of a project, as paths within it.

    Attributes
    ----------
    name : str
    sources : tuple of str
        Files in which faults are planted.
    tests : tuple of str
        Files whose tests should notice.
    """

    name: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]


def room_of(name: str, root: Path) -> Room:
    """Return the room of this name in the project that lies in `root`."""
    of_package = [name if (root / "made_np" / name).is_dir() else f"{name}.py"]
    of_tests = [name if (root / "tests" / name).is_dir() else f"test_{name}.py"]
    sources, tests = ELSEWHERE.get(name, (of_package, of_tests))
    return Room(name, files(root, "made_np", sources), files(root, "tests", tests, "test_*.py"))


def files(root: Path, folder: str, places: tuple[str, ...] | list[str], pattern: str = "*.py") -> tuple[str, ...]:
    """Return the files at these places below a folder of the project, in order."""
    found = []
    for place in places:
        path = root / folder / place
        found += sorted(path.rglob(pattern)) if path.is_dir() else [path]
    return tuple(path.relative_to(root).as_posix() for path in found)


def is_own(test: str, source: str) -> bool:
    """Say whether a file of tests has the name of a file of the package: `tests/a/test_b.py` has that of `a/b.py`."""
    return Path(test).name == f"test_{Path(source).name}"
