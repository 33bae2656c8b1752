"""ONNX models of the operations, for the runtimes that read them."""

import numpy as np
import onnx
from onnx import TensorProto, helper

from .. import native, operations
from . import Unsupported

DTYPES = {"f32": TensorProto.FLOAT, "bf16": TensorProto.BFLOAT16}
OPSET = 17
ATTENTION_OPSET = 23  # Which has an operator of that name.


def scalar(name, dtype, value):
    value = np.array(value, native.DTYPES[dtype])
    return helper.make_tensor(name, DTYPES[dtype], [], value.tobytes(), raw=True)


def nodes_of(case):
    """Nodes from x0, x1, ... to y, and constants."""
    node = helper.make_node
    if case.operation in ("softmax", "softmax_across"):
        return [node("Softmax", ["x0"], ["y"], axis=-1 if case.operation == "softmax" else 0)], []
    if case.operation == "scale_bias_softmax":
        return [node("Mul", ["x0", "scale"], ["u"]), node("Add", ["u", "x1"], ["z"]), node("Softmax", ["z"], ["y"], axis=-1)], [
            scalar("scale", case.dtype, operations.SCALE)]
    if case.operation == "swiglu":
        return [node("Sigmoid", ["x0"], ["s"]), node("Mul", ["x0", "s"], ["g"]), node("Mul", ["g", "x1"], ["y"])], []
    if case.operation == "norm_gate":
        return [node("Pow", ["x0", "two"], ["xx"]), node("ReduceMean", ["xx"], ["mean"], axes=[-1]), node("Add", ["mean", "epsilon"], ["t"]),
                node("Sqrt", ["t"], ["rms"]), node("Div", ["x0", "rms"], ["xr"]), node("Mul", ["xr", "x2"], ["xg"]),
                node("Sigmoid", ["x1"], ["s"]), node("Mul", ["x1", "s"], ["g"]), node("Mul", ["xg", "g"], ["y"])], [
            scalar("two", case.dtype, 2.0), scalar("epsilon", case.dtype, operations.EPSILON)]
    if case.operation in ("topk", "softmax_topk"):
        k = helper.make_tensor("k", TensorProto.INT64, [1], [operations.K])
        first = [node("Softmax", ["x0"], ["w"], axis=-1)] if case.operation == "softmax_topk" else []
        return first + [node("TopK", ["w" if first else "x0", "k"], ["y", "indices"], axis=-1)], [k]
    if case.operation == "attention":
        return [node("Attention", ["x0", "x1", "x2"], ["y"], is_causal=int(case.causal))], []
    raise Unsupported("no such operation")


def build(case, inputs):
    """The model as bytes, and the shapes of its results."""
    nodes, constants = nodes_of(case)
    is_topk, opset = "topk" in case.operation, ATTENTION_OPSET if case.operation == "attention" else OPSET
    shape = [case.rows, operations.K] if is_topk else list(inputs[0].shape)
    value = helper.make_tensor_value_info
    results = [value("y", DTYPES[case.dtype], shape)] + ([value("indices", TensorProto.INT64, shape)] if is_topk else [])
    graph = helper.make_graph(nodes, case.operation, [value(f"x{i}", DTYPES[case.dtype], x.shape) for i, x in enumerate(inputs)], results, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    onnx.checker.check_model(model)
    return model.SerializeToString(), [tuple(shape)] * len(results)
