"""The network as a picture: layers are columns of units, coloured by degree, with every wire that the masks leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from made_np.draw.canvas import (
    ACCENT,
    CALM,
    FAINT,
    INK,
    StrPath,
    as_picture,
    degree_colours,
    feature_names,
    finish,
    new_figure,
)
from made_np.masks.sets import MaskSet
from made_np.typing import Bools, Ints
from made_np.values import as_a, as_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


COLUMN = 2.1
ROW = 0.32
"""From one column of units to the next, and from one unit to the next, in inches."""


class Wires(NamedTuple):
    """The wires between two columns of units: start, end, (out, in) mask, and how far they bend upwards."""

    name: str
    start: int
    end: int
    mask: Bools
    bulge: float = 0.0


def network(
    mask_set: MaskSet,
    *,
    highlight: int | None = None,
    names: Sequence[str] | None = None,
    max_units: int = 24,
    path: StrPath | None = None,
) -> Figure:
    """Draw the units of a network, coloured by degree, and its live wires.

    Inputs stand at the left and outputs at the right, one unit per feature, in the order of generation from top to
    bottom; hidden units are sorted by degree. Wires past the hidden layers, and identity skips, are dashed arcs.

    Parameters
    ----------
    mask_set : MaskSet
        ``made.mask_sets[k]``.
    highlight : int, optional
        A feature: the wires that reach its output are drawn strongly, all others faintly.
    names : sequence of str, length D, optional
        Of the features; x0, x1, ... by default.
    max_units : int
        Of a layer with more units only this many are drawn, evenly chosen, and the picture says so.
    path : path, optional
        Where to save the picture.

    Returns
    -------
    matplotlib.figure.Figure
        Its one axes holds one ``LineCollection`` per layer, with the layer's name ("W0", ...) as gid; those that
        are highlighted are in a collection of their own, "W0 highlighted".

    Raises
    ------
    TypeError, ValueError, OSError
        `mask_set` is none, `highlight` no feature, the wrong number of names, or no picture can be written at `path`.
    ImportError
        matplotlib is missing.
    """
    path = as_picture(path)
    n_features = len(as_a(mask_set, "mask_set", MaskSet, "give one of made.mask_sets").order)
    as_count(max_units, "max_units", 2)
    if highlight is not None:
        as_count(highlight, "highlight", 0, n_features - 1)
    listed = feature_names(names, n_features)
    degrees, wires = _by_feature(mask_set)
    live = _reaching(wires, [len(d) for d in degrees], highlight)
    shown = [_shown(d, max_units) for d in degrees]
    tallest = max(map(len, shown))
    axes = _sheet(len(degrees), tallest, max(map(len, listed)), 3 if tallest < max(map(len, degrees)) else 2)
    places = [_places(column, len(units), tallest) for column, units in enumerate(shown)]
    for group in wires:
        _draw_wires(axes, group, shown, places, live[group.end] if highlight is not None else None)
    labels = [*listed, *(f"y{c}" for c in range(mask_set.n_context))]
    for column, (units, place) in enumerate(zip(shown, places, strict=True)):
        _draw_units(axes, degrees[column][units], place, n_features)
        last = len(degrees) - 1
        if column in (0, last):
            _write_labels(axes, [labels[u] for u in units], place, column == 0)
        _write_title(axes, column, last, len(units), len(degrees[column]), tallest)
    return finish(axes.figure, path)


def _sheet(n_columns: int, tallest: int, longest_name: int, head: int) -> Axes:
    """Return axes that fill a figure and leave room for names at both sides, and `head` rows for titles."""
    left = 0.4 + 0.075 * longest_name
    right = 0.8 + 0.075 * longest_name  # inches
    figure = new_figure(left + COLUMN * (n_columns - 1) + right, ROW * (tallest + head))
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-left / COLUMN, n_columns - 1 + right / COLUMN), autoscale_on=False)
    axes.set_ylim(-(tallest - 1) / 2 - 1, (tallest - 1) / 2 + head)
    axes.set_axis_off()
    return axes


def _by_feature(mask_set: MaskSet) -> tuple[list[Ints], list[Wires]]:
    """Return degrees of each column of units, and the wires, with one input and one output unit per feature.

    All units of a feature's block have its degree, and so the same wires: the first stands for them.
    """
    first_in = np.cumsum((0, *mask_set.input_sizes))[:-1]
    context = sum(mask_set.input_sizes) + np.arange(mask_set.n_context)
    inputs = np.concatenate([first_in, context]).astype(np.int64)
    outputs = np.cumsum((0, *mask_set.output_sizes))[:-1].astype(np.int64)
    degrees = [mask_set.input_degrees[inputs], *mask_set.degrees, mask_set.output_degrees[outputs]]
    last = len(degrees) - 1
    wires = []
    for layer, mask in enumerate(mask_set.masks):
        rows = outputs if layer == last - 1 else np.arange(len(mask))
        columns = inputs if layer == 0 else np.arange(mask.shape[1])
        wires.append(Wires(f"W{layer}", layer, layer + 1, mask[np.ix_(rows, columns)]))
    for layer, skip in enumerate(mask_set.skips):
        if skip is not None:
            wires.append(Wires(f"skip{layer}", layer, layer + 1, np.diag(skip), 0.3))
    if mask_set.direct is not None:
        wires.append(Wires("W_direct", 0, last, mask_set.direct[np.ix_(outputs, inputs)], 0.7))
    return degrees, wires


def _reaching(wires: list[Wires], sizes: list[int], output: int | None) -> list[Bools]:
    """Return, for each column, which units lie on a path to `output`."""
    live: list[Bools] = [np.zeros(size, dtype=bool) for size in sizes]
    if output is not None:
        live[-1][output] = True
        for group in sorted(wires, key=lambda group: -group.end):
            live[group.start] |= group.mask[live[group.end]].any(axis=0)
    return live


def _shown(degrees: Ints, most: int) -> Ints:
    """Return the units to draw, from top to bottom: sorted by degree, evenly chosen if there are more than `most`."""
    by_degree = np.argsort(degrees, kind="stable")
    if len(by_degree) <= most:
        return np.asarray(by_degree)
    return np.asarray(by_degree[np.linspace(0, len(by_degree) - 1, most).round().astype(int)])


def _places(column: int, n: int, tallest: int) -> NDArray[np.float64]:
    """Return where to draw n units, (n, 2): spread over the height of the tallest column."""
    spread = np.arange(n) - (n - 1) / 2
    stretch = min((tallest - 1) / max(n - 1, 1), 2.0)
    return np.stack([np.full(n, float(column)), -spread * stretch], axis=1)


def _draw_wires(
    axes: Axes, group: Wires, shown: list[Ints], places: list[NDArray[np.float64]], live: Bools | None
) -> None:
    """Draw the wires between two columns; with `live`, those that end in a live unit on top, in the accent colour."""
    from matplotlib.collections import LineCollection

    mask = group.mask[np.ix_(shown[group.end], shown[group.start])]
    ends, starts = np.nonzero(mask)
    lines = _bend(places[group.start][starts], places[group.end][ends], group.bulge)
    strong = np.zeros(len(lines), dtype=bool) if live is None else live[shown[group.end]][ends]
    line: Any = "dashed" if group.bulge else "solid"
    plain = FAINT if live is not None else CALM if group.bulge else INK
    # Many wires are drawn thinner and paler, so that a dense layer does not turn black.
    alpha = float(np.clip(6 / np.sqrt(max(len(lines), 1)), 0.12, 0.6)) if live is None else 0.5
    for name, which, colour, strength, z in (
        (group.name, ~strong, plain, alpha, 1),
        (f"{group.name} highlighted", strong, ACCENT, 0.75, 2),
    ):
        if live is None and z == 2:
            continue
        drawn = LineCollection(
            list(lines[which]), colors=colour, alpha=strength, linewidths=0.9, linestyles=line, zorder=z
        )
        drawn.set_gid(name)
        axes.add_collection(drawn)


def _bend(starts: NDArray[np.float64], ends: NDArray[np.float64], bulge: float) -> NDArray[np.float64]:
    """Return lines (n, points, 2) from starts to ends: straight ones, or arcs that rise by `bulge`."""
    t = np.linspace(0, 1, 17 if bulge else 2)[:, None]
    lines = starts[:, None] * (1 - t) + ends[:, None] * t
    lines[..., 1] += bulge * 4 * (t * (1 - t))[:, 0]
    return np.asarray(lines)


def _draw_units(axes: Axes, degrees: Ints, place: NDArray[np.float64], n_features: int) -> None:
    colours, scale = degree_colours(n_features)
    x, y = place.T
    axes.scatter(x, y, c=degrees, cmap=colours, norm=scale, s=150, edgecolors="white", linewidths=1.4, zorder=3)
    for (x, y), degree in zip(place, degrees, strict=True):
        axes.text(x, y, str(degree), ha="center", va="center_baseline", fontsize=6.5, color="white", zorder=4)


def _write_labels(axes: Axes, labels: list[str], place: NDArray[np.float64], left: bool) -> None:
    shift, align = (-0.13, "right") if left else (0.13, "left")
    for label, (x, y) in zip(labels, place, strict=True):
        text = label if left else f"p({label} | ...)"
        axes.text(x + shift, y, text, ha=align, va="center", fontsize=8.5, color=INK)


def _write_title(axes: Axes, column: int, last: int, n_shown: int, n_units: int, tallest: int) -> None:
    what = "input" if column == 0 else "output" if column == last else f"hidden layer {column}"
    some = "" if n_shown == n_units else f"\n{n_shown} of {n_units} units"
    axes.text(column, (tallest - 1) / 2 + 1.0, what + some, ha="center", va="bottom", fontsize=9, color=INK)
