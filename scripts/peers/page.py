"""The table that stands on the page about other libraries, written from what is stored."""

from __future__ import annotations

from typing import Any

from peers.judged import JUDGED, LIBRARIES

BEGIN = "<!-- written by scripts/run_peers.py -->\n"
END = "<!-- end of what it wrote -->\n"


def with_table(text: str, stored: dict[str, Any]) -> str:
    """Return the page with the table of what is stored in the place of the one that it had."""
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return before + BEGIN + table(stored) + END + after


def table(stored: dict[str, Any]) -> str:
    """Return a line for each library."""
    head = "| library | run | models | checks that passed | undecided | what the suite found | s |"
    lines = [head, "|" + "---|" * (head.count("|") - 1)]
    lines += [_line(name, stored[name]) for name in LIBRARIES if name in stored]
    return "\n".join(lines) + "\n"


def _line(name: str, found: dict[str, Any]) -> str:
    title = f"{LIBRARIES[name]} {found['version']}".strip()
    if found["left_out"]:
        return f"| {title} | {found['date']} | | | | left out: {found['left_out']} | |"
    cases = found["cases"]
    passed = sum(len(case["passed"]) for case in cases.values())
    open_ = sum("not settled" in reason for case in cases.values() for reason in case["skipped"].values())
    seconds = sum(case["seconds"] for case in cases.values())
    said = "; ".join(findings(name, found)) or "nothing"
    return f"| {title} | {found['date']} | {len(cases)} | {passed} | {open_} | {said} | {seconds:.0f} |"


def findings(name: str, found: dict[str, Any]) -> list[str]:
    """Return a sentence for each failed check: what was made of it by hand, else that nobody has looked."""
    judged = JUDGED.get(name, {})
    told = [
        judged.get((case, check), f"{case}: {check} failed, not looked at yet")
        for case, one in found["cases"].items()
        for check in one["failed"]
    ]
    return list(dict.fromkeys(told))
