"""The numba backend computes what the NumPy backend does: any network, any number of rows, whatever lies around."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from installed import each_backend
from strategies import DISCRETE, EVERY, models, n_values, random_rows, seeds

from made_np.distributions.distribution import Distribution
from made_np.distributions.mixtures import MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import Bernoulli, Categorical, Gaussian
from made_np.layers import ACTIVATIONS
from made_np.model.made import MADE
from made_np.optim import SGD, AdaDelta, AdaGrad, Adam, AdamW, Optimizer

from .problems import (
    Array,
    Problem,
    assert_close,
    assert_same,
    everything,
    gradient,
    problem,
    sample,
    scores,
    steps,
    table,
)

numba = pytest.importorskip("numba")
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning" if numba.config.DISABLE_JIT else "error")

# As plain Python the kernels are a thousand times slower.
FEW = bool(numba.config.DISABLE_JIT)
LARGEST = {"max_features": 4, "max_width": 7} if FEW else {"max_features": 40, "max_width": 70}
N_ROWS = st.sampled_from([0, 1, 3, 9, 17] if FEW else [0, 1, 2, 7, 8, 9, 16, 17, 33, 300])
DTYPES = st.sampled_from(["float64", "float64", "float32"])
RATES = st.sampled_from([0.0, 0.4])
any_model = DTYPES.flatmap(lambda dtype: models(dtype=dtype, **LARGEST))
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


def examples(n: int) -> Any:
    """So many examples, fewer for plain Python."""
    return settings(max_examples=n // 5 if FEW else n)


# ------------------------------------------------------------------------------------ scores and gradients


@examples(60)
@given(any_model, N_ROWS, seeds)
def test_scores(made: MADE, n: int, seed: int) -> None:
    p = problem(made, n, seed, rate=0.3 if seed % 2 else 0, input_rate=0.2 if seed % 3 else 0)
    assert_close(scores("numba", p), scores("numpy", p), made.dtype)


@examples(60)
@given(any_model, N_ROWS, seeds, RATES, RATES, st.booleans())
def test_gradients(made: MADE, n: int, seed: int, rate: float, input_rate: float, weighted: bool) -> None:
    p = problem(made, n, seed, rate=rate, input_rate=input_rate, weighted=weighted)
    got = gradient("numba", p)
    assert_close(got, gradient("numpy", p), made.dtype)
    assert not got["grad"][~p.live].any()


@pytest.mark.parametrize("direct_limit", [None, 4])
def test_a_network_of_own_distributions_is_computed_by_kernels(direct_limit: int | None) -> None:
    p = problem(table(n_context=2, direct=True, direct_limit=direct_limit, gap_inputs=True))
    assert type(p.bound("numba")).__module__ == "made_np.backends._numba.network"


@pytest.mark.skipif(FEW, reason="takes too long in plain Python")
@every_dtype
def test_scores_of_more_rows_than_are_scored_together_with_dropout(dtype: str) -> None:
    for rates in ({"rate": 0.3}, {"input_rate": 0.3}, {"rate": 0.3, "input_rate": 0.3}):
        p = problem(table(dtype=dtype, n_context=1), 300, **rates)
        assert_close(scores("numba", p), scores("numpy", p), dtype)


# Each is more than one block of whatever the kernels cut into blocks: columns and rows of a W, rows, places.
LARGE: dict[str, dict[str, Any]] = {
    "wide": {"output": Categorical(9), "hidden": (530, 270), "n_features": 60},
    "deep": {"output": "gaussian", "hidden": (90,) * 4, "residual": True, "n_features": 70, "activation": "softplus"},
    "direct": {"output": "bernoulli", "hidden": (), "n_features": 610, "direct": True},
    "mask weights": {"output": "bernoulli", "hidden": (270, 90), "n_features": 60, "mask_weights": True},
    "wires of narrow features alone": {
        **{"output": [Categorical(9), "bernoulli", "gaussian"] * 20, "n_features": 60, "hidden": (90,), "n_context": 3},
        **{"direct": True, "direct_limit": 4, "gap_inputs": True},
    },
}


@pytest.mark.skipif(FEW, reason="takes too long in plain Python")
@every_dtype
@pytest.mark.parametrize("order", ["natural", "random"])
@pytest.mark.parametrize("name", LARGE)
def test_more_than_a_block_of_everything(name: str, order: str, dtype: str) -> None:
    p = problem(MADE(**LARGE[name], order=order, dtype=dtype), 70)
    p = p.with_theta(p.theta / 8)  # hundreds of wires add up
    assert_close(scores("numba", p), scores("numpy", p), dtype)
    assert_close(gradient("numba", p), gradient("numpy", p), dtype)
    rule, rate = rules(p)["momentum"]
    assert_close(*(steps(backend, p, rule, rate=rate) for backend in ("numba", "numpy")), dtype)
    if dtype == "float64":
        np.testing.assert_allclose(sample("numba", p), sample("numpy", p), rtol=1e-9, atol=1e-9)


@every_dtype
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation(name: str, dtype: str) -> None:
    """Slopes are computed from y or from z, which lie where dropout and skips have not been, or elsewhere."""
    plain: dict[str, Any] = {"hidden": (20,), "order": "natural"}
    for arguments, rate in ((plain, 0), ({"residual": True, "n_context": 1}, 0), ({"residual": True}, 0.3)):
        p = problem(table(activation=name, dtype=dtype, **arguments), 21, rate=rate)
        assert_close(scores("numba", p) | gradient("numba", p), scores("numpy", p) | gradient("numpy", p), dtype)
        if dtype == "float64":
            np.testing.assert_allclose(sample("numba", p), sample("numpy", p), rtol=1e-9, atol=1e-9)


class Odd(Bernoulli):
    """A distribution that no kernel knows."""


def test_a_distribution_of_ones_own_is_left_to_numpy() -> None:
    p = problem(MADE(3, (5,), [Odd(), "gaussian", Odd()], dtype="float64"), 5)
    assert_same(everything("numba", p, SGD()), everything("numpy", p, SGD()))


# -------------------------------------------------------------------------------------------------- steps


def rules(p: Problem) -> dict[str, tuple[Optimizer, float]]:
    """Every rule and a learning rate, with constants at which a gradient that is all rounding moves nothing."""
    largest = float(np.abs(gradient("numpy", p)["grad"]).max()) + 1e-3
    small = 1e-3 * largest
    return {
        "plain": (SGD(), 0.1 / largest),
        "momentum": (SGD(0.9), 0.1 / largest),
        "nesterov": (SGD(0.9, nesterov=True), 0.1 / largest),
        "adam": (Adam(0.8, 0.9, small), 0.1),
        "adamw": (AdamW(0.8, 0.9, small), 0.1),
        "adagrad": (AdaGrad(small**2), 0.1),
        "adadelta": (AdaDelta(0.9, small**2), 0.1 / largest),
    }


RULES = ("plain", "momentum", "nesterov", "adam", "adamw", "adagrad", "adadelta")


@examples(80)
@given(
    models(**LARGEST),
    st.sampled_from([0, 1, 5, 40]),
    seeds,
    st.sampled_from(RULES),
    st.booleans(),
    st.booleans(),
    RATES,
    RATES,
)
def test_steps(
    made: MADE, n: int, seed: int, name: str, decaying: bool, only_live: bool, rate_of_units: float, input_rate: float
) -> None:
    p = problem(made, n, seed, rate=rate_of_units, input_rate=input_rate)
    rule, rate = rules(p)[name]
    decay = 0.1 * made.weight_mask if decaying else None
    got, want = (steps(ops, p, rule, decay, rate=rate, only_live=only_live) for ops in ("numba", "numpy"))
    if only_live:  # the rest may be left as it is
        got, want = ({k: v[p.live] if v.shape == p.theta.shape else v for k, v in r.items()} for r in (got, want))
    assert_close(got, want, made.dtype)


@every_dtype
@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("order", ["natural", "reverse"])
@pytest.mark.parametrize("only_live", [True, False])
@pytest.mark.parametrize("decaying", [True, False])
def test_every_rule_makes_its_steps(name: str, dtype: str, order: str, only_live: bool, decaying: bool) -> None:
    p = problem(MADE(6, (9, 9), order=order, dtype=dtype, activation="tanh"), 12)
    rule, rate = rules(p)[name]
    decay = (0.1 * p.made.weight_mask).astype(dtype) if decaying else None
    got, want = (steps(ops, p, rule, decay, rate=rate, only_live=only_live) for ops in ("numba", "numpy"))
    for k in want:
        if want[k].shape == p.theta.shape:
            assert_close({k: got[k][p.live]}, {k: want[k][p.live]}, dtype)
    assert got["step"] == want["step"] == 3
    moved = got["theta"] != p.theta
    assert moved[p.live].all()
    assert only_live or (moved[~p.live] == decaying).all()


class Halved(SGD):
    """A rule that no kernel knows."""

    def _update(self, theta: Array, g: Array, state: Any, learning_rate: float, t: int) -> None:
        theta -= learning_rate * g / 2


def test_a_rule_of_ones_own_makes_its_steps() -> None:
    p = problem(table())
    want = steps("numpy", p, Halved())
    for only_live in (True, False):
        assert_close(steps("numba", p, Halved(), only_live=only_live), want, "float64")
    assert (want["theta"] != steps("numpy", p, SGD())["theta"]).any()


# ------------------------------------------------------------------------------------------------- samples


def with_gaps(p: Problem, share: float, seed: int) -> Array | None:
    """Rows of which that share is to be filled; None for all of it."""
    rng = np.random.default_rng(seed)
    return None if share == 1 else np.where(rng.random(p.x.shape) < share, np.nan, p.x).astype(p.made.dtype)


@examples(60)
@given(models(**LARGEST), N_ROWS, seeds, st.sampled_from([0.0, 0.1, 0.5, 1.0]))
def test_samples(made: MADE, n: int, seed: int, share: float) -> None:
    p = problem(made, n, seed)
    given = with_gaps(p, share, seed)
    got, want = sample("numba", p, given), sample("numpy", p, given)
    assert (got.shape, got.dtype) == (want.shape, want.dtype)
    for d, output in enumerate(made.outputs.feature_outputs):
        if isinstance(output, Gaussian) or "Mixture" in type(output).__name__:
            np.testing.assert_allclose(got[:, d], want[:, d], rtol=1e-8, atol=1e-8)
        else:
            np.testing.assert_array_equal(got[:, d], want[:, d])
    if given is not None:
        known = ~np.isnan(given)
        np.testing.assert_array_equal(got[known], given[known])


@pytest.mark.parametrize("output", [MixtureOfGaussians(10), MixtureOfLogistics(3), MixtureOfGaussians(4, reserve=0.01)])
def test_a_draw_that_looks_at_few_places_has_the_bits_of_a_bisection_that_looks_at_all(output: Distribution) -> None:
    """In float32, where what rounding makes of a mass decides no bit: components narrow, wide, far out, far apart."""
    rng = np.random.default_rng(0)
    d = 20 if FEW else 200
    made = MADE(d, (), output, direct=False, dtype="float32")
    raw = rng.normal(size=(d, output.n_raw)) * 10 ** rng.uniform(-1, 2, (d, 1))
    u = np.concatenate([rng.random((4, d)), 10 ** rng.uniform(-12, 0, (1, d)), 1 - 10 ** rng.uniform(-12, 0, (1, d))])
    p = replace(problem(made, 1), theta=raw.astype("float32").ravel(), uniforms=u, x=np.zeros(u.shape, "float32"))
    np.testing.assert_array_equal(sample("numba", p), sample("numpy", p))


@pytest.mark.parametrize("output", DISCRETE, ids=str)
def test_draws_next_to_every_jump(output: Distribution) -> None:
    p = problem(MADE(6, (), output, direct=False, dtype="float64"))  # biases alone: all rows have the same jumps
    levels = np.arange(n_values(output) or 0.0)
    mass = np.exp(-scores("numpy", replace(p, x=np.tile(levels[:, None], 6)))["nll"])  # (levels, D)
    jumps = np.cumsum(mass[:-1], axis=0) if output != Bernoulli() else mass[1:]
    u = np.concatenate([jumps - 1e-9, jumps + 1e-9, np.zeros((1, 6)), np.full((1, 6), 1 - 2.0**-53)])
    q = replace(p, x=np.zeros(u.shape), uniforms=u)
    got = sample("numba", q)
    np.testing.assert_array_equal(got, sample("numpy", q))
    steps_up = got[len(jumps) : 2 * len(jumps)] - got[: len(jumps)]
    np.testing.assert_array_equal(np.abs(steps_up), 1, err_msg="each is a jump")


@pytest.mark.parametrize("output", [output for output in EVERY if output not in DISCRETE], ids=str)
@every_dtype
def test_draws_far_out_in_the_tails(output: Distribution, dtype: str) -> None:
    p = problem(MADE(3, (), output, direct=False, dtype=dtype))
    tails = np.concatenate([[0, 1e-300, 1e-17], np.logspace(-16, -1, 40), [0.3, 0.425, 0.5]])
    u = np.concatenate([tails, 1 - tails[2:], [1 - 2.0**-53]])
    q = replace(p, x=np.zeros((len(u), 3), dtype), uniforms=np.minimum(np.tile(u[:, None], 3), 1 - 2.0**-53))
    got, want = sample("numba", q), sample("numpy", q)
    assert np.isfinite(got).all()
    np.testing.assert_allclose(got, want, rtol=1e-12 if dtype == "float64" else 1e-6, atol=1e-12)


@examples(40)
@given(models(dtype="float32", **LARGEST), N_ROWS, seeds, st.sampled_from([0.5, 1.0]))
def test_single_precision_samples_are_drawn_by_their_uniforms(made: MADE, n: int, seed: int, share: float) -> None:
    """Rounding may move a draw over a jump, and with it all that follow: so each value is held against its own row."""
    p = problem(made, n, seed)
    x = sample("numba", p, with_gaps(p, share, seed))
    assert x.dtype == np.float32
    double = replace(made, dtype="float64")
    y = None if p.context is None else p.context.astype("float64")
    raw = double.bound[0].raw_outputs(p.theta.astype("float64"), x.astype("float64"), y)
    drawn = np.isnan(with_gaps(p, share, seed)) if share < 1 else np.ones(x.shape, bool)
    for d, (output, own) in enumerate(zip(made.outputs.feature_outputs, made.output_slices, strict=True)):
        u = np.clip(p.uniforms[:, d] + 1e-3 * np.array([[-1], [1]]), 0, 1 - 1e-9)
        ends = np.sort([output.inverse_cdf(raw[:, own], each) for each in u], axis=0)
        slack = 1e-4 * (1 + np.abs(x[:, d]))
        within = (ends[0] - slack <= x[:, d]) & (x[:, d] <= ends[1] + slack)
        assert within[drawn[:, d]].all()


# --------------------------------------------------------------------------------- what must make no difference

GARBAGE = [np.nan, np.inf, -np.inf, 1e30]


@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("order", ["natural", "reverse"])
@pytest.mark.parametrize("hidden", [(), (11,), (30, 30, 30)])
@pytest.mark.parametrize("n", [2, 11])
def test_what_stands_off_the_mask(n: int, hidden: tuple[int, ...], order: str, garbage: float) -> None:
    made = table(hidden, order=order, direct=True, residual=len(hidden) > 1, n_context=2)
    p = problem(made, n, rate=0.2 if hidden else 0)
    clean = p.with_theta(np.where(p.live, p.theta, 0))
    dirty = p.with_theta(np.where(p.live, p.theta, garbage))
    assert (~p.live).any()
    assert_same(everything("numba", dirty, Adam()), everything("numba", clean, Adam()))
    grad = gradient("numba", dirty)["grad"]
    assert (grad[~p.live] == 0).all()
    live = {only: steps("numba", dirty, SGD(), only_live=only)["theta"][p.live] for only in (True, False)}
    assert_close({"theta": live[True]}, {"theta": live[False]}, "float64")


@every_dtype
@pytest.mark.parametrize("n", [1, 3, 8, 13, 21])
def test_what_an_earlier_call_left_in_memory(n: int, dtype: str) -> None:
    """Rows fill panels to the brim or not: the lanes of no row must not be heard of."""
    made = table((20, 20), residual=True, n_context=1, dtype=dtype)
    p = problem(made, n, rate=0.3)
    want = everything("numpy", p, SGD())
    everything("numba", p.with_theta(np.full_like(p.theta, np.nan)), SGD())
    assert_close(without_draws(everything("numba", p, SGD())), without_draws(want), dtype)


def without_draws(results: dict[str, Array]) -> dict[str, Array]:
    """All but the samples, of which rounding to single precision may change one."""
    return {name: value for name, value in results.items() if name not in ("sample", "filled")}


@pytest.mark.parametrize("output", EVERY, ids=str)
@every_dtype
def test_every_output_alone_and_far_out(output: Any, dtype: str) -> None:
    """Raw outputs of hundreds: nothing overflows, and what is tiny is as accurate as NumPy has it."""
    made = MADE(5, (7,), output, order="random", dtype=dtype)
    p = problem(made, 19)
    rng = np.random.default_rng(0)
    made.layout.views(p.theta)[made.network.output_bias][:] = 40 * rng.standard_normal(made.outputs.n_raw)
    p = replace(p, x=random_rows(made, 19, rng))
    got = scores("numba", p) | gradient("numba", p)
    assert all(np.isfinite(value).all() for value in got.values())
    assert_close(got, scores("numpy", p) | gradient("numpy", p), dtype)


@pytest.mark.parametrize("output", EVERY, ids=str)
@every_dtype
@pytest.mark.parametrize("hidden", [(), (7,)])
def test_parameters_that_are_no_numbers_are_never_hidden(hidden: tuple[int, ...], output: Any, dtype: str) -> None:
    """A run that has diverged must look like one."""
    made = MADE(5, hidden, output, dtype=dtype)
    p = problem(made, 9)
    p = p.with_theta(np.full_like(p.theta, np.nan))
    got = scores("numba", p) | gradient("numba", p)
    assert all(np.isnan(got[name]).all() for name in ("raw", "nll", "row_nll", "loss"))
    assert np.isnan(made.layout.views(got["grad"])[made.network.output_bias]).all()


@each_backend
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_draw_is_a_negative_zero(backend: str, dtype: str) -> None:
    made = MADE(20, (30,), backend=backend, dtype=dtype)
    x = made.sample(made.init(0), 40, rng=0)
    assert set(np.unique(x)) == {0, 1}
    assert not np.signbit(x).any()
