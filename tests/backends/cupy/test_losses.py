"""The kernels of losses say what the distributions say, whatever the raw outputs are."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from installed import needs_numba
from numpy.typing import NDArray
from strategies import EVERY, models, random_rows, seeds, with_gaps

from made_np.backends._cupy.desk import Desk
from made_np.backends._cupy.losses import losses, spread
from made_np.backends._cupy.wiring import Wiring
from made_np.distributions.distribution import Distribution
from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.mixtures import MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import Bernoulli, Categorical, Gaussian
from made_np.model.made import MADE

from ..problems import table
from .emulation import Emulated, missing

pytestmark = [
    pytest.mark.skipif(missing() is not None, reason=str(missing())),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),  # of NumPy, where raw outputs are infinite
]

Array = NDArray[Any]
TOLERANCE = {"float32": 3e-6, "float64": 1e-13}
WIDE: tuple[Distribution, ...] = (
    *(Categorical(1), Categorical(32), Categorical(100)),
    *(MixtureOfGaussians(1), MixtureOfGaussians(12), MixtureOfLogistics(9, reserve=0.01)),
    *(DiscretizedLogistic(256, 10), DiscretizedLogistic(2)),
)
every_output = pytest.mark.parametrize("output", [*EVERY, *WIDE], ids=repr)
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
N_ROWS = st.sampled_from([0, 1, 3, 8, 40])
# Raw outputs beyond these put a normal of scale e^-30 so far off that single precision holds it, and double does not.
SIZES = st.sampled_from([1.0, 30.0, 1e3])


class Said(NamedTuple):
    """What the kernels say, in the order of features."""

    nll: Array
    d_raw: Array | None
    row_nll: Array


def by_place(made: MADE) -> tuple[Array, Array]:
    """Which features, and which raw outputs, stand one after the other in the order."""
    order = made.mask_sets[0].order
    raws = np.arange(made.outputs.n_raw)
    return order, np.concatenate([raws[made.outputs.slices[feature]] for feature in order])


def say(
    made: MADE,
    raw: Array,
    x: Array,
    row_weights: Array | None = None,
    *,
    learning: bool = True,
    device: Emulated | None = None,
) -> Said:
    """Let the kernels look at raw outputs (B, O) and rows (B, D)."""
    device = device or Emulated(n_multiprocessors=1)
    wiring = Wiring(made.network, made.mask_sets[0], device)
    features, raws = by_place(made)
    desk = Desk(wiring, len(x), raw.dtype, learning=learning)
    desk.values = device.put(np.ascontiguousarray(x[:, features]))
    desk.layers[-1] = device.put(np.ascontiguousarray(raw[:, raws]))
    losses(wiring, desk, None if row_weights is None else device.put(row_weights), learning=learning)
    nll = device.empty(x.shape, x.dtype)
    spread(wiring, desk, nll)
    d_raw = None
    if learning:
        d_raw = np.empty_like(raw)
        d_raw[:, raws] = device.get(desk.dlayers[-1])
    return Said(device.get(nll), d_raw, device.get(desk.row_nll))


def expected(made: MADE, raw: Array, x: Array, row_weights: Array | None = None) -> tuple[Array, Array]:
    """What the distributions say in double precision: nll, and its gradient times the row's weight."""
    nll, d_raw = made.outputs.nll_and_grad(raw.astype(np.float64), x.astype(np.float64))
    weights = np.full(len(x), 1 / max(len(x), 1)) if row_weights is None else row_weights
    return nll, d_raw * weights[:, None]


def assert_agree(made: MADE, got: Said, want: tuple[Array, Array], dtype: str) -> None:
    """Equal to rounding: of each value, and of the gradient as a share of its largest number for a value."""
    assert got.d_raw is not None
    tolerance = TOLERANCE[dtype]
    nll, d_raw = want
    np.testing.assert_allclose(got.nll, nll, rtol=tolerance, atol=tolerance)
    n_rows = max(len(nll), 1)
    for own in made.outputs.slices:
        largest = np.abs(d_raw[:, own]).max(axis=1, keepdims=True, initial=1 / n_rows)
        np.testing.assert_allclose(got.d_raw[:, own] / largest, d_raw[:, own] / largest, rtol=0, atol=4 * tolerance)
    np.testing.assert_allclose(got.row_nll, got.nll.sum(axis=1, dtype=np.float64), rtol=1e-14)
    assert got.row_nll.dtype == np.float64


@settings(max_examples=60)
@given(
    st.sampled_from(["float32", "float64"]).flatmap(lambda dtype: models(dtype=dtype, max_depth=1, outputs=EVERY)),
    *(N_ROWS, seeds, st.sampled_from([0.0, 0.3, 1.0]), st.booleans(), SIZES),
)
def test_any_features(made: MADE, n: int, seed: int, gaps: float, weighted: bool, scale: float) -> None:
    rng = np.random.default_rng(seed)
    raw = (scale * rng.standard_normal((n, made.outputs.n_raw))).astype(made.dtype)
    x = with_gaps(random_rows(made, n, rng), rng, gaps)
    row_weights = rng.random(n).astype(made.dtype) if weighted else None
    got = say(made, raw, x, row_weights)
    assert_agree(made, got, expected(made, raw, x, row_weights), str(made.dtype))
    told = say(made, raw, x, row_weights, learning=False)
    np.testing.assert_array_equal(told.nll, got.nll)
    np.testing.assert_array_equal(told.row_nll, got.row_nll)


@every_dtype
@every_output
@pytest.mark.parametrize("n", [5, 700])
def test_every_distribution(output: Distribution, dtype: str, n: int) -> None:
    """With 700 rows there are fewer threads than values."""
    made = MADE(5, (), output, order="random", dtype=dtype)
    rng = np.random.default_rng(1)
    raw = (3 * rng.standard_normal((n, made.outputs.n_raw))).astype(dtype)
    x = with_gaps(random_rows(made, n, rng), rng, 0.2)
    got = say(made, raw, x)
    assert_agree(made, got, expected(made, raw, x), dtype)
    backwards = say(made, raw, x, device=Emulated(backwards=True, n_multiprocessors=50))
    for one, other in zip(got, backwards, strict=True):
        np.testing.assert_array_equal(one, other)


@every_dtype
@every_output
@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
def test_raw_outputs_that_are_no_numbers(output: Distribution, dtype: str, odd: float) -> None:
    """A run that has diverged must look like one; and -inf is the logit of what cannot be."""
    made = MADE(3, (), output, order="reverse", dtype=dtype)
    rng = np.random.default_rng(2)
    n_raw = output.n_raw
    raw = rng.standard_normal((n_raw + 1, made.outputs.n_raw)).astype(dtype)
    raw[np.arange(n_raw), n_raw + np.arange(n_raw)] = odd  # each in turn, those of the second feature
    raw[n_raw, n_raw : 2 * n_raw] = odd
    x = random_rows(made, len(raw), rng)
    got = say(made, raw, x)
    nll, d_raw = expected(made, raw, x)
    told = np.isfinite(nll)
    np.testing.assert_array_equal(np.isfinite(got.nll), told)
    np.testing.assert_allclose(got.nll[told], nll[told], rtol=1e-5, atol=1e-5)
    assert got.d_raw is not None
    told = np.repeat(told, n_raw, axis=1)  # NumPy has no slope beside a reserve where nll is NaN
    np.testing.assert_array_equal(np.isfinite(got.d_raw[told]), np.isfinite(d_raw[told]))
    assert np.isfinite(d_raw[np.isfinite(got.d_raw)]).all()
    told &= np.isfinite(d_raw)
    np.testing.assert_allclose(got.d_raw[told], d_raw[told], rtol=1e-4, atol=1e-5)


@every_dtype
@every_output
def test_raw_outputs_that_are_nan_are_never_hidden(output: Distribution, dtype: str) -> None:
    made = MADE(3, (), output, dtype=dtype)
    raw = np.full((2, made.outputs.n_raw), np.nan, dtype)
    for part in say(made, raw, random_rows(made, 2, np.random.default_rng(0))):
        assert np.isnan(part).all()


@every_dtype
@every_output
def test_raw_outputs_of_a_gap_may_be_anything(output: Distribution, dtype: str) -> None:
    made = MADE(2, (), output, dtype=dtype)
    raw = np.ones((4, made.outputs.n_raw), dtype)
    raw[1:, : output.n_raw] = np.array([[np.nan], [np.inf], [1e30]])
    x = random_rows(made, 4, np.random.default_rng(0))
    x[:, 0] = np.nan
    got = say(made, raw, x, np.array([1, np.inf, 1, 1], dtype))
    assert got.d_raw is not None
    assert not got.nll[:, 0].any()
    assert not got.d_raw[:, : output.n_raw].any()
    assert np.isfinite(got.nll).all()


LOGITS = [MixtureOfGaussians(3), MixtureOfLogistics(3), DiscretizedLogistic(9, 3), Categorical(3)]


@every_dtype
@pytest.mark.parametrize("output", LOGITS, ids=repr)
def test_what_all_logits_have_in_common_changes_no_bit(output: Distribution, dtype: str) -> None:
    made = MADE(1, (), output, dtype=dtype)
    rng = np.random.default_rng(1)
    raw = rng.standard_normal((6, output.n_raw)).astype(dtype)
    raw[:, :3] = rng.integers(-3, 3, size=(6, 3))
    x = random_rows(made, 6, rng)
    plain = say(made, raw, x)
    for constant in (1e2, -1e4, 1e6):  # and whole numbers stay exact
        moved = raw.copy()
        moved[:, :3] += constant
        for one, other in zip(say(made, moved, x), plain, strict=True):
            np.testing.assert_array_equal(one, other)
    raw[:, :3] = 0
    plain = say(made, raw, x)
    largest = float(np.finfo(dtype).max)
    for logit in (1e8, largest, -largest):
        raw[:, :3] = logit
        for one, other in zip(say(made, raw, x), plain, strict=True):
            np.testing.assert_array_equal(one, other)


@every_dtype
def test_tails_keep_their_digits(dtype: str) -> None:
    """Of what is nearly certain, nll and gradient are tiny, and right."""
    made = MADE(2, (), [Bernoulli(), Categorical(2)], dtype=dtype)
    z = np.array([5.0, 20.0, 60.0], dtype)
    raw = np.stack([z, z, np.zeros_like(z)], axis=1)
    got = say(made, raw, np.array([[1.0, 0.0]] * 3, dtype), np.ones(3, dtype))
    assert got.d_raw is not None
    tail = np.exp(-z.astype(np.float64))
    tolerance = 1e-6 if dtype == "float32" else 1e-14
    np.testing.assert_allclose(got.nll[:, 0], np.log1p(tail), rtol=tolerance)
    np.testing.assert_allclose(got.d_raw[:, 0], -tail / (1 + tail), rtol=tolerance)
    np.testing.assert_allclose(got.d_raw[:, 2], tail / (1 + tail), rtol=tolerance)


@every_dtype
def test_the_exponent_of_a_scale_is_held(dtype: str) -> None:
    made = MADE(1, (), Gaussian(0, scale="exp"), dtype=dtype)
    raw = np.array([[0.5, z] for z in (-30.5, -30, 0, 30, 31, 200)], dtype)
    got = say(made, raw, np.ones((6, 1), dtype))
    assert_agree(made, got, expected(made, raw, np.ones((6, 1), dtype)), dtype)
    assert got.d_raw is not None
    np.testing.assert_array_equal(got.d_raw[:, 1] == 0, np.abs(raw[:, 1]) > 30)


def test_the_reserve_is_all_that_explains_what_is_far_out() -> None:
    """Then nothing is learnt: neither from what is far, nor where slopes are too large for a number."""
    output = MixtureOfGaussians(2, min_scale=1e-25, reserve=1e-3)
    made = MADE(1, (), output, dtype="float32")
    raw = np.zeros((4, 6), "float32")
    raw[:, 2:] = [[-1, 1, 0, 0], [-1, 1, 0, 0], [0, 1e-8, -60, -60], [-1, 1, -60, 0]]
    x = np.array([[0.5], [1e5], [1e-7], [1e2]], "float32")
    got = say(made, raw, x)
    assert got.d_raw is not None
    want = -np.log(1e-3) + 1.5 * np.log(2 + x[1:, 0].astype(np.float64) ** 2)
    np.testing.assert_allclose(got.nll[1:, 0], want, rtol=1e-6)
    assert got.d_raw[0].all()
    assert not got.d_raw[1:].any()


@needs_numba
@every_dtype
@every_output
def test_numbas_kernels_say_the_same(output: Distribution, dtype: str) -> None:
    made = MADE(4, (), output, direct=False, order="random", dtype=dtype, backend="numba")
    rng = np.random.default_rng(3)
    theta = (30 * rng.standard_normal(made.n_params)).astype(dtype)
    raw = np.tile(made.layout.views(theta)["b0"], (9, 1))
    x = with_gaps(random_rows(made, 9, rng), rng)
    grad = np.empty_like(theta)
    row_nll = made.bound[0].loss_and_grad(theta, x, None, grad)
    got = say(made, raw, x)
    assert got.d_raw is not None
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(got.row_nll, row_nll, rtol=tolerance, atol=tolerance)
    scale = np.abs(grad).max()
    np.testing.assert_allclose(got.d_raw.sum(axis=0), grad, rtol=tolerance, atol=tolerance * scale)


@every_dtype
def test_all_kinds_in_one_table(dtype: str) -> None:
    """On arrays that know nothing but the standard."""
    made = table(dtype=dtype, n_context=1)
    rng = np.random.default_rng(4)
    raw = rng.standard_normal((11, made.outputs.n_raw)).astype(dtype)
    x = with_gaps(random_rows(made, 11, rng), rng)
    row_weights = rng.random(11).astype(dtype)
    got = say(made, raw, x, row_weights, device=Emulated(strict=True))
    assert_agree(made, got, expected(made, raw, x, row_weights), dtype)
    assert not got.nll[np.isnan(x)].any()
    assert got.nll[~np.isnan(x)].all()


def test_a_launch_for_each_distribution() -> None:
    device = Emulated()
    made = table(dtype="float32")
    n = 3
    say(
        made,
        np.zeros((n, made.outputs.n_raw), "float32"),
        random_rows(made, n, np.random.default_rng(0)),
        device=device,
    )
    kinds = {output.kernel for output in made.outputs.feature_outputs}
    assert sum(count for name, count in device.launches.items() if name.startswith("loss_")) == len(kinds) == 7
