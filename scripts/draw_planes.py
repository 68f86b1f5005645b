"""Draw what `MADEDensity` makes of four tables of two real columns, with nothing set.

    python scripts/draw_planes.py [--out scripts/pictures/planes.png]

Above: the 2000 training rows. Below: the density of the fitted model, which `scripts/tables.py --only planes` scores.
"""

from __future__ import annotations

import argparse

import matplotlib as mpl
import numpy as np
from tabular.planes import PLANES, TRAIN

from made_np import MADEDensity

CELLS = 300
MARGIN = 0.15


def main() -> None:
    """Fit, and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="scripts/pictures/planes.png")
    options = parser.parse_args()
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, len(PLANES), figsize=(11, 5.6))
    for (name, draw), (above, below) in zip(PLANES.items(), axes.T, strict=True):
        x = draw(TRAIN, 0)
        margin = MARGIN * np.ptp(x, axis=0)
        low = x.min(axis=0) - margin
        high = x.max(axis=0) + margin
        sides = [low[k] + (np.arange(CELLS) + 0.5) / CELLS * (high[k] - low[k]) for k in (0, 1)]
        grid = np.stack([each.ravel() for each in np.meshgrid(*sides)], axis=1)
        density = np.exp(MADEDensity(random_state=0).fit(x).score_samples(grid)).reshape(CELLS, CELLS)
        above.scatter(*x.T, s=1, color="black")
        below.imshow(
            density, origin="lower", extent=(low[0], high[0], low[1], high[1]), cmap="magma", vmax=density.max() * 0.8
        )
        above.set(title=name, xlim=(low[0], high[0]), ylim=(low[1], high[1]))
        for axis in (above, below):
            axis.set(xticks=[], yticks=[], aspect="equal")
    figure.tight_layout()
    figure.savefig(options.out, dpi=80)


if __name__ == "__main__":
    main()
