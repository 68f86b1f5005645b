"""Mutation testing: plant one small fault at a time in a module, and see whether a test of that module notices.

    python -m pip install cosmic-ray
    python scripts/mutation.py [masks/masks layers ...] [--lines 120 160] [--workers 2]

cosmic-ray writes the mutants (another operator, another number, a condition turned around, a decorator gone). Each runs
the module's own tests in a copy of the project in a temporary folder; the checkout is never touched. A mutant that no
test notices has survived: write the test that is missing, or say in results/mutation.md why the change changes nothing.
Some minutes for all four modules, so this is a script and not a test. `--lines` tries the mutants of these lines again.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import os
import queue
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, NoReturn

import hypothesis.internal.conjecture.engine
import hypothesis.strategies  # noqa: F401
import pytest
import scipy.integrate
import scipy.stats  # noqa: F401
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parents[1]
TESTS = {
    "masks/masks": ("masks/test_masks", "masks/test_sets"),
    "layers": ("test_layers",),
    "distributions/plain": ("distributions/test_plain", "distributions/test_mixtures"),
    "backends/_numpy/sampling": ("backends/test_sampling",),
}
LIMIT = 300  # seconds that the tests of a module may take
# What may stand in an operator's place: of all there is, what is hardest to tell from it.
SWAPS = {
    **{"Add": ("Sub", "Mul"), "Sub": ("Add", "Mul"), "Mul": ("Add", "Div"), "Div": ("Mul", "FloorDiv")},
    **{"FloorDiv": ("Div", "Mul"), "Mod": ("FloorDiv", "Mul"), "Pow": ("Mul", "Add")},
    **{"BitOr": ("BitAnd", "BitXor"), "BitAnd": ("BitOr", "BitXor")},
    **{"Lt": ("LtE", "GtE"), "LtE": ("Lt", "Gt"), "Gt": ("GtE", "LtE"), "GtE": ("Gt", "Lt")},
    **{"Eq": ("NotEq",), "NotEq": ("Eq",), "Is": ("IsNot",), "IsNot": ("Is",)},
}

# The same examples for every mutant, and no time spent on making a failing one small.
PROFILE = """
from hypothesis import Phase
settings.register_profile(
    "mutation", deadline=None, derandomize=True, database=None, max_examples=50,
    phases=(Phase.explicit, Phase.generate),
)
"""


class Mutant(NamedTuple):
    """A module with one fault in it."""

    line: int
    source: str
    diff: str


def passes(copy: Path, module: str, source: str) -> bool:
    """Put `source` in the module's place in a copy of the project; say whether its tests pass (False if too slow)."""
    path = copy / "made_np" / f"{module}.py"
    path.write_text(source, encoding="utf-8")
    # Compiled files are told apart by size and whole seconds, which two mutants may share.
    for stale in path.parent.glob(f"__pycache__/{path.stem}.*"):
        stale.unlink()
    # A fork has the libraries loaded already, which is more than half of the time that a short test takes.
    pid = os.fork()
    if pid == 0:
        run_tests(copy, module)
    return os.waitpid(pid, 0)[1] == 0


def run_tests(copy: Path, module: str) -> NoReturn:
    """Run the tests in this process, quietly, and end it; an endless one is ended by the alarm."""
    signal.alarm(LIMIT)
    os.chdir(copy)
    sys.path[0] = str(copy)
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    options = ["-x", "-q", "-p", "no:cacheprovider", "--tb=no", "--assert=plain", "--hypothesis-profile=mutation"]
    status = 1
    try:
        status = int(pytest.main([*options, *(f"tests/{name}.py" for name in TESTS[module])]))
    finally:
        os._exit(status)


def mutants(source: str, lines: list[int] | None = None) -> Iterator[Mutant]:
    """Yield every mutant of `source`, or of these lines of it, that could behave otherwise."""
    tree = get_ast(source)
    typed = annotations(source)
    rows = source.splitlines()
    for name in operator_names():
        kind = get_operator(name)
        if kind.arguments() or not is_near(name):
            continue
        operator = kind()
        places = (place for node in ast_nodes(tree) for place in operator.mutation_positions(node))
        for occurrence, (start, _) in enumerate(places):
            star = rows[start[0] - 1].startswith("*,", start[1])  # no product: what follows must be named
            if star or (lines and start[0] not in lines) or any(first <= start < last for first, last in typed):
                continue
            mutated = mutate_code(source, operator, occurrence)
            if is_python(mutated):
                pair = difflib.unified_diff(rows, mutated.splitlines(), lineterm="", n=0)
                changed = [line for line in pair if line[:1] in "+-" and line[:3] not in ("+++", "---")]
                yield Mutant(start[0], mutated, "\n".join(changed))


def is_near(name: str) -> bool:
    """Say whether an operator of cosmic-ray swaps one sign for another that is easily taken for it, or no sign."""
    kind, _, swap = name.partition("_")
    before, _, after = swap.partition("_")
    return kind.endswith("UnaryOperator") or not swap or after in SWAPS.get(before, ())


def is_python(source: str) -> bool:
    """Say whether `source` can be parsed: what cannot is no mutant."""
    with contextlib.suppress(SyntaxError):
        return bool(ast.parse(source))
    return False


def annotations(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return where type annotations begin and end: nobody evaluates them, so no fault can live there."""
    found = []
    for node in ast.walk(ast.parse(source)):
        for field in ("annotation", "returns"):
            hint = getattr(node, field, None)
            if hint is not None:
                found.append(((hint.lineno, hint.col_offset), (hint.end_lineno, hint.end_col_offset)))
    return found


def try_module(module: str, copies: list[Path], lines: list[int] | None) -> tuple[int, int]:
    """Print each mutant of a module that survives; return how many were tried, and how many survived."""
    source = (ROOT / "made_np" / f"{module}.py").read_text(encoding="utf-8")
    if not passes(copies[0], module, source):
        raise SystemExit(f"{module}: its tests fail without any mutant; mend them first")
    free: queue.SimpleQueue[Path] = queue.SimpleQueue()
    for copy in copies:
        free.put(copy)

    def survives(mutant: Mutant) -> bool:
        copy = free.get()
        try:
            return passes(copy, module, mutant.source)
        finally:
            free.put(copy)

    tried = list(mutants(source, lines))
    n_alive = 0
    with ThreadPoolExecutor(len(copies)) as pool:
        for k, (mutant, alive) in enumerate(zip(tried, pool.map(survives, tried), strict=True), start=1):
            print(f"{module}: {k} of {len(tried)}", end="\r", file=sys.stderr)
            if alive:
                n_alive += 1
                print(f"\nmade_np/{module}.py:{mutant.line}\n{mutant.diff}", flush=True)
    for copy in copies:
        (copy / "made_np" / f"{module}.py").write_text(source, encoding="utf-8")
    return len(tried), n_alive


def main() -> None:
    """Try the mutants of each module named, and print the survivors and a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", choices=TESTS, help="all by default")
    parser.add_argument("--lines", nargs="+", type=int, metavar="LINE", help="only the mutants of these lines")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()

    rows = ["| module | mutants | killed | survived | % |", "|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        copies = [Path(folder) / str(worker) for worker in range(args.workers)]
        for copy in copies:
            shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__", "*.egg-info"))
            with (copy / "tests" / "conftest.py").open("a", encoding="utf-8") as conftest:
                conftest.write(PROFILE)
        for module in args.modules or TESTS:
            n, survived = try_module(module, copies, args.lines)
            killed = n - survived
            rows.append(f"| {module}.py | {n} | {killed} | {survived} | {100 * killed / max(n, 1):.1f} |")
    print("", *rows, sep="\n")


if __name__ == "__main__":
    main()
