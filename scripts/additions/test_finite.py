"""The check `finite` finds a score that is no number, but no other."""

from __future__ import annotations

import numpy as np

from made_np.testing import Adapter, checks


def verdict(value: float) -> bool:
    adapter = Adapter(n_features=2, log_prob=lambda x: np.where(x[:, 0] > 0, value, np.log(0.25)))
    (check,) = (check for check in checks(adapter) if check.name == "finite")
    return check().ok


def test_it_finds_what_is_not_finite() -> None:
    assert verdict(-3.0)
    assert not verdict(np.nan)
    assert not verdict(-np.inf)
