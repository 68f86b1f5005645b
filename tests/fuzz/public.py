"""Everything public that can be called: found by walking the package, so that nothing is forgotten."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from made_np import layers
from made_np.columns.columns import Columns
from made_np.distributions import Distribution
from made_np.masks.sets import MaskSet, MaskSets
from made_np.network.layout import Layout

MODULES = (
    "made_np",
    "made_np.datasets",
    "made_np.diagnostics",
    "made_np.distributions",
    "made_np.draw",
    "made_np.grid",
    "made_np.interop",
    "made_np.training.closed_form",
    "made_np.masks",
    "made_np.optim",
    "made_np.schedules",
    "made_np.sequential",
    "made_np.storage",
    "made_np.table.files",
    "made_np.table.files.writing",
    "made_np.testing",
    "made_np.testing.frameworks",
    "made_np.testing.strategies",
    "made_np.tracing",
)
"""The modules that documentation tells people to import from.

Of `made_np.layers` and of distributions the formulas are left out: pure arithmetic on arrays that somebody else has
looked at, called at every step, and a page to read.
"""

REGISTRY = (layers.find_activation, layers.register_activation, layers.unregister_activation)
"""Functions of `made_np.layers` that are no formulas."""

GIVEN_BACK: tuple[type, ...] = (Columns, Layout, MaskSet, MaskSets)
"""Classes that nobody makes by hand, but whose methods people call on what they are given."""

SPECIAL = ("__call__", "__getitem__")

INSIDE = (
    "diagnostics.evaluation.Difference.of",
    "columns.columns.Columns.cells",
    "columns.columns.Columns.from_config",
    "columns.columns.Columns.known",
    "columns.columns.Columns.label",
    "columns.columns.Columns.learn",
    "columns.columns.Columns.log_term",
    "columns.columns.Columns.read",
    "grid.scan.Scan.neighbours",
    "model.description.Description.check_",
    "table.one_hot.OneHot.from_config",
    "testing.report.Report.but",
)
"""Beginnings of names that have no underscore, but that this package alone calls."""

RECORDS = {
    "comparison.comparing.Comparison",
    "datasets.Dataset",
    "diagnostics.bins.Reliability",
    "diagnostics.bins.Uniformity",
    "diagnostics.calibrating.Calibration",
    "diagnostics.evaluation.Difference",
    "diagnostics.evaluation.Evaluation",
    "interop.importing.Imported",
    "storage.model_file.Stored",
    "table.table.Table",
    "testing.checks.Check",
    "testing.report.Failure",
    "testing.report.Report",
    "testing.suite.Result",
    "testing.suite.SuiteReport",
    "tracing.tape.Tape",
    "tracing.value.Value",
    "training.fit.FitResult",
}
"""What comes back from a call: the package makes them, and they keep what they are given. Their methods are public."""


def public() -> dict[str, Any]:
    """Return every public function, class and method by its name: "model.made.MADE.log_prob"."""
    found: dict[str, Any] = {}
    for module in map(import_module, MODULES):
        for name in _names(module):
            value = getattr(module, name)
            if isinstance(value, type) and not issubclass(value, Exception):  # which are raised, never made by hand
                found |= {} if inspect.isabstract(value) else {_key(value): value}
                found |= {} if issubclass(value, Distribution) else _methods(value)
            elif inspect.isfunction(value):
                found[_key(value)] = value
    found |= {_key(function): function for function in REGISTRY}
    for kind in GIVEN_BACK:
        found |= _methods(kind)
    wanted = {name: value for name, value in found.items() if name not in RECORDS and not name.startswith(INSIDE)}
    return {name: value for name, value in wanted.items() if arguments_of(value)}


def arguments_of(function: Any) -> list[str]:
    """Return the names of a function's arguments, but for those that stand for any number of them.

    An optional `name` is what messages call another argument: whoever gives one writes the message.
    """
    parameters = inspect.signature(function).parameters.values()
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    label = ("name", "self", "cls")
    named = [p for p in parameters if p.kind not in variadic]
    return [p.name for p in named if p.name not in label or (p.name == "name" and p.default is p.empty)]


def _names(module: Any) -> Iterator[str]:
    listed = getattr(module, "__all__", None)
    for name in listed or vars(module):
        value = getattr(module, name)
        own = getattr(value, "__module__", None) == module.__name__
        if not name.startswith("_") and (listed or own):
            yield name


def _methods(kind: type) -> dict[str, Any]:
    """Return the methods of a class by the name of the class that defines each."""
    found = {}
    for name in dir(kind):
        method = inspect.getattr_static(kind, name)
        function = getattr(method, "__func__", method)
        is_ours = inspect.isfunction(function) and function.__module__.startswith("made_np")
        if is_ours and (not name.startswith("_") or name in SPECIAL):
            found[_key(function)] = function
    return found


def _key(value: Any) -> str:
    return f"{value.__module__}.{value.__qualname__}".removeprefix("made_np.")
