"""The gradient checkers of other libraries, with their own defaults, on the same loss.

Each takes an `Adapter` and answers True (passed), False (caught) or None (it does not apply). Only
libraries that are installed are offered, and they are imported when one is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeAlias

import numpy as np

from ..adapter import Adapter

Verdict: TypeAlias = Callable[[Adapter], "bool | None"]
SCIPY_LIMIT = 1e-5
"""scipy's check_grad returns a norm and has no verdict of its own; its documentation shows 1e-8."""


def other_checkers() -> dict[str, Verdict]:
    """The checkers whose libraries are installed, by name."""
    offered: dict[str, tuple[str, Verdict]] = {
        "torch_full": ("torch", lambda adapter: _torch(adapter, fast=False)),
        "torch_fast": ("torch", lambda adapter: _torch(adapter, fast=True)),
        "scipy": ("scipy", _scipy),
        "jax": ("jax", _jax),
    }
    return {name: check for name, (library, check) in offered.items() if find_spec(library)}


def _theta(adapter: Adapter) -> Any:
    has_all = adapter.has("loss", "grad", "theta")
    return np.array(adapter.theta, dtype=np.float64) if has_all else None


def _pair(adapter: Adapter) -> tuple[Callable[..., Any], Callable[..., Any]]:
    assert adapter.loss is not None
    assert adapter.grad is not None
    return adapter.loss, adapter.grad


def _torch(adapter: Adapter, *, fast: bool) -> bool | None:
    """`torch.autograd.gradcheck` of a custom function: the full Jacobian, or one random projection."""
    theta = _theta(adapter)
    if theta is None:
        return None
    loss, grad = _pair(adapter)
    torch: Any = import_module("torch")

    class Loss(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, at: Any) -> Any:
            ctx.save_for_backward(at)
            return at.new_tensor(loss(at.detach().numpy().copy()))

        @staticmethod
        def backward(ctx: Any, upstream: Any) -> Any:
            (at,) = ctx.saved_tensors
            slope = grad(at.detach().numpy().copy())
            return upstream * torch.from_numpy(np.array(slope))

    torch.manual_seed(0)
    at = torch.from_numpy(theta).requires_grad_(True)
    return bool(torch.autograd.gradcheck(Loss.apply, (at,), fast_mode=fast, raise_exception=False))


def _scipy(adapter: Adapter) -> bool | None:
    """`scipy.optimize.check_grad`: forward differences, the norm of all errors."""
    theta = _theta(adapter)
    if theta is None:
        return None
    optimize: Any = import_module("scipy.optimize")
    return bool(optimize.check_grad(adapter.loss, adapter.grad, theta) < SCIPY_LIMIT)


def _jax(adapter: Adapter) -> bool | None:
    """`jax.test_util.check_grads`, reverse mode: one random direction."""
    theta = _theta(adapter)
    if theta is None:
        return None
    jax: Any = import_module("jax")
    check_grads: Any = import_module("jax.test_util").check_grads
    with jax.enable_x64(True):
        number = jax.ShapeDtypeStruct((), np.float64)
        vector = jax.ShapeDtypeStruct(theta.shape, np.float64)

        def call(fn: Any, shape: Any, at: Any) -> Any:
            return jax.pure_callback(lambda t: np.array(fn(np.array(t)), dtype=np.float64), shape, at)

        loss = jax.custom_vjp(lambda at: call(adapter.loss, number, at))
        loss.defvjp(lambda at: (loss(at), at), lambda at, upstream: (upstream * call(adapter.grad, vector, at),))
        try:
            check_grads(loss, (jax.numpy.asarray(theta),), order=1, modes=["rev"])
        except AssertionError:
            return False
    return True
