"""The mutation script tells the faults that tests notice from those that they do not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("the script forks, and limits memory", allow_module_level=True)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from mutating.mutants import Mutant, never_run
from mutating.page import page
from mutating.reach import Reached, answerable, is_inside_function, statement
from mutating.rooms import NAMES, is_own, room_of
from mutating.tally import Tally, wilson
from mutating.trial import KILLED, SURVIVED, UNREACHED, Tried, changed_lines, within

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
PLANTED = """
TWICE = 2


def count(n: int) -> int:
    while n > 0:
        n -= 1
    return n


def spare(x: float) -> float:
    return x * 3


def once(x: float) -> float:
    return x + 3
"""
TESTS = """
import planted_here  # noqa: F401
from made_np.planted import TWICE, count, once

ONCE = once(2)


def test_counts():
    assert count(3) == 0
    assert TWICE < 4
    assert ONCE == 5


def test_fails():
    assert count(0) == 1
"""
RUN = """
import sys
sys.path.insert(0, {scripts!r})
import mutation
from mutating import forks, trial
forks.LIBRARIES = ("pytest", "hypothesis.strategies")
trial.SPARE = 0.5
mutation.main()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one module and one file of tests, of which one fails."""
    root = tmp_path / "project"
    for name, text in {
        "made_np/__init__.py": "",
        "made_np/planted.py": PLANTED,
        "tests/conftest.py": "from hypothesis import settings\n",
        "tests/planted_here.py": "",
        "tests/test_planted.py": TESTS,
        "setup.cfg": "[tool:pytest]\npythonpath = tests\naddopts = --import-mode=importlib\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def mutate(project: Path, *arguments: str) -> dict[str, dict[str, dict[str, str]]]:
    """Run the script on the planted module; return what it stored."""
    store = project.parent / "mutation.json"
    command = [sys.executable, "-c", RUN.format(scripts=str(SCRIPTS)), "planted"]
    command += ["--root", str(project), "--store", str(store), "--workers", "1", *arguments]
    told = subprocess.run(command, capture_output=True, text=True, check=False, cwd=project.parent)
    assert told.returncode == 0, told.stderr
    assert store.with_suffix(".md").read_text() in told.stdout
    found: dict[str, dict[str, dict[str, str]]] = json.loads(store.read_text())
    return found


def test_faults_are_told_apart_and_a_stopped_run_goes_on(project: Path) -> None:
    pytest.importorskip("cosmic_ray", reason="it writes the mutants")
    part = mutate(project, "--sample", "3")["planted"]
    assert len(part) == 3
    whole = mutate(project)["planted"]
    assert whole.items() >= part.items()
    became = {each["change"].rpartition("+")[2].strip(): each["first"] for each in whole.values() if each}
    assert became["n -= 0"] == "killed by time"
    assert became["n -= 2"] == KILLED
    assert became["TWICE = 3"] == SURVIVED
    assert became["while n > 1:"] == KILLED
    assert became["return x / 3"] == UNREACHED
    assert became["return x - 3"] == KILLED  # which runs when the tests are imported

    tests = project / "tests" / "test_planted.py"
    tests.write_text(TESTS.replace("TWICE < 4", "TWICE == 2"))
    again = mutate(project, "--again")["planted"]
    assert again.keys() == whole.keys()
    after = {each["change"].rpartition("+")[2].strip(): each for each in again.values() if each}
    assert (after["TWICE = 3"]["first"], after["TWICE = 3"]["now"]) == (SURVIVED, KILLED)
    assert after["return x / 3"]["now"] == UNREACHED


@pytest.mark.parametrize(("k", "n"), [(0, 40), (1, 40), (38, 40), (40, 40), (270, 300)])
def test_the_ends_of_the_interval_solve_the_equation_of_wilson(k: int, n: int) -> None:
    ends = np.array(wilson(k, n))
    assert ends[0] < ends[1]
    np.testing.assert_allclose((k / n - ends) ** 2, 1.96**2 * ends * (1 - ends) / n, atol=1e-12)
    assert wilson(0, 0) == (0.0, 1.0)


def test_each_room_has_sources_with_tests() -> None:
    root = SCRIPTS.parent
    for name in NAMES:
        room = room_of(name, root)
        assert room.sources
        assert room.tests
        assert all((root / file).is_file() for file in (*room.sources, *room.tests))
    assert is_own("tests/masks/test_sets.py", "made_np/masks/sets.py")
    assert not is_own("tests/masks/test_masks.py", "made_np/masks/sets.py")


SOURCE = """\
@cache
def f(x: int = 1) -> int:
    if x > 2 and (
        x < 9
    ):
        return sum(
            x,
            4,
        )
    return 3
"""


@pytest.mark.parametrize(("line", "span"), [(2, (2, 2)), (3, (3, 5)), (4, (3, 5)), (7, (6, 9)), (10, (10, 10))])
def test_a_line_belongs_to_the_smallest_statement(line: int, span: tuple[int, int]) -> None:
    assert statement(SOURCE, line) == span


def test_what_runs_at_import_is_told_from_what_runs_when_called() -> None:
    assert [is_inside_function(SOURCE, line) for line in (1, 2, 3, 10)] == [False, False, True, True]


def test_tests_that_run_the_statement_answer_for_it_those_of_the_module_first() -> None:
    file = "made_np/a.py"
    tests = [
        Reached("tests/test_b.py::slow", 3.0, {file: {6}}),
        Reached("tests/test_b.py::quick", 1.0, {file: {8}}),
        Reached("tests/test_a.py::own", 5.0, {file: {9}}),
        Reached("tests/test_a.py::elsewhere", 1.0, {file: {10}}),
        Reached("tests/test_b.py::other", 1.0, {"made_np/b.py": {7}}),
    ]

    def names(line: int) -> list[str]:
        return [test.name.split("::")[1] for test in answerable(Mutant(file, line, "", 0, ""), SOURCE, tests)]

    assert names(7) == ["own", "quick", "slow"]
    assert names(1) == ["elsewhere", "own", "quick", "slow", "other"]
    assert [test.seconds for test in within(tests, 4.5)] == [3.0, 1.0]
    assert within(tests, 0.0) == tests[:1]


def test_hints_about_types_are_never_run() -> None:
    source = "def f(x: int | None) -> int | str: ...\nif TYPE_CHECKING:\n    import a\ny: int = 1 | 2\n"
    spans = sorted(never_run(source))
    assert spans == [((1, 9), (1, 19)), ((1, 24), (1, 33)), ((2, 0), (3, 12)), ((4, 3), (4, 6))]


def test_the_page_counts_and_says_why(tmp_path: Path) -> None:
    tally = Tally(tmp_path / "store.json")
    change = changed_lines("a = 1\nb = 2\n", "a = 1\nb = 3\n")
    assert change == "-b = 2\n+b = 3"
    for mark, verdict in (("one", KILLED), ("two", SURVIVED), ("three", UNREACHED), ("four", SURVIVED)):
        tally.note("masks", Mutant("made_np/masks/a.py", 2, "", 0, mark), Tried(verdict, change), "abc")
    tally.note("masks", Mutant("made_np/masks/a.py", 2, "", 0, "two"), Tried(KILLED, change), "def")
    tally.note("masks", Mutant("made_np/masks/a.py", 2, "", 0, "none"), None, "abc")
    read = Tally(tmp_path / "store.json")
    assert read.rooms == tally.rooms
    text = page(read, {"four": "it is the same"})
    assert "| masks | 4 | 1 | 1 | 33.3 | 6.1 to 79.2 | 2 | 66.7 | abc, def |" in text
    assert "(three) `- b = 2`, `+ b = 3`: survived, no test runs its line" in text
    assert "(four) `- b = 2`, `+ b = 3`: it is the same" in text.split("## Equivalent")[1]
