"""A fit that may be killed: it is refused where it could not go on, and no trial is done twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import small

from made_np import MADEDensity
from made_np.estimator import learning, rehearsal
from made_np.estimator.remembering import fingerprint, remembered
from made_np.estimator.trials import Choice


def rows(n: int = 80) -> np.ndarray:
    rng = np.random.default_rng(0)
    first = rng.random(n) < 0.4
    return np.column_stack([first, first ^ (rng.random(n) < 0.2), rng.random(n) < 0.7]).astype(float)


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The arguments of every fit, of trials too, from now on."""
    seen: list[dict[str, Any]] = []
    fit = learning.fit_rows

    def watched(*args: Any, **options: Any) -> Any:
        seen.append(options)
        return fit(*args, **options)

    for module in (learning, rehearsal):
        monkeypatch.setattr(module, "fit_rows", watched)
    return seen


def tried(**changes: Any) -> MADEDensity:
    """A small estimator that has something to try out."""
    return small(**{"weight_decay": "auto", "order": "auto", "max_epochs": 3, **changes})


def test_a_second_call_does_no_trial_again(tmp_path: Path, fits: list[dict[str, Any]]) -> None:
    plain = tried().fit(rows())
    n = len(fits)
    assert n > 2
    first = tried().fit(rows(), checkpoint=tmp_path / "c.npz")
    assert len(fits) == 2 * n
    assert [options.get("checkpoint") for options in fits[n:]] == [None] * (n - 1) + [tmp_path / "c.npz"]
    second = tried(verbose=0).fit(rows(), checkpoint=str(tmp_path / "c.npz"))
    assert len(fits) == 2 * n + 1
    for other in (first, second):
        np.testing.assert_array_equal(other.theta_, plain.theta_)
        assert (other.trials_, other.history_["train"]) == (plain.trials_, plain.history_["train"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.npz", "c.npz.trials"]


def test_max_epochs_may_be_more_later(tmp_path: Path, fits: list[dict[str, Any]]) -> None:
    tried(schedule=None).fit(rows(), checkpoint=tmp_path / "c.npz")
    n = len(fits)
    longer = tried(schedule=None, max_epochs=5).fit(rows(), checkpoint=tmp_path / "c.npz")
    assert (len(fits), longer.n_iter_) == (n + 1, 5)


@pytest.mark.parametrize("damage", [b"", b"[]", b"{}", b"no JSON", b"\xff\xfe", b'{"run": 1, "found": 2}'])
def test_trials_that_cannot_be_read_are_done_again(tmp_path: Path, fits: list[dict[str, Any]], damage: bytes) -> None:
    first = tried().fit(rows(), checkpoint=tmp_path / "c.npz")
    n = len(fits)
    (tmp_path / "c.npz.trials").write_bytes(damage)
    second = tried().fit(rows(), checkpoint=tmp_path / "c.npz")
    assert len(fits) == 2 * n
    assert second.trials_ == first.trials_


def test_trials_of_other_rows_or_of_another_seed_are_none_of_ours(tmp_path: Path) -> None:
    x, path = rows(), str(tmp_path / "trials")
    params = tried().get_params()
    run = fingerprint(params, 0, x)
    assert run == fingerprint({**params, "max_epochs": 9, "verbose": 1}, 0, x.copy())
    changed = x.copy()
    changed[40, 1] = 1 - changed[40, 1]
    others = [
        fingerprint(params, 1, x),
        fingerprint(params, 0, changed),
        fingerprint(params, 0, x[::-1]),
        fingerprint(params, 0, x.astype(np.float32)),
        fingerprint(params, 0, x[:40], x[40:]),
        fingerprint({**params, "dropout": 0.1}, 0, x),
    ]
    assert len({run, *others}) == 7
    choice = Choice("natural", 1, 0.1)
    assert remembered(lambda _: 1.5, path, run)(choice) == 1.5
    assert remembered(lambda _: 2.5, path, run)(choice) == 1.5
    assert remembered(lambda _: 2.5, path, run)(Choice("natural", 1, 0.2)) == 2.5
    assert remembered(lambda _: float("nan"), path, run)(Choice("natural", None, 0.2)) != 0
    assert remembered(lambda _: 3.5, path, others[0])(choice) == 3.5


@pytest.mark.parametrize(
    ("checkpoint", "error", "message"),
    [
        (1, TypeError, "checkpoint=1 is a int: give the path of a file"),
        (True, TypeError, "checkpoint=True"),
        ("", ValueError, "names no file"),
        ("missing/c.npz", FileNotFoundError, "checkpoint: cannot write .*make the folder"),
        (".", IsADirectoryError, "is a folder"),
    ],
)
def test_a_checkpoint_is_looked_at_before_any_work(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fits: list[dict[str, Any]],
    checkpoint: Any,
    error: type[Exception],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        tried().fit(rows(), checkpoint=checkpoint)
    with pytest.raises(ValueError, match=r"random_state.*give an integer"):
        tried(random_state=None).fit(rows(), checkpoint="c.npz")
    (tmp_path / "c.npz.trials").mkdir()
    with pytest.raises(IsADirectoryError, match=r"c.npz.trials is a folder"):
        tried().fit(rows(), checkpoint="c.npz")
    assert not fits
    assert [path.name for path in tmp_path.iterdir()] == ["c.npz.trials"]


def test_a_warm_start_has_checkpoints_too(tmp_path: Path) -> None:
    one, two = (small(warm_start=True, max_epochs=2).fit(rows()) for _ in range(2))
    one.set_params(max_epochs=4).fit(rows())
    two.save(tmp_path / "m.npz")
    for _ in range(2):  # the second call finds the end of the first one
        again = MADEDensity.load(tmp_path / "m.npz").set_params(max_epochs=4)
        again.fit(rows(), checkpoint=tmp_path / "c.npz")
        np.testing.assert_array_equal(again.theta_, one.theta_)
