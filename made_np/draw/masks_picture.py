"""Masks and reachability as pictures: a coloured cell is a wire, hatched ground is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from made_np.draw.canvas import (
    INK,
    StrPath,
    as_picture,
    degree_colours,
    feature_names,
    finish,
    hatch,
    new_figure,
    quiet,
    titled,
)
from made_np.masks.sets import MaskSet
from made_np.typing import Bools, Ints
from made_np.values import as_a, as_choice

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LABELS = 20
SORTED_BY = ("order", "feature")


class Side(NamedTuple):
    """The units along one side of a mask: what they are, the degree of each, and a label for each."""

    what: str
    degrees: Ints
    labels: list[str]

    def sorted_by(self, index: Ints) -> Side:
        """Return the side with its units in another sequence."""
        return Side(self.what, self.degrees[index], [self.labels[i] for i in index])


def masks(
    mask_set: MaskSet, *, by: str = "order", names: Sequence[str] | None = None, path: StrPath | None = None
) -> Figure:
    """Draw all masks of a mask set side by side, and the reachability that follows from them.

    A cell at (r, c) is coloured, by the degree of unit r, if there is a wire from unit c to unit r.

    Parameters
    ----------
    mask_set : MaskSet
        ``made.mask_sets[k]``.
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
        One axes per mask, W0 first, then W_direct where there is one, then the reachability.

    Raises
    ------
    TypeError, ValueError, OSError
        `mask_set` is none, an unknown `by`, the wrong number of names, or no picture can be written at `path`.
    ImportError
        matplotlib is missing.
    """
    path = as_picture(path)
    as_a(mask_set, "mask_set", MaskSet, "give one of made.mask_sets")
    as_choice(by, "by", SORTED_BY)
    inputs, outputs = _sides(mask_set, names)
    hidden = [
        Side(f"hidden layer {layer}", degrees, [str(d) for d in degrees])
        for layer, degrees in enumerate(mask_set.degrees, start=1)
    ]
    panels: list[tuple[str, Bools, Side, Side]] = []
    below = inputs
    for layer, (mask, side) in enumerate(zip(mask_set.masks, [*hidden, outputs], strict=bool(hidden))):
        panels.append((f"W{layer}", mask, side, below))
        below = side
    if mask_set.direct is not None:
        panels.append(("W_direct", mask_set.direct, outputs, inputs))
    panels.append(("reachability", mask_set.reachability(), *_features(mask_set, names)))
    figure = new_figure(3.1 * len(panels) + 0.8, 3.5)
    every = [figure.add_subplot(1, len(panels), k) for k in range(1, len(panels) + 1)]
    for axes, (title, mask, out, inp) in zip(every, panels, strict=True):
        image = _panel(axes, title, mask, out, inp, by, len(mask_set.order))
    bar = figure.colorbar(image, ax=every, label="degree", shrink=0.8, aspect=30, pad=0.01)
    bar.outline.set_visible(False)
    quiet(bar.ax)
    bar.ax.yaxis.label.set_color(INK)
    return finish(figure, path)


def reachability(
    mask_set: MaskSet, *, by: str = "order", names: Sequence[str] | None = None, path: StrPath | None = None
) -> Figure:
    """Draw who sees whom: cell (i, j) is coloured if the conditional of feature i depends on feature j.

    Parameters, errors and what comes back are those of `masks`, with a single axes.
    """
    path = as_picture(path)
    as_a(mask_set, "mask_set", MaskSet, "give one of made.mask_sets")
    as_choice(by, "by", SORTED_BY)
    features = _features(mask_set, names)
    figure = new_figure(4.4, 4.4)
    axes = figure.add_subplot()
    _panel(axes, "who sees whom", mask_set.reachability(), *features, by, len(mask_set.order))
    return finish(figure, path)


def _sides(mask_set: MaskSet, names: Sequence[str] | None) -> tuple[Side, Side]:
    """Return the input and the output units; a feature's block carries its name on every unit."""
    listed = feature_names(names, len(mask_set.order))
    inputs = [listed[d] for d, size in enumerate(mask_set.input_sizes) for _ in range(size)]
    inputs += [f"y{c}" for c in range(mask_set.n_context)]
    outputs = [listed[d] for d, size in enumerate(mask_set.output_sizes) for _ in range(size)]
    return Side("input", mask_set.input_degrees, inputs), Side("output", mask_set.output_degrees, outputs)


def _features(mask_set: MaskSet, names: Sequence[str] | None) -> tuple[Side, Side]:
    """Return the features as outputs and as inputs, one unit each."""
    listed = feature_names(names, len(mask_set.order))
    degrees = mask_set.position + 1
    return Side("output", degrees, listed), Side("input", degrees, listed)


def _panel(axes: Axes, title: str, mask: Bools, out: Side, inp: Side, by: str, n_features: int) -> Any:
    """Draw one mask; return the image, so that a bar can explain its colours."""
    rows = _sequence(out, by)
    columns = _sequence(inp, by)
    out = out.sorted_by(rows)
    inp = inp.sorted_by(columns)
    mask = mask[np.ix_(rows, columns)]
    colours, scale = degree_colours(n_features)
    # A cell without a wire is NaN: nothing is drawn there.
    cells = np.where(mask, out.degrees[:, None], np.nan)
    hatch(axes)
    image = axes.imshow(cells, cmap=colours, norm=scale, aspect="auto", interpolation="nearest")
    axes.set_box_aspect(1)
    titled(axes, title, _name(inp, by), _name(out, by))
    quiet(axes)
    _label(axes.xaxis, inp)
    _label(axes.yaxis, out)
    if max(mask.shape) <= MOST_LABELS:
        _gaps_between_cells(axes, mask.shape)
    return image


def _sequence(side: Side, by: str) -> Ints:
    """Return the indices of a side's units in the sequence in which they are drawn."""
    if by == "order" and not side.what.startswith("hidden"):
        return np.asarray(np.argsort(side.degrees, kind="stable"))
    return np.arange(len(side.degrees))


def _name(side: Side, by: str) -> str:
    if side.what.startswith("hidden"):
        how = "by degree" if (np.diff(side.degrees) >= 0).all() else "degrees"
    else:
        how = "in order" if by == "order" else "by feature"
    return f"{side.what}, {how} ({len(side.degrees)})"


def _label(axis: Any, side: Side) -> None:
    """Label every unit where there is room, else leave the unit numbers to matplotlib."""
    if len(side.labels) <= MOST_LABELS:
        vertical = axis.axis_name == "x" and max(map(len, side.labels), default=0) > 3
        axis.set_ticks(range(len(side.labels)), side.labels, rotation=90 if vertical else 0)


def _gaps_between_cells(axes: Axes, shape: tuple[int, ...]) -> None:
    """Part small cells by white lines, so that they can be counted."""
    axes.set_xticks(np.arange(1, shape[1]) - 0.5, minor=True)
    axes.set_yticks(np.arange(1, shape[0]) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.2)
    axes.tick_params(which="minor", length=0)
