"""What soaks have counted, as a page."""

from __future__ import annotations

import datetime
import subprocess
from pathlib import Path

import made_np
from soaking.tally import Tally

HEAD = """# What a soak has counted

`python scripts/soak.py --minutes N --store scripts/results/soak.json` adds to this page. Last at commit {commit},
on {date}: {minutes:.0f} minutes in all, {rounds} rounds.

"""


def table(tallies: dict[str, Tally]) -> str:
    """Return the counts of each kind of round, then of all."""
    lines = ["| what | calls | faults | survived | hung | wrong |", "|---|---|---|---|---|---|"]
    for name, tally in [*sorted(tallies.items()), ("**all**", sum(tallies.values(), Tally()))]:
        counts = tally.calls, tally.faults, tally.survived, tally.hung, len(tally.wrong)
        lines.append(f"| {name.replace('_', ' ')} | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(lines) + "\n"


def page(tallies: dict[str, Tally], rounds: int, minutes: float) -> str:
    """Return the page, with the commit that was soaked last."""
    commit = _commit()
    date = datetime.date.today().isoformat()
    wrong = [f"- {each}" for tally in tallies.values() for each in tally.wrong]
    told = "\nWrong, each by its `--seed`:\n\n" + "\n".join(wrong) + "\n" if wrong else ""
    return HEAD.format(commit=commit, date=date, minutes=minutes, rounds=rounds) + table(tallies) + told


def _commit() -> str:
    """Return the commit that is checked out; of sources without one, the version."""
    told = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return told.stdout.strip() if told.returncode == 0 else made_np.__version__
