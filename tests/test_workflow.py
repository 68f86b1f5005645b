"""The workflow for copies on GitHub names only what there is, for every Python and system that is promised."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PATH = ROOT / ".github" / "workflows" / "tests.yml"
TEXT = PATH.read_text(encoding="utf-8")
LISTS = {name: re.findall(rf"^ +{name}: \[(.*)\]$", TEXT, re.MULTILINE) for name in ("os", "python")}
COMMANDS = re.findall(r"^ +- run: (.*)$", TEXT, re.MULTILINE)


def listed(name: str) -> set[str]:
    """What stands in all lists of a name."""
    return {each.strip(' "') for line in LISTS[name] for each in line.split(",")}


@pytest.fixture(scope="module")
def config() -> configparser.ConfigParser:
    found = configparser.ConfigParser()
    found.read(ROOT / "setup.cfg", encoding="utf-8")
    return found


def test_it_is_yaml_of_jobs_with_steps() -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML reads the workflow")
    jobs = yaml.safe_load(TEXT)["jobs"]
    assert set(jobs) == {"everything", "oldest", "systems", "numpy-alone"}
    steps = [step for job in jobs.values() for step in job["steps"]]
    assert [step["run"] for step in steps if "run" in step] == COMMANDS
    for job in jobs.values():
        assert job["steps"][0]["uses"].startswith("actions/checkout@")
        assert job["timeout-minutes"] <= 180


def test_every_python_that_is_promised_is_there_with_a_free_threaded_one(config: configparser.ConfigParser) -> None:
    promised = re.findall(r"Python :: (3\.\d+)$", config["metadata"]["classifiers"], re.MULTILINE)
    single = set(re.findall(r'python-version: "(.*)"', TEXT))
    assert set(promised) <= listed("python") | single
    assert single == {config["options"]["python_requires"].removeprefix(">=")}
    assert {version for version in listed("python") if version.endswith("t")} == {"3.13t", "3.14t"}


def test_every_system_is_there_on_two_processors() -> None:
    names = listed("os") | set(re.findall(r"runs-on: ([a-z].*)", TEXT))
    arm = {"ubuntu-24.04-arm", "macos-15", "windows-11-arm"}
    assert arm < names
    assert {name.split("-")[0] for name in names - arm} == {name.split("-")[0] for name in arm}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_names_only_what_there_is(command: str, config: configparser.ConfigParser) -> None:
    words = command.split()
    assert words[0] in ("bash", "python")
    paths = [word for word in words if "/" in word and not word.startswith('"$')]
    assert all((ROOT / word).exists() for word in paths)
    extras = re.findall(r"\[(.*?)\]", command)
    assert all(extra in config["options.extras_require"] for extra in extras)


def test_it_may_write_nothing_and_runs_nobody_elses_code_but_two_actions() -> None:
    assert re.search(r"^permissions:\n  contents: read\n\n", TEXT, re.MULTILINE)
    assert "permissions" not in TEXT.split("jobs:")[1]
    assert {name.split("@")[0] for name in re.findall(r"uses: (.*)", TEXT)} == {
        "actions/checkout",
        "actions/setup-python",
    }
    assert "secrets" not in TEXT


def test_it_says_that_it_has_never_been_run() -> None:
    assert "Nothing in this file has ever been run" in TEXT
    assert "has never been run" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
