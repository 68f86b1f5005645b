"""The constructor arguments of a model: the one form that each is kept in, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np.distributions.plain import Bernoulli
from made_np.distributions.together import outputs_from_config
from made_np.model.arguments import as_degrees, as_dtype, as_order, as_output


def test_one_permutation_in_a_list_is_one_home_of_an_endless_model_and_one_of_one_mask_set() -> None:
    assert as_order([[2, 0, 1]], 3, None) == as_order([2, 0, 1], 3, None) == (2, 0, 1)
    assert as_order([[2, 0, 1]], 3, 1) == ((2, 0, 1),)
    assert as_order([[2, 0, 1], [0, 1, 2]], 3, None) == ((2, 0, 1), (0, 1, 2))


def test_given_degrees_are_taken_as_they_are() -> None:
    assert as_degrees([[2, 1], np.array([1, 2, 1])], (2, 3), 3, 0) == ((2, 1), (1, 2, 1))
    assert as_degrees([[0, 2]], (2,), 3, 1) == ((0, 2),)


@pytest.mark.parametrize(
    ("degrees", "message"),
    [
        ([[1, 2]], r"degrees has 1 layers: hidden=\(2, 3\) needs 2"),
        ([[1, 2], [1, 2, 1], [1]], r"degrees has 3 layers"),
        ([[1, 2], [1, 2]], r"degrees\[1\] is a int64 array of shape \(2,\): layer 1 needs 3 integers"),
        ([[1, 2], [1, 2, 1, 2]], r"degrees\[1\] is a int64 array of shape \(4,\)"),
        ([[1, 2], [[1, 2], [1]]], r"degrees\[1\] is ragged"),
        ([[1, 2], [1.0, 2.0, 1.0]], r"degrees\[1\] is a float64 array of shape \(3,\)"),
        ([[1, 2], [1, 0, 1]], r"degrees\[1\]\[1\] = 0: use degrees 1\.\.2 \(degree 0 needs n_context > 0\)"),
        ([[3, 2], [1, 1, 1]], r"degrees\[0\]\[0\] = 3: use degrees 1\.\.2"),
        ([[-1, 2], [1, 1, 1]], r"degrees\[0\]\[0\] = -1"),
        ([[1, 2], [1, 3, 0]], r"degrees\[1\]\[1\] = 3"),  # the first of several
    ],
)
def test_degrees_that_cannot_be_meant_are_refused(degrees: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        as_degrees(degrees, (2, 3), 3, 0)


def test_with_context_the_lowest_degree_is_0() -> None:
    with pytest.raises(ValueError, match=r"degrees\[0\]\[1\] = -1: use degrees 0\.\.2$"):
        as_degrees([[0, -1]], (2,), 3, 1)


def test_each_mask_set_may_have_degrees_of_its_own() -> None:
    want = (((2, 1), (1, 2, 1)), ((1, 1), (2, 2, 2)))
    assert as_degrees([[[2, 1], np.array([1, 2, 1])], ([1, 1], [2, 2, 2])], (2, 3), 3, 0, 2) == want
    assert as_degrees(want, (2, 3), 3, 0, 2) == want
    assert as_degrees(np.ones((4, 2, 3), int), (3, 3), 3, 0, 4) == (((1, 1, 1),) * 2,) * 4
    assert as_degrees(np.ones((2, 3), int), (3, 3), 3, 0, 4) == ((1, 1, 1),) * 2  # one array per layer, for all sets
    assert as_degrees([[[1, 2]]], (2,), 3, 0, 1) == (((1, 2),),)
    assert as_degrees([[], []], (), 3, 0, 2) == ()


@pytest.mark.parametrize(
    ("degrees", "n_masks", "message"),
    [
        ([[[1, 2]], [[1, 1]]], 3, r"degrees holds 2 mask sets: set n_masks=2 \(it is 3\)"),
        ([[[1, 2]], [[1, 1]]], 1, r"degrees holds 2 mask sets: set n_masks=2 \(it is 1\)"),
        ([[[1, 2]], [[1, 1]]], None, r"degrees holds 2 mask sets: set n_masks=2 \(it is None\)"),
        ([[[1, 2]], [[1, 1], [1, 1]]], 2, r"degrees\[1\] has 2 layers: hidden=\(2,\) needs 1"),
        ([[[1, 2]], [[1, 1, 1]]], 2, r"degrees\[1\]\[0\] is a int64 array of shape \(3,\): layer 0 needs 2 integers"),
        ([[[1, 2]], [[1, 3]]], 2, r"degrees\[1\]\[0\]\[1\] = 3: use degrees 1\.\.2 \(degree 0 needs n_context > 0\)"),
        ([[[1, 2]], [[1.0, 2.0]]], 2, r"degrees\[1\]\[0\] is a float64 array"),
        ([[[1, 2]], 3], 2, r"degrees\[1\]=3 is a int: give one integer array per hidden layer"),
        (
            3,
            2,
            r"degrees=3 is a int: give 'spread', 'random', or one integer array per hidden layer, or a list of such",
        ),
    ],
)
def test_degrees_of_mask_sets_that_cannot_be_meant_are_refused(degrees: Any, n_masks: int | None, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        as_degrees(degrees, (2,), 3, 0, n_masks)


@pytest.mark.parametrize("dtype", ["float64", "f8", np.float64, float, np.dtype("float64")])
def test_a_dtype_has_many_names(dtype: Any) -> None:
    assert as_dtype(dtype) == np.dtype("float64")


@pytest.mark.parametrize("dtype", [None, np.zeros(3), "\udcff", {}, ">f8", 8, np.dtype("float16"), type("T", (), {})])
def test_what_is_no_dtype_of_ours_is_refused(dtype: Any) -> None:
    with pytest.raises(ValueError, match=r"^dtype=.*: use 'float32' or 'float64'"):
        as_dtype(dtype)


def test_one_distribution_for_all_features_is_never_listed() -> None:
    assert as_output("bernoulli", 10**15) == Bernoulli()


@pytest.mark.parametrize(
    "config", [None, 3, "ab", [], {}, [None], [{}], [{"name": 3}], [{"name": "categorical", "k": 3}]]
)
def test_what_is_no_config_of_distributions_is_refused(config: Any) -> None:
    with pytest.raises(ValueError, match="config lists no distributions"):
        outputs_from_config(config)
