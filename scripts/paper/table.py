"""The table of the paper, with our rows beside it, from the results file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from paper.published import PUBLISHED
from paper.recipes import AS_PAPERS, EVERY_SETTING, FREE, PAPER_8000


def markdown(results: dict[str, Any]) -> str:
    """Return the tables: ours against published rows, and how each of ours came about."""
    head = "| set | Chow-Liu tree | MADE | best published | made_np, as the papers | target | made_np, free | target |"
    lines = [
        "Test NLL in nats per row, lower is better; after +- one standard error of the mean.",
        "",
        head,
        "|" + "---|" * (head.count("|") - 1),
        *(_row(name, results[name]) for name in PUBLISHED if name in results),
        *(line for name in PUBLISHED for line in _largest(name, results.get(name, {}))),
        "",
        "| set | setting | order | masks | hidden | valid | test | rows | epochs | stopped by | minutes | theta |",
        "|" + "---|" * 12,
        *(line for name in PUBLISHED if name in results for line in _runs(name, results[name])),
    ]
    return "\n".join(lines) + "\n"


def _row(name: str, found: dict[str, Any]) -> str:
    known = PUBLISHED[name]
    best = "" if known.best is None else f"{known.best:.2f} ({known.best_name})"
    cells = [name, _number(found.get("tree")), _number(known.made), best]
    for setting, target in ((AS_PAPERS, known.as_papers), (FREE, known.free)):
        cells += [_test(found, setting), _against(found, setting, target)]
    return "| " + " | ".join(cells) + " |"


def _largest(name: str, found: dict[str, Any]) -> Iterator[str]:
    """Yield a line on the paper's largest model, where it was trained."""
    if PAPER_8000 in found:
        against = _against(found, PAPER_8000, PUBLISHED[name].made)
        yield f"\n{name}, the paper's largest model ({PAPER_8000}): {_test(found, PAPER_8000)}; {against}"


def _test(found: dict[str, Any], setting: str) -> str:
    run = found.get(setting, {})
    return f"**{run['test']:.2f}** +- {run['standard_error']:.2f}" if "test" in run else ""


def _against(found: dict[str, Any], setting: str, target: float | None) -> str:
    run = found.get(setting, {})
    if target is None or "test" not in run:
        return _number(target)
    return f"{target:.2f}, {'met' if run['test'] <= target else 'missed'}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _runs(name: str, found: dict[str, Any]) -> Iterator[str]:
    for setting in EVERY_SETTING:
        run = found.get(setting)
        if run is None:
            continue
        recipe = run["recipe"]
        order = recipe["order"] if isinstance(recipe["order"], str) else "given"
        order += ", both ways" * recipe["both_ways"] + ", one-hot" * recipe["one_hot"]
        cells = (
            name,
            setting,
            order,
            f"endless, {run['masks']} tested" if recipe["n_masks"] is None else run["masks"],
            "-".join(map(str, recipe["hidden"])),
            _number(run["valid"]),
            _number(run.get("test")),
            run.get("rows", ""),
            run["epochs"],
            run["stopped_by"],
            f"{run['seconds'] / 60:.1f}",
            run["theta_sha256"][:12],
        )
        yield "| " + " | ".join(map(str, cells)) + " |"
