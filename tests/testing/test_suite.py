"""The suite: what runs, what is skipped and why, what may fail; adapters by name; the command line."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from made_np.testing import Adapter, CheckFailed, Interval, Layer, SuiteReport, checks, load_adapter, suite
from made_np.testing.__main__ import main
from made_np.testing.effort import FULL_SWEEP
from made_np.testing.mutants.mutant import standard
from made_np.testing.networks import Network, make_network, random_network
from made_np.testing.plans import make_plan

Array = NDArray[Any]
NAMES = [check.name for check in checks(Adapter(n_features=1))]
N_SKIPPED = 6
"""Of the adapter that is right: it has neither draw, cdf, answers to questions, model nor build, and is swept."""


def right(**changes: Any) -> Adapter:
    return standard(np.random.default_rng(0), n_context=1).adapter(**changes)


def good() -> Adapter:
    """For the command line."""
    return right(name="good")


BAD = right(name="bad", grad=lambda theta: -np.asarray(right().grad(theta)))  # type: ignore[misc]


def statuses(adapter: Adapter, **options: Any) -> dict[str, str]:
    return {result.name: result.status for result in suite(adapter, **options).results}


def test_everything_that_can_be_run_is_run_and_the_rest_is_listed() -> None:
    found = suite(right())
    assert found.ok, found
    assert [result.name for result in found.results] == NAMES
    skipped = {result.name: result.reason for result in found.results if result.status == "skipped"}
    swept = {"gradient_directions": "see gradient: every entry is swept, or directions are taken"}
    unasked = {"conditionals": "needs log_marginal, log_conditional", "roundtrip": "needs model"}
    needs = {"sampler_counts": "draw", "calibrated": "cdf", "global_state": "build"}
    assert skipped == swept | unasked | {name: f"needs {field}" for name, field in needs.items()}


SKIPPED: list[tuple[str, set[str], str]] = [
    ("masks", {"masks"}, "needs masks"),
    ("params", {"autoregressive", "consistency_params"}, "needs params"),
    ("params_given", {"context"}, "needs params_given"),
    ("log_prob", {"normalised", "consistency_log_prob"}, "needs log_prob"),
    ("sample", {"sampler"}, "needs sample"),
    ("conditional", {"sampler"}, "needs conditional or inverse"),
    ("theta", {"gradient", "gradient_directions"}, "needs theta"),
    ("support", {"normalised"}, "needs support"),
    ("probability", {"measure"}, "needs probability"),
]


@pytest.mark.parametrize(("field", "lost", "reason"), SKIPPED)
def test_what_is_missing_is_skipped_with_the_reason(field: str, lost: set[str], reason: str) -> None:
    found = suite(right(**{field: None}))
    skipped = {result.name: result.reason for result in found.results if result.status == "skipped"}
    others = set().union(*(each for _, each, _ in SKIPPED)) - lost
    assert lost - {"gradient_directions"} <= set(skipped)
    assert not set(skipped) & others - {"gradient_directions"}
    assert all(skipped[name] == reason for name in lost)
    assert found.ok


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"order": [1, 0], "support": (0, 1, 2)},
        {"loss": np.sum, "grad": np.ones_like},  # theta was forgotten
        {"sample": np.copy},  # what to compare it with was forgotten
        {"log_prob": None, "n_features": 40, "theta": np.ones(3)},
    ],
)
def test_a_model_with_nothing_to_check_is_all_skipped_and_not_all_right(given: dict[str, Any]) -> None:
    adapter = Adapter(**({"n_features": 2} | given))
    assert set(statuses(adapter).values()) == {"skipped"}
    found = suite(adapter)
    assert found.nothing_checked
    assert not found.ok
    assert not found
    assert found.to_dict()["nothing_checked"] is True
    assert found.to_dict()["ok"] is False
    assert str(found).startswith(f"model: there was nothing to check, 0 of {len(NAMES)} passed")
    assert "there was nothing to check" in found._repr_html_()
    with pytest.raises(CheckFailed, match="there was nothing to check"):
        found.raise_if_failed()


def test_whatever_was_run_is_something_that_was_checked() -> None:
    for found in (suite(right()), suite(BAD), suite(BAD, expected_failures={"gradient": "known"})):
        assert not found.nothing_checked
        assert found.to_dict()["nothing_checked"] is False
    one = Adapter(n_features=1, log_prob=lambda x: np.full(len(x), np.log(0.5)))
    assert suite(one).ok
    assert SuiteReport("nobody", ()).nothing_checked


def test_too_many_states_are_skipped() -> None:
    big = Adapter(n_features=17, log_prob=lambda x: np.zeros(len(x)))
    assert "too many states" in suite(big)["normalised"].reason
    real = replace(big, n_features=3, support=Interval(-1, 1))
    assert "too many states" in suite(real)["normalised"].reason


@pytest.mark.parametrize(
    ("n_real", "states", "runs"), [(2, 16, True), (2, 17, False), (1, 8192, True), (1, 8193, False)]
)
def test_the_points_of_real_columns_count_as_states(n_real: int, states: int, runs: bool) -> None:
    table = Adapter(
        n_features=n_real + 1,
        support=[range(states), *[Interval(-1, 1)] * n_real],
        log_prob=lambda x: np.zeros(len(x)),
    )
    (normalised,) = (check for check in checks(table) if check.name == "normalised")
    assert bool(normalised.skip) != runs
    assert runs or "too many states" in normalised.skip


def test_a_failure_is_reported_with_its_text() -> None:
    found = suite(BAD)
    assert not found
    assert [report.check for report in found.failures] == ["gradient"]
    assert "sign flipped" in str(found)
    assert f"bad: 1 checks FAILED, {len(NAMES) - 1 - N_SKIPPED} of {len(NAMES)} passed" in str(found)
    assert "sign flipped" in found._repr_html_()
    with pytest.raises(CheckFailed, match="sign flipped"):
        found.raise_if_failed()
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["ok"] is False


def test_a_check_that_ran_is_told_from_one_that_did_not_whatever_its_report_says() -> None:
    wide = Adapter(
        n_features=1, support=Interval(-1, 1), log_prob=lambda x: -np.log(np.pi * (1.0 + np.float64(x[:, 0]) ** 2))
    )
    assert (suite(wide)["normalised"].status, suite(wide)["normalised"].ran) == ("skipped", True)
    for found, passed in (
        (
            suite(Adapter(n_features=2, log_prob=lambda x: 1.0 * x[:, 0])),
            {"normalised": False, "consistency_log_prob": True},
        ),
        (suite(wide), {"normalised": False, "consistency_log_prob": True}),
        (suite(Adapter(n_features=2)), {}),
    ):
        assert {result.name: bool(result.report) for result in found.results if result.ran} == passed
        assert [result.ran for result in found.results] == [result.report is not None for result in found.results]


def test_a_good_report_is_handed_on() -> None:
    found = suite(right())
    assert found.raise_if_failed() is found
    assert found["masks"].report is not None
    assert f"all right, {len(NAMES) - N_SKIPPED} of {len(NAMES)} passed" in str(found)
    assert all(0 <= result.seconds < 60 for result in found.results)
    with pytest.raises(KeyError, match="no check 'mask'"):
        found["mask"]


def test_a_model_that_is_meant_to_be_narrow_may_say_so() -> None:
    plan = make_plan(range(5), [[2], [1, 2, 3]])
    net = make_network(np.random.default_rng(0), plan)
    assert {report.check for report in suite(net.adapter()).failures} == {"masks", "autoregressive"}
    assert suite(net.adapter(lost="ignore")).ok
    leaking = replace(plan, masks=(np.ones((1, 5), dtype=bool), *plan.masks[1:]))
    assert not suite(make_network(np.random.default_rng(0), leaking).adapter(lost="ignore"))["masks"].report


def test_single_precision_inside_is_met_by_the_tolerances_of_the_adapter() -> None:
    net = standard(np.random.default_rng(0))

    def log_prob(x: Array) -> Array:
        return net.log_prob(x) * (1 + 1e-7 * (len(x) % 5))

    single = net.adapter(log_prob=log_prob)
    assert {report.check for report in suite(single).failures} == {"normalised", "consistency_log_prob"}
    assert suite(replace(single, atol=1e-5, rtol=1e-5)).ok


def test_expected_failures_are_told_apart() -> None:
    found = suite(BAD, expected_failures={"gradient": "issue 7", "masks": "not any more"})
    assert found.ok
    assert (found["gradient"].status, found["gradient"].reason) == ("failed as expected", "issue 7")
    assert found["masks"].status == "passed, though listed in expected_failures"
    with pytest.raises(ValueError, match=r"names \['grad'\], which is no check; the checks are \['masks', "):
        suite(BAD, expected_failures={"grad": "a typing error"})


def test_an_exception_inside_a_model_is_a_failure() -> None:
    def fails(x: Array) -> Array:
        raise RuntimeError("no device")

    found = suite(right(params=fails))
    assert {report.check for report in found.failures} == {"autoregressive", "consistency_params"}
    assert "RuntimeError: no device" in str(found)


def test_layers_are_checked_by_name() -> None:
    x = np.random.default_rng(0).standard_normal((3, 4))
    layers = [
        Layer("tanh", np.tanh, lambda dy, x: dy * (1 - np.tanh(x) ** 2), (x,)),
        Layer("wrong", np.tanh, lambda dy, x: dy * (1 - np.tanh(x)), (x,)),
    ]
    found = statuses(Adapter(n_features=1, layers=layers))
    assert found["vjp[tanh]"] == "passed"
    assert found["vjp[wrong]"] == "FAILED"


def test_a_large_model_is_checked_in_part_and_by_directions() -> None:
    net = make_network(np.random.default_rng(0), make_plan(range(30), [np.arange(1, 30).repeat(2)]))
    assert net.theta.size > FULL_SWEEP
    found = suite(net.adapter(support=(0, 1)))
    assert found.ok, found
    report = found["gradient"].report
    assert report is not None
    assert any("64 of" in note for note in report.notes)
    assert found["gradient_directions"].status == "passed"
    wrong = net.adapter(grad=lambda theta: net.grad(theta) * (1 + 0.1 * (np.arange(theta.size) % 7 == 0)))
    assert not suite(wrong)["gradient_directions"].report


def typical(D: int, H: int) -> Network:
    return make_network(np.random.default_rng(0), make_plan(range(D), [np.arange(H) % (D - 1) + 1], direct=True))


def test_a_typical_network_takes_less_than_ten_seconds() -> None:
    start = time.process_time()
    found = suite(typical(64, 128).adapter())
    assert found.ok, found
    assert time.process_time() - start < 10


def test_a_large_network_costs_few_calls() -> None:
    net = typical(120, 80)
    calls = {"params": 0, "loss": 0, "grad": 0}

    def counted(name: str) -> Any:
        def call(*arguments: Any) -> Any:
            calls[name] += 1
            return getattr(net, name)(*arguments)

        return call

    found = suite(net.adapter(sample=None, **{name: counted(name) for name in calls}))
    assert found.ok, found
    assert calls["params"] < 50
    assert calls["loss"] < 250
    assert calls["grad"] == 4


# ------------------------------------------------------------------------------------------------- by name


def test_an_adapter_is_found_by_name() -> None:
    assert load_adapter(f"{__name__}:good").name == "good"
    assert load_adapter(f"{__name__}:BAD").name == "bad"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("no_colon", "must look like package.module:factory"),
        ("a:", "must look like"),
        ("no_such_module_at_all:x", "cannot be found"),
        (f"{__name__}:no_such_name", "cannot be found"),
        (f"{__name__}:NAMES", "gives a list"),
        (f"{__name__}:time.perf_counter", "gives a float"),
    ],
)
def test_a_wrong_name_is_refused(target: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_adapter(target)


def test_the_command_line_checks_an_adapter(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"{__name__}:good"]) == 0
    assert "good: all right" in capsys.readouterr().out
    assert main([f"{__name__}:BAD", "--seed", "3"]) == 1
    assert "sign flipped" in capsys.readouterr().out
    assert main(["nowhere:x"]) == 2
    assert capsys.readouterr().err.startswith("error: 'nowhere:x' cannot be found")
    with pytest.raises(SystemExit):
        main([])


def test_seeds_repeat_a_suite_to_the_digit(tmp_path: Path) -> None:
    def told(rng: int) -> str:
        results = suite(random_network(np.random.default_rng(4)).adapter(), rng=rng).results
        return str([r.report.to_dict() for r in results if r.report is not None])

    assert told(3) == told(3)
    assert told(3) != told(4)
