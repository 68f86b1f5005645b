"""The sheet that every picture is drawn on: matplotlib without pyplot, one set of colours, saving."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from made_np.files import atomic_write
from made_np.places import check_writable
from made_np.values import as_path, as_sequence, show

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
    from_matplotlib()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def from_matplotlib() -> Any:
    """Return matplotlib, or raise an `ImportError` that says where to get it."""
    try:
        import matplotlib
    except ImportError as error:
        raise ImportError('pictures need matplotlib, which is missing: pip install "made_np[plot]"') from error
    return matplotlib


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


def feature_names(names: Any, n_features: int) -> list[str]:
    """Return `names` as D strings: x0, x1, ... for None.

    Raises
    ------
    TypeError, ValueError
        There are not D of them, or they are none.
    """
    if names is None:
        return [f"x{feature}" for feature in range(n_features)]
    listed = as_words(names, "names", f"one for each of the {n_features} features", n_features)
    return [name.replace("$", r"\$") for name in listed]  # matplotlib takes what is between two dollars for a formula


def as_words(words: Any, name: str, what: str, size: int) -> list[str]:
    """Return so many words as strings, or raise."""
    return [_word(word, f"{name}[{k}]") for k, word in enumerate(as_sequence(words, name, what, size))]


def _word(word: Any, name: str) -> str:
    try:
        return str(word)
    except Exception:  # what other people's classes make of it
        raise TypeError(f"{name} is a {type(word).__name__} that cannot be written: give a str") from None


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

    # The lightest yellow is left out: it would be lost on white.
    colours = matplotlib.colormaps[DEGREES].resampled(256)(np.linspace(0.0, 0.93, 256))
    return matplotlib.colors.ListedColormap(colours), Normalize(0, max(n_features, 1))
