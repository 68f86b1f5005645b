"""A small program that uses much of made_np, with what came of it: numbers, words, seconds.

It needs NumPy alone, and no threads, processes or system calls that a browser lacks. `in_pyodide.py` runs it here and
in Pyodide, and holds the two against each other.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import pkgutil
import random
import re
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Result = dict[str, Any]
"""What a part of the program came to: "exact" must be equal everywhere, "near" up to rounding."""

ELSEWHERE = (
    "_numba",
    "_bfloat16",
    "_cupy",
    "cluster",
    "frameworks",
    "pytest_plugin",
    "__main__",
    "ranks.lines",
    "ranks.sockets",
)
"""Parts of names of modules that need more than NumPy, or processes."""

ANSWER = """
import numpy as np


def numerical_gradient(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    slopes = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        own = x[at]
        x[at] = own + h
        up = f(x)
        x[at] = own - h
        slopes[at] = (up - f(x)) / {span}
        x[at] = own
    return slopes
"""


def micromade() -> Result:
    """Score, draw, differentiate with the page that needs Python alone."""
    from made_np.learn import micromade as page

    rng = random.Random(1)
    rows = page.pixels(40, rng)
    masks = page.make_masks(range(8), 6)
    with contextlib.redirect_stdout(io.StringIO()):
        theta = page.train(rows, masks, 2)
    scores = page.log_prob(page.forward(theta, masks, rows)[1], rows)
    drawn = [page.sample(theta, masks, range(8), [rng.random() for _ in range(8)]) for _ in range(5)]
    return {"near": [*theta, *scores], "exact": drawn}


def modules() -> Result:
    """Import every module that needs NumPy alone."""
    package = importlib.import_module("made_np")
    names = [each.name for each in pkgutil.walk_packages(package.__path__, "made_np.", onerror=lambda _: None)]
    chosen = [name for name in names if not any(part in name for part in ELSEWHERE)]
    for name in chosen:
        importlib.import_module(name)
    return {"exact": [f"{len(chosen)} modules"]}


def model() -> Result:
    """Fit a tiny MADE, then score, draw, differentiate, and check the derivative."""
    import numpy as np

    from made_np import MADE, fit
    from made_np.testing import check_gradient

    x = np.random.default_rng(0).integers(0, 2, size=(120, 6)).astype(float)
    x[:, 3] = x[:, 0]
    made = MADE(6, hidden=(16,), order="random", dtype="float64", seed=1)
    result = fit(made, x, max_epochs=20, rng=2)
    loss, grad = made.loss_and_grad(result.theta, x)
    drawn = made.sample(result.theta, 50, rng=3)
    report = check_gradient(
        lambda theta: made.loss_and_grad(theta, x)[0],
        lambda theta: made.loss_and_grad(theta, x)[1],
        result.theta,
        rng=4,
    )
    every = np.array([[code >> d & 1 for d in range(6)] for code in range(64)], dtype=float)
    total = float(np.exp(made.log_prob(result.theta, every)).sum())
    near = [loss, *result.theta, *made.log_prob(result.theta, x), *grad]
    return {"near": [*map(float, near), total], "exact": [drawn.tolist(), report.n_failed]}


def people() -> dict[str, list[Any]]:
    """Return a small table: words, numbers, whole numbers, gaps in all of them."""
    draw = random.Random(5)
    colours = ["red", "green", "blue"]
    table: dict[str, list[Any]] = {"colour": [], "size": [], "visits": []}
    for _ in range(120):
        k = draw.randrange(3)
        row = [colours[k], round(2 * k + draw.gauss(0, 1), 2), int(draw.expovariate(0.5))]
        for name, value in zip(table, row, strict=True):
            table[name].append(None if draw.random() < 0.08 else value)
    return table


def table() -> Result:
    """Fit a table with words and gaps, ask it, save it, ask again."""
    from made_np import MADEDensity

    columns = people()
    density = MADEDensity((24,), max_epochs=15, dtype="float64", random_state=0).fit(columns)
    asked = {"size": (1, None)}
    answers = [float(density.probability(asked, given={"colour": name})) for name in ("red", "green", "blue")]
    scores = [float(score) for score in density.score_samples(columns)]
    drawn = {str(name): list(values) for name, values in density.sample(20, random_state=1).items()}
    filled = density.impute({name: values[:20] for name, values in columns.items()})
    with tempfile.TemporaryDirectory() as folder:
        density.save(Path(folder) / "density.npz")
        again = MADEDensity.load(Path(folder) / "density.npz")
        same = [float(each) for each in again.score_samples(columns)] == scores
    return {
        "near": [*answers, *scores],
        "exact": [str(density.columns_), same, _plain(drawn), _plain(dict(filled))],
    }


def _plain(table: dict[str, Any]) -> dict[str, list[str]]:
    """Return columns as words, so that they can be compared anywhere."""
    return {str(name): [str(value) for value in values] for name, values in table.items()}


def learn() -> Result:
    """Check two answers to the first step: a right one, one that is twice too large."""
    from made_np.learn import telling
    from made_np.learn.checking import check_file
    from made_np.learn.folder import Folder
    from made_np.learn.steps import step_of

    said = []
    with tempfile.TemporaryDirectory() as place:
        folder = Folder(Path(place) / "learn")
        folder.begin()
        step = step_of(1)
        for span in ("(2 * h)", "h"):
            folder.file(step).write_text(ANSWER.replace("{span}", span), encoding="utf-8")
            said += [line.replace(place, "") for line in telling.checked_lines(check_file(step, folder.file(step)))]
    return {"exact": said}


def errors() -> Result:
    """Ask for what cannot be meant, and keep what is said."""
    import numpy as np

    from made_np import MADE, MADEDensity, fit, load

    made = MADE(3, hidden=(4,))
    density = MADEDensity((4,), max_epochs=1, random_state=0).fit({"a": [0, 1] * 20, "b": ["x", "y"] * 20})
    tries: list[Callable[[], Any]] = [
        lambda: MADE(0),
        lambda: made.log_prob(made.init(0), np.zeros((2, 4))),
        lambda: fit(made, np.full((4, 3), np.nan)),
        lambda: load("nowhere.npz"),
        lambda: density.probability({"c": 1}),
        lambda: density.probability({"a": (2, 1)}),
        lambda: MADE(3, backend="numba"),
        lambda: MADEDensity(backend="cuda").fit({"a": [0, 1] * 20}),
    ]
    said = []
    for ask in tries:
        try:
            ask()
        except (ValueError, TypeError, KeyError, OSError, ImportError, RuntimeError) as error:
            said.append(
                re.sub(r"\[Errno \d+\] ", "", f"{type(error).__name__}: {error}")
            )  # systems number them differently
        else:
            said.append("nothing was said")
    return {"exact": said}


PARTS: dict[str, Callable[[], Result]] = {
    each.__name__: each for each in (micromade, modules, model, table, learn, errors)
}


def run(names: list[str]) -> Iterator[tuple[str, Result]]:
    """Yield each part with what came of it, and its seconds; what it raises is part of that."""
    for name in names:
        begun = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                found = PARTS[name]()
            except Exception as error:
                found = {"error": "".join(traceback.format_exception(error, limit=-3))}
        yield name, {**found, "seconds": time.perf_counter() - begun}


def report(names: list[str] | None = None) -> str:
    """Return what all parts came to, as JSON."""
    return json.dumps(dict(run(list(PARTS) if names is None else names)))


if __name__ == "__main__":
    print(report())
