"""oneDNN through its C API, timed without Python between the calls.

The package on PyPI runs on SYCL's CPU device, whose dispatch is part of every call.
"""

import ctypes
import os

from .. import native
from . import Unsupported

CPU, IN_ORDER, FORWARD_INFERENCE, SOFTMAX, SRC, DST, WEIGHTS = 1, 1, 96, 0x30000, 1, 17, 33
DTYPES = {"f32": 3, "bf16": 2}


class Version(ctypes.Structure):
    _fields_ = [("major", ctypes.c_int), ("minor", ctypes.c_int), ("patch", ctypes.c_int)]


class Argument(ctypes.Structure):
    _fields_ = [("index", ctypes.c_int), ("memory", ctypes.c_void_p)]


class Peer:
    name = "onednn"

    def __init__(self, threads):
        self.library = ctypes.CDLL(os.path.join(os.environ["WEIR_BENCH_PEERS"], "lib", "libdnnl.so.3"))
        self.library.dnnl_version.restype = ctypes.POINTER(Version)
        version = self.library.dnnl_version().contents
        self.version = f"{version.major}.{version.minor}.{version.patch}"
        self.engine = self.make("engine_create", CPU, ctypes.c_size_t(0))
        self.stream = self.make("stream_create", self.engine, IN_ORDER)

    def make(self, function, *arguments):
        handle = ctypes.c_void_p()
        status = getattr(self.library, f"dnnl_{function}")(ctypes.byref(handle), *arguments)
        if status:
            raise RuntimeError(f"dnnl_{function} returned {status}")
        return handle

    def layout(self, array, dtype):
        """The description of a matrix that is stored by rows."""
        dims, strides = (ctypes.c_int64 * 2)(*array.shape), (ctypes.c_int64 * 2)(array.shape[1], 1)
        return self.make("memory_desc_create_with_strides", 2, dims, DTYPES[dtype], strides)

    def prepare(self, case, inputs):
        primitives = {"softmax": self.softmax, "softmax_across": self.softmax, "matmul": self.product}
        if case.operation not in primitives:
            raise Unsupported("no such operation")
        y = native.aligned((case.rows, case.n), native.DTYPES["f32" if case.operation == "matmul" else case.dtype])
        yield "onednn", primitives[case.operation](case, inputs, y), lambda: y

    def softmax(self, case, inputs, y):
        layout, axis = self.layout(y, case.dtype), 0 if case.operation == "softmax_across" else 1
        description = self.make("softmax_forward_primitive_desc_create", self.engine, FORWARD_INFERENCE, SOFTMAX, layout, layout, axis, None)
        return self.call(description, {SRC: inputs[0], DST: y}, [layout, layout])

    def product(self, case, inputs, y):
        layouts = [self.layout(x, case.dtype) for x in inputs] + [self.layout(y, "f32")]
        description = self.make("matmul_primitive_desc_create", self.engine, *layouts[:2], None, layouts[2], None)
        return self.call(description, {SRC: inputs[0], WEIGHTS: inputs[1], DST: y}, layouts)

    def call(self, description, arrays, layouts):
        """A function that executes the primitive on these arrays."""
        primitive = self.make("primitive_create", description)
        memories = [self.make("memory_create", layout, self.engine, ctypes.c_void_p(a.ctypes.data)) for a, layout in zip(arrays.values(), layouts)]
        arguments = (Argument * len(arrays))(*[Argument(index, memory) for index, memory in zip(arrays, memories)])
        execute, wait, count = self.library.dnnl_primitive_execute, self.library.dnnl_stream_wait, len(arrays)

        def call():
            execute(primitive, self.stream, count, arguments)
            wait(self.stream)

        call.keep = arrays
        return call
