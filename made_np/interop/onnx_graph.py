"""A graph of ONNX that is written by computing with its values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from made_np.typing import Array

__all__ = ["OPSET", "Graph", "Value"]

OPSET = 17
"""Of the graph: onnxruntime reads it since 1.12 (July 2022)."""


class Value:
    """One value of a graph; arithmetic with it adds nodes."""

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph = graph
        self.name = name

    def __add__(self, other: Any) -> Value:
        return self.graph.node("Add", self, other)

    def __radd__(self, other: Any) -> Value:
        return self.graph.node("Add", other, self)

    def __sub__(self, other: Any) -> Value:
        return self.graph.node("Sub", self, other)

    def __rsub__(self, other: Any) -> Value:
        return self.graph.node("Sub", other, self)

    def __mul__(self, other: Any) -> Value:
        return self.graph.node("Mul", self, other)

    def __rmul__(self, other: Any) -> Value:
        return self.graph.node("Mul", other, self)

    def __truediv__(self, other: Any) -> Value:
        return self.graph.node("Div", self, other)

    def __rtruediv__(self, other: Any) -> Value:
        return self.graph.node("Div", other, self)

    def __neg__(self) -> Value:
        return self.graph.node("Neg", self)

    def __gt__(self, other: Any) -> Value:
        return self.graph.node("Greater", self, other)

    def __ge__(self, other: Any) -> Value:
        return self.graph.node("GreaterOrEqual", self, other)

    def __le__(self, other: Any) -> Value:
        return self.graph.node("LessOrEqual", self, other)

    def __eq__(self, other: Any) -> Any:
        return self.graph.node("Equal", self, other)

    __hash__ = None  # type: ignore[assignment]

    def __or__(self, other: Value) -> Value:
        return self.graph.node("Or", self, other)

    def __getitem__(self, index: Any) -> Value:
        """Return ``z[..., None]``, ``z[..., k]`` or ``z[..., a:b]``."""
        own = index[-1]
        if own is None:
            return self.graph.node("Unsqueeze", self, self.graph.integers([-1]))
        if isinstance(own, slice):
            ends = [own.start or 0, np.iinfo(np.int64).max if own.stop is None else own.stop]
            return self.graph.node("Slice", self, *(self.graph.integers([each]) for each in (*ends, -1)))
        return self.graph.node("Gather", self, self.graph.integers(own), axis=-1)


class Graph:
    """Nodes with their constants: the library that `heads` and `answers` take as `F`."""

    def __init__(self, dtype: Any) -> None:
        self.wide = np.dtype(dtype)
        self.nodes: list[tuple[str, list[str], str, dict[str, Any]]] = []
        self.constants: dict[str, Array] = {}
        self.known: dict[Any, str] = {}

    def node(self, kind: str, *inputs: Any, **attributes: Any) -> Value:
        """Return the answer of one more node; numbers among its inputs become constants."""
        names = [each.name if isinstance(each, Value) else self.constant(each).name for each in inputs]
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append((kind, names, name, attributes))
        return Value(self, name)

    def constant(self, array: Any, like: Any = None) -> Value:
        """Return numbers that stand in the file, in the dtype of the graph."""
        return self._held(np.asarray(array, dtype=self.wide))

    def integers(self, values: Any) -> Value:
        """Return integers that stand in the file: indices, axes, shapes."""
        return self._held(np.asarray(values, dtype=np.int64))

    def _held(self, array: Array) -> Value:
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self.known:
            self.known[key] = f"constant_{len(self.known)}"
            self.constants[self.known[key]] = array
        return Value(self, self.known[key])

    def __getattr__(self, name: str) -> Callable[[Value], Value]:
        """Return the function of one value that has a node of its own: exp, log, abs, tanh, sigmoid, relu."""
        if name not in ("exp", "log", "abs", "tanh", "sigmoid", "relu"):
            raise AttributeError(f"a graph has no {name}")
        return lambda z: self.node(name.capitalize(), z)

    def cast(self, z: Value, like: Any) -> Value:
        """Return booleans as numbers."""
        return self.where(z, 1.0, 0.0)

    def take(self, z: Value, places: Sequence[int]) -> Value:
        """Return some entries of the last axis."""
        return self.node("Gather", z, self.integers(places), axis=-1)

    def reshape(self, z: Value, shape: Sequence[int]) -> Value:
        """Return `z` with this shape behind its first axis."""
        return self.node("Reshape", z, self.integers([0, *shape]))

    def concat(self, parts: Sequence[Value]) -> Value:
        """Return parts one behind the other."""
        return self.node("Concat", *parts, axis=-1)

    def where(self, condition: Value, a: Any, b: Any) -> Value:
        """Return `a` where the condition holds, else `b`."""
        return self.node("Where", condition, a, b)

    def clip(self, z: Value, low: float, high: float) -> Value:
        """Return `z` within its bounds."""
        return self.node("Min", self.node("Max", z, low), high)

    def sum(self, z: Value) -> Value:
        """Return the sum."""
        return self.node("ReduceSum", z, self.integers([-1]), keepdims=0)

    def max(self, z: Value) -> Value:
        """Return the largest entry."""
        return self.node("ReduceMax", z, axes=[-1], keepdims=0)

    def logsumexp(self, z: Value) -> Value:
        """Return log sum e^z."""
        top = self.max(z)
        return self.log(self.sum(self.exp(z - top[..., None]))) + top

    def log_softmax(self, z: Value) -> Value:
        """Return z - log sum e^z."""
        return self.node("LogSoftmax", z, axis=-1)

    def softplus(self, z: Value) -> Value:
        """Return log(1 + e^z) to the last digit: log(1 + t) = t log(u) / (u - 1), where u is 1 + t as it is rounded."""
        t = self.exp(-self.abs(z))
        u = 1 + t
        is_more = u > 1
        return self.relu(z) + self.where(is_more, t * (self.log(u) / self.where(is_more, u - 1, 1.0)), t)

    def expm1(self, z: Value) -> Value:
        """Return e^z - 1."""
        return self.exp(z) - 1

    def normal_below(self, z: Value) -> Value:
        """Return the mass of the standard normal below z."""
        return 0.5 + 0.5 * self.node("Erf", z * float(np.sqrt(0.5)))
