"""Training steps whose products are of bf16.

Scores and samples are those of the kernels of float32.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from made_np.backends import _numpy
from made_np.backends._numba.backward import DEPTH, PACK
from made_np.backends._numba.bf16_backward import backward_bf16
from made_np.backends._numba.bf16_forward import forward_bf16
from made_np.backends._numba.bf16_weights import weights_bf16, weights_of_any_bf16
from made_np.backends._numba.cache import say
from made_np.backends._numba.memory import borrowed
from made_np.backends._numba.network import _Bound
from made_np.backends._numba.run import Batch
from made_np.backends._numba.target import HAS_BF16
from made_np.backends._numba.tile import ROWS
from made_np.backends._numba.weights import BLOCK, spare_size
from made_np.backends.bound import Bound
from made_np.backends.rules import Rule
from made_np.backends.tables import FROM_Z, Plan, Tables, has_kernels
from made_np.masks.sets import MaskSet
from made_np.network.network import Network
from made_np.typing import Array, Ints

SINGLE = np.dtype(np.float32)
PAIR = np.dtype(np.uint32)
SLOWER = (
    "this processor, or a numba before 0.62, multiplies no bf16 by itself: backend='bfloat16' computes what others do "
    "with it, but more slowly than backend='numba'"
)


def bind(network: Network, mask_set: MaskSet) -> Bound:
    """Return the network under this mask set, which learns by products of bf16; NumPy if a kernel is missing."""
    if not has_kernels(network):
        return _numpy.bind(network, mask_set)
    if not HAS_BF16:
        say(SLOWER)
    return _RoundedBound(network, mask_set)


def paired_starts(plan: Plan) -> Ints:
    """Return where each layer begins in a panel, in pairs of units, (L + 3,); the last one is the panel's size."""
    return np.cumsum([0, *((plan.tables.widths + 1) // 2)])


class RoundedBatch(Batch):
    """Rows to be scored in float32, or learnt from by products of bf16."""

    def _learn(
        self,
        grad: Array,
        rule: Rule,
        decay: Array | None,
        only_live: bool,
        ready: Callable[[int], object] | None = None,
    ) -> Array:
        row_nll = np.empty(self.n)
        t = self.tables
        n = self.n
        paired = paired_starts(self.plan)
        run = weights_bf16 if self.plan.sorted and only_live else weights_of_any_bf16
        spare_each = spare_size(0, self.plan.widest)
        pack_each = max(DEPTH * PACK, ROWS * self.plan.widest, BLOCK * (n // 2 + 1))
        numbers, roundings = self._rounded_sizes(int(paired[-1]), spare_each, pack_each)
        with borrowed(SINGLE, *numbers) as floats, borrowed(PAIR, *roundings) as (pairs, strip, packs):
            ordered, acts, dacts, nll, plain, spares = floats

            def rows(part: int, bottom: int = 0) -> None:
                forward_bf16(
                    self.ordered, self.x, self.context, *self.keeps, t, paired, acts, plain, pairs,
                    packs[part * pack_each : (part + 1) * pack_each], *self.panels(part),
                )  # fmt: skip
                self._losses(acts, dacts, nll, *self.panels(part))
                down(part, len(t.widths) - 1, bottom)

            def down(part: int, top: int, bottom: int) -> None:
                backward_bf16(
                    self.ordered, n, *self.keeps, t, paired, acts, plain, dacts, nll, self.row_weights, row_nll, pairs,
                    strip, packs[part * pack_each : (part + 1) * pack_each], top, bottom, *self.panels(part),
                )  # fmt: skip

            def columns(part: int, tables: Tables = t) -> None:
                run(
                    self.theta, grad, tables, strip, dacts, spares[part * spare_each : (part + 1) * spare_each],
                    packs[part * pack_each : (part + 1) * pack_each], n, rule.kind, rule.numbers, rule.first,
                    rule.second, self.nothing if decay is None else decay, rule.decoupled, part, self.n_parts,
                )  # fmt: skip

            if ready is None:
                self.share(ordered, rows, columns)
            else:
                self._in_pieces(ordered, rows, down, columns, ready)
        return row_nll

    def _rounded_sizes(self, paired: int, spare_each: int, pack_each: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return how many numbers `_learn` works with, and how many pairs; or raise for another dtype."""
        if self.dtype != SINGLE:
            text = "backend='bfloat16' learns float32 numbers: use dtype='float32', or backend='numba'"
            raise TypeError(f"theta is {self.dtype}, and {text}")
        t = self.tables
        lanes = self.n_panels * self.width
        apart = (self.keeps[1][1:] >= 0).any() or t.has_skips or t.activation >= FROM_Z
        size = self.plan.n_units * lanes
        strips = (self.plan.n_below + len(t.widths) * self.width) * ((self.n + 1) // 2)
        numbers = self.unsorted, size, size, self.x.shape[1] * lanes, size if apart else 0, spare_each * self.n_parts
        return numbers, (paired * lanes, strips, pack_each * self.n_parts)


class _RoundedBound(_Bound):
    batches = RoundedBatch
