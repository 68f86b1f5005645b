"""What the suite said of many right networks, counted."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from made_np.testing import suite
from made_np.testing.suite import FAILED, PASSED

from .drawn import Drawn, draw
from .living import is_living

Adapt = Callable[[Drawn], Any]


def tally(adapt: Adapt, seeds: Iterable[int]) -> dict[str, Any]:
    """Run the whole suite on the network of each seed.

    "undecided" are checks that ran to no verdict, "skipped" those that do not apply; "reasons" counts both, without
    their numbers. "alarms" are checks that called a right network wrong.
    """
    start = time.process_time()
    found: dict[str, Any] = {"networks": 0, "passed": 0, "undecided": 0, "skipped": 0}
    reasons: Counter[str] = Counter()
    alarms: list[list[Any]] = []
    for seed in seeds:
        report = suite(adapt(network(seed)), rng=seed)
        found["networks"] += 1
        for result in report.results:
            if result.status == PASSED:
                found["passed"] += 1
            elif result.status == FAILED:
                alarms.append([seed, result.name, str(result.report)])
            else:
                found["skipped" if result.report is None else "undecided"] += 1
                reasons[f"{result.name}: {without_numbers(result.reason)}"] += 1
    return found | {"reasons": dict(reasons), "alarms": alarms, "seconds": time.process_time() - start}


def network(seed: int) -> Drawn:
    """The first living network of a seed."""
    return next(net for k in range(1000) if is_living(net := draw(seed, k)))


def without_numbers(reason: str) -> str:
    """The first sentence of a reason, whatever its numbers are."""
    return re.sub(r"\d[\d.e+-]*", "#", reason.split(";")[0])


def merged(tallies: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The sum of several."""
    found: dict[str, Any] = {"networks": 0, "passed": 0, "undecided": 0, "skipped": 0, "seconds": 0.0}
    reasons: Counter[str] = Counter()
    alarms: list[Any] = []
    for each in tallies:
        reasons.update(each["reasons"])
        alarms += each["alarms"]
        for name in found:
            found[name] += each[name]
    commonest = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    return found | {"reasons": dict(commonest), "alarms": alarms}


def headline(framework: str, found: dict[str, Any]) -> str:
    """What counts, in one line."""
    n_checks = found["passed"] + found["undecided"] + len(found["alarms"])
    return (
        f"{framework}: {found['networks']} networks, {n_checks} checks run, {found['passed']} passed, "
        f"{found['undecided']} undecided, {len(found['alarms'])} false alarms; {found['seconds']:.0f} s of CPU"
    )


def told(framework: str, found: dict[str, Any]) -> str:
    """All of it as text."""
    lines = [headline(framework, found)]
    lines += [f"  {n} skipped or undecided: {reason}" for reason, n in found["reasons"].items()]
    lines += [f"  FALSE ALARM, seed {seed}, {check}:\n{text}" for seed, check, text in found["alarms"]]
    return "\n".join(lines)
