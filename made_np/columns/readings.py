"""The name of each reading: the only list of them."""

from __future__ import annotations

from typing import Any

from made_np.columns.amounts import Amounts
from made_np.columns.dates import Dates
from made_np.columns.levels import Levels
from made_np.columns.numeric import Numbers
from made_np.columns.reading import NotRead, Reading

__all__ = ["READINGS", "reading_from_config"]

READINGS: dict[str, type[Reading]] = {reading.name: reading for reading in (Numbers, Amounts, Levels, Dates, NotRead)}
"""Every reading by the name that files give it."""


def reading_from_config(config: dict[str, Any]) -> Reading:
    """Return the reading whose name and arguments a file holds."""
    about = dict(config)
    return READINGS[about.pop("name")].from_config(about)
