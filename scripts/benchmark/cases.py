"""Training steps as cases of the benchmark."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import made_np
from benchmark import check
from benchmark.cores import has_bf16
from benchmark.load import Load
from benchmark.ours import Ours
from benchmark.problem import Problem, Trainer
from benchmark.report import FASTEST, Result, Target
from benchmark.timing import race
from benchmark.work import step_work
from made_np import MADE

# n_features, hidden, batch size
SHAPES = (
    (128, (500,), 100),
    (784, (500,), 100),
    (784, (1000, 1000), 128),
    (784, (8000,), 100),
    (4096, (1024, 1024), 64),
)
N_MASKS = 32
TWICE_FASTEST = (Target(FASTEST, 2.0),)
TWICE_TORCH = (Target("torch eager", 2.0),)


@dataclass(frozen=True)
class Settings:
    """How to run.

    Attributes
    ----------
    peers : set of {"torch", "compile", "jax", "onnx"}
    rounds : int
        How many turns each contender has.
    turn : float
        Seconds of a turn.
    quick : bool
        Widths divided by eight, fewer mask sets and rows: to see that everything runs, not how fast.
    load : Load
        Watches while clocks run.
    """

    peers: frozenset[str]
    rounds: int
    turn: float
    quick: bool = False
    load: Load = field(default_factory=Load)

    def width(self, n: int) -> int:
        """Return the width to use where the full benchmark has `n`."""
        return n // 8 if self.quick else n

    def race(self, contenders: dict[str, Callable[[int], object]]) -> dict[str, list[list[float]]]:
        """Return times in ms by contender and round."""
        with self.load:
            times = race(contenders, self.rounds, self.turn)
        return {name: [[1e3 * t for t in turn] for turn in turns] for name, turns in times.items()}


@dataclass(frozen=True)
class Case:
    """One row of the table to be: its name, and what measures it."""

    name: str
    run: Callable[[], Result]


def trainers_of(problem: Problem, peers: frozenset[str]) -> list[Trainer]:
    """Return all contenders at the same start, ours first."""
    precisions = (False, True) if has_bf16() else (False,)
    rounds = has_bf16() and problem.made.bound.backend.__name__.endswith("_numba")
    trainers: list[Trainer] = [Ours(problem), Ours(problem, rounded=True)] if rounds else [Ours(problem)]
    if peers & {"torch", "compile"}:
        from benchmark import peers_torch

        peers_torch.forget_compiled()
        for rounded in precisions:
            trainers += [peers_torch.TorchTrainer(problem, rounded=rounded)] if "torch" in peers else []
            if "compile" in peers:
                trainers.append(peers_torch.TorchTrainer(problem, compiled=True, rounded=rounded))
                trainers.append(peers_torch.TorchWholeStep(problem, rounded=rounded))
    if "jax" in peers:
        from benchmark.peers_jax import JaxTrainer

        trainers += [JaxTrainer(problem, rounded=rounded) for rounded in precisions]
    return trainers


def train(
    name: str, made: MADE, batch_size: int, targets: tuple[Target, ...], settings: Settings, ones: float = 0.3
) -> Result:
    """Time the training step of all contenders, after they have been seen to agree."""
    gc.collect()
    problem = Problem.random(made, batch_size, ones=ones)
    trainers = trainers_of(problem, settings.peers)
    check.same_gradient(trainers)
    check.same_step(trainers)
    for trainer in trainers:
        for i in range(1, problem.n_masks):
            trainer.step(i)
    values = settings.race({trainer.name: trainer.step for trainer in trainers})
    return Result(name, "ms", values, step_work(made, batch_size), targets)


def training_cases(settings: Settings) -> Iterator[Case]:
    """Five networks with one mask set, the same with many, and two kinds of columns."""

    def case(name: str, made_of: Callable[[], MADE], batch_size: int, targets: tuple[Target, ...]) -> Case:
        return Case(name, lambda: train(name, made_of(), batch_size, targets, settings))

    n_masks = 4 if settings.quick else N_MASKS
    cycled = {"order": "random", "n_masks": n_masks}
    kinds: dict[str, dict[str, Any]] = {"step": {}, f"step, {n_masks} mask sets,": cycled}
    for kind, more in kinds.items():
        for n_features, hidden, batch_size in SHAPES:
            make = network(settings, n_features, hidden, **more)
            yield case(
                f"{kind} {shape_of(settings, n_features, hidden)} B{batch_size}", make, batch_size, TWICE_FASTEST
            )
    hidden = (500,)
    batch_size = 100
    for kind, n_features, n, column in (
        ("categorical", 64, 17, "Categorical"),
        ("mixture", 43, 10, "MixtureOfGaussians"),
    ):
        name = f"{kind} step {shape_of(settings, n_features, hidden)} x {n} B{batch_size}"
        yield case(name, network(settings, n_features, hidden, column=(column, n)), batch_size, TWICE_TORCH)


def network(
    settings: Settings, n_features: int, hidden: tuple[int, ...], column: tuple[str, int] | None = None, **more: Any
) -> Callable[[], MADE]:
    """Return a function that makes the plain network (no direct wires), with widths as `settings` has them."""

    def make() -> MADE:
        output = "bernoulli" if column is None else getattr(made_np, column[0])(column[1])
        widths = tuple(settings.width(h) for h in hidden)
        return MADE(settings.width(n_features), widths, output, direct=False, **more)

    return make


def shape_of(settings: Settings, n_features: int, hidden: tuple[int, ...]) -> str:
    """Return such as "784-500-784", with widths as `settings` has them."""
    return "-".join(str(settings.width(n)) for n in (n_features, *hidden, n_features))
