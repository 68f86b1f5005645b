"""Whatever standard output and error are, a program that writes to them comes to its end."""

from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path
from typing import Any

import pytest

import made_np.cli.streams
import made_np.testing.streams
from made_np.testing.streams import GONE, Stream, standard_streams

WORDS = "café \u0441\udce9 ✓\n"


class Broken(io.StringIO):
    """A stream that takes what it is given until it is flushed, and then has the system's trouble with it."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def flush(self) -> None:
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8", "utf-16"])
def test_letters_that_an_encoding_lacks_are_written_as_python_writes_them(encoding: str) -> None:
    raw = io.BytesIO()
    stream = Stream(io.TextIOWrapper(raw, encoding=encoding, newline="\n"), "stdout", needed=True)
    assert stream.write(WORDS) == len(WORDS)
    stream.flush()
    assert raw.getvalue().decode(encoding) == WORDS.encode(encoding, "backslashreplace").decode(encoding)


def test_a_stream_that_names_no_encoding_gets_ascii() -> None:
    class Fussy:
        text = ""

        def write(self, text: str) -> None:
            text.encode("ascii")
            self.text += text

    fussy = Fussy()
    Stream(fussy, "stdout", needed=True).write("\u0441")
    assert fussy.text == "\\u0441"


@pytest.mark.parametrize("number", GONE)
@pytest.mark.parametrize("needed", [True, False])
def test_when_nobody_reads_any_more_the_rest_is_dropped(number: int, needed: bool) -> None:
    stream = Stream(Broken(number), "stdout", needed=needed)
    stream.flush()
    stream.write("more")
    stream.flush()
    assert stream.getvalue() == ""


def test_a_full_disk_matters_for_what_is_needed_alone() -> None:
    Stream(Broken(errno.ENOSPC), "stderr", needed=False).flush()
    stream = Stream(Broken(errno.ENOSPC), "standard output", needed=True)
    for _ in range(2):  # argparse swallows the first one
        with pytest.raises(OSError, match="standard output"):
            stream.flush()
    stream.write("dropped")
    assert stream.getvalue() == ""


def test_a_closed_stream_is_as_none() -> None:
    closed = io.StringIO()
    closed.close()
    stream = Stream(closed, "stdout", needed=True)
    stream.write("words")
    stream.flush()


def test_missing_streams_are_there_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    with standard_streams():
        print("to nobody")
        print("to nobody", file=sys.stderr, flush=True)
        assert sys.stdin.read() == ""
    assert sys.stdin is sys.stdout is sys.stderr is None


def test_streams_are_given_back_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    text = io.StringIO()
    monkeypatch.setattr(sys, "stdout", text)
    with pytest.raises(FileNotFoundError), standard_streams(), open("missing"):
        pass
    with standard_streams():
        print("\u0441", end="")
    assert sys.stdout is text
    assert text.getvalue() == "\u0441"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no disk that is always full")
def test_what_was_not_written_is_not_tried_again_when_the_file_is_closed() -> None:
    with open("/dev/full", "w") as full:
        stream: Any = Stream(full, "stdout", needed=False)
        stream.write("words")
        stream.flush()


def test_the_copy_in_testing_is_the_same_file() -> None:
    copy = Path(made_np.testing.streams.__file__)
    original = Path(made_np.cli.streams.__file__)
    assert copy.read_bytes() == original.read_bytes()
