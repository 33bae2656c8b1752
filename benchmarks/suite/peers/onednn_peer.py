"""oneDNN through its C API, timed without Python between the calls.

The package on PyPI runs on SYCL's CPU device, whose dispatch is part of every call.
"""

import ctypes
import os

from .. import native
from . import Unsupported

CPU, IN_ORDER, FORWARD_INFERENCE, SOFTMAX, SRC, DST = 1, 1, 96, 0x30000, 1, 17
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

    def prepare(self, case, inputs):
        axis = {"softmax": 1, "softmax_across": 0}.get(case.operation)
        if axis is None:
            raise Unsupported("no such operation")
        x, y = inputs[0], native.aligned(inputs[0].shape, inputs[0].dtype)
        dims, strides = (ctypes.c_int64 * 2)(*x.shape), (ctypes.c_int64 * 2)(x.shape[1], 1)
        layout = self.make("memory_desc_create_with_strides", 2, dims, DTYPES[case.dtype], strides)
        description = self.make("softmax_forward_primitive_desc_create", self.engine, FORWARD_INFERENCE, SOFTMAX, layout, layout, axis, None)
        primitive = self.make("primitive_create", description)
        memories = [self.make("memory_create", layout, self.engine, ctypes.c_void_p(a.ctypes.data)) for a in (x, y)]
        arguments = (Argument * 2)(Argument(SRC, memories[0]), Argument(DST, memories[1]))
        execute, wait = self.library.dnnl_primitive_execute, self.library.dnnl_stream_wait
        keep = (x, y, dims, strides)

        def call():
            execute(primitive, self.stream, 2, arguments)
            wait(self.stream)

        call.keep = keep
        yield "onednn", call, lambda: y
