"""One batch on its way through the kernels, shared out over the threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from made_np.backends._numba.amendments import share_with_atoms, share_with_reserve, skip_gaps
from made_np.backends._numba.backward import DEPTH, PACK, backward
from made_np.backends._numba.compiling import width
from made_np.backends._numba.forward import forward
from made_np.backends._numba.losses import KERNELS, collect
from made_np.backends._numba.memory import borrowed, ready
from made_np.backends._numba.ones import list_size
from made_np.backends._numba.sampler import ancestral
from made_np.backends._numba.sorting import gather
from made_np.backends._numba.threads import pool, run_parts
from made_np.backends._numba.updates import update_all
from made_np.backends._numba.weights import STRETCH, spare_size, weights, weights_of_any
from made_np.backends.rules import NO_RULE, Rule
from made_np.backends.tables import FROM_Z, Plan, Tables, into
from made_np.typing import Array, Ints

AT_ONCE = 12
"""Panels that are scored together: enough for each weight that is read to be used often."""
LISTED = np.dtype(np.int64)
"""The dtype of lists of inputs."""
SMALL = 1 << 19
"""Multiplications that one thread has done before another has begun."""


class Batch:
    """Rows to be scored or learnt from, with all that kernels need of them."""

    def __init__(
        self,
        plan: Plan,
        theta: Array,
        x: Array,
        context: Array | None,
        keeps: Sequence[Array | None] | None = None,
        row_weights: Array | None = None,
    ) -> None:
        self.plan = plan
        self.tables = plan.tables
        self.dtype = theta.dtype
        self.n = len(x)
        nothing_dropped = _nothing_dropped(len(self.tables.widths) - 1, self.dtype)
        self.nothing = nothing_dropped[0]
        self.given = theta
        self.theta = ready(theta, self.dtype)
        self.x = ready(x, self.dtype)
        self.context = np.empty((self.n, 0), self.dtype) if context is None else ready(context, self.dtype)
        self.keeps = join(keeps, *nothing_dropped) if keeps else nothing_dropped
        self.row_weights = self.nothing if row_weights is None else ready(row_weights, self.dtype)
        self.width = width(theta)
        self.n_panels = -(-self.n // self.width)
        self.n_parts = 1 if self.n * plan.n_wires < SMALL else pool.n_threads
        self.room = list_size(self.tables.n_inputs, self.width)
        self.unsorted = 0 if plan.sorted else theta.size
        self.ordered = self.theta

    def share(self, ordered: Array, *phases: Callable[[int], None]) -> None:
        """Put theta in the tables' numbering, in `ordered`; call each of `phases` for every part, on all threads."""
        if self.unsorted:
            self.ordered = ordered
            phases = self._sort, *phases
        run_parts(self.n_parts, *phases)

    def _sort(self, part: int) -> None:
        gather(self.theta, self.tables, self.ordered, part, self.n_parts)

    def panels(self, part: int) -> tuple[int, int]:
        """Return the panels of a part: begin, end."""
        return part * self.n_panels // self.n_parts, (part + 1) * self.n_panels // self.n_parts

    # ------------------------------------------------------------------------------------------ scoring

    def raw(self) -> Array:
        """Return the raw outputs (B, O), feature by feature."""
        t = self.tables
        n_units = self.plan.n_units
        w = self.width
        raw = np.empty((self.n, int(t.widths[-1])), self.dtype)
        with (
            borrowed(self.dtype, self.unsorted, n_units * self.n_panels * w) as (ordered, acts),
            borrowed(LISTED, self.room * self.n_panels) as (ones,),
        ):

            def work(part: int) -> None:
                own = self.panels(part)
                forward(self.ordered, self.x, self.context, *self.keeps, t, acts, self.nothing, ones, *own)

            self.share(ordered, work)
            panels = acts.reshape(self.n_panels, n_units, w)[:, t.starts[-3] : t.starts[-2]]
            rows = panels.transpose(0, 2, 1).reshape(self.n_panels * w, raw.shape[1])
            raw[:, t.units[t.starts[-3] :]] = rows[: self.n]
        return raw

    def feature_nll(self) -> Array:
        """Return -log p of every value, (B, D)."""
        result = np.empty(self.x.shape, self.dtype)
        self._score(np.empty(0), result)
        return result

    def row_nll(self) -> Array:
        """Return -log p of every row, (B,) in float64."""
        result = np.empty(self.n)
        self._score(result, np.empty((0, 0), self.dtype))
        return result

    def _score(self, row_nll: Array, feature_nll: Array) -> None:
        """Score a few panels at a time, which the cache can hold, in memory that does not grow with the rows."""
        rows = max(self.n, 1) if len(self.keeps[0]) else AT_ONCE * self.width
        lanes = -(-min(rows, self.n) // self.width) * self.width
        acts_size = self.plan.n_units * lanes
        nll_size = self.x.shape[1] * lanes
        t = self.tables
        nothing = self.nothing

        def work(k: int) -> None:
            part = slice(k * rows, (k + 1) * rows)
            x = self.x[part]
            end = -(-len(x) // self.width)
            with (
                borrowed(self.dtype, acts_size, acts_size, nll_size) as (acts, dacts, nll),
                borrowed(LISTED, self.room * end) as (ones,),
            ):
                forward(self.ordered, x, self.context[part], *self.keeps, t, acts, nothing, ones, 0, end)
                self._losses(acts, dacts, nll, 0, end)
                collect(t.features, len(x), nll, row_nll[part], feature_nll[part], 0, end)

        n_times = -(-self.n // rows)
        if not self.unsorted:
            run_parts(n_times, work)
            return
        with borrowed(self.dtype, self.unsorted) as (ordered,):
            self.share(ordered)
            run_parts(n_times, work)

    def _losses(self, acts: Array, dacts: Array, nll: Array, begin: int, end: int) -> None:
        for group in self.plan.groups:
            KERNELS[group.kind](group.places, group.numbers, acts, dacts, nll, self.plan.sizes, begin, end)
            if group.numbers[:, 2].any():
                share_with_reserve(group.places, group.numbers, acts, dacts, nll, self.plan.sizes, begin, end)
        own = self.plan.atoms
        if len(own.places):
            share_with_atoms(own.places, own.begins, self.tables.atoms, acts, dacts, nll, self.plan.sizes, begin, end)
        skip_gaps(self.plan.places, acts, dacts, nll, self.plan.sizes, begin, end)

    def sample(self, uniforms: Array) -> Array:
        """Return the rows with every NaN filled, (B, D)."""
        u = ready(uniforms, np.dtype(np.float64))
        result = np.empty(self.x.shape, self.dtype)
        with borrowed(self.dtype, self.unsorted, self.plan.n_units * self.n_panels * self.width) as (ordered, acts):

            def work(part: int) -> None:
                known = self.plan.known
                own = self.panels(part)
                ancestral(self.ordered, u, self.x, self.context, self.tables, known, acts, result, *own)

            self.share(ordered, work)
        return result

    # ------------------------------------------------------------------------------------------ learning

    def gradient(self, grad: Array, ready: Callable[[int], object] | None = None) -> Array:
        """Overwrite `grad` (P,) with the gradient of the weighted nll; return the nll of every row.

        `ready` is called with L, L - 1, ..., 0 as soon as ``grad[network.parts[l]]`` is finished.
        """
        return self._learn(grad, NO_RULE, None, only_live=True, ready=ready)

    def step(self, rule: Rule, decay: Array | None, only_live: bool) -> Array:
        """Update theta by `rule`; return the nll of every row before."""
        row_nll = self._learn(self.nothing, rule, decay, only_live)
        if self.theta is not self.given:  # it was misaligned, and a copy was updated
            self.given[:] = self.theta
        return row_nll

    def _learn(
        self,
        grad: Array,
        rule: Rule,
        decay: Array | None,
        only_live: bool,
        ready: Callable[[int], object] | None = None,
    ) -> Array:
        """Backpropagate; write the gradient to `grad`, or update theta by `rule` at once."""
        row_nll = np.empty(self.n)
        t = self.tables
        n = self.n
        last = len(t.widths) - 1
        shrinking = self.nothing if decay is None else decay
        run = weights if self.plan.sorted and only_live else weights_of_any
        spare_each = max(DEPTH * PACK, spare_size(n, self.plan.widest))
        sizes = *self._sizes(), spare_each * self.n_parts
        room = self.room * self.n_panels
        with borrowed(self.dtype, *sizes) as lent, borrowed(LISTED, room) as (ones,):
            ordered, acts, dacts, nll, strip, plain, spares = lent

            def rows(part: int, bottom: int = 0) -> None:
                begin, end = self.panels(part)
                forward(self.ordered, self.x, self.context, *self.keeps, t, acts, plain, ones, begin, end)
                self._losses(acts, dacts, nll, begin, end)
                down(part, last, bottom)

            def down(part: int, top: int, bottom: int) -> None:
                backward(
                    self.ordered, n, *self.keeps, t, acts, plain, dacts, nll, self.row_weights, row_nll, strip,
                    spares[part * spare_each : (part + 1) * spare_each], top, bottom, *self.panels(part),
                )  # fmt: skip

            def columns(part: int, tables: Tables = t) -> None:
                spare = spares[part * spare_each : (part + 1) * spare_each]
                run(
                    self.theta, grad, tables, strip, dacts, ones, spare, n,
                    rule.kind, rule.numbers, rule.first, rule.second, shrinking, rule.decoupled, part, self.n_parts,
                )  # fmt: skip

            if ready is None:
                self.share(ordered, rows, columns)
            else:
                self._in_pieces(ordered, rows, down, columns, ready)
        return row_nll

    def _sizes(self) -> tuple[int, ...]:
        """Return the sizes of ordered, acts, dacts, nll, strip, plain: see `forward`, `backward`."""
        t = self.tables
        lanes = self.n_panels * self.width
        size = self.plan.n_units * lanes
        strip_size = (self.plan.n_below + len(t.widths) * self.width) * self.n
        apart = (self.keeps[1][1:] >= 0).any() or t.has_skips or t.activation >= FROM_Z
        return self.unsorted, size, size, self.x.shape[1] * lanes, strip_size, size if apart else 0

    def _in_pieces(
        self,
        ordered: Array,
        rows: Callable[..., None],
        down: Callable[..., None],
        columns: Callable[..., None],
        ready: Callable[[int], object],
    ) -> None:
        """Backpropagate layer by layer, so that somebody has the gradient of the last ones while others compute."""
        last = len(self.tables.widths) - 1
        for layer in range(last - 1, -1, -1):
            own = partial(columns, tables=into(self.tables, layer + 1))
            if layer == last - 1:
                self.share(ordered, partial(rows, bottom=layer), own)
            else:
                run_parts(self.n_parts, partial(down, top=layer + 1, bottom=layer), own)
            ready(layer)


def move(theta: Array, grad: Array, rule: Rule, decay: Array | None) -> None:
    """Update theta (P,) by `rule` along a gradient."""
    parts = 1 if len(theta) < SMALL else pool.n_threads
    shrinking = _nothing_dropped(0, theta.dtype)[0] if decay is None else decay
    with borrowed(theta.dtype, STRETCH * parts) as (spares,):

        def work(part: int) -> None:
            update_all(
                theta, grad, rule.kind, rule.numbers, rule.first, rule.second, shrinking, rule.decoupled,
                spares[part * STRETCH : (part + 1) * STRETCH], part, parts,
            )  # fmt: skip

        run_parts(parts, work)


@cache
def _nothing_dropped(n_layers: int, dtype: np.dtype[Any]) -> tuple[Array, Ints]:
    """Return what `join` makes of no dropout masks. Nobody writes to it."""
    return np.empty(0, dtype), np.full(n_layers, -1, np.int64)


def join(keeps: Sequence[Array | None], nothing: Array, nowhere: Ints) -> tuple[Array, Ints]:
    """Return dropout masks one after the other, and where those of each layer begin, -1 where it has none.

    `keeps` are those of the last layers; of the inputs, layer 0, they may be missing.
    """
    parts = [nothing]
    at = nowhere.copy()
    end = 0
    for layer, keep in enumerate(keeps, start=len(at) - len(keeps)):
        if keep is not None:
            parts.append(keep.ravel())
            at[layer] = end
            end = end + keep.size
    return np.concatenate(parts), at
