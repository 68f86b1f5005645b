"""What the model in a file answers, as JSON that another made_np can be held against."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import made_np
from made_np import MADEDensity

N_DRAWN = 4


def answers_of(path: Path, rows: Any) -> dict[str, Any]:
    """Return what a file holds, and what the model in it says of rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if path.suffix == ".safetensors":
            return _of_model(*made_np.interop.from_safetensors(path), rows)
        if path.name.startswith("density"):
            return _of_density(MADEDensity.load(path), rows)
        stored = made_np.load(path)
        return _of_model(stored.made, stored.theta, rows)


def _of_model(made: Any, theta: Any, rows: Any) -> dict[str, Any]:
    def given(n: int) -> dict[str, Any]:
        return {"context": np.ones((n, made.n_context))} if made.n_context else {}

    return {
        "theta": _digest(theta),
        "order": np.asarray(made.mask_sets[0].order).tolist(),
        "log_prob": made.log_prob(theta, rows, mask_set=0, **given(len(rows))).tolist(),
        "drawn": made.sample(theta, N_DRAWN, rng=0, mask_set=0, **given(N_DRAWN)).tolist(),
    }


def _of_density(density: Any, rows: Any) -> dict[str, Any]:
    context = getattr(density, "context", None)  # an older one knows of none
    given = {"given": rows.iloc[:N_DRAWN][list(context)]} if context else {}
    drawn = density.sample(N_DRAWN, random_state=0, **given)
    cells = drawn.to_numpy() if hasattr(drawn, "to_numpy") else drawn
    columns = getattr(density.columns_, "each", density.columns_)
    return {
        "theta": _digest(density.theta_),
        "columns": [[each.name, getattr(each, "kind", ""), type(each.output).__name__] for each in columns],
        "log_prob": density.score_samples(rows).tolist(),
        "drawn": [[_plain(cell) for cell in row] for row in cells.tolist()],
    }


def _digest(theta: Any) -> str:
    """Return what tells whether these are the same bits."""
    return f"{theta.dtype.str} {hashlib.sha256(theta.tobytes()).hexdigest()}"


def _plain(cell: Any) -> Any:
    """Return a number as it is, a gap as None, whichever the library has, anything else in words."""
    if cell is None or cell != cell:
        return None
    return cell if isinstance(cell, bool | int | float) else str(cell)
