"""A column of numbers may be coded in several ways, all of which give p in one unit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np import MADE, Categorical, DiscretizedLogistic, MixtureOfLogistics, WithAtoms
from made_np.columns import candidates as page
from made_np.columns.candidates import candidates
from made_np.columns.column import Column
from made_np.columns.monotone import Monotone

RNG = np.random.default_rng(0)
N = 1500
COLUMNS: dict[str, tuple[Any, dict[str, Any]]] = {
    "age": (RNG.integers(17, 91, N) + 0.0, {"resolution": 1.0}),
    "money": (np.where(RNG.random(N) < 0.8, 0, np.round(RNG.lognormal(7, 1, N), 2)), {"resolution": 0.01}),
    "weight": (np.round(RNG.lognormal(12, 0.5, N)), {"resolution": 1.0}),
    "ratio": (RNG.beta(1, 3, N), {"support": (0.0, 1.0)}),
    "rain": (np.where(RNG.random(N) < 0.5, 0, RNG.lognormal(0, 1, N)), {"support": (0.0, np.inf)}),
    "any real": (RNG.standard_t(3, N), {}),
    "real with zeros": (np.where(RNG.random(N) < 0.5, 0, RNG.normal(0, 1, N)), {}),
    "with gaps": (np.where(RNG.random(N) < 0.2, np.nan, RNG.normal(0, 1, N)), {"missing": True}),
}
every = pytest.mark.parametrize("name", COLUMNS)


def kinds(name: str) -> list[tuple[str, str]]:
    x, options = COLUMNS[name]
    return [(type(output).__name__, coding.name) for output, coding in candidates(x, **options)]


def test_what_a_column_may_be_follows_from_its_values() -> None:
    assert kinds("age") == [("Categorical", "bins"), ("DiscretizedLogistic", "lattice")]
    assert kinds("weight") == [("Categorical", "bins")]  # so long a lattice is not added up
    assert kinds("ratio") == [("MixtureOfLogistics", "monotone"), ("MixtureOfGaussians", "monotone")]
    bent = [("MixtureOfLogistics", "monotone"), ("MixtureOfGaussians", "monotone")]
    assert kinds("any real") == [*bent, ("MixtureOfGaussians", "affine")]  # where asinh bends it
    assert kinds("rain") == [("WithAtoms", "atoms"), ("WithAtoms", "atoms")]
    assert kinds("with gaps") == [("Categorical", "bins")]
    assert kinds("real with zeros")[0] == ("WithAtoms", "atoms")


@every
def test_each_knows_its_column_and_draws_within_reach(name: str) -> None:
    x, options = COLUMNS[name]
    for output, coding in candidates(x, **options):
        z = coding.encode(x)
        known = ~np.isnan(z)
        assert not output.invalid(z[known]).any()
        assert not coding.unknown(x).any()
        made = MADE(1, (), output)
        theta = made.init(0, x=z[known][:, None].astype(np.float32))
        drawn = coding.decode(made.sample(theta, 500, rng=0)[:, 0].astype(float), RNG.random(500))
        drawn = drawn[~np.isnan(drawn)]
        assert not coding.unknown(drawn).any()
        low, high = options.get("support", (-np.inf, np.inf))
        assert low <= drawn.min() < drawn.max() <= high
        zeros = np.nanmean(x == 0)
        if zeros > 0.3:
            assert np.mean(drawn == 0) == pytest.approx(zeros, abs=0.08)


@every
def test_all_are_in_one_unit(name: str) -> None:
    x, options = COLUMNS[name]
    known = x[~np.isnan(x)]
    scores = []
    for output, coding in candidates(x, **options):
        made = MADE(1, (), output, dtype="float64")
        z = coding.encode(known)[:, None]
        theta = made.init(0, x=z)
        scores.append(float((made.log_prob(theta, z) + coding.log_term(known)).mean()))
    # the marginals that training starts from, some of them rough: another unit would be log(scale) away
    assert np.ptp(scores) < 0.9, scores


def test_a_column_takes_them() -> None:
    x, options = COLUMNS["money"]
    output, coding = candidates(x, **options)[0]
    column = Column(output, coding, name="money")
    again = Column.from_config(column.config())
    assert again == column
    assert isinstance(output, Categorical)
    assert isinstance(candidates(COLUMNS["age"][0], 1.0)[1][0], DiscretizedLogistic)
    assert isinstance(candidates(COLUMNS["any real"][0])[0][0], MixtureOfLogistics)
    rain, options = COLUMNS["rain"]
    output, coding = candidates(rain, **options)[0]
    assert isinstance(output, WithAtoms)
    assert Column.from_config(Column(output, coding).config()) == Column(output, coding)


def test_a_real_column_is_cut_into_no_bins_that_nobody_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_bins(*_: Any, **__: Any) -> Any:
        raise AssertionError("bins of a real column")

    monkeypatch.setattr(page, "learn_bins", no_bins)
    x = np.random.default_rng(0).normal(size=300)
    assert [type(coding) for _, coding in candidates(x)] == [Monotone, Monotone]
    with pytest.raises(AssertionError, match="bins"):
        candidates(np.round(x, 1), 0.1)
