"""The Jacobian of raw outputs by input units: differences agree, and what is not reached is exactly 0."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from strategies import OUTPUTS, models, random_context, random_rows, random_theta, seeds

from made_np.distributions.plain import Categorical
from made_np.layers import ACTIVATIONS
from made_np.model.made import MADE
from made_np.network import jacobian as page
from made_np.network.jacobian import jacobian
from made_np.testing import check_close

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "autoregressive_validation.py"
STEP = 1e-6


def problem(made: MADE, B: int = 3, seed: int = 0) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    return random_theta(made, rng), random_rows(made, B, rng), random_context(made, B, rng)


def by_differences(made: MADE, theta: Any, units: Any, mask_set: Any) -> Any:
    """(B, O, I + C) by central differences of plain Python, one input unit of one row after the other."""
    found = np.empty((len(units), made.outputs.n_raw, units.shape[1]))
    for row, unit in np.ndindex(units.shape):
        step = STEP * (np.arange(units.shape[1]) == unit)
        up = naive.raw_of_units(made, theta, units[row] + step, mask_set)
        down = naive.raw_of_units(made, theta, units[row] - step, mask_set)
        found[row, :, unit] = (np.array(up) - down) / (2 * STEP)
    return found


@settings(max_examples=60)
@given(models(max_features=4), seeds)
def test_it_is_what_differences_say(made: MADE, seed: int) -> None:
    theta, x, context = problem(made, 2, seed)
    units = made.outputs.encode(x, context)
    got = made.jacobian(theta, x, context=context)
    assert got.shape == (2, made.outputs.n_raw, units.shape[1])
    want = by_differences(made, theta, units, made.mask_sets[0])
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_differentiated(activation: str) -> None:
    made = MADE(4, (7, 7), "gaussian", activation=activation, residual=True, direct=True, dtype="float64")
    theta, x, _ = problem(made)
    want = by_differences(made, theta, x, made.mask_sets[0])
    np.testing.assert_allclose(made.jacobian(theta, x), want, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", OUTPUTS, ids=str)
def test_blocks_of_features_are_zero_exactly_where_nothing_is_reached(output: Any, dtype: str) -> None:
    made = MADE(5, (9, 3), output, activation="tanh", order="random", n_masks=3, direct=False, n_context=2, dtype=dtype)
    theta, x, context = problem(made)
    for mask_set in (0, 1, 2, [3, 1, 4, 0, 2]):
        one = made.mask_sets[mask_set] if isinstance(mask_set, int) else made.mask_sets.for_order(mask_set)
        J = made.jacobian(theta, x[0], context=context[0], mask_set=mask_set)
        assert J.dtype == np.dtype(dtype)
        live = [[bool(J[own, seen].any()) for seen in made.input_slices] for own in made.output_slices]
        np.testing.assert_array_equal(live, one.reachability())
        told = [bool(J[own, made.input_slices[-1].stop :].any()) for own in made.output_slices]
        np.testing.assert_array_equal(told, one.context_reachability())


def test_a_fault_in_a_mask_shows() -> None:
    made = MADE(4, (9,), activation="tanh", dtype="float64")
    theta, x, _ = problem(made)
    one = made.mask_sets[0]
    leaky = one.masks[1].copy()
    leaky[0, 0] = True
    wrong = replace(one)
    wrong.__dict__["masks"] = (one.masks[0], leaky)
    assert jacobian(made.network, theta, x, wrong)[0, 0].any()
    assert not jacobian(made.network, theta, x, one)[0, 0].any()


def test_both_backends_and_all_blocks_have_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    made = MADE(4, (9, 9), Categorical(3), residual=True, n_context=1, mask_weights=True, dtype="float64")
    theta, x, context = problem(made, B=7)
    want = made.jacobian(theta, x, context=context)
    other = replace(made, backend="numpy").jacobian(theta, x, context=context)
    np.testing.assert_array_equal(other, want)
    for at_once in (1, 40, 300):
        monkeypatch.setattr(page, "AT_ONCE", at_once)
        check_close(made.jacobian(theta, x, context=context), want, rtol=1e-12).raise_if_failed()


def test_a_wide_network_needs_little_more_than_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """No layer ever holds more numbers than AT_ONCE, or than one row of it."""
    made = MADE(30, (50,), Categorical(3), activation="tanh")
    theta, x, _ = problem(made, B=9)
    sizes = []
    multiply = page._back_through

    def noted(dy: Any, W: Any, mask: Any) -> Any:
        dx = multiply(dy, W, mask)
        sizes.append(dx.size)
        return dx

    monkeypatch.setattr(page, "_back_through", noted)
    monkeypatch.setattr(page, "AT_ONCE", 5000)
    made.jacobian(theta, x)
    assert sizes
    assert max(sizes) <= 5000


@pytest.mark.parametrize("shape", [(0, 3), (1, 3)])
def test_no_rows_have_no_jacobian(shape: tuple[int, int]) -> None:
    made = MADE(3, (4,))
    assert made.jacobian(made.init(), np.zeros(shape)).shape == (shape[0], 3, 3)
    assert MADE(3, (), direct=False).jacobian(np.zeros(3, "f4"), np.zeros(3)).tolist() == np.zeros((3, 3)).tolist()
    assert MADE(1, ()).jacobian(np.zeros(2, "f4"), np.zeros(1)).shape == (1, 1)


def test_garbage_off_the_masks_is_never_noticed() -> None:
    made = MADE(4, (6, 6), order=[2, 0, 3, 1], direct=True, dtype="float64")
    theta, x, _ = problem(made)
    want = made.jacobian(theta, x)
    garbage = theta.copy()
    views = made.layout.views(garbage)
    for name, mask in made.network.masks(made.mask_sets[0]).items():
        views[name][~mask] = np.nan
    np.testing.assert_array_equal(made.jacobian(garbage, x), want)


@pytest.mark.parametrize("order", ["natural", "reverse", "random"])
def test_the_script_that_shows_it_agrees(
    order: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["autoregressive_validation.py", "--order", order, "--features", "6"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert ended.value.code == 0
    assert "21 entries must be zero: 0 are not. 15 may live: 0 are zero." in capsys.readouterr().out
