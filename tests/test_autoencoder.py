"""An autoencoder gives back what it is shown, is no density, and becomes one by masks: theta stays."""

from __future__ import annotations

import itertools
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from made_np import MADE, Autoencoder, Categorical, DiscretizedLogistic, fit, layers
from made_np.testing import check_gradient

Array = NDArray[Any]

EVERY = np.array(list(itertools.product((0.0, 1.0), repeat=8)))
"""All rows of eight bits."""


def few() -> Array:
    """Forty rows of eight bits, of which neighbours are often alike."""
    rng = np.random.default_rng(0)
    same = rng.random((40, 8)) < 0.8
    return (np.cumsum(~same, axis=1) + rng.integers(0, 2, (40, 1))) % 2 * 1.0


def faces(n: int = 200) -> Array:
    """Rows of 16 bits that are made of 6 others, whose parts overlap."""
    rng = np.random.default_rng(1)
    parts = rng.random((6, 16)) < 0.3
    return ((rng.random((n, 6)) < 0.5).astype(int) @ parts > 0) * 1.0


MIXED: dict[str, Any] = {
    "n_features": 4,
    "hidden": (5, 3, 6),
    "output": ["bernoulli", Categorical(3), "gaussian", DiscretizedLogistic(4, 2)],
    "activation": "tanh",
    "dtype": "float64",
}


def mixed_rows(n: int = 6, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    return np.stack([rng.integers(0, 2, n), rng.integers(0, 3, n), rng.standard_normal(n), rng.integers(0, 4, n)], 1)


# -------------------------------------------------------------------------------------------- gradient


@pytest.mark.parametrize("hidden", [(4,), (5, 3, 6)])
@pytest.mark.parametrize("activation", ["tanh", "elu", "gelu"])
@pytest.mark.parametrize("output", ["bernoulli", "gaussian"])
@pytest.mark.parametrize("is_spoilt", [False, True])
def test_gradient_is_that_of_the_loss(hidden: Any, activation: str, output: str, is_spoilt: bool) -> None:
    ae = Autoencoder(8, hidden, output, activation=activation, dtype="float64")
    theta = ae.init(rng=0) + 0.1 * np.random.default_rng(1).standard_normal(ae.n_params)
    x = few()[:7] if output == "bernoulli" else np.random.default_rng(2).standard_normal((7, 8))
    target = ae.corrupt(x, 0.3, rng=3) if is_spoilt else None
    assert target is None or (target != x).any()
    report = check_gradient(
        lambda t: ae.loss(t, x, target), lambda t: ae.loss_and_grad(t, x, target)[1], theta, names=ae.layout.locate
    )
    assert report.ok, report


def test_gradient_of_mixed_features_is_that_of_the_loss() -> None:
    ae = Autoencoder(**MIXED)
    x = mixed_rows()
    target = mixed_rows(seed=9)
    theta = ae.init(rng=0) + 0.1
    assert ae.loss_and_grad(theta, x, target)[0] == pytest.approx(ae.row_loss(theta, x, target).mean(), rel=1e-14)
    report = check_gradient(lambda t: ae.loss(t, x, target), lambda t: ae.loss_and_grad(t, x, target)[1], theta)
    assert report.ok, report


def test_with_masks_of_one_hidden_layer_it_is_the_network_of_the_page() -> None:
    ae = Autoencoder(8, (5,), activation="tanh", dtype="float64")
    theta = ae.init(rng=0)
    open_masks = np.ones((5, 8), bool), np.ones((8, 5), bool)
    loss, grads = layers.network_loss_and_grad(few(), *ae.layout.views(theta).values(), *open_masks)
    got, grad = ae.loss_and_grad(theta, few())
    assert got == pytest.approx(loss, rel=1e-14)
    np.testing.assert_allclose(grad, np.concatenate([each.ravel() for each in grads]), atol=1e-15)


def test_training_sees_the_same_loss_and_gradient_as_the_page() -> None:
    ae = Autoencoder(**MIXED)
    theta = ae.init(rng=0) + 0.1
    x = mixed_rows()
    loss, grad = ae._learner.loss_and_grad(theta, x)
    assert ae.loss(theta, x) == pytest.approx(loss, rel=1e-13)
    np.testing.assert_allclose(ae.loss_and_grad(theta, x)[1], grad, atol=1e-13)


# --------------------------------------------------------------------------------------------- density


def test_over_all_rows_it_adds_up_to_anything_and_masked_to_one() -> None:
    sums = []
    for width in (4, 16):
        ae = Autoencoder(8, (width,), dtype="float64")
        theta = ae.fit(EVERY, learning_rate=1e-2, max_epochs=150)
        sums.append(float(np.exp(-ae.row_loss(theta, EVERY)).sum()))
        for order in ("natural", "reverse", [2, 0, 3, 1, 7, 5, 6, 4]):
            total = np.exp(ae.masked(order).log_prob(theta, EVERY)).sum()
            assert total == pytest.approx(1, abs=1e-12)
    assert 2 < sums[0] < 100
    assert sums[1] > 240  # of 256: it copies


def test_a_gaussian_one_is_no_density_either() -> None:
    ae = Autoencoder(2, (8,), "gaussian", activation="tanh", dtype="float64")
    x = np.random.default_rng(0).standard_normal((200, 2))
    theta = ae.fit(x, max_epochs=60, learning_rate=1e-2)
    axis = np.linspace(-8, 8, 401)
    plane = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    cell = (axis[1] - axis[0]) ** 2
    assert np.exp(-ae.row_loss(theta, plane)).sum() * cell > 2
    made = replace(ae.masked(), backend="numpy")
    assert np.exp(made.log_prob(made.init(0, x), plane)).sum() * cell == pytest.approx(1, abs=1e-3)


def test_the_same_theta_runs_in_both() -> None:
    ae = Autoencoder(**MIXED)
    made = replace(ae.masked([2, 0, 3, 1]), backend="numpy")
    assert made.layout == ae.layout
    assert (made.hidden, made.outputs.feature_outputs) == (ae.hidden, ae.output)
    theta = ae.init(rng=0)
    views = ae.layout.views(theta)
    for name, mask in made.network.masks(made.mask_sets[0]).items():
        views[name][~mask] = 0
    # weights off the masks were all that stood between them
    np.testing.assert_allclose(-ae.row_loss(theta, mixed_rows()), made.log_prob(theta, mixed_rows()), rtol=1e-13)


@pytest.mark.parametrize("n_masks", [3, None])
def test_many_orders_have_the_same_layout(n_masks: int | None) -> None:
    ae = Autoencoder(8, (16,))
    assert ae.masked("random", n_masks=n_masks, seed=3).layout == ae.layout
    assert ae.masked(n_masks=None).layout == ae.layout
    assert ae.masked("random", degrees="random", seed=3).seed == 3
    assert ae.masked(degrees="random").degrees == "random"


# -------------------------------------------------------------------------------------- what it is for


def test_the_wider_the_bottleneck_the_better_it_gives_back() -> None:
    x = faces()
    found = []
    for width in (1, 2, 4, 8):
        ae = Autoencoder(16, (width,))
        theta = ae.fit(x[:150], max_epochs=150, learning_rate=1e-2, batch_size=50)
        found.append((ae.loss(theta, x[150:]), ((ae.reconstruct(theta, x[150:]) > 0.5) != x[150:]).mean()))
    losses, wrong = zip(*found, strict=True)
    assert sorted(losses, reverse=True) == list(losses)
    assert sorted(wrong, reverse=True) == list(wrong)
    assert wrong[0] > 3 * wrong[-1]


def test_trained_with_noise_it_takes_noise_away() -> None:
    x = faces(400)
    ae = Autoencoder(16, (32,))
    noisy = ae.corrupt(x[300:], 0.15, rng=5)
    as_it_is = (noisy != x[300:]).mean()
    wrong = []
    for noise in (0.0, 0.15):
        theta = ae.fit(x[:300], noise=noise, max_epochs=150, learning_rate=1e-2)
        wrong.append(((ae.reconstruct(theta, noisy) > 0.5) != x[300:]).mean())
    assert wrong[1] < 0.9 * wrong[0] < 0.7 * as_it_is


def test_validation_rows_are_spoilt_alike_each_time() -> None:
    x = faces()
    ae = Autoencoder(16, (8,), dtype="float64")
    told: dict[float, list[float]] = {}
    for noise in (0.0, 0.2):
        seen: list[float] = []
        ae.fit(x, noise=noise, valid=x, max_epochs=2, optimizer="sgd", learning_rate=1e-300, theta=ae.init(),
               callbacks=[lambda info, seen=seen: seen.append(info.valid)])  # fmt: skip
        told[noise] = seen
    assert told[0.2][0] == told[0.2][1]
    assert told[0.0][0] == told[0.0][1] != told[0.2][0]


def test_encode_reads_no_decoder_and_decode_no_encoder() -> None:
    ae = Autoencoder(**MIXED)
    assert ae.bottleneck == 1
    theta = ae.init(rng=0)
    x = mixed_rows()
    code = ae.encode(theta, x)
    back = ae.decode(theta, code)
    assert code.shape == (6, 3)
    np.testing.assert_array_equal(ae.reconstruct(theta, x), back)
    for layers_, ask in ((("W2", "b2", "W3", "b3"), lambda t: ae.encode(t, x)),
                         (("W0", "b0", "W1", "b1"), lambda t: ae.decode(t, code))):  # fmt: skip
        broken = theta.copy()
        for name in layers_:
            ae.layout.views(broken)[name][:] = np.nan
        np.testing.assert_array_equal(ask(broken), ask(theta))
        with np.errstate(invalid="ignore"):  # older NumPy warns of NaN
            assert np.isnan(ae.reconstruct(broken, x)).any()


def test_what_is_given_back_is_of_each_features_kind() -> None:
    ae = Autoencoder(**MIXED)
    x = mixed_rows(30)
    theta = ae.fit(x, max_epochs=400, learning_rate=1e-2)
    back = ae.reconstruct(theta, x)
    assert ((back[:, 0] > 0) & (back[:, 0] < 1)).all()
    assert set(back[:, 1]) <= {0, 1, 2}
    assert (back[:, 1] == x[:, 1]).mean() > 0.8
    assert np.corrcoef(back[:, 2], x[:, 2])[0, 1] > 0.8


def test_one_row_may_stand_alone() -> None:
    ae = Autoencoder(**MIXED)
    theta = ae.init(rng=0)
    x = mixed_rows()
    for ask in (ae.encode, ae.reconstruct, ae.row_loss):
        np.testing.assert_allclose(ask(theta, x[0]), ask(theta, x)[0], rtol=1e-13)
    np.testing.assert_allclose(ae.decode(theta, np.ones(3)), ae.decode(theta, np.ones((2, 3)))[1])
    assert ae.corrupt(x[0], 0.5).shape == (4,)
    assert ae.loss(theta, x[0]) == pytest.approx(float(ae.row_loss(theta, x[:1])[0]))


def test_no_rows_have_no_loss() -> None:
    ae = Autoencoder(8, (4,))
    theta = ae.init()
    none = np.empty((0, 8))
    loss, grad = ae.loss_and_grad(theta, none)
    assert ae.loss(theta, none) == loss == 0
    assert not grad.any()
    assert ae.encode(theta, none).shape == (0, 4)


# ----------------------------------------------------------------------------------------------- noise


def test_noise_changes_the_share_that_was_asked_for_and_no_more() -> None:
    ae = Autoencoder(**MIXED)
    x = mixed_rows(20_000)
    spoilt = ae.corrupt(x, 0.3, rng=1)
    changed = (spoilt != x).mean(axis=0)
    np.testing.assert_allclose(changed[[0, 1, 3]], 0.3, atol=0.02)
    moved = spoilt[:, 2] - x[:, 2]
    assert moved.std() == pytest.approx(0.3, abs=0.01)
    assert abs(moved.mean()) < 0.01
    for d, n in ((0, 2), (1, 3), (3, 4)):
        assert set(spoilt[:, d]) == set(range(n))
        others = (spoilt[:, d] - x[:, d])[spoilt[:, d] != x[:, d]] % n
        share = np.bincount(others.astype(int), minlength=n)[1:] / len(others)
        np.testing.assert_allclose(share, 1 / (n - 1), atol=0.03)
    np.testing.assert_array_equal(ae.corrupt(x, 0.0), x)
    bits = Autoencoder(8, (2,))
    np.testing.assert_array_equal(bits.corrupt(few(), 1.0), 1 - few())


def test_the_same_rng_gives_the_same_bits() -> None:
    ae = Autoencoder(8, (4,))
    given: dict[str, Any] = {"noise": 0.2, "max_epochs": 3}
    first = ae.fit(few(), rng=5, **given)
    np.testing.assert_array_equal(ae.fit(few(), rng=5, **given), first)
    np.testing.assert_array_equal(ae.fit(few(), rng=np.random.default_rng(5), **given), first)
    assert (ae.fit(few(), rng=6, **given) != first).any()


def test_the_training_loop_is_that_of_the_package() -> None:
    x = few()
    ae = Autoencoder(8, (6,), activation="tanh", dtype="float64")
    rng = np.random.default_rng(5)
    rng.integers(1 << 63)  # what noise would be drawn from
    want = fit(ae._learner, x, rng=rng, max_epochs=4, optimizer="sgd", averaging=0.9).theta
    np.testing.assert_array_equal(ae.fit(x, rng=5, max_epochs=4, optimizer="sgd", averaging=0.9), want)


# ------------------------------------------------------------------------------------------- what it is


def test_it_is_immutable_hashable_and_picklable() -> None:
    ae = Autoencoder(8, [4], dtype=np.float64)
    assert ae == Autoencoder(8, (4,), dtype="float64")
    assert hash(ae) == hash(Autoencoder(8, (4,), dtype="float64"))
    theta = ae.init(rng=0)
    again = pickle.loads(pickle.dumps(ae))
    assert again == ae
    np.testing.assert_array_equal(again.encode(theta, few()), ae.encode(theta, few()))
    assert replace(ae, hidden=(3,)).hidden == (3,)
    with pytest.raises(AttributeError):
        ae.hidden = (3,)  # type: ignore[misc]


def test_nothing_given_is_changed() -> None:
    ae = Autoencoder(8, (4,))
    theta = ae.init(rng=0)
    x = few()
    before = theta.copy(), x.copy()
    ae.loss_and_grad(theta, x)
    ae.reconstruct(theta, x)
    ae.corrupt(x, 0.5)
    ae.fit(x, noise=0.5, max_epochs=2, theta=theta)
    np.testing.assert_array_equal(theta, before[0])
    np.testing.assert_array_equal(x, before[1])


def test_weights_start_at_a_scale_without_masks() -> None:
    ae = Autoencoder(400, (100, 300), activation="tanh")
    views = ae.layout.views(ae.init(rng=0))
    assert views["W0"].std() * 20 == pytest.approx(1, abs=0.05)  # the square root of 400 wires
    assert views["W2"].std() * 300**0.5 == pytest.approx(1, abs=0.05)
    assert (views["W0"] != 0).all()
    straight = ae.layout.views(ae.init(0, scheme="orthogonal"))["W0"]
    np.testing.assert_allclose(straight @ straight.T, np.eye(100), atol=1e-5)
    biases = ae.layout.views(ae.init(0, np.ones((5, 400))))["b2"]
    assert (biases > 1).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Autoencoder(0), ValueError, "n_features=0"),
        (lambda: Autoencoder(8, ()), ValueError, r"hidden=\(\) leaves no layer"),
        (lambda: Autoencoder(8, (0,)), ValueError, "hidden"),
        (lambda: Autoencoder(8, output="bernoully"), ValueError, "bernoully"),
        (lambda: Autoencoder(8, activation="rely"), ValueError, "rely"),
        (lambda: Autoencoder(8, dtype="int"), ValueError, "dtype"),
        (lambda: Autoencoder(8).fit(few(), noise=-0.1), ValueError, "noise=-0.1"),
        (lambda: Autoencoder(8).fit(few(), noise=1.5), ValueError, "noise=1.5: feature 0 has Bernoulli values"),
        (lambda: Autoencoder(8).fit(few(), noise="a"), TypeError, "noise='a'"),
        (lambda: Autoencoder(8).fit(few(), checkpoint="a"), TypeError, "checkpoint is no argument of"),
        (lambda: Autoencoder(8).fit(few()[:, :3]), ValueError, r"x has shape \(40, 3\)"),
        (lambda: Autoencoder(8).fit(few() * 2), ValueError, r"x\[\d+, \d+\] = 2: column \d has Bernoulli"),
        (lambda: Autoencoder(8).fit(few() * np.nan), ValueError, "NaN is not allowed"),
        (lambda: Autoencoder(8).encode(np.zeros(3), few()), ValueError, "theta"),
        (lambda: Autoencoder(8).decode(Autoencoder(8).init(), few()), ValueError, r"code has shape \(40, 8\)"),
        (
            lambda: Autoencoder(8).loss_and_grad(Autoencoder(8).init(), few(), few()[:3]),
            ValueError,
            "target has 3 rows, x has 40",
        ),
        (
            lambda: Autoencoder(8).loss(Autoencoder(8).init(), few(), few() / 2),
            ValueError,
            r"target\[\d+, \d+\] = 0.5: column \d has Bernoulli values",
        ),
        (lambda: Autoencoder(8).masked(order=[0, 1]), ValueError, "order"),
    ],
)
def test_what_cannot_be_meant_is_said_in_one_line(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message) as raised:
        call()
    assert "\n" not in str(raised.value)


def test_counts_without_end_have_no_noise_but_are_given_back() -> None:
    from own_distributions import Poisson

    ae = Autoencoder(2, (4,), Poisson(), dtype="float64")
    x = np.array([[0.0, 3.0], [5.0, 1.0]] * 10)
    theta = ae.fit(x, max_epochs=200, learning_rate=1e-2)
    np.testing.assert_allclose(ae.reconstruct(theta, x[:2]), x[:2], atol=0.5)
    with pytest.raises(ValueError, match=r"noise=0.1: feature 0 has Poisson values, .*leave noise at 0"):
        ae.fit(x, noise=0.1)


def test_a_made_of_another_kind_is_no_autoencoder() -> None:
    ae = Autoencoder(8, (4,))
    made = ae.masked()
    assert isinstance(made, MADE)
    assert type(made) is MADE
    assert all(not mask.all() for mask in made.mask_sets[0].masks)
    assert all(mask.all() and not mask.flags.writeable for mask in ae._learner.mask_sets[0].masks)
