"""A torch module as the suite sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..adapter import Adapter
from ..compare import Floats, seed_of
from ..values import as_callable
from .fields import look_at


def torch_adapter(
    model: Any,
    n_features: int,
    *,
    log_prob: Callable[[Any], Any] | None = None,
    rows: int | ArrayLike = 7,
    std: float | None = 0.3,
    rng: int | np.random.Generator = 0,
    **fields: Any,
) -> Adapter:
    """Return the adapter of a module: its loss, its gradient by autograd, its parameters with their names.

    The module itself is changed: to float64, to ``eval()``, and to random parameters, for those of a usual start are
    so small that faults hide. Whatever is asked of it later, its parameters are these.

    Parameters
    ----------
    model : torch.nn.Module
        The model.
    n_features : int
        D.
    log_prob : callable, optional
        Tensor (B, D) of float64 -> tensor (B,), in nats; ``model.log_prob`` if there is one.
    rows : int or array_like
        Rows (B, D) behind the loss, or how many to draw from the support.
    std : float or None
        Standard deviation of the parameters, at most 1e6; None keeps those that there are.
    rng : int or Generator
        Seed of rows and parameters.
    **fields
        Of `Adapter`: ``params``, ``conditional``, ``sample``, ``draw`` and other functions take and return tensors.

    Raises
    ------
    ImportError
        If torch is not installed.
    TypeError, ValueError
        If the model has no log_prob and none is given, or a field is none of an adapter, or cannot be
        meant: before the module is changed.

    Examples
    --------
    >>> adapter = torch_adapter(model, 6, params=model, order=range(6))  # doctest: +SKIP
    >>> print(suite(adapter))  # doctest: +SKIP
    """
    import torch

    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"model is a {type(model).__name__}: give a torch.nn.Module")
    density = as_callable(getattr(model, "log_prob", None) if log_prob is None else log_prob, "log_prob", "x -> nats")
    given = look_at(n_features, fields, rows=rows, std=std)
    generator = np.random.default_rng(seed_of(rng))
    x = given.drawn_rows(generator)
    model.double().eval()
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    ours: dict[str, Any] = {"log_prob": _in_numpy(density)}
    if parameters:
        start = given.start(sum(p.numel() for p in parameters.values()), generator)
        ours |= _Loss(list(parameters.values()), density, x).fields(start)
        ours["names"] = [f"{name}{list(at)}" for name, p in parameters.items() for at in np.ndindex(*p.shape)]
    return given.adapter(ours, _in_numpy)


def _in_numpy(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A function of tensors as a function of arrays, in float64; numbers stay numbers."""
    import torch

    def call(*arguments: Any) -> Any:
        with torch.no_grad():
            found = fn(*(_tensor(a) if isinstance(a, np.ndarray) else a for a in arguments))
        return found.detach().cpu().numpy() if isinstance(found, torch.Tensor) else found

    return call


def _tensor(array: Any) -> Any:
    import torch

    return torch.from_numpy(np.array(array, dtype=np.float64, order="C"))


class _Loss:
    """The mean of ``-log_prob`` over some rows as a function of one flat vector."""

    def __init__(self, parameters: list[Any], log_prob: Callable[[Any], Any], x: Floats) -> None:
        self.parameters = parameters
        self.log_prob = log_prob
        self.x = x
        self.theta = np.concatenate([p.detach().cpu().numpy().ravel() for p in parameters])

    def fields(self, start: Floats | None) -> dict[str, Any]:
        """What an adapter needs of it; the parameters are those of ``start`` from now on."""
        if start is not None:
            self.theta = start
            self.set(start)
        return {"theta": self.theta.copy(), "loss": self.loss, "grad": self.grad, "rows": len(self.x)}

    def set(self, theta: Floats) -> None:
        """Write a vector into the parameters."""
        import torch

        first = 0
        with torch.no_grad():
            for p in self.parameters:
                p.copy_(_tensor(theta[first : first + p.numel()]).reshape(p.shape))
                first += p.numel()

    def at(self, theta: Floats, *, with_grad: bool) -> Any:
        """The loss at theta, or its gradient; afterwards the parameters are what they were."""
        import torch

        try:
            self.set(theta)
            with torch.set_grad_enabled(with_grad):
                loss = -self.log_prob(_tensor(self.x)).mean()
            if not with_grad:
                return loss.item()
            grads = torch.autograd.grad(loss, self.parameters, allow_unused=True)
        finally:
            self.set(self.theta)
        pairs = zip(self.parameters, grads, strict=True)
        return np.concatenate([np.zeros(p.numel()) if g is None else g.cpu().numpy().ravel() for p, g in pairs])

    def loss(self, theta: Floats) -> float:
        """(P,) -> nats."""
        return float(self.at(theta, with_grad=False))

    def grad(self, theta: Floats) -> Floats:
        """(P,) -> (P,)."""
        return np.asarray(self.at(theta, with_grad=True), dtype=np.float64)
