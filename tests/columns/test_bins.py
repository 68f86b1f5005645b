"""Bins are a coding: a code for each bin, and a density inside it that sums to one."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from made_np.columns.binning import Cut, learn_bins, marginal_log_prob
from made_np.columns.bins import Bins
from made_np.columns.codings import coding_from_config

FAR = 1e9
"""Beyond it next to nothing of a tail is left."""


def column(seed: int, kind: str, n: int = 200) -> Any:
    """Return a column with zeros, ties, a long tail: of integers, of decimals, or of reals."""
    rng = np.random.default_rng(seed)
    x = np.where(rng.random(n) < 0.4, 0.0, rng.lognormal(2, 1.5, n) * rng.choice([-1, 1, 1], n))
    if kind == "integer":  # some amounts are met again
        x = np.where(rng.random(n) < 0.3, rng.choice(rng.lognormal(4, 2, 9), n), x)
    x[:2] = -1.0, 5.0
    return {"integer": np.round(x), "decimal": np.round(x, 1), "real": x}[kind]


RESOLUTIONS = {"integer": 1.0, "decimal": 0.1, "real": 0.0}
seeds = st.integers(0, 2)
lattices = st.sampled_from(["integer", "decimal"])
kinds = st.sampled_from(list(RESOLUTIONS))
few = settings(max_examples=12, deadline=None)


@cache
def learned(seed: int, kind: str, **options: Any) -> tuple[Any, Bins]:
    x = column(seed, kind)
    return x, learn_bins(x, RESOLUTIONS[kind], **{"most_codes": 16, **options})


def test_amounts_that_are_met_again_are_spikes() -> None:
    assert all(learned(seed, "integer")[1].spikes for seed in range(3))


@few
@given(seeds, lattices, st.sampled_from([(-np.inf, np.inf), (-1000.0, np.inf), (-1000.0, 5e4)]))
def test_the_masses_of_the_points_of_a_bin_sum_to_one(seed: int, kind: str, support: Any) -> None:
    _, bins = learned(seed, kind, support=support)
    assert bins.lattice
    first, last = np.floor(bins.edges[0]) - 50, np.ceil(bins.edges[-1]) + 50
    points = bins.lattice.decode(np.arange(first, last))
    points = points[~bins.unknown(points)]
    masses = np.exp(bins.log_term(points))
    codes = bins.encode(points)
    sums = [masses[codes == k].sum() for k in range(bins.n)]
    assert_allclose(sums, bins.shares(points[0], points[-1]), rtol=0, atol=1e-12)
    assert_allclose(bins.shares(-np.inf, np.inf), 1, rtol=0, atol=1e-12)
    # what lies beyond are the tails, if the support has no end
    tails = np.array(bins.tails) / np.array([bins._widths[1][0], bins._widths[1][-1]])
    assert_allclose(
        1 - bins.shares(bins.lattice.decode(np.array(bins.edges[0] + 0.5)), np.inf)[0], tails[0], atol=1e-12
    )
    assert (np.array(bins.tails) == ~np.isfinite(support)).all()


@few
@given(seeds)
def test_the_density_of_a_real_bin_integrates_to_one(seed: int) -> None:
    _, bins = learned(seed, "real")
    edges = np.array(bins.edges)
    # the density is even in each cell: one place tells its integral
    middle = (edges[1:] + edges[:-1]) / 2
    masses = np.exp(bins.log_term(middle)) * np.diff(edges)
    total = np.bincount(bins.encode(middle).astype(int), masses, bins.n)
    for spike in bins.spikes:
        at = np.array([spike])
        total[bins.encode(at).astype(int)] += np.exp(bins.log_term(at))
    for k, sign, end in (
        (0, -1, edges[0]),
        (1, 1, edges[-1]),
    ):  # the tails: by Gauss-Legendre in v = reach / (reach + d)
        nodes, weights = np.polynomial.legendre.leggauss(20)
        v = (nodes + 1) / 2
        x = end + sign * bins.reach[k] * (1 / v - 1)
        density = np.exp(bins.log_term(x))
        total[0 if k == 0 else -1] += (weights / 2 * density * bins.reach[k] / v**2).sum()
    assert_allclose(total, 1, rtol=0, atol=1e-9)


@few
@given(seeds, kinds)
def test_codes_rise_with_the_number_and_every_number_has_a_density(seed: int, kind: str) -> None:
    x, bins = learned(seed, kind)
    more = np.random.default_rng(seed).normal(0, 3 * x.std(), 200)
    more = np.sort(np.concatenate([bins.lattice.decode(bins.lattice.encode(more)) if bins.lattice else more, x]))
    z = bins.encode(more)
    assert (np.diff(z) >= 0).all()
    assert_array_equal(np.unique(bins.encode(x)), np.arange(bins.n))
    assert np.isfinite(bins.log_term(more)).all()
    assert np.isfinite(bins.log_term(np.array([-FAR, FAR]))).all()
    assert not bins.unknown(more).any()


@few
@given(seeds, kinds)
def test_what_is_decoded_has_the_code_and_lies_where_values_were_met(seed: int, kind: str) -> None:
    x, bins = learned(seed, kind)
    rng = np.random.default_rng(seed)
    z = rng.integers(0, bins.n, (200, 3)).astype(np.float32)
    u = rng.random(z.shape)
    u[:5], u[5:10] = 0, 1 - 2.0**-53
    for values in (bins.decode(z, u), bins.decode(z)):
        assert_array_equal(bins.encode(values), z)
        assert values.min() >= x.min()
        assert values.max() <= x.max()
        assert not bins.unknown(values).any()
    ordered = bins.decode(np.full(500, float(bins.n // 2)), np.linspace(0, 1, 500, endpoint=False))
    assert (np.diff(ordered) >= 0).all()


@few
@given(seeds, kinds)
def test_draws_have_the_shares_of_their_intervals(seed: int, kind: str) -> None:
    _, bins = learned(seed, kind)
    inner = 1 if bins.n > 2 else 0  # a bin without a tail
    u = (np.arange(4000) + 0.5) / 4000
    drawn = bins.decode(np.full(4000, float(inner)), u)
    low, high = np.quantile(drawn, [0.21, 0.73], method="nearest")
    share = ((drawn >= low) & (drawn <= high)).mean()
    assert share == pytest.approx(bins.shares(low, high)[inner], abs=1e-3)


@few
@given(seeds, lattices)
def test_shares_are_sums_of_masses(seed: int, kind: str) -> None:
    x, bins = learned(seed, kind, missing=True)
    assert bins.lattice
    points = bins.lattice.decode(np.arange(np.ceil(bins.edges[0]), bins.edges[-1]))
    masses, codes = np.exp(bins.log_term(points)), bins.encode(points).astype(int)
    lows = np.array([x.min(), 0.0, 0.05, 3.0, 5.0])
    highs = np.array([0.0, 0.0, 7.7, 3.0, 4.0])
    got = bins.shares(lows, highs)
    assert got.shape == (5, bins.n)
    for row, low, high in zip(got, lows, highs, strict=True):
        inside = (points >= low) & (points <= high)
        wanted = np.bincount(codes[inside], masses[inside], bins.n)
        assert_allclose(row[1:], wanted[1:], rtol=0, atol=1e-12)
        assert_array_equal(row, bins.shares(low, high))
    assert_array_equal(got[:, -1], 0)  # a gap is no number


def test_a_closed_interval_of_reals_holds_the_atoms_at_its_ends() -> None:
    x = np.concatenate([np.zeros(100), np.linspace(1, 2, 50)])
    bins = learn_bins(x, most_codes=4)
    assert bins.spikes == (0.0,)
    assert bins.shares(0, 0)[0] == pytest.approx(100 / 101)
    assert bins.shares(-1, -0.001)[0] < 0.01
    assert bins.shares(0.001, 5)[0] == 0


@few
@given(seeds, kinds)
def test_cuts_add_up(seed: int, kind: str) -> None:
    _, bins = learned(seed, kind)
    cut = np.random.default_rng(seed).normal(0, 10)
    left, right = bins.shares(-np.inf, cut), bins.shares(np.nextafter(cut, np.inf), np.inf)
    assert_allclose(left + right, 1, rtol=0, atol=1e-9)


@few
@given(seeds, kinds, st.booleans())
def test_a_config_survives_json(seed: int, kind: str, missing: bool) -> None:
    x, bins = learned(seed, kind, missing=missing)
    config = {"name": bins.name, **bins.config()}
    again = coding_from_config(json.loads(json.dumps(config, allow_nan=False)))
    assert again == bins
    assert hash(again) == hash(bins)
    assert_array_equal(again.log_term(x), bins.log_term(x))


def test_a_gap_stays_one_or_is_a_level() -> None:
    x = np.array([0.0, 3.0, np.nan, 4.0])
    without, bins = (learn_bins(x, 1.0, missing=missing) for missing in (False, True))
    assert_array_equal(np.isnan(without.encode(x)), np.isnan(x))
    assert without.n == bins.n - 1 == bins.n_bins
    assert bins.encode(x)[2] == bins.n_bins
    assert_array_equal(np.isnan(bins.decode(bins.encode(x))), np.isnan(x))
    for one in (without, bins):
        assert one.log_term(x)[2] == 0
        assert not one.unknown(x)[2]
        assert np.isnan(one.decode(np.array([np.nan])))[0]


def test_what_is_off_the_lattice_or_beyond_the_support_is_unknown() -> None:
    bins = learn_bins(np.array([2.0, 3, 3, 9]), 1.0, support=(0, np.inf))
    assert_array_equal(bins.unknown(np.array([2.0, 0, -1, 2.5, 1e6])), [False, False, True, True, False])
    reals = learn_bins(np.array([0.2, 0.3, 0.7]), support=(0, 1))
    assert_array_equal(reals.unknown(np.array([0.0, 1, -1e-9, 1.1, 0.5])), [False, False, True, True, False])


def test_a_heavy_value_is_alone_in_its_bin() -> None:
    hours = np.concatenate([np.full(400, 40.0), np.random.default_rng(0).integers(1, 99, 600)])
    bins = learn_bins(hours, 1.0, most_codes=20)
    code = bins.encode(np.array([39.0, 40.0, 41.0]))
    assert len(np.unique(code)) == 3
    assert bins.shares(40, 40)[int(code[1])] == 1
    assert 15 <= bins.n <= 24


@pytest.mark.parametrize(
    ("draw", "resolution", "entropy", "slack"),
    [
        (lambda rng, n: rng.normal(size=n), 0.0, 1.419, 0.025),
        (lambda rng, n: rng.lognormal(0, 2, n), 0.0, 2.112, 0.04),
        (lambda rng, n: rng.integers(0, 50, n) + 0.0, 1.0, np.log(50), 0.02),
        (lambda rng, n: np.round(rng.normal(size=n), 2), 0.01, 1.419 + np.log(100), 0.06),
        (
            lambda rng, n: rng.choice([0.0, 5013, 7298, 15024, 99999], n, p=[0.9, 0.04, 0.03, 0.02, 0.01]),
            1.0,
            0.453,
            0.02,
        ),
        (lambda rng, n: rng.geometric(0.02, n) + 0.0, 1.0, 4.902, 0.05),
    ],
)
def test_the_marginal_is_nearly_as_short_as_the_truth_allows(
    draw: Any, resolution: float, entropy: float, slack: float
) -> None:
    rng = np.random.default_rng(0)
    bins = learn_bins(draw(rng, 3000), resolution)
    length = -marginal_log_prob(bins, draw(rng, 20_000)).mean()
    assert entropy - 0.03 < length < entropy + slack


@few
@given(seeds, kinds)
def test_counts_of_values_say_the_same_as_the_values(seed: int, kind: str) -> None:
    x = column(seed, kind)
    distinct, counts = np.unique(x, return_counts=True)
    assert learn_bins(distinct, RESOLUTIONS[kind], counts=counts) == learn_bins(x, RESOLUTIONS[kind])


@few
@given(seeds, kinds)
def test_the_score_of_cells_is_the_log_probability_of_their_bins(seed: int, kind: str) -> None:
    x, bins = learned(seed, kind)
    rising = np.sort(bins._counted(np.concatenate([x, [x.min() - 3.0, x.max() + 2.0]])))
    cut = Cut(bins._pieces, *bins._codes)
    back = bins.lattice.decode(rising) if bins.lattice else rising
    assert cut.score(rising) == pytest.approx(marginal_log_prob(bins, back).sum(), rel=1e-12)


@few
@given(seeds, lattices)
def test_what_is_looked_up_is_what_is_computed(seed: int, kind: str) -> None:
    short = learn_bins(np.clip(column(seed, kind), -300, 300), RESOLUTIONS[kind])
    assert short._points is not None
    y = np.arange(-9000.0, 9000.0)
    at = np.append(short.lattice.decode(y), np.nan)  # type: ignore[union-attr]
    assert_array_equal(short.encode(at), np.append(short._codes_of(y), np.nan))
    assert_array_equal(short.log_term(at), np.append(short._terms_of(y), 0.0))


@pytest.mark.parametrize("resolution", [0.0, 1.0])
def test_draws_have_the_mean_and_the_spread_of_a_column_with_a_long_tail(resolution: float) -> None:
    rng = np.random.default_rng(0)
    x = rng.lognormal(9, 1, 4000)
    x = np.round(x) if resolution else x
    bins = learn_bins(x, resolution)
    drawn = bins.decode(rng.choice(bins.n, 100_000, p=bins.bin_shares) * 1.0, rng.random(100_000))
    assert_allclose([drawn.mean(), drawn.std()], [x.mean(), x.std()], rtol=0.03)


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e9])
def test_reals_in_another_unit_have_the_same_bins(unit: float) -> None:
    x = column(0, "real")
    bins, scaled = learn_bins(x), learn_bins(x * unit)
    assert_array_equal(scaled.encode(x * unit), bins.encode(x))
    assert_allclose(scaled.log_term(x * unit)[x != 0], bins.log_term(x)[x != 0] - np.log(unit), atol=1e-6)


@pytest.mark.parametrize(
    "values",
    [
        *[
            [0.0, 1.0],
            [3.0, 3.0, 3.0, 7.0],
            [-1e15, 1e15],
            [0.1, np.nan, 0.2],
            [-1e300, 0.0, 1e300],
            [0.0, 5e-324, 1.0],
        ],
        [1e9, 1e9 + 2e-7, 1e9 + 4e-7, 1e9 + 6e-7],
    ],
)
def test_the_smallest_columns_have_bins(values: list[float]) -> None:
    x = np.array(values)
    bins = learn_bins(x)
    assert_array_equal(np.isfinite(bins.encode(x)), np.isfinite(x))
    assert_array_equal(bins.encode(bins.decode(np.arange(bins.n) * 1.0)), np.arange(bins.n))
    assert np.isfinite(bins.log_term(x)).all()


def test_a_constant_has_no_bins() -> None:
    for values in ([], [3.0, 3.0], [np.nan]):
        with pytest.raises(ValueError, match="constant"):
            learn_bins(np.array(values))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"edges": (0.0, 2.0, 1.0)}, "edges has to rise"),
        ({"edges": (0.0, 1.0)}, "edges has 2 entries"),
        ({"weights": (1.0, -1.0)}, "weights has a weight below 0"),
        ({"weights": (1.0, 0.0)}, "0 for a whole bin"),
        ({"codes": (0, 2)}, "codes have to rise"),
        ({"codes": (1, 0)}, "codes have to rise"),
        ({"spikes": (0.5,)}, "spike_weights has 0 entries"),
        ({"tails": (1.0,)}, "tails has 1 entries"),
        ({"reach": (0.0, 1.0)}, "reach"),
        ({"resolution": -1.0}, "resolution=-1.0"),
    ],
)
def test_bins_that_cannot_be_meant(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Bins(**{"edges": (0.0, 1.0, 2.0), "weights": (1.0, 1.0), "codes": (0, 1), **change})


def test_the_ends_of_a_lattice_are_drawn_as_often_as_they_are_scored() -> None:
    rng = np.random.default_rng(0)
    bins = learn_bins(rng.integers(0, 100, 5000).astype(np.float64), 1.0)
    u = rng.random(100_000)
    for code in (0, bins.n_bins - 1):
        drawn = bins.decode(np.full(len(u), float(code)), u)
        values, counts = np.unique(drawn, return_counts=True)
        scored = np.exp(bins.log_term(values))
        assert_allclose(counts / len(u), scored / scored.sum(), atol=0.01)


def test_numbers_beyond_the_cells_have_the_codes_of_the_tails() -> None:
    bins = Bins((0.0, 1.0, 2.0, 3.0), (1.0, 1.0, 1.0), (0, 1, 2), tails=(0.1, 0.1))
    assert_array_equal(bins.encode(np.array([-100.0, 0.5, 1.5, 2.5, 100.0])), [0, 0, 1, 2, 2])


def test_nothing_said_of_a_lattice_is_none() -> None:
    real = Bins((0.0, 1.0, 3.0), (1.0, 1.0), (0, 1))
    assert real.lattice is None
    assert_allclose(real.log_term(np.array([0.25, 2.5])), np.log([1.0, 0.5]))


def test_what_lies_beyond_a_spike_that_is_a_bin_at_an_end_has_its_code() -> None:
    below = Bins((0.0, 1.0), (1.0,), (1,), (0.0,), (1.0,), (0,), tails=(0.1, 0.1))
    assert_array_equal(below.encode(np.array([-9.0, 0.0, 0.5, 9.0])), [0, 0, 1, 1])
    above = Bins((0.0, 1.0), (1.0,), (0,), (1.0,), (1.0,), (1,), tails=(0.1, 0.1))
    assert_array_equal(above.encode(np.array([-9.0, 0.5, 1.0, 9.0])), [0, 0, 1, 1])
