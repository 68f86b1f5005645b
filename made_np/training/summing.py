"""The sum of a gradient over all ranks, which begins layer by layer while the layers below still compute."""

from __future__ import annotations

import logging

import numpy as np

from made_np.backends.memory import Memory
from made_np.messages import tell
from made_np.ranks.comm import Comm, Pending
from made_np.typing import Array

__all__ = ["Summing"]

_logger = logging.getLogger("made_np.training")

LEAST = 1 << 16
"""Bytes of a message, at least, as long as more is to come: each has its price, however short it is."""


class Summing:
    """One gradient after the other, added up in the same memory, with a few numbers behind it.

    Parameters
    ----------
    comm : Comm
    like : ndarray, shape (P,)
        A vector of the same length and dtype.
    n_signals : int
        How many numbers there are behind the gradient.

    Attributes
    ----------
    grad : ndarray, shape (P,)
        Memory of the machine for a gradient.
    signals : ndarray, shape (n_signals,)
        They travel with the part of the gradient beside which they lie: an own message for them would be a tiny one.
    """

    def __init__(self, comm: Comm, like: Array, n_signals: int) -> None:
        self._comm = comm
        self._whole = np.zeros(like.size + n_signals, like.dtype)
        self.grad = self._whole[: like.size]
        self.signals = self._whole[like.size :]
        self._begun: list[Pending] = []
        self._collected = slice(0, 0)
        self._has_told = False

    def ready(self, part: slice) -> None:
        """Begin to add up a part of `grad`, or wait for the one beside it if it is small."""
        stop = part.stop if part.stop < self.grad.size else self._whole.size
        if part.stop == self._collected.start:
            stop = self._collected.stop
        else:
            self._send()
        self._collected = slice(part.start, stop)
        if (stop - part.start) * self._whole.itemsize >= LEAST:
            self._send()

    def _send(self) -> None:
        part = self._collected
        if part.stop > part.start:
            self._begun.append(self._comm.add(self._whole[part]))
        self._collected = slice(0, 0)

    def wait(self) -> None:
        """Wait until `grad` and `signals` hold the sums."""
        self._send()
        for pending in self._begun:
            pending.wait()
        self._begun.clear()

    def add_held(self, held: Array, memory: Memory) -> None:
        """Do all of that for a gradient that lies on a device."""
        memory.wait()
        if self._comm.adds(held):
            pending = self._comm.add(held)
            self._comm.add(self.signals).wait()
            pending.wait()
            return
        if not self._has_told and self._comm.rank == 0:
            text = "each gradient is copied from its device and back, since the ranks cannot add up there"
            tell(_logger, text, shown=False)
        self._has_told = True
        self.grad[:] = memory.fetch(held)
        self._comm.add(self._whole).wait()
        memory.write(self.grad, held)
