"""Backends by name: each binds a network to a mask set, ready to compute.

``_numpy`` is the reference: it composes `layers` and `distributions`, and every other backend is tested against it.
``_numba`` is the fast one, and is taken where numba is installed. By name only: ``_bfloat16`` rounds what training
multiplies, and ``_cupy`` computes on a GPU. What they offer is written down in `bound`.
"""

from __future__ import annotations

import os
import threading
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol, cast

from made_np.backends._forks import hold_at_forks
from made_np.messages import not_installed, warn

if TYPE_CHECKING:
    from made_np.backends.bound import Bound
    from made_np.backends.memory import Memory
    from made_np.masks.sets import MaskSet
    from made_np.network.network import Network

BACKENDS = ("numpy", "numba", "bfloat16", "cupy")
"""The names that exist in this version."""

# Python holds a lock for each module that is being imported, and numba takes a second or more.
_importing = threading.RLock()
hold_at_forks(_importing)


class Backend(Protocol):
    """The module of a backend."""

    __name__: str

    def bind(self, network: Network, mask_set: MaskSet) -> Bound:
        """Return the network under this mask set, ready to compute, with all that this needs."""

    def memory_of(self, network: Network) -> Memory:
        """Return where a run of this network keeps what it learns with."""


def get_backend(name: str) -> Backend:
    """Return the module of a backend, imported when it is first asked for.

    Parameters
    ----------
    name : {"auto", "numpy", "numba", "bfloat16", "cupy"}
        "auto" takes the environment variable MADE_NP_BACKEND, else the fastest of the CPU that is installed.

    Raises
    ------
    ValueError
        Unknown name.
    ImportError
        "numba" or "cupy" was asked for and is not installed, or "bfloat16" without numba.
    RuntimeError
        "cupy" was asked for, and there is no GPU that it can use.

    Warns
    -----
    RuntimeWarning
        "auto" found a numba that cannot be imported, and took NumPy; said once.
    """
    given = os.environ.get("MADE_NP_BACKEND") if name == "auto" else name
    if given is None:
        return _fastest()
    if given not in BACKENDS:
        source = "MADE_NP_BACKEND" if name == "auto" else "backend"
        raise ValueError(f"{source}={given!r} is unknown: use 'auto' or one of {BACKENDS}")
    if given in ("numba", "bfloat16") and find_spec("numba") is None:
        raise not_installed(f"backend={given!r} needs", "numba", "fast", instead="use backend='numpy'")
    if given == "cupy":
        import_module("made_np.backends._cupy.cuda").get_device()
    return _import(given)


def _import(name: str) -> Backend:
    with _importing:
        return cast(Backend, import_module(f"made_np.backends._{name}"))


@cache
def _fastest() -> Backend:
    if find_spec("numba") is not None:
        try:
            return _import("numba")
        except Exception as error:  # such as a NumPy that is too new for this numba
            text = f"numba cannot be imported, so made_np runs on NumPy, which is slower: {error}"
            warn(text, RuntimeWarning)
    return _import("numpy")
