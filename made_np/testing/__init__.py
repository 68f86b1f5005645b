"""Proofs for masked or autoregressive networks, in any framework: ours first.

Callables see and return NumPy arrays. Every check returns a `Report`, which is true if the check passed, and
says where it did not, by how much, and what the likely mistake is:

    check_gradient        is this the derivative of that, entry by entry?
    check_vjp             the same for a layer: arrays in, arrays out
    check_close           the same numbers from another backend, or in float32
    check_masks           does the product of the masks equal what the order allows?
    check_autoregressive  does not a bit of an output change with what it must not see?
    check_context         does context reach every conditional?
    check_normalised      does it sum to 1?
    check_sampler         do samples follow the conditionals, exactly?
    check_sampler_counts  do samples follow the density, by counting?
    check_calibrated      are the conditionals calibrated on rows that the model draws?
    check_conditionals    do answers about some columns, or given some, agree with each other?
    check_measure         do probabilities of ranges add up, and never contradict each other?
    check_roundtrip       does a model that is stored, or copied, answer as before?
    check_global_state    does building a model leave the global random states alone?
    check_consistency     is each row treated alike, whatever the batch, the memory, the history?
    suite                 all of these that an `Adapter` of your model permits

NumPy is all that is needed (hypothesis for `strategies`, pytest for `parametrize_with_checks`), and nothing of
made_np is imported: the folder can be copied elsewhere as it stands.

    python -m made_np.testing --mutants          which check catches which of 108 planted faults
    python -m made_np.testing my.module:adapter  the suite on a model of yours
    pytest --made-np my.module:adapter           the same, each check a test
"""

from __future__ import annotations

from . import strategies
from .adapter import Adapter, Layer
from .autoregressive import check_autoregressive
from .calibration import check_calibrated
from .checks import Check, checks
from .conditionals import check_conditionals
from .consistency import check_consistency
from .context import check_context
from .counts import check_sampler_counts
from .density import check_normalised
from .global_state import check_global_state
from .gradients import check_close, check_gradient
from .loading import load_adapter
from .masks import check_masks
from .measure import check_measure
from .parametrize import parametrize_with_checks
from .points import Interval
from .report import CheckFailed, Failure, Report
from .roundtrip import check_roundtrip
from .sampler import check_sampler
from .suite import Result, SuiteReport, suite
from .vjp import check_vjp

__all__ = [
    "Adapter",
    "Check",
    "CheckFailed",
    "Failure",
    "Interval",
    "Layer",
    "Report",
    "Result",
    "SuiteReport",
    "check_autoregressive",
    "check_calibrated",
    "check_close",
    "check_conditionals",
    "check_consistency",
    "check_context",
    "check_global_state",
    "check_gradient",
    "check_masks",
    "check_measure",
    "check_normalised",
    "check_roundtrip",
    "check_sampler",
    "check_sampler_counts",
    "check_vjp",
    "checks",
    "load_adapter",
    "parametrize_with_checks",
    "strategies",
    "suite",
]
