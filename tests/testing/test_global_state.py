"""check_global_state: who sets a global random state, who draws from it, who does neither."""

# ruff: noqa: NPY002 - the functions that nobody should use are what is looked at

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_np.testing import Adapter, check_consistency, check_global_state, check_gradient, load_adapter, suite
from made_np.testing.__main__ import main
from made_np.testing.worlds import touches

SEED = np.random.seed
"""As somebody has it who imported it by its name."""


class Right:
    """It draws with a generator of its own."""

    def __init__(self) -> None:
        self.w = np.random.default_rng(0).random(3)
        random.Random(0).random()
        np.random.RandomState(0).rand()

    def log_prob(self, x: Any) -> Any:
        return np.zeros(len(x)) - np.log(2)


def acting(act: Callable[[], Any]) -> type:
    """A model whose constructor does that."""

    class Acting(Right):
        def __init__(self) -> None:
            act()
            super().__init__()

    return Acting


def states() -> tuple[Any, ...]:
    numpy: Any = np.random.get_state()
    return random.getstate(), numpy[1].tobytes(), numpy[2:]


def set_both() -> None:
    random.seed(0)
    np.random.seed(0)


def set_and_put_back() -> None:
    python = random.getstate()
    numpy = np.random.get_state()
    set_both()
    random.setstate(python)
    np.random.set_state(numpy)


FAULTS: list[tuple[Callable[[], Any], list[tuple[str, str]]]] = [
    (lambda: np.random.seed(0), [("np.random", "re-seeded")]),
    (lambda: SEED(0), [("np.random", "re-seeded")]),
    (lambda: random.seed(0), [("random", "re-seeded")]),
    (lambda: random.setstate(random.Random(0).getstate()), [("random", "re-seeded")]),
    (lambda: np.random.set_state(np.random.RandomState(0).get_state()), [("np.random", "re-seeded")]),
    (set_both, [("random", "re-seeded"), ("np.random", "re-seeded")]),
    (lambda: [np.random.seed(0), np.random.rand(3)], [("np.random", "re-seeded")]),
    (lambda: np.random.rand(3), [("np.random", "drawn from")]),
    (lambda: np.random.seed(), [("np.random", "re-seeded")]),
    (lambda: np.random.seed(seed=None), [("np.random", "re-seeded")]),
    (lambda: random.seed(None), [("random", "re-seeded")]),
    (random.random, [("random", "drawn from")]),
    (lambda: [random.seed(0), np.random.rand()], [("random", "re-seeded"), ("np.random", "drawn from")]),
    (set_and_put_back, []),
    (lambda: None, []),
]


@pytest.mark.parametrize(("act", "found"), FAULTS)
def test_what_a_constructor_does_to_each_state_is_named(act: Any, found: list[tuple[str, str]]) -> None:
    before = states()
    report = check_global_state(acting(act))
    assert states() == before
    said = [(failure.where, str(failure.got).partition(",")[0]) for failure in report.failures]
    assert said == [(f"global state of {name}", what) for name, what in found]
    assert report.ok == (not found)
    assert report.n_exercised == report.n_checked >= 2


def test_whoever_sets_a_state_is_named_with_the_line() -> None:
    report = check_global_state(acting(lambda: np.random.seed(0)))
    line = acting.__code__.co_firstlineno + 5
    assert f"__init__ ({Path(__file__).name}, line {line})" in str(report.failures[0].got)
    assert "the constructor re-seeds np.random, by " in report.hint
    assert "make a numpy Generator of the seed" in report.hint
    by_chance = check_global_state(acting(lambda: np.random.seed(None)))
    assert "a seed that was set before is lost" in by_chance.hint
    by_its_name = check_global_state(acting(lambda: SEED(0)))
    assert by_its_name.failures[0].got == "re-seeded"
    assert "draws from random, which its caller did not give" in check_global_state(acting(random.random)).hint


def test_a_model_is_built_once_and_again_only_if_a_state_has_moved() -> None:
    for act, calls in ((int, 1), (random.random, 2)):
        built = []
        check_global_state(lambda act=act, built=built: built.append(act()))  # type: ignore[misc]
        assert len(built) == calls


def test_what_is_drawn_at_the_first_time_only_is_no_fault() -> None:
    imported: list[float] = []
    assert check_global_state(lambda: imported or imported.append(random.random())).ok  # as an import may do


def test_states_are_put_back_when_build_raises() -> None:
    def fails() -> None:
        random.seed(0)
        raise RuntimeError("no device")

    before = states()
    functions = (random.seed, np.random.seed)
    with pytest.raises(RuntimeError, match="no device"):
        check_global_state(fails)
    assert states() == before
    assert functions == (random.seed, np.random.seed)


def test_no_seed_of_ours_hides_the_same_seed_of_a_model() -> None:
    for seed in range(50):
        assert [t.is_set for t in touches(lambda seed=seed: random.seed(seed), seed)] == [True]  # type: ignore[misc]


# ------------------------------------------------------------------------------------------------------ a test's own


def of_a_test(build: Callable[[], Any]) -> list[str]:
    return [str(failure.got) for failure in check_global_state(build, whose="constructors").failures]


def test_a_test_may_set_and_draw_while_a_constructor_may_not_set() -> None:
    assert of_a_test(lambda: set_both()) == []
    assert of_a_test(lambda: [np.random.seed(0), Right(), np.random.rand(3)]) == []
    assert of_a_test(lambda: [SEED(0), random.random()]) == []
    assert of_a_test(lambda: [np.random.seed(), random.seed(None), acting(random.random)()]) == []
    assert of_a_test(acting(random.random)) == []
    assert len(of_a_test(lambda: [np.random.seed(0), acting(lambda: np.random.seed(None))()])) == 1
    (got,) = of_a_test(lambda: [random.seed(3), acting(lambda: random.seed(0))()])
    assert got.startswith("re-seeded, by ")
    assert "__init__" in got


def test_a_constructor_that_puts_a_state_back_is_not_blamed_for_the_seed_of_the_test() -> None:
    assert of_a_test(lambda: [set_both(), acting(set_and_put_back)(), random.random(), np.random.rand()]) == []


def test_what_a_test_does_is_a_note() -> None:
    report = check_global_state(lambda: [SEED(0), random.random()], whose="constructors")
    assert report.ok
    assert report.notes == ("random is drawn from", "np.random is set")


# --------------------------------------------------------------------------------------------------------------- torch


@contextmanager
def torch_as_it_was() -> Any:
    torch = pytest.importorskip("torch", reason="the state is torch's")
    with torch.random.fork_rng():
        yield torch


def test_torch_may_be_drawn_from_and_must_not_be_set() -> None:
    with torch_as_it_was() as torch:
        before = torch.get_rng_state().tolist()

        def forked() -> None:
            with torch.random.fork_rng():
                torch.manual_seed(0)

        assert check_global_state(lambda: torch.nn.Linear(2, 2)).ok
        assert check_global_state(acting(forked)).ok
        assert check_global_state(acting(lambda: [forked(), torch.rand(2)])).ok
        for act in (lambda: torch.manual_seed(0), lambda: torch.random.manual_seed(0)):
            report = check_global_state(acting(lambda act=act: [act(), torch.nn.Linear(2, 2)]))  # type: ignore[misc]
            assert [failure.where for failure in report.failures] == ["global state of torch"]
            assert "__init__ (test_global_state.py" in str(report.failures[0].got)
            assert "torch Generator" in report.hint
        assert of_a_test(lambda: [torch.manual_seed(0), acting(forked)(), torch.rand(2)]) == []
        assert len(of_a_test(lambda: [torch.manual_seed(0), acting(lambda: torch.manual_seed(1))()])) == 1
        assert torch.get_rng_state().tolist() == before


def test_torch_in_answers_and_gradients_may_be_drawn_from_and_must_not_be_set() -> None:
    with torch_as_it_was() as torch:

        def answers(act: Callable[[], Any]) -> list[str]:
            return [f.where for f in check_consistency(lambda x: [act(), np.tanh(x)][1], 3).failures]

        def gradient(act: Callable[[], Any]) -> list[str]:
            report = check_gradient(lambda x: np.sum(x**2), lambda x: [act(), 2 * x][1], np.arange(1.0, 4.0))
            return [f.where for f in report.failures]

        for check in (answers, gradient):
            assert check(lambda: torch.rand(1)) == []  # as a DataLoader does
            assert check(lambda: torch.manual_seed(0)) == ["global state of torch"]


def test_without_torch_there_are_two_states(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert check_global_state(Right).n_checked == 2


# -------------------------------------------------------------------------------------- answers, gradients, the suite


@pytest.mark.parametrize("who", ["f", "grad"])
@pytest.mark.parametrize(("act", "got"), [(random.random, "drawn from"), (lambda: SEED(0), "re-seeded")])
def test_losses_and_gradients_leave_the_states_alone(who: str, act: Any, got: str) -> None:
    functions = {"f": lambda x: np.sum(x**2), "grad": lambda x: 2 * x}
    right = functions[who]
    functions[who] = lambda x: [act(), right(x)][1]
    report = check_gradient(functions["f"], functions["grad"], np.arange(1.0, 4.0))
    assert [failure.got for failure in report.failures] == [got]
    assert report.hint.startswith(f"{who} ")


def test_the_suite_builds_a_model_if_it_may() -> None:
    given: dict[str, Any] = {"n_features": 1, "log_prob": Right().log_prob}
    assert suite(Adapter(**given))["global_state"].reason == "needs build"
    assert suite(Adapter(**given, build=Right))["global_state"].status == "passed"
    found = suite(Adapter(**given, build=acting(random.random)))
    assert [report.check for report in found.failures] == ["global_state"]
    with pytest.raises(TypeError, match="build=3 is a int"):
        Adapter(n_features=1, build=3)  # type: ignore[arg-type]


def a_right_model() -> Adapter:
    np.random.seed(0)  # of the test, for its rows
    np.random.rand(3)
    return Adapter(n_features=1, log_prob=Right().log_prob)


def a_model_that_sets() -> Adapter:
    return Adapter(n_features=1, log_prob=acting(set_both)().log_prob)


def nothing() -> Adapter:
    return Adapter(n_features=1)


ITSELF = Adapter(n_features=1, log_prob=Right().log_prob)


def test_the_factory_of_an_adapter_is_watched_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    before = states()
    assert suite(load_adapter(f"{__name__}:a_right_model"))["global_state"].status == "passed"
    found = suite(load_adapter(f"{__name__}:a_model_that_sets"))["global_state"].report
    assert found is not None
    assert [failure.where for failure in found.failures] == ["global state of random", "global state of np.random"]
    assert main([f"{__name__}:a_model_that_sets"]) == 1
    assert "re-seeded, by " in capsys.readouterr().out
    assert suite(load_adapter(f"{__name__}:nothing")).nothing_checked
    assert load_adapter(f"{__name__}:ITSELF") is ITSELF
    random.setstate(before[0])
    np.random.seed(0)  # what the factories did when they were loaded
