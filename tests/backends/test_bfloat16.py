"""Products of bf16: each rounded as it should be, with gradients, masks and likelihoods that bear it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from own_distributions import Poisson

from made_np import MADE, fit
from made_np.distributions.plain import Categorical
from made_np.layers import ACTIVATIONS
from made_np.optim import Adam

from .problems import Problem, gradient, problem, scores, steps, table

numba = pytest.importorskip("numba")

from made_np.backends._numba import bf16, bf16_tile, rounding, run  # noqa: E402
from made_np.backends._numba.bf16_forward import forward_bf16  # noqa: E402
from made_np.backends._numba.compiling import JIT, index  # noqa: E402
from made_np.backends._numba.threads import Pool  # noqa: E402

pytestmark = pytest.mark.filterwarnings("error" if JIT else "ignore::RuntimeWarning")

Array = NDArray[Any]
HALF_UNIT = 2.0**-9
"""How far rounding to eight bits moves a number, as a share of it."""


def nearest(x: Array) -> Array:
    """Numbers of eight bits, by arithmetic: the nearest, in a tie the even one (as `np.rint` has it)."""
    mantissa, exponent = np.frexp(x.astype(np.float64))
    return np.ldexp(np.rint(mantissa * 2**8), exponent - 8)


@numba.njit  # type: ignore[misc]
def neighbours(x: Array, pairs: Array) -> None:
    rounding.pair_neighbours(x, index(0), index(len(x)), pairs, index(0))


@numba.njit  # type: ignore[misc]
def both(x: Array, y: Array, pairs: Array) -> None:
    rounding.pair_both(np.concatenate((x, y)), index(0), index(len(x)), index(len(x)), pairs, index(0))


# ------------------------------------------------------------------------------------------- rounding


@pytest.mark.parametrize("n", [1, 2, 31, 32, 33, 70, 97])
def test_numbers_are_rounded_to_the_nearest_with_eight_bits(n: int) -> None:
    rng = np.random.default_rng(n)
    x = (rng.standard_normal(n) * 10.0 ** rng.integers(-20, 20, n)).astype(np.float32)
    y = rng.integers(-600, 600, n).astype(np.float32)  # of which many lie in the middle of two
    for numbers in (x, y):
        pairs = np.full(n + 3, 7, np.uint32)
        neighbours(numbers, pairs)
        got = rounding.unpaired(pairs[: (n + 1) // 2]).ravel()
        np.testing.assert_array_equal(got[:n], nearest(numbers))
        assert not got[n:].any()
        assert (pairs[(n + 1) // 2 :] == 7).all()
    pairs = np.zeros(n, np.uint32)
    both(x, y, pairs)
    np.testing.assert_array_equal(rounding.unpaired(pairs), np.stack([nearest(x), nearest(y)], axis=-1))


def test_what_is_no_number_stays_none() -> None:
    odd = np.array([0x7FFFFFFF, 0xFFFFFFFF, 0x7F800001, 0x7FC00000], np.uint32).view(np.float32)
    for x in (odd, np.tile(odd, 16)):
        pairs = np.zeros(len(x) // 2, np.uint32)
        neighbours(x, pairs)
        assert np.isnan(rounding.unpaired(pairs)).all()
    pairs = np.zeros(1, np.uint32)
    neighbours(np.array([np.inf, -np.inf], np.float32), pairs)
    np.testing.assert_array_equal(rounding.unpaired(pairs), [[np.inf, -np.inf]])


# ------------------------------------------------------------------------------------------- products


@pytest.mark.parametrize("has_instruction", [True, False])
@pytest.mark.parametrize("begin", ["new", "add", "bias"])
def test_a_tile_is_the_product_of_the_rounded_numbers(
    begin: str, has_instruction: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also as processors have it that have no instruction for it."""
    if not has_instruction:
        monkeypatch.setattr(bf16_tile, "HAS_BF16", False)
    tile = bf16_tile._make(1, begin)
    rng = np.random.default_rng(0)
    rows, k_pairs, lanes = 5, 40, bf16_tile._COUNT
    a, b = rng.standard_normal((rows, 2 * k_pairs)), rng.standard_normal((2 * k_pairs, lanes))
    C, biases = rng.standard_normal((rows, lanes)).astype(np.float32), np.arange(rows, dtype=np.float32)
    A = np.zeros(rows * k_pairs, np.uint32)
    B = np.zeros(k_pairs * lanes, np.uint32)
    neighbours(a.astype(np.float32).ravel(), A)
    neighbours(b.reshape(k_pairs, 2, lanes).swapaxes(1, 2).astype(np.float32).ravel(), B)

    def call(A: Array, B: Array, C: Array, biases: Array) -> None:
        tile(A, 0, 5, 40, 1, B, 0, len(B) // 40, C, 0, len(B) // 40, 0, 40, biases, 0)

    want = {"new": 0, "add": C.copy(), "bias": biases[:, None]}[begin] + nearest(a) @ nearest(b)
    (numba.njit(call) if JIT else call)(A, B, C.reshape(-1), biases)
    np.testing.assert_allclose(C, want, atol=2e-5)


def by_hand(made: MADE, theta: Array, x: Array) -> tuple[float, dict[str, Array]]:
    """Loss and gradient of a Bernoulli network with ReLU, in float64, with every factor of a product rounded."""
    p = {name: value.astype(np.float64) for name, value in made.layout.views(theta).items()}
    masks = [mask.astype(float) for mask in made.mask_sets[0].masks]
    hs = [x.astype(np.float64)]
    for layer, mask in enumerate(masks):
        z = nearest(hs[-1]) @ nearest(p[f"W{layer}"] * mask).T + p[f"b{layer}"]
        hs.append(np.maximum(z, 0) if layer < len(masks) - 1 else z)
    loss = (np.logaddexp(0, hs[-1]) - x * hs[-1]).sum() / len(x)
    grad = {}
    dz = (1 / (1 + np.exp(-hs[-1])) - x) / len(x)
    for layer in reversed(range(len(masks))):
        grad[f"W{layer}"] = nearest(dz).T @ nearest(hs[layer]) * masks[layer]
        grad[f"b{layer}"] = dz.sum(0)
        dz = nearest(dz) @ nearest(p[f"W{layer}"] * masks[layer]) * (hs[layer] > 0)
    return loss, grad


@pytest.mark.parametrize("n", [1, 17, 70])
def test_loss_and_gradient_are_those_of_a_network_whose_factors_are_rounded(n: int) -> None:
    made = MADE(13, (21, 18), order="random", degrees="random", direct=False, seed=1, backend="bfloat16")
    p = problem(made, n)
    loss, grad = made.loss_and_grad(p.theta, p.x)
    want_loss, want = by_hand(made, p.theta, p.x)
    assert loss == pytest.approx(want_loss, rel=1e-5)
    for name, value in made.layout.views(grad).items():
        # A sum of float32 that lies in the middle of two numbers of eight bits may be rounded the other way.
        np.testing.assert_allclose(value, want[name], atol=HALF_UNIT * np.abs(want[name]).max(), err_msg=name)
        assert np.linalg.norm(value - want[name]) <= 1e-3 * np.linalg.norm(want[name])


# ------------------------------------------------------------------------------------------- any network

NETWORKS: dict[str, tuple[MADE, dict[str, float]]] = {
    "every column": (table(dtype="float32", n_context=2, direct=True, direct_limit=4, gap_inputs=True), {}),
    "deep": (MADE(70, (91,) * 3, "gaussian", residual=True, activation="softplus"), {"rate": 0.3, "input_rate": 0.2}),
    "wide": (MADE(60, (530, 270), Categorical(9), order="random"), {}),
    "many": (MADE(40, (301,), order="random", n_masks=3, direct=True), {}),
    "no layer": (MADE(75, (), direct=True), {}),
    "mask weights": (MADE(30, (50,), mask_weights=True), {"rate": 0.3}),
} | {name: (MADE(9, (33, 33), activation=name), {}) for name in sorted(ACTIVATIONS)}


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_those_of_float32_to_eight_bits_and_zero_off_the_mask(name: str) -> None:
    made, rates = NETWORKS[name]
    p = problem(made, 37, weighted=True, **rates)
    p = p.with_theta(p.theta / 4)
    got, want = (gradient(backend, p) for backend in ("bfloat16", "numba"))
    for part, value in want.items():
        assert 0 < np.linalg.norm(got[part] - value) < 8 * HALF_UNIT * np.linalg.norm(value), part
    assert not got["grad"][~p.live].any()


def test_a_gradient_says_how_the_loss_changes() -> None:
    made = MADE(20, (60, 60), activation="tanh", dtype="float32", backend="bfloat16")
    p = problem(made, 50)
    theta = p.theta / 4
    _, grad = made.loss_and_grad(theta, p.x)
    step = 0.05 * grad / np.linalg.norm(grad)
    up, down = (-made.log_prob(theta + sign * step, p.x).mean(dtype=np.float64) for sign in (1, -1))
    assert (up - down) / 2 == pytest.approx(float(grad @ step), rel=0.01)


@pytest.mark.parametrize("only_live", [True, False])
@pytest.mark.parametrize("order", ["natural", "random"])
def test_a_step_is_an_update_along_the_gradient(order: str, only_live: bool) -> None:
    p = problem(MADE(25, (40,), order=order, backend="bfloat16"), 30)
    after = steps("bfloat16", p, Adam(), n=1, rate=1e-2, only_live=only_live)
    grad = gradient("bfloat16", p)["grad"]
    theta = p.theta.copy()
    optimizer = Adam()
    optimizer.step(theta, grad, optimizer.init(theta), 1e-2)
    np.testing.assert_allclose(after["theta"][p.live], theta[p.live], rtol=1e-5, atol=1e-6)


# ------------------------------------------------------------------------------------------- what must stay exact


def raw_of_training(p: Problem) -> Array:
    """The raw outputs (panels, O, lanes) that a training step has."""
    bound = p.bound("bfloat16")
    batch = bound.batch(p.theta, p.x, None)  # type: ignore[attr-defined]
    t = batch.tables
    paired = bf16.paired_starts(batch.plan)
    lanes = batch.n_panels * batch.width
    acts = np.zeros(batch.plan.n_units * lanes, np.float32)
    pairs = np.zeros(int(paired[-1]) * lanes, np.uint32)
    pack = np.zeros(6 * batch.plan.widest, np.uint32)
    given = batch.theta, batch.x, batch.context, *batch.keeps, t, paired, acts, batch.nothing, pairs, pack
    forward_bf16(*given, 0, batch.n_panels)
    return acts.reshape(batch.n_panels, batch.plan.n_units, batch.width)[:, t.starts[-3] : t.starts[-2]]


def test_what_comes_later_changes_no_bit_of_what_comes_before() -> None:
    p = problem(MADE(11, (25, 19), "gaussian", direct=True, dtype="float32"), 20)
    raw = raw_of_training(p).reshape(-1, 11, 2, p.bound("numba").batch(p.theta, p.x, None).width)  # type: ignore[attr-defined]
    for feature in range(11):
        x = p.x.copy()
        x[:, feature] += 1000
        changed = raw_of_training(replace(p, x=x)).reshape(raw.shape)
        np.testing.assert_array_equal(changed[:, : feature + 1], raw[:, : feature + 1])
        assert feature == 10 or (changed[:, feature + 1 :] != raw[:, feature + 1 :]).any()


def test_any_number_of_threads_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    p = problem(MADE(40, (70, 50), order="random"), 130)
    monkeypatch.setattr(run, "SMALL", 0)
    results = []
    for n in (1, 2, 5):
        monkeypatch.setattr(Pool, "n_threads", n)
        results.append(gradient("bfloat16", p) | steps("bfloat16", p, Adam()))
    for other in results[1:]:
        for name, value in results[0].items():
            np.testing.assert_array_equal(other[name], value, err_msg=name)


def test_scores_and_samples_are_those_of_float32() -> None:
    p = problem(table(dtype="float32"), 21)
    for name, value in scores("numba", p).items():
        np.testing.assert_array_equal(scores("bfloat16", p)[name], value, err_msg=name)
    samples = [p.bound(backend).sample(p.theta, p.uniforms) for backend in ("numba", "bfloat16")]
    np.testing.assert_array_equal(*samples)


def test_parts_of_a_gradient_come_as_they_are_finished() -> None:
    p = problem(MADE(20, (30, 25), direct=True), 40)
    parts: list[slice] = []
    grad = np.full_like(p.theta, np.nan)
    p.bound("bfloat16").loss_and_grad(p.theta, p.x, None, grad, ready=parts.append)
    np.testing.assert_array_equal(grad, gradient("bfloat16", p)["grad"])
    assert sum(len(grad[part]) for part in parts) == len(grad)


# ------------------------------------------------------------------------------------------- learning


def test_a_fit_comes_to_the_likelihood_of_float32() -> None:
    """Within 0.02 nats of 16 binary columns (about 0.3 %), on rows that it has not seen."""
    rng = np.random.default_rng(0)
    kinds = rng.random((6, 16))
    x = (rng.random((1500, 16)) < kinds[rng.integers(0, 6, 1500)]).astype(np.float32)
    made = MADE(16, (64,), order="random", n_masks=2, backend="numba")
    nll = []
    for backend in ("numba", "bfloat16"):
        own = replace(made, backend=backend)
        result = fit(own, x[:1000], batch_size=50, max_epochs=12, rng=0)
        nll.append(-own.log_prob(result.theta, x[1000:]).mean(dtype=np.float64))
    assert abs(nll[1] - nll[0]) < 0.02
    assert nll[1] != nll[0]


# ------------------------------------------------------------------------------------------- who may ask for it


def test_float64_is_refused_with_a_way_out() -> None:
    made = MADE(3, (5,), dtype="float64", backend="bfloat16")
    with pytest.raises(TypeError, match="theta is float64, and backend='bfloat16' learns float32 numbers: use dtype="):
        made.loss_and_grad(made.init(rng=0), np.zeros((2, 3)))


def test_a_distribution_without_a_kernel_is_left_to_numpy() -> None:
    made = MADE(3, (5,), Poisson(), backend="bfloat16")
    assert type(made.bound[0]).__module__ == "made_np.backends._numpy.network"


def test_a_processor_without_the_instruction_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(bf16, "HAS_BF16", False)
    monkeypatch.setattr(bf16, "say", said.append)
    made = MADE(3, (5,), backend="bfloat16")
    assert made.bound[0] is made.bound[0]
    assert said == [bf16.SLOWER]
