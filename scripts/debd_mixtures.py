"""Measure mixtures of several fits on the twenty DEBD sets: test NLL beside that of one fit.

    python scripts/debd_mixtures.py [--sets nltcs plants ...] [--fits FOLDER]

The mean of densities is a density. Each member has what `MADEDensity()` had chosen for the set by validation rows
(`debd.py`, whose results are read), with an order and a seed of its own; validation rows give the members their
weights. Test rows are read once, after that. What each member says of the rows is kept in a folder; the same command
goes on where it was stopped, and `debd.py` writes the page that shows both.

Data are looked for in the folder that MADE_NP_DATA names, else in ../shared/data.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from data_folder import name_data_folder
from debd import HERE, MIXTURES, code_version
from numpy.typing import NDArray
from paper.store import read, write
from paper.twenty import TWENTY

import made_np
from made_np import MADEDensity, find_order
from made_np.datasets import Dataset, load_binary
from made_np.estimator.trials import BOTH_WAYS

Array = NDArray[np.float64]

MEMBERS = 4
ROUNDS = 500
"""Rounds of EM for the weights of members, which are few numbers."""


class Scores(NamedTuple):
    """What one member says of rows, log p in nats, with the seconds of all cores that its fit took."""

    valid: Array
    test: Array
    cpu_seconds: float


def main() -> None:
    """Fit what is not fitted yet, and print a line for each set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sets", nargs="+", choices=TWENTY, default=list(TWENTY), metavar="NAME")
    parser.add_argument("--fits", type=Path, default=Path(tempfile.gettempdir()) / "made_np-debd", metavar="FOLDER")
    parser.add_argument("--results", type=Path, default=HERE / MIXTURES, metavar="FILE")
    parser.add_argument("--choices", type=Path, default=HERE / "debd.json", metavar="FILE")
    args = parser.parse_args()
    name_data_folder()
    choices = read(args.choices)
    code = code_version(Path(made_np.__file__).parent)
    for name in args.sets:
        data = load_binary(name)
        members = [member(name, k, data, choices[name]["chosen"], args.fits / code) for k in range(MEMBERS)]
        record = {**mixture(members), "code": code}
        write(args.results, {**read(args.results), name: record})
        print(f"{name}: {record['test']:.3f} +- {record['standard_error']:.3f}, one: {record['one']:.3f}", flush=True)


def member(name: str, k: int, data: Dataset, chosen: list[Any], folder: Path) -> Scores:
    """Return what the k-th member says of the rows; it is fitted if that is not in the folder."""
    place = folder / f"{name}-{k}.npz"
    if not place.exists():
        folder.mkdir(parents=True, exist_ok=True)
        start = time.process_time()
        _, n_masks, weight_decay = chosen
        order = order_of(k, data.train, chosen)
        n_masks = len(order) if np.ndim(order) == 2 else n_masks
        density = MADEDensity(order=order, n_masks=n_masks, weight_decay=weight_decay, random_state=k)
        density.fit(data.train, X_val=data.valid)
        cpu = time.process_time() - start
        scores = Scores(density.score_samples(data.valid), density.score_samples(data.test), cpu)
        beside = place.with_suffix(".tmp.npz")
        np.savez(beside, **scores._asdict())
        beside.replace(place)
    with np.load(place) as kept:
        return Scores(kept["valid"], kept["test"], float(kept["cpu_seconds"]))


def order_of(k: int, train: NDArray[np.uint8], chosen: list[Any]) -> Any:
    """Return the order, or the orders, of the k-th member: what was chosen, its reverse, then random ones.

    An order that was chosen together with its reverse has no other reverse: the member is one of a random order.
    """
    order, n_masks, _ = chosen
    if order == "random":
        return order  # the seed draws others
    first = find_order(train) if order == "found" else np.arange(train.shape[1])
    if n_masks == BOTH_WAYS:
        own = first if k == 0 else np.random.default_rng((k, 2015)).permutation(first)
        return np.stack([own, own[::-1]])
    return (first, first[::-1])[k] if k < 2 else np.random.default_rng((k, 2015)).permutation(first)


def mixture(members: list[Scores]) -> dict[str, Any]:
    """Return the mixture's mean NLL of the test rows in nats, with the weights of its members."""
    weights = weights_of(np.stack([each.valid for each in members]))
    log_p = log_mean(np.stack([each.test for each in members]), weights)
    return {
        "test": float(-log_p.mean()),
        "standard_error": float(log_p.std(ddof=1) / np.sqrt(len(log_p))),
        "one": float(-members[0].test.mean()),
        "weights": [round(float(each), 4) for each in weights],
        "cpu_seconds": round(sum(each.cpu_seconds for each in members), 1),
    }


def log_mean(log_p: Array, weights: Array) -> Array:
    """Return ``log sum_k w_k p_k`` of each row, for log_p (K, n)."""
    top = log_p.max(axis=0)
    return np.asarray(top + np.log(weights @ np.exp(log_p - top)))


def weights_of(log_p: Array) -> Array:
    """Return the weights with the largest likelihood of the rows, log_p (K, n), by EM.

    ``w_k`` becomes the mean over rows of ``w_k p_k / sum_j w_j p_j``.
    """
    p = np.exp(log_p - log_p.max(axis=0))
    weights = np.full(len(p), 1 / len(p))
    for _ in range(ROUNDS):
        weights = weights * (p / (weights @ p)).mean(axis=1)
    return weights


if __name__ == "__main__":
    main()
