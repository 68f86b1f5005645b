"""Rows with NaN: both backends skip the same entries, and nothing else hears of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import EVERY, models, seeds, with_gaps

from made_np.model.made import MADE
from made_np.optim import Adam

from .problems import Problem, assert_close, assert_same, gradient, problem, scores, steps, table

numba = pytest.importorskip("numba")
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning" if numba.config.DISABLE_JIT else "error")

FEW = bool(numba.config.DISABLE_JIT)
LARGEST: dict[str, Any] = {"max_features": 4, "max_width": 7} if FEW else {"max_features": 40, "max_width": 70}
any_model = st.sampled_from(["float64", "float32"]).flatmap(lambda dtype: models(dtype=dtype, **LARGEST))


def gappy(p: Problem, seed: int = 0, share: float = 0.3) -> Problem:
    return replace(p, x=with_gaps(p.x, np.random.default_rng(seed), share))


@settings(max_examples=8 if FEW else 40)
@given(any_model, st.sampled_from([1, 9, 17] if FEW else [1, 2, 9, 17, 33, 200]), seeds, st.booleans())
def test_scores_and_gradients(made: MADE, n: int, seed: int, weighted: bool) -> None:
    p = gappy(
        problem(made, n, seed, rate=0.3 * (seed % 2), input_rate=0.2 * (seed % 3 > 0), weighted=weighted),
        seed,
        (0.1, 0.5, 1.0)[seed % 3],
    )
    assert_close(scores("numba", p), scores("numpy", p), made.dtype)
    got = gradient("numba", p)
    assert_close(got, gradient("numpy", p), made.dtype)
    assert not got["grad"][~p.live].any()


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_distribution(dtype: str, backend: str) -> None:
    p = gappy(problem(table(dtype=dtype, n_context=1), 40, rate=0.2, weighted=True))
    gap = np.isnan(p.x)
    got = scores(backend, p) | gradient(backend, p)
    assert not got["nll"][gap].any()
    assert got["nll"][~gap].all()
    assert_close(got, scores("numpy", p) | gradient("numpy", p), dtype)
    assert_close(*(steps(each, p, Adam(eps=1e-2)) for each in (backend, "numpy")), dtype)


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize("output", EVERY, ids=repr)
def test_raw_outputs_of_a_gap_may_be_anything(output: Any, backend: str) -> None:
    """Its loss is put aside, whatever that would have been."""
    made = MADE(2, (), output, dtype="float64", order=[1, 0])
    p = gappy(problem(made, 4), share=0)
    p.x[1:, 0] = np.nan
    p.x[2, 1] = np.nan
    far = p.theta.copy()
    made.layout.views(far)["b0"][: output.n_raw] = 1e4
    with np.errstate(all="ignore"):
        got = gradient(backend, replace(p.with_theta(far), x=p.x[1:]))
        old = gradient(backend, replace(p, x=p.x[1:]))
    own = np.zeros(made.n_params, dtype=bool)
    for view in made.layout.views(own).values():
        view[: output.n_raw] = True
    assert not got["grad"][own].any()
    assert_same(got, old)


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_without_gaps_have_the_same_bits_beside_others(dtype: str, backend: str) -> None:
    if backend == "numpy":
        pytest.skip("its sums are those of BLAS, whatever the shape")
    p = problem(table(dtype=dtype), 40)
    whole = np.arange(40) % 3 == 0
    mixed = replace(p, x=np.where(whole[:, None], p.x, with_gaps(p.x, np.random.default_rng(0), 0.6)))
    got = {name: value[whole] for name, value in scores(backend, mixed).items()}
    assert_same(got, {name: value[whole] for name, value in scores(backend, p).items()})
