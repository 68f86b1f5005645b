"""What arrays are taken, and what is refused in words that help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from made_np.validation import (
    as_bools,
    as_flat,
    as_integers,
    as_numbers,
    as_permutation,
    as_rows,
    as_target,
    as_uniforms,
    as_vector,
    as_widths,
)
from made_np.values import as_choice, as_count

F32, F64 = np.dtype("float32"), np.dtype("float64")
PLAIN = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 2.0]])


def read_only(x: Any) -> Any:
    x = x.copy()
    x.flags.writeable = False
    return x


VARIANTS: dict[str, Any] = {
    "plain": PLAIN,
    "list": PLAIN.tolist(),
    "tuple of arrays": tuple(PLAIN),
    "Fortran": np.asfortranarray(PLAIN),
    "strided": np.repeat(PLAIN, 2, axis=1)[:, ::2],
    "reversed": PLAIN[::-1, ::-1].copy()[::-1, ::-1],
    "read-only": read_only(PLAIN),
    "big-endian": PLAIN.astype(">f8"),
    "big-endian integer": PLAIN.astype(">i2"),
    "integer": PLAIN.astype(np.int64),
    "unsigned": PLAIN.astype(np.uint8),
    "half": PLAIN.astype(np.float16),
    "single": PLAIN.astype(np.float32),
    "long double": PLAIN.astype(np.longdouble),
    "objects that are numbers": PLAIN.astype(object),
    "subclass": PLAIN.view(type("Table", (np.ndarray,), {})),
}


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize("variant", VARIANTS)
def test_numbers_of_any_kind_and_memory_layout_are_taken(variant: str, dtype: Any) -> None:
    x = VARIANTS[variant]
    before = np.array(x, dtype=np.float64)
    rows = as_rows(x, 3, dtype)
    assert rows.dtype == dtype
    assert rows.dtype.isnative
    np.testing.assert_array_equal(rows, PLAIN)
    np.testing.assert_array_equal(np.array(x, dtype=np.float64), before)


def test_booleans_are_zero_and_one() -> None:
    np.testing.assert_array_equal(as_rows(np.array([[True, False]]), 2, F32), [[1, 0]])


def test_a_memory_map_is_taken_and_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, PLAIN.astype(np.float32))
    kept = path.read_bytes()
    for dtype in (F32, F64):
        np.testing.assert_array_equal(as_rows(np.load(path, mmap_mode="r"), 3, dtype), PLAIN)
    assert path.read_bytes() == kept


def test_what_fits_is_not_copied() -> None:
    x = PLAIN.astype(np.float32)
    assert np.shares_memory(as_rows(x, 3, F32), x)


def test_no_rows_are_rows() -> None:
    assert as_rows(np.empty((0, 3)), 3, F32).shape == (0, 3)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (np.zeros(3), ValueError, r"data is 1-dimensional with shape \(3,\): give rows \(n, 3\); reshape\(1, -1\)"),
        (np.zeros((2, 2)), ValueError, r"data has shape \(2, 2\): this model needs \(n, 3\)"),
        (np.zeros((2, 3, 1)), ValueError, r"data has shape \(2, 3, 1\)"),
        (3.0, ValueError, r"data has shape \(\)"),
        ([], ValueError, r"data is 1-dimensional with shape \(0,\)"),
        ([[1, 2, 3], [1, 2]], ValueError, "data is ragged: every row needs as many columns"),
        ([["a", "b", "c"]], TypeError, "data has dtype <U1: give real numbers; code categories as 0..n-1"),
        ([[b"a", b"b", b"c"]], TypeError, "data has dtype .S1"),
        (np.zeros((1, 3), dtype=complex), TypeError, "data has dtype complex128"),
        (np.zeros((1, 3), dtype="M8[s]"), TypeError, r"data has dtype datetime64\[s\]"),
        ([[1, None, 3]], TypeError, r"data has dtype object: data\[0, 1\] = None is a NoneType, not a real number"),
        (np.array([[1, 2, "x"]], dtype=object), TypeError, r"data\[0, 2\] = 'x' is a str"),
        (np.array([[1, 1j, 2]], dtype=object), TypeError, r"data\[0, 1\] = 1j is a complex"),
        (np.array([[1, np.complex64(1j), 2]], dtype=object), TypeError, r"data\[0, 1\] = .*1j.* is a complex64"),
        (np.array([[1, np.complex128(1j), 2]], dtype=object), TypeError, r"data\[0, 1\] = .*1j.* is a complex128"),
        (None, TypeError, "data has dtype object: data = None is a NoneType"),
        (sparse.csr_matrix(np.eye(3)), TypeError, r"data is sparse \(csr_matrix\): pass data\.toarray\(\)"),
        (sparse.coo_array(np.eye(3)), TypeError, "data is sparse"),
        (np.ma.masked_array(np.zeros((1, 3)), mask=[[0, 1, 0]]), TypeError, r"masked array: pass data\.filled"),
    ],
)
def test_what_cannot_be_meant_is_refused(x: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        as_rows(x, 3, F32, "data")


@pytest.mark.parametrize("kind", ["float32", "float64", ">f8", "object"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, r"data\[1, 2\] = nan \(column 2\): NaN is not allowed here; fill or drop it first"),
        (np.inf, r"data\[1, 2\] = inf \(column 2\): infinity is not allowed; clip or drop it first"),
        (-np.inf, r"data\[1, 2\] = -inf \(column 2\): infinity"),
    ],
)
def test_what_is_not_finite_is_named(value: float, message: str, kind: str) -> None:
    x = PLAIN.astype(kind)
    x[1, 2] = value
    with pytest.raises(ValueError, match=message):
        as_rows(x, 3, F32, "data")
    if np.isnan(value):
        assert np.isnan(as_rows(x, 3, F32, gaps=True)[1, 2])
    else:
        with pytest.raises(ValueError, match="infinity"):
            as_rows(x, 3, F32, "data", gaps=True)


@pytest.mark.parametrize("value", [1e39, -1e300])
def test_what_single_precision_cannot_hold_is_named(value: float) -> None:
    x = PLAIN.copy()
    x[0, 1] = value
    for gaps in (True, False):
        with pytest.raises(ValueError, match=r"x\[0, 1\] = .*e\+.* \(column 1\) is too large for float32: scale it"):
            as_rows(x, 3, F32, gaps=gaps)
    assert as_rows(x, 3, F64)[0, 1] == value


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
def test_the_largest_numbers_of_each_kind_are_taken(dtype: Any) -> None:
    for kind in (np.float16, np.float32):
        top = float(np.finfo(kind).max)
        assert as_rows(np.full((1, 3), top, dtype=kind), 3, dtype)[0, 0] == top


# ------------------------------------------------------------------------------------------ small things


def test_counts_are_whole_and_large_enough() -> None:
    assert as_count(np.int8(3), "n") == 3
    assert type(as_count(np.int8(3), "n")) is int
    for value, error in ((0, ValueError), (-1, ValueError), (2.0, TypeError), ("3", TypeError), (True, TypeError)):
        with pytest.raises(error, match=rf"n={value!r}.*: give an integer >= 1"):
            as_count(value, "n")
    assert as_count(0, "n", 0) == 0
    with pytest.raises(TypeError, match="is a bool"):
        as_count(np.True_, "n")


def test_choices_are_compared_with_their_type() -> None:
    assert as_choice("a", "letter", ("a", "b")) == "a"
    assert as_choice(True, "flag", (True, False)) is True
    for value in ("c", None, 1, ["a"], np.zeros(2)):
        with pytest.raises(ValueError, match=r"is unknown: use one of \('a', True\)"):
            as_choice(value, "letter", ("a", True))


def test_a_vector_is_taken_as_it_is_or_not_at_all() -> None:
    theta = np.zeros(4, dtype=np.float32)
    assert as_vector(theta, 4, F32, "theta") is theta


@pytest.mark.parametrize(
    ("theta", "error", "message"),
    [
        ([0.0] * 4, TypeError, r"theta is a list: give a NumPy array of shape \(4,\)"),
        (np.zeros(5, np.float32), ValueError, r"theta has shape \(5,\): this model needs \(4,\)"),
        (np.zeros((2, 2), np.float32), ValueError, r"theta has shape \(2, 2\)"),
        (np.ma.masked_array(np.zeros(4, np.float32), mask=True), TypeError, "theta is a MaskedArray"),
        (np.zeros(4), TypeError, r"theta has dtype float64, the model float32: pass theta\.astype\('float32'\)"),
        (np.zeros(4, ">f4"), TypeError, "theta has dtype >f4"),
        (np.zeros(4, complex), TypeError, "theta has dtype complex128"),
        (np.zeros(8, np.float32)[::2], ValueError, r"theta is not contiguous: pass np\.ascontiguousarray\(theta\)"),
    ],
)
def test_vectors_that_do_not_fit_are_refused(theta: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        as_vector(theta, 4, F32, "theta")


@pytest.mark.parametrize(
    ("uniforms", "message"),
    [
        (np.full((2, 3), 1.0), r"uniforms\[0, 0\] = 1\.0: give numbers in \[0, 1\)"),
        (np.array([[0, 0.5, 0], [0, 0, -0.1]]), r"uniforms\[1, 2\] = -0\.1"),
        (np.zeros((3, 3)), "uniforms has 3 rows, but n=2: give one row per sample"),
        (np.zeros((2, 2)), r"uniforms has shape \(2, 2\): this model needs \(n, 3\)"),
        (np.full((2, 3), np.nan), r"uniforms\[0, 0\] = nan"),
    ],
)
def test_uniforms_that_are_none_are_refused(uniforms: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        as_uniforms(uniforms, 2, 3)


def test_numbers_are_not_copied_where_they_are_an_array() -> None:
    assert as_numbers(PLAIN, "x") is PLAIN


class Silent:
    """NumPy asks it for an array, and gets an error of another kind."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("no array")

    def __repr__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (Silent(), TypeError, r"^data is a Silent, of which NumPy makes no array \(RuntimeError\('no array'\)\)"),
        ([Silent()], TypeError, "^data is a list, of which NumPy makes no array"),
        ([[10**400, 1]], ValueError, r"^data\[0, 0\] = 1000.* is beyond all floats: clip or drop it"),
        ([[1, 10**5000]], ValueError, r"^data\[0, 1\] = <int> is beyond all floats"),
        (np.array([None, Silent], dtype=object), TypeError, r"^data has dtype object: data\[0\] = None is a NoneType"),
    ],
)
def test_what_numpy_makes_no_numbers_of_is_refused(x: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        as_numbers(x, "data")


def test_integers_as_large_as_floats_are_numbers() -> None:
    np.testing.assert_array_equal(as_numbers([[2**70, 1]], "x"), [[2.0**70, 1.0]])


# ------------------------------------------------------------------------------------- arrays to be written to


def test_a_target_is_writeable_and_its_own() -> None:
    memory = np.zeros(10)
    target = memory[:4]
    for other in (memory, memory[3:], memory[:1], memory[::-1]):
        with pytest.raises(ValueError, match=r"^grad shares memory with theta, and would overwrite it: give"):
            as_target(target, "grad", {"theta": other})
    assert as_target(target, "grad", {"theta": memory[4:], "context": None, "x": np.zeros(4)}) is target
    with pytest.raises(ValueError, match=r"^grad is read-only"):
        as_target(read_only(memory), "grad", {})


FLAT: list[tuple[Any, type[Exception], str]] = [
    ([0.0], TypeError, "^g is a list: give a flat NumPy array"),
    (np.ma.masked_array([0.0], mask=[True]), TypeError, "^g is a MaskedArray"),
    (np.zeros((2, 2)), ValueError, r"^g has shape \(2, 2\)"),
    (np.zeros(2, complex), TypeError, "^g has dtype complex128: give floats"),
    (np.zeros(2, int), TypeError, "^g has dtype int64: give floats"),
]


@pytest.mark.parametrize(("vector", "error", "message"), FLAT)
def test_what_is_no_flat_vector_is_refused(vector: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        as_flat(vector, "g")


def test_integers_are_numbers_where_nothing_is_written() -> None:
    assert as_flat(np.arange(3), "g", "buif").tolist() == [0, 1, 2]


# --------------------------------------------------------------------------------------- integers and booleans


@pytest.mark.parametrize(
    ("order", "error", "message"),
    [
        ([0, 1], ValueError, r"^way has shape \(2,\): a permutation of 3 features has \(3,\)"),
        ([0, 1, 1], ValueError, r"^way\[2\] = 1 is twice"),
        ([0, 3, 1], ValueError, r"^way\[1\] = 3 is outside 0\.\.2"),
        (np.array([0, 2**63, 1], np.uint64), ValueError, r"^way\[1\] = 9223372036854775808 is outside"),
        ([0.0, 1.0, 2.0], ValueError, "^way has dtype float64"),
        ([10**5000, 1, 0], ValueError, "^way has dtype object"),
        (np.ma.masked_array([0, 1, 2], mask=True), TypeError, "^way is a masked array"),
        (Silent(), TypeError, "^way is a Silent"),
        (np.broadcast_to(0, (2**40,)), ValueError, r"^way has shape \(1099511627776,\)"),
    ],
)
def test_what_is_no_permutation_is_refused(order: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        as_permutation(order, 3, "way")


def test_a_permutation_is_copied() -> None:
    order = np.array([2, 0, 1])
    found = as_permutation(order, 3)
    np.testing.assert_array_equal(found, order)
    assert not np.shares_memory(found, order)


def test_widths_are_a_sequence_of_counts() -> None:
    assert as_widths([np.int8(3), 2]) == (3, 2)
    for wrong, message in (
        ("32", "is a str"),
        (3, "is a int"),
        ({3}, "is a set"),
        ((3, 0), r"\[1\]=0"),
        ([2.0], r"\[0\]=2.0"),
    ):
        with pytest.raises((TypeError, ValueError), match=f"^hidden.*{message}"):
            as_widths(wrong)


def test_integers_and_booleans_have_so_many_axes() -> None:
    assert as_integers([1, 2], "k").tolist() == [1, 2]
    assert as_bools([[0, 2], [1, 0]], "m").tolist() == [[False, True], [True, False]]
    mask = np.eye(2, dtype=bool)
    assert as_bools(mask, "m") is mask
    with pytest.raises(TypeError, match=r"^k has dtype float64: give integers"):
        as_integers([1.0], "k")
    with pytest.raises(ValueError, match=r"^k has shape \(1, 1\): give an array with 1 axes"):
        as_integers([[1]], "k")
    with pytest.raises(ValueError, match=r"^m has shape \(2,\): give an array with 2 axes"):
        as_bools([0, 1], "m")
    with pytest.raises(TypeError, match=r"^m has dtype <U1"):
        as_bools([["a"]], "m")
