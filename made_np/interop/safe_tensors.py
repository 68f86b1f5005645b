"""A model of ours in a file of safetensors.

Its arrays have the names of `MADE.layout`. Its metadata has one entry, ``made_np``: the header of `made_np.storage`, as
JSON, with the version of the format, the release that wrote it, and ``made.config()``.
"""

from __future__ import annotations

import os
from math import prod
from typing import Any

import numpy as np

from made_np.files import as_target, atomic_write, open_file
from made_np.messages import not_installed
from made_np.model.made import MADE, as_single
from made_np.storage.header import decode_header, encode_header
from made_np.storage.model_file import check_theta, rebuild
from made_np.typing import Array
from made_np.values import as_path, show

__all__ = ["from_safetensors", "to_safetensors"]

KEY = "made_np"
"""Of the metadata. With one entry the same model gives the same bytes: the library writes several in any order."""

DTYPES = {"F32": np.float32, "F64": np.float64}
"""By the names that the format has for them."""


def to_safetensors(made: MADE, theta: Array, path: str | os.PathLike[str]) -> None:
    """Write a model with its parameters to a file of safetensors, completely or not at all.

    Each parameter is an array under its own name (``W0`` (out, in), ``b0`` (out,), ...), in the dtype of `theta`; masks
    are not applied. What `from_safetensors` builds the model from stands in the metadata.

    Parameters
    ----------
    made : MADE
        Any, but with distributions and activations that have a name.
    theta : ndarray of float32 or float64, shape (P,)
    path : str or path-like
        The file to create or to replace.

    Raises
    ------
    ImportError
        safetensors is not installed.
    ValueError, TypeError
        `theta` does not fit `made`, or `made` has a distribution without a name, or a configuration beyond the 100 MB
        that safetensors has room for.
    OSError
        The file cannot be written.
    """
    as_single(made, "such a file holds")
    theta = check_theta(theta, made)
    target = as_target(path)
    header = encode_header(made.config(), {}).decode()
    library = _library()
    try:
        data = library.numpy.save(made.layout.views(theta), {KEY: header})
    except library.SafetensorError as error:
        raise ValueError(
            f"made has a configuration that safetensors does not write ({error}): made_np.save can"
        ) from error
    with atomic_write(target) as file:
        file.write(data)


def from_safetensors(path: str | os.PathLike[str]) -> tuple[MADE, Array]:
    """Return the model and the parameters that `to_safetensors` wrote.

    Nothing in the file is run, and no memory is taken that its own size does not pay for: safetensors reads a header of
    at most 100 MB, and refuses shapes that do not fit the length of the file. The format has no checksum: a changed
    number is not noticed, which a file of `made_np.save` would tell.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    made : MADE
        Equal to the one that was written, but for its backend if another one had to be taken.
    theta : ndarray, shape (P,)
        The same bits in the same dtype.

    Raises
    ------
    ImportError
        safetensors is not installed.
    FileNotFoundError
        There is no such file.
    ValueError
        The file is none of safetensors, or cut short; it has no configuration of ours, or one of a newer release; its
        arrays are not those of the model, by name, dtype or shape.

    Warns
    -----
    RuntimeWarning
        The backend of the model cannot be imported, and NumPy is taken.
    """
    text = as_path(path)
    open_file(text).close()  # whatever is no ordinary file is refused here
    library = _library()
    try:
        with library.safe_open(text, framework="np") as file:
            return _read(file, text)
    except library.SafetensorError as error:
        raise ValueError(
            f"{text} is no file of safetensors, or damaged ({error}): copy it again from where it came"
        ) from error


def _library() -> Any:
    try:
        import safetensors.numpy
    except ImportError as error:
        raise not_installed("a file of safetensors needs", "safetensors", "safetensors") from error
    return safetensors


def _read(file: Any, path: str) -> tuple[MADE, Array]:
    """Return the content of an open file, whose arrays are read when all that is said about them is right."""
    data = (file.metadata() or {}).get(KEY)
    header = decode_header(
        path,
        None if data is None else data.encode(),
        f"{path} has no configuration of a MADE in its metadata: give a file that interop.to_safetensors wrote; "
        "interop.from_layers takes layers of other libraries, as arrays with their masks",
    )
    parts = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - the file is no dict
    shapes = {name: tuple(part.get_shape()) for name, part in parts.items()}
    made = rebuild(path, header, sum(prod(shape) for shape in shapes.values()))
    wanted = dict(zip(made.layout.names, made.layout.shapes, strict=True))
    fault = _fault(shapes, wanted, {name: part.get_dtype() for name, part in parts.items()})
    if fault:
        raise ValueError(f"{path} does not have the arrays of its model: {fault}. Write it again by to_safetensors")
    theta = np.empty(made.n_params, DTYPES[parts[made.layout.names[0]].get_dtype()])
    for name, view in made.layout.views(theta).items():
        view[...] = file.get_tensor(name)
    return made, theta


def _fault(
    shapes: dict[str, tuple[int, ...]], wanted: dict[str, tuple[int, ...]], dtypes: dict[str, str]
) -> str | None:
    """Return what is wrong with arrays that should have the shapes `wanted`, all of one dtype."""
    first = next(iter(wanted))
    for name in [*wanted, *shapes]:
        if name not in shapes:
            return f"{name} is missing"
        if name not in wanted:
            return f"{show(name)} is none of {show(list(wanted))}"
        if dtypes[name] not in DTYPES:
            return f"{name} has dtype {dtypes[name]}, not one of {', '.join(DTYPES)}"
        if dtypes[name] != dtypes[first]:
            return f"{name} has dtype {dtypes[name]}, and {first} has {dtypes[first]}"
        if shapes[name] != wanted[name]:
            return f"{name} has shape {shapes[name]}, not {wanted[name]}"
    return None
