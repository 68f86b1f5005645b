"""A stored model comes back bit for bit, or not at all."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from called import called
from content import STORED, header_of, load_mutated, put_header, rewrite

from made_np import MADEDensity, backends, storage
from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.mixtures import MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import Categorical
from made_np.model.made import MADE
from made_np.storage import header, load, save

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
    "mask sets of given degrees": {
        **{"n_features": 3, "hidden": (3, 2), "n_masks": 2},
        **{"degrees": [[[1, 2, 2], [2, 1]], [[2, 2, 1], [1, 1]]]},
    },
    "endless": {"n_features": 4, "hidden": (5,), "order": "random", "n_masks": None},
    "paths": {"n_features": 4, "hidden": (5,), "order": [2, 0, 3, 1], "n_masks": None},
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


def change_header(path: Path, **values: Any) -> None:
    """Set fields of the header of a stored file."""
    rewrite(path, put_header({**header_of(path), **values}))


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

    rewrite(stored, change)
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
    rewrite(stored, lambda entries: entries.pop("theta"))
    with pytest.raises(ValueError, match="theta"):
        load(stored)


def test_a_newer_format_says_what_to_do(stored: Path) -> None:
    change_header(stored, version=storage.FORMAT_VERSION + 1, made_np="9.8.7")
    with pytest.raises(ValueError, match=r"made_np 9\.8\.7 in format 2.*source of a newer one, and run pip install"):
        load(stored)


@pytest.mark.parametrize("change", [{"n_features": -1}, {"seed": "0"}, {"unheard_of": 1}])
def test_a_model_that_this_release_cannot_build_names_the_release_that_can(
    change: dict[str, Any], stored: Path, made: MADE
) -> None:
    change_header(stored, made={**made.config(), **change}, made_np="0.0.7")
    with pytest.raises(ValueError, match=r"fetch the source of made_np 0\.0\.7, and"):
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


LOOP: dict[str, Any] = {}
LOOP["a"] = LOOP
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"path": 1}, TypeError, "^path=1 is a int: give the path of a file"),
        ({"path": b"model.npz"}, TypeError, r"^path=b'model\.npz' is a bytes"),
        ({"made": None}, TypeError, r"^made is a NoneType \(None\): give a made_np\.MADE"),
        ({"made": MADEDensity()}, TypeError, "^made is a MADEDensity .* has a method save of its own"),
        ({"made": MADE}, TypeError, "^made is a type"),
        ({"theta": np.zeros(3)}, ValueError, r"theta has shape \(3,\), but the model has \d+"),
        ({"theta": np.zeros(5, dtype=int)}, TypeError, "theta has dtype int64: give float32"),
        ({"theta": np.zeros(5, dtype="f2")}, TypeError, "theta has dtype float16"),
        ({"theta": np.ma.zeros(31)}, TypeError, "theta is a masked array"),
        ({"theta": None}, TypeError, "theta has dtype object"),
        ({"extra": [("a", 1)]}, TypeError, "^extra is a list .*: give a dict of JSON values"),
        ({"extra": []}, TypeError, "^extra is a list"),
        ({"extra": "abc"}, TypeError, "^extra is a str"),
        ({"extra": {"a": np.zeros(2)}}, TypeError, "extra holds .*through arrays="),
        ({"extra": {"a": {1, 2}}}, TypeError, "extra holds what JSON cannot"),
        ({"extra": {(1, 2): 3}}, TypeError, "extra holds what JSON cannot"),
        ({"extra": LOOP}, TypeError, "extra holds what JSON cannot"),
        ({"extra": {"a": DEEP}}, TypeError, "extra holds what JSON cannot"),
        (
            {"extra": {"a": "x" * (1 << 26)}},
            ValueError,
            r"^made and extra make \d+ bytes of JSON: give at most 67108864",
        ),
        ({"arrays": [np.zeros(2)]}, TypeError, "^arrays is a list .*: give a dict of names and arrays"),
        ({"arrays": np.zeros(2)}, TypeError, "^arrays is a ndarray"),
        ({"arrays": {"a": np.array([None])}}, TypeError, r"arrays\['a'\] has dtype object"),
        ({"arrays": {"a": np.ma.zeros(2)}}, TypeError, r"arrays\['a'\] is a masked array"),
        ({"arrays": {"a": [[1], [1, 2]]}}, ValueError, r"arrays\['a'\] is ragged"),
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


def test_the_place_is_looked_at_before_anything_else(made: MADE, tmp_path: Path) -> None:
    for path, error in (
        (tmp_path / "nowhere" / "m", FileNotFoundError),
        (tmp_path, IsADirectoryError),
        (None, TypeError),
    ):
        with pytest.raises(error, match="path"):
            save(path, made, "no theta")  # type: ignore[arg-type]


@pytest.mark.parametrize("path", [0, 1, True, None, b"model.npz", 2.0, sys.stdin], ids=called)
@pytest.mark.parametrize("read", [load, MADEDensity.load])
def test_only_a_path_is_read(read: Any, path: Any) -> None:
    with pytest.raises(TypeError, match=r"^path=.*: give the path of a file"):
        read(path)
    os.fstat(1)  # which is still open


def test_only_a_file_is_read(tmp_path: Path) -> None:
    for path in (tmp_path, "/dev/zero"):
        with pytest.raises((IsADirectoryError, ValueError), match=r"path .* is (a folder|no ordinary file)"):
            load(path)


# Where it is read


def test_a_backend_may_be_chosen(stored: Path, made: MADE) -> None:
    for backend in ("auto", "numpy", "numba"):
        assert load(stored, backend=backend).made == replace(made, backend=backend)
    for backend, error in (("fpga", ValueError), (1, ValueError), ("", ValueError)):
        known = r"\('auto', 'numpy', 'numba', 'bfloat16', 'cupy'\)"
        with pytest.raises(error, match=f"backend=.* is unknown: use one of {known}"):
            load("nowhere", backend=backend)  # type: ignore[arg-type]


def test_where_the_backend_is_missing_numpy_is_taken(
    made: MADE, theta: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, x = tmp_path / "model.npz", np.eye(3)
    save(path, replace(made, backend="numba"), theta)
    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    with pytest.warns(RuntimeWarning, match=r"model\.npz was saved with backend='numba', and NumPy is taken") as said:
        again = load(path)
    assert len(said) == 1
    assert said[0].filename == __file__
    assert again.made == replace(made, backend="numpy")
    assert bits(again.made.log_prob(theta, x)) == bits(replace(made, backend="numpy").log_prob(theta, x))
    assert load(path, backend="auto").made == made  # asked for, and without a word


def test_a_backend_that_breaks_when_it_is_imported_counts_as_missing(
    made: MADE, theta: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str) -> Any:
        raise SystemError("initialization of _internal failed")

    save(tmp_path / "model.npz", replace(made, backend="numba"), theta)
    monkeypatch.setattr(backends, "import_module", broken)
    monkeypatch.setattr(backends, "find_spec", lambda name: name)
    with pytest.warns(RuntimeWarning, match="NumPy is taken.*initialization of _internal failed"):
        assert load(tmp_path / "model.npz").made.backend == "numpy"


def test_a_backend_of_a_newer_release_can_be_replaced(stored: Path, made: MADE) -> None:
    change_header(stored, made={**made.config(), "backend": "fpga"}, made_np="9.8.7")
    with pytest.raises(ValueError, match=r"backend='fpga' is unknown.*source of made_np 9\.8\.7"):
        load(stored)
    assert load(stored, backend="auto").made == made


def test_what_an_older_release_wrote_comes_back_bit_for_bit() -> None:
    made, theta, extra, arrays = load(STORED / "model.npz")
    outputs = ["gaussian", Categorical(3), DiscretizedLogistic(4, 2), MixtureOfGaussians(2)]
    assert made == MADE(4, (5,), outputs, order=[2, 0, 3, 1], n_context=1, seed=3, backend="numpy")
    assert theta.dtype == np.float32
    assert bits(theta) == bits((np.arange(made.n_params) % 17 - 8).astype("f4") / 8)
    assert extra == {"note": "été", "n": 3, "deep": {"a": [True, None, 0.1]}}
    want = {"big": np.arange(3), "fortran": np.arange(6.0).reshape(2, 3), "names": ["é", "bc"], "a/b.npy": [1j]}
    assert list(arrays) == list(want)
    assert all(np.array_equal(arrays[name], want[name]) for name in want)
    assert arrays["big"].dtype == np.int32


# Content of anyone's, with a right checksum


@pytest.mark.parametrize(
    "header",
    [
        *(None, [], {}, "made_np model", 1),
        *({"version": version} for version in (None, "1", 1.0, True, 0, -1, [1], {}, 1e400, float("nan"))),
        *({"format": other} for other in (None, ["made_np model"], "made_np table", {})),
    ],
    ids=str,
)
def test_a_header_of_anyones_is_foreign(header: Any, stored: Path) -> None:
    whole = header_of(stored)
    rewrite(stored, put_header({**whole, **header} if isinstance(header, dict) and header else header))
    with pytest.raises(ValueError, match=r"model\.npz is not a made_np model"):
        load(stored)


@pytest.mark.parametrize(
    "text", [b"[" * 100_000, b'{"a":' * 100_000, b"1" * 5000, b"\xff", b"", b"{'a': 1}", b"\0" * 99]
)
def test_a_header_that_json_does_not_read_is_foreign(text: bytes, stored: Path) -> None:
    rewrite(stored, lambda entries: entries.update(header=np.frombuffer(text, dtype=np.uint8)))
    with pytest.raises(ValueError, match=r"model\.npz is not a made_np model"):
        load(stored)


def test_lists_within_lists_go_as_deep_as_any_python_reads(tmp_path: Path, made: MADE) -> None:
    deep: Any = "[[[{{{" * 500  # what stands in a string is no list
    for _ in range(header.DEEPEST - 2):  # the header and extra are two
        deep = [deep]
    path = tmp_path / "deep.npz"
    save(path, made, made.init(0), extra={"deep": deep})
    assert load(path).extra == {"deep": deep}
    with pytest.raises(
        ValueError, match=r"extra holds more than 500 lists or dicts within each other: give it flatter"
    ):
        save(path, made, made.init(0), extra={"deep": [deep]})


def test_a_header_that_is_too_deep_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json, "loads", lambda text: pytest.fail("it was parsed"))
    with pytest.raises(ValueError, match="no model"):
        header.decode_header("a", b'{"a":' * 501, "no model")


@pytest.mark.parametrize(
    "change", [{"n_features": 10**12}, {"n_features": 10**400}, {"hidden": [10**30]}, {"n_context": 10**12}]
)
def test_a_model_larger_than_its_theta_is_refused_at_once(change: dict[str, Any], stored: Path, made: MADE) -> None:
    change_header(stored, made={**made.config(), **change})
    with pytest.raises(ValueError, match=r"model\.npz: made_np .* cannot rebuild the model"):
        load(stored)


def test_any_content_is_refused_as_a_value_error_or_read(tmp_path: Path) -> None:
    load_mutated(load, STORED / "model.npz", tmp_path / "model.npz", range(200))


@pytest.mark.slow
def test_very_much_content_is_refused_as_a_value_error_or_read(tmp_path: Path) -> None:
    load_mutated(load, STORED / "model.npz", tmp_path / "model.npz", range(200, 4200))


ARRAYS = [np.zeros(3), np.zeros((2, 2), "U1"), np.array(1.0), np.zeros(0), np.zeros(2, [("a", "i4")])]


@pytest.mark.parametrize("name", ["header", "theta", "sha256", "array.big"])
@pytest.mark.parametrize("other", ARRAYS, ids=lambda array: f"{array.dtype} {array.shape}")
def test_any_array_in_the_place_of_another_is_refused_or_read(name: str, other: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    rewrite(STORED / "model.npz", lambda entries: entries.update({name: other}), to=path)
    if name == "array.big":
        assert load(path).arrays["big"].dtype == other.dtype
    else:
        with pytest.raises(ValueError, match=r"model\.npz"):
            load(path)


@pytest.mark.parametrize("text", [b'"[[[', b'{"a": "[[\\"[[', b'["\\', b'["\\"\\"\\"', b'{"a": "\\"[", "b": "]["}'])
def test_what_stands_in_a_word_is_no_list_even_if_nothing_closes_it(text: bytes) -> None:
    """A word goes to its end or to that of the text: were it searched for anew, a header of quotes would take hours."""
    assert header._depth(text) == (text[:1] in b"[{")
