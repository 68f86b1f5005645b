"""The mask sets of a model, each bound to its backend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from made_np.backends import Backend
from made_np.backends.bound import Bound
from made_np.backends.memory import Memory
from made_np.backends.part import Part
from made_np.lazy import lazy
from made_np.masks.sets import MIXTURE_SIZE, MaskSet, MaskSets
from made_np.network.network import Network
from made_np.validation import as_bools

__all__ = ["BoundSets"]

KEPT_PATHS = 64
"""So many paths that were asked for last are kept ready."""


@dataclass(frozen=True, eq=False)
class BoundSets:
    """What computes under each mask set: ``bound[k]``, for the k of ``mask_sets[k]``.

    Attributes
    ----------
    backend : module
    network : Network
    mask_sets : MaskSets
    n_members : int
        So many networks of an ensemble have their parameters in theta, one after the other. Mask sets are dealt out to
        them in turn; of a model with paths, homes are.
    """

    backend: Backend
    network: Network
    mask_sets: MaskSets
    n_members: int = 1
    _kept: dict[int, Bound] = field(default_factory=dict, repr=False)

    @lazy
    def memory(self) -> Memory:
        """Where the backend computes."""
        return self.backend.memory_of(self.network)

    def __getitem__(self, k: int) -> Bound:
        """Return the network under mask set k, ready to compute.

        Those that mixtures ask for again and again are kept, as their mask sets are.
        """
        kept = self._kept.get(k) if isinstance(k, int) else None
        if kept is not None:
            return kept
        if not isinstance(k, int) or k >= 0:  # else the mask sets say what there is
            k = self.mask_sets.least_alike(k)
        kept = self._kept.get(k)
        if kept is not None:
            return kept
        bound = self._bind(self.mask_sets[k], self.mask_sets.home_of(k))
        return self._kept.setdefault(k, bound) if k < MIXTURE_SIZE else bound  # the same for all threads

    def for_order(self, order: Any, name: str = "order") -> Bound:
        """Return the network under the mask set of any `order`, as ``mask_sets.for_order`` has it.

        Raises
        ------
        ValueError
            An ensemble: it cannot be told which member is meant.
        """
        if self.n_members > 1:
            raise ValueError(
                f"{name} is a permutation, and this model has {self.n_members} members: ask one, member(k)"
            )
        return self._bind(self.mask_sets.for_order(order, name))

    def for_known(self, known: Any, home: int = 0) -> Bound:
        """Return the network on the path of a set of known features (D,), as ``mask_sets.for_known`` has it.

        The last ones that were asked for are kept: a second question about the same features costs no masks.
        """
        return self._on_path(as_bools(known, "known", 1).tobytes(), home)

    @lazy
    def _on_path(self) -> Callable[[bytes, int], Bound]:
        def bind(known: bytes, home: int) -> Bound:
            return self._bind(self.mask_sets.for_known(np.frombuffer(known, dtype=bool), home), home)

        return lru_cache(KEPT_PATHS)(bind)  # safe for threads, and no lock of it is held in a forked child

    def _bind(self, mask_set: MaskSet, home: int = 0) -> Bound:
        """Return the network under a mask set, with the parameters of the member that its home belongs to."""
        bound = self.backend.bind(self.network, mask_set)
        if self.n_members == 1:
            return bound
        size = self.network.layout.size
        member = home % self.n_members
        return Part(bound, slice(member * size, (member + 1) * size))
