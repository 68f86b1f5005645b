"""The command faces: one model completes any half of the face of a person that it has never seen."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from made_np import draw
from made_np.datasets import load_olivetti
from made_np.demos.faces.baselines import complete, regressors, squared_error
from made_np.demos.faces.fit import fit_faces
from made_np.demos.faces.halves import missing_halves
from made_np.demos.faces.model import FaceModel
from made_np.demos.faces.spectrum import radial_power
from made_np.messages import not_installed
from made_np.places import check_places
from made_np.storage.model_file import save
from made_np.typing import Array
from made_np.values import as_count

__all__ = ["SPLITS", "Split", "add_arguments", "run"]

IMAGES_PER_PERSON = 10

N_SAMPLES = 3
"""So many completions are drawn of each half face."""

N_DRAWN = 100
"""So many faces are drawn to look at their spectrum."""

DESCRIPTION = "Learn faces, and complete halves of those of people never seen."

OUT = "where pictures go (%(default)s)"


class Split(NamedTuple):
    """The last `n_test` images are completed, the others learned from."""

    n_test: int
    source: str
    published: tuple[tuple[str, dict[str, float]], ...] = ()


SPLITS = {
    "poon": Split(
        50,
        "Poon & Domingos 2011",
        (("sum-product network (published)", {"bottom": 918.0, "left": 942.0}),),
    ),
    "blog": Split(20, "the blog post's"),
}


def add_arguments(parser: ArgumentParser) -> None:
    """Add what faces takes."""
    parser.add_argument(
        "--data", metavar="FILE", help="olivetti.npz; else in MADE_NP_DATA, else fetched by scikit-learn"
    )
    parser.add_argument("--split", choices=(*SPLITS, "both"), default="both", help="%(default)s by default")
    parser.add_argument("--out", dest="folder", default="made_np_faces", metavar="FOLDER", help=OUT)
    parser.add_argument("--save", action="store_true", help="save the models there too (130 MB each)")
    parser.add_argument("--no-baselines", action="store_true", help="the model alone, without those it is compared to")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="decides all that is random (%(default)s)")


def run(args: Namespace) -> None:
    """Fit, complete, compare and draw, for each split."""
    as_count(args.seed, "--seed", 0)
    for module, package in (("scipy", "scipy"), ("sklearn", "scikit-learn"), ("matplotlib", "matplotlib")):
        if find_spec(module) is None:
            raise not_installed("made-np faces needs", package, "plot", "sklearn")  # scikit-learn brings scipy
    folder = Path(args.folder)
    names = list(SPLITS) if args.split == "both" else [args.split]
    splits = [load_olivetti(args.data, n_test=SPLITS[name].n_test) for name in names]
    _make_places(folder, names, args)
    for name, data in zip(names, splits, strict=True):
        train = data.train.astype(np.float32)
        test = data.test.astype(np.float32)
        split = SPLITS[name]
        print(
            f"{split.source}: {len(train)} faces to learn from, {len(test)} of people never seen to complete",
            flush=True,
        )
        start = time.perf_counter()
        model = fit_faces(train, rng=args.seed)
        seconds = time.perf_counter() - start
        _print_head()
        _print_row("MADE, one model for all halves", _errors_of_model(model, test), seconds)
        for published, errors in split.published:
            _print_row(published, errors)
        if not args.no_baselines:
            for baseline, errors, taken in _baselines(train, test):
                _print_row(baseline, errors, taken)
        bits = model.bits_per_dim(test)
        print(f"density of the {len(test)} faces: {bits:.3f} bits/dim; fitted in {seconds:.1f} s")
        _print_spectrum(model, np.concatenate([train, test]), args.seed)
        for path in _draw(model, test, folder, name, args.seed):
            print(f"drawn to {path}")
        if args.save:
            path = _model_path(folder, name)
            save(path, model.made, model.theta, arrays={"mean": model.mean, "grid_theta": model.grid_theta})
            print(f"saved to {path}")
        print()


def _make_places(folder: Path, names: list[str], args: Namespace) -> None:
    """Make the folder, and raise if a file cannot be written there, or would be written over the faces."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [_picture_path(folder, name, half) for name in names for half in missing_halves(2)]
    written += [_model_path(folder, name) for name in names if args.save]
    check_places({"--data": args.data}, {f"--out, {path.name}:": path for path in written})


def _model_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.npz"


def _picture_path(folder: Path, name: str, half: str) -> Path:
    return folder / f"{name}_{half}.png"


def _errors_of_model(model: FaceModel, test: Array) -> dict[str, float]:
    errors = {}
    for half, missing in missing_halves(_side(test)).items():
        completed = model.complete(np.where(missing, np.nan, test))
        errors[half] = squared_error(test, completed, missing)
    return errors


def _baselines(train: Array, test: Array) -> Iterator[tuple[str, dict[str, float], float]]:
    """Yield name, error for the bottom and the left half, and seconds; each half needs a regressor of its own."""
    people = np.arange(len(train)) // IMAGES_PER_PERSON
    halves = missing_halves(_side(test))
    for name, regressor in regressors(people):
        start = time.perf_counter()
        errors = {
            half: squared_error(test, complete(regressor, train, test, halves[half]), halves[half])
            for half in ("bottom", "left")
        }
        yield name, errors, time.perf_counter() - start


def _print_head() -> None:
    print("squared error per missing pixel, grey levels 0..255 squared")
    print(f"{'missing half':<34}{'bottom':>8}{'left':>8}{'top':>8}{'right':>8}{'s':>8}")


def _print_row(name: str, errors: dict[str, float], seconds: float | None = None) -> None:
    cells = "".join(
        f"{errors[half]:8.1f}" if half in errors else f"{'-':>8}" for half in ("bottom", "left", "top", "right")
    )
    print(f"{name:<34}{cells}{'' if seconds is None else f'{seconds:8.1f}'}", flush=True)


def _print_spectrum(model: FaceModel, faces: Array, seed: int) -> None:
    """Print how much drawn faces vary at each frequency, beside all real ones."""
    side = _side(faces)
    real = radial_power(faces, side)
    drawn = radial_power(model.sample(N_DRAWN, seed), side)
    print(f"radial power of {N_DRAWN} drawn faces, as a share of that of the {len(faces)} real ones")
    for first in range(0, len(real), 8):
        shares = (drawn / real)[first : first + 8]
        print(f"{f'{first + 1}..{first + len(shares)} per side':<20}" + "".join(f"{share:7.2f}" for share in shares))


def _draw(model: FaceModel, test: Array, folder: Path, name: str, seed: int) -> Iterator[Path]:
    """Draw the post's figure for each half: one face of each person, original, given half, mean and samples."""
    side = _side(test)
    shown = test[:: IMAGES_PER_PERSON // 2][:8]
    for half, missing in missing_halves(side).items():
        given = np.where(missing, np.nan, shown)
        drawn = model.draw(np.tile(given, (N_SAMPLES, 1)), seed)
        path = _picture_path(folder, name, half)
        draw.completions(
            given,
            (side, side),
            original=shown,
            mean=model.complete(given),
            samples=drawn.reshape(N_SAMPLES, *given.shape),
            value_range=(0, 255),
            path=path,
        )
        yield path


def _side(faces: Array) -> int:
    return int(faces.shape[1] ** 0.5)
