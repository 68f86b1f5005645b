"""The standard streams of a program: whatever they are, they do not end its work.

A pipe may know fewer letters than a name has, its reader may have gone, and a job of cron has no streams at all.

`made_np.testing` holds a copy of this file, so that its folder works alone; a test keeps both the same.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

GONE = (errno.EPIPE, errno.EBADF, errno.EIO)
"""What the system says where nobody reads any more: a closed pipe, a closed file, a terminal that was closed."""


class Stream:
    """A stream that text is written to; whatever else it is asked goes to the stream behind it.

    What the encoding has no letters for is written as Python writes it, ``\\u0441``. When nobody reads any more, the
    rest is dropped without a word.

    Parameters
    ----------
    behind : text stream
    name : str
        For the message.
    needed : bool
        Whether it is an error that something else is wrong with it (a full disk): whoever writes hears of it, and
        whoever flushes later, too.
    """

    def __init__(self, behind: Any, name: str, *, needed: bool) -> None:
        self._behind = behind
        self._name = name
        self._needed = needed
        self._is_gone = False
        self._failed: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)

    def write(self, text: str) -> int:
        """Write the text, and return how many letters it has."""
        self._try(lambda: self._write(text))
        return len(text)

    def flush(self) -> None:
        """Hand over what was written so far."""
        if self._failed is not None:
            raise self._failed
        self._try(self._behind.flush)

    def _write(self, text: str) -> None:
        try:
            self._behind.write(text)
        except UnicodeEncodeError:
            encoding = getattr(self._behind, "encoding", None) or "ascii"
            self._behind.write(text.encode(encoding, "backslashreplace").decode(encoding))

    def _try(self, action: Callable[[], object]) -> None:
        if self._is_gone:
            return
        try:
            action()
        except ValueError:  # it is a closed file
            self._leave()
        except OSError as error:
            self._leave()
            if self._needed and error.errno not in GONE:
                self._failed = OSError(error.errno, error.strerror, self._name)
                raise self._failed from error

    def _leave(self) -> None:
        """Write no more; what is in the stream's buffer goes nowhere when Python ends."""
        self._is_gone = True
        with suppress(Exception), open(os.devnull, "w") as nowhere:  # a StringIO has no number
            os.dup2(nowhere.fileno(), self._behind.fileno())


@contextmanager
def standard_streams() -> Iterator[None]:
    """Let a program write to standard output and error whatever they are, until the block ends.

    Examples
    --------
    >>> with standard_streams():
    ...     print("caf\u00e9".encode(sys.stdout.encoding or "ascii", "replace").decode()[:3])
    caf
    """
    before = sys.stdin, sys.stdout, sys.stderr
    with ExitStack() as opened:
        # Where a stream is missing its number is free, and would be that of the next file: of a model, say.
        stdin, stdout, stderr = (
            opened.enter_context(open(os.devnull, mode)) if stream is None else stream
            for stream, mode in zip(before, "rww", strict=True)
        )
        given: Any = stdin, Stream(stdout, "standard output", needed=True), Stream(stderr, "stderr", needed=False)
        sys.stdin, sys.stdout, sys.stderr = given
        try:
            yield
        finally:
            sys.stdin, sys.stdout, sys.stderr = before
