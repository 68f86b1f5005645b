"""Which kind a column is, where nobody says it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np.columns.columns import Column, Columns
from made_np.columns.finding import kind_of_words
from made_np.distributions.plain import Bernoulli, Categorical

N = 600
rng = np.random.default_rng(0)


def few(*values: Any) -> np.ndarray[Any, Any]:
    """Values that are repeated."""
    return np.resize(np.array(values), N)


def learned(values: Any, name: str = "a") -> Column:
    """What is learned of a column that stands behind another one."""
    columns = Columns.learn([{"b": k % 7, name: value} for k, value in enumerate(np.asarray(values).tolist())])
    return columns.each[1]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (few(0, 1), "binary"),
        (few(True, False), "binary"),
        (few(-1, 1), "binary"),
        (few(2, 7), "binary"),
        (few("yes", "no"), "binary"),
        (few("red", "green", "blue"), "categorical"),
        (few(0, 1, 2, 3), "categorical"),
        (few(*range(32)), "ordinal"),
        (few(0, 0, 0, 1, 2, 2, 2, 3, 4, 4, 4, 5), "categorical"),
        (rng.poisson(2, N).clip(0, 6), "ordinal"),
        (few(*range(1, 6)), "ordinal"),
        (few(100, 200, 300), "ordinal"),
        (few(0, 0.5, 1), "ordinal"),
        (few(*range(1990, 2021)), "ordinal"),
        (few(3.14159, 2.71828, 1.41421), "ordinal"),
        (few(*range(1, 41)), "count"),
        (rng.integers(17, 91, N), "count"),
        (rng.integers(-500, 500, N), "integer"),
        (rng.integers(0, 90, N) * 1.0, "count"),
        (np.round(rng.normal(20, 5, N), 1), "real"),
        (np.round(rng.lognormal(3, 1, N), 2), "positive"),
        (rng.normal(size=N), "real"),
        (rng.lognormal(0, 2, N), "positive"),
        (np.where(rng.random(N) < 0.8, 0, rng.lognormal(0, 1, N)), "positive"),
        (rng.normal(100, 3, N), "real"),
        (rng.random(N), "bounded"),
        (few(3.7), "constant"),
        (few(5), "constant"),
        (few("x"), "constant"),
        (few(None), "constant"),
        (10**9 + np.arange(N), "id"),
        (rng.permutation(N) + 17, "id"),
        (2**60 + 7 * rng.permutation(N), "id"),
        ([f"{k:08x}-0000-4000-8000-{k:012x}" for k in range(N)], "id"),
        ([f"customer {k}" for k in range(N)], "id"),
        ([f"what number {k} wrote about it all" for k in range(N)], "text"),
        ([f"2024-{1 + k % 12:02d}-{1 + k % 28:02d}" for k in range(N)], "date"),
        (np.datetime64("2020-01-01") + np.arange(N) % 83, "date"),
    ],
)
def test_dtype_and_values_say_the_kind(values: Any, kind: str) -> None:
    assert learned(values).kind == kind


@pytest.mark.parametrize(
    ("values", "resolution"),
    [
        (rng.integers(17, 91, N), 1),
        (rng.integers(1, 91, N) * 100, 100),
        (np.round(rng.lognormal(3, 1, N), 2), 0.01),
        (np.round(rng.integers(1, 400, N) * 0.05, 2), 0.05),
        (np.round(rng.normal(20, 5, N), 1).astype(np.float32), 0.1),
        ((rng.integers(0, 90, N) - 44.2) / 16, 1 / 16),
        (rng.normal(size=N), 0),
        (rng.normal(size=N).astype(np.float32), 0),
    ],
)
def test_a_lattice_is_found(values: Any, resolution: float) -> None:
    column = Columns.learn(np.column_stack([few(0, 1, 2).astype(values.dtype), values])).each[1]
    assert column.facts.resolution == pytest.approx(resolution)


def test_integers_that_are_all_different_are_no_ids_where_chance_makes_them_so() -> None:
    incomes = rng.integers(10_000, 10_000_000, N)
    assert len(set(incomes.tolist())) == N
    assert learned(incomes).kind == "count"


def test_a_plain_array_has_ids_only_where_they_count() -> None:
    x = np.column_stack([rng.normal(size=N), rng.permutation(N), np.arange(N)])
    assert [column.kind for column in Columns.learn(x).each] == ["real", "count", "id"]


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "index"])
def test_an_unnamed_first_column_that_counts_is_left_out(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    columns = Columns.learn(np.array([[0, 0.5], [1, 1.5], [2, 4.25]]), names=[name, "a"])
    assert columns.each[0].kind == "index"
    assert len(columns.features) == 1
    assert np.isnan(columns.decode(np.zeros((1, 1)))[0, 0])
    assert "left out: column 0" in capfd.readouterr().err
    kept = Columns.learn(np.array([[0, 0.5], [1, 1.5], [2, 4.25]]), {0: "count"}, names=[name, "a"])
    assert len(kept.features) == 2
    assert Columns.learn(np.array([[0, 0.5], [2, 1.5], [1, 4.25]]), names=[name, "a"]).each[0].kind != "index"


def test_integers_beyond_float64_that_are_no_ids_are_refused() -> None:
    with pytest.raises(
        ValueError, match=r"X\[0, 1\] \(column 1 \('a'\)\) = \d+: float64 does not hold.*leave the column out"
    ):
        learned(2**60 + np.arange(N) // 2)


def test_bits_stay_bits_beside_bits_that_never_change() -> None:
    x = np.column_stack([few(0, 1), np.zeros(N), np.ones(N)])
    columns = Columns.learn(x)
    assert columns.outputs == (Bernoulli(),) * 3
    assert [column.other for column in columns.each] == [0, 0, 0]
    assert [column.kind for column in Columns.learn(np.column_stack([x, few(0, 1, 2)])).each][1:3] == ["constant"] * 2


def test_a_declared_category_is_never_real() -> None:
    pd = pytest.importorskip("pandas")
    many = pd.Categorical(rng.integers(0, 40, N) * 25, categories=range(0, 1000, 25))
    ordered = pd.Categorical(few("low", "high"), ["low", "middle", "high"], ordered=True)
    frame = pd.DataFrame({"a": many, "b": ordered, "c": pd.Categorical(rng.normal(size=N).round(1))})
    each = Columns.learn(frame).each
    assert [column.kind for column in each] == ["categorical", "ordinal", "categorical"]
    assert [column.output for column in each[:2]] == [Categorical(40), Categorical(3)]


@pytest.mark.parametrize(
    ("counts", "kind"),
    [
        ({"a": 3, "b": 1}, "binary"),
        ({"a": 9}, "constant"),
        ({"a": 1, "b": 1, "c": 1}, "categorical"),
        ({str(k): 1 for k in range(10)}, "id"),
        ({str(k): 2 for k in range(1000)}, "categorical"),
        ({f"{k:032x}": 1 + k % 2 for k in range(40)}, "id"),
    ],
)
def test_words_are_told_apart_by_how_often_they_occur(counts: dict[str, int], kind: str) -> None:
    assert kind_of_words(counts) == kind


def test_digits_of_a_file_are_no_lattice_but_come_out(capfd: pytest.CaptureFixture[str]) -> None:
    x = np.column_stack([rng.normal(size=N).round(7), rng.normal(size=N).round(4)])
    columns = Columns.learn(x)
    assert [column.facts.resolution for column in columns.each] == [0, pytest.approx(1e-4)]
    drawn = columns.cells(np.full((1, 2), 1 / 3))
    assert [cells.values[0] for cells in drawn] == [0.3333333, 0.3333]
    assert [column.facts.resolution for column in Columns.learn(x, "real").each] == [0, 0]
    assert capfd.readouterr().err == ""
    Columns.learn(x[:1])
    assert "X has one row: nothing is learned" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("draw", "kind"),
    [
        (lambda own, n: own.lognormal(0, 2, n), "positive"),
        (lambda own, n: own.normal(5, 1, n), "real"),
        (lambda own, n: own.integers(1, 5000, n), "count"),
        (lambda own, n: 100 * own.integers(1, 500, n), "count"),
        (lambda own, n: own.integers(1, 5, n), "ordinal"),
        (lambda own, n: own.integers(1, 5, n) / 4, "ordinal"),
    ],
)
def test_a_column_of_zeros_and_a_few_others_has_one_kind_in_the_half_of_its_rows_too(draw: Any, kind: str) -> None:
    """About 50 of 3000 values are no zeros, and 25 in the half of the rows, where few values are looked for."""
    own = np.random.default_rng(3)
    values = np.where(own.random(3000) < 1 / 60, draw(own, 3000), 0) * (1.0 if kind != "count" else 1)
    halves = [own.permutation(values)[:1500] for _ in range(10)]
    columns = [learned(each) for each in (values, *halves)]
    assert {"ordinal" if column.kind == "categorical" else column.kind for column in columns} == {kind}
    assert len({column.facts.resolution > 0 for column in columns}) == 1
    assert len({type(column.coding) for column in columns if kind != "ordinal"}) <= 1


@pytest.mark.parametrize(
    "values",
    [
        np.round(np.random.default_rng(0).lognormal(1, 1, N), 4),
        (np.random.default_rng(0).integers(0, 3000, N) - 1500) / 866.0254,  # integers that were standardised
    ],
)
def test_a_number_far_out_changes_no_resolution(values: Any) -> None:
    step = learned(values).facts.resolution
    far = learned(np.append(values, values[0] + 2e6 * step)).facts.resolution
    assert far == pytest.approx(step)
    assert step > 0
