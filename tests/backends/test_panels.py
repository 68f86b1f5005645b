"""Masked products in panels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from strategies import models, random_theta, seeds

from made_np.backends._numpy import panels
from made_np.backends._numpy.panels import Wires
from made_np.layers import masked_linear, masked_linear_backward
from made_np.model.made import MADE


def cut_finely(patch: pytest.MonkeyPatch) -> None:
    """Make panels so small that the networks of the tests have many."""
    for name, value in {"LEAST": 3, "NARROW": 0, "SMALL": 0}.items():
        patch.setattr(panels, name, value)


@given(models(), seeds)
def test_they_hold_every_wire_and_compute_what_one_product_does(made: MADE, seed: int) -> None:
    one = made.mask_sets[0]
    rng = np.random.default_rng(seed)
    views = made.layout.views(random_theta(made, rng))
    for name, mask in made.network.plain.masks(one).items():
        wires = Wires(mask)
        with pytest.MonkeyPatch.context() as patch:
            cut_finely(patch)
            by_row = wires.row_panels
            by_column = wires.column_panels
        for across, along, found in ((mask, 1, by_row), (mask.T, -1, by_column)):
            places = np.concatenate([np.arange(len(across))[part] for part, _, _ in found])
            np.testing.assert_array_equal(places, np.arange(len(across)))
            for part, *ends in found:
                whole, stop = ends[::along]
                assert len(across[part]) <= 3
                assert across[part, :whole].all() if along == 1 else across[part, whole:].all()
                assert not (across[part, stop:] if along == 1 else across[part, :stop]).any()
        W, x, dy = views[name], rng.standard_normal((4, mask.shape[1])), rng.standard_normal((4, len(mask)))
        np.testing.assert_allclose(wires.product(x, W, dy[0]), masked_linear(x, W, dy[0], mask), atol=1e-12)
        got, want = ([np.full_like(a, np.nan) for a in (W, dy[0], x)] for _ in range(2))
        wires.product_backward(dy, x, W, dW=got[0], db=got[1], dx=got[2])
        masked_linear_backward(dy, x, W, dy[0], mask, dW=want[0], db=want[1], dx=want[2])
        for a, b in zip(got, want, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.fixture
def stairs() -> MADE:
    """A network that is cut as it is, into rectangles with stairs beside them; its rows end within a panel."""
    return MADE(300, (310,), direct=True, dtype="float32", backend="numpy")


def test_a_staircase_is_cut_into_rectangles_of_wires(stairs: MADE) -> None:
    for mask in stairs.network.masks(stairs.mask_sets[0]).values():
        wires = Wires(mask)
        in_stairs = sum((stop - whole) * len(mask[rows]) for rows, whole, stop in wires.row_panels)
        in_all = sum(stop * len(mask[rows]) for rows, _, stop in wires.row_panels)
        assert in_stairs < 0.4 * mask.size
        assert in_all < 0.7 * mask.size
        assert all(whole == 0 or whole > panels.NARROW for _, whole, _ in wires.row_panels)
        beside = sum((whole - first) * mask[:, columns].shape[1] for columns, first, whole in wires.column_panels)
        below = sum((len(mask) - first) * mask[:, columns].shape[1] for columns, first, _ in wires.column_panels)
        assert beside < 0.4 * mask.size
        assert below < 0.7 * mask.size


def test_what_is_off_the_mask_is_not_read_and_its_gradient_is_zero(stairs: MADE) -> None:
    rng = np.random.default_rng(0)
    theta = stairs.init(rng=0)
    x = (rng.random((20, 300)) < 0.5).astype("float32")
    loss, grad = stairs.loss_and_grad(theta, x)
    spoilt = theta.copy()
    views = stairs.layout.views(spoilt)
    dead = {name: ~mask for name, mask in stairs.network.masks(stairs.mask_sets[0]).items()}
    for name, off in dead.items():
        views[name][off] = np.nan
    again, grad_again = stairs.loss_and_grad(spoilt, x, grad=np.full_like(grad, np.nan))
    assert again == loss
    np.testing.assert_array_equal(grad_again, grad)
    for name, off in dead.items():
        assert not stairs.layout.views(grad)[name][off].any()


def test_no_bit_of_an_output_hears_of_a_later_input(stairs: MADE) -> None:
    rng = np.random.default_rng(1)
    theta = random_theta(stairs, rng).astype("float32")
    x = (rng.random((20, 300)) < 0.5).astype("float32")
    before = stairs.raw_outputs(theta, x)
    for first in (1, 63, 64, 65, 150, 299):
        other = x.copy()
        other[:, first:] = 1e30 * rng.standard_normal((20, 300 - first)).astype("float32")
        after = stairs.bound[0].raw_outputs(theta, other, None)
        np.testing.assert_array_equal(after[:, : first + 1], before[:, : first + 1])
