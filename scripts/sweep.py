"""Try recipes on a data set, several at a time, by what each gives on the validation rows.

    python scripts/sweep.py options --sets dna adult        one option at a time against a plain recipe
    python scripts/sweep.py draws --sets dna --n 40         random recipes from the ranges that matter

No run sees a test row. Each is trained on one core, as many at once as there are cores. What is done is kept in the
results file and not repeated: the same command goes on where it was stopped. Git keeps the page that `options` writes,
`results/options.md`, and not the file with each run, `results/options.json`. Needs joblib and tqdm (`.[dev]`).
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SETS = ("adult", "connect4", "dna", "mushrooms", "nips", "ocr_letters", "nltcs", "baudio", "pumsb_star")


def arguments() -> argparse.Namespace:
    """Return the command line, parsed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("options", "draws"))
    parser.add_argument("--sets", nargs="+", default=list(SETS), metavar="NAME")
    parser.add_argument("--n", type=int, default=20, help="how many draws per set (20)")
    parser.add_argument("--seed", type=int, default=0, help="of the draws")
    parser.add_argument("--free", action="store_true", help="draws may use the natural order")
    parser.add_argument("--minutes", type=float, default=3.0, help="the most that one run may take (3)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at a time (one per core)")
    parser.add_argument("--results", type=Path, metavar="FILE", help="scripts/results/WHAT.json by default")
    args = parser.parse_args()
    args.results = args.results or HERE / "results" / f"{args.what}.json"
    return args


def main() -> None:
    """Run what is not done yet, and print the table."""
    args = arguments()
    os.environ["MADE_NP_NUM_THREADS"] = "1"  # before the workers start: one core each
    from data_folder import name_data_folder
    from joblib import Parallel, delayed
    from paper.recipes import Recipe
    from paper.space import draws, options
    from paper.store import read, write
    from tqdm import tqdm

    name_data_folder()
    recipes = list(options() if args.what == "options" else draws(args.n, args.seed, not args.free))
    results = read(args.results)

    def is_new(name: str, recipe: Recipe) -> bool:
        return recipe.key not in results.get(name, {})

    todo = [(name, label, recipe) for label, recipe in recipes for name in args.sets if is_new(name, recipe)]
    work = (delayed(attempt)(name, label, recipe, args.minutes) for name, label, recipe in todo)
    done = Parallel(n_jobs=args.jobs, return_as="generator_unordered")(work)
    for name, key, record in tqdm(done, total=len(todo), unit="run"):
        results.setdefault(name, {})[key] = record
        write(args.results, results)
    text = table(results, args.what == "options")
    head = f"# What was tried\n\n`python scripts/sweep.py {args.what}` writes this page. No run saw a test row."
    args.results.with_suffix(".md").write_text(f"{head}\n\n{text}\n")
    print(text)


def attempt(name: str, label: str, recipe: Any, minutes: float) -> tuple[str, str, dict[str, Any]]:
    """Train by one recipe; return the set, the recipe's key, and what came of it."""
    from made_np.datasets import load_binary

    data = load_binary(name)
    start = time.monotonic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # divergence is a result, and is written down
            _, result = recipe.train(
                data.train, data.valid, callbacks=[lambda info: time.monotonic() - start > 60 * minutes]
            )
    except (TypeError, ValueError) as error:
        return name, recipe.key, {"label": label, "recipe": recipe.to_dict(), "error": str(error)}
    record = {
        "label": label,
        "recipe": recipe.to_dict(),
        "valid": result.best_valid,
        "best_epoch": result.best_epoch,
        "stopped_by": "time" if result.stopped_by == "callback" else result.stopped_by,
        "seconds": round(result.seconds, 1),
    }
    return name, recipe.key, record


def table(results: dict[str, Any], by_option: bool) -> str:
    """Return what was tried as Markdown, best first; options with their gain over the plain recipe."""
    head = "| set | what | valid nats | gain over plain | seconds | best epoch | stopped by |"
    lines = [head, "|" + "---|" * 7]
    for name, found in results.items():
        runs = sorted((run for run in found.values() if "valid" in run), key=lambda run: float(run["valid"]))
        plain = next((run["valid"] for run in runs if run["label"] == "plain"), None)
        for run in runs:
            gain = f"{plain - run['valid']:+.3f}" if by_option and plain is not None else ""
            what = run["label"] if by_option else describe(run["recipe"])
            cells = name, what, f"{run['valid']:.3f}", gain, run["seconds"], run["best_epoch"], run["stopped_by"]
            lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def describe(recipe: dict[str, Any]) -> str:
    """Return what differs between recipes, in a few words."""
    fit = recipe["fit"]
    layers = "-".join(map(str, recipe["hidden"]))
    options = ", ".join(f"{name} {value}" for name, value in fit.items() if name != "patience")
    return f"{layers}, {recipe['order']} x {recipe['n_masks']}, seed {recipe['seed']}, {options}"


if __name__ == "__main__":
    main()
