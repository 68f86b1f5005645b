"""Which backends there are to test on this machine."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from made_np.backends import BACKENDS

needs_numba = pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed: pip install numba")
"""Skips a test where there is no numba."""

EACH = [pytest.param(name, marks=needs_numba if name == "numba" else ()) for name in BACKENDS if name != "cupy"]
"""The backends of the CPU; tests of the other one bring a device with them."""
each_backend = pytest.mark.parametrize("backend", EACH)
"""Runs a test once on every backend."""
