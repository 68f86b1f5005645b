"""The reference backend: layers and distributions, composed."""

from __future__ import annotations

from made_np.backends._numpy.network import bind

__all__ = ["bind"]
