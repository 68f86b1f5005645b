"""A call that works for every public function of `made_np.interop`, with every argument by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from fuzz import models
from fuzz.calls import Call, call
from made_np import interop

TOO_LONG = ("huge broadcast", "huge vector")
"""A list of any length is looked at entry by entry, and these have very many."""


def _layers() -> list[Any]:
    below = np.array([[True, False, False], [True, True, False]])
    return [(np.ones((2, 3)), np.zeros(2), below), (np.ones((6, 2)), np.zeros(6), np.tile(~below.T, (2, 1)))]


class Held(np.ndarray):
    """A tensor of a library that is not there."""

    def new_tensor(self, values: Any) -> Any:
        """Return one alike."""
        return np.asarray(values)

    def detach(self) -> Any:
        """Return itself, which knows no gradients."""
        return self

    cpu = detach


class Module:
    """A module of a library that is not there: one masked layer."""

    training = False

    def __init__(self) -> None:
        self.weight = np.ones((3, 3)).view(Held)
        self.mask = np.tri(3, k=-1)
        self._parameters = {"weight": self.weight}

    def named_modules(self) -> Any:
        """Return itself alone."""
        return [("", self)]

    def named_parameters(self) -> Any:
        """Return the weight."""
        return list(self._parameters.items())

    def parameters(self) -> Any:
        """Return the weight."""
        return iter([self.weight])

    def __call__(self, units: Any) -> Any:
        """Return the product with the masked weight."""
        return units @ (self.weight * self.mask).T


def _in_single() -> Any:
    """A model that computes as JAX does, unless JAX is told otherwise."""
    return replace(models.linear(), dtype="float32")


INTEROP: dict[str, Callable[[], Call]] = {
    "interop.importing.from_layers": lambda: call(
        interop.from_layers,
        unlike={"layers": TOO_LONG, "output": TOO_LONG, "direct": TOO_LONG},
        or_names=("layers", "output"),
        layers=_layers(),
        output="gaussian",
        layout="blocked",
        direct=(np.ones((6, 3)), None, np.tile(np.tri(3, k=-1), (2, 1))),
        activation="tanh",
        residual=False,
        raw_order=[0, 1],
        raw_factors=[1, 0.5],
        n_context=0,
    ),
    "interop.torch_in.from_torch": lambda: call(
        interop.from_torch,
        unlike={"output": TOO_LONG, "unused": TOO_LONG},
        or_names=("model", "layers", "output"),
        model=Module(),
        output="bernoulli",
        layout="interleaved",
        activation="tanh",
        raw_order=[0],
        raw_factors=[1],
        forward=None,
        unused=[],
        n_context=0,
    ),
    "interop.torch_out.to_torch": lambda: call(
        interop.to_torch,
        may_raise=(ImportError,),
        unlike={"made": ("MADE",)},
        made=models.linear(),
        theta=models.linear().init(),
    ),
    "interop.jax_out.to_jax": lambda: call(
        interop.to_jax,
        may_raise=(ImportError,),
        unlike={"made": ("MADE",)},
        made=_in_single(),
        theta=_in_single().init(),
    ),
    "interop.onnx_out.to_onnx": lambda: call(
        interop.to_onnx,
        may_raise=(ImportError,),
        unlike={"made": ("MADE",)},
        made=models.linear(),
        theta=models.linear().init(),
        path="model.onnx",
    ),
    "interop.safe_tensors.to_safetensors": lambda: call(
        interop.to_safetensors,
        may_raise=(ImportError,),
        unlike={"made": ("MADE",)},
        made=models.linear(),
        theta=models.linear().init(),
        path="model.safetensors",
    ),
    "interop.safe_tensors.from_safetensors": lambda: call(
        interop.from_safetensors, may_raise=(ImportError,), path="model.safetensors"
    ),
    "interop.script.to_numpy_script": lambda: call(
        interop.to_numpy_script,
        unlike={"made": ("MADE",)},
        made=models.linear(),
        theta=models.linear().init(),
        path="model.py",
    ),
}
