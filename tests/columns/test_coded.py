"""Levels are their own codes, and a constant is one value."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from made_np.columns.coded import Coded, Constant
from made_np.columns.codings import coding_from_config

X = np.array([0.0, 1, 2, 3, -1, 0.5, np.nan])


def test_levels_are_codes_and_all_else_is_unknown() -> None:
    coded = Coded(3)
    assert_array_equal(coded.encode(X), X)
    assert_array_equal(coded.decode(X), X)
    assert_array_equal(coded.unknown(X), [False, False, False, True, True, True, False])
    assert_array_equal(coded.log_term(X), 0)
    assert_array_equal(coded.shares(0.5, 2), [0, 1, 1])
    assert_array_equal(coded.shares(np.array([0, 5]), np.array([0, 9])), [[1, 0, 0], [0, 0, 0]])
    assert coded.n == 3


def test_a_gap_may_be_a_level() -> None:
    coded = Coded(3, missing=True)
    assert coded.n == 4
    x = np.array([0.0, np.nan, 2])
    assert_array_equal(coded.encode(x), [0, 3, 2])
    assert_array_equal(coded.decode(coded.encode(x)), x)
    assert coded.unknown(np.array([3.0]))[0]  # the code of the gap is no level of the table
    assert_array_equal(coded.shares(-np.inf, np.inf), [1, 1, 1, 0])


def test_a_constant_comes_back_whatever_the_model_says() -> None:
    constant = Constant(3.7)
    assert_array_equal(constant.decode(np.array([np.nan, 0.0, 5.0])), 3.7)
    assert_array_equal(constant.unknown(np.array([3.7, 3.8, np.nan])), [False, True, False])
    assert_array_equal(constant.log_term(X), 0)
    assert_array_equal(constant.encode(np.array([3.7, np.nan])), [0, np.nan])
    assert_array_equal(constant.shares(3, 4), [1])
    assert_array_equal(constant.shares(np.array([4, 3.7]), 5), [[0], [1]])


@pytest.mark.parametrize("coding", [Coded(4), Coded(2, missing=True), Constant(-0.1)])
def test_a_config_survives_json(coding: Coded | Constant) -> None:
    assert coding_from_config(json.loads(json.dumps({"name": coding.name, **coding.config()}))) == coding


@pytest.mark.parametrize(
    ("make", "words"),
    [(lambda: Coded(0), "levels=0"), (lambda: Coded(2, 1), "missing=1"), (lambda: Constant(np.nan), "value=nan")],  # type: ignore[arg-type]
)
def test_codings_that_cannot_be_meant(make: object, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        make()  # type: ignore[operator]
