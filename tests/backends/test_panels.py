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


@given(models(), seeds)
def test_they_hold_every_wire_and_compute_what_one_product_does(made: MADE, seed: int) -> None:
    one = made.mask_sets[0]
    rng = np.random.default_rng(seed)
    views = made.layout.views(random_theta(made, rng))
    for name, mask in made.network.plain.masks(one).items():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(panels, "PANEL_ROWS", 3)
            wires = Wires(mask)
        rows = np.concatenate([np.arange(len(mask))[part] for part, _ in wires.panels])
        np.testing.assert_array_equal(rows, np.arange(len(mask)))
        for part, stop in wires.panels:
            assert len(mask[part]) <= 3
            assert not mask[part, stop:].any()
            assert stop == 0 or mask[part, stop - 1].any()
        W, x, dy = views[name], rng.standard_normal((4, mask.shape[1])), rng.standard_normal((4, len(mask)))
        np.testing.assert_allclose(wires.product(x, W, dy[0]), masked_linear(x, W, dy[0], mask), atol=1e-12)
        got, want = ([np.full_like(a, np.nan) for a in (W, dy[0], x)] for _ in range(2))
        wires.product_backward(dy, x, W, dW=got[0], db=got[1], dx=got[2])
        masked_linear_backward(dy, x, W, dy[0], mask, dW=want[0], db=want[1], dx=want[2])
        for a, b in zip(got, want, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-12)
