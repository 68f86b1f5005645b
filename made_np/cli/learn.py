"""The command learn: twelve steps from a nudge to a MADE, each of which names the mistake."""

from __future__ import annotations

import csv
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from made_np.cli import options
from made_np.learn import telling
from made_np.learn.checking import check_file
from made_np.learn.folder import Folder
from made_np.learn.grading import Grade, grade_folder
from made_np.learn.steps import N_STEPS, NAMES, step_of
from made_np.learn.tasks import Step
from made_np.learn.watching import changes
from made_np.values import show

__all__ = ["DESCRIPTION", "add_arguments", "run"]

DESCRIPTION = (
    "Learn backpropagation through masks: twelve steps, each a function to write, from difference quotients to a MADE, "
    "with three more as a bonus. Without a word it says where you are, and makes the folder. NumPy is all that it "
    "needs. For lecturers, --grade runs many folders, each in processes of its own; the exit status is 1 unless all "
    "steps of all folders pass."
)
WORDS = ("check", "hint", "reset")
PAGES = ("micromade",)


def add_arguments(parser: ArgumentParser) -> None:
    """Add what learn takes."""
    parser.add_argument("word", nargs="?", choices=WORDS, metavar="WORD", help=f"{', '.join(WORDS)}; none: where am I")
    number = options.count(1, len(NAMES))
    parser.add_argument("number", nargs="?", type=number, metavar="N", help="which step (the first that is not passed)")
    parser.add_argument("--folder", default="learn", metavar="DIR", help="where your files are (%(default)s)")
    parser.add_argument("--watch", action="store_true", help="check whenever a file changes, until Ctrl-C")
    parser.add_argument("--show", choices=PAGES, help="print a page: a whole MADE in Python alone")
    parser.add_argument("--grade", nargs="+", metavar="DIR", help="grade folders of other people")
    parser.add_argument("--csv", action="store_true", help="with --grade: a line for each step, as CSV")
    limit = options.number(0.1, 3600)
    parser.add_argument("--time-limit", type=limit, metavar="S", help="with --grade: seconds for a step (10)")
    parser.add_argument("--seed", type=options.seed, metavar="N", help="with --grade: of the random problems (1)")


def run(args: Namespace) -> int:
    """Carry out what was asked for; 1 if a check failed."""
    _look(args)
    if args.show is not None:
        sys.stdout.write(_page(args.show))
        return 0
    if args.grade is not None:
        return _grade(args)
    folder = Folder(Path(args.folder))
    written = folder.begin()
    if args.word is None and not args.watch:
        _print(telling.where_you_are(folder, written))
        return 0
    step = _step(args, folder)
    if args.word == "hint":
        _print(telling.hint_lines(step, folder.next_hint(step)))
        return 0
    if args.word == "reset":
        _print(telling.reset_lines(step, folder.file(step), folder.reset(step)))
        return 0
    status = _check(folder, step)
    if args.watch:
        _watch(folder)
    return status


def _look(args: Namespace) -> None:
    """Raise a `ValueError` for arguments that do not go together."""
    if args.grade is None:
        for name in ("csv", "time_limit", "seed"):
            if getattr(args, name) not in (None, False):
                raise ValueError(f"--{name.replace('_', '-')} belongs to --grade: give --grade DIR...")
    alone = [name for name in ("grade", "show") if getattr(args, name) is not None]
    others = [name for name in ("word", "number") if getattr(args, name) is not None]
    if alone and (others or args.watch or len(alone) > 1):
        raise ValueError(f"--{alone[0]} stands alone: leave the rest out")
    if args.watch and args.word not in (None, "check"):
        raise ValueError(f"--watch goes with check, not with {args.word}")
    if args.word == "reset" and args.number is None:
        raise ValueError("reset needs the number of a step: made-np learn reset 3")


def _step(args: Namespace, folder: Folder) -> Step:
    if args.number is not None:
        return step_of(args.number)
    return folder.next_step or step_of(N_STEPS)


def _check(folder: Folder, step: Step) -> int:
    checked = check_file(step, folder.file(step))
    if checked.passed:
        folder.pass_step(step)
    _print(telling.checked_lines(checked))
    if checked.passed:
        _print(telling.next_lines(folder))
    return 0 if checked.passed else 1


def _watch(folder: Folder) -> None:
    """Check whatever changes, until somebody stops it."""
    print("watching: each file is checked when it is saved; Ctrl-C ends it", flush=True)
    for step in changes(folder):
        print()
        _check(folder, step)
        sys.stdout.flush()


def _page(name: str) -> str:
    path = Path(telling.__file__).with_name(f"{name}.py")
    if not path.is_file():
        raise ValueError(f"{path} is missing: install made_np anew")
    return path.read_text(encoding="utf-8")


def _print(lines: Sequence[str]) -> None:
    for line in lines:
        print(line)


# ------------------------------------------------------------------------------------- for lecturers


def _grade(args: Namespace) -> int:
    folders = [Path(name) for name in args.grade]
    for folder in folders:
        if not folder.is_dir():
            raise ValueError(f"--grade {show(str(folder))}: there is no such folder")
    seconds = 10.0 if args.time_limit is None else args.time_limit
    width = max(len(folder.name) for folder in folders)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if args.csv:
        writer.writerow(["folder", "step", "name", "passed", "kind", "mistake"])
    else:
        print(f"{'folder':{max(width, 6)}s}  passed  bonus  first that is not")
    is_all = True
    for folder in folders:
        grades = grade_folder(folder, seconds=seconds, seed=1 if args.seed is None else args.seed)
        is_all = is_all and all(grade.passed for grade in grades[:N_STEPS])
        if args.csv:
            for grade in grades:
                row = [grade.folder, grade.step.number, grade.step.name, int(grade.passed), grade.kinds, grade.mistake]
                writer.writerow(row)
        else:
            print(_row(grades, max(width, 6)))
        sys.stdout.flush()
    return 0 if is_all else 1


def _row(grades: Sequence[Grade], width: int) -> str:
    """A folder on one line."""
    main = sum(grade.passed for grade in grades[:N_STEPS])
    bonus = sum(grade.passed for grade in grades[N_STEPS:])
    wrong = next((grade for grade in grades[:N_STEPS] if not grade.passed), None)
    first = "" if wrong is None else f"{wrong.step.number} {wrong.step.name}: {wrong.mistake}"
    return f"{grades[0].folder:{width}s}  {main:2d}/{N_STEPS}   {bonus}/{len(grades) - N_STEPS}    {first}".rstrip()
