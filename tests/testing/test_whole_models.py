"""Faults in a whole MADE: the suite names each, in the check that is read first, and misleads nowhere."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from made_np.testing import Adapter, check_gradient, check_masks, suite
from made_np.testing.checks import Check
from made_np.testing.wiring import as_order

Array = NDArray[Any]
RECIPE = runpy.run_path(str(Path(__file__).parents[1] / "recipes" / "numpy_made.py"))
MaskedNet, factory, sigmoid, D, H = (RECIPE[name] for name in ("MaskedNet", "factory", "sigmoid", "D", "H"))
IN = np.arange(1, D + 1)
HIDDEN = 1 + np.arange(H) % (D - 1)


class Net(MaskedNet):  # type: ignore[misc,valid-type]
    """The recipe, whose backward pass is replaced by `back`."""

    def grad(self, theta: Array) -> Array:
        p = self.blocks(theta)
        h = np.tanh(self.x @ (p["W0"] * self.masks[0]).T + p["b0"])
        z = h @ (p["W1"] * self.masks[1]).T + p["b1"]
        return np.concatenate([np.ravel(block) for block in self.back(p, h, (sigmoid(z) - self.x) / len(z))])

    def back(self, p: Any, h: Array, dz: Array) -> list[Array]:
        """dW0, db0, dW1, db1, rightly."""
        da = dz @ (p["W1"] * self.masks[1]) * (1 - h**2)
        return [da.T @ self.x * self.masks[0], da.sum(0), dz.T @ h * self.masks[1], dz.sum(0)]


def net_with(back: Callable[..., list[Array]] | None = None, **attributes: Any) -> Any:
    net = Net()
    for name, value in attributes.items():
        setattr(net, name, value)
    if back is not None:
        net.back = lambda p, h, dz: back(net, p, h, dz)  # type: ignore[method-assign]
    return net


def overwritten(net: Any, p: Any, h: Array, dz: Array) -> list[Array]:
    dh = dz @ (p["W1"] * net.masks[1])
    h *= -h
    h += 1
    da = dh * h
    return [da.T @ net.x * net.masks[0], da.sum(0), dz.T @ h * net.masks[1], dz.sum(0)]


def other_mask(net: Any, p: Any, h: Array, dz: Array) -> list[Array]:
    dW0, db0, _, db1 = Net.back(net, p, h, dz)
    return [dW0, db0, dz.T @ h * ~net.masks[1], db1]


def other_order(net: Any, p: Any, h: Array, dz: Array) -> list[Array]:
    dW0, db0, dW1, db1 = Net.back(net, p, h, dz)
    return [dW0, dW1, db0, db1]


def unmasked_dx(net: Any, p: Any, h: Array, dz: Array) -> list[Array]:
    da = dz @ p["W1"] * (1 - h**2)
    return [da.T @ net.x * net.masks[0], da.sum(0), dz.T @ h * net.masks[1], dz.sum(0)]


def features_too(net: Any, p: Any, h: Array, dz: Array) -> list[Array]:
    return Net.back(net, p, h, dz / D)


def everything(net: Any, p: Any, h: Array, dz: Array) -> list[Array]:
    return Net.back(net, p, h, dz / (D * len(dz)))


def rows_twice(net: Any, p: Any, h: Array, dz: Array) -> list[Array]:
    return Net.back(net, p, h, dz / len(dz))


def twice(net: Any, p: Any, h: Array, dz: Array) -> list[Array]:
    return Net.back(net, p, h, 2 * dz)


def thrice(net: Any, p: Any, h: Array, dz: Array) -> list[Array]:
    return Net.back(net, p, h, 3 * dz)


GRADIENTS = {
    twice: "= 2, and B is 7: added to an old gradient (+=)?",
    thrice: "= 3, and B is 7: a factor too many?",
    other_mask: "in W1: multiplied by another mask than the forward pass has",
    overwritten: "all errors are in W1: look at its own formula; or its input was overwritten before it was used",
    other_order: "the right numbers in another order of blocks: names and gradient do not go together",
    unmasked_dx: "look at dx, which is passed down (unmasked weight? derivative of the activation?)",
    features_too: "= 1/6, and B is 7: was the mean taken over features too? b1 has 6 of them",
    everything: "= 1/42, and B is 7: a mean over everything, rows and features, where a sum belongs?",
    rows_twice: "= 1/7: one over the batch size? A mean where a sum belongs, or 1/B applied twice?",
}


@pytest.mark.parametrize("back", GRADIENTS, ids=lambda back: back.__name__)
def test_a_wrong_gradient(back: Callable[..., Any]) -> None:
    report = suite(factory(net_with(back)))
    (failed,) = report.failures
    assert failed.check == "gradient"
    assert GRADIENTS[back] in failed.hint


def test_a_right_gradient_written_anew_has_no_hint() -> None:
    assert suite(factory(net_with())).ok


def test_without_names_it_is_said_once_what_would_help() -> None:
    bare = replace(factory(net_with(unmasked_dx)), names=None, frozen=None, rows=None)
    (failed,) = suite(bare).failures
    assert failed.hint == "give names=, frozen= and rows= for a better guess"
    some = replace(factory(net_with(unmasked_dx)), names=None)
    assert suite(some)["gradient"].report.hint == "give names= for a better guess"  # type: ignore[union-attr]
    report = check_gradient(lambda x: float(np.sum(x**2)), lambda x: 2 * x + x[::-1] ** 3, np.arange(1.0, 5.0))
    assert report.hint == "give names=, frozen= and rows= for a better guess"
    known = check_gradient(lambda x: float(np.sum(x**2)), lambda x: -2 * x, np.arange(1.0, 5.0))
    assert "better guess" not in known.hint


REVERSED = [HIDDEN[:, None] <= IN, IN[:, None] < HIDDEN]


def test_masks_that_compare_the_wrong_way_are_the_reversed_order_in_the_first_report() -> None:
    report = suite(factory(net_with(masks=REVERSED)))
    hints = {failed.check: failed.hint for failed in report.failures}
    assert hints["masks"] == "the masks follow the reversed order: transposed masks, or < for >?"
    assert hints["autoregressive"].startswith("the outputs follow the reversed order")
    assert hints["sampler"].startswith("mend masks and autoregressive first")
    assert "at once" not in str(report)


def test_masks_that_are_wrong_otherwise_are_not_called_reversed() -> None:
    order = [2, 0, 3, 1, 5, 4]
    for wrong in ([HIDDEN[:, None] >= IN, IN[:, None] >= HIDDEN], [HIDDEN[:, None] <= IN, IN[:, None] > HIDDEN]):
        for own in (range(D), order):
            assert "reversed" not in check_masks(wrong, own).hint


def drawn(net: Any, rule: Callable[[Array, Array], tuple[Array, Array]], u: Array) -> Array:
    """Draw in the natural order: `rule` says what is fed back, and what is returned."""
    fed, x = np.zeros_like(u), np.zeros_like(u)
    for d in range(D):
        fed[:, d], x[:, d] = rule(sigmoid(net.logits(fed))[:, d], u[:, d])
    return x


SAMPLERS = {
    "the mode": (lambda p, u: (p > 0.5, p > 0.5), "each entry is the more probable value, x = (p > 0.5)"),
    "probabilities returned": (lambda p, u: (p, p), "a probability stands where a draw of it belongs: x = u < p"),
    "drawn from, and then fed back": (lambda p, u: (u < p, p), "a probability stands where a draw of it belongs"),
    "probabilities fed back": (lambda p, u: (p, u < p), "probabilities are fed back, where draws belong"),
    "u > p": (lambda p, u: (u > p, u > p), "each entry is the opposite"),
}


@pytest.mark.parametrize("fault", SAMPLERS)
def test_a_wrong_sampler(fault: str) -> None:
    rule, says = SAMPLERS[fault]
    net = net_with()
    net.sample = lambda u: drawn(net, rule, u)
    (failed,) = suite(factory(net)).failures
    assert failed.check == "sampler"
    assert says in failed.hint


def test_right_samplers_pass() -> None:
    net = net_with()
    net.sample = lambda u: drawn(net, lambda p, u: (u < p, u < p), u)
    assert suite(factory(net)).ok


def test_an_order_from_one_is_told_so() -> None:
    with pytest.raises(ValueError, match=r"it counts from 1, count from 0: give a permutation of 0\.\.5"):
        replace(factory(), order=range(1, 7))
    with pytest.raises(ValueError, match=r"order=\[0, 0, 1\]: give a permutation"):
        as_order([0, 0, 1], 3)


def test_what_a_check_refuses_is_its_hint() -> None:
    refused = Check("masks", lambda: check_masks([np.eye(3)], [1, 2, 3]))()
    assert refused.hint == refused.failures[0].got
    assert "it counts from 1" in refused.hint

    def broken() -> Any:
        raise ValueError("of the model's own")

    assert "run this check alone" in Check("masks", broken)().hint


def test_the_adapter_that_is_right_stays_right() -> None:
    assert isinstance(factory(), Adapter)
    assert suite(factory()).ok
