"""Tables as people have them: read, fitted, scored and drawn with nothing set."""

from __future__ import annotations

import warnings
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from people import quick

from made_np import MADEDensity
from made_np.table.files import read_table

N = 120


def small(**settings: Any) -> MADEDensity:
    """A net that is learned at once."""
    return MADEDensity((8,), max_epochs=2, backend="numpy", random_state=0, dropout=0.0, **settings)


def in_a_file(folder: Path, cells: list[Any], *, first: str = "a,b") -> Any:
    """A table in a file, with a column of these cells and one of numbers."""
    numbers = np.random.default_rng(0).normal(size=len(cells)).round(4)
    path = folder / "table.csv"
    path.write_text("\n".join([first, *(f"{cell},{number}" for cell, number in zip(cells, numbers, strict=True))]))
    return read_table(path)


def test_gaps_in_fit_stop_nothing_where_nothing_is_set() -> None:
    rng = np.random.default_rng(0)
    table = np.column_stack([rng.integers(0, 3, N), rng.normal(size=N), rng.integers(0, 90, N), rng.random(N) < 0.5])
    table[rng.random(table.shape) < 0.2] = np.nan
    model = small().fit(table)
    assert [trial.choice.order for trial in model.trials_[:2]] == ["found", "natural"]
    assert np.isfinite(model.score_samples(table)).all()


@pytest.mark.parametrize(
    "codes",
    [["01001", "90210", "10115", "00501"], ['"0123"', '"4567"', '"0089"'], ["0x1f", "0xa0", "0xff"]],
)
def test_codes_of_digits_keep_the_zeros_that_they_begin_with(tmp_path: Path, codes: list[str]) -> None:
    table = in_a_file(tmp_path, [codes[k % len(codes)] for k in range(N)])
    model = small(order="natural").fit(table)
    drawn = model.sample(50, random_state=0)["a"].to_pylist()
    assert set(drawn) == {code.strip('"') for code in codes}
    without = in_a_file(tmp_path, [codes[1].strip('"')] * 3)  # read as integers where none begins with 0
    assert model.score_samples(without).min() > -20
    assert model.columns_.each[0].unknown(model.columns_.read(without).column(0)).sum() == 0


def test_integers_without_such_zeros_stay_integers_beside_times(tmp_path: Path) -> None:
    table = in_a_file(tmp_path, [f"07:{k % 60:02d},{k % 90}" for k in range(N)], first="t,n,b")
    assert table.cells(1).values.dtype == np.int64


def test_decimals_that_float64_does_not_hold_are_no_constant(tmp_path: Path) -> None:
    ids = [10**25 + k for k in range(N)]
    model = small(order="natural").fit(in_a_file(tmp_path, ids))
    assert model.columns_.each[0].kind == "id"
    with pytest.raises(ValueError, match=r"line 2, column a = Decimal\('10{25}'\): float64 does not hold"):
        small().fit(in_a_file(tmp_path, ids[:60] * 2))
    with pytest.raises(ValueError, match=r"Decimal\('1E\+25'\).*float64 does not hold"):
        small().fit([{"a": Decimal("1e25") if k % 2 else Decimal(3), "b": k % 5} for k in range(N)])


@pytest.mark.parametrize("first", ["country,2019,2020", "country,2020,2019", "country,1,2"])
def test_a_first_line_of_words_and_years_is_pointed_out(tmp_path: Path, first: str) -> None:
    with pytest.warns(UserWarning, match="line 1 is taken for a row: if its numbers are names.*--header yes"):
        in_a_file(tmp_path, [f"c{k % 7},{k / 8}" for k in range(N)], first=first)


def test_a_first_line_of_years_is_pointed_out_once(tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        small(order="natural").fit(in_a_file(tmp_path, [k / 8 for k in range(N)], first="2019,2020"))
    assert len(said) == 1


def test_ids_say_how_many_are_different(capsys: pytest.CaptureFixture[str]) -> None:
    words = [f"k{k}" for k in range(N - 3)] + ["k0"] * 3
    small(order="natural").fit([{"a": word, "b": k % 5} for k, word in enumerate(words)])
    assert f"an id: {N - 3} of {N} are different" in capsys.readouterr().err


def with_gaps(library: str) -> dict[str, Any]:
    """Columns with a gap each, whose dtypes hold more than numbers."""
    pytest.importorskip(library)
    if library == "pandas":
        import pandas as pd

        days = pd.Series(pd.date_range("2020-01-01", periods=N)).where(np.arange(N) % 9 > 0)
        return {
            "day": pd.DataFrame({"a": days}),
            "zone": pd.DataFrame({"a": days.dt.tz_localize("Europe/Berlin")}),
            "span": pd.DataFrame({"a": days - days.min()}),
            "bytes": pd.DataFrame({"a": pd.Series([None, b"x", b"y"] * (N // 3), dtype=object)}),
        }
    import polars as pl

    days = pl.Series(range(N)).cast(pl.Int64)
    masked = pl.DataFrame({"a": days, "g": days % 9 > 0}).select(pl.when("g").then("a").alias("a"))
    dtypes = {"zone": pl.Datetime("ms", "UTC"), "span": pl.Duration("us"), "day": pl.Date}
    found = {name: masked.select(pl.col("a").cast(dtype)) for name, dtype in dtypes.items()}
    found["time"] = masked.select((pl.col("a") * 3_600_000_000_000 % 86_400_000_000_000).cast(pl.Time))
    return found


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_what_fills_gaps_of_dates_and_bytes_is_of_their_dtype(library: str) -> None:
    for name, frame in with_gaps(library).items():
        model = small(order="natural").fit(frame)
        for made in (model.impute(frame), model.sample(5, random_state=0)):
            types = made.dtypes.tolist() if library == "pandas" else made.dtypes
            assert types == (frame.dtypes.tolist() if library == "pandas" else frame.dtypes), name
            assert all(type(cell) is type(list(frame["a"])[1]) for cell in made["a"]), name


def test_a_word_that_writes_a_number_is_one_where_fit_saw_numbers() -> None:
    rng = np.random.default_rng(0)
    table = [{"a": int(a), "b": float(b)} for a, b in zip(rng.integers(0, 90, N), rng.normal(size=N), strict=True)]
    model = small(order="natural").fit(table)
    words = [{"a": str(row["a"]), "b": row["b"]} for row in table]
    np.testing.assert_array_equal(model.score_samples(words), model.score_samples(table))
    with pytest.raises(TypeError, match=r"X\[1, 0\] \(column 0 \('a'\)\) = 'ten'.*this column holds numbers; give one"):
        model.score_samples([{"a": 3, "b": 0.5}, {"a": "ten", "b": 0.5}])


@pytest.mark.parametrize("cells", ["xyz", (5, 7, 9)])
def test_an_unseen_value_is_refused_without_words_of_codes(cells: Any) -> None:
    table = [{"a": cells[k % 3], "b": k / 8} for k in range(N)]
    model = small(order="natural", handle_unknown="error").fit(table)
    with pytest.raises(ValueError, match=r"X\[1, 0\].*column 0 \('a'\) did not have this value in fit") as caught:
        model.score_samples([table[0], {"a": "new" if cells == "xyz" else 6, "b": 1.0}])
    assert "0.." not in str(caught.value)


def test_words_are_no_real_numbers() -> None:
    table = [{"a": "xyz"[k % 3], "b": k / 8} for k in range(N)]
    for kind in ("real", "gaussian"):
        with pytest.raises(ValueError, match=r"column 0 \('a'\) is to be '\w+', but it holds words, such as 'x'"):
            small(columns={"a": kind}).fit(table)


@pytest.mark.parametrize("mark", ["^", ":", "~"])
def test_a_separator_that_is_not_looked_for_is_asked_about(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text("\n".join([f"a{mark}b", *(f"{k}{mark}x{k % 3}" for k in range(30))]))
    with pytest.warns(UserWarning, match=rf"has one column only: is the separator '\{mark}'\?"):
        read_table(path)
    path.write_text("\n".join(["time", *(f"{k:02d}:30" for k in range(20))]))
    assert read_table(path).n_rows == 20  # a warning would be an error


def test_columns_that_dates_name_come_back(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    numbers = np.random.default_rng(0).normal(size=(N, 2))
    frame = pd.DataFrame(numbers, columns=pd.to_datetime(["2020-01-01", "2021-01-01"]))
    model = small(order="natural").fit(frame)
    assert model.sample(3, random_state=0).columns.equals(frame.columns)
    model.save(tmp_path / "m.npz")
    loaded = MADEDensity.load(tmp_path / "m.npz")
    assert loaded.sample(3, random_state=0).columns[0] == "2020-01-01 00:00:00"
    np.testing.assert_array_equal(loaded.score_samples(frame), model.score_samples(frame))


def test_a_table_of_constants_is_a_point_of_mass() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"unit": ["kg"] * 40, "year": 2024, "gap": np.nan, "yes": True})
    model = quick(order="natural", max_epochs=1, handle_unknown="error").fit(table)
    assert_array_equal(model.score_samples(table), 0)
    assert model.sample(3).equals(table[:3])
    assert model.sample(3, given={"unit": "kg"}).equals(table[:3])
    gaps = table.astype({"year": object, "yes": object})
    gaps.loc[0, ["unit", "year", "yes"]] = None
    assert_array_equal(model.score_samples(gaps), 0)
    filled = model.impute(gaps)
    assert filled.astype(object).equals(table.astype(object))
    assert (model.explain(table).log_prob["unit"] == 0).all()
    assert list(model.predict(table[:2], "unit")) == ["kg", "kg"]
    assert model.probability({"unit": "kg", "year": (2000, None)}) == 1
    assert model.probability({"year": (2025, None)}) == 0
    assert model.entropy()[0] == 0
    with pytest.raises(ValueError, match="did not have this value in fit"):
        model.score_samples(table.assign(unit="lb"))


def test_another_value_of_a_constant_has_the_reserve() -> None:
    model = quick(order="natural", max_epochs=1).fit([["kg", 7]] * 9)
    assert_allclose(np.exp(model.score_samples([["kg", 7], ["lb", 7], ["lb", 8]])), [0.81, 0.09, 0.01], rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.uint8])
def test_constants_beside_others_are_drawn_as_they_are(dtype: Any) -> None:
    X = np.random.default_rng(0).integers(0, 9, size=(60, 4)).astype(dtype)
    X[:, 2] = 17
    X[:, 3] = 0
    rows = quick(order="natural", max_epochs=1).fit(X).sample(20)
    assert rows.dtype == dtype
    assert (rows[:, 2:] == [17, 0]).all()
