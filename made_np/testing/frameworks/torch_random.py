"""The random operations of torch, fed with given uniforms."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compare import Floats
from .uniforms import Feed, categories, normals


def torch_fed(feed: Feed) -> Any:
    """A context in which every random operation of torch asks the feed, whoever calls it."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    def dispatch(self: Any, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        options = kwargs or {}
        if torch.Tag.nondeterministic_seeded not in func.tags:
            return func(*args, **options)
        name = func.overloadpacket.__name__
        if name in IN_PLACE:
            return args[0].copy_(torch.from_numpy(IN_PLACE[name](feed, args, options)))
        if name not in FRESH:
            raise feed.refuse(f"torch's {name}")
        values = torch.from_numpy(FRESH[name](feed, args, options))
        like = args[0] if isinstance(args[0], torch.Tensor) else torch.empty(0)
        dtype = torch.int64 if name == "multinomial" else options.get("dtype") or like.dtype
        return values.to(dtype=dtype, device=options.get("device") or like.device)

    return type("Fed", (TorchDispatchMode,), {"__torch_dispatch__": dispatch})()


def _array(value: Any) -> Any:
    return value.detach().cpu().double().numpy() if hasattr(value, "detach") else value


def _argument(args: Any, options: Any, place: int, name: str, default: Any) -> Any:
    return _array(args[place] if len(args) > place else options.get(name, default))


def _size(first: Any) -> tuple[int, ...]:
    return tuple(first.shape if hasattr(first, "shape") else first)


def _rand(feed: Feed, args: Any, options: Any) -> Floats:
    return feed.take(_size(args[0]), "torch.rand")


def _randn(feed: Feed, args: Any, options: Any) -> Floats:
    return normals(feed.take(_size(args[0]), "torch.randn"))


def _bernoulli(feed: Feed, args: Any, options: Any) -> Floats:
    p = _array(args[1]) if len(args) > 1 and args[1] is not None else options.get("p", _array(args[0]))
    return (feed.take(_size(args[0]), "torch.bernoulli") < p) * 1.0


def _bernoulli_in_place(feed: Feed, args: Any, options: Any) -> Floats:
    p = _argument(args, options, 1, "p", 0.5)
    return (feed.take(_size(args[0]), "Tensor.bernoulli_") < p) * 1.0


def _uniform_in_place(feed: Feed, args: Any, options: Any) -> Floats:
    low = _argument(args, options, 1, "from", 0.0)
    high = _argument(args, options, 2, "to", 1.0)
    return np.asarray(low + (high - low) * feed.take(_size(args[0]), "Tensor.uniform_"))


def _normal_in_place(feed: Feed, args: Any, options: Any) -> Floats:
    mean = _argument(args, options, 1, "mean", 0.0)
    std = _argument(args, options, 2, "std", 1.0)
    return np.asarray(mean + std * normals(feed.take(_size(args[0]), "Tensor.normal_")))


def _exponential_in_place(feed: Feed, args: Any, options: Any) -> Floats:
    rate = _argument(args, options, 1, "lambd", 1.0)
    return np.asarray(-np.log1p(-feed.take(_size(args[0]), "Tensor.exponential_")) / rate)


def _normal(feed: Feed, args: Any, options: Any) -> Floats:
    if not (hasattr(args[0], "shape") or (len(args) > 1 and hasattr(args[1], "shape"))):
        raise feed.refuse("torch.normal of a size")
    mean = _array(args[0])
    std = _argument(args, options, 1, "std", 1.0)
    return np.asarray(mean + std * normals(feed.take(np.broadcast(mean, std).shape, "torch.normal")))


def _multinomial(feed: Feed, args: Any, options: Any) -> Floats:
    p = _array(args[0])
    n_draws = _argument(args, options, 1, "num_samples", 1)
    with_replacement = _argument(args, options, 2, "replacement", False)
    if n_draws > 1 and not with_replacement:
        raise feed.refuse("torch.multinomial without replacement")
    u = feed.take((*p.shape[:-1], n_draws), "torch.multinomial")
    return categories(np.broadcast_to(p[..., None, :], (*u.shape, p.shape[-1])), u)


FRESH = {
    "rand": _rand,
    "rand_like": _rand,
    "randn": _randn,
    "randn_like": _randn,
    "bernoulli": _bernoulli,
    "normal": _normal,
    "multinomial": _multinomial,
}
IN_PLACE = {
    "bernoulli_": _bernoulli_in_place,
    "uniform_": _uniform_in_place,
    "normal_": _normal_in_place,
    "exponential_": _exponential_in_place,
}
