"""Masks that cut no wire: with them a MADE is a plain autoencoder."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np

from made_np.lazy import lazy
from made_np.masks.sets import MaskSet, MaskSets
from made_np.typing import Bools


@dataclass(frozen=True, eq=False)
class OpenSet(MaskSet):
    """A mask set whose masks are True everywhere, whatever its order and degrees say.

    Examples
    --------
    >>> from made_np.model.made import MADE
    >>> one = MADE(3, hidden=(4,)).mask_sets[0]
    >>> one.masks[1].astype(int)
    array([[0, 0, 0, 0],
           [1, 1, 0, 0],
           [1, 1, 1, 1]])
    >>> opened(one).masks[1].astype(int)
    array([[1, 1, 1, 1],
           [1, 1, 1, 1],
           [1, 1, 1, 1]])
    """

    @lazy
    def masks(self) -> tuple[Bools, ...]:
        """(out, in) masks of the hidden layers and of the output layer, all True."""
        sizes = (len(self.input_degrees), *map(len, self.degrees), len(self.output_degrees))
        masks = [np.ones((out, into), dtype=bool) for into, out in pairwise(sizes)]
        for mask in masks:
            mask.flags.writeable = False
        return tuple(masks)


@dataclass(frozen=True, eq=False)
class OpenSets(MaskSets):
    """The mask sets of a model, each opened."""

    def _draw(self, k: int) -> MaskSet:
        return opened(super()._draw(k))


def open_sets(closed: MaskSets) -> OpenSets:
    """Return the mask sets of a model without their masks."""
    return OpenSets(**{each.name: getattr(closed, each.name) for each in fields(MaskSets) if each.name != "_kept"})


def opened(one: MaskSet) -> OpenSet:
    """Return the mask set without its masks."""
    return OpenSet(**{each.name: getattr(one, each.name) for each in fields(MaskSet)})
