"""Columns some of whose values have a mass: the kernels say of them what NumPy does, beside columns of every kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from made_np.backends import get_backend
from made_np.distributions.atoms import WithAtoms
from made_np.distributions.mixtures import MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import Categorical, Gaussian
from made_np.model.made import MADE
from made_np.optim import Adam

from .problems import Array, Problem, assert_close, everything, gradient, problem, sample, scores

numba = pytest.importorskip("numba")
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning" if numba.config.DISABLE_JIT else "error")
run = pytest.importorskip("made_np.backends._numba.run")

OUTPUTS = [
    WithAtoms(Gaussian(), (0.0,)),
    WithAtoms(Gaussian(0, scale="exp"), (-0.5, 0.25, 2.0)),
    Categorical(3),
    WithAtoms(MixtureOfGaussians(3), (0.0, 1.0)),
    WithAtoms(MixtureOfLogistics(2, reserve=0.1), (0.1,)),
    "bernoulli",
    WithAtoms(MixtureOfGaussians(1, reserve=0.01), (-1.0, 0.0)),
    MixtureOfLogistics(2),
]
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


def with_atoms(p: Problem, seed: int = 0) -> Problem:
    """The problem with rows of which about half of the values that can be atoms are some."""
    rng = np.random.default_rng(seed)
    x = p.x.copy()
    for d, output in enumerate(p.made.outputs.feature_outputs):
        if isinstance(output, WithAtoms):
            at = rng.random(len(x)) < 0.5
            x[at, d] = rng.choice(output.places, at.sum())
    return replace(p, x=x)


def table(dtype: str = "float64", **arguments: Any) -> MADE:
    order = [6, 2, 0, 4, 7, 3, 5, 1]
    given = {"hidden": (20, 20), "order": order, "activation": "tanh", "dtype": dtype, **arguments}
    return MADE(len(OUTPUTS), output=OUTPUTS, **given)


@every_dtype
@pytest.mark.parametrize(
    "arguments",
    [
        {"n_context": 2, "direct": True, "gap_inputs": True},
        {"order": "natural", "residual": True, "direct_limit": 4},
        {"hidden": (), "direct": True},
    ],
)
def test_everything_is_what_numpy_says(dtype: str, arguments: dict[str, Any]) -> None:
    p = with_atoms(problem(table(dtype, **arguments), 37, rate=0.2 * ("residual" in arguments), weighted=True))
    assert type(p.bound("numba")).__module__ == "made_np.backends._numba.network"
    got, want = (everything(backend, p, Adam(eps=1e-2)) for backend in ("numba", "numpy"))
    for name in ("sample", "filled"):
        apart = 1e-8 if dtype == "float64" else 2e-3
        np.testing.assert_allclose(got.pop(name), want.pop(name), rtol=apart, atol=apart)
    assert_close(got, want, dtype)


@every_dtype
@pytest.mark.parametrize("n", [1, 3, 20])
def test_gaps_cost_nothing_and_are_seen_as_nothing(n: int, dtype: str) -> None:
    p = with_atoms(problem(table(dtype, gap_inputs=True), n))
    p = replace(p, x=np.where(np.random.default_rng(1).random(p.x.shape) < 0.3, np.nan, p.x).astype(dtype))
    assert_close(scores("numba", p) | gradient("numba", p), scores("numpy", p) | gradient("numpy", p), dtype)


@pytest.mark.parametrize("output", [each for each in OUTPUTS if isinstance(each, WithAtoms)], ids=repr)
@every_dtype
def test_draws_next_to_every_jump_are_numpys(output: WithAtoms, dtype: str) -> None:
    """Between two atoms, on either side of them, and where next to nothing is left beside them."""
    made = MADE(6, (), output, direct=False, dtype=dtype)
    places = np.array(output.places, dtype)
    raw = np.random.default_rng(3).normal(size=(6, output.n_raw)).astype(dtype)
    raw[4, len(places)] = -40  # the atoms have it all
    raw[5, 0] = -40
    low, high = output.cdf_bounds(raw[:, None], np.tile(places, (6, 1)))
    jumps = np.concatenate([low.T, high.T])
    u = np.clip(np.concatenate([jumps - 1e-9, jumps + 1e-9, (low.T + high.T) / 2]), 0, 1 - 2.0**-53)
    p = replace(problem(made, 1), theta=raw.ravel(), uniforms=u, x=np.zeros(u.shape, dtype))
    got, want = sample("numba", p), sample("numpy", p)
    assert got.dtype == dtype
    wide = np.abs(low - high).T > 1e-6
    inside = got[-len(wide) :]
    np.testing.assert_array_equal(inside[wide], np.tile(places[:, None], 6)[wide])
    np.testing.assert_array_equal(np.isin(got, places), np.isin(want, places))
    np.testing.assert_allclose(got, want, rtol=1e-5 if dtype == "float32" else 1e-7, atol=1e-6)


def test_draws_never_fall_as_u_rises_and_pass_no_atom() -> None:
    u = np.linspace(0, 1, 4001)[:-1]
    for output in OUTPUTS:
        if isinstance(output, WithAtoms):
            made = MADE(1, (), output, direct=False, dtype="float32", backend="numba")
            drawn = made.sample(made.init(rng=1), len(u), uniforms=u[:, None])[:, 0]
            assert (np.diff(drawn) >= 0).all()
            for place in output.places:
                assert (drawn == np.float32(place)).mean() == pytest.approx(1 / (len(output.places) + 1), abs=0.01)


def test_the_gradient_is_that_of_differences() -> None:
    p = with_atoms(problem(table(hidden=(6,)), 12))
    grad = gradient("numba", p)["grad"]
    rng = np.random.default_rng(0)
    for _ in range(6):
        way = rng.standard_normal(len(p.theta)) * p.live
        ends = [scores("numba", p.with_theta(p.theta + side * 1e-6 * way))["row_nll"].mean() for side in (1, -1)]
        assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(grad @ way, rel=1e-6)


@every_dtype
def test_no_value_changes_a_bit_of_what_comes_before_it(dtype: str) -> None:
    p = with_atoms(problem(table(dtype, order="random"), 20))
    order = p.one.order
    before = scores("numba", p)
    for k, feature in enumerate(order):
        x = p.x.copy()
        output = p.made.outputs.feature_outputs[feature]
        x[:, feature] = getattr(output, "places", [1.0])[0]
        after = scores("numba", replace(p, x=x))
        np.testing.assert_array_equal(after["nll"][:, order[:k]], before["nll"][:, order[:k]])
        own = np.concatenate([np.arange(p.made.outputs.n_raw)[p.made.output_slices[d]] for d in order[: k + 1]])
        np.testing.assert_array_equal(after["raw"][:, own], before["raw"][:, own])
        assert k == len(order) - 1 or (after["raw"] != before["raw"]).any()


def test_steps_of_bf16_learn_atoms() -> None:
    p = with_atoms(problem(table("float32"), 24))
    got, want = (gradient(backend, p) for backend in ("bfloat16", "numpy"))
    assert np.abs(got["grad"] - want["grad"]).max() <= 0.1 * np.abs(want["grad"]).max()


def test_the_kernel_of_atoms_is_called_for_them_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is compiled where it is needed, and nowhere else."""
    monkeypatch.setattr(run, "share_with_atoms", None)
    scores("numba", problem(MADE(2, (4,), "gaussian"), 5))
    with pytest.raises(TypeError):
        scores("numba", problem(MADE(2, (4,), WithAtoms()), 5))


@dataclass(frozen=True)
class Heavier(WithAtoms):
    """Atoms of one's own, of which no kernel knows what was changed."""

    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        nll, d_raw = super().nll_and_grad(raw, x)
        return 2 * nll, 2 * d_raw


def test_a_class_derived_from_atoms_is_left_to_numpy() -> None:
    made = MADE(2, (4,), [Heavier(), "gaussian"], backend="numba")
    assert type(made.bound[0]).__module__ == "made_np.backends._numpy.network"


def test_a_gpu_leaves_atoms_to_numpy() -> None:
    network = MADE(2, (4,), [WithAtoms(), "gaussian"]).network
    cupy = pytest.importorskip("made_np.backends._cupy")
    assert type(cupy.bind(network, MADE(2, (4,)).mask_sets[0])).__module__ == "made_np.backends._numpy.network"
    assert type(cupy.memory_of(network)) is type(get_backend("numpy").memory_of(network))
