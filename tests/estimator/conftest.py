"""What all tests of estimators share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from made_np.questions import sampling


@pytest.fixture(scope="module", autouse=True)
def fewer_rows() -> Iterator[None]:
    """A sixteenth of the rows that questions are counted in, to save time."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MOST_ROWS", "MOST_NUMBERS", "ENOUGH_ROWS", "MOST_WORK"):
            patch.setattr(sampling, name, getattr(sampling, name) // 16)
        yield
