"""The soak finds nothing wrong in a few rounds, and everything that is made wrong for it to find."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest

pytest.importorskip("pandas", reason="the soak asks questions of tables of pandas")
if not sys.platform.startswith("linux"):
    pytest.skip("the soak reads /proc", allow_module_level=True)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import soak
from forking import Child
from soaking import calm, damage, disks, interrupts, killed, memory, player, ranks, subjects, workers
from soaking.crew import Crew
from soaking.page import page
from soaking.tally import Tally

pytestmark = [
    # Where a disk is full, NumPy leaves a ZipFile open, at whose end Python 3.10 tries to write once more, and says so.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. .function ZipFile:pytest.PytestUnraisableExceptionWarning"
    ),
    # Ctrl-C may come while something is thrown away: Python then says so, and goes on.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored(.|\n)*KeyboardInterrupt:pytest.PytestUnraisableExceptionWarning"
    ),
]


TABLE = subjects.table


def small(rng: np.random.Generator) -> subjects.Network:
    """Return a network that needs no kernels."""
    made = subjects.MADE(4, hidden=(6,), dtype="float64", backend="numpy")
    x = rng.integers(0, 2, (60, 4))
    return subjects.Network(made, x, {"valid": x[:15], "max_epochs": 3, "rng": 0})


def small_density(rng: np.random.Generator, frame: Any) -> subjects.MADEDensity:
    """Return a density that is quickly asked, with the kernels that other tests have compiled."""
    return subjects.MADEDensity((6,), max_epochs=1, answers="any", order="natural", random_state=0)


def small_table(rng: np.random.Generator) -> Any:
    """Return a table of columns that all have kernels: atoms beside real numbers have none."""
    return TABLE(rng).assign(income=lambda frame: rng.lognormal(5, 1, len(frame)))


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (calm, damage, disks, interrupts, killed, memory, ranks, subjects):
        for name, made in (("network", small), ("density", small_density), ("table", small_table)):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, made)
        if hasattr(module, "TRIES"):
            monkeypatch.setattr(module, "TRIES", 4)
        if hasattr(module, "KILLS"):
            monkeypatch.setattr(module, "KILLS", 2)


def played(scene: Any, folder: Path) -> Tally:
    return player.played(scene, np.random.default_rng(0), folder)


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize(
    "scene", [each for each in player.SCENES if each is not workers.killed_worker], ids=lambda scene: scene.__name__
)
def test_nothing_is_wrong(scene: Any, tmp_path: Path) -> None:
    tally = played(scene, tmp_path)
    assert tally.calls
    assert not tally.wrong
    assert tally.survived == tally.faults


@pytest.mark.slow
def test_a_fit_whose_workers_are_killed_goes_on(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="distributed is not installed: the extra dask brings it")
    tally = played(workers.killed_worker, tmp_path)
    assert not tally.wrong
    assert tally.faults


def test_workers_are_left_alone_where_there_is_no_dask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workers, "find_spec", lambda name: None)
    assert played(workers.killed_worker, tmp_path) == Tally()
    assert "killed_worker is skipped: distributed is not installed" in capsys.readouterr().err


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("scene", [killed.killed_fit, ranks.killed_rank])
def test_a_fit_that_goes_on_to_something_else_is_found(
    scene: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = subjects.made_np.fit

    def forgetful(*arguments: Any, checkpoint: Any = None, **options: Any) -> Any:
        is_another = checkpoint is not None and checkpoint.name == "checkpoint"
        return fit(*arguments, **{**options, "rng": 1 if is_another else 0})

    monkeypatch.setattr(subjects.made_np, "fit", forgetful)
    assert any("went on differs" in each for each in played(scene, tmp_path).wrong)


def test_ranks_that_say_nothing_of_a_killed_one_are_found() -> None:
    whole = [(0, [1.0])] * 3
    killed_one = (-9, None)
    for fine in ((0, "rank 2 has gone: call again"), (0, [1.0])):
        assert ranks._wrong([killed_one, fine, fine], 0, whole) == []
    for bad in ((0, "all is well"), (0, [2.0]), (1, None)):
        assert len(ranks._wrong([killed_one, bad, (0, [1.0])], 0, whole)) == 1
    assert ranks._wrong([(1, None), (0, [1.0])], 0, whole) == ["a killed rank has ended with status 1"]


def test_a_child_gives_back_what_its_work_returns() -> None:
    assert Child(lambda: np.arange(3).tolist()).end(30.0) == (0, [0, 1, 2])
    assert Child(lambda: 1 / 0).end(30.0) == (1, None)
    ended = Child(lambda: "x" * 1_000_000)
    assert ended.end(30.0) == (0, "x" * 1_000_000)
    sleeper = Child(lambda: time.sleep(60))
    sleeper.kill()
    assert sleeper.end(30.0) == (-9, None)
    with pytest.raises(TimeoutError, match="has not ended"):
        Child(lambda: time.sleep(60)).end(0.05)


@contextmanager
def in_place(path: Any) -> Iterator[BinaryIO]:
    """Write as programs do that take no care."""
    with open(path, "wb") as file:
        yield file


@contextmanager
def unsynced(path: Any) -> Iterator[BinaryIO]:
    """Write beside, then rename what may not be on the disk."""
    beside = Path(f"{path}.new")
    with open(beside, "wb") as file:
        yield file
    disks.os.replace(beside, path)
    with open(Path(path).parent / "any", "wb") as other:
        disks.os.fsync(other.fileno())


@pytest.mark.usefixtures("_small")
def test_a_writer_that_takes_no_care_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from made_np.storage import archive, model_file

    writers = [module for module in (archive, model_file) if hasattr(module, "atomic_write")]
    assert writers
    for writer in writers:
        monkeypatch.setattr(writer, "atomic_write", in_place)
    assert any("full disk" in each for each in played(disks.full_disk, tmp_path).wrong)
    for writer in writers:
        monkeypatch.setattr(writer, "atomic_write", unsynced)
    assert any("power cut" in each for each in played(disks.power_cut, tmp_path).wrong)


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize(
    ("scene", "module"),
    [(interrupts.interrupted, interrupts), (interrupts.threads, interrupts), (memory.little_memory, memory)],
    ids=["Ctrl-C", "threads", "memory"],
)
def test_answers_that_change_are_found(
    scene: Any, module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def forgetful(*_: Any) -> list[Any]:
        asked.append(0)
        return [np.array(len(asked) > 1)]

    monkeypatch.setattr(module, "answers_of", forgetful)
    assert played(scene, tmp_path).wrong


@pytest.mark.parametrize("is_hidden", [True, False], ids=["hidden", "while it cleans up"])
def test_an_error_in_place_of_ctrl_c_is_wrong_unless_a_library_hides_it(is_hidden: bool) -> None:
    def work() -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise TypeError("no common dtype") from (error if is_hidden else None)

    if is_hidden:
        interrupts.press_ctrl_c(work, 9)
    else:
        with pytest.raises(TypeError, match="common"):
            interrupts.press_ctrl_c(work, 9)


def test_a_reader_that_does_not_look_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def trusting(rng: np.random.Generator, folder: Path) -> tuple[Path, Any]:
        (folder / "numbers.made").write_bytes(np.arange(64.0).tobytes())
        return folder / "numbers.made", lambda path: np.frombuffer(path.read_bytes())

    monkeypatch.setattr(damage, "KINDS", (trusting,))
    wrong = played(damage.damaged_file, tmp_path).wrong
    assert any("read as something else" in each for each in wrong)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (np.float32([1]), np.float64([1])),
        (np.array([0.0]), np.array([-0.0])),
        ([1, 2], [1]),
        (np.array(["a", None], object), np.array(["a", "b"], object)),
    ],
)
def test_what_differs_is_not_the_same(a: Any, b: Any) -> None:
    assert subjects.same(a, a)
    assert not subjects.same(a, b)


PLAYER = """if True:
    import faulthandler, json, os, signal, sys, time
    faulthandler.register(signal.SIGUSR1)
    seed = int(sys.argv[1])
    print(json.dumps({"begun": seed}), flush=True)
    if seed % 3 == 1:
        time.sleep(0.5)
        os.abort()
    if seed % 3 == 2:
        time.sleep(60)
    tally = {"calls": 1, "faults": 1, "survived": 0, "hung": 0, "wrong": ["a fault"]}
    print(json.dumps({"seed": seed, "scene": "work", "tally": tally}), flush=True)
    time.sleep(60)
"""


def test_players_that_die_or_hang_are_counted_and_replaced(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "player.py").write_text(PLAYER)
    with Crew(0, 3, [str(tmp_path / "player.py")], longest=2.0) as crew:
        kinds = ("work", "round that died", "round that hung")  # any of them may be late to start
        while not all(crew.tallies[kind].wrong for kind in kinds) or crew.tallies["round that hung"].hung < 2:
            crew.watch(0.2)
        assert re.fullmatch(r"--seed \d+: a fault", crew.tallies["work"].wrong[0])
        assert re.fullmatch(r"--seed \d+ died, status -6", crew.tallies["round that died"].wrong[0])
        assert all(re.fullmatch(r"--seed \d+ hung", told) for told in crew.tallies["round that hung"].wrong)
    assert "player.py" in capfd.readouterr().err  # where those hung


def test_one_round_is_played_again_and_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def scene(rng: np.random.Generator, folder: Path, tally: Tally) -> None:
        raise OSError(f"no {rng.integers(1000)}")

    monkeypatch.setattr(player, "SCENES", (scene,))
    assert soak.main(["--seed", "17"]) == 1
    first = capsys.readouterr().out
    assert "OSError: no " in first
    assert soak.main(["--seed", "17"]) == 1
    assert capsys.readouterr().out == first


def test_scenes_can_be_chosen() -> None:
    for seed in range(5):
        assert player.play(seed, ["power_cut"])[0] == "power_cut"


def test_the_page_has_the_counts() -> None:
    told = page({"full_disk": Tally(4, 3, 3), "round_that_hung": Tally(hung=1, wrong=["--seed 5 hung"])}, 7, 12.0)
    assert "| full disk | 4 | 3 | 3 | 0 | 0 |" in told
    assert "| **all** | 4 | 3 | 3 | 1 | 1 |" in told
    assert "7 rounds" in told
    assert "- --seed 5 hung" in told
