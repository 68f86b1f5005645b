"""The network as a picture: layers are columns of units, coloured by degree, with every wire that the masks leave."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from made_np.draw.canvas import (
    ACCENT,
    CALM,
    GREY,
    INK,
    StrPath,
    as_picture,
    degree_colours,
    finish,
    new_figure,
    text_on,
)
from made_np.draw.subject import as_mask_set
from made_np.draw.words import conditionals, feature_names, generates, rule
from made_np.masks.sets import MaskSet
from made_np.model.made import MADE
from made_np.typing import Bools, Ints
from made_np.values import as_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


COLUMN = 2.1
ROW = 0.32
"""From one column of units to the next, and from one unit to the next, in inches."""
LETTER = 0.068
"""Width of a letter, in inches; a little more than that of most."""
MOST_CUT = 120
"""Where the masks cut more wires than these, none of them is drawn: they would hide those that are there."""
RULE = "The number in a unit is its degree. A wire needs: {}."
CUT = "Dotted: cut by this rule."
HIGHLIGHTED = "Orange: every wire that reaches {}."


class Wires(NamedTuple):
    """The wires between two columns of units: start, end, (out, in) mask and which could be, how far they bend up."""

    name: str
    start: int
    end: int
    mask: Bools
    possible: Bools
    bulge: float = 0.0


def network(
    model: MADE | MaskSet,
    *,
    mask_set: int | Sequence[int] | None = None,
    highlight: int | None = None,
    names: Sequence[str] | None = None,
    max_units: int = 24,
    path: StrPath | None = None,
) -> Figure:
    """Draw the units of a network, coloured by degree, its live wires, and those that its masks cut.

    Inputs stand at the left and outputs at the right, one unit per feature, in the order of generation from top to
    bottom; hidden units are sorted by degree. Wires past the hidden layers, and identity skips, are dashed arcs. Cut
    wires are dotted: all of them where they are few, and with `highlight` those that would end in an orange wire.

    Parameters
    ----------
    model : MADE or MaskSet
        A model, or one of ``made.mask_sets``.
    mask_set : int or permutation, optional
        Of a model, which one; 0 by default.
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
        are highlighted are in a collection of their own, "W0 highlighted", and those that are cut in "W0 cut".

    Raises
    ------
    TypeError, ValueError, OSError
        `model` is none, there is no such mask set, `highlight` is no feature, the wrong number of names, or no picture
        can be written at `path`.
    ImportError
        matplotlib is missing.
    """
    path = as_picture(path)
    subject = as_mask_set(model, mask_set)
    n_features = len(subject.order)
    as_count(max_units, "max_units", 2)
    if highlight is not None:
        as_count(highlight, "highlight", 0, n_features - 1)
    listed = feature_names(names, n_features)
    degrees, wires = _by_feature(subject)
    live = _reaching(wires, [len(d) for d in degrees], highlight)
    shown = [_shown(d, max_units) for d in degrees]
    tallest = max(map(len, shown))
    outputs = conditionals(subject, listed)
    labels = ([*listed, *(f"y{c}" for c in range(subject.n_context))], outputs)
    cut = [_cut(group, shown, live[group.end] if highlight is not None else None) for group in wires]
    is_cut_drawn = 0 < sum(int(mask.sum()) for mask in cut) <= MOST_CUT
    rules = [*([rule("hidden unit", "unit below")] if subject.degrees else []), rule("output", "unit below")]
    caption = [RULE.format(", ".join(rules)), *([CUT] if is_cut_drawn else [])]
    if highlight is not None:
        caption.append(HIGHLIGHTED.format(outputs[highlight]))
    axes = _sheet(degrees, shown, labels, generates(subject, listed), caption)
    places = [_places(column, len(units), tallest) for column, units in enumerate(shown)]
    for group, mask in zip(wires, cut, strict=True):
        _draw_wires(axes, group, shown, places, live[group.end] if highlight is not None else None)
        if is_cut_drawn:
            _draw_cut(axes, group, mask, places)
    for column, (units, place) in enumerate(zip(shown, places, strict=True)):
        _draw_units(axes, degrees[column][units], place, n_features)
    _write_labels(axes, [labels[0][u] for u in shown[0]], places[0], left=True)
    _write_labels(axes, [outputs[u] for u in shown[-1]], places[-1], left=False)
    return finish(axes.figure, path)


def _sheet(
    degrees: list[Ints], shown: list[Ints], labels: tuple[list[str], list[str]], title: str, caption: list[str]
) -> Axes:
    """Return axes that fill a figure, with a title, a name above each column, a caption, and room for all of it."""
    n_columns = len(degrees)
    tallest = max(map(len, shown))
    is_thinned = tallest < max(map(len, degrees))
    left, right = (0.4 + LETTER * max(map(len, words)) for words in labels)  # inches
    width = left + COLUMN * (n_columns - 1) + right
    most = max(int((width - 0.3) / LETTER), 20)
    above = textwrap.wrap(title, most)
    below = textwrap.wrap(" ".join(caption), most)
    head = 1.6 + 0.5 * is_thinned + 0.6 * len(above)
    foot = 0.8 + 0.55 * len(below)
    figure = new_figure(width, ROW * (tallest + head + foot))
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-left / COLUMN, n_columns - 1 + right / COLUMN), autoscale_on=False)
    top = (tallest - 1) / 2
    axes.set_ylim(-top - 0.5 - foot, top + 0.5 + head)
    axes.set_axis_off()
    edge = 0.15 / width
    height = ROW * (tallest + head + foot)
    figure.suptitle("\n".join(above), x=edge, y=1 - 0.1 / height, ha="left", va="top", fontsize=10, color=INK)
    figure.text(edge, 0.12 / height, "\n".join(below), ha="left", va="bottom", fontsize=8.5, color=INK)
    for column, (units, of) in enumerate(zip(shown, degrees, strict=True)):
        what = "input" if column == 0 else "output" if column == n_columns - 1 else f"hidden layer {column}"
        some = "" if len(units) == len(of) else f"\n{len(units)} of {len(of)} units"
        axes.text(column, top + 0.9, what + some, ha="center", va="bottom", fontsize=9, color=INK)
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
        wires.append(_all_to_all(f"W{layer}", layer, layer + 1, mask[np.ix_(rows, columns)]))
    for layer, skip in enumerate(mask_set.skips):
        if skip is not None:
            possible = np.eye(len(skip), dtype=bool)
            wires.append(Wires(f"skip{layer}", layer, layer + 1, np.diag(skip), possible, 0.3))
    if mask_set.direct is not None:
        wires.append(_all_to_all("W_direct", 0, last, mask_set.direct[np.ix_(outputs, inputs)], 0.7))
    return degrees, wires


def _all_to_all(name: str, start: int, end: int, mask: Bools, bulge: float = 0.0) -> Wires:
    """Return the wires of a full layer, of which any could be there."""
    return Wires(name, start, end, mask, np.ones(mask.shape, dtype=bool), bulge)


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


def _cut(group: Wires, shown: list[Ints], live: Bools | None) -> Bools:
    """Return which wires between the units that are shown the mask cuts; with `live`, of those into live units."""
    cut = group.possible & ~group.mask
    if live is not None:
        cut = cut & live[:, None]
    return cut[np.ix_(shown[group.end], shown[group.start])]


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
    plain = CALM if live is None and group.bulge else GREY
    # Many wires are drawn thinner, not paler: a dense layer does not turn black, and each line can be seen.
    width = float(np.clip(8 / np.sqrt(max(len(lines), 1)), 0.25, 0.9)) if live is None else 0.5
    for name, which, colour, thick, z in (
        (group.name, ~strong, plain, width, 1),
        (f"{group.name} highlighted", strong, ACCENT, 1.5, 2),
    ):
        if live is None and z == 2:
            continue
        drawn = LineCollection(list(lines[which]), colors=colour, linewidths=thick, linestyles=line, zorder=z)
        drawn.set_gid(name)
        axes.add_collection(drawn)


def _draw_cut(axes: Axes, group: Wires, cut: Bools, places: list[NDArray[np.float64]]) -> None:
    """Draw the wires between two columns that are not there."""
    from matplotlib.collections import LineCollection

    ends, starts = np.nonzero(cut)
    lines = _bend(places[group.start][starts], places[group.end][ends], group.bulge)
    dots: Any = (0, (1, 2.5))
    drawn = LineCollection(list(lines), colors=CALM, linewidths=0.8, linestyles=[dots], zorder=1.5)
    drawn.set_gid(f"{group.name} cut")
    axes.add_collection(drawn)


def _bend(starts: NDArray[np.float64], ends: NDArray[np.float64], bulge: float) -> NDArray[np.float64]:
    """Return lines (n, points, 2) from starts to ends: straight ones, or arcs that rise by `bulge`."""
    t = np.linspace(0, 1, 17 if bulge else 2)[:, None]
    lines = starts[:, None] * (1 - t) + ends[:, None] * t
    lines[..., 1] += bulge * 4 * (t * (1 - t))[:, 0]
    return np.asarray(lines)


def _draw_units(axes: Axes, degrees: Ints, place: NDArray[np.float64], n_features: int) -> None:
    """Draw the units of one column, each with its degree, in discs that hold the largest degree of all."""
    colours, scale = degree_colours(n_features)
    digits = len(str(n_features))
    size = {1: 190, 2: 190, 3: 300}.get(digits, 440)
    x, y = place.T
    axes.scatter(x, y, c=degrees, cmap=colours, norm=scale, s=size, edgecolors="white", linewidths=1.4, zorder=3)
    if digits > 4:
        return
    for (x, y), degree in zip(place, degrees.tolist(), strict=True):
        on = text_on(colours(scale(degree)))
        axes.text(x, y, str(degree), ha="center", va="center_baseline", fontsize=8, color=on, zorder=4)


def _write_labels(axes: Axes, labels: list[str], place: NDArray[np.float64], *, left: bool) -> None:
    """Write what each unit of a column stands for beside it."""
    shift, align = (-0.13, "right") if left else (0.13, "left")
    for label, (x, y) in zip(labels, place, strict=True):
        axes.text(x + shift, y, label, ha=align, va="center", fontsize=8.5, color=INK)
