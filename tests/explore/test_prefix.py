"""The first features of a model are a MADE of their own, with the very same probabilities."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from made_np import MADE, Bernoulli, Categorical, Gaussian
from made_np.explore.page import data_of, page
from made_np.explore.prefix import MOST_FEATURES, MOST_UNITS, prefix_of
from made_np.explore.problem import begin, first_example, numbers, sketch_of, state_of
from made_np.explore.tape import tape_of

EXP = Gaussian(0.1, scale="exp")
MODELS: dict[str, dict[str, Any]] = {
    "large": {"n_features": 64, "hidden": (300,)},
    "two layers": {"n_features": 20, "hidden": (40, 30), "order": "random", "activation": "tanh", "seed": 3},
    "no hidden layer": {"n_features": 12, "hidden": (), "order": "reverse"},
    "narrow": {"n_features": 30, "hidden": (3, 2), "degrees": "random", "order": "random"},
    "residual": {"n_features": 20, "hidden": (40, 40), "residual": True, "activation": "sigmoid"},
    "direct": {"n_features": 9, "hidden": (16,), "direct": True, "output": "gaussian"},
    "mask weights": {"n_features": 12, "hidden": (24,), "mask_weights": True, "n_masks": 3, "order": "random"},
    "paths": {"n_features": 8, "hidden": (20,), "n_masks": None},
    "mixed": {"n_features": 4, "hidden": (9,), "output": ["bernoulli", EXP, Categorical(3), "gaussian"]},
    "wide behind": {"n_features": 4, "hidden": (9,), "output": ["bernoulli", Categorical(90), EXP, "bernoulli"],
                    "order": (2, 0, 3, 1), "direct": True, "direct_limit": 64},
    "one feature": {"n_features": 1, "hidden": (5, 4)},
    "all of one degree": {"n_features": 5, "hidden": (40,), "degrees": [[3] * 40]},
}  # fmt: skip


def model(name: str) -> tuple[MADE, Any]:
    made = MADE(**MODELS[name], backend="numpy")
    rng = np.random.default_rng(1)
    return made, (made.init(0) + 0.3 * rng.standard_normal(made.n_params)).astype("f4")


@pytest.mark.parametrize("name", MODELS)
def test_a_prefix_scores_its_features_as_the_whole_model_does(name: str) -> None:
    made, theta = model(name)
    k = 1 if name == "mask weights" else 0
    prefix = prefix_of(made, theta, k)
    order = made.mask_sets[k].order
    n = len(prefix.features)
    assert prefix.features == sorted(order[:n].tolist())
    exact = replace(made, dtype="float64")
    x = exact.sample(theta.astype(float), 40, rng=0, mask_set=k)
    of_each = exact.feature_log_prob(theta.astype(float), x, mask_set=k)[:, prefix.features]
    ours = prefix.made.log_prob(prefix.theta, x[:, prefix.features])
    np.testing.assert_allclose(ours, of_each.sum(axis=1), rtol=1e-10)


@pytest.mark.parametrize("name", MODELS)
def test_a_prefix_is_the_largest_that_fits(name: str) -> None:
    made, theta = model(name)
    prefix = prefix_of(made, theta)
    n = prefix.made.n_features
    assert n <= MOST_FEATURES
    assert max(prefix.made.hidden, default=0) <= MOST_UNITS
    whole = made.mask_sets[0]
    if n == min(made.n_features, MOST_FEATURES):
        return
    nxt = made.outputs.feature_outputs[whole.order[n]]
    too_wide = max((degrees < n + 1).sum() for degrees in whole.degrees) > MOST_UNITS
    assert too_wide or nxt.n_values == 3 or nxt.n_values == 90


@pytest.mark.parametrize(("name", "n"), [("large", 4), ("residual", 8), ("mixed", 2), ("wide behind", 3), ("paths", 6)])
def test_how_many_features_fit(name: str, n: int) -> None:
    assert prefix_of(*model(name)).made.n_features == n


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_context": 2}, "n_context=2: explore shows models without context"),
        ({"hidden": (4, 4, 4)}, "hidden has 3 layers: explore shows at most 2"),
        ({"output": [Categorical(3), *["bernoulli"] * 3]}, r"feature 0, the first in the order, is Categorical\(n=3\)"),
        ({"hidden": (20, 20), "residual": True, "degrees": [[1] * 12 + [3] * 8, [2] * 6 + [3] * 14]}, "residual=True"),
    ],
)
def test_what_the_page_cannot_show_is_refused_in_words(arguments: dict[str, Any], message: str) -> None:
    made = MADE(**{"n_features": 4, "hidden": (6,), "backend": "numpy", **arguments})
    with pytest.raises(ValueError, match=message):
        prefix_of(made, made.init(0))


def test_weights_that_no_wire_carries_may_be_anything_and_others_may_not() -> None:
    made = MADE(4, (6,), dtype="float64", backend="numpy")
    theta = made.init(0)
    sound = page(made, theta)
    views = made.layout.views(theta)
    views["W0"][0, 3] = np.nan
    assert page(made, theta) == sound
    views["W0"][0, 0] = np.nan
    with pytest.raises(ValueError, match=r"theta\[0\] = nan \(W0\[0, 0\]\)"):
        page(made, theta)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_model_that_overflows_is_refused_in_words() -> None:
    made = MADE(3, (6,), "gaussian", dtype="float64", backend="numpy")
    with pytest.raises(ValueError, match="the model overflows"):
        page(made, made.init(0) * 1e160 + 1e160)


def test_an_activation_of_somebody_is_refused() -> None:
    from made_np.layers import register_activation, unregister_activation

    register_activation("cube", lambda z: z**3, lambda dy, z: dy * 3 * z**2)
    try:
        made = MADE(3, (4,), activation="cube")
        with pytest.raises(ValueError, match="activation='cube' is your own: explore knows elu, gelu"):
            prefix_of(made, made.init(0))
    finally:
        unregister_activation("cube")


@pytest.mark.parametrize("name", MODELS)
def test_the_tape_of_a_prefix_holds_the_gradient_of_the_package(name: str) -> None:
    prefix = prefix_of(*model(name))
    x = begin(prefix)
    loss, grad = prefix.made.loss_and_grad(prefix.theta, x)
    tape = tape_of(prefix.made, prefix.theta, x)
    found = {each["name"]: each["grad"] for each in tape["values"]}
    ours = np.concatenate([np.ravel(found[name]) for name in prefix.made.layout.names])
    np.testing.assert_allclose(ours, grad, rtol=1e-12, atol=1e-14)
    assert abs(tape["loss"] - loss) < 1e-12 * max(1, abs(loss))
    assert [each["name"] for each in tape["values"]][-3:] == ["raw", "nll", "loss"]


def test_gradients_on_the_way_are_those_of_differences() -> None:
    prefix, x = first_example()
    tape = tape_of(prefix.made, prefix.theta, x)
    values = {each["name"]: each for each in tape["values"]}
    views = prefix.made.layout.views(prefix.theta)
    h = np.array(values["h0"]["value"])
    mask = prefix.made.mask_sets[0].masks[1]

    def loss(h: Any) -> float:
        raw = h @ np.where(mask, views["W1"], 0).T + views["b1"]
        return float((np.logaddexp(0, raw) - x * raw).sum() / len(x))

    step = 1e-5
    for n, k in ((0, 0), (3, 2), (5, 4)):
        up, down = h.copy(), h.copy()
        up[n, k] += step
        down[n, k] -= step
        assert abs((loss(up) - loss(down)) / (2 * step) - values["h0"]["grad"][n][k]) < 1e-9


@pytest.mark.parametrize("name", MODELS)
def test_what_the_page_gets_is_json_with_the_numbers_of_the_package(name: str) -> None:
    made, theta = model(name)
    prefix = prefix_of(made, theta)
    x = begin(prefix)
    state = state_of(prefix, x)
    found = numbers(prefix, state)
    is_bits = all(isinstance(output, Bernoulli) for output in prefix.made.outputs.feature_outputs)
    assert ("log_prob" in found) == is_bits
    if is_bits:
        assert abs(found["sum"] - 1) < 1e-12
        assert abs(found["two"]["mixture"] - 1) < 1e-12
        assert len(found["log_prob"]) == min(2**prefix.made.n_features, 128)
    sketch = sketch_of(made, made.mask_sets[0], None, prefix.made.n_features)
    assert (sketch is None) == (prefix.made.n_features == made.n_features)
    assert set(data_of(prefix, x)) == {"state", "python", "constants"}


def test_the_page_wants_a_model_with_its_parameters_and_all_names() -> None:
    made = MADE(3, (4,), dtype="float64", backend="numpy")
    theta = made.init(0)
    with pytest.raises(TypeError, match="made and theta belong together"):
        page(made)
    with pytest.raises(TypeError, match="made is"):
        page("made", theta)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="names"):
        page(made, theta, names=["a"])
    with pytest.raises(ValueError, match="theta has shape"):
        page(made, theta[1:])
    with pytest.raises(IndexError, match="mask_set=1 does not exist"):
        page(made, theta, mask_set=1)
