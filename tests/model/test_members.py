"""An ensemble is the mixture of its members, in every answer, and what is learned of one stays in its part of theta."""

from __future__ import annotations

import itertools
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

import made_np
from made_np import MADE, Categorical, fit, interop
from made_np.explore.page import page
from made_np.model.marginals import home_log_prob
from made_np.proofs import made_adapter
from made_np.testing import suite
from made_np.training.closed_form import fit_linear

Array = NDArray[Any]

BITS = np.array(list(itertools.product((0.0, 1.0), repeat=4)))
KINDS: dict[str, list[dict[str, Any]]] = {
    "one order": [{"order": "natural"}] * 3,
    "orders": [{"order": "natural"}, {"order": "reverse"}, {"order": [2, 0, 3, 1]}],
    "both ways": [{"order": [[0, 1, 2, 3], [3, 2, 1, 0]], "n_masks": 2}, {"order": [[2, 0, 1, 3]] * 2, "n_masks": 2}],
    "drawn": [{"order": "random", "degrees": "random", "n_masks": 2, "seed": k} for k in range(3)],
    "home": [{"order": [2, 0, 3, 1], "n_masks": None}, {"order": "reverse", "n_masks": None}],
    "homes": [{"order": [[0, 1, 2, 3], [3, 2, 1, 0]], "n_masks": None, "seed": k} for k in range(2)],
    "alone": [{"order": "reverse"}],
}


def members(kind: str, **more: Any) -> tuple[list[MADE], list[Array]]:
    """Members of a kind, with random parameters of each."""
    each = [MADE(4, (8, 6), dtype="float64", **{"backend": "numpy", **more}, **own) for own in KINDS[kind]]
    rng = np.random.default_rng(7)
    return each, [made.init(rng) + 0.6 * rng.standard_normal(made.n_params) for made in each]


def together(kind: str, **more: Any) -> tuple[MADE, Array]:
    """The ensemble of those, with its theta."""
    each, thetas = members(kind, **more)
    return MADE.ensemble(each), np.concatenate(thetas)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_mean_of_the_densities_of_its_members(kind: str, backend: str) -> None:
    each, thetas = members(kind, backend=backend)
    made = MADE.ensemble(each)
    p = np.exp(made.log_prob(np.concatenate(thetas), BITS))
    assert_allclose(p.sum(), 1, atol=1e-12)
    own = [np.exp(one.log_prob(theta, BITS)) for one, theta in zip(each, thetas, strict=True)]
    assert_allclose(p, np.mean(own, axis=0), atol=1e-14)
    assert len(own) == 1 or np.ptp(own, axis=0).max() > 0.01  # they differ
    assert made.n_params == sum(one.n_params for one in each)


@pytest.mark.parametrize("kind", KINDS)
def test_members_come_out_of_it_as_they_went_in(kind: str) -> None:
    each, thetas = members(kind)
    made = MADE.ensemble(each)
    assert made.n_members == len(each)
    for k, (one, theta) in enumerate(zip(each, thetas, strict=True)):
        own = made.member(k)
        assert own.n_members == 1
        assert (own.n_masks, own.mask_sets.has_paths) == (one.n_masks, one.mask_sets.has_paths)
        assert_array_equal(own.log_prob(theta, BITS), one.log_prob(theta, BITS))
        assert_array_equal(np.concatenate(thetas).reshape(len(each), -1)[k], theta)
    assert MADE.ensemble([made.member(k) for k in range(len(each))]) == made
    assert MADE.from_config(made.config()) == made == pickle.loads(pickle.dumps(made))


@pytest.mark.parametrize("kind", ["orders", "drawn", "home", "homes"])
def test_each_mask_set_computes_with_the_parameters_of_its_member(kind: str) -> None:
    made, theta = together(kind)
    n = made.n_members
    u = np.random.default_rng(0).random((5, 4))
    for number, k in enumerate(made.mask_sets.mixed):
        member = made.member(number % n)
        own = theta.reshape(n, -1)[number % n]
        at = member.mask_sets.mixed[number // n]
        assert_array_equal(made.mask_sets[k].order, member.mask_sets[at].order)
        assert_array_equal(made.raw_outputs(theta, BITS, mask_set=k), member.raw_outputs(own, BITS, mask_set=at))
        assert_array_equal(made.jacobian(theta, BITS, mask_set=k), member.jacobian(own, BITS, mask_set=at))
        assert_array_equal(
            made.sample(theta, 5, uniforms=u, mask_set=k), member.sample(own, 5, uniforms=u, mask_set=at)
        )
        assert made.trace(theta, BITS, k)["loss"].value == member.trace(own, BITS, at)["loss"].value


@pytest.mark.parametrize("kind", ["orders", "both ways", "drawn", "homes"])
def test_the_gradient_is_that_of_the_mixture(kind: str) -> None:
    made, theta = together(kind)
    x = BITS[[1, 6, 11, 12]]
    _, grad = made.loss_and_grad(theta, x, mask_set=None)
    step = 1e-6
    for k in np.random.default_rng(0).integers(0, made.n_params, 25):
        moved = np.tile(theta, (2, 1))
        moved[:, k] += [step, -step]
        up, down = (made.loss_and_grad(each, x, mask_set=None)[0] for each in moved)
        assert_allclose(grad[k], (up - down) / (2 * step), atol=1e-8)


@pytest.mark.parametrize("kind", ["orders", "home"])
def test_one_mask_set_has_no_gradient_at_other_members(kind: str) -> None:
    made, theta = together(kind)
    _, grad = made.loss_and_grad(theta, BITS, mask_set=0, grad=np.full(made.n_params, np.nan))
    parts = grad.reshape(made.n_members, -1)
    assert (parts[0] != 0).any()
    assert not parts[1:].any()


@pytest.mark.parametrize("kind", ["one order", "orders", "both ways", "home", "homes"])
def test_gaps_are_filled_by_the_mixture(kind: str) -> None:
    made, theta = together(kind)
    known = [0, 1] if kind != "orders" else []  # which lead in some order of each kind
    given = np.full(4, np.nan)
    given[known] = 1
    n = 40_000
    drawn = made.sample(theta, n, given=given, rng=0) @ [8, 4, 2, 1]
    found = np.bincount(drawn.astype(int), minlength=16) / n
    able = [k for k in made.mask_sets.mixed if made.mask_sets.has_paths or _leads(made.mask_sets[k].order, known)]
    sets = [np.exp(made.log_prob(theta, BITS, mask_set=k)) for k in able]
    if made.mask_sets.has_paths:  # each home is asked how likely it finds what is known, and its path fills
        sure = np.where((BITS == 1)[:, known].all(axis=1, keepdims=True), BITS, np.nan)
        weights = [np.exp(made.log_prob(theta, given, mask_set=k, gaps="skip")) for k in able]
        fills = []
        for home in range(len(able)):
            z = np.where(np.isnan(sure), 0, sure)
            nll = made.bound.for_known(np.isin(np.arange(4), known), home).nll(theta, z, None)
            fills.append(np.where(np.isnan(sure).any(axis=1), 0, np.exp(-nll[:, 2:].sum(axis=1))))
        want = np.average(fills, axis=0, weights=weights)
    else:
        joint = np.where((BITS == 1)[:, known].all(axis=1), np.mean(sets, axis=0), 0)
        want = joint / joint.sum()
    assert_allclose(want.sum(), 1, atol=1e-9)
    assert_allclose(found, want, atol=5 * 0.5 / np.sqrt(n))


def _leads(order: Array, known: list[int]) -> bool:
    return set(order[: len(known)].tolist()) == set(known)


@pytest.mark.parametrize("kind", ["home", "homes"])
def test_gaps_are_summed_over_at_the_homes_of_all_members(kind: str) -> None:
    made, theta = together(kind)
    p = np.exp(made.log_prob(theta, BITS))
    for known in itertools.product((False, True), repeat=4):
        x = np.where(known, BITS[5], np.nan)
        want = p[(BITS[5] == BITS)[:, list(known)].all(axis=1)].sum() if any(known) else 1.0
        assert_allclose(home_log_prob(made, theta, x[None])[0], np.log(want), atol=1e-12)


def test_context_and_other_kinds_of_columns() -> None:
    kinds = ["bernoulli", Categorical(3)]
    each = [MADE(2, (5,), kinds, order=order, n_context=1, dtype="float64") for order in ("natural", "reverse")]
    thetas = [made.init(rng=k) for k, made in enumerate(each)]
    x = np.array([[0, 2.0], [1, 1]])
    y = np.array([[0.3], [-1.0]])
    p = [np.exp(made.log_prob(theta, x, context=y)) for made, theta in zip(each, thetas, strict=True)]
    assert_allclose(np.exp(MADE.ensemble(each).log_prob(np.concatenate(thetas), x, context=y)), np.mean(p, axis=0))


def test_a_start_is_one_of_each_member() -> None:
    made, _ = together("orders")
    parts = made.init(rng=3).reshape(3, -1)
    assert (parts[0] != parts[1]).any()
    assert_array_equal(parts[0], made.member(0).init(rng=3))
    independent = made.init(rng=0, x=BITS[[0, 1, 1, 3]])
    assert_allclose(np.exp(made.log_prob(independent, BITS)).sum(), 1)
    assert made.weight_mask.shape == independent.shape


@pytest.mark.parametrize("mask_set", [0, 1])
@pytest.mark.parametrize("kind", ["orders", "home"])
def test_the_suite_proves_it(kind: str, mask_set: int) -> None:
    made, theta = together(kind, activation="tanh")
    report = suite(made_adapter(made, theta, mask_set=mask_set if kind == "orders" else 2 * mask_set))
    assert not report.failures, report


def test_a_file_holds_it(tmp_path: Path) -> None:
    made, theta = together("homes")
    made_np.save(tmp_path / "m.npz", made, theta)
    stored = made_np.load(tmp_path / "m.npz")
    assert stored.made == made
    assert_array_equal(stored.made.log_prob(stored.theta, BITS), made.log_prob(theta, BITS))
    with pytest.raises(ValueError, match=f"the model has {made.n_params} parameters"):
        made_np.save(tmp_path / "n.npz", made, theta[: len(theta) // 2])


def test_draws_name_the_member_that_is_not_finite() -> None:
    made, theta = together("orders")
    theta[made.n_params // 3 + made.layout.slices["b1"].start + 2] = np.nan
    with pytest.raises(ValueError, match=r"\(b1\[2\] of member 1\): give finite"):
        made.sample(theta, 50, rng=0)
    made.sample(theta, 50, rng=0, mask_set=2)  # which does not use it


def test_what_takes_one_network_says_how_to_get_it(tmp_path: Path) -> None:
    made, theta = together("orders")
    for work in (
        lambda: fit(made, BITS, max_epochs=1),
        lambda: interop.to_numpy_script(made, theta, tmp_path / "s.py"),
        lambda: page(made, theta),
        lambda: fit_linear(MADE(2, (), "gaussian", n_masks=2, n_members=2), np.eye(2)),
    ):
        with pytest.raises(ValueError, match=r"ensemble of [23] members: .* one of them, made.member\(k\)"):
            work()
    with pytest.raises(ValueError, match="mask_set is a permutation, and this model has 3 members: ask one"):
        made.log_prob(theta, BITS, mask_set=[1, 0, 2, 3])
    thetas = [fit(made.member(k), BITS, max_epochs=1, rng=k).theta for k in range(3)]
    assert np.isfinite(made.log_prob(np.concatenate(thetas), BITS)).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_members": 2}, "n_members=2, but n_masks is 1: give as many to each member"),
        ({"n_members": 2, "order": "random", "n_masks": 3}, "n_members=2, but n_masks is 3"),
        ({"n_members": 2, "order": "random", "n_masks": None}, "random orders: these are endless"),
        ({"n_members": 2, "order": [0, 2, 1], "n_masks": None}, "order holds 1 home orders"),
        ({"n_members": 0}, "n_members=0"),
        ({"n_members": 2, "n_masks": 4}, "gives mask sets that are all the same"),
    ],
)
def test_mask_sets_that_cannot_be_dealt_out_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MADE(3, (4,), **arguments)


def test_members_that_do_not_belong_together_are_refused() -> None:
    one = MADE(3, (4,))
    with pytest.raises(
        ValueError, match=r"members\[1\] has hidden=\(5,\), the first one \(4,\): members may differ in"
    ):
        MADE.ensemble([one, MADE(3, (5,))])
    with pytest.raises(ValueError, match="members is empty"):
        MADE.ensemble([])
    with pytest.raises(ValueError, match=r"members\[0\] is an ensemble of 2: give its members"):
        MADE.ensemble([MADE.ensemble([one, one]), one])
    with pytest.raises(TypeError, match=r"members\[1\]"):
        MADE.ensemble([one, 3])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"members\[0\]"):
        MADE.ensemble([3, 3])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="k=2"):
        MADE.ensemble([one, one]).member(2)
    with pytest.raises(ValueError, match=r"mixture\(4\)|n_masks=4|holds 2 mask sets"):
        MADE.ensemble([one, MADE(3, (4,), order="reverse")]).mixture(4)
