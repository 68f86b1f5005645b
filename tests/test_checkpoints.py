"""Checkpoints: whatever stops a run, it goes on with the bits of one that was never stopped, or says why it cannot."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from test_train import assert_same, bits

import made_np
from made_np import checkpoints
from made_np.model import MADE
from made_np.optim import SGD
from made_np.schedules import ReduceOnPlateau, StepDecay, WarmRestarts, Warmup, cosine
from made_np.train import EpochInfo, FitResult, fit

Array = NDArray[Any]

MADE_4 = MADE(4, hidden=(6,))
X, VALID = bits(30), bits(25, seed=1)


class Crash(Exception):
    """Something that ends a program."""


@pytest.fixture(autouse=True)
def write_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    monkeypatch.setattr(checkpoints, "TIMES", 0.0)


def stop_after(epoch: int) -> Any:
    return lambda info: info.epoch == epoch


def train(path: Path | None, made: MADE = MADE_4, x: Array = X, **options: Any) -> FitResult:
    """Seven epochs of four steps each."""
    arguments = {"batch_size": 8, "max_epochs": 7, "learning_rate": 0.01, "valid": VALID, **options}
    return fit(made, x, checkpoint=path, **arguments)


def assert_equal(got: FitResult, want: FitResult) -> None:
    assert_same(got, want)
    assert (got.best_epoch, got.stopped_by) == (want.best_epoch, want.stopped_by)
    np.testing.assert_equal(got.best_valid, want.best_valid)


# --------------------------------------------------------------------------------------------- going on

RUNS: dict[str, dict[str, Any]] = {
    "plain": {},
    "no validation": {"valid": None},
    "averaging": {"averaging": 0.9},
    "averaging, no validation": {"averaging": 1.0, "valid": None},
    "dropout": {"dropout": 0.3, "input_dropout": 0.2},
    "plateau": {"schedule": Warmup(3, then=ReduceOnPlateau(0.1, 1)), "learning_rate": 0.3},
    "restarts": {"schedule": WarmRestarts(5, growth=2)},
    "cosine": {"schedule": "cosine"},
    "momentum": {"optimizer": SGD(0.9), "weight_decay": {"W0": 0.1}},
    "adadelta": {"optimizer": "adadelta", "learning_rate": 1.0},
    "mask sets": {"made": MADE(4, (6,), order="random", n_masks=3)},
    "mask weights": {"made": MADE(4, (6,), order="random", n_masks=None, mask_weights=True)},
    "endless": {"made": MADE(4, (6,), order="random", n_masks=None)},
    "double precision": {"made": MADE(4, (6, 6), residual=True, dtype="float64", backend="numpy")},
    "gets worse": {"theta": fit(MADE_4, X, max_epochs=60, learning_rate=0.05).theta, "learning_rate": 0.5},
    "chosen start": {"theta": MADE_4.init(5, scheme="orthogonal")},
}


@pytest.mark.parametrize("name", RUNS)
def test_stopped_and_resumed_is_never_stopped(name: str, tmp_path: Path) -> None:
    path, options = tmp_path / "run.npz", RUNS[name]
    first = train(path, callbacks=[stop_after(3)], **options)
    assert first.history["epoch"] == [1, 2, 3]
    seen: list[EpochInfo] = []
    resumed, want = train(path, callbacks=[seen.append], **options), train(None, **options)
    assert_equal(resumed, want)
    assert [info.epoch for info in seen] == [4, 5, 6, 7], "nothing is done twice"
    assert os.listdir(tmp_path) == ["run.npz"]


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_any_bit_generator(kind: Any, tmp_path: Path) -> None:
    def rng() -> np.random.Generator:
        rng = np.random.Generator(kind(3))
        rng.random(dtype=np.float32)  # of which half of a draw is kept for the next
        return rng

    train(tmp_path / "run.npz", rng=rng(), dropout=0.2, callbacks=[stop_after(3)])
    other = np.random.Generator(kind(99))
    assert_equal(train(tmp_path / "run.npz", rng=other, dropout=0.2), train(None, rng=rng(), dropout=0.2))


def test_context_and_rows_of_any_storage(tmp_path: Path) -> None:
    made, y = MADE(4, (6,), n_context=2), np.random.default_rng(0).standard_normal((30, 2))
    options: dict[str, Any] = {"made": made, "context": y, "valid_context": y[:25]}
    train(tmp_path / "run.npz", callbacks=[stop_after(3)], **options)
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert_equal(train(tmp_path / "run.npz", x=mapped, **options), train(None, **options))
    assert_equal(train(tmp_path / "run.npz", x=X.astype(float), **options), train(None, **options))


def test_from_chance(tmp_path: Path) -> None:
    first = train(tmp_path / "run.npz", rng=None, callbacks=[stop_after(3)])
    resumed = train(tmp_path / "run.npz", rng=None)
    assert resumed.history["train"][:3] == first.history["train"]
    assert resumed.history["epoch"] == [1, 2, 3, 4, 5, 6, 7]


def test_after_a_crash(tmp_path: Path) -> None:
    def crash(info: EpochInfo) -> None:
        if info.epoch == 3:
            raise Crash

    with pytest.raises(Crash):
        train(tmp_path / "run.npz", callbacks=[crash])
    assert len(made_np.load(tmp_path / "run.npz").arrays["records"]) == 3
    assert_equal(train(tmp_path / "run.npz"), train(None))


@pytest.mark.parametrize("seconds", [0.0, 1e9])
@pytest.mark.parametrize("step", [8, 13, 15])
def test_after_ctrl_c_within_an_epoch(
    step: int, seconds: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "EVERY", seconds)
    pressed = []

    def schedule(at: int, total_steps: int) -> float:
        if at == step and not pressed:
            pressed.append(True)
            raise KeyboardInterrupt
        return 1.0 / (1 + at)

    assert train(tmp_path / "run.npz", schedule=schedule).stopped_by == "interrupt"
    assert pressed
    assert_equal(train(tmp_path / "run.npz", schedule=schedule), train(None, schedule=schedule))


@pytest.mark.parametrize("seconds", [0.0, 1e9])
def test_a_loss_that_is_not_finite_is_never_written(
    seconds: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "EVERY", seconds)
    made, x = MADE(4, (6,), "gaussian"), np.random.default_rng(0).standard_normal((30, 4))
    options: dict[str, Any] = {"made": made, "x": x, "valid": x, "schedule": explode}
    for _ in range(2):  # going on meets it again
        with pytest.warns(RuntimeWarning, match="not finite in epoch 3"):
            found = train(tmp_path / "run.npz", **options)
        assert found.stopped_by == "diverged"
        arrays = made_np.load(tmp_path / "run.npz").arrays
        assert len(arrays["records"]) in ((1, 2) if seconds else (2,))
        assert all(np.isfinite(array).all() for array in arrays.values())


def explode(step: int, total_steps: int) -> float:
    return 1e30 if step >= 8 else 1.0


def test_many_times(tmp_path: Path) -> None:
    for epoch in range(1, 8):
        result = train(tmp_path / "run.npz", callbacks=[stop_after(epoch)])
    assert result.history["epoch"] == [1, 2, 3, 4, 5, 6, 7]
    assert_equal(train(tmp_path / "run.npz"), train(None))


def test_what_has_ended_stays_so(tmp_path: Path) -> None:
    options: dict[str, Any] = {"learning_rate": 0.5, "patience": 2, "max_epochs": 100}
    ended, calls = train(tmp_path / "run.npz", **options), []
    assert ended.stopped_by == "patience"
    written = os.stat(tmp_path / "run.npz").st_mtime_ns
    assert_equal(train(tmp_path / "run.npz", callbacks=[calls.append], **options), ended)
    assert not calls
    assert os.stat(tmp_path / "run.npz").st_mtime_ns == written
    assert len(train(tmp_path / "run.npz", **{**options, "patience": 4}).history["epoch"]) > len(ended.history["epoch"])


def test_more_epochs_than_before(tmp_path: Path) -> None:
    assert train(tmp_path / "run.npz", max_epochs=3).stopped_by == "max_epochs"
    assert_equal(train(tmp_path / "run.npz"), train(None))
    assert_equal(train(tmp_path / "run.npz", max_epochs=2), train(None))  # more than that are done already


def test_without_validation_rows_what_has_ended_stays_so(tmp_path: Path) -> None:
    ended = train(tmp_path / "run.npz", valid=None)
    assert_equal(train(tmp_path / "run.npz", valid=None), ended)


def test_seconds_add_up(tmp_path: Path) -> None:
    first = train(tmp_path / "run.npz", callbacks=[stop_after(3)])
    result = train(tmp_path / "run.npz")
    seconds = result.history["seconds"]
    assert seconds[:3] == first.history["seconds"]
    assert [*seconds, result.seconds] == sorted([*seconds, result.seconds])


def test_beginning_anew(tmp_path: Path) -> None:
    train(tmp_path / "run.npz", callbacks=[stop_after(3)])
    seen: list[int] = []
    options: dict[str, Any] = {"learning_rate": 0.02, "resume": False}
    result = train(tmp_path / "run.npz", callbacks=[lambda info: seen.append(info.epoch)], **options)
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert_equal(result, train(None, learning_rate=0.02))
    assert_equal(train(tmp_path / "run.npz", learning_rate=0.02), result)  # the file is that of the new run


def test_the_bar_begins_where_the_run_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    train(tmp_path / "run.npz", callbacks=[stop_after(3)])
    train(tmp_path / "run.npz", progress=True)
    assert "28/28" in capsys.readouterr().err


# --------------------------------------------------------------------------------------------- the file


def test_it_opens_as_a_model(tmp_path: Path) -> None:
    for valid in (VALID, None):
        path = tmp_path / f"{valid is None}.npz"
        result = train(path, valid=valid, learning_rate=0.5)
        stored = made_np.load(path)
        assert stored.made == MADE_4
        np.testing.assert_array_equal(stored.theta, result.theta)


def epochs_in_the_file(path: Path) -> list[int]:
    """How many epochs the file holds at the end of each."""
    found: list[int] = []
    train(path, callbacks=[lambda info: found.append(len(made_np.load(path).arrays["records"]))])
    return found


def test_it_is_written_now_and_then_and_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert epochs_in_the_file(tmp_path / "always.npz") == [1, 2, 3, 4, 5, 6, 7]
    for name in ("EVERY", "TIMES"):
        with monkeypatch.context() as patch:
            patch.setattr(checkpoints, name, 1e9)
            path = tmp_path / f"{name}.npz"
            assert epochs_in_the_file(path) == [1] * 7
            assert len(made_np.load(path).arrays["records"]) == 7


# --------------------------------------------------------------------------------------------- refusals

OTHERS: list[tuple[dict[str, Any], str]] = [
    ({"made": MADE(4, hidden=(7,))}, r"made\.hidden was \[6\] and is \[7\]\. Give"),
    ({"made": MADE(4, hidden=(6,), activation="tanh")}, r"made\.activation was 'relu' and is 'tanh'"),
    ({"x": bits(31)}, r"x was 'shape \(30, 4\), checksum .*' and is 'shape \(31, 4\)"),
    ({"x": np.where(np.arange(30)[:, None] == 29, 1 - X, X)}, r": x was 'shape \(30, 4\), checksum"),
    ({"x": np.where(np.arange(30)[:, None] == 0, 1 - X, X)}, r": x was 'shape \(30, 4\), checksum"),
    ({"valid": None}, r": valid was 'shape .* and is None\. Give"),
    ({"optimizer": "sgd"}, r"optimizer was 'Adam\(beta1=0.9, .* and is 'SGD\(momentum=0.0, nesterov=False\)'"),
    ({"learning_rate": 0.02}, r": learning_rate was 0\.01 and is 0\.02\. Give"),
    ({"schedule": StepDecay(0.5, every=3)}, r"schedule was 'constant' and is 'StepDecay\(factor=0.5, every=3\)'"),
    ({"schedule": Warmup(3, then=cosine)}, r"is 'Warmup\(steps=3, then=cosine\)'"),
    ({"batch_size": 9}, "batch_size was 8 and is 9"),
    ({"weight_decay": 0.1}, "weight_decay was None and is 'shape"),
    ({"dropout": 0.1}, r": dropout was 0\.0 and is 0\.1"),
    ({"input_dropout": 0.1}, r": input_dropout was 0\.0 and is 0\.1"),
    ({"averaging": 0.9}, r"averaging was 0\.0 and is 0\.9"),
    ({"rng": 1}, "rng was 0 and is 1"),
    ({"rng": np.random.default_rng(0)}, "rng was 0 and is 'PCG64'"),
    ({"theta": MADE_4.init(7)}, "theta was None and is 'shape"),
    ({"dropout": 0.1, "batch_size": 9}, r"batch_size was 8 and is 9; dropout was 0\.0 and is 0\.1\. Give"),
]


@pytest.mark.parametrize(("options", "message"), OTHERS, ids=str)
def test_another_run_is_refused_by_what_differs(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    train(path, max_epochs=1)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=message) as caught:
        train(path, **options)
    assert "is of another run: " in str(caught.value)
    assert "resume=False" in str(caught.value)
    assert path.read_bytes() == before


def test_another_context_is_refused(tmp_path: Path) -> None:
    made, y = MADE(4, (6,), n_context=1), np.linspace(0, 1, 30)[:, None]
    train(tmp_path / "run.npz", made=made, context=y, valid=None, max_epochs=1)
    with pytest.raises(ValueError, match=r": context was 'shape \(30, 1\).* and is 'shape \(30, 1\)"):
        train(tmp_path / "run.npz", made=made, context=y + 1, valid=None)


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    made_np.save(tmp_path / "model.npz", MADE_4, MADE_4.init())
    with pytest.raises(ValueError, match=r"model\.npz is a model without a run: give another path, or resume=False"):
        train(tmp_path / "model.npz")
    train(tmp_path / "run.npz", max_epochs=1)
    whole = (tmp_path / "run.npz").read_bytes()
    (tmp_path / "run.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"run\.npz is damaged"):
        train(tmp_path / "run.npz")
    assert_equal(train(tmp_path / "run.npz", resume=False), train(None))


def test_a_path_that_cannot_be_is_refused_before_any_work(tmp_path: Path) -> None:
    never: list[Any] = []
    with pytest.raises(FileNotFoundError, match=r"checkpoint=.*make the folder .*none first"):
        train(tmp_path / "none" / "run.npz", callbacks=[never.append])
    with pytest.raises(ValueError, match=r"checkpoint=.* is a folder: give the path of a file"):
        train(tmp_path, callbacks=[never.append])
    with pytest.raises(TypeError, match="checkpoint=3 is a int: give the path of a file"):
        fit(MADE_4, X, checkpoint=3, callbacks=[never.append])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="resume='no'"):
        train(tmp_path / "run.npz", resume="no", callbacks=[never.append])
    assert not never
