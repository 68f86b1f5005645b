"""The integral of a density over its columns, with panels put where the density is.

Every column that is real is cut into panels; a box is one panel of each, for one combination of the listed values.
A box is halved along a column as long as its halves say something else than it said; a bend in one column costs no
points along the other. How much that is, added up over all boxes, is how far the integral may be off. It is measured
beside the mass that was found, not beside 1: of a narrow density the first points see but a far tail, and that leads to
the rest. Beside it counts what seems to lie between the points (`spikes`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

import numpy as np

from .compare import Bools, Floats, Ints
from .points import Interval
from .spikes import MISSED, hidden_mass

PANELS = 32
"""Of an interval; the last ones tell how the density falls."""
NODES = 8
CHUNK = 2**14
"""Rows of one call."""
STEEP = 0.75
"""A density that has fallen to this share of itself, over one of 32 panels, is a tail."""
FINEST = 1e-13
"""No sum of many float64 numbers is closer."""

Answers: TypeAlias = Callable[[Floats], Floats]
End: TypeAlias = tuple[int, bool]
"""A column, and whether its upper end is meant."""


@dataclass(frozen=True)
class Sum:
    """Logarithms of a density at the points of a grid, with the weight of each point.

    ``gap`` is how far the sum may be off, as a share of it: 0 where everything was enumerated. ``outside`` is what
    seems to lie beyond the ends where the density falls. ``level`` has the ends where it hardly does, with the mass of
    the last panel before each. ``n_rows`` counts the rows that were asked for. ``overlooked`` tells which of some rows
    (B, D), with their logarithms (B,), are far more probable than every point about them.
    """

    values: Floats
    weights: Floats
    gap: float
    outside: float
    level: dict[End, float]
    n_rows: int
    overlooked: Callable[[Floats, Floats], Bools]

    @property
    def total(self) -> float:
        """What the probabilities add up to."""
        return self.of(self.values)

    def of(self, values: Floats) -> float:
        """What they would add up to, were these their logarithms."""
        with np.errstate(all="ignore"):
            return float(np.sum(self.weights * np.exp(values)))


def integrate(
    answers: Answers, columns: list[Interval | Floats], goal: float, most_rows: int, panels: int = PANELS
) -> Sum:
    """Add up ``exp(answers(x))`` over listed values, and integrate it over intervals.

    Parameters
    ----------
    answers : callable
        (B, D) -> (B,), logarithms.
    columns : list
        What each column may hold.
    goal : float
        Share of the sum that the integral may be off: boxes are split until then.
    most_rows : int
        No box is split past this many rows.
    panels : int
        At the beginning, shared among the real columns.
    """
    boxes = _Boxes(answers, columns, panels)
    while boxes.n_real and boxes.values.size:
        size, error = boxes.measured()
        limit = max(goal, FINEST) * size
        wanted = np.flatnonzero(error > limit / len(error)) if error.sum() > limit else np.zeros(0, dtype=np.int64)
        room = max(0, most_rows - boxes.n_rows) // (2 * boxes.values.shape[1])
        chosen = wanted[np.argsort(-error[wanted], kind="stable")[:room]]
        if not len(chosen):
            break
        boxes.split(chosen)
    size, error = boxes.measured()
    gap = float(error.sum() / size) if boxes.n_real and size else 0.0
    outside, level = boxes.ends()
    return Sum(boxes.values.ravel(), boxes.weights().ravel(), gap, outside, level, boxes.n_rows, boxes.overlooked)


class _Boxes:
    """Boxes (n), with the density at the nodes (n, nodes) of each."""

    def __init__(self, answers: Answers, columns: list[Interval | Floats], panels: int) -> None:
        self.answers = answers
        self.listed = [d for d, column in enumerate(columns) if not isinstance(column, Interval)]
        self.real = [d for d, column in enumerate(columns) if isinstance(column, Interval)]
        self.columns = columns
        self.n_real = len(self.real)
        self.n_rows = 0
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        self.rule = (nodes, weights)
        grids = np.meshgrid(*[nodes] * self.n_real, indexing="ij")
        self.nodes = np.stack([grid.ravel() for grid in grids], 1) if self.n_real else np.zeros((1, 0))
        self.shares = prod((part.ravel() for part in np.meshgrid(*[weights / 2] * self.n_real)), start=np.ones(1))
        edges = [np.linspace(c.low, c.high, panels // self.n_real + 1) for c in columns if isinstance(c, Interval)]
        sizes = [len(columns[d]) for d in self.listed] + [len(edge) - 1 for edge in edges]  # type: ignore[arg-type]
        places = _places(np.arange(prod(sizes)), sizes)
        cuts = list(zip(edges, places[len(self.listed) :], strict=True))
        lists = [columns[d] for d in self.listed]
        self.state = _columns([c[p] for c, p in zip(lists, places, strict=False)], prod(sizes))  # type: ignore[index]
        self.low = _columns([edge[place] for edge, place in cuts], prod(sizes))
        self.high = _columns([edge[place + 1] for edge, place in cuts], prod(sizes))
        self.values = self.asked(self.state, self.low, self.high)
        self.error = np.full((prod(sizes), self.n_real), np.inf)
        """Logarithm of what the last cut along each real column changed; infinity before the first."""
        self.hidden = self.missed(self.values, self.low, self.high)
        """Logarithm of what seems to lie between the nodes along each real column."""

    def missed(self, values: Floats, low: Floats, high: Floats) -> Floats:
        """(n, real columns): `hidden_mass` of these boxes."""
        with np.errstate(divide="ignore"):
            volume = np.log((high - low).prod(axis=1))
        axes = [hidden_mass(values, *self.rule, axis, self.n_real) for axis in range(self.n_real)]
        return _columns([mass + volume for mass in axes], len(values))

    def asked(self, state: Floats, low: Floats, high: Floats) -> Floats:
        """Logarithms at the nodes of these boxes, in calls of a moderate size."""
        n_nodes = len(self.nodes)
        values = np.zeros(len(state) * n_nodes)
        for start in range(0, len(values), CHUNK):
            box, node = np.divmod(np.arange(start, min(start + CHUNK, len(values))), n_nodes)
            rows = np.zeros((len(box), len(self.columns)))
            rows[:, self.listed] = state[box]
            rows[:, self.real] = (low[box] + high[box]) / 2 + (high[box] - low[box]) / 2 * self.nodes[node]
            values[start : start + len(box)] = self.answers(rows)
        self.n_rows += len(values)
        return values.reshape(-1, n_nodes)

    def weights(self) -> Floats:
        """(n, nodes): the weight of each value."""
        return np.asarray((self.high - self.low).prod(axis=1)[:, None] * self.shares)

    def measured(self) -> tuple[float, Floats]:
        """The sum, and how far each box may be off, both in units of the largest density that was met."""
        top = self.values.max()
        if not np.isfinite(top):
            return 0.0, np.zeros(len(self.values))
        size = float(np.sum(self.weights() * np.exp(self.values - top)))
        with np.errstate(over="ignore"):
            return size, np.exp(np.logaddexp(self.error, self.hidden) - top).sum(axis=1)

    def ends(self) -> tuple[float, dict[End, float]]:
        """What lies beyond the intervals, if the density goes on to fall as it does towards their ends, and those ends
        where it hardly falls, with the mass of the last panel before each: it may stop there, or go on far beyond."""
        with np.errstate(over="ignore"):
            mass = self.weights() * np.exp(self.values)
        outside = 0.0
        level: dict[End, float] = {}
        for axis, d in enumerate(self.real):
            column = self.columns[d]
            assert isinstance(column, Interval)
            half = (self.high[:, axis] - self.low[:, axis])[:, None] / 2
            x = self.low[:, axis][:, None] + half * (1 + self.nodes[:, axis])
            width = (column.high - column.low) / PANELS
            for upper, depth in ((False, x - column.low), (True, column.high - x)):
                last = float(mass[depth < width].sum())
                inner = float(mass[(depth >= width) & (depth < 2 * width)].sum())
                if last < STEEP * inner < np.inf:
                    outside += last**2 / (inner - last)
                elif 0 < last < np.inf:
                    level[d, upper] = last
        return outside, level

    def overlooked(self, rows: Floats, logs: Floats) -> Bools:
        """(B,): which rows are more probable, by more than e, than all nodes of the box that they lie in."""
        top = np.full(len(rows), np.inf)
        for state, low, high, values in zip(self.state, self.low, self.high, self.values, strict=True):
            inside = (rows[:, self.listed] == state).all(axis=1)
            inside &= ((rows[:, self.real] >= low) & (rows[:, self.real] < high)).all(axis=1)
            top[inside] = values.max()
        return np.asarray(logs > top + MISSED)

    def split(self, chosen: Ints) -> None:
        """Put two halves in the place of each of these boxes, cut along the column that was off by more."""
        axis = np.argmax(np.logaddexp(self.error, self.hidden)[chosen], axis=1)
        first = 2 * np.arange(len(chosen))
        middle = (self.low[chosen, axis] + self.high[chosen, axis]) / 2
        state = np.repeat(self.state[chosen], 2, axis=0)
        low = np.repeat(self.low[chosen], 2, axis=0)
        high = np.repeat(self.high[chosen], 2, axis=0)
        high[first, axis] = middle
        low[first + 1, axis] = middle
        values = self.asked(state, low, high)
        volume = (high - low).prod(axis=1)[:, None] * self.shares
        both = np.concatenate([values.reshape(len(chosen), -1), self.values[chosen]], axis=1)
        signed = np.concatenate([volume.reshape(len(chosen), -1), -self.weights()[chosen]], axis=1)
        top = np.maximum(both.max(axis=1), -1e300)
        with np.errstate(divide="ignore"):
            change = np.log(np.abs(np.sum(signed * np.exp(both - top[:, None]), axis=1))) + top
        # What was not seen yet told nothing about the other column, either.
        error = np.logaddexp(self.error[chosen], self.hidden[chosen].max(axis=1, keepdims=True))
        error[np.arange(len(chosen)), axis] = change
        kept = np.ones(len(self.values), dtype=bool)
        kept[chosen] = False
        self.state = np.concatenate([self.state[kept], state])
        self.low = np.concatenate([self.low[kept], low])
        self.high = np.concatenate([self.high[kept], high])
        self.values = np.concatenate([self.values[kept], values])
        self.error = np.concatenate([self.error[kept], np.repeat(error, 2, axis=0) - np.log(2)])
        self.hidden = np.concatenate([self.hidden[kept], self.missed(values, low, high)])


def _columns(parts: list[Floats], n: int) -> Floats:
    return np.stack(parts, axis=1) if parts else np.zeros((n, 0))


def _places(row: Ints, shape: list[int]) -> list[Ints]:
    """Of each row of the grid its place on each axis; `numpy.unravel_index` knows no more than 32 axes."""
    places = []
    for n in reversed(shape):
        places.append(row % n)
        row = row // n
    return places[::-1]
