"""What made_np says to people beside its answers.

- A line of `logging`, which is seen without set-up if a person waits for it (`tell`). Each package of ours has its own
  logger: "made_np.training", "made_np.estimator", "made_np.backends". They have no handlers but one that does nothing,
  so a program decides with `logging` alone what becomes of them.
- A warning that points to the line of the person who called (`warn`).
- What to install for an optional part (`not_installed`). made_np is installed from the folder of its source, so the
  message names that folder, with the extra.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from contextlib import suppress

__all__ = ["install", "not_installed", "tell", "warn"]

FOLDER = os.path.dirname(__file__) + os.sep

logging.getLogger("made_np").addHandler(logging.NullHandler())


def tell(logger: logging.Logger, text: str, *, shown: bool, level: int = logging.INFO) -> None:
    """Log `text`; if it must be `shown` and no handler does that, write it to stderr, where there is one.

    Parameters
    ----------
    logger : logging.Logger
        That of the package which speaks.
    text : str
        One line.
    shown : bool
        Whether a person waits for it: they asked for progress, or wonder what takes so long.
    level : int
        Of `logging`.

    Examples
    --------
    >>> logger = logging.getLogger("made_np.training")
    >>> tell(logger, "epoch 1: train 0.6931 nats", shown=False)  # for a program that has called logging.basicConfig
    """
    is_heard = _is_heard(logger, level)
    with suppress(OSError, ValueError):  # a pipe that nobody reads, or a closed file
        if is_heard:
            logger.log(level, text)
        elif shown and sys.stderr is not None:  # a job without a terminal may have none
            print(text, file=sys.stderr, flush=True)


def _is_heard(logger: logging.Logger, level: int) -> bool:
    """Return whether a handler of the program takes messages of this level from the logger."""
    if not logger.isEnabledFor(level):
        return False
    place: logging.Logger | None = logger
    while place is not None:
        if any(level >= each.level and not isinstance(each, logging.NullHandler) for each in place.handlers):
            return True
        place = place.parent if place.propagate else None
    return False


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn from the first frame outside made_np, however deep in the package this is called.

    Parameters
    ----------
    message : str
    category : type of Warning
    """
    level = 2  # of who called this function
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(FOLDER):
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)


def install(*extras: str) -> str:
    """Return the command that installs made_np with these extras, and where to run it.

    Examples
    --------
    >>> print(install("plot"))
    run pip install ".[plot]" in made_np's source folder
    """
    what = f".[{','.join(extras)}]" if extras else "."
    return f"""run pip install "{what}" in made_np's source folder"""


def not_installed(who: str, package: str, *extras: str, instead: str = "") -> ImportError:
    """Return the error that `who` raises where `package` cannot be imported.

    Parameters
    ----------
    who : str
        Who needs it, as the subject of a sentence: "the demo needs".
    package : str
        As the registry of Python packages spells it.
    extras : str
        Those of made_np that bring it.
    instead : str
        What to do without it.

    Examples
    --------
    >>> print(not_installed("pictures need", "matplotlib", "plot"))
    pictures need matplotlib, which is not installed: run pip install ".[plot]" in made_np's source folder
    """
    way_out = install(*extras) + (f", or {instead}" if instead else "")
    return ImportError(f"{who} {package}, which is not installed: {way_out}")
