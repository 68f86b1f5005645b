"""The MADE on one page is the one of made_np, number by number, in Python's own library alone."""

from __future__ import annotations

import ast
import random
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from made_np import MADE, learn, optim
from made_np.datasets import load_binary

FILE = Path(learn.__file__).with_name("micromade.py")
MICRO = runpy.run_path(str(FILE))
NEAR = 1e-12

Array = NDArray[Any]


def same(n_features: int, n_hidden: int, seed: int, n_rows: int = 7) -> tuple[MADE, Array, Array, Any]:
    """A MADE, a theta in which no number is 0, rows, and the masks of the page."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(n_features)
    made = MADE(n_features, (n_hidden,), order=order, activation="tanh", direct=False, dtype="float64", backend="numpy")
    theta = rng.normal(0, 2, made.n_params)
    x = rng.integers(0, 2, (n_rows, n_features)).astype(float)
    return made, theta, x, MICRO["make_masks"](order.tolist(), n_hidden)


@pytest.mark.parametrize(("n_features", "n_hidden"), [(2, 1), (4, 3), (5, 4), (8, 16), (16, 32), (9, 5)])
def test_masks_loss_and_gradient_are_those_of_made_np(n_features: int, n_hidden: int) -> None:
    for seed in range(5):
        made, theta, x, masks = same(n_features, n_hidden, seed)
        for mask, want in zip(masks, made.mask_sets[0].masks, strict=True):
            assert np.array_equal(mask, want)
        loss, grad = MICRO["loss_and_grad"](theta.tolist(), masks, x.tolist())
        want_loss, want_grad = made.loss_and_grad(theta, x)
        assert abs(loss - want_loss) <= NEAR * max(1, want_loss)
        assert np.abs(np.array(grad) - want_grad).max() <= NEAR
        off = np.concatenate([~np.ravel(masks[0]), [False] * n_hidden, ~np.ravel(masks[1]), [False] * n_features])
        assert not np.array(grad)[off].any()


def test_log_prob_sums_to_one_over_all_rows() -> None:
    made, theta, _, masks = same(6, 8, 0)
    every = [[float(code >> d & 1) for d in range(6)] for code in range(64)]
    log_prob = MICRO["log_prob"](MICRO["forward"](theta.tolist(), masks, every)[1], every)
    assert np.abs(np.array(log_prob) - made.log_prob(theta, every)).max() <= 1e-11
    assert abs(np.exp(log_prob).sum() - 1) <= NEAR


def test_large_numbers_do_not_overflow() -> None:
    made, theta, x, masks = same(4, 3, 1)
    loss, grad = MICRO["loss_and_grad"]((1e6 * theta).tolist(), masks, x.tolist())
    want, want_grad = made.loss_and_grad(1e6 * theta, x)
    assert loss == pytest.approx(want, rel=NEAR)
    assert np.allclose(grad, want_grad, rtol=0, atol=NEAR)


def test_samples_are_those_of_made_np() -> None:
    made, theta, _, masks = same(6, 8, 2)
    uniforms = np.random.default_rng(3).random((40, 6))
    order = made.mask_sets[0].order.tolist()
    drawn = [MICRO["sample"](theta.tolist(), masks, order, u) for u in uniforms.tolist()]
    assert np.array_equal(drawn, made.sample(theta, 40, uniforms=uniforms))


def test_its_adam_is_the_one_of_made_np() -> None:
    rng = np.random.default_rng(0)
    mine = rng.normal(size=9)
    theta, m, v = mine.tolist(), [0.0] * 9, [0.0] * 9
    rule = optim.Adam()
    state = rule.init(mine)
    for t in range(1, 30):
        grad = rng.normal(size=9)
        MICRO["adam"](theta, grad.tolist(), m, v, t, 0.01)
        rule.step(mine, grad, state, 0.01)
        assert np.abs(np.array(theta) - mine).max() <= NEAR


def test_training_is_adam_on_the_gradient(capsys: pytest.CaptureFixture[str]) -> None:
    x = MICRO["pixels"](60, random.Random(0))
    masks = MICRO["make_masks"](list(range(8)), 4)
    before = [list(row) for row in x]
    theta = MICRO["train"](x, masks, 3, batch=20)
    assert x == before
    again = MICRO["train"](x, masks, 3, batch=20)
    assert theta == again
    first, _, last = capsys.readouterr().out.splitlines()[:3]
    assert float(last.split()[2]) < float(first.split()[2])
    weights = np.array(theta)[: 4 * 8].reshape(4, 8)
    assert not weights[~np.array(masks[0])].any()


def test_it_reads_what_numpy_wrote(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for n_bits in (1, 7, 8, 9, 16, 20):
        bits = rng.integers(0, 2, (11, n_bits)).astype(np.uint8)
        for write in (np.savez, np.savez_compressed):
            write(tmp_path / "bits.npz", train=np.packbits(bits, axis=1), n_features=n_bits)
            assert np.array_equal(MICRO["read"](str(tmp_path / "bits.npz"), "train"), bits)


def test_it_is_one_page_that_imports_nothing_else() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert text.count("\n") <= 200
    tree = ast.parse(text)
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the page with Python's own library: -S leaves out what is installed, -I leaves out this folder."""
    command = [sys.executable, "-I", "-S", str(FILE), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_runs_without_any_package() -> None:
    done = run()
    lines = done.stdout.splitlines()
    assert len(lines) == 10 + 2 + 5
    assert "sum of p(x) over all 256 rows: 1.000000000000" in lines
    assert float(lines[10].split()[1]) < 5.0  # independent pixels: 5.5 nats
    assert all(set(line.removeprefix("drawn: ")) <= {".", "#"} for line in lines[12:])
    assert done.stderr == ""


def test_a_file_that_is_none_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no")
    np.savez(tmp_path / "other.npz", a=1)
    for name in ("missing.npz", "text.npz", "other.npz"):
        done = run(tmp_path / name)
        assert done.returncode == 1
        assert done.stderr.startswith("micromade: ")
        assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_it_beats_a_chow_liu_tree(data_dir: Path) -> None:
    path = data_dir / "nltcs.npz"
    assert np.array_equal(MICRO["read"](str(path), "test"), load_binary("nltcs", data_dir).test)
    lines = run(path).stdout.splitlines()
    assert float(lines[10].removeprefix("test: ").split()[0]) < 6.1  # the tree: 6.76
    assert lines[11] == "sum of p(x) over all 65536 rows: 1.000000000000"
