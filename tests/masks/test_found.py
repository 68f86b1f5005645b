"""The order that is found in training rows: what it does to known structure, and that it is the rule it says it is."""

from __future__ import annotations

import tracemalloc
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

import made_np
from made_np import MADE
from made_np.masks import found as orders
from made_np.masks.found import find_order


def noisy(bits: Any, flips: float, rng: np.random.Generator) -> Any:
    """`bits` with a share of them turned over."""
    return bits ^ (rng.random(bits.shape) < flips)


def chain(n: int, length: int, flips: float = 0.1, seed: int = 0) -> Any:
    """A Markov chain of bits: each is the one before it with some turned over."""
    rng = np.random.default_rng(seed)
    columns = [rng.integers(0, 2, n)]
    for _ in range(length - 1):
        columns.append(noisy(columns[-1], flips, rng))
    return np.column_stack(columns)


# ---------------------------------------------------------------------------------------------- the rule, slowly


def naive_states(column: Any) -> list[int]:
    """State of a column in each row: its distinct values, or bins of an eighth of the rows each."""
    values = sorted(set(column))
    if len(values) <= 8 or (len(values) <= 32 and all(v == int(v) for v in values)):
        return [values.index(v) for v in column]
    ranked = sorted(column)
    ends = [ranked[len(column) * k // 8 - 1] for k in range(1, 8)]
    bins = [sum(v > end for end in set(ends)) for v in column]
    return bins


def naive_entropy(*columns: Any) -> float:
    """Entropy of one column, or of a pair together, with half a count in each cell."""
    cells = list(product(*[range(max(column) + 1) for column in columns]))
    rows = list(zip(*columns, strict=True))
    p = np.array([rows.count(cell) + 0.5 for cell in cells])
    return float(-(p / p.sum() * np.log(p / p.sum())).sum())


def naive_information(first: Any, second: Any) -> float:
    """The mean of log p(a, b) / p(a) p(b) over the table of two columns."""
    table = np.full((max(first) + 1, max(second) + 1), 0.5)
    for a, b in zip(first, second, strict=True):
        table[a, b] += 1
    p = table / table.sum()
    return float((p * np.log(p / (p.sum(1, keepdims=True) * p.sum(0)))).sum())


def naive_order(x: Any) -> list[int]:
    """The order of `find_order`, feature by feature and pair by pair."""
    columns = [naive_states(column) for column in np.transpose(x).tolist()]
    d = len(columns)
    known = {(i, j): naive_information(columns[i], columns[j]) for i in range(d) for j in range(d)}
    sums = [sum(known[i, j] for j in range(d) if j != i) for i in range(d)]
    order = [next(i for i in range(d) if sums[i] > max(sums) - 1e-9)]
    while len(order) < d:
        left = {j: naive_entropy(columns[j]) - max(known[i, j] for i in order) for j in range(d) if j not in order}
        order.append(next(j for j in left if left[j] < min(left.values()) + 1e-9))
    return order


def draw_column(kind: str, n: int, rng: np.random.Generator) -> Any:
    """One column of some kind."""
    return {
        "binary": lambda: rng.integers(0, 2, n),
        "signs": lambda: rng.choice([-1.5, 1.5], n),
        "codes": lambda: rng.integers(0, 5, n),
        "many codes": lambda: rng.integers(0, 20, n),
        "counts": lambda: rng.poisson(300, n),
        "real": lambda: rng.standard_normal(n),
        "many zeros": lambda: np.maximum(rng.standard_normal(n), 0),
        "rare values": lambda: rng.choice([0.25, 0.5, 0.75], n, p=[0.04, 0.06, 0.9]),
        "constant": lambda: np.full(n, 2.5),
    }[kind]()


KINDS = ["binary", "signs", "codes", "many codes", "counts", "real", "many zeros", "rare values", "constant"]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(KINDS), min_size=1, max_size=6), st.integers(1, 90), st.integers(0, 10_000))
def test_it_is_the_rule_pair_by_pair(kinds: list[str], n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.column_stack([draw_column(kind, n, rng) for kind in kinds])
    assert find_order(x).tolist() == naive_order(x)


@pytest.mark.parametrize("size", [1, 3, 7])
def test_blocks_change_nothing(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x = np.column_stack([draw_column(kind, 70, rng) for kind in KINDS])
    codes, sizes = orders._as_codes(x)
    monkeypatch.setattr(orders, "BLOCK_STATES", size)
    monkeypatch.setattr(orders, "BLOCK_ROWS", size)
    wanted = [[naive_information(first, second) for second in codes.T] for first in codes.T]
    assert_allclose(orders._information(codes, sizes), wanted, rtol=0, atol=1e-13)
    assert find_order(x).tolist() == naive_order(x)


# ---------------------------------------------------------------------------------------------- known structure


def test_a_chain_is_walked_from_its_middle_neighbour_by_neighbour() -> None:
    order = find_order(chain(20_000, 9)).tolist()
    assert order[0] == 4
    for place in range(1, 9):
        assert min(abs(order[place] - before) for before in order[:place]) == 1


def test_copies_follow_their_original() -> None:
    rng = np.random.default_rng(0)
    originals = np.column_stack([rng.integers(0, k, 2000) for k in (2, 3, 4)])
    x = np.column_stack([originals, originals, 7 - 3 * originals])
    order = (find_order(x) % 3).tolist()  # of which original each is a copy
    assert [order[0:3], order[3:6], order[6:9]] == [[k] * 3 for k in order[::3]]
    assert sorted(order[::3]) == [0, 1, 2]


def test_equal_columns_stand_in_their_own_order() -> None:
    x = np.repeat(chain(500, 3)[:, :1], 5, axis=1)
    assert_array_equal(find_order(x), np.arange(5))


def test_groups_of_one_hot_columns_stay_together() -> None:
    rng = np.random.default_rng(0)
    groups = [np.eye(4, dtype=int)[rng.choice(4, 5000, p=p)] for p in ([0.5, 0.3, 0.15, 0.05], [0.6, 0.2, 0.1, 0.1])]
    shuffled = rng.permutation(8)
    order = find_order(np.hstack(groups)[:, shuffled])
    group = shuffled[order] // 4
    # Rare values come early, since they are nearly known without any other; the pair that is left is of one group.
    assert group[-1] == group[-2]
    assert find_order(np.eye(2)[rng.integers(0, 2, 900)].repeat(2, axis=0)).tolist() == [0, 1]


def test_the_first_knows_most_of_all_others() -> None:
    rng = np.random.default_rng(0)
    centre = rng.integers(0, 2, 4000)
    leaves = [noisy(centre, flips, rng) for flips in (0.2, 0.15, 0.1, 0.05)]
    x = np.column_stack([*leaves[:2], rng.integers(0, 2, 4000), centre, *leaves[2:]])
    assert find_order(x).tolist() == [3, 5, 4, 1, 0, 2]  # then whatever it leaves the least of


def test_constant_columns_cost_nothing_and_break_nothing() -> None:
    x = np.insert(chain(300, 3).astype(float), [0, 2], 7.5, axis=1)
    order = find_order(x).tolist()
    assert order[1:3] == [0, 3]
    assert_array_equal(find_order(np.full((9, 4), 0.1)), np.arange(4))
    assert_array_equal(find_order([[3, 0.5, 1]]), np.arange(3))  # of one row, every column is constant
    assert_array_equal(find_order([[3.5]]), [0])


def test_real_columns_and_codes_are_compared() -> None:
    rng = np.random.default_rng(0)
    height = rng.normal(170, 10, 5000)
    tall = noisy(height > 180, 0.01, rng)
    size = np.digitize(height + rng.normal(0, 1, 5000), [160, 165, 170, 175])
    weight = height * 2 + rng.normal(0, 2, 5000)
    x = np.column_stack([rng.random(5000), weight, tall, height, size])
    assert find_order(x).tolist() == [3, 2, 4, 1, 0]


def test_only_the_ranks_of_a_real_column_matter() -> None:
    x = np.random.default_rng(0).standard_normal((400, 5)) @ np.random.default_rng(1).standard_normal((5, 5))
    assert_array_equal(find_order(np.exp(x)), find_order(x))
    assert_array_equal(find_order(x * 1e200), find_order(x))


def test_the_names_of_features_do_not_matter() -> None:
    x = np.column_stack([chain(3000, 8, seed=3), np.random.default_rng(4).standard_normal(3000)])
    order = find_order(x)
    for seed in range(5):
        renamed = np.random.default_rng(seed).permutation(9)
        assert_array_equal(renamed[find_order(x[:, renamed])], order)


# ---------------------------------------------------------------------------------------------- promises


def test_it_repeats_itself_and_leaves_rows_and_random_state_alone() -> None:
    x, state = chain(200, 6).astype(float), str(np.random.get_state())  # noqa: NPY002
    before = x.copy()
    x.flags.writeable = False
    order = find_order(x)
    assert (order.dtype, order.shape) == (np.int64, (6,))
    assert_array_equal(find_order(x), order)
    assert_array_equal(x, before)
    assert str(np.random.get_state()) == state  # noqa: NPY002
    for same in (x.tolist(), x.astype(bool), x.astype(">i2"), x.astype("f2"), x.astype(object), np.asfortranarray(x)):
        assert_array_equal(find_order(same), order)


def test_it_is_an_order_of_a_model() -> None:
    order = made_np.find_order(chain(200, 6))
    assert_array_equal(MADE(6, (8,), order=order).mask_sets[0].order, order)


def test_of_many_rows_some_are_looked_at_from_all_over_the_table() -> None:
    x = np.vstack([chain(15_000, 4, 0.05), chain(45_000, 4, 0.3)[:, [2, 0, 3, 1]]])
    assert_array_equal(find_order(x), find_order(x[::3]))
    assert find_order(x).tolist() != find_order(x[:20_000]).tolist()
    with pytest.raises(ValueError, match=r"x\[59999, 1\] = inf"):  # though this row is not among them
        find_order(np.where(np.arange(60_000)[:, None] + [[0, 1, 0, 0]] == 60_000, np.inf, x))


def test_gaps_leave_the_order_that_the_known_entries_show() -> None:
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, 3000)
    near = [np.where(rng.random(3000) < share, bits, 1 - bits) for share in (0.75, 0.95)]
    x = np.column_stack([near[0], bits, near[1], bits]).astype(float)
    holes = np.where(rng.random(x.shape) < 0.3, np.nan, x)
    assert find_order(x).tolist() == [1, 3, 2, 0]
    assert find_order(holes).tolist() in ([1, 3, 2, 0], [3, 1, 2, 0])  # 1 and 3 are the same column
    holes[:, 3] = np.nan
    assert [d for d in find_order(holes).tolist() if d != 3] == [1, 2, 0]


def test_memory_stays_small_however_many_states_there_are() -> None:
    x = np.random.default_rng(0).integers(0, 32, (400, 150), dtype=np.uint8)  # all tables: 4800^2 cells, 184 MB
    tracemalloc.start()
    try:
        find_order(x)
        assert tracemalloc.get_traced_memory()[1] < 60e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("x", "error", "words"),
    [
        (np.zeros(3), ValueError, r"x is 1-dimensional with shape \(3,\): give rows \(n, D\)"),
        (np.zeros((2, 3, 1)), ValueError, "x is 3-dimensional"),
        (np.zeros((0, 3)), ValueError, r"x has shape \(0, 3\): .*at least 1 row"),
        (np.zeros((3, 0)), ValueError, r"x has shape \(3, 0\): .*at least 1 column"),
        ([[0, np.nan], [0, np.inf]], ValueError, r"x\[1, 1\] = inf \(column 1\)"),
        ([[0, -np.inf]], ValueError, r"x\[0, 1\] = -inf \(column 1\)"),
        ([[0, 1], [0]], ValueError, "x is ragged"),
        ([["a", "b"]], TypeError, "x has dtype <U1"),
        (np.zeros((2, 2), complex), TypeError, "x has dtype complex128"),
        (sparse.csr_array(np.zeros((2, 2))), TypeError, "x is sparse"),
        (np.ma.masked_array(np.zeros((2, 2)), mask=True), TypeError, "x is a masked array"),
    ],
)
def test_rows_that_cannot_be_meant_are_refused(x: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        find_order(x)
