"""ONNX Runtime as a contender: it scores binary rows by a graph whose weights are masked once, when it is made."""

from __future__ import annotations

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from benchmark.cores import threads
from benchmark.problem import Array

OPSET = 17
IR_VERSION = 8
"""Old enough for every ONNX Runtime of the last years."""


def graph_of(params: dict[str, Array], masks: dict[str, Array]) -> bytes:
    """Return the network as a graph from rows "x" (B, D) to "log_prob" (B,)."""
    top = sum(name.startswith("b") for name in params) - 1
    nodes = []
    constants = {name: (W * masks[name]).T for name, W in params.items() if name in masks}
    constants |= {name: b for name, b in params.items() if name not in masks}
    below = "x"
    for layer in range(top + 1):
        nodes.append(helper.make_node("Gemm", [below, f"W{layer}", f"b{layer}"], [f"z{layer}"]))
        nodes += [helper.make_node("Relu", [f"z{layer}"], [f"h{layer}"])] if layer < top else []
        below = f"h{layer}"
    raw = f"z{top}"
    if "W_direct" in params:
        nodes.append(helper.make_node("Gemm", ["x", "W_direct", raw], ["raw"]))
        raw = "raw"
    nodes += [
        helper.make_node("Mul", ["x", raw], ["told"]),
        helper.make_node("Abs", [raw], ["size"]),
        helper.make_node("Neg", ["size"], ["minus"]),
        helper.make_node("Softplus", ["minus"], ["rest"]),
        helper.make_node("Relu", [raw], ["positive"]),
        helper.make_node("Sub", ["told", "positive"], ["gain"]),
        helper.make_node("Sub", ["gain", "rest"], ["each"]),
        helper.make_node("ReduceSum", ["each", "features"], ["log_prob"], keepdims=0),
    ]
    stored = [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items()]
    stored.append(numpy_helper.from_array(np.array([1]), "features"))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", params["W0"].shape[1]])
    result = helper.make_tensor_value_info("log_prob", TensorProto.FLOAT, ["rows"])
    graph = helper.make_graph(nodes, "MADE", [x], [result], stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    return bytes(model.SerializeToString())


class OnnxLogProb:
    """log p(x) of binary rows."""

    def __init__(self, params: dict[str, Array], masks: dict[str, Array], x: Array) -> None:
        self.x = x
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads()
        graph = graph_of(params, masks)
        self.session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def __call__(self) -> Array:
        """Return (n,)."""
        (result,) = self.session.run(None, {"x": self.x})
        return np.asarray(result)
