"""One pass forward, then backward, with every value on the way kept to be looked at."""

from __future__ import annotations

from made_np.tracing.names import UnknownName
from made_np.tracing.tape import Tape
from made_np.tracing.value import Value

__all__ = ["Tape", "UnknownName", "Value"]
