"""The C side: functions of libraries, tensors they take, calls that are timed without Python between them."""

import ctypes
import mmap
import pathlib
import subprocess
import sys

import ml_dtypes
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples" / "python"))

from weir_library import dltensor  # noqa: E402

DTYPES = {"f32": np.dtype(np.float32), "bf16": np.dtype(ml_dtypes.bfloat16)}
PAGE, HUGE_PAGE = 4096, 2 << 20

# NumPy 2 may crash when the interpreter ends: it gives the loops that ml_dtypes has added to its functions back to the garbage
# collector, which never had them. The functions are kept.
for function in vars(np._core.umath).values():
    if isinstance(function, np.ufunc):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(function))


def aligned(shape, dtype):
    """An array of zeros at the start of a page, a huge one where it is large, so that no variant has better luck than another."""
    dtype = np.dtype(dtype)
    size = int(np.prod(shape)) * dtype.itemsize
    if size < HUGE_PAGE:
        memory = np.zeros(size + PAGE, np.uint8)
        start = -memory.ctypes.data % PAGE
    else:
        mapped = mmap.mmap(-1, size + HUGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        mapped.madvise(mmap.MADV_HUGEPAGE)
        memory = np.frombuffer(mapped, np.uint8)
        start = -memory.ctypes.data % HUGE_PAGE
        memory[start:start + size] = 0
    return memory[start:start + size].view(dtype).reshape(shape)


class BenchCall(ctypes.Structure):
    _fields_ = [("function", ctypes.c_void_p), ("count", ctypes.c_uint64), ("arguments", ctypes.c_uint64 * 8)]


class Native:
    """The library of yardsticks, limits and the timer."""

    def __init__(self, path, threads):
        self.handle = ctypes.CDLL(str(path))
        self.handle.bench_time.restype = ctypes.c_double
        self.handle.bench_clock.restype = ctypes.c_double
        self.handle.bench_flush_denormals()
        self.handle.bench_set_threads(threads)

    def clock(self):
        return self.handle.bench_clock()

    def function(self, name):
        """None when there is no yardstick of that name."""
        return getattr(self.handle, name, None)

    def timer(self, function, arguments, keep=()):
        """seconds(repeats) of calls of a C function with arrays, integers or structures as arguments."""
        call = BenchCall(ctypes.cast(function, ctypes.c_void_p), len(arguments))
        held = list(keep)
        for i, argument in enumerate(arguments):
            if isinstance(argument, np.ndarray):
                value = argument.ctypes.data
            elif isinstance(argument, (ctypes.Structure, ctypes.Array)):
                value = ctypes.addressof(argument)
            else:
                value = int(argument)
            call.arguments[i] = value
            held.append(argument)

        def seconds(repeats):
            taken = self.handle.bench_time(ctypes.byref(call), ctypes.c_uint64(repeats))
            if taken < 0:
                raise RuntimeError("the function failed")
            return taken

        seconds.held = held
        return seconds


class WeirLibrary:
    """Functions that weirc compiles together, for so many threads."""

    def __init__(self, build, suite, threads):
        path = self.path(build, suite, threads)
        self.handle = ctypes.CDLL(str(path))
        getattr(self.handle, f"{path.stem}_set_threads")(threads)

    @staticmethod
    def path(build, suite, threads):
        return pathlib.Path(build) / "benchmarks" / "models" / f"{suite}_{threads}.so"

    @classmethod
    def compile(cls, build, suite, text, threads, target):
        """Writes the library for weirc's target; the text is kept beside it."""
        output = cls.path(build, suite, threads)
        output.parent.mkdir(parents=True, exist_ok=True)
        source = output.with_suffix(".mlir")
        source.write_text(text)
        flags = [f"--target={target}"] + ["--threads=omp"] * (threads > 1)
        done = subprocess.run([pathlib.Path(build) / "bin" / "weirc", source, "-o", output, *flags], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr)

    def timer(self, native, function, arrays):
        """seconds(repeats) of a function of the library on arrays, results last."""
        return native.timer(getattr(self.handle, function), [dltensor(a) for a in arrays])
