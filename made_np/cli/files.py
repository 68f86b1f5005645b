"""The files of a command, looked at before it does anything."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from made_np.estimator.remembering import trials_path
from made_np.places import check_places
from made_np.table.files import STREAM, split_path
from made_np.values import as_path

__all__ = ["check_files"]

READS = {"MODEL": "model", "DATA": "data", "--valid": "valid", "--given-rows": "given_rows"}
WRITES = {"-o": "out", "--checkpoint": "checkpoint", "--png": "png", "--network-png": "network_png"}
"""What messages call the files that a command reads and writes, and the attributes that hold their paths."""


def check_files(args: Namespace) -> None:
    """Raise unless all files that the command is to write can be written, and none of them is one that it reads.

    Raises what `made_np.places.check_places` does.
    """
    reads = _given(args, READS)
    writes = _given(args, WRITES)
    if writes["--checkpoint"] is not None:
        writes["the trials of --checkpoint"] = trials_path(writes["--checkpoint"])
    check_places(reads, writes)


def _given(args: Namespace, names: dict[str, str]) -> dict[str, Any]:
    """Return the paths of files that are given, - is none; of FILE.npz:NAME it is the file that counts."""
    paths = {name: getattr(args, attribute, None) for name, attribute in names.items()}
    files = {name: split_path(as_path(path, name))[0] for name, path in paths.items() if path not in (None, STREAM)}
    return {name: files.get(name) for name in names}
