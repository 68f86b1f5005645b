"""The sum of a gradient: which messages there are, what travels in them, when they begin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from installed import each_backend
from rank_threads import on_ranks
from strategies import random_rows

from made_np import MADE
from made_np.ranks.comm import Comm, Pending
from made_np.ranks.sockets import Sockets, connect, free_address
from made_np.training.summing import LEAST, Summing


class Noting(Sockets):
    """A rank that notes the lengths of its sums."""

    def __init__(self) -> None:
        super().__init__(0, 1, [])
        self.lengths: list[int] = []

    def add(self, array: Any) -> Pending:
        self.lengths.append(array.size)
        return super().add(array)


def lengths(made: MADE, n_signals: int = 3) -> list[int]:
    """How many numbers each message of a step has."""
    theta = made.init(0)
    rng = np.random.default_rng(0)
    with Noting() as comm:
        summing = Summing(comm, theta, n_signals)
        made.bound[0].loss_and_grad(theta, random_rows(made, 5, rng), None, summing.grad, ready=summing.ready)
        before = list(comm.lengths)
        summing.wait()
        # a step later nothing is left over
        made.bound[0].loss_and_grad(theta, random_rows(made, 5, rng), None, summing.grad, ready=summing.ready)
        summing.wait()
        assert comm.lengths == 2 * comm.lengths[: len(comm.lengths) // 2]
        assert set(before) <= set(comm.lengths)
        return comm.lengths[: len(comm.lengths) // 2]


@each_backend
def test_a_message_is_a_layer_the_output_first(backend: str) -> None:
    made = MADE(64, (300, 400, 500), backend=backend)
    assert made.layout.slices["b3"].stop == made.n_params
    last = 64 * 500 + 64 + 3  # weights, biases, signals
    assert lengths(made) == [last, 500 * 400 + 500, 400 * 300 + 400, 300 * 64 + 300]


@each_backend
def test_direct_wires_travel_with_the_output(backend: str) -> None:
    made = MADE(64, (300, 400), direct=True, backend=backend)
    assert lengths(made) == [64 * 400 + 64 + 64 * 64 + 3, 400 * 300 + 400, 300 * 64 + 300]


@each_backend
def test_mask_weights_travel_at_the_end_with_the_signals(backend: str) -> None:
    made = MADE(64, (300,), mask_weights=True, n_masks=2, order="random", backend=backend)
    weights = 2 * 64 * 300
    assert lengths(made) == [64 * 300 + 64, 300 * 64 + 300, weights + 3]


@each_backend
def test_small_layers_wait_for_each_other(backend: str) -> None:
    assert lengths(MADE(4, (5, 6), backend=backend)) == [MADE(4, (5, 6)).n_params + 3]
    made = MADE(4, (200, 300, 5), backend=backend)  # the output, and the layer below it, are small
    assert lengths(made) == [4 * 5 + 4 + 5 * 300 + 5 + 300 * 200 + 300 + 3, 200 * 4 + 200]
    assert LEAST > (4 * 5 + 4 + 5 * 300 + 5 + 3) * 4


@each_backend
@pytest.mark.parametrize(
    "model", [{}, {"hidden": ()}, {"n_masks": 2, "order": "random", "mask_weights": True}, {"hidden": (90, 90)}]
)
def test_the_sum_is_that_of_the_gradients_and_of_the_signals(model: dict[str, Any], backend: str) -> None:
    made = MADE(30, **{"hidden": (80,), "dtype": "float64", "backend": backend, **model})
    theta = made.init(0)
    tables = [random_rows(made, 5 + rank, np.random.default_rng(rank)) for rank in range(3)]

    def work(comm: Comm) -> tuple[np.ndarray, np.ndarray]:
        summing = Summing(comm, theta, 2)
        for _ in range(2):  # in the same memory
            summing.signals[:] = comm.rank, 1
            x = tables[comm.rank]
            made.bound[0].loss_and_grad(theta, x, None, summing.grad, None, np.ones(len(x)), summing.ready)
            summing.wait()
        return summing.grad, summing.signals

    want = sum(made.loss_and_grad(theta, x)[1] * len(x) for x in tables)
    for grad, signals in on_ranks(3, work):
        np.testing.assert_allclose(grad, want, rtol=1e-12, atol=1e-12)
        np.testing.assert_array_equal(signals, [3, 3])


def test_a_sum_begins_before_the_gradient_is_whole() -> None:
    made = MADE(64, (300, 400))
    theta = made.init(0)
    with connect(0, 1, free_address(), b"secret") as comm:
        summing = Summing(comm, theta, 3)
        summing.grad[:] = np.nan
        seen: list[float] = []

        def ready(part: slice) -> None:
            summing.ready(part)
            seen.append(float(np.isnan(summing.grad).mean()))

        made.bound[0].loss_and_grad(
            theta, random_rows(made, 5, np.random.default_rng(0)), None, summing.grad, ready=ready
        )
        summing.wait()
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 3
    assert seen[0] > 0.5
    assert seen[-1] == 0
