"""Mask weights: the same network with biases that depend on the masks, in everything that a model does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from installed import each_backend, needs_numba
from numpy.typing import NDArray
from small import small
from strategies import models, random_context, random_rows, random_theta, seeds

import made_np
from made_np import storage
from made_np.backends import get_backend
from made_np.cli import main
from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.plain import Categorical
from made_np.estimator import MADEDensity
from made_np.model.made import MADE
from made_np.network.mask_weights import fold, fold_backward
from made_np.optim import AdamW
from made_np.proofs import made_adapter
from made_np.testing import check_autoregressive, check_gradient, check_normalised, suite
from made_np.training.closed_form import fit_linear
from made_np.training.fit import fit

Array = NDArray[Any]

MIXED = ["gaussian", Categorical(3), "bernoulli", DiscretizedLogistic(4, 2)]
MODELS: dict[str, dict[str, Any]] = {
    "no hidden layer": {"hidden": ()},
    "one hidden layer": {"hidden": (6,)},
    "two hidden layers": {"hidden": (6, 5), "degrees": "random"},
    "direct": {"hidden": (6,), "direct": True},
    "residual": {"hidden": (6, 6), "residual": True},
    "context": {"hidden": (6,), "n_context": 2, "direct": True},
    "no hidden layer, context": {"hidden": (), "n_context": 1},
    "categorical": {"hidden": (6,), "output": Categorical(3)},
    "biases alone": {"hidden": (), "direct": False},
}
every_model = pytest.mark.parametrize("name", MODELS)


def build(name: str, **changes: Any) -> MADE:
    defaults = {"output": MIXED, "activation": "tanh", "order": "random", "n_masks": 3, "dtype": "float64"}
    return MADE(4, **{**defaults, **MODELS[name], **changes}, mask_weights=True)


def problem(made: MADE, B: int = 4, seed: int = 0) -> tuple[Array, Array, Array | None]:
    rng = np.random.default_rng(seed)
    return random_theta(made, rng), random_rows(made, B, rng), random_context(made, B, rng)


def by_hand(made: MADE, theta: Array, mask_set: Any) -> tuple[MADE, Array]:
    """The plain model whose biases have been moved, one wire after the other."""
    plain, views = replace(made, mask_weights=False), made.layout.views(theta)
    moved = theta[: plain.n_params].copy()
    biases = plain.layout.views(moved)
    masks, direct = naive.masks(made, mask_set)
    told = [(views[f"U{layer}"], f"b{layer}", mask) for layer, mask in enumerate(masks)]
    if direct is not None:
        told.append((views["U_direct"], f"b{len(made.hidden)}", direct))
    for U, bias, mask in told:
        for o, i in np.argwhere(mask):
            biases[bias][o] += U[o, i]
    return plain, moved


# ---------------------------------------------------------------------------------------- the network by hand


@every_model
@each_backend
def test_it_is_the_plain_model_with_the_biases_of_its_mask_set(name: str, backend: str) -> None:
    made = build(name, backend=backend)
    theta, x, y = problem(made)
    before, u = theta.copy(), np.random.default_rng(1).random(x.shape)
    gappy = np.where(u < 0.5, x, np.nan)
    each = []
    for k, one in enumerate(made.mask_sets):
        plain, moved = by_hand(made, theta, one)
        for method in ("raw_outputs", "jacobian", "feature_log_prob", "log_prob"):
            got = getattr(made, method)(theta, x, context=y, mask_set=k)
            want = getattr(plain, method)(moved, x, context=y, mask_set=k)
            np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13, err_msg=method)
        each.append(plain.log_prob(moved, x, context=y, mask_set=k))
        some: dict[str, Any] = {"conditioning": "clamp", "context": y, "mask_set": k}
        for given_rows in (None, gappy):
            drawn = [m.sample(t, 4, uniforms=u, given=given_rows, **some) for m, t in ((made, theta), (plain, moved))]
            np.testing.assert_allclose(*drawn, rtol=1e-9, atol=1e-9)
        filled = [m.fill_means(t, gappy, **some) for m, t in ((made, theta), (plain, moved))]
        np.testing.assert_allclose(*filled, rtol=1e-11, atol=1e-12)
    mixture = np.logaddexp.reduce(each) - np.log(3)
    np.testing.assert_allclose(made.log_prob(theta, x, context=y), mixture, rtol=1e-12)
    np.testing.assert_array_equal(theta, before)


@every_model
def test_whoever_binds_gives_the_network_as_it_is(name: str) -> None:
    made = build(name)
    theta, x, y = problem(made)
    u, gappy = np.random.default_rng(2).random(x.shape), np.full_like(x, np.nan)
    for one in made.mask_sets:
        plain, moved = by_hand(made, theta, one)
        got, want = (get_backend("numpy").bind(each.network, one) for each in (made, plain))
        np.testing.assert_allclose(got.sample(theta, u, context=y), want.sample(moved, u, context=y), rtol=1e-11)
        filled = got.propagate_means(theta, gappy, y)
        np.testing.assert_allclose(filled, want.propagate_means(moved, gappy, y), rtol=1e-11, atol=1e-12)


def test_exact_conditionals_of_an_endless_model_are_those_of_the_plain_one() -> None:
    made = build("direct", n_masks=None, output="gaussian")
    theta, x, _ = problem(made, 3)
    x[:, [1, 3]] = np.nan
    led = made.fill_means(theta, x, mask_set=[0, 2, 1, 3])
    plain, moved = by_hand(made, theta, made.mask_sets.for_order(np.array([0, 2, 1, 3])))
    np.testing.assert_allclose(led, plain.fill_means(moved, x, mask_set=[0, 2, 1, 3]), rtol=1e-12)
    assert np.isfinite(made.sample(theta, 3, given=x, rng=0)).all()


def test_the_masks_of_two_sets_are_told_apart() -> None:
    made = build("one hidden layer")
    theta, _, _ = problem(made)
    first, second = (made.network.plain.layout.views(fold(made.network, theta, made.mask_sets[k])) for k in (0, 1))
    assert all((first[f"b{layer}"] != second[f"b{layer}"]).any() for layer in (0, 1))
    for name in ("W0", "W1"):
        np.testing.assert_array_equal(first[name], second[name])


def test_a_network_without_mask_weights_is_let_through() -> None:
    made = MADE(3, (4,))
    theta = made.init()
    assert fold(made.network, theta, made.mask_sets[0]) is theta
    grad = np.full_like(theta, 2)
    fold_backward(made.network, grad, made.mask_sets[0])
    assert (grad == 2).all()


@every_model
@pytest.mark.parametrize("n_masks", [1, 3, None])
def test_it_starts_as_the_plain_model(name: str, n_masks: int | None) -> None:
    made = build(name, n_masks=n_masks, degrees="spread")
    plain = replace(made, mask_weights=False)
    _, x, y = problem(made)
    theta, start = made.init(3, x), plain.init(3, x)
    np.testing.assert_array_equal(theta[: len(start)], start)
    assert not theta[len(start) :].any()
    np.testing.assert_array_equal(made.log_prob(theta, x, context=y), plain.log_prob(start, x, context=y))


# -------------------------------------------------------------------------------------------------- the gradient


@every_model
@pytest.mark.parametrize(
    ("mask_set", "backend"),
    [(2, "numpy"), pytest.param(2, "numba", marks=needs_numba), pytest.param(None, "numba", marks=needs_numba)],
)
def test_the_gradient_is_the_derivative_of_the_loss(name: str, mask_set: int | None, backend: str) -> None:
    made = build(name, backend=backend)
    theta, x, y = problem(made, 5)
    theta *= 0.5  # so that no set has a row of the mixture for itself
    sets = made.mask_sets if mask_set is None else [made.mask_sets[mask_set]]
    live = np.any([naive.live(made, one) for one in sets], axis=0)
    given_args: dict[str, Any] = {"context": y, "mask_set": mask_set}
    report = check_gradient(
        lambda theta: made.loss_and_grad(theta, x, **given_args)[0],
        lambda theta: made.loss_and_grad(theta, x, **given_args)[1],
        theta,
        names=made.layout.locate,
        frozen=~live,
        rows=5,
    ).raise_if_failed()
    assert report.n_exercised > 0.5 * live.sum()
    grad = np.full_like(theta, np.nan)
    assert made.loss_and_grad(theta, x, grad=grad, **given_args)[1] is grad
    assert np.isfinite(grad).all()
    assert not grad[~live].any()


@pytest.mark.parametrize("garbage", [np.nan, np.inf])
def test_what_stands_off_the_mask_is_never_noticed(garbage: float) -> None:
    made = build("direct")
    theta, x, _ = problem(made)
    dirty = np.where(naive.live(made, made.mask_sets[1]), theta, garbage)
    for a, b in zip(made.loss_and_grad(theta, x, mask_set=1), made.loss_and_grad(dirty, x, mask_set=1), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(made.sample(theta, 9, rng=0, mask_set=1), made.sample(dirty, 9, rng=0, mask_set=1))


# ------------------------------------------------------------------------------------------- still a density


@settings(max_examples=20)
@given(models(n_masks=2), seeds)
def test_no_output_sees_what_it_must_not(made: MADE, seed: int) -> None:
    made = replace(made, mask_weights=True)
    theta, _, context = problem(made, 1, seed)
    for k in range(2):
        check_autoregressive(
            lambda x, k=k: made.bound[k].raw_outputs(
                theta, x, None if context is None else np.repeat(context, len(x), axis=0)
            ),
            made.n_features,
            order=made.mask_sets[k].order,
            n_params=[output.n_raw for output in made.outputs.feature_outputs],
            support=[range(2)] * made.n_features,
            lost="ignore",
            rng=seed,
        ).raise_if_failed()


@pytest.mark.parametrize("hidden", [(), (8,), (8, 8)])
def test_probabilities_of_all_rows_sum_to_one(hidden: tuple[int, ...]) -> None:
    made = MADE(5, hidden, Categorical(3), order="random", n_masks=3, dtype="float64", mask_weights=True)
    theta, _, _ = problem(made)
    for k in (0, 2, None):
        report = check_normalised(lambda x, k=k: made.log_prob(theta, x, mask_set=k), 5, support=[range(3)] * 5)
        report.raise_if_failed()


@pytest.mark.parametrize("k", [0, 1])
def test_the_suite_finds_nothing(k: int) -> None:
    made = build("residual", hidden=(8, 8), n_masks=2, n_context=1)
    report = suite(made_adapter(made, problem(made)[0], mask_set=k))
    assert report.ok, report


@each_backend
def test_a_sample_is_the_fixed_point_of_its_own_conditionals(backend: str) -> None:
    made = build(
        "two hidden layers", backend=backend, output=[Categorical(3), "bernoulli", "bernoulli", Categorical(4)]
    )
    theta = problem(made)[0]
    u = np.random.default_rng(4).random((64, 4))
    for k in range(3):
        x = made.sample(theta, 64, uniforms=u, mask_set=k)
        raw = made.raw_outputs(theta, x, mask_set=k)
        for d, output in enumerate(made.outputs.feature_outputs):
            np.testing.assert_array_equal(x[:, d], output.inverse_cdf(raw[:, made.output_slices[d]], u[:, d]))


# ------------------------------------------------------------------------------------------------ learning


def bits(n: int = 400, d: int = 5) -> Array:
    """Rows in which each column mostly repeats the one before."""
    return (np.cumsum(np.random.default_rng(0).random((n, d)) < 0.2, axis=1) % 2).astype("uint8")


def of_bits(**changes: Any) -> MADE:
    return MADE(5, **{"hidden": (16,), "order": "random", "n_masks": None, "mask_weights": True, **changes})


@each_backend
def test_a_fit_learns_them_and_repeats_itself(backend: str) -> None:
    made = of_bits(backend=backend)
    first, again = (fit(made, bits(), rng=1, max_epochs=8, learning_rate=0.01) for _ in range(2))
    np.testing.assert_array_equal(first.theta, again.theta)
    assert first.history["train"][-1] < first.history["train"][0] - 0.1
    views = made.layout.views(first.theta)
    assert all(views[name].any() for name in ("U0", "U1"))


def test_knowing_the_masks_pays_with_many_of_them() -> None:
    """No regression can tell a 0 from a gap without it: here the mean of a column is far from 0."""
    rng = np.random.default_rng(0)
    x = (5 + rng.standard_normal((600, 1)) + 0.3 * rng.standard_normal((600, 3))).astype("float32")
    losses = []
    for mask_weights in (False, True):
        made = MADE(3, (), "gaussian", order="random", n_masks=6, seed=1, mask_weights=mask_weights)
        losses.append(fit(made, x, rng=0, max_epochs=60, learning_rate=0.02).history["train"][-1])
    assert losses[1] < losses[0] - 0.1


@each_backend
def test_dropout_of_units_and_inputs_goes_with_them(backend: str) -> None:
    made = of_bits(n_masks=2, dtype="float64", backend=backend)
    theta, x, _ = problem(made, 6)
    rng = np.random.default_rng(5)
    keeps = [2.0 * (rng.random((6, 5)) < 0.5), 2.0 * (rng.random((6, 16)) < 0.5)]
    for k, one in enumerate(made.mask_sets):
        plain, moved = by_hand(made, theta, one)
        got, grad = made.loss_and_grad(theta, x, mask_set=k, dropout=keeps)
        want, plain_grad = plain.loss_and_grad(moved, x, mask_set=k, dropout=keeps)
        assert got == pytest.approx(want, rel=1e-12)
        np.testing.assert_allclose(grad[: len(plain_grad)], plain_grad, rtol=1e-11, atol=1e-13)
        views = made.layout.views(grad)
        for layer, mask in enumerate(one.masks):
            np.testing.assert_array_equal(views[f"U{layer}"], np.where(mask, views[f"b{layer}"][:, None], 0))
    result = fit(made, bits(), rng=0, max_epochs=2, dropout=0.3, input_dropout=0.3)
    assert np.isfinite(result.theta).all()


@pytest.mark.parametrize("optimizer", ["sgd", AdamW()])
def test_weight_decay_draws_them_to_zero(optimizer: Any) -> None:
    made = of_bits(n_masks=2, dtype="float64")
    theta, x, _ = problem(made, 20)
    common: dict[str, Any] = {"theta": theta, "rng": 0, "max_epochs": 1, "batch_size": 20, "valid": None}
    without, decayed = (
        made.layout.views(fit(made, x, optimizer=optimizer, learning_rate=0.1, weight_decay=w, **common).theta)
        for w in (0.0, 0.5)
    )
    before = made.layout.views(theta)
    for name in made.layout.names:
        shrunk = 0.0 if name.startswith("b") else 0.1 * 0.5 * before[name]
        np.testing.assert_allclose(without[name] - decayed[name], shrunk, atol=1e-12)
    (one,) = {"U0"} & set(made.layout.weight_names)
    alone = made.layout.views(
        fit(made, x, optimizer=optimizer, learning_rate=0.1, weight_decay={one: 0.5}, **common).theta
    )
    changed = {name for name in made.layout.names if (alone[name] != without[name]).any()}
    assert changed == {"U0"}
    with pytest.raises(ValueError, match=r"weight_decay names 'b0', a bias: use some of .*'U0', 'U1'"):
        fit(made, x, weight_decay={"b0": 1.0}, **common)


@each_backend
def test_with_one_mask_set_nothing_off_the_mask_moves(backend: str) -> None:
    made = of_bits(n_masks=1, order="natural", direct=True, backend=backend)
    result = fit(made, bits(), rng=0, max_epochs=3, weight_decay=0.01)
    live = naive.live(made, made.mask_sets[0])
    assert not result.theta[~live].any()
    assert made.layout.views(result.theta)["U0"].any()


def test_the_closed_form_leaves_them_at_zero() -> None:
    C = np.array([[1.0, 0.8, 0.3], [0.8, 1.5, 0.2], [0.3, 0.2, 1.0]])
    plain = MADE(3, (), "gaussian", dtype="float64")
    made = replace(plain, mask_weights=True)
    theta, want = fit_linear(made, C, mean=np.arange(3.0)), fit_linear(plain, C, mean=np.arange(3.0))
    np.testing.assert_array_equal(theta[: len(want)], want)
    assert not theta[len(want) :].any()


# -------------------------------------------------------------------------------------------- files, interfaces


def test_files_and_configs_from_before_there_were_any_still_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = MADE(4, (5,), order="random", n_masks=3)
    assert made_np.MADE.from_config({k: v for k, v in made.config().items() if k != "mask_weights"}) == made
    assert "mask_weights=True" in repr(of_bits())
    now = MADE.config
    monkeypatch.setattr(MADE, "config", lambda self: {k: v for k, v in now(self).items() if k != "mask_weights"})
    storage.save(tmp_path / "old.npz", made, made.init())
    fit(made, bits(60, 4), rng=0, max_epochs=2, checkpoint=tmp_path / "run.npz")
    density = small(hidden_layer_sizes=(4,), max_epochs=1).fit(bits(60))
    with monkeypatch.context() as old:
        params = density.get_params()
        old.setattr(density, "get_params", lambda: {k: v for k, v in params.items() if k != "mask_weights"})
        density.save(tmp_path / "density.npz")
    monkeypatch.undo()
    assert storage.load(tmp_path / "old.npz").made == made
    resumed = fit(made, bits(60, 4), rng=0, max_epochs=3, checkpoint=tmp_path / "run.npz")
    assert len(resumed.history["epoch"]) == 3
    again = MADEDensity.load(tmp_path / "density.npz")
    assert again.mask_weights is False
    np.testing.assert_array_equal(again.score_samples(bits(60)), density.score_samples(bits(60)))


def test_the_estimator_and_the_command_line_hand_them_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options: dict[str, Any] = {"n_masks": None, "weight_decay": 0.0, "max_epochs": 3, "random_state": 3}
    x = bits(100, 3)
    want = MADEDensity((8,), mask_weights=True, **options).fit(x)
    assert want.made_.mask_weights
    gaps = np.where(np.random.default_rng(0).random(x.shape) < 0.5, np.nan, x)
    assert np.isfinite(want.score_samples(gaps)).all()
    np.testing.assert_array_equal(want.impute(gaps)[~np.isnan(gaps)], x[~np.isnan(gaps)])
    np.save(tmp_path / "x.npy", x)
    out = str(tmp_path / "m.npz")
    args = ["--hidden", "8", "--epochs", "3", "--seed", "3", "--weight-decay", "0", "--n-masks", "endless", "--quiet"]
    assert main(["train", str(tmp_path / "x.npy"), "-o", out, *args, "--mask-weights"]) == 0
    np.testing.assert_array_equal(MADEDensity.load(out).theta_, want.theta_)
    capsys.readouterr()
    assert main(["inspect", out]) == 0
    text = capsys.readouterr().out
    assert "residual: no, mask weights: yes" in text
    wires = int(want.made_.mask_sets[0].masks[0].sum())
    (line,) = [line.split() for line in text.splitlines() if line.split()[:1] == ["U0"]]
    assert line[1:6] == ["8", "x", "3", "24", str(wires)]
