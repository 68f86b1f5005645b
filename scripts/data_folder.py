"""Where the published data sets lie, for every script that reads them."""

from __future__ import annotations

import os
from pathlib import Path

from made_np.datasets import FOLDER_VARIABLE


def name_data_folder() -> None:
    """Let `made_np.datasets` look in ../shared/data beside the checkout, if there is one and nobody named another."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    if beside.is_dir():
        os.environ.setdefault(FOLDER_VARIABLE, str(beside))
