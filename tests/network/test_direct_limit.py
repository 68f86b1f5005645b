"""Features of many values have no direct wires, so that parameters are linear in the number of values."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from strategies import random_context, random_rows, random_theta

from made_np.distributions.plain import Categorical
from made_np.model.made import MADE

OUTPUTS = [Categorical(70), "bernoulli", Categorical(5), Categorical(65)]


def test_wide_features_are_carried_by_the_hidden_layers_alone() -> None:
    made = MADE(4, (9,), OUTPUTS, direct=True, n_context=2, mask_weights=True, order=[2, 0, 3, 1], dtype="float64")
    assert made.direct_limit == 64
    views = made.layout.views(np.zeros(made.n_params))
    assert views["W_direct"].shape == views["U_direct"].shape == (141, 1 + 5 + 2)
    one = made.mask_sets[0]
    assert one.direct_wires is not None
    assert one.direct is not None
    wired = one.direct.any(axis=0)
    np.testing.assert_array_equal(wired[70:76], [False, True, True, True, True, True])  # x1 is last in the order
    assert not wired[:70].any()
    assert not wired[76:141].any()
    np.testing.assert_array_equal(one.direct_wires, one.direct[:, [*range(70, 76), 141, 142]])
    rng = np.random.default_rng(0)
    theta = random_theta(made, rng)
    J = made.jacobian(theta, random_rows(made, 1, rng), context=random_context(made, 1, rng))[0]
    depends = [[(J[out, into] != 0).any() for into in made.input_slices] for out in made.output_slices]
    np.testing.assert_array_equal(depends, one.reachability())


@pytest.mark.parametrize("mask_set", [0, [3, 1, 0, 2]])
def test_with_zero_wires_of_wide_features_the_model_without_a_limit_is_the_same(mask_set: Any) -> None:
    arguments: dict[str, Any] = {"direct": True, "n_context": 2, "gap_inputs": [0, 2], "dtype": "float64"}
    made = MADE(4, (9,), OUTPUTS, order=[2, 0, 3, 1], **arguments)
    every = MADE(4, (9,), OUTPUTS, order=[2, 0, 3, 1], direct_limit=None, **arguments)
    rng = np.random.default_rng(0)
    theta = random_theta(made, rng, 0.2)
    larger = np.zeros(every.n_params)
    views = every.layout.views(larger)
    for name, view in made.layout.views(theta).items():
        if name == "W_direct":
            views[name][:, made.network.direct_units] = view
        else:
            views[name][:] = view
    x = random_rows(made, 20, rng)
    x[::3, 2] = np.nan
    given: dict[str, Any] = {"context": random_context(made, 20, rng), "mask_set": mask_set}
    for ask in ("log_prob", "feature_log_prob", "raw_outputs"):
        got = getattr(made, ask)(theta, x, gaps="skip", **given)
        np.testing.assert_allclose(got, getattr(every, ask)(larger, x, gaps="skip", **given), rtol=1e-10, atol=1e-12)
    _, grad = made.loss_and_grad(theta, x, gaps="skip", **given)
    _, want = every.loss_and_grad(larger, x, gaps="skip", **given)
    for name, view in made.layout.views(grad).items():
        own = every.layout.views(want)[name]
        own = own[:, made.network.direct_units] if name == "W_direct" else own
        np.testing.assert_allclose(view, own, rtol=1e-9, atol=1e-12)
    u = rng.random((20, 4))
    drawn = (each.sample(t, 20, uniforms=u, **given) for each, t in ((made, theta), (every, larger)))
    np.testing.assert_array_equal(*drawn)


def test_parameters_are_linear_in_the_number_of_values() -> None:
    def size(n: int) -> int:
        return MADE(3, (8,), [Categorical(n), "gaussian", Categorical(n)], direct=True).n_params

    assert size(4000) - size(2000) == size(3000) - size(1000)


@pytest.mark.parametrize(
    ("arguments", "limit", "direct"),
    [
        ({"output": OUTPUTS}, 64, True),
        ({"output": OUTPUTS, "direct_limit": 65}, 65, True),
        ({"output": OUTPUTS, "direct_limit": 70}, None, True),
        ({"output": OUTPUTS, "direct_limit": None}, None, True),
        ({"output": OUTPUTS, "hidden": ()}, None, True),
        ({"output": OUTPUTS, "direct": False}, None, False),
        ({"output": Categorical(64)}, None, True),
        ({"output": Categorical(65)}, None, False),
        ({"output": Categorical(65), "n_context": 1}, 64, True),
    ],
)
def test_the_limit_is_kept_where_it_cuts_wires_off(arguments: dict[str, Any], limit: Any, direct: bool) -> None:
    made = MADE(4, **{"hidden": (9,), "direct": True, **arguments})
    assert (made.direct_limit, made.direct) == (limit, direct)
    assert MADE.from_config(made.config()) == made


def test_a_file_from_before_there_was_a_limit_has_all_its_wires() -> None:
    config = MADE(4, (9,), OUTPUTS, direct=True).config()
    del config["direct_limit"]
    made = MADE.from_config(config)
    assert made.layout.views(np.zeros(made.n_params))["W_direct"].shape == (141, 141)
    assert made == MADE(4, (9,), OUTPUTS, direct=True, direct_limit=None)


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "none"])
def test_a_limit_that_cannot_be_meant(wrong: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="direct_limit="):
        MADE(4, (9,), direct_limit=wrong)


FIT = """
import resource
import numpy as np
from made_np import Categorical, MADEDensity

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

def fit(n):
    x = np.random.default_rng(0).integers(n, size=(400, 2)).astype(float)
    arguments = {"order": "natural", "n_masks": 1, "max_epochs": 1, "batch_size": 100}
    return MADEDensity((32,), columns=[Categorical(n)] * 2, **arguments).fit(x)

fit(3)
before = peak()
fit(10_000)
print(peak() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the peak has another unit, or none")
def test_ten_thousand_values_in_two_columns_take_little_memory() -> None:
    environment = {**os.environ, "MADE_NP_BACKEND": "numpy", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", FIT], env=environment, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 200  # MB; it was 3200 when each column had wires to itself
