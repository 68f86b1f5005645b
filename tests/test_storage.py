"""A stored model comes back bit for bit, or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_np import storage
from made_np.mixtures import DiscretizedLogistic, MixtureOfGaussians, MixtureOfLogistics
from made_np.model import MADE
from made_np.outputs import Categorical
from made_np.storage import atomic_write, load, save

MODELS: dict[str, dict[str, Any]] = {
    "plain": {"n_features": 4, "hidden": (5,)},
    "one feature": {"n_features": 1, "hidden": ()},
    "deep, residual, direct": {
        **{"n_features": 5, "hidden": (6, 6), "activation": "tanh", "residual": True},
        **{"direct": True, "order": "random", "degrees": "random", "seed": 3},
    },
    "given order, context": {"n_features": 3, "hidden": (4,), "order": [2, 0, 1], "n_context": 2},
    "mask sets of given orders": {
        **{"n_features": 3, "hidden": (4,), "order": np.array([[0, 1, 2], [2, 1, 0]])},
        **{"n_masks": 2},
    },
    "endless": {"n_features": 4, "hidden": (5,), "order": "random", "n_masks": None},
    "mask weights": {"n_features": 4, "hidden": (5,), "order": "random", "n_masks": None, "mask_weights": True},
    "float64": {"n_features": 4, "hidden": (5,), "dtype": "float64"},
    "mixed table": {
        **{"n_features": 3, "hidden": (7,)},
        **{"output": ["gaussian", Categorical(3), DiscretizedLogistic(4, 2)]},
    },
    "mixtures": {
        **{"n_features": 2, "hidden": (7,)},
        **{"output": [MixtureOfGaussians(3), MixtureOfLogistics(2, 0.5)]},
    },
}


@pytest.fixture
def made() -> MADE:
    return MADE(3, hidden=(4,), dtype="float64")


@pytest.fixture
def theta(made: MADE) -> np.ndarray:
    return np.random.default_rng(0).normal(size=made.n_params)


@pytest.fixture
def stored(tmp_path: Path, made: MADE, theta: np.ndarray) -> Path:
    path = tmp_path / "model.npz"
    save(path, made, theta, extra={"note": "before"})
    return path


def bits(array: np.ndarray) -> bytes:
    return array.astype(array.dtype.newbyteorder("=")).tobytes()


def rewrite(path: Path, change: Any, *, sign: bool) -> None:
    """Change the entries of a stored file, with or without a new checksum."""
    with np.load(path) as archive:
        entries = dict(archive)
    entries.pop("sha256")
    old = checksum(entries)
    change(entries)
    np.savez(path, **entries, sha256=checksum(entries) if sign else old)


def checksum(entries: dict[str, np.ndarray]) -> np.ndarray:
    """The checksum as the format describes it, written down a second time."""
    digest = hashlib.sha256()
    for name in sorted(entries):
        a = entries[name]
        digest.update(f"{name}\0{a.dtype.str}\0{a.shape}\0".encode() + a.tobytes())
    return np.frombuffer(digest.digest(), dtype=np.uint8)


def change_header(**values: Any) -> Any:
    """A change for `rewrite` that sets fields of the header."""

    def change(entries: dict[str, np.ndarray]) -> None:
        header = {**json.loads(entries["header"].tobytes()), **values}
        entries["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)

    return change


# What comes back


@pytest.mark.parametrize("name", MODELS)
def test_model_and_theta_come_back_equal(name: str, tmp_path: Path) -> None:
    made = MADE(**MODELS[name])
    theta = made.init(rng=1)
    save(tmp_path / "model", made, theta)
    again = load(tmp_path / "model")
    assert again.made == made
    assert again.made.config() == made.config()
    assert again.theta.dtype == theta.dtype
    assert bits(again.theta) == bits(theta)
    x = np.zeros((2, made.n_features))
    context = np.ones((2, 2)) if name == "given order, context" else None
    got = again.made.log_prob(again.theta, x, context=context, mask_set=0)
    assert bits(got) == bits(made.log_prob(theta, x, context=context, mask_set=0))


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8"])
@pytest.mark.parametrize("form", ["plain", "strided", "reversed", "read-only", "memory-mapped"])
def test_any_theta_comes_back_bit_for_bit(dtype: str, form: str, made: MADE, tmp_path: Path) -> None:
    theta = np.random.default_rng(1).normal(size=made.n_params).astype(dtype)
    theta[:4] = [-0.0, np.inf, np.nan, np.finfo(dtype).smallest_subnormal]
    if form == "strided":
        theta = np.repeat(theta, 2)[::2]
    elif form == "reversed":
        theta = theta[::-1].copy()[::-1]
    elif form == "memory-mapped":
        theta.tofile(tmp_path / "raw")
        theta = np.memmap(tmp_path / "raw", dtype=dtype, mode="r")
    theta.flags.writeable = False
    before = theta.tobytes()
    save(tmp_path / "model.npz", made, theta)
    again = load(tmp_path / "model.npz").theta
    assert again.dtype == theta.dtype.newbyteorder("=")
    assert again.dtype.isnative
    assert bits(again) == bits(theta)
    assert again.flags.writeable
    assert theta.tobytes() == before


def test_extra_comes_back(made: MADE, theta: np.ndarray, tmp_path: Path) -> None:
    extra = {"name": "été ∑", "n": 3, "x": 0.1 + 0.2, "none": None, "deep": {"a": [True, [1]]}}
    save(tmp_path / "model.npz", made, theta, extra=extra)
    assert load(tmp_path / "model.npz").extra == extra


def test_arrays_come_back(made: MADE, theta: np.ndarray, tmp_path: Path) -> None:
    arrays = {
        "counts": np.arange(6).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big-endian": np.arange(3, dtype=">i4"),
        "names": np.array(["é", "bc"]),
        "days": np.array(["2026-01-02"], dtype="datetime64[D]"),
        "scalar": np.array(1.5),
        "none": np.empty((0, 2), dtype=bool),
        "a/b.npy": np.array([1j]),
        "theta": np.array([1.0]),  # a name of our own is no clash
        "header": np.array([2.0]),
    }
    save(tmp_path / "model.npz", made, theta, arrays=arrays)
    again = load(tmp_path / "model.npz")
    assert list(again.arrays) == list(arrays)
    for name, array in arrays.items():
        assert again.arrays[name].dtype == array.dtype.newbyteorder("=")
        assert np.array_equal(again.arrays[name], array)
    assert bits(again.theta) == bits(theta)


def test_nothing_given_is_empty(stored: Path, made: MADE, theta: np.ndarray) -> None:
    save(stored, made, theta)
    assert load(stored).extra == {}
    assert load(stored).arrays == {}


# Where it is written


@pytest.mark.parametrize("name", ["model.npz", "model", "model.npz.old", "mödel 1", "m" * 250])
@pytest.mark.parametrize("kind", [str, Path])
def test_exactly_the_given_path_is_written(
    name: str, kind: type, made: MADE, theta: np.ndarray, tmp_path: Path
) -> None:
    save(kind(tmp_path / name), made, theta)
    assert os.listdir(tmp_path) == [name]
    assert bits(load(kind(tmp_path / name)).theta) == bits(theta)


def test_a_file_that_is_there_is_replaced(stored: Path, made: MADE, theta: np.ndarray) -> None:
    save(stored, made, 2 * theta)
    assert np.array_equal(load(stored).theta, 2 * theta)
    assert os.listdir(stored.parent) == [stored.name]


def test_the_same_model_gives_the_same_bytes(stored: Path, made: MADE, theta: np.ndarray) -> None:
    first = stored.read_bytes()
    save(stored, made, theta, extra={"note": "before"})
    assert stored.read_bytes() == first


def test_a_link_stays_a_link(stored: Path, made: MADE, theta: np.ndarray) -> None:
    link = stored.with_name("link")
    link.symlink_to(stored)
    save(link, made, 2 * theta)
    assert link.is_symlink()
    assert np.array_equal(load(stored).theta, 2 * theta)


def test_the_file_has_the_usual_permissions(stored: Path) -> None:
    usual = stored.with_name("usual")
    usual.touch()
    assert stored.stat().st_mode == usual.stat().st_mode


def test_missing_folder(made: MADE, theta: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"make the folder .*nowhere first"):
        save(tmp_path / "nowhere" / "model.npz", made, theta)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load(tmp_path / "nowhere" / "model.npz")


def test_only_files_are_replaced(made: MADE, theta: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a file"):
        save(tmp_path, made, theta)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="not a file"):
        save(tmp_path / "pipe", made, theta)
    assert os.listdir(tmp_path) == ["pipe"]


# What happens when writing fails


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_failed_write_leaves_what_was_there(stored: Path, error: type[BaseException]) -> None:
    before = stored.read_bytes()
    with pytest.raises(error), atomic_write(stored) as file:  # noqa: PT012 - one failing write
        file.write(b"half")
        raise error
    assert stored.read_bytes() == before
    assert os.listdir(stored.parent) == [stored.name]


def test_nothing_appears_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "new"
    with atomic_write(path) as file:
        file.write(b"all")
        file.flush()
        assert not path.exists()
    assert path.read_bytes() == b"all"


def test_a_full_disk_leaves_what_was_there(stored: Path) -> None:
    pytest.importorskip("resource", reason="limits of the file size are POSIX's")
    before = stored.read_bytes()
    code = """if True:
        import resource, sys, made_np
        stored = made_np.load(sys.argv[1])
        limit = len(open(sys.argv[1], "rb").read()) // 2
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            made_np.save(sys.argv[1], stored.made, 2 * stored.theta)
        except OSError as error:
            print(error.strerror)
    """
    done = subprocess.run([sys.executable, "-c", code, str(stored)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "File too large", done.stderr
    assert stored.read_bytes() == before
    assert os.listdir(stored.parent) == [stored.name]


# What is refused


def test_a_file_cut_short_anywhere_is_refused(stored: Path) -> None:
    whole = stored.read_bytes()
    for length in range(0, len(whole), 7):
        stored.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"model\.npz is "):
            load(stored)


def test_a_flipped_bit_anywhere_is_refused_or_harmless(stored: Path, made: MADE, theta: np.ndarray) -> None:
    whole = stored.read_bytes()
    refused = 0
    for place in range(0, len(whole), 7):
        broken = bytearray(whole)
        broken[place] ^= 1 << place % 8
        stored.write_bytes(broken)
        try:
            again = load(stored)
        except ValueError:
            refused += 1
            continue
        # What is not refused is a date or a flag of the zip, which nothing reads.
        assert again.made == made
        assert bits(again.theta) == bits(theta)
        assert again.extra == {"note": "before"}
    assert refused > 0.6 * len(whole) / 7


def test_a_damaged_shape_does_not_ask_for_all_the_memory(tmp_path: Path) -> None:
    made = MADE(3, hidden=(2000,))  # longer than what zipfile checks before it hands out the first byte
    path = tmp_path / "model.npz"
    save(path, made, made.init())
    small, huge = b"(%d,), }" % made.n_params, b"(%d,), }" % 10**14
    small = small.ljust(len(huge))  # the header of an array is padded with blanks
    assert path.read_bytes().count(small) == 1
    path.write_bytes(path.read_bytes().replace(small, huge))
    with pytest.raises(ValueError, match="damaged"):
        load(path)


def test_content_changed_behind_a_sound_zip_is_refused(stored: Path) -> None:
    def change(entries: dict[str, np.ndarray]) -> None:
        entries["theta"][0] += 1

    rewrite(stored, change, sign=True)
    load(stored)
    rewrite(stored, change, sign=False)
    with pytest.raises(ValueError, match="checksum"):
        load(stored)


@pytest.mark.parametrize("name", ["theta", "header", "sha256", "array.a"])
def test_a_missing_entry_is_refused(name: str, stored: Path, made: MADE, theta: np.ndarray) -> None:
    save(stored, made, theta, arrays={"a": theta})
    with np.load(stored) as archive:
        entries = dict(archive)
    del entries[name]
    np.savez(stored, **entries)
    with pytest.raises(ValueError, match=r"model\.npz is (damaged|not a made_np model)"):
        load(stored)


def test_a_missing_theta_is_refused_even_with_a_sound_checksum(stored: Path) -> None:
    rewrite(stored, lambda entries: entries.pop("theta"), sign=True)
    with pytest.raises(ValueError, match="theta"):
        load(stored)


def test_a_newer_format_says_what_to_do(stored: Path) -> None:
    newer = change_header(version=storage.FORMAT_VERSION + 1, made_np="9.8.7")
    rewrite(stored, newer, sign=True)
    with pytest.raises(ValueError, match=r"made_np 9\.8\.7 in format 2.*pip install --upgrade"):
        load(stored)


@pytest.mark.parametrize("change", [{"n_features": -1}, {"seed": "0"}, {"unheard_of": 1}])
def test_a_model_that_this_release_cannot_build_names_the_release_that_can(
    change: dict[str, Any], stored: Path, made: MADE
) -> None:
    rewrite(stored, change_header(made={**made.config(), **change}, made_np="0.0.7"), sign=True)
    with pytest.raises(ValueError, match=r"install made_np 0\.0\.7 to read it"):
        load(stored)


def zip_of_text() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("header", "{}")
        archive.writestr("theta", "1 2 3")
    return file.getvalue()


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


FOREIGN = {
    "nothing": b"",
    "text": b"a,b\n1,2\n",
    "pickle": pickle.dumps({"theta": [1.0]}),
    "npy": npz(a=[1.0])[30 + len("a.npy") :][:200],
    "npz": npz(images=np.zeros((2, 3)), theta=np.zeros(3)),
    "npz with a header": npz(header=np.zeros(3), theta=np.zeros(3)),
    "npz with JSON": npz(header=np.frombuffer(b"[1]", dtype=np.uint8)),
    "npz of another program": npz(header=np.frombuffer(b'{"format": "other", "version": 1}', dtype=np.uint8)),
    "zip": zip_of_text(),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_of_another_kind_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "other"
    path.write_bytes(FOREIGN[name])
    with pytest.raises(ValueError, match="other is not a made_np model: give a file written by"):
        load(path)


class Trap:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def test_no_pickle_is_ever_run(stored: Path) -> None:
    trap = stored.with_name("sprung")

    def change(entries: dict[str, np.ndarray]) -> None:
        entries["array.a"] = np.array([Trap(trap)], dtype=object)

    rewrite(stored, change, sign=False)
    with pytest.raises(ValueError, match="damaged"):
        load(stored)
    assert not trap.exists()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"theta": np.zeros(3)}, ValueError, r"theta has shape \(3,\), but the model has \d+"),
        ({"theta": np.zeros(5, dtype=int)}, TypeError, "theta has dtype int64: give float32"),
        ({"theta": np.zeros(5, dtype="f2")}, TypeError, "theta has dtype float16"),
        ({"extra": {"a": np.zeros(2)}}, TypeError, "extra holds .*through arrays="),
        ({"extra": {"a": {1, 2}}}, TypeError, "extra holds what JSON cannot"),
        ({"arrays": {"a": np.array([None])}}, TypeError, r"arrays\['a'\] has dtype object"),
        ({"arrays": {1: np.zeros(2)}}, TypeError, "arrays has the name 1: names are strings"),
    ],
)
def test_what_cannot_be_stored_is_refused_before_anything_is_written(
    change: dict[str, Any],
    error: type[Exception],
    message: str,
    stored: Path,
    made: MADE,
    theta: np.ndarray,
) -> None:
    before = stored.read_bytes()
    with pytest.raises(error, match=message):
        save(**{"path": stored, "made": made, "theta": theta, **change})
    assert stored.read_bytes() == before
    assert os.listdir(stored.parent) == [stored.name]
