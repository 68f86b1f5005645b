"""`made-np check`: 0 if all is well, 1 if a check fails, 2 and one line on stderr if there is nothing to check."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import small

import made_np
from made_np import (
    MADE,
    Categorical,
    DiscretizedLogistic,
    Gaussian,
    MixtureOfGaussians,
    MixtureOfLogistics,
)
from made_np.cli import main
from made_np.testing.__main__ import main as checks

RECIPES = Path(__file__).parents[1] / "recipes"
N_CHECKS = len(list(made_np.testing.checks(made_np.testing.Adapter(n_features=1))))

MODELS: dict[str, dict[str, Any]] = {
    "binary, float32": {"n_features": 5, "hidden": (16, 16)},
    "mixed outputs": {"n_features": 3, "hidden": (12,), "output": [Categorical(3), Gaussian(), DiscretizedLogistic(4)]},
    "context": {"n_features": 4, "hidden": (16,), "n_context": 2},
    "three mask sets": {"n_features": 4, "hidden": (12,), "order": "random", "n_masks": 3},
    "endless mask sets": {"n_features": 4, "hidden": (12,), "degrees": "random", "n_masks": None},
    "one feature": {"n_features": 1, "hidden": (4,)},
    "Gaussian": {"n_features": 2, "hidden": (8,), "output": "gaussian", "dtype": "float64"},
    "mixtures": {"n_features": 2, "hidden": (8,), "output": [MixtureOfGaussians(3), MixtureOfLogistics(2)]},
    "residual": {"n_features": 4, "hidden": (9, 9, 9), "residual": True, "activation": "tanh"},
    "mask weights": {"n_features": 4, "hidden": (12,), "order": "random", "n_masks": 2, "mask_weights": True},
    "linear": {"n_features": 4, "hidden": ()},
    "too narrow": {"n_features": 6, "hidden": (5, 2), "direct": False},
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty current folder; what a command adds to the path of modules is taken back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


def save(name: str, path: Path, scale: float = 0.7) -> MADE:
    """A file of a model with random parameters, those off the masks too."""
    made = MADE(**MODELS[name])
    theta = scale * np.random.default_rng(0).standard_normal(made.n_params)
    made_np.save(path, made, theta.astype(made.dtype))
    return made


def refused(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    """The one line that check says before it gives up."""
    assert main(["check", *map(str, argv)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("made-np check: ")
    return captured.err


# ------------------------------------------------------------------------------------------------- stored models


@pytest.mark.parametrize("name", MODELS)
def test_a_stored_model_passes(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(name, here / "model.npz")
    status = main(["check", str(here / "model.npz")])
    text = capsys.readouterr().out
    assert status == 0, text
    assert text.startswith("mask set 0: all right")
    assert text.count("passed") >= 5


def test_a_model_of_its_training_is_not_blamed_for_narrow_conditionals(here: Path) -> None:
    made = MADE(2, hidden=(), output="gaussian", dtype="float64")
    theta = np.zeros(made.n_params)
    views = made.layout.views(theta)
    views["b0"][:] = [50.0, -3.0, 0.0, -9.0]  # the second column is the first one, to a thousandth
    views["W_direct"][2, 0] = 1.0
    made_np.save(here / "narrow.npz", made, theta)
    assert main(["check", str(here / "narrow.npz")]) == 0


def test_what_is_checked_is_listed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("context", here / "model.npz")
    assert main(["check", str(here / "model.npz")]) == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()[2:]}
    for check in ["masks", "autoregressive", "context", "normalised", "sampler", "gradient", "consistency_params"]:
        assert " passed " in rows[check]
    assert "every entry is swept" in rows["gradient_directions"]


def test_each_mask_set_can_be_checked(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("three mask sets", here / "model.npz")
    assert main(["check", str(here / "model.npz"), "--mask-set", "2", "--seed", "5"]) == 0
    assert capsys.readouterr().out.startswith("mask set 2: all right")
    assert "--mask-set" in refused(capsys, here / "model.npz", "--mask-set", 3)


def test_a_model_of_the_estimator_passes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    rain = rng.random(200) < 0.4
    x = np.column_stack([rain, np.where(rain, rng.integers(1, 4, 200), 0), 100 + 20 * rain + rng.normal(0, 5, 200)])
    small().fit(x).save(here / "rain.npz")
    status = main(["check", str(here / "rain.npz")])
    assert status == 0, capsys.readouterr().out


def test_a_model_that_found_nothing_passes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = MADE(6, (8,))
    start = made.init(0, np.random.default_rng(0).random((150, 6)) < 0.4)  # the best that there is for noise
    made_np.save(here / "noise.npz", made, start)
    assert main(["check", str(here / "noise.npz")]) == 0
    assert capsys.readouterr().out.startswith(f"mask set 0: all right, {N_CHECKS - 4} of {N_CHECKS} passed")


def test_of_parameters_that_are_no_numbers_nothing_is_proved(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = MADE(3, (4,))
    made_np.save(here / "nan.npz", made, np.full(made.n_params, np.nan, np.float32))
    assert "nan" in refused(capsys, here / "nan.npz")


def test_a_fault_in_the_code_fails_a_stored_model(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save("binary, float32", here / "model.npz")
    monkeypatch.setattr("made_np.masks.sets.make_mask", lambda out, into, strict=False: out[:, None] >= into)
    assert main(["check", str(here / "model.npz")]) == 1
    assert "output 0 <- input 0" in capsys.readouterr().out


# ------------------------------------------------------------------------------------------------- anyone's code


def test_anyones_code_in_the_current_folder(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "their_made.py").write_text((RECIPES / "numpy_made.py").read_text())
    assert main(["check", "their_made:factory"]) == 0
    assert capsys.readouterr().out.startswith(f"NumPy MADE: all right, {N_CHECKS - 7} of {N_CHECKS} passed")
    assert main(["check", "their_made:faulty"]) == 1
    text = capsys.readouterr().out
    assert "NumPy MADE: 1 checks FAILED" in text
    assert "gradient FAILED" in text
    assert "1/B" in text


def test_an_adapter_need_not_be_made_by_a_function(here: Path) -> None:
    source = "import numpy as np\nfrom made_np.testing import Adapter\n"
    source += "class Models:\n    coin = Adapter(n_features=2, log_prob=lambda x: (x - 0.5).prod(1) * 0 - np.log(4))\n"
    (here / "their_coin.py").write_text(source)
    assert main(["check", "their_coin:Models.coin"]) == 1  # the same for every row: nothing was exercised


# ------------------------------------------------------------------------------------------------- nothing to check

BAD_TARGETS = {
    "no_such_module_at_all:factory": "No module named",
    "made_np.testing:no_such_name": "no_such_name",
    "made_np:MADE.config": "raises TypeError",
    "made_np.testing:suite": "raises TypeError",
    "made_np:__version__": "must be, or return, an Adapter",
    "their_broken:factory": "raises ZeroDivisionError: division by zero (their_broken.py, line 2)",
    "their_broken:nothing": "gives a NoneType",
    "their_syntax:factory": "raises SyntaxError",
    "made_np:": "must look like package.module:factory",
}


@pytest.mark.parametrize("target", BAD_TARGETS)
def test_a_bad_target_is_one_line(target: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "their_broken.py").write_text("def factory():\n    return 1 / 0\n\ndef nothing():\n    pass\n")
    (here / "their_syntax.py").write_text("def factory(:\n")
    line = refused(capsys, target)
    assert target in line
    assert BAD_TARGETS[target] in line


NOTHING = """
import sys
from made_np.testing import Adapter

def bare():
    return Adapter(n_features=2, name="\u0441")

def named():
    return Adapter(n_features=2, order=[1, 0], support=(0, 1), theta=[0.0], loss=sum, n_context=1)

def leaving():
    sys.exit(0)

def lazy():
    return Adapter(n_features=2, params=lambda x: sys.exit(0))
"""


@pytest.mark.parametrize("program", ["made-np check", "made_np.testing"])
def test_where_there_is_nothing_to_check_nothing_is_all_right(
    program: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "their_nothing.py").write_text(NOTHING, encoding="utf-8")
    run = (lambda target: main(["check", target])) if program == "made-np check" else (lambda target: checks([target]))
    for name, message in (
        ("bare", "there was nothing to check: give the Adapter what a check needs (masks: needs masks; "),
        ("named", "gradient: needs grad"),
        ("leaving", "raises SystemExit: 0 (their_nothing.py, line 12)"),
        ("lazy", "calls sys.exit(0): let it return"),
    ):
        assert run(f"their_nothing:{name}") == 2
        captured = capsys.readouterr()
        assert (captured.out, captured.err.count("\n")) == ("", 1)
        assert message in captured.err


def test_the_program_of_testing_looks_at_its_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    for argv in (["--networks", "-1"], ["--trials", "0"], ["--seed", "-1"]):
        assert checks(["--mutants", *argv]) == 2
        assert f"{argv[0]}={argv[1]}: give an integer" in capsys.readouterr().err


def test_a_bad_file_is_one_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no such file" in refused(capsys, here / "missing.npz")
    (here / "notes.txt").write_text("no model")
    assert "is not a made_np model" in refused(capsys, here / "notes.txt")
    save("one feature", here / "model.npz")
    whole = (here / "model.npz").read_bytes()
    (here / "cut.npz").write_bytes(whole[: len(whole) // 2])
    assert "damaged or cut short" in refused(capsys, here / "cut.npz")
    changed = bytearray(whole)
    with np.load(here / "model.npz") as entries:  # a byte that counts: some of an archive are never read
        changed[whole.index(entries["theta"].tobytes())] ^= 1
    (here / "changed.npz").write_bytes(changed)
    assert "changed.npz" in refused(capsys, here / "changed.npz")
