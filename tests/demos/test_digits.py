"""The demo runs from nothing to pictures, and what it compares with is computed right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from made_np import MADEDensity
from made_np.cli import main
from made_np.datasets import load_digits
from made_np.demos.digits import FILES, SMALL, gaussian_mixture, independent_pixels

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")


def test_demo_writes_pictures_and_models_and_prints_losses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "demo"
    assert main(["demo", "--out", str(out), "--epochs", "1", "--quiet"]) == 0
    text = capsys.readouterr().out
    expected = [*(out / name for name in SMALL), *(out / kind / name for kind in ("binary", "grey") for name in FILES)]
    assert sorted(path for path in out.rglob("*") if path.is_file()) == sorted(expected)
    for path in expected:
        assert str(path) in text
        assert path.read_bytes()[:4] == (b"\x89PNG" if path.suffix == ".png" else b"PK\x03\x04")
    for kind, levels in (("binary", 2), ("grey", 17)):
        loss = -MADEDensity.load(out / kind / "model.npz").score(load_digits(levels=levels).test)
        assert f"{loss:.2f}" in text
    assert text.count("nats per image") == text.count("bits/dim") == 2
    assert text.count("independent pixels") == text.count("Gaussians (") == 2
    assert text.index("MADE 8-16-8") < text.index("binary digits")
    # what a newcomer is sent to next is small enough to follow
    model = out / "network.npz"
    assert f"made-np inspect {model} " in text.splitlines()[-1]
    assert main(["inspect", str(model)]) == 0
    said = capsys.readouterr().out
    assert len(said.splitlines()) <= 60
    assert "15 of the 15 dependencies" in said


def test_independent_pixels_are_a_distribution() -> None:
    train = np.array([[0, 2], [1, 2], [1, 0]])
    every = np.array([[a, b] for a in range(3) for b in range(3)])
    log_prob = independent_pixels(train, every, 3)
    np.testing.assert_allclose(np.exp(log_prob).sum(), 1)
    np.testing.assert_allclose(np.exp(log_prob[5]), (3 / 6) * (3 / 6))


def test_a_mixture_of_gaussians_gives_each_image_a_mass_in_nats() -> None:
    digits = load_digits(levels=17)
    name, log_mass = gaussian_mixture(digits, seed=0)
    assert "Gaussians" in name
    assert log_mass.shape == (300,)
    # Better than grey levels at random, worse than what the model reaches after one epoch or so.
    assert 85 < -log_mass.mean() < 64 * np.log(17)


def test_demo_refuses_a_folder_that_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "demo").touch()
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_demo_looks_at_its_files_before_it_learns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "grey" / "model.npz").mkdir(parents=True)
    assert main(["demo", "--out", str(tmp_path), "--quiet"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "model.npz is a folder" in captured.err
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []


def test_images_of_other_levels_are_refused() -> None:
    x = np.array([[0, 1], [1, 1]])
    with pytest.raises(ValueError, match=r"x holds other values than the integers 0..1"):
        independent_pixels(x, x + 1, 2)
    with pytest.raises(ValueError, match="train holds other values"):
        independent_pixels(x / 2, x, 2)
    with pytest.raises(ValueError, match="x has 1 columns, train 2"):
        independent_pixels(x, x[:, :1], 2)
    with pytest.raises(ValueError, match="give rows of pixels"):
        independent_pixels(x[0], x, 2)
    with pytest.raises(TypeError, match="levels='2'"):
        independent_pixels(x, x, "2")
    with pytest.raises(TypeError, match="digits is a ndarray"):
        gaussian_mixture(x, 0)
    with pytest.raises(ValueError, match="seed=-1"):
        gaussian_mixture(load_digits(), -1)


@pytest.mark.parametrize("module", ["sklearn", "matplotlib"])
def test_demo_says_what_to_install(tmp_path: Path, module: str) -> None:
    code = (
        "import importlib.util as u, sys; find = u.find_spec\n"
        f"u.find_spec = lambda name, *a: None if name == {module!r} else find(name, *a)\n"
        "from made_np.cli import main; sys.exit(main(['demo', '--out', sys.argv[1]]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "d")], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert 'run pip install ".[plot,sklearn]" in made_np\'s source folder' in done.stderr
    assert not list(tmp_path.iterdir())
