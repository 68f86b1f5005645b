"""A fitted density as the tasks of a cluster carry it: its answers, without what it keeps to answer faster."""

from __future__ import annotations

import copy
import os
import pickle
from dataclasses import replace
from hashlib import sha256
from typing import Any

from made_np.estimator import MADEDensity
from made_np.values import show

__all__ = ["as_density", "carried", "key_of"]


def as_density(model: Any) -> MADEDensity:
    """Return the fitted estimator that `model` is, or that is in the file of that path.

    Raises
    ------
    TypeError
        Neither an estimator nor a path.
    ValueError
        An estimator that has not learned, or a file that holds none.
    OSError
        There is no such file.
    """
    if isinstance(model, (str, os.PathLike)):
        return MADEDensity.load(model)
    if not isinstance(model, MADEDensity):
        raise TypeError(
            f"model is a {type(model).__name__} ({show(model)}): give a fitted MADEDensity, or the path of a saved one"
        )
    model._answers  # noqa: B018 - which raises where there are none
    return model


def carried(density: MADEDensity) -> MADEDensity:
    """Return a copy that later fits of `density` leave as it is.

    A model that was asked questions keeps samples and masks, which are many times its size: they stay behind.
    """
    copied = copy.copy(density)
    copied._fitted = replace(density._answers)
    return copied


def key_of(density: MADEDensity) -> str:
    """Return what tasks call a model: the same for the same bytes, so that many questions share one copy of it."""
    return f"made-density-{sha256(pickle.dumps(density)).hexdigest()[:32]}"
