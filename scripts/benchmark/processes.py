"""The cases that need processes of their own: peak memory, a whole fit from process start, the import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from data_folder import name_data_folder

import made_np
from benchmark.cases import Case, Settings
from benchmark.problem import float_masks
from benchmark.report import Result, Target
from benchmark.timing import Turns
from made_np.datasets import load_binary

LIBRARIES = {"ours": "ours", "torch eager": "torch", "JAX jit": "jax"}
# A little more than the validation loss takes to its best (epoch 143 and 60 when this was chosen, with NumPy).
EPOCHS = {"mushrooms": 150, "dna": 65}
HIDDEN = 500
BATCH_SIZE = 100
NLL_RTOL = 0.01


def memory_case(settings: Settings) -> Case:
    """Peak memory of training, beyond what imports and a tiny model take."""
    widths = [settings.width(n) for n in (784, 8000)]
    name = f"peak memory of training {widths[0]}-{widths[1]}-{widths[0]} B{BATCH_SIZE}"

    def run() -> Result:
        values: dict[str, Turns] = {}
        for contender, library in LIBRARIES.items():
            if library == "ours" or library in settings.peers:
                args = [library, *map(str, widths), str(BATCH_SIZE)]
                # Twice, so that what is compiled once for all later processes is not counted.
                values[contender] = [[_worker("memory_worker", *args)["MiB"]] for _ in range(2)][1:]
        return Result(name, "MiB", values, targets=(Target("torch eager", 1 / 0.6),))

    return Case(name, run)


def fit_cases(settings: Settings) -> Iterator[Case]:
    """A whole fit of two binary sets, wall clock of the process."""
    for data, epochs in EPOCHS.items():
        n_epochs = 2 if settings.quick else epochs
        yield Case(f"fit {data}, {n_epochs} epochs", partial(_fit, settings, data, n_epochs))


def _fit(settings: Settings, data: str, n_epochs: int) -> Result:
    contenders = {"ours": "ours"} | ({"torch eager": "torch"} if "torch" in settings.peers else {})
    seconds: dict[str, Turns] = {contender: [] for contender in contenders}
    nll: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        task = Path(folder, "task.npz")
        _write_task(task, data, n_epochs)
        # The first round brings files and caches in, and is not counted.
        for counted in [False] + [True] * (1 if settings.quick else 3):
            for contender, library in contenders.items():
                start = time.perf_counter()
                with settings.load:
                    nll[contender] = _worker("fit_worker", library, str(task))["test_nll"]
                if counted:
                    seconds[contender].append([time.perf_counter() - start])
    for contender, value in nll.items():
        if not abs(value - nll["ours"]) <= NLL_RTOL * nll["ours"]:
            raise ArithmeticError(f"fit {data}: test NLL of ours {nll['ours']:.3f} nats, of {contender} {value:.3f}")
    notes = ", ".join(f"{contender} {value:.3f}" for contender, value in nll.items())
    targets = (Target("torch eager", 2.0),)
    return Result(f"fit {data}, {n_epochs} epochs", "s", seconds, targets=targets, notes=f"test NLL in nats: {notes}")


def _write_task(path: Path, data: str, n_epochs: int) -> None:
    """Write rows, start and masks, so that neither process has to make what the other is given."""
    name_data_folder()
    rows = load_binary(data)
    made = made_np.MADE(rows.n_features, (HIDDEN,), direct=True)
    theta = made.init(rng=0, x=rows.train)
    task: dict[str, Any] = {"train": rows.train, "valid": rows.valid, "test": rows.test, "theta": theta}
    task |= {f"start_{name}": value for name, value in made.layout.views(theta).items()}
    task |= {f"mask_{name}": value for name, value in float_masks(made, 0).items()}
    np.savez(path, settings=np.array([HIDDEN, BATCH_SIZE, n_epochs]), **task)


def import_case(settings: Settings) -> Case:
    """``import made_np`` and ``import numpy``, each in fresh processes in turn.

    made_np imports what it needs when a name is first used, NumPy included; so the import with use is timed as well.
    """
    statements = {
        "ours": "import made_np",
        "import numpy": "import numpy",
        "from made_np import MADE, fit": "from made_np import MADE, fit",
    }

    def run() -> Result:
        values: dict[str, Turns] = {contender: [] for contender in statements}
        for k in range(-1, 3 if settings.quick else 20):
            for contender, statement in statements.items():
                code = f"import time; t = time.perf_counter(); {statement}; print(1e3 * (time.perf_counter() - t))"
                with settings.load:
                    milliseconds = float(_python("-c", code))
                if k >= 0:  # the first time brings files into memory
                    values[contender].append([milliseconds])
        return Result("import made_np", "ms", values, targets=(Target("import numpy", 1 / 1.15),))

    return Case("import made_np", run)


def _worker(module: str, *args: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(_python("-m", f"benchmark.{module}", *args).splitlines()[-1])
    return answer


def _python(*args: str) -> str:
    """Run a fresh interpreter that finds this package and made_np, and return what it prints."""
    places = [Path(__file__).parents[1], Path(made_np.__file__).parents[1]]
    path = os.pathsep.join([*map(str, places), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    done = subprocess.run(
        [sys.executable, *args], env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        raise RuntimeError(f"python {' '.join(args)} ended with {done.returncode}; its message is above")
    return done.stdout
