"""Nothing but work: the same question gets the same answer, also from a model that was read from a file."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from made_np import MADEDensity
from soaking.subjects import answers_of, density, network, questions, same, table
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
    frame = table(rng)
    seed = int(rng.integers(1 << 30))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = density(rng, frame)
        model.fit(frame).save(folder / "model")
        wanted = list(questions(np.random.default_rng(seed), model, frame))
        for other in (MADEDensity.load(folder / "model"), MADEDensity(**model.get_params()).fit(frame)):
            tally.calls += len(wanted) + 1
            if not same(list(questions(np.random.default_rng(seed), other, frame)), wanted):
                tally.wrong.append("a density that was stored and read, or fitted again, answers otherwise")
