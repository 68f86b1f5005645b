"""The mask sets of a model, each bound to its backend."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from made_np.backends import Backend
from made_np.backends.bound import Bound
from made_np.masks.sets import MIXTURE_SIZE, MaskSets
from made_np.network.network import Network

__all__ = ["BoundSets"]


@dataclass(frozen=True, eq=False)
class BoundSets:
    """What computes under each mask set: ``bound[k]``, for the k of ``mask_sets[k]``.

    Attributes
    ----------
    backend : module
    network : Network
    mask_sets : MaskSets
    """

    backend: Backend
    network: Network
    mask_sets: MaskSets
    _kept: dict[int, Bound] = field(default_factory=dict, repr=False)

    def __getitem__(self, k: int) -> Bound:
        """Return the network under mask set k, ready to compute.

        Those that mixtures ask for again and again are kept, as their mask sets are.
        """
        kept = self._kept.get(k)
        if kept is not None:
            return kept
        bound = self.backend.bind(self.network, self.mask_sets[k])
        return self._kept.setdefault(k, bound) if k < MIXTURE_SIZE else bound  # the same for all threads

    def for_order(self, order: Any, name: str = "order") -> Bound:
        """Return the network under the mask set of any `order`, as ``mask_sets.for_order`` has it."""
        return self.backend.bind(self.network, self.mask_sets.for_order(order, name))
