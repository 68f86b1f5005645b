"""Calibration as a picture: what was predicted against what was observed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from made_np.diagnostics import Calibration
from made_np.draw.canvas import ACCENT, CALM, FAINT, INK, StrPath, as_picture, finish, new_figure, quiet, titled
from made_np.values import as_a

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from made_np.diagnostics import Bins, Reliability, Uniformity


def calibration(
    found: Calibration,
    *,
    feature: int | None = None,
    title: str = "calibration",
    path: StrPath | None = None,
) -> Figure:
    """Draw the reliability diagram of discrete features, and the histogram of u = P(X <= x) of the others.

    In the diagram, points on the diagonal are right; below it the model predicts too much, above too little. The bars
    beneath count predictions. In the histogram, bars as high as the line are right. Whiskers and the pale band are two
    standard errors to either side, for a model that is right: a few of its bins in a hundred lie outside.

    Parameters
    ----------
    found : Calibration
        What `made_np.calibration` gave back.
    feature : int, optional
        Draw one feature; by default all of them, those with states in one diagram, the others in one histogram.
    title : str
    path : path, optional
        Where to save the picture.

    Raises
    ------
    TypeError, ValueError, OSError
        `found` is no calibration, there is no such feature, or no picture can be written at `path`.
    ImportError
        matplotlib is missing.
    """
    path = as_picture(path)
    as_a(found, "found", Calibration, "give what made_np.calibration() returned")
    as_a(title, "title", str, "give a str")
    kinds = set(found.is_discrete.tolist()) if feature is None else {found.has_states(feature)}
    figure = new_figure(4.6 * len(kinds), 4.6)
    grid = figure.add_gridspec(2, len(kinds), height_ratios=(3, 1))
    if True in kinds:
        upper = figure.add_subplot(grid[0, 0])
        _diagram(upper, found.reliability(feature), title)
        _counts(figure.add_subplot(grid[1, 0], sharex=upper), found.reliability(feature))
    if False in kinds:
        _histogram(figure.add_subplot(grid[:, -1]), found.uniformity(feature), title)
    return finish(figure, path)


def _diagram(axes: Axes, bins: Reliability, title: str) -> None:
    """Draw observed shares over predicted probabilities, and the diagonal."""
    filled = bins.count > 0
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle="dotted", zorder=0)
    axes.errorbar(
        bins.predicted[filled],
        bins.observed[filled],
        yerr=2 * bins.standard_error[filled],
        fmt="o",
        color=ACCENT,
        elinewidth=1.0,
        markersize=5,
        label="observed",
    )
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    _settle(axes)
    titled(axes, _headline(bins, title), "", "observed share")


def _counts(axes: Axes, bins: Reliability) -> None:
    """Draw how many predictions each bin holds."""
    axes.bar(bins.edges[:-1], bins.count, np.diff(bins.edges), align="edge", color=CALM, edgecolor="white")
    _settle(axes)
    titled(axes, "", "predicted probability", "predictions")


def _histogram(axes: Axes, bins: Uniformity, title: str) -> None:
    """Draw the share of each bin, with the even share as a line and what chance allows as a band."""
    even = bins.even
    error = 2 * bins.standard_error
    axes.bar(bins.edges[:-1], bins.share, np.diff(bins.edges), align="edge", color=CALM, edgecolor="white")
    axes.axhspan(even - error, even + error, color=FAINT, alpha=0.7, linewidth=0)
    axes.axhline(even, color=INK, linewidth=0.8, linestyle="dotted")
    axes.set_xlim(0, 1)
    _settle(axes)
    titled(axes, _headline(bins, title), "u = P(X <= x)", f"share of {int(bins.count.sum())} values")


def _headline(bins: Bins, title: str) -> str:
    return f"{title}: error {bins.error:.4f}, {bins.chance:.4f} by chance"


def _settle(axes: Axes) -> None:
    """Draw frame and grid as in every picture here."""
    quiet(axes)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
