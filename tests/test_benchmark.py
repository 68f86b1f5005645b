"""The benchmark on a CPU: whom it holds ours against, who is fastest of all, who agrees, when clocks run."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

import numpy as np
import pytest

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
sys.path.insert(0, str(SCRIPTS))

import bench  # noqa: E402
from benchmark import check, cores, crowded, timing  # noqa: E402
from benchmark.cases import Settings  # noqa: E402
from benchmark.machine import Machine  # noqa: E402
from benchmark.ours import Ours  # noqa: E402
from benchmark.problem import Problem, Trainer  # noqa: E402
from benchmark.report import FASTEST, OURS_BF16, PEERS, Result, Target, table  # noqa: E402

from made_np import MADE  # noqa: E402


def small_problem() -> Problem:
    return Problem.random(MADE(9, (7, 6), direct=True, backend="numpy"), 5, n_batches=2)


# ------------------------------------------------------------------------------------------- the fastest of all


def test_the_fastest_of_all_is_the_one_whose_ratio_is_least_and_is_named() -> None:
    values = {"ours": [[1.0]], "torch eager": [[4.0]], "torch eager, bf16": [[2.5]], "another": [[2.0]]}
    result = Result("step", "ms", values, targets=(Target(FASTEST, 2.0),))
    assert result.fastest() == "torch eager, bf16"
    assert result.reached(result.targets[0]) == 2.5
    row = table([result], Machine(1.0, 1.0)).splitlines()[-1]
    assert "2.5x (torch eager, bf16)" in row
    assert "2.5 of 2x the fastest peer" in row
    assert OURS_BF16 not in row
    rounds = Result("step", "ms", {**values, OURS_BF16: [[0.5]]})
    assert f"2.5x (torch eager, bf16); {OURS_BF16} 5x" in table([rounds], Machine(1.0, 1.0))
    assert result.to_dict(Machine(1.0, 1.0))["fastest_peer"] == "torch eager, bf16"


def test_nobody_is_fastest_where_nobody_ran() -> None:
    result = Result("step", "ms", {"ours": [[1.0]]}, targets=(Target(FASTEST, 2.0),))
    assert result.fastest() is None
    assert result.reached(result.targets[0]) is None


def test_every_peer_has_a_twin_of_bf16() -> None:
    plain = [name for name in PEERS if not name.endswith(cores.BF16)]
    assert [f"{name}{cores.BF16}" for name in plain if name != "ONNX Runtime"] == [n for n in PEERS if n not in plain]


# ------------------------------------------------------------------------------------------- who takes part


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("flags\t\t: fpu avx512f avx512_bf16 fsrm", True),
        ("flags\t\t: fpu amx_bf16 fsrm", True),
        ("Features\t: fp asimd bf16 i8mm", True),
        ("flags\t\t: fpu avx512f avx512_vnni", False),
    ],
)
def test_bf16_is_there_where_the_system_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, has: bool
) -> None:
    monkeypatch.setattr(cores, "CPUINFO", tmp_path / "cpuinfo")
    assert not cores.has_bf16()
    (tmp_path / "cpuinfo").write_text(text + "\n")
    assert cores.has_bf16() is has


def test_who_is_not_timed_is_named_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "find_spec", lambda name: None if name in ("jax", "onnx") else object())
    monkeypatch.setattr(bench, "has_bf16", lambda: False)
    assert list(bench.not_timed(["torch", "jax", "onnx"])) == [
        "not timed: jax, as jax cannot be imported (pip install jax)",
        "not timed: onnx, as onnx cannot be imported (pip install onnx)",
        "not timed: products of bf16, as this processor has no instructions for them",
    ]


# ------------------------------------------------------------------------------------------- who agrees


def peers(library: str, problem: Problem, rounded: bool) -> Trainer:
    if library == "torch":
        pytest.importorskip("torch")
        from benchmark.peers_torch import TorchTrainer

        return TorchTrainer(problem, rounded=rounded)
    pytest.importorskip("jax")
    from benchmark.peers_jax import JaxTrainer

    return JaxTrainer(problem, rounded=rounded)


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("library", ["torch", "jax"])
def test_peers_agree_with_ours_and_bf16_rounds(library: str, rounded: bool) -> None:
    problem = small_problem()
    ours = Ours(problem)
    peer = peers(library, problem, rounded)
    assert peer.rounded is rounded
    assert peer.name.endswith(cores.BF16) is rounded
    check.same_gradient([ours, peer])
    distances = [check.distance(peer.gradient()[1][name], g) for name, g in ours.gradient()[1].items()]
    assert (max(distances) > check.RTOL) is rounded
    check.same_step([ours, peer])


def test_a_peer_that_rounds_is_not_held_to_all_digits_and_another_is() -> None:
    ours = Ours(small_problem())
    other = Ours(small_problem())
    other.theta *= 1.01
    with pytest.raises(ArithmeticError, match="ours and ours disagree on the"):
        check.same_gradient([ours, other])
    other.rounded = True
    check.same_gradient([ours, other])


def test_onnx_scores_as_ours() -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    from benchmark.peers_onnx import OnnxLogProb

    problem = small_problem()
    x = problem.batches[0]
    ours = problem.made.log_prob(problem.theta, x, mask_set=0)
    check.same_log_prob("ONNX Runtime", ours, OnnxLogProb(problem.start(), problem.masks[0], x)())


# ------------------------------------------------------------------------------------------- when clocks run


def test_blocks_run_in_turn_each_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(time, "sleep", lambda seconds: seen.append(f"pause {seconds:g}"))
    times = timing.race({name: lambda i, name=name: seen.append(name) for name in "ab"}, rounds=2, turn=1e-4)
    blocks = [entry for entry, before in zip(seen, [None, *seen], strict=False) if entry != before]
    pause = f"pause {1e-4 / timing.TURN * timing.PAUSE:g}"
    assert blocks == [pause, "a", pause, "b", pause, "b", pause, "a"]
    assert [len(turns) for turns in times.values()] == [2, 2]
    assert all(np.concatenate(turns).min() >= 0 for turns in times.values())


# ------------------------------------------------------------------------------------------- beside busy processes


def ticks(pid: str) -> int:
    """What a process has had of the processor, in ticks of its clock."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return int(user) + int(system)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
def test_neighbours_are_busy_and_end_with_the_block() -> None:
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    before = set(listed.read_text().split())
    with crowded.neighbours(2):
        children = set(listed.read_text().split()) - before
        assert len(children) == 2
        begun = [ticks(child) for child in children]
        time.sleep(0.3)
        assert any(ticks(child) > start for child, start in zip(children, begun, strict=True))
    assert not any(Path(f"/proc/{child}").exists() for child in children)


def test_a_step_beside_busy_processes_says_how_much_slower_it_is() -> None:
    result = crowded.crowded_case(Settings(frozenset(), 1, 1e-3, quick=True)).run()
    assert result.name == f"step beside {cores.threads()} busy processes 98-125-125-98 B128"
    assert re.fullmatch(r"as long as alone: ours \d+\.\d\dx(, ours, bf16 \d+\.\d\dx)?", result.notes)
    alone, beside = {"a": [[1.0, 2.0], [3.0]]}, {"a": [[5.0, 3.0], [4.0]]}
    trainer = Ours(small_problem())
    trainer.name = "a"
    assert crowded.slowdowns([trainer], alone, beside) == "as long as alone: a 2.00x"
