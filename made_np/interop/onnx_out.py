"""A model of ours as a graph of ONNX."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np._version import __version__
from made_np.files import as_target, atomic_write
from made_np.interop.answers import Answers, as_leaving
from made_np.interop.onnx_graph import OPSET, Graph, Value
from made_np.messages import not_installed
from made_np.model.made import MADE
from made_np.typing import Array

__all__ = ["to_onnx"]

IR_VERSION = 8
"""Of the file: that of the onnx which brought `OPSET`."""

MOST = 2**31 - 2**20
"""Bytes: the format has room for no more in one file."""


def to_onnx(made: MADE, theta: Array, path: Any = None) -> bytes:
    """Return a model as an ONNX file, which scores rows wherever ONNX runs.

    Its inputs are ``x`` (n, D) and, with context, ``context`` (n, C), in the dtype of `made`. Its outputs are

    - ``log_prob`` (n,): nats, of the mixture of all mask sets;
    - ``raw_outputs`` (K, n, O): those of each mask set, as `MADE.raw_outputs`;
    - ``parameters`` (K, n, O): what they mean, each in its place. A probability for the logit of a bit, shares for
      logits, scales as they are (levels for the means and scales of levels).

    Masks are in the weights, of which each mask set has its own. Opset 17, which onnxruntime reads since 1.12 (2022).
    Values are not looked at: those of x have to be legal, without NaN.

    Parameters
    ----------
    made : MADE
        With any of our distributions, and with a number of mask sets.
    theta : ndarray, shape (P,)
    path : str or path-like, optional
        The file to create or to replace.

    Raises
    ------
    ImportError
        onnx is not installed.
    ValueError, TypeError
        What `made` has, ONNX is not told here: a distribution or an activation of your own, endlessly many mask sets;
        or the file would be larger than 2 GB. The message says which.
    OSError
        The file cannot be written.
    """
    theta = as_leaving(made, theta, "ONNX")
    target = None if path is None else as_target(path)
    size = (made.n_masks or 0) * theta.nbytes
    if size > MOST:
        raise ValueError(f"made has weights of {size} bytes for its {made.n_masks} mask sets: ONNX has room for {MOST}")
    proto = _proto(made, *_graph(made, theta))
    data = bytes(proto.SerializeToString())
    if target is not None:
        with atomic_write(target) as file:
            file.write(data)
    return data


def _graph(made: MADE, theta: Array) -> tuple[Graph, dict[str, Value]]:
    """Return the graph, with what it answers by name."""
    graph = Graph(made.dtype)
    answers = Answers(made, graph)
    views = made.layout.views(theta)
    masks = [made.network.masks(made.mask_sets[k]) for k in range(made.n_masks or 0)]

    def linear(name: str, h: Value, k: int) -> Value:
        mask = masks[k][name]
        z = graph.node("MatMul", h, graph.constant((views[name] * mask).T))
        return z + graph.constant((views[f"U{name[1:]}"] * mask).sum(axis=1)) if made.mask_weights else z

    def bias(layer: int) -> Value:
        return graph.constant(views[f"b{layer}"])

    x = Value(graph, "x")
    units = answers.encode(x, Value(graph, "context") if made.n_context else None)
    raws = [answers.raw_outputs(linear, bias, units, k) for k in range(len(masks))]
    return graph, {
        "log_prob": answers.log_prob(raws, x),
        "raw_outputs": _stacked(graph, raws),
        "parameters": _stacked(graph, [answers.parameters(raw) for raw in raws]),
    }


def _stacked(graph: Graph, each: list[Value]) -> Value:
    """Return (K, n, O) of K times (n, O)."""
    first = graph.integers([0])
    return graph.node("Concat", *(graph.node("Unsqueeze", one, first) for one in each), axis=0)


def _proto(made: MADE, graph: Graph, answers: dict[str, Value]) -> Any:
    try:
        import onnx
    except ImportError as error:
        raise not_installed("a file of ONNX needs", "onnx", "onnx") from error
    helper = onnx.helper
    nodes = [helper.make_node(kind, names, [name], name, **more) for kind, names, name, more in graph.nodes]
    nodes += [helper.make_node("Identity", [value.name], [name], name) for name, value in answers.items()]
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(made.dtype))
    sets = made.n_masks
    shapes = {"log_prob": ["n"], "raw_outputs": [sets, "n", made.outputs.n_raw]}
    shapes["parameters"] = shapes["raw_outputs"]
    given = {"x": ["n", made.n_features]} | ({"context": ["n", made.n_context]} if made.n_context else {})
    proto = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in given.items()],
        [helper.make_tensor_value_info(name, kind, shapes[name]) for name in answers],
        [onnx.numpy_helper.from_array(array, name) for name, array in graph.constants.items()],
    )
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="made_np")
    model.ir_version = IR_VERSION
    model.producer_version = __version__
    return model
