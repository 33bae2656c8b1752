"""Compiles IR with weirc once per module of tests and calls it through the Python example's wrapper."""

import concurrent.futures
import ctypes
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "examples" / "python"), str(ROOT / "test" / "Emulation")]
BIN = pathlib.Path(os.environ.get("WEIR_BIN", ROOT / "build" / "bin")).resolve()

import emulate  # noqa: E402
from weir_library import Library  # noqa: E402

# With WEIR_EMULATE=sapphirerapids, that machine is emulated wherever a test compiles for the host.
EMULATED = "emulated-"
HOST = EMULATED + os.environ["WEIR_EMULATE"] if os.environ.get("WEIR_EMULATE") else "host"


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
    """Compiles IR text into a library and opens it. The flags are weirc's, and a target `emulated-NAME` runs on any machine with AVX2."""

    def build(text, *flags, name="model"):
        directory = tmp_path_factory.mktemp(name)
        source, library = directory / f"{name}.mlir", directory / f"{name}.so"
        source.write_text(text)
        targets = [f.removeprefix("--target=") for f in flags if f.startswith("--target=")]
        target = HOST if targets in ([], ["host"]) else targets[-1]
        if target.startswith(EMULATED):
            others = [f for f in flags if not f.startswith("--target=")]
            emulate.compile_library(source, library, [f"--target={target.removeprefix(EMULATED)}", *others], BIN)
        else:
            done = weirc(source, "-o", library, *flags)
            assert done.returncode == 0, done.stderr
        return Library(library)

    return build


class Batches:
    """The libraries of many tests: those of a few tests together are one, since every one of its own takes time to start. They are
    compiled on all cores, or this process's share of them, ahead of the tests that ask for them in turn."""

    SIZE = 8

    def __init__(self, build, texts):
        """`texts` has the IR of each name, `build` compiles IR into a library."""
        self.build, self.texts, self.names, self.started = build, texts, list(texts), {}
        self.workers = max(1, os.cpu_count() // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1)))
        self.pool = concurrent.futures.ThreadPoolExecutor(self.workers)

    def start(self, batch):
        names = self.names[batch * self.SIZE:(batch + 1) * self.SIZE]
        if names and batch not in self.started:
            self.started[batch] = self.pool.submit(self.build, "".join(self.texts[name] for name in names))

    def __getitem__(self, name):
        batch = self.names.index(name) // self.SIZE
        for ahead in range(self.workers):
            self.start(batch + ahead)
        return self.started[batch].result()


@pytest.fixture(scope="module")
def compile_batches(compile_library):
    """Takes IR by name, what all need besides, and weirc's flags; gives a mapping from names to libraries. `change` gives other IR for that of a
    batch."""
    made = []

    def build(texts, common, *flags, name, change=lambda text: text):
        made.append(Batches(lambda text: compile_library(change(common + text), *flags, name=name), texts))
        return made[-1]

    yield build
    for batches in made:
        batches.pool.shutdown(cancel_futures=True)
