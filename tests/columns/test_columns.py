"""A table becomes rows of a model and comes back; what each column is, is learned or said."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal

from made_np.columns.coding import Affine
from made_np.columns.column import Facts
from made_np.columns.columns import Column, Columns, _as_run
from made_np.columns.lattice import Lattice
from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.mixtures import MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import Bernoulli, Categorical, Gaussian
from made_np.table.one_hot import OneHot
from made_np.table.table import Table


def column(*values: float) -> np.ndarray[Any, Any]:
    return np.array(values, dtype=np.float64)[:, None]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0, 1, 1], "binary"),
        ([0, 0], "binary"),
        ([1, 1], "binary"),
        ([0, 1, 2], "categorical"),
        ([0, 5], "count"),
        ([0, 32], "count"),
        ([-2, 0, 1], "integer"),
        ([0, 1, 1.5], "real"),
        ([0.5], "real"),
    ],
)
def test_few_rows_tell_binary_codes_whole_and_real_columns_apart(values: list[float], kind: str) -> None:
    columns = Columns.learn(column(*values))
    assert columns.each[0].kind == kind
    back = columns.decode(columns.encode(column(*values)))
    assert min(values) <= back.min()
    assert back.max() <= max(values)


@pytest.mark.parametrize(
    ("kind", "output"),
    [
        ("bernoulli", Bernoulli()),
        ("gaussian", Gaussian()),
        ("categorical", Bernoulli()),
        ("binary", Bernoulli()),
        ("discretized_logistic", DiscretizedLogistic(2)),
        (Categorical(7), Categorical(7)),
        (DiscretizedLogistic(256, n=3), DiscretizedLogistic(256, n=3)),
        (MixtureOfGaussians(3), MixtureOfGaussians(3)),
        (MixtureOfLogistics(2), MixtureOfLogistics(2)),
    ],
)
def test_one_kind_stands_for_all_columns(kind: Any, output: Any) -> None:
    assert Columns.learn(np.array([[0.0, 1], [1, 0]]), kind).outputs == (output, output)


def test_a_list_says_it_column_by_column_and_codes_learn_how_many_they_are() -> None:
    x = np.array([[0, 1, 0, 99, 3], [1, 0, 40, 0, 0.0], [1, 0, 7, 0, 0]])
    columns = Columns.learn(x, ["auto", "gaussian", "categorical", "discretized_logistic", Categorical(9)])
    assert columns.outputs == (Bernoulli(), Gaussian(), Categorical(3), DiscretizedLogistic(100), Categorical(9))


def test_a_grey_scale_for_all_columns_is_shared() -> None:
    x = np.array([[0, 3], [0, 16.0]])
    assert Columns.learn(x, "discretized_logistic").outputs == (DiscretizedLogistic(17),) * 2


codes = hnp.arrays(np.int64, st.tuples(st.integers(1, 8), st.integers(1, 4)), elements=st.integers(0, 40))


@given(codes)
def test_a_grey_scale_comes_back_exactly(x: Any) -> None:
    columns = Columns.learn(x.astype(float), "discretized_logistic")
    z = columns.encode(x.astype(float))
    assert_array_equal(z, x)
    assert_array_equal(columns.decode(z.astype(np.float32)), x)
    assert_array_equal(columns.log_term(x.astype(float)), 0)


@given(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 8), st.integers(1, 4)), elements=st.sampled_from([-1, 0.5, 3, 7]))
)
def test_values_come_back_exactly_and_have_codes_without_a_hole(x: Any) -> None:
    x = np.vstack([x, x[:1] + 1])  # so that no column has one value only
    columns = Columns.learn(x, "categorical")
    z = columns.encode(x)
    for values, own in zip(x.T, z.T, strict=True):
        assert_array_equal(np.unique(own), np.arange(len(np.unique(values))))
    assert_array_equal(columns.decode(z.astype(np.float32)), x)
    assert_allclose(np.exp(columns.log_term(x)[:, :-1]), 1 - 1 / (len(x) + 1))


finite = st.floats(-1e6, 1e6, allow_subnormal=False)


@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 3)), elements=finite))
def test_real_columns_come_back_to_rounding(x: Any) -> None:
    columns = Columns.learn(x, "gaussian")
    z = columns.encode(x)
    assert_allclose(columns.decode(z), x, rtol=1e-12, atol=1e-12 * np.abs(x).max())


@pytest.mark.parametrize("unit", [1e-200, 1e-3, 1.0, 1e9, 1e200])
@pytest.mark.parametrize("kind", ["gaussian", MixtureOfGaussians(2), MixtureOfLogistics(2)])
def test_real_columns_are_standardised_in_any_unit(kind: Any, unit: float) -> None:
    rng = np.random.default_rng(0)
    x = unit * (3 + 2 * rng.standard_normal((1000, 1)))
    z = Columns.learn(x, kind).encode(x)
    assert_allclose([z.mean(), z.std()], [0, 1], atol=1e-12)


@pytest.mark.parametrize("value", [3.7, -2.0, 1e300, 1e-300, -0.1])
def test_a_constant_column_costs_nothing_and_comes_back(value: float) -> None:
    x = np.column_stack([np.full(7, value), np.arange(7) / 3])
    columns = Columns.learn(x)
    assert columns.each[0].kind == "constant"
    assert [column.name for column in columns.features] == [""]
    z = columns.encode(x)
    assert z.shape == (7, 1)
    assert_allclose(columns.decode(z), x, rtol=1e-15)
    assert_array_equal(columns.decode(z)[:, 0], value)
    assert_allclose(columns.log_term(x)[:, 1], 0.0, atol=0.2)  # but for the mass of all other values
    other = columns.log_term(x + 1 + abs(x))[:, 1]
    assert_allclose(other, np.log(1 / 8))


@pytest.mark.parametrize("value", [3.7, -2.0, 1e300, 1e-300, -0.1])
def test_a_constant_column_that_is_to_be_real_has_scale_1(value: float) -> None:
    x = np.full((7, 1), value)
    columns = Columns.learn(x, "gaussian")
    assert columns.each[0].coding.scale == 1  # type: ignore[attr-defined]
    assert_array_equal(columns.encode(x), 0)
    assert_array_equal(columns.decode(columns.encode(x)), x)


def test_of_a_table_of_constants_alone_one_is_a_feature() -> None:
    """A model has one feature at least. Its value has the mass 1, but for the share of all others."""
    x = np.full((7, 3), 3.5)
    x[:, 0] = np.nan
    columns = Columns.learn(x)
    assert [column.output for column in columns.each] == [None, Categorical(1), None]
    assert_array_equal(columns.encode(x), np.zeros((7, 1)))
    assert_array_equal(columns.decode(np.zeros((7, 1))), x)
    assert_allclose(columns.log_term(x), np.tile(np.log1p(-1 / 8), (7, 2)))
    assert not Columns.learn(x, handle_unknown="error").log_term(x).any()
    assert Columns.from_config(columns.config()) == columns


def test_a_table_of_columns_that_are_left_out_is_refused_with_what_each_of_them_is() -> None:
    n = 200
    rows = [{"id": f"x{k:04}", "note": f"{k} is a sentence of {k + 3} words, at least", "none": None} for k in range(n)]
    wanted = (
        r"X has no column that is left to learn. column 0 \('id'\): an id: all 200 of them are different; "
        r"column 1 \('note'\): free text; column 2 \('none'\): a gap in every row. To have one in the model, say what "
        r"it is: columns=\{'id': 'categorical'\}"
    )
    with pytest.raises(ValueError, match=wanted):
        Columns.learn(rows)
    with pytest.raises(ValueError, match=r"column 1: dropped. .*columns=\{0: "):
        Columns.learn(np.zeros((5, 2)), "drop")
    assert Columns.learn(rows, {"id": "categorical"}).each[0].output == Categorical(n)


def test_a_column_that_is_constant_but_for_rounding_counts_as_constant() -> None:
    assert Columns.learn(column(0.3, np.nextafter(0.3, 1), 0.3)).each[0].coding.scale == 1


def test_the_jacobian_counts_the_known_real_columns() -> None:
    columns = Columns((Column(Gaussian(), Affine(5, 2)), Column(Bernoulli()), Column(Gaussian(), Affine(0, 0.5))))
    known = np.array([[1, 1, 1], [1, 1, 0], [0, 0, 1], [0, 0, 0]], dtype=bool)
    terms = columns.log_term(np.where(known, 1.0, np.nan))
    assert_allclose(terms.sum(axis=1), [0, -np.log(2), np.log(2), 0], atol=1e-15)


def test_gaps_pass_through() -> None:
    columns = Columns.learn(np.array([[0, 2, 0.5], [1, 0, 1.5]]))
    z = columns.encode(np.array([[np.nan, np.nan, np.nan], [1, 1, np.nan]]))
    assert_array_equal(np.isnan(z), [[True, True, True], [False, False, True]])


@pytest.mark.parametrize(
    ("values", "kind", "words"),
    [
        ([0, 1, 3.5], "bernoulli", [r"X\[2, 0\] = 3.5", "column 0 ", "0 or 1", "binarize"]),
        ([0, 1, 3.5], "count", ["3.5", "column 0", "'count', whole numbers of at least 0", "'integer' or 'real'"]),
        ([0, 1, -3], "count", ["-3", "column 0"]),
        ([0, 1, 3.5], "integer", ["3.5", "column 0", "give 'real'"]),
        ([0, 1, -3.5], "positive", ["-3.5", "column 0", "give 'real'"]),
        ([0, 1, 3.5], "binary", ["3.5", "column 0", "'categorical' or 'ordinal'"]),
        ([0, 1, 3.5], "constant", ["3.5", "column 0", "'drop'"]),
        ([0, 1, 3.5], "date", ["column 0", "it holds numbers"]),
        ([0, -1], "discretized_logistic", ["-1", "column 0", "0..n-1"]),
        ([0, 5], Categorical(5), [r"X\[1, 0\] = 5", r"0..4", r"Categorical\(n\)"]),
        ([0, 5], "poisson", ["poisson", "columns=", "gaussian"]),
        ([0, 5], "counts", ["did you mean 'count'"]),
        ([0, 5], "mixture_of_gaussians", ["column 0", r"MixtureOfGaussians\(n\)", "mixture_of_gaussians:n"]),
        ([0, 5], "mixture_of_logistics", ["column 0", r"MixtureOfLogistics\(n\)", "mixture_of_logistics:n"]),
        ([0, 5], ["auto", "auto"], ["lists 2", "1 columns"]),
    ],
)
def test_what_a_column_cannot_be_is_refused_in_words(values: list[float], kind: Any, words: list[str]) -> None:
    for word in words:
        with pytest.raises(ValueError, match=word):
            Columns.learn(column(*values), kind)


@pytest.mark.parametrize("kind", [3, None, [3], {0: 3}])
def test_a_kind_is_a_name_or_a_distribution(kind: Any) -> None:
    with pytest.raises(TypeError, match="columns"):
        Columns.learn(column(0, 1), kind)


@pytest.mark.parametrize("value", [3.0, -1.0, 0.5])
def test_a_value_that_a_column_never_had_is_named_with_its_column(value: float) -> None:
    x = np.array([[0.5, 2], [1.5, 0], [2.25, 1]])
    columns = Columns.learn(x, names=["height", "colour"], handle_unknown="error")
    with pytest.raises(ValueError, match=rf"Z\[1, 1\] = {value:g}: column 1 \('colour'\).*0\.\.2"):
        columns.encode(np.array([[7.5, 1], [0, value]]), "Z")
    kept = Columns.learn(x, names=["height", "colour"])
    assert_array_equal(np.isnan(kept.encode(np.array([[7.5, 1], [0, value]]))), [[False, False], [False, True]])
    terms = kept.log_term(np.array([[0.5, 1], [0.5, value], [0.5, np.nan]]))[:, 1]
    assert_allclose(np.exp(terms), [3 / 4, 1 / 4, 1])


def test_config_survives_json_bit_by_bit() -> None:
    x = np.array([[0, 2, 0.1, 3], [1, 0, 1e300, 250]])
    columns = Columns.learn(x, ["auto", "auto", "auto", DiscretizedLogistic(256, n=2)], ["a", "b", "c", "d"])
    again = Columns.from_config(json.loads(json.dumps(columns.config())))
    assert again == columns
    assert_array_equal(again.encode(x), columns.encode(x))
    assert Columns.from_config(columns.config()["each"]) == columns  # as files from before one-hot columns hold them


def test_columns_are_frozen_and_hashable_and_the_table_is_left_alone() -> None:
    x = np.array([[0, 0.5], [1, 1.5]])
    x.flags.writeable = False
    columns = Columns.learn(x)
    columns.decode(columns.encode(x))
    assert hash(columns) == hash(Columns.learn(x))
    with pytest.raises(AttributeError):
        columns.each = ()  # type: ignore[misc]


def test_columns_look_at_what_they_are_given() -> None:
    columns = Columns.learn(np.array([[0.5, 2], [1.5, 0], [2.5, 1]]), ["gaussian", "auto"])
    assert_array_equal(columns.encode([[0.5, 2]]), columns.encode(np.array([[0.5, 2]])))
    assert_array_equal(columns.decode([[0, 2]]), [[1.5, 2]])
    for x in ("x", None, [1, 2], [[1, 2, 3]], [[1], [2, 3]], object(), [["a", "b"]], [[[1, 2]]]):
        with pytest.raises((TypeError, ValueError), match=r"^Z (has|is)"):
            columns.encode(x, "Z")
    for x in ("x", None, [1, 2], [[1], [2, 3]], [[]], [[[1, 2]]], [[np.inf]]):
        with pytest.raises((TypeError, ValueError), match=r"^X( has| is|\[0, \d\] \(column \d\) = )"):
            Columns.learn(x)
    for x in ("x", None, [[1, 2, 3]], [[1], [2, 3]], object(), [["a", "b"]], 1):
        for method, name in ((columns.decode, "z"), (columns.log_term, "x")):
            with pytest.raises((TypeError, ValueError), match=f"^{name} (has|is)"):
                method(x)  # type: ignore[operator]
    for feature in (-1, 2, "a", 0.5):
        with pytest.raises((TypeError, ValueError), match="feature="):
            columns.label(feature)


@pytest.mark.parametrize("names", [3, "ab", [1, "b"], ["a"], {"a": 1, "b": 2}, object()])
def test_names_are_one_string_per_column(names: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="names"):
        Columns.learn(np.eye(2), names=names)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Column("gaussian"), "output='gaussian'"),
        (lambda: Affine("x"), "mean='x'"),
        (lambda: Affine(0.0, 0.0), "scale=0.0"),
        (lambda: Affine(0.0, np.nan), "scale=nan"),
        (lambda: Column(Gaussian(), name=3), "name is a int"),
        (lambda: Columns([Column(Gaussian())]), "each is a list"),
        (lambda: Columns((Gaussian(),)), r"each\[0\] is a Gaussian"),
        (lambda: Columns((Column(Gaussian()),), None), "one_hot is a NoneType"),
        (lambda: Columns((Column(Gaussian()),), OneHot(((0, 2),))), r"groups has \(0, 2\), but n_columns=1"),
        (lambda: Columns.learn(np.eye(2), one_hot=((0, 2),)), "one_hot is a tuple"),
    ],
)
def test_columns_that_cannot_be_meant(make: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        make()


def test_terms_are_the_same_where_the_codes_are_there_already() -> None:
    rng = np.random.default_rng(0)
    rows = {
        "job": rng.choice(["a", "b", "c"], 300),
        "still": np.full(300, 3.7),
        "hours": rng.integers(0, 90, 300),
        "wage": rng.lognormal(0, 1, 300),
        **{f"city_{k}": (np.arange(300) % 3 == k) * 1 for k in range(3)},
    }
    table = Table.of(np.rec.fromarrays(list(rows.values()), names=",".join(rows)))
    columns = Columns.learn(table, one_hot="auto")
    assert columns.one_hot.groups
    x = columns.read(table).read()
    x[:40, :4][rng.random((40, 4)) < 0.3] = np.nan
    x[30:36, 4:] = np.nan
    x[40] = [7.0, 3.8, 12.5, -1.0, 1, 1, 0]  # what no column knows
    terms = columns.log_term(x, columns.encode(x))
    assert_array_equal(terms, columns.log_term(x))
    words = [0, 3, 4]  # of which the unseen ones are one value, while numbers share that mass
    assert_allclose(terms[40, words], np.log(1 / 301), rtol=1e-12)
    assert (terms[40, 1:3] < np.log(1 / 301) - 1).all()


def test_numbers_that_fit_has_not_seen_share_a_mass_that_falls_with_the_distance() -> None:
    values = np.repeat(np.arange(10, 71), 5).astype(float)
    facts = Facts(305, 0, 61, 10, 70, 1.0)
    column = Column(DiscretizedLogistic(61), Lattice(10.0, 1.0), kind="count", other=0.01, facts=facts)
    assert not column.unknown(values).any()
    far = np.array([71.0, 100.0, 1000.0, -5.0, 1e9])
    terms = column.log_term(far)
    assert terms[0] > terms[1] > terms[2] > terms[4]
    everywhere = np.concatenate([np.arange(-200_000.0, 10), np.arange(71.0, 200_000)])
    inside = np.log(0.01) - np.log(60) - 2 * np.log1p(np.abs(np.arange(10.0, 71) - 40) / 30)
    assert_allclose(np.exp(column.log_term(everywhere)).sum() + np.exp(inside).sum(), 0.01, rtol=1e-3)


@pytest.mark.parametrize("places", [[0], [1, 2], [2, 3, 4], [3]])
def test_neighbours_are_taken_without_a_copy(places: list[int]) -> None:
    x = np.arange(12.0).reshape(2, 6)
    taken = x[:, _as_run(np.array(places))]
    assert_array_equal(taken, x[:, places])
    assert np.shares_memory(taken, x)


def test_others_are_taken_one_by_one() -> None:
    x = np.arange(12.0).reshape(2, 6)
    assert_array_equal(x[:, _as_run(np.array([1, 3]))], x[:, [1, 3]])
