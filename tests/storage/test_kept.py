"""Files of every form that was ever stored load, and what they hold answers as it did when they were written."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from content import STORED, header_of, put_header, rewrite

import made_np
from made_np import MADEDensity

pandas = pytest.importorskip("pandas", reason="kept densities have learned tables of pandas")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import keep_files  # noqa: E402
from kept import recipes, writer  # noqa: E402
from kept.answers import answers_of  # noqa: E402
from kept.form import form_of  # noqa: E402

FILES = sorted(path for path in STORED.glob("*/*") if path.suffix != ".json")
TOLD = {path.parent.name: json.loads(path.read_text("utf-8"))["answers"] for path in STORED.glob("*/answers.json")}
CHECKPOINTS = [path for path in FILES if path.stem == "checkpoint"]


@pytest.fixture(autouse=True)
def _on_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are those of NumPy, by which they were written."""
    monkeypatch.setenv("MADE_NP_BACKEND", "numpy")


def name_of(path: Path) -> str:
    return f"{path.parent.name} {path.stem}"


def needs(path: Path) -> None:
    """Skip where a library is missing that reads the file."""
    if path.suffix == ".safetensors":
        pytest.importorskip("safetensors", reason="the file is one of safetensors")


def alike(got: Any, told: Any) -> bool:
    """Whether two answers are the same: words exactly, numbers to the rounding of float32."""
    if isinstance(told, list):
        return len(got) == len(told) and all(map(alike, got, told))
    if isinstance(told, float):
        return bool(np.isclose(got, told, rtol=1e-5, atol=1e-6))
    return bool(got == told)


def test_every_file_is_told_of() -> None:
    assert {(time, name) for time, answers in TOLD.items() for name in answers} == {
        (path.parent.name, path.stem) for path in FILES
    }
    assert set(TOLD) == set(keep_files.TIMES)
    assert len(FILES) > 60


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_kept_file_answers_as_it_did(path: Path) -> None:
    needs(path)
    told = TOLD[path.parent.name][path.stem]
    got = answers_of(path, recipes.RECIPES[path.stem]().rows())
    assert got.keys() == told.keys()
    assert got["theta"] == told["theta"]
    for name in told:
        assert alike(got[name], told[name]), name


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".npz"], ids=name_of)
def test_a_kept_file_comes_back_through_a_file_of_today(path: Path, tmp_path: Path) -> None:
    again = tmp_path / path.name
    if path.stem.startswith("density"):
        MADEDensity.load(path).save(again)
    else:
        made, theta, extra, arrays = made_np.load(path)
        made_np.save(again, made, theta, extra=extra, arrays=arrays)
    told = TOLD[path.parent.name][path.stem]
    got = answers_of(again, recipes.RECIPES[path.stem]().rows())
    assert all(alike(got[name], told[name]) for name in told)


def test_what_is_written_today_has_a_form_that_is_kept(tmp_path: Path) -> None:
    if int(pandas.__version__.split(".")[0]) < 3:
        pytest.skip("an older pandas has other dtypes")
    writer.write(tmp_path)
    kept = keep_files.forms_in(STORED)
    written = [path for path in sorted(tmp_path.iterdir()) if path.suffix != ".json"]
    assert len(written) >= len(recipes.RECIPES) - 1  # safetensors may be missing
    new = [path.stem for path in written if form_of(path) not in kept[path.stem]]
    assert not new, "what is stored has changed: scripts/keep_files.py says how to keep a file of it"


@pytest.mark.parametrize("change", ["more", "less", "other"])
def test_a_new_form_is_seen(change: str, tmp_path: Path) -> None:
    path = tmp_path / "density-numbers.npz"
    path.write_bytes((STORED / "2026-11-26-08" / path.name).read_bytes())
    header = header_of(path)
    column = header["extra"]["estimator"]["columns"]["each"][0]
    if change == "more":
        column["unit"] = "cm"
    elif change == "less":
        del header["extra"]["estimator"]["stopped_by"]
    else:
        column["coding"]["name"] = "wavelet"
    before = form_of(path)
    rewrite(path, put_header(header))
    assert form_of(path) != before


# --------------------------------------------------------------------------------------------------- of a newer one


@pytest.mark.parametrize("name", ["model-mixed", "density-words", "checkpoint"])
def test_a_newer_format_says_in_one_line_what_to_install(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.npz"
    source = next(path for path in reversed(FILES) if path.stem == name)
    header = {**header_of(source), "version": made_np.storage.FORMAT_VERSION + 1, "made_np": "9.8.7"}
    rewrite(source, put_header(header), to=path)
    read = {
        "model-mixed": made_np.load,
        "density-words": MADEDensity.load,
        "checkpoint": recipes.run,
    }[name]
    with pytest.raises(ValueError, match=r"written by made_np 9\.8\.7 in format 2; .* run pip install") as told:
        read(path)
    assert "\n" not in str(told.value)


# ------------------------------------------------------------------------------------------------------ checkpoints


def layout_of(path: Path) -> Any:
    return header_of(path)["extra"].get("layout")


def test_a_checkpoint_of_each_layout_is_kept() -> None:
    assert {layout_of(path) for path in CHECKPOINTS} == {None, 2, 3}


@pytest.mark.parametrize("path", CHECKPOINTS, ids=name_of)
def test_a_kept_checkpoint_goes_on_or_is_refused_in_one_line(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run.npz"
    copy.write_bytes(path.read_bytes())
    if layout_of(path) == 3:
        whole = recipes.run(None, 4)
        gone_on = recipes.run(copy, 4)
        assert gone_on.history["epoch"] == [1, 2, 3, 4]
        np.testing.assert_allclose(gone_on.theta, whole.theta, rtol=1e-5, atol=1e-6)
        return
    with pytest.raises(ValueError, match=r"theta=made_np\.load\(path\)\.theta begins with what was learned") as told:
        recipes.run(copy, 4)
    assert "\n" not in str(told.value)
    assert made_np.load(copy).theta.size == 4 * 5 * 2 + 5 + 4
