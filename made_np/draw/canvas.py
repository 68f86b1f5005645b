"""The sheet that every picture is drawn on: matplotlib without pyplot, one set of colours, saving."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from made_np.draw.picture import from_matplotlib
from made_np.files import atomic_write
from made_np.places import check_writable
from made_np.values import as_path, show

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#22303c"
"""Words, and lines that say something."""
GREY = "#7b8794"
"""Wires that stand back: still three times as dark as white paper."""
FAINT = "#c9d1d9"
"""Frames and grids, which say nothing."""
ACCENT = "#e8590c"
CALM = "#2b6cb0"
"""Orange and blue: apart for every eye."""
GROUND = "#f6f8fa"
HATCH = "#dde3e9"
DEGREES = ("viridis", 0.58)
"""Up to this part of the colour map: beyond it, colours are lost on white."""
SUFFIXES = (".png", ".svg", ".pdf")

StrPath = str | os.PathLike[str]


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size, in inches.

    Raises
    ------
    ImportError
        matplotlib is missing.
    """
    from_matplotlib()
    from made_np.draw.picture import Picture  # made when first asked for

    return Picture(figsize=(width, height), layout="constrained", facecolor="white")


def as_picture(path: StrPath | None) -> str | None:
    """Return the path of a picture that can be written, None for none, or raise: a check before any drawing.

    Raises
    ------
    TypeError, ValueError
        No path, or its name ends in none of .png, .svg, .pdf.
    OSError
        No file can be written there.
    """
    if path is None:
        return None
    target = Path(as_path(path))
    if target.suffix.lower() not in SUFFIXES:
        raise ValueError(f"path={show(str(target))}: give a picture a name that ends in one of {', '.join(SUFFIXES)}")
    check_writable(path)
    return str(target)


def finish(figure: Figure, path: str | None) -> Figure:
    """Return the figure, saved to `path` first where one is given: completely or not at all."""
    if path is not None:
        with atomic_write(path) as file:
            figure.savefig(file, format=Path(path).suffix[1:].lower(), dpi=160)
    return figure


def hatch(axes: Axes) -> None:
    """Hatch the ground, so that what is not there differs from what is merely pale."""
    axes.patch.set(facecolor=GROUND, hatch="////", edgecolor=HATCH, linewidth=0)


def quiet(axes: Axes) -> None:
    """Draw the frame and the ticks of `axes` thin and grey, and its words in ink."""
    axes.tick_params(length=0, labelsize=8, colors=INK)
    for spine in axes.spines.values():
        spine.set(color=FAINT, linewidth=0.8)


def titled(axes: Axes, title: str, x: str = "", y: str = "") -> None:
    """Put a title and the names of the axes."""
    axes.set_title(title, fontsize=10, color=INK)
    axes.set_xlabel(x, fontsize=9, color=INK)
    axes.set_ylabel(y, fontsize=9, color=INK)


def as_colour_map(cmap: Any) -> Any:
    """Return the name of a colour map that matplotlib knows, or one of its colour maps, or raise."""
    matplotlib = from_matplotlib()
    if isinstance(cmap, str) and cmap in matplotlib.colormaps:
        return cmap
    if not isinstance(cmap, matplotlib.colors.Colormap):
        raise ValueError(f"cmap={show(cmap)} is unknown: use the name of one of matplotlib's, such as 'gray'")
    return cmap


def degree_colours(n_features: int) -> tuple[Any, Any]:
    """Return the colour map and the scale of degrees, 0 (context only) to D (the last feature)."""
    import matplotlib
    from matplotlib.colors import Normalize

    name, end = DEGREES
    colours = matplotlib.colormaps[name].resampled(256)(np.linspace(0.0, end, 256))
    return matplotlib.colors.ListedColormap(colours), Normalize(0, max(n_features, 1))


def contrast(first: Any, second: Any) -> float:
    """Return the contrast of two colours, 1 to 21: text wants 4.5, lines and areas that say something want 3.

    Source: Web Content Accessibility Guidelines 2.2, "contrast ratio".

    Examples
    --------
    >>> contrast("black", "white")
    21.0
    """
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text_on(colour: Any) -> str:
    """Return "white" or "black", which is better read on that colour: one of them has a contrast of 4.5 on any."""
    return max("white", "black", key=lambda text: contrast(text, colour))


def _luminance(colour: Any) -> float:
    """Return how bright a colour is to the eye, 0 to 1."""
    from matplotlib.colors import to_rgb

    light = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]
