"""What has gone wrong in published implementations of masked autoregressive networks, one test for each.

The letters are those of the project's list of pitfalls. V (arrays left on the wrong device) cannot occur in NumPy.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

import naive
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from strategies import random_rows, random_theta

from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.plain import Categorical, Gaussian
from made_np.layers import ACTIVATIONS, dropout_mask
from made_np.model.made import MADE
from made_np.testing import check_autoregressive, check_masks

Array = NDArray[Any]

MIXED = ["gaussian", Categorical(3), "bernoulli", DiscretizedLogistic(4, 2)]


def start(made: MADE, seed: int = 0, scale: float = 0.7) -> Array:
    return random_theta(made, np.random.default_rng(seed), scale)


def depends(made: MADE, theta: Array) -> Array:
    """(D, D): which raw outputs were seen to change, by a bit or more, when one feature was changed."""
    rng = np.random.default_rng(0)
    seen = np.zeros((made.n_features, made.n_features), dtype=bool)
    context = np.zeros((20, made.n_context), dtype=made.dtype) if made.n_context else None
    for j in range(made.n_features):
        x = random_rows(made, 20, rng)
        other = x.copy()
        other[:, j] = 1 - x[:, j]
        before, after = (made.bound[0].raw_outputs(theta, rows, context) for rows in (x, other))
        for i, own in enumerate(made.output_slices):
            seen[i, j] = (before[:, own] != after[:, own]).any()
    return seen


def total(made: MADE, theta: Array, mask_set: Any) -> float:
    rows = naive.all_rows([2] * made.n_features)
    return float(np.exp(made.log_prob(theta, rows, mask_set=mask_set)).sum())


def test_a_the_output_mask_is_strict() -> None:
    """A `>=` at the output, as in the hidden layers, lets every output but the last see its own input."""
    one = MADE(5, (20,)).mask_sets[0]
    assert not one.reachability().diagonal().any()
    assert not one.masks[-1][0].any()


@pytest.mark.parametrize("seed", range(20))
def test_b_output_degrees_are_those_of_the_own_input(seed: int) -> None:
    """Degrees drawn afresh for the outputs make cycles; orders that are their own inverse hide it."""
    made = MADE(5, (12, 12), order="random", degrees="random", seed=seed, dtype="float64")
    one = made.mask_sets[0]
    assert check_masks(one.masks, one.order).ok
    assert not np.linalg.matrix_power(one.reachability().astype(int), 5).any()  # no walk of five steps: no cycle
    theta, u = start(made), np.random.default_rng(seed).random((50, 5))
    x = made.sample(theta, 50, uniforms=u)
    np.testing.assert_array_equal(x, u < 1 / (1 + np.exp(-made.raw_outputs(theta, x))))


@pytest.mark.parametrize("degrees", ["spread", "random", [[1, 2, 1, 2, 2, 1], [2, 1, 1, 2, 1, 2]]])
def test_c_identity_skips_do_not_leak(degrees: Any) -> None:
    """Hidden layers as wide as the input and as the output invite a skip there, where unit numbers mean nothing."""
    made = MADE(3, (6, 6), Categorical(2), order=[1, 2, 0], degrees=degrees, residual=True, dtype="float64")
    assert made.network.n_inputs == made.outputs.n_raw == 6
    assert not (depends(made, start(made)) & ~naive.allowed([1, 2, 0])).any()
    one = made.mask_sets[0]
    assert one.skips[0] is None
    assert check_masks(one.masks, one.order, skips=one.skips, n_inputs=2, n_outputs=2, lost="note", dead="note").ok


@pytest.mark.parametrize("hidden", [(), (3,), (12,), (12, 12)])
@pytest.mark.parametrize("order", ["natural", [2, 0, 3, 1]])
def test_d_context_reaches_every_output_the_first_too(hidden: tuple[int, ...], order: Any) -> None:
    """Without hidden units of degree 0 (or wires past them) p(x_1 | context) is p(x_1)."""
    made = MADE(4, hidden, MIXED, order=order, n_context=2, activation="softplus", dtype="float64")
    theta, x = start(made), random_rows(made, 3, np.random.default_rng(0))
    before = made.raw_outputs(theta, x, context=np.zeros((3, 2)))
    for c in range(2):
        after = made.raw_outputs(theta, x, context=np.eye(2)[[c] * 3])
        assert (before != after).all()
    assert made.mask_sets[0].context_reachability().all()


@pytest.mark.parametrize(
    ("n_features", "hidden"), [(10, (20,)), (10, (20, 20, 20)), (10, (9, 15, 10, 30)), (111, (500,)), (180, (200, 200))]
)
def test_e_no_degree_is_missing(n_features: int, hidden: tuple[int, ...]) -> None:
    """A degree that no unit has deletes the wire between neighbours; uniform draws miss one more often than not."""
    for seed in range(20 if n_features < 50 else 3):
        made = MADE(n_features, hidden, order="random", degrees="random", direct=False, seed=seed)
        one = made.mask_sets[0]
        for layer in one.degrees:
            assert set(layer.tolist()) == set(range(1, n_features))
        np.testing.assert_array_equal(one.reachability(), naive.allowed(one.order.tolist()))


@pytest.mark.parametrize("width", [1, 3, 5])
def test_f_a_layer_too_narrow_for_all_degrees_loses_nothing_unsaid(width: int) -> None:
    """Fewer units than degrees: direct wires carry the rest, and without them reachability says what is lost."""
    made = MADE(9, (width,))
    assert made.direct
    np.testing.assert_array_equal(made.mask_sets[0].reachability(), naive.allowed(range(9)))
    bare = MADE(9, (width,), direct=False)
    lost = naive.allowed(range(9)) & ~bare.mask_sets[0].reachability()
    assert lost.any()
    assert not (depends(bare, start(bare)) & lost).any()


@pytest.mark.parametrize("hidden", [(), (4,), (4, 4)])
@pytest.mark.parametrize("degrees", ["spread", "random"])
def test_g_one_feature_is_a_learned_bias(hidden: tuple[int, ...], degrees: str) -> None:
    """Drawing degrees from 1..0 fails; the model must be a coin whose bias is learned."""
    made = MADE(1, hidden, degrees=degrees, dtype="float64")
    theta = start(made)
    x = np.array([[1.0], [1], [0], [1]])
    grad = made.layout.views(made.loss_and_grad(theta, x)[1])
    bias = made.layout.views(theta)[made.network.output_bias]
    np.testing.assert_allclose(grad[made.network.output_bias], 1 / (1 + np.exp(-bias)) - 0.75, rtol=1e-12)
    bias[:] = np.log(3)
    np.testing.assert_allclose(np.exp(made.log_prob(theta, [[0.0], [1.0]])), [0.25, 0.75])


def test_h_the_first_conditional_is_its_bias_and_starts_from_the_data() -> None:
    """Nothing but its bias can speak for the first feature: a bias that is masked or zeroed makes it a fair coin."""
    made = MADE(4, (8,), MIXED, order=[2, 0, 3, 1], dtype="float64")
    x = random_rows(made, 60, np.random.default_rng(0))
    x[:, 2] = np.arange(60) < 45
    theta = made.init(rng=0, x=x)
    ones = np.exp(made.feature_log_prob(theta, x))[x[:, 2] == 1, 2]
    np.testing.assert_allclose(ones, 46 / 62)  # each value counted once more than it was seen
    grad = made.layout.views(made.loss_and_grad(theta, x)[1])["b1"]
    assert grad[made.output_slices[2]] == pytest.approx(46 / 62 - 45 / 60)


def test_i_parameters_of_a_feature_stand_together() -> None:
    """Two conventions exist, all parameters of one feature or one parameter of all features; mixing them leaks."""
    made = MADE(4, (9,), Gaussian(), dtype="float64")
    theta = start(made)

    def verdict(layout: str) -> Any:
        return check_autoregressive(lambda x: made.raw_outputs(theta, x), 4, order=range(4), n_params=2, layout=layout)

    assert verdict("interleaved").ok
    assert not verdict("blocked").ok
    for d in range(4):  # and a feature's own block is what its likelihood reads
        moved = theta.copy()
        made.layout.views(moved)["b1"][made.output_slices[d]] += 1
        x = np.ones((1, 4))
        changed = made.feature_log_prob(moved, x) != made.feature_log_prob(theta, x)
        assert np.flatnonzero(changed[0]).tolist() == [d]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_j_every_wire_that_may_be_there_is_there(activation: str) -> None:
    """A gradient of 0 may be a dead unit: with positive weights and inputs none is, and all allowed pairs must show."""
    made = MADE(6, (10, 10), order=[3, 5, 0, 2, 4, 1], activation=activation, dtype="float64")
    theta = np.random.default_rng(0).uniform(0.05, 0.2, made.n_params)
    np.testing.assert_array_equal(depends(made, theta), naive.allowed([3, 5, 0, 2, 4, 1]))


def test_k_dependencies_follow_the_order_that_was_asked_for() -> None:
    """ "No output sees itself" is not enough: each must see all that its own order allows, and nothing else."""
    for order in itertools.permutations(range(4)):
        made = MADE(4, (6,), order=order, activation="softplus", dtype="float64")
        np.testing.assert_array_equal(depends(made, start(made)), naive.allowed(order))


def trained(n_masks: int) -> tuple[MADE, Array]:
    made = MADE(5, (8,), order="random", degrees="random", n_masks=n_masks, dtype="float64")
    x = (np.random.default_rng(1).random((64, 1)) < np.linspace(0.1, 0.9, 5)).astype(float)
    x[:, 4] = x[:, 0]
    theta = made.init(rng=0)
    for step in range(40):
        theta -= 0.5 * made.loss_and_grad(theta, x, mask_set=step % n_masks)[1]
    return made, theta


def test_l_a_trained_model_is_normalised_and_its_samples_are_its_own() -> None:
    """For each mask set and for the mixture: averaged logits, for one, do not sum to 1."""
    made, theta = trained(3)
    for mask_set in (0, 1, 2, None):
        assert total(made, theta, mask_set) == pytest.approx(1, abs=1e-12)
    rows = naive.all_rows([2] * 5)
    for mask_set in (1, None):
        codes = made.sample(theta, 20_000, rng=0, mask_set=mask_set) @ (2.0 ** np.arange(4, -1, -1))
        observed = np.bincount(codes.astype(int), minlength=32)
        p = np.exp(made.log_prob(theta, rows, mask_set=mask_set))
        assert stats.chisquare(observed, 20_000 * p).pvalue > 1e-3
    logits = np.mean([made.raw_outputs(theta, rows, mask_set=k) for k in range(3)], axis=0)
    averaged = -np.logaddexp(0, (1 - 2 * rows) * logits).sum(axis=1)
    assert abs(np.exp(averaged).sum() - 1) > 1e-3


def test_m_order_and_position_are_each_others_inverse() -> None:
    """`order[t]` is the feature generated in place t; a permutation that is not its own inverse tells it apart."""
    made = MADE(4, (9,), order=[3, 0, 1, 2], dtype="float64")
    one = made.mask_sets[0]
    assert one.order[one.position].tolist() == list(range(4))
    assert one.order.tolist() != one.position.tolist()
    seen = depends(made, start(made))
    assert np.flatnonzero(~seen.any(axis=1)).tolist() == [3]  # the first feature sees none
    assert np.flatnonzero(~seen.any(axis=0)).tolist() == [2]  # the last one is seen by none


@pytest.mark.parametrize("n_masks", [3, None])
def test_n_no_call_changes_which_mask_set_another_call_uses(n_masks: int | None) -> None:
    """Masks that are cycled as a side effect leave the model at another one for whoever comes next."""
    made = MADE(5, (8,), order="random", degrees="random", n_masks=n_masks, dtype="float64")
    theta, x = start(made), random_rows(made, 4, np.random.default_rng(0))
    want = [made.raw_outputs(theta, x, mask_set=k) for k in range(3)]
    for k in (2, 0, 1, 1, 0, 2):
        np.testing.assert_array_equal(made.raw_outputs(theta, x, mask_set=k), want[k])
        made.loss_and_grad(theta, x, mask_set=(k + 1) % 3)
        made.sample(theta, 3, rng=0)
        made.log_prob(theta, x)
    assert not np.array_equal(want[0], want[1])


def test_o_weights_that_change_are_seen_at_once() -> None:
    """Masked weights that were kept from an earlier call go stale when training continues."""
    made = MADE(4, (8,), MIXED, dtype="float64")
    theta, x = start(made), random_rows(made, 3, np.random.default_rng(0))
    made.log_prob(theta, x), made.sample(theta, 3, rng=0), made.loss_and_grad(theta, x)
    theta *= 0.5  # in place, as an optimiser does
    fresh = MADE(4, (8,), MIXED, dtype="float64")
    np.testing.assert_array_equal(made.log_prob(theta, x), fresh.log_prob(theta.copy(), x))
    np.testing.assert_array_equal(made.sample(theta, 3, rng=0), fresh.sample(theta.copy(), 3, rng=0))
    np.testing.assert_array_equal(made.loss_and_grad(theta, x)[1], fresh.loss_and_grad(theta.copy(), x)[1])


@pytest.mark.parametrize("direct", [True, False])
def test_p_no_way_of_writing_to_theta_breaks_the_order(direct: bool) -> None:
    """Masks in an initialiser or a constraint are undone by an average of weights, or by any plain assignment."""
    made = MADE(4, (7, 7), MIXED, order=[1, 3, 0, 2], direct=direct, residual=True, dtype="float64")
    theta = (start(made, 1, 5.0) + start(made, 2, 5.0)) / 2
    theta[::3] = 1.0
    assert not (depends(made, theta) & ~naive.allowed([1, 3, 0, 2])).any()
    off = ~naive.live(made, made.mask_sets[0])
    assert theta[off].any()
    x = random_rows(made, 4, np.random.default_rng(0))
    assert not made.loss_and_grad(theta, x)[1][off].any()


def test_q_nothing_is_normalised_across_units_or_rows_and_dropout_is_safe() -> None:
    """Statistics over units leak, and over rows make "sum p = 1" false while training; a fixed dropout does neither."""
    made = MADE(6, (12, 12), order="random", dtype="float64")
    theta, rows = start(made), naive.all_rows([2] * 6)
    keeps = [np.tile(dropout_mask(np.random.default_rng(s), (1, 12), 0.5, "float64"), (64, 1)) for s in range(2)]
    nll = made.bound[0].row_nll(theta, rows, None, keeps)
    assert np.exp(-nll).sum() == pytest.approx(1, abs=1e-12)
    assert not np.allclose(-nll, made.log_prob(theta, rows))
    np.testing.assert_allclose(made.log_prob(theta, rows[:5]), made.log_prob(theta, rows)[:5], rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_r_outliers_and_ties_have_finite_likelihoods(dtype: str) -> None:
    """log(sum(exp)) without its maximum, and a scale without a floor, end in infinities."""
    made = MADE(2, (4,), ["gaussian", DiscretizedLogistic(256, 3)], dtype=dtype)
    theta = made.init(rng=0)
    for x in ([[1e6, 0], [-1e6, 255]], [[0, 128]] * 4):
        loss, grad = made.loss_and_grad(theta, x)
        assert np.isfinite(loss)
        assert np.isfinite(grad).all()
    biases = made.layout.views(theta)["b1"]
    biases[1] = -1e4  # the scale at its floor, and the value repeated at the mean
    capped = made.feature_log_prob(theta, [[0, 0]])[0, 0]
    assert capped == pytest.approx(-np.log(1e-3) - np.log(2 * np.pi) / 2, rel=1e-5)


def test_s_the_loss_is_the_mean_over_rows_not_over_batches() -> None:
    """A mean of batch means counts the rows of a short last batch too much, and a dropped batch not at all."""
    made = MADE(4, (6,), MIXED, dtype="float64")
    theta, x = start(made), random_rows(made, 10, np.random.default_rng(0))
    loss, grad = made.loss_and_grad(theta, x)
    assert loss == pytest.approx(-made.log_prob(theta, x).mean(), rel=1e-12)
    parts = [made.loss_and_grad(theta, x[part]) for part in (slice(0, 8), slice(8, 10))]
    assert loss == pytest.approx(0.8 * parts[0][0] + 0.2 * parts[1][0], rel=1e-12)
    np.testing.assert_allclose(grad, 0.8 * parts[0][1] + 0.2 * parts[1][1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("depth", range(5))
def test_t_direct_wires_work_at_every_depth(depth: int) -> None:
    """An option that is tried with one hidden layer only can be a silent no-op, or fail, with three."""
    made = MADE(4, (6,) * depth, direct=True, dtype="float64")
    theta, x = start(made), np.random.default_rng(0).integers(0, 2, (9, 4)).astype(float)
    without = theta.copy()
    made.layout.views(without)["W_direct"][:] = 0
    assert (made.raw_outputs(theta, x) != made.raw_outputs(without, x)).any()
    grad = made.layout.views(made.loss_and_grad(theta, x)[1])["W_direct"]
    np.testing.assert_array_equal(grad != 0, naive.allowed(range(4)))


def test_u_every_column_keeps_its_direct_wires_when_blocks_differ_in_width() -> None:
    """A slice that ends at a block's width instead of its start plus width cuts the later columns off."""
    made = MADE(4, (), [Categorical(3), "gaussian", Categorical(5), "bernoulli"], direct=True, dtype="float64")
    direct = made.mask_sets[0].direct
    assert direct is not None
    for i, rows in enumerate(made.output_slices):
        for j, columns in enumerate(made.outputs.input_slices):
            assert (direct[rows, columns] == (j < i)).all()
    np.testing.assert_array_equal(depends(made, start(made)), naive.allowed(range(4)))


def test_w_no_global_random_state_is_read_or_written() -> None:
    """A seed that is set globally in a constructor changes every other random number of the program."""
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    results = []
    for _ in range(2):
        made = MADE(5, (8,), order="random", degrees="random", n_masks=None)
        theta = made.init(rng=0)
        results.append((theta, made.sample(theta, 9, rng=0), made.mask_sets[50].order))
        made.sample(theta, 2)
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)
    after = np.random.random(), random.random()  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    assert after == (np.random.random(), random.random())  # noqa: NPY002
