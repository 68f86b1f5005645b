"""The reference backend by another name."""

from __future__ import annotations

from made_np.backends._numpy import bind, memory_of

__all__ = ["bind", "memory_of"]
