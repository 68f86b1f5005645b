"""check_roundtrip: a model that comes back the same passes; the way that loses something is named."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from made_np.testing import Adapter, check_roundtrip, suite
from made_np.testing.mutants.mutant import standard
from made_np.testing.networks import Network

NET = standard(np.random.default_rng(0))


def save(net: Network, path: str) -> None:
    np.save(path + ".npy", net.theta)


def load(path: str) -> Network:
    return replace(NET, theta=np.load(path + ".npy"))


def test_a_network_passes_in_every_way() -> None:
    report = check_roundtrip(NET, 5, save=save, load=load, clone=replace)
    assert report.ok, report
    assert report.n_checked == 8, "the copy of each of four ways, and the model itself"


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"clone": lambda net: replace(net, theta=net.theta + 1e-7)}, "after clone", "rounded"),
    ({"clone": lambda net: replace(net, theta=-net.theta)}, "after clone", "drawn anew"),
    ({"clone": lambda net: None}, "after clone", "raises"),
    ({"save": save, "load": lambda path: NET.theta}, "after save and load", "raises"),
    ({"save": lambda net, path: None, "load": load}, "after save and load", "raises"),
]


@pytest.mark.parametrize(("ways", "where", "hint"), FAULTS)
def test_the_way_that_lost_something_is_named(ways: dict[str, Any], where: str, hint: str) -> None:
    report = check_roundtrip(NET, 5, **ways)
    assert [failure.where for failure in report.failures] == [where], report
    assert hint in report.hint


def test_what_cannot_be_pickled_is_named_or_left_out() -> None:
    class Local(Network):
        pass

    local = Local(NET.plan, NET.theta, NET.x, NET.context)
    assert [failure.where for failure in check_roundtrip(local, 5).failures] == ["after pickle"]
    assert check_roundtrip(local, 5, ways=["deepcopy"]).ok


def test_a_model_that_is_spoiled_on_the_way_is_named() -> None:
    spoiled = replace(NET, theta=NET.theta.copy())

    def clone(net: Network) -> Network:
        other = replace(net, theta=net.theta.copy())
        net.theta[:] += 1
        return other

    report = check_roundtrip(spoiled, 5, ways=[], clone=clone)
    assert [failure.where for failure in report.failures] == ["after clone, the model itself"]


def test_answers_of_another_dtype_are_not_the_same() -> None:
    def asked(dtype: type, x: Any) -> Any:
        return np.zeros(len(x), dtype=dtype)

    report = check_roundtrip(np.float64, 2, log_prob=asked, clone=lambda model: np.float32)
    assert [failure.got for failure in report.failures] == ["dtype float32"]


def test_a_model_that_draws_anew_cannot_be_compared() -> None:
    rng = np.random.default_rng(0)
    report = check_roundtrip(NET, 5, log_prob=lambda net, x: net.log_prob(x) + rng.random(len(x)))
    assert "check_consistency" in report.hint


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: check_roundtrip(threading.Lock(), 2), "has no method log_prob"),
    (lambda: check_roundtrip(NET, 5, save=save), "load=None: give save and load"),
    (lambda: check_roundtrip(NET, 5, load=load), "save=None: give save and load"),
    (lambda: check_roundtrip(NET, 5, ways=["json"]), "ways: each='json'"),
    (lambda: Adapter(n_features=2, model=3), "model=3 has no method log_prob"),
    (lambda: Adapter(n_features=2, save=save), "load=None"),
]


@pytest.mark.parametrize("k", range(len(REFUSED)))
def test_what_cannot_be_meant_is_refused(k: int) -> None:
    call, message = REFUSED[k]
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_no_way_at_all_proves_nothing() -> None:
    assert check_roundtrip(NET, 5, ways=[]).failures[0].where == "exercised"


def test_it_is_a_check_of_the_suite() -> None:
    assert suite(NET.adapter(model=NET, save=save, load=load))["roundtrip"].status == "passed"
    asked = suite(Adapter(n_features=5, model=[NET], log_prob_of=lambda box, x: box[0].log_prob(x)))
    assert asked["roundtrip"].status == "passed"
