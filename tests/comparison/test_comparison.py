"""Two tables compared: numbers that are known beforehand, tables of any library, and who is told apart from whom."""

from __future__ import annotations

import datetime
import json
import math
import sys
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

import made_np
from made_np.comparison.copies import copies
from made_np.comparison.marginals import chance_of_counts, marginal
from made_np.comparison.pairs import compare_pairs
from made_np.comparison.reading import Shared, read_together, row_codes
from made_np.comparison.twosample import area_under_curve, tell_apart

pd = pytest.importorskip("pandas")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def frame(n: int, seed: int = 0, **more: Any) -> Any:
    """A table as people have it, in which town and income depend on each other."""
    r = rng(seed)
    town = r.integers(0, 3, n)
    columns = {
        "town": np.array(["Aarhus", "Bergen", "Cork"])[town],
        "income": np.where(r.random(n) < 0.5, 0, r.lognormal(1 + town, 0.3, n)),
        "born": np.datetime64("1980-01-01") + r.integers(0, 9000, n).astype("m8[D]"),
        "ill": r.random(n) < 0.3,
        "children": r.integers(0, 5, n),
    }
    found = pd.DataFrame({**columns, **more})
    found.loc[r.random(n) < 0.1, "town"] = None
    found.loc[r.random(n) < 0.1, "income"] = np.nan
    return found


def of(name: str, *values: Any, levels: tuple[Any, ...] | None = None) -> Shared:
    return Shared(name, tuple(np.array(v, dtype=float) for v in values), levels)


# ------------------------------------------------------------------------------------------------ single numbers


def test_total_variation_counts_gaps_as_a_level() -> None:
    found = marginal(of("a", [0, 0, 1, np.nan], [0, 1, 1, 1], levels=("x", "y")))
    assert (found.measure, found.distance, found.gaps) == ("TV", (0.25 + 0.5 + 0.25) / 2, (0.25, 0.0))


def test_distances_of_numbers_are_those_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    real, synthetic = rng(1).normal(size=300), np.round(rng(2).normal(0.2, 1.5, size=200), 1)
    found = marginal(of("a", [*real, np.nan], synthetic))
    assert found.measure == "KS"
    assert found.distance == pytest.approx(stats.ks_2samp(real, synthetic).statistic)
    assert found.wasserstein == pytest.approx(stats.wasserstein_distance(real, synthetic) / real.std())


def test_chance_is_what_samples_of_one_distribution_show_on_average() -> None:
    r = rng(3)
    p = np.array([0.5, 0.3, 0.15, 0.05])
    counts = [(r.multinomial(400, p), r.multinomial(250, p)) for _ in range(2000)]
    shown = np.mean([np.abs(a / 400 - b / 250).sum() / 2 for a, b in counts])
    said = np.mean([chance_of_counts(a, b) for a, b in counts])
    assert said == pytest.approx(shown, rel=0.03)
    numbers = [marginal(of("a", r.normal(size=400), r.normal(size=250))) for _ in range(500)]
    assert numbers[0].by_chance == pytest.approx(np.mean([each.distance for each in numbers]), rel=0.08)


def test_information_of_a_copy_is_its_entropy_and_of_independent_columns_none() -> None:
    x = np.repeat([0, 1, 2, 3], 250)
    y = np.tile([0, 1], 500)
    (found,) = compare_pairs([of("a", x, x, levels=tuple("abcd")), of("b", x, y, levels=tuple("abcd"))], rng())
    assert found.names == ("a", "b")
    assert found.information[0] == pytest.approx(math.log(4), abs=0.01)
    assert found.information[1] == 0
    # Of each real row half has a synthetic one: (a, a) for a of 0 and 1, where 1/8 is and 1/4 should be.
    assert found.distance == pytest.approx(0.75)


def test_a_tie_of_many_rows_is_a_part_of_its_own() -> None:
    """Most money is 0, and most people work 40 hours: what is above tells whether the other column is."""
    r = rng(4)
    rich = r.random(4000) < 0.08
    for centre in (0.0, 40.0):
        money = np.where(rich, centre + r.lognormal(3, 1, 4000), centre - (centre > 0) * r.integers(0, 2, 4000))
        pair = [of("money", money, r.permutation(money)), of("rich", rich, rich, levels=(False, True))]
        (found,) = compare_pairs(pair, rng())
        entropy = -(rich.mean() * np.log(rich.mean()) + (1 - rich.mean()) * np.log(1 - rich.mean()))
        assert found.information[0] > 0.9 * entropy
        assert found.information[1] < 0.01


def test_many_pairs_are_drawn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("made_np.comparison.pairs.MOST_PAIRS", 4)
    columns = [of(f"x{d}", rng(d).normal(size=30), rng(d + 9).normal(size=30)) for d in range(5)]
    found = compare_pairs(columns, rng())
    assert len({pair.names for pair in found}) == 4
    assert [pair.excess for pair in found] == sorted((pair.excess for pair in found), reverse=True)


def test_the_area_under_the_curve_is_that_of_scikit_learn_and_its_error_that_of_repetition() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    low, high = np.round(rng(1).normal(size=80), 1), np.round(rng(2).normal(0.7, 1, size=60), 1)
    area, error = area_under_curve(low, high)
    truth = np.repeat([0, 1], [80, 60])
    assert area == pytest.approx(metrics.roc_auc_score(truth, np.concatenate([low, high])))
    again = [area_under_curve(rng(k).normal(size=80), rng(k + 10**6).normal(0.7, 1, size=60))[0] for k in range(400)]
    assert error == pytest.approx(np.std(again), rel=0.15)
    assert math.isnan(area_under_curve(low[:1], high)[1])


def slow_nearest(rows: Any, real: Any, levels: bool, *, among: bool) -> list[float]:
    """Distances row by row."""
    known = np.sort(real[~np.isnan(real)])

    def rank(x: float) -> float:
        return (np.sum(known < x) + np.sum(known == x) / 2) / len(known)

    def distance(a: float, b: float) -> float:
        if np.isnan(a) or np.isnan(b):
            return float(np.isnan(a) != np.isnan(b))
        return float(a != b) if levels else abs(rank(a) - rank(b))

    return [min(distance(a, b) for j, b in enumerate(real) if not (among and i == j)) for i, a in enumerate(rows)]


@pytest.mark.parametrize("levels", [None, ("a", "b", "c", "d")])
def test_the_closest_row_is_the_closest_one(levels: Any) -> None:
    r = rng(5)
    tables = [r.integers(0, 4, n).astype(float) if levels else r.normal(size=n) for n in (30, 40, 20)]
    for table in tables:
        table[0] = np.nan
    for third in (True, False):
        columns = [of("a", *tables[: 2 + third], levels=levels)]
        found = copies(columns, row_codes(columns), 1000, rng())
        wanted = [(tables[1], False), (tables[2], False) if third else (tables[0], True)]
        for each, (rows, among) in zip(found, wanted, strict=True):
            slow = slow_nearest(rows, tables[0], bool(levels), among=among)
            assert each.nearest == pytest.approx(tuple(np.quantile(slow, [0.05, 0.5])), abs=1e-6)


def test_copies_are_rows_that_are_equal_in_every_column_gaps_too() -> None:
    real = np.array([[1, 2.5], [1, np.nan], [1, np.nan], [3, 4]])
    synthetic = np.array([[1, 2.5], [1, np.nan], [3, 4.000001], [np.nan, 2.5]])
    found = made_np.compare(real, synthetic)
    assert found.copies.copied == 0.5
    assert found.baseline.copied == 0.5
    assert made_np.compare(real, synthetic, holdout=[[3, 4]]).baseline.copied == 1


def test_wide_tables_are_looked_at_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("made_np.comparison.copies.MOST_DIFFERENCES", 1000)
    found = made_np.compare(rng(1).normal(size=(300, 4)), rng(2).normal(size=(300, 4)))
    assert found.copies.n_rows == 100


# ---------------------------------------------------------------------------------------------------- whole tables


def test_rows_of_one_distribution_are_not_told_apart_and_others_are() -> None:
    pytest.importorskip("sklearn")
    real, same = frame(600, 1), frame(600, 2)
    alike = made_np.compare(real, same)
    assert alike.two_sample is not None
    assert abs(alike.two_sample.auc - 0.5) < 4 * alike.two_sample.standard_error
    assert all(each.distance < 3 * each.by_chance + 0.01 for each in alike.columns)
    shuffled = same.assign(town=same["town"].sample(frac=1, random_state=0).to_numpy())
    found = made_np.compare(real, shuffled)
    assert found.two_sample is not None
    assert found.two_sample.auc > 0.58
    assert found.pairs[0].names == ("town", "income")
    assert found.pairs[0].information[0] > 0.2 > found.pairs[0].information[1]
    assert "town & income" in str(found)


def test_copies_do_not_hide_from_the_classifier_nor_turn_it_around() -> None:
    pytest.importorskip("sklearn")
    real = frame(600, 1)
    found = made_np.compare(real, real.sample(frac=1, random_state=0), holdout=frame(600, 2))
    assert found.copies.copied == 1
    assert found.copies.nearest == (0, 0)
    assert found.baseline.copied < 0.05
    assert found.two_sample is not None
    assert found.two_sample.auc == pytest.approx(0.5, abs=0.05)
    assert "held-out rows" in str(found)


def test_frames_of_all_libraries_lists_and_arrays_say_the_same() -> None:
    pl = pytest.importorskip("polars")
    pa = pytest.importorskip("pyarrow")
    real, synthetic = frame(200, 1), frame(150, 2)
    few: Any = {"max_rows": 40}
    wanted = made_np.compare(real, synthetic, **few).to_dict()
    assert made_np.compare(pl.from_pandas(real), pa.Table.from_pandas(synthetic), **few).to_dict() == wanted
    assert (
        made_np.compare(real.astype({"town": "category"}), synthetic[synthetic.columns[::-1]], **few).to_dict()
        == wanted
    )
    by_place = made_np.compare(real, synthetic.astype(object).to_numpy(), **few).to_dict()
    assert by_place == wanted
    listed = made_np.compare(real.astype(object).to_numpy().tolist(), synthetic, **few).to_dict()
    assert [column["name"] for column in listed["columns"]] == ["x0", "x1", "x2", "x3", "x4"]
    assert [c["distance"] for c in listed["columns"]] == [c["distance"] for c in wanted["columns"]]


CELLS: list[tuple[list[Any], list[Any], list[float]]] = [
    ([True, None, False], [1, 0, np.nan], [1, np.nan, 0, 1, 0, np.nan]),
    ([Decimal("1.5"), Decimal("NaN")], [1.5, 2], [0, np.nan, 0, 1]),
    ([datetime.date(2020, 1, 1), None], [np.datetime64("2020-01-02"), np.datetime64("NaT")], [0, np.nan, 1, np.nan]),
    (
        [datetime.timedelta(1), np.timedelta64(36, "h")],
        [np.timedelta64("NaT"), pd.Timedelta(1, "D")],
        [0, 1, np.nan, 0],
    ),
    ([pd.Timestamp("2020-01-01T01:00+01:00"), pd.NaT], [pd.Timestamp("2020-01-01"), pd.NA], [0, np.nan, 0, np.nan]),
    (["b", "a"], [None, "c"], [1, 0, np.nan, 2]),
    ([None, None], [1, 2], [np.nan, np.nan, 0, 1]),
    ([pd.Period("2020-01"), "b"], ["2020-01", None], [0, 1, 0, np.nan]),
]


@pytest.mark.parametrize(("first", "second", "codes"), CELLS)
def test_cells_of_all_kinds_are_read(first: Any, second: Any, codes: list[float]) -> None:
    ((column,), _) = read_together({"a": [[cell] for cell in first], "b": [[cell] for cell in second]})
    np.testing.assert_array_equal(np.concatenate(column.values), codes)


def test_numbers_of_many_values_stay_numbers() -> None:
    ((column,), _) = read_together({"a": np.arange(21.0)[:, None], "b": np.ones((3, 1), dtype=int)})
    assert column.levels is None
    ((few,), _) = read_together({"a": np.arange(20.0)[:, None], "b": np.full((3, 1), 0.5)})
    assert few.levels is not None
    assert marginal(few).distance == 1


@pytest.mark.parametrize("columns", [[[1]], [[1, 2]], [["a"], ["b"]], [[None]], [[1.5, None]], [[0], [0], [0]]])
def test_tiny_tables_have_a_report(columns: Any) -> None:
    found = made_np.compare(columns, columns)
    assert found.copies.copied == 1
    assert found.two_sample is None
    assert "too few" in str(found)
    json.dumps(found.to_dict(), allow_nan=False)


def test_the_seed_decides_what_is_drawn() -> None:
    pytest.importorskip("sklearn")
    real, synthetic = frame(300, 1), frame(300, 2)
    found = [made_np.compare(real, synthetic, max_rows=50, random_state=seed) for seed in (0, 0, rng(0), 1)]
    assert found[0] == found[1] == found[2] != found[3]
    json.dumps(found[0].to_dict(), allow_nan=False)


def test_without_scikit_learn_the_report_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    found = made_np.compare(frame(50, 1), frame(50, 2))
    assert found.two_sample is None
    assert 'the two-sample test needs scikit-learn, which is not installed: run pip install ".[sklearn]"' in str(found)
    assert len(found.columns) == 5


def test_the_inputs_stay_as_they_are() -> None:
    real, synthetic = frame(60, 1), rng(1).normal(size=(60, 5))
    synthetic[0, 0] = np.nan
    before = real.copy(), synthetic.copy()
    made_np.compare(real[["income", "children"]], synthetic[:, :2])
    pd.testing.assert_frame_equal(real, before[0])
    np.testing.assert_array_equal(synthetic, before[1])


def people(n: int, seed: int) -> Any:
    """The frame with all that a density leaves out."""
    more = {"note": [f"{k}: a long sentence, said by nobody else, with {7 * k} words" for k in range(n)], "unit": "kg"}
    ids = [f"id-{1000 + k}" for k in range(n)]
    return pd.DataFrame({"index": range(n), "id": ids, **frame(n, seed), **more})


def test_a_table_may_lack_what_a_density_leaves_out() -> None:
    real, synthetic = people(200, 1), frame(200, 2)
    found = made_np.compare(real, synthetic, holdout=people(50, 3), max_rows=50)
    assert list(found.left_out) == ["index", "id", "note", "unit"]
    assert [column.name for column in found.columns] == list(synthetic.columns)
    assert found.columns == made_np.compare(real[synthetic.columns], synthetic, max_rows=50).columns
    (line,) = [line for line in str(found).splitlines() if line.startswith("left out")]
    assert all(name in line for name in found.left_out)
    both = made_np.compare(real, people(200, 2), max_rows=50)
    assert both.left_out == {}
    assert [column.name for column in both.columns] == list(real.columns)
    assert "left out" not in str(both)


def test_a_table_that_lacks_a_column_of_a_density_is_refused() -> None:
    real, synthetic = people(200, 1), frame(200, 2)
    with pytest.raises(ValueError, match=r"synthetic lacks the columns \['town', 'ill'\]: give the same"):
        made_np.compare(real, synthetic.drop(columns=["town", "ill"]))
    with pytest.raises(ValueError, match=r"real shares no column with the others but \['index'\]"):
        made_np.compare(real[["index"]], pd.DataFrame({"index": [None, None]}))


def test_drawn_rows_are_compared_with_the_table_they_come_from() -> None:
    """Of frames what is left out is absent, of arrays it is a gap in every row."""
    real = people(200, 1)
    model = made_np.MADEDensity((8,), max_epochs=1, order="natural", weight_decay=0.0, random_state=0).fit(real)
    found = made_np.compare(real, model.sample(100), max_rows=50)
    assert list(found.left_out) == ["index", "id", "note"]
    array = np.column_stack([np.arange(200) + 10**9, rng(0).normal(size=(200, 2))])
    drawn = array[:100].copy()
    drawn[:, 0] = np.nan
    assert made_np.compare(array, drawn, max_rows=50).left_out.keys() == {"x0"}
    drawn[:, 1] = np.nan  # a density has it
    assert made_np.compare(array, drawn, max_rows=50).columns[0].gaps == (0, 1)


A = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
REFUSED: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"synthetic": A[["a"]]}, ValueError, r"synthetic lacks the columns \['b'\]: give the same ones"),
    ({"synthetic": A.assign(c=1)}, ValueError, r"synthetic has the columns \['c'\], which real lacks"),
    ({"holdout": A[["b"]]}, ValueError, r"holdout lacks the columns \['a'\]"),
    ({"synthetic": [[1, "x", 2]]}, ValueError, "synthetic has 3 columns, real has 2"),
    ({"synthetic": [["1", "x"]]}, TypeError, "column 'a' holds numbers in real and words in synthetic: read both"),
    ({"real": [1, 2]}, ValueError, "real has 1 dimensions"),
    ({"real": A[:0]}, ValueError, "real has 0 sample"),
    ({"real": A[[]]}, ValueError, "real has 0 feature"),
    ({"synthetic": np.zeros((0, 2))}, ValueError, "synthetic has 0 sample"),
    ({"real": pd.DataFrame([[1, 2]], columns=["a", "a"])}, ValueError, "real has two columns called 'a'"),
    ({"max_rows": 0}, ValueError, "max_rows=0"),
    ({"random_state": "a"}, TypeError, "random_state='a'"),
]


@pytest.mark.parametrize(("given", "error", "match"), REFUSED)
def test_what_cannot_be_compared_is_refused(given: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        made_np.compare(**{"real": A, "synthetic": A, **given})


def test_too_few_different_rows_are_no_test() -> None:
    pytest.importorskip("sklearn")
    columns = [of("a", np.zeros(40), np.ones(40), levels=(0, 1))]
    assert tell_apart(columns, row_codes(columns), 100, rng()) is None
