"""Compiles IR with weirc once per module of tests and calls it through the Python example's wrapper."""

import ctypes
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples" / "python"))
BIN = pathlib.Path(os.environ.get("WEIR_BIN", ROOT / "build" / "bin")).resolve()

from weir_library import Library  # noqa: E402


# NumPy 2 may crash when the interpreter ends: it gives the loops that ml_dtypes has added to its functions back to the
# garbage collector, which never had them. The functions are kept.
for function in vars(np._core.umath).values():
    if isinstance(function, np.ufunc):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(function))


@pytest.fixture(scope="session")
def weirc():
    """Runs weirc; returns the finished process."""

    def run(*arguments):
        return subprocess.run([BIN / "weirc", *map(str, arguments)], capture_output=True, text=True)

    return run


@pytest.fixture(scope="session")
def weir_opt():
    """Runs weir-opt on text with the given flags; returns what it prints."""

    def run(text, *flags):
        done = subprocess.run([BIN / "weir-opt", "-", *flags], input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def compile_library(weirc, tmp_path_factory):
    """Compiles IR text into a library and opens it."""

    def build(text, *flags, name="model"):
        directory = tmp_path_factory.mktemp(name)
        source = directory / f"{name}.mlir"
        source.write_text(text)
        done = weirc(source, "-o", directory / f"{name}.so", *flags)
        assert done.returncode == 0, done.stderr
        return Library(directory / f"{name}.so")

    return build
