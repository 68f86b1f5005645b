"""What somebody's function returns at several problems, or how it fails.

The function is called with copies, and nothing that it raises gets out: so it can run in another process, which sends
its attempts as JSON.
"""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.learn.tasks import Task
from made_np.testing.mistakes import Problem, kinds
from made_np.testing.mistakes.likeness import alike, all_alike

Results = list[dict[str, Any]]


@dataclass(frozen=True)
class Attempt:
    """The results of a function at each problem; or what is wrong with it, of which kind.

    Attributes
    ----------
    results : list of dict of str to ndarray
        Empty where it failed.
    kind, failure : str
        "" where there are results. The kind is "not begun" for a stub.
    written : tuple of str
        The arguments that were written to.
    keeps : bool
        The second call of the same problem gives other numbers.
    """

    results: Results
    kind: str = ""
    failure: str = ""
    written: tuple[str, ...] = ()
    keeps: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The attempt as what JSON can write."""
        lists = [{name: _to_list(array) for name, array in each.items()} for each in self.results]
        return {**vars(self), "results": lists, "written": list(self.written)}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Attempt:
        """The attempt that `to_dict` told of, which may come from anyone.

        Raises
        ------
        ValueError, TypeError, KeyError
            It is none.
        """
        results = [{str(name): _from_list(array) for name, array in each.items()} for each in told["results"]]
        written = tuple(str(name) for name in told["written"])
        return cls(results, str(told["kind"]), str(told["failure"]), written, bool(told["keeps"]))


NOT_BEGUN = "not begun"
BROKEN = "an error"


def _to_list(array: Any) -> dict[str, Any]:
    kind = array.dtype.kind
    return {"kind": kind, "shape": list(array.shape), "values": array.astype(float).ravel().tolist()}


def _from_list(told: Mapping[str, Any]) -> Any:
    dtype = {"b": bool, "i": np.int64, "u": np.int64, "f": np.float64}[str(told["kind"])]
    return np.array(told["values"], dtype=np.float64).astype(dtype).reshape([int(size) for size in told["shape"]])


class Returned(Exception):
    """What was returned cannot be compared with anything."""

    def __init__(self, kind: str, words: str) -> None:
        super().__init__(words)
        self.kind = kind


def attempt(task: Task, function: Callable[..., Any], problems: Sequence[Problem], file: str = "") -> Attempt:
    """Call a function at each problem, and twice at the first."""
    results: Results = []
    written: dict[str, None] = {}
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            for problem in problems:
                given = copied(problem)
                results.append(named(task, task.call(function, given)))
                written |= dict.fromkeys(_written(problem, given))
            again = named(task, task.call(function, copied(problems[0])))
    except NotImplementedError:
        return Attempt([], NOT_BEGUN, f"{task.function} is not written yet")
    except Returned as error:
        return Attempt([], error.kind, str(error))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Attempt([], *_told(task, error, problems[len(results)] if len(results) < len(problems) else {}, file))
    return Attempt(results, written=tuple(written), keeps=not all_alike(again, results[0]))


def copied(problem: Problem) -> dict[str, Any]:
    """The problem with arrays of its own."""
    return {name: each.copy() if isinstance(each, np.ndarray) else each for name, each in problem.items()}


def _written(problem: Problem, given: Mapping[str, Any]) -> list[str]:
    """The arguments that are not what they were, by more than a rounding."""
    arrays = [name for name, each in problem.items() if isinstance(each, np.ndarray)]
    return [name for name in arrays if not alike(given[name], problem[name])]


def named(task: Task, raw: Any) -> dict[str, Any]:
    """What was returned, as arrays by name.

    Raises
    ------
    Returned
        It is not what was asked for.
    """
    names = task.results
    listed = ", ".join(names)
    if raw is None:
        raise Returned(kinds.NONE, f"{task.function} returned None: is a return missing? Return {listed}")
    if len(names) == 1:
        only = isinstance(raw, (tuple, list)) and len(raw) == 1 and np.ndim(raw[0]) > 0
        return {names[0]: _array(names[0], raw[0] if only else raw)}
    if not (isinstance(raw, (tuple, list)) or np.ndim(raw) > 0):
        words = f"{task.function} returned a {type(raw).__name__}: return the {len(names)} results {listed}"
        raise Returned(kinds.SHAPE, words)
    if len(raw) != len(names):
        words = f"{task.function} returned {len(raw)} results: return {len(names)}, {listed}"
        raise Returned(kinds.SHAPE, words)
    return {name: _array(name, each) for name, each in zip(names, raw, strict=True)}


def _array(name: str, raw: Any) -> Any:
    if raw is None:
        raise Returned(kinds.NONE, f"{name} is None: return an array")
    try:
        array = np.asarray(raw)
        if array.dtype == object:
            array = array.astype(np.float64)
    except (ValueError, TypeError, OverflowError):
        array = np.asarray("")
    if array.dtype.kind not in "biuf":
        raise Returned(kinds.SHAPE, f"{name} is a {type(raw).__name__} that is no array of real numbers")
    return array.copy()


def _told(task: Task, error: BaseException, problem: Problem, file: str) -> tuple[str, str]:
    """The kind of an error, and where it came from, in words."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if file and frame.filename == file]
    where = f", line {lines[-1]}" if lines else ""
    if isinstance(error, SystemExit):
        return BROKEN, f"{task.function}{where} ended the program: return instead"
    words = " ".join(str(error).split())[:200]
    sizes = [f"{name} {np.shape(each)}" for name, each in problem.items() if isinstance(each, np.ndarray)]
    shapes = f" (the arguments: {', '.join(sizes)})" if sizes else ""
    speaks_of_shapes = any(word in words for word in ("broadcast", "mismatch", "shape", "align"))
    no_fit = isinstance(error, IndexError) or (isinstance(error, ValueError) and speaks_of_shapes)
    kind = kinds.SHAPE if no_fit else BROKEN
    return kind, f"{task.function}{where} raised {type(error).__name__}: {words}{shapes}"
