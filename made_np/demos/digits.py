"""The command demo: MADE on the digits that come with scikit-learn, from nothing to pictures, within a minute.

First comes a table of what masks are for (`sums`). Then, once with binary pixels and once with their 17 grey levels, a
model is fitted and compared, by the loss on test images, with independent pixels and with a mixture of Gaussians.
"""

from __future__ import annotations

import math
import time
import warnings
from argparse import ArgumentParser, Namespace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from made_np import draw
from made_np.datasets import Dataset, load_digits
from made_np.demos.sums import EPOCHS, print_table
from made_np.diagnostics.evaluation import bits_per_dim
from made_np.distributions.distribution import Distribution
from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.plain import Bernoulli
from made_np.estimator import MADEDensity
from made_np.messages import not_installed
from made_np.model.made import MADE
from made_np.places import check_writable
from made_np.storage.model_file import save
from made_np.typing import Array
from made_np.validation import as_numbers
from made_np.values import as_a, as_count

__all__ = ["Experiment", "add_arguments", "gaussian_mixture", "independent_pixels", "run"]


MIXTURES = (("diag", 40), ("full", 5), ("full", 10))
"""Gaussian mixtures to choose from, by validation images: covariance and number of components."""

N_NOISE = 16
"""Draws of noise that an image's mass under a mixture of Gaussians is averaged over."""

MOST = 2**31 - 1
"""The largest seed, and number of epochs."""

N_DRAWS = 100
"""Completions of each half image; the picture shows their mean, and the first five."""

DROPOUT = 0.3

N_COLUMNS = 10
"""Images in a row of samples.png."""

FILES = ("samples.png", "completions.png", "learning_curve.png", "model.npz")
"""What is written of each experiment."""

SMALL = ("network.png", "masks.png", "network.npz")
"""What is written of the network that is small enough to follow its wires."""


class Experiment(NamedTuple):
    """What is fitted: grey levels, their distribution, and how long to train at most."""

    name: str
    levels: int
    output: Distribution
    hidden: tuple[int, ...]
    max_epochs: int
    learning_rate: float


DESCRIPTION = "Fit MADE to the 8 x 8 digits of scikit-learn, compare it, and write pictures and models."

EXPERIMENTS = (
    Experiment("binary", 2, Bernoulli(), (300,), 150, 2e-3),
    Experiment("grey", 17, DiscretizedLogistic(17, 2), (300,), 60, 2e-3),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add what demo takes."""
    parser.add_argument(
        "--out", dest="folder", default="made_np_demo", metavar="FOLDER", help="where to write (%(default)s)"
    )
    parser.add_argument("--epochs", type=int, metavar="N", help="at most so many passes over the images")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="decides all that is random (%(default)s)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(args: Namespace) -> None:
    """Fit, compare, draw, save, and say where everything is."""
    as_count(args.seed, "--seed", 0, MOST)
    if args.epochs is not None:
        as_count(args.epochs, "--epochs", 1, MOST)
    _check_installed()
    # Matrices as small as these gain nothing from a second thread, and lose much on a machine that is busy.
    with import_module("threadpoolctl").threadpool_limits(1):  # scikit-learn brings it
        _run(args)


def _run(args: Namespace) -> None:
    start = time.perf_counter()
    folder = Path(args.folder)
    _make_places(folder)
    written = _write_small_network(folder)
    print_table(load_digits(), epochs=min(EPOCHS, args.epochs or EPOCHS), seed=args.seed)
    for experiment in EXPERIMENTS:
        digits = load_digits(levels=experiment.levels)
        print(f"\n{experiment.name} digits: {len(digits.train)} training, {len(digits.valid)} validation, ", end="")
        print(f"{len(digits.test)} test images of 8 x 8 pixels, values 0..{experiment.levels - 1}", flush=True)
        density, seconds = _fit(experiment, digits, args)
        _print_table(density, digits, experiment.levels, args.seed, seconds)
        written += _write(folder / experiment.name, density, digits, experiment.levels, args.seed)
    print("\nwritten:", *written, sep="\n  ")
    print(f"all in {time.perf_counter() - start:.1f} s")
    network, masks, model = (folder / name for name in SMALL)
    print(f"next: look at {network} beside {masks}, then made-np inspect {model} says the same in words")


def _make_places(folder: Path) -> None:
    """Make the folders, and raise if a file cannot be written there: after a fit it is late to hear of that."""
    parts = [folder / experiment.name for experiment in EXPERIMENTS]
    for part in parts:
        part.mkdir(parents=True, exist_ok=True)
    files = [*(folder / name for name in SMALL), *(part / name for part in parts for name in FILES)]
    for file in files:
        check_writable(file, "--out")


def independent_pixels(train: Array, x: Array, levels: int) -> NDArray[np.float64]:
    """Return log p(x) in nats, shape (n,), if every pixel has its own histogram (each value seen once more).

    Parameters
    ----------
    train, x : array of integers 0..levels-1, shape (m, D), (n, D)
    levels : int

    Raises
    ------
    TypeError, ValueError
        Images of another shape or with other values.
    """
    levels = as_count(levels, "levels")
    train, x = (_as_levels(each, name, levels) for each, name in ((train, "train"), (x, "x")))
    if train.shape[1] != x.shape[1]:
        raise ValueError(f"x has {x.shape[1]} columns, train {train.shape[1]}: give images of one size")
    counts = np.stack([np.bincount(column, minlength=levels) for column in train.T]) + 1.0
    log_share = np.log(counts / counts.sum(axis=1, keepdims=True))
    return np.asarray(log_share[np.arange(x.shape[1]), x].sum(axis=1))


def gaussian_mixture(digits: Dataset, seed: int) -> tuple[str, NDArray[np.float64]]:
    """Return the name of the mixture of Gaussians that is best on validation images, and its log p(x) of test images.

    A density has no probability of a grey level. So the mixture is fitted to images with uniform noise from [0, 1)
    added to each pixel, and an image x has the mass ``P(x) = E_u p(x + u)``: in the same units, nats per image. The
    expectation is a mean over 16 draws of noise.

    Source: Theis, van den Oord and Bethge (2016), arXiv 1511.01844.

    Raises
    ------
    TypeError, ValueError
        `digits` is no `Dataset`, or `seed` no integer >= 0.
    """
    as_a(digits, "digits", Dataset, "give a data set, such as made_np.datasets.load_digits()")
    seed = as_count(seed, "seed", 0)
    from sklearn.mixture import GaussianMixture

    rng = np.random.default_rng(seed)

    def noisy(x: Array) -> NDArray[np.float64]:
        return x + rng.random(x.shape)

    def log_mass(mixture: Any, x: Array) -> NDArray[np.float64]:
        each = [mixture.score_samples(noisy(x)) for _ in range(N_NOISE)]
        return np.asarray(np.logaddexp.reduce(each, axis=0) - math.log(N_NOISE))

    train = noisy(np.repeat(digits.train, 2, axis=0))
    best = (-math.inf, "", None)
    for kind, n in MIXTURES:
        mixture = GaussianMixture(n, covariance_type=kind, reg_covar=1e-2, max_iter=40, tol=1e-2, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the last digit of its loss still moves is no news to anyone here
            mixture.fit(train)
        score = float(log_mass(mixture, digits.valid).mean())
        if score > best[0]:
            best = (score, f"{n} Gaussians ({kind} covariance)", mixture)
    return best[1], log_mass(best[2], digits.test)


def _as_levels(images: Any, name: str, levels: int) -> NDArray[np.int64]:
    """Return images (n, D) of grey levels as integers, or raise."""
    values = as_numbers(images, name)
    if values.ndim != 2:
        raise ValueError(f"{name} has shape {values.shape}: give rows of pixels, (n, D)")
    if not np.isin(values, np.arange(levels)).all():
        raise ValueError(f"{name} holds other values than the integers 0..{levels - 1}: set levels, or round them")
    return values.astype(np.int64)


def _check_installed() -> None:
    """Raise an `ImportError` before any work if something is missing that the demo needs."""
    for module, package in (("sklearn", "scikit-learn"), ("matplotlib", "matplotlib")):
        if find_spec(module) is None:
            raise not_installed("the demo needs", package, "plot", "sklearn")


def _fit(experiment: Experiment, digits: Dataset, args: Namespace) -> tuple[MADEDensity, float]:
    """Return a model fitted to the training images, stopped by the validation images, and the seconds it took."""
    start = time.perf_counter()
    density = MADEDensity(
        experiment.hidden,
        columns=experiment.output,
        order="natural",
        n_masks=1,
        direct=True,
        weight_decay=0.0,
        dropout=DROPOUT,
        averaging=0.0,
        learning_rate=experiment.learning_rate,
        schedule=None,
        max_epochs=experiment.max_epochs if args.epochs is None else args.epochs,
        n_iter_no_change=10,
        random_state=args.seed,
        verbose=0 if args.quiet else 1,
    ).fit(digits.train, X_val=digits.valid)
    if density.stopped_by_ == "interrupt":
        raise KeyboardInterrupt
    return density, time.perf_counter() - start


def _print_table(density: MADEDensity, digits: Dataset, levels: int, seed: int, seconds: float) -> None:
    """Print the loss on test images of the model and of what it is compared with."""
    mixture, of_mixture = gaussian_mixture(digits, seed)
    losses = {
        "MADE": density.score_samples(digits.test),
        "independent pixels": independent_pixels(digits.train, digits.test, levels),
        f"{mixture} *": of_mixture,
    }
    print(f"MADE fitted in {seconds:.1f} s, {density.n_iter_} epochs")
    print(f"\n{'loss on test images (less is better)':<40}{'nats per image':>16}{'bits/dim':>12}")
    for name, log_prob in losses.items():
        nats = -float(log_prob.mean())
        print(f"{name:<40}{nats:>16.2f}{bits_per_dim(nats, digits.n_features):>12.3f}")
    print("* a density of pixels with uniform noise from [0, 1) added, turned into the mass of an image", flush=True)


def _write(folder: Path, density: MADEDensity, digits: Dataset, levels: int, seed: int) -> list[Path]:
    """Draw samples, completions and the learning curve, and save the model; return the files."""
    shape = digits.image_shape or (1, digits.n_features)
    look: dict[str, Any] = {"cmap": "gray_r", "value_range": (0.0, levels - 1.0)}
    samples, completed, curve, model = (folder / name for name in FILES)
    rows = np.asarray(density.sample(5 * N_COLUMNS, random_state=seed))
    images = np.concatenate([digits.train[:N_COLUMNS], rows]).reshape(6, N_COLUMNS, *shape)
    titles = ["training images", "drawn by the model", *[""] * 4]
    draw.image_grid(images, row_titles=titles, **look, path=samples)
    original = digits.test[:8].astype(np.float64)
    given = original.copy()
    given[:, given.shape[1] // 2 :] = np.nan
    draws = density.impute(given, N_DRAWS, random_state=seed)
    draw.completions(given, shape, original=original, samples=draws, **look, path=completed)
    draw.learning_curve(
        density.history_,
        dropout=DROPOUT,
        baselines={"independent pixels": -float(independent_pixels(digits.train, digits.valid, levels).mean())},
        title=f"{folder.name} digits",
        path=curve,
    )
    density.save(model)
    return [samples, completed, curve, model]


def _write_small_network(folder: Path) -> list[Path]:
    """Draw a network small enough to follow its wires, and its masks, and save it; return the files."""
    network, masks, model = (folder / name for name in SMALL)
    made = MADE(6, hidden=(10,), order=(2, 0, 3, 5, 1, 4))
    draw.network(made, highlight=5, path=network)
    draw.masks(made, path=masks)
    save(model, made, made.init(rng=0))
    return [network, masks, model]
