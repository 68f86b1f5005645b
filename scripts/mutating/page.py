"""What became of all mutants, as a page."""

from __future__ import annotations

import json
from pathlib import Path

from mutating.rooms import NAMES
from mutating.tally import Tally, Verdict, survives, wilson

HEAD = """# Mutation testing: which small faults does no test notice?

`python scripts/mutation.py` plants faults in a room of made_np, drawn at random, one at a time, and runs the tests of
that room that run its line. It adds what became of them to `scripts/results/mutation.json`, and writes this page.

"At first" counts what the tests noticed before anybody looked at the survivors: that share, with its interval of 95 %
(Wilson), is what they notice of faults that were not drawn. "Now" counts after tests were written for the survivors.
Equivalent mutants change nothing that a test could call wrong, for the reasons below; shares are of the others.
Tests that are skipped, since a library is not installed, notice nothing.

"""


def page(tally: Tally, reasons: dict[str, str]) -> str:
    """Return the page; `reasons` say by fingerprint why mutants are equivalent."""
    left = [name for name in NAMES if name not in tally.rooms]
    parts = [HEAD + table(tally, reasons)]
    parts += [f"\nNot tried yet: {', '.join(left)}.\n"] if left else []
    for heading, wanted in (("Survivors", False), ("Equivalent", True)):
        items = [
            item(mark, each, reasons.get(mark, ""))
            for room in tally.rooms
            for mark, each in tally.verdicts(room).items()
            if survives(each.now) and (mark in reasons) == wanted
        ]
        parts += [f"\n## {heading}\n\n" + "\n".join(sorted(items)) + "\n"] if items else []
    return "".join(parts)


def table(tally: Tally, reasons: dict[str, str]) -> str:
    """Return the counts of each room, then of all."""
    titles = ["room", "tried", "equivalent", "killed at first", "%", "interval", "killed now", "%", "commits"]
    rows = [f"| {' | '.join(titles)} |", "|" + "---|" * len(titles)]
    every: dict[str, Verdict] = {}
    for room in sorted(tally.rooms):
        verdicts = tally.verdicts(room)
        every |= {f"{room} {mark}": each for mark, each in verdicts.items()}
        rows.append(row(room, verdicts, reasons))
    rows.append(row("**all**", {mark.split()[-1]: each for mark, each in every.items()}, reasons))
    return "\n".join(rows) + "\n"


def row(name: str, verdicts: dict[str, Verdict], reasons: dict[str, str]) -> str:
    """Return a row of the table."""
    counted = [each for mark, each in verdicts.items() if not (mark in reasons and survives(each.now))]
    n = len(counted)
    first = sum(not survives(each.first) for each in counted)
    now = sum(not survives(each.now) for each in counted)
    low, high = wilson(first, n)
    commits = ", ".join(sorted({each.commit for each in verdicts.values()})) if not name.startswith("*") else ""
    cells = [name, len(verdicts), len(verdicts) - n, first, f"{100 * first / max(n, 1):.1f}"]
    cells += [f"{100 * low:.1f} to {100 * high:.1f}", now, f"{100 * now / max(n, 1):.1f}", commits]
    return "| " + " | ".join(map(str, cells)) + " |"


def item(mark: str, verdict: Verdict, reason: str) -> str:
    """Return what is said of a survivor."""
    change = verdict.change.replace("`", "'").splitlines()
    lines = "`, `".join(f"{line[0]} {line[1:].strip()}" for line in change)
    tail = f": {reason}" if reason else "" if verdict.now == "survived" else f": {verdict.now}"
    return f"- {verdict.file} ({mark}) `{lines}`{tail}"


def read_reasons(path: Path) -> dict[str, str]:
    """Return why mutants are equivalent, by fingerprint."""
    reasons: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return reasons
