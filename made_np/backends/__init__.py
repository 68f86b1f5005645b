"""Backends: modules that each offer the same few functions, one of which a model resolves once.

``_numpy`` is the reference: it composes `layers` and `outputs` and is what every other backend is tested against. The
seam lies where a backend can fuse work: ``params``, ``nll``, ``loss_and_grad`` and ``sample``.
"""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType

BACKENDS = ("numpy",)
"""The names that exist in this version."""


def get_backend(name: str) -> ModuleType:
    """Return the module of a backend, imported when it is first asked for.

    Parameters
    ----------
    name : {"auto", "numpy"}
        "auto" takes the environment variable MADE_NP_BACKEND, else the fastest that is installed.

    Raises
    ------
    ValueError
        Unknown name.
    """
    wanted = os.environ.get("MADE_NP_BACKEND", BACKENDS[0]) if name == "auto" else name
    if wanted not in BACKENDS:
        source = "MADE_NP_BACKEND" if name == "auto" else "backend"
        raise ValueError(f"{source}={wanted!r} is unknown: use 'auto' or one of {BACKENDS}")
    return import_module(f"made_np.backends._{wanted}")
