"""Which backends there are to test on this machine."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from made_np.backends import BACKENDS

needs_numba = pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed: pip install numba")
"""Skips a test where there is no numba."""

_APART = ("bfloat16", "cupy")
EACH = [pytest.param(name, marks=needs_numba if name == "numba" else ()) for name in BACKENDS if name not in _APART]
"""The backends of the CPU that compute the same; tests of one that rounds, or wants a device, stand apart."""
each_backend = pytest.mark.parametrize("backend", EACH)
"""Runs a test once on every backend."""
