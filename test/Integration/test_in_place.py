"""A result in the memory of its scores: what a row holds is looked for before the scores are gone."""

import numpy as np
import pytest

from weir_library import WeirError

FORMULAS = ["softmax", "log_softmax", "softpick", "relu_softmax", "stablemax", "taylor_softmax", "sparsemax", "entmax15"]
FORMS = ["stored", "recompute", "online", "transposed"]
SEARCHES = ["sparsemax", "entmax15"]  # Rows of a block go one way.
CASES = [(formula, form) for formula in FORMULAS for form in FORMS if form != "transposed" or formula not in SEARCHES]


@pytest.fixture(scope="module")
def library(compile_library):
    return compile_library("".join(f"""
    func.func @{formula}_{form}(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {{
      %w = weir.apply @{formula}(%x) {{form = #weir.form<{form}>}} : (tensor<?x?xf32>) -> tensor<?x?xf32>
      return %w : tensor<?x?xf32>
    }}""" for formula, form in CASES), name="in_place")


@pytest.mark.parametrize("length", [5, 69, 128, 300])
@pytest.mark.parametrize("formula, form", CASES)
def test_rows_with_nothing_left_and_with_nan(library, formula, form, length):
    x = np.random.default_rng(0).normal(0, 1, (20, length)).astype(np.float32)
    x[1] = x[5] = -np.inf
    x[3, length // 2] = x[5, 1] = np.nan
    x[7, 2], x[8, 0] = np.inf, -np.inf
    apart, own = np.full_like(x, 7), x.copy()
    library.call(f"{formula}_{form}", x, apart)
    library.call(f"{formula}_{form}", own, own)
    # The first may guess a maximum, which rounds otherwise.
    np.testing.assert_allclose(own, apart, rtol=3e-6, atol=1e-30)
    assert np.isnan(own[3]).all() and np.isnan(own[5, 1])
    assert (own[1] == (-np.inf if formula == "log_softmax" else 0)).all()


SEVERAL = """
weir.formula @dot(%x: f32, %w: f32) -> (f32 {weir.uniform}) {
  %p = arith.mulf %x, %w : f32
  %s = weir.reduce add %p : f32
  weir.yield %s : f32
}
weir.formula @turn(%x: f32, %y: f32) -> (f32, f32) {
  %s = arith.addf %x, %y : f32
  %d = arith.subf %x, %y : f32
  weir.yield %s, %d : f32, f32
}
weir.formula @softmax_and_exp(%x: f32) -> (f32, f32) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w, %e : f32, f32
}
func.func @dots(%x: tensor<?x?xf32>, %w: tensor<?xf32>) -> tensor<?xf32> {
  %s = weir.apply @dot(%x, %w) : (tensor<?x?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %s : tensor<?xf32>
}
func.func @turns(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>) {
  %r:2 = weir.apply @turn(%x, %y) : (tensor<?x?xf32>, tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>)
  return %r#0, %r#1 : tensor<?x?xf32>, tensor<?x?xf32>
}
func.func @softmaxes(%x: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>) {
  %r:2 = weir.apply @softmax_and_exp(%x) : (tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>)
  return %r#0, %r#1 : tensor<?x?xf32>, tensor<?x?xf32>
}
"""


@pytest.fixture(scope="module")
def several(compile_library):
    return compile_library(SEVERAL, name="several")


@pytest.mark.parametrize("shape", [(1, 3), (7, 5), (20, 133), (3, 70000), (1200, 1000)])
def test_results_in_the_memory_of_arguments_element_by_element(several, shape):
    rng = np.random.default_rng(0)
    x, y = (rng.integers(-100, 100, shape).astype(np.float32) for _ in range(2))
    for first, second in [(0, 1), (1, 0), (0, None), (None, 1)]:
        arguments = [x.copy(), y.copy()]
        results = [np.full_like(x, 7) if of is None else arguments[of] for of in (first, second)]
        several.call("turns", *arguments, *results)
        np.testing.assert_array_equal(results[0], x + y)
        np.testing.assert_array_equal(results[1], x - y)


def test_what_is_read_after_a_result_was_written_is_no_memory_for_it(several):
    x, w, y = np.ones((4, 4), np.float32), np.ones(4, np.float32), np.empty((4, 4), np.float32)
    for call in [("dots", x, w, w), ("softmaxes", x, x, y), ("softmaxes", x, y, x)]:
        with pytest.raises(WeirError) as error:
            several.call(*call)
        assert error.value.code == 8
