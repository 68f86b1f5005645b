"""The sheet that every picture is drawn on: matplotlib without pyplot, one set of colours, saving."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from made_np.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#22303c"
FAINT = "#c9d1d9"
ACCENT = "#e8590c"
CALM = "#2b6cb0"
GROUND = "#f6f8fa"
HATCH = "#dde3e9"
DEGREES = "viridis"
SUFFIXES = (".png", ".svg", ".pdf")

StrPath = str | os.PathLike[str]


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size, in inches.

    Raises
    ------
    ImportError
        matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError('pictures need matplotlib, which is missing: pip install "made_np[plot]"') from error
    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def finish(figure: Figure, path: StrPath | None) -> Figure:
    """Return the figure, saved to `path` first where one is given: completely or not at all.

    Raises
    ------
    ValueError
        The name ends in none of .png, .svg, .pdf.
    """
    if path is not None:
        suffix = check_suffix(path)
        with atomic_write(path) as file:
            figure.savefig(file, format=suffix[1:], dpi=160)
    return figure


def check_suffix(path: StrPath) -> str:
    """Return how the name of a picture ends, or raise a `ValueError`."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"path={os.fspath(path)!r}: give a picture a name that ends in one of {', '.join(SUFFIXES)}")
    return suffix


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


def feature_names(names: Any, n_features: int) -> list[str]:
    """Return `names` as D strings: x0, x1, ... for None.

    Raises
    ------
    ValueError
        There are not D of them.
    """
    if names is None:
        return [f"x{feature}" for feature in range(n_features)]
    listed = [str(name) for name in names]
    if len(listed) != n_features:
        raise ValueError(f"names lists {len(listed)} names: give one for each of the {n_features} features")
    return listed


def degree_colours(n_features: int) -> tuple[Any, Any]:
    """Return the colour map and the scale of degrees, 0 (context only) to D (the last feature)."""
    import matplotlib
    from matplotlib.colors import Normalize

    # The lightest yellow is left out: it would be lost on white.
    colours = matplotlib.colormaps[DEGREES].resampled(256)(np.linspace(0.0, 0.93, 256))
    return matplotlib.colors.ListedColormap(colours), Normalize(0, max(n_features, 1))
