"""The suite sees our models rightly: it passes every one of them, and finds faults that are planted in our code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import DISCRETE, models, random_theta, seeds

from made_np import MADE, Categorical, DiscretizedLogistic, Gaussian, MixtureOfGaussians, MixtureOfLogistics, layers
from made_np.backends._numpy import network as reference
from made_np.backends._numpy import panels, sampling
from made_np.masks import make_mask
from made_np.masks import sets as mask_sets
from made_np.masks.sets import MaskSet
from made_np.proofs import made_adapter, off_the_masks
from made_np.testing import SuiteReport, suite
from made_np.testing.suite import FAILED, PASSED

N_MASKS = st.sampled_from([1, 1, 2, None])


def checked(made: MADE, seed: int = 0, **options: Any) -> SuiteReport:
    """The suite on a model with random parameters, those off the masks too."""
    return suite(made_adapter(made, random_theta(made, np.random.default_rng(seed)), rng=seed, **options), rng=seed)


def failed(report: SuiteReport) -> set[str]:
    """Names of the checks that found something wrong. That there was nothing to see is no such thing."""
    return {r.check for r in report.failures if {failure.where for failure in r.failures} != {"exercised"}}


def outcomes(report: SuiteReport) -> dict[str, str]:
    return {result.name: result.status for result in report.results}


# ---------------------------------------------------------------------------------------------- no false alarm


@settings(max_examples=20)
@given(N_MASKS.flatmap(lambda n: models(n_masks=n, max_features=4, outputs=DISCRETE, direct=True)), seeds)
@example(MADE(2, (3, 3), "gaussian", residual=True, n_context=1, order="reverse"), 0)
@example(MADE(3, (2,), [Gaussian(), Categorical(3), Gaussian(0.1)], order="random", n_masks=2), 1)
@example(MADE(2, (3,), [MixtureOfGaussians(2), MixtureOfLogistics(3)], direct=True, activation="tanh"), 0)
@example(MADE(2, (3,), [Gaussian(0, scale="exp"), Gaussian(scale="exp")], direct=True, activation="tanh"), 0)
def test_every_model_with_direct_wires_passes(made: MADE, seed: int) -> None:
    report = checked(made, seed)
    assert not failed(report), report
    assert outcomes(report)["context"] == (PASSED if made.n_context else "skipped")


@settings(max_examples=12)
@given(models(max_features=4, max_width=3, outputs=DISCRETE, direct=False), seeds)
@example(MADE(3, (1,), ["gaussian", "bernoulli", "gaussian"], direct=False), 0)
def test_models_that_lack_wires_by_request_leak_nothing(made: MADE, seed: int) -> None:
    found, one = failed(checked(made, seed)), made.mask_sets[0]
    # Degrees of one's own, or a dead relu, may keep the context from a feature: no leak, but the suite says so.
    is_heard = one.context_reachability().all() and made.activation != "relu"
    is_wired = one.reachability().any() or one.context_reachability().any()
    assert found <= (set() if is_heard else {"context"}) | (set() if is_wired else {"masks"})


def test_what_a_narrow_model_lacks_is_noted() -> None:
    report = checked(MADE(6, hidden=(5, 2), direct=False))
    assert report.ok, report
    notes = " ".join(report["masks"].report.notes)
    assert "allowed pairs are lost" in notes
    assert "hidden units are dead" in notes


@pytest.mark.parametrize(
    ("activation", "dtype"),
    [*((name, "float64") for name in layers.ACTIVATIONS), ("relu", "float32"), ("gelu", "float32")],
)
def test_every_check_that_applies_is_run(activation: str, dtype: str) -> None:
    kinds = [Categorical(3), Gaussian(), "bernoulli", DiscretizedLogistic(4, 2)]
    made = MADE(4, (12, 12), kinds, activation=activation, residual=True, n_context=2, order=(2, 0, 3, 1), dtype=dtype)
    report = checked(made)
    assert report.ok, report
    skipped = [name for name, status in outcomes(report).items() if status != PASSED]
    without = ["sampler_counts", "gradient_directions", "measure"]
    assert skipped == without, "it takes uniforms, has less than 2000 parameters, and is asked for no ranges"


def test_conditional_cdfs_are_the_same_a_few_rows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made = MADE(3, (6,), [Categorical(3), Gaussian(), "bernoulli"], order=(2, 0, 1))
    adapter = made_adapter(made, made.init(rng=0))
    assert adapter.cdf is not None
    x = np.array([[2, 0.5, 1], [0, -1.0, 0], [1, 3.0, 0]])
    whole = np.array(adapter.cdf(x))
    assert (whole[0][:, [0, 2]] < whole[1][:, [0, 2]]).all()
    assert np.array_equal(whole[0][:, 1], whole[1][:, 1])
    assert np.array_equal(whole[1][:, 2] == 1, x[:, 2] == 1)
    monkeypatch.setattr("made_np.proofs.OUTPUTS_AT_ONCE", made.outputs.n_raw)
    assert np.allclose(adapter.cdf(x), whole, rtol=0, atol=1e-15)


def test_a_new_model_passes() -> None:
    # Its biases are 0, its rows hold zeros: units without any input stand on the kink of the relu.
    made = MADE(40, hidden=(60,))
    report = suite(made_adapter(made, made.init(rng=0)))
    assert report.ok, report
    assert outcomes(report)["gradient_directions"] == PASSED


SILENT = ["all 0", "start from data", "constant columns", "dead or saturated", "one column apart", "hardly anything"]


def silent(made: MADE, how: str) -> np.ndarray:
    """Parameters at which little or nothing depends on anything, as honest trainings leave them."""
    x = (np.random.default_rng(0).random((300, made.n_features)) < 0.4).astype(float)
    theta = np.zeros(made.n_params) if how == "all 0" else made.init(0, x).astype(np.float64)
    views = made.layout.views(theta)
    if how == "constant columns":
        theta = made.init(0, np.zeros((10**5, made.n_features))).astype(np.float64)
    if how == "dead or saturated":
        theta = random_theta(made, np.random.default_rng(0)).astype(np.float64)
        made.layout.views(theta)["b0"][:] = -1000.0
    if how == "one column apart":
        theta = random_theta(made, np.random.default_rng(0)).astype(np.float64)
        views = made.layout.views(theta)
        for name in {"W0", "W_direct"} & views.keys():
            views[name][:, 1] = 0
    if how == "hardly anything":
        theta *= 1e-9
    return theta


@pytest.mark.parametrize("how", SILENT)
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_a_model_of_independent_columns_is_no_fault(activation: str, how: str) -> None:
    for direct, hidden in ((True, (12,)), (False, (12, 12, 12))):
        made = MADE(5, hidden, direct=direct, activation=activation, order=(2, 0, 3, 1, 4))
        report = suite(made_adapter(made, silent(made, how).astype(made.dtype)))
        assert report.ok, report
        skipped = [name for name, status in outcomes(report).items() if status != PASSED]
        assert skipped == ["context", "sampler_counts", "gradient_directions", "measure"]


@pytest.mark.parametrize("how", ["all 0", "start from data", "constant columns"])
def test_silent_columns_of_every_kind_are_no_fault(how: str) -> None:
    made = MADE(3, (8,), [Categorical(4), DiscretizedLogistic(5), "bernoulli"], n_context=2)
    assert suite(made_adapter(made, silent(made, how).astype(made.dtype))).ok
    made = MADE(4, (12,), order="random", n_masks=3, mask_weights=True)
    assert suite(made_adapter(made, silent(made, how).astype(made.dtype), mask_set=2)).ok


@pytest.mark.parametrize("n_context", [0, 2])
def test_a_code_that_is_always_the_same_hides_what_it_hears(n_context: int) -> None:
    made = MADE(2, (), [Gaussian(), Categorical(4)], n_context=n_context)
    report = suite(made_adapter(made, made.init(0, np.zeros((300, 2)))))
    assert report.ok, report
    assert "at random parameters" in report.name


def test_it_is_said_where_the_own_parameters_hide_what_depends_on_what() -> None:
    made = MADE(5, (12,), direct=False)
    assert made_adapter(made, silent(made, "start from data").astype(made.dtype)).name == "mask set 0"
    name = made_adapter(made, silent(made, "dead or saturated").astype(made.dtype)).name
    assert name == "mask set 0, at random parameters (its own hide what depends on what)"


@pytest.mark.parametrize(
    "more", [{"hidden": (), "direct": False}, {"hidden": (2,), "direct": False, "degrees": ([0, 0],), "n_context": 1}]
)
def test_a_model_without_any_wire_by_request_is_checked_for_the_rest(more: dict[str, Any]) -> None:
    report = checked(MADE(3, **more))
    assert report.ok, report
    assert {"normalised", "gradient"} <= {name for name, status in outcomes(report).items() if status == PASSED}


def test_arguments_of_the_adapter_are_looked_at() -> None:
    made = MADE(3, (4,))
    theta = made.init(0)
    with pytest.raises(TypeError, match="made is a dict"):
        made_adapter({}, theta)
    with pytest.raises(ValueError, match=r"theta has shape \(3,\): this model needs"):
        made_adapter(made, theta[:3])
    with pytest.raises(TypeError, match="theta has dtype"):
        made_adapter(made, "theta")
    for name, value in (("mask_set", -1), ("rows", 0), ("rng", -1)):
        with pytest.raises(ValueError, match=f"{name}={value}: give an integer"):
            made_adapter(made, theta, **{name: value})
        with pytest.raises(TypeError, match=f"{name}='no'"):
            made_adapter(made, theta, **{name: "no"})
    for value in (np.nan, np.inf):
        theta[7] = value
        with pytest.raises(ValueError, match=r"theta\[7\] = (nan|inf) \(W0\[2, 1\]\): .* nothing can be proved"):
            made_adapter(made, theta)


def test_conditionals_as_narrow_as_you_please_sum_to_one() -> None:
    made = MADE(2, hidden=(), output=Gaussian(1e-4))
    theta = np.zeros(made.n_params)
    made.layout.views(theta)["b0"][:] = [50.0, 8.0, 0.0, -30.0]
    made.layout.views(theta)["W_direct"][2, 0] = 1.0
    assert suite(made_adapter(made, theta))["normalised"].status == PASSED


def test_a_new_mixture_of_logistics_passes_in_both_columns() -> None:
    # Its components coincide: so does the poles' distance from the pieces that quadrature takes.
    made = MADE(2, (8,), MixtureOfLogistics(3), activation="tanh")
    assert suite(made_adapter(made, made.init(rng=0)))["normalised"].status == PASSED


@pytest.mark.parametrize("kind", [MixtureOfGaussians, MixtureOfLogistics])
def test_components_as_far_apart_as_you_please_sum_to_one(kind: Any) -> None:
    made = MADE(2, hidden=(), output=["bernoulli", kind(5)])
    theta = np.zeros(made.n_params)
    made.layout.views(theta)["b0"][1:] = [0, 1, -1, 2, -9, -500, 0, 0, 0.01, 80, 4, -30, 30, -30, -3]
    made.layout.views(theta)["W_direct"][6:11] = 1.0
    report = suite(made_adapter(made, theta))["normalised"].report
    assert report is not None
    assert report.ok, report
    assert report.n_exercised > 512


def test_a_new_mixture_passes_though_its_components_coincide() -> None:
    made = MADE(2, (8,), ["bernoulli", MixtureOfGaussians(3)], activation="tanh")
    report = suite(made_adapter(made, np.zeros(made.n_params)))
    assert report["normalised"].status == PASSED, report


def test_a_mixture_of_too_many_components_to_add_up_is_checked_for_the_rest() -> None:
    report = checked(MADE(2, (8,), MixtureOfGaussians(6), activation="tanh"))
    assert report.ok, report
    skipped = {name for name, status in outcomes(report).items() if status == "skipped"}
    assert skipped >= {"context", "normalised", "consistency_log_prob", "gradient_directions"}
    assert not skipped & {"masks", "autoregressive", "sampler", "gradient", "consistency_params"}


def test_each_mask_set_has_its_adapter() -> None:
    made = MADE(4, hidden=(9,), order="random", n_masks=3, seed=1)
    theta = random_theta(made, np.random.default_rng(0))
    for k in range(3):
        adapter = made_adapter(made, theta, mask_set=k)
        assert np.array_equal(adapter.order, made.mask_sets[k].order)
        assert adapter.name == f"mask set {k}"
        assert suite(adapter).ok
    with pytest.raises(IndexError):
        made_adapter(made, theta, mask_set=3)


@pytest.mark.parametrize("options", [{}, {"n_context": 2}, {"hidden": (9, 9), "residual": True}], ids=str)
def test_home_and_the_paths_of_a_model_pass(options: dict[str, Any]) -> None:
    output = ["bernoulli", Categorical(3), "gaussian", "bernoulli"]
    made = MADE(4, **{"hidden": (9,), **options}, output=output, order=[2, 0, 3, 1], n_masks=None, activation="tanh")
    seen = set()
    for k in (0, 1, 4, 7):
        report = suite(made_adapter(made, made.init(rng=0), mask_set=k))
        assert report.ok, str(report)
        seen.add(made.mask_sets[k].n_known)
    assert len(seen) > 2


def test_weights_off_the_masks_are_named() -> None:
    made = MADE(3, hidden=(2,), direct=True)
    assert np.array_equal(made_adapter(made, made.init()).frozen, off_the_masks(made))
    off = made.layout.views(off_the_masks(made))
    one = made.mask_sets[0]
    assert np.array_equal(off["W0"], ~one.masks[0])
    assert np.array_equal(off["W1"], ~one.masks[1])
    assert np.array_equal(off["W_direct"], np.triu(np.ones((3, 3), bool)))
    assert not off["b0"].any()
    assert not off["b1"].any()


def test_theta_and_model_are_left_alone() -> None:
    made = MADE(3, hidden=(8,))
    theta = random_theta(made, np.random.default_rng(0))
    before = theta.copy()
    theta.flags.writeable = False
    assert suite(made_adapter(made, theta)).ok
    assert np.array_equal(theta, before)


# ---------------------------------------------------------------------------------------------- planted faults

Plant = Callable[[pytest.MonkeyPatch], None]
# The reference backend: it is made of pieces that a fault can be put into.
STANDARD: dict[str, Any] = {
    "n_features": 5,
    "hidden": (9, 9),
    "order": (2, 0, 3, 1, 4),
    "activation": "tanh",
    "backend": "numpy",
}
DRAWN = ("sampler", "calibrated")
PLANTED: dict[str, tuple[Plant, dict[str, Any], set[str]]] = {}


def planted(*caught_by: str, **model: Any) -> Callable[[Plant], Plant]:
    """Enter a fault, the model it is planted in, and the checks that must fail: these and no others."""

    def enter(plant: Plant) -> Plant:
        PLANTED[plant.__name__] = plant, STANDARD | model, set(caught_by)
        return plant

    return enter


@planted("masks", "autoregressive", "normalised", "conditionals", *DRAWN)
def output_mask_not_strict(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mask_sets, "make_mask", lambda out, into, strict=False: make_mask(out, into))


@planted("masks", "autoregressive", *DRAWN)
def hidden_masks_strict(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mask_sets, "make_mask", lambda out, into, strict=False: make_mask(out, into, strict=True))


@planted("masks", "autoregressive", "conditionals", *DRAWN)
def order_used_for_position(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mask_sets, "position_of", lambda order: order)


@planted("masks", "context", n_context=2)
def no_context_for_the_first_feature(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("made_np.masks.masks._n_degree_zero", lambda *sizes: 0)


@planted(
    "masks",
    "autoregressive",
    "normalised",
    "conditionals",
    *DRAWN,
    residual=True,
    degrees=(np.arange(9) % 4 + 1, 4 - np.arange(9) % 4),
)
def identity_skip_of_every_unit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MaskSet, "skips", (None, np.ones(9, dtype=bool)))


@planted("gradient")
def forgotten_mean(patch: pytest.MonkeyPatch) -> None:
    right = reference._Bound.loss_and_grad

    def wrong(bound: Any, theta: Any, x: Any, context: Any, grad: Any, *rest: Any) -> Any:
        nll = right(bound, theta, x, context, grad, *rest)
        grad *= len(x)
        return nll

    patch.setattr(reference._Bound, "loss_and_grad", wrong)


@planted("gradient")
def weight_gradient_unmasked(patch: pytest.MonkeyPatch) -> None:
    right = panels.Wires.product_backward

    def wrong(wires: Any, dy: Any, x: Any, W: Any, *, dW: Any, **more: Any) -> None:
        right(wires, dy, x, W, dW=dW, **more)
        np.matmul(dy.T, x, out=dW)

    patch.setattr(panels.Wires, "product_backward", wrong)


@planted("gradient")
def passed_down_through_unmasked_weights(patch: pytest.MonkeyPatch) -> None:
    def wrong(dy: Any, x: Any, W: Any, b: Any, mask: Any, **buffers: Any) -> Any:
        _, dW, db = layers.masked_linear_backward(dy, x, W, b, mask, **buffers)
        return dy @ W, dW, db

    patch.setattr(panels, "masked_linear_backward", wrong)


@planted("gradient")
def tanh_without_its_square(patch: pytest.MonkeyPatch) -> None:
    right = layers.ACTIVATIONS["tanh"]
    patch.setitem(layers._ACTIVATIONS, "tanh", right._replace(backward=lambda dy, z, y: dy * (1 - y)))


@planted("autoregressive", "normalised", "conditionals", "gradient", *DRAWN)
def masks_forgotten_in_the_forward_pass(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(panels, "masked_linear", lambda x, W, b, mask: x @ W.T + (0 if b is None else b))


@planted(*DRAWN)
def sampler_in_the_natural_order(patch: pytest.MonkeyPatch) -> None:
    def wrong(bound: Any, theta: Any, u: Any, given: Any, context: Any) -> Any:
        outputs = bound.network.outputs
        x = np.zeros_like(u)
        for d in range(u.shape[1]):
            raw = bound.raw_outputs(theta, x, context)
            x[:, d] = outputs.feature_outputs[d].inverse_cdf(raw[:, outputs.slices[d]], u[:, d])
        return x

    patch.setattr(reference._Bound, "sample", wrong)


@planted(*DRAWN)
def sampler_forgets_the_bias(patch: pytest.MonkeyPatch) -> None:
    right = sampling._Walk.raw
    patch.setattr(sampling._Walk, "raw", lambda walk, place, d: right(walk, place, d) - walk.b_out[d])


@planted("normalised", "conditionals", "gradient", n_features=2, order=(1, 0), output=["bernoulli", Gaussian()])
def logarithm_of_the_scale_left_out(patch: pytest.MonkeyPatch) -> None:
    right = Gaussian.nll_and_grad

    def wrong(self: Gaussian, raw: Any, x: Any) -> Any:
        nll, d_raw = right(self, raw, x)
        return nll - np.log(self._scale(raw)[0]), d_raw

    patch.setattr(Gaussian, "nll_and_grad", wrong)


@planted("normalised", "conditionals", n_features=2, order=(1, 0), output=["bernoulli", MixtureOfGaussians(2)])
def constant_of_a_density_left_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MixtureOfGaussians, "log_f", lambda self, z: (-z * z / 2, -z))


@planted("conditionals")
def a_gap_costs_what_a_zero_does(patch: pytest.MonkeyPatch) -> None:
    right = reference._Bound.row_nll
    patch.setattr(
        reference._Bound, "row_nll", lambda bound, theta, x, *rest: right(bound, theta, np.nan_to_num(x), *rest)
    )


@planted("roundtrip")
def copies_keep_sizes_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MADE, "__reduce__", lambda made: (MADE, (made.n_features, made.hidden)))


@pytest.mark.parametrize(
    "model",
    {repr(model): model for _, model, _ in PLANTED.values()}.values(),
    ids=lambda model: f"{len(model)} options",
)
def test_the_models_that_faults_are_planted_in_are_right(model: dict[str, Any]) -> None:
    assert checked(MADE(**model)).ok


@pytest.mark.parametrize("name", PLANTED)
def test_a_fault_in_our_code_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, model, caught_by = PLANTED[name]
    plant(monkeypatch)
    report = checked(MADE(**model))
    assert failed(report) == caught_by, report
    assert all(outcomes(report)[check] == FAILED for check in caught_by)


@pytest.mark.parametrize("name", ["output_mask_not_strict", "masks_forgotten_in_the_forward_pass", "forgotten_mean"])
def test_a_fault_is_found_in_a_model_that_found_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, model, caught_by = PLANTED[name]
    made = MADE(**model)
    theta = silent(made, "start from data").astype(made.dtype)
    plant(monkeypatch)
    found = failed(suite(made_adapter(MADE(**model), theta)))
    assert caught_by - {"calibrated"} <= found, "what counts rows misses what is too small for their number"
