"""The command line, ``made-np`` or ``python -m made_np``: a table in, a density out.

======  ========================================================================================
status  what has happened
======  ========================================================================================
0       the command has done its work
1       ``check``: a check failed
2       something is wrong with arguments, files or values; one line on stderr says what. Rows that a
        model cannot read are none of this, unless it can read none: they are told, others answered
129     SIGHUP, 130 Ctrl-C, 143 SIGTERM: one line; ``train`` has saved what was learned by then
======  ========================================================================================

Output files appear only when they are complete, and never over an input. `catalog` lists the commands.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from made_np._version import __version__
from made_np.cli.catalog import COMMANDS
from made_np.cli.launcher import launched, speaks
from made_np.cli.signals import Stop, stops
from made_np.cli.streams import standard_streams
from made_np.cli.wording import one_line

__all__ = ["build_parser", "main"]

TRACEBACK = "MADE_NP_TRACEBACK"
"""Set in the environment, it lets an error through, for whoever looks for a fault in the code."""


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` that complains in one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where help is, and exit with status 2."""
        self.exit(2, f"{self.prog}: {one_line(message)} (see {self.prog} --help)\n")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Exit as any parser does, once it is known that help and version have been written."""
        sys.stdout.flush()
        super().exit(status, message if speaks() else None)


def build_parser(asked: Collection[str] | None = None) -> Parser:
    """Return the parser of all commands.

    Each sets ``run``, the function that carries it out.

    Parameters
    ----------
    asked : collection of str, optional
        The commands whose own arguments it is to know: their modules are imported. None: all.
    """
    parser = Parser(
        prog="made-np",
        description="MADE, the masked autoregressive density estimator, for tables and images.",
        epilog="DATA and OUT are tables: .csv (also .gz), .parquet, .npy, .npz (FILE.npz:NAME picks an array), or - "
        "for standard input and output; DATA also .tsv, .txt, .feather, .xlsx.",
    )
    parser.add_argument("--version", action="version", version=f"made_np {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        if asked is not None and command.name not in asked:
            subparsers.add_parser(command.name, help=command.help)
            continue
        module = command.load()
        own = subparsers.add_parser(command.name, help=command.help, description=module.DESCRIPTION)
        module.add_arguments(own)
        own.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process by default.

    Returns
    -------
    int
        0, or 2 after an error; after Ctrl-C 130, after SIGTERM 143, after SIGHUP 129.

    Raises
    ------
    SystemExit
        From ``--help``, ``--version``, and arguments that cannot be parsed (status 2).
    """
    with standard_streams(), _warnings_inone_line(), stops() as stop:
        name = "made-np"
        try:
            given = sys.argv[1:] if argv is None else list(argv)
            # The command is the first word that is none of an option: those before it take no values.
            args = build_parser([word for word in given if not word.startswith("-")][:1]).parse_args(given)
            name = f"made-np {args.command}"
            status = _run(args, stop)
            sys.stdout.flush()
        except KeyboardInterrupt:
            return _complain(name, f"stopped by {stop.name}", stop.status)
        except Exception as error:
            if os.environ.get(TRACEBACK):
                raise
            return _complain(name, _words(error), 2)
    return status


def _run(args: argparse.Namespace, stop: Stop) -> int:
    """Carry out a command, once its files have been looked at, and return its exit status."""
    from made_np.cli.files import check_files  # of the estimator's files too, which help does not need

    args.stop = stop
    if launched() is None or args.command != "train":  # of several ranks, the one that writes looks
        check_files(args)
    return int(args.run(args) or 0)


def _complain(name: str, message: str, status: int) -> int:
    if speaks():
        print(f"{name}: {one_line(message)}", file=sys.stderr)
    return status


def _words(error: Exception) -> str:
    """Return what is to be said of an error: it is in a person's hands, or it is a fault in the code."""
    if isinstance(error, OSError):
        return _os_error(error)
    if isinstance(error, MemoryError):
        return f"out of memory: {str(error) or 'try a smaller model or fewer rows at once'}"
    if isinstance(error, (ValueError, TypeError, ImportError)):
        return str(error) or type(error).__name__
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(place.filename)}, line {place.lineno}"
    what = f"{type(error).__name__}: {error}".removesuffix(": ")
    return f"internal error, {what} ({where}): please report it; {TRACEBACK}=1 in the environment shows more"


def _os_error(error: OSError) -> str:
    """Return what the operating system says in words, with the file it is about."""
    if error.strerror is None:
        return str(error)
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror.lower()}"


@contextmanager
def _warnings_inone_line() -> Iterator[None]:
    """Show warnings, and what is logged of columns, as a person wants them: without the line of code."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        if speaks():
            print(f"made-np: warning: {one_line(str(message))}", file=sys.stderr)

    logger = logging.getLogger("made_np.columns")
    level = logger.level
    handler = _Lines()
    with warnings.catch_warnings():
        warnings.showwarning = show
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)


class _Lines(logging.Handler):
    """Shows what is logged, each record in one line."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record to stderr."""
        if speaks():
            print(f"made-np: {one_line(record.getMessage())}", file=sys.stderr)
