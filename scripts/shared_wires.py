"""What wires that all pixels share are worth on images: test NLL of GridMADE.

    MADE_NP_DATA=... python scripts/shared_wires.py [--only digits ocr_letters binarized_mnist] [--pixels 2000000]

One small network of 64-64 units learns from pixels drawn from the training images, row by row; the epoch is chosen on
pixels of validation images. Nats per image, less is better.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from made_np import DiscretizedLogistic, datasets, fit
from made_np.grid import GridMADE

IMAGES = {
    "digits": ((8, 8), DiscretizedLogistic(17, 3)),
    "ocr_letters": ((16, 8), "bernoulli"),
    "binarized_mnist": ((28, 28), "bernoulli"),
}


def load(name: str) -> datasets.Dataset:
    return datasets.load_digits(levels=17) if name == "digits" else datasets.load_binary(name)


def some_pixels(grid: GridMADE, images: np.ndarray, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return about n pixels with what they are told: all of as many images as that takes."""
    chosen = rng.permutation(len(images))[: max(1, n // grid.n_features)]
    return grid.examples(images[chosen])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=IMAGES, default=list(IMAGES))
    parser.add_argument("--pixels", type=int, default=2_000_000, help="to learn from, at most (%(default)s)")
    parser.add_argument("--epochs", type=int, default=10)
    args = parser.parse_args()

    print(f"{'':<18}{'parameters':>12}{'test nats':>12}{'+-':>7}{'CPU s':>8}")
    for name in args.only:
        start = time.process_time()
        rng = np.random.default_rng(0)
        data = load(name)
        shape, output = IMAGES[name]
        grid = GridMADE(shape, (64, 64), output, radius=6)
        x, told = some_pixels(grid, data.train, args.pixels, rng)
        valid, valid_told = some_pixels(grid, data.valid, args.pixels // 10, rng)
        result = fit(
            grid.made,
            x,
            context=told,
            valid=valid,
            valid_context=valid_told,
            theta=grid.init(0, data.train[:5000]),
            learning_rate=3e-3,
            schedule="cosine",
            batch_size=512,
            max_epochs=args.epochs,
        )
        nll = -grid.log_prob(result.theta, data.test)
        seconds = time.process_time() - start
        error = nll.std() / len(nll) ** 0.5
        print(f"{name:<18}{grid.n_params:>12}{nll.mean():>12.2f}{error:>7.2f}{seconds:>8.0f}", flush=True)


if __name__ == "__main__":
    main()
