"""What these tests share: the reference computes, since others hold the kernels against it."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADE_NP_BACKEND", "numpy")
