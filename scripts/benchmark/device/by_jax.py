"""JAX as a library of the benchmark on a GPU: what `peers_jax` computes, with all arrays on the device."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from benchmark.device.contender import Contender, Library, Measure, Setting, block
from benchmark.device.reference import N_STEPS, Reference
from benchmark.device.shapes import Given
from benchmark.peers_jax import BETA1, Arrays, feature_nll, raw_outputs, train_step
from benchmark.problem import Output


class Jax(Library):
    """Jitted, without TF32: "highest" is float32 throughout."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        jax.config.update("jax_default_matmul_precision", "highest")
        if setting.device == "cuda" and jax.default_backend() != "gpu":
            raise RuntimeError(f"JAX {jax.__version__} finds no GPU")

    def about(self) -> dict[str, str]:
        """Return versions and the card."""
        card = {"card": jax.devices()[0].device_kind} if self.setting.device == "cuda" else {}
        return {**card, "jax": jax.__version__}

    def contender(self, measure: Measure, name: str) -> Contender:
        """Return a contender that has run a few times."""
        made = Trainer(self) if measure.kind == "step" else Scores(self, measure.n)
        made.run(3)
        stats = jax.devices()[0].memory_stats()
        made.memory = None if stats is None else stats["peak_bytes_in_use"]
        return made

    def masks(self, k: int) -> Arrays:
        """Return the masks of mask set k, made on the device."""
        return _masks(self.given, k, self.setting.masks)


def _masks(given: Given, k: int, dtype: str) -> Arrays:
    masks = {}
    for layer in given.layers(k):
        above = jnp.asarray(layer.above, jnp.int32)[:, None]
        below = jnp.asarray(layer.below, jnp.int32)
        masks[layer.weights] = (above > below if layer.is_last else above >= below).astype(dtype)
    return masks


class Trainer(Contender):
    """Steps of Adam from the common start, each one jitted call whose state is donated."""

    def __init__(self, library: Jax) -> None:
        self.given = library.given
        self.done = 0
        self.masks = [library.masks(k) for k in range(self.given.shape.n_masks)]
        batches = (self.given.batch(i).astype(np.float32) for i in range(self.given.shape.steps))
        self.batches = [jnp.asarray(self.given.made.outputs.encode(x)) for x in batches]
        self.step = jax.jit(partial(train_step, self.given.output), donate_argnums=(0, 1, 2, 3))
        self.begin_again()

    def begin_again(self) -> None:
        """Go to the start."""
        self.arrays: Arrays = {name: jnp.array(value) for name, value in self.given.start().items()}
        self.m = jax.tree.map(jnp.zeros_like, self.arrays)
        self.v = jax.tree.map(jnp.zeros_like, self.arrays)
        self.t = jnp.ones(())

    def call(self, k: int, x: jax.Array) -> jax.Array:
        """Do one step with mask set k; return the loss before it."""
        state = self.step(self.arrays, self.m, self.v, self.t, self.masks[k], x)
        self.arrays, self.m, self.v, self.t, loss = state
        return loss

    def run(self, n: int) -> list[float]:
        """Time n steps; nobody looks at their losses."""

        def call(i: int) -> None:
            self.call(i % len(self.masks), self.batches[i % len(self.batches)])

        self.done += n
        return block(call, lambda: jax.block_until_ready((self.arrays, self.m, self.v)), n, self.done - n)

    def check(self, reference: Reference) -> None:
        """Hold loss, gradient (the first step leaves it in the moments) and two steps against NumPy's."""
        self.begin_again()
        loss = float(self.call(0, self.batches[0]))
        gradient = {name: np.asarray(m) / (1 - BETA1) for name, m in self.m.items()}
        reference.check_gradient(self.given, loss, gradient)
        for k in range(1, N_STEPS):
            self.call(k % len(self.masks), self.batches[0])
        start = self.given.start()
        reference.check_change(self.given, {name: np.asarray(p) - start[name] for name, p in self.arrays.items()})


def scores(output: Output, params: Arrays, masks: Arrays, x: jax.Array) -> jax.Array:
    """Return log p of each row."""
    return -feature_nll(output, raw_outputs(params, masks, x), x).reshape(len(x), -1).sum(1)


class Scores(Contender):
    """Rows that lie on the device, scored by a dense pass; the scores stay there."""

    def __init__(self, library: Jax, n: int) -> None:
        given = library.given
        rows = given.made.outputs.encode(given.rows[:n].astype(np.float32))
        params = {name: jnp.array(value) for name, value in given.start().items()}
        self.arguments = params, library.masks(0), jnp.asarray(rows)
        self.score = jax.jit(partial(scores, given.output))
        self.found = self.score(*self.arguments)

    def run(self, n: int) -> list[float]:
        """Time n calls."""

        def call(i: int) -> None:
            self.found = self.score(*self.arguments)

        return block(call, lambda: jax.block_until_ready(self.found), n)

    def check(self, reference: Reference) -> None:
        """Hold scores against NumPy's."""
        reference.check_scores(np.asarray(self.found))
