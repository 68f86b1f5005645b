"""Measure `MADEDensity()` with nothing set: test NLL beside a plain first try, beside recipes tuned by hand.

    python scripts/defaults.py [--sets adult wine_red ...]

Binary sets are those of `reproduce_paper.py`, with their own validation rows for early stopping. The other tables were
not tuned on, but for one rule: that real columns get no dropout. A plain first try of them is done here too (500 relu
units, the natural order, no regularisation, the rate constant); where they have no division of their own, a tenth of
the rows, drawn by a seed, is tested. What is done is kept in the results file.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from data_folder import name_data_folder
from other_tables import TABLES, load_table
from paper.published import FIRST_TRY
from paper.recipes import SETTINGS
from paper.store import read, write

from made_np import MADEDensity
from made_np.datasets import load_binary
from made_np.estimator.trials import best

HERE = Path(__file__).resolve().parent / "results"
PLAIN: dict[str, Any] = {
    "hidden_layer_sizes": (500,),
    "learning_rate": 1e-3,
    "order": "natural",
    "n_masks": 1,
    "weight_decay": 0.0,
    "dropout": 0.0,
    "averaging": 0.0,
    "schedule": None,
    "max_epochs": 1000,
    "n_iter_no_change": 20,
}


def main() -> None:
    """Measure what is not measured yet, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    names = [*FIRST_TRY, *TABLES]
    parser.add_argument("--sets", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--results", type=Path, default=HERE / "defaults.json", metavar="FILE")
    args = parser.parse_args()
    name_data_folder()
    for name in args.sets:
        if name not in read(args.results):
            record = measure(name)
            write(args.results, {**read(args.results), name: record})
    text = table(read(args.results), read(HERE / "paper.json"))
    args.results.with_suffix(".md").write_text(
        f"# The defaults\n\n`python scripts/defaults.py` writes this page.\n\n{text}"
    )
    print(text)


def measure(name: str) -> dict[str, Any]:
    """Fit with nothing set; for a table without published rows, also plainly."""
    if name in TABLES:
        return {**fit_and_test({}, *load_table(name)), "first_try": fit_and_test(PLAIN, *load_table(name))["test"]}
    data = load_binary(name)
    return {**fit_and_test({}, data.train, data.test, data.valid), "first_try": FIRST_TRY[name]}


def fit_and_test(options: dict[str, Any], train: Any, test: Any, valid: Any = None) -> dict[str, Any]:
    """Return the mean NLL of the test rows in nats, the seconds of the fit, and what was chosen."""
    start = time.perf_counter()
    density = MADEDensity(random_state=0, **options).fit(train, X_val=valid)
    seconds = time.perf_counter() - start
    scores = density.score_samples(test)
    chosen = best(density.trials_) if density.trials_ else None
    print(f"{options or 'defaults'}: {-scores.mean():.3f} nats after {seconds:.0f} s, {chosen}", flush=True)
    return {
        "test": float(-scores.mean()),
        "standard_error": float(scores.std(ddof=1) / np.sqrt(len(scores))),
        "seconds": round(seconds, 1),
        "epochs": density.n_iter_,
        "stopped_by": density.stopped_by_,
        "chosen": None if chosen is None else [chosen.order, chosen.n_masks, chosen.weight_decay],
    }


def table(found: dict[str, Any], tuned: dict[str, Any]) -> str:
    """Return the results as Markdown."""
    head = (
        "| set | a plain first try | `MADEDensity()` | tuned | above tuned | order, masks, decay | epochs | seconds |"
    )
    lines = [head, "|" + "---|" * (head.count("|") - 1)]
    for name, run in found.items():
        least = min((tuned[name][each]["test"] for each in SETTINGS if each in tuned.get(name, {})), default=None)
        chosen = ", ".join(map(str, run["chosen"] or ()))
        cells = (
            name,
            "" if run["first_try"] is None else f"{run['first_try']:.2f}",
            f"**{run['test']:.2f}** +- {run['standard_error']:.2f}",
            "" if least is None else f"{least:.2f}",
            "" if least is None else f"{100 * (run['test'] / least - 1):+.1f} %",
            chosen,
            run["epochs"],
            f"{run['seconds']:.0f}",
        )
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "Test NLL in nats per row; after +- one standard error.\n\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
