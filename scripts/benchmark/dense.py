"""Scoring or sampling, against what dense passes take for it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmark import check
from benchmark.cases import Case, Settings, network, shape_of
from benchmark.cores import BF16, has_bf16
from benchmark.problem import Array, Problem
from benchmark.report import Result, Target
from benchmark.timing import Turns, clock
from benchmark.work import forward_work
from made_np import MADE

if TYPE_CHECKING:
    from benchmark.peers_torch import TorchDense

ONE_PASS = "one dense torch forward pass"
LOOP = "torch loop of D passes"
SAMPLES = ((784, (500,), 100), (4096, (1024,), 20), (784, (1000, 1000), 100), (784, (500,), 1))
# Seconds that the loop may take to be run in turn with the others, or once; else some of its passes are timed.
IN_TURN = 0.5
ONCE = 15.0


def log_prob_case(settings: Settings) -> Case:
    """10 000 rows, 784-500-784."""
    n = 1000 if settings.quick else 10_000
    name = f"log_prob {shape_of(settings, 784, (500,))}, {n} rows"

    def run() -> Result:
        problem = Problem.random(network(settings, 784, (500,))(), n, n_batches=1)
        made = problem.made
        theta = problem.theta
        x = problem.batches[0]
        contenders: dict[str, Callable[[int], Array]] = {"ours": lambda i: made.log_prob(theta, x, mask_set=0)}
        contenders |= _scores_of_peers(problem, settings.peers)
        expected = contenders["ours"](0)
        for contender, score in contenders.items():
            check.same_log_prob(contender, expected, score(0))
        return Result(name, "ms", settings.race(contenders), forward_work(made, n), (Target("torch eager", 2.0),))

    return Case(name, run)


def _scores_of_peers(problem: Problem, peers: frozenset[str]) -> dict[str, Callable[[int], Array]]:
    """Return what gives log p of the problem's rows, by contender."""
    contenders: dict[str, Callable[[int], Array]] = {}
    n = len(problem.batches[0])
    precisions = {"": False, BF16: True} if has_bf16() else {"": False}
    if peers & {"torch", "compile"}:
        from benchmark.peers_torch import TorchDense

        dense = TorchDense(problem)
        for name, rounded in precisions.items():
            if "torch" in peers:
                contenders[f"torch eager{name}"] = lambda i, rounded=rounded: dense.log_prob(n, rounded)
            if "compile" in peers:
                contenders[f"torch.compile{name}"] = lambda i, rounded=rounded: dense.compiled_log_prob(rounded)
        if "torch" in peers:
            contenders[f"torch eager, {n // 10} at a time"] = lambda i: dense.log_prob(n // 10)
    if "jax" in peers:
        from benchmark.peers_jax import JaxLogProb

        for name, rounded in precisions.items():
            jax = JaxLogProb(problem.start(), problem.masks[0], problem.batches[0], rounded)
            contenders[f"JAX jit{name}"] = lambda i, jax=jax: jax()
    if "onnx" in peers:
        from benchmark.peers_onnx import OnnxLogProb

        onnx = OnnxLogProb(problem.start(), problem.masks[0], problem.batches[0])
        contenders["ONNX Runtime"] = lambda i: onnx()
    return contenders


def sampling_cases(settings: Settings) -> Iterator[Case]:
    """Draw binary rows, many and one."""
    for n_features, hidden, n in SAMPLES:
        name = f"sample {shape_of(settings, n_features, hidden)}, {n} {'row' if n == 1 else 'rows'}"
        targets = (Target(LOOP, 250),) if n == 1 else (Target(ONE_PASS, 1 / 1.5), Target(LOOP, 1000))
        yield Case(name, partial(_sample, settings, name, network(settings, n_features, hidden), n, targets))


def _sample(settings: Settings, name: str, make: Callable[[], MADE], n: int, targets: tuple[Target, ...]) -> Result:
    """Time sampling with the uniforms given, as the loop has them, and with our own, as a user calls it."""
    gc.collect()
    problem = Problem.random(make(), n, n_batches=1)
    made = problem.made
    theta = problem.theta
    uniforms = np.random.default_rng(1).random((n, made.n_features), dtype=np.float32)
    contenders: dict[str, Callable[[int], object]] = {
        "ours": lambda i: made.sample(theta, n, uniforms=uniforms, mask_set=0),
        "ours, uniforms drawn as well": lambda i: made.sample(theta, n, rng=i, mask_set=0),
    }
    x = made.sample(theta, n, uniforms=uniforms, mask_set=0)
    if "torch" not in settings.peers:
        return Result(name, "ms", settings.race(contenders), forward_work(made, n), targets)
    from benchmark.peers_torch import TorchDense

    dense = TorchDense(problem)
    check.is_sample(x, dense.probabilities(x), uniforms)
    contenders[ONE_PASS] = lambda i: dense.forward()
    values, notes = _with_loop(settings, contenders, dense, uniforms)
    return Result(name, "ms", values, forward_work(made, n), targets, notes)


def _with_loop(
    settings: Settings, contenders: dict[str, Callable[[int], object]], dense: TorchDense, uniforms: Array
) -> tuple[dict[str, Turns], str]:
    """Race, with the whole loop where that is short, else with single passes times D; the loop then runs once."""
    import torch

    n_features = uniforms.shape[1]
    u = torch.from_numpy(uniforms)
    x = torch.zeros(uniforms.shape)
    expected = n_features * min(clock(lambda: dense.draw_feature(x, u, 0)) for _ in range(3))
    if expected < IN_TURN:
        return settings.race({**contenders, LOOP: lambda i: dense.sample(u)}), "the loop ran whole, in turn"
    values = settings.race({**contenders, LOOP: lambda i: dense.draw_feature(x, u, i % n_features)})
    if expected < ONCE:
        values[LOOP] = [[1e3 * clock(lambda: dense.sample(u))]]
        return values, "the whole loop ran once, after the others"
    n_calls = sum(map(len, values[LOOP]))
    values[LOOP] = [[n_features * t for t in turn] for turn in values[LOOP]]
    return values, f"of the loop {n_calls} passes were timed in turn, times {n_features}"
