"""A function that fails is told how, whatever it does."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pytest

from made_np.learn.attempts import Attempt, attempt
from made_np.learn.checking import check_file
from made_np.learn.outcomes import problems_of
from made_np.learn.steps import step_of
from made_np.testing.mistakes import kinds

from .answers import find_task, outcome, right_answer, tasks

LAYER = find_task("layer", "linear_backward")


def right(dy: Any, x: Any, W: Any) -> Any:
    """A right answer."""
    return dy.T @ x, dy.sum(0), dy @ W


def raises(error: BaseException) -> Any:
    """A function that raises."""

    def function(dy: Any, x: Any, W: Any) -> Any:
        raise error

    return function


FAILURES: dict[str, tuple[Any, str, str]] = {
    "nothing": (lambda dy, x, W: None, kinds.NONE, "returned None: is a return missing? Return dW, db, dx"),
    "two": (lambda dy, x, W: right(dy, x, W)[:2], kinds.SHAPE, "returned 2 results: return 3, dW, db, dx"),
    "one": (lambda dy, x, W: 3.0, kinds.SHAPE, "returned a float: return the 3 results dW, db, dx"),
    "words": (lambda dy, x, W: ("a", "b", "c"), kinds.SHAPE, "dW is a str that is no array of real numbers"),
    "ragged": (lambda dy, x, W: ([[1], [1, 2]], 1, 2), kinds.SHAPE, "dW is a list that is no array of real numbers"),
    "complex": (lambda dy, x, W: (1j * dy.T @ x, dy.sum(0), dy @ W), kinds.SHAPE, "no array of real numbers"),
    "shapes": (lambda dy, x, W: (dy @ x, 0, 0), kinds.SHAPE, "the arguments: dy (4, 5), x (4, 3), W (5, 3)"),
    "index": (lambda dy, x, W: dy[100], kinds.SHAPE, "raised IndexError"),
    "error": (raises(KeyError("a")), "an error", "linear_backward raised KeyError: 'a'"),
    "exit": (raises(SystemExit(0)), "an error", "linear_backward ended the program: return instead"),
    "memory": (raises(MemoryError()), "an error", "raised MemoryError"),
    "stub": (raises(NotImplementedError()), "not begun", "is not written yet"),
    "few arguments": (lambda dy: dy, "an error", "raised TypeError"),
    "shape": (lambda dy, x, W: (dy.T @ x, dy.sum(0)[:, None], dy @ W), kinds.SHAPE, "db: its shape is (5, 1)"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_told(name: str) -> None:
    function, kind, words = FAILURES[name]
    found = outcome(LAYER, function)
    assert not found.passed
    assert found.kinds == (kind,)
    assert words in found.lines[0]


def test_ctrl_c_is_let_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        outcome(LAYER, raises(KeyboardInterrupt()))


def test_an_argument_that_is_written_to_is_named_even_if_the_numbers_are_right() -> None:
    def function(dy: Any, x: Any, W: Any) -> Any:
        found = right(dy, x, W)
        x[0, 0] = 7
        return found

    found = outcome(LAYER, function)
    assert found.kinds == (kinds.IN_PLACE,)
    assert found.lines[0].startswith("x: your function writes to what it is given")


def test_results_are_those_of_the_call_not_what_becomes_of_their_memory() -> None:
    kept: list[Any] = []

    def function(dy: Any, x: Any, W: Any) -> Any:
        for array in kept:
            array[...] = 0
        found = right(dy, x, W)
        kept[:] = found
        return found

    assert outcome(LAYER, function).passed


def test_arguments_may_be_written_to_and_put_back() -> None:
    step = step_of(1)
    found = outcome(step.tasks[0], right_answer("loops", step, step.tasks[0]))
    assert found.passed


@pytest.mark.parametrize(("step", "task"), list(tasks()), ids=lambda each: getattr(each, "name", ""))
def test_an_attempt_survives_being_sent(step: Any, task: Any) -> None:
    problems, extreme = problems_of(task, 0)
    made = attempt(task, right_answer("matrices", step, task), [*problems, *extreme])
    sent = Attempt.from_dict(json.loads(json.dumps(made.to_dict())))
    assert (sent.kind, sent.written, sent.keeps) == (made.kind, made.written, made.keeps)
    for one, other in zip(made.results, sent.results, strict=True):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


FILES: dict[str, tuple[str | None, str]] = {
    "missing": (None, "step_03_layer.py cannot be read: no such file or directory"),
    "syntax": ("def linear_backward(dy, x, W):\n    return (\n", "step_03_layer.py, line 2: "),
    "raises": ("1 / 0", "step_03_layer.py raised ZeroDivisionError: division by zero, when it was read"),
    "exits": ("raise SystemExit", "step_03_layer.py ended the program, when it was read"),
    "no function": ("x = 1", "step_03_layer.py has no function linear_backward"),
    "no function at all": ("linear_backward = 3", "linear_backward in step_03_layer.py is 3: it must be a function"),
    "null": ("\0", "step_03_layer.py"),
    "encoding": ("\udcff", "step_03_layer.py"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_used_is_told(name: str, tmp_path: Any) -> None:
    source, words = FILES[name]
    path = tmp_path / "step_03_layer.py"
    if source is not None:
        path.write_bytes(source.encode("utf-8", "surrogateescape"))
    checked = check_file(step_of(3), path)
    assert not checked.passed
    assert checked.outcomes[0].lines[0].startswith(words)


def test_the_line_of_an_error_is_told(tmp_path: Any) -> None:
    path = tmp_path / "step_03_layer.py"
    path.write_text("def linear_backward(dy, x, W):\n    a = 1\n    return undefined\n")
    checked = check_file(step_of(3), path)
    assert checked.outcomes[0].lines[0].startswith("linear_backward, line 3 raised NameError: name 'undefined'")


def test_a_helper_beside_the_file_can_be_imported(tmp_path: Any) -> None:
    (tmp_path / "own_helper.py").write_text("def product(a, b):\n    return a @ b\n")
    path = tmp_path / "step_03_layer.py"
    source = "from own_helper import product\n\ndef linear_backward(dy, x, W):\n"
    path.write_text(source + "    return product(dy.T, x), dy.sum(0), product(dy, W)\n")
    before = list(sys.path)
    assert check_file(step_of(3), path).passed
    assert sys.path == before
    sys.modules.pop("own_helper")


def test_what_cannot_be_shown_off_passes_all_the_same(tmp_path: Any) -> None:
    path = tmp_path / "step_05_loss.py"
    path.write_text(
        "import numpy as np\n\ndef bernoulli_loss(z, x):\n    assert z.shape[1] > 1\n"
        "    p = np.exp(-np.logaddexp(0, -z))\n    n = len(z)\n"
        "    return (np.logaddexp(0, z) - x * z).sum() / n, (p - x) / n\n"
    )
    checked = check_file(step_of(5), path)
    assert checked.passed
    assert checked.proof[0].startswith("what belongs here could not be shown: AssertionError")
