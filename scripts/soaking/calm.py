"""Nothing but work: the same question gets the same answer, also from a model that was read from a file."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from made_np import MADEDensity
from soaking.subjects import Asked, answers_of, network, same
from soaking.tally import Tally

TIMES = 3


def asked_again(rng: np.random.Generator, folder: Path, tally: Tally) -> None:
    """A fit and its answers are the same bits each time."""
    subject = network(rng)
    first = subject.fit().theta
    for _ in range(TIMES):
        tally.calls += 2
        again = subject.fit().theta
        if not same(answers_of(subject, again, 1), answers_of(subject, first, 1)):
            tally.wrong.append("a fit that is made again, or its answers, differ")


def stored_and_read(rng: np.random.Generator, folder: Path, tally: Tally) -> None:
    """A density that was saved and loaded answers as before; so does one that was fitted anew."""
    asked = Asked(rng)
    asked.model.save(folder / "model")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted_again = MADEDensity(**asked.model.get_params()).fit(asked.frame)
    for other in (MADEDensity.load(folder / "model"), fitted_again):
        tally.calls += len(asked.wanted) + 1
        if not same(asked.by(other), asked.wanted):
            tally.wrong.append("a density that was stored and read, or fitted again, answers otherwise")
