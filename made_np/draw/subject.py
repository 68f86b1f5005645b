"""What is drawn of a model: one of its mask sets."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.masks.sets import MaskSet
from made_np.model.made import MADE
from made_np.values import as_a, as_count, show


def as_mask_set(model: Any, mask_set: Any = None) -> MaskSet:
    """Return the mask set to draw: `model` itself if it is one, else the one of a MADE that `mask_set` names.

    Parameters
    ----------
    model : MADE or MaskSet
    mask_set : int or permutation, optional
        Of a MADE: 0 by default.

    Raises
    ------
    TypeError, ValueError
        `model` is neither, or there is no such mask set.
    """
    if isinstance(model, MaskSet):
        if mask_set is not None:
            raise ValueError(f"mask_set={show(mask_set)}: model is one mask set already, so leave mask_set out")
        return model
    way_out = "give a MADE (of a MADEDensity: density.made_) or one of made.mask_sets"
    made = as_a(model, "model", MADE, way_out)
    if mask_set is None:
        return made.mask_sets[0]
    if isinstance(mask_set, (int, np.integer)) and not isinstance(mask_set, bool):
        last = None if made.n_masks is None else made.n_masks - 1
        return made.mask_sets[as_count(mask_set, "mask_set", 0, last)]
    return made.mask_sets.for_order(mask_set, "mask_set")
