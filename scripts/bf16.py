"""Fit binary tables in float32, then with products of bf16, to print what the rounding costs in likelihood.

    python scripts/bf16.py [--sets nltcs mushrooms dna] [--seeds 0 1 2] [--hidden 500]

Both fits of a seed start at the same weights, see the same batches, and stop when the validation rows say so. A cell is
the mean test NLL in nats; the last column is how much more it is in bf16, with the spread of both over the seeds beside
it, which says what is noise. Data are looked for in the folder that MADE_NP_DATA names, else in ../shared/data.
"""

from __future__ import annotations

import argparse

import numpy as np
from data_folder import name_data_folder

from made_np import MADE, fit
from made_np.datasets import Dataset, load_binary

BACKENDS = ("numba", "bfloat16")


def test_nll(rows: Dataset, backend: str, seed: int, hidden: int) -> float:
    """Return the mean test NLL of one fit, in nats; it is computed in float32 whatever the fit was."""
    made = MADE(rows.n_features, (hidden,), seed=seed, backend=backend)
    result = fit(made, rows.train, valid=rows.valid, rng=seed, patience=10, max_epochs=200)
    return -float(made.log_prob(result.theta, rows.test).mean(dtype=np.float64))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sets", nargs="+", default=["nltcs", "mushrooms", "dna"], metavar="NAME")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--hidden", type=int, default=500)
    args = parser.parse_args()
    name_data_folder()
    print("| | float32 | bf16 | bf16 - float32 (spread over seeds) |\n|---|---|---|---|")
    for name in args.sets:
        rows = load_binary(name)
        nll = np.array([[test_nll(rows, each, seed, args.hidden) for seed in args.seeds] for each in BACKENDS])
        more = float((nll[1] - nll[0]).mean())
        spread = float(nll.std(axis=1).max())
        print(f"| {name} | {nll[0].mean():.3f} | {nll[1].mean():.3f} | {more:+.3f} ({spread:.3f}) |", flush=True)


if __name__ == "__main__":
    main()
