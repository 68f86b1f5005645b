"""The table of a GPU's benchmark, a line at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmark.report import Result, Target, cell

COLUMNS = ("torch eager", "torch.compile", "torch.compile, CUDA graph", "JAX jit")
"""Peers with a column of their own; whatever else was timed stands in the column "other"."""
BEST_COMPILED = "the best of torch.compile"


def head() -> str:
    """Return the first two lines."""
    names = ["", "unit", "ours", *COLUMNS, "other", "fastest peer", "target"]
    return f"{_line(names)}\n{_line(['---'] * len(names))}"


def line(result: Result, failed: Mapping[str, str]) -> str:
    """Return a row; who was not measured is named with a word."""
    has_ours = "ours" in result.values
    others = [name for name in result.values if name not in (*COLUMNS, "ours")]
    others += [name for name in failed if name not in (*COLUMNS, "ours")]
    ratios = [result.ratio(name) for name in COLUMNS if has_ours and name in result.values]
    return _line(
        [
            result.name,
            result.unit,
            *(_cell(result, name, failed) for name in ("ours", *COLUMNS)),
            "; ".join(f"{name}: {_cell(result, name, failed)}" for name in others),
            f"{min(ratios):.3g}x" if ratios else "",
            "; ".join(_verdicts(result)) if has_ours else "",
        ]
    )


def reached(result: Result, target: Target) -> float | None:
    """Return how many times as much as ours the peer of a target takes; None where nobody was measured."""
    names = [name for name in result.values if name.startswith("torch.compile")]
    if target.against != BEST_COMPILED:
        names = [name for name in result.values if name == target.against]
    return min((result.ratio(name) for name in names), default=None)


def _verdicts(result: Result) -> Iterator[str]:
    for target in result.targets:
        found = reached(result, target)
        if found is not None:
            missed = "" if found >= target.at_least else ": missed"
            yield f"{found:.3g} of {target.at_least:.3g}x {target.against}{missed}"


def _cell(result: Result, name: str, failed: Mapping[str, str]) -> str:
    if name not in result.values:
        return "failed" if name in failed else ""
    if "ours" in result.values:
        return cell(result, name)
    return f"{result.quantile(name, 0.5):.3g} / {result.quantile(name, 0.1):.3g}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
