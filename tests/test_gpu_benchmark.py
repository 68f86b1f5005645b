"""The benchmark on a GPU, rehearsed without one: what it prints, whom it measures, what it does about failures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from benchmark.device.contender import CONTENDERS, Measure, Setting  # noqa: E402
from benchmark.device.lines import BEST_COMPILED, head, line  # noqa: E402
from benchmark.device.reference import Reference, check_sample  # noqa: E402
from benchmark.device.shapes import SHAPES, Given, Shape  # noqa: E402
from benchmark.device.turns import targets_of  # noqa: E402
from benchmark.device.worker import Failed, Worker  # noqa: E402
from benchmark.report import Result, Target  # noqa: E402

SMALL = [shape.small() for shape in SHAPES]


def bench(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the benchmark for a GPU; `folder` is where Python looks for packages first."""
    command = [sys.executable, str(SCRIPTS / "bench.py"), "--device", "cuda", "--seconds", "100", *arguments]
    path = os.pathsep.join(str(place) for place in (folder, SCRIPTS.parent) if place is not None)
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True)


def rows(printed: str) -> dict[str, list[str]]:
    """The cells of the table, by the name of the row."""
    table = [line.strip("|").split(" | ") for line in printed.splitlines() if line.startswith("|")]
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in table[2:]}


# ------------------------------------------------------------------------------------------- a rehearsal


def test_ours_alone_is_measured_in_every_row(tmp_path: Path) -> None:
    done = bench("--rehearse", "numpy", "--peers", "--only", "24-200", "columns", "--json", str(tmp_path / "r.json"))
    found = rows(done.stdout)
    assert len(found) == 8
    assert {name.split(",")[0] for name in found} == {"step", "sample", "score"}
    for unit, ours, *_ in found.values():
        median, p10 = map(float, ours.split(" / "))
        assert unit == "ms"
        assert median >= p10 > 0
    stored = json.loads((tmp_path / "r.json").read_text())
    assert stored["failures"] == []
    assert [row["name"] for row in stored["results"]] == list(found)
    assert all(len(turns) == 3 for row in stored["results"] for turns in [row["values"]["ours"]])


@pytest.mark.parametrize("peer", ["torch", "jax"])
def test_peers_are_measured_and_agree(peer: str) -> None:
    pytest.importorskip(peer)
    done = bench("--rehearse", "numpy", "--peers", peer, "--only", "24-200", "columns")
    assert "FAILED" not in done.stdout
    for name, (_, ours, eager, *_, jax, other, _, _) in rows(done.stdout).items():
        assert ours
        if name.startswith("sample") and peer == "torch":
            assert "torch loop of D passes" in other
        elif not name.startswith("sample"):
            assert "x)" in (eager if peer == "torch" else jax)


def test_list_names_the_rows_of_the_five_shapes() -> None:
    names = bench("--list").stdout.splitlines()
    assert len(names) == 4 * len(SHAPES) == 20
    assert "step, batch 100, 784-8000-8000-784, 32 mask sets" in names
    assert "sample, 10000 rows, 64 columns of 17 values, hidden 500" in names


# ------------------------------------------------------------------------------------------- failures


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise ImportError('built for another driver')", "ImportError: built for another driver"),
        ("import os\nos._exit(7)", "its process ended with 7"),
    ],
)
def test_a_peer_that_fails_is_named_and_the_others_go_on(tmp_path: Path, code: str, words: str) -> None:
    (tmp_path / "jax.py").write_text(code)
    done = bench("--rehearse", "numpy", "--peers", "jax", "--only", "step, batch 20, 24-12", folder=tmp_path)
    ((name, (_, ours, *_, jax, _, _, _)),) = rows(done.stdout).items()
    assert " / " in ours
    assert jax == "failed"
    assert f"FAILED: {name}, JAX jit: {words}" in done.stdout
    assert words in done.stderr  # at once


def test_a_process_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "jax.py").write_text("import time\ntime.sleep(100)")
    path = os.pathsep.join([str(tmp_path), str(SCRIPTS), str(SCRIPTS.parent)])
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.syspath_prepend(str(tmp_path))  # what a spawned process is given
    worker = Worker("jax", Setting(SMALL[0], "cpu", "numpy"))
    with pytest.raises(Failed, match="took longer than 1 s"):
        worker.ask(1.0, "about")
    assert worker.spoiled
    with pytest.raises(Failed, match="its process ended"):
        worker.ask(1.0, "about")


@pytest.mark.skipif(find_spec("cupy") is not None, reason="CuPy is here")
def test_without_cupy_the_table_says_that_ours_failed() -> None:
    done = bench("--quick", "--peers", "--only", "step, batch 20, 24-12")
    ((_, (_, ours, *_)),) = rows(done.stdout).items()
    assert ours == "failed"
    assert "FAILED: step, batch 20, 24-12-24, ours: " in done.stdout


# ------------------------------------------------------------------------------------------- what is compared


@pytest.mark.parametrize("shape", SMALL, ids=lambda shape: shape.name)
def test_masks_that_follow_from_degrees_are_those_of_the_model(shape: Shape) -> None:
    given = Given(shape)
    for k in range(shape.n_masks):
        layers = list(given.layers(k))
        assert [layer.weights for layer in layers] == [f"W{n}" for n in range(len(shape.hidden) + 1)]
        for layer, mask in zip(layers, given.made.mask_sets[k].masks, strict=True):
            above = layer.above[:, None]
            assert np.array_equal(above > layer.below if layer.is_last else above >= layer.below, mask)


@pytest.fixture(scope="module", params=[0, 2, 4], ids=lambda k: SMALL[k].name)
def given(request: pytest.FixtureRequest) -> Given:
    """Of one mask set, of several, of categories."""
    return Given(SMALL[request.param])


def test_the_reference_refuses_what_is_off_by_a_thousandth(given: Given, tmp_path: Path) -> None:
    reference = Reference(tmp_path)
    reference.write(given)
    first = given.batch(0)
    loss, gradient = given.made.loss_and_grad(given.theta, first)
    views = given.made.layout.views
    reference.check_gradient(given, loss, views(gradient))
    with pytest.raises(ArithmeticError, match="loss"):
        reference.check_gradient(given, 1.001 * loss, views(gradient))
    for name in views(gradient):
        wrong = gradient.copy()
        views(wrong)[name] *= 1.001
        with pytest.raises(ArithmeticError, match=f"gradient of {name}"):
            reference.check_gradient(given, loss, views(wrong))
    scores = given.made.log_prob(given.theta, given.rows[: given.shape.scored], mask_set=0)
    reference.check_scores(scores)
    with pytest.raises(ArithmeticError, match="log_prob"):
        reference.check_scores(1.001 * scores)
    with pytest.raises(ArithmeticError, match="change of W0"):
        reference.check_change(given, views(0 * gradient))


def test_a_sample_is_checked_value_by_value(given: Given) -> None:
    uniforms = given.uniforms(30)
    x = given.made.sample(given.theta, 30, uniforms=uniforms, mask_set=0)
    check_sample(given, x, uniforms)
    last = given.made.mask_sets[0].order[-1]  # no other feature hears of it
    for row in range(30):
        wrong = x.copy()
        wrong[row, last] = (x[row, last] + 1) % given.shape.n_values
        with pytest.raises(ArithmeticError, match=f"row {row}, feature {last}"):
            check_sample(given, wrong, uniforms)


# ------------------------------------------------------------------------------------------- lines


def test_a_line_says_who_was_measured_who_failed_and_whether_the_target_was_reached() -> None:
    values: dict[str, Any] = {"ours": [[2.0, 2.0]], "torch.compile": [[5.0]], "torch.compile, CUDA graph": [[3.0]]}
    result = Result("step", "ms", values, targets=(Target(BEST_COMPILED, 1.5), Target("torch loop of D passes", 100)))
    cells = line(result, {"JAX jit": "why"}).strip("| ").split(" | ")
    assert cells[2:] == [
        "2 / 2", "", "5 / 5 (2.5x)", "3 / 3 (1.5x)", "failed", "", "1.5x", "1.5 of 1.5x the best of torch.compile",
    ]  # fmt: skip
    assert head().splitlines()[0].count("|") == line(result, {}).count("|")
    values["torch.compile, CUDA graph"] = [[2.0]]
    assert line(result, {}).endswith("1 of 1.5x the best of torch.compile: missed |")
    assert "3 / 3 |" in line(Result("step", "ms", {"torch eager": [[3.0]]}), {"ours": "why"})


def test_targets_ask_more_of_staircases_that_pay() -> None:
    step = {shape.name: next(targets_of(Measure("step", 100), shape)).at_least for shape in SHAPES}
    assert {name for name, least in step.items() if least > 1} == {
        "784-8000-8000-784, 32 mask sets",
        "4096-1024-1024-4096",
    }
    assert {name for each in CONTENDERS.values() for name in each.get("sample", ())} >= {
        target.against for target in targets_of(Measure("sample", 100), SHAPES[0])
    }
