"""Arrays that are arguments: refused before any work, in words that name argument, column, value, way out.

`values` does the same for single values.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np

from made_np.cells import Name, as_source
from made_np.typing import Array, Bools, Ints
from made_np.values import REALS, as_count, as_sequence, show


class Unregistered(ValueError):
    """A name for something of the user's own, which a file may hold, and which is not registered in this process."""


@contextmanager
def undrawn(generator: np.random.Generator) -> Iterator[None]:
    """Put a generator back to where it stood if the block raises: what is refused has drawn nothing."""
    before = generator.bit_generator.state
    try:
        yield
    except BaseException:
        generator.bit_generator.state = before
        raise


def as_rows(x: Any, n_columns: int, dtype: np.dtype[Any], name: Name = "x", *, gaps: bool = False) -> Array:
    """Return `x` as an (n, n_columns) array of `dtype`; what cannot be meant raises.

    Bool, integer, float, big-endian, strided, read-only and memory-mapped arrays and lists are fine, and never changed.

    Parameters
    ----------
    name : str or Source
        What messages call `x`; a source, of which `x` is some rows, calls them by their place in the whole.
    gaps : bool
        Whether NaN is allowed, as a gap.

    Raises
    ------
    TypeError
        Sparse, masked, complex, string or object data.
    ValueError
        Wrong shape, NaN or inf where not allowed, values beyond the range of `dtype`.
    """
    array = as_numbers(x, name)
    if array.ndim == 1:
        raise ValueError(
            f"{name} is 1-dimensional with shape {array.shape}: give rows (n, {n_columns}); reshape(1, -1) makes it "
            "one row, reshape(-1, 1) one column"
        )
    if array.ndim != 2 or array.shape[1] != n_columns:
        raise ValueError(f"{name} has shape {array.shape}: this model needs (n, {n_columns})")
    return as_finite(array, dtype, name, gaps=gaps)


def as_dense(x: Any, name: Name) -> Array:
    """Return `x` as an array, without a copy where it is one; sparse, masked and ragged data are refused."""
    if hasattr(type(x), "tocsr") or hasattr(type(x), "todense"):  # of the type: an instance may answer with any error
        raise TypeError(f"{name} is sparse ({type(x).__name__}): pass {name}.toarray()")
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array: pass {name}.filled(np.nan), with NaN for what is missing")
    try:
        return np.asarray(x)
    except ValueError as error:
        raise ValueError(f"{name} is ragged: every row needs as many columns ({error})") from None
    except Exception as error:  # NumPy asks what it is given for an array, and that may answer with any error
        raise TypeError(f"{name} is a {type(x).__name__}, of which NumPy makes no array ({show(error)})") from None


def as_numbers(x: Any, name: Name) -> Array:
    """Return `x` as a real numeric array, without a copy where it is one, or raise a `TypeError`."""
    array = as_dense(x, name)
    if array.dtype.kind == "O":
        return _from_objects(array, name)
    if array.dtype.kind not in "buif":
        raise TypeError(f"{name} has dtype {array.dtype}: give real numbers; code categories as 0..n-1")
    return array


def as_doubles(x: Any, name: Name) -> Array:
    """Return `x` as a numeric array of float64, or raise a `TypeError`; what is beyond its range is infinite."""
    with np.errstate(over="ignore"):
        return as_numbers(x, name).astype(np.float64, copy=False)


def _from_objects(array: Array, name: Name) -> Array:
    """Turn an object array into floats if all its entries are real numbers."""
    floats = np.empty(array.shape)
    for index, value in np.ndenumerate(array):
        if not isinstance(value, REALS):
            raise TypeError(
                f"{name} has dtype object: {_entry(name, index)}{show(value)} is a {type(value).__name__}, not a real "
                "number; code categories as 0..n-1"
            )
        try:
            floats[index] = value
        except OverflowError:
            raise ValueError(f"{_entry(name, index)}{show(value)} is beyond all floats: clip or drop it") from None
    return floats


def _entry(name: Name, index: tuple[int, ...]) -> str:
    """Return how messages call an entry of an array of any shape, up to its value."""
    if len(index) == 2:
        return f"{as_source(name).cell(*index)} = "
    return f"{name}[{', '.join(map(str, index))}] = " if index else f"{name} = "


def as_finite(array: Array, dtype: np.dtype[Any], name: Name, *, gaps: bool = False) -> Array:
    """Return `array` in `dtype`; a NaN (unless `gaps`), an inf, or a value beyond the dtype's range raises."""
    if array.dtype.kind != "f":
        return array.astype(dtype)
    if array.dtype.itemsize <= dtype.itemsize and np.isfinite(array).all():  # as nearly always: nothing to look for
        return array.astype(dtype, copy=False)
    # The smaller of both: compared with the larger, float32 data for a float64 model would overflow in the comparison.
    limit = float(min(np.finfo(dtype).max, np.finfo(array.dtype).max))
    with np.errstate(invalid="ignore"):
        wrong = ~(np.abs(array) <= limit)
    if gaps:
        wrong &= ~np.isnan(array)
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        value = float(array[index])
        where = f"{_entry(name, index)}{value}"
        if math.isnan(value):
            raise ValueError(f"{where} (column {index[-1]}): NaN is not allowed here; fill or drop it first")
        if math.isinf(value):
            raise ValueError(f"{where} (column {index[-1]}): infinity is not allowed; clip or drop it first")
        raise ValueError(f"{where} (column {index[-1]}) is too large for {dtype}: scale it, or use dtype='float64'")
    return array.astype(dtype, copy=False)


def as_vector(vector: Any, size: int, dtype: np.dtype[Any], name: str) -> Array:
    """Return `vector` itself if it is a contiguous (size,) array of exactly `dtype`, or raise."""
    if not isinstance(vector, np.ndarray) or isinstance(vector, np.ma.MaskedArray):
        raise TypeError(f"{name} is a {type(vector).__name__}: give a NumPy array of shape ({size},)")
    if vector.shape != (size,):
        raise ValueError(f"{name} has shape {vector.shape}: this model needs ({size},)")
    if vector.dtype != dtype:
        raise TypeError(
            f"{name} has dtype {vector.dtype}, the model {dtype}: pass {name}.astype('{dtype}'), or make the model "
            "with that dtype"
        )
    if not vector.flags.c_contiguous:
        raise ValueError(f"{name} is not contiguous: pass np.ascontiguousarray({name})")
    return vector


def as_flat(vector: Any, name: str, kinds: str = "f") -> Array:
    """Return `vector` itself if it is a flat array of real numbers, of a dtype of these kinds, or raise."""
    if not isinstance(vector, np.ndarray) or isinstance(vector, np.ma.MaskedArray):
        raise TypeError(f"{name} is a {type(vector).__name__}: give a flat NumPy array")
    if vector.ndim != 1:
        raise ValueError(f"{name} has shape {vector.shape}: give a flat NumPy array")
    if vector.dtype.kind not in kinds:
        raise TypeError(f"{name} has dtype {vector.dtype}: give {'floats' if kinds == 'f' else 'real numbers'}")
    return vector


def as_target(vector: Array, name: str, read: Mapping[str, Array | Literal[False] | None]) -> Array:
    """Return an array that is going to be overwritten, or raise if it cannot be, or holds some of what is `read`.

    None and False stand for no array.
    """
    if not vector.flags.writeable:
        raise ValueError(f"{name} is read-only, and would be overwritten: give an array that can be written to")
    for other, array in read.items():
        if array is not None and array is not False and np.may_share_memory(vector, array):
            raise ValueError(f"{name} shares memory with {other}, and would overwrite it: give an array of its own")
    return vector


def as_permutation(order: Any, n_features: int, name: str = "order") -> Ints:
    """Return `order` as an integer array, or raise an error that says why it is no permutation of 0..D-1."""
    array = as_dense(order, name)
    if array.shape != (n_features,):
        raise ValueError(f"{name} has shape {array.shape}: a permutation of {n_features} features has ({n_features},)")
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} has dtype {array.dtype}: give the feature indices 0..{n_features - 1} as integers")
    if not np.array_equal(np.sort(array), np.arange(n_features)):  # quickly; then say where
        seen: set[int] = set()
        for place, feature in enumerate(array.tolist()):
            if not 0 <= feature < n_features or feature in seen:
                what = "twice" if feature in seen else f"outside 0..{n_features - 1}"
                raise ValueError(f"{name}[{place}] = {feature} is {what}: give each feature 0..{n_features - 1} once")
            seen.add(feature)
    return array.astype(np.int64)


def as_widths(hidden: Any, name: str = "hidden") -> tuple[int, ...]:
    """Return the widths of the hidden layers as a tuple of positive integers."""
    widths = as_sequence(hidden, name, "a sequence of widths such as (500,), or () for none")
    return tuple(as_count(width, f"{name}[{k}]") for k, width in enumerate(widths))


def as_integers(values: Any, name: str, ndim: int = 1) -> Ints:
    """Return `values` as an array of integers with so many axes, or raise."""
    array = as_dense(values, name)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {array.dtype}: give integers")
    if array.ndim != ndim:
        raise ValueError(f"{name} has shape {array.shape}: give an array with {ndim} axes")
    return array.astype(np.int64)


def as_bools(values: Any, name: str, ndim: int = 2) -> Bools:
    """Return `values` as an array of booleans with so many axes; numbers are True where they are not 0."""
    array = as_numbers(values, name)
    if array.ndim != ndim:
        raise ValueError(f"{name} has shape {array.shape}: give an array with {ndim} axes")
    return array if array.dtype == np.bool_ else array != 0


def as_uniforms(uniforms: Any, n: int, n_features: int) -> Array:
    """Return `uniforms` as (n, D) float64 numbers in [0, 1), or raise."""
    array = as_rows(uniforms, n_features, np.dtype("float64"), "uniforms")
    if len(array) != n:
        raise ValueError(f"uniforms has {len(array)} rows, but n={n}: give one row per sample")
    outside = (array < 0) | (array >= 1)
    if outside.any():
        row, column = np.argwhere(outside)[0]
        raise ValueError(f"uniforms[{row}, {column}] = {array[row, column]}: give numbers in [0, 1)")
    return array
