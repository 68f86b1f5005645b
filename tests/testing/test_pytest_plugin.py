"""One pytest test per named check, in a test file and from the command line."""

from __future__ import annotations

import os
import subprocess
import sys
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
NOTHING = """
def nothing():
    return adapter(**dict.fromkeys(["params", "params_given", "log_prob", "sample", "loss", "masks", "probability"]))
"""


def run_pytest(folder: Path, *arguments: str) -> str:
    """What a pytest of its own prints."""
    root = Path(__file__).resolve().parents[2]
    path = os.pathsep.join([str(root), str(folder)])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), *arguments]
    environment = os.environ | {"PYTHONPATH": path}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


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
    assert "1 failed, 22 passed, 9 skipped, 1 xfailed" in text, text


def test_the_plugin_turns_an_adapter_into_tests(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FILE)
    plugin = ("-p", "made_np.testing.pytest_plugin")
    text = run_pytest(tmp_path, *plugin, "--made-check", "mine:adapter", "-vv")
    assert "mine:adapter::normalised PASSED" in text, text
    assert "8 passed, 3 skipped" in text
    text = run_pytest(tmp_path, *plugin, "--made-check", "mine:bad")
    assert "sign flipped" in text
    assert "1 failed, 7 passed, 3 skipped" in text


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("mine:nowhere", "'mine:nowhere' cannot be found"),
        ("mine:nothing", "adapters: 'mine:nothing' gives nothing to check"),
    ],
)
def test_what_cannot_be_checked_is_no_green_run(tmp_path: Path, target: str, message: str) -> None:
    (tmp_path / "mine.py").write_text(FILE + NOTHING)
    text = run_pytest(tmp_path, "-p", "made_np.testing.pytest_plugin", "--made-check", target)
    assert f"ERROR: --made-check {target}: ValueError: {message}" in text, text
    assert "INTERNALERROR" not in text
