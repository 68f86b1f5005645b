"""Draw right networks of every kind, show each to the whole of `made_np.testing`, count what it calls wrong.

    python scripts/false_alarms.py                               # 1000 in NumPy, 200 in torch, 50 in JAX
    python scripts/false_alarms.py --numpy 50 --torch 0 --jax 0 --store alarms.json

Seeds are 0, 1, 2, ...; each says all of a network: 1 to 6 columns of bits, categories (some of one value), Gaussians or
mixtures, orders, degrees, layers, activations, layouts, context, the size of weights. With --store what is done stays
done: a run that was ended goes on, a larger one begins where the last one stopped. A framework that is not installed is
left out. Exit status 1: a right network was called wrong. Never in CI.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alarms.tally import merged, tally, told
from paper.store import read, write

FRAMEWORKS = {"numpy": 1000, "torch": 200, "jax": 50}
CHUNK = 25
"""Networks between two writes."""


def main(arguments: list[str] | None = None) -> int:
    """Run what is not stored, then print what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for framework, n in FRAMEWORKS.items():
        parser.add_argument(f"--{framework}", type=int, default=n, metavar="N", help=f"networks, {n} if not given")
    parser.add_argument("--store", type=Path, metavar="FILE", help="JSON file of what is done")
    args = parser.parse_args(arguments)
    n_alarms = 0
    for framework in FRAMEWORKS:
        n = getattr(args, framework)
        if n and find_spec(framework) is None:
            print(f"{framework}: not installed")
        elif n:
            found = run(framework, n, args.store)
            print(told(framework, found), flush=True)
            n_alarms += len(found["alarms"])
    return 1 if n_alarms else 0


def run(framework: str, n: int, store: Path | None) -> dict[str, Any]:
    """Return the sum over networks 0 to n - 1, chunk by chunk."""
    adapt = importlib.import_module(f"alarms.in_{framework}").adapter
    done = read(store) if store is not None and store.exists() else {}
    tallies = []
    for first in range(0, n, CHUNK):
        seeds = range(first, min(first + CHUNK, n))
        key = f"{framework} {seeds[0]}..{seeds[-1]}"
        if key not in done:
            done[key] = tally(adapt, seeds)
            if store is not None:
                write(store, done)
        tallies.append(done[key])
    return merged(tallies)


if __name__ == "__main__":
    sys.exit(main())
