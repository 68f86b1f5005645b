"""Measure `MADEDensity()`, with nothing set, on the twenty DEBD sets: test NLL beside the best published row.

    python scripts/debd.py [--sets nltcs plants ...]

One fit after the other, each with all cores. Validation rows of the set end a fit, and choose where the defaults
choose; test rows are read once, after it. A finished set is in the results file, and is not fitted again by the same
code: that of the folders of made_np through which a fit goes. The same command goes on where it was stopped. Published
rows, with what is from memory: `paper/twenty.py`.

Data are looked for in the folder that MADE_NP_DATA names, else in ../shared/data.
"""

from __future__ import annotations

import argparse
import ast
import time
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from data_folder import name_data_folder
from defaults import fit_and_test
from paper.recipes import FREE
from paper.store import read, write
from paper.tree import chow_liu_nll
from paper.twenty import TWENTY

import made_np
from made_np.datasets import load_binary

HERE = Path(__file__).resolve().parent / "results"
MIXTURES = "debd_mixtures.json"
"""The results of `debd_mixtures.py`."""
FITTING = (
    *("backends/__init__.py", "backends/_numba", "backends/_numpy", "backends/bound.py", "columns", "distributions"),
    *("estimator", "layers.py", "masks", "model", "network", "optim.py", "schedules.py", "training"),
)
"""The parts of made_np that decide what a fit gives."""

HOW = """`python scripts/debd.py` fits, tests and writes this page from the JSON file beside it: `MADEDensity()` with
nothing set, training and validation rows as DEBD divides them, test rows read once. NLL in nats per row, less is
better; after +- one standard error. "Better" is less than the best published row when rounded to its digits. "Stored"
is read in a file of its authors, "from memory" is not. Chow-Liu: the tree of most mutual information on the same
training rows, one pseudo-count in each cell of two columns. Four fits: the mixture of four such models with orders and
seeds of their own, whose weights validation rows choose (`python scripts/debd_mixtures.py`). Tuned: by hand on the
validation rows (`reproduce_paper.py`). Seconds of the clock grow with what else the machine computes, those of the
cores hardly."""


def main() -> None:
    """Measure what is not measured yet, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sets", nargs="+", choices=TWENTY, default=list(TWENTY), metavar="NAME")
    parser.add_argument("--results", type=Path, default=HERE / "debd.json", metavar="FILE")
    args = parser.parse_args()
    name_data_folder()
    code = code_version(Path(made_np.__file__).parent)
    for name in args.sets:
        if read(args.results).get(name, {}).get("code") != code:
            print(name, flush=True)
            record = {**measure(name), "code": code}
            write(args.results, {**read(args.results), name: record})
    text = table(read(args.results), read(HERE / "paper.json"), read(HERE / MIXTURES))
    args.results.with_suffix(".md").write_text(page(text))
    print(text)


def code_version(package: Path, parts: tuple[str, ...] = FITTING) -> str:
    """Return a name of exactly the code that decides what a fit gives: its comments and docstrings do not count."""
    digest = sha256()
    for part in parts:
        place = package / part
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(f"{path.relative_to(package).as_posix()} {_bare(path.read_text('utf-8'))}".encode())
    return digest.hexdigest()[:12]


def _bare(source: str) -> str:
    """Return the tree of some source, without strings that stand alone."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(body := getattr(node, "body", None), list):
            node.body = [each for each in body if not is_text(each)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def is_text(node: ast.AST) -> bool:
    """Return whether a statement is a string alone."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def measure(name: str) -> dict[str, Any]:
    """Fit and test one set, with a tree beside it."""
    data = load_binary(name)
    sizes = [data.n_features, len(data.train), len(data.valid), len(data.test)]
    tree = float(chow_liu_nll(data.train, data.test).mean())
    start = time.process_time()
    found = fit_and_test({}, data.train, data.test, data.valid)
    return {**found, "cpu_seconds": round(time.process_time() - start, 1), "tree": tree, "sizes": sizes}


def page(text: str) -> str:
    """Return the page of results around its table."""
    return f"# The twenty DEBD sets\n\n{HOW}\n\n{text}"


def table(found: dict[str, Any], tuned: dict[str, Any], mixtures: dict[str, Any]) -> str:
    """Return the results as Markdown, with their means and how many of them are better."""
    head = (
        "| set | columns | rows | Chow-Liu | best published | whose | figure | `MADEDensity()` | better | four fits "
        "| better | tuned | order, masks, decay | epochs | seconds of the clock | of the cores |"
    )
    names = [name for name in TWENTY if name in found]
    lines = [head, "|" + "---|" * (head.count("|") - 1)]
    lines += [_line(name, found[name], tuned.get(name, {}), mixtures.get(name)) for name in names]
    better = sum(is_better(name, found[name]) for name in names)
    ours = np.mean([found[name]["test"] for name in names])
    theirs = np.mean([TWENTY[name].nll for name in names])
    seconds = sum(found[name]["seconds"] for name in names)
    codes = Counter(found[name]["code"] for name in names)
    fitted = ", ".join(f"{code} ({n})" for code, n in codes.most_common())
    return (
        "\n".join(lines)
        + f"\n\n{better} of {len(names)} are better than the best published row. Mean of the {len(names)}: "
        + f"{ours:.3f} nats; of the best published rows {theirs:.3f}. {seconds / 60:.0f} minutes in all. "
        + f"Fitted by the code {fitted}.\n"
        + _of_mixtures({name: mixtures[name] for name in names if name in mixtures})
    )


def _of_mixtures(mixtures: dict[str, Any]) -> str:
    """Return the sentence on mixtures of several fits, if there are any."""
    if not mixtures:
        return ""
    better = sum(is_better(name, run) for name, run in mixtures.items())
    ours = np.mean([run["test"] for run in mixtures.values()])
    hours = sum(run["cpu_seconds"] for run in mixtures.values()) / 3600
    codes = ", ".join(sorted({run["code"] for run in mixtures.values()}))
    return (
        f"\nOf {len(mixtures)} mixtures of four fits {better} are better, with a mean of {ours:.3f} nats. "
        f"Their fits took {hours:.1f} hours of one core, by the code {codes}.\n"
    )


def summary(found: dict[str, Any]) -> str:
    """Return the table of README: for each set the best published NLL, and ours, in two halves side by side."""
    names = [name for name in TWENTY if name in found]
    half = -(-len(names) // 2)
    head = "| set | published | made_np |"
    lines = [head + head[1:], "|" + "---|" * 6]
    for k in range(half):
        cells = [_short(name, found[name]) for name in names[k::half]]
        lines.append("| " + " | ".join(cells + ["| |"] * (2 - len(cells))) + " |")
    return "\n".join(lines)


def _short(name: str, run: dict[str, Any]) -> str:
    best = TWENTY[name]
    ours = f"{run['test']:.2f}"
    return f"{name} | {best.nll:.2f} | {f'**{ours}**' if is_better(name, run) else ours}"


def is_better(name: str, run: dict[str, Any]) -> bool:
    """Return whether a result is less than the best published one, at the digits of that."""
    return bool(round(run["test"], 2) < TWENTY[name].nll)


def _line(name: str, run: dict[str, Any], tuned: dict[str, Any], mixture: dict[str, Any] | None) -> str:
    best = TWENTY[name]
    by_hand = tuned.get(FREE, {}).get("test")
    cells = (
        name,
        run["sizes"][0],
        " / ".join(map(str, run["sizes"][1:])),
        f"{run['tree']:.2f}",
        f"{best.nll:.2f}",
        best.who,
        best.source,
        f"**{run['test']:.3f}** +- {run['standard_error']:.3f}",
        _yes(is_better(name, run)),
        "" if mixture is None else f"**{mixture['test']:.3f}** +- {mixture['standard_error']:.3f}",
        "" if mixture is None else _yes(is_better(name, mixture)),
        "" if by_hand is None else f"{by_hand:.3f}",
        ", ".join(f"{each:.2g}" if isinstance(each, float) else str(each) for each in run["chosen"] or ()),
        run["epochs"],
        f"{run['seconds']:.0f}",
        f"{run['cpu_seconds']:.0f}",
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


if __name__ == "__main__":
    main()
