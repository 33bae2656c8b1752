"""Results written past the caches have the bits of results written through them, wherever they lie."""

import ml_dtypes
import numpy as np
import pytest

TARGETS = ["host", "x86-64-v3", "x86-64"]
TYPES = {"f32": np.float32, "bf16": ml_dtypes.bfloat16, "f16": np.float16, "f64": np.float64}
# The size from which on rows go past the caches: always, and never.
SIZES = {"past": 1, "through": 0}

TWO = """
weir.formula @two(%x: f32, %b: f32 {weir.uniform}) -> (f32, f32) {
  %e = math.exp %x : f32
  %y = arith.mulf %e, %b : f32
  %z = arith.addf %e, %x : f32
  weir.yield %y, %z : f32, f32
}
"""


def functions():
    text = TWO
    for way, size in SIZES.items():
        for dtype in TYPES:
            t, b = f"tensor<?x?x{dtype}>", f"tensor<?x{'f64' if dtype == 'f64' else 'f32'}>"
            text += (f"func.func @silu_{dtype}_{way}(%x: {t}) -> {t} {{\n"
                     f"  %y = weir.apply @silu(%x) {{stream_bytes = {size} : i64, thread_grain = 64 : i64}} : ({t}) -> {t}\n"
                     f"  return %y : {t}\n}}\n"
                     f"func.func @two_{dtype}_{way}(%x: {t}, %b: {b}) -> ({t}, {t}) {{\n"
                     f"  %y:2 = weir.apply @two(%x, %b) {{stream_bytes = {size} : i64}} : ({t}, {b}) -> ({t}, {t})\n"
                     f"  return %y#0, %y#1 : {t}, {t}\n}}\n")
    return text


@pytest.fixture(scope="module", params=TARGETS)
def library(request, compile_library):
    return compile_library(functions(), f"--target={request.param}", "--threads=omp", name="streams")


def aligned(shape, dtype, beyond=0):
    """Zeros that begin `beyond` elements after a multiple of 64 bytes."""
    count, size = int(np.prod(shape)), np.dtype(dtype).itemsize
    memory = np.zeros((count + beyond) * size + 64, np.uint8)
    start = -memory.ctypes.data % 64 + beyond * size
    return memory[start:start + count * size].view(dtype).reshape(shape)


def bits(array):
    return array.view(f"u{array.itemsize}")


# Whole vectors, rows that begin anywhere, a tail, less than a vector, nothing.
@pytest.mark.parametrize("beyond", [0, 1, 4])
@pytest.mark.parametrize("shape", [(3, 1024), (5, 333), (7, 80), (2, 3), (0, 64), (4, 0)])
@pytest.mark.parametrize("dtype", TYPES)
def test_same_bits(library, dtype, shape, beyond):
    rng = np.random.default_rng(1)
    x = rng.normal(0, 3, shape).astype(TYPES[dtype])
    b = rng.normal(0, 1, shape[:1]).astype(np.float64 if dtype == "f64" else np.float32)
    results = {}
    for way in SIZES:
        y, p, q = (aligned(shape, TYPES[dtype], n) for n in (beyond, beyond, 0))
        library.call(f"silu_{dtype}_{way}", x, y)
        library.call(f"two_{dtype}_{way}", x, b, p, q)
        results[way] = [bits(a).copy() for a in (y, p, q)]
    for past, through in zip(results["past"], results["through"]):
        np.testing.assert_array_equal(past, through)
    if x.size:
        wide = x.astype(np.float64)
        near = results["past"][0].view(TYPES[dtype]).astype(np.float64)
        np.testing.assert_allclose(near, wide / (1 + np.exp(-wide)), rtol=1e-2, atol=1e-6)


@pytest.mark.parametrize("dtype", TYPES)
def test_in_place(library, dtype):
    rng = np.random.default_rng(2)
    x = aligned((6, 1000), TYPES[dtype])
    x[...] = rng.normal(0, 3, x.shape).astype(TYPES[dtype])
    y = aligned(x.shape, TYPES[dtype])
    library.call(f"silu_{dtype}_through", x, y)
    library.call(f"silu_{dtype}_past", x, x)
    np.testing.assert_array_equal(bits(x), bits(y))


def test_large_by_default(compile_library, weirc, tmp_path):
    """64 MiB of results, and one row less."""
    text = ("func.func @f(%x: tensor<?x1024xf32>) -> tensor<?x1024xf32> {\n"
            "  %y = weir.apply @relu(%x) : (tensor<?x1024xf32>) -> tensor<?x1024xf32>\n  return %y : tensor<?x1024xf32>\n}\n")
    source = tmp_path / "large.mlir"
    source.write_text(text)
    done = weirc(source, "--explain", "--caches=32K,1M,128M", "-o", tmp_path / "large.so")
    assert "results of 67108864 bytes or more are written past the caches" in done.stderr
    library = compile_library(text, name="large")
    for rows in (16383, 16384):
        x = np.random.default_rng(3).normal(0, 1, (rows, 1024)).astype(np.float32)
        y = aligned(x.shape, np.float32)
        library.call("f", x, y)
        np.testing.assert_array_equal(y, np.maximum(x, 0))
