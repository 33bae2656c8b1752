"""weir-run on real .npy files, and what it says of bad ones."""

import subprocess

import ml_dtypes
import numpy as np
import pytest

from conftest import BIN

MODEL = """
func.func @scaled(%x: tensor<?x?xf32>, %beta: f32) -> tensor<?x?xf32> {
  %y = weir.apply @softmax_scaled(%x, %beta) : (tensor<?x?xf32>, f32) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @halves(%x: tensor<?x?xbf16>) -> tensor<?x?xbf16> {
  %y = weir.apply @softmax(%x) : (tensor<?x?xbf16>) -> tensor<?x?xbf16>
  return %y : tensor<?x?xbf16>
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("run")
    (path / "model.mlir").write_text(MODEL)
    return path


def run(folder, *arguments):
    return subprocess.run([BIN / "weir-run", "model.mlir", *arguments], cwd=folder, capture_output=True, text=True)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.mark.parametrize("order", ["C", "F"])
def test_f32(folder, order):
    x = np.random.default_rng(1).normal(size=(5, 33)).astype(np.float32)
    np.save(folder / "x.npy", np.asarray(x, order=order))
    done = run(folder, "--entry=scaled", "--input=x.npy", "--scalar=0.5", "--output=y.npy")
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(folder / "y.npy"), softmax(0.5 * x.astype(np.float64)), rtol=3e-6)


def test_bf16_as_ml_dtypes_writes_it(folder):
    x = np.random.default_rng(2).normal(size=(3, 20)).astype(ml_dtypes.bfloat16)
    np.save(folder / "h.npy", x)
    done = run(folder, "--entry=halves", "--input=h.npy", "--output=o.npy")
    assert done.returncode == 0, done.stderr
    y = np.load(folder / "o.npy").view(ml_dtypes.bfloat16).astype(np.float64)
    np.testing.assert_allclose(y, softmax(x.astype(np.float64)), rtol=2.0**-7)


def test_targets_and_threads(folder):
    x = np.random.default_rng(4).normal(size=(300, 500)).astype(np.float32)
    np.save(folder / "t.npy", x)
    done = run(folder, "--entry=scaled", "--input=t.npy", "--scalar=2", "--output=t_out.npy", "--threads=omp",
               "--target=x86-64,host")
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(folder / "t_out.npy"), softmax(2.0 * x.astype(np.float64)), rtol=1e-5, atol=1e-30)


@pytest.mark.parametrize("arguments, message", [
    (["--entry=scaled", "--threads=many"], "unknown --threads=many; use none or omp"),
    (["--entry=scaled", "--target=x86-64,nothing"], "unknown target 'nothing'"),
    (["--entry=nothing"], "has no public function 'nothing'"),
    (["--entry=scaled", "--output=y.npy"], "give another --input"),
    (["--entry=scaled", "--input=x.npy", "--output=y.npy"], "give another --scalar"),
    (["--entry=scaled", "--input=x.npy", "--scalar=a", "--output=y.npy"], "'a' is not a number"),
    (["--entry=scaled", "--input=x.npy", "--scalar=1"], "has 1 results, but 0 --output"),
    (["--entry=scaled", "--input=gone.npy", "--scalar=1", "--output=y.npy"], "gone.npy"),
    (["--entry=scaled", "--input=model.mlir", "--scalar=1", "--output=y.npy"], "is not a .npy file"),
    (["--entry=scaled", "--input=d.npy", "--scalar=1", "--output=y.npy"], "arg0 has dtype float64; it must be float32"),
    (["--entry=scaled", "--input=x.npy", "--scalar=1", "--output=no/y.npy"], "cannot write"),
])
def test_errors(folder, arguments, message):
    np.save(folder / "x.npy", np.zeros((2, 3), np.float32))
    np.save(folder / "d.npy", np.zeros((2, 3)))
    done = run(folder, *arguments)
    assert done.returncode == 1
    assert message in done.stderr
