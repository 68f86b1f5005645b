"""Orders, degrees, masks: each follows from the one before."""

from __future__ import annotations

from made_np.masks.masks import (
    DEGREES,
    ORDERS,
    connectivity,
    make_degrees,
    make_mask,
    make_order,
    position_of,
    random_degrees,
    spread_degrees,
)

__all__ = [
    "DEGREES",
    "ORDERS",
    "connectivity",
    "make_degrees",
    "make_mask",
    "make_order",
    "position_of",
    "random_degrees",
    "spread_degrees",
]
