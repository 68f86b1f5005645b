"""What the network is told of columns that are given: every value apart from every other, and from no value."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from made_np import OneHot
from made_np.columns import context as context_of
from made_np.columns.columns import Columns
from made_np.columns.context import FORGOTTEN, SIGNS, as_context
from made_np.table.table import Table
from made_np.typing import Floats

N = 200
rng = np.random.default_rng(0)
CELLS: dict[str, list[Any]] = {
    "own": rng.choice(["no", "yes"], N).tolist(),
    "job": [None if k % 9 == 0 else ["clerk", "nurse", "smith"][k % 3] for k in range(N)],
    "age": rng.integers(20, 60, N).tolist(),
    "pay": np.exp(rng.normal(3, 1, N)).tolist(),
    "day": [np.datetime64("2024-01-01") + k % 90 for k in range(N)],
    "member": [k % 2 == 0 for k in range(N)],
    "unit": ["kg"] * N,
    "y": rng.normal(size=N).tolist(),
}
NAMES = list(CELLS)


def rows(**changes: list[Any]) -> list[dict[str, Any]]:
    each = {**CELLS, **changes}
    return [dict(zip(each, row, strict=True)) for row in zip(*each.values(), strict=True)]


def learn(*context: str | int, **more: Any) -> Columns:
    return Columns.learn(rows(), context=context, **more)


def inputs(columns: Columns, **changes: Any) -> Floats:
    """What is told of the first row, with some cells changed."""
    row = {**rows()[1], **changes}
    found = columns.told.inputs(columns.read(Table.of([row])).read())
    assert found is not None
    return found[0]


def classes(rows: Floats) -> list[int]:
    """A number for each row, the same for equal ones."""
    found: list[int] = np.unique(np.nan_to_num(rows, nan=-1e9), axis=0, return_inverse=True)[1].ravel().tolist()
    return found


@pytest.mark.parametrize("name", ["own", "job", "age", "pay", "day", "member"])
def test_each_value_has_inputs_of_its_own_and_none_those_of_no_value(name: str) -> None:
    columns = learn(name)
    x = columns.read(Table.of(rows())).read()
    found = columns.told.inputs(x)
    assert found is not None
    d = NAMES.index(name)
    assert found.shape == (N, columns.told.n_inputs)
    coded = columns.each[d].coding.encode(x[:, d])
    values = classes(coded[:, None])
    told = classes(found)
    assert len(set(zip(values, told, strict=True))) == len(set(values)) == len(set(told))
    if columns.each[d].other:
        assert (found[:, -1] == np.isnan(x[:, d])).all()  # the unit that says that the network is not told


def test_what_fit_has_not_met_is_told_as_no_value() -> None:
    assert_array_equal(inputs(learn("own"), own="perhaps"), [0, 1])
    assert_array_equal(inputs(learn("own"), own="no"), [0, 0])
    assert_array_equal(inputs(learn("job"), job="judge"), [0, 0, 0, 1])
    assert_array_equal(inputs(learn("job"), job=None), [0, 0, 0, 1])
    with pytest.raises(ValueError, match=r"X\[0, 0\]: column 0 \('own'\) did not have this value in fit"):
        inputs(learn("own", handle_unknown="error"), own="perhaps")


def test_numbers_on_a_scale_beyond_those_of_fit_are_told_as_the_nearest() -> None:
    columns = learn("age", "pay", "day")
    low, high = min(CELLS["age"]), max(CELLS["age"])
    assert_array_equal(inputs(columns, age=high + 50), inputs(columns, age=high))
    assert_array_equal(inputs(columns, age=low - 50), inputs(columns, age=low))
    assert_array_equal(inputs(columns, age=30.2), inputs(columns, age=30))
    assert_array_equal(inputs(columns, pay=1e300), inputs(columns, pay=max(CELLS["pay"])))
    assert_array_equal(inputs(columns, day=np.datetime64("2031-01-01")), inputs(columns, day=max(CELLS["day"])))


def test_a_gap_is_refused_where_fit_met_none() -> None:
    for name in ("own", "age", "pay", "unit"):
        with pytest.raises(
            ValueError, match=rf"X\[0, {NAMES.index(name)}\] is missing: column \d \('{name}'\) is context"
        ):
            inputs(learn("job", name), **{name: None})
    assert np.isfinite(inputs(learn("job", "own"), job=None)).all()


def test_a_gap_that_is_a_level_is_told_as_one() -> None:
    columns = learn("job", missing="level")
    assert_array_equal(inputs(columns, job=None), [0, 0, 0, 1, 0])
    assert_array_equal(inputs(columns, job="judge"), [0, 0, 0, 0, 1])
    assert_array_equal(inputs(columns, job="nurse"), [0, 1, 0, 0, 0])


def test_very_many_levels_are_told_by_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [f"w{k % 1000}" for k in range(3000)]
    table = [{"word": word, "y": k % 3} for k, word in enumerate(words)]
    columns = Columns.learn(table, {"word": "categorical"}, context=["word"])
    assert columns.told.n_inputs == 1001
    monkeypatch.setattr(context_of, "MOST_LEVELS", 256)
    columns = Columns.learn(table, {"word": "categorical"}, context=["word"])
    assert columns.told.n_inputs == SIGNS + 1
    x = columns.read(Table.of([*table[:1000], {"word": "new", "y": 0}])).read()
    found = columns.told.inputs(x)
    assert found is not None
    assert len(np.unique(found[:-1], axis=0)) == 1000
    assert (np.abs(found[:-1, :-1]) == 1).all()
    assert_array_equal(found[-1], [0] * SIGNS + [1])
    assert abs(found[:-1, :-1].mean()) < 0.02
    levels = list(columns.each[0].reading.levels)  # type: ignore[attr-defined]
    for row in (0, 7, 999):  # splitmix64, in Python's own integers
        z = (levels.index(words[row]) + 1) * 0x9E3779B97F4A7C15 % 2**64
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        z ^= z >> 31
        assert_array_equal(found[row, :-1], [2 * ((z >> k) & 1) - 1 for k in range(SIGNS)])


def test_some_values_of_training_are_not_told() -> None:
    columns = learn("own", "pay", "unit", handle_unknown="other")
    table = columns.read(Table.of(rows() * 50))
    codes = columns.told.encode(table.read())
    assert codes.shape == (50 * N, 2)
    before = codes.copy()
    some = columns.told.units(columns.told.forget(codes, np.random.default_rng(0)))
    assert_array_equal(codes, before)
    changed = (some != columns.told.units(codes)).any(axis=1)
    assert abs(changed.mean() - (1 - (1 - FORGOTTEN) ** 2)) < 0.01  # of two columns that tell something
    assert abs((some[:, 1] == 1).mean() - FORGOTTEN) < 0.006
    assert (some[some[:, 1] == 1, 0] == 0).all()
    assert_array_equal(columns.told.units(columns.told.forget(codes, np.random.default_rng(0))), some)
    strict = learn("own", handle_unknown="error").told
    told = strict.encode(table.read())
    assert_array_equal(strict.forget(told, np.random.default_rng(0)), told)


def test_columns_of_context_are_no_features() -> None:
    columns = learn("age", "job")
    assert columns.context == (1, 2)
    assert [feature.name for feature in columns.features] == ["own", "pay", "day", "member", "y"]
    assert columns.constants == (6,)
    x = columns.read(Table.of(rows())).read()
    z = columns.encode(x)
    assert z.shape == (N, 5)
    assert columns.known(x, z).shape == (N, 5)
    assert np.isnan(columns.decode(z)[:, [1, 2]]).all()
    features = [0, 3, 4, 5, 6, 7]
    assert_array_equal(columns.log_term(x), learn().log_term(x)[:, features])


def test_what_is_printed_and_what_is_stored_say_the_context() -> None:
    columns = learn("age", "unit")
    lines = {line.split()[0]: line for line in str(columns).splitlines()}
    assert lines["age"].endswith("context: given, not modelled")
    assert lines["unit"].endswith("context: given, not modelled")
    assert "context" not in lines["pay"]
    assert [each["name"] for each in columns.to_dict() if each["context"]] == ["age", "unit"]
    again = Columns.from_config(json.loads(json.dumps(columns.config())))
    assert again == columns
    assert again.context == (2, 6)
    assert "context" not in learn().config()


def test_a_context_of_words_leaves_a_table_of_bits_one() -> None:
    bits = np.random.default_rng(0).integers(0, 2, (150, 3))
    table = [{"group": "ab"[k % 2], "p": p, "q": q, "r": r} for k, (p, q, r) in enumerate(bits.tolist())]
    columns = Columns.learn(table, context=["group"])
    assert all(output.is_binary for output in columns.outputs)
    assert all(not column.other for column in columns.each[1:])
    assert any(column.other for column in Columns.learn(table).each[1:])


def test_context_is_in_no_one_hot_group() -> None:
    hot = np.eye(3)[np.random.default_rng(0).integers(0, 3, 300)]
    table = np.column_stack([hot, np.random.default_rng(1).normal(size=300)])
    assert Columns.learn(table, one_hot="auto").one_hot.groups == ((0, 3),)
    assert Columns.learn(table, one_hot="auto", context=[1]).one_hot.groups == ()
    with pytest.raises(ValueError, match=r"context: column 1 is one of the one-hot columns 0\.\.2: name none of them"):
        Columns.learn(table, one_hot=OneHot(((0, 3),)), context=[1])


@pytest.mark.parametrize(
    ("context", "error", "words"),
    [
        (["agee"], ValueError, "context has 'agee', but X has no such column: did you mean 'age'.* X has 'own', 'job'"),
        ([9], ValueError, r"context has 9, but X has columns 0\.\.7"),
        (["age", 2], ValueError, r"names column 2 \('age'\) twice"),
        (NAMES, ValueError, "context names every column of X"),
        ("age", TypeError, r"context='age' is a str: give a list of names"),
        (3, TypeError, "context=3"),
    ],
)
def test_a_context_that_cannot_be_meant_is_named(context: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Columns.learn(rows(), context=context)


def test_columns_without_names_are_given_by_place() -> None:
    assert Columns.learn(np.arange(30.0).reshape(10, 3), context=[2]).context == (2,)
    with pytest.raises(ValueError, match=r"context has 'a', but the columns of X have no names: give places 0\.\.2"):
        Columns.learn(np.arange(30.0).reshape(10, 3), context=["a"])
    assert as_context(None, 3) == ()


def test_a_column_that_is_left_out_is_no_context() -> None:
    with pytest.raises(ValueError, match=r"context: column 2 \('age'\) is of no use to the model \(dropped\)"):
        learn("age", kinds={"age": "drop"})
    few = [{"id": f"x{k}", "unit": "kg", "y": k % 7} for k in range(100)]
    with pytest.raises(ValueError, match=r"context: column 0 \('id'\) is of no use to the model \(an id"):
        Columns.learn(few, context=["id"])
    table = [{"y": k % 7, "unit": "kg"} for k in range(100)]
    assert [column.name for column in Columns.learn(table, context=["y"]).features] == ["unit"]  # whose mass is 1
    with pytest.raises(ValueError, match=r"no column that is left to learn\. column 1 \('unit'\): dropped"):
        Columns.learn(table, {"unit": "drop"}, context=["y"])
