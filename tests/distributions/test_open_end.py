"""A distribution that somebody registers works wherever those of made_np do; without a name it learns and draws."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from own_distributions import OWN, Laplace, Poisson, Weekday, registered
from small import small

import made_np
from made_np import MADE, MADEDensity, calibration, fit
from made_np.cli import main, options
from made_np.columns.columns import Columns
from made_np.proofs import made_adapter
from made_np.table.files import read_table
from made_np.table.files.writing import write_table
from made_np.testing import suite
from made_np.validation import Unregistered

every_name = pytest.mark.parametrize("name", OWN)
every_backend = pytest.mark.parametrize("backend", ["numpy", "numba"])


@pytest.fixture(autouse=True, scope="module")
def known() -> Iterator[None]:
    """All of them have a name meanwhile."""
    with registered():
        yield


@pytest.fixture(scope="module", autouse=True)
def _numba() -> None:
    pytest.importorskip("numba")


def table(name: str, n: int = 200) -> Any:
    """Three columns, of which each is likely to be near the one before."""
    rng = np.random.default_rng(0)
    if name == "weekday":
        return (rng.integers(7, size=(n, 1)) + np.cumsum(rng.integers(2, size=(n, 3)), axis=1)) % 7.0
    if name == "poisson":
        x = rng.poisson(3, (n, 3)).astype(float)
        x[:, 1:] = rng.poisson(x[:, :-1] + 0.2)
        return x
    x = np.cumsum(rng.laplace(size=(n, 3)), axis=1)
    return np.abs(x) if name == "waiting" else x


def model(name: str, **more: Any) -> MADE:
    return MADE(3, (8,), name, **{"dtype": "float64", "activation": "tanh", **more})


# --------------------------------------------------------------------------------------------- models and files


@every_name
def test_both_backends_learn_the_same(name: str) -> None:
    x = table(name)
    results = [fit(model(name, backend=each), x, max_epochs=4, learning_rate=1e-2) for each in ("numpy", "numba")]
    assert_array_equal(results[0].theta, results[1].theta)
    assert results[0].history["train"][-1] < results[0].history["train"][0]
    drawn = [model(name, backend=each).sample(results[0].theta, 50, rng=1) for each in ("numpy", "numba")]
    assert_array_equal(*drawn)
    assert not OWN[name].invalid(drawn[0]).any()


@every_name
def test_a_file_gives_it_back(name: str, tmp_path: Path) -> None:
    made = MADE(3, (8,), ["bernoulli", name, OWN[name]])
    made_np.save(tmp_path / "model.npz", made, made.init(rng=0))
    stored = made_np.load(tmp_path / "model.npz")
    assert stored.made == made == pickle.loads(pickle.dumps(made))
    assert_array_equal(stored.theta, made.init(rng=0))


@settings(max_examples=10)
@given(st.floats(1e-6, 10), st.integers(2, 40), st.floats(1e-3, 10))
def test_its_parameters_are_in_the_file(floor: float, n: int, min_scale: float) -> None:
    made = MADE(3, (4,), [Poisson(floor), Weekday(n), Laplace(min_scale)])
    assert MADE.from_config(made.config()) == made


@every_name
@every_backend
def test_a_checkpoint_goes_on_where_it_ended(name: str, backend: str, tmp_path: Path) -> None:
    made = model(name, backend=backend)
    x = table(name)
    whole = fit(made, x, max_epochs=4)
    fit(made, x, max_epochs=2, checkpoint=tmp_path / "run.npz")
    assert_array_equal(fit(made, x, max_epochs=4, checkpoint=tmp_path / "run.npz").theta, whole.theta)


# ----------------------------------------------------------------------------------------------------- questions


@every_name
@every_backend
def test_the_suite_finds_no_fault(name: str, backend: str) -> None:
    made = MADE(2, (8,), name, activation="tanh", backend=backend)
    report = suite(made_adapter(made, fit(made, table(name)[:, :2], max_epochs=2).theta))
    assert report.ok, report
    assert (report["normalised"].status == "passed") == (name not in ("poisson", "waiting"))


@every_name
def test_a_planted_fault_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = MADE(2, (8,), name, activation="tanh", backend="numpy")
    theta = fit(made, table(name)[:, :2], max_epochs=2).theta
    kind = type(OWN[name])
    right = kind.nll_and_grad

    def wrong(self: Any, raw: Any, x: Any) -> Any:
        nll, d_raw = right(self, raw, x)
        return nll, 1.01 * d_raw

    monkeypatch.setattr(kind, "nll_and_grad", wrong)
    report = suite(made_adapter(made, theta))
    assert report["gradient"].status == "FAILED"


@every_name
@every_backend
def test_samples_of_the_model_are_calibrated(name: str, backend: str) -> None:
    made = model(name, backend=backend)
    theta = fit(made, table(name), max_epochs=4, learning_rate=1e-2).theta
    found = calibration(made, theta, made.sample(theta, 4000, rng=1))
    assert found.is_discrete.all() == (name == "weekday")
    for d in range(3):
        assert found.of(d).error < 3 * found.of(d).chance
    off = made.layout.views(theta.copy())
    off["b1"][:] += 1.0
    moved = np.concatenate([view.ravel() for view in off.values()])
    other = calibration(made, moved, made.sample(theta, 4000, rng=1))
    if name != "weekday":  # whose probabilities stay when all logits rise
        assert other.of(0).error > 3 * other.of(0).chance


# ----------------------------------------------------------------------------------------------------- estimator


@every_name
@every_backend
def test_the_estimator_takes_its_name(name: str, backend: str, tmp_path: Path) -> None:
    x = table(name)
    density = small(columns=name, max_epochs=2, backend=backend).fit(x)
    assert density.made_.outputs.feature_outputs == (OWN[name],) * 3
    again_from = tmp_path / "density.npz"
    density.save(again_from)
    again = MADEDensity.load(again_from)
    assert_array_equal(again.score_samples(x), density.score_samples(x))
    assert again.get_params()["columns"] == name
    drawn = density.sample(20, random_state=0)
    assert not OWN[name].invalid(drawn).any()
    gaps = x[:5].copy()
    gaps[:, 2] = np.nan
    assert np.isfinite(density.impute(gaps)).all()


def test_columns_are_standardised_if_and_only_if_they_are_real() -> None:
    x = np.column_stack([table(name)[:, 0] for name in ("poisson", "laplace", "waiting", "weekday")])
    x[:, 1:3] = 3 * x[:, 1:3] + 5
    columns = Columns.learn(x, ["poisson", "laplace", "waiting", Weekday()])
    assert_allclose([column.coding.mean for column in columns.each], [0, x[:, 1].mean(), 0, 0])
    scales = np.array([column.coding.scale for column in columns.each])
    assert scales[1] > 1
    assert_array_equal(scales[[0, 2, 3]], 1)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (
            "poisson",
            0.5,
            r"X\[1, 0\] = 0.5: column 0 has Poisson values, an integer of at least 0. Give columns a dist",
        ),
        ("weekday", 7.0, r"X\[1, 0\] = 7: column 0 has Weekday values, an integer 0..6. Fit on rows that hold every"),
        ("weekday", -1.0, r"X\[1, 0\] = -1: .*Where -1 stands for a missing value"),
    ],
)
def test_an_illegal_value_is_named_with_the_way_out(name: str, value: float, words: str) -> None:
    density = small(columns=name).fit(table(name))
    with pytest.raises(ValueError, match=words):
        density.score_samples(np.array([[1.0, 1, 1], [value, 1, 1]]))


def test_a_column_builds_it() -> None:
    assert Columns.learn(np.array([[0.0], [4]]), "weekday").outputs == (Weekday(5),)
    with pytest.raises(ValueError, match=r"column 0 is to be 'weekday', but 0.5 is none of its values"):
        Columns.learn(np.array([[0.5], [4]]), "weekday")


# -------------------------------------------------------------------------------------------------- command line


@every_name
def test_the_command_line_takes_its_name(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, stored, drawn = (str(tmp_path / each) for each in ("rows.csv", "model.npz", "drawn.csv"))
    write_table(rows, table(name), ["a", "b", "c"])
    plain = ["--hidden", "8", "--epochs", "2", "--order", "natural", "--n-masks", "1", "--weight-decay", "0", "--quiet"]
    assert main(["train", rows, "-o", stored, "--columns", f"{name},{name},{name}", *plain]) == 0
    assert main(["score", stored, rows]) == 0
    assert main(["sample", stored, "-n", "20", "-o", drawn]) == 0
    assert not OWN[name].invalid(read_table(drawn).values).any()
    assert main(["inspect", stored]) == 0
    assert type(OWN[name]).__name__ in capsys.readouterr().out
    assert main(["check", stored]) == 0


def test_the_command_line_lists_all_names(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    shown = "".join(capsys.readouterr().out.split())
    assert "mixture_of_logistics,with_atoms,poisson,laplace,waiting,weekday" in shown
    assert options.columns("poisson:0.5,weekday:5,laplace") == [Poisson(0.5), Weekday(5), "laplace"]


# ------------------------------------------------------------------------------------------------ without a name


class Unnamed(Poisson):
    """Never registered."""


def test_without_a_name_it_learns_and_draws() -> None:
    x = table("poisson")
    made = model("poisson")
    own = MADE(3, (8,), Unnamed(), dtype="float64", activation="tanh")
    assert_array_equal(fit(own, x, max_epochs=2).theta, fit(made, x, max_epochs=2).theta)
    density = small(columns=Unnamed()).fit(x)
    assert np.isfinite(density.score_samples(x)).all()
    assert suite(made_adapter(own, own.init(rng=0))).ok
    assert calibration(own, own.init(rng=0), x).n_rows == len(x)


UNNAMED = r"Unnamed is not registered, .*made_np.distributions.register\('unnamed', Unnamed\)"


def test_without_a_name_no_file_is_begun(tmp_path: Path) -> None:
    x = table("poisson")
    own = MADE(3, (8,), Unnamed())
    density = small(columns=[Unnamed(), "poisson", Unnamed()]).fit(x)
    epochs: list[int] = []
    for write in (
        lambda: made_np.save(tmp_path / "model.npz", own, own.init(rng=0)),
        lambda: density.save(tmp_path / "model.npz"),
        lambda: fit(own, x, checkpoint=tmp_path / "model.npz", callbacks=[lambda run: epochs.append(1)]),
        lambda: small(columns=Unnamed(), max_epochs=10**9).fit(x, checkpoint=tmp_path / "model.npz"),
        lambda: MADEDensity(columns=Unnamed(), max_epochs=10**9, random_state=0).fit(
            x, checkpoint=tmp_path / "model.npz"
        ),
    ):
        with pytest.raises(Unregistered, match=UNNAMED):
            write()
    assert not epochs
    assert not list(tmp_path.iterdir())


def test_where_it_has_no_name_a_file_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.npz"
    small(columns="poisson").fit(table("poisson")).save(path)
    write_table(tmp_path / "rows.csv", table("poisson"), ["a", "b", "c"])
    made_np.distributions.unregister("poisson")
    try:
        words = r"model.npz \(of made_np .*\): the distribution 'poisson' is not registered here: .* before you load"
        for load in (made_np.load, MADEDensity.load):
            with pytest.raises(ValueError, match=words):
                load(path)
        assert main(["score", str(path), str(tmp_path / "rows.csv")]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "the distribution 'poisson' is not registered here" in error
        with pytest.raises(ValueError, match=r"columns='poisson' is unknown: use one of \('auto', 'bin"):
            small(columns="poisson").fit(table("poisson"))
    finally:
        made_np.distributions.register("poisson", Poisson)
    assert made_np.load(path).made.output == Poisson()
