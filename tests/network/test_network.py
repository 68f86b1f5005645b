"""Which parameters a network has, and where they start."""

from __future__ import annotations

import numpy as np
import pytest

from made_np.distributions.plain import Categorical
from made_np.layers import ACTIVATIONS
from made_np.model.made import MADE
from made_np.network.starts import orthogonal


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


def test_mask_weights_stand_at_the_end_and_move_nothing_else() -> None:
    for arguments in ({"hidden": (5, 4), "direct": True, "n_context": 1}, {"hidden": (4,)}, {"hidden": ()}):
        plain, made = MADE(3, **arguments), MADE(3, mask_weights=True, **arguments)
        n = len(plain.layout.names)
        assert made.layout.names[:n] == plain.layout.names
        assert made.layout.shapes[:n] == plain.layout.shapes
        weights = [name for name in plain.layout.names if name.startswith("W")]
        assert made.layout.names[n:] == tuple("U" + name[1:] for name in weights)
        shapes = dict(zip(made.layout.names, made.layout.shapes, strict=True))
        assert all(shapes["U" + name[1:]] == shapes[name] for name in weights)
        assert made.network.plain == plain.network
        assert plain.network.plain is plain.network
    assert MADE(3, (), direct=False, mask_weights=True).layout.names == ("b0",)


@pytest.mark.parametrize("mask_weights", [True, False])
def test_every_weight_has_a_mask_of_its_shape(mask_weights: bool) -> None:
    for arguments in ({"hidden": (5, 4), "direct": True, "n_context": 1}, {"hidden": ()}, {"hidden": (3,)}):
        made = MADE(3, mask_weights=mask_weights, **arguments)
        masks, one = made.network.masks(made.mask_sets[0]), made.mask_sets[0]
        assert masks.keys() == set(made.layout.weight_names)
        shapes = dict(zip(made.layout.names, made.layout.shapes, strict=True))
        for name, mask in masks.items():
            assert mask.shape == shapes[name]
            assert mask is (one.direct if name.endswith("direct") else one.masks[int(name[1:])])


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_the_activation_is_the_pair_of_that_name(name: str) -> None:
    assert MADE(3, (4,), activation=name).network.act is ACTIVATIONS[name]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_biases_direct_wires_and_mask_weights_start_at_zero(dtype: str) -> None:
    made = MADE(4, (6, 6), direct=True, dtype=dtype, mask_weights=True)
    theta = made.init(rng=1)
    assert theta.dtype == dtype
    assert theta.flags.c_contiguous
    for name, view in made.layout.views(theta).items():
        assert view.any() == name.startswith("W") * (name != "W_direct")


@pytest.mark.parametrize("scheme", ["normal", "orthogonal"])
@pytest.mark.parametrize(("activation", "gain"), [("relu", 2.0), ("tanh", 1.0)])
def test_weights_keep_the_scale_of_what_passes_through(activation: str, gain: float, scheme: str) -> None:
    """Variance gain / (mean number of live wires into a unit), not / width: half of the wires are cut."""
    made = MADE(200, (300, 300), activation=activation)
    views = made.layout.views(made.init(rng=0, scheme=scheme))
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


@pytest.mark.parametrize("shape", [(7, 4), (4, 7), (5, 5), (1, 3), (3, 1), (0, 3)])
def test_orthogonal_matrices_have_orthonormal_columns_or_rows(shape: tuple[int, int]) -> None:
    normal = np.random.default_rng(0).standard_normal(shape)
    q = orthogonal(normal)
    assert q.shape == shape
    short = q if shape[0] < shape[1] else q.T
    np.testing.assert_allclose(short @ short.T, np.eye(min(shape)), atol=1e-14)
    if q.size:  # the first is where it was, not on the other side
        first = normal[0] if shape[0] < shape[1] else normal[:, 0]
        np.testing.assert_allclose(short[0], first / np.linalg.norm(first), atol=1e-14)


def test_an_orthogonal_start_is_one_before_the_masks_cut_it() -> None:
    made = MADE(20, (50, 30), Categorical(2), n_masks=None, order="random", dtype="float64")
    views = made.layout.views(made.init(rng=1, scheme="orthogonal"))
    for layer in range(3):
        W = views[f"W{layer}"]
        short = W if len(W) < W.shape[1] else W.T
        product = short @ short.T
        assert product[0, 0] > 0
        np.testing.assert_allclose(product / product[0, 0], np.eye(len(short)), atol=1e-12)
    assert not views["b0"].any()
    one = MADE(20, (50, 30), dtype="float64")
    cut = one.layout.views(one.init(rng=1, scheme="orthogonal"))
    assert all(not cut[f"W{layer}"][~mask].any() for layer, mask in enumerate(one.mask_sets[0].masks))


def test_an_unknown_scheme_is_named() -> None:
    with pytest.raises(ValueError, match="scheme='xavier'"):
        MADE(3).init(0, scheme="xavier")
