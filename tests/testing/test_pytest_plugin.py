"""One pytest test per named check, in a test file and from the command line."""

from __future__ import annotations

import configparser
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from made_np.testing import parametrize_with_checks

from .test_suite import BAD, NAMES, good, right

FILE = """
import numpy as np
from made_np.testing import parametrize_with_checks
from made_np.testing.mutants.mutant import standard

def adapter(**changes):
    return standard(np.random.default_rng(0)).adapter(name="net", **changes)

def bad():
    grad = adapter().grad
    return adapter(grad=lambda theta: -grad(theta))
"""
TESTS = """
@parametrize_with_checks(adapter())
def test_good(check):
    check()

@parametrize_with_checks([bad()], expected_failures={"gradient": "known"})
def test_known(check):
    check()

@parametrize_with_checks(bad())
def test_bad(check):
    check()
"""
DEAF = """
def deaf():
    from made_np.testing import Adapter
    return Adapter(n_features=3, params=lambda x: 0 * x, log_prob=None, support=None)
"""
NOTHING = """
def nothing():
    return adapter(**dict.fromkeys(["params", "params_given", "log_prob", "sample", "loss", "masks", "probability"]))
"""


def run_pytest(folder: Path, *arguments: str) -> str:
    """What a pytest of its own prints."""
    done = pytest_of_its_own(folder, *arguments)
    return done.stdout + done.stderr


def pytest_of_its_own(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A pytest of its own, once it has ended."""
    root = Path(__file__).resolve().parents[2]
    path = os.pathsep.join([str(root), str(folder)])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), *arguments]
    environment = os.environ | {"PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@parametrize_with_checks([good()])
def test_the_decorator_works_here_and_now(check: pytest.FixtureRequest) -> None:
    check()  # type: ignore[operator]


def test_each_check_has_an_id_and_marks() -> None:
    mark = parametrize_with_checks([right(name="a"), BAD], expected_failures={"gradient": "known"})
    params = mark.mark.args[1]  # type: ignore[attr-defined]
    assert [param.id for param in params] == [f"{who}-{name}" for who in ("a", "bad") for name in NAMES]
    marks = {param.id: [m.name for m in param.marks] for param in params}
    assert marks["a-gradient"] == ["xfail"]
    assert marks["a-gradient_directions"] == ["skip"]
    assert marks["a-masks"] == []
    with pytest.raises(ValueError, match=r"names \['grad'\], which is no check; the checks are ") as caught:
        parametrize_with_checks([right(), BAD], expected_failures={"grad": "a typing error"})
    assert str(caught.value).endswith(f"the checks are {NAMES}")


def test_a_test_file_passes_fails_skips_and_expects(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(FILE + TESTS)
    text = run_pytest(tmp_path, "test_it.py")
    assert "test_bad[net-gradient]" in text
    assert "sign flipped" in text
    assert "1 failed, 22 passed, 21 skipped, 1 xfailed" in text, text


PLUGIN = ("-p", "made_np.testing.pytest_plugin")  # which pytest would find by itself, were made_np installed here


def test_the_plugin_turns_an_adapter_into_tests(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FILE)
    text = run_pytest(tmp_path, *PLUGIN, "--made-np", "mine:adapter", "-vv")
    assert "mine:adapter::normalised PASSED" in text, text
    assert "9 passed, 6 skipped" in text
    text = run_pytest(tmp_path, *PLUGIN, "--made-np", "mine:bad")
    assert "sign flipped" in text
    assert "1 failed, 8 passed, 6 skipped" in text


def test_the_end_says_what_ran_what_was_skipped_and_what_could_not_have_failed(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FILE + DEAF)
    text = run_pytest(tmp_path, *PLUGIN, "--made-np", "mine:adapter", "--made-np", "mine:deaf")
    assert "mine:adapter: 9 ran, 6 skipped, 0 vacuous\n" in text, text
    assert "skipped context: needs params_given" in text
    assert "mine:deaf: 3 ran, 12 skipped, 2 vacuous, 2 failed" in text
    assert "vacuous autoregressive: it could not have failed" in text
    label = "made__np.testing-9%20ran%2C%206%20skipped%2C%200%20vacuous-brightgreen"
    assert f"![made_np.testing](https://img.shields.io/badge/{label})" in text
    assert "2%20vacuous%2C%202%20failed-red" in text


def test_too_few_checks_are_no_green_run(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FILE)
    for least, status in ((9, 0), (10, 1)):
        command = [*PLUGIN, "--made-np", "mine:adapter", f"--made-np-min-ran={least}"]
        done = pytest_of_its_own(tmp_path, *command)
        assert done.returncode == status, done.stdout
        assert ("mine:adapter: 9 checks ran, and --made-np-min-ran asks for 10" in done.stdout) == bool(status)


def test_what_was_found_is_json_and_junit(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FILE)
    files = ("--made-np-json=found.json", "--junitxml=found.xml")
    run_pytest(tmp_path, *PLUGIN, "--made-np", "mine:bad", *files)
    found = json.loads((tmp_path / "found.json").read_text())["mine:bad"]
    outcomes = {each["check"]: each["outcome"] for each in found["checks"]}
    assert set(outcomes) == set(NAMES)
    assert [name for name, outcome in outcomes.items() if outcome == "failed"] == ["gradient"]
    (gradient,) = [each for each in found["checks"] if each["check"] == "gradient"]
    assert gradient["exercised"] > 50
    assert "sign flipped" in gradient["report"]
    assert found["badge"]["message"] == "9 ran, 6 skipped, 0 vacuous, 1 failed"
    assert found["badge"]["color"] == "red"
    cases = ElementTree.parse(tmp_path / "found.xml").findall(".//testcase")
    named = [{each.get("name"): each.get("value") for each in case.iter("property")} for case in cases]
    assert {each["made_np"] for each in named} == {"mine:bad"}
    assert {each["check"] for each in named} == set(NAMES)
    assert sum(case.find("failure") is not None for case in cases) == 1


def test_pytest_finds_the_plugin_where_made_np_is_installed() -> None:
    """Under the name that ``-p`` gives it: pytest refuses the same plugin under two names."""
    setup = configparser.ConfigParser()
    setup.read(Path(__file__).resolve().parents[2] / "setup.cfg")
    name, _, module = setup["options.entry_points"]["pytest11"].strip().partition(" = ")
    assert name == module == PLUGIN[1]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("mine:nowhere", "'mine:nowhere' cannot be found"),
        ("mine:nothing", "adapters: 'mine:nothing' gives nothing to check"),
    ],
)
def test_what_cannot_be_checked_is_no_green_run(tmp_path: Path, target: str, message: str) -> None:
    (tmp_path / "mine.py").write_text(FILE + NOTHING)
    text = run_pytest(tmp_path, *PLUGIN, "--made-np", target)
    assert f"ERROR: --made-np {target}: ValueError: {message}" in text, text
    assert "INTERNALERROR" not in text
