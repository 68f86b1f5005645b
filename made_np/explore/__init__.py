"""A page in the browser that is a whole MADE, made to be broken."""

from __future__ import annotations

from made_np.explore.page import page

__all__ = ["page"]
