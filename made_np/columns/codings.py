"""The name of each coding: the only list of them."""

from __future__ import annotations

from typing import Any

from made_np.columns.atoms import Atoms
from made_np.columns.bins import Bins
from made_np.columns.coded import Coded, Constant
from made_np.columns.codes import Codes
from made_np.columns.coding import Affine, Coding
from made_np.columns.lattice import Lattice
from made_np.columns.monotone import Monotone

__all__ = ["CODINGS", "coding_from_config"]

CODINGS: dict[str, type[Coding]] = {
    coding.name: coding for coding in (Affine, Atoms, Bins, Coded, Codes, Constant, Lattice, Monotone)
}
"""Every coding by the name that files give it."""


def coding_from_config(config: dict[str, Any]) -> Coding:
    """Return the coding whose name and arguments a file holds."""
    about = dict(config)
    if "base" in about:
        about["base"] = coding_from_config(about["base"])
    return CODINGS[about.pop("name")].from_config(about)
