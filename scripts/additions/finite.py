"""Is every score a finite number?"""

from __future__ import annotations

import numpy as np

from .adapter import Adapter
from .points import columns_of, draw_rows
from .report import Failure, Report

ROWS = 100


def check_finite(adapter: Adapter, rng: int) -> Report:
    """Score random rows of the support, and report each score that is NaN or infinite."""
    assert adapter.log_prob is not None
    support = (0, 1) if adapter.support is None else adapter.support
    x = draw_rows(columns_of(support, adapter.n_features), ROWS, np.random.default_rng(rng))
    scores = np.asarray(adapter.log_prob(x))
    wrong = np.flatnonzero(~np.isfinite(scores))
    failures = tuple(Failure(f"log_prob(x)[{k}]", f"{scores[k]}", "a finite number") for k in wrong)
    return Report("check_finite", failures, n_checked=len(scores))
