"""One-hot columns: which are found, and that folding is a bijection that knows what it does not know."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from made_np import OneHot

NAN = np.nan


def one_hot_table(widths: list[int], n_rows: int, seed: int, none: list[bool] | None = None) -> np.ndarray[Any, Any]:
    """Groups of these widths side by side; where `none`, some rows lack a one. A width of 1 is a fair coin."""
    rng = np.random.default_rng(seed)
    parts = []
    for k, width in enumerate(widths):
        if width == 1:
            parts.append(rng.integers(0, 2, (n_rows, 1)))
            continue
        codes = rng.integers(0, width + bool(none and none[k]), n_rows)
        parts.append(codes[:, None] == np.arange(width))
    return np.concatenate(parts, axis=1).astype(np.float64)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=6), st.integers(0, 99))
def test_groups_with_one_1_in_every_row_are_found(widths: list[int], seed: int) -> None:
    ends = np.cumsum([0, *widths])
    expected = tuple((int(a), int(b)) for a, b, width in zip(ends[:-1], ends[1:], widths, strict=True) if width > 1)
    assert OneHot.find(one_hot_table(widths, 500, seed)).groups == expected


def test_groups_that_may_lack_a_one_need_evidence() -> None:
    table = (np.arange(600)[:, None] % 5 == np.arange(4)).astype(float)  # two ones in 600 / 25 = 24 rows, by chance
    assert OneHot.find(table) == OneHot(((0, 4),), (True,))
    assert OneHot.find(table[:400]) == OneHot()
    assert OneHot.find(table[:400], evidence=10) == OneHot(((0, 4),), (True,))
    assert OneHot.find(table, evidence=np.inf) == OneHot()


def test_a_pair_that_may_lack_a_one_is_no_group() -> None:
    assert OneHot.find(one_hot_table([2, 1], 5000, 0, none=[True, False])) == OneHot()


def test_rare_columns_exclude_each_other_by_chance_and_are_left_alone() -> None:
    table = np.zeros((1000, 5))
    table[np.arange(15), np.arange(15) % 5] = 1
    assert OneHot.find(table) == OneHot()
    assert OneHot.find(table, evidence=0).groups == ((0, 5),)


def test_columns_without_a_one_count_with_the_group_before_them() -> None:
    codes = np.arange(300) % 3
    table = (codes[:, None] == [0, 9, 1, 2, 9]).astype(float)
    table = np.column_stack([np.zeros(300), table, np.ones(300), np.zeros(300)])
    assert OneHot.find(table).groups == ((1, 6), (6, 8))
    assert OneHot.find(np.zeros((300, 3))) == OneHot.find(np.ones((300, 3))) == OneHot()


def test_other_numbers_are_in_no_group() -> None:
    table = one_hot_table([3, 3], 300, 1)
    table[:, 4] *= 2
    assert OneHot.find(table).groups == ((0, 3),)
    table[0, 0] = 2 - table[0, 0]  # 1 stays 1, and 0 becomes 2
    table[1, 0] = 2 - table[1, 0]
    assert OneHot.find(table) == OneHot()
    real, group = np.linspace(0.2, 1, 300), one_hot_table([3], 300, 2)
    assert OneHot.find(np.column_stack([real, group, real + 1])).groups == ((1, 4),)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.data())
def test_folding_and_unfolding_are_inverse(widths: list[int], data: st.DataObject) -> None:
    ends = np.cumsum([0, *widths]).tolist()
    groups = tuple((a, b) for a, b in pairwise(ends) if b > a + 1)
    none = tuple(data.draw(st.booleans()) for _ in groups)
    every = iter(none)
    table = one_hot_table(widths, 40, 3, [w > 1 and next(every) for w in widths])
    one_hot = OneHot(groups, none)
    folded = one_hot.fold(table)
    assert folded.shape == (40, len(widths))
    assert one_hot.spans(table.shape[1]) == list(pairwise(ends))
    assert_array_equal(one_hot.unfold(folded), table)
    assert_array_equal(one_hot.unfold(np.stack([folded, folded])), np.stack([table, table]))
    assert OneHot.from_config(json.loads(json.dumps(one_hot.config()))) == one_hot
    for k, width in enumerate(widths):
        assert set(folded[:, k]) <= set(range(width + 1 if width > 1 else 2))


@pytest.mark.parametrize(
    ("row", "none", "code"),
    [
        ([0, 1, 0], False, 1),
        ([0, 0, 0], True, 3),
        ([NAN, NAN, NAN], False, NAN),
        ([NAN, NAN, NAN], True, NAN),
        ([NAN, 1, NAN], False, 1),  # the others follow
        ([NAN, 1, NAN], True, 1),
        ([0, NAN, 0], False, 1),  # no other is left
    ],
)
def test_what_follows_from_a_part_of_a_group(row: list[float], none: bool, code: float) -> None:
    one_hot = OneHot(((1, 4),), none)
    assert_array_equal(one_hot.fold([[0.5, *row]]), [[0.5, code]])


@pytest.mark.parametrize(
    ("row", "none", "kind"),
    [
        ([1, 1, 0], False, "exactly"),
        ([1, 1, 0], True, "at most"),
        ([0, 0, 0], False, "exactly"),
        ([0, NAN, 0], True, "at most"),  # it may be the one, or there is none
        ([0, NAN, NAN], False, "exactly"),
        ([0, 0.5, 0], True, "at most"),
        ([1, 0.5, 0], False, "exactly"),
        ([1, 2, 0], False, "exactly"),
    ],
)
def test_rows_that_cannot_be_or_tell_too_little_are_refused(row: list[float], none: bool, kind: str) -> None:
    one_hot = OneHot(((0, 3),), none)
    with pytest.raises(ValueError, match=rf"^Z\[1\] has .* in columns 0\.\.2, which are one-hot: {kind} one"):
        one_hot.fold([[1, 0, 0], row], "Z")


def test_unfolding_keeps_gaps_and_dtype() -> None:
    one_hot = OneHot(((0, 2),))
    assert_array_equal(one_hot.unfold(np.array([[NAN, 5], [1, NAN]])), [[NAN, NAN, 5], [0, 1, NAN]])
    assert one_hot.unfold(np.zeros((2, 1), dtype=np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("groups", "none", "words"),
    [
        (((0, 1),), False, r"groups has \(0, 1\) where columns from 0 on are free"),
        (((2, 4), (3, 5)), False, r"groups has \(3, 5\) where columns from 4 on are free"),
        (((-1, 4),), False, "a column in groups=-1"),
        (((0, 2, 4),), False, "groups has"),
        (((0, 2),), (True, False), "may_be_none has 2 entries for 1 groups"),
    ],
)
def test_groups_that_cannot_be_meant(groups: Any, none: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        OneHot(groups, none)


@pytest.mark.parametrize(
    ("groups", "none", "words"),
    [
        (None, False, "groups=None"),
        ("ab", False, "groups='ab'"),
        (5, False, "groups=5"),
        ((0, 2), False, "groups=0 is a int: give a tuple of pairs"),
        (("ab",), False, "groups='ab'"),
        (((0, 2.5),), False, "a column in groups=2.5"),
        (((0, True),), False, "a column in groups=True"),
        (((0, 2),), "gaussian", "may_be_none='gaussian'"),
        (((0, 2),), None, "may_be_none=None"),
        (((0, 2),), 1, "may_be_none=1"),
        (((0, 2),), (1,), "may_be_none=1"),
        (((0, 2),), ("yes",), "may_be_none='yes'"),
    ],
)
def test_groups_of_a_wrong_type(groups: Any, none: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        OneHot(groups, none)


def test_lists_are_groups_too() -> None:
    same = OneHot([[0, 2], (np.int64(2), 5)], [np.True_, False])  # type: ignore[arg-type, list-item]
    assert same == OneHot(((0, 2), (2, 5)), (True, False))
    assert hash(same) == hash(OneHot(((0, 2), (2, 5)), (True, False)))
    assert OneHot(((0, 2),), True).may_be_none == (True,)


@pytest.mark.parametrize("n", [10**12, 10**400, -1])
def test_columns_beyond_all_tables_are_refused_at_once(n: int) -> None:
    with pytest.raises(ValueError, match="n_columns="):
        OneHot(((0, 2),)).spans(n)
    with pytest.raises(ValueError, match="a column in groups="):
        OneHot(((0, n),))


@pytest.mark.parametrize(
    ("z", "error", "words"),
    [
        ("a", TypeError, "z has dtype"),
        (None, TypeError, "z has dtype"),
        (1, ValueError, "z has no dimensions"),
        ([[]], ValueError, r"z has 0 features, which do not go with groups="),
        ([[0]], ValueError, r"z has 1 features, which do not go with groups="),
        ([[0, 3]], ValueError, r"z.* feature 1 .*columns 1\.\.3"),
        ([[0, -1]], ValueError, "feature 1"),
        ([[0, 0.5]], ValueError, "feature 1"),
    ],
)
def test_codes_that_cannot_be_are_not_unfolded(z: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        OneHot(((1, 4),)).unfold(z)
    assert_array_equal(OneHot(((1, 4),), True).unfold([[7, 3]]), [[7, 0, 0, 0]])


def test_tables_that_cannot_be_meant() -> None:
    with pytest.raises(ValueError, match="1-dimensional with shape"):
        OneHot.find([0, 1])
    with pytest.raises(ValueError, match=r"groups has \(0, 3\), but x has 2 columns"):
        OneHot(((0, 3),)).fold([[0, 1]])
    for evidence in (-1, NAN):
        with pytest.raises(ValueError, match=f"evidence={evidence}: give a number in"):
            OneHot.find([[0, 1]], evidence=evidence)
    for odd in ("x", None, True, [1]):
        with pytest.raises(TypeError, match="evidence="):
            OneHot.find([[0, 1]], evidence=odd)
    with pytest.raises(TypeError, match="real numbers"):
        OneHot.find([["a", "b"]])


def dummies(codes: Any, n: int) -> Any:
    """One-hot columns of codes, the first left out."""
    return np.eye(n)[codes][:, 1:]


def test_names_that_begin_alike_are_evidence() -> None:
    rng = np.random.default_rng(0)
    job = dummies(rng.choice(5, 4000, p=[0.6, 0.37, 0.02, 0.009, 0.001]), 5)
    sex = dummies(rng.integers(0, 2, 4000), 2)
    x = np.hstack([job, sex, job[::-1]])
    names = [*(f"job_{k}" for k in "abcd"), "sex_M", *(f"past_job_{k}" for k in "abcd")]
    assert OneHot.find(x).groups == ()  # the last two levels are rare: chance might have kept them apart
    assert OneHot.find(x, names=names) == OneHot(((0, 4), (5, 9)), True)
    assert OneHot.find(x, names=[f"c{k}" for k in range(9)]).groups == ()
    few = np.hstack([dummies(np.resize([0] * 40 + [1, 2], 100), 3), sex[:100]])
    assert OneHot.find(few, names=["is_a", "is_b", "c"]).groups == ()  # names alone prove nothing


def test_a_name_ends_a_group() -> None:
    codes = np.resize([0, 1, 2, 3], 4000)
    x = np.hstack([dummies(codes, 4)[:, :2], dummies(codes, 4)[:, 2:]])
    assert OneHot.find(x).groups == ((0, 3),)
    assert OneHot.find(x, names=["job_a", "job_b", "car_a"]).groups == ((0, 2),)


def test_gaps_of_a_whole_group_are_no_rows_without_a_one() -> None:
    x = np.eye(3)[np.resize([0, 1, 2], 300)]
    x[::7] = np.nan
    found = OneHot.find(np.hstack([x, np.full((300, 1), np.nan)]))
    assert found == OneHot(((0, 3),), False)
    x[1, 0] = np.nan
    assert OneHot.find(x).groups == ()


@pytest.mark.parametrize(("groups", "said"), [(((4, 6),), r"\(4, 6\)"), (((0, 2), (4, 6)), r"\(4, 6\)")])
def test_a_table_has_the_columns_of_the_last_group(groups: Any, said: str) -> None:
    with pytest.raises(ValueError, match=rf"^groups has {said}, but n_columns=5"):
        OneHot(groups).spans(5)
    assert OneHot(groups).spans(6)[-1] == (4, 6)
