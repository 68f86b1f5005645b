"""The rules of the house, read from the source: where imports may point, sizes, docstrings."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = sorted((ROOT / "made_np").rglob("*.py"))
SOURCES = PACKAGE + sorted((ROOT / "scripts").rglob("*.py"))
KERNELS = ROOT / "made_np" / "backends" / "_numba"

MAX_FILE = 400
MAX_FUNCTION = 45
LONGER = {
    "made_np/layers.py",  # a page to read from top to bottom: each layer with its derivation and an example
    "made_np/estimator/density.py __init__",  # scikit-learn wants every parameter named and assigned, nothing else
}

# A line may import from the lines above it: not from its own, not from those below.
RANKS = [
    ["_version", "heap", "lazy", "messages", "typing", "values"],
    ["cells"],
    ["validation", "files", "normal", "elementwise"],
    ["places", "layers", "masks", "optim", "schedules", "datasets"],
    ["distributions"],
    ["network"],
    ["backends"],
    ["ranks", "tracing"],
    ["model"],
    ["storage", "proofs", "diagnostics"],
    ["interop"],
    ["training", "table"],
    ["columns", "autoencoder", "grid", "sequential"],
    ["questions"],
    ["comparison", "draw", "estimator"],
    ["cluster", "demos", "explore", "learn"],
    ["cli"],
    ["__init__", "__main__"],
]
RANK = {name: rank for rank, names in enumerate(RANKS) for name in names}
RANK["testing"] = 0  # it imports nothing of the rest, and anyone may import it


def is_type_checking(node: ast.AST) -> bool:
    """True for an `if TYPE_CHECKING:` block: it never runs."""
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def running_nodes(tree: ast.AST, *, functions: bool) -> Iterator[ast.AST]:
    """Every node that can run; without `functions` only what runs when the module is imported."""
    todo = [tree]
    while todo:
        for node in ast.iter_child_nodes(todo.pop()):
            inside_call = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            if not is_type_checking(node) and (functions or not inside_call):
                yield node
                todo.append(node)


def imported(tree: ast.AST, *, functions: bool, folder: str = "made_np") -> set[str]:
    """Full names of all that is imported, "made_np.masks.make_order" for a name of a module.

    `folder` is the package that the file lies in: what relative imports start from.
    """
    names = set()
    for node in running_nodes(tree, functions=functions):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = folder.split(".")[: folder.count(".") + 2 - node.level] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return names


def imports_of(path: Path, *, functions: bool) -> set[str]:
    """Full names of all that a file of the package imports."""
    folder = ".".join(path.parent.relative_to(ROOT).parts)
    return imported(parse(path), functions=functions, folder=folder)


def own_parts(names: set[str]) -> set[str]:
    """The parts of made_np among `names`; the package itself counts as its `__init__`."""
    parts = [name.split(".") for name in names if name.split(".")[0] == "made_np"]
    second = {part[1] if len(part) > 1 else "__init__" for part in parts}
    return {name if name in PARTS else "__init__" for name in second}


def part_of(path: Path) -> str:
    """The part of the package that a file belongs to: the name that has a rank."""
    return path.relative_to(ROOT / "made_np").parts[0].removesuffix(".py")


PARTS = {part_of(path) for path in PACKAGE}


def docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many lines of a function are its docstring."""
    first = node.body[0]
    has_one = ast.get_docstring(node) is not None
    return (first.end_lineno or 0) - first.lineno + 1 if has_one else 0


def functions_of(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions and methods, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def without_docstring(tree: ast.Module) -> Iterator[str]:
    """Names of the module, its public functions, classes and methods that lack a docstring."""
    if ast.get_docstring(tree) is None:
        yield "the module"
    todo: list[ast.Module | ast.ClassDef] = [tree]
    while todo:
        for node in todo.pop().body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            if not node.name.startswith("_") and ast.get_docstring(node) is None:
                yield f"{node.name} (line {node.lineno})"
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                todo.append(node)


def packed(tree: ast.AST) -> Iterator[int]:
    """Lines of assignments that pair names with values, `a, b = x, y`: a reader has to count along.

    One that exchanges values needs both sides at once.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            targets = [target for target in node.targets if isinstance(target, ast.Tuple)]
            later = [part for value in node.value.elts[1:] for part in ast.walk(value) if isinstance(part, ast.expr)]
            read = {ast.unparse(part) for part in later}
            written = {ast.unparse(to) for target in targets for to in target.elts}
            if targets and not written & read:
                yield node.lineno


def first_sentence(tree: ast.Module) -> str:
    """What a file says that it is, on one line."""
    paragraph = " ".join((ast.get_docstring(tree) or "").split("\n\n")[0].split())
    return re.split(r"(?<=[.?!])\s", paragraph)[0]


def tree_of_contributing() -> list[str]:
    """The folders and pages that CONTRIBUTING says there are."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("```text\nmade_np/\n")[1].split("```")[0]
    return [line.split()[0].rstrip("/").removesuffix(".py") for line in text.splitlines()]


DISTRIBUTIONS = ROOT / "made_np" / "distributions"


@cache
def classes_of_distributions() -> set[str]:
    """Names of the classes that are distributions of one kind or another, read from their folder."""
    classes = [node for path in DISTRIBUTIONS.glob("*.py") for node in ast.walk(parse(path))]
    found = {"Distribution"}
    while True:
        more = {
            node.name
            for node in classes
            if isinstance(node, ast.ClassDef) and {ast.unparse(base) for base in node.bases} & found
        }
        if more <= found:
            return found - {"Distribution"}
        found |= more


def told_apart(tree: ast.AST, classes: set[str]) -> Iterator[int]:
    """Lines that ask which distribution it is: by `isinstance`, by a comparison of classes, by a table of classes."""
    for node in ast.walk(tree):
        parts: list[ast.AST] = []
        if isinstance(node, ast.Call):
            asks = isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "issubclass")
            parts = list(node.args[1:]) if asks else []
        elif isinstance(node, ast.Compare):
            parts = [side for side in (node.left, *node.comparators) if not isinstance(side, ast.Call)]
        elif isinstance(node, ast.Dict):
            parts = [key for key in node.keys if key is not None]
        elif isinstance(node, ast.match_case):
            parts = [node.pattern]
        names = {
            each.id if isinstance(each, ast.Name) else each.attr
            for part in parts
            for each in ast.walk(part)
            if isinstance(each, ast.Name | ast.Attribute)
        }
        if names & classes:
            yield node.lineno if hasattr(node, "lineno") else node.pattern.lineno  # type: ignore[attr-defined]


@cache
def parse(path: Path) -> ast.Module:
    """Syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def name_of(path: Path) -> str:
    """Path within the repository, for messages and test names."""
    return path.relative_to(ROOT).as_posix()


def by_file(found_in: Callable[[Path], Iterable[object]], paths: Iterable[Path]) -> dict[str, list[object]]:
    """Names of files in which something is found, with all of it; a test for each file would take much longer."""
    found = {name_of(path): list(found_in(path)) for path in paths}
    return {name: each for name, each in found.items() if each}


def test_what_is_found_is_told_by_file() -> None:
    first = PACKAGE[0]
    assert by_file(lambda path: [path.name] if path == first else [], PACKAGE) == {name_of(first): [first.name]}


def not_below(path: Path) -> list[str]:
    """Parts that a file imports, and that do not stand below its own."""
    own = part_of(path)
    others = own_parts(imports_of(path, functions=True)) - {own}
    return sorted(name for name in others if RANK.get(name, 0) >= RANK[own])


def test_every_file_has_a_rank_and_imports_downwards() -> None:
    without = {part_of(path) for path in PACKAGE} - set(RANK)
    assert not without, "give each its place in RANKS"
    assert not by_file(not_below, PACKAGE), "these do not stand below the file that imports them"


def test_testing_knows_nothing_of_the_model() -> None:
    files = [path for path in PACKAGE if part_of(path) == "testing"]
    assert files
    for path in files:
        assert own_parts(imports_of(path, functions=True)) <= {"testing"}, name_of(path)


def optional(path: Path) -> set[str]:
    """What is imported with a module, though it may not be installed."""
    tops = {name.split(".")[0] for name in imports_of(path, functions=False)}
    allowed = {"numpy", "made_np", *sys.stdlib_module_names}
    if KERNELS in path.parents:  # which nothing imports before it asks for that backend
        allowed |= {"numba", "llvmlite"}
    return tops - allowed


def test_nothing_optional_is_imported_with_the_module() -> None:
    assert not by_file(optional, PACKAGE), "import it inside the function that needs it"


def too_long(path: Path) -> Iterator[tuple[str, int]]:
    """A file that is too long and each of its functions that are, with their lines."""
    lines = path.read_text(encoding="utf-8").count("\n")
    if lines > MAX_FILE and name_of(path) not in LONGER:
        yield "the file", lines
    for node in functions_of(parse(path)):
        size = (node.end_lineno or 0) - node.lineno + 1 - docstring_lines(node)
        if size > MAX_FUNCTION and f"{name_of(path)} {node.name}" not in LONGER:
            yield node.name, size


def test_files_and_functions_stay_small() -> None:
    assert not by_file(too_long, SOURCES), "look for the second idea in each of these"


def test_a_file_is_one_idea_said_without_and() -> None:
    ands = by_file(lambda path: re.findall(r"\band\b", first_sentence(parse(path))), SOURCES)
    assert not ands, "say one idea, or look for the second file"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ('"""One idea.\n\nThis and that."""', "One idea."),
        ('"""One idea, said\non two lines. This and that."""', "One idea, said on two lines."),
        ('"""Is it one? Yes and no."""', "Is it one?"),
        ('"""Reads `a.b` and c."""', "Reads `a.b` and c."),
        ("x = 1", ""),
    ],
)
def test_the_first_sentence_ends_where_it_ends(source: str, sentence: str) -> None:
    assert first_sentence(ast.parse(source)) == sentence


def test_contributing_shows_the_tree_that_there_is_in_the_order_of_its_imports() -> None:
    shown = tree_of_contributing()
    assert set(shown) == PARTS - {"__init__", "__main__", "_version"}
    assert len(set(shown)) == len(shown)
    ranks = [RANK[name] for name in shown if name != "testing"]
    assert ranks == sorted(ranks, reverse=True)


def test_one_name_takes_one_value() -> None:
    assert not by_file(lambda path: packed(parse(path)), SOURCES), "give each name a line of its own"


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("a, b = 1, 2", [1]),
        ("x = 1\nself.a, self.b = f(), g()", [2]),
        ("(a, b) = [c, d] = 1, 2", [1]),
        ("a, b = b, a", []),
        ("a[0], a[1] = a[1], a[0]", []),
        ("a, b = f()", []),
        ("a = 1, 2", []),
        ("for a, b in c: ...", []),
    ],
)
def test_the_walk_sees_packed_assignments(source: str, lines: list[int]) -> None:
    assert list(packed(ast.parse(source))) == lines


def test_everything_public_says_what_it_is() -> None:
    assert not by_file(lambda path: without_docstring(parse(path)), PACKAGE)


@pytest.mark.parametrize(
    ("source", "at_import", "in_all"),
    [
        ("import a.b, c", {"a.b", "c"}, {"a.b", "c"}),
        ("from a import b", {"a.b"}, {"a.b"}),
        ("def f():\n    import a", set(), {"a"}),
        ("class C:\n    import a", {"a"}, {"a"}),
        ("try:\n    import a\nexcept ImportError:\n    a = None", {"a"}, {"a"}),
        ("if TYPE_CHECKING:\n    import a", set(), set()),
        ("from . import a", {"made_np.testing.a"}, {"made_np.testing.a"}),
        ("from .a import b", {"made_np.testing.a.b"}, {"made_np.testing.a.b"}),
        ("from ..a import b", {"made_np.a.b"}, {"made_np.a.b"}),
    ],
)
def test_the_walk_sees_every_import(source: str, at_import: set[str], in_all: set[str]) -> None:
    tree, folder = ast.parse(source), "made_np.testing"
    assert imported(tree, functions=False, folder=folder) == at_import
    assert imported(tree, functions=True, folder=folder) == in_all


def test_nobody_asks_which_distribution_it_is() -> None:
    classes = classes_of_distributions()
    others = [path for path in PACKAGE if DISTRIBUTIONS not in path.parents]
    lines = by_file(lambda path: told_apart(parse(path), classes), others)
    assert not lines, "ask the distribution itself: one that somebody registers is none of these"


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("isinstance(x, Gaussian)", [1]),
        ("isinstance(x, plain.Gaussian | Bernoulli)", [1]),
        ("1\nissubclass(K, (str, Categorical))", [2]),
        ("type(x) is Gaussian", [1]),
        ("type(x) in (Bernoulli, Categorical)", [1]),
        ("{Bernoulli: 1}", [1]),
        ("match x:\n    case Gaussian():\n        ...", [2]),
        ("isinstance(x, Distribution)", []),
        ("x = [Gaussian(), {'bernoulli': Bernoulli}]", []),
        ("made.output == Gaussian()", []),
    ],
)
def test_the_walk_sees_who_asks_which_distribution_it_is(source: str, lines: list[int]) -> None:
    assert list(told_apart(ast.parse(source), classes_of_distributions())) == lines


def test_the_walk_sees_what_lacks_a_docstring() -> None:
    source = "def f(): ...\ndef _f(): ...\nclass C:\n    def g(self): ...\n    def _g(self): ..."
    found = set(without_docstring(ast.parse(source)))
    assert found == {"the module", "f (line 1)", "C (line 3)", "g (line 4)"}


def test_no_script_hides_a_module_of_python() -> None:
    """PYTHONPATH may name their folder: before Python 3.11 a `site` there would be taken for Python's own."""
    names = {path.stem for path in (ROOT / "scripts").iterdir()}
    assert not names & sys.stdlib_module_names
