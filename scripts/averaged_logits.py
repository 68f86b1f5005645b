"""Show that averaged logits of several orders are no density, on eight pixels whose 256 rows can all be summed over.

    python scripts/averaged_logits.py [--orders 10] [--seed 0]

A MADE with several orders is fitted to eight pixels of scikit-learn's digits (two rows of four in the middle of the
image, black or white). Its orders are then put together in three ways: as the mixture that made_np computes, as the
mean of the log-probabilities, and with averaged logits, as widely copied code does. For each the script prints the
sum of p(x) over all 256 rows, and the mean of -log p(x) over the very images that it was fitted to. No density scores
those below the entropy of their distribution (Gibbs' inequality): what does is none.
"""

from __future__ import annotations

import argparse

import numpy as np

from made_np import MADE, fit
from made_np.datasets import load_digits
from made_np.demos.sums import eight_pixels, entropy, every_row

HIDDEN = 100
EPOCHS = 200


def log_probs(made: MADE, theta: np.ndarray, x: np.ndarray) -> dict[str, np.ndarray]:
    """Return "log p(x)" of rows, as each way of putting the orders together has it."""
    sets = range(len(made.mask_sets))
    each = np.stack([made.log_prob(theta, x, mask_set=k) for k in sets])
    logits = np.mean([logits_of(made, theta, x, k) for k in sets], axis=0)
    return {
        "mixture": made.log_prob(theta, x),
        "mean of log-probabilities": each.mean(axis=0),
        "averaged logits": (x * logits - np.logaddexp(0, logits)).sum(axis=1),
    }


def logits_of(made: MADE, theta: np.ndarray, x: np.ndarray, k: int) -> np.ndarray:
    """Return the logits (n, D) of mask set k: what the log-probabilities of a 1 and of a 0 differ by."""
    this = made.feature_log_prob(theta, x, mask_set=k)
    other = np.log(-np.expm1(this))  # of the other value: the two probabilities add up to 1
    return np.where(x == 1, this - other, other - this)


def main() -> None:
    """Fit, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--orders", type=int, default=10, metavar="K", help="%(default)s")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    digits = load_digits(binary=True)
    x = eight_pixels(digits)
    made = MADE(
        8, hidden=(HIDDEN,), order="random", n_masks=args.orders, seed=args.seed, dtype="float64", backend="numpy"
    )
    theta = fit(made, x, max_epochs=EPOCHS, learning_rate=5e-3, rng=args.seed).theta
    over_all = log_probs(made, theta, every_row())
    print(f"{len(x)} images, {args.orders} orders; entropy of the images {entropy(x):.2f} nats")
    print(f"{'':<28}{'sum of p(x)':>12}{'mean of -log p(x), nats':>26}")
    for name, scores in log_probs(made, theta, x).items():
        print(f"{name:<28}{np.exp(over_all[name]).sum():>12.2f}{-scores.mean():>26.2f}")


if __name__ == "__main__":
    main()
