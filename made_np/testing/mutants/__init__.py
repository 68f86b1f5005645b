"""Faults planted into right models, to see that every check finds its own."""

from __future__ import annotations

from .detection import all_mutants, detect, detection_table, false_alarms

__all__ = ["all_mutants", "detect", "detection_table", "false_alarms"]
