"""How good a model is, with how sure that is.

evaluation     nats per row with their standard error, by feature; whether one model beats another
duel           which of two models is better on the same rows
conditionals   calibration: predicted probabilities against what was observed
bins           what calibration counts, and how far from right it is

All of it needs a fitted model and rows that it was not fitted to; none of it draws a picture (`made_np.draw` does).
"""

from __future__ import annotations

from made_np.diagnostics.bins import Bins, Reliability, Uniformity
from made_np.diagnostics.calibrating import Calibration, calibration
from made_np.diagnostics.duel import compare_models
from made_np.diagnostics.evaluation import Difference, Evaluation, evaluate

__all__ = [
    "Bins",
    "Calibration",
    "Difference",
    "Evaluation",
    "Reliability",
    "Uniformity",
    "calibration",
    "compare_models",
    "evaluate",
]
