"""Checkpoints: whatever stops a run, it goes on with the bits of one that was never stopped, or says why it cannot."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from called import called
from content import STORED, header_of, mutated, put_header, rewrite
from fits import assert_same, bits
from numpy.typing import NDArray

import made_np
from made_np.model.made import MADE
from made_np.optim import SGD
from made_np.schedules import ReduceOnPlateau, StepDecay, WarmRestarts, Warmup, cosine
from made_np.training import checkpoints
from made_np.training.fit import EpochInfo, FitResult, fit

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
    "degrees of each mask set": {"made": MADE(4, (2,), degrees=[[[1, 3]], [[2, 2]]], n_masks=2)},
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
    ({"x": X[::-1]}, r": x was 'shape \(30, 4\), checksum"),
    ({"x": X[:, ::-1]}, r": x was 'shape \(30, 4\), checksum"),
    ({"valid": VALID[::-1]}, r": valid was 'shape \(25, 4\), checksum"),
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
    ({"rng": [0, 1]}, r"rng was 0 and is \[0, 1\]"),
    ({"rng": np.random.SeedSequence(1)}, r"rng was 0 and is 'SeedSequence\("),
    ({"validate_every": 2}, "validate_every was 1 and is 2"),
    ({"weight_decay": {"W0": 0.1}}, "weight_decay was None and is 'shape"),
    ({"theta": MADE_4.init(7)}, "theta was None and is 'shape"),
    ({"dropout": 0.1, "batch_size": 9}, r"batch_size was 8 and is 9; dropout was 0\.0 and is 0\.1\. Give"),
]


@pytest.mark.parametrize(("options", "message"), OTHERS, ids=called)
def test_another_run_is_refused_by_what_differs(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    train(path, max_epochs=1)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=message) as caught:
        train(path, **options)
    assert "is of another run: " in str(caught.value)
    assert "resume=False" in str(caught.value)
    assert path.read_bytes() == before


def other_rows(k: int) -> Array:
    """The rows, of which one is another one."""
    return np.where(np.arange(len(X))[:, None] == k, 1 - X, X)


def test_any_row_counts(tmp_path: Path) -> None:
    train(tmp_path / "run.npz", max_epochs=1, valid=X)
    for k in range(len(X)):
        for name in ("x", "valid"):
            with pytest.raises(ValueError, match=rf": {name} was 'shape \(30, 4\), checksum"):
                train(tmp_path / "run.npz", **{"x": X, "valid": X, name: other_rows(k)})


def test_a_table_counts_by_what_the_model_sees_of_it(tmp_path: Path) -> None:
    made, x = MADE(4, (6,), "gaussian"), np.random.default_rng(0).standard_normal((30, 4))
    train(tmp_path / "run.npz", made=made, x=x, valid=None, max_epochs=1)
    want = train(None, made=made, x=x, valid=None)
    for same in (x, x.astype("f4"), np.asfortranarray(x), x.astype(">f8"), np.repeat(x, 2, axis=0)[::2]):
        assert_equal(train(tmp_path / "run.npz", made=made, x=same, valid=None), want)


# Schedules of anyone's: what the run was begun with, and others of the same name.


def constant_rate(rate: float) -> Any:
    return lambda step, total_steps: rate


@dataclass(frozen=True)
class Rate:
    """A schedule with a setting."""

    rate: float

    def __call__(self, step: int, total_steps: int) -> float:
        return self.rate


class Mutable:
    """A schedule with a setting, of the simplest kind."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, step: int, total_steps: int) -> float:
        return self.rate


def scaled(rate: float, step: int, total_steps: int) -> float:
    return rate


SCHEDULES: dict[str, tuple[Any, Any, str]] = {
    "code": (lambda step, total: 1.0, lambda step, total: 0.5, "schedule was '<lambda> with code"),
    "around it": (constant_rate(1.0), constant_rate(0.5), r"schedule\.rate was '1\.0' and is '0\.5'"),
    "default": (lambda s, n, rate=1.0: rate, lambda s, n, rate=0.5: rate, r"schedule\.rate was '1\.0' and is '0\.5'"),
    "partial": (partial(scaled, 1.0), partial(scaled, 0.5), r"schedule was 'partial\(scaled with .*tuple\(1\.0\)"),
    "dataclass": (Rate(1.0), Rate(0.5), r"schedule was 'Rate with code .*rate=1\.0.* and is 'Rate with .*rate=0\.5"),
    "object": (Mutable(1.0), Mutable(0.5), r"schedule\.rate was '1\.0' and is '0\.5'"),
    "method": (Mutable(1.0).__call__, Mutable(0.5).__call__, r"schedule\.__self__\.rate was '1\.0' and is '0\.5'"),
    "within one of ours": (
        *(Warmup(3, then=constant_rate(1.0)), Warmup(3, then=constant_rate(0.5))),
        r"schedule\.then\.rate was '1\.0' and is '0\.5'",
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_told_apart_by_what_they_do(name: str, tmp_path: Path) -> None:
    old, new, message = SCHEDULES[name]
    train(tmp_path / "run.npz", schedule=old, max_epochs=2)
    with pytest.raises(ValueError, match=message):
        train(tmp_path / "run.npz", schedule=new)
    assert_equal(train(tmp_path / "run.npz", schedule=old), train(None, schedule=old))


def test_rules_are_told_apart_by_what_they_do(tmp_path: Path) -> None:
    def rule(sign: float) -> SGD:
        class Mine(SGD):
            def _update(self, theta: Array, g: Array, state: Any, learning_rate: float, t: int) -> None:
                theta -= sign * learning_rate * g

        return Mine()

    train(tmp_path / "run.npz", optimizer=rule(1.0), max_epochs=2)
    with pytest.raises(ValueError, match=r"optimizer.*sign was '1\.0' and is '0\.5'"):
        train(tmp_path / "run.npz", optimizer=rule(0.5))
    assert_equal(train(tmp_path / "run.npz", optimizer=rule(1.0)), train(None, optimizer=rule(1.0)))


def test_a_schedule_that_nothing_can_tell_apart_is_refused_before_any_work(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(TypeError, match=r"^schedule=.*schedule\.rng is .*Generator.*: give a function that"):
        train(tmp_path / "run.npz", schedule=lambda step, total_steps: rng.random())
    assert not list(tmp_path.iterdir())
    train(None, schedule=lambda step, total_steps: rng.random(), max_epochs=1)


def test_the_backend_counts_and_not_how_it_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADE_NP_BACKEND", "numpy")
    train(tmp_path / "run.npz", made=MADE(4, (6,), backend="auto"), max_epochs=1)
    numpy = MADE(4, (6,), backend="numpy")
    assert_equal(train(tmp_path / "run.npz", made=numpy), train(None, made=numpy))
    monkeypatch.setattr(checkpoints, "get_backend", lambda name: SimpleNamespace(__name__="made_np.backends._other"))
    with pytest.raises(ValueError, match=r"made\.backend was 'numpy' and is 'other'"):
        train(tmp_path / "run.npz", made=numpy)


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


def test_a_checkpoint_of_an_older_release_is_refused_and_opens_as_a_model(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    path.write_bytes((STORED / "checkpoint.npz").read_bytes())
    rows = (np.random.default_rng(0).random((30, 4)) < 0.4).astype(float)
    options: dict[str, Any] = {"made": MADE(4, (6,), backend="numpy"), "x": rows, "valid": rows[:20]}
    with pytest.raises(ValueError, match=r"written by another release of made_np, .*resume=False"):
        train(path, **options)
    assert made_np.load(path).made == options["made"]
    assert made_np.load(path).arrays["records"].shape == (2, 5)
    train(path, resume=False, **options)


def resume_mutated(path: Path, seeds: range) -> None:
    """Go on from checkpoints in which one thing is another one: a `ValueError`, and the run is as it was."""
    source = path.with_name("source.npz")
    train(source, max_epochs=2, averaging=0.5)
    header, said = header_of(source), []
    for seed in seeds:
        rewrite(source, put_header(mutated(header, np.random.default_rng(seed))), to=path)
        try:
            train(path, max_epochs=2, averaging=0.5)
        except ValueError as error:
            said.append(str(error))
    assert len(seeds) / 2 < len(said) < len(seeds)
    assert all(str(path) in message for message in said)


def test_any_content_is_refused_as_a_value_error_or_gone_on_with(tmp_path: Path) -> None:
    resume_mutated(tmp_path / "run.npz", range(200))


@pytest.mark.slow
def test_very_much_content_is_refused_as_a_value_error_or_gone_on_with(tmp_path: Path) -> None:
    resume_mutated(tmp_path / "run.npz", range(200, 4200))


@pytest.mark.parametrize("name", ["x", "valid", "rng", "schedule", "made.hidden", "learning_rate"])
def test_a_file_that_does_not_say_what_the_run_was_is_refused(name: str, tmp_path: Path) -> None:
    train(tmp_path / "run.npz", max_epochs=2)
    header = header_of(tmp_path / "run.npz")
    del header["extra"]["run"][name]
    rewrite(tmp_path / "run.npz", put_header(header))
    if name == "made.hidden":  # which the model in the file says too
        train(tmp_path / "run.npz")
    else:
        with pytest.raises(ValueError, match=rf"is of another run: {name} was None and is"):
            train(tmp_path / "run.npz")


def test_a_theta_of_another_dtype_is_refused(tmp_path: Path) -> None:
    train(tmp_path / "run.npz", max_epochs=2)
    rewrite(tmp_path / "run.npz", lambda entries: entries.update(theta=entries["theta"].astype("f8")))
    with pytest.raises(ValueError, match=r"holds no whole run \(theta has dtype float64\)"):
        train(tmp_path / "run.npz")


ARRAYS = ["array.theta", "array.averaged", "array.records", "array.state.m", "array.state.step"]


@pytest.mark.parametrize("name", ARRAYS)
def test_any_array_in_the_place_of_another_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    train(path, max_epochs=2, averaging=0.5)
    whole = path.read_bytes()
    with np.load(path) as archive:
        array = archive[name]
    for other in (array[..., None], array.astype("f2"), array.astype(str), np.zeros(0), None):

        def change(entries: dict[str, Any], other: Any = other) -> None:
            entries.update({name: other}) if other is not None else entries.pop(name)

        rewrite(path, change)
        with pytest.raises(ValueError, match=r"run\.npz holds no whole run .*resume=False"):
            train(path, averaging=0.5)
        path.write_bytes(whole)


@pytest.mark.parametrize("n_steps", [0, 7, 9, 8.5, -8, None])
def test_steps_that_are_not_those_of_the_epochs_are_refused(n_steps: Any, tmp_path: Path) -> None:
    train(tmp_path / "run.npz", max_epochs=2)
    header = header_of(tmp_path / "run.npz")
    header["extra"]["n_steps"] = n_steps
    rewrite(tmp_path / "run.npz", put_header(header))
    with pytest.raises(ValueError, match=r"n_steps=.* are not those of 2 epochs"):
        train(tmp_path / "run.npz")


@pytest.mark.parametrize(
    ("kind", "place"), [(np.random.MT19937, ("state", "pos")), (np.random.Philox, ("buffer_pos",))]
)
@pytest.mark.parametrize("value", [-1, 10**6])
def test_a_state_that_would_read_the_memory_of_others_is_refused(
    kind: Any, place: tuple[str, ...], value: int, tmp_path: Path
) -> None:
    path = tmp_path / "run.npz"
    train(path, rng=np.random.Generator(kind(0)), max_epochs=2)
    header = header_of(path)
    state = header["extra"]["rng"]
    for name in place[:-1]:
        state = state[name]
    state[place[-1]] = value
    rewrite(path, put_header(header))
    with pytest.raises(ValueError, match="rng is no state"):
        train(path, rng=np.random.Generator(kind(0)))


def test_a_run_that_is_refused_is_left_as_it_was(tmp_path: Path) -> None:
    path, rng = tmp_path / "run.npz", np.random.default_rng(0)
    train(path, rng=np.random.default_rng(0), max_epochs=2)
    rewrite(path, lambda entries: entries.pop("array.state.v"))
    with pytest.raises(ValueError, match=r"holds no whole run"):
        train(path, rng=rng, theta=None)
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state


def test_a_path_that_cannot_be_is_refused_before_any_work(tmp_path: Path) -> None:
    never: list[Any] = []
    with pytest.raises(FileNotFoundError, match=r"checkpoint: cannot write .*make the folder .*none first"):
        train(tmp_path / "none" / "run.npz", callbacks=[never.append])
    with pytest.raises(IsADirectoryError, match=r"checkpoint .* is a folder: give the path of a file"):
        train(tmp_path, callbacks=[never.append])
    with pytest.raises(TypeError, match="checkpoint=3 is a int: give the path of a file"):
        fit(MADE_4, X, checkpoint=3, callbacks=[never.append])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="resume='no'"):
        train(tmp_path / "run.npz", resume="no", callbacks=[never.append])
    os.mkfifo(tmp_path / "pipe")
    for resume in (True, False):
        for other in (tmp_path / "pipe", "/dev/null"):
            with pytest.raises(ValueError, match=r"checkpoint .* is no ordinary file"):
                train(other, resume=resume, callbacks=[never.append])
    (tmp_path / "link").symlink_to(tmp_path / "none" / "run.npz")
    with pytest.raises(FileNotFoundError, match=r"checkpoint: cannot write .*make the folder .*none first"):
        train(tmp_path / "link", callbacks=[never.append])
    for wrong in (True, b"run.npz", 0):
        with pytest.raises(TypeError, match=r"checkpoint=.*: give the path of a file"):
            train(wrong, callbacks=[never.append])  # type: ignore[arg-type]
    assert not never
