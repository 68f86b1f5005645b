"""Constants that hypothesis takes from loaded modules as values to try: tests in another order would try others."""

from __future__ import annotations

from typing import Any


def try_none_of_modules() -> None:
    """Let hypothesis try the same values whatever modules are loaded, and so in whatever order tests run.

    It reads the modules that happen to be loaded, and there is no setting against that.
    """
    try:
        from hypothesis.internal.conjecture import providers
    except ImportError:  # an older release, which reads none
        return
    private: Any = providers  # what has another name one day: test_constants.py would say so
    if hasattr(private, "_get_local_constants"):
        none = private.Constants()
        private._get_local_constants = lambda: none
