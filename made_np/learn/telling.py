"""What a learner reads: where they are, what is wrong, what comes next."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from made_np.learn.checking import Checked
from made_np.learn.folder import Folder
from made_np.learn.steps import N_STEPS, NAMES
from made_np.learn.tasks import Step

GREEN = "\x1b[1;32m"
RED = "\x1b[1;31m"
PLAIN = "\x1b[0m"


def coloured(text: str, colour: str) -> str:
    """The text in a colour, where standard output is a terminal that shows one and NO_COLOR is not set."""
    shows = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return f"{colour}{text}{PLAIN}" if shows else text


def where_you_are(folder: Folder, written: Sequence[Step]) -> list[str]:
    """The page that `made-np learn` prints."""
    lines = []
    if len(written) == len(NAMES):
        lines.append(
            f"{folder.path} is made: a file for each of {N_STEPS} steps, and {len(NAMES) - N_STEPS} bonus steps."
        )
        lines.append("The answers are no secret: made_np/layers.py, masks and samplers. That is the textbook.")
    elif written:
        lines.append(f"written anew: {', '.join(step.file for step in written)}")
    done = folder.passed
    marks = "".join("#" if number in done else "." for number in range(1, len(NAMES) + 1))
    n_main = sum(1 for number in done if number <= N_STEPS)
    n_more = len(done) - n_main
    bonus = f", and {n_more} of {len(NAMES) - N_STEPS} bonus steps" if n_more or n_main == N_STEPS else ""
    lines.append(f"passed: [{marks[:N_STEPS]}|{marks[N_STEPS:]}]  {n_main} of {N_STEPS} steps{bonus}")
    return lines + next_lines(folder)


def next_lines(folder: Folder) -> list[str]:
    """What to do now."""
    step = folder.next_step
    if step is None:
        return ["All is done. made-np learn --show micromade prints a whole MADE on one page."]
    option = "" if str(folder.path) == "learn" else f" --folder {shlex.quote(str(folder.path))}"
    lines = []
    if step.number == N_STEPS + 1:
        lines.append("The course is done: you have built MADE. What follows is a bonus.")
    return [
        *lines,
        f"next: step {step.number}, {step.title}",
        f"  {step.goal}",
        f"  edit   {folder.file(step)}",
        f"  then   made-np learn check{option}      (made-np learn hint: three hints, one at a time)",
    ]


def checked_lines(checked: Checked) -> list[str]:
    """What a check says of a file, without what comes next."""
    step = checked.step
    name = f"step {step.number}, {step.title}"
    if checked.passed:
        stars = "*" * (len(name) + 18)
        title = [coloured(line, GREEN) for line in (stars, f"***   {name}: RIGHT   ***", stars)]
        return [*title, *(f"  {line}" for line in checked.proof)]
    if not checked.is_begun:
        return [f"{name}: not begun. Write {_functions(step)} in {step.file}, in place of raise NotImplementedError."]
    lines = [coloured(f"{name}: not yet", RED)]
    for outcome in checked.outcomes:
        if outcome.passed:
            lines.append(f"  {outcome.function}: right")
        elif len(checked.outcomes) == 1:
            lines += [f"  {line}" for line in outcome.lines]
        else:
            lines += [f"  {outcome.function}:", *(f"    {line}" for line in outcome.lines)]
    return [*lines, f"  made-np learn hint {step.number} gives a hint"]


def _functions(step: Step) -> str:
    return " and ".join(f"{task.function}" for task in step.tasks)


def hint_lines(step: Step, number: int) -> list[str]:
    """A hint, with how many there are."""
    kind = ("a question", "the formula", "where it stands")[number - 1]
    more = "" if number == len(step.hints) else f"  (made-np learn hint {step.number} again gives the next)"
    return [
        f"step {step.number}, {step.title}, hint {number} of {len(step.hints)}, {kind}:{more}",
        f"  {step.hints[number - 1]}",
    ]


def reset_lines(step: Step, file: Path, kept: Path | None) -> list[str]:
    """That a file is as it was at first."""
    own = "" if kept is None else f"; yours is kept as {kept.name}"
    return [f"{file} is as it was at first{own}"]
