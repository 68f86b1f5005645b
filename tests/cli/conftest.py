"""What tests of commands share: a table of people with a model of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from people_file import model_of


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with people.csv and people.npz, for tests that need pyarrow."""
    pytest.importorskip("pyarrow")
    folder = tmp_path_factory.mktemp("people")
    model_of(folder)
    return folder
