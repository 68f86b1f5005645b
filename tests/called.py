"""Names of parameters of tests that are the same in every process, as processes that share the tests must agree."""

from __future__ import annotations

import re
from typing import Any


def called(value: Any) -> str:
    """Return the text of a value, with sets in order and without addresses."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name!r}: {called(each)}" for name, each in value.items()) + "}"
    if isinstance(value, set):
        return "{" + ", ".join(sorted(map(called, value))) + "}"
    return re.sub(r" at 0x[0-9A-Fa-f]+", "", repr(value))
