"""A model in a file of safetensors comes back bit for bit, or is refused in one line."""

from __future__ import annotations

import json
import os
import pickle
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

safetensors = pytest.importorskip("safetensors", reason="models become files of safetensors")
files = pytest.importorskip("safetensors.numpy", reason="models become files of safetensors")

from interop.models import MODELS, model, rows  # noqa: E402

from made_np import MADE, Bernoulli, Categorical, interop  # noqa: E402
from made_np.interop import safe_tensors  # noqa: E402
from made_np.storage import FORMAT_VERSION  # noqa: E402

ENDLESS: dict[str, dict[str, Any]] = {
    "endless": {"order": "random", "n_masks": None},
    "paths": {"order": [2, 0, 3, 1], "n_masks": None, "mask_weights": True},
    "homes": {"order": [[2, 0, 3, 1], [3, 1, 0, 2]], "n_masks": None, "output": "gaussian"},
    "degrees of an ensemble": {"n_masks": 2, "degrees": [[[1, 2, 2], [2, 1]], [[2, 2, 1], [1, 1]]]},
}
"""What no other library is told."""

MADE_OF = MADE(3, hidden=(4,), output=["bernoulli", Categorical(3), "gaussian"], dtype="float64", backend="numpy")


def any_model(kind: str, dtype: str) -> tuple[MADE, Any]:
    if kind in MODELS:
        return model(kind, dtype)
    made = MADE(4, **{"hidden": (3, 2), "dtype": dtype, "backend": "numpy", **ENDLESS[kind]})
    return made, np.random.default_rng(0).normal(size=made.n_params).astype(dtype)


@pytest.fixture
def theta() -> Any:
    return np.random.default_rng(0).normal(size=MADE_OF.n_params)


@pytest.fixture
def stored(theta: Any, tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    interop.to_safetensors(MADE_OF, theta, path)
    return path


def content(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arrays of a file, and what its metadata says."""
    with safetensors.safe_open(path, framework="np") as file:
        return file.get_tensors(), json.loads(file.metadata()["made_np"])


def rewrite(path: Path, arrays: dict[str, Any] | None = None, **header: Any) -> None:
    """Replace arrays (None takes one away) and fields of the header."""
    old, said = content(path)
    kept = {name: array for name, array in {**old, **(arrays or {})}.items() if array is not None}
    files.save_file(kept, path, {"made_np": json.dumps({**said, **header})})


def refused(path: Path) -> str:
    """The one line in which a file is refused; it names the file."""
    with pytest.raises(ValueError, match=re.escape(str(path))) as caught:
        interop.from_safetensors(path)
    text = str(caught.value)
    assert "\n" not in text
    return text


# What comes back


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", [*MODELS, *ENDLESS])
def test_a_model_comes_back_bit_for_bit(kind: str, dtype: str, tmp_path: Path) -> None:
    made, theta = any_model(kind, dtype)
    interop.to_safetensors(made, theta, tmp_path / "model")
    again, same = interop.from_safetensors(tmp_path / "model")
    assert again == made
    assert again.config() == made.config()
    assert same.dtype == theta.dtype
    assert same.tobytes() == theta.tobytes()
    x, context = rows(made)
    score = made.log_prob(theta, x, context=context)
    assert again.log_prob(same, x, context=context).tobytes() == score.tobytes()


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8"])
def test_any_theta_comes_back(dtype: str, theta: Any, tmp_path: Path) -> None:
    given = np.repeat(theta, 2).astype(dtype)[::2]
    given[:4] = [-0.0, np.inf, np.nan, np.finfo(dtype).smallest_subnormal]
    interop.to_safetensors(MADE_OF, given, tmp_path / "model")
    same = interop.from_safetensors(tmp_path / "model")[1]
    assert same.dtype == given.dtype.newbyteorder("=")
    assert same.flags.writeable
    assert same.tobytes() == given.astype(same.dtype).tobytes()


def test_others_find_the_arrays_by_our_names(stored: Path, theta: Any) -> None:
    arrays, said = content(stored)
    views = MADE_OF.layout.views(theta)
    assert set(arrays) == set(MADE_OF.layout.names)
    assert all(np.array_equal(arrays[name], view) for name, view in views.items())
    assert said["version"] == FORMAT_VERSION
    assert MADE.from_config(said["made"]) == MADE_OF


def test_the_same_model_gives_the_same_bytes(stored: Path, theta: Any) -> None:
    first = stored.read_bytes()
    interop.to_safetensors(MADE_OF, theta, stored)
    assert stored.read_bytes() == first
    assert os.listdir(stored.parent) == [stored.name]


# What is not written


def test_what_does_not_fit_is_not_written(stored: Path, theta: Any) -> None:
    first = stored.read_bytes()
    with pytest.raises(ValueError, match="theta has shape"):
        interop.to_safetensors(MADE_OF, theta[1:], stored)
    with pytest.raises(TypeError, match="theta has dtype int64"):
        interop.to_safetensors(MADE_OF, theta.astype(np.int64), stored)
    with pytest.raises(TypeError, match="made"):
        interop.to_safetensors("made", theta, stored)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError, match="make the folder"):
        interop.to_safetensors(MADE_OF, theta, stored.parent / "none" / "model")
    assert stored.read_bytes() == first


def test_a_distribution_without_a_name_is_not_written(tmp_path: Path) -> None:
    class Nameless(Bernoulli):
        pass

    made = MADE(2, hidden=(), output=Nameless(), backend="numpy")
    with pytest.raises((TypeError, ValueError), match="Nameless"):
        interop.to_safetensors(made, made.init(), tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_a_configuration_beyond_the_bound_of_the_library_is_not_written(
    theta: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safe_tensors, "encode_header", lambda config, extra: b'"' * 51_000_000)  # each is escaped
    with pytest.raises(ValueError, match=r"header too large.*made_np\.save can"):
        interop.to_safetensors(MADE_OF, theta, tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_what_is_missing_is_named(stored: Path, theta: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    for call in (lambda: interop.to_safetensors(MADE_OF, theta, stored), lambda: interop.from_safetensors(stored)):
        with pytest.raises(ImportError, match=r'pip install "\.\[safetensors\]"'):
            call()


# What is not read


def with_header(header: Any, body: bytes = b"") -> bytes:
    """A file with any header."""
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a,b\n1,2\n" * 100,
        pickle.dumps({"W0": [1.0]}),
        (2**62).to_bytes(8, "little") + b"{}",
        (100_000_001).to_bytes(8, "little") + b"{}",
        with_header({"W0": {"dtype": "F64", "shape": [10**12], "data_offsets": [0, 8 * 10**12]}}, bytes(8)),
        with_header({"W0": {"dtype": "F64", "shape": [10**18, 100], "data_offsets": [0, 8]}}, bytes(8)),
        with_header({"__metadata__": {"made_np": 1}}),
    ],
    ids=["nothing", "text", "pickle", "endless header", "long header", "long array", "overflow", "no strings"],
)
def test_a_file_of_another_kind_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other"
    path.write_bytes(data)
    assert "is no file of safetensors, or damaged" in refused(path)


def test_a_file_cut_short_anywhere_is_refused(stored: Path) -> None:
    data = stored.read_bytes()
    for size in range(0, len(data), 7):
        stored.write_bytes(data[:size])
        assert "damaged" in refused(stored)


def test_what_is_no_ordinary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        interop.from_safetensors(tmp_path / "none")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        interop.from_safetensors(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert "is no ordinary file" in refused(tmp_path / "pipe")


@pytest.mark.parametrize(
    "metadata",
    [
        *[None, {"format": "pt"}, {"made_np": ""}, {"made_np": "[1]"}],
        *[{"made_np": '{"format": "other", "version": 1}'}, {"made_np": "[" * 100_000}],
    ],
    ids=["none", "of torch", "empty", "other JSON", "other format", "deep"],
)
def test_layers_without_our_metadata_are_sent_to_from_layers(metadata: Any, stored: Path) -> None:
    files.save_file(content(stored)[0], stored, metadata)
    text = refused(stored)
    assert "no configuration of a MADE in its metadata" in text
    assert "interop.from_layers takes layers" in text


def test_a_newer_format_says_what_to_do(stored: Path) -> None:
    rewrite(stored, version=FORMAT_VERSION + 1, made_np="9.8.7")
    assert "was written by made_np 9.8.7 in format 2" in refused(stored)


@pytest.mark.parametrize(
    ("arrays", "why"),
    [
        ({"b0": None}, "b0 is missing"),
        ({"b9": np.zeros(2)}, "'b9' is none of ['W0', 'b0', 'W1', 'b1']"),
        ({"a\nb": np.zeros(2)}, r"'a\nb' is none of"),
        ({"W1": np.zeros((1, 2))}, "W1 has shape (1, 2), not (6, 4)"),
        ({"W1": np.zeros((4, 6))}, "W1 has shape (4, 6), not (6, 4)"),
        ({"b0": np.zeros((4, 1))}, "b0 has shape (4, 1), not (4,)"),
        ({"b0": np.zeros(4, np.float32)}, "b0 has dtype F32, and W0 has F64"),
        ({"W0": np.zeros((4, 5), np.float16)}, "W0 has dtype F16, not one of F32, F64"),
        ({"b1": np.zeros(6, np.int64)}, "b1 has dtype I64, not one of F32, F64"),
    ],
)
def test_arrays_of_another_model_are_refused(arrays: dict[str, Any], why: str, stored: Path) -> None:
    rewrite(stored, arrays)
    text = refused(stored)
    assert f"does not have the arrays of its model: {why}" in text
    assert "to_safetensors" in text


@pytest.mark.parametrize(
    "change",
    [
        {"n_features": 10**12, "output": [{"name": "bernoulli"}]},
        {"hidden": [10**12]},
        {"n_context": 10**12},
        {"output": [{"name": "categorical", "n_categories": 10**12}]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_size_in_the_configuration_takes_no_memory(change: dict[str, Any], stored: Path) -> None:
    rewrite(stored, made={**MADE_OF.config(), **change})
    text = refused(stored)
    assert "has shape" in text or "cannot rebuild" in text


def test_mask_sets_without_number_take_no_memory(stored: Path) -> None:
    rewrite(stored, made={**MADE_OF.config(), "n_masks": 10**12, "order": "random"})
    assert interop.from_safetensors(stored)[0].n_masks == 10**12


@pytest.mark.parametrize("change", [{"n_features": -1}, {"seed": "0"}, {"unheard_of": 1}, {"output": "unheard_of"}])
def test_a_configuration_that_builds_no_model_is_refused(change: dict[str, Any], stored: Path) -> None:
    rewrite(stored, made={**MADE_OF.config(), **change}, made_np="0.0.7")
    assert "made_np 0.0.7 saved there" in refused(stored)
