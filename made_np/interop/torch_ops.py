"""What formulas ask of torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from made_np.typing import Array

__all__ = ["TorchOps"]


class TorchOps:
    """The functions that `heads` and `answers` take as `F`; all act on the last axis where they have one."""

    @staticmethod
    def constant(array: Array, like: Any) -> Any:
        """Return an array as a tensor of the kind of `like`."""
        return like.new_tensor(array.tolist())

    @staticmethod
    def dtype(z: Any) -> np.dtype[Any]:
        """Return the dtype of NumPy that a tensor has."""
        return np.dtype(str(z.dtype).removeprefix("torch."))

    @staticmethod
    def cast(z: Any, like: Any) -> Any:
        """Return `z` in the dtype of `like`."""
        return z.to(like.dtype)

    @staticmethod
    def double(z: Any) -> Any:
        """Return `z` in float64."""
        return z.double()

    @staticmethod
    def take(z: Any, places: Sequence[int]) -> Any:
        """Return some entries of the last axis."""
        return z[..., list(places)]

    @staticmethod
    def reshape(z: Any, shape: Sequence[int]) -> Any:
        """Return `z` with this shape behind its first axis."""
        return z.reshape(len(z), *shape)

    @staticmethod
    def concat(parts: Sequence[Any]) -> Any:
        """Return parts one behind the other."""
        import torch

        return torch.cat(list(parts), dim=-1)

    @staticmethod
    def where(condition: Any, a: Any, b: Any) -> Any:
        """Return `a` where the condition holds, else `b`."""
        import torch

        return torch.where(condition, a, b)

    @staticmethod
    def clip(z: Any, low: float, high: float) -> Any:
        """Return `z` within its bounds."""
        return z.clamp(low, high)

    @staticmethod
    def sum(z: Any) -> Any:
        """Return the sum."""
        return z.sum(-1)

    @staticmethod
    def max(z: Any) -> Any:
        """Return the largest entry."""
        return z.amax(-1)

    @staticmethod
    def cumsum(z: Any) -> Any:
        """Return the sums up to each entry."""
        return z.cumsum(-1)

    @staticmethod
    def logsumexp(z: Any) -> Any:
        """Return log sum e^z."""
        return z.logsumexp(-1)

    @staticmethod
    def log_softmax(z: Any) -> Any:
        """Return z - log sum e^z."""
        return z.log_softmax(-1)

    @staticmethod
    def softplus(z: Any) -> Any:
        """Return log(1 + e^z) to the last digit: torch's own leaves it at z from 20 on."""
        return z.logaddexp(z.new_zeros(()))

    @staticmethod
    def normal_below(z: Any) -> Any:
        """Return the mass of the standard normal below z."""
        import torch

        return torch.special.ndtr(z)

    @staticmethod
    def quantile(u: Any) -> Any:
        """Return the quantile of the standard normal."""
        import torch

        return torch.special.ndtri(u.clamp(min=2.0**-54))

    @staticmethod
    def repeat(times: int, step: Callable[[Any], Any], state: Any) -> Any:
        """Return the state after so many steps."""
        for _ in range(times):
            state = step(state)
        return state

    def __getattr__(self, name: str) -> Any:
        """Return what torch has by this name: exp, log, sqrt, abs, floor, tanh, sigmoid, expm1, relu."""
        import torch

        return getattr(torch, name)
