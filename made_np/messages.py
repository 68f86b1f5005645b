"""What made_np says beside its answers: a `logging` message, which is seen without set-up if a person waits for it.

Each package of ours has its own logger: "made_np.training", "made_np.estimator", "made_np.backends". They have no
handlers but one that does nothing, so a program decides with `logging` alone what becomes of them.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress

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
