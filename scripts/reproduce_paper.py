"""Train on the data sets of the MADE paper, or of DEBD, to print test NLL beside the published rows.

    python scripts/reproduce_paper.py [--sets dna nltcs] [--settings "as the papers" free] [--budget 30]
    python scripts/reproduce_paper.py --sets binarized_mnist --settings paper8000 --device cuda [--seconds 400]

A run is what `paper/recipes.py` says, chosen on the validation rows; test rows are read once, when its training has
ended. Finished runs are in `scripts/results/paper.json` and are not repeated unless their recipe changes; unfinished
ones go on from their checkpoint. "As the papers": the order of the features owes nothing to the data (shuffled by a
seed, perhaps in a mixture with its reverse, or a mixture over random orders). "Free": any order, and one-hot columns as
one feature, chosen without the test rows. "paper8000", for a GPU, if it is asked for: the paper's largest model.

`--quick` trains narrow layers on few rows, to see that everything runs; its results go to the folder of checkpoints.
`--seconds` ends each training by then, with a learning rate that has fallen to 0 by then; it keeps no checkpoint. A
run that had fewer seconds is repeated when it is given more.

Data are looked for in the folder that MADE_NP_DATA names, else in ../shared/data.
"""

from __future__ import annotations

import argparse
import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from data_folder import name_data_folder
from paper.recipes import EVERY_SETTING, RECIPES, SETTINGS, Recipe
from paper.runs import test, train
from paper.store import read, write
from paper.table import markdown
from paper.tree import chow_liu_nll

from made_np.datasets import load_binary

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "paper.json"
FEW = 300
BACKENDS = {"cpu": "auto", "cuda": "cupy"}


def arguments() -> argparse.Namespace:
    """Return the command line, parsed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sets", nargs="+", choices=RECIPES, default=list(RECIPES), metavar="NAME")
    parser.add_argument("--settings", nargs="+", choices=EVERY_SETTING, default=list(SETTINGS))
    parser.add_argument("--budget", type=float, default=float("inf"), help="minutes of training; unlimited by default")
    parser.add_argument("--seconds", type=float, help="of each training; unlimited by default")
    parser.add_argument("--device", choices=BACKENDS, default="cpu", help="what computes (cpu)")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FILE")
    parser.add_argument("--work", type=Path, default=Path("paper_runs"), help="folder of checkpoints (paper_runs)")
    parser.add_argument("--quick", action="store_true", help="narrow layers, few rows: to see that everything runs")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    args = parser.parse_args()
    if args.quick:
        args.results = args.work / "quick.json"
    return args


def main() -> None:
    """Do what is not done yet, as long as there is time, and print the table."""
    args = arguments()
    if args.seconds is not None and not args.quiet:
        tell_of_validations()
    name_data_folder()
    deadline = time.monotonic() + 60 * args.budget
    args.work.mkdir(parents=True, exist_ok=True)
    for name in args.sets:
        for setting in args.settings:
            recipe = RECIPES[name].get(setting)
            if recipe is not None and args.quick:
                recipe = replace(recipe, hidden=tuple(max(1, width // 100) for width in recipe.hidden))
            if recipe is not None and time.monotonic() < deadline:
                run(name, setting, recipe, args, deadline)
    results = read(args.results)
    args.results.with_suffix(".md").write_text(f"# The paper's table\n\n{_HOW}\n\n{markdown(results)}")
    print(markdown(results))


_HOW = "`python scripts/reproduce_paper.py` trains, tests and writes this page from the JSON file beside it."


def run(name: str, setting: str, recipe: Recipe, args: argparse.Namespace, deadline: float) -> None:
    """Train and test one recipe, unless that is done."""
    stored = read(args.results).get(name, {})
    done = [each for each in EVERY_SETTING if each in stored and is_done(stored[each], recipe, args.seconds)]
    if setting in done:
        return
    if done:  # one recipe serves both settings
        add(name, setting, stored[done[0]], args)
        return
    data = load_binary(name)
    if args.quick:
        data = replace(data, train=data.train[:FEW], valid=data.valid[:FEW], test=data.test[:FEW])
    print(f"{name}, {setting}: {recipe}", flush=True)
    limited = args.seconds is not None
    checkpoint = None if limited else args.work / f"{name}-{recipe.key}.npz"
    trained = train(
        recipe,
        data,
        checkpoint=checkpoint,
        deadline=deadline,
        progress=not (args.quiet or limited),
        backend=BACKENDS[args.device],
        max_seconds=args.seconds,
    )
    if trained is None:
        again = "the same command begins anew" if limited else f"the same command goes on from {checkpoint}"
        print(f"{name}, {setting}: the time is up; {again}", flush=True)
        return
    record: dict[str, Any] = {**trained.record(recipe), **test(trained, data)}
    record |= {"limit": args.seconds} if limited else {}
    known = {} if "tree" in stored else {"tree": float(chow_liu_nll(data.train, data.test).mean())}
    add(name, setting, record, args, **known)
    print(f"{name}, {setting}: valid {record['valid']:.3f}, test {record['test']:.3f} nats", flush=True)


def is_done(run: dict[str, Any], recipe: Recipe, seconds: float | None) -> bool:
    """Return whether a stored run is of this recipe and had as many seconds as it is given now."""
    asked = float("inf") if seconds is None else seconds
    return Recipe.from_dict(run["recipe"]) == recipe and run.get("limit", float("inf")) >= asked


def tell_of_validations() -> None:
    """Print what `made_np.fit` logs of each epoch that was validated: a line now and then, in place of a bar."""
    handler = logging.StreamHandler()
    handler.addFilter(lambda record: ", valid " in record.getMessage())
    logger = logging.getLogger("made_np.training")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


def add(name: str, setting: str, record: dict[str, Any], args: argparse.Namespace, **known: float) -> None:
    """Write a finished run down."""
    results = read(args.results)
    results.setdefault(name, {}).update({**known, setting: record})
    write(args.results, results)


if __name__ == "__main__":
    main()
