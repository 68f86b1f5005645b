"""Messages beside the answers: through logging, and seen without set-up where a person waits for them."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from made_np import MADE, MADEDensity, fit
from made_np.messages import tell

LOGGER = logging.getLogger("made_np.a_part")
X = np.random.default_rng(0).integers(0, 2, size=(20, 3))


class Collected(logging.Handler):
    """What a program's own handler is given."""

    def __init__(self, level: int = logging.INFO) -> None:
        super().__init__(level)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name}: {record.getMessage()}")


@pytest.fixture
def ours() -> Iterator[logging.Logger]:
    """Our logger, set up by a program, and put back afterwards."""
    logger = logging.getLogger("made_np")
    before = (logger.level, list(logger.handlers), logger.propagate)
    yield logger
    logger.setLevel(before[0])
    logger.handlers[:] = before[1]
    logger.propagate = before[2]


def heard(logger: logging.Logger) -> Collected:
    collected = Collected()
    logger.addHandler(collected)
    logger.setLevel(logging.INFO)
    return collected


def test_without_set_up_only_what_is_waited_for_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    tell(LOGGER, "one", shown=True)
    tell(LOGGER, "two", shown=False)
    assert capsys.readouterr() == ("", "one\n")


def test_a_program_that_logs_gets_all_and_stderr_nothing(
    ours: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    collected = heard(ours)
    tell(LOGGER, "one", shown=True)
    tell(LOGGER, "two", shown=False)
    assert collected.lines == ["made_np.a_part: one", "made_np.a_part: two"]
    assert capsys.readouterr() == ("", "")


def test_a_handler_for_worse_things_hears_nothing(ours: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    collected = heard(ours)
    collected.setLevel(logging.WARNING)
    ours.propagate = False  # pytest listens at the root
    tell(LOGGER, "one", shown=True)
    assert (collected.lines, capsys.readouterr().err) == ([], "one\n")
    tell(LOGGER, "two", shown=True, level=logging.WARNING)
    assert (collected.lines, capsys.readouterr().err) == (["made_np.a_part: two"], "")


def test_a_stream_that_is_gone_ends_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.stderr", None)
    tell(LOGGER, "one", shown=True)
    with (tmp_path / "closed").open("w") as closed:
        monkeypatch.setattr("sys.stderr", closed)
    tell(LOGGER, "two", shown=True)


def test_each_package_speaks_by_its_own_name(ours: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    collected = heard(ours)
    fit(MADE(3, (4,), backend="numpy"), X, max_epochs=2)
    assert [line.split(":")[0] for line in collected.lines] == ["made_np.training"] * 2
    assert collected.lines[1].startswith("made_np.training: epoch 2: train ")
    collected.lines.clear()
    MADEDensity((4,), order="auto", max_epochs=1, n_iter_no_change=1, random_state=0).fit(X, X_val=X)
    trials = [line for line in collected.lines if line.startswith("made_np.estimator: trial of ")]
    assert len(trials) >= 2
    assert capsys.readouterr() == ("", "")


def test_importing_the_package_sets_up_nothing() -> None:
    code = (
        "import logging, made_np, made_np.training.fit, made_np.estimator\n"
        "ours = logging.getLogger('made_np')\n"
        "print(ours.level, [type(h).__name__ for h in ours.handlers], ours.propagate, logging.getLogger().handlers)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "0 ['NullHandler'] True []\n"
    code = "import made_np, sys; print('logging' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
