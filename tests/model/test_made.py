"""What a model promises to its callers: its values, and that it is pure. `test_bad_input.py` has what it refuses."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from strategies import DISCRETE, models, n_values, random_context, random_rows, random_theta, seeds

from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.plain import Categorical
from made_np.model.made import MADE
from made_np.testing import check_autoregressive, check_close, check_consistency, check_normalised

Array = NDArray[Any]

MIXED = ["gaussian", Categorical(3), "bernoulli", DiscretizedLogistic(4, 2)]


def problem(made: MADE, B: int = 5, seed: int = 0) -> tuple[Array, Array, Array | None]:
    rng = np.random.default_rng(seed)
    return random_theta(made, rng), random_rows(made, B, rng), random_context(made, B, rng)


def support(made: MADE) -> list[Any]:
    return [range(n_values(output) or 0) for output in made.outputs.feature_outputs]


# ------------------------------------------------------------------------------------------------ values


@settings(max_examples=50)
@given(models(n_masks=3), seeds)
def test_log_prob_is_that_of_plain_python_for_each_set_and_the_mixture(made: MADE, seed: int) -> None:
    theta, x, context = problem(made, 2, seed)
    own = [None, None] if context is None else context.tolist()
    rows = list(zip(x.tolist(), own, strict=True))
    for k, one in enumerate(made.mask_sets):
        want = np.array([naive.log_probs(made, theta, row, one, y) for row, y in rows])
        got = made.feature_log_prob(theta, x, context=context, mask_set=k)
        plain = want > -600  # beyond, plain Python's exponentials have run out
        np.testing.assert_allclose(got[plain], want[plain], rtol=1e-9, atol=1e-9)
        total = made.log_prob(theta, x, context=context, mask_set=k)
        np.testing.assert_allclose(total, got.sum(axis=1), rtol=1e-12)
        loss, _ = made.loss_and_grad(theta, x, context=context, mask_set=k)
        assert loss == pytest.approx(-total.mean(), rel=1e-12)
    p = [naive.mixture(made, theta, row, list(made.mask_sets), y) for row, y in rows]
    mixture = made.log_prob(theta, x, context=context)
    np.testing.assert_allclose(np.exp(mixture), p, rtol=1e-8, atol=1e-250)
    loss, _ = made.loss_and_grad(theta, x, context=context, mask_set=None)
    assert loss == pytest.approx(-mixture.mean(), rel=1e-9)


@settings(max_examples=30)
@given(models(outputs=DISCRETE, n_masks=3), seeds)
def test_probabilities_of_all_rows_sum_to_one(made: MADE, seed: int) -> None:
    theta, _, context = problem(made, 1, seed)
    for k in (0, 1, 2, None):

        def log_prob(x: Array, k: int | None = k) -> Array:
            y = None if context is None else np.repeat(context, len(x), axis=0)
            return made.log_prob(theta, x, context=y, mask_set=k)

        check_normalised(log_prob, made.n_features, support=support(made)).raise_if_failed()


@pytest.mark.parametrize("n_features", [1, 7, 10])
@pytest.mark.parametrize("hidden", [(), (30,), (12, 12)])
def test_probabilities_of_all_bit_patterns_sum_to_one(n_features: int, hidden: tuple[int, ...]) -> None:
    made = MADE(n_features, hidden, order="random", n_masks=4, dtype="float64")
    theta, _, _ = problem(made)
    for k in (0, 3, None):
        check_normalised(lambda x, k=k: made.log_prob(theta, x, mask_set=k), n_features).raise_if_failed()


@settings(max_examples=40)
@given(models(), seeds)
def test_no_output_changes_by_a_bit_with_what_it_must_not_see(made: MADE, seed: int) -> None:
    theta, _, context = problem(made, 1, seed)
    one = made.mask_sets[0]

    def params(x: Array) -> Array:
        # What a value may be is not the question here: the network is asked directly.
        y = None if context is None else np.repeat(context, len(x), axis=0)
        return made.bound[0].raw_outputs(theta, x, y)

    check_autoregressive(
        params,
        made.n_features,
        order=one.order,
        n_params=[output.n_raw for output in made.outputs.feature_outputs],
        support=[range(n_values(output) or 5) for output in made.outputs.feature_outputs],
        lost="ignore",
        rng=seed,
    ).raise_if_failed()


@pytest.mark.parametrize("n_masks", [2, None])
def test_an_order_of_ones_own_is_one_more_mask_set(n_masks: int | None) -> None:
    made = MADE(4, (9,), MIXED, order="random", n_masks=n_masks, dtype="float64")
    theta, x, _ = problem(made)
    order = [3, 1, 0, 2]
    one = made.mask_sets.for_order(np.array(order))
    want = [naive.log_probs(made, theta, row, one) for row in x.tolist()]
    for given_order in (order, tuple(order), np.array(order)):
        np.testing.assert_allclose(made.feature_log_prob(theta, x, mask_set=given_order), want, rtol=1e-9)
    first = made.mask_sets[0].order
    np.testing.assert_array_equal(made.raw_outputs(theta, x, mask_set=first), made.raw_outputs(theta, x, mask_set=0))


def test_an_endless_model_is_the_mixture_of_its_first_32_sets() -> None:
    made = MADE(4, (6,), order="random", degrees="random", n_masks=None, dtype="float64")
    theta, x, _ = problem(made, 3)
    each = [made.log_prob(theta, x, mask_set=k) for k in range(32)]
    np.testing.assert_allclose(made.log_prob(theta, x), np.logaddexp.reduce(each) - np.log(32), rtol=1e-12)
    finite = MADE(4, (6,), order="random", degrees="random", n_masks=32, dtype="float64")
    np.testing.assert_array_equal(made.log_prob(theta, x), finite.log_prob(theta, x))
    np.testing.assert_array_equal(
        made.loss_and_grad(theta, x, mask_set=None)[1], finite.loss_and_grad(theta, x, mask_set=None)[1]
    )
    assert np.isfinite(made.log_prob(theta, x, mask_set=10**9)).all()


def test_the_mixture_does_not_underflow() -> None:
    made = MADE(2000, (4,), order="random", n_masks=2)
    theta = np.full(made.n_params, 1.0, dtype=np.float32)
    log_prob = made.log_prob(theta, np.zeros((2, 2000)))
    assert np.isfinite(log_prob).all()
    assert (log_prob < -2000).all()  # e^-2000 is 0 in any floating point
    assert np.isfinite(made.loss_and_grad(theta, np.zeros((2, 2000)), mask_set=None)[1]).all()


@settings(max_examples=30)
@given(models(dtype="float32"), seeds)
def test_single_precision_agrees_with_double(made: MADE, seed: int) -> None:
    double = MADE.from_config({**made.config(), "dtype": "float64"})
    theta, x, context = problem(made, 4, seed)
    wide = None if context is None else context.astype("f8")
    for name in ("raw_outputs", "log_prob", "feature_log_prob"):
        got = getattr(made, name)(theta, x, context=context)
        assert got.dtype == np.float32
        want = getattr(double, name)(theta.astype("f8"), x.astype("f8"), context=wide)
        check_close(got, want, rtol=1e-3, atol=1e-3).raise_if_failed()


# ------------------------------------------------------------------------------------- weights off the mask

CALLS: dict[str, Callable[[MADE, Array, Array], Any]] = {
    "raw_outputs": lambda made, theta, x: made.raw_outputs(theta, x),
    "log_prob": lambda made, theta, x: made.log_prob(theta, x),
    "feature_log_prob": lambda made, theta, x: made.feature_log_prob(theta, x),
    "loss": lambda made, theta, x: made.loss_and_grad(theta, x)[0],
    "gradient": lambda made, theta, x: made.loss_and_grad(theta, x)[1],
    "sample": lambda made, theta, x: made.sample(theta, 6, rng=0),
    "clamp": lambda made, theta, x: made.sample(theta, 5, rng=0, given=x, conditioning="clamp"),
    "fill_means": lambda made, theta, x: made.fill_means(theta, np.full((1, made.n_features), np.nan)),
}
every_call = pytest.mark.parametrize("call", CALLS)


@every_call
@pytest.mark.parametrize("garbage", [np.nan, np.inf, 1e30])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_what_stands_off_the_mask_is_never_noticed(call: str, garbage: float, depth: int) -> None:
    made = MADE(4, (6,) * depth, MIXED, order=[2, 0, 3, 1], direct=True, residual=depth > 1, dtype="float64")
    theta, x, _ = problem(made)
    off = ~naive.live(made, made.mask_sets[0])
    assert off.any()
    want = CALLS[call](made, np.where(off, 0, theta), x)
    np.testing.assert_array_equal(CALLS[call](made, np.where(off, garbage, theta), x), want)
    if call == "gradient":
        assert (want[off] == 0).all()
        assert (want[~off] != 0).any()


# ------------------------------------------------------------------------------------------------ purity


@every_call
def test_nothing_that_is_passed_in_is_written_to_and_no_global_state_is_touched(call: str) -> None:
    made = MADE(4, (6, 6), MIXED, residual=True, dtype="float64")
    theta, x, _ = problem(made)
    kept = theta.copy(), x.copy()
    for array in (theta, x):
        array.flags.writeable = False
    np.random.seed(0)  # noqa: NPY002
    state, python = pickle.dumps(np.random.get_state()), random.getstate()  # noqa: NPY002
    first = CALLS[call](made, theta, x)
    np.testing.assert_array_equal(CALLS[call](made, theta, x), first)
    assert pickle.dumps(np.random.get_state()) == state  # noqa: NPY002
    assert random.getstate() == python
    np.testing.assert_array_equal(theta, kept[0])
    np.testing.assert_array_equal(x, kept[1])


@pytest.mark.parametrize("mask_set", [0, None])
def test_the_gradient_is_overwritten_not_added_to(mask_set: Any) -> None:
    made = MADE(4, (6, 6), MIXED, order="random", n_masks=2, dtype="float64")
    theta, x, _ = problem(made)
    loss, want = made.loss_and_grad(theta, x, mask_set=mask_set)
    grad = np.full(made.n_params, np.nan)
    for _ in range(2):
        again, returned = made.loss_and_grad(theta, x, mask_set=mask_set, grad=grad)
        assert returned is grad
        assert again == loss
        np.testing.assert_array_equal(grad, want)
    assert want is not made.loss_and_grad(theta, x, mask_set=mask_set)[1]


def test_results_are_the_callers_own() -> None:
    made = MADE(3, (5,), "gaussian", dtype="float64")
    theta, x, _ = problem(made)
    for name in ("raw_outputs", "log_prob", "feature_log_prob"):
        got = getattr(made, name)(theta, x)
        assert not np.shares_memory(got, theta)
        assert not np.shares_memory(got, x)
        got[...] = np.nan
    assert np.isfinite(made.log_prob(theta, x)).all()
    filled = made.fill_means(theta, x)
    assert not np.shares_memory(filled, x)


@pytest.mark.parametrize("n_masks", [1, None])
def test_several_threads_may_share_a_model(n_masks: int | None) -> None:
    def build() -> MADE:
        return MADE(6, (20, 20), order="random", degrees="random", n_masks=n_masks, dtype="float64")

    def work(made: MADE, k: int) -> tuple[Array, Array]:
        one = k if n_masks is None else 0
        return made.loss_and_grad(theta, x, mask_set=one)[1], made.sample(theta, 5, rng=k, mask_set=one)

    theta, x, _ = problem(build(), 20)
    want = [work(build(), k) for k in range(24)]
    shared = build()  # nothing is computed yet: the threads meet in the making of masks too
    with ThreadPoolExecutor(8) as pool:
        for k, got in enumerate(pool.map(lambda k: work(shared, k), range(24))):
            np.testing.assert_array_equal(got[0], want[k][0])
            np.testing.assert_array_equal(got[1], want[k][1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_are_independent_and_any_memory_layout_will_do(dtype: str) -> None:
    made = MADE(3, (8, 8), "gaussian", residual=True, dtype=dtype)
    theta, _, _ = problem(made)
    for fn in (made.raw_outputs, made.log_prob):
        check_consistency(lambda x, fn=fn: fn(theta, x), 3).raise_if_failed()


@pytest.mark.parametrize("kind", ["bool", "int8", "uint64", ">i4", "float16", "float32", ">f8", "object", "list"])
def test_numbers_of_any_kind_equal_the_plain_ones(kind: str, tmp_path: Path) -> None:
    made = MADE(5, (7,))
    theta, x, _ = problem(made)
    other = x.tolist() if kind == "list" else x.astype(kind)
    np.testing.assert_array_equal(made.log_prob(theta, other), made.log_prob(theta, x))
    np.testing.assert_array_equal(made.loss_and_grad(theta, other)[1], made.loss_and_grad(theta, x)[1])
    if kind not in ("list", "object"):
        np.save(tmp_path / "x.npy", other)
        mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
        np.testing.assert_array_equal(made.log_prob(theta, mapped), made.log_prob(theta, x))
        np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), other)


def test_a_read_only_or_mapped_theta_will_do(tmp_path: Path) -> None:
    made = MADE(5, (7,))
    theta, x, _ = problem(made)
    np.save(tmp_path / "theta.npy", theta)
    mapped = np.load(tmp_path / "theta.npy", mmap_mode="r")
    np.testing.assert_array_equal(made.log_prob(mapped, x), made.log_prob(theta, x))
    np.testing.assert_array_equal(made.sample(mapped, 4, rng=0), made.sample(theta, 4, rng=0))


# ------------------------------------------------------------------------------------------ smallest models


@pytest.mark.parametrize("output", ["bernoulli", "gaussian", Categorical(3), DiscretizedLogistic(4)])
@pytest.mark.parametrize("hidden", [(), (3,), (3, 2)])
def test_a_single_feature_is_its_bias(output: Any, hidden: tuple[int, ...]) -> None:
    made = MADE(1, hidden, output, dtype="float64")
    theta, x, _ = problem(made)
    bias = made.layout.views(theta)[made.network.output_bias]
    raw = np.tile(bias, (5, 1))
    np.testing.assert_array_equal(made.raw_outputs(theta, x), raw)
    np.testing.assert_allclose(made.log_prob(theta, x), made.outputs.feature_outputs[0].log_prob(raw, x[:, 0]))
    assert made.sample(theta, 3, rng=0).shape == (3, 1)


@pytest.mark.parametrize("mask_set", [0, None])
def test_no_rows_are_fine(mask_set: Any) -> None:
    made = MADE(4, (6, 6), MIXED, order="random", n_masks=2, residual=True, n_context=2, direct=True)
    theta, x, context = problem(made, 0)
    loss, grad = made.loss_and_grad(theta, x, context=context, mask_set=mask_set)
    assert loss == 0
    assert not grad.any()
    assert made.log_prob(theta, x, context=context, mask_set=mask_set).shape == (0,)
    assert made.raw_outputs(theta, x, context=context).shape == (0, made.outputs.n_raw)
    assert made.feature_log_prob(theta, x, context=context).shape == (0, 4)
    assert made.fill_means(theta, x, context=context).shape == (0, 4)


def test_many_rows_are_scored_block_by_block_with_the_same_result() -> None:
    made = MADE(2, (2**19,), direct=False, n_context=1, dtype="float64")  # so wide that a block holds eight rows
    theta, x, context = problem(made, 19)
    assert context is not None
    each = [made.log_prob(theta, x[r : r + 1], context=context[r : r + 1]) for r in range(19)]
    np.testing.assert_allclose(made.log_prob(theta, x, context=context), np.concatenate(each), rtol=1e-9, atol=1e-12)


# ------------------------------------------------------------------------------------------------- init


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("hidden", [(), (9,), (7, 7)])
@pytest.mark.parametrize("scheme", ["normal", "orthogonal"])
def test_a_start_from_data_is_the_independent_model_of_its_columns(
    dtype: str, hidden: tuple[int, ...], scheme: str
) -> None:
    made = MADE(4, hidden, MIXED, dtype=dtype, direct=True, residual=len(hidden) > 1)
    _, x, _ = problem(made, 200)
    x[:, 2] = 1  # a constant column
    theta = made.init(rng=0, x=x, scheme=scheme)
    assert theta.dtype == dtype
    raw = made.outputs.marginal(x)
    np.testing.assert_allclose(made.raw_outputs(theta, x), np.tile(raw, (200, 1)), rtol=1e-6)
    views, free = made.layout.views(theta), made.layout.views(made.init(rng=0, scheme=scheme))
    for layer in range(len(hidden)):  # what learns from the first step on is random: not all units may be alike
        np.testing.assert_array_equal(views[f"W{layer}"], free[f"W{layer}"])
    loss, grad = made.loss_and_grad(theta, x)
    assert np.isfinite(loss)
    assert np.isfinite(grad).all()
    assert loss < made.loss_and_grad(made.init(rng=0), x)[0]


@pytest.mark.parametrize(("n_masks", "zero"), [(1, True), (2, False), (None, False)])
def test_weights_that_no_mask_set_uses_start_at_zero(n_masks: int | None, zero: bool) -> None:
    made = MADE(6, (9, 9), order="random", n_masks=n_masks)
    off = ~naive.live(made, made.mask_sets[0])
    theta = made.init(rng=0)
    assert (not theta[off].any()) is zero
    assert np.isfinite(theta).all()


def test_a_start_needs_rows_if_it_is_given_data() -> None:
    with pytest.raises(ValueError, match="x has no rows: init needs some"):
        MADE(2, (3,)).init(x=np.zeros((0, 2)))


class TestMixture:
    """`MADE.mixture`: a finite model over the same theta."""

    def test_is_the_mean_over_the_first_sets_of_an_endless_model(self) -> None:
        made = MADE(5, hidden=(7,), order="random", n_masks=None, dtype="float64", seed=3)
        theta = made.init(1)
        x = np.random.default_rng(0).integers(0, 2, size=(20, 5))
        each = [np.exp(made.log_prob(theta, x, mask_set=k)) for k in range(40)]
        np.testing.assert_allclose(np.exp(made.mixture(40).log_prob(theta, x)), np.mean(each, axis=0), rtol=1e-12)

    def test_of_one_set_is_that_set_and_keeps_everything_else(self) -> None:
        made = MADE(5, hidden=(7, 7), order="random", n_masks=4, residual=True, direct=True, seed=3, dtype="float64")
        one = made.mixture(1)
        theta, x = made.init(1), np.ones((3, 5))
        np.testing.assert_array_equal(one.log_prob(theta, x), made.log_prob(theta, x, mask_set=0))
        assert {**one.config(), "n_masks": 4} == made.config()

    def test_refuses_sets_that_do_not_exist(self) -> None:
        with pytest.raises(ValueError, match="n_masks"):
            MADE(5, hidden=(7,), order="random", n_masks=4).mixture(0)
        with pytest.raises(ValueError, match="all the same"):
            MADE(5, hidden=(7,)).mixture(2)
