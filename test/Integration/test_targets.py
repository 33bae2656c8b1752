"""Which code of a library runs, and what is said where none can. That every variant computes what it should
is test_rows.py's."""

import numpy as np
import pytest

from weir_library import WeirError

MODEL = """
func.func @soft(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @softmax(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
"""
X = np.random.default_rng(5).normal(size=(3, 41)).astype(np.float32)
# FMA4 and XOP were in AMD's CPUs of 2011 to 2015 only; no machine has them and AVX-512 too.
FOREIGN = ["bdver4", "sapphirerapids"]


def run(library):
    y = np.zeros_like(X)
    library.call("soft", X, y)
    e = np.exp(X.astype(np.float64) - X.max(1, keepdims=True))
    np.testing.assert_allclose(y, e / e.sum(1, keepdims=True), rtol=3e-6)


@pytest.fixture(scope="module")
def foreign(compile_library):
    """(target, library) for a target that this machine cannot run."""
    for target in FOREIGN:
        library = compile_library(MODEL, f"--target={target}", name="foreign")
        if library.handle.foreign_set_target(None) != 0:
            return target, library
    pytest.fail("this machine runs every target")


def test_code_for_another_machine_is_an_error(foreign):
    target, library = foreign
    with pytest.raises(WeirError, match=f"this machine lacks .*, needed by {target}") as caught:
        run(library)
    assert caught.value.code == 10
    assert library.handle.foreign_set_target(target.encode()) == 10


def test_the_baseline_runs_where_the_best_cannot(compile_library, foreign):
    library = compile_library(MODEL, f"--target=x86-64,{foreign[0]}", name="mixed")
    run(library)
    assert library.handle.mixed_set_target(foreign[0].encode()) == 10
    assert b"this machine lacks" in library.last_error()
    run(library)  # A refused choice leaves things as they were.


def test_targets_by_name(compile_library):
    library = compile_library(MODEL, "--target=x86-64-v2,x86-64,host", name="named")
    for name in (b"x86-64", b"host", None):
        assert library.handle.named_set_target(name) == 0
        run(library)
    assert library.handle.named_set_target(b"x86-64-v4") == 10
    assert library.last_error() == b"this library was not compiled for a target 'x86-64-v4'"
    run(library)


def test_variants_differ(compile_library):
    """The choice has an effect: sums of other vector widths round differently."""
    library = compile_library(MODEL, "--target=x86-64,host", name="differ")
    x = np.random.default_rng(6).normal(size=(64, 1000)).astype(np.float32)
    results = []
    for name in (b"x86-64", b"host"):
        assert library.handle.differ_set_target(name) == 0
        y = np.zeros_like(x)
        library.call("soft", x, y)
        results.append(y)
    assert (results[0] != results[1]).any() or library.handle.differ_set_target(b"x86-64-v3") != 0
