"""The functions in a learner's file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from made_np.learn.attempts import BROKEN, Attempt
from made_np.learn.tasks import Step
from made_np.values import show


class Unloaded(Exception):
    """The file cannot be used: the attempt says why."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(attempt.failure)
        self.attempt = attempt


def load_functions(step: Step, path: Path) -> dict[str, Callable[..., Any]]:
    """Run a learner's file, and return the functions of the step.

    Raises
    ------
    Unloaded
        The file is missing, is no Python, raises, or lacks a function.
    """
    try:
        source = path.read_bytes()
    except OSError as error:
        raise _failed(f"{path.name} cannot be read: {(error.strerror or str(error)).lower()}") from None
    module = ModuleType(f"learn_{step.name}")
    module.__file__ = str(path)
    folder = str(path.parent)
    sys.path.insert(0, folder)  # a learner may keep helpers in a file beside it
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)
    except SyntaxError as error:
        raise _failed(f"{path.name}, line {error.lineno}: {error.msg}") from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        what = "ended the program" if isinstance(error, SystemExit) else f"raised {type(error).__name__}: {error}"
        raise _failed(f"{path.name} {' '.join(what.split())[:200]}, when it was read") from None
    finally:
        if folder in sys.path:
            sys.path.remove(folder)
    return {task.function: _function(module, task.function, path) for task in step.tasks}


def _function(module: ModuleType, name: str, path: Path) -> Callable[..., Any]:
    found = getattr(module, name, None)
    if found is None:
        raise _failed(f"{path.name} has no function {name}: write it, or made-np learn reset brings the file back")
    if not callable(found):
        raise _failed(f"{name} in {path.name} is {show(found)}: it must be a function")
    return found


def _failed(words: str) -> Unloaded:
    return Unloaded(Attempt([], BROKEN, words))
