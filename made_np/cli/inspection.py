"""The command inspect: what a stored model is, down to who sees whom."""

from __future__ import annotations

import shutil
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from typing import Any

from made_np import draw
from made_np.cli import options
from made_np.columns.columns import Columns
from made_np.distributions.distribution import Distribution
from made_np.draw.canvas import as_picture
from made_np.draw.panels import Panel, panels_of
from made_np.draw.words import listed
from made_np.masks.sets import MaskSet
from made_np.model.made import MADE
from made_np.storage.model_file import Stored, load

__all__ = ["DESCRIPTION", "add_arguments", "describe", "names_of", "run"]

MOST_LINES = 32
"""Up to so many features everyone gets a line of their own; of more features only the first and the last ones."""

MOST_ROWS = 24
"""The most lines that a mask takes."""


DESCRIPTION = "Show what a model is: its layers and parameters, its masks as text, and who sees whom."


def add_arguments(parser: ArgumentParser) -> None:
    """Add what inspect takes."""
    parser.add_argument("model", metavar="MODEL", help="a file that made-np train, or made_np.save, wrote")
    parser.add_argument("--mask-set", type=options.count(0), default=0, metavar="K", help="which one (%(default)s)")
    parser.add_argument("--png", metavar="FILE", help="draw the masks (.png, .svg or .pdf)")
    parser.add_argument("--network-png", metavar="FILE", help="draw the network with its wires (.png, .svg or .pdf)")
    options.add_backend(parser)


def run(args: Namespace) -> None:
    """Print what the model is, and draw it where that is asked for."""
    for path in filter(None, (args.png, args.network_png)):
        as_picture(path)
    stored = load(args.model, backend=args.backend)
    try:
        mask_set = stored.made.mask_sets[args.mask_set]
    except IndexError as error:
        raise ValueError(str(error)) from None
    names = names_of(stored)
    if args.png:
        draw.masks(mask_set, names=names, path=args.png)
    if args.network_png:
        draw.network(mask_set, names=names, path=args.network_png)
    width = min(shutil.get_terminal_size().columns, 72)
    for line in describe(stored, args.mask_set, width=width, ascii=not _knows_blocks()):
        print(line)
    for path in filter(None, (args.png, args.network_png)):
        print(f"drawn to {path}")


def describe(stored: Stored, k: int = 0, *, width: int = 72, ascii: bool = False) -> Iterator[str]:
    """Yield the lines that describe a stored model and its mask set k.

    Parameters
    ----------
    stored : Stored
        From `made_np.load`.
    k : int
    width : int
        The most characters that a mask takes in a line.
    ascii : bool
        Draw masks without unicode blocks.
    """
    made = stored.made
    mask_set = stored.made.mask_sets[k]
    names = names_of(stored) or [f"x{d}" for d in range(made.n_features)]
    yield from _facts(made, mask_set)
    yield ""
    if "estimator" in stored.extra:
        yield str(Columns.from_config(stored.extra["estimator"]["columns"]))
        yield ""
    yield from _layers(made, mask_set)
    yield ""
    yield from _degrees(mask_set)
    yield f"\nmasks of mask set {k}: a row per unit, a column per unit below; sorted by the order (dark: a wire)"
    for panel in panels_of(mask_set, names):
        yield ""
        yield from _mask(panel.in_order(), width, ascii)
    yield "\nwho sees whom, in the order of generation"
    yield from _who_sees_whom(mask_set, names)


def _facts(made: MADE, mask_set: MaskSet) -> Iterator[str]:
    outputs: dict[str, int] = {}
    for output in made.outputs.feature_outputs:
        outputs[_short(output)] = outputs.get(_short(output), 0) + 1
    n_masks = "endless" if made.n_masks is None else str(made.n_masks)
    megabytes = made.n_params * made.dtype.itemsize / 1e6
    yield f"features    {made.n_features}: " + ", ".join(f"{n} {name}" for name, n in outputs.items())
    if made.n_context:
        yield f"context     {made.n_context}"
    yield f"hidden      {', '.join(map(str, made.hidden)) or 'none'} ({made.activation})"
    told = _yes(made.mask_weights)
    yield f"wires       direct: {_yes(made.direct)}, residual: {_yes(made.residual)}, mask weights: {told}"
    yield f"order       {_kind(made.order)}: {listed(mask_set.order.tolist())}"
    yield f"degrees     {_kind(made.degrees)}"
    yield f"mask sets   {n_masks}"
    if made.n_members > 1:
        yield f"members     {made.n_members}, each with parameters of its own"
    yield f"parameters  {made.n_params} {made.dtype} ({megabytes:.2f} MB)"


def _layers(made: MADE, mask_set: MaskSet) -> Iterator[str]:
    masks = made.network.masks(mask_set)
    yield f"{'layer':<10}{'shape':>14}{'parameters':>12}{'wires':>12}"
    for name, shape in zip(made.layout.names, made.layout.shapes, strict=True):
        mask = masks.get(name)
        size = mask.size if mask is not None else shape[0]
        wires = f"{int(mask.sum())}" if mask is not None else "-"
        share = f"  {100 * mask.mean():.0f} %" if mask is not None else ""
        yield f"{name:<10}{_times(shape):>14}{size:>12}{wires:>12}{share}"


def _degrees(mask_set: MaskSet) -> Iterator[str]:
    """Say what the units of each layer may see: the number of the last feature in the order that they hear of."""
    yield "degrees: 1 is the first feature in the order"
    order = mask_set.order
    yield f"  {'input':<9} {listed((mask_set.position[order] + 1).tolist())}"
    for layer, degrees in enumerate(mask_set.degrees):
        yield f"  {f'h{layer}':<9} {listed(degrees.tolist())}"
    yield f"  {'output':<9} {listed((mask_set.position[order] + 1).tolist())}"


def _mask(panel: Panel, width: int, ascii: bool) -> Iterator[str]:
    """Draw one mask, in order; rows are labelled with their degrees where each has a line of its own."""
    shape = panel.mask.shape
    yield f"{panel.name}, {panel.rule}: {_times(shape)}, {int(panel.mask.sum())} wires"
    labels = panel.out.with_degrees("{} deg {}")
    indent = max(map(len, [*labels, "deg below"])) + 2
    has_room = shape[0] <= MOST_ROWS and indent + 2 * shape[1] <= width
    lines = draw.mask_text(panel.mask, width=width, height=MOST_ROWS, ascii=ascii).splitlines()
    if not has_room:
        yield from lines
        return
    if panel.inp.degrees.max(initial=0) < 100:  # a column is two letters wide
        yield f"{'deg below':<{indent}}{''.join(f'{degree:<2}' for degree in panel.inp.degrees.tolist())}".rstrip()
    for label, line in zip(labels, lines, strict=True):
        yield f"{label:<{indent}}{line}"


def _who_sees_whom(mask_set: MaskSet, names: Sequence[str]) -> Iterator[str]:
    reach = mask_set.reachability()
    order = mask_set.order.tolist()
    n = len(order)
    half = MOST_LINES // 4
    shown = range(n) if n <= MOST_LINES else [*range(half), *range(n - half, n)]
    before = -1
    for place in shown:
        if place != before + 1:
            yield f"  ... {place - before - 1} more"
        feature = order[place]
        before = place
        seen = [names[j] for j in order if reach[feature, j]]
        yield f"  {names[feature]} sees {listed(seen) if seen else 'nothing'}"
    allowed = n * (n - 1) // 2
    yield f"{int(reach.sum())} of the {allowed} dependencies that the order allows are there"


def names_of(stored: Stored) -> list[str] | None:
    """Return the names of the features, where an estimator was saved that knows them."""
    estimator = stored.extra.get("estimator", {})
    if estimator.get("feature_names") is None:
        return None
    return [feature.name for feature in Columns.from_config(estimator["columns"]).features]


def _short(output: Distribution) -> str:
    """Return the name of a distribution, with its arguments unless all are as they are by default."""
    return repr(output) if output.needed() or output != type(output)() else type(output).__name__


def _kind(value: Any) -> str:
    return value if isinstance(value, str) else "given"


def _times(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))


def _yes(value: object) -> str:
    return "yes" if value else "no"


def _knows_blocks() -> bool:
    """Return whether standard output can show the blocks that masks are drawn with."""
    try:
        draw.text.BLOCKS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
