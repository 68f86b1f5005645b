"""check_consistency: each promise is broken once."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray

from made_np.testing import Interval, check_consistency, strategies
from made_np.testing.networks import Network

Array = NDArray[Any]
W = np.random.default_rng(0).standard_normal((4, 3))


def fn(x: Array) -> Array:
    return np.asarray(np.tanh(np.ascontiguousarray(x, dtype=np.float64) @ W.T))


def broken(x_to_y: Callable[[Array], Any], **options: Any) -> list[str]:
    return [failure.where for failure in check_consistency(x_to_y, 3, **options).failures]


@given(strategies.networks())
def test_every_correct_network_passes(net: Network) -> None:
    support = (0, 1) if net.plan.n_params == 1 else None
    for answers in (net.log_prob, net.params):
        report = check_consistency(answers, net.plan.n_features, support=support)
        # Relus that are dead at all rows answer alike everywhere.
        assert report.ok or [failure.where for failure in report.failures] == ["exercised"]


def test_a_right_function_passes() -> None:
    report = check_consistency(fn, 3)
    assert report.ok, report
    assert report.n_checked == report.n_exercised == 18
    assert check_consistency(fn, 3, support=(0, 1)).n_checked == 19  # integers, too
    assert check_consistency(fn, 3, support=(0.1, 0.7)).n_checked == 17  # float32 holds other numbers
    assert check_consistency(fn, 3, support=[(0, 1), (0.5,), Interval(0, 1)]).ok


@pytest.mark.parametrize("statistic", [np.mean, np.sum, np.max])
def test_batch_statistics_are_found(statistic: Any) -> None:
    found = broken(lambda x: fn(x) - (1e-6 * statistic(fn(x), axis=0) if len(x) else 0))
    assert {"the first 3 rows alone", "the last rows alone"} <= set(found)
    assert "the rows reversed" not in found


def test_an_answer_that_depends_on_the_place_in_the_batch_is_found() -> None:
    assert "the rows reversed" in broken(lambda x: fn(x) + 1e-6 * np.arange(len(x))[:, None])


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_small_batches_must_work(rows: int) -> None:
    def fails(x: Array) -> Array:
        if len(x) == rows:
            raise IndexError("no such batch")
        return fn(x)

    report = check_consistency(fails, 3)
    assert report.failures[0].where == f"a batch of {rows}"
    assert "IndexError: no such batch" in str(report.failures[0].got)


def test_one_row_must_keep_its_axis() -> None:
    assert "a batch of 1" in broken(lambda x: np.squeeze(fn(x)))


def test_a_second_call_must_give_the_same_bits() -> None:
    rng = np.random.default_rng(0)
    report = check_consistency(lambda x: fn(x) + 1e-15 * rng.random(), 3)
    assert report.failures[0].where == "called again"
    assert "dropout" in report.hint


def test_other_calls_in_between_must_not_matter() -> None:
    cache: list[Array] = []

    def cached(x: Array) -> Array:
        if not cache or len(cache[0]) != len(x) or np.any(x[:1] == cache[0][:1]):
            cache[:] = [np.array(x)]
        return fn(cache[0])

    first_seen: list[float] = []

    def running(x: Array) -> Array:
        first_seen.append(float(np.sum(x)))
        return fn(x) + 1e-3 * (len(set(first_seen)) > 1)

    assert "called again after other rows" in broken(running)


def test_the_answer_must_not_be_a_shared_buffer() -> None:
    buffer = np.zeros((20, 4))

    def shared(x: Array) -> Array:
        buffer[: len(x)] = fn(x)
        return buffer[: len(x)]

    assert broken(shared) == ["the first answer, after another call"]


def test_x_must_not_be_written_to() -> None:
    def spoils(x: Array) -> Array:
        y = fn(x)
        x *= 1
        x += 1
        return y

    assert {"x after fn(x)", "read-only"} <= set(broken(spoils))


SEED_NUMPY = np.random.seed


@pytest.mark.parametrize(
    ("act", "name"),
    [
        (lambda: random.seed(0), "random"),
        (random.random, "random"),
        (lambda: SEED_NUMPY(0), "np.random"),
        (np.random.rand, "np.random"),
    ],
)
def test_the_global_random_states_are_off_limits(act: Any, name: str) -> None:
    def touches(x: Array) -> Array:
        act()
        return fn(x)

    python, numpy = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert broken(fn) == []
    assert random.getstate() == python
    assert np.random.get_state()[1].tolist() == numpy  # noqa: NPY002
    assert broken(touches) == [f"global state of {name}"]


@pytest.mark.parametrize(
    ("reads", "where"),
    [
        (lambda x: fn(x.ravel(order="K").reshape(x.shape)), "Fortran order"),
        (lambda x: fn(np.lib.stride_tricks.as_strided(x, strides=(24, 8))), "every second row and column of an array"),
        (lambda x: fn(x if x.dtype.isnative else x.view(x.dtype.newbyteorder())), "big-endian"),
        (lambda x: fn(x if x.dtype != np.float32 else x * 1.001), "float32"),
        (lambda x: fn(x if x.strides[0] > 0 else x[::-1]), "negative strides"),
    ],
)
def test_memory_must_not_matter(reads: Any, where: str) -> None:
    assert where in broken(reads)


def test_integers_must_work_where_all_values_are_whole() -> None:
    assert broken(lambda x: fn(x / 2 if x.dtype.kind == "i" else x), support=(0, 1)) == ["int64"]


@pytest.mark.parametrize(
    ("odd", "where"),
    [
        (lambda x: 1.0, "fn(x)"),
        (lambda x: fn(x)[:2], "fn(x)"),
        (lambda x: fn(x) > 0, "fn(x)"),
        (lambda x: fn(x) / 0 * 0, "fn(x)"),
        (lambda x: np.zeros((len(x), 4)), "exercised"),
        (lambda x: fn(x).astype(np.float32 if len(x) == 0 else np.float64), "dtype for a batch of 0"),
    ],
)
def test_an_answer_of_the_wrong_kind_fails(odd: Any, where: str) -> None:
    assert broken(odd)[0] == where


def test_one_batch_of_another_dtype_is_found() -> None:
    def sometimes_whole(x: Array) -> Array:
        return np.round(64 * x).astype(int) if len(x) == 2 else np.round(64 * x)

    assert broken(sometimes_whole) == ["a batch of 2"]


def test_an_exception_at_once_is_a_failure() -> None:
    def fails(x: Array) -> Array:
        raise RuntimeError("not today")

    report = check_consistency(fails, 3)
    assert report.n_failed == 1
    assert "not today" in str(report.failures[0].got)


def test_a_single_feature_may_answer_a_constant() -> None:
    assert check_consistency(lambda x: np.zeros((len(x), 1)), 1).ok


def test_answers_may_be_constant_where_one_column_only_has_two_values() -> None:
    def constant(x: Array) -> Array:  # that column comes last, so that nobody hears of it
        return np.zeros((len(x), 2))

    assert check_consistency(constant, 2, support=[(0,), (0, 1)]).ok
    assert not check_consistency(constant, 2, support=[(0, 1), (0, 1)]).ok
    assert not check_consistency(constant, 3, support=[(0,), (0, 1), Interval(-1, 1)]).ok


def test_the_tolerance_follows_the_dtype_or_is_given() -> None:
    assert broken(lambda x: fn(x).astype(np.float32) * np.float32(1 + 1e-5 * len(x))) == []
    report = check_consistency(lambda x: fn(x) * (1 + 1e-6 * len(x)), 3)
    assert "give rtol=1e-5" in report.hint
    assert "statistic over the batch" in check_consistency(lambda x: fn(x) * (1 + 1e-3 * len(x)), 3).hint
    assert broken(lambda x: fn(x) * (1 + 1e-6 * len(x)), rtol=1e-4) == []
