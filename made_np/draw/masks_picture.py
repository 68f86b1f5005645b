"""Masks as pictures: a coloured cell is a wire, hatched ground is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from made_np.draw.canvas import (
    INK,
    StrPath,
    as_picture,
    degree_colours,
    finish,
    hatch,
    new_figure,
    quiet,
    titled,
)
from made_np.draw.panels import Panel, Side, panels_of, reachability_of
from made_np.draw.subject import as_mask_set
from made_np.draw.words import feature_names, generates
from made_np.masks.sets import MaskSet
from made_np.model.made import MADE
from made_np.values import as_choice

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LABELS = 20
SORTED_BY = ("order", "feature")
PANEL = 3.1
SIGN = 0.25
"""Width of a panel, and of the sign between two panels, in inches."""


def masks(
    model: MADE | MaskSet,
    *,
    mask_set: int | Sequence[int] | None = None,
    by: str = "order",
    names: Sequence[str] | None = None,
    path: StrPath | None = None,
) -> Figure:
    """Draw all masks of a mask set as an equation: their product is the reachability, who sees whom.

    A cell at (r, c) is coloured, by the degree of unit r, if there is a wire from unit c to unit r. Above each mask
    stands the comparison of degrees that makes it. Units are labelled with their degrees where there is room.

    Parameters
    ----------
    model : MADE or MaskSet
        A model, or one of ``made.mask_sets``.
    mask_set : int or permutation, optional
        Of a model, which one; 0 by default.
    by : {"order", "feature"}
        Whether inputs and outputs stand in the order of generation (masks are staircases then) or by feature.
        Hidden units stand as they are in the model.
    names : sequence of str, length D, optional
        Of the features; x0, x1, ... by default.
    path : path, optional
        Where to save the picture.

    Returns
    -------
    matplotlib.figure.Figure
        One axes per mask, W0 first, then W_direct where there is one, then the reachability. On the paper they stand
        as factors do: the output's mask at the left.

    Raises
    ------
    TypeError, ValueError, OSError
        `model` is none, there is no such mask set, an unknown `by`, the wrong number of names, or no picture can be
        written at `path`.
    ImportError
        matplotlib is missing.
    """
    path = as_picture(path)
    subject = as_mask_set(model, mask_set)
    as_choice(by, "by", SORTED_BY)
    listed = feature_names(names, len(subject.order))
    panels = panels_of(subject, listed)
    figure = new_figure(PANEL * len(panels) + SIGN * (len(panels) - 1) + 0.8, 3.9)
    title = f"{generates(subject, listed)}: the product of the masks is the reachability, who sees whom"
    figure.suptitle(title, fontsize=10, color=INK)
    every = _equation(figure, panels, len(subject.masks))
    for axes, panel in zip(every, panels, strict=True):
        image = _draw_panel(axes, panel, by, len(subject.order))
    bar = figure.colorbar(image, ax=every, label="degree", shrink=0.8, aspect=30, pad=0.01)
    bar.outline.set_visible(False)
    bar.locator = _whole_numbers()
    bar.update_ticks()
    quiet(bar.ax)
    bar.ax.yaxis.label.set_color(INK)
    return finish(figure, path)


def reachability(
    model: MADE | MaskSet,
    *,
    mask_set: int | Sequence[int] | None = None,
    by: str = "order",
    names: Sequence[str] | None = None,
    path: StrPath | None = None,
) -> Figure:
    """Draw who sees whom: cell (i, j) is coloured if the conditional of feature i depends on feature j.

    Parameters, errors and what comes back are those of `masks`, with a single axes.
    """
    path = as_picture(path)
    subject = as_mask_set(model, mask_set)
    as_choice(by, "by", SORTED_BY)
    figure = new_figure(4.4, 4.4)
    axes = figure.add_subplot()
    panel = reachability_of(subject, feature_names(names, len(subject.order)), "who sees whom")
    _draw_panel(axes, panel, by, len(subject.order))
    return finish(figure, path)


def _equation(figure: Figure, panels: list[Panel], n_factors: int) -> list[Axes]:
    """Return the axes of the panels, placed as W1 · W0 + W_direct = reachability."""
    n = len(panels)
    grid = figure.add_gridspec(1, 2 * n - 1, width_ratios=[*[PANEL, SIGN] * (n - 1), PANEL])
    # the masks stand as factors do, last layer first; what is added or equal follows them
    place = [*reversed(range(n_factors)), *range(n_factors, n)]
    every = [figure.add_subplot(grid[0, 2 * k]) for k in place]
    for k in range(1, n):
        sign = "=" if k == n - 1 else "\u00b7" if k < n_factors else "+"
        axes = figure.add_subplot(grid[0, 2 * k - 1])
        axes.set_axis_off()
        axes.text(
            0.5, 0.5, sign, ha="center", va="center", fontsize=22, weight="bold", color=INK, transform=axes.transAxes
        )
    return every


def _draw_panel(axes: Axes, panel: Panel, by: str, n_features: int) -> Any:
    """Draw one mask; return the image, so that a bar can explain its colours."""
    if by == "order":
        panel = panel.in_order()
    _, _, mask, out, inp = panel
    colours, scale = degree_colours(n_features)
    # A cell without a wire is NaN: nothing is drawn there.
    cells = np.where(mask, out.degrees[:, None], np.nan)
    hatch(axes)
    image = axes.imshow(cells, cmap=colours, norm=scale, aspect="auto", interpolation="nearest")
    axes.set_box_aspect(1)
    titled(axes, f"{panel.name}: {panel.rule}", _name(inp, by), _name(out, by))
    quiet(axes)
    _label(axes.xaxis, inp)
    _label(axes.yaxis, out)
    if max(mask.shape) <= MOST_LABELS:
        _gaps_between_cells(axes, mask.shape)
    return image


def _name(side: Side, by: str) -> str:
    """Return what stands along a side, how it is sorted, and what its labels are."""
    if side.is_hidden:
        how = ", by degree" if (np.diff(side.degrees) >= 0).all() else ""
    else:
        how = ", in order" if by == "order" else ", by feature"
    degree = " (degree)" if len(side.labels) <= MOST_LABELS else f" ({len(side.degrees)})"
    return side.what + how + degree


def _label(axis: Any, side: Side) -> None:
    """Label every unit, with its degree, where there is room; else leave the unit numbers to matplotlib."""
    if len(side.labels) <= MOST_LABELS:
        rotation = 90 if axis.axis_name == "x" else 0
        axis.set_ticks(range(len(side.labels)), side.with_degrees("{} ({})"), rotation=rotation)


def _gaps_between_cells(axes: Axes, shape: tuple[int, ...]) -> None:
    """Part small cells by white lines, so that they can be counted."""
    axes.set_xticks(np.arange(1, shape[1]) - 0.5, minor=True)
    axes.set_yticks(np.arange(1, shape[0]) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.2)
    axes.tick_params(which="minor", length=0)


def _whole_numbers() -> Any:
    """Return what places ticks on whole numbers: there is no degree of 1.5."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(integer=True)
