"""ONNX models of the operations, for the runtimes that read them."""

import numpy as np
import onnx
from onnx import TensorProto, helper

from .. import attention, native, operations
from . import Unsupported

DTYPES = {"f32": TensorProto.FLOAT, "bf16": TensorProto.BFLOAT16}
OPSET = 17
ATTENTION_OPSET = 23  # Which has an operator of that name.


def scalar(name, dtype, value):
    value = np.array(value, native.DTYPES[dtype])
    return helper.make_tensor(name, DTYPES[dtype], [], value.tobytes(), raw=True)


def chain(*steps):
    """Nodes one after the other: each is an operator, its inputs and its result, and maybe attributes."""
    return [helper.make_node(kind, inputs.split(), [result], **dict(*attributes)) for kind, inputs, result, *attributes in steps]


def weights_of(case):
    """Nodes from scores x to weights w, and constants."""
    number = lambda name, value: scalar(name, case.dtype, value)  # noqa: E731
    last = helper.make_tensor("last", TensorProto.INT64, [1], [-1])
    if case.operation == "attention_sigmoid_weights":
        return chain(("Add", "x bias", "z"), ("Sigmoid", "z", "w")), [number("bias", attention.BIAS)]
    if case.operation == "attention_softmax_sink":
        pads = helper.make_tensor("pads", TensorProto.INT64, [8], [0] * 7 + [1])
        zero = helper.make_tensor("zero", TensorProto.INT64, [1], [0])
        return chain(("Pad", "x pads sink", "z"), ("Softmax", "z", "e", {"axis": -1}), ("Slice", "e zero last last", "w")), [
            number("sink", attention.SINK), pads, zero, last]
    if case.operation == "attention_softpick":
        return chain(("ReduceMax", "x", "most", {"axes": [-1]}), ("Relu", "most", "m"), ("Sub", "x m", "c"), ("Exp", "c", "e"), ("Neg", "m", "n"),
                     ("Exp", "n", "one"), ("Sub", "e one", "d"), ("Relu", "d", "p"), ("Abs", "d", "a"), ("ReduceSum", "a last", "s"),
                     ("Add", "s epsilon", "t"), ("Div", "p t", "w")), [number("epsilon", 1e-8), last]
    raise Unsupported("no such operation")


def composed_attention(case):
    """Products with the matrix of weights between them."""
    nodes, constants = weights_of(case)
    before = chain(("Mul", "x0 scale", "q"), ("Transpose", "x1", "k", {"perm": [0, 1, 3, 2]}), ("MatMul", "q k", "x"))
    return before + nodes + chain(("MatMul", "w x2", "y")), constants + [scalar("scale", case.dtype, case.depth**-0.5)]


def rms_norm(case, gain, result):
    """Nodes from x0, and constants."""
    return chain(("Pow", "x0 two", "xx"), ("ReduceMean", "xx", "mean", {"axes": [-1]}), ("Add", "mean epsilon", "t"), ("Sqrt", "t", "rms"),
                 ("Div", "x0 rms", "xr"), ("Mul", f"xr {gain}", result)), [
        scalar("two", case.dtype, 2.0), scalar("epsilon", case.dtype, operations.EPSILON)]


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
    if case.operation == "layer_norm":
        return [node("LayerNormalization", ["x0", "x1", "x2"], ["y"], axis=-1, epsilon=operations.EPSILON)], []
    if case.operation == "rms_norm":
        return rms_norm(case, "x1", "y")
    if case.operation == "norm_gate":
        nodes, constants = rms_norm(case, "x2", "xg")
        return nodes + [node("Sigmoid", ["x1"], ["s"]), node("Mul", ["x1", "s"], ["g"]), node("Mul", ["xg", "g"], ["y"])], constants
    if case.operation in ("topk", "softmax_topk"):
        k = helper.make_tensor("k", TensorProto.INT64, [1], [operations.K])
        first = [node("Softmax", ["x0"], ["w"], axis=-1)] if case.operation == "softmax_topk" else []
        return first + [node("TopK", ["w" if first else "x0", "k"], ["y", "indices"], axis=-1)], [k]
    if case.operation == "attention":
        return [node("Attention", ["x0", "x1", "x2"], ["y"], is_causal=int(case.causal))], []
    if isinstance(case, attention.Case):
        return composed_attention(case)
    if case.operation == "matmul":
        return [node("MatMul", ["x0", "x1"], ["y"])], []
    raise Unsupported("no such operation")


def build(case, inputs):
    """The model as bytes, and the shapes of its results."""
    nodes, constants = nodes_of(case)
    is_topk, opset = "topk" in case.operation, ATTENTION_OPSET if case.operation == "attention" else OPSET
    shape = list(inputs[0].shape) if isinstance(case, attention.Case) else [case.rows, operations.K if is_topk else case.n]
    value = helper.make_tensor_value_info
    results = [value("y", DTYPES[case.dtype], shape)] + ([value("indices", TensorProto.INT64, shape)] if is_topk else [])
    graph = helper.make_graph(nodes, case.operation, [value(f"x{i}", DTYPES[case.dtype], x.shape) for i, x in enumerate(inputs)], results, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    onnx.checker.check_model(model)
    return model.SerializeToString(), [tuple(shape)] * len(results)
