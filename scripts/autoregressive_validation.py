"""Show that a MADE is autoregressive: the Jacobian of outputs with respect to inputs, by our own backward pass.

    python scripts/autoregressive_validation.py [--order random] [--hidden 20] [--seed 0]

Ten inputs into twenty hidden units, as in section 4.4 of the blog post that MADE is often learned from. Row i is the
output for feature i, column j the input of feature j. Where feature j does not come before feature i in the order the
entry must be exactly zero; everywhere else a path of wires exists and the entry must not be zero (tanh is nowhere flat,
so a live wire shows). The script exits with 1 if either fails.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from made_np import MADE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--features", type=int, default=10)
    parser.add_argument("--hidden", type=int, default=20)
    parser.add_argument("--order", choices=["natural", "reverse", "random"], default="random")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    made = MADE(args.features, (args.hidden,), activation="tanh", order=args.order, seed=args.seed, dtype="float64")
    rng = np.random.default_rng(args.seed)
    theta = rng.standard_normal(made.n_params)
    x = rng.integers(0, 2, size=args.features)
    J = made.jacobian(theta, x)
    position = made.mask_sets[0].position
    may = position[:, None] > position[None, :]
    leaks = int((J[~may] != 0).sum())
    lost = int((J[may] == 0).sum())

    print(f"{args.features}-{args.hidden}-{args.features}, tanh, order {made.mask_sets[0].order.tolist()}")
    print("row: output of feature i; column: input of feature j; '.' is an exact zero\n")
    print("      " + "".join(f"{j:>9d}" for j in range(args.features)))
    for i, row in enumerate(J):
        print(f"{i:>4d}  " + "".join(f"{'.':>9}" if value == 0 else f"{value:9.4f}" for value in row))
    print(f"\n{int((~may).sum())} entries must be zero: {leaks} are not. {int(may.sum())} may live: {lost} are zero.")
    return 1 if leaks or lost else 0


if __name__ == "__main__":
    sys.exit(main())
