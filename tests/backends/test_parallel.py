"""Threads and processes: the same bits for any number of them, many callers at once, forks."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from made_np.model.made import MADE
from made_np.optim import Adam

from .problems import Problem, Results, assert_same, everything, problem, table

pytest.importorskip("numba")

from made_np.backends._numba import run
from made_np.backends._numba.threads import pool
from made_np.backends.tables import make_plan

TESTS = Path(__file__).resolve().parents[1]


@cache
def models() -> dict[str, MADE]:
    """Networks whose theta is in the kernels' numbering, and not; with all that a layer may have."""
    return {
        "sorted": MADE(40, (70, 50), dtype="float32"),
        "unsorted": table((30, 30), 2, residual=True, n_context=2, direct=True),
        "no hidden layer": table((), 2, dtype="float32"),
    }


def work(name: str, seed: int, n: int = 50) -> Results:
    """Score, differentiate, train and sample, with a theta of one's own."""
    return everything("numba", work_on(name, seed, n), Adam())


def work_on(name: str, seed: int, n: int) -> Problem:
    return problem(models()[name], n, seed, rate=0.2 if models()[name].hidden else 0)


# ----------------------------------------------------------------------------------------------- same bits


@pytest.mark.usefixtures("in_parallel")
@pytest.mark.parametrize("n", [1, 5, 17, 50, 300])
@pytest.mark.parametrize("name", models())
def test_the_same_bits_for_any_number_of_threads_and_every_time(name: str, n: int) -> None:
    pool.limit = 1
    want = work(name, 0, n)
    for limit in (1, 2, 3, 4, 4):
        pool.limit = limit
        assert_same(work(name, 0, n), want)


@pytest.mark.usefixtures("in_parallel")
@pytest.mark.parametrize("name", models())
def test_many_threads_compute_at_once_what_one_does(name: str) -> None:
    want = [work(name, seed) for seed in range(6)]
    with ThreadPoolExecutor(8) as callers:
        for got, seed in callers.map(lambda k: (work(name, k % 6), k % 6), range(48)):
            assert_same(got, want[seed])


def test_many_threads_with_models_of_their_own() -> None:
    """Memory is lent by size: nets of different ones at once, from eight threads."""
    want = {name: work(name, 0) for name in models()}
    with ThreadPoolExecutor(8) as callers:
        for name, got in callers.map(lambda k: (k, work(k, 0)), list(models()) * 16):
            assert_same(got, want[name])


def test_rows_that_take_several_threads_by_themselves() -> None:
    p = problem(MADE(200, (300,)), 400)
    plan = make_plan(p.made.network, p.one)
    assert run.Batch(plan, p.theta, p.x, None).n_parts == pool.n_threads
    want = p.bound("numpy").row_nll(p.theta, p.x, None)
    got = p.bound("numba").row_nll(p.theta, p.x, None)
    np.testing.assert_allclose(got, want, rtol=1e-4)


# ------------------------------------------------------------------------------------------------ processes


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_joblib_gives_the_same_bits(backend: str) -> None:
    joblib = pytest.importorskip("joblib")
    # BLAS takes one thread in such a process, and other bits with it: the promise is that of the kernels
    made = MADE.from_config({**models()["unsorted"].config(), "backend": "numba"})
    p = problem(made, 300)
    score = joblib.delayed(made.log_prob)
    want = made.log_prob(p.theta, p.x, context=p.context)
    run_all = joblib.Parallel(n_jobs=2, backend=backend)
    for got in run_all(score(p.theta, p.x, context=p.context) for _ in range(6)):
        np.testing.assert_array_equal(got, want)


FORK = """
import multiprocessing, os, sys, threading
import numpy as np
from made_np import MADE, fit
from made_np.backends._numba import run, threads

run.SMALL = 0
threads._cores = lambda: 3
made = MADE(12, (30,), dtype="float64", backend="numba")
x = np.random.default_rng(0).integers(0, 2, (100, 12))
theta = made.init(x=x)

def compute(k=0):
    trained = fit(made, x, max_epochs=1, rng=k, theta=theta).theta
    return [made.log_prob(theta, x), made.loss_and_grad(theta, x)[1], made.sample(theta, 9, rng=k), trained]

def same(k=0):
    return all(np.array_equal(a, b) for a, b in zip(compute(k), want[k]))

want = [compute(k) for k in range(4)]
names = [thread.name for thread in threading.enumerate()]
assert sum(name.startswith("made_np") for name in names) == 2, names  # a pool that a child must not rely on
child = os.fork()
if child == 0:
    os._exit(0 if same() else 1)
assert same(), "the parent, beside its child"
assert os.waitpid(child, 0)[1] == 0, "the child"
assert same(), "the parent, after its child"
with multiprocessing.get_context("fork").Pool(3) as children:
    assert all(children.map(same, [0, 1, 2, 3] * 3, chunksize=1))
assert same()
print("all the same")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_forked_child_computes_as_its_parent_does() -> None:
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "all the same\n", done.stderr


def digest(name: str) -> str:
    """A fingerprint of all results."""
    return sha256(b"".join(value.tobytes() for value in work(name, 0).values())).hexdigest()


def test_another_process_gives_the_same_bits() -> None:
    code = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
from backends.test_parallel import digest
print(*map(digest, {list(models())}))
"""
    env = {**os.environ, "MADE_NP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.split() == [digest(name) for name in models()]
