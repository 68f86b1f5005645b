"""Every public call has a law of growth, and a call that grows faster than its law is found."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pandas", reason="laws of densities are about tables of pandas")
pytest.importorskip("matplotlib", reason="pictures have laws, too")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from fuzz.public import public
from growing import interface, law
from growing.interface import LAWS, Row, found, why_without
from growing.law import Call, Law, measure

from made_np.cli.catalog import COMMANDS

NAMES = set(public()) | {f"made-np {command.name}" for command in COMMANDS}


def test_everything_public_has_a_law_or_a_reason_for_none() -> None:
    assert sorted(name for name in NAMES if name not in LAWS and not why_without(name)) == []
    assert sorted(name for name in LAWS if why_without(name)) == []
    assert sorted(set(LAWS) - NAMES) == []


def work(n: int, power: float) -> Call:
    """A call that takes time in proportion to a power of n."""
    x = np.ones(int(20 * n**power))
    return lambda: np.cumsum(x)


@pytest.mark.parametrize(("power", "allowed"), [(1, 1), (2, 2), (1, 2), (2, 1), (1.5, 1)])
def test_a_call_that_grows_faster_than_its_law_is_found(power: float, allowed: float) -> None:
    growth = measure(Law("rows", lambda n: work(n, power), 20, 200, allowed))
    assert Row("work", Law("rows", lambda n: work(n, power), 20, 200, allowed), growth).is_beyond is (power > allowed)


def test_a_call_is_measured_where_it_takes_long_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(law, "_seconds", lambda call: call())
    for seconds, size in ((lambda n: n / 1e4, 100), (lambda n: 1e-3, 1000), (lambda n: float(n), 10)):
        growth = measure(Law("rows", lambda n, seconds=seconds: lambda: seconds(n), 10, 10_000))  # type: ignore[misc]
        assert growth.size == size


def test_what_is_beyond_is_clocked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = iter([50.0, 50.0, 10.0])
    monkeypatch.setattr(law, "_seconds", lambda call: call())
    assert measure(Law("rows", lambda n: lambda: next(busy) if n == 100 else 1.0, 10, 100)).times == 1.0


def test_lines_say_what_was_found() -> None:
    rows = [
        Row("f", Law("rows", lambda n: work(n, 1), 1, 1), law.Growth(10, 0.001, 0.01, 1.0)),
        Row("g", Law("features", lambda n: work(n, 1), 1, 1, 2), law.Growth(10, 0.001, 0.3, 3.0)),
        Row("h", Law("rows", lambda n: work(n, 1), 1, 1), None),
    ]
    assert [row.line() for row in rows] == [
        "| f | rows | 10 | 1 | 10 | 1.00 |",
        "| g | features^2 | 10 | 1 | 300 | 3.00 **beyond** |",
        "| h | rows | not installed | | | |",
    ]


def test_what_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(n: int) -> Call:
        raise ImportError("no such library")

    monkeypatch.setitem(interface.LAWS, "made-np of another day", [Law("rows", missing, 1, 1)])
    assert [row.growth for row in found(["made-np of another day"])] == [None]


SLOW = ("made-np", "estimator", "comparison", "diagnostics.duel", "draw", "interop")
"""Laws whose calls take longer, or learn a density before."""


@pytest.mark.parametrize("name", [name for name in LAWS if not name.startswith(SLOW)])
def test_calls_of_laws_are_made(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for each in LAWS[name]:
            each.build(each.start)()


@pytest.mark.slow
@pytest.mark.parametrize("name", LAWS)
def test_no_public_call_takes_longer_than_twice_what_its_law_says(name: str) -> None:
    for row in found([name]):
        assert not row.is_beyond, row.line()
