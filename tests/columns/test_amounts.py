"""Words that write numbers as people do are numbers, and come back to the letter."""

from __future__ import annotations

import warnings
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from made_np.cli import main
from made_np.cli.conditions import as_condition
from made_np.columns.amounts import Amounts
from made_np.columns.columns import Columns
from made_np.columns.readings import reading_from_config
from made_np.comparison.reading import read_together
from made_np.estimator.density import MADEDensity
from made_np.table.files import read_table
from made_np.table.notation import Notation
from made_np.table.raw import RawColumn

N = 120
rng = np.random.default_rng(0)
PRICES = np.round(np.exp(rng.normal(7, 1, N)), 2)
NETS = np.round(rng.normal(0, 2e6, N))
RATES = rng.integers(0, 40, N)


def frame() -> pd.DataFrame:
    """A table as people export it."""
    return pd.DataFrame(
        {
            "price": [f"${price:,.2f}" for price in PRICES],
            "net": [f"({-net:,.0f})" if net < 0 else f"{net:,.0f}" for net in NETS],
            "rate": [f"{rate} %" for rate in RATES],
            "group": np.arange(N) % 3,
        }
    )


def fitted(X: Any, **params: Any) -> MADEDensity:
    return MADEDensity((4,), max_epochs=1, random_state=0, **params).fit(X)


@pytest.fixture(scope="module")
def density() -> MADEDensity:
    return fitted(frame())


def raw_of(*cells: Any) -> RawColumn:
    return RawColumn(np.array(cells, dtype=object), np.array([cell is None for cell in cells]), "object")


def test_a_column_reads_its_notation_and_plain_numbers() -> None:
    reading = Amounts.learn(raw_of("$1,234.50", None, "NA", " ", "$7.00"))
    assert reading == Amounts(Notation("${}", "-${}", "${}", ",", ".", 2, 2))
    found = reading.numbers(raw_of("$1,234.50", None, "?", "1234.5", "-$7", 7, 2.5, Decimal("0.25")), str)
    assert_array_equal(found, [1234.5, np.nan, np.nan, 1234.5, -7, 7, 2.5, 0.25])
    assert_array_equal(reading.numbers(RawColumn(np.arange(3), np.zeros(3, bool)), str), [0, 1, 2])
    assert reading.cells(np.array([1234.567, np.nan, -0.001])).values.tolist() == ["$1,234.57", None, "$0.00"]
    with pytest.raises(TypeError, match=r"1 = '\u20ac5': this column holds numbers that are written as '\$1,234\.50'"):
        reading.numbers(raw_of("$5", "\u20ac5"), str)
    with pytest.raises(TypeError, match=r"0 = .*2024"):
        reading.numbers(raw_of(np.datetime64("2024-01-01")), str)
    with pytest.raises(ValueError, match="infinity"):
        reading.numbers(raw_of(np.inf), str)
    assert reading_from_config({"name": "amounts", **reading.config()}) == reading
    assert reading.with_gaps(raw_of("$5", "NA", None)).gaps.tolist() == [False, True, True]


def test_kinds_are_those_of_the_numbers() -> None:
    plain = pd.DataFrame({"price": PRICES, "net": NETS.astype(int), "rate": RATES, "group": np.arange(N) % 3})
    words = Columns.learn(frame())
    numbers = Columns.learn(plain)
    for own, other in zip(words.each, numbers.each, strict=True):
        assert (own.kind, own.facts, own.output, own.coding) == (other.kind, other.facts, other.output, other.coding)
    assert "price   positive     Categorical   $107.23 to $8,122.49      0.01" in str(words)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        density = [fitted(X).score_samples(X) for X in (frame(), plain)]
    assert_array_equal(*density)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("positive", "positive"),
        ("real", "real"),
        ("gaussian", "gaussian"),
        ("ordinal", "ordinal"),
        ("categorical", "categorical"),
        ("drop", "drop"),
        ("count", "count"),
    ],
)
def test_a_person_may_say_what_a_column_is(kind: str, expected: str) -> None:
    name = "rate" if kind == "count" else "price"
    column = next(each for each in Columns.learn(frame(), {name: kind}).each if each.name == name)
    assert column.kind == expected
    assert isinstance(column.reading, Amounts) == (kind not in ("categorical", "drop"))


def test_codes_of_digits_are_numbers_where_a_person_says_so() -> None:
    table = pd.DataFrame({"zip": [f"{k}" for k in rng.integers(10_000, 99_999, 99)], "group": np.arange(99) % 3})
    assert Columns.learn(table).each[0].left_out
    column = Columns.learn(table, {"zip": "count"}).each[0]
    assert (column.kind, column.reading.cells(np.array([10115.0])).values.tolist()) == ("count", ["10115"])


@pytest.mark.parametrize(
    "words",
    [
        [f"{k:05d}" for k in range(60)],
        [f"{k}" for k in range(10_000, 10_060)],
        [str(k % 7) for k in range(60)],
        [f"+49 30 {k}234" for k in range(100, 160)],
        [f"61{k % 10} {k + 100} 345" for k in range(60)],
        [f"1.{k}.0" for k in range(60)],
        [f"192.168.100.{k + 100}" for k in range(60)],
        [f"{k % 24}:30" for k in range(60)],
        [f"{k % 24}:30:00" for k in range(60)],
        [f"{k} days 03:00:00" for k in range(60)],
        [f"{k}-{k + 9}" for k in range(60)],
        [f"{k}/7" for k in range(60)],
        ["5 kg", "300 g"] * 30,
        ["yes", "no"] * 30,
        ["TRUE", "FALSE"] * 30,
        ["\u00bd", "1\u00bd"] * 30,
        [f"{k}{'*' * (k % 9 == 0)}" for k in range(20)],
    ],
)
def test_what_is_no_number_stays_words(words: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        column = Columns.learn(pd.DataFrame({"a": words, "b": np.arange(len(words)) % 3})).each[0]
    assert not isinstance(column.reading, Amounts)


def test_declared_categories_stay_levels() -> None:
    column = Columns.learn(frame().astype({"rate": "category"})).each[2]
    assert column.kind == "categorical"
    assert column.reading.name == "levels"
    declared = Columns.learn(frame().astype({"rate": "category"}), {"rate": "count"}).each[2]
    assert isinstance(declared.reading, Amounts)


def test_an_ambiguous_column_is_words_and_says_both_readings() -> None:
    words = [f"${k},000" for k in rng.integers(20, 99, N)]
    table = pd.DataFrame({"pay": words, "group": np.arange(N) % 3})
    said = r"'\$2\d,000' may be 2\d000 or 2\d in column 0 \('pay'\), .*name: 'count'"
    with pytest.warns(UserWarning, match=said):
        assert Columns.learn(table).each[0].kind == "categorical"
    for few in (table[:3], table[:1]):
        with pytest.warns(UserWarning, match="may be"):
            Columns.learn(few)
    assert Columns.learn(table, {"pay": "count"}).each[0].facts.low >= 20_000
    with pytest.raises(ValueError, match=r"to be 'positive', but it holds words, .* may be .*: give 'count' where"):
        Columns.learn(table, {"pay": "positive"})
    table.loc[1, "pay"] = "NA"
    with pytest.warns(UserWarning, match="may be"):
        Columns.learn(table)
    table.loc[0, "pay"] = "$1,000,000"
    assert Columns.learn(table).each[0].facts.high == 1_000_000


def test_a_model_answers_in_the_notation_of_its_table(density: MADEDensity) -> None:
    X = frame()
    drawn = density.sample(50, random_state=0)
    for name in ("price", "net", "rate"):
        reading = Amounts.learn(raw_of(*X[name]))
        assert reading is not None
        assert reading.notation.spelled(map(reading.notation.number, drawn[name])) == drawn[name].tolist()  # type: ignore[arg-type]
    X.loc[3, "price"] = None
    X.loc[4, "net"] = "n/a"
    full = density.impute(X)
    assert full["price"][3].startswith("$")
    assert full["net"][4].strip("()").replace(",", "").isdigit()
    rest = np.arange(N) > 4
    assert full[rest].equals(X[rest])
    conditional = density.conditional("price", given={"rate": "7 %"})
    values = [conditional.median(), conditional.mode(), *conditional.interval(), *conditional.rvs(3, random_state=0)]
    assert all(value.startswith("$") for value in values)
    assert conditional.cdf("$1,000.00") == conditional.cdf(1000.0) == conditional.cdf(["1000", 7])[0]
    assert 100 < conditional.mean() < 9000
    assert conditional.std() > 0


def test_questions_may_be_in_the_notation_or_in_numbers(density: MADEDensity) -> None:
    for words, numbers in [
        ({"price": (">", "$1,000.00")}, {"price": (">", 1000)}),
        ({"net": ("(1,000,000)", "5")}, {"net": (-1e6, Decimal(5))}),
        ({"rate": {"7 %", "8 %"}}, {"rate": {7, Fraction(8)}}),
        ("price BETWEEN '$500.00' AND '$1,000.00'", "price BETWEEN 500 AND 1000"),
    ]:
        assert 0 < density.probability(words) == density.probability(numbers) < 1
    drawn = density.sample(2, given={"price": "$1,000.00", "net": "(5)"})
    assert drawn[["price", "net"]].to_numpy().tolist() == [["$1,000.00", "(5)"]] * 2
    with pytest.raises(
        TypeError, match=r"column 0 \('price'\) is to be '\u20ac5': this column holds numbers .*\$1,234\.50"
    ):
        density.probability({"price": "\u20ac5"})


def test_a_stored_model_answers_alike(density: MADEDensity, tmp_path: Path) -> None:
    density.save(tmp_path / "model.npz")
    again = MADEDensity.load(tmp_path / "model.npz")
    assert again.columns_ == density.columns_
    assert again.sample(5, random_state=0).equals(density.sample(5, random_state=0))


def containers(folder: Path) -> dict[str, Any]:
    """A table of words in every container, made when it is asked for."""
    X = frame()[["price", "rate"]]

    def arrow() -> Any:
        pyarrow = pytest.importorskip("pyarrow", reason="is the container")
        return pyarrow.table({name: X[name].tolist() for name in X})

    def strings() -> Any:
        pytest.importorskip("pyarrow", reason="keeps the strings")
        return X.astype(dict.fromkeys(X, "string[pyarrow]"))

    def parquet() -> Any:
        pytest.importorskip("pyarrow.parquet", reason="writes the file").write_table(arrow(), folder / "t.parquet")
        return read_table(str(folder / "t.parquet"))

    return {
        "string": lambda: X.astype(dict.fromkeys(X, "string")),
        "string[pyarrow]": strings,
        "arrow": arrow,
        "parquet": parquet,
        "polars": lambda: pytest.importorskip("polars", reason="is the container").DataFrame(X.to_dict("list")),
        "dicts": lambda: X.to_dict("records"),
        "lists": lambda: X.to_dict("list"),
        "objects": lambda: X.to_numpy(dtype=object),
        "strings": lambda: X.to_numpy(dtype=str),
    }


@pytest.mark.parametrize("form", list(containers(Path())))
def test_every_container_keeps_its_words(form: str, tmp_path: Path) -> None:
    X = containers(tmp_path)[form]()
    drawn = fitted(X).sample(2, random_state=0)
    assert type(drawn) is type(X) or form == "parquet"
    reading = Columns.learn(drawn, "categorical").each[0].reading
    assert reading.name == "levels"
    assert all(str(level).startswith("$") for level in reading.levels)  # type: ignore[attr-defined]


def test_the_command_line_reads_and_writes_the_notation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pyarrow", reason="reads words")
    data = frame()
    data["pay"] = [f"{k},000" for k in rng.integers(20, 99, N)]
    data.loc[2, "net"] = "-"
    data.to_csv(tmp_path / "t.csv", index=False)
    model = str(tmp_path / "m.npz")
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # a program shows them
        assert main(["train", str(tmp_path / "t.csv"), "-o", model, "--epochs", "1", "--hidden", "4"]) == 0
    said = capsys.readouterr().err
    assert "column net: '-' is read as a gap" in said
    assert "column pay: '" in said
    assert "as '.' stands before decimals in the file. Where it does not, say --decimal ," in said
    out = tmp_path / "s.csv"
    assert main(["sample", model, "-n", "3", "--given", "price=$500.00..900.5,rate=7 %|8", "-o", str(out)]) == 0
    drawn = pd.read_csv(out)
    assert drawn["price"].str.fullmatch(r"\$\d{3}\.\d\d").all()
    assert set(drawn["rate"]) <= {"7 %", "8 %"}
    assert drawn["pay"].str.fullmatch(r"\d\d,000").all()
    capsys.readouterr()
    answers = set()
    for question in ("price=>$1,000.00", "price=>1000", "price > '$1,000.00'"):
        assert main(["query", model, question]) == 0
        answers.add(capsys.readouterr().out.split()[0])
    assert len(answers) == 1


def test_conditions_at_the_command_line_are_in_the_notation_or_plain() -> None:
    euros = [f"{price:,.2f} \u20ac".translate(str.maketrans(",.", ".,")) for price in PRICES]
    columns = Columns.learn(pd.DataFrame({"eu": euros, "group": np.arange(N) % 3}))
    assert as_condition(columns, "eu=1.000,50 \u20ac..2000.5,group=1") == {
        "eu": ("1.000,50 \u20ac", 2000.5),
        "group": 1,
    }
    assert as_condition(columns, "eu=<7") == {"eu": ("<", "7")}


def test_a_model_of_numbers_reads_words_that_write_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pyarrow", reason="reads words")
    frame().assign(price=PRICES).to_csv(tmp_path / "numbers.csv", index=False)
    frame().to_csv(tmp_path / "words.csv", index=False)
    model = str(tmp_path / "m.npz")
    assert main(["train", str(tmp_path / "numbers.csv"), "-o", model, "--epochs", "1", "--hidden", "4"]) == 0
    found = []
    for name in ("numbers", "words"):
        assert main(["score", model, str(tmp_path / f"{name}.csv"), "-o", str(tmp_path / "s.npy")]) == 0
        found.append(np.load(tmp_path / "s.npy"))
    assert_array_equal(*found)


def test_a_semicolon_leaves_open_what_a_comma_stands_for(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="reads words")
    (tmp_path / "t.csv").write_text("pay;b\n" + "".join(f"{k},000;{k % 3}\n" for k in [*range(20, 60)] * 3))
    with pytest.warns(UserWarning, match="'20,000' may be 20000 or 20 in column 0"):
        assert Columns.learn(read_table(str(tmp_path / "t.csv"))).each[0].reading.name == "levels"
    for decimal, low in ((".", 20_000), (",", 20)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            column = Columns.learn(read_table(str(tmp_path / "t.csv"), decimal=decimal)).each[0]
        assert column.facts.low == low


def test_samples_are_compared_as_numbers() -> None:
    columns, left_out = read_together({"a": frame(), "b": frame()[::-1].assign(price=PRICES)})
    assert not left_out
    assert [column.levels is None for column in columns] == [True, True, True, False]
    assert_array_equal(columns[0].values, [PRICES, PRICES])
    mixed, _ = read_together({"a": frame(), "b": frame().assign(price=[f"{price} kg" for price in PRICES])})
    assert mixed[0].levels is not None


def test_fractions_come_back_as_fractions() -> None:
    thirds = [Fraction(int(k), 3) for k in np.random.default_rng(0).integers(1, 60, N)]
    density = fitted(pd.DataFrame({"x": thirds, "b": np.arange(N) % 3}))
    drawn = density.sample(9, random_state=0)["x"]
    assert all(type(each) is Fraction and each.denominator in (1, 3) for each in drawn)
    assert density.sample(2, given={"x": Fraction(1, 3)})["x"].tolist() == [Fraction(1, 3)] * 2
