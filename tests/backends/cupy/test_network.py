"""The cupy backend computes what the NumPy backend does, on a device that the processor plays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import models, random_rows, seeds

from made_np.backends._cupy import cuda, device_memory, wiring
from made_np.distributions.plain import Categorical
from made_np.model.made import MADE
from made_np.optim import SGD, AdaDelta, AdaGrad, Adam, AdamW, Optimizer
from made_np.training.fit import fit

from ..problems import Array, Problem, Results, assert_close, gradient, problem, sample, scores, table
from .emulation import Emulated, missing

pytestmark = pytest.mark.usefixtures("device")

N_ROWS = st.sampled_from([0, 1, 2, 7, 33])
RATES = st.sampled_from([0.0, 0.4])
any_model = st.sampled_from(["float64", "float64", "float32"]).flatmap(lambda dtype: models(dtype=dtype))
RULES = [SGD(), SGD(0.9), SGD(0.9, nesterov=True), Adam(), AdamW(), AdaGrad(), AdaDelta()]


def test_pieces_of_a_step_may_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done aside is done when somebody waits for it, the later pieces first: none needs what is not awaited."""
    if missing() is not None:
        pytest.skip(str(missing()))
    late = Emulated(backwards=True)
    monkeypatch.setattr(cuda, "get_device", lambda: late)
    monkeypatch.setattr(wiring, "FULL", 1)
    made = MADE(70, (150, 150), order="random", seed=3, dtype="float64", direct=True, residual=True, mask_weights=True)
    p = problem(made, 5)
    assert_close(gradient("cupy", p), gradient("numpy", p), made.dtype)
    for only_live in (False, True):
        got = held_steps(of("cupy", p), Adam(), None, only_live=only_live)
        expected = held_steps(of("numpy", p), Adam(), None)
        assert_close({"theta": got["theta"][p.live]}, {"theta": expected["theta"][p.live]}, made.dtype)


def held_steps(
    p: Problem, optimizer: Optimizer, decay: Array | None, *, n: int = 4, only_live: bool = False
) -> Results:
    """What n steps on the same rows leave behind, on a theta that stays where the backend computes."""
    bound = p.made.bound
    hold = bound.memory.hold
    theta = hold(p.theta.copy())
    state = {name: value if name == "step" else hold(value) for name, value in optimizer.init(p.theta.copy()).items()}
    grad = hold(np.zeros_like(p.theta))
    x = hold(p.x)
    losses = []
    for k in range(n):
        given = theta, x, p.context, grad, optimizer, state, 1e-2 / (k + 1), decay, p.keeps, p.row_weights
        losses.append(np.array(bound.memory.fetch(bound[0].train_step(*given, only_live=only_live))))
    fetched = {name: bound.memory.fetch(value) for name, value in state.items()}
    return {"theta": bound.memory.fetch(theta), "loss": np.concatenate(losses), **fetched}


def of(backend: str, p: Problem) -> Problem:
    return replace(p, made=replace(p.made, backend=backend))


@settings(max_examples=60)
@given(any_model, N_ROWS, seeds)
def test_scores(made: MADE, n: int, seed: int) -> None:
    p = problem(made, n, seed, rate=0.3 if seed % 2 else 0, input_rate=0.2 if seed % 3 else 0)
    assert_close(scores("cupy", p), scores("numpy", p), made.dtype)


@settings(max_examples=60)
@given(any_model, N_ROWS, seeds, RATES, RATES, st.booleans())
def test_gradients(made: MADE, n: int, seed: int, rate: float, input_rate: float, weighted: bool) -> None:
    p = problem(made, n, seed, rate=rate, input_rate=input_rate, weighted=weighted)
    got = gradient("cupy", p)
    assert_close(got, gradient("numpy", p), made.dtype)
    assert not got["grad"][~p.live].any()


@pytest.mark.parametrize("optimizer", RULES, ids=repr)
@pytest.mark.parametrize("with_decay", [False, True])
def test_steps_by_every_rule(optimizer: Optimizer, with_decay: bool) -> None:
    p = problem(table(mask_weights=True, direct=True, n_context=2), rate=0.2, weighted=True)
    decay = 0.1 * p.made.layout.weights() if with_decay else None
    got = held_steps(of("cupy", p), optimizer, decay)
    assert_close(got, held_steps(of("numpy", p), optimizer, decay), p.made.dtype)


@settings(max_examples=30)
@given(models(dtype="float64"), seeds)
def test_steps_of_any_model(made: MADE, seed: int) -> None:
    p = problem(made, 9, seed)
    with np.errstate(all="ignore"):
        expected = held_steps(of("numpy", p), SGD(0.5), None)
        got = held_steps(of("cupy", p), SGD(0.5), None)
    assume(all(np.isfinite(each).all() for each in expected.values()))  # what diverges does so in many ways
    assert_close(got, expected, made.dtype)


def test_weights_off_the_masks_are_left_alone_where_only_the_others_live(device: Any) -> None:
    p = problem(table())
    got = held_steps(of("cupy", p), Adam(), 0.1 * p.made.layout.weights(), only_live=True)["theta"]
    expected = held_steps(of("numpy", p), Adam(), 0.1 * p.made.layout.weights())["theta"]
    assert_close({"live": got[p.live]}, {"live": expected[p.live]}, p.made.dtype)
    np.testing.assert_array_equal(got[~p.live], p.theta[~p.live])


@pytest.mark.parametrize("residual", [False, True])
def test_products_in_panels(residual: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "FULL", 1)
    made = MADE(70, (150, 150), order="random", seed=3, dtype="float64", direct=True, residual=residual)
    p = problem(made, 5)
    assert any(len(one.row_panels) > 2 for one in replace(made, backend="cupy").bound[0].wiring.products)
    assert_close(scores("cupy", p), scores("numpy", p), made.dtype)
    assert_close(gradient("cupy", p), gradient("numpy", p), made.dtype)


@settings(max_examples=40)
@given(any_model, N_ROWS, seeds)
def test_samples(made: MADE, n: int, seed: int) -> None:
    p = problem(made, n, seed)
    given_half = np.where(np.indices(p.x.shape).sum(axis=0) % 2, p.x, np.nan).astype(made.dtype)
    np.testing.assert_allclose(
        sample("cupy", p, given_half),
        sample("numpy", p, given_half),
        rtol=1e-3,
        atol=1e-3 if made.dtype == "float32" else 1e-6,
    )


@pytest.mark.gpu
@pytest.mark.parametrize(
    "made",
    [
        MADE(90, (30,)),
        MADE(300, (400, 400), order="random", degrees="random"),
        MADE(40, (100, 80, 60), "gaussian", activation="tanh"),
        MADE(30, (64, 64), Categorical(17)),
        MADE(50, (200, 200), "gaussian", residual=True, n_context=3),
    ],
    ids=lambda made: f"{made.n_features}-{made.hidden}",
)
def test_samples_of_wide_networks(made: MADE, device: Any) -> None:
    """Copies that run ahead, and many blocks at once, are what no processor can play."""
    if isinstance(device, Emulated):
        pytest.skip("takes long where the processor plays the GPU")
    for n in (3, 300, 5000):
        p = problem(replace(made, dtype="float64"), n)
        np.testing.assert_allclose(sample("cupy", p), sample("numpy", p), rtol=1e-6, atol=1e-6)


FITS: dict[str, dict[str, Any]] = {
    "plain": {},
    "average": {"averaging": 0.99},
    "dropout": {"dropout": 0.3, "input_dropout": 0.2},
    "decay": {"weight_decay": 0.01, "optimizer": "adamw"},
}


@pytest.mark.parametrize("n_masks", [1, 3, None])
@pytest.mark.parametrize("how", FITS)
@pytest.mark.parametrize("free", [1 << 30, 0], ids=["resident", "streamed"])
def test_a_fit_follows_the_path_of_numpy(
    how: str, n_masks: int | None, free: int, device: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "free_bytes", lambda: free)
    monkeypatch.setattr(device_memory, "AT_ONCE", 700)
    made = MADE(5, (12,), n_masks=n_masks, order="random", seed=2, dtype="float64", n_context=2)
    rng = np.random.default_rng(0)
    x = random_rows(made, 53, rng)
    context = rng.standard_normal((53, 2))
    weights = rng.random(53)
    results = [
        fit(
            replace(made, backend=backend), x, context=context, valid=x[:9], valid_context=context[:9], max_epochs=3,
            batch_size=10, rng=1, sample_weight=weights, learning_rate=0.01, **FITS[how],
        )
        for backend in ("cupy", "numpy")
    ]  # fmt: skip
    np.testing.assert_allclose(results[0].theta, results[1].theta, rtol=1e-9, atol=1e-9)
    for name in ("train", "valid"):
        np.testing.assert_allclose(results[0].history[name], results[1].history[name], rtol=1e-9)


def test_a_model_with_paths_learns_alike() -> None:
    made = MADE(5, (12,), n_masks=None, dtype="float64", gap_inputs=True)
    x = random_rows(made, 40, np.random.default_rng(0))
    one, other = (fit(replace(made, backend=each), x, max_epochs=3, rng=1, batch_size=7) for each in ("cupy", "numpy"))
    np.testing.assert_allclose(one.theta, other.theta, rtol=1e-9, atol=1e-9)


def test_a_rule_of_ones_own_is_applied_here() -> None:
    class Squashed(SGD):
        def _update(self, theta: Array, g: Array, state: Any, learning_rate: float, t: int) -> None:
            theta -= learning_rate * g / (1 + np.abs(g))

    made = MADE(4, (6,), dtype="float64")
    x = random_rows(made, 40, np.random.default_rng(0))
    one, other = (
        fit(replace(made, backend=each), x, max_epochs=2, rng=1, optimizer=Squashed()) for each in ("cupy", "numpy")
    )
    np.testing.assert_allclose(one.theta, other.theta, rtol=1e-9, atol=1e-9)
