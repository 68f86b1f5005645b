"""The sampler's kernel draws what NumPy draws, however the work is shared out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import EVERY, models, seeds

from made_np.backends._cupy import sampler as module
from made_np.backends._cupy.choices import choose, estimate
from made_np.backends._cupy.layouts import BINARY_32, BINARY_64, BINARY_128, IN_REGISTERS, Limits, Shape, lay_out
from made_np.backends._cupy.sampler import Sampler
from made_np.backends._cupy.walks import Trail, cut
from made_np.backends._cupy.wiring import Wiring
from made_np.backends.tables import make_plan
from made_np.distributions.mixtures import MixtureOfLogistics
from made_np.distributions.plain import Bernoulli, Categorical, Gaussian
from made_np.model.made import MADE

from ..problems import TOLERANCE, Problem, problem, table
from .emulation import Emulated, missing

pytestmark = [
    pytest.mark.skipif(missing() is not None, reason=str(missing())),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),  # of NumPy, where a network overflows
]

Array = NDArray[Any]
SMALL = 4 << 10
"""Bytes of shared memory that hold the tables of a small network, and few weights or none."""
CODES = Categorical(40), Categorical(3), Bernoulli(), Gaussian(0.1), Categorical(100), MixtureOfLogistics(2)

shapes = st.builds(
    Shape,
    st.sampled_from([1, 2, 4, 8, 16]),
    st.integers(1, 4),
    st.sampled_from([1, 2, 3, 32]),
    st.sampled_from([None, SMALL]),
    st.sampled_from([1, 2]),
)
N_ROWS = st.sampled_from([0, 1, 2, 7, 19, 33])


def sampler_of(p: Problem, shape: Shape | None = None, device: Emulated | None = None) -> Sampler:
    return Sampler(Wiring(p.made.network, p.one, device or Emulated()), shape)


def with_holes(p: Problem, seed: int, share: float = 0.6) -> Array:
    """The rows, with values that are to be drawn and some that are not told; the first features are often all there."""
    rng = np.random.default_rng(seed)
    x = np.where(rng.random(p.x.shape) < share, np.nan, p.x)
    x = np.where(rng.random(p.x.shape) < 0.15, np.inf, x)
    whole = p.one.position < rng.integers(0, p.made.n_features + 1)
    return np.where(whole & (seed % 2 == 0), p.x, x).astype(p.x.dtype)


def assert_draws_agree(p: Problem, sampler: Sampler, holes: Array | None) -> None:
    theta = sampler.device.put(p.theta)
    got = sampler.sample(theta, p.uniforms, holes, p.context)
    assert_near(got, p.bound("numpy").sample(p.theta, p.uniforms, holes, p.context))


def assert_near(got: Array, want: Array) -> None:
    assert (got.shape, got.dtype) == (want.shape, want.dtype)
    tolerance = TOLERANCE[want.dtype.name]
    largest = np.nanmax(np.abs(want), initial=1.0)
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * largest)


any_model = st.sampled_from(["float64", "float64", "float32"]).flatmap(
    lambda dtype: models(outputs=EVERY[:-2], max_features=7, dtype=dtype)
)


@settings(max_examples=200)
@given(any_model, N_ROWS, seeds, shapes, st.booleans(), st.booleans())
def test_any_network_draws_as_numpy_does(
    made: MADE, n: int, seed: int, shape: Shape, backwards: bool, strict: bool
) -> None:
    p = problem(made, n, seed)
    device = Emulated(backwards=backwards, strict=strict)
    assert_draws_agree(p, sampler_of(p, shape, device), with_holes(p, seed) if seed % 3 else None)


@settings(max_examples=60)
@given(any_model, N_ROWS, seeds, shapes)
def test_any_network_fills_centres_as_numpy_does(made: MADE, n: int, seed: int, shape: Shape) -> None:
    p = problem(made, n, seed)
    holes = with_holes(p, seed)
    sampler = sampler_of(p, shape)
    got = sampler.propagate_means(sampler.device.put(p.theta), holes, p.context)
    assert_near(got, p.bound("numpy").propagate_means(p.theta, holes, p.context))


@pytest.mark.parametrize("shape", [None, Shape(1, 1), Shape(1, 3), Shape(2, 1), Shape(4, 2), Shape(8, 1), Shape(16, 3)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_groups_of_many_places(shape: Shape | None, dtype: str) -> None:
    """More units than a warp adds to at once, and more places than it has lanes; more rows than a block has."""
    made = table((300, 300), 5, n_context=3, residual=True, gap_inputs=True, direct_limit=4, dtype=dtype)
    p = problem(made, 21)
    sampler = sampler_of(p, shape)
    assert_draws_agree(p, sampler, None)
    assert_draws_agree(p, sampler, with_holes(p, 1))
    assert len(sampler.trail.groups) > 3


@pytest.mark.parametrize("hidden", [(), (60,), (30, 30, 30)])
@pytest.mark.parametrize("shared", [None, SMALL])
def test_many_binary_features(hidden: tuple[int, ...], shared: int | None) -> None:
    p = problem(MADE(90, hidden, order="random", dtype="float64", direct=True), 20)
    for shape in (None, Shape(4, 1, shared=shared), Shape(16, 2, shared=shared)):
        assert_draws_agree(p, sampler_of(p, shape, Emulated(n_multiprocessors=1)), None)
        assert_draws_agree(p, sampler_of(p, shape), with_holes(p, 0))


@pytest.mark.parametrize("shape", [Shape(1, 1, 2), Shape(4, 2, 2), Shape(16, 1, 3)])
def test_categories_that_no_warp_holds(shape: Shape) -> None:
    made = MADE(12, (40,), list(CODES * 2), order="random", dtype="float64", gap_inputs=True, direct=True)
    p = problem(made, 18)
    assert_draws_agree(p, sampler_of(p, shape), None)
    assert_draws_agree(p, sampler_of(p, shape._replace(shared=SMALL)), with_holes(p, 1))


@pytest.mark.parametrize("degrees", [1, 2])
@pytest.mark.parametrize("limit", [99 << 10, 9 << 10])
def test_one_place_with_most_of_the_units(degrees: int, limit: int) -> None:
    """Of all hidden units the degree is the same: a single group has them."""
    own = tuple((degrees,) * 200 for _ in range(2))
    p = problem(MADE(4, (200, 200), "gaussian", degrees=own, activation="tanh", dtype="float64"), 5)
    assert_draws_agree(p, sampler_of(p, None, Emulated(shared_limit=limit)), None)
    assert_draws_agree(p, sampler_of(p, Shape(2, 4, 1), Emulated(shared_limit=limit)), None)


@pytest.mark.parametrize("output", [*EVERY, Categorical(40)], ids=repr)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_that_overflows_decides_nothing(output: Any, dtype: str) -> None:
    made = MADE(3, (4,), output, dtype=dtype)
    p = problem(made, 2)
    theta = made.init(rng=0)
    huge = 0.5 * np.finfo(dtype).max
    made.layout.views(theta)["b0"][:] = huge
    made.layout.views(theta)["W1"][:] = [[huge, -huge] * 2] * made.outputs.n_raw
    sampler = sampler_of(p)
    held = sampler.device.put(theta)
    drawn = sampler.sample(held, np.full((2, 3), 0.5))
    assert np.isfinite(drawn[:, 0]).all()  # the first feature has its bias alone
    assert np.isnan(drawn[:, 2]).all()
    assert np.isnan(sampler.propagate_means(held, np.full((2, 3), np.nan, dtype))[:, 2]).all()


def test_a_binary_value_turns_where_its_probability_lies() -> None:
    made = MADE(6, (), direct=False, dtype="float64")
    theta = np.array([0.0, 1, -1, 2, -30, 30])  # biases alone
    p = 1 / (1 + np.exp(-theta))
    u = np.array([p * (1 - 2e-15), p * (1 + 2e-15), np.zeros(6), np.full(6, 0.5)])
    u[1, 5] = 1 - 2.0**-53
    sampler = sampler_of(problem(made))
    got = sampler.sample(sampler.device.put(theta), u)
    assert got.tolist() == [[1] * 6, [0] * 6, [1] * 6, [0, 1, 0, 1, 0, 1]]


def test_nothing_is_launched_for_a_feature() -> None:
    p = problem(table((40, 40), 4), 9)
    for n_stretches in (1, 3):
        device = Emulated()
        sampler = sampler_of(p, Shape(1, n_stretches, 4), device)
        sampler.sample(device.put(p.theta), p.uniforms)
        assert device.launches == {"sort_for_sampling": 1, "sample_rows": n_stretches}
        assert device.n_products == (n_stretches - 1) * len(sampler.trail.links)


def test_answers_lie_where_rows_do() -> None:
    p = problem(table(n_context=2), 6)
    sampler = sampler_of(p)
    device = sampler.device
    theta = device.put(p.theta)
    holes = with_holes(p, 3)
    want = sampler.sample(theta, p.uniforms, holes, p.context)
    assert type(want) is np.ndarray
    assert not device.owns(want)
    given = device.put(p.uniforms), device.put(holes), device.put(p.context)
    got = sampler.sample(theta, *given)
    assert device.owns(got)
    np.testing.assert_array_equal(device.get(got), want)
    np.testing.assert_array_equal(device.get(given[1]), holes)
    assert device.owns(sampler.propagate_means(theta, *given[1:]))


def test_rows_do_not_depend_on_how_many_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    p = problem(table((30, 30)), 21)
    sampler = sampler_of(p, Shape(4, 1, 3))
    theta = sampler.device.put(p.theta)
    want = sampler.sample(theta, p.uniforms)
    alone = [sampler.sample(theta, p.uniforms[r : r + 1]) for r in range(21)]
    np.testing.assert_array_equal(np.concatenate(alone), want)
    monkeypatch.setattr(module, "AT_ONCE", 5000)  # the memory of very few rows
    parts = sampler_of(p, Shape(4, 2, 3))
    np.testing.assert_allclose(parts.sample(theta_of(parts, p), p.uniforms), want, rtol=1e-12)
    assert parts.device.launches["sample_rows"] > 6


def theta_of(sampler: Sampler, p: Problem) -> Any:
    return sampler.device.put(p.theta)


@pytest.mark.parametrize(
    ("made", "ways"),
    [
        (MADE(40, (30, 30), activation="tanh", direct=False), {BINARY_32}),
        (MADE(40, (30,), activation="tanh", direct=True), {BINARY_32}),
        (MADE(40, (300, 300)), {BINARY_64, BINARY_128}),
        (MADE(70, (100,), order="reverse", gap_inputs=[3]), {BINARY_64, IN_REGISTERS}),
        (MADE(20, (100, 40), Categorical(5), direct=True, direct_limit=3, n_context=2), {IN_REGISTERS}),
    ],
)
@pytest.mark.parametrize("shape", [Shape(1, 1), Shape(1, 3), Shape(8, 2)])
def test_quick_ways_through_a_group(made: MADE, ways: set[int], shape: Shape) -> None:
    p = problem(replace(made, dtype="float64"), 9)
    sampler = sampler_of(p, shape, Emulated(shared_limit=227 << 10))
    assert_draws_agree(p, sampler, None)
    assert_draws_agree(p, sampler, with_holes(p, 1))
    (placed,) = sampler.layouts.values()
    assert set(placed.layout.groups[:, 2].tolist()) == ways


# ------------------------------------------------------------------------------------------------- shapes


def trail_of(made: MADE) -> Trail:
    return Trail(make_plan(made.network.plain, made.mask_sets[0]))


@settings(max_examples=60)
@given(models(max_features=7), st.integers(1, 8), st.sampled_from([1, 2, 32]))
def test_stretches_are_all_places_in_turn(made: MADE, n: int, places: int) -> None:
    trail = Trail(make_plan(made.network.plain, made.mask_sets[0]), places)
    stretches = cut(trail, n)
    assert [stretch.groups[0] for stretch in stretches[1:]] == [stretch.groups[1] for stretch in stretches[:-1]]
    assert (stretches[0].groups[0], stretches[-1].groups[1]) == (0, len(trail.groups) - 1)
    assert len(stretches) <= n
    assert max(np.diff(trail.groups)) <= places
    ends = [known[-1] for known in trail.known[1:-1]]
    assert [stretch[1] for stretch in stretches[-1].units] == ends


@pytest.mark.parametrize("itemsize", [4, 8])
@pytest.mark.parametrize("limit", [227 << 10, 99 << 10, 20 << 10])
def test_what_is_chosen_fits_and_costs_least(itemsize: int, limit: int) -> None:
    trail = trail_of(MADE(300, (200, 200)))
    limits = Limits(132, limit, itemsize)
    for n in (1, 100, 3000, 10**5):
        layout = choose(trail, limits, n)
        assert layout.in_shared
        assert layout.shared <= limit
        for shape in ((1, 1, 1), (1, 4, 4), (8, 1, 1), (8, 1, 2), (4, 4, 2), (16, 2, 1)):
            other = lay_out(trail, limits, *shape)
            assert not other.in_shared or estimate(trail, limits, layout, n) <= estimate(trail, limits, other, n)


def test_more_rows_have_larger_blocks() -> None:
    trail = trail_of(MADE(300, (200,)))
    found = [choose(trail, Limits(132, 227 << 10, 4), n).rows for n in (1, 100, 1000, 10_000)]
    assert found == sorted(found)
    assert found[0] == 1
    assert found[-1] >= 8
