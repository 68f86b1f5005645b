"""The learner's files, checked whenever one of them changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from made_np.learn.folder import Folder
from made_np.learn.steps import all_steps
from made_np.learn.tasks import Step

SECONDS = 0.5


def changes(folder: Folder, wait: Callable[[], None] = lambda: time.sleep(SECONDS)) -> Iterator[Step]:
    """Yield each step whose file holds other text than before, for ever.

    The text is read, not the time of the change: some editors and file systems do not tell it.
    """
    before = {step.number: _text(folder, step) for step in all_steps()}
    while True:
        wait()
        for step in all_steps():
            text = _text(folder, step)
            if text is not None and text != before[step.number]:
                yield step
            before[step.number] = text


def _text(folder: Folder, step: Step) -> bytes | None:
    """What a file holds; None while there is none, as when an editor replaces it."""
    try:
        return folder.file(step).read_bytes()
    except OSError:
        return None
