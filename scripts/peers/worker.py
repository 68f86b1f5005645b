"""One library under the suite, in a process of its own: `python -m peers.worker zuko` prints a line of JSON."""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
import time
import warnings
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from made_np.testing import Adapter, Report, suite
from peers.judged import LIBRARIES

MAX_SECONDS = 120.0
"""For one model: what has not begun by then is skipped, with its reason in the store."""


def main(library: str) -> dict[str, Any]:
    """Return version, models, findings; or why there are none."""
    try:
        found = version(LIBRARIES[library])
    except PackageNotFoundError:
        return {"version": "", "cases": {}, "left_out": "not installed"}
    module = importlib.import_module(f"peers.of_{library}")
    return {
        "version": found,
        "cases": {name: one(build) for name, build in module.CASES.items()},
        "left_out": "",
    }


def one(build: Any) -> dict[str, Any]:
    """Return what the suite says of one model."""
    start = time.process_time()
    adapter: Adapter = build()
    report = suite(adapter, max_seconds=MAX_SECONDS)
    print(report, file=sys.stderr, flush=True)
    return {
        "passed": [result.name for result in report.results if result.status == "passed"],
        "failed": {found.check: said(found) for found in report.failures},
        "skipped": {result.name: result.reason for result in report.results if result.status == "skipped"},
        "seconds": round(time.process_time() - start, 1),
    }


def said(report: Report) -> str:
    """Return the hint, with the worst entry."""
    return "; ".join(filter(None, [report.hint, *map(str, report.failures[:1])]))


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = main(sys.argv[1])
    print(json.dumps(answer))
