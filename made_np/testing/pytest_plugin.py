"""The pytest plugin: every check of a model as one test, without a file of tests.

    pytest --made-np package.module:factory

pytest finds it by itself where made_np is installed by pip; where the folder was copied, ``-p`` names it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .arrays import told
from .checks import Check, checks
from .loading import load_adapter
from .parametrize import settle, some
from .report import CheckFailed

TARGET = "made_np"
"""The property of a test, in JUnit's XML as well, that names the model."""
MOST_REASONS = 100


def pytest_addoption(parser: Any) -> None:
    """Add the options of the plugin."""
    group = parser.getgroup("made_np", "made_np.testing: checks of autoregressive models")
    group.addoption(
        "--made-np",
        action="append",
        default=[],
        metavar="PACKAGE.MODULE:FACTORY",
        help="run every check of made_np.testing on this adapter, as one test each; any number of times",
    )
    group.addoption(
        "--made-np-min-ran",
        type=int,
        default=1,
        metavar="N",
        help="fail if fewer checks than N (1) were run on one of these models",
    )
    group.addoption("--made-np-json", metavar="FILE", help="write there what was found, with a badge for shields.io")


def pytest_configure(config: Any) -> None:
    """Watch what becomes of the checks, if there are some."""
    config.addinivalue_line("markers", "made_np: a check of made_np.testing, by --made-np")
    if config.getoption("made_np"):
        config.pluginmanager.register(_Watch(config), "made_np watch")


@dataclass
class _Tally:
    """What became of the checks of one model."""

    ran: list[dict[str, Any]] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> list[str]:
        return [each["check"] for each in self.ran if each["outcome"] == "failed"]

    @property
    def vacuous(self) -> list[str]:
        """The checks that could not have failed, so that they failed: nothing was ever seen to change."""
        return [each["check"] for each in self.ran if each["outcome"] == "failed" and each["exercised"] == 0]

    def counts(self) -> str:
        text = f"{len(self.ran)} ran, {len(self.skipped)} skipped, {len(self.vacuous)} vacuous"
        return f"{text}, {len(self.failed)} failed" if self.failed else text

    def badge(self) -> dict[str, Any]:
        """What shields.io reads as an endpoint."""
        colour = "red" if self.failed else "brightgreen" if self.ran else "lightgrey"
        return {"schemaVersion": 1, "label": "made_np.testing", "message": self.counts(), "color": colour}

    def badge_line(self) -> str:
        """The badge as a line of Markdown."""
        made = self.badge()
        parts = (quote(str(made[key]).replace("-", "--").replace("_", "__"), safe="") for key in ("label", "message"))
        return f"![made_np.testing](https://img.shields.io/badge/{'-'.join(parts)}-{made['color']})"

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain Python for `json.dumps`."""
        skipped = [{"check": name, "outcome": "skipped", "reason": reason} for name, reason in self.skipped.items()]
        return {"checks": self.ran + skipped, "vacuous": self.vacuous, "badge": self.badge()}


class _Watch:
    """Adds the checks to the tests, and says at the end what became of them; under xdist too, by what tests report."""

    def __init__(self, config: Any) -> None:
        self.targets: list[str] = config.getoption("made_np")
        self.least: int = config.getoption("made_np_min_ran")
        self.file: str | None = config.getoption("made_np_json")
        self.is_worker = hasattr(config, "workerinput")
        self.tallies = {target: _Tally() for target in self.targets}

    def pytest_collection_modifyitems(self, session: Any, items: list[Any]) -> None:
        """Add the checks of each model to the tests."""
        pytest = import_module("pytest")
        kind = _item_kind()
        for target in self.tallies:
            try:
                found = some(checks(load_adapter(target)), target)
            except Exception as error:  # of the factory, or that there is none
                raise pytest.UsageError(f"--made-np {target}: {told(error)}") from error
            for check in found:
                item = kind.from_parent(session, name=f"{target}::{check.name}")
                item.check = check
                item.add_marker(pytest.mark.made_np)
                item.user_properties.append((TARGET, target))
                item.user_properties.append(("check", check.name))
                items.append(item)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Take down what became of a check."""
        told_of = dict(report.user_properties)
        tally = self.tallies.get(told_of.get(TARGET, ""))
        if tally is None or report.when != "call":
            return
        if report.skipped:
            tally.skipped[told_of["check"]] = str(report.longrepr[2]).removeprefix("Skipped: ")
            return
        tally.ran.append(
            {
                "check": told_of["check"],
                "outcome": report.outcome,
                "checked": told_of.get("checked", 0),
                "exercised": told_of.get("exercised"),
                "seconds": report.duration,
                "report": report.longreprtext,
            }
        )

    def _too_few(self) -> list[str]:
        return [target for target, tally in self.tallies.items() if len(tally.ran) < self.least]

    def pytest_sessionfinish(self, session: Any) -> None:
        """Fail if too few checks were run; write the file."""
        if self.is_worker:
            return
        if session.exitstatus == 0 and self._too_few():
            session.exitstatus = 1
        if self.file is not None:
            found = {target: tally.to_dict() for target, tally in self.tallies.items()}
            Path(self.file).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say how many checks of each model ran, were skipped, could not have failed."""
        terminalreporter.section("made_np.testing")
        for target, tally in self.tallies.items():
            terminalreporter.line(f"{target}: {tally.counts()}")
            for name, reason in tally.skipped.items():
                terminalreporter.line(f"  skipped {name}: {reason[:MOST_REASONS]}")
            for name in tally.vacuous:
                terminalreporter.line(f"  vacuous {name}: it could not have failed, so it proves nothing")
            terminalreporter.line(f"  {tally.badge_line()}")
        for target in self._too_few():
            few = len(self.tallies[target].ran)
            terminalreporter.line(f"{target}: {few} checks ran, and --made-np-min-ran asks for {self.least}", red=True)


def _item_kind() -> Any:
    """Return the kind of pytest item that is a check; pytest is imported only by pytest."""
    pytest = import_module("pytest")

    class CheckItem(pytest.Item):  # type: ignore[misc,name-defined]
        check: Check

        def runtest(self) -> None:
            if self.check.skip:
                pytest.skip(self.check.skip)
            report = self.check()
            self.user_properties += [("checked", report.n_checked), ("exercised", report.n_exercised)]
            settle(report)

        def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
            if isinstance(excinfo.value, CheckFailed):
                return str(excinfo.value)
            return super().repr_failure(excinfo, style)

        def reportinfo(self) -> tuple[Any, int | None, str]:
            return self.path, None, self.name

    return CheckItem
