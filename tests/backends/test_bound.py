"""What `bind` returns: the same methods from every backend, and nothing that outlives it."""

from __future__ import annotations

import gc
import inspect
import pickle
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
from installed import EACH, each_backend, needs_numba
from own_distributions import Poisson
from strategies import random_rows, random_theta

import made_np
from made_np import layers
from made_np.backends import _numpy
from made_np.backends.bound import Bound
from made_np.distributions.plain import Bernoulli
from made_np.layers import ACTIVATIONS, dropout_mask
from made_np.masks.sets import MIXTURE_SIZE, MaskSet
from made_np.model.made import MADE
from made_np.optim import SGD, AdaDelta, AdaGrad, Adam, AdamW

SEAM = {name: method for name, method in vars(Bound).items() if inspect.isfunction(method) and name[0] != "_"}


# ---------------------------------------------------------------------------------------------- the seam


def test_the_seam_is_what_a_model_and_a_fit_ask_for() -> None:
    assert set(SEAM) == {
        *("raw_outputs", "nll", "row_nll", "loss_and_grad", "pull_back", "update", "train_step", "average"),
        *("sample", "propagate_means", "own"),
    }
    assert all(inspect.getdoc(method) for method in SEAM.values())


@pytest.mark.parametrize("name", EACH)
def test_every_backend_has_the_signatures_of_the_seam(name: str) -> None:
    bound = MADE(3, backend=name).bound[0]
    assert isinstance(bound, Bound)
    assert type(bound).__module__ == f"made_np.backends._{name}.network"
    for method, want in SEAM.items():
        assert inspect.signature(getattr(type(bound), method)) == inspect.signature(want), method


@pytest.mark.parametrize("name", EACH)
def test_no_network_is_asked_for_as_another(name: str) -> None:
    """Each of a model's mask sets, any order, and no other."""
    made = MADE(5, (6,), order="random", n_masks=3, backend=name)
    for k in range(3):
        bound = made.bound[k]
        assert bound.mask_set is made.mask_sets[k]
        assert bound.network is made.network
        assert made.bound[k] is bound
    np.testing.assert_array_equal(made.bound.for_order([3, 1, 0, 2, 4]).mask_set.order, [3, 1, 0, 2, 4])
    for wrong in (3, -1):
        with pytest.raises(IndexError, match=f"mask_set={wrong} does not exist"):
            made.bound[wrong]


# -------------------------------------------------------------------------------------- what has no kernel


class Odd(Bernoulli):
    """A distribution that no kernel knows."""


@needs_numba
def test_a_network_without_a_kernel_is_left_to_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(layers._ACTIVATIONS, "odd", ACTIVATIONS["tanh"])
    for arguments in ({"output": Odd()}, {"activation": "odd"}, {"output": ["gaussian", Odd(), "bernoulli"]}):
        made = MADE(3, (5,), dtype="float64", backend="numba", **arguments)  # type: ignore[arg-type]
        assert type(made.bound[0]) is type(_numpy.bind(made.network, made.mask_sets[0]))
        rng = np.random.default_rng(0)
        theta, x = random_theta(made, rng), random_rows(made, 4, rng)
        want = replace(made, backend="numpy")
        np.testing.assert_array_equal(made.log_prob(theta, x), want.log_prob(theta, x))
        np.testing.assert_array_equal(made.loss_and_grad(theta, x)[1], want.loss_and_grad(theta, x)[1])
        np.testing.assert_array_equal(made.sample(theta, 4, rng=0), want.sample(theta, 4, rng=0))


@needs_numba
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_computes_on_both_backends(activation: str) -> None:
    made = MADE(6, (9, 9), activation=activation, dtype="float64", backend="numba")
    rng = np.random.default_rng(0)
    theta, x = random_theta(made, rng), random_rows(made, 7, rng)
    got, want = (replace(made, backend=name).loss_and_grad(theta, x) for name in ("numba", "numpy"))
    np.testing.assert_allclose(got[0], want[0], rtol=1e-12)
    np.testing.assert_allclose(got[1], want[1], rtol=1e-10, atol=1e-13)


# ---------------------------------------------------------------------------------------------- how long it lives


def work(made: MADE, k: int) -> None:
    """Let a mask set compute everything."""
    rng = np.random.default_rng(k)
    theta, x = random_theta(made, rng), random_rows(made, 3, rng)
    made.loss_and_grad(theta, x, mask_set=k)
    made.sample(theta, 3, rng=0, mask_set=k)
    made.fill_means(theta, np.full((2, made.n_features), np.nan), mask_set=k)


@each_backend
def test_a_fresh_mask_set_at_every_step_leaves_nothing_behind(backend: str) -> None:
    made = MADE(5, (6,), order="random", n_masks=None, backend=backend)
    for k in range(MIXTURE_SIZE + 40):
        work(made, k)
    made.sample(random_theta(made, np.random.default_rng(0)), 2, given=np.array([0, np.nan, 1, np.nan, 0]))
    gc.collect()
    assert len(made.bound._kept) == MIXTURE_SIZE
    alike = [one for one in gc.get_objects() if type(one) is type(made.bound[0]) and one.network is made.network]
    assert {id(one) for one in alike} == {id(one) for one in made.bound._kept.values()}


@each_backend
def test_what_is_prepared_is_kept_nowhere_else(backend: str) -> None:
    made = MADE(5, (6,), order="random", mask_weights=True, backend=backend)
    one = made.mask_sets[0]
    names = {name for name, value in vars(MaskSet).items() if not name.startswith("__")} | set(one.__dataclass_fields__)
    work(made, 0)
    assert set(one.__dict__) <= names
    prepared = weakref.ref(made.bound[0])
    del made
    gc.collect()
    assert prepared() is None


@each_backend
def test_a_copy_of_a_model_begins_anew(backend: str) -> None:
    made = MADE(5, (6,), order="random", backend=backend)
    work(made, 0)
    for again in (pickle.loads(pickle.dumps(made)), deepcopy(made)):
        assert again == made
        assert "bound" not in again.__dict__
        work(again, 0)
        assert again.bound[0] is not made.bound[0]


@each_backend
def test_threads_that_ask_at_once_get_the_same(backend: str) -> None:
    for seed in range(20):
        made = MADE(30, (40,), order="random", degrees="random", n_masks=3, seed=seed, backend=backend)
        together = threading.Barrier(4, timeout=20)

        def ask(_: int, made: MADE = made, together: threading.Barrier = together) -> Bound:
            together.wait()
            return made.bound[1]

        with ThreadPoolExecutor(4) as threads:
            assert len({id(each) for each in threads.map(ask, range(4))}) == 1


# ------------------------------------------------------------------------------------- gradient and update


@each_backend
@pytest.mark.parametrize("mask_weights", [False, True])
@pytest.mark.parametrize("rule", [SGD(0.9), Adam(), AdamW()], ids=lambda rule: type(rule).__name__)
def test_a_step_is_its_gradient_and_then_its_update(rule: Any, mask_weights: bool, backend: str) -> None:
    made = MADE(6, (8,), order="random", mask_weights=mask_weights, dtype="float64", backend=backend)
    rng = np.random.default_rng(0)
    bound, theta, x = made.bound[0], random_theta(made, rng), random_rows(made, 9, rng)
    decay = 0.1 * made.weight_mask
    at_once, apart = theta.copy(), theta.copy()
    states = rule.init(theta), rule.init(theta)
    grad = np.empty_like(theta)
    for _ in range(3):
        got = bound.train_step(at_once, x, None, np.empty_like(theta), rule, states[0], 0.01, decay)
        want = bound.loss_and_grad(apart, x, None, grad)
        bound.update(apart, grad, rule, states[1], 0.01, decay)
        np.testing.assert_allclose(got, want, rtol=1e-12)
    assert (at_once != theta).any()
    np.testing.assert_allclose(at_once, apart, rtol=1e-9, atol=1e-12)
    for name, value in states[0].items():
        np.testing.assert_allclose(value, states[1][name], rtol=1e-9, atol=1e-12)
    if backend == "numpy":
        np.testing.assert_array_equal(at_once, apart)


RULES = (SGD(), SGD(0.9, nesterov=True), Adam(), AdamW(), AdaGrad(), AdaDelta())
LAYERS: dict[str, dict[str, Any]] = {
    "one": {},
    "none": {"hidden": ()},
    "none, but wires": {"hidden": (), "direct": True},
    "three": {"hidden": (9, 9, 7), "residual": True, "direct": True},
    "mask weights": {"n_masks": 2, "mask_weights": True, "hidden": (8, 7), "order": "random"},
    "fresh": {"n_masks": None, "order": "random", "activation": "gelu", "hidden": (8, 7)},
    "no kernels": {"output": Poisson(), "hidden": (8, 7)},
}


@each_backend
@pytest.mark.parametrize("n", [0, 1, 33])
@pytest.mark.parametrize("name", LAYERS)
def test_a_part_of_the_gradient_that_is_ready_is_finished(name: str, n: int, backend: str) -> None:
    made = MADE(6, **{"hidden": (8,), "dtype": "float64", "backend": backend, **LAYERS[name]})
    rng = np.random.default_rng(0)
    theta, x, weights = random_theta(made, rng), random_rows(made, n, rng), rng.random(n)
    keeps = [dropout_mask(rng, (n, width), 0.3, made.dtype) for width in made.hidden]
    want, grad = np.empty_like(theta), np.full_like(theta, np.nan)
    nll = made.bound[1 % (made.n_masks or 2)].loss_and_grad(theta, x, None, want, keeps, weights)
    told: list[tuple[slice, Any]] = []

    def ready(part: slice) -> None:
        told.append((part, grad[part].copy()))

    got = made.bound[1 % (made.n_masks or 2)].loss_and_grad(theta, x, None, grad, keeps, weights, ready)
    np.testing.assert_array_equal(got, nll)
    np.testing.assert_array_equal(grad, want)
    for part, value in told:
        np.testing.assert_array_equal(value, want[part])
    plain = made.network.plain.layout.size
    parts = [*reversed(made.network.parts), *([slice(plain, made.n_params)] if made.mask_weights else [])]
    assert [part for part, _ in told] == parts
    assert sorted(k for part in parts for k in range(part.start, part.stop)) == list(range(made.n_params))


@each_backend
@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_an_update_is_what_the_rule_does(rule: Any, decay: float, backend: str) -> None:
    made = MADE(300, (1000,), dtype="float64", backend=backend)  # enough for all threads
    rng = np.random.default_rng(0)
    theta = random_theta(made, rng)
    coefficients = decay * made.weight_mask if decay else None
    got, want = theta.copy(), theta.copy()
    states = rule.init(theta), rule.init(theta)
    for _ in range(2):
        grad = rng.normal(size=theta.size)
        before = grad.copy()
        made.bound[0].update(got, grad, rule, states[0], 0.01, coefficients)
        rule.step(want, before, states[1], 0.01, coefficients)
        np.testing.assert_array_equal(grad, before)
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-12)
    for name, value in states[0].items():
        np.testing.assert_allclose(value, states[1][name], rtol=1e-10, atol=1e-12)


def test_an_average_goes_its_share_of_the_way() -> None:
    bound = MADE(3).bound[0]
    averaged, theta = np.zeros(70_000), np.arange(70_000.0)
    bound.average(averaged, theta, 0.25)
    np.testing.assert_array_equal(averaged, theta / 4)


# ---------------------------------------------------------------------------------------------- short roads

PACKAGE = str(Path(made_np.__file__).parent)


@pytest.mark.skipif(sys.gettrace() is not None, reason="something else looks at every call")
def test_from_a_loss_to_its_gradient_it_is_no_more_than_65_calls() -> None:
    made = MADE(20, (20,), backend="numpy")
    theta, x = made.init(0), random_rows(made, 10, np.random.default_rng(0))
    made.loss_and_grad(theta, x)
    calls = []

    def look(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGE):
            calls.append(frame.f_code.co_qualname if hasattr(frame.f_code, "co_qualname") else frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        made.loss_and_grad(theta, x)
    finally:
        sys.setprofile(before)
    assert 20 < len(calls) <= 65, calls
