"""OpenVINO on tensors that share memory with arrays."""

import numpy as np
import openvino

from .. import attention, native
from . import Unsupported, onnx_models


class Peer:
    name = "openvino"

    def __init__(self, threads):
        self.core = openvino.Core()
        self.version = openvino.__version__.split("-")[0]
        self.settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False}

    def prepare(self, case, inputs):
        case, inputs = attention.as_queries(case, inputs)
        model, shapes = onnx_models.build(case, inputs)
        precision = {"f32": "f32", "bf16": "bf16"}[case.dtype]
        compiled = self.core.compile_model(self.core.read_model(model), "CPU", {**self.settings, "INFERENCE_PRECISION_HINT": precision})
        request = compiled.create_infer_request()
        kind = openvino.Type.f32 if case.dtype == "f32" else openvino.Type.bf16
        storage = [x if case.dtype == "f32" else x.view(np.float16) for x in inputs]
        for i, x in enumerate(storage):
            request.set_input_tensor(i, openvino.Tensor(x, list(x.shape), kind))
        y = native.aligned(shapes[0], storage[0].dtype)
        request.set_output_tensor(0, openvino.Tensor(y, list(y.shape), kind))
        # The class above it converts inputs and results, of which there is nothing to convert.
        infer = super(type(request), request).infer
        if [port.get_element_type() for port in compiled.inputs][0] != kind:
            raise Unsupported(f"no {case.dtype} at its borders")
        yield "openvino", lambda: infer({}, True, False), lambda: y if case.dtype == "f32" else y.view(inputs[0].dtype)
