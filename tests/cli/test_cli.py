"""Commands do what they say; what goes wrong is one line on stderr, exit status 2, and no file."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from argparse import ArgumentTypeError
from pathlib import Path

import numpy as np
import pytest

import made_np
from made_np import MADEDensity, find_order
from made_np.cli import build_parser, main, options
from made_np.cli.catalog import COMMANDS
from made_np.cli.training import described
from made_np.estimator.trials import best
from made_np.table.files import read_table
from made_np.table.files.writing import write_table
from made_np.table.table import Table

NAMES = ["rain", "wet", "grams"]
SMALL = ["--hidden", "8", "--epochs", "3", "--quiet"]
FIXED = ["--order", "natural", "--n-masks", "1", "--weight-decay", "0"]
ANY = [*SMALL, "--order", "natural", "--weight-decay", "0"]  # of a model that answers any question
FAST = [*SMALL, *FIXED]  # nothing is left to be tried out


def rows(n: int = 120) -> np.ndarray:
    rng = np.random.default_rng(0)
    rain = rng.random(n) < 0.4
    wet = np.where(rain, rng.integers(1, 4, n), 0)
    return np.column_stack([rain, wet, 100 + 20 * wet + rng.normal(0, 5, n)])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table and a model of it."""
    folder = tmp_path_factory.mktemp("cli")
    write_table(folder / "rows.csv", rows(), NAMES)
    assert main(["train", str(folder / "rows.csv"), "-o", str(folder / "model.npz"), *FAST]) == 0
    return folder


@pytest.fixture(scope="module")
def any_model(place: Path) -> Path:
    """A model of the same table that answers any question."""
    assert main(["train", str(place / "rows.csv"), "-o", str(place / "any.npz"), *ANY]) == 0
    return place / "any.npz"


def refused(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    """The one line that a command says before it gives up."""
    capsys.readouterr()
    try:
        status = main([str(arg) for arg in argv])
    except SystemExit as stop:
        status = stop.code
    captured = capsys.readouterr()
    assert status == 2
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("made-np")
    assert "Traceback" not in captured.err
    return captured.err


# ---------------------------------------------------------------------------------------------------------- train


def test_train_saves_what_the_options_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_table(tmp_path / "t.csv", rows(), NAMES)
    options_given = ["--hidden", "9,7", "--order", "2,0,1", "--epochs", "2", "--seed", "5", "--activation", "tanh"]
    columns = ["--columns", "bernoulli,categorical:6,auto", "--dtype", "float64", "--direct", "no", "--quiet"]
    out = tmp_path / "m.npz"
    assert main(["train", str(tmp_path / "t.csv"), "-o", str(out), *options_given, *columns]) == 0
    made = MADEDensity.load(out).made_
    assert (made.hidden, made.order, made.seed, made.activation) == ((9, 7), (2, 0, 1), 5, "tanh")
    assert (made.dtype, made.direct) == (np.dtype("float64"), False)
    assert [type(o).__name__ for o in made.outputs.feature_outputs] == [
        "Bernoulli",
        "Categorical",
        "MixtureOfLogistics",
    ]
    assert made.outputs.feature_outputs[1].n == 6
    text = capsys.readouterr().out
    assert "120 rows of 3 columns" in text
    assert "2 epochs in" in text
    assert text.count("nats per row") == text.count("bits/dim") == 2
    assert str(out) in text


def test_train_passes_on_how_to_learn_and_finds_an_order(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", rows(), NAMES)
    how = ["--order", "found", "--input-dropout", "0.2", "--averaging", "0.9", "--schedule", "plateau"]
    assert main(["train", str(tmp_path / "t.csv"), "-o", str(tmp_path / "m.npz"), *FAST, *how]) == 0
    density = MADEDensity.load(tmp_path / "m.npz")
    given = density.order, density.input_dropout, density.averaging, density.schedule
    assert given == ("found", 0.2, 0.9, "plateau")
    assert density.made_.order == tuple(find_order(rows()).tolist())


def test_train_ends_in_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_table(tmp_path / "t.npy", rows())
    argv = ["train", str(tmp_path / "t.npy"), "-o", str(tmp_path / "m.npz"), *ANY, "--epochs", "1000000"]
    assert main([*argv, "--patience", "1000000", "--max-seconds", "0.2"]) == 0
    assert "ended by reaching --max-seconds\n" in capsys.readouterr().out
    assert main([*argv, "--max-seconds", "1e-9"]) == 0  # so has a slow machine no time left after its first validation
    assert "0 epochs in " in capsys.readouterr().out
    assert MADEDensity.load(tmp_path / "m.npz").stopped_by_ == "max_seconds"
    assert main([*argv, "--max-seconds", "0"]) == 2
    assert "--max-seconds 0" in capsys.readouterr().err


def test_train_from_the_command_line_is_the_estimator(tmp_path: Path) -> None:
    write_table(tmp_path / "t.npy", rows())
    assert main(["train", str(tmp_path / "t.npy"), "-o", str(tmp_path / "m.npz"), *FAST, "--seed", "3"]) == 0
    expected = MADEDensity((8,), order="natural", n_masks=1, weight_decay=0.0, max_epochs=3, random_state=3).fit(rows())
    np.testing.assert_array_equal(MADEDensity.load(tmp_path / "m.npz").theta_, expected.theta_)


def test_without_options_train_is_the_estimator_without_arguments() -> None:
    args = build_parser().parse_args(["train", "t.npy", "-o", "m.npz", "--quiet"])
    assert described(args).get_params() == MADEDensity(random_state=0).get_params()


def test_train_says_what_trials_chose(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_table(tmp_path / "t.npy", rows())
    argv = ["train", str(tmp_path / "t.npy"), "-o", str(tmp_path / "m.npz"), *SMALL]
    assert main([*argv, "--seed", "3"]) == 0
    density = MADEDensity.load(tmp_path / "m.npz")
    np.testing.assert_array_equal(density.theta_, MADEDensity((8,), max_epochs=3, random_state=3).fit(rows()).theta_)
    choice = best(density.trials_)
    line = f"chosen by trials: {choice.order} order, any question, weight decay {density.weight_decay_:.2g}\n"
    assert capsys.readouterr().out.count(line) == 1
    assert main([*argv, "--order", "1,2,0", "--n-masks", "1"]) == 0
    assert "chosen by trials: given order, 1 mask set, weight decay " in capsys.readouterr().out
    assert main([*argv, "--n-masks", "endless"]) == 0
    assert "chosen by trials: random order, endless mask sets, weight decay " in capsys.readouterr().out
    for more in (FIXED, ["--validation-fraction", "0"]):
        assert main([*argv, *more]) == 0
        assert "chosen by trials" not in capsys.readouterr().out


def test_one_hot_columns_are_named_by_train_and_inspect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    codes = np.random.default_rng(0).integers(0, 3, (120, 2))
    table = np.column_stack([codes[:, :1] == np.arange(3), codes[:, 1] > 1]).astype(float)
    write_table(tmp_path / "t.csv", table, ["red", "green", "blue", "sold"])
    assert main(["train", str(tmp_path / "t.csv"), "-o", str(tmp_path / "m.npz"), *FAST]) == 0
    assert "one-hot columns, one feature each: red..blue\n" in capsys.readouterr().out
    assert main(["inspect", str(tmp_path / "m.npz")]) == 0
    shown = capsys.readouterr().out
    assert "features    2: 1 Categorical(n=3), 1 Bernoulli" in shown
    assert "  sold sees red..blue\n" in shown


def test_the_losses_that_train_prints_are_in_the_units_of_the_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_table(tmp_path / "t.npy", rows())
    write_table(tmp_path / "v.npy", rows(40))
    valid = ["--valid", str(tmp_path / "v.npy")]
    assert main(["train", str(tmp_path / "t.npy"), "-o", str(tmp_path / "m.npz"), *valid, *FAST]) == 0
    loss = -MADEDensity.load(tmp_path / "m.npz").score(rows(40))
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("validation")]
    nats, bits = (float(word) for word in line.split(":")[1].split() if word[0].isdigit())
    assert nats == pytest.approx(loss, abs=1e-3)
    assert bits == pytest.approx(loss / 3 / np.log(2), abs=1e-3)


def test_train_binarizes_and_takes_images(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (30, 2, 3)).astype(np.uint8)
    np.savez(tmp_path / "t.npz", train=images)
    argv = ["train", f"{tmp_path}/t.npz:train", "-o", str(tmp_path / "m.npz"), "--binarize", "127.5", *FAST]
    assert main(argv) == 0
    made = MADEDensity.load(tmp_path / "m.npz").made_
    assert made.n_features == 6
    assert type(made.output).__name__ == "Bernoulli"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--hidden", "0"], r"--hidden.*'0' is no integer >= 1"),
        (["--hidden", "a,b"], "such as 500,500, or none"),
        (["--order", "sideways"], "natural, reverse, random, found, auto, or columns"),
        (["--weight-decay", "yes"], "--weight-decay.*'yes' is no finite number >= 0, nor auto"),
        (["--patience", "0"], "'0' is no integer >= 1, nor auto"),
        (["--order", "0,0,1"], "order"),
        (["--n-masks", "0"], "endless"),
        (["--n-masks", "4"], "mask sets that are all the same"),
        (["--order", "found", "--n-masks", "4"], "--order found is one order, and --n-masks 4"),
        (["--columns", "poisson"], "'poisson' is unknown"),
        (["--columns", "bernoulli:1:2:3"], "categorical:5 for 5 values"),
        (["--columns", "bernoulli,gaussian"], "lists 2"),
        (
            ["--columns", "bernoulli"],
            r"rows\.csv, line \d+, column wet = .*: column wet has Bernoulli values, 0 or 1. Set --binarize T",
        ),
        (["--direct", "maybe"], "auto, yes, no"),
        (["--epochs", "1.5"], "'1.5' is no integer >= 1"),
        (["--learning-rate", "nan"], "'nan' is no finite number"),
        (["--learning-rate", "0"], "--learning-rate 0.0: give a number"),
        (["--optimizer", "lion"], "invalid choice: 'lion'"),
        (["--valid", "missing.csv"], "missing.csv is not there"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
    ],
)
def test_train_refuses(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], message: str
) -> None:
    line = refused(capsys, "train", place / "rows.csv", "-o", tmp_path / "m.npz", *FAST, *more)
    assert re.search(message, line), line
    assert not list(tmp_path.iterdir())


def test_train_looks_at_its_target_before_it_works(place: Path, tmp_path: Path, capsys: object) -> None:
    assert "make the folder" in refused(capsys, "train", place / "rows.csv", "-o", tmp_path / "no" / "m.npz", *FAST)
    assert "is a folder" in refused(capsys, "train", place / "rows.csv", "-o", tmp_path, *FAST)


def test_train_takes_gaps_and_words_and_prints_what_columns_are(tmp_path: Path, capsys: object) -> None:
    pytest.importorskip("pyarrow")
    lines = [f"p{k:03},{'FM'[k % 2]},{'' if k % 7 == 0 else 20 + k % 30},2020-01-{1 + k % 9:02}" for k in range(90)]
    (tmp_path / "t.csv").write_text("\n".join(["name,sex,age,born", *lines]))
    assert main(["train", str(tmp_path / "t.csv"), "-o", str(tmp_path / "m.npz"), *ANY]) == 0
    captured = capsys.readouterr()
    table = str(MADEDensity.load(tmp_path / "m.npz").columns_)
    assert table in captured.out
    assert "answers: gaps and conditions may be in any columns\n" in captured.out
    assert "made-np: left out: column name: an id: all 90 of them are different" in captured.err
    assert "--columns name=count" in captured.err
    for argv in (["describe", str(tmp_path / "m.npz")], ["inspect", str(tmp_path / "m.npz")]):
        assert main(argv) == 0
        assert table in capsys.readouterr().out


def test_train_says_which_columns_lead(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["train", str(place / "rows.csv"), "-o", str(tmp_path / "m.npz"), *SMALL, "--weight-decay", "0"]
    assert main([*argv, "--order", "2,0,1", "--answers", "order"]) == 0
    leads = "what is known has to lead in its order, which is grams, rain, wet; for all others train with --answers any"
    assert f"answers: {leads}\n" in capsys.readouterr().out
    assert main([*argv, "--order", "random", "--n-masks", "4"]) == 0
    assert "has to lead in one of its 4 orders" in capsys.readouterr().out


# ---------------------------------------------------------------------------------------------------------- score


def test_score_prints_the_mean_and_writes_each_row(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "s.csv"
    assert main(["score", str(place / "model.npz"), str(place / "rows.csv"), "-o", str(out)]) == 0
    model = MADEDensity.load(place / "model.npz")
    x = read_table(place / "rows.csv").values
    expected = model.score_samples(frame(x))
    table = read_table(out)
    assert table.names == ("log_prob",)
    np.testing.assert_allclose(table.values[:, 0], expected, rtol=1e-12)
    text = capsys.readouterr().out
    error = expected.std(ddof=1) / len(expected) ** 0.5
    assert f"mean log-probability {expected.mean():.4f} +- {error:.4f} (standard error) nats per row" in text
    assert f"{len(expected)} rows" in text
    assert f"{-expected.mean() / 3 / np.log(2):.4f} bits/dim" in text


def frame(x: np.ndarray) -> object:
    return pytest.importorskip("pandas").DataFrame(x, columns=NAMES)


def test_score_sums_over_gaps_by_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_table(tmp_path / "t.npy", rows())
    assert main(["train", str(tmp_path / "t.npy"), "-o", str(tmp_path / "m.npz"), *ANY, "--epochs", "2"]) == 0
    gappy = rows(5)
    gappy[:, 0] = np.nan
    write_table(tmp_path / "g.npy", gappy)
    argv = ["score", str(tmp_path / "m.npz"), str(tmp_path / "g.npy"), "-o", str(tmp_path / "s.csv"), "--draws", "16"]
    assert main(argv) == 0
    expected = MADEDensity.load(tmp_path / "m.npz").score_samples(gappy, n_draws=16)
    np.testing.assert_array_equal(np.loadtxt(tmp_path / "s.csv", skiprows=1), expected)
    assert main([*argv[:-1], "auto"]) == 0
    expected = MADEDensity.load(tmp_path / "m.npz").score_samples(gappy, n_draws="auto")
    np.testing.assert_array_equal(np.loadtxt(tmp_path / "s.csv", skiprows=1), expected)
    with pytest.raises(SystemExit):
        main([*argv[:-1], "1"])
    assert "1' is no integer >= 2, nor auto" in capsys.readouterr().err


def test_score_takes_gaps_where_the_order_allows_them(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gaps.csv").write_text("rain,wet,grams\n1,2,\n0,,\n")
    assert main(["score", str(place / "model.npz"), str(tmp_path / "gaps.csv")]) == 0
    text = capsys.readouterr().out
    assert "3 values are not observed" in text
    assert "bits/dim" not in text
    (tmp_path / "gaps.csv").write_text("rain,wet,grams\n,2,140\n")
    assert "gap" in refused(capsys, "score", place / "model.npz", tmp_path / "gaps.csv")


def test_a_table_without_names_is_scored_by_place(place: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", rows())
    for data, out in ((place / "rows.csv", "a.npy"), (tmp_path / "t.npy", "b.npy")):
        assert main(["score", str(place / "model.npz"), str(data), "-o", str(tmp_path / out)]) == 0
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), np.load(tmp_path / "b.npy"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "a,b,c\n1,2,3\n",
            "has none of the columns that the model was trained on: they are called rain, wet, grams",
        ),
        ("1,2\n", "data.csv has 2 columns, and the model was trained on 3"),
        ("rain,wet,grams\n\n0,0\n", "data.csv, line 3 has 2 cells"),
        ("rain,wet,grams\ninf,0,100\n", "data.csv, line 2, column rain = inf: infinity has no place here"),
    ],
)
def test_score_refuses_other_columns(place: Path, tmp_path: Path, capsys: object, content: str, message: str) -> None:
    (tmp_path / "data.csv").write_text(content)
    line = refused(capsys, "score", place / "model.npz", tmp_path / "data.csv", "-o", tmp_path / "s.csv")
    assert message in line
    assert not (tmp_path / "s.csv").exists()


# ------------------------------------------------------------------------------------------- sample and complete


@pytest.mark.parametrize("name", ["s.csv", "s.npy", "s.npz", "s.parquet"])
def test_sample_writes_the_rows_of_the_estimator(place: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    assert main(["sample", str(place / "model.npz"), "-n", "7", "-o", str(out), "--seed", "2"]) == 0
    table = read_table(out)
    expected = Table.of(MADEDensity.load(place / "model.npz").sample(7, random_state=2)).read()
    np.testing.assert_array_equal(table.values, expected)
    assert table.names == (None if name == "s.npy" else tuple(NAMES))


def test_sample_refuses(place: Path, tmp_path: Path, capsys: object) -> None:
    model = place / "model.npz"
    assert "'0' is no integer >= 1" in refused(capsys, "sample", model, "-n", 0, "-o", tmp_path / "s.csv")
    assert "ends in one of" in refused(capsys, "sample", model, "-n", 1, "-o", tmp_path / "s.txt")
    assert "make the folder" in refused(capsys, "sample", model, "-n", 1, "-o", tmp_path / "no" / "s.csv")
    assert "no such file" in refused(capsys, "sample", tmp_path / "m.npz", "-n", 1, "-o", tmp_path / "s.csv")
    (tmp_path / "m.npz").write_bytes(b"no model")
    assert "not a made_np model" in refused(capsys, "sample", tmp_path / "m.npz", "-n", 1, "-o", tmp_path / "s.csv")
    (tmp_path / "m.npz").write_bytes(model.read_bytes()[:-100])
    assert "damaged" in refused(capsys, "sample", tmp_path / "m.npz", "-n", 1, "-o", tmp_path / "s.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["m.npz"]


def test_a_failed_command_leaves_the_old_file_alone(place: Path, tmp_path: Path, capsys: object) -> None:
    (tmp_path / "s.csv").write_text("precious")
    (tmp_path / "data.csv").write_text("rain,wet,grams\ninf,0,1\n")
    refused(capsys, "complete", place / "model.npz", tmp_path / "data.csv", "-o", tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_text() == "precious"


def test_complete_fills_gaps_and_nothing_else(any_model: Path, tmp_path: Path, capsys: object) -> None:
    (tmp_path / "gaps.csv").write_text("rain,wet,grams\n1,2,\n0,,\n1,1,123.25\n")
    given = read_table(tmp_path / "gaps.csv").values
    argv = ["complete", str(any_model), str(tmp_path / "gaps.csv"), "-o", str(tmp_path / "full.csv")]
    assert main(argv) == 0
    full = read_table(tmp_path / "full.csv")
    known = ~np.isnan(given)
    np.testing.assert_array_equal(full.values[known], given[known])
    np.testing.assert_array_equal(full.values, MADEDensity.load(any_model).impute(frame(given)))
    assert full.names == tuple(NAMES)
    assert "3 gaps in 3 rows" in capsys.readouterr().out


def test_complete_with_draws_writes_table_below_table(place: Path, tmp_path: Path) -> None:
    given = np.array([[1, 2, np.nan], [0, np.nan, np.nan]])
    write_table(tmp_path / "gaps.npy", given)
    argv = ["complete", str(place / "model.npz"), str(tmp_path / "gaps.npy"), "-o", str(tmp_path / "full.npy")]
    assert main([*argv, "--draws", "5", "--seed", "4"]) == 0
    full = np.load(tmp_path / "full.npy").reshape(5, 2, 3)
    assert not np.isnan(full).any()
    assert (full[:, :, 0] == [1, 0]).all()
    expected = MADEDensity.load(place / "model.npz").impute(frame(given), 5, random_state=4)
    np.testing.assert_array_equal(full, np.stack(expected))


def test_an_endless_model_completes_any_gaps(tmp_path: Path) -> None:
    write_table(tmp_path / "t.npy", rows())
    more = ["--n-masks", "endless", "--weight-decay", "0"]
    assert main(["train", str(tmp_path / "t.npy"), "-o", str(tmp_path / "m.npz"), *SMALL, *more]) == 0
    write_table(tmp_path / "g.npy", np.array([[np.nan, 2, 140], [1, np.nan, 140]]))
    argv = ["complete", str(tmp_path / "m.npz"), str(tmp_path / "g.npy"), "-o", str(tmp_path / "f.npy")]
    assert main([*argv, "--draws", "2"]) == 0
    assert np.load(tmp_path / "f.npy").shape == (4, 3)


def test_without_pandas_named_tables_work_too(place: Path, tmp_path: Path) -> None:
    (tmp_path / "gaps.csv").write_text("rain,wet,grams\n1,2,\n")
    code = (
        "import sys\n"
        "class Without:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name.split('.')[0] == 'pandas': raise ImportError(name)\n"
        "sys.meta_path.insert(0, Without())\n"
        "from made_np.cli import main\n"
        "model, data, out = sys.argv[1:]\n"
        "sys.exit(main(['complete', model, data, '-o', out]) or main(['score', model, data]) "
        "or main(['sample', model, '-n', '2', '-o', out + '.csv']))"
    )
    paths = [str(place / "model.npz"), str(tmp_path / "gaps.csv"), str(tmp_path / "full.csv")]
    done = subprocess.run([sys.executable, "-W", "error", "-c", code, *paths], capture_output=True, text=True)
    # Where no kernel was needed before, the fast backend says once that it compiles them.
    told = [line for line in done.stderr.splitlines() if not line.startswith("compiling the kernels of made_np")]
    assert (done.returncode, told) == (0, [])
    assert read_table(tmp_path / "full.csv").names == tuple(NAMES)
    assert read_table(tmp_path / "full.csv.csv").names == tuple(NAMES)


# -------------------------------------------------------------------------------------------------------- inspect


def test_inspect_shows_layers_masks_and_who_sees_whom(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["inspect", str(place / "model.npz")]) == 0
    text = capsys.readouterr().out
    made = MADEDensity.load(place / "model.npz").made_
    assert f"parameters  {made.n_params} float32" in text
    assert "features    3: 1 Bernoulli, 1 Categorical(n=4), 1 MixtureOfLogistics(" in text
    for name, shape in zip(made.layout.names, made.layout.shapes, strict=True):
        assert any(line.split()[:1] == [name] and " x ".join(map(str, shape)) in line for line in text.splitlines())
    one = made.mask_sets[0]
    assert f"W0, unit >= input: 8 x 6, {int(one.masks[0].sum())} wires" in text
    assert "rain sees nothing\n  wet sees rain\n  grams sees rain, wet\n3 of the 3 dependencies" in text
    assert made_np.draw.mask_text(one.reachability()).splitlines()[1] in text


def test_inspect_draws_and_takes_models_without_an_estimator(tmp_path: Path, capsys: object) -> None:
    made = made_np.MADE(40, hidden=(5,), order="random", n_masks=3, n_context=2)
    made_np.save(tmp_path / "m.npz", made, made.init(rng=0))
    png, network = tmp_path / "a.png", tmp_path / "b.svg"
    argv = ["inspect", str(tmp_path / "m.npz"), "--mask-set", "2", "--png", str(png), "--network-png", str(network)]
    assert main(argv) == 0
    assert png.read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in network.read_bytes()
    text = capsys.readouterr().out
    assert "context     2" in text
    assert f"x{made.mask_sets[2].order[0]} sees nothing" in text
    assert "... 24 more" in text


def test_inspect_refuses(place: Path, tmp_path: Path, capsys: object) -> None:
    assert "--mask-set 1 does not exist" in refused(capsys, "inspect", place / "model.npz", "--mask-set", 1)
    assert "ends in one of .png" in refused(capsys, "inspect", place / "model.npz", "--png", tmp_path / "a.gif")
    assert "make the folder" in refused(capsys, "inspect", place / "model.npz", "--png", tmp_path / "no" / "a.png")
    assert "not a made_np model" in refused(capsys, "inspect", place / "rows.csv")


# ----------------------------------------------------------------------------------------------------- the outside


def run(*argv: object, **more: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "made_np", *map(str, argv)]
    return subprocess.run(command, capture_output=True, text=True, **more)


def test_python_m_is_the_same_command(place: Path) -> None:
    done = run("inspect", place / "model.npz", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "######" in done.stdout
    done = run("inspect", place / "rows.csv")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("argv", [[], ["fly"], ["train"]])
def test_a_command_that_is_incomplete(capsys: object, argv: list[str]) -> None:
    assert "--help" in refused(capsys, *argv)


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    for argv in (["--version"], ["--help"], *([name, "--help"] for name in ("train", "demo", "score", "inspect"))):
        with pytest.raises(SystemExit) as stop:
            main(argv)
        assert stop.value.code == 0
    assert made_np.__version__ in capsys.readouterr().out


def test_who_stops_reading_is_no_error(place: Path) -> None:
    command = f"{sys.executable} -m made_np inspect {place / 'model.npz'} | head -n 1"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX has them")
def test_ctrl_c_keeps_what_was_learned_and_exits_130(tmp_path: Path) -> None:
    write_table(tmp_path / "t.npy", rows())
    argv = [
        "train",
        tmp_path / "t.npy",
        "-o",
        tmp_path / "m.npz",
        *FIXED,
        "--epochs",
        "1000000",
        "--patience",
        "1000000",
    ]
    command = [sys.executable, "-u", "-m", "made_np", *map(str, argv)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        seen = b""
        while b"epoch 3" not in seen:
            seen += os.read(process.stderr.fileno(), 4096)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.decode().splitlines()[-1] == "made-np train: stopped by Ctrl-C"
    assert b"ended by Ctrl-C" in out
    assert MADEDensity.load(tmp_path / "m.npz").n_iter_ >= 3


def test_the_parser_knows_every_command() -> None:
    parser = build_parser()
    (subparsers,) = [a for a in parser._actions if hasattr(a, "choices") and isinstance(a.choices, dict)]
    assert list(subparsers.choices) == [command.name for command in COMMANDS]
    for name, own in subparsers.choices.items():
        assert callable(own.get_default("run")), name
        assert own.description


def test_help_needs_no_command() -> None:
    """What a program imports before it has said anything is what a person waits for."""
    code = (
        "import sys\n"
        "from made_np.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "names = [name for name in sys.modules if name.split('.')[0] == 'made_np']\n"
        "print(len(names), 'numpy' in sys.modules)"
    )
    for argv in (["--help"], ["--version"], []):
        done = subprocess.run([sys.executable, "-c", code, *argv], capture_output=True, text=True)
        n_modules, has_numpy = done.stdout.splitlines()[-1].split()
        assert int(n_modules) <= 20
        assert has_numpy == "False"


def test_a_command_knows_only_its_own_arguments() -> None:
    parser = build_parser(["sample"])
    assert parser.parse_args(["sample", "m.npz", "-n", "3", "-o", "o.npy"]).n == 3
    assert parser.parse_args(["score"]).command == "score"  # nothing of it has been imported


# --------------------------------------------------------------------------------------------------------- options


def test_options_mean_what_they_say() -> None:
    assert options.widths("500,20") == (500, 20)
    assert options.widths("none") == ()
    assert options.order("reverse") == "reverse"
    assert options.order("2,0,1") == [2, 0, 1]
    assert options.order("found") == "found"
    assert options.n_masks("endless") is None
    assert options.n_masks("auto") == "auto"
    assert options.n_masks("3") == 3
    assert options.direct("no") is False
    assert options.columns("gaussian") == "gaussian"
    logistic = made_np.DiscretizedLogistic(256, 3)
    assert options.columns("bernoulli, discretized_logistic:256:3") == ["bernoulli", logistic]
    assert options.columns("gaussian:0.5") == made_np.Gaussian(0.5)
    assert options.columns("mixture_of_gaussians:3") == made_np.MixtureOfGaussians(3)
    assert options.columns("mixture_of_logistics:2:0.1") == made_np.MixtureOfLogistics(2, 0.1)


@pytest.mark.parametrize(
    "text", ["auto:3", "categorical:0", "categorical:x", "", "categorical:2:3", "mixture_of_gaussians:0"]
)
def test_columns_that_mean_nothing(text: str) -> None:
    with pytest.raises(ArgumentTypeError):
        options.columns(text)
