"""Rows as images: grids of them, and completions beside what was given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from made_np.draw.canvas import (
    ACCENT,
    FAINT,
    GROUND,
    HATCH,
    INK,
    StrPath,
    as_colour_map,
    as_picture,
    as_words,
    finish,
    new_figure,
)
from made_np.typing import Array, Bools
from made_np.validation import as_bools, as_finite, as_numbers
from made_np.values import as_count, as_number, as_sequence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


GAP = 0.08
"""Between two images, as a share of their longer side."""


def image_grid(
    images: Any,
    *,
    titles: Sequence[str] | None = None,
    frames: Any = None,
    value_range: tuple[float, float] | None = None,
    cmap: str = "gray",
    size: float = 0.8,
    path: StrPath | None = None,
) -> Figure:
    """Draw images in rows and columns.

    Parameters
    ----------
    images : array, shape (rows, columns, height, width)
        NaN is drawn as hatched ground: a pixel that is not known.
    titles : sequence of str, optional
        One above each column.
    frames : array of bool, shape (rows, columns, height, width), optional
        Pixels to draw a frame around: those that were given, say.
    value_range : (low, high), optional
        The values drawn as the two ends of the colour map; those of `images` by default.
    cmap : str
        "gray" for photographs, "gray_r" for ink on paper.
    size : float
        Of the longer side of one image, in inches.
    path : path, optional
        Where to save the picture.

    Returns
    -------
    matplotlib.figure.Figure
        Its one axes holds the images row by row, and the frames as a ``LineCollection``.

    Raises
    ------
    TypeError, ValueError, OSError
        Shapes that do not fit, infinite pixels, an unknown `cmap`, or no picture can be written at `path`.
    ImportError
        matplotlib is missing.
    """
    path = as_picture(path)
    cmap = as_colour_map(cmap)
    size = as_number(size, "size", "[0.01, 100]")
    given = as_numbers(images, "images")
    if given.ndim != 4 or 0 in given.shape:
        raise ValueError(f"images has shape {given.shape}: give (rows, columns, height, width), none of them 0")
    grid = as_finite(given, np.dtype("float64"), "images", gaps=True)
    if titles is not None:
        titles = as_words(titles, "titles", f"one for each of the {grid.shape[1]} columns", grid.shape[1])
    framed = np.zeros(grid.shape, dtype=bool) if frames is None else as_bools(frames, "frames", 4)
    if framed.shape != grid.shape:
        raise ValueError(f"frames has shape {framed.shape}, images {grid.shape}: give one boolean per pixel")
    low, high = _range(grid) if value_range is None else _as_range(value_range)
    axes, corners = _sheet(grid.shape, size, titles)
    for index in np.ndindex(*grid.shape[:2]):
        _draw_image(axes, grid[index], corners[index], cmap=cmap, vmin=low, vmax=high)
    _draw_frames(
        axes, [edge + corners[index] for index in np.ndindex(*grid.shape[:2]) for edge in outline(framed[index])]
    )
    return finish(axes.figure, path)


def completions(
    given: Any,
    image_shape: tuple[int, int],
    *,
    original: Any = None,
    mean: Any = None,
    samples: Any = None,
    value_range: tuple[float, float] | None = None,
    cmap: str = "gray",
    path: StrPath | None = None,
) -> Figure:
    """Draw images that were partly given beside what a model made of them: one line per image.

    From left to right: the original, what was given, the mean, samples; those that are there. A frame marks what was
    given.

    Parameters
    ----------
    given : array, shape (n, D)
        NaN where to fill.
    image_shape : (height, width)
    original, mean : array, shape (n, D), optional
    samples : array, shape (n, S, D), optional
        S completions of each image.
    value_range, cmap, path
        As in `image_grid`.

    Raises
    ------
    TypeError, ValueError, OSError, ImportError
        As in `image_grid`.
    """
    path = as_picture(path)
    rows = as_numbers(given, "given")
    height, width = as_sequence(image_shape, "image_shape", "(height, width)", 2)
    shape = as_count(height, "image_shape[0]"), as_count(width, "image_shape[1]")
    if rows.ndim != 2 or 0 in rows.shape:
        raise ValueError(f"given has shape {rows.shape}: give rows (n, D), none of them 0")
    n = len(rows)
    columns = []
    titles = []
    for title, part in (("original", original), ("given", rows), ("mean", mean)):
        if part is not None:
            columns.append(_as_images(part, n, shape, title))
            titles.append(title)
    if samples is not None:
        drawn = as_numbers(samples, "samples")
        if drawn.ndim != 3:
            raise ValueError(f"samples has shape {drawn.shape}: give (n, S, D), S completions of each image")
        for k in range(drawn.shape[1]):
            columns.append(_as_images(drawn[:, k], n, shape, "samples"))
            titles.append(f"sample {k + 1}")
    known = ~np.isnan(_as_images(rows, n, shape, "given"))
    frames = np.repeat(known[:, None], len(titles), axis=1)
    if original is not None:
        frames[:, 0] = False
    grid = np.stack(columns, axis=1)
    return image_grid(grid, titles=titles, frames=frames, value_range=value_range, cmap=cmap, path=path)


def outline(pixels: Bools) -> NDArray[np.float64]:
    """Return the edges around the pixels that are True, whatever their shape: (n, 2, 2), each two points (x, y).

    Examples
    --------
    >>> len(outline(np.array([[True, True], [False, True]])))
    8
    """
    padded = np.pad(pixels, 1)
    # An edge lies wherever two neighbours differ; pixel (r, c) reaches from (c, r) to (c + 1, r + 1).
    r, c = np.nonzero(padded[1:, 1:-1] != padded[:-1, 1:-1])
    across = np.stack([c, r, c + 1, r], axis=1)
    r, c = np.nonzero(padded[1:-1, 1:] != padded[1:-1, :-1])
    down = np.stack([c, r, c, r + 1], axis=1)
    return np.concatenate([across, down]).reshape(-1, 2, 2).astype(np.float64)


def _as_images(rows: Any, n: int, image_shape: tuple[int, int], name: str) -> Array:
    array = as_numbers(rows, name)
    height, width = image_shape
    if array.shape != (n, height * width):
        raise ValueError(
            f"{name} has shape {array.shape}: given has {n} rows, and images are {height} x {width}, so give "
            f"{(n, height * width)}"
        )
    return as_finite(array, np.dtype("float64"), name, gaps=True).reshape(n, height, width)


def _as_range(value_range: Any) -> tuple[float, float]:
    """Return the two ends of the colour map, or raise."""
    low, high = as_sequence(value_range, "value_range", "(low, high)", 2)
    ends = as_number(low, "value_range[0]"), as_number(high, "value_range[1]")
    if not ends[0] <= ends[1]:
        raise ValueError(f"value_range={ends}: give (low, high), the lower end first")
    return ends


def _range(grid: Array) -> tuple[float, float]:
    known = grid[~np.isnan(grid)]
    return (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)


def _sheet(shape: tuple[int, ...], size: float, titles: Sequence[str] | None) -> tuple[Axes, Array]:
    """Return axes in units of pixels, y downwards, in a figure that they fill, and each image's upper left corner."""
    n_rows, n_columns, height, width = shape
    gap = GAP * max(height, width)
    inch = size / max(height, width)
    head = 0.17 / inch if titles is not None else 0.0
    right = n_columns * (width + gap)
    bottom = n_rows * (height + gap)
    figure = new_figure((right + gap) * inch, (bottom + gap + head) * inch)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-gap, right), ylim=(bottom, -gap - head), autoscale_on=False)
    axes.set_axis_off()
    for c, title in enumerate(titles or ()):
        axes.text(c * (width + gap) + width / 2, -gap / 2, title, ha="center", va="bottom", fontsize=8, color=INK)
    row, column = np.indices((n_rows, n_columns))
    return axes, np.stack([column * (width + gap), row * (height + gap)], axis=-1)


def _draw_image(axes: Axes, image: Array, corner: Array, **colours: Any) -> None:
    from matplotlib.patches import Rectangle

    (left, top) = corner
    (height, width) = image.shape
    if np.isnan(image).any():
        ground = {"facecolor": GROUND, "edgecolor": HATCH, "hatch": "////", "linewidth": 0}
        axes.add_patch(Rectangle((left, top), width, height, **ground))
    box = (left, left + width, top + height, top)
    axes.imshow(image, interpolation="nearest", extent=box, zorder=2, **colours)
    axes.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor=FAINT, linewidth=0.6, zorder=3))


def _draw_frames(axes: Axes, edges: list[Array]) -> None:
    from matplotlib.collections import LineCollection

    axes.add_collection(LineCollection(edges, colors=ACCENT, linewidths=1.4, capstyle="projecting", zorder=4))
