"""Pictures: masks, reachability, the network with its wires, images, learning curves, calibration.

Each function returns a matplotlib ``Figure``, and saves it too where a `path` is given (.png, .svg or .pdf).
Nothing goes through ``matplotlib.pyplot``: no window opens and no global state changes. `mask_text` draws a mask
in a terminal and needs NumPy alone.
"""

from __future__ import annotations

from made_np.draw.calibration_picture import calibration
from made_np.draw.curves import learning_curve
from made_np.draw.images import completions, image_grid
from made_np.draw.masks_picture import masks, reachability
from made_np.draw.network_picture import network
from made_np.draw.text import mask_text

__all__ = [
    "calibration",
    "completions",
    "image_grid",
    "learning_curve",
    "mask_text",
    "masks",
    "network",
    "reachability",
]
