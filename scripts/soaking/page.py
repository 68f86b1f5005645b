"""What soaks have counted, as a page."""

from __future__ import annotations

from revision import revision

from soaking.tally import Tally

HEAD = """# What a soak has counted

`python scripts/soak.py --minutes N --store scripts/results/soak.json` adds to this page. Last at commit {revision}:
{minutes:.0f} minutes in all, {rounds} rounds.

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
    wrong = [f"- {each}" for tally in tallies.values() for each in tally.wrong]
    told = "\nWrong, each by its `--seed`:\n\n" + "\n".join(wrong) + "\n" if wrong else ""
    return HEAD.format(revision=revision(), minutes=minutes, rounds=rounds) + table(tallies) + told
