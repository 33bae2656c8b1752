"""The sizes of a call choose its form: on both sides of every bound the bits are those of the form that is meant there."""

import ctypes

import ml_dtypes
import numpy as np
import pytest

TYPES = {"f32": np.float32, "bf16": ml_dtypes.bfloat16}
# A machine with small caches, so that small calls cross the bounds: a quarter and a 32nd of the second cache for a row.
CACHES = 2048, 8192, 32768


def functions():
    text = ""
    for dtype in TYPES:
        t, g = f"tensor<?x?x{dtype}>", f"tensor<?x{dtype}>"
        for form in ("chosen", "stored", "recompute", "online"):
            given = "" if form == "chosen" else f"{{form = #weir.form<{form}>}}"
            text += (f"func.func @softmax_{dtype}_{form}(%x: {t}) -> {t} {{\n"
                     f"  %y = weir.apply @softmax(%x) {given} : ({t}) -> {t}\n  return %y : {t}\n}}\n"
                     f"func.func @norm_{dtype}_{form}(%x: {t}, %g: {g}, %b: {g}, %e: f32) -> {t} {{\n"
                     f"  %y = weir.apply @layer_norm(%x, %g, %b, %e) {given} : ({t}, {g}, {g}, f32) -> {t}\n  return %y : {t}\n}}\n"
                     f"func.func @lse_{dtype}_{form}(%x: {t}) -> tensor<?xf32> {{\n"
                     f"  %y = weir.apply @logsumexp(%x) {given} : ({t}) -> tensor<?xf32>\n  return %y : tensor<?xf32>\n}}\n")
    return text


@pytest.fixture(scope="module")
def library(compile_library):
    return compile_library(functions(), f"--caches={','.join(map(str, CACHES))}", name="plans")


def bits(array):
    return array.view(f"u{array.itemsize}")


def expected_form(in_cache, rows, length, read, written):
    l2 = CACHES[1]
    is_short = length <= l2 // 32 // read
    is_small = length <= l2 // 4 // read and rows * length <= l2 // (read + written)
    return in_cache if is_short or is_small else "online"


SIZES = [(rows, length + by) for rows in (1, 2, 3) for length in (64, 128, 512, 1024, 2048) for by in (-1, 0, 1)]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("rows,length", SIZES + [(0, 5), (5, 0), (40, 64), (16, 65)])
def test_bits_of_the_form(library, dtype, rows, length):
    rng = np.random.default_rng(length)
    x = rng.normal(0, 3, (rows, length)).astype(TYPES[dtype])
    g, b = (rng.normal(1, 1, length).astype(TYPES[dtype]) for _ in range(2))
    size = x.itemsize
    for name, in_cache, written, operands, shape in (("softmax", "stored", size, (), x.shape),
                                                     ("norm", "recompute", size, (g, b, ctypes.c_float(1e-5)), x.shape),
                                                     ("lse", "stored", 0, (), (rows,))):
        # The scale and shift of a norm are the same for all rows, so they do not count.
        form = expected_form(in_cache, rows, length, size, written)
        results = {}
        for given in ("chosen", form):
            results[given] = np.zeros(shape, np.float32 if name == "lse" else x.dtype)
            library.call(f"{name}_{dtype}_{given}", x, *operands, results[given])
        np.testing.assert_array_equal(bits(results["chosen"]), bits(results[form]), err_msg=f"{name} in the form {form}")


def test_forms_differ(library):
    """Else the tests above could not tell which one ran."""
    x = np.random.default_rng(0).normal(0, 3, (2, 2048)).astype(np.float32)
    results = []
    for form in ("stored", "online"):
        results.append(np.zeros_like(x))
        library.call(f"softmax_f32_{form}", x, results[-1])
    assert (bits(results[0]) != bits(results[1])).any()
