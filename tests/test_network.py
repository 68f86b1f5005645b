"""Which parameters a network has, and where they start."""

from __future__ import annotations

import numpy as np
import pytest

from made_np.layers import ACTIVATIONS
from made_np.model import MADE
from made_np.outputs import Categorical


def test_parameters_are_named_from_the_input_to_the_output() -> None:
    made = MADE(3, (5, 4), Categorical(2), direct=True, n_context=1)
    views = made.layout.views(made.init())
    assert {name: view.shape for name, view in views.items()} == {
        "W0": (5, 7),
        "b0": (5,),
        "W1": (4, 5),
        "b1": (4,),
        "W2": (6, 4),
        "b2": (6,),
        "W_direct": (6, 7),
    }
    assert made.n_params == sum(view.size for view in views.values())
    assert made.network.output_bias == "b2"
    assert made.network.depth == 2


@pytest.mark.parametrize("direct", [True, False])
def test_without_hidden_layers_only_the_bias_and_the_direct_wires_are_left(direct: bool) -> None:
    made = MADE(3, (), direct=direct)
    assert made.layout.names == (("b0", "W_direct") if direct else ("b0",))
    assert made.network.output_bias == "b0"
    assert made.network.depth == 0


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_the_activation_is_the_pair_of_that_name(name: str) -> None:
    assert MADE(3, (4,), activation=name).network.act is ACTIVATIONS[name]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_biases_and_direct_wires_start_at_zero(dtype: str) -> None:
    made = MADE(4, (6, 6), direct=True, dtype=dtype)
    theta = made.init(rng=1)
    assert theta.dtype == dtype
    assert theta.flags.c_contiguous
    for name, view in made.layout.views(theta).items():
        assert view.any() == name.startswith("W") * (name != "W_direct")


@pytest.mark.parametrize(("activation", "gain"), [("relu", 2.0), ("tanh", 1.0)])
def test_weights_keep_the_scale_of_what_passes_through(activation: str, gain: float) -> None:
    """Variance gain / (mean number of live wires into a unit), not / width: half of the wires are cut."""
    made = MADE(200, (300, 300), activation=activation)
    views = made.layout.views(made.init(rng=0))
    for layer, mask in enumerate(made.mask_sets[0].masks):
        want = (gain if layer < 2 else 1.0) / (mask.sum() / len(mask))
        live = views[f"W{layer}"][mask]
        # The relative standard deviation of a variance of n numbers is sqrt(2 / n), here below 0.01.
        assert live.var() == pytest.approx(want, rel=0.05)
        assert abs(live.mean()) < 5 * np.sqrt(want / live.size)


def test_a_start_is_a_function_of_the_seed() -> None:
    made = MADE(5, (7,))
    np.testing.assert_array_equal(made.init(rng=3), made.init(rng=np.random.default_rng(3)))
    assert not np.array_equal(made.init(rng=3), made.init(rng=4))
