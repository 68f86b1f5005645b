"""Formulas over arrays whose axes have names, such as ``sum[n](dy[n, o] * x[n, i]) * mask[o, i]``.

They are written in the syntax of Python, one letter for each axis. A name in square brackets behind `sum`, `mean`,
`max`, `first`, `last`, `any` says over which axes; ``x[n, order[t]]`` picks columns.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True)
class Node:
    """A piece of a formula: what it does (`op`), with what, to which parts.

    ``op`` is "number" (label: the number), "axis" (its letter), "name" (parts: its indices), "mul", "add", "neg",
    "inv" (one over), "call" (label: a function), "reduce" (label: how and the axes) or "compare" (label: the sign).
    """

    op: str
    label: Any = None
    parts: tuple[Node, ...] = ()

    def __str__(self) -> str:
        return written(self)


@dataclass(frozen=True)
class Equation:
    """``name[axes] = value``."""

    name: str
    axes: str
    value: Node

    def __str__(self) -> str:
        return f"{self.name}{_brackets(tuple(self.axes))} = {self.value}"


@dataclass(frozen=True)
class Named:
    """An array, with a letter for each of its axes."""

    axes: tuple[str, ...]
    array: Array

    def along(self, axes: tuple[str, ...]) -> Array:
        """The array with these axes, which hold all of its own; of length 1 where it has none."""
        order = [self.axes.index(axis) for axis in axes if axis in self.axes]
        shape = [1 if axis not in self.axes else self.array.shape[self.axes.index(axis)] for axis in axes]
        return self.array.transpose(order).reshape(shape)


class Unfit(Exception):
    """A formula that makes no sense for these arrays: one of the alterations that nobody can have computed."""


# ------------------------------------------------------------------------------------------ from text


@lru_cache(maxsize=1000)
def equation(text: str) -> Equation:
    """The equation that a line of text holds.

    Examples
    --------
    >>> print(equation("dW[o, i] = sum[n](dy[n, o] * x[n, i])"))
    dW[o, i] = sum[n](dy[n, o] * x[n, i])
    """
    left, _, right = text.partition(" = ")
    target = _read(ast.parse(left.strip(), mode="eval").body)
    return Equation(target.label, "".join(part.label for part in target.parts), formula(right.strip()))


@lru_cache(maxsize=1000)
def formula(text: str) -> Node:
    """The formula that a text holds."""
    return _read(ast.parse(text, mode="eval").body)


def _read(node: ast.expr) -> Node:
    if isinstance(node, ast.Constant):
        return Node("number", node.value)
    if isinstance(node, ast.Name):
        return Node("name", node.id)
    if isinstance(node, ast.Subscript):
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        indices = [Node("axis", part.id) if isinstance(part, ast.Name) else _read(part) for part in inner]
        return Node("name", ast.unparse(node.value), tuple(indices))
    if isinstance(node, ast.Call):
        parts = tuple(_read(part) for part in node.args)
        if isinstance(node.func, ast.Subscript):
            how = _read(node.func)
            return Node("reduce", (how.label, "".join(axis.label for axis in how.parts)), parts)
        return Node("call", ast.unparse(node.func), parts)
    if isinstance(node, ast.UnaryOp):
        return Node("neg", None, (_read(node.operand),))
    if isinstance(node, ast.Compare):
        return Node("compare", _SIGNS[type(node.ops[0])], (_read(node.left), _read(node.comparators[0])))
    if isinstance(node, ast.BinOp):
        return _binary(node.op, _read(node.left), _read(node.right))
    raise ValueError(f"no formula: {ast.unparse(node)}")


def _binary(op: ast.operator, left: Node, right: Node) -> Node:
    if isinstance(op, ast.Add):
        return _joined("add", left, right)
    if isinstance(op, ast.Sub):
        return _joined("add", left, Node("neg", None, (right,)))
    if isinstance(op, ast.Mult):
        return _joined("mul", left, right)
    return _joined("mul", left, Node("inv", None, (right,)))


def _joined(op: str, left: Node, right: Node) -> Node:
    first = left.parts if left.op == op else (left,)
    second = right.parts if right.op == op else (right,)
    return Node(op, None, first + second)


_SIGNS = {ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<="}

# -------------------------------------------------------------------------------------------- to text


def written(node: Node) -> str:
    """The formula as text."""
    if node.op in ("number", "axis"):
        return str(node.label)
    if node.op == "name":
        return f"{node.label}{_brackets(tuple(map(written, node.parts)))}"
    if node.op == "reduce":
        how, axes = node.label
        return f"{how}{_brackets(tuple(axes))}({written(node.parts[0])})"
    if node.op == "call":
        return f"{node.label}({', '.join(map(written, node.parts))})"
    if node.op == "compare":
        return f"({written(node.parts[0])} {node.label} {written(node.parts[1])})"
    if node.op == "add":
        return _sum(node.parts)
    if node.op == "neg":
        return f"-{_inside(node.parts[0])}"
    if node.op == "inv":
        return f"1 / {_inside(node.parts[0])}"
    return _product(node.parts)


def _sum(terms: tuple[Node, ...]) -> str:
    text = written(terms[0])
    for term in terms[1:]:
        inner = term.parts[0] if term.op == "neg" else term
        own = f"({written(inner)})" if inner.op in ("add", "neg") else written(inner)
        text += f" - {own}" if term.op == "neg" else f" + {own}"
    return text


def _product(factors: tuple[Node, ...]) -> str:
    first, *others = factors
    text = written(first) if first.op == "inv" else _inside(first)
    for factor in others:
        text += f" / {_inside(factor.parts[0])}" if factor.op == "inv" else f" * {_inside(factor)}"
    return text


def _inside(node: Node) -> str:
    text = written(node)
    return f"({text})" if node.op in ("add", "neg", "mul", "inv") else text


def _brackets(axes: tuple[str, ...]) -> str:
    return f"[{', '.join(axes)}]" if axes else ""


# ----------------------------------------------------------------------------------------- to numbers


def sigmoid(z: Array) -> Array:
    """1 / (1 + e^-z)."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(z))))


def _inverse(order: Array) -> Array:
    return np.argsort(order)


FUNCTIONS: dict[str, Callable[..., Array]] = {
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": lambda z: np.maximum(z, 0),
    "softplus": lambda z: np.logaddexp(0, z),
    "exp": np.exp,
    "log": np.log,
    "log2": np.log2,
    "inverse": _inverse,
    "natural": lambda order: np.arange(len(order)),
    "backwards": lambda order: order[::-1],
    "flip": lambda array: np.asarray(array)[tuple(slice(None, None, -1) for _ in np.shape(array))],
    "step": lambda z: np.asarray(z) > 0,
    "off": np.logical_not,
}
REDUCTIONS: dict[str, Callable[..., Array]] = {
    "sum": np.sum,
    "mean": np.mean,
    "max": np.max,
    "min": np.min,
    "any": np.any,
    "first": lambda array, axis: np.take(array, 0, axis=axis),
    "last": lambda array, axis: np.take(array, -1, axis=axis),
    "sum_but_first": lambda array, axis: np.sum(array, axis=axis) - np.take(array, 0, axis=axis),
    "sum_but_last": lambda array, axis: np.sum(array, axis=axis) - np.take(array, -1, axis=axis),
}
_COMPARES: dict[str, Callable[..., Array]] = {
    ">": np.greater,
    ">=": np.greater_equal,
    "<": np.less,
    "<=": np.less_equal,
}


def value_of(node: Node, known: Mapping[str, Array], sizes: Mapping[str, int]) -> Named:
    """What a formula comes to, with its axes.

    Raises
    ------
    Unfit
        Shapes that do not go together.
    """
    with np.errstate(all="ignore"):
        return _value(node, known, sizes)


def _value(node: Node, known: Mapping[str, Array], sizes: Mapping[str, int]) -> Named:
    if node.op == "number":
        return Named((), np.asarray(node.label))
    if node.op == "name":
        return _look_up(node, known, sizes)
    parts = [_value(part, known, sizes) for part in node.parts]
    if node.op == "reduce":
        how, axes = node.label
        return _reduced(parts[0], how, axes, sizes)
    if node.op == "neg":
        return Named(parts[0].axes, -_numbers(parts[0].array))
    if node.op == "inv":
        return Named(parts[0].axes, 1 / _numbers(parts[0].array))
    if node.op == "call":
        return Named(parts[0].axes, FUNCTIONS[node.label](parts[0].array))
    axes = tuple(dict.fromkeys(axis for part in parts for axis in part.axes))
    arrays = [part.along(axes) for part in parts]
    if node.op == "compare":
        return Named(axes, _COMPARES[node.label](*arrays))
    total = _numbers(arrays[0])
    for array in arrays[1:]:
        total = total * array if node.op == "mul" else total + _numbers(array)
    return Named(axes, np.asarray(total))


def solved(each: Equation, known: Mapping[str, Array], sizes: Mapping[str, int]) -> Array:
    """The value of an equation with the axes of its left side; with its own where it has more."""
    found = value_of(each.value, known, sizes)
    if set(found.axes) > set(each.axes):
        return found.array
    if not set(found.axes) <= set(each.axes):
        if len(found.axes) > len(each.axes):
            raise Unfit(str(each))
        return found.array
    shape = tuple(sizes[axis] for axis in each.axes)
    return np.broadcast_to(found.along(tuple(each.axes)), shape)


def _look_up(node: Node, known: Mapping[str, Array], sizes: Mapping[str, int]) -> Named:
    if node.label not in known:
        raise Unfit(node.label)
    array = np.asarray(known[node.label])
    if not node.parts:
        return Named((), array)
    if array.ndim != len(node.parts):
        raise Unfit(written(node))
    axes = []
    for place, part in enumerate(node.parts):
        if part.op == "axis":
            if array.shape[place] != sizes.get(part.label, array.shape[place]):
                raise Unfit(written(node))
            axes.append(part.label)
        else:
            picked = _value(part, known, sizes)
            if len(picked.axes) != 1 or picked.array.dtype.kind not in "iu":
                raise Unfit(written(node))
            array = np.take(array, picked.array, axis=place)
            axes += picked.axes
    if len(set(axes)) < len(axes):
        raise Unfit(written(node))
    return Named(tuple(axes), array)


def _reduced(part: Named, how: str, axes: str, sizes: Mapping[str, int]) -> Named:
    array = _numbers(part.array) if how.startswith(("sum", "mean")) else part.array
    left = part.axes
    for axis in axes:
        if axis in left:
            array = np.asarray(REDUCTIONS[how](array, axis=left.index(axis)))
            left = tuple(each for each in left if each != axis)
        elif how == "sum":
            array = array * sizes[axis]
    return Named(left, array)


def _numbers(array: Array) -> Array:
    return np.asarray(array, dtype=np.float64) if np.asarray(array).dtype == bool else np.asarray(array)


# ---------------------------------------------------------------------------------------------- walks


def walk(node: Node, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Node]]:
    """Every piece of a formula with its path, the whole first."""
    yield path, node
    for k, part in enumerate(node.parts):
        yield from walk(part, (*path, k))


def replaced(node: Node, path: tuple[int, ...], new: Node) -> Node:
    """The formula with another piece in one place."""
    if not path:
        return new
    parts = list(node.parts)
    parts[path[0]] = replaced(parts[path[0]], path[1:], new)
    return replace(node, parts=tuple(parts))


@lru_cache(maxsize=10_000)
def names_in(each: Equation) -> frozenset[str]:
    """The names that an equation reads."""
    return frozenset(node.label for _, node in walk(each.value) if node.op == "name")
