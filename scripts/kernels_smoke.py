"""Hold the numba kernels against NumPy on a small table.

    python scripts/kernels_smoke.py [--dtypes float32 float64]

All distributions in one table, all activations, scores, gradients, samples and every update rule: each kernel runs. It
ends with 1 where a number differs. It needs NumPy and numba alone, and so runs wherever made_np does; `processors.py`
runs it on older processors and on emulated ones.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from made_np import MADE, Categorical, DiscretizedLogistic, Gaussian, MixtureOfGaussians, MixtureOfLogistics, WithAtoms
from made_np.optim import SGD, AdaDelta, AdaGrad, Adam, AdamW, Optimizer

Array = NDArray[Any]
Results = dict[str, Array]

TOLERANCE = {"float32": 3e-4, "float64": 1e-10}
"""How far a number may be off, as a share of the largest one beside it."""

ROUNDED = 0.1
"""The same, of a gradient whose products are of bf16."""

N_ROWS = 41
"""More than fill a panel of the widest registers, and no multiple of any. Few, for emulated arithmetic is slow."""

OUTPUTS = [
    *["bernoulli", Categorical(3), DiscretizedLogistic(4, 2)],
    *["gaussian", Gaussian(scale="exp"), MixtureOfGaussians(2), MixtureOfLogistics(2, reserve=0.1)],
    WithAtoms(Gaussian(), (0.0, 1.0)),
]
N_VALUES = [2, 3, 4, None, None, None, None, 4]
"""How many values each of them has, from 0 on; None for real numbers. Of real numbers with atoms some are these."""
BITS = ["bernoulli"], [2]
"""For what no distribution matters to: mixtures take the most time, above all emulated."""

ORDERS: dict[str, dict[str, Any]] = {
    "natural order": {"order": "natural", "activation": "relu"},
    "random order": {"order": "random", "activation": "tanh"},
}
"""There is a kernel that updates theta in the natural order, and one for any other."""
MODELS: dict[str, dict[str, Any]] = {
    **ORDERS,
    "residual": {"order": "random", "activation": "sigmoid", "hidden": (40, 40), "residual": True},
    "context": {"order": "random", "activation": "softplus", "hidden": (40, 30), "direct": True, "n_context": 2},
    **{name: {"activation": name} for name in ("elu", "leaky_relu", "selu", "identity", "gelu", "silu")},
}
PLAIN = tuple(MODELS)[4:]
"""Those that differ in the activation alone."""
SPARSE: dict[str, dict[str, Any]] = {
    f"sparse rows, {name}": {**model, "direct": True, "hidden": (40, 30)} for name, model in ORDERS.items()
}
"""On rows of nearly no ones: what is wired to the inputs has kernels of its own for those."""

VECTOR_FEATURES = ("sse4.2", "avx", "avx2", "fma", "avx512f", "neon", "sve")
"""Those that decide how kernels are laid out, by LLVM's names."""

EPS = 1e-2
"""Large, so that a gradient that is all rounding moves nothing."""
RULES: dict[str, Optimizer] = {
    "SGD": SGD(),
    "momentum": SGD(0.9),
    "Nesterov": SGD(0.9, nesterov=True),
    "Adam": Adam(eps=EPS),
    "AdamW": AdamW(eps=EPS),
    "AdaGrad": AdaGrad(eps=EPS),
    "AdaDelta": AdaDelta(eps=EPS),
}


class Problem(NamedTuple):
    """A model with parameters and rows, the same on every machine."""

    made: MADE
    theta: Array
    x: Array
    context: Array | None
    uniforms: Array


def problem(name: str, dtype: str) -> Problem:
    """Return a problem with each kind of column twice, or with bits alone for a model of `PLAIN`."""
    model = MODELS[name]
    outputs, n_values = (each * 2 for each in (BITS if name in PLAIN else (OUTPUTS, N_VALUES)))
    made = MADE(len(outputs), output=outputs, dtype=dtype, seed=3, **{"hidden": (40,), **model})
    rng = np.random.default_rng(0)
    columns = [rng.integers(n, size=N_ROWS) if n else rng.normal(size=N_ROWS) for n in n_values]
    return Problem(
        made,
        (made.init(rng=0) + 0.3 * rng.standard_normal(made.n_params)).astype(dtype),
        np.stack(columns, axis=1).astype(dtype),
        rng.normal(size=(N_ROWS, made.n_context)).astype(dtype) if made.n_context else None,
        rng.random((N_ROWS, made.n_features)),
    )


def sparse_problem(name: str, dtype: str) -> Problem:
    """Return a problem of bits, of which one in fifty is 1."""
    made = MADE(60, dtype=dtype, seed=3, **SPARSE[name])
    rng = np.random.default_rng(0)
    theta = (made.init(rng=0) + 0.3 * rng.standard_normal(made.n_params)).astype(dtype)
    x = (rng.random((N_ROWS, 60)) < 0.02).astype(dtype)
    return Problem(made, theta, x, None, rng.random((N_ROWS, 60)))


def scores(backend: str, p: Problem) -> Results:
    """Return what a backend says of the rows, the gradient, and the rows that it draws."""
    made = replace(p.made, backend=backend)
    context = p.context
    loss, grad = made.loss_and_grad(p.theta, p.x, context=context)
    return {
        "raw outputs": made.raw_outputs(p.theta, p.x, context=context),
        "log_prob of values": made.feature_log_prob(p.theta, p.x, context=context),
        "log_prob of rows": made.log_prob(p.theta, p.x, context=context),
        "log_prob of few rows": made.log_prob(p.theta, p.x[:2], context=None if context is None else context[:2]),
        "loss": np.array(loss),
        "gradient": grad,
        # A uniform within rounding of a jump could be drawn to either side of it; none of these is.
        "sample": made.sample(p.theta, N_ROWS, context=context, uniforms=p.uniforms),
    }


def steps(backend: str, p: Problem, rule: Optimizer) -> Results:
    """Return the live parameters and what the rule remembers of them, after two steps with weight decay."""
    made = replace(p.made, backend=backend)
    one = p.made.mask_sets[0]
    theta = p.theta.copy()
    grad = np.empty_like(p.theta)
    state = rule.init(p.theta)
    decay = (0.1 * made.weight_mask).astype(made.dtype)
    live = ~made.weight_mask
    for name, mask in made.network.masks(one).items():
        made.layout.views(live)[name][:] = mask
    for rate in (1e-2, 5e-3):
        made.bound[0].train_step(theta, p.x, p.context, grad, rule, state, rate, decay, only_live=True)
    made.bound[0].loss_and_grad(p.theta, p.x, p.context, grad)  # apart from the update, as ranks do it
    made.bound[0].update(theta, grad, rule, state, 2e-3, decay)
    return {"theta": theta[live], **{name: value[live] for name, value in state.items() if value.ndim}}


def learning(backend: str, p: Problem) -> Results:
    """Return the gradient, and what a step with Adam leaves behind."""
    _, grad = replace(p.made, backend=backend).loss_and_grad(p.theta, p.x)
    return {"gradient": grad, **steps(backend, p, RULES["Adam"])}


def differences(got: Results, want: Results, tolerance: float) -> Iterator[str]:
    """Say what differs by more than the tolerance, NaN included."""
    for name, value in want.items():
        off = np.abs(got[name] - value).max() / max(1.0, np.abs(value).max())
        if not off <= tolerance:
            yield f"{name} off by {off:.1e} of the largest, where {tolerance:.0e} is allowed"


def check(dtype: str) -> Iterator[str]:
    """Say what numba computes otherwise than NumPy: for every model, and by every rule in either order."""
    for name in (*MODELS, *SPARSE):
        p = sparse_problem(name, dtype) if name in SPARSE else problem(name, dtype)
        for text in differences(scores("numba", p), scores("numpy", p), TOLERANCE[dtype]):
            yield f"{dtype}, {name}: {text}"
        for rule_name, rule in RULES.items() if name in ORDERS or name in SPARSE else ():
            for text in differences(steps("numba", p, rule), steps("numpy", p, rule), TOLERANCE[dtype]):
                yield f"{dtype}, {name}, {rule_name}: {text}"
    for name in ORDERS if dtype == "float32" else ():
        p = problem(name, dtype)
        for text in differences(learning("bfloat16", p), learning("numpy", p), ROUNDED):
            yield f"bfloat16, {name}: {text}"


def target() -> str:
    """Return what numba compiles for: a processor and its vector instructions, as the key of its cache has them."""
    from numba.core.registry import cpu_target

    from made_np.backends._numba.target import REGISTER_BYTES

    _, name, features = cpu_target.target_context.codegen().magic_tuple()
    named = [each for each in VECTOR_FEATURES if f"+{each}" in features.split(",")]
    return f"{name} ({' '.join(named) or 'no vector instructions named'}), registers of {REGISTER_BYTES} bytes"


def from_cache() -> str:
    """Return how many kernels have run (a kernel counts once per signature), and how many came from numba's cache."""
    from numba.core.dispatcher import Dispatcher

    modules = [module for name, module in sys.modules.items() if name.startswith("made_np.backends._numba")]
    found = {each for module in modules for each in vars(module).values() if isinstance(each, Dispatcher)}
    kernels = [each for each in found if each.stats.cache_path]  # the others are parts of these
    hits = sum(sum(each.stats.cache_hits.values()) for each in kernels)
    return f"{hits} of {sum(len(each.signatures) for each in kernels)} kernels from the cache"


def main() -> int:
    """Run all of it; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dtypes", nargs="+", choices=TOLERANCE, default=list(TOLERANCE), help="both by default")
    dtypes = parser.parse_args().dtypes
    start = time.perf_counter()
    found = [text for dtype in dtypes for text in check(dtype)]
    for text in found:
        print("WRONG:", text)
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, numba {version('numba')}"
    verdict = f"{len(found)} results differ from NumPy's" if found else "agrees with NumPy"
    print(f"{' '.join(dtypes)} {verdict}: {target()}; {versions}; {from_cache()}; {time.perf_counter() - start:.0f} s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
