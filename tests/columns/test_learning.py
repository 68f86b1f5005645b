"""What is learned of a column of some kind: masses that sum to 1, levels, gaps, values that fit has not met."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from made_np.columns.columns import Column, Columns
from made_np.distributions.mixtures import MixtureOfGaussians
from made_np.distributions.plain import Bernoulli, Categorical
from made_np.table.table import Table

N = 600
rng = np.random.default_rng(0)


def few(*values: Any) -> list[Any]:
    """Values that are repeated."""
    return [values[k % len(values)] for k in range(N)]


def learned(values: Any, kind: Any = "auto", **wishes: Any) -> Column:
    """What is learned of a column that stands behind another one."""
    rows = [{"b": k % 7, "a": value} for k, value in enumerate(list(values))]
    columns = Columns.learn(rows, {"a": kind}, **wishes)
    assert Columns.from_config(json.loads(json.dumps(columns.config()))) == columns
    return columns.each[1]


def masses(column: Column, numbers: Any) -> Any:
    """The mass of each number if all codes are alike."""
    numbers = np.asarray(numbers, dtype=np.float64)
    z = column.encode(numbers, lambda *index: f"entry {index}")
    n = 1 if column.output is None else column.output.n_values
    return np.exp(column.log_term(numbers)) / np.where(np.isnan(z), 1, n)


@pytest.mark.parametrize(
    ("values", "wishes", "support"),
    [
        (few(0, 1), {}, [0, 1]),
        (few(-1, 1), {}, [-1, 1]),
        (few("yes", "no"), {}, [0, 1]),
        (few("red", "green", "blue"), {}, [0, 1, 2]),
        (few(1, 2, 3, 5), {}, [1, 2, 3, 5]),
        (few(0, 0.5, 1), {}, [0, 0.5, 1]),
        (few(*"aaaaaaaaabc"), {"min_frequency": 0.1}, [0, 1, 2]),
        (few(*"aaaaaaaaabc"), {"min_frequency": 100}, [0, 1, 2]),
        (few(3.7), {}, [3.7]),
        (few("x"), {}, [0]),
        (few(None, 1, 2), {"missing": "level"}, [1, 2, np.nan]),
        (few(None, "a", "b"), {"missing": "level"}, [0, 1, np.nan]),
        (few(None, *"aaaaaaaaabc"), {"missing": "level", "min_frequency": 0.2}, [0, 1, 2, np.nan]),
        (few(None, 3.5), {"missing": "level"}, [3.5, np.nan]),
        (few(None, "x"), {"missing": "level"}, [0, np.nan]),
    ],
)
def test_masses_of_all_values_and_of_others_sum_to_1(values: Any, wishes: Any, support: list[float]) -> None:
    column = learned(values, **wishes)
    of_other = masses(column, [17.25])[0]
    n_known = N - values.count(None)
    assert of_other == pytest.approx(1 / (n_known + 1))
    assert masses(column, support).sum() + of_other == pytest.approx(1, abs=2 / n_known)  # a gap keeps no mass
    assert learned(values, handle_unknown="error", **wishes).other == 0


def test_what_fit_has_not_met_is_not_told() -> None:
    columns = Columns.learn([{"a": word, "b": k % 3} for k, word in enumerate(few("x", "y"))])
    x = columns.read(Table.of([{"a": "z", "b": 1}, {"a": None, "b": 1}, {"a": "y", "b": 7}])).read()
    z = columns.encode(x)
    assert_array_equal(z, [[np.nan, 1], [np.nan, 1], [1, np.nan]])
    assert_array_equal(columns.known(x), [[True, True], [False, True], [True, True]])
    rest = np.log1p(-1 / (N + 1))
    assert_allclose(columns.log_term(x).sum(axis=1), [np.log(1 / (N + 1)) + rest, rest, np.log(1 / (N + 1)) + rest])


def test_it_is_an_error_where_that_is_wished() -> None:
    columns = Columns.learn([{"a": word, "b": k % 3} for k, word in enumerate(few("x", "y"))], handle_unknown="error")
    x = columns.read(Table.of([{"a": "y", "b": 1}, {"a": "z", "b": 1}])).read()
    with pytest.raises(ValueError, match=r"X\[1, 0\].*column 0 \('a'\)"):
        columns.encode(x)


def test_rare_levels_are_one_code_and_are_drawn_by_their_shares() -> None:
    column = learned(few(*"aaaaabbbbbcddd"), min_frequency=0.25)
    assert column.output == Categorical(3)
    z = np.full(4000, 2.0)
    drawn = column.coding.decode(z, rng.random(4000))
    assert_allclose([(drawn == code).mean() for code in (2, 3)], [0.25, 0.75], atol=0.03)
    assert_array_equal(column.coding.decode(np.array([0.0, 1, 2])), [0, 1, 3])
    assert column.reading.cells(drawn[:1]).values[0] in "cd"


def test_a_gap_can_be_a_value_and_is_none_otherwise() -> None:
    values = few(None, 1, 2, 3, 4)
    kept = learned(values, missing="level")
    assert kept.output == Categorical(5)
    assert kept.encode(np.array([np.nan]), str) == [4]
    assert np.isnan(kept.coding.decode(np.array([4.0])))
    ignored = learned(values)
    assert ignored.output == Categorical(4)
    assert np.isnan(ignored.encode(np.array([np.nan]), str))
    assert learned(few(1, 2, 3, 4), missing="level") == learned(few(1, 2, 3, 4))  # fit met no gap


@pytest.mark.parametrize("values", [rng.integers(0, 90, N).tolist(), rng.normal(size=N).tolist()])
def test_numbers_on_a_scale_can_be_missing_too(values: Any) -> None:
    values[::5] = [None] * len(values[::5])
    column = learned(values, missing="level")
    assert column.encode(np.array([np.nan]), str) == [column.output.n_values - 1]  # type: ignore[operator,union-attr]


def test_one_hot_rows_that_fit_has_not_met_are_others() -> None:
    x = np.hstack([np.eye(3)[np.resize([0, 1, 2], N)], rng.normal(size=(N, 1))])
    columns = Columns.learn(x, one_hot="auto")
    assert columns.one_hot.groups == ((0, 3),)
    rows = np.array([[1, 0, 0, 0.5], [1, 1, 0, 0.5], [0, 0, 0, 0.5], [0, 0.5, 0, 0.5], [np.nan, np.nan, np.nan, 0.5]])
    z = columns.encode(rows)
    assert_array_equal(z[:, 0], [0, np.nan, np.nan, np.nan, np.nan])
    other = 1 / (N + 1)
    assert_allclose(np.exp(columns.log_term(rows)[:, 0]), [1 - other, other, other, other, 1])
    assert_array_equal(columns.known(rows)[:, 0], [True, True, True, True, False])
    assert_allclose(columns.decode(z)[0], rows[0], rtol=1e-14)
    strict = Columns.learn(x, one_hot="auto", handle_unknown="error")
    with pytest.raises(ValueError, match="exactly one of them is 1"):
        strict.encode(rows[1:2])


def test_columns_are_named_by_place_by_name_or_all_at_once() -> None:
    x = np.column_stack([rng.integers(0, 90, N), rng.normal(size=N), few(0, 1)])
    names = ["age", "size", "sex"]
    by_name = Columns.learn(x, {"age": "real", "sex": "categorical"}, names=names)
    assert [column.kind for column in by_name.each] == ["real", "real", "categorical"]
    assert Columns.learn(x, {0: "real", 2: "categorical"}, names=names) == by_name
    assert Columns.learn(x, ["real", "auto", "categorical"], names=names) == by_name
    mixture = MixtureOfGaussians(2)
    assert Columns.learn(x, {"age": mixture, "size": mixture}, names=names).outputs == (mixture, mixture, Bernoulli())
    assert len(Columns.learn(x, {"age": "drop"}, names=names).features) == 2
    with pytest.raises(ValueError, match=r"columns has 'Age', but X has no such column: did you mean 'age'"):
        Columns.learn(x, {"Age": "count"}, names=names)
    with pytest.raises(ValueError, match=r"columns has 3, but X has columns 0\.\.2"):
        Columns.learn(x, {3: "count"}, names=names)
    with pytest.raises(ValueError, match="no names: give places"):
        Columns.learn(x, {"age": "count"})


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("count", "a", "it holds words, such as 'a'"),
        ("real", "a", "it holds words"),
        ("integer", "a", "it holds words"),
    ],
)
def test_words_are_no_numbers_and_no_dates(kind: str, value: Any, words: str) -> None:
    with pytest.raises(
        ValueError, match=rf"columns: column 1 \('a'\) is to be '{kind}', but {words}.*give 'categorical'"
    ):
        learned(few(value, "b"), kind)


def test_columns_of_gaps_alone_are_a_gap() -> None:
    for kind in ("auto", "real", "gaussian", MixtureOfGaussians(2), "categorical"):
        column = learned(few(None), kind)
        assert column.output is None
        assert np.isnan(column.coding.decode(np.zeros(1)))


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"missing": "no"}, "missing="),
        ({"handle_unknown": 1}, "handle_unknown="),
        ({"min_frequency": 0}, "min_frequency=0"),
    ],
)
def test_what_cannot_be_wished_is_named(bad: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Columns.learn(np.eye(2), **bad)


def test_what_is_left_out_is_said_in_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    rows = [{"id": f"customer {k}", "key": 10**6 + k, "a": k % 5} for k in range(N)]
    columns = Columns.learn(rows)
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert "column 0 ('id'): an id: all 600 of them are different; column 1 ('key')" in said
    assert "columns={name: 'count'}" in said
    x = columns.read(Table.of(rows)).read()
    assert np.isnan(x[:, :2]).all()
    assert_array_equal(columns.encode(x)[:, 0], x[:, 2])
    assert [cells.gaps.all() for cells in columns.cells(columns.decode(columns.encode(x)))] == [True, True, False]


@pytest.mark.parametrize(
    ("values", "hint"),
    [
        ([-999, *range(0, 80)], "-999 in column 1"),
        ([-99, *range(200, 3000, 9)], "-99 in column 1"),
        ([9999, *range(0, 80)], "9999 in column 1"),
        ([-9999.0, *(k / 7 for k in range(50))], "-9999 in column 1"),
        ([99, *range(0, 80)], None),
        ([99999, *range(0, 41_000, 250)], None),
        ([-1000, *range(0, 80)], None),
    ],
)
def test_a_number_that_stands_for_a_gap_is_pointed_out(values: Any, hint: str | None) -> None:
    x = np.column_stack([np.resize([0, 1, 2], 2 * len(values)), values * 2])
    if hint is None:
        Columns.learn(x)  # a warning would be an error
        return
    with pytest.warns(UserWarning, match=rf"{hint} is far from all other numbers"):
        Columns.learn(x)
    Columns.learn(x, ["auto", "real"])


@pytest.mark.parametrize("kind", ["auto", "real", "positive"])
def test_numbers_that_are_too_near_for_a_density_are_refused_by_name(kind: str) -> None:
    tiny = rng.random(N) * 1e-310
    with pytest.raises(ValueError, match=r"column 1 \('a'\).*such as .*e-31.* within 1e-303.*'ordinal'"):
        learned(tiny, kind)
    assert len(learned(tiny[:9].tolist() * 60, "ordinal").coding.values) == 9


@pytest.mark.parametrize("kind", ["auto", "real"])
def test_a_range_that_no_float_holds_is_learned_without_a_warning(kind: str) -> None:
    last = np.finfo(np.float64).max
    huge = rng.choice([-1.0, 1.0], N) * 0.9 * rng.random(N) * last
    column = learned(huge, kind)
    z = column.encode(huge, str)
    assert_allclose(column.coding.decode(z), huge, rtol=1e-9)
    beyond = column.coding.decode(np.array([-50.0, 50.0, np.nan]))
    assert_array_equal(beyond, [-last, last, np.nan])
