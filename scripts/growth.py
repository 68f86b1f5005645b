"""Measure how the cost of a training step, or of a sample, grows with each size of a MADE.

    python scripts/growth.py [--only features depth] [--plot growth.png] [--json FILE] [--quick]
    python scripts/growth.py --interface [NAME ...]         # every public call, or those whose names begin so

Features, hidden units, batch, depth and mask sets grow one at a time from 784-500-784, Bernoulli, batch 100, one mask
set. A step is loss, gradient and Adam; a sample is as many rows as the batch, each from a mask set that it draws. All
sizes of one kind are timed in turn (`benchmark/timing.py`); times are medians. An exponent is the slope of log(time)
over log(size), by least squares, over all sizes and over the largest three, where constant costs matter less. The last
two columns have the live weights (those on the mask, once per row) in place of the size: 1 is linear in weights.

With --interface each public call is clocked at a size and at ten times that size, in seconds of the processor, and held
against the law that `growing/` has for it: linear in rows, in weights, quadratic where a matrix of features by features
is asked for. Exit status 1: a call takes more than twice what its law says.
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.cores import limit_cores

# Sizes that are not mentioned are those of the middle: 784 features, 500 hidden units, batch 100, depth 1, 1 mask set.
MIDDLE = {"features": 784, "hidden": 500, "batch": 100, "depth": 1, "mask sets": 1}
AXES = {
    "features": (98, 196, 392, 784, 1568, 3136),
    "hidden": (125, 250, 500, 1000, 2000, 4000, 8000),
    "batch": (1, 10, 25, 50, 100, 200, 400, 800),
    "depth": (1, 2, 3, 4, 6, 8),
    "mask sets": (1, 2, 4, 8, 16, 32),
}
LARGEST = 3


class Point(NamedTuple):
    """One size of one kind, and what it costs."""

    size: int
    weights: float
    """Live weights times rows."""
    step_ms: float
    sample_ms: float


def measure(axis: str, rounds: int, turn: float, quick: bool) -> list[Point]:
    """Time steps and samples at all sizes of an axis."""
    import numpy as np
    from benchmark.ours import Ours
    from benchmark.problem import Problem
    from benchmark.timing import race
    from benchmark.work import live_weights

    from made_np import MADE

    weights = {}
    contenders = {}
    for size in AXES[axis][: LARGEST if quick else None]:
        at = {**MIDDLE, axis: size}
        made = MADE(
            at["features"],
            (at["hidden"],) * at["depth"],
            direct=False,
            order="random",
            n_masks=at["mask sets"],
        )
        ours = Ours(problem := Problem.random(made, at["batch"]))
        for i in range(at["mask sets"]):
            ours.step(i)
        weights[size] = at["batch"] * sum(live_weights(made).values())
        contenders[f"step {size}"] = ours.step
        contenders[f"sample {size}"] = partial(draw, made, problem.theta, at["batch"])
    times = race(contenders, rounds, turn)
    medians = {name: 1e3 * float(np.median(np.concatenate(turns))) for name, turns in times.items()}
    return [Point(n, weights[n], medians[f"step {n}"], medians[f"sample {n}"]) for n in weights]


def draw(made: Any, theta: Any, n: int, i: int) -> None:
    """Draw n rows with seed `i`."""
    made.sample(theta, n, rng=i)


def exponents(points: list[Point], by: str) -> dict[str, float | None]:
    """Return the fitted exponents of step and sample in `by`, over all points and over the largest three."""
    import numpy as np

    found: dict[str, float | None] = {}
    for part, chosen in (("all", points), ("largest", points[-LARGEST:])):
        x = np.log([getattr(point, by) for point in chosen])
        for cost in ("step_ms", "sample_ms"):
            y = np.log([getattr(point, cost) for point in chosen])
            # where the size leaves the weights as they are (mask sets), nothing can be fitted
            found[f"{cost}, {part}"] = float(np.polyfit(x, y, 1)[0]) if np.ptp(x) > 0.1 else None
    return found


def table(results: dict[str, list[Point]]) -> str:
    """Return two Markdown tables: times, then exponents."""
    lines = ["| | size | live weights x rows | step, ms | sample, ms |", "|---|---|---|---|---|"]
    for axis, points in results.items():
        lines += [f"| {axis} | {p.size} | {p.weights:.3g} | {p.step_ms:.3g} | {p.sample_ms:.3g} |" for p in points]
    lines += [
        "",
        "| exponent: all sizes / largest three | step by size | sample by size | step by weights | sample by weights |",
        "|---|---|---|---|---|",
    ]
    for axis, points in results.items():
        cells = []
        for by in ("size", "weights"):
            fitted = exponents(points, by)
            for cost in ("step_ms", "sample_ms"):
                both = (fitted[f"{cost}, all"], fitted[f"{cost}, largest"])
                cells.append(" / ".join("-" if one is None else f"{one:.2f}" for one in both))
        lines.append(f"| {axis} | {' | '.join(cells)} |")
    return "\n".join(lines)


def plot(results: dict[str, list[Point]], path: Path) -> None:
    """Draw time over size, one panel per axis, both logarithmic, in the style of `made_np.draw`."""
    from made_np.draw.canvas import ACCENT, CALM, FAINT, INK, as_picture, finish, new_figure, quiet, titled

    figure = new_figure(2.5 * len(results), 3.1)
    panels: list[Any] = []
    for k, (axis, points) in enumerate(results.items(), start=1):
        panel = figure.add_subplot(1, len(results), k, sharey=panels[0] if panels else None)
        panels.append(panel)
        sizes = [point.size for point in points]
        for cost, name, colour, marker in (
            ("step_ms", "training step", CALM, "o"),
            ("sample_ms", "sample of as many rows", ACCENT, "s"),
        ):
            times = [getattr(point, cost) for point in points]
            panel.loglog(sizes, times, color=colour, marker=marker, markersize=4, linewidth=1.6, label=name)
        panel.minorticks_off()
        panel.set_xticks(sizes[::-2], [str(size) for size in sizes[::-2]])
        quiet(panel)
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(axis="y", color=FAINT, linewidth=0.5)
        panel.set_axisbelow(True)
        fitted = exponents(points, "size")
        grows = (f"{fitted['step_ms, largest']:.2f}", f"{fitted['sample_ms, largest']:.2f}")
        title = f"step grows as size^{grows[0]},\nsample as size^{grows[1]}"
        titled(panel, title, axis, "time, ms" if k == 1 else "")
        panel.tick_params(axis="y", labelleft=k == 1)
    lines = panels[0].get_lines()
    figure.legend(handles=lines, loc="outside lower center", ncols=2, frameon=False, fontsize=9, labelcolor=INK)
    finish(figure, as_picture(path))


def hold_interface(names: list[str]) -> int:
    """Print how public calls grow, and return how many of them grow faster than their laws."""
    from growing.interface import HEAD, found

    print(HEAD)
    n_beyond = 0
    for row in found(names or None):
        print(row.line(), flush=True)
        n_beyond += row.is_beyond
    print(f"\n{n_beyond} beyond")
    return n_beyond


def main() -> None:
    """Measure the axes that are asked for, and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=AXES, default=list(AXES), help="all by default")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each size (5)")
    parser.add_argument("--turn", type=float, default=0.1, metavar="S", help="seconds that a turn is clocked (0.1)")
    parser.add_argument("--cores", type=int, default=2, help="2 by default; needs Linux")
    parser.add_argument("--quick", action="store_true", help="the smallest sizes, few rounds: to see that it runs")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the growth there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there as well")
    parser.add_argument("--interface", nargs="*", metavar="NAME", help="every public call in place of these")
    args = parser.parse_args()
    limit_cores(1 if args.interface is not None else args.cores)  # before anything numerical is imported
    if args.interface is not None:
        sys.exit(1 if hold_interface(args.interface) else 0)
    from benchmark.load import Load
    from benchmark.machine import describe

    rounds, turn = (2, 0.01) if args.quick else (args.rounds, args.turn)
    results = {}
    load = Load()
    others = {}
    for axis in args.only:
        with load:
            results[axis] = measure(axis, rounds, turn, args.quick)
        others[axis] = load.take()
        print(f"measured: {axis}", file=sys.stderr, flush=True)
    about = describe()
    about["cores busy with others"] = f"{max(cores or 0.0 for cores in others.values()):.2f} at most"
    print(table(results), "", ", ".join(f"{key} {value}" for key, value in about.items()), sep="\n")
    if args.json is not None:
        axes = {
            axis: {
                "points": [point._asdict() for point in points],
                "exponents by size": exponents(points, "size"),
                "exponents by weights": exponents(points, "weights"),
            }
            for axis, points in results.items()
        }
        args.json.write_text(json.dumps({"about": about, "axes": axes}, indent=1) + "\n", encoding="utf-8")
    if args.plot is not None:
        plot(results, args.plot)


if __name__ == "__main__":
    main()
