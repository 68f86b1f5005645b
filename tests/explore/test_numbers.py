"""Every number of the page is that of made_np, rebuilt from the state that the page gives."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_np import optim
from made_np.explore.page import SCRIPTS

from .oracle import Walk, agrees_with_made, differences
from .random_states import break_at_random, random_state

TOLERANCE = 1e-12


def assert_equal(state: dict[str, Any], report: dict[str, Any]) -> None:
    found = differences(state, report)
    broken = state["broken"]
    if not any(value for name, value in broken.items() if name != "averaged_logits"):
        found += agrees_with_made(state, report)
    worst = max(found, key=lambda each: each[1])
    assert worst[1] <= TOLERANCE, worst


def test_the_page_says_how_far_its_numbers_are_from_those_of_python(page: Any) -> None:
    proof = page.run("made_np.proof")
    assert proof["count"] > 300
    assert proof["worst"] <= TOLERANCE
    assert page.run("document.getElementById('proof').className") == "good"
    assert_equal(page.run("made_np.state()"), page.run("made_np.shown()"))


def test_a_wrong_number_in_the_page_is_seen(visit: Callable[..., Any], file: Any, tmp_path: Any) -> None:
    text = file.read_text(encoding="utf-8")
    start = text.index('"trace":')
    at = text.index('"name":"z0"', start)
    digit = text.index(".", at) + 8
    (tmp_path / "wrong.html").write_text(
        text[:digit] + str((int(text[digit]) + 1) % 10) + text[digit + 1 :], encoding="utf-8"
    )
    page = visit(tmp_path / "wrong.html")
    assert page.run("made_np.proof.worst") > TOLERANCE
    assert page.run("document.getElementById('proof').className") == "bad"


@pytest.mark.parametrize("n", [50, pytest.param(200, marks=pytest.mark.slow)])
def test_numbers_of_random_models_are_those_of_made_np(page: Any, n: int) -> None:
    states = [random_state(seed, most_features=5) for seed in range(n)]
    states = [state if seed % 2 else break_at_random(state, seed) for seed, state in enumerate(states)]
    reports = page.run(f"{json.dumps(states)}.map(made_np.report)")
    for state, report in zip(states, reports, strict=True):
        assert_equal(state, report)


@pytest.mark.slow
def test_numbers_of_two_hundred_larger_models_are_those_of_made_np(page: Any) -> None:
    for first in range(0, 200, 20):
        states = [random_state(1000 + first + k, most_features=10) for k in range(20)]
        reports = page.run(f"{json.dumps(states)}.map(made_np.report)")
        for state, report in zip(states, reports, strict=True):
            assert_equal(state, report)


@pytest.mark.parametrize("rule", ["adam", "sgd"])
def test_training_in_the_page_moves_theta_as_the_package_does(page: Any, rule: str) -> None:
    state = page.run("made_np.state()")
    page.click(f"#rule-{rule}")
    for n in (1, 10, 100):
        page.click(f"#train-{n}")
    theta = trained(state, rule, 111)
    found = page.run("made_np.state()")
    assert found["memory"]["step"] == 111
    assert np.abs(np.array(found["theta"]) - theta).max() <= TOLERANCE
    assert_equal(found, page.run("made_np.shown()"))
    assert page.run("made_np.shown().loss") < 0.9 * Walk(state, state["x"]).values["loss"]


def trained(state: dict[str, Any], rule: str, steps: int) -> Any:
    theta = np.array(state["theta"])
    own = optim.get_optimizer(rule)
    memory = own.init(theta)
    for _ in range(steps):
        own.step(theta, Walk(state, state["x"], theta=theta).grad(), memory, state["rate"])
    return theta


def test_training_goes_on_with_its_memory_when_a_unit_is_added(page: Any) -> None:
    page.click("#train-10")
    before = page.run("made_np.state()")
    page.click("#more-0")
    state = page.run("made_np.state()")
    assert state["memory"]["step"] == 10
    assert np.isclose(np.abs(state["memory"]["m"]).sum(), np.abs(before["memory"]["m"]).sum())  # new entries are 0
    page.click("#train-10")
    theta = np.array(state["theta"])
    memory = {name: np.array(state["memory"][name]) for name in ("step", "m", "v")}
    for _ in range(10):
        optim.Adam().step(theta, Walk(state, state["x"], theta=theta).grad(), memory, state["rate"])
    assert np.abs(page.run("made_np.state().theta") - theta).max() <= TOLERANCE


def test_weights_without_a_wire_stay_where_they_are_unless_the_gradient_forgets_its_mask(page: Any) -> None:
    before = page.run("made_np.state()")
    cut = ~np.concatenate([np.ravel(m) for m in Walk(before, before["x"]).masks.values()])
    page.click("#train-10")
    sound = page.run("made_np.state()")
    page.click("#restart")
    page.click("#break-unmasked_gradient")
    page.click("#train-10")
    wrong = page.run("made_np.state()")

    def weights(state: dict[str, Any]) -> Any:
        walk = Walk(state, state["x"])
        return np.concatenate([np.ravel(walk.values[name]) for name in walk.masks])

    assert (weights(sound)[cut] == weights(before)[cut]).all()
    assert (weights(wrong)[cut] != weights(before)[cut]).any()
    assert (weights(wrong)[~cut] == weights(sound)[~cut]).all()
    assert abs(page.run("made_np.shown().loss") - Walk(sound, sound["x"]).values["loss"]) <= TOLERANCE
    assert "have moved" in page.run("document.getElementById('verdict').textContent")


def test_no_gradient_of_the_first_example_is_all_but_nothing(page: Any) -> None:
    report = page.run("made_np.shown()")
    for name, mask in report["masks"].items():
        grad = np.array(report["grads"][name])
        live = np.abs(grad[np.array(mask)])
        assert live.min() > 1e-4, name
        assert (grad[~np.array(mask)] == 0).all()
    for name in ("b0", "b1", "raw", "h0", "z0"):
        grad = np.abs(np.array(report["grads"][name]))
        assert np.median(grad) > 1e-3, name
    assert len(SCRIPTS) == len(set(SCRIPTS))


INTERACT = (Path(__file__).parent / "interact.js").read_text(encoding="utf-8").split("\n", 1)[1]


def interact(page: Any, seed: int, n: int) -> int:
    """Do n things at random on a model of that seed; how many of the states differed from those before."""
    page.run(f"made_np.show({json.dumps(random_state(seed, most_features=4 + seed % 4))})")
    seen = page.run(f"({INTERACT})({seed + 1}, {n})")
    assert len(seen) == n
    for thing, state, report in seen:
        try:
            assert_equal(state, report)
        except AssertionError as error:
            raise AssertionError(f"after {thing}, seed {seed}: {error}") from error
    told = [json.dumps(state) for _, state, _ in seen]
    assert page.complaints() == []
    return len(set(told))


def test_numbers_are_those_of_made_np_after_whatever_is_done(page: Any) -> None:
    assert interact(page, 3, 25) > 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_numbers_are_those_of_made_np_after_fifty_random_interactions(page: Any, seed: int) -> None:
    assert interact(page, seed, 50) > 10


def test_difference_quotients_agree_with_gradients_but_where_the_mask_was_forgotten(page: Any) -> None:
    n = page.run("document.querySelectorAll('#step-list button').length")
    for k in range(n):
        page.run(f"document.getElementById('step-{k}').click()")
        assert page.run("document.querySelectorAll('td.wrong').length") == 0
    page.click("#train-10")  # the quotients follow
    assert page.run("document.querySelectorAll('td.wrong').length") == 0
    page.click("#break-unmasked_gradient")
    wrong = page.run("document.querySelectorAll('td.wrong').length")
    state = page.run("made_np.state()")
    assert 0 < wrong <= (~Walk(state, state["x"]).masks["W0"]).sum()
