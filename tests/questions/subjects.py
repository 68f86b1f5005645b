"""Small models of mixed columns that nothing has been fitted to: what is asked of them can be summed by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from made_np import MADE, Bernoulli, Categorical, DiscretizedLogistic, Gaussian, MixtureOfGaussians
from made_np.columns.coding import Affine, Coding
from made_np.columns.column import Column
from made_np.columns.columns import Columns
from made_np.columns.reading import Reading
from made_np.questions.subject import Subject
from made_np.table.one_hot import OneHot
from made_np.table.raw import RawColumn
from made_np.typing import Bools, Floats


@dataclass(frozen=True)
class Pairs(Coding):
    """Code k stands for the integers 2k (a quarter of its mass) and 2k + 1; code n for a gap."""

    n: int
    name: ClassVar[str] = "pairs"

    def encode(self, x: Floats) -> Floats:
        return np.where(np.isnan(x), self.n, x // 2)

    def log_term(self, x: Floats) -> Floats:
        return np.where(np.isnan(x), 0.0, np.log(np.where(x % 2 == 0, 0.25, 0.75)))

    def decode(self, z: Floats, u: Floats | None = None) -> Floats:
        upper = np.ones(z.shape) if u is None else (u >= 0.25)
        return np.where(z == self.n, np.nan, 2 * z + upper)

    def shares(self, low: float, high: float) -> Floats:
        k = np.arange(self.n)
        share = 0.25 * ((2 * k >= low) & (2 * k <= high)) + 0.75 * ((2 * k + 1 >= low) & (2 * k + 1 <= high))
        return np.append(share, 0.0)

    def unknown(self, x: Floats) -> Bools:
        return (x != np.floor(x)) | (x < 0) | (x >= 2 * self.n)


@dataclass(frozen=True)
class Words(Reading):
    """Levels by their names."""

    levels: tuple[str, ...]
    ordered: bool = False
    name: ClassVar[str] = "words"

    def numbers(self, raw: RawColumn, entry: Any) -> Floats:
        codes = {level: k for k, level in enumerate(self.levels)}
        return np.array([float(codes.get(value, len(self.levels))) for value in raw.values])

    def cells(self, numbers: Floats) -> RawColumn:
        values = np.array([self.levels[int(k)] for k in numbers], dtype=object)
        return RawColumn(values, np.zeros(len(values), dtype=bool), "object")


HOMES = [[2, 0, 3, 1], [1, 3, 0, 2], [0, 1, 2, 3]]
"""Orders of `discrete` that may be its homes."""
STATES = ("NY", "NJ", "CA")


def column(name: str, output: Any, coding: Coding | None = None, **more: Any) -> Column:
    return Column(output, coding or Affine(), name=name, **more)


def subject(
    columns: Columns, order: Any = "random", n_masks: int | None = None, seed: int = 3, spread: float = 1.0
) -> Subject:
    """A model of these columns with parameters drawn at random."""
    outputs = list(columns.outputs)
    made = MADE(
        len(outputs),
        (12,),
        outputs,
        order=order,
        n_masks=n_masks,
        activation="tanh",
        direct=True,
        n_context=columns.told.n_inputs,
        seed=seed,
        dtype="float64",
        backend="numpy",
    )
    theta = made.init(rng=seed) + spread * np.random.default_rng(seed).normal(size=made.n_params)
    return Subject(made, theta, columns)


def discrete(**more: Any) -> Subject:
    """Four columns of 2, 3, 5 and 7 values: a bit, words, pairs of integers with gaps, levels."""
    each = (
        column("sick", Bernoulli()),
        column("state", Categorical(3), reading=Words(STATES)),
        column("hours", Categorical(3), Pairs(2)),
        column("grade-1", DiscretizedLogistic(4), reading=Words(("D", "C", "B", "A"), ordered=True)),
    )
    return subject(Columns(each), **more)


def table_of(asked: Subject) -> tuple[Floats, Floats]:
    """All rows of `discrete` as numbers, with their probabilities."""
    rows = np.array([[a, b, c, d] for a in range(2) for b in range(3) for c in [0, 1, 2, 3, np.nan] for d in range(4)])
    z = asked.columns.encode(rows)
    log_p = asked.log_prob(z, np.ones(4, dtype=bool))
    return rows, np.exp(log_p + asked.columns.log_term(rows).sum(axis=1))


def mixed(**more: Any) -> Subject:
    """A bit, three columns that are one-hot, a real column in its own unit, a mixture."""
    bit = column("", Bernoulli())
    each = (
        column("sick", Bernoulli()),
        bit,
        bit,
        bit,
        column("size", Gaussian(min_scale=0.3), Affine(5.0, 2.0)),
        column("weight", MixtureOfGaussians(2, min_scale=0.3)),
    )
    return subject(Columns(each, OneHot(((1, 4),))), **more)
