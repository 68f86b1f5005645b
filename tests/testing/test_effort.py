"""How much of a gradient the suite sweeps: what is asked for, or what a slow loss leaves time for; a clock is given."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from made_np.testing import Adapter, Report, check_gradient, checks, suite
from made_np.testing.compare import Floats
from made_np.testing.effort import FULL_SWEEP, MOST_SECONDS, PART, effort
from made_np.testing.mutants.mutant import standard
from made_np.testing.networks import Network

NET = standard(np.random.default_rng(0))
P = NET.theta.size
WEIGHTS = ["W0", "b0", "W1", "b1", "W2", "b2"]


class Slow:
    """A loss, of which each call moves a clock on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float, net: Network = NET) -> None:
        self.net = net
        self.calls = 0
        self.seconds = seconds
        clock = SimpleNamespace(perf_counter=lambda: self.calls * self.seconds)
        monkeypatch.setattr("made_np.testing.effort.time", clock)

    def loss(self, theta: Floats) -> float:
        self.calls += 1
        return self.net.loss(theta)

    def adapter(self, **changes: Any) -> Adapter:
        return self.net.adapter(loss=self.loss, **changes)

    def gradient(self, **changes: Any) -> Report:
        found = suite(self.adapter(**changes), only=["gradient"])["gradient"].report
        assert found is not None
        return found


def wrong_in(*blocks: str, net: Network = NET) -> Any:
    """The gradient, negative in some blocks."""
    flags = np.array([-1.0 if net.name(k).partition("[")[0] in blocks else 1.0 for k in range(net.theta.size)])
    return lambda theta: flags * net.grad(theta)


LEAST = MOST_SECONDS / (2 * P)
"""A loss that takes longer is slow."""


def test_a_fast_loss_is_swept_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    report = Slow(monkeypatch, 0.99 * LEAST).gradient()
    assert report.ok, report
    assert report.n_checked == P
    assert report.notes == ()


def test_a_slow_loss_is_looked_at_along_directions_and_the_report_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(monkeypatch, 1.01 * LEAST)
    report = slow.gradient()
    assert report.ok, report
    n_masked = int(NET.frozen().sum())
    assert report.n_checked == 2 * len(WEIGHTS) + n_masked
    assert report.n_exercised == 2 * len(WEIGHTS)
    assert slow.calls < P / 2
    assert report.notes[0].startswith(f"by directions: {P} entries, one by one, would take 30 s; entries={P} of the")
    assert "2 through each of 6 blocks: no proof" in report.notes[1]
    assert report.to_dict() == Slow(monkeypatch, 1.01 * LEAST).gradient().to_dict()


@pytest.mark.parametrize("blocks", [("W1",), ("b0",), ("W0", "b2")])
def test_a_faulty_block_is_named(monkeypatch: pytest.MonkeyPatch, blocks: tuple[str, ...]) -> None:
    report = Slow(monkeypatch, 10.0).gradient(grad=wrong_in(*blocks))
    assert {failure.where.partition("[")[0] for failure in report.failures} == set(blocks)
    assert report.n_failed == 2 * len(blocks)
    assert f"in {', '.join(blocks)} only: constant ratio got / want = -1: sign flipped?" == report.hint


def test_one_wrong_entry_is_seen_in_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    (k,) = (k for k in range(P) if NET.name(k) == "b1[3]")
    report = Slow(monkeypatch, 10.0).gradient(grad=lambda theta: NET.grad(theta) * (1 + 1e-3 * (np.arange(P) == k)))
    assert {failure.where for failure in report.failures} == {"b1[direction 0]", "b1[direction 1]"}
    assert report.hint == "all errors are in b1: look at its own formula"


def test_a_block_that_the_loss_does_not_notice_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(monkeypatch, 10.0)

    def loss(theta: Floats) -> float:
        return slow.loss(np.where(np.arange(P + 4) < P, theta, 0)[:P])

    names = [*map(NET.name, range(P)), *(f"U[{k}]" for k in range(4))]
    report = check_gradient(
        loss,
        lambda theta: np.append(NET.grad(theta[:P]), np.zeros(4)),
        np.append(NET.theta, np.ones(4)),
        names=names,
        frozen=np.append(NET.frozen(), np.zeros(4, dtype=bool)),
        method="directions",
    )
    assert report.ok
    assert any(note.startswith("U: the loss does not notice it") for note in report.notes)


@pytest.mark.parametrize("seconds", [1e-9, 1e9])
def test_what_is_asked_for_is_done_whatever_it_takes(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    slow = Slow(monkeypatch, seconds)
    n_masked = int(NET.frozen().sum())
    for entries, n in (("all", P - n_masked), (P, P - n_masked), (10**6, P - n_masked), (5, 5), (np.int64(5), 5)):
        assert slow.gradient(entries=entries).n_checked == n + n_masked
    assert slow.gradient(entries=0).n_checked == 2 * len(WEIGHTS) + n_masked


@pytest.mark.parametrize(
    ("entries", "skipped"), [("auto", True), ("all", True), (0, True), (P, True), (5, False), (P - 1, False)]
)
def test_directions_are_looked_at_beside_entries_that_are_not_all(entries: Any, skipped: bool) -> None:
    found = suite(NET.adapter(entries=entries), only=["gradient_directions"])["gradient_directions"]
    assert (found.status == "skipped") == skipped
    assert not skipped or found.reason == "see gradient: every entry is swept, or directions are taken"


def test_a_large_model_is_swept_in_part_unless_that_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    big = NET.adapter(theta=np.ones(FULL_SWEEP + 1), frozen=None, names=None, loss=lambda theta: float(np.sum(theta)))
    assert effort(big) == ("central", PART, "")
    for entries, skipped in (("auto", False), ("all", True), (PART, False), (0, True)):
        (check,) = (c for c in checks(replace(big, entries=entries)) if c.name == "gradient_directions")
        assert bool(check.skip) == skipped
    ticks = iter([0.0, 1.01 * MOST_SECONDS / (2 * PART)])
    monkeypatch.setattr("made_np.testing.effort.time", SimpleNamespace(perf_counter=lambda: next(ticks)))
    method, entries, note = effort(big)
    assert (method, entries) == ("directions", None)
    assert note.startswith("by directions: 64 entries")


@pytest.mark.parametrize(
    ("entries", "error"),
    [("some", ValueError), (-1, ValueError), (1.5, TypeError), (None, TypeError), ([1], TypeError)],
)
def test_entries_are_a_count_or_a_word(entries: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="entries="):
        Adapter(n_features=1, entries=entries)


# ----------------------------------------------------------------------------------------------- blocks by their names


@pytest.mark.parametrize(
    ("names", "blocks", "n"),
    [
        (None, [], 8),
        ([f"p{k}" for k in range(12)], [], 8),
        ([f"['W{k // 6}'][{k % 6}]" for k in range(12)], ["['W0']", "['W1']"], 8),
        ([f"net.{k // 4}.weight[{k % 4}, 0]" for k in range(12)], ["net.0.weight", "net.1.weight", "net.2.weight"], 9),
        ([f"W{k // 6}[{k % 6}]" for k in range(60)], [f"W{k}" for k in range(10)], 20),
        (["scale[]", *(f"W[{k}]" for k in range(11))], ["scale", "W"], 8),
    ],
)
def test_blocks_are_told_by_names(names: Any, blocks: list[str], n: int) -> None:
    x = np.linspace(0.5, 2, 12 if names is None else len(names))
    report = check_gradient(lambda x: np.sum(x**2), lambda x: -2 * x, x, names=names, method="directions")
    assert report.n_checked == report.n_failed == n
    found = [failure.where.removesuffix("]").partition("[direction ")[0] for failure in report.failures]
    assert set(found) == (set(blocks) if blocks else {f"direction {k}" for k in range(8)})
