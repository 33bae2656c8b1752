"""Rows of eight million elements: sums keep their accuracy, maxima that rise and lanes that see nothing make no difference."""

import ctypes
import functools

import ml_dtypes
import numpy as np
import pytest

import oracle
from accuracy import assert_close, half_ulp
from formulas import CASES

LENGTH = 8 * 10**6 + 3
STORAGE = {"f32": np.float32, "bf16": ml_dtypes.bfloat16}
EPS = 1e-5

MODEL = "".join(f"""
func.func @softmax_{form}_{dtype}(%x: tensor<?x{dtype}>) -> (tensor<?x{dtype}>, tensor<f32>) {{
  %w, %lse = weir.apply @softmax_lse(%x) {{form = #weir.form<{form}>}} : (tensor<?x{dtype}>) -> (tensor<?x{dtype}>, tensor<f32>)
  return %w, %lse : tensor<?x{dtype}>, tensor<f32>
}}
func.func @norm_{form}_{dtype}(%x: tensor<?x{dtype}>, %g: tensor<1x{dtype}>, %b: tensor<1x{dtype}>, %eps: f32) -> tensor<?x{dtype}> {{
  %y = weir.apply @layer_norm(%x, %g, %b, %eps) {{form = #weir.form<{form}>}}
     : (tensor<?x{dtype}>, tensor<1x{dtype}>, tensor<1x{dtype}>, f32) -> tensor<?x{dtype}>
  return %y : tensor<?x{dtype}>
}}""" for form in ("stored", "online") for dtype in STORAGE)


@pytest.fixture(scope="module")
def library(compile_library):
    return compile_library(MODEL, name="long")


@functools.cache
def scores(dtype):
    """Nothing at first, then scores that rise, then moderate ones."""
    x = np.random.default_rng(8).normal(0, 3, LENGTH)
    x[: LENGTH // 8] = -np.inf
    x[LENGTH // 8: LENGTH // 4] += np.linspace(-50, 0, LENGTH // 4 - LENGTH // 8)
    return x.astype(STORAGE[dtype])


@functools.cache
def row(dtype):
    x = scores(dtype).astype(np.float64)
    kept = x != -np.inf
    return oracle.Row(x[kept], np.nonzero(kept)[0], LENGTH, LENGTH), kept


@functools.cache
def expected_softmax(dtype):
    return oracle.softmax_lse(row(dtype)[0])


def tolerances(name):
    of = next(case.tolerance for case in CASES if case.name == name)
    return of if isinstance(of, tuple) else (of,)


@pytest.mark.parametrize("dtype", STORAGE)
@pytest.mark.parametrize("form", ["stored", "online"])
def test_softmax(library, form, dtype):
    weights, lse = np.full(LENGTH, 7, STORAGE[dtype]), np.zeros((), np.float32)
    library.call(f"softmax_{form}_{dtype}", scores(dtype), weights, lse)
    (here, kept), (w, l) = row(dtype), expected_softmax(dtype)
    of_weights, of_lse = tolerances("softmax_lse")
    assert not weights[~kept].any()
    assert_close(weights[kept], w, of_weights(here, (), w, None) + half_ulp(w, dtype), "weights")
    assert_close(lse, l, of_lse(here, (), l, None), "lse")
    if dtype == "f32":
        assert abs(weights.sum(dtype=np.float64) - 1) <= 4e-6


@pytest.mark.parametrize("dtype", STORAGE)
@pytest.mark.parametrize("form", ["stored", "online"])
def test_layer_norm(library, form, dtype):
    """Far from 0: raw second moments would cancel."""
    x = np.where(np.isinf(scores(dtype)), 0, scores(dtype)).astype(np.float64) + (100 if dtype == "f32" else 4)
    x = x.astype(STORAGE[dtype])
    result, one, zero = np.full(LENGTH, 7, STORAGE[dtype]), np.ones(1, STORAGE[dtype]), np.zeros(1, STORAGE[dtype])
    library.call(f"norm_{form}_{dtype}", x, one, zero, ctypes.c_float(EPS), result)
    here = oracle.Row.of(x)
    expected = oracle.layer_norm(here, 1.0, 0.0, float(np.float32(EPS)))
    error, = tolerances("layer_norm")
    assert_close(result, expected, error(here, (1.0, 0.0, EPS), expected, None) + half_ulp(expected, dtype), "norm")


@pytest.mark.parametrize("form", ["stored", "online"])
def test_many_equal_blocks(library, form):
    """Adding up the totals of tens of thousands of blocks could lose in the same direction each time."""
    x = np.where(np.arange(6 * 10**7 + 3) % 2, 0.0, -0.7).astype(np.float32)
    weights, lse = np.full_like(x, 7), np.zeros((), np.float32)
    library.call(f"softmax_{form}_f32", x, weights, lse)
    assert abs(weights.sum(dtype=np.float64) - 1) <= 4e-6


#===----------------------------------------------------------------------===#
# A lane for each row
#===----------------------------------------------------------------------===#

# Where a lane adds up a row by itself, the totals of its blocks are many: what adding them loses in the same direction again and again must be kept.
LANE_LENGTH = 10**6 + 3
IN_LANES = {
    "softmax": (["stored", "online", "two_pass"], lambda n: np.where(np.arange(n) % 2, 0.0, -0.7)),
    "relu_softmax": (["stored", "online"], lambda n: np.full(n, 0.3)),
    "sparsemax": (["stored", "online", "transposed"], lambda n: np.full(n, 1.0)),
}
LANE_CASES = [(name, form) for name, (forms, _) in IN_LANES.items() for form in forms]
IN_LANES_MODEL = "".join(f"""
func.func @{name}_{form}(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {{
  %y = weir.apply @{name}(%x) {{form = #weir.form<{form}>, along = {int(form == "transposed")} : i64}} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}}""" for name, form in LANE_CASES)


@pytest.fixture(scope="module")
def in_lanes(compile_library):
    return compile_library(IN_LANES_MODEL, name="lanes")


@pytest.mark.parametrize("name,form", LANE_CASES)
def test_a_lane_for_each_row(in_lanes, name, form):
    scores = IN_LANES[name][1](LANE_LENGTH).astype(np.float32)
    x = np.stack([scores, scores])
    here = oracle.Row.of(scores)
    expected = getattr(oracle, name)(here)
    error, = tolerances(name)
    x = x if form == "transposed" else np.ascontiguousarray(x.T)
    result = np.full_like(x, 7)
    in_lanes.call(f"{name}_{form}", x, result)
    for weights in result if form == "transposed" else result.T:
        assert_close(weights, expected, error(here, (), expected, None), name)
        assert abs(weights.sum(dtype=np.float64) - 1) <= 4e-6 or name == "relu_softmax"  # Its divisor has an eps.
