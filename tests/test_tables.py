"""The script that measures tables beside their peers: what it draws, how it scores, what its peers say."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

pd = pytest.importorskip("pandas")
pytest.importorskip("sklearn")
pytest.importorskip("scipy")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from sklearn.neighbors import KernelDensity  # noqa: E402
from tabular import planes  # noqa: E402
from tabular.asked import counts, draw_queries, holds, percentiles, q_errors  # noqa: E402
from tabular.bins import Codes  # noqa: E402
from tabular.boosted import boosted  # noqa: E402
from tabular.data import folds, one_class  # noqa: E402
from tabular.fillers import FILLERS, Coding  # noqa: E402
from tabular.gaps import scores, unsure  # noqa: E402
from tabular.imputation import means, rmse  # noqa: E402
from tabular.masses import chow_liu, independent  # noqa: E402
from tabular.missing import ALWAYS_KNOWN, at_random, completely_at_random, without  # noqa: E402
from tabular.paired import add_columns, difference  # noqa: E402
from tabular.peers import gmm_by_bic, kde_by_folds  # noqa: E402
from tabular.report import Report  # noqa: E402
from tabular.settings import Settings  # noqa: E402
from tabular.spread import pit, uneven, within  # noqa: E402

from made_np import MADEDensity  # noqa: E402


@pytest.fixture
def frame() -> pd.DataFrame:
    """Words and numbers; the word says much of the number."""
    rng = np.random.default_rng(0)
    n = 400
    word = rng.choice(["low", "middle", "top"], n)
    age = {"low": 20, "middle": 40, "top": 60}
    return pd.DataFrame(
        {
            "age": [age[each] for each in word] + rng.integers(0, 5, n),
            "education": word,
            "race": rng.choice(["a", "b"], n),
            "sex": rng.choice(["F", "M"], n),
            "gain": np.where(rng.random(n) < 0.8, 0, rng.integers(1, 10_000, n)),
        }
    )


# ---------------------------------------------------------------------------------------------- queries


def test_a_query_asks_of_one_column_to_all_and_a_row_has_it(frame: pd.DataFrame) -> None:
    queries = draw_queries(frame, 500, np.random.default_rng(0))
    assert {len(query) for query in queries} == set(range(1, frame.shape[1] + 1))
    hits = counts(frame, queries)
    assert (hits > 0).mean() > 0.85  # nine in ten have their centre in a row
    for query in queries:
        for name, condition in query.items():
            is_number = name in ("age", "gain")
            assert isinstance(condition, tuple) == is_number
            if is_number:
                low, high = condition
                assert low is None or high is None or low < high
                assert low is None or low > frame[name].min()
                assert high is None or high < frame[name].max() or low is None


def test_counts_are_those_of_a_slow_loop(frame: pd.DataFrame) -> None:
    queries = draw_queries(frame, 20, np.random.default_rng(1))
    for query, found in zip(queries, counts(frame, queries), strict=True):
        slow = 0
        for _, row in frame.iterrows():
            inside = []
            for name, condition in query.items():
                low, high = condition if isinstance(condition, tuple) else (condition, condition)
                inside.append((low is None or row[name] >= low) and (high is None or row[name] <= high))
            slow += all(inside)
        assert found == slow


def test_both_ends_of_an_interval_are_in_it_and_none_leaves_it_open() -> None:
    values = np.array([1, 2, 3])
    assert holds(values, (1, 2)).tolist() == [True, True, False]
    assert holds(values, (None, 2)).tolist() == [True, True, False]
    assert holds(values, (2, None)).tolist() == [False, True, True]


def test_a_q_error_is_the_same_both_ways_and_no_count_is_below_one() -> None:
    estimated = np.array([2.0, 8.0, 0.0, 0.2])
    true = np.array([8.0, 2.0, 3.0, 0.0])
    assert q_errors(estimated, true).tolist() == [4, 4, 3, 1]
    assert percentiles(np.array([1.0, 1.0, 4.0]))["max"] == 4


# ---------------------------------------------------------------------------------------------- masses


def test_trees_and_independent_columns_sum_to_one() -> None:
    rng = np.random.default_rng(0)
    a = rng.integers(0, 3, 500)
    train = np.column_stack([a, (a + (rng.random(500) < 0.2)) % 3, rng.integers(0, 2, 500)])
    every = np.array([(i, j, k) for i in range(3) for j in range(3) for k in range(2)])
    sizes = [3, 3, 2]
    for log_p in (independent, chow_liu):
        assert np.exp(log_p(train, every, sizes)).sum() == pytest.approx(1)
    assert chow_liu(train, train, sizes).mean() > independent(train, train, sizes).mean() + 0.3


def test_integers_keep_atoms_to_themselves_and_bins_know_their_widths() -> None:
    rng = np.random.default_rng(0)
    column = pd.Series(np.where(rng.random(5_000) < 0.5, 7, rng.integers(0, 100_000, 5_000)))
    codes = Codes.learn(column)
    at = codes.encode(pd.Series([7]))[0]
    assert codes.values[at] == 7
    assert codes.widths[at] == 1
    assert codes.widths.sum() == column.max() - column.min() + 1
    assert len(codes) < 110
    assert np.bincount(codes.encode(column)).max() == (column == 7).sum()


def test_a_word_that_was_never_there_has_a_code_of_its_own() -> None:
    codes = Codes.learn(pd.Series(["b", "a", "b"]))
    assert codes.encode(pd.Series(["a", "b", "aa", "z"])).tolist() == [0, 1, 2, 2]
    assert len(codes) == 3


# ---------------------------------------------------------------------------------------------- gaps


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_so_many_cells_are_missing_as_are_asked_for(frame: pd.DataFrame, share: float) -> None:
    many = pd.concat([frame] * 20, ignore_index=True)
    rng = np.random.default_rng(0)
    assert completely_at_random(many.shape, share, rng).mean() == pytest.approx(share, abs=0.01)
    # with one column that may be missing, it alone has all of the gaps
    gaps = at_random(many, share / many.shape[1], rng)
    assert gaps.mean() == pytest.approx(share / many.shape[1], abs=0.01)
    known = [many.columns.get_loc(name) for name in ALWAYS_KNOWN]
    assert not gaps[:, known].any()
    assert without(many, gaps).isna().to_numpy().sum() == gaps.sum()


@pytest.mark.parametrize("who", FILLERS)
def test_peers_fill_gaps_alone_and_see_what_the_other_columns_say(frame: pd.DataFrame, who: str) -> None:
    gaps = np.zeros(frame.shape, dtype=bool)
    gaps[::4, 0] = True  # age, which education tells
    gaps[1::4, 1] = True
    gappy = without(frame, gaps)
    filled = FILLERS[who](gappy, gappy)
    assert not filled.isna().to_numpy().any()
    for j, name in enumerate(frame):
        there = ~gaps[:, j]
        kept = filled[name][there].to_numpy()
        assert (np.abs(kept - frame[name][there]) < 1e-6).all() if j in (0, 4) else (kept == frame[name][there]).all()
    cells = scores(frame, frame, filled, filled, gaps)
    if who != "most frequent, median":
        blind = FILLERS["most frequent, median"](gappy, gappy)
        without_others = scores(frame, frame, blind, blind, gaps)
        assert cells["RMSE"] < 0.8 * without_others["RMSE"]
        assert cells["accuracy"] > without_others["accuracy"] + 0.03


@pytest.mark.parametrize("has_own_gaps", [False, True])
def test_boosted_trees_see_what_is_known_of_a_row(frame: pd.DataFrame, has_own_gaps: bool) -> None:
    gaps = np.zeros(frame.shape, dtype=bool)
    gaps[::4, 0] = True  # age, which education tells
    gaps[1::4, 1] = True
    gappy = without(frame, gaps)
    middle, median = boosted(gappy if has_own_gaps else frame, gappy)
    cells = scores(frame, frame, middle, median, gaps)
    assert cells["accuracy"] > 0.95
    assert cells["RMSE"] < 0.15
    assert cells["MAE"] < 0.15
    assert (middle["education"] == median["education"]).all()
    assert np.abs(middle["age"] - frame["age"])[~gaps[:, 0]].max() < 1e-6
    assert (middle["age"] != median["age"]).any()  # a mean of ages is no age


def test_pairs_are_compared_cell_by_cell(frame: pd.DataFrame) -> None:
    gaps = np.zeros(frame.shape, dtype=bool)
    gaps[:100, 0] = gaps[:50, 1] = True
    unit = frame["age"].std()
    off = frame.astype({"age": float})
    off.loc[:49, "age"] += 2 * unit
    off.loc[:9, "education"] = "none"
    report = Report("pairs")
    add_columns(report, "MCAR", frame, frame, ((off, frame), (frame, off)), gaps)
    cells = dict(report.rows)
    age = cells["MCAR, age"]
    assert age["gaps"] == 100
    assert (age["squared"], age["squared less"]) == pytest.approx((2, 2))
    assert (age["absolute"], age["absolute less"]) == pytest.approx((0, -1))
    assert (cells["MCAR, education"]["right"], cells["MCAR, education"]["right less"]) == pytest.approx((0.8, -0.2))
    rng = np.random.default_rng(0)
    first = rng.standard_normal(4_000)
    assert difference(first, first - 1 + rng.standard_normal(4_000)) == pytest.approx((1, 4_000**-0.5), rel=0.05)


def test_scores_are_in_units_of_the_training_column(frame: pd.DataFrame) -> None:
    gaps = np.zeros(frame.shape, dtype=bool)
    gaps[0, 0] = gaps[0, 1] = gaps[1, 1] = True
    filled = frame.astype({"age": float})
    filled.loc[0, "age"] += 2 * frame["age"].std()
    filled.loc[0, "education"] = "none"
    cells = scores(frame, frame, filled, filled, gaps)
    assert cells == pytest.approx({"accuracy": 0.5, "RMSE": 2, "MAE": 2})


def test_scores_are_as_unsure_as_test_rows_are_few(frame: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)
    many = pd.concat([frame] * (4000 // len(frame)), ignore_index=True)
    gaps = np.zeros(many.shape, dtype=bool)
    gaps[:, :2] = True
    filled = many.astype({"age": float})
    filled["age"] += frame["age"].std() * rng.standard_normal(len(many))
    filled.loc[rng.random(len(many)) < 0.2, "education"] = "none"
    found = unsure(frame, many, filled, filled, gaps)
    n = len(many)
    want = {
        "accuracy +-": (0.2 * 0.8 / n) ** 0.5,
        "RMSE +-": (1 / (2 * n)) ** 0.5,
        "MAE +-": ((1 - 2 / np.pi) / n) ** 0.5,
    }
    assert found == pytest.approx(want, rel=0.35)  # a hundred times drawn anew


def test_codes_come_back_as_they_were(frame: pd.DataFrame) -> None:
    coding = Coding(frame)
    for back in (coding.from_codes(coding.codes(frame)), coding.from_one_hot(coding.one_hot(frame))):
        assert (back[["education", "race", "sex"]] == frame[["education", "race", "sex"]]).all(axis=None)
        np.testing.assert_allclose(back[["age", "gain"]], frame[["age", "gain"]], atol=1e-9)


def test_even_values_are_even_and_others_are_not() -> None:
    even = (np.arange(1000) + 0.5) / 1000
    assert uneven(even) == pytest.approx(0.0005)
    assert uneven(even**2) > 0.2


class Said:
    """What a model says of each of n rows: the first value with probability p, the others evenly."""

    def __init__(self, values: np.ndarray, p: np.ndarray) -> None:
        self.values = values
        self.masses = np.stack([p] + [(1 - p) / (len(values) - 1)] * (len(values) - 1))

    def pmf(self, x: np.ndarray) -> np.ndarray:
        found = sum(mass * (np.asarray(x) == value) for mass, value in zip(self.masses, self.values, strict=True))
        return np.asarray(found, dtype=float)

    def cdf(self, x: np.ndarray) -> np.ndarray:
        return np.sum([mass * (value <= x) for mass, value in zip(self.masses, self.values, strict=True)], axis=0)


@pytest.mark.parametrize("kind", ["words", "numbers", "a word that is unknown"])
def test_randomised_pit_is_even_where_a_model_is_right_whatever_its_atoms(kind: str) -> None:
    rng = np.random.default_rng(0)
    n = 4_000
    values = np.array([0, 3, 7]) if kind == "numbers" else np.array(["a", "b", "c"], dtype=object)
    words = {"words": ["a", "b", "c"], "numbers": None}.get(kind, ["c", "b"])
    said = Said(values, rng.random(n))
    wrong = Said(values, rng.random(n))
    drawn = values[(np.cumsum(said.masses, axis=0) < rng.random(n)).sum(axis=0)]
    right = pit(said, drawn, words, rng)
    assert 0 <= right.min() < right.max() <= 1
    assert uneven(right) < 1.95 / n**0.5  # of a thousand such one is farther
    assert within(right) == pytest.approx(0.9, abs=0.015)
    assert uneven(pit(wrong, drawn, words, rng)) > 0.05


def test_the_middle_of_pit_leaves_out_both_ends() -> None:
    assert within(np.linspace(0, 1, 10_001)) == pytest.approx(0.9, abs=1e-3)
    assert within(np.array([0.01, 0.99, 0.04, 0.96])) == 0


def test_the_error_is_that_of_missing_cells_alone() -> None:
    gaps = np.array([[True, False], [True, False]])
    assert rmse(np.array([[1.0, 9.0], [3.0, 9.0]]), np.zeros((2, 2)), gaps) == pytest.approx(5**0.5)


def test_gaps_of_numbers_get_their_means_be_they_bits() -> None:
    rng = np.random.default_rng(0)
    bit = rng.random(200) < 0.3
    table = pd.DataFrame(
        {"bit": bit.astype(float), "x": bit + rng.standard_normal(200), "stars": rng.integers(1, 6, 200) * 1.0}
    )
    model = MADEDensity((8,), order="natural", answers="any", max_epochs=3, random_state=0, weight_decay=0.0).fit(table)
    gappy = table.astype(float).mask(rng.random(table.shape) < 0.3)
    filled = means(model, gappy)
    known = gappy.notna().to_numpy()
    assert (filled[known] == table.to_numpy()[known]).all()
    for j, name in enumerate(table):
        rows = gappy[~known[:, j]].reset_index(drop=True)
        np.testing.assert_allclose(filled[~known[:, j], j], model.conditional(name, given=rows).mean())
    assert (np.abs(filled[~known[:, 0], 0] - 0.5) < 0.49).all()


# ---------------------------------------------------------------------------------------------- densities


@pytest.mark.parametrize("name", planes.PLANES)
def test_a_plane_has_the_entropy_that_its_density_has(name: str) -> None:
    """No estimate can be better than the truth, and a smooth one is near it: points are what they are said to be."""
    truth = {"moons": -0.26, "circles": -0.38, "eight Gaussians": -0.31, "checkerboard": -np.log(8)}[name]
    found = KernelDensity(bandwidth=0.05).fit(planes.PLANES[name](2_000, 0))
    assert truth - 0.3 < found.score_samples(planes.PLANES[name](1_000, 1)).mean() < truth + 0.05


def test_the_bandwidth_is_one_that_held_out_rows_like() -> None:
    train = np.random.default_rng(0).normal(size=(300, 1))
    assert 0.1 < kde_by_folds(train).bandwidth < 0.8


def test_bic_finds_eight_gaussians() -> None:
    assert gmm_by_bic(planes.eight_gaussians(800, 0), 0, (4, 8, 12)).n_components == 8


def test_folds_share_no_row_and_training_rows_are_standardised() -> None:
    rows = np.random.default_rng(0).normal(5, 3, size=(103, 2))
    tested = 0
    for train, test in folds(rows, 10, 0):
        np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(train.std(axis=0), 1)
        assert len(train) + len(test) == 103
        tested += len(test)
    assert tested == 103


def test_one_class_learns_of_no_outlier_and_tests_all(tmp_path: Path) -> None:
    y = np.arange(100) % 10 == 0
    np.savez(tmp_path / "1_some.npz", X=np.arange(100.0)[:, None], y=y)
    train, test, is_outlier = one_class(tmp_path / "1_some.npz", 1_000, 0)
    assert (train % 10 != 0).all()
    assert len(train) == 45
    assert (test[is_outlier] % 10 == 0).all()
    assert is_outlier.sum() == 10
    assert not set(train.ravel()) & set(test.ravel())
    assert len(one_class(tmp_path / "1_some.npz", 20, 0)[1]) == 20


# ---------------------------------------------------------------------------------------------- reports


def test_a_report_is_a_table_with_a_column_for_every_cell(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("fish", "many")
    report.add("cod", weight=1.23456, length="long")
    report.add("ray", width=3)
    assert "fish: cod: weight 1.235" in capsys.readouterr().out
    lines = report.markdown().splitlines()
    assert lines[2] == "Target: many."
    assert lines[4] == "| | weight | length | width |"
    assert lines[7] == "| ray |  |  | 3 |"


def test_a_share_of_the_work_is_never_none() -> None:
    assert Settings(share=0.1).few(10) == 1
    assert Settings(share=0.01).few(10) == 1
    assert Settings().few(10) == 10


def test_tables_are_chosen_by_a_part_of_their_names() -> None:
    files = [Path(name) for name in ("1_ALOI.npz", "24_mnist.npz", "42_WBC.npz", "46_WPBC.npz")]
    assert Settings().chosen(files) == files
    assert Settings(tables=("mnist", "BC")).chosen(files) == files[1:]
    assert Settings(tables=("BC",), share=0.5).chosen(files) == files[2:3]
