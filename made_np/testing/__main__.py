"""``python -m made_np.testing --mutants`` or ``python -m made_np.testing package.module:factory``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from .program import find_adapter, run_checks
from .streams import standard_streams
from .values import as_count


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 if all is well, 1 if a check failed, 2 if there is nothing to check."""
    with standard_streams():
        try:
            status = _run(_parser().parse_args(arguments))
            sys.stdout.flush()
            return status
        except (ValueError, OSError) as error:
            print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
            return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m made_np.testing", description=__doc__)
    parser.add_argument("target", nargs="?", help="package.module:factory of an Adapter")
    parser.add_argument("--mutants", action="store_true", help="print the detection table")
    parser.add_argument("--networks", type=int, default=200, help="correct networks for false alarms")
    parser.add_argument("--trials", type=int, default=20, help="trials behind each rate of detection")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def _run(given: argparse.Namespace) -> int:
    seed = as_count(given.seed, "--seed", 0)
    if given.mutants:
        return _mutants(as_count(given.networks, "--networks", 0), as_count(given.trials, "--trials"), seed)
    if given.target is None:
        _parser().error("name a package.module:factory, or ask for --mutants")
    return run_checks(find_adapter(given.target), seed)


def _mutants(networks: int, trials: int, seed: int) -> int:
    from .mutants import all_mutants, detect, detection_table, false_alarms
    from .mutants.others import other_checkers
    from .power import detection_rates, own_checkers, rates_table

    others = other_checkers()
    start = time.perf_counter()
    rows = [detect(mutant, seed=seed, others=others) for mutant in all_mutants()]
    print(detection_table(rows))
    print("\n" + rates_table(detection_rates(own_checkers() | others, trials=trials, seed=seed)) + "\n")
    alarms = list(false_alarms(networks, seed=seed))
    seconds = time.perf_counter() - start
    print(f"{len(alarms)} false alarms in {networks} correct random networks; {seconds:.1f} s in all")
    for k, text in alarms[:3]:
        print(f"\nnetwork {k}: {text}")
    missed = [row for row in rows if not set(row.caught) - set(others)]
    return 1 if alarms or missed else 0


if __name__ == "__main__":
    sys.exit(main())
