"""The reference backend, composed of layers with distributions on top."""

from __future__ import annotations

from made_np.backends._numpy.network import bind

__all__ = ["bind"]
