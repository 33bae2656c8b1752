"""Calls a library that weirc made, from Python, with NumPy arrays and nothing but ctypes.

Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import ctypes
import os

import numpy as np


class DLDataType(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16)]


class DLDevice(ctypes.Structure):
    _fields_ = [("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32)]


class DLTensor(ctypes.Structure):
    """DLPack's tensor, as in dlpack/dlpack.h."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device", DLDevice),
        ("ndim", ctypes.c_int32),
        ("dtype", DLDataType),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


CPU = 1
CODES = {"i": 0, "u": 1, "f": 2, "b": 6}


def dltensor(array):
    """A DLTensor over the memory of `array`, which must outlive it. Strides are passed on."""
    if array.dtype.name == "bfloat16":
        dtype = DLDataType(4, 16, 1)
    else:
        dtype = DLDataType(CODES[array.dtype.kind], array.dtype.itemsize * 8, 1)
    shape = (ctypes.c_int64 * array.ndim)(*array.shape)
    strides = (ctypes.c_int64 * array.ndim)(*[s // array.itemsize for s in array.strides])
    tensor = DLTensor(array.ctypes.data, DLDevice(CPU, 0), array.ndim, dtype, shape, strides, 0)
    tensor.keep = (array, shape, strides)
    return tensor


class WeirError(RuntimeError):
    """A function returned a code other than 0."""

    def __init__(self, code, message):
        super().__init__(f"{message} (code {code})")
        self.code = code


class Library:
    """A shared library made by weirc. `call` takes NumPy arrays and ctypes scalars, results last."""

    def __init__(self, path, prefix=""):
        self.path = os.fspath(path)
        self.prefix = prefix
        self.name = os.path.splitext(os.path.basename(self.path))[0]
        self.handle = ctypes.CDLL(self.path)
        self.last_error = getattr(self.handle, f"{prefix}{self.name}_last_error")
        self.last_error.restype = ctypes.c_char_p

    def call_raw(self, function, *arguments):
        """Calls with ready pointers and scalars; returns the code."""
        return getattr(self.handle, self.prefix + function)(*arguments)

    def call(self, function, *arguments):
        """Raises WeirError with the library's message when the function fails."""
        tensors = [dltensor(a) if isinstance(a, np.ndarray) else a for a in arguments]
        passed = [ctypes.byref(t) if isinstance(t, DLTensor) else t for t in tensors]
        code = self.call_raw(function, *passed)
        if code:
            raise WeirError(code, self.last_error().decode())
