"""Each step passes what is right, however it is written, and names what is wrong, by its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from made_np.learn.attempts import attempt
from made_np.learn.checking import check_file
from made_np.learn.outcomes import outcome_of, problems_of
from made_np.learn.steps import N_STEPS, NAMES, all_steps
from made_np.learn.tasks import SIZES, Step, Task, random_order

from .answers import RIGHT, find_task, is_misled, is_named, outcome, right_answer, tasks
from .fresh import FRESH
from .listed import LISTED
from .unseen import UNSEEN
from .wrong import WrongAnswer

TASKS = [pytest.param(step, task, id=f"{step.name}-{task.function}") for step, task in tasks()]


@pytest.mark.parametrize("style", RIGHT)
@pytest.mark.parametrize(("step", "task"), TASKS)
def test_a_right_answer_passes_however_it_is_written(step: Step, task: Task, style: str) -> None:
    found = outcome(task, right_answer(style, step, task))
    assert found.passed, found.lines


@pytest.mark.parametrize(("step", "task"), TASKS)
def test_a_right_answer_passes_at_other_problems(step: Step, task: Task) -> None:
    for seed in range(1, 6):
        found = outcome(task, right_answer("matrices", step, task), seed)
        assert found.passed, (seed, found.lines)


@pytest.mark.parametrize("wrong", LISTED, ids=lambda wrong: wrong.name)
def test_a_listed_mistake_names_itself(wrong: WrongAnswer) -> None:
    found = outcome(find_task(wrong.step, wrong.task), wrong.function)
    assert is_named(wrong, found), found


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [*LISTED, *UNSEEN, *FRESH], ids=lambda wrong: wrong.name)
def test_no_mistake_is_taken_for_another_at_other_problems(wrong: WrongAnswer) -> None:
    named = []
    for seed in range(1, 11):
        found = outcome(find_task(wrong.step, wrong.task), wrong.function, seed)
        assert not is_misled(wrong, found), (seed, found)
        named.append(is_named(wrong, found))
    assert len(set(named)) == 1


# How many of these were named when they were first tried, before anything was mended for them: of `unseen` 52 of 58, 5
# not at all, 1 wrongly; of `fresh` 42 of 47, 4 not at all, 1 wrongly.
@pytest.mark.parametrize(
    ("answers", "n", "least"),
    [pytest.param(UNSEEN, 58, 57, id="unseen"), pytest.param(FRESH, 47, 43, id="fresh", marks=pytest.mark.slow)],
)
def test_unseen_mistakes_are_named_mostly_and_never_wrongly(answers: list[WrongAnswer], n: int, least: int) -> None:
    n_named = 0
    for wrong in answers:
        found = outcome(find_task(wrong.step, wrong.task), wrong.function)
        assert not is_misled(wrong, found), (wrong.name, found)
        n_named += is_named(wrong, found)
    assert len(answers) == n
    assert n_named >= least


def test_every_step_has_mistakes_to_name() -> None:
    assert {wrong.step for wrong in LISTED} == set(NAMES)
    assert len({wrong.name for wrong in LISTED}) == len(LISTED)


@pytest.mark.parametrize("step", all_steps(), ids=lambda step: step.name)
def test_the_untouched_file_never_passes(step: Step, tmp_path: Any) -> None:
    path = tmp_path / step.file
    path.write_text(step.stub)
    checked = check_file(step, path)
    assert not checked.passed
    assert not checked.is_begun
    assert not any(each.passed for each in checked.outcomes)


def perturbed(function: Callable[..., Any], rng: np.random.Generator, size: float) -> Callable[..., Any]:
    """A right function, with one number of one result moved."""

    def moved(*arguments: Any) -> Any:
        raw = function(*arguments)
        parts = list(raw) if isinstance(raw, tuple | list) else [raw]
        arrays = [np.array(part, dtype=float) for part in parts]
        k = int(rng.integers(len(arrays)))
        flat = arrays[k].reshape(-1)
        largest = max(1e-3, float(np.abs(flat[np.isfinite(flat)]).max(initial=0)))
        flat[int(rng.integers(flat.size))] += size * largest * rng.choice([-1, 1])
        return tuple(arrays) if len(arrays) > 1 else arrays[0]

    return moved


@pytest.mark.parametrize("n", [25, pytest.param(200, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("step", "task"), [each for each in TASKS if each.values[0].name != "tape"])
def test_a_perturbed_right_answer_never_passes(step: Step, task: Task, n: int) -> None:
    rng = np.random.default_rng(0)
    function = right_answer("matrices", step, task)
    problems, extreme = problems_of(task, 0)
    for k in range(n):  # one in a hundred is explained, which takes longer than to see that it is wrong
        size = float(10 ** rng.uniform(-3.5, 0)) if task.judge is None else 1.0
        if step.name in ("sampling", "one_pass"):
            size = 1.0
        tried = attempt(task, perturbed(function, rng, size), [*problems, *extreme])
        if task.judge is None and k % 100:
            assert _is_wrong(task, problems, tried.results)
            continue
        assert not outcome_of(task, 0, lambda _, tried=tried: tried).passed  # type: ignore[misc]


def _is_wrong(task: Task, problems: list[Any], results: list[Any]) -> bool:
    from made_np.testing.mistakes.likeness import all_alike

    return not all(
        all_alike(got, {name: np.asarray(a) for name, a in task.subject.right(problem).items()})
        for problem, got in zip(problems, results, strict=False)
    )


def test_perturbed_tapes_never_pass() -> None:
    task = find_task("tape", "backward")
    step = next(step for step in all_steps() if step.name == "tape")
    right = right_answer("matrices", step, task)
    rng = np.random.default_rng(0)
    for _ in range(50):
        which = int(rng.integers(4))

        def moved(output: Any, which: int = which) -> None:
            right(output)
            value = output
            for _ in range(which):
                value = value.parents[-1][0] if value.parents else value
            value.grad *= 1.001
            value.grad += 1e-3

        assert not outcome(task, moved).passed


@pytest.mark.parametrize("step", all_steps(), ids=lambda step: step.name)
def test_a_step_is_short_and_plain(step: Step) -> None:
    texts = [step.stub, step.title, step.goal, *step.hints]
    assert all(text.isascii() for text in texts)
    assert step.stub.count("\n") < 40
    assert step.hints[0].endswith("?")
    assert "made_np/" in step.hints[2]
    assert len(step.hints) == 3
    assert all(f"def {task.function}(" in step.stub for task in step.tasks)
    assert step.number == NAMES.index(step.name) + 1


def test_hints_name_files_that_there_are() -> None:
    from pathlib import Path

    root = Path(__file__).resolve().parents[2]
    for step in all_steps():
        for word in step.hints[2].replace(",", " ").replace(";", " ").split():
            if word.startswith(("made_np/", "scripts/")):
                assert (root / word.rstrip(".:")).exists(), word


@pytest.mark.parametrize("step", all_steps()[:N_STEPS], ids=lambda step: step.name)
@pytest.mark.parametrize("style", RIGHT)
def test_what_is_right_is_shown_off(step: Step, style: str) -> None:
    if step.proof is None:
        return
    lines = list(step.proof({task.function: right_answer(style, step, task) for task in step.tasks}))
    assert lines
    assert all(line.isascii() and len(line) <= 120 for line in lines)
    assert not any("FAILED" in line for line in lines)


def test_the_density_sums_to_one_and_the_autoencoder_does_not() -> None:
    shown = {}
    for step in all_steps():
        if step.proof is not None:
            functions = {task.function: right_answer("matrices", step, task) for task in step.tasks}
            shown[step.name] = " ".join(step.proof(functions))
    assert "sum of p(x) over all 16 rows: 1.000000" in shown["probability"]
    assert "256 rows sum to 1.000000" in shown["made"]
    total = float(shown["autoencoder"].split("exp(-loss) = ")[1].split(":")[0])
    assert 100 < total < 257
    sums = [float(part.split()[0]) for part in shown["mixture"].split("256 rows:")[1].split("  ") if _is_number(part)]
    assert sums[0] == 1
    assert sums[1] < 0.9
    assert sums[2] > 1.01


def _is_number(text: str) -> bool:
    try:
        float(text.split()[0])
    except (ValueError, IndexError):
        return False
    return True


def test_problems_can_tell_mistakes_apart() -> None:
    for rows, features, units in SIZES:
        assert len({rows, features, units}) == 3
        assert rows >= 2
    rng = np.random.default_rng(0)
    for n in (3, 4, 5, 7):
        for _ in range(20):
            order = random_order(rng, n)
            assert sorted(order) == list(range(n))
            assert not np.array_equal(order, np.argsort(order))
