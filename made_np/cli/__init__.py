"""The command line, ``made-np`` or ``python -m made_np``: a table in, a density out.

Every command is a function of its parsed arguments. What goes wrong is one line on stderr and exit status 2; Ctrl-C is
one line and 130. Output files appear only when they are complete.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from made_np import demo, faces
from made_np._version import __version__
from made_np.cli import checking, commands, inspection

__all__ = ["build_parser", "main"]

INTERRUPTED = 130
"""What a shell expects of a program that Ctrl-C has ended: 128 plus the number of the signal."""


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` that complains in one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where help is, and exit with status 2."""
        self.exit(2, f"{self.prog}: {_one_line(message)} (see {self.prog} --help)\n")


def build_parser() -> Parser:
    """Return the parser of all commands; each sets ``run``, the function that carries it out."""
    parser = Parser(
        prog="made-np",
        description="MADE, the masked autoregressive density estimator, for tables and images.",
        epilog="DATA and OUT are tables: .npy, .npz (FILE.npz:NAME picks an array), .csv or .parquet.",
    )
    parser.add_argument("--version", action="version", version=f"made_np {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    demo.add_parser(subparsers)
    faces.add_parser(subparsers)
    commands.add_parsers(subparsers)
    inspection.add_parser(subparsers)
    checking.add_parser(subparsers)
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
        0, or 2 after an error, 130 after Ctrl-C.

    Raises
    ------
    SystemExit
        From ``--help``, ``--version``, and arguments that cannot be parsed (status 2).
    """
    args = build_parser().parse_args(argv)
    try:
        with _warnings_in_one_line():
            status = int(args.run(args) or 0)
            sys.stdout.flush()
            return status
    except KeyboardInterrupt:
        return _complain(args.command, "stopped by Ctrl-C", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has seen enough, as in `made-np inspect MODEL | head`. What is still to be flushed
        # when Python exits goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _complain(args.command, _os_error(error), 2)
    except MemoryError as error:
        return _complain(args.command, f"out of memory: {error or 'try a smaller model or fewer rows at once'}", 2)
    except (ValueError, TypeError, ImportError) as error:
        return _complain(args.command, str(error) or type(error).__name__, 2)


def _complain(command: str, message: str, status: int) -> int:
    print(f"made-np {command}: {_one_line(message)}", file=sys.stderr)
    return status


def _one_line(message: str) -> str:
    return " ".join(message.split())


def _os_error(error: OSError) -> str:
    """Return what the operating system says in words, with the file it is about."""
    if error.strerror is None:
        return str(error)
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror.lower()}"


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    """Show warnings as a person wants them, without the line of code that they come from."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        print(f"made-np: warning: {_one_line(str(message))}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield
