"""ONNX Runtime with inputs and results bound to memory that is there."""

import numpy as np
import onnxruntime

from .. import attention, native
from . import Unsupported, onnx_models


class Peer:
    name = "onnxruntime"

    def __init__(self, threads):
        self.version = onnxruntime.__version__
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = threads
        self.options.inter_op_num_threads = 1
        self.options.log_severity_level = 4
        self.options.add_session_config_entry("session.set_denormal_as_zero", "1")

    def prepare(self, case, inputs):
        case, inputs = attention.as_queries(case, inputs)
        if case.dtype == "bf16":
            raise Unsupported("its CPU kernels have no bf16")
        model, shapes = onnx_models.build(case, inputs)
        session = onnxruntime.InferenceSession(model, self.options, providers=["CPUExecutionProvider"])
        binding = session.io_binding()
        results = [native.aligned(shape, np.int64 if i else np.float32) for i, shape in enumerate(shapes)]
        for i, x in enumerate(inputs):
            binding.bind_input(f"x{i}", "cpu", 0, np.float32, x.shape, x.ctypes.data)
        for name, y in zip(["y", "indices"], results):
            binding.bind_output(name, "cpu", 0, y.dtype.type, y.shape, y.ctypes.data)
        yield "onnxruntime", lambda: session.run_with_iobinding(binding), lambda: results[0]
