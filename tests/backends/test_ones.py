"""Sparse rows: the same bits as by tiles, at the cost of the inputs that are not 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from made_np.distributions.plain import Categorical
from made_np.model.made import MADE
from made_np.optim import Adam
from made_np.typing import Array

pytest.importorskip("numba")

from made_np.backends._numba import ones
from made_np.backends._numba.compiling import JIT, once, width
from made_np.backends._numba.ones import note as noted
from made_np.backends._numba.threads import pool

pytestmark = pytest.mark.skipif(not JIT, reason="in plain Python tiles add up in another sequence")

N = 75
"""Rows: more than fill two panels, with a last one of few."""
NEVER = 1 << 40
"""The share of inputs of which no batch has as few."""


def bits(made: MADE, share: float) -> Array:
    """Return rows of which so many entries are 1."""
    return (np.random.default_rng(0).random((N, made.n_features)) < share).astype(made.dtype)


def codes(made: MADE) -> Array:
    """Return rows of codes 0..39."""
    return np.random.default_rng(0).integers(40, size=(N, made.n_features)).astype(made.dtype)


def few_numbers(made: MADE) -> Array:
    """Return rows of real numbers, of which nearly all are 0."""
    return np.random.default_rng(1).standard_normal((N, made.n_features)).astype(made.dtype) * bits(made, 0.02)


def with_gaps(made: MADE) -> Array:
    """Return sparse bits, some of them not told."""
    return np.where(np.random.default_rng(1).random((N, made.n_features)) < 0.01, np.nan, bits(made, 0.02))


CASES: dict[str, tuple[MADE, Callable[[MADE], Array]]] = {
    "bits": (MADE(150, (70,), direct=True), lambda made: bits(made, 0.02)),
    "bits, any order": (MADE(150, (70, 60), direct=True, order="random", seed=1), lambda made: bits(made, 0.02)),
    "no hidden layer": (MADE(150, (), dtype="float64"), lambda made: bits(made, 0.02)),
    "one-hot": (MADE(6, (40,), [Categorical(40)] * 6, direct=True, order="random"), codes),
    "real": (MADE(150, (70,), "gaussian", direct=True, dtype="float64"), few_numbers),
    "gaps": (MADE(150, (70,), direct=True), with_gaps),
    "context": (MADE(150, (70,), n_context=2, order="random"), lambda made: bits(made, 0.01)),
}


@once
def note(acts: Any, ones: Any, n: int) -> None:
    noted(acts, len(acts), n, 1, ones, len(ones), 0, 1)


def test_a_single_row_is_sparse_by_its_own_inputs() -> None:
    """The lanes of its panel that stand for no row hold zeros, which would make any row a sparse one."""
    w = width(np.empty(0))
    for n_ones, is_sparse in ((2, True), (10, False)):
        acts = np.zeros(50 * w)
        acts[: n_ones * w : w] = 1
        listed = np.zeros(ones.list_size(50, w), np.int64)
        note(acts, listed, 50)
        assert listed[0] == (n_ones if is_sparse else -1)


def context_of(made: MADE) -> Array | None:
    """Return some context, where there is one."""
    return np.ones((N, made.n_context), made.dtype) * made.dtype.type(0.3) if made.n_context else None


def answers(made: MADE, x: Array) -> dict[str, Array]:
    """Return all that a batch is computed for."""
    theta = made.init(rng=0) + np.random.default_rng(2).standard_normal(made.n_params).astype(made.dtype) / 10
    context = context_of(made)
    bound = made.bound[0]
    grad = np.full_like(theta, np.nan)
    nll = bound.loss_and_grad(theta, x, context, grad)
    moved = theta.copy()
    optimizer = Adam()
    state = optimizer.init(moved)
    bound.train_step(moved, x, context, np.empty_like(theta), optimizer, state, 1e-2)
    return {
        "raw outputs": bound.raw_outputs(theta, x, context),
        "losses of rows": bound.row_nll(theta, x, context),
        "losses": nll,
        "gradient": grad,
        "theta": moved,
    }


@pytest.mark.parametrize("name", CASES)
def test_lists_give_the_bits_of_tiles(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made, rows = CASES[name]
    x = rows(made)
    got = answers(made, x)
    monkeypatch.setattr(ones, "SHARE", NEVER)
    for what, value in answers(made, x).items():
        np.testing.assert_array_equal(got[what], value, err_msg=what)


@pytest.mark.parametrize("name", ["bits", "one-hot", "real"])
def test_a_gradient_off_the_mask_is_zero(name: str) -> None:
    made, rows = CASES[name]
    grad = made.layout.views(answers(made, rows(made))["gradient"])
    for weights, mask in made.network.masks(made.mask_sets[0]).items():
        assert not grad[weights][~mask].any()


def test_weights_that_no_input_meets_are_not_read() -> None:
    """Infinite ones, which a product with 0 would make NaN of."""
    made, _ = CASES["bits"]
    x = bits(made, 0.02)
    x[:, 10] = 0
    theta = made.init(rng=0)
    made.layout.views(theta)["W0"][:, 10] = np.inf
    assert np.isfinite(made.bound[0].raw_outputs(theta, x, None)).all()
    assert not np.isfinite(made.bound[0].raw_outputs(theta, bits(made, 0.5), None)).all()


@pytest.mark.parametrize("first", [1, 40, 149])
def test_no_bit_of_an_output_hears_of_a_later_input(first: int) -> None:
    """Not even where later inputs make a batch one for tiles."""
    made, _ = CASES["bits"]
    theta = answers(made, bits(made, 0.02))["theta"]
    x = bits(made, 0.02)
    other = x.copy()
    other[:, first:] = 1
    before = made.bound[0].raw_outputs(theta, x, None)
    after = made.bound[0].raw_outputs(theta, other, None)
    np.testing.assert_array_equal(after[:, : first + 1], before[:, : first + 1])


@pytest.mark.parametrize("name", ["bits", "one-hot"])
@pytest.mark.usefixtures("in_parallel")
def test_any_number_of_threads_gives_the_same_bits(name: str) -> None:
    made, rows = CASES[name]
    x = rows(made)
    x[:32] = x[0]  # a share that has more ones than another
    found = []
    for limit in (1, 2, 3, 4):
        pool.limit = limit
        found.append(answers(made, x))
    for other in found[1:]:
        for what, value in other.items():
            np.testing.assert_array_equal(value, found[0][what], err_msg=what)


def test_one_dense_share_of_a_sparse_batch_changes_no_bit(in_parallel: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = CASES["bits"]
    x = bits(made, 0.01)
    x[-3:] = 1
    pool.limit = 3
    got = answers(made, x)
    monkeypatch.setattr(ones, "SHARE", NEVER)
    for what, value in answers(made, x).items():
        np.testing.assert_array_equal(got[what], value, err_msg=what)
