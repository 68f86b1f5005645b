"""Whether the answers of one model to many questions contradict each other.

A model of one home order, with paths, is trained on the adult table: each category a code, each number a code of its
bin, values of more than 1 % of the rows on their own. Then random questions are asked about test rows. A is a random
set of columns, B a further one:

    python scripts/coherence.py --rows 4000 --epochs 40

prints ``|log p(A) - log sum_B p(A, B)|`` in nats, by how many columns A has (of a tenth of the questions also as
`home_log_prob` has it), how far two ways to p(B given A) are apart (from p(A, B), and along the path of A), and what
home costs beside a model of that order alone.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from data_folder import name_data_folder
from numpy.typing import NDArray

from made_np import MADE, Categorical, find_order, fit
from made_np.datasets import FOLDER_VARIABLE
from made_np.model.gaps import observed_log_prob
from made_np.model.marginals import home_log_prob

Array = NDArray[Any]

BINS = 32
ATOM = 0.01
SIZES = ((1, 4), (4, 8), (8, 12), (12, 15))


def coded(columns: Array, is_coded: Array, test: Array) -> tuple[Array, Array, list[int]]:
    """Return the codes of training and of test rows, and how many codes each column has."""
    train = columns.copy()
    test = test.copy()
    sizes = []
    for d in range(columns.shape[1]):
        if not is_coded[d]:
            edges = _edges(columns[:, d])
            train[:, d] = np.searchsorted(edges, columns[:, d])
            test[:, d] = np.searchsorted(edges, test[:, d])
        sizes.append(1 + int(max(train[:, d].max(), test[:, d].max())))
    return train, test, sizes


def _edges(column: Array) -> Array:
    """Return where the bins of a column of whole numbers begin."""
    values, counts = np.unique(column, return_counts=True)
    atoms = values[counts > ATOM * len(column)]
    rest = column[~np.isin(column, atoms)]
    cuts = np.quantile(rest, np.linspace(0, 1, BINS + 1)[1:-1]) if len(rest) else rest
    return np.unique(np.concatenate([atoms - 0.5, atoms + 0.5, np.floor(cuts) + 0.5]))


def questions(rows: Array, n: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Return rows (n, D), what is known of each (n, D), and one column more (n,)."""
    n_features = rows.shape[1]
    x = rows[rng.integers(0, len(rows), n)]
    rank = rng.random((n, n_features)).argsort(axis=1).argsort(axis=1)
    size = rng.integers(1, n_features, n)
    return x, rank < size[:, None], (rank == size[:, None]).argmax(axis=1)


def with_every_value(x: Array, known: Array, column: Array, sizes: Array) -> tuple[Array, Array]:
    """Return the known part of each row once for each value of its further column, and which row each came from."""
    row = np.repeat(np.arange(len(x)), sizes[column])
    values = np.concatenate([np.arange(size) for size in sizes[column]])
    more = np.where(known, x, np.nan)[row]
    more[np.arange(len(row)), column[row]] = values
    return more, row


def disagreement(score: Callable[[Array], Array], x: Array, known: Array, column: Array, sizes: Array) -> Array:
    """Return log p(A) - log sum_B p(A, B) in nats for each question, as `score` has both."""
    more, row = with_every_value(x, known, column, sizes)
    total = np.full(len(x), -np.inf)
    np.logaddexp.at(total, row, score(more))
    return score(np.where(known, x, np.nan)) - total


def two_ways(made: MADE, theta: Array, x: Array, known: Array, column: Array, sizes: Array) -> Array:
    """Return the total variation between p(B given A) from p(A, B), and along the path of A."""
    more, row = with_every_value(x, known, column, sizes)
    joint = observed_log_prob(made, theta, more)
    told = np.where(known, x, np.nan).astype(made.dtype)
    apart = np.empty(len(x))
    for i in range(len(x)):
        raw = made.bound.for_known(known[i]).raw_outputs(theta, told[i : i + 1], None)[0]
        direct = raw[made.output_slices[column[i]]]
        apart[i] = np.abs(_softmax(direct) - _softmax(joint[row == i])).sum() / 2
    return apart


def _softmax(logits: Array) -> Array:
    e = np.exp(logits - logits.max())
    return np.asarray(e / e.sum())


def quantiles(values: Array) -> str:
    """Return the middle of some numbers and their upper end, for the table."""
    return "  ".join(f"{np.quantile(values, q):8.4f}" for q in (0.5, 0.9, 0.99, 1.0))


def main() -> None:
    """Train, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=32_561, help="training rows (%(default)s)")
    parser.add_argument("--epochs", type=int, default=20, help="passes over them (%(default)s)")
    parser.add_argument("--hidden", type=int, default=500, help="hidden units (%(default)s)")
    parser.add_argument("--draws", type=int, default=16, help="of `home_log_prob` (%(default)s)")
    parser.add_argument("--questions", type=int, default=1000, help="(%(default)s)")
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    name_data_folder()
    with np.load(Path(os.environ[FOLDER_VARIABLE]) / "adult_census.npz") as stored:
        rows = stored["train"][rng.permutation(len(stored["train"]))[: args.rows]].astype(np.float32)
        train, test, sizes = coded(rows, stored["is_categorical"], stored["test"].astype(np.float32))
    made = MADE(len(sizes), (args.hidden,), list(map(Categorical, sizes)), order=find_order(train), n_masks=None)
    options: dict[str, Any] = {"learning_rate": 4e-3, "schedule": "cosine", "dropout": 0.3, "averaging": 0.999}
    n_valid = len(train) // 10
    for one in (replace(made, n_masks=1), made):
        result = fit(one, train[n_valid:], valid=train[:n_valid], max_epochs=args.epochs, rng=0, **options)
        name = "with paths" if one.mask_sets.has_paths else "one order "
        print(f"{name}  {-one.log_prob(result.theta, test).mean():.4f} nats per test row, {result.seconds:.0f} s")
    asked = questions(test, args.questions, rng)
    known = asked[1]
    widths = np.array(sizes)
    few = [part[: args.questions // 10] for part in asked]
    gap = np.abs(disagreement(lambda rows: observed_log_prob(made, result.theta, rows), *asked, widths))
    drawn = disagreement(lambda rows: home_log_prob(made, result.theta, rows, args.draws)[0], *few, widths)
    print(f"{'':28}{'median':>8}  {'90 %':>8}  {'99 %':>8}  {'max':>8}")
    print(f"{'log p(A), nats':28}{quantiles(gap)}")
    for low, high in SIZES:
        of_size = (known.sum(axis=1) >= low) & (known.sum(axis=1) < high)
        print(f"{f'  A of {low} to {high - 1} columns':28}{quantiles(gap[of_size])}")
    print(f"{f'  {args.draws} draws, {len(few[0])} questions':28}{quantiles(np.abs(drawn))}")
    print(f"{'p(B given A), variation':28}{quantiles(two_ways(made, result.theta, *asked, widths))}")


if __name__ == "__main__":
    main()
