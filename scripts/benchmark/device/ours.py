"""made_np as a library of the benchmark on a GPU, called the way its users call it."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np

import made_np
from benchmark.device.contender import Contender, Library, Measure, Setting, block
from benchmark.device.reference import Reference, check_sample, steps
from benchmark.device.shapes import Given
from made_np import MADE


class Ours(Library):
    """Its backend is "cupy", or in a rehearsal another one."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.made = setting.shape.made(setting.backend)

    def about(self) -> dict[str, str]:
        """Return versions and the card."""
        about = {"Python": platform.python_version(), "numpy": np.__version__, "made_np": made_np.__version__}
        about["backend"] = self.setting.backend
        return about | (_about_cupy() if self.setting.backend == "cupy" else {})

    def contender(self, measure: Measure, name: str) -> Contender:
        """Return what calls `made_np.fit`, `MADE.sample` or `MADE.log_prob`."""
        kinds: dict[str, Any] = {"step": Steps, "sample": Samples, "score": Scores}
        made: Contender = kinds[measure.kind](self.given, self.made, measure.n)
        made.run(1)
        if self.setting.backend == "cupy":
            made.memory = _pool_bytes()
        return made


class Steps(Contender):
    """Training by `made_np.fit`: of each call the first epoch is a warm-up, and is left out."""

    warms_itself = True

    def __init__(self, given: Given, made: MADE, batch_size: int) -> None:
        self.given = given
        self.made = made
        self.batch_size = batch_size
        self.rows = given.rows[: given.shape.steps * batch_size]

    def run(self, n: int) -> list[float]:
        """Return the seconds of each epoch over its steps."""
        epochs = max(1, round(n / self.given.shape.steps))
        result = made_np.fit(
            self.made, self.rows, theta=self.given.theta, batch_size=self.batch_size, max_epochs=1 + epochs
        )
        if result.stopped_by != "max_epochs":
            raise ArithmeticError(f"fit was stopped by {result.stopped_by}")
        seconds: list[float] = np.diff(result.history["seconds"]).tolist()
        return [each / self.given.shape.steps for each in seconds]

    def check(self, reference: Reference) -> None:
        """Hold loss, gradient and two steps against NumPy's."""
        given = self.given
        loss, gradient = self.made.loss_and_grad(given.theta, given.batch(0), mask_set=0)
        views = self.made.layout.views
        reference.check_gradient(given, loss, views(gradient))
        reference.check_change(given, views(steps(self.made, given) - given.theta))


class Samples(Contender):
    """Rows drawn by `MADE.sample`, which draws its uniforms too; theta is held on the device."""

    def __init__(self, given: Given, made: MADE, n: int) -> None:
        self.given = given
        self.made = made
        self.theta = made.hold(given.theta)
        self.n = n

    def run(self, n: int) -> list[float]:
        """Time n samples; each comes back as an array of NumPy."""
        return block(lambda i: self.made.sample(self.theta, self.n, rng=i, mask_set=0), lambda: None, n)

    def check(self, reference: Reference) -> None:
        """Hold a sample of given uniforms against what they decide."""
        uniforms = self.given.uniforms(self.n)
        check_sample(self.given, self.made.sample(self.theta, self.n, uniforms=uniforms, mask_set=0), uniforms)


class Scores(Contender):
    """Rows scored by `MADE.log_prob`; theta is held on the device."""

    def __init__(self, given: Given, made: MADE, n: int) -> None:
        self.made = made
        self.theta = made.hold(given.theta)
        self.rows = given.rows[:n].astype(np.float32)

    def run(self, n: int) -> list[float]:
        """Time n calls; rows come from NumPy, and scores go back there."""
        return block(lambda i: self.made.log_prob(self.theta, self.rows, mask_set=0), lambda: None, n)

    def check(self, reference: Reference) -> None:
        """Hold scores against NumPy's."""
        reference.check_scores(self.made.log_prob(self.theta, self.rows, mask_set=0))


def _about_cupy() -> dict[str, str]:
    import cupy

    runtime = cupy.cuda.runtime
    card = runtime.getDeviceProperties(runtime.getDevice())["name"]
    versions = {"CUDA runtime": runtime.runtimeGetVersion(), "CUDA of the driver": runtime.driverGetVersion()}
    about = {name: f"{number // 1000}.{number % 1000 // 10}" for name, number in versions.items()}
    return {"card": card.decode() if isinstance(card, bytes) else card, "cupy": cupy.__version__, **about}


def _pool_bytes() -> int:
    """Return what CuPy has taken from the device: it gives nothing back by itself, so that this is a peak."""
    import cupy

    return int(cupy.get_default_memory_pool().total_bytes())
