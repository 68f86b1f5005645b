"""Ranks that compute on devices: their gradients are added up in the machine's memory, or where they lie."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rank_problems import assert_same_result, cuts, draw
from rank_threads import on_ranks

from made_np import FitResult
from made_np.backends._cupy import cuda, device_memory
from made_np.ranks.comm import Comm

from .emulation import Emulated, missing


@pytest.mark.parametrize("seed", [0, 3, 4])
@pytest.mark.parametrize("streamed", [False, True])
def test_ranks_with_devices_follow_one_process(
    seed: int, streamed: bool, device: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if not isinstance(device, cuda.Cuda):  # the processor plays a device for one thread
        own_devices = threading.local()

        def get_device() -> Emulated:
            if not hasattr(own_devices, "one"):
                own_devices.one = Emulated(strict=device._strict is not None)
            return own_devices.one

        monkeypatch.setattr(cuda, "get_device", get_device)
    if streamed:
        monkeypatch.setattr(device_memory, "SHARE", 1e12)
    problem = replace(draw(seed, "cupy"), options={**draw(seed, "cupy").options, "max_epochs": 2})
    want = replace(problem, made=replace(problem.made, backend="numpy")).one()
    problem.one()  # the kernels are compiled by one thread
    n = len(problem.tables["x"])
    shares = [0, 3, 3, n], cuts(len(problem.valid_tables.get("valid", ())), 3, np.random.default_rng(0))

    def work(comm: Comm) -> FitResult:
        own = replace(problem, made=replace(problem.made, seed=problem.made.seed))  # each has memory of its own
        return own.share(comm, *shares)

    with caplog.at_level(logging.INFO, "made_np.training"):
        results = on_ranks(3, work)
    assert all(isinstance(each, FitResult) for each in results), results
    for each in results:
        assert_same_result(each, results[0], exactly=True)
    np.testing.assert_allclose(results[0].theta, want.theta, rtol=1e-6, atol=1e-9)
    assert caplog.text.count("copied from its device and back") == 1


def test_a_library_that_adds_up_on_devices_gets_their_memory_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    if missing() is not None:
        pytest.skip(str(missing()))
    local = threading.local()
    monkeypatch.setattr(cuda, "get_device", lambda: vars(local).setdefault("one", Emulated()))
    problem = draw(3, "cupy")
    problem.one(max_epochs=2)  # the kernels are compiled by one thread
    both = problem.cuts(2, np.random.default_rng(0))
    added: list[int] = []

    def work(comm: Any) -> FitResult:
        own = replace(problem, made=replace(problem.made, seed=problem.made.seed))
        held = own.made.bound.memory.holds
        add = comm.add

        def noting(array: Any) -> Any:  # arrays of this device are NumPy's, so that anyone can add them up
            added.append(array.size if held(array) else -1)
            return add(array)

        monkeypatch.setattr(comm, "adds", held)
        monkeypatch.setattr(comm, "add", noting)
        return own.share(comm, *both, max_epochs=2)

    results = on_ranks(2, work)
    assert all(isinstance(each, FitResult) for each in results), results
    assert_same_result(results[0], results[1], exactly=True)
    want = replace(problem, made=replace(problem.made, backend="numpy")).one(max_epochs=2)
    np.testing.assert_allclose(results[0].theta, want.theta, rtol=1e-6, atol=1e-9)
    assert set(added) == {problem.made.n_params, -1}  # the gradient, and the few numbers behind it
