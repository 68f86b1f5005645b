"""What a training step costs on N ranks, told from a few that were measured.

A step of a MADE of `live` weights on the mask, of `params` parameters, on a batch of `rows`, costs seconds of

======================  =========================================================================================
row * live * rows / N   each rank's share of the batch
param * params          the update, which each rank makes in full
step                    whatever is there for each step
======================  =========================================================================================

and where there are several ranks

======================  =========================================================================================
apart * params          gradient, update apart from each other, which one rank does in one go
trips * latency         one way through the network
sum                     of the gradient: `talk`, plus `byte` for each of its bytes; measured by itself
======================  =========================================================================================

Of a network with many ranks the sum costs what the network needs for it: ``2 log2 N`` latencies, and each byte
``2 (N - 1) / N`` times through its bandwidth, as an all-reduce in a ring has it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BYTES = 4
"""Of a float32."""


class Case(NamedTuple):
    """A step to be made."""

    live: float
    params: int
    rows: int
    ranks: int = 1
    latency: float = 0.0
    """One way, in seconds."""


class Network(NamedTuple):
    """What lies between machines."""

    name: str
    latency: float
    """One way, of a short message, in seconds."""
    bandwidth: float
    """Bytes per second, each way at once."""


@dataclass(frozen=True)
class Costs:
    """Seconds, per what their names say; see above."""

    row: float
    param: float
    step: float
    apart: float
    trips: float
    byte: float
    talk: float

    @classmethod
    def fit(cls, cases: Sequence[Case], seconds: Sequence[float], byte: float, talk: float) -> Costs:
        """Return the costs that explain measured steps best: least squares of relative errors, none below 0.

        What a sum costs by itself is known.
        """
        sums = np.array([(case.ranks > 1) * (talk + byte * BYTES * case.params) for case in cases])
        found = least(np.array([cls._terms(case) for case in cases]), np.asarray(seconds) - sums, np.asarray(seconds))
        return cls(*found, byte, talk)

    @staticmethod
    def _terms(case: Case) -> list[float]:
        """Return what each cost but those of the sum is multiplied by."""
        several = float(case.ranks > 1)
        own = [case.live * case.rows / case.ranks, case.params, 1.0]
        return [*own, several * case.params, several * case.latency]

    def seconds(self, case: Case) -> float:
        """Return what a step costs, on one rank or on the pair that was measured."""
        own = np.dot([self.row, self.param, self.step, self.apart, self.trips], self._terms(case))
        return float(own) + (case.ranks > 1) * (self.talk + self.byte * BYTES * case.params)

    def fixed(self, case: Case) -> float:
        """Return what a step costs on each of several ranks, however few rows it has, but for the sum."""
        return self.step + (self.param + self.apart) * case.params

    def on(self, network: Network, case: Case) -> float:
        """Return what a step costs on many machines, if nothing of the sum is hidden behind the backward pass."""
        return self.row * case.live * case.rows / case.ranks + self.fixed(case) + self.sum_on(network, case)

    def sum_on(self, network: Network, case: Case) -> float:
        """Return what the sum of gradients costs of it."""
        n = case.ranks
        trips = 2 * math.log2(n) * max(self.trips / 2, 1.0) * network.latency  # the pair has two for each message
        return trips + 2 * (n - 1) / n * BYTES * case.params / network.bandwidth

    def pays_from(self, network: Network, case: Case, efficiency: float = 0.0) -> float:
        """Return the rows of a batch from which N ranks are faster than one, or reach such a share of N times as fast.

        Infinite, if that never happens.
        """
        wanted = max(efficiency * case.ranks, 1.0)
        alone = self.step + self.param * case.params
        many = self.fixed(case) + self.sum_on(network, case)
        # alone + r B = wanted (many + r B / N), solved for B
        gain = self.row * case.live * (1 - wanted / case.ranks)
        return (wanted * many - alone) / gain if gain > 0 else math.inf


def least(terms: Floats, seconds: Floats, scale: Floats) -> list[float]:
    """Return factors, none below 0, with which terms (n, k) explain seconds (n,), each of which counts by its scale."""
    used = list(range(terms.shape[1]))
    while True:
        found, *_ = np.linalg.lstsq(terms[:, used] / scale[:, None], seconds / scale, rcond=None)
        if (found >= 0).all():
            break
        used.remove(used[int(found.argmin())])
    factors = np.zeros(terms.shape[1])
    factors[used] = found
    return [float(factor) for factor in factors]
