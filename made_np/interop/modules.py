"""What can be read off a module of torch, or of anything built alike, without running it.

torch itself is not asked for: a module says what it holds, a tensor turns itself into an array.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.interop.given import Layer, as_layer
from made_np.typing import Array
from made_np.values import show

__all__ = ["Read", "as_array", "read"]

MASKS = ("mask", "_mask", "mask_", "weight_mask")
"""How modules call the mask of their weight."""
ACTIVATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "ReLU": ("relu", {}),
    "Tanh": ("tanh", {}),
    "Sigmoid": ("sigmoid", {}),
    "Softplus": ("softplus", {"beta": 1}),
    "ELU": ("elu", {"alpha": 1}),
    "LeakyReLU": ("leaky_relu", {"negative_slope": 0.01}),
    "SELU": ("selu", {}),
    "GELU": ("gelu", {"approximate": "none"}),
    "SiLU": ("silu", {}),
}
"""Our name of each class of activations, with the settings that ours has."""
SILENT = ("Dropout", "AlphaDropout", "Identity", "Flatten")
"""Classes that change nothing where nobody trains."""


@dataclass(frozen=True)
class Read:
    """What a module holds: its masked layers by name, in the sequence of their registration, and activations.

    Layers that read the context alone stand apart, in `sides`.
    """

    layers: dict[str, Layer]
    sides: dict[str, Layer]
    activations: tuple[str, ...]


def read(model: Any, unused: tuple[str, ...], n_context: int) -> Read:
    """Return what a module holds, or raise a `ValueError` that names what no MADE has."""
    layers: dict[str, Layer] = {}
    sides: dict[str, Layer] = {}
    activations: list[str] = []
    known = set(unused)
    unknown = [name for name in unused if name not in dict(model.named_parameters())]
    if unknown:
        raise ValueError(f"unused names {show(unknown[0])}, which is no parameter of the model: see named_parameters()")
    modules = dict(model.named_modules())
    for name, module in modules.items():
        kind = type(module).__name__
        own = [f"{name}.{each}".lstrip(".") for each, value in module._parameters.items() if value is not None]
        if ".parametrizations" in f".{name}":
            known.update(own)
        elif kind in ACTIVATIONS:
            activations.append(_activation(name, kind, module))
        elif _has_weight(module):
            mask = _mask(module, modules[name.rpartition(".")[0]])
            is_side = mask is None and n_context > 0 and module.weight.shape[1] == n_context
            (sides if is_side else layers)[name] = _layer(
                name, module, np.ones(module.weight.shape) if is_side else mask
            )
            known.update(each for each in own if each.rpartition(".")[2].startswith(("weight", "bias")))
            inner = _sides_of(name, module, n_context)
            sides.update(inner)
            known.update(inner)
        elif own and not set(own) <= known:
            raise ValueError(
                f"model holds {own[0]}, a parameter of {name or 'its own'} ({kind}), which no MADE has: train without "
                "it, or say unused=[...] if the answer does not depend on it"
            )
        elif kind in SILENT and getattr(module, "p", None) and model.training:
            raise ValueError(f"model is being trained, and {name} ({kind}) drops units: call model.eval() first")
    left = [name for name, _ in model.named_parameters() if name not in known]
    if left:
        raise ValueError(
            f"model holds {left[0]}, which is in no masked layer: say unused=[...] if nothing depends on it"
        )
    if not layers:
        raise ValueError("model holds no module with a weight (out, in): give one with masked linear layers")
    return Read(layers, sides, tuple(activations))


def as_array(tensor: Any) -> Array:
    """Return a tensor of torch as an array, in float32 if NumPy has no such floats."""
    held = tensor.detach().cpu() if hasattr(tensor, "detach") else tensor
    if "bfloat16" in str(getattr(held, "dtype", "")):
        held = held.float()
    return np.asarray(held.numpy() if hasattr(held, "numpy") else held)


def _has_weight(module: Any) -> bool:
    weight = getattr(module, "weight", None)
    return weight is not None and weight.ndim == 2


def _mask(module: Any, owner: Any) -> Array | None:
    """Return the mask of a layer (out, in): its own, or one of the module that holds it."""
    shape = tuple(module.weight.shape)
    for holder in (module, owner):
        for held in (getattr(holder, name, None) for name in MASKS):
            if held is None or (holder is owner and tuple(held.shape) not in (shape, shape[::-1])):
                continue
            mask = as_array(held)
            return mask.T if mask.shape == shape[::-1] != shape else mask  # (in, out), as some write it
    return None


def _layer(name: str, module: Any, mask: Array | None) -> Layer:
    bias = getattr(module, "bias", None)
    return as_layer((as_array(module.weight), None if bias is None else as_array(bias), mask), f"model.{name}")


def _sides_of(name: str, module: Any, n_context: int) -> dict[str, Layer]:
    """Return the further weights (out, context) that a layer has, by the names of these parameters."""
    shape = (len(module.weight), n_context)
    return {
        f"{name}.{each}".lstrip("."): as_layer((as_array(value), None, np.ones(shape)), f"model.{name}.{each}")
        for each, value in module._parameters.items()
        if value is not None and tuple(value.shape) == shape and not each.startswith("weight")
    }


def _activation(name: str, kind: str, module: Any) -> str:
    ours, settings = ACTIVATIONS[kind]
    for setting, value in settings.items():
        if getattr(module, setting, value) != value:
            raise ValueError(
                f"model.{name} is a {kind} with {setting}={getattr(module, setting)}: ours has {value}; register your "
                "own (made_np.layers.register_activation), and name it by activation="
            )
    return ours
