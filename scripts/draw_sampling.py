"""Draw one sample being drawn: in one pass, beside one pass for each feature.

    python scripts/draw_sampling.py [--out scripts/pictures/sampling.svg]

Both halves of the picture show the same small MADE with the same uniform numbers, and one clock: each hidden unit that
is computed takes the same time. In one pass a unit is computed once, when the last feature that it sees is known. The
loop computes all of them for each feature. The row that comes out is the same, and is that of `MADE.sample`.

The picture is an SVG that moves by its own styles, without a script. Where reduced motion is asked for, and where
styles do not move, it shows the end.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from made_np import MADE

ORDER = (2, 0, 3, 5, 1, 4)
N_HIDDEN = 10
PER_UNIT = 0.16
PER_FEATURE = 0.7
START = 0.8
HOLD = 3.0
"""Seconds: for a hidden unit, for a feature that is drawn, before the first, after the last."""

INK = "#24292f"
FAINT = "#d0d7de"
LIT = "#ffb454"
WIRE = "#c2410c"
WIDTH = 920
HEIGHT = 500
HALF = 460
TOP = 118
ROW = 53
COLUMNS = (70, 215, 345)
"""Where inputs, hidden units and outputs stand in a half."""


@dataclass
class Clock:
    """When what happens: seconds from the start, for one way of sampling."""

    now: float = START
    computed: list[list[float]] = field(default_factory=lambda: [[] for _ in range(N_HIDDEN)])
    drawn: list[float] = field(default_factory=list)
    passes: list[float] = field(default_factory=list)
    counts: list[float] = field(default_factory=list)

    def compute(self, unit: int) -> None:
        """A hidden unit is computed."""
        self.computed[unit].append(self.now)
        self.counts.append(self.now)
        self.now += PER_UNIT

    def draw(self) -> None:
        """The next feature is drawn."""
        self.drawn.append(self.now)
        self.now += PER_FEATURE


def one_pass(degrees: np.ndarray) -> Clock:
    """Each unit once: after `place` features, those of degree `place`."""
    clock = Clock()
    for place in range(len(ORDER)):
        for unit in np.flatnonzero(degrees == place):
            clock.compute(int(unit))
        clock.draw()
    return clock


def loop(degrees: np.ndarray) -> Clock:
    """All units for each feature."""
    clock = Clock()
    for _ in ORDER:
        clock.passes.append(clock.now)
        for unit in range(len(degrees)):
            clock.compute(unit)
        clock.draw()
    return clock


class Movie:
    """Styles that show and hide parts of a picture at their times, over and over."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.rules: list[str] = []

    def between(self, windows: list[tuple[float, float]]) -> str:
        """Return the class of a part that is seen within these windows; without motion, if the last one has no end."""
        name = f"t{len(self.rules)}"
        stops = ["0%{opacity:0}"]
        for begin, end in windows:
            stops.append(f"{100 * begin / self.seconds:.2f}%{{opacity:1}}")
            if end < self.seconds:
                stops.append(f"{100 * end / self.seconds:.2f}%{{opacity:0}}")
        at_rest = 1 if windows and windows[-1][1] >= self.seconds else 0
        self.rules.append(
            f".{name}{{opacity:{at_rest};animation:{name} {self.seconds:.2f}s step-end infinite}}"
            f"@keyframes {name}{{{''.join(stops)}}}"
        )
        return name

    def after(self, begin: float) -> str:
        """Return the class of a part that is seen from some time on."""
        return self.between([(begin, self.seconds)])


@dataclass(frozen=True)
class Half:
    """One half of the picture: its place, its clock, the network with what it draws."""

    left: float
    clock: Clock
    made: MADE
    degrees: np.ndarray
    p: np.ndarray
    x: np.ndarray
    uniforms: np.ndarray

    def place(self, column: int, row: float) -> tuple[float, float]:
        """The middle of a unit."""
        return self.left + COLUMNS[column], TOP + ROW * row

    def hidden(self, unit: int) -> tuple[float, float]:
        """The middle of a hidden unit: they share the height of the features."""
        return self.place(1, unit * (len(ORDER) - 1) / (N_HIDDEN - 1))

    def wires(self, unit: int) -> str:
        """The lines that end in a hidden unit."""
        end = self.hidden(unit)
        starts = [self.place(0, row) for row in range(len(ORDER)) if row + 1 <= self.degrees[unit]]
        return "".join(f'<path d="M{x + 17:.0f} {y:.0f}L{end[0] - 11:.0f} {end[1]:.0f}"/>' for x, y in starts)

    def onward(self, row: int) -> str:
        """The lines that end in an output."""
        end = self.place(2, row)
        starts = [self.hidden(unit) for unit in range(N_HIDDEN) if self.degrees[unit] < row + 1]
        return "".join(f'<path d="M{x + 11:.0f} {y:.0f}L{end[0] - 17:.0f} {end[1]:.0f}"/>' for x, y in starts)


def lines(half: Half, movie: Movie) -> Iterator[str]:
    """Wires: all of them faintly, and strongly while they are used."""
    every = [half.wires(unit) for unit in range(N_HIDDEN)] + [half.onward(row) for row in range(len(ORDER))]
    yield f'<g class="wire">{"".join(every)}</g>'
    for unit, times in enumerate(half.clock.computed):
        yield f'<g class="used {movie.between([(t, t + PER_UNIT) for t in times])}">{half.wires(unit)}</g>'
    for row, time in enumerate(half.clock.drawn):
        if half.onward(row):
            yield f'<g class="used {movie.between([(time, time + PER_FEATURE)])}">{half.onward(row)}</g>'


def units(half: Half, movie: Movie) -> Iterator[str]:
    """Hidden units, lit from when they are computed until a new pass throws them away."""
    for unit, times in enumerate(half.clock.computed):
        x, y = half.hidden(unit)
        ends = [next((p for p in half.clock.passes if p > time), movie.seconds) for time in times]
        circle = f'<circle cx="{x:.0f}" cy="{y:.0f}" r="11"'
        yield f'{circle} class="unit"/>'
        yield f'{circle} class="lit {movie.between(list(zip(times, ends, strict=True)))}"/>'
        yield f'<text x="{x:.0f}" y="{y + 4:.0f}" class="degree">{half.degrees[unit]}</text>'


def features(half: Half, movie: Movie) -> Iterator[str]:
    """Inputs and outputs: names at first, then probabilities, then values."""
    for row, (feature, time) in enumerate(zip(ORDER, half.clock.drawn, strict=True)):
        x, y = half.place(0, row)
        x_out, y_out = half.place(2, row)
        yield f'<circle cx="{x:.0f}" cy="{y:.0f}" r="17" class="unit"/>'
        yield f'<text x="{x - 26:.0f}" y="{y + 5:.0f}" class="name">x{feature}</text>'
        yield f'<circle cx="{x_out:.0f}" cy="{y_out:.0f}" r="17" class="unit"/>'
        shown = movie.after(time)
        said = f"u {half.uniforms[feature]:.2f} {'&lt;' if half.x[feature] else '≥'} p"
        yield f'<g class="{shown}"><circle cx="{x_out:.0f}" cy="{y_out:.0f}" r="17" class="lit"/>'
        yield f'<text x="{x_out:.0f}" y="{y_out + 4:.0f}" class="p">{half.p[feature]:.2f}</text>'
        yield f'<text x="{x_out + 23:.0f}" y="{y_out + 4:.0f}" class="u">{said}</text></g>'
        later = movie.after(time + PER_FEATURE / 2)
        yield f'<g class="{later}"><circle cx="{x:.0f}" cy="{y:.0f}" r="17" class="value{half.x[feature]:.0f}"/>'
        yield f'<text x="{x:.0f}" y="{y + 6:.0f}" class="digit{half.x[feature]:.0f}">{half.x[feature]:.0f}</text></g>'


def count(half: Half, movie: Movie) -> Iterator[str]:
    """How many hidden units have been computed by now."""
    times = [0.0, *half.clock.counts, movie.seconds]
    x = half.left + HALF / 2 - 15
    for n, (begin, end) in enumerate(pairwise(times)):
        yield f'<text x="{x:.0f}" y="{HEIGHT - 52}" class="count {movie.between([(begin, end)])}">{n}</text>'
    yield f'<text x="{x:.0f}" y="{HEIGHT - 28}" class="what">hidden units computed</text>'


STYLE = f"""
text{{font-family:system-ui,"DejaVu Sans",sans-serif;font-size:13px;fill:{INK};text-anchor:middle}}
.title{{font-size:19px;font-weight:600}} .what{{font-size:14px}} .count{{font-size:26px;font-weight:600}}
.name{{text-anchor:end;font-size:14px}} .u{{text-anchor:start;font-size:12px}} .p,.degree{{font-size:12px}}
.head{{font-size:12px;font-style:italic}}
.unit{{fill:#fff;stroke:{INK};stroke-width:1.3}} .lit{{fill:{LIT};stroke:{INK};stroke-width:1.3}}
.value0{{fill:#fff;stroke:{INK};stroke-width:2.5}} .value1{{fill:{INK}}}
.digit0,.digit1{{font-size:16px;font-weight:600}} .digit1{{fill:#fff}}
.wire path{{stroke:{FAINT};stroke-width:1}} .used path{{stroke:{WIRE};stroke-width:2}}
"""
STILL = "@media (prefers-reduced-motion:reduce){*{animation:none!important}}"


def draw() -> tuple[str, Clock, Clock]:
    """Return the picture, and the clocks of its two halves."""
    made = MADE(len(ORDER), hidden=(N_HIDDEN,), order=ORDER, dtype="float64", backend="numpy", activation="tanh")
    rng = np.random.default_rng(2)
    theta = rng.normal(size=made.n_params)
    uniforms = rng.random(len(ORDER))
    x = made.sample(theta, 1, uniforms=uniforms[None])[0]
    p = 1 / (1 + np.exp(-made.raw_outputs(theta, x)))
    degrees = np.sort(made.mask_sets[0].degrees[0])
    clocks = one_pass(degrees), loop(degrees)
    movie = Movie(max(clock.now for clock in clocks) + HOLD)
    body = []
    titles = ("made_np: one pass", "elsewhere: one pass for each feature")
    subtitles = ("a unit is computed when all that it sees is known", "all units are computed, then forgotten")
    for k, clock in enumerate(clocks):
        half = Half(k * HALF, clock, made, degrees, p, x, uniforms)
        middle = half.left + HALF / 2 - 15
        body.append(f'<text x="{middle:.0f}" y="34" class="title">{titles[k]}</text>')
        body.append(f'<text x="{middle:.0f}" y="58" class="what">{subtitles[k]}</text>')
        for column, word in enumerate(("x", "degree", "p(1 | before)")):
            body.append(f'<text x="{half.left + COLUMNS[column]:.0f}" y="{TOP - 27}" class="head">{word}</text>')
        for part in (lines, units, features, count):
            body += part(half, movie)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
    words = "One sample of six features: computed in one pass at the left, in six passes at the right, to the same row"
    style = f"<style>{STYLE}{''.join(movie.rules)}{STILL}</style>"
    ground = f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#fff"/>'
    between = f'<path d="M{HALF - 8} 20V{HEIGHT - 20}" stroke="{FAINT}"/>'
    text = f'{head}role="img"><title>{words}</title>{style}{ground}{between}\n' + "\n".join(body) + "\n</svg>\n"
    return text, *clocks


def main() -> None:
    """Write the picture, and say what it shows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("scripts/pictures/sampling.svg"))
    args = parser.parse_args()
    text, once, often = draw()
    args.out.write_text(text, encoding="utf-8")
    told = f"{len(once.counts)} hidden units in one pass, {len(often.counts)} in six"
    print(f"{args.out}: {len(text.encode()):,} bytes; {told}")


if __name__ == "__main__":
    main()
